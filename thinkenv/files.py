"""Where files go: the cache folder, and files that are written whole or not at all."""

import contextlib
import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import platformdirs

# The environment variable that names another cache folder.
VARIABLE = "THINKENV_CACHE"


def cache_dir() -> Path:
    """The folder for compiled kernels, converted puzzle databases and downloads.

    The environment variable ``THINKENV_CACHE``, or else what the platform reserves for caches:
    ``$XDG_CACHE_HOME`` or ``~/.cache`` on Linux, ``~/Library/Caches`` on macOS and
    ``%LOCALAPPDATA%`` on Windows, each with ``thinkenv`` in it. It need not exist yet.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser()
    return platformdirs.user_cache_path("thinkenv", appauthor=False, opinion=False)


def writable_cache_dir(name: str) -> Path | None:
    """A folder in the cache folder that can be written, made if it is not there.

    Args:
        name: The folder's name, such as ``kernels``.

    Returns:
        The folder, or None where it cannot be written: what belongs there then stays in memory.
        The first time in a process, one line on the standard error says so and names the folder.
    """
    try:
        folder = cache_dir() / name
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home folder
        announce_unwritable_cache(str(getattr(error, "strerror", None) or error))
        return None
    return folder


# The folders that were named on the standard error as not to be written.
_announced: set[str] = set()


def announce_unwritable_cache(reason: str) -> None:
    """Print one line, once in a process, that the cache folder cannot be written."""
    try:
        folder = str(cache_dir())
    except RuntimeError:  # there is no home folder
        folder = "~"
    if folder in _announced:
        return
    _announced.add(folder)
    print(
        f"thinkenv: the cache folder {folder} cannot be written ({reason}): compiled kernels and "
        f"converted puzzles stay in memory; another folder can be named in {VARIABLE}",
        file=sys.stderr,
        flush=True,
    )


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """A temporary file beside ``path`` that takes its name when all was written, else vanishes.

    A device or a pipe that somebody reads, such as ``/dev/stdout``, is not replaced but written
    into.

    Raises:
        OSError: If it cannot be written, for example because the disk is full; it names the file
            and says what is still whole. An earlier file stays as it was.
    """
    name = None
    try:
        if path.exists() and not path.is_file():
            with open(path, "wb", opener=open_without_waiting) as file:
                yield file
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with open(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException as error:
        if name is not None:
            Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError) and is_about(error, path, name):
            raise unwritten(path, error) from error
        raise


def open_without_waiting(path: str, flags: int) -> int:
    """Open a device or a pipe; a pipe that nobody reads is an error, and does not keep one waiting.

    Returns:
        The number of the open file.

    Raises:
        OSError: If it cannot be opened.
    """
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(handle, True)
    return handle


def is_about(error: OSError, path: Path, temporary: str | None) -> bool:
    """Whether an error came from writing ``path``, and not from reading something for it."""
    # What is written into an open file fails without a name.
    folders = (path, *path.parents)
    names = {temporary, *map(str, folders)}
    return temporary is None or error.filename is None or os.fsdecode(error.filename) in names


def unwritten(path: Path, error: OSError) -> OSError:
    """That a file could not be written, why, and what is still whole.

    Returns:
        An error of the same kind, for its class follows from the number.
    """
    reason = error.strerror or " ".join(str(error).split()) or type(error).__name__
    with contextlib.suppress(OSError):
        if path.is_file():
            reason += "; the earlier file is whole"
    return OSError(error.errno or errno.EIO, f"cannot be written ({reason})", str(path))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file with ``atomic_write``.

    Raises:
        OSError: If it cannot be written; an earlier file stays as it was.
    """
    with atomic_write(path) as file:
        file.write(content)
