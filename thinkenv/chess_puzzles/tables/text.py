"""Text in pieces: one encoding, one kind of line end, whole lines."""

import codecs
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

from thinkenv.chess_puzzles.compression import Trace

MAX_JSON_LINE_BYTES = 1 << 30  # a whole table may be one line
JSON_SIGNS = (b"[", b"{")
MAX_LINE_BYTES = 1 << 20  # a row has a few hundred; without a limit any file would be one line
# Values in JSON take more memory than their text. A table of puzzles has less of them than this:
# one for so many bytes, and so many whatever that gives.
LEAST_VALUE, FREE_VALUES = 16, 1 << 22
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def with_newlines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same text in UTF-8 without a byte order mark, each line ending with a newline.

    Lines that end as on Windows keep the character before the newline.
    """
    first = next(pieces, b"")
    if first.startswith(UTF_16_MARKS):
        decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
        decode = decoder.decode
        first = decode(first).encode()
        pieces = (decode(piece).encode() for piece in pieces)
    first = first.removeprefix(codecs.BOM_UTF8)
    # As on the first Macintosh.
    is_return_alone = b"\n" not in first and b"\r" in first[:-1]
    yield first.replace(b"\r", b"\n") if is_return_alone else first
    for piece in pieces:
        yield piece.replace(b"\r", b"\n") if is_return_alone else piece


def read_ahead(pieces: Iterator[bytes]) -> Generator[bytes, None, None]:
    """The same pieces, each fetched in a second thread while the one before it is worked on."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = thread.submit(next, pieces, None)
            yield piece


def whole_lines(pieces: Iterator[bytes], trace: Trace) -> Iterator[bytes]:
    """Join pieces of text so that each ends with a newline.

    Args:
        pieces: The text.
        trace: Where to note whether the last line ends as the others do, and whether it is JSON.

    Raises:
        ValueError: If a line is too long to be one of a puzzle file.
    """
    rest: list[bytes] = []  # joined but once, since it may be long
    length = values = 0
    limit = MAX_LINE_BYTES
    is_json = is_blank = True
    for piece in pieces:
        if is_blank and (begin := piece.lstrip()):
            is_blank = False
            is_json = begin.startswith(JSON_SIGNS)
            limit = MAX_JSON_LINE_BYTES if is_json else MAX_LINE_BYTES
            trace.is_slow |= is_json
        cut = piece.rfind(b"\n") + 1
        if cut:
            yield b"".join([*rest, piece[:cut]])
            rest = []
            length = values = 0
        rest.append(piece[cut:])
        length += len(piece) - cut
        if length > MAX_LINE_BYTES and is_json:
            values += count_values(rest[-1])
            check_density(values, length)
        if length > limit:
            raise ValueError(f"is not a puzzle file: it has a line of over {limit:,} bytes")
    if length:
        last = b"".join(rest)
        # What JSON lacks at its end is missed by whoever reads it.
        trace.ends_with_newline = is_json or not last.strip()
        yield last + b"\n"


def count_values(text: bytes) -> int:
    """About how many values there are in a piece of JSON."""
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def check_density(values: int, length: int) -> None:
    """Check that there are not more values in JSON of so many bytes than in a table of puzzles.

    Raises:
        ValueError: If there are.
    """
    if values > FREE_VALUES + length // LEAST_VALUE:
        raise ValueError(f"is not a table of puzzles: it has {values:,} values in {length:,} bytes")


def decoded(text: bytes) -> str:
    """Whole lines as text: in UTF-8, or else in the usual encoding of Windows."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("cp1252", errors="replace")


def numbered_lines(first: bytes, texts: Iterator[bytes]) -> Iterator[tuple[int, str]]:
    """The lines of a text with their numbers from 1 on, without their ends; empty ones left out.

    Args:
        first: The first whole lines.
        texts: Those that follow.
    """
    number = 0
    text: bytes | None = first
    while text is not None:
        for line in decoded(text).split("\n")[:-1]:
            number += 1
            if line := line.strip():
                yield number, line
        text = next(texts, None)
