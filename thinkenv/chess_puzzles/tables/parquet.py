"""Parquet, as Hugging Face has Lichess's table; read with pyarrow where that is installed.

A file of Parquet may hold little and become much: rows that are all the same, or long values to
which rows refer by number. So what it says of its rows is looked at before they are read, and so
many are read at a time that they fit into memory, whatever they refer to. And since some damage
makes pyarrow end the whole process, another process looks at a file first.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from thinkenv.chess_puzzles.compression import (
    BYTES_AT_A_TIME,
    SLOW_ALWAYS_READ,
    SLOW_COMPRESSION,
)
from thinkenv.chess_puzzles.tables.rows import (
    ROWS_AT_A_TIME,
    Places,
    Row,
    as_text,
    is_column,
)
from thinkenv.chess_puzzles.tables.text import MAX_LINE_BYTES
from thinkenv.gate import check_growth, opened

MAGIC = b"PAR1"
# What a row and a value have at least, as text: rows that take no room are not those of puzzles.
LEAST_ROW, LEAST_VALUE = 150, 16
BYTES_OF_ROWS = 1 << 24  # read at a time
TRIAL = Path(__file__).with_name("parquet_trial.py")


def is_parquet(path: Path) -> bool:
    """Whether a file begins as one of Parquet does."""
    with opened(path) as file:
        return file.read(len(MAGIC)) == MAGIC


def read_rows(path: Path, see: Callable[[bytes], None]) -> Iterator[Row]:
    """The rows of a Parquet file, numbered from 1 on.

    Args:
        path: The file.
        see: Called with the bytes as they are on disk.

    Raises:
        ImportError: If pyarrow is not installed.
        ValueError: If the file is damaged, lacks a column, or is a small one that becomes large.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ImportError(
            f"{path} is a Parquet file, and reading it needs pyarrow: pip install pyarrow, "
            "or save the table as CSV"
        ) from None
    with opened(path) as file:
        size = 0
        while piece := file.read(BYTES_AT_A_TIME):
            size += len(piece)
            see(piece)
        try_elsewhere(path)
        try:
            yield from rows_of(file, size)
        except MemoryError:  # also one of pyarrow
            raise ValueError("needs more memory than there is") from None
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError, KeyError) as error:
            raise ValueError(f"is damaged: {' '.join(str(error).split())}") from error


def open_table(file: BinaryIO, **options: Any) -> Any:
    """A ``pyarrow.parquet.ParquetFile`` that compares the checksums of pages that have some."""
    from pyarrow.parquet import ParquetFile

    return ParquetFile(file, page_checksum_verification=True, **options)


def try_elsewhere(path: Path) -> None:
    """Let another process look at a file, to see that it survives.

    Raises:
        ValueError: If it does not.
    """
    if not sys.executable:  # in a program that Python is only a part of
        return
    done = subprocess.run(
        [sys.executable, "-P", TRIAL, os.fspath(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise ValueError(f"is damaged: reading it ends a process (status {done.returncode})")


def rows_of(file: BinaryIO, size: int) -> Iterator[Row]:
    """The rows of an open file of so many bytes; see ``read_rows``."""
    number = 0
    for names, batch in batches_of(file, size):
        places = Places(names)
        # In the order of the names, which is not always that of the batch.
        indices = [batch.schema.get_field_index(name) for name in names]
        columns = [batch.column(index).to_pylist() for index in indices]
        for values in zip(*columns, strict=True):
            number += 1
            yield number, places.pick(number, [as_text(value) for value in values])


def batches_of(file: BinaryIO, size: int) -> Iterator[tuple[list[str], Any]]:
    """The names of the columns and, in turn, some rows as pyarrow has them; see ``read_rows``."""
    table = open_table(file)
    names = names_of(table.schema_arrow.names)
    Places(names)  # what lacks a column is not read
    groups = [table.metadata.row_group(group) for group in range(table.num_row_groups)]
    check_groups(groups, size)
    given = 0
    for group, described in enumerate(groups):
        longest = longest_value(file, group, described)
        at_a_time = max(1, min(ROWS_AT_A_TIME, BYTES_OF_ROWS // longest))
        for batch in table.iter_batches(at_a_time, row_groups=[group], columns=names):
            given += batch.nbytes
            check_growth("its rows", given, size, SLOW_COMPRESSION, SLOW_ALWAYS_READ)
            yield names, batch


def names_of(every: list[str]) -> list[str]:
    """The names of the columns that are read.

    Raises:
        ValueError: If one is there twice.
    """
    names = [name for name in every if is_column(name)]
    if len(set(names)) < len(names):
        raise ValueError(f"has a column twice, among {', '.join(names)}")
    return names


def check_groups(groups: list[Any], size: int) -> None:
    """Check that what a file says of its rows is possible in so many bytes.

    Raises:
        ValueError: If it is not.
    """
    chunks = [group.column(index) for group in groups for index in range(group.num_columns)]
    rows = sum(group.num_rows for group in groups)
    check_growth(f"the table of {rows:,} rows", LEAST_ROW * rows, size)
    values = sum(chunk.num_values for chunk in chunks)
    check_growth(f"the table of {values:,} values", LEAST_VALUE * values, size)
    check_growth("the table", sum(chunk.total_uncompressed_size for chunk in chunks), size)


def longest_value(file: BinaryIO, group: int, described: Any) -> int:
    """The bytes of the longest value to which rows of a group refer by number.

    Raises:
        ValueError: If it is longer than any row of puzzles.
    """
    longest = 1
    for index in range(described.num_columns):
        chunk = described.column(index)
        if chunk.has_dictionary_page and chunk.physical_type == "BYTE_ARRAY":
            name = chunk.path_in_schema
            table = open_table(file, read_dictionary=[name])
            batch = next(table.iter_batches(1, row_groups=[group], columns=[name]), None)
            longest = max([longest, *map(longest_text, batch.columns if batch else ())])
    if longest > MAX_LINE_BYTES:
        raise ValueError(
            f"has a value of {longest:,} bytes; no row has more than {MAX_LINE_BYTES:,}"
        )
    return longest


def longest_text(values: Any) -> int:
    """The bytes of the longest text of an array's dictionary, in lists or not; 1 if it has none."""
    from pyarrow import DictionaryArray, compute

    while hasattr(values, "flatten") and not isinstance(values, DictionaryArray):
        inner = values.flatten()
        if isinstance(inner, list) or inner.type == values.type:
            return 1
        values = inner
    if not isinstance(values, DictionaryArray):
        return 1
    return compute.max(compute.binary_length(values.dictionary)).as_py() or 1
