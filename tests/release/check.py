"""Build the wheel and the source archive, and try them in fresh environments.

    python tests/release/check.py                             # or: make release
    python tests/release/check.py /opt/python3.13/bin/python  # with more Pythons
    python tests/release/check.py --only lowest               # the lowest versions that are allowed

Four trials, each away from this checkout, with nothing but the wheel:

- ``environments``: for every Python of 3.11 to 3.14 that is found or named, without torch,
  ``smoke.py`` is run; every Python must draw the same problems;
- ``lowest``: the same for this Python, with the lowest versions that ``pyproject.toml`` allows;
- ``agents``: with the extra ``agents``, in the versions of ``constraints.txt``, ``smoke_agents.py``
  loads every shipped agent by name and lets it think;
- ``rllib``: beside RLlib, installed as ``docs/clients.md`` says, its section of that page is run.

The archives must hold what these need, and the wheel must stay small.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ("", "_seed1", "_seed2", "_seed3", "_seed4")
AGENTS = [f"{task}{seed}" for task in ("maze", "maze_trees", "prefix_sum") for seed in SEEDS]
AGENTS += ["chess", "chess_seed1", "chess_seed2", "chess_squares", "chess_feed_forward"]
NEEDED = (
    "thinkenv/py.typed",
    "thinkenv/assets/lichess_puzzles_sample.csv",
    "thinkenv/assets/pieces/LICENSE",
    "thinkenv/mazes/task.py",
    "thinkenv/deep_thinking/agent.py",
    *(f"thinkenv/deep_thinking/weights/{name}/agent.json" for name in AGENTS),
)
MAX_WHEEL_BYTES = 3_600_000
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
TRIALS = ("environments", "lowest", "agents", "rllib")


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
    weights = [name for name in in_wheel if name.endswith(".safetensors")]
    cards = [name for name in in_wheel if "/weights/" in name and name.endswith("/README.md")]
    assert len(weights) == len(cards) == len(AGENTS), (weights, cards)
    pieces = [name for name in in_wheel if name.endswith(".png")]
    assert len(pieces) == 12, pieces
    for name in in_wheel:
        assert name.startswith("thinkenv"), f"{wheel.name} holds {name}"
    licences = [name for name in in_wheel if ".dist-info/licenses/" in name]
    assert len(licences) == 2, licences
    size = wheel.stat().st_size
    assert size < MAX_WHEEL_BYTES, f"{wheel.name} has {size:,} bytes"
    print(f"{wheel.name}: {size / 1e6:.1f} MB, {len(in_wheel)} files", flush=True)
    return wheel


def interpreters(named: list[Path]) -> list[str]:
    """The Pythons to try: this one, those named, and those on the path."""
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


def fresh_environment(python: str, folder: Path) -> tuple[Path, tuple[object, ...]]:
    """Make a virtual environment in a new folder: its Python, and its command to install."""
    folder.mkdir()
    run(python, "-m", "venv", folder / "venv")
    inside = folder / "venv" / "bin" / "python"
    return inside, (inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")


def try_out(wheel: Path, python: str, folder: Path, script: str, *constraints: object) -> dict:
    """Install the wheel for one Python, and run a script there; what it printed as JSON."""
    inside, pip = fresh_environment(python, folder)
    wanted = f"{wheel}[agents]" if script == "smoke_agents.py" else wheel
    run(*pip, *constraints, wanted)
    empty = folder / "empty"
    empty.mkdir()
    smoke = folder / script
    shutil.copy(Path(__file__).with_name(script), smoke)
    cache = {"THINKENV_CACHE": str(folder / "cache")}  # kernels of this environment go with it
    printed = json.loads(run(inside, "-I", smoke, cwd=empty, env={**os.environ, **cache}))
    console = run(folder / "venv" / "bin" / "thinkenv", "--version", cwd=empty)
    assert re.fullmatch(r"thinkenv \d+\.\d+\.\d+\n", console), console
    return printed


def lowest_versions(folder: Path) -> Path:
    """A constraints file with the lower bound of each dependency of the environments."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    path = folder / "lowest.txt"
    path.write_text("".join(f"{line.replace('>=', '==')}\n" for line in project["dependencies"]))
    return path


def try_environments(wheel: Path, folder: Path, pythons: list[str]) -> None:
    """Every Python runs the environments without torch, and all draw the same problems."""
    results = []
    for number, python in enumerate(pythons):
        results.append(try_out(wheel, python, folder / str(number), "smoke.py"))
        print(f"Python {results[-1]['python']}: installed without torch, works", flush=True)
    for result in results[1:]:
        assert result["digests"] == results[0]["digests"], "Pythons draw different problems"
    versions = sorted({result["python"] for result in results})
    if len(versions) == 1:
        print(f"only Python {versions[0]} was found: nothing to compare its problems with")
    else:
        print(f"Python {', '.join(versions)} draw the same problems")


def try_rllib(wheel: Path, folder: Path) -> str:
    """Install RLlib, then the wheel, and run the section of the page; what it printed."""
    inside, pip = fresh_environment(sys.executable, folder)
    pins = (ROOT / "constraints.txt").read_text()
    without = folder / "without_gymnasium.txt"  # of which RLlib wants one of its own, at first
    without.write_text(
        "".join(f"{line}\n" for line in pins.splitlines() if "gymnasium" not in line)
    )
    run(*pip, "--constraint", without, "ray[rllib]", "torch")
    run(*pip, "--constraint", ROOT / "constraints.txt", "--upgrade", wheel)
    page = (ROOT / "docs" / "clients.md").read_text()
    (section,) = [part for part in page.split("\n## ") if part.startswith("RLlib\n")]
    script = folder / "section.py"
    script.write_text("\n".join(re.findall(r"^```python\n(.*?)^```$", section, re.DOTALL | re.M)))
    cache = {"THINKENV_CACHE": str(folder / "cache")}
    return run(inside, script, cwd=folder, env={**os.environ, **cache})


def main() -> None:
    """Build, and make the trials."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pythons", type=Path, nargs="*", help="more Pythons to try")
    parser.add_argument("--only", choices=TRIALS, help="make one trial alone (default: all)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = build(folder / "dist")
        if arguments.only in (None, "environments"):
            try_environments(wheel, folder, interpreters(arguments.pythons))
        if arguments.only in (None, "lowest"):
            bounds = ("--constraint", lowest_versions(folder))
            try_out(wheel, sys.executable, folder / "lowest", "smoke.py", *bounds)
            print("works with the lowest versions of its dependencies", flush=True)
        if arguments.only in (None, "agents"):
            pinned = ("--constraint", ROOT / "constraints.txt")
            result = try_out(wheel, sys.executable, folder / "agents", "smoke_agents.py", *pinned)
            assert sorted(result["agents"]) == sorted(AGENTS), result
            print(f"{len(AGENTS)} agents load by name, from an empty folder, and think", flush=True)
        if arguments.only in (None, "rllib"):
            mean = float(try_rllib(wheel, folder / "rllib").split()[-1])
            assert -1 <= mean <= 1, mean
            print("RLlib trains with masks, as docs/clients.md says", flush=True)


if __name__ == "__main__":
    main()
