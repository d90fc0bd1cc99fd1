"""Kernels: what the very first call prints, and where they are kept."""

import os
import subprocess
import sys
import time
from pathlib import Path

import thinkenv
from thinkenv.kernels.compilation import kernel_folder, sources_of_kernels

SOLVE = (
    "import numpy as np; from thinkenv import mazes, suites; "
    "print(mazes.is_solution(np.array([[0,0,0,0],[0,2,3,0],[0,0,0,0]]), "
    "np.array([[0,0,0,0],[0,1,1,0],[0,0,0,0]])))"
)
PACKAGE = Path(thinkenv.__file__).parent


def run(folder: Path, **variables: str) -> str:
    """Solve a maze in a process of its own with ``folder`` as home; what it printed."""
    kept = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-B", "-c", SOLVE],
        env={**kept, "HOME": str(folder), "PYTHONPATH": str(PACKAGE.parent), **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"
    return done.stderr


def files_of_package() -> dict[Path, int]:
    """All files beside the sources, with the times of their last changes."""
    return {path: path.stat().st_mtime_ns for path in PACKAGE.rglob("*") if path.is_file()}


def test_a_line_on_the_first_call_ever_and_none_on_the_next(tmp_path):
    first, second = (run(tmp_path, THINKENV_CACHE=str(tmp_path / "cache")) for _ in range(2))
    assert first.count("compiling kernels") == 1 and first.count("\n") == 1
    assert second == ""


def test_kernels_are_kept_in_the_cache_folder_and_nowhere_else(tmp_path):
    before = files_of_package()
    home, cache = tmp_path / "home", tmp_path / "cache"
    home.mkdir()
    run(home, THINKENV_CACHE=str(cache))
    assert not list(home.rglob("*"))
    kernels = [path for path in cache.rglob("*") if path.is_file()]
    assert kernels and {path.suffix for path in kernels} == {".nbi", ".nbc"}
    assert all(cache / "kernels" / kernel_folder().name in path.parents for path in kernels)
    assert before == files_of_package()


def test_a_cache_folder_that_cannot_be_written_costs_time_and_nothing_else(tmp_path):
    (tmp_path / "file").touch()
    before = files_of_package()
    printed = run(tmp_path, THINKENV_CACHE=str(tmp_path / "file" / "cache"))
    notices = [line for line in printed.splitlines() if str(tmp_path) in line]
    assert len(notices) == 1 and "THINKENV_CACHE" in notices[0]
    assert printed.count("\n") == 2 and "compiling kernels" in printed
    assert before == files_of_package()


def test_a_folder_of_numba_that_cannot_be_written_is_named_once(tmp_path):
    (tmp_path / "file").touch()
    folder = str(tmp_path / "file" / "cache")
    printed = run(tmp_path, NUMBA_CACHE_DIR=folder)
    assert printed.count(folder) == 1 and printed.count("\n") == 2


def test_every_file_with_kernels_decides_where_they_are_kept():
    with_kernels = {path for path in PACKAGE.rglob("*.py") if "import kernel\n" in path.read_text()}
    sources = set(sources_of_kernels())
    assert with_kernels and with_kernels <= sources
    folders = {path.relative_to(PACKAGE).parts[0] for path in sources}
    packages = {"kernels", "tasks", "mazes", "prefix_sums", "chess_puzzles", "deep_thinking"}
    assert packages == folders


def test_another_state_of_a_file_that_kernels_use_has_another_folder(monkeypatch):
    ours = kernel_folder()
    changed = PACKAGE / "mazes" / "lattice.py"
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" * (path == changed))
    other = kernel_folder.__wrapped__()
    assert ours is not None and other is not None and other != ours
    other.rmdir()


def test_kernels_of_other_states_of_the_code_are_deleted_after_a_month(tmp_path):
    month_old, week_old = (tmp_path / "kernels" / name for name in ("month", "week"))
    for folder, days in ((month_old, 31), (week_old, 7)):
        folder.mkdir(parents=True)
        (folder / "kernel.nbi").touch()
        os.utime(folder, (time.time() - days * 86_400,) * 2)
    run(tmp_path, THINKENV_CACHE=str(tmp_path))
    assert week_old.exists() and not month_old.exists()


def test_a_folder_that_is_named_to_numba_goes_first(tmp_path):
    run(tmp_path, THINKENV_CACHE=str(tmp_path / "ours"), NUMBA_CACHE_DIR=str(tmp_path / "theirs"))
    assert not (tmp_path / "ours").exists()
    assert list((tmp_path / "theirs").rglob("*.nbi"))


def test_kernels_of_other_packages_stay_where_numba_puts_them():
    import numba

    assert not numba.config.CACHE_DIR or os.environ.get("NUMBA_CACHE_DIR")
