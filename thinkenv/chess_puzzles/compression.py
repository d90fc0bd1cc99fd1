"""Reading compressed files in pieces, whatever they were compressed with and are named.

A file is recognized by its first bytes. All of these may be several compressed parts one after the
other; zstandard may have skippable frames among them, as ``pzstd`` writes them.

| compressed with | its files are often named |
|---|---|
| zstandard, also with ``--long`` | ``.zst`` |
| gzip | ``.gz`` |
| bzip2 | ``.bz2`` |
| xz | ``.xz`` |
| zip, one file alone | ``.zip`` |

What comes out is given in pieces of a limited size, and no more of it than ``gate.check_growth``
allows for what went in: a file that was made to fill the memory is refused before it does.
"""

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from thinkenv.chess_puzzles.errors import PuzzleFileError
from thinkenv.gate import Archive, check_growth, opened, reading
from thinkenv.machine import check_fits_into_memory

BYTES_AT_A_TIME = 1 << 20  # read
UNPACKED_AT_A_TIME = 1 << 23  # and given, at most
ZSTANDARD_MAGIC = b"\x28\xb5\x2f\xfd"
ZIP_MAGIC = b"PK\x03\x04"
# The first bytes of a skippable frame are one of sixteen (RFC 8878, section 3.1.2).
SKIPPABLE_MAGICS = tuple(bytes([0x50 + low]) + b"\x2a\x4d\x18" for low in range(16))
# What a decompressor must remember at most: the largest that ``zstd --long`` makes. More than the
# usual 128 MiB is tried only where it fits into this machine's memory.
LARGEST_WINDOW, USUAL_WINDOW = 1 << 31, 1 << 27
LONGEST_HEADER = 18  # bytes of a zstandard frame that say how large its window is
SKIPPABLE_HEADER, BLOCK_HEADER = 8, 3
REPEATED_BYTE = 1  # the kind of a block that has one byte and says how often
LARGEST_BLOCK = 1 << 17  # bytes that a block becomes
# A file may be compressed in many parts, but not in millions of empty ones, which take longer than
# what they hold.
FREE_PARTS, LEAST_PART = 1000, 64
LEAST_STEP = 1 << 12  # bytes that a part is first given
# As in ``thinkenv.gate``, of what takes long to read.
SLOW_COMPRESSION, SLOW_ALWAYS_READ = 100, 1 << 24
PADDING = re.compile(rb"\0*")  # between parts


@dataclass
class Trace:
    """What was noticed while a file was read, and what is to be heeded.

    Attributes:
        is_compressed: Whether it is.
        has_checksums: Whether all its compressed parts have checksums of their contents.
        ends_with_newline: Whether its text ends as a whole line does.
        stored: How many of its bytes were read so far.
        is_slow: Whether its rows take long to read, so that it may not become as large as others.
    """

    is_compressed: bool = False
    has_checksums: bool = True
    ends_with_newline: bool = True
    stored: int = 0
    is_slow: bool = False

    def check_growth(self, given: int) -> None:
        """Check that so many bytes of content are no bomb.

        Raises:
            ValueError: If they are.
        """
        name = "what is compressed in it"
        if self.is_slow:
            check_growth(name, given, self.stored, SLOW_COMPRESSION, SLOW_ALWAYS_READ)
        else:
            check_growth(name, given, self.stored)

    @property
    def doubt(self) -> str:
        """Why it cannot be known whether the file is whole, in words; empty if it can."""
        if not self.ends_with_newline:
            return "its last line does not end"
        if not self.is_compressed:
            return ""
        return "" if self.has_checksums else "its compression has no checksum"


class Decompressor(Protocol):
    """What the decompressors of Python have in common, and ours."""

    @property
    def eof(self) -> bool:
        """Whether the compressed part has ended."""

    @property
    def unused_data(self) -> bytes:
        """What followed the compressed part."""

    @property
    def needs_input(self) -> bool:
        """Whether it has given all that comes out of what it was given."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Decompress some more bytes, giving a limited number of them."""


