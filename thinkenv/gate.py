"""The gate for files: whoever reads one goes through here.

A file may come from a stranger, or be damaged, and then says anything: that it is a petabyte large,
that an array begins before the file does, that a move goes to square 77. A reader is safe by being
written like this:

    @reader("mazes", MazeFileError)
    def read_mine(path: Path) -> Mine:
        with opened(path, max_bytes=MAX_BYTES) as file:  # an ordinary file of an acceptable size
            header = parse_json(file.read(HEADER_BYTES))
            ...                                           # checked before anything follows it

``reader`` lists the function in ``READERS``, from which the tests take what they try to break, and
turns whatever is raised while it reads into the one error of its family, with the file's name. What
opens files, unpacks archives, or takes memory because a file says so is here, and a test sees to it
that it is nowhere else.
"""

import contextlib
import functools
import io
import json
import lzma
import math
import os
import stat
import struct
import tokenize
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, TypeVar

import numpy as np

from thinkenv.machine import check_fits_into_memory

Function = TypeVar("Function", bound=Callable[..., Any])

# Nothing that is exchanged here is compressed more than so many times: what is would fill the
# memory and say nothing. Up to ``ALWAYS_READ`` bytes nobody minds.
MAX_COMPRESSION, ALWAYS_READ = 500, 2**26
MAX_MEMBERS = 100_000  # of a zip archive
MAX_REASON = 300  # characters of a library's message
MAX_LISTS = 2**22  # and objects in a text in JSON: each takes a hundred bytes of memory

# By the version of the ``.npy`` format.
HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}

# Of how a library says that compressed or packed data are not what they were.
DAMAGE = (
    EOFError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    tokenize.TokenError,
)


class FileError(ValueError):
    """A file that cannot be used, with its name and the reason.

    Each family of files has a class of its own, derived from this one.
    """


class Reader(NamedTuple):
    """A function that reads a file.

    Attributes:
        kind: What it reads, in a few words.
        function: Takes the file's path first.
        error: What it raises where the file cannot be used, and nothing else.
    """

    kind: str
    function: Callable[..., Any]
    error: type[FileError]


# Every reader of this package whose module was imported, by its full name.
READERS: dict[str, Reader] = {}


def reader(kind: str, error: type[FileError]) -> Callable[[Function], Function]:
    """Make a function a reader of files: see the top of this module.

    The function takes a path first. Whatever it raises because of the file becomes ``error``, with
    the file's name in front where the message lacks it, and the original as its cause. Errors of
    another family, about another file, and a library that is not installed stay what they are.

    Args:
        kind: What is read, in a few words.
        error: The error of the family.

    Raises:
        TypeError: By the reader, if the path is none.
    """

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def read(path: Any, *arguments: Any, **options: Any) -> Any:
            name = os.fsdecode(path)  # a TypeError for what is no path
            try:
                return function(path, *arguments, **options)
            except Exception as problem:
                raise_as(error, name, problem)

        READERS[f"{function.__module__}.{function.__qualname__}"] = Reader(kind, read, error)
        return read  # type: ignore[return-value]

    return decorate


@contextlib.contextmanager
def reading(path: Path | str, error: type[FileError]) -> Iterator[None]:
    """Turn what is raised because of a file into its family's error, as ``reader`` does."""
    try:
        yield
    except Exception as problem:
        raise_as(error, os.fsdecode(path), problem)


def raise_as(error: type[FileError], name: str, problem: Exception) -> None:
    """Raise what was raised while a file was read as the error of its family.

    Raises:
        FileError: Of the class ``error``; or ``problem`` itself, where it says all that is needed
            or is about something else.
    """
    is_of_a_family = isinstance(problem, FileError) and type(problem) is not FileError
    if is_of_a_family or isinstance(problem, ImportError | NameError):  # no file is to blame
        raise problem
    if isinstance(problem, OSError) and problem.filename is not None:
        if os.fsdecode(problem.filename) != name:
            raise problem  # of a file that is written, or of the cache
    if isinstance(problem, FileError):
        raise error(str(problem)) from problem.__cause__
    reason = explain(problem)
    raise error(reason if reason.startswith(f"{name}: ") else f"{name}: {reason}") from problem


