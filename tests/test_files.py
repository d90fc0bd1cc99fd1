"""Where files go: the cache folder, whole files, and what is said where one cannot be written."""

import os
import subprocess
import sys

import pytest

from thinkenv import files


def test_a_folder_of_the_cache_is_made_when_it_is_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("THINKENV_CACHE", str(tmp_path / "cache"))
    folder = files.writable_cache_dir("mine")
    assert folder == tmp_path / "cache" / "mine" and list(folder.iterdir()) == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("named", ["file/cache", "~nobody-of-this-name/cache"])
def test_a_cache_that_cannot_be_written_is_said_to_be_so_once(tmp_path, monkeypatch, capsys, named):
    (tmp_path / "file").touch()
    monkeypatch.setenv("THINKENV_CACHE", named if named[0] == "~" else str(tmp_path / named))
    monkeypatch.setattr(files, "_announced", set())
    assert files.writable_cache_dir("mine") is None
    assert files.writable_cache_dir("others") is None
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be written" in line and "THINKENV_CACHE" in line
    assert (tmp_path / "file").read_bytes() == b""


def run_with_little_room(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program that can write no more than 1,000 bytes into a file: a disk that is full."""
    pytest.importorskip("resource")
    begin = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
    return subprocess.run([sys.executable, "-c", begin + program], capture_output=True, text=True)


@pytest.mark.parametrize("earlier", [True, False])
def test_a_full_disk_is_an_error_with_the_files_name_and_leaves_what_was_there(tmp_path, earlier):
    path = tmp_path / "mine.bin"
    if earlier:
        path.write_bytes(b"before")
    done = run_with_little_room(
        "from pathlib import Path; from thinkenv.files import write_bytes\n"
        f"write_bytes(Path({str(path)!r}), bytes(2000))"
    )
    last = done.stderr.splitlines()[-1]
    assert last.startswith("OSError: ") and str(path) in last and "cannot be written" in last
    assert ("the earlier file is whole" in last) == earlier
    assert [found.read_bytes() for found in tmp_path.iterdir()] == [b"before"] * earlier


def test_an_error_of_what_is_written_is_not_taken_for_one_of_the_file(tmp_path):
    with pytest.raises(FileNotFoundError) as missing, files.atomic_write(tmp_path / "a") as file:
        file.write(b"x")
        open(tmp_path / "another")
    assert missing.value.filename == str(tmp_path / "another")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_none_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="cannot be written") as refused:
        files.write_bytes(tmp_path / "file" / "below", b"x")
    assert refused.value.filename == str(tmp_path / "file" / "below")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
def test_a_pipe_is_written_into_if_somebody_reads_it_and_is_else_an_error(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError) as refused:
        files.write_bytes(pipe, b"all of it")
    assert refused.value.filename == str(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    files.write_bytes(pipe, b"all of it")
    assert os.read(reading, 100) == b"all of it"
    os.close(reading)
