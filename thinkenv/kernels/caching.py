"""Numba's cache of compiled kernels, which is not believed before it was checked.

A power cut or a bad disk leaves files empty, cut off, or with other bytes in them. Numba would
unpickle those, and jump into what it finds there. Here each file begins with a checksum of its
place and the rest of it, and what does not agree with it, or cannot be read, is compiled anew, with
one notice in a process. The checksum is against damage: whoever can write in the folder can also
make a right one, and is trusted as whoever can write in the folder of the sources is.

Numba keeps, for each kernel, an index, which says for which types and which processor there is a
file of machine code, and these files. Processes that write at the same time may leave an index that
names the code of other types; so a file also holds what it is for.
"""

import contextlib
import hashlib
import io
import os
import pickle
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
)

from thinkenv.gate import FileError, read_bytes

CHECKSUM_BYTES = 32
MAX_BYTES = 2**28  # of a file; the largest kernels have a megabyte
# The end of a file's path that its checksum is about: the state of the code, the folder of the
# sources, and the file. What lies before it may change, for caches are copied and moved.
PARTS_OF_PLACE = 3

# What was said on the standard error.
_said: set[str] = set()


def say_once(kind: str, text: str) -> None:
    """Print a line on the standard error, the first time in a process that it is of this kind."""
    if kind not in _said:
        _said.add(kind)
        print(f"thinkenv: {text}", file=sys.stderr, flush=True)


def said_damaged() -> bool:
    """Whether it was said that kernels are compiled anew because the cache is damaged."""
    return "damaged" in _said


def say_damaged(problem: object) -> None:
    """Say that kernels in the cache are damaged."""
    said = " ".join(str(problem).split())
    say_once(
        "damaged",
        f"compiled kernels in the cache are damaged ({said}): compiling them anew "
        "(up to 10 seconds) ...",
    )


def say_unwritable(problem: object) -> None:
    """Say that kernels cannot be kept."""
    say_once("unwritable", f"compiled kernels cannot be kept ({problem}): they stay in memory")


def checksum(path: str, content: bytes) -> bytes:
    """The checksum of a file of this content in this place."""
    place = "/".join(Path(path).parts[-PARTS_OF_PLACE:])
    digest = hashlib.blake2b(place.encode(errors="replace") + b"\0", digest_size=CHECKSUM_BYTES)
    digest.update(content)
    return digest.digest()


class CheckedFiles(IndexDataCacheFile):
    """The files of one kernel, in which a checksum stands before what Numba writes."""

    def load(self, key: tuple) -> Any:
        """The code for the types and the processor of ``key``; None if there is none."""
        name = self._load_index().get(key)
        content = None if name is None else self._read(self._data_path(name))
        if content is None:
            return None
        made_for, data = pickle.loads(content)
        return data if made_for == key else None

    def save(self, key: tuple, data: Any) -> None:
        """Keep the code for the types and the processor of ``key``."""
        super().save(key, (key, data))

    def _load_index(self) -> dict[tuple, str]:
        content = self._read(self._index_path)
        if content is None:
            return {}
        try:
            stream = io.BytesIO(content)
            if pickle.load(stream) != self._version:  # what follows may not be readable, then
                return {}
            stamp, overloads = pickle.load(stream)
        except Exception as error:  # see ``CheckedCache.load_overload``
            say_damaged(f"{self._index_path}: {type(error).__name__}: {error}")
            return {}
        return overloads if stamp == self._source_stamp else {}

    def _read(self, path: str) -> bytes | None:
        """What a file holds after its checksum; None if there is no file, or it is damaged."""
        if not os.path.lexists(path):
            return None
        try:
            stored = read_bytes(path, MAX_BYTES)
        except FileError as error:
            say_damaged(error)
            return None
        content = stored[CHECKSUM_BYTES:]
        if stored[:CHECKSUM_BYTES] != checksum(path, content):
            say_damaged(f"{path}: its checksum is wrong")
            return None
        return content

    @contextlib.contextmanager
    def _open_for_write(self, filepath: str):
        content = io.BytesIO()
        yield content
        if os.path.isdir(filepath) and not os.path.islink(filepath):
            # A folder cannot be replaced by a file. It goes with the others after a month.
            os.rename(filepath, f"{filepath}.tmp.{uuid.uuid4().hex[:16]}")
        with super()._open_for_write(filepath) as file:
            file.write(checksum(filepath, content.getvalue()))
            file.write(content.getvalue())


class InNamedFolder(CompileResultCacheImpl):
    """Where kernels are kept: in ``numba.config.CACHE_DIR``, and never beside the sources."""

    _locator_classes = CompileResultCacheImpl._locator_classes[:1]  # the first that Numba tries


class CheckedCache(FunctionCache):
    """The cache of one kernel. Whatever is wrong with it, the kernel is compiled."""

    _impl_class = InNamedFolder

    def __init__(self, function: Callable):
        super().__init__(function)
        self._cache_file = CheckedFiles(
            self._cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp()
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled kernel for these types; None if it is to be compiled."""
        try:
            return super().load_overload(sig, target_context)
        # What was written whole, and is whole, may still be of no use: in the place of a library
        # that it was pickled with is another version.
        except Exception as error:
            say_damaged(f"{self._cache_path}: {type(error).__name__}: {error}")
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the compiled kernel for these types, if it can be written."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            say_unwritable(f"{self._cache_path}: {error.strerror or error}")


def keep_in_cache(kernel: Any, function: Callable) -> None:
    """Let a kernel be looked for in the cache before it is compiled, and kept there after that.

    Args:
        kernel: What ``numba.njit`` made of the function.
        function: The function.
    """
    try:
        kernel._cache = CheckedCache(function)
    except RuntimeError:  # Numba found no folder that it can write in
        say_unwritable("their folder cannot be written")
