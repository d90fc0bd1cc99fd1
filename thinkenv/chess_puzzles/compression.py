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
"""

import bz2
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from thinkenv.machine import check_fits_into_memory

BYTES_AT_A_TIME = 1 << 20
ZSTANDARD_MAGIC = b"\x28\xb5\x2f\xfd"
ZIP_MAGIC = b"PK\x03\x04"
# The first bytes of a skippable frame are one of sixteen (RFC 8878, section 3.1.2).
SKIPPABLE_MAGICS = tuple(bytes([0x50 + low]) + b"\x2a\x4d\x18" for low in range(16))
# What a decompressor must remember at most: the largest that ``zstd --long`` makes. More than the
# usual 128 MiB is tried only where it fits into this machine's memory.
LARGEST_WINDOW, USUAL_WINDOW = 1 << 31, 1 << 27
LONGEST_HEADER = 18  # bytes of a zstandard frame that say how large its window is


class Decompressor(Protocol):
    """What Python's decompressors have in common."""

    @property
    def eof(self) -> bool:
        """Whether the compressed part has ended."""

    @property
    def unused_data(self) -> bytes:
        """What followed the compressed part."""

    def decompress(self, data: bytes, /) -> bytes:
        """Decompress some more bytes."""


def read_bytes(path: Path, see: Callable[[bytes], None]) -> Iterator[bytes]:
    """The content of a plain or compressed file in pieces.

    Args:
        path: The file.
        see: Called with the bytes as they are on disk.

    Raises:
        ValueError: If a compressed file is damaged or cut off, or needs more memory to unpack than
            this machine has.
        OSError: If it cannot be read.
    """
    with open(path, "rb") as file:
        begin = file.read(max(map(len, FORMATS)))
        file.seek(0)
        start = next((start for magic, start in FORMATS.items() if begin.startswith(magic)), None)
        seen = pieces_of(file, see)
        if begin.startswith(ZIP_MAGIC):
            yield from unzipped(path, seen)
        else:
            yield from seen if start is None else decompressed(path, start, seen)


def pieces_of(file: BinaryIO, see: Callable[[bytes], None]) -> Iterator[bytes]:
    """A file in pieces, each shown to ``see`` first."""
    while piece := file.read(BYTES_AT_A_TIME):
        see(piece)
        yield piece


def unzipped(path: Path, seen: Iterator[bytes]) -> Iterator[bytes]:
    """The one file in a zip archive, in pieces.

    Raises:
        ValueError: If the archive is damaged, or has no or several files, as a spreadsheet has.
    """
    for _ in seen:  # the directory of an archive is at its end
        pass
    try:
        with zipfile.ZipFile(path) as archive:
            # Without folders, and without what macOS adds for each file.
            names = [
                name
                for name in archive.namelist()
                if not name.endswith("/") and not name.startswith("__MACOSX/")
            ]
            if len(names) != 1:
                raise ValueError(
                    f"{path} must be a zip archive with one table, or a table saved as CSV, "
                    f"got one with {len(names)} files"
                )
            with archive.open(names[0]) as file:
                while piece := file.read(BYTES_AT_A_TIME):
                    yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    except (NotImplementedError, RuntimeError) as error:
        # What zipfile raises for a compression that it does not know, and for a password.
        raise ValueError(f"{path} cannot be unpacked: {error}") from None


def decompressed(
    path: Path, start: Callable[[Path, bytes], Decompressor], pieces: Iterator[bytes]
) -> Iterator[bytes]:
    """Decompress the pieces of a file that is compressed in one part or in several.

    Args:
        path: The file, for errors.
        start: Makes a decompressor for a part, of which it is shown the first bytes.
        pieces: The file's bytes.

    Raises:
        ValueError: See ``read_bytes``.
    """
    decompressor: Decompressor | None = None
    for piece in pieces:
        raw = piece
        while raw:
            if decompressor is None and start is not start_zstandard:
                raw = raw.lstrip(b"\0")  # padding between the parts
                if not raw:
                    break
            try:
                decompressor = decompressor or start(path, raw)
                text = decompressor.decompress(raw)
            except MemoryError:
                raise ValueError(f"{path} needs more memory to unpack than there is") from None
            except (zstandard.ZstdError, zlib.error, lzma.LZMAError, OSError) as error:
                if "memory" in str(error):  # zstandard's only way to say so
                    raise ValueError(
                        f"{path} needs more memory to unpack than there is: {error}"
                    ) from None
                raise ValueError(f"{path} is damaged: {error}") from None
            raw = decompressor.unused_data if decompressor.eof else b""
            if decompressor.eof:
                decompressor = None
            if text:
                yield text
    if decompressor is not None:
        raise ValueError(f"{path} is cut off: its compressed data end in the middle")


def start_zstandard(path: Path, raw: bytes) -> Decompressor:
    """A decompressor for a frame of zstandard.

    Raises:
        ValueError: If the frame was made with ``--long`` and needs more memory than there is.
    """
    window = 0
    if raw.startswith(ZSTANDARD_MAGIC) and len(raw) >= LONGEST_HEADER:
        window = zstandard.get_frame_parameters(raw[:LONGEST_HEADER]).window_size
    if window > USUAL_WINDOW:
        what = f"{path} was compressed with a window (zstd --long) whose bytes"
        check_fits_into_memory(what, window)
    return zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW).decompressobj()


# How to begin to decompress, by what a file begins with.
FORMATS: dict[bytes, Callable[[Path, bytes], Decompressor]] = {
    ZSTANDARD_MAGIC: start_zstandard,
    **dict.fromkeys(SKIPPABLE_MAGICS, start_zstandard),
    b"\x1f\x8b": lambda path, raw: zlib.decompressobj(wbits=16 + zlib.MAX_WBITS),
    **{b"BZh%d1AY&SY" % size: lambda path, raw: bz2.BZ2Decompressor() for size in range(1, 10)},
    b"\xfd7zXZ\0": lambda path, raw: lzma.LZMADecompressor(lzma.FORMAT_XZ),
}
