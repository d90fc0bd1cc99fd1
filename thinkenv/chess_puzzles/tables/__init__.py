"""Tables of puzzles as people have them, brought into Lichess's own form.

| file | table | recognized by |
|---|---|---|
| ``delimited`` | Lichess's own: its columns in their order, without quotes | header or first row |
| ``delimited`` | columns by name in any order, with further ones; quotes; tabs, … | header |
| ``delimited`` | Lichess's columns in their order without a header | first row |
| ``json_lines`` | an object in each line, or a list of objects | first character |
| ``epd`` | positions, one a line, with their best move | first line |
| ``parquet`` | columns by name | first bytes |

All but Parquet may be compressed, see ``thinkenv.chess_puzzles.compression``, and in UTF-8, UTF-16
or the usual encoding of Windows. Lichess's own rows go on as they are. Of all others, the readers
give rows with their values in the order of Lichess's columns, and ``rows`` turns these into the
text that ``thinkenv.chess_puzzles.lichess_rows`` reads.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path

from thinkenv.chess_puzzles.compression import Trace, read_bytes
from thinkenv.chess_puzzles.errors import PuzzleFileError
from thinkenv.chess_puzzles.tables import delimited, epd, json_lines, parquet
from thinkenv.chess_puzzles.tables.rows import Block, blocks_of_rows
from thinkenv.chess_puzzles.tables.text import (
    MAX_LINE_BYTES,
    read_ahead,
    whole_lines,
    with_newlines,
)
from thinkenv.gate import reading

BYTES_TO_RECOGNIZE = 1 << 16
COMMENT_SIGNS = (b"#", b"%")

__all__ = ["Block", "read_blocks"]


def read_blocks(
    path: Path, see: Callable[[bytes], None], trace: Trace | None = None
) -> Generator[Block, None, None]:
    """Read a table of puzzles in pieces. Close it, unless you read all of it.

    Args:
        path: The file.
        see: Called with the bytes as they are on disk.
        trace: Where to note what was noticed.

    Raises:
        PuzzleFileError: If the file cannot be read, is damaged, lacks a column, or is not a table.
        ImportError: If it is a Parquet file and pyarrow is not installed.
    """
    trace = trace or Trace()
    with reading(path, PuzzleFileError):
        if parquet.is_parquet(path):
            yield from blocks_of_rows(parquet.read_rows(path, see))
            return
        # Closed here, because it has a thread: the garbage collector may come to what was left
        # of it while another thread is being started, and closing it would then wait for ever.
        with closing(read_ahead(with_newlines(read_bytes(path, see, trace)))) as pieces:
            yield from blocks_of_text(whole_lines(pieces, trace), trace)


def blocks_of_text(texts: Iterator[bytes], trace: Trace) -> Iterator[Block]:
    """Read a table of text, whose kind its first lines tell; see ``read_blocks``."""
    first = b""
    while len(first) < BYTES_TO_RECOGNIZE and (text := next(texts, None)) is not None:
        first += text
    line = first_line(first)
    trace.is_slow = True
    if epd.is_epd(line):
        yield from blocks_of_rows(epd.read_rows(first, texts))
    elif json_lines.is_json(line):
        yield from blocks_of_rows(json_lines.read_rows(first, texts))
    else:
        yield from delimited.read_blocks(first, texts, trace)


def first_line(text: bytes) -> str:
    """The first line that is neither empty nor a comment, without spaces around it.

    It is empty where there is none, or not within the length of a line.
    """
    for line in text[:MAX_LINE_BYTES].split(b"\n"):
        if line.strip() and not line.lstrip().startswith(COMMENT_SIGNS):
            return line.decode(errors="replace").strip()
    return ""