def read_bytes(
    path: Path, see: Callable[[bytes], None], trace: Trace | None = None
) -> Iterator[bytes]:
    """The content of a plain or compressed file in pieces.

    Args:
        path: The file.
        see: Called with the bytes as they are on disk.
        trace: Where to note what was noticed.

    Raises:
        PuzzleFileError: If it cannot be read, is damaged or cut off, or unpacks to more than files
            of this kind do, or than this machine can hold.
    """
    trace = trace or Trace()
    with reading(path, PuzzleFileError), opened(path) as file:
        begin = file.read(max(map(len, FORMATS)))
        file.seek(0)
        start = next((start for magic, start in FORMATS.items() if begin.startswith(magic)), None)
        seen = pieces_of(file, see, trace)
        trace.is_compressed = start is not None or begin.startswith(ZIP_MAGIC)
        if begin.startswith(ZIP_MAGIC):
            yield from unzipped(file, seen, trace)
        else:
            yield from seen if start is None else decompressed(start, seen, trace)


def pieces_of(file: BinaryIO, see: Callable[[bytes], None], trace: Trace) -> Iterator[bytes]:
    """A file in pieces, each shown to ``see`` first."""
    while piece := file.read(BYTES_AT_A_TIME):
        see(piece)
        trace.stored += len(piece)
        yield piece


def unzipped(file: BinaryIO, seen: Iterator[bytes], trace: Trace) -> Iterator[bytes]:
    """The one file in a zip archive, in pieces.

    Raises:
        ValueError: If the archive has no or several files, as a spreadsheet has, or is refused by
            ``gate.Archive``; also what ``zipfile`` raises.
    """
    for _ in seen:  # the directory of an archive is at its end
        pass
    archive = Archive(file)
    # Without what macOS adds for each file.
    names = [name for name in archive.names if not name.startswith("__MACOSX/")]
    if len(names) != 1:
        raise ValueError(
            "must be a zip archive with one table, or a table saved as CSV, got one with "
            f"{len(names)} files"
        )
    given = 0
    with archive.open(names[0]) as member:
        while piece := member.read(BYTES_AT_A_TIME):
            given += len(piece)
            trace.check_growth(given)
            yield piece


def decompressed(
    start: Callable[[], Decompressor],
    pieces: Iterator[bytes],
    trace: Trace,
) -> Iterator[bytes]:
    """Decompress the pieces of a file that is compressed in one part or in several.

    Args:
        start: Makes a decompressor for a part.
        pieces: The file's bytes.
        trace: Where to note whether all parts have checksums.

    Raises:
        ValueError: See ``read_bytes``.
    """
    part: Decompressor | None = None
    given = parts = 0
    step = LEAST_STEP
    for piece in pieces:
        place = 0
        while place < len(piece) or not (part is None or part.needs_input):
            if part is None:
                if start is not ZstandardPart:
                    place = PADDING.match(piece, place).end()  # type: ignore[union-attr]
                    if place == len(piece):
                        break
                part = start()
                parts += 1
                # What follows a part is copied, so little is handed over of what may be short.
                step = LEAST_STEP
            fed = piece[place : place + step] if part.needs_input else b""
            place += len(fed)
            step = min(2 * step, BYTES_AT_A_TIME)
            try:
                text = part.decompress(fed, UNPACKED_AT_A_TIME)
            except (zstandard.ZstdError, zlib.error, lzma.LZMAError, OSError) as error:
                if "memory" in str(error).lower():  # the only way to say so
                    raise ValueError(
                        f"needs more memory to unpack than there is: {error}"
                    ) from error
                raise ValueError(f"is damaged: {error}") from error
            given += len(text)
            trace.check_growth(given)
            if text:
                yield text
            if part.eof:
                place -= len(part.unused_data)
                trace.has_checksums &= has_checksum(part)
                part = None
                if parts > FREE_PARTS + trace.stored // LEAST_PART:
                    raise ValueError(f"is compressed in {parts:,} parts, most of them empty")
    if part is not None:
        raise ValueError("is cut off: its compressed data end in the middle")


def has_checksum(part: Decompressor) -> bool:
    """Whether a part of a compressed file has a checksum of its contents."""
    if isinstance(part, ZstandardPart):
        return part.has_checksum
    return not isinstance(part, lzma.LZMADecompressor) or part.check != lzma.CHECK_NONE