def explain(problem: Exception) -> str:
    """What an error of a library means to whoever has the file, in one line."""
    said = " ".join(str(problem).split())[:MAX_REASON]
    more = f" ({said})" if said else ""
    if isinstance(problem, FileNotFoundError):
        return "there is no such file"
    if isinstance(problem, OSError) and problem.strerror:
        return f"cannot be read ({problem.strerror})"
    if isinstance(problem, MemoryError):
        return "needs more memory than there is"
    if isinstance(problem, RecursionError):
        return "is nested too deep"
    if isinstance(problem, UnicodeDecodeError):
        return f"is not the text that it should be{more}"
    if isinstance(problem, json.JSONDecodeError):
        return f"is no JSON{more}"
    # What Python's zipfile raises for a way of compression or encryption that it does not know.
    if isinstance(problem, NotImplementedError):
        return f"is written in a way that is not read{more}"
    if isinstance(problem, DAMAGE):
        return f"damaged or cut off{more}"
    if type(problem) is ValueError:
        return said or "damaged, or of another kind"
    return f"damaged, or of another kind ({type(problem).__name__}{': ' + said if said else ''})"


def check_file(path: Path | str, max_bytes: int | None = None) -> os.stat_result:
    """Check that there is an ordinary file of an acceptable size, before it is opened.

    What is no ordinary file could keep a reader waiting, or never end.

    Args:
        path: The file.
        max_bytes: How large it may be; None for any size.

    Raises:
        FileError: If there is none, it is empty, too large, a folder, a pipe or a device.
    """
    try:
        found = os.stat(path)
    except FileNotFoundError:
        raise FileError(f"{path}: there is no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or error
        raise FileError(f"{path}: cannot be read ({reason})") from error
    check_state(path, found, max_bytes)
    return found


def check_state(path: Path | str, found: os.stat_result, max_bytes: int | None) -> None:
    """Check what the system says of a file: see ``check_file``."""
    if stat.S_ISDIR(found.st_mode):
        raise FileError(f"{path}: is a folder, not a file")
    if not stat.S_ISREG(found.st_mode):
        raise FileError(f"{path}: is not an ordinary file, but a pipe, a device or a socket")
    if found.st_size == 0:
        raise FileError(f"{path}: is empty")
    if max_bytes is not None and found.st_size > max_bytes:
        raise FileError(
            f"{path}: has {found.st_size:,} bytes; at most {max_bytes:,} are read of this kind"
        )


@contextlib.contextmanager
def opened(path: Path | str, max_bytes: int | None = None) -> Iterator[BinaryIO]:
    """Open a file that ``check_file`` lets pass, to read bytes from it.

    Raises:
        FileError: If it does not, or cannot be opened.
    """
    check_file(path, max_bytes)
    # Without waiting, for the case that it was exchanged for a pipe since it was looked at.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror})") from error
    with open(handle, "rb") as file:
        check_state(path, os.fstat(handle), max_bytes)
        yield file


def mapped(file: BinaryIO) -> np.ndarray:
    """The bytes of an open file, mapped into memory and not to be changed: ``(size,)`` uint8."""
    return np.memmap(file, np.uint8, "r")  # type: ignore[call-overload]


def read_bytes(path: Path | str, max_bytes: int) -> bytes:
    """The content of a file that ``check_file`` lets pass.

    Raises:
        FileError: If it does not, or the file cannot be read.
    """
    with opened(path, max_bytes) as file:
        try:
            content = file.read(max_bytes + 1)
        except OSError as error:
            raise FileError(f"{path}: cannot be read ({error.strerror})") from error
    if len(content) > max_bytes:  # it has grown since
        raise FileError(f"{path}: has more than {max_bytes:,} bytes")
    return content


def read_text(path: Path | str, max_bytes: int) -> str:
    """The content of a file of text in UTF-8.

    Raises:
        FileError: If ``check_file`` does not let it pass, or it is none.
    """
    try:
        return read_bytes(path, max_bytes).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: {explain(error)}") from error


def parse_json(text: str | bytes) -> Any:
    """What a text in JSON says, if no object in it has a key twice.

    Raises:
        ValueError: If it is none, nested too deep, has too many lists and objects, or has a key
            twice; without the file's name, which ``reader`` and ``reading`` put in front.
    """
    if isinstance(text, str):
        lists = text.count("[") + text.count("{")
    else:
        lists = text.count(b"[") + text.count(b"{")
    if lists > MAX_LISTS:
        raise ValueError(f"has {lists:,} lists and objects; at most {MAX_LISTS:,} are read")
    try:
        if not isinstance(text, str):
            text = text.decode(json.detect_encoding(text), "surrogatepass")
        return DECODER.decode(text)
    except (ValueError, RecursionError) as error:  # ValueError: also bytes that are no text
        if isinstance(error, FileError):
            raise
        raise ValueError(explain(error)) from error


def object_without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object as a dict.

    Raises:
        ValueError: If it has a key twice: readers would not agree on what it says.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        double = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(
            f"is no JSON to rely on: it has the key {double[:60]!r} twice in an object"
        )
    return found


DECODER = json.JSONDecoder(object_pairs_hook=object_without_doubles)


def read_json(path: Path | str, max_bytes: int) -> Any:
    """What a file of JSON says: see ``read_bytes`` and ``parse_json``."""
    try:
        return parse_json(read_bytes(path, max_bytes))
    except FileError:
        raise
    except ValueError as error:
        raise FileError(f"{path}: {error}") from error.__cause__


def claim_memory(needed: int, what: str) -> None:
    """Check that this machine has so many bytes of memory, before they are taken.

    Raises:
        ValueError: If it does not.
    """
    check_fits_into_memory(what, needed)


class Archive:
    """A zip archive whose directory was checked.

    Args:
        file: The open archive.

    Attributes:
        names: The names of its members, without folders, in their order.

    Raises:
        ValueError: If a name is there twice, a member is encrypted, one or all together are
            compressed more than anything that is exchanged here, or there are too many; also what
            ``zipfile`` raises.
    """

    def __init__(self, file: BinaryIO):
        count = count_members(file)
        if count > MAX_MEMBERS:
            raise ValueError(f"has {count:,} members; at most {MAX_MEMBERS:,} are read")
        self._file = zipfile.ZipFile(file)
        # A damaged length in the directory of an archive hides the members behind it.
        if len(self._file.infolist()) != count:
            found = len(self._file.infolist())
            raise ValueError(f"is said to have {count:,} members, of which {found:,} are found")
        entries = [entry for entry in self._file.infolist() if not entry.is_dir()]
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in entries:
            name = entry.filename
            if name in self._entries:
                raise ValueError(f"has the member {name!r} twice")
            if entry.flag_bits & 0x1:
                raise ValueError(f"{name} is encrypted, and needs a password")
            self._entries[name] = entry
        stored = sum(entry.compress_size for entry in entries)
        length = file.seek(0, os.SEEK_END)
        if stored > length:
            raise ValueError(f"says that its members have {stored:,} bytes; it has {length:,}")
        for name in self._entries:
            check_growth(name, self.size(name), self._entries[name].compress_size)
        check_growth("what is in it", sum(entry.file_size for entry in entries), stored)
        self.names = list(self._entries)

    def size(self, name: str) -> int:
        """How many bytes a member has, as the directory says.

        Raises:
            ValueError: If there is none of that name.
        """
        return self._entry(name).file_size

    def is_compressed(self, name: str) -> bool:
        """Whether a member is not stored as it is.

        Raises:
            ValueError: If there is none of that name.
        """
        return self._entry(name).compress_type != zipfile.ZIP_STORED

    def open(self, name: str) -> IO[bytes]:
        """A member, to be read in pieces; that its checksum is right is known at its end.

        Raises:
            ValueError: If there is none of that name; also what ``zipfile`` raises.
        """
        return self._file.open(self._entry(name))

    def read(self, name: str) -> bytes:
        """The content of a member, if its checksum is right.

        Raises:
            ValueError: If there is none of that name, or it does not fit into memory; also what
                ``zipfile`` raises.
        """
        size = self.size(name)
        claim_memory(size, f"the {size:,} bytes of {name}")
        with self.open(name) as file:
            content = file.read(size + 1)  # one more, so that the checksum is compared
        if len(content) != size:
            raise ValueError(f"{name} has {len(content):,} bytes instead of {size:,}")
        return content

    def array(self, name: str) -> np.ndarray:
        """The array in a member in the ``.npy`` format, if its checksum is right.

        Raises:
            ValueError: See ``read`` and ``parse_array``.
        """
        # The header is looked at before the content is unpacked.
        with self.open(name) as file:
            needed = read_array_header(file).bytes
        check_stored(needed, self.size(name))
        return parse_array(self.read(name))

    def _entry(self, name: str) -> zipfile.ZipInfo:
        if name not in self._entries:
            raise ValueError(f"lacks the member {name}")
        return self._entries[name]


# What a zip archive ends with, and what stands before that where there are more members than its
# number has room for: sections 4.3.14 to 4.3.16 of the format's description (APPNOTE.TXT).
END_OF_ARCHIVE = struct.Struct("<4s6xHIIH")  # signature, members, directory: size, place; comment
LOCATOR_64 = struct.Struct("<4s4xQ4x")  # signature, place of the next
END_OF_ARCHIVE_64 = struct.Struct("<4s28xQ")  # signature, members
LONGEST_COMMENT = 2**16 - 1


def count_members(file: BinaryIO) -> int:
    """How many members a zip archive says that it has, folders among them.

    Raises:
        ValueError: If it is none, or something follows its end.
    """
    length = file.seek(0, os.SEEK_END)
    begin = max(0, length - END_OF_ARCHIVE.size - LONGEST_COMMENT)
    file.seek(begin)
    tail = file.read()
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) - place < END_OF_ARCHIVE.size:
        raise ValueError("damaged or cut off, or not a zip archive: it has no end of one")
    _, count, _, _, comment = END_OF_ARCHIVE.unpack_from(tail, place)
    if place + END_OF_ARCHIVE.size + comment != len(tail):
        raise ValueError("damaged: something follows the end of a zip archive, or lacks there")
    if count == 2**16 - 1 and place >= LOCATOR_64.size:
        signature, place_64 = LOCATOR_64.unpack_from(tail, place - LOCATOR_64.size)
        if signature == b"PK\6\7" and place_64 + END_OF_ARCHIVE_64.size <= length:
            file.seek(place_64)
            signature, count_64 = END_OF_ARCHIVE_64.unpack(file.read(END_OF_ARCHIVE_64.size))
            count = count_64 if signature == b"PK\6\6" else count
    file.seek(0)
    return count


