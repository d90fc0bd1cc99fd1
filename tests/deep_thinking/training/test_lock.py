"""Two trainings in one folder: the second is refused, and nothing stale holds anybody up."""

import errno
import json
import os
import platform
import signal

import pytest

from tests.deep_thinking.conftest import refusal, start_script
from tests.deep_thinking.training.test_run import TINY, train
from thinkenv.deep_thinking.tensor_files import CheckpointError
from thinkenv.deep_thinking.training import lock as locking
from thinkenv.deep_thinking.training.lock import LOCK, lock, locked_folder


class Processes:
    """One of several processes; ``said`` is what the first one gathered."""

    def __init__(self, is_first: bool = True, said: str | None = None):
        self.is_first = is_first
        self.said = said

    def gather(self, found):
        return [found if self.said is None else self.said]


def test_the_second_is_refused_with_the_process_machine_and_time_of_the_first(tmp_path):
    with lock(tmp_path):
        said = json.loads((tmp_path / LOCK).read_text())
        assert (said["process"], said["host"]) == (os.getpid(), platform.node())
        with pytest.raises(CheckpointError) as refused, lock(tmp_path):
            pass
        for fact in (f"{tmp_path}: ", f"process {os.getpid()} on ", said["started"], "--folder"):
            assert fact in str(refused.value)
        (tmp_path / LOCK).write_text("[" * 1000)  # it is only for people
        with pytest.raises(CheckpointError, match="does not say which"), lock(tmp_path):
            pass
    assert list(tmp_path.iterdir()) == []
    with lock(tmp_path):
        pass


def test_what_a_kill_left_behind_is_taken_over(tmp_path):
    for left in (b"", b'{"process": 1, "host": "x", "started": "then"}', b"\xff" * 9):
        (tmp_path / LOCK).write_bytes(left)
        with lock(tmp_path):
            assert json.loads((tmp_path / LOCK).read_text())["process"] == os.getpid()


def test_the_lock_ends_with_an_error_and_with_ctrl_c(tmp_path):
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), lock(tmp_path / "new" / "folder"):
            raise error
    assert list(tmp_path.iterdir()) == []  # also the folders that nothing was written into


def test_a_lock_on_a_file_that_is_gone_keeps_nobody_out(tmp_path, monkeypatch):
    """The file is removed by whoever held it, between opening and locking."""
    tried = []

    def lock_late(handle):
        if not tried:
            (tmp_path / LOCK).unlink()
        tried.append(handle)

    monkeypatch.setattr(locking, "lock_handle", lock_late)
    with lock(tmp_path):
        assert len(tried) == 2 and (tmp_path / LOCK).exists()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EROFS])
def test_where_there_are_no_locks_it_is_said_once(tmp_path, monkeypatch, capsys, number):
    def refuse(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(locking, "lock_handle", refuse)
    with lock(tmp_path):
        (tmp_path / "a").touch()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{tmp_path} cannot be locked ({os.strerror(number)})")


def test_what_is_no_file_in_place_of_the_lock_is_named(tmp_path):
    (tmp_path / LOCK).mkdir()
    with pytest.raises(OSError, match="training.lock") as refused, lock(tmp_path):
        pass
    assert "cannot be locked" in str(refused.value)


def test_of_several_processes_the_first_holds_it_and_all_are_refused(tmp_path):
    with locked_folder(tmp_path, Processes()):
        with locked_folder(tmp_path, Processes(is_first=False, said="")):
            assert (tmp_path / LOCK).exists()
        with pytest.raises(CheckpointError, match="another training"):
            with locked_folder(tmp_path, Processes()):
                pass
        with pytest.raises(CheckpointError, match="so said the first"):
            with locked_folder(tmp_path, Processes(is_first=False, said="so said the first")):
                pass


def test_a_training_keeps_others_out_of_its_folder_until_it_ends(tmp_path):
    options = [*TINY, "--steps", 4000, "--short-steps", 4000, "--folder", tmp_path]
    first = start_script("agents/train_dt.py", *options)
    for line in first.stdout:
        if "step     12/" in line:
            break
    for further in ([], ["--resume"], ["--overwrite"]):
        said = refusal("train_dt", *options, *further)
        assert f"another training is going on in it, process {first.pid} on " in said
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=60)
    assert (tmp_path / LOCK).exists()
    train(*options[len(TINY) :], "--resume", "--stop-after", 14, expect=130)
    assert not (tmp_path / LOCK).exists()