class GzipPart:
    """A part of a file that was compressed with gzip; see ``Decompressor``."""

    def __init__(self) -> None:
        self._part = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        """Whether the part has ended."""
        return self._part.eof

    @property
    def unused_data(self) -> bytes:
        """What followed it."""
        return self._part.unused_data

    @property
    def needs_input(self) -> bool:
        """Whether it has given all that comes out of what it was given."""
        return not self._part.unconsumed_tail

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Decompress some more bytes, giving a limited number of them."""
        return self._part.decompress(self._part.unconsumed_tail + data, max_length)


class ZstandardPart:
    """A frame of zstandard, also a skippable one (RFC 8878, section 3.1); see ``Decompressor``.

    The library gives all that comes out of what it is given, and that may be thousands of times as
    much. So it is given a few blocks at a time, which say of themselves where they end, and of
    which none becomes more than ``LARGEST_BLOCK`` bytes.

    Attributes:
        eof: Whether the frame has ended.
        unused_data: What followed it.
        has_checksum: Whether it has a checksum of its content, if it has content.
    """

    def __init__(self) -> None:
        self.eof = False
        self.unused_data = b""
        self.has_checksum = True
        self._coming = b""  # what was not yet given to the library
        self._part: zstandard.ZstdDecompressionObj | None = None
        self._next_block = 0  # where in what comes
        self._to_skip: int | None = None  # of a skippable frame

    @property
    def needs_input(self) -> bool:
        """Whether it has given all that comes out of what it was given."""
        return self._part is None or len(self._coming) < self._next_block + BLOCK_HEADER

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Decompress some more bytes, giving a limited number of them.

        Raises:
            ValueError: If the frame needs more memory than there is.
            zstandard.ZstdError: If it is damaged.
        """
        self._coming += data
        if self._part is None and self._to_skip is None:
            self._begin()
        if self._part is not None:
            return self._give(self._part, max(1, max_length // LARGEST_BLOCK))
        if self._to_skip is not None:
            skipped = min(self._to_skip, len(self._coming))
            self._coming = self._coming[skipped:]
            self._to_skip -= skipped
            if self._to_skip == 0:
                self.eof, self.unused_data = True, self._coming
        return b""

    def _begin(self) -> None:
        """Read the header of the frame, if all of it is there."""
        coming = self._coming[:LONGEST_HEADER]
        if coming[:4] in SKIPPABLE_MAGICS:
            if len(coming) >= SKIPPABLE_HEADER:
                self._to_skip = int.from_bytes(coming[4:SKIPPABLE_HEADER], "little")
                self._coming = self._coming[SKIPPABLE_HEADER:]
            return
        try:
            described = zstandard.get_frame_parameters(coming)
            self._next_block = zstandard.frame_header_size(coming)
        except zstandard.ZstdError:
            if len(coming) == LONGEST_HEADER:
                raise
            return
        self.has_checksum = described.has_checksum
        if described.window_size > USUAL_WINDOW:
            check_fits_into_memory("the bytes of its window (zstd --long)", described.window_size)
        unpack = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW)
        self._part = unpack.decompressobj()

    def _give(self, part: "zstandard.ZstdDecompressionObj", blocks: int) -> bytes:
        """Give what comes out of so many blocks, as far as they are there."""
        while blocks and self._next_block + BLOCK_HEADER <= len(self._coming):
            begin = self._coming[self._next_block : self._next_block + BLOCK_HEADER]
            header = int.from_bytes(begin, "little")
            is_last, kind, size = header & 1, header >> 1 & 3, header >> 3
            self._next_block += BLOCK_HEADER + (1 if kind == REPEATED_BYTE else size)
            blocks -= 1
            if is_last:  # the library finds where the frame ends, and gives back what follows
                self._next_block = len(self._coming) + LARGEST_BLOCK
        given = min(self._next_block, len(self._coming))
        text = part.decompress(self._coming[:given])
        self._coming = self._coming[given:]
        self._next_block -= given
        if part.eof:
            self.eof, self.unused_data = True, part.unused_data
        return text


# How to begin to decompress, by what a file begins with.
FORMATS: dict[bytes, Callable[[], Decompressor]] = {
    ZSTANDARD_MAGIC: ZstandardPart,
    **dict.fromkeys(SKIPPABLE_MAGICS, ZstandardPart),
    b"\x1f\x8b": GzipPart,
    **{b"BZh%d1AY&SY" % size: bz2.BZ2Decompressor for size in range(1, 10)},
    b"\xfd7zXZ\0": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=LARGEST_WINDOW),
}
