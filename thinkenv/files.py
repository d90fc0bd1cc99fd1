"""Where files go: the cache folder, and files that are written whole or not at all."""

import contextlib
import os
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


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """A temporary file beside ``path`` that takes its name when all was written, else vanishes.

    Raises:
        OSError: If it cannot be written, for example because the disk is full; an earlier file
            stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file with ``atomic_write``.

    Raises:
        OSError: If it cannot be written; an earlier file stays as it was.
    """
    with atomic_write(path) as file:
        file.write(content)
