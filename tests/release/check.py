"""Build the wheel and the source archive, and try them in fresh environments.

    python tests/release/check.py                          # or: make release
    python tests/release/check.py /opt/python3.13/bin/python  # with more Pythons

For every Python of 3.11 to 3.13 that is found or named, the wheel is installed into a new
environment without torch, and ``smoke.py`` is run there, away from this checkout. The archives must
hold what the environments need, and every Python must draw the same problems.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NEEDED = (
    "thinkenv/py.typed",
    "thinkenv/assets/lichess_puzzles_sample.csv",
    "thinkenv/assets/pieces/LICENSE",
    "thinkenv/mazes/task.py",
)
PYTHONS = ("python3.11", "python3.12", "python3.13")


def run(*words: object, **options) -> str:
    """Run a command, and return what it printed."""
    done = subprocess.run(
        [str(word) for word in words], check=False, capture_output=True, text=True, **options
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def build(folder: Path) -> Path:
    """Build both archives into a folder and look into them; the wheel."""
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    (source,) = folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = archive.namelist()
    with tarfile.open(source) as archive:
        in_source = [name.split("/", 1)[-1] for name in archive.getnames()]
    for name in NEEDED:
        assert name in in_wheel, f"{wheel.name} lacks {name}"
        assert name in in_source, f"{source.name} lacks {name}"
    pieces = [name for name in in_wheel if name.endswith(".png")]
    assert len(pieces) == 12, pieces
    for name in in_wheel:
        assert name.startswith("thinkenv"), f"{wheel.name} holds {name}"
    licences = [name for name in in_wheel if ".dist-info/licenses/" in name]
    assert len(licences) == 2, licences
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, {len(in_wheel)} files", flush=True)
    return wheel


def interpreters() -> list[str]:
    """The Pythons to try: this one, those named, and those on the path."""
    named = [Path(path) for path in sys.argv[1:]]
    for path in named:
        if not path.exists():
            sys.exit(f"{path}: there is no such Python")
    found = [sys.executable, *map(str, named)]
    ours = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for name in PYTHONS:
        path = shutil.which(name)
        # What a version manager puts on the path may stand for nothing.
        if (
            name != ours
            and path
            and not subprocess.run([path, "-c", ""], capture_output=True).returncode
        ):
            found.append(path)
    return found


def try_out(wheel: Path, python: str, folder: Path) -> dict:
    """Install the wheel for one Python, and run the smoke test there; what it printed."""
    run(python, "-m", "venv", folder / "venv")
    inside = folder / "venv" / "bin" / "python"
    run(inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    smoke = folder / "smoke.py"
    shutil.copy(Path(__file__).with_name("smoke.py"), smoke)
    cache = {"THINKENV_CACHE": str(folder / "cache")}  # kernels of this environment go with it
    return json.loads(run(inside, "-I", smoke, cwd=folder, env={**os.environ, **cache}))


def main() -> None:
    """Build, and try every Python."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = build(folder / "dist")
        results = []
        for number, python in enumerate(interpreters()):
            place = folder / str(number)
            place.mkdir()
            results.append(try_out(wheel, python, place))
            print(f"Python {results[-1]['python']}: installed without torch, works", flush=True)
    for result in results[1:]:
        assert result["digests"] == results[0]["digests"], "Pythons draw different problems"
    versions = sorted({result["python"] for result in results})
    if len(versions) == 1:
        print(f"only Python {versions[0]} was found: nothing to compare its problems with")
    else:
        print(f"Python {', '.join(versions)} draw the same problems")


if __name__ == "__main__":
    main()
