"""Which databases were verified before, so that large ones are read as a whole but once.

That is noted in the cache folder, where a file from a stranger cannot write. A note is about a file
in one state: its size, its times, where it lies on the disk, and its header, in which its checksum
is. Whatever is wrong with a note, the database is verified again.
"""

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path

from thinkenv.files import cache_dir, writable_cache_dir, write_bytes
from thinkenv.gate import FileError, read_json

# Of the checks: a note of others is not believed.
CHECK_VERSION = 1
FOLDER = "verified"  # in the cache folder
MAX_NOTE_BYTES = 10_000
DAYS_KEPT = 30
# A file that is younger when it is read may change afterwards and keep its times, because clocks of
# file systems are coarse.
SETTLED_NANOSECONDS = 100_000_000


def state_of(found: os.stat_result) -> tuple[int, ...]:
    """What changes when a file does: its size, its times, and where it lies."""
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev


def is_settled(found: os.stat_result) -> bool:
    """Whether a change of a file from now on would change its state."""
    return time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) > SETTLED_NANOSECONDS


def note_of(path: Path, state: tuple[int, ...], header: bytes) -> dict:
    """What is noted about a verified file."""
    return {
        "check": CHECK_VERSION,
        "path": os.fsdecode(path.resolve()),
        "state": list(state),
        "header": hashlib.sha256(header).hexdigest(),
    }


def name_of(path: Path) -> str:
    """The name of the note about a file."""
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:32] + ".json"


def is_noted(path: Path, state: tuple[int, ...], header: bytes) -> bool:
    """Whether a file was verified in its present state.

    Args:
        path: The file.
        state: See ``state_of``.
        header: The text of its header.
    """
    with contextlib.suppress(FileError, OSError, RuntimeError):  # RuntimeError: no home folder
        found = read_json(cache_dir() / FOLDER / name_of(path), MAX_NOTE_BYTES)
        return found == note_of(path, state, header)
    return False


def note(path: Path, state: tuple[int, ...], header: bytes) -> None:
    """Note that a file was verified; where that cannot be written, it is verified again.

    Args:
        path: The file.
        state: What ``state_of`` said before it was read.
        header: The text of its header.
    """
    folder = writable_cache_dir(FOLDER)
    if folder is None:
        return
    with contextlib.suppress(OSError):
        delete_old(folder)
        content = json.dumps(note_of(path, state, header)).encode()
        write_bytes(folder / name_of(path), content)


def delete_old(folder: Path) -> None:
    """Delete the notes that are older than a month: their databases are verified again."""
    for old in folder.iterdir():
        with contextlib.suppress(OSError):  # another process may be deleting it
            if time.time() - old.stat().st_mtime > DAYS_KEPT * 24 * 3600:
                old.unlink()
