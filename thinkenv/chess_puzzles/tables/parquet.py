"""Parquet, as Hugging Face has Lichess's table; read with pyarrow where that is installed."""

from collections.abc import Callable, Iterator
from pathlib import Path

from thinkenv.chess_puzzles.compression import BYTES_AT_A_TIME
from thinkenv.chess_puzzles.tables.rows import COLUMN_OF_NAME, GAME_ID, Places, Row, as_text, plain

MAGIC = b"PAR1"


def is_parquet(path: Path) -> bool:
    """Whether a file begins as one of Parquet does."""
    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_rows(path: Path, see: Callable[[bytes], None]) -> Iterator[Row]:
    """The rows of a Parquet file, numbered from 1 on.

    Args:
        path: The file.
        see: Called with the bytes as they are on disk.

    Raises:
        ImportError: If pyarrow is not installed.
        ValueError: If the file is damaged, or lacks a column.
        OSError: If it cannot be read.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ImportError(
            f"{path} is a Parquet file, and reading it needs pyarrow: pip install pyarrow, "
            "or save the table as CSV"
        ) from None
    with open(path, "rb") as file:
        while piece := file.read(BYTES_AT_A_TIME):
            see(piece)
    try:
        with pyarrow.parquet.ParquetFile(path) as table:
            yield from rows_of(table, path)
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged: {' '.join(str(error).split())}") from None


def rows_of(table, path: Path) -> Iterator[Row]:
    """The rows of an open ``pyarrow.parquet.ParquetFile``; see ``read_rows``."""
    every = table.schema_arrow.names
    names = [name for name in every if plain(name) in COLUMN_OF_NAME or plain(name) == GAME_ID]
    try:
        places = Places(names)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    number = 0
    for batch in table.iter_batches(columns=names):
        # In the order of the names, which is not always that of the batch.
        columns = [batch.column(batch.schema.get_field_index(name)).to_pylist() for name in names]
        for values in zip(*columns, strict=True):
            number += 1
            yield number, places.pick(number, [as_text(value) for value in values])