def check_growth(
    name: str, size: int, stored: int, times: int = MAX_COMPRESSION, always: int = ALWAYS_READ
) -> None:
    """Check that so many bytes in ``stored`` compressed ones are no bomb.

    Args:
        name: What has them, for the error.
        size: How many they are, or have been so far.
        stored: How many they are compressed, or have been so far.
        times: How many times as many they may be, for what takes longer to read than others.
        always: How many there may be whatever that gives.

    Raises:
        ValueError: If they are.
    """
    if size > max(always, times * stored):
        raise ValueError(
            f"{name} has {size:,} bytes in {stored:,}; nothing is unpacked to more than {times} "
            "times its size"
        )


class ArrayHeader(NamedTuple):
    """What the header of an array in the ``.npy`` format says.

    Attributes:
        shape: Its shape.
        in_columns: Whether its first index changes fastest.
        dtype: The type of its values.
        bytes: How many bytes its values have.
    """

    shape: tuple[int, ...]
    in_columns: bool
    dtype: np.dtype
    bytes: int


def read_array_header(file: IO[bytes]) -> ArrayHeader:
    """The header of an array in the ``.npy`` format.

    Raises:
        ValueError: If it is none, or the array holds Python objects, or values of no bytes; also
            other errors of NumPy.
    """
    version = np.lib.format.read_magic(file)
    if version not in HEADER_READERS:
        raise ValueError(f"version {version} of the .npy format is not read")
    try:
        shape, in_columns, dtype = HEADER_READERS[version](file)
    except (tokenize.TokenError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        # NumPy parses it as Python does.
        raise ValueError(f"the header of an array cannot be read ({error})") from error
    if dtype.hasobject:
        raise ValueError("holds Python objects, which could run code")
    if dtype.itemsize == 0:
        raise ValueError(f"holds values of no bytes ({dtype})")
    if any(length < 0 for length in shape):
        raise ValueError(f"the header of an array says that its shape is {shape}")
    return ArrayHeader(shape, in_columns, dtype, math.prod(shape) * dtype.itemsize)


def check_stored(needed: int, stored: int) -> None:
    """Check that an array's header promises no more than there is.

    Raises:
        ValueError: If it does.
    """
    if needed > stored:
        promised = f"{needed:,}" if needed < 10**30 else "more than 10^30"
        raise ValueError(f"the header of an array promises {promised} bytes; there are {stored:,}")


def check_end(needed: int, stored: int) -> None:
    """Check that an array's header promises as many bytes as there are.

    Raises:
        ValueError: If it does not.
    """
    check_stored(needed, stored)
    if needed < stored:
        raise ValueError(f"{stored - needed:,} bytes follow an array's values")


def read_array(path: Path | str) -> np.ndarray:
    """Read a ``.npy`` file without running code from it.

    Raises:
        FileError: If it is none, damaged, or larger than this machine's memory.
    """
    with opened(path) as file, reading(path, FileError):
        header = read_array_header(file)
        check_end(header.bytes, os.fstat(file.fileno()).st_size - file.tell())
        claim_memory(header.bytes, f"the {header.bytes:,} bytes of the file")
        # NumPy asks for larger pages of memory than bytes have: reading takes half the time.
        values = np.empty(math.prod(header.shape), header.dtype)
        count = file.readinto(values.view(np.uint8))  # type: ignore[attr-defined]
        if count < header.bytes:
            raise ValueError(f"ends after {count:,} of {header.bytes:,} bytes")
        return shaped(values, header)


def parse_array(content: bytes) -> np.ndarray:
    """The array in the ``.npy`` format that is these bytes, and no more.

    Returns:
        The array, which cannot be written to.

    Raises:
        ValueError: If it is none, holds Python objects, bools that are none, or promises another
            number of bytes than there are; also other errors of NumPy.
    """
    file = io.BytesIO(content)
    header = read_array_header(file)
    begin = file.tell()
    check_end(header.bytes, len(content) - begin)
    return shaped(np.frombuffer(content, header.dtype, math.prod(header.shape), begin), header)


def shaped(values: np.ndarray, header: ArrayHeader) -> np.ndarray:
    """The values of an array in the shape that its header says, not to be written to.

    Raises:
        ValueError: If they are bools that are none.
    """
    check_bools(values)
    values.flags.writeable = False
    return values.reshape(header.shape, order="F" if header.in_columns else "C")


def check_bools(values: np.ndarray) -> None:
    """Check that the bytes of an array of bools are 0 and 1: NumPy relies on it.

    Raises:
        ValueError: If there are others.
    """
    if values.dtype == np.bool_ and values.view(np.uint8).max(initial=0) > 1:
        raise ValueError("the bytes of an array of bools must be 0 and 1, got others")
