"""Puzzle databases: columns in one file, mapped into memory.

The format is described in ``thinkenv.chess_puzzles.database_header``. One file instead of a folder
of ``.npy`` files, so that it takes its name when it is complete, and is moved and checked as one.

Nothing in a database is believed before it was verified: the header against what can be written,
everything behind it against the checksum, and every row against what kernels assume (see
``thinkenv.chess_puzzles.soundness``). A file that was verified in its present state is not read
again as a whole (see ``thinkenv.chess_puzzles.verified``).
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from thinkenv import gate
from thinkenv.chess_puzzles.columns import COLUMN_TYPES
from thinkenv.chess_puzzles.database_header import (
    LENGTH_BYTES,
    MAGIC,
    WHOLE_CHECKSUM_VERSION,
    WRITTEN_VERSION,
    aligned,
    first_column,
    layout_of,
    read_header_of,
    summed_text,
    text_of,
)
from thinkenv.chess_puzzles.errors import PuzzleFileError
from thinkenv.chess_puzzles.soundness import first_problem, problem_of_themes
from thinkenv.chess_puzzles.verified import is_noted, is_settled, note, state_of
from thinkenv.files import atomic_write

__all__ = [
    "COLUMN_TYPES",
    "MAGIC",
    "Database",
    "aligned",
    "is_database",
    "open_database",
    "read_header",
    "verify_database",
    "write_database",
]


@dataclass
class Database:
    """All columns of a database and what they refer to.

    Attributes:
        columns: Arrays by the names of ``COLUMN_TYPES``; see ``Rows`` in
            ``thinkenv.chess_puzzles.lichess_rows``.
        themes: The names of the themes, by their bit in ``theme_sets``.
        openings: Opening tags, by their number in ``openings`` less one.
        source: The name of the file it was read from.
        source_sha256: That file's checksum.
        refused: How many of its rows were refused.
    """

    columns: dict[str, np.ndarray]
    themes: tuple[str, ...]
    openings: tuple[str, ...]
    source: str
    source_sha256: str
    refused: int
    # Theme names by the bytes of their set: millions of puzzles share some thousand sets.
    _known_sets: dict[bytes, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.columns["ratings"])

    def theme_names(self, theme_sets: np.ndarray) -> list[tuple[str, ...]]:
        """The names of sets of themes, in alphabetical order; each set is looked up once.

        Args:
            theme_sets: ``(count, bytes)`` uint8, sets of themes as bits.
        """
        known = self._known_sets
        keys = theme_sets.view(f"S{theme_sets.shape[1]}")[:, 0].tolist()
        for index, key in enumerate(keys):
            if key not in known:
                bits = np.flatnonzero(np.unpackbits(theme_sets[index], bitorder="little"))
                known[key] = tuple(sorted(self.themes[bit] for bit in bits))
        return [known[key] for key in keys]


def write_database(path: Path, database: Database) -> None:
    """Write a database; the file appears when it is complete.

    Raises:
        OSError: If it cannot be written, for example because the disk is full.
        ValueError: If it has more names of themes and openings than a database has room for.
    """
    described = {name: (array.dtype.str, array.shape) for name, array in database.columns.items()}
    layout, length = layout_of(described)
    header = {
        "format": WRITTEN_VERSION,
        "source": database.source,
        "source_sha256": database.source_sha256,
        "refused": database.refused,
        "sha256": "",
        "bytes": length,
        "themes": database.themes,
        "openings": database.openings,
        "columns": layout,
    }
    digest = hashlib.sha256(summed_text(header))
    pieces: list[bytes | memoryview] = []
    end = 0
    for name, array in database.columns.items():
        pieces += [bytes(layout[name]["offset"] - end), array.data]
        end = layout[name]["offset"] + array.nbytes
    for piece in pieces:
        digest.update(piece)
    header["sha256"] = digest.hexdigest()
    text = text_of(header)
    begin = MAGIC + len(text).to_bytes(LENGTH_BYTES, "little") + text
    with atomic_write(path) as file:
        file.write(begin.ljust(first_column(text), b"\0"))
        for piece in pieces:
            file.write(piece)


@gate.reader("the first bytes of a puzzle database", PuzzleFileError)
def is_database(path: str | Path) -> bool:
    """Whether a file begins as a database does.

    Raises:
        PuzzleFileError: If it cannot be read.
    """
    with gate.opened(path) as file:
        return file.read(len(MAGIC)) == MAGIC


@gate.reader("the header of a puzzle database", PuzzleFileError)
def read_header(path: str | Path) -> tuple[dict, int]:
    """The header of a database and where its columns begin.

    Raises:
        PuzzleFileError: If it is not a database, one of another format version, or cut off.
    """
    with gate.opened(path) as file:
        return read_header_of(file, os.fstat(file.fileno()).st_size)


class Mapped(NamedTuple):
    """A database as it lies on the disk.

    Attributes:
        database: Its columns, mapped into memory.
        header: What its header says.
        first: Where its columns begin.
        whole: All its bytes.
    """

    database: Database
    header: dict
    first: int
    whole: np.ndarray


def map_database(file: BinaryIO) -> Mapped:
    """Map an open database into memory; only the header is checked.

    Raises:
        ValueError: If the header is not one of a database, or of another length.
    """
    header, first = read_header_of(file, os.fstat(file.fileno()).st_size)
    whole = gate.mapped(file)
    columns = {
        name: np.ndarray(layout["shape"], layout["dtype"], whole, first + layout["offset"])
        for name, layout in header["columns"].items()
    }
    database = Database(
        columns,
        tuple(header["themes"]),
        tuple(header["openings"]),
        header["source"],
        header["source_sha256"],
        header["refused"],
    )
    return Mapped(database, header, first, whole)


def problem_of_checksum(mapped: Mapped) -> str:
    """Whether the checksum of a database is wrong, in words; empty if not."""
    if mapped.header["format"] >= WHOLE_CHECKSUM_VERSION:
        digest = hashlib.sha256(summed_text(mapped.header))
        digest.update(mapped.whole[mapped.first :].data)
    else:
        digest = hashlib.sha256()
        for array in mapped.database.columns.values():
            digest.update(array.data)
    right = digest.hexdigest() == mapped.header["sha256"]
    return "" if right else "its checksum is wrong"


def problem_of_gaps(mapped: Mapped) -> str:
    """Whether something stands between the columns of a database, in words; empty if not."""
    end = mapped.first
    for name, layout in mapped.header["columns"].items():
        begin = mapped.first + layout["offset"]
        if mapped.whole[end:begin].any():
            return f"something stands before its column {name}"
        end = begin + mapped.database.columns[name].nbytes
    return ""


def check_contents(mapped: Mapped) -> None:
    """Read all of a database, and check that it can be believed.

    Raises:
        ValueError: If it cannot.
    """
    database = mapped.database
    others: list[Callable[[], str]] = [
        partial(problem_of_checksum, mapped),
        partial(problem_of_gaps, mapped),
    ]
    if mapped.header["format"] < WHOLE_CHECKSUM_VERSION:
        sets, counts = database.columns["theme_sets"], database.columns["move_counts"]
        others.append(partial(problem_of_themes, database.themes, sets, counts))
    problem = first_problem(database.columns, len(database.themes), len(database.openings), others)
    if problem:
        raise ValueError(f"is damaged: {problem}; import it again")


def open_verified(path: Path, is_known: Callable[[Path, tuple[int, ...], bytes], bool]) -> Database:
    """Map a database into memory, and verify it unless that is known to be done.

    Args:
        path: The file.
        is_known: Whether a file was verified: see ``verified.is_noted``.

    Raises:
        ValueError: If it is not a database, damaged, or changed by somebody meanwhile.
    """
    with gate.opened(path) as file:
        found = os.fstat(file.fileno())
        settled = is_settled(found)
        mapped = map_database(file)
        state, text = state_of(found), text_of(mapped.header)
        if not is_known(path, state, text):
            check_contents(mapped)
            if state_of(os.fstat(file.fileno())) != state:
                raise ValueError("was changed while it was read; open it again")
            if settled:
                note(path, state, text)
    return mapped.database


@gate.reader("a puzzle database", PuzzleFileError)
def open_database(path: str | Path) -> Database:
    """Map a database into memory.

    A file that is opened for the first time since it was written or changed is read as a whole and
    verified, which takes a second for three million puzzles. From then on it must not be written
    to: it is read from the disk whenever it is used. The files of this package are replaced by new
    ones instead.

    Raises:
        PuzzleFileError: If it is not a database, one of another format version, or damaged.
    """
    return open_verified(Path(path), is_noted)


@gate.reader("a puzzle database, all of it", PuzzleFileError)
def verify_database(path: str | Path) -> None:
    """Read all of a database and verify it, whether or not that was done before.

    Raises:
        PuzzleFileError: If it is not a database, one of another format version, or damaged.
    """
    open_verified(Path(path), lambda *_: False)
