"""Compiled kernels that are damaged in the cache are made anew, with one notice in a process."""

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from thinkenv.kernels import caching, compilation
from thinkenv.kernels.caching import CHECKSUM_BYTES, checksum

ROOT = Path(__file__).parents[2]


def double(number):
    """Twice a number."""
    return 2 * number


def triple(number):
    """Three times a number."""
    return 3 * number


class Hostile:
    """What runs code when it is unpickled."""

    def __reduce__(self):
        return print, ("code was run",)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache with two kernels in it, and nothing said as yet; its folder."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compilation, "KERNELS", {})
    monkeypatch.setattr(caching, "_said", set())
    for function in (double, triple):
        assert misses(function) == 1 and misses(function) == 0
    return tmp_path


def misses(function=double) -> int:
    """How many kernels a new process compiles for a call, whose result is right."""
    kernel = compilation.kernel(function)
    assert kernel(7) == function(7)
    return sum(kernel.stats.cache_misses.values())


def path_of(folder: Path, ending: str, name: str = "double") -> Path:
    """A file of a kernel: ``nbi`` its index, ``nbc`` its code."""
    (path,) = (path for path in folder.rglob(f"*.{name}-*.{ending}") if ".tmp." not in path.name)
    return path


def is_made_anew(capsys, path: Path) -> bool:
    """Whether a kernel is compiled once more, with one line that names the file, and then kept."""
    capsys.readouterr()
    is_compiled = misses() == 1
    (line,) = capsys.readouterr().err.splitlines()
    return is_compiled and str(path) in line and "damaged" in line and misses() == 0


def exchange(path: Path) -> None:
    path.write_bytes(path_of(path.parents[2], path.suffix[1:], "triple").read_bytes())


def make_folder(path: Path) -> None:
    path.unlink()
    (path / "within").mkdir(parents=True)


def make_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def make_huge(path: Path) -> None:
    os.truncate(path, 2**40)


def make_hostile(path: Path) -> None:
    path.write_bytes(pickle.dumps(Hostile()))


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "one byte": lambda path: path.write_bytes(b"\x80"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"."),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "without checksum": lambda path: path.write_bytes(path.read_bytes()[CHECKSUM_BYTES:]),
    "hostile": make_hostile,
    "of another kernel": exchange,
    "folder": make_folder,
    "pipe": make_fifo,
    "link to nowhere": make_dangling_link,
    "huge": make_huge,
}


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_made_anew(damage, ending, cache, capsys):
    path = path_of(cache, ending)
    DAMAGES[damage](path)
    assert is_made_anew(capsys, path)
    assert "code was run" not in capsys.readouterr().out


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_a_flipped_byte_is_found_wherever_it_is(ending, cache, capsys, monkeypatch):
    path = path_of(cache, ending)
    whole = path.read_bytes()
    for offset in range(0, len(whole), len(whole) // 9):
        changed = bytearray(whole)
        changed[offset] ^= 1
        path.write_bytes(changed)
        monkeypatch.setattr(caching, "_said", set())
        assert is_made_anew(capsys, path)


def test_a_file_that_cannot_be_read_is_made_anew(cache, capsys, monkeypatch):
    path = path_of(cache, "nbc")
    read = caching.read_bytes

    def unreadable(name, max_bytes):
        if name == str(path) and not Path(f"{path}.was_read").exists():
            Path(f"{path}.was_read").touch()
            raise caching.FileError(f"{name}: cannot be read (Permission denied)")
        return read(name, max_bytes)

    monkeypatch.setattr(caching, "read_bytes", unreadable)
    assert is_made_anew(capsys, path)


def test_a_right_checksum_around_what_is_no_kernel_is_no_traceback(cache, capsys):
    for ending in ("nbi", "nbc"):
        path = path_of(cache, ending)
        content = pickle.dumps(numba.__version__)
        path.write_bytes(checksum(str(path), content) + content)
    assert misses() == 1 and misses() == 0
    assert capsys.readouterr().err.count("\n") == 1


def test_code_for_other_types_is_not_taken(cache, capsys):
    kernel = compilation.kernel(double)
    assert kernel(7.5) == 15.0
    whole, floating = sorted(cache.rglob("*.double-*.nbc"))
    content = floating.read_bytes()[CHECKSUM_BYTES:]  # as if both had been written at once
    whole.write_bytes(checksum(str(whole), content) + content)
    assert misses() == 1 and misses() == 0
    assert capsys.readouterr().err == ""


def test_a_cache_that_was_moved_is_used(cache, monkeypatch):
    shutil.copytree(cache / "thinkenv", cache / "moved" / "thinkenv")
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(cache / "moved"))
    assert misses() == 0


def test_a_full_disk_costs_time_and_nothing_else(cache, capsys, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    path_of(cache, "nbc").unlink()
    monkeypatch.setattr(os, "replace", full)
    assert misses() == 1 and misses() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "No space left on device" in line and str(cache) in line
    assert not list(cache.rglob("*.tmp.*"))


def test_a_file_in_the_place_of_a_folder_costs_time_and_nothing_else(cache, capsys):
    folder = path_of(cache, "nbi").parent
    shutil.rmtree(folder)
    folder.touch()
    assert misses() == 1 and misses() == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not list(Path(__file__).parent.rglob("*.nb?"))


def test_one_line_is_said_of_a_cache_all_of_which_is_damaged(tmp_path):
    program = (
        "from thinkenv.kernels.compilation import announce_compilation; announce_compilation(); "
        "from thinkenv.kernels.random import bits_ahead, mix; print(mix(1), bits_ahead(mix(2), 3))"
    )

    def run() -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout, done.stderr

    first, _ = run()
    files = [path for path in tmp_path.rglob("*.nb?")]
    assert len(files) >= 4
    for path in files:
        os.truncate(path, path.stat().st_size - 1)
    again, said = run()
    assert again == first and said.count("\n") == 1 and "damaged" in said
    assert run() == (first, "")
