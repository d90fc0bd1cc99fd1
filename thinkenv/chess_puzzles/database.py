"""Puzzle databases: columns in one file, mapped into memory.

A database file is the line ``thinkenv chess puzzles``, the length of the header as eight bytes
(little-endian), the header as JSON, and the columns as they lie in memory, each beginning at a
multiple of 64 bytes. The header names the format's version, the source with its SHA-256, the
columns with their types, shapes and offsets, and the themes and opening tags that columns refer to
by number.

One file instead of a folder of ``.npy`` files, so that it takes its name when it is complete, and
is moved and checked as one.
"""

import hashlib
import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from thinkenv.files import atomic_write

MAGIC = b"thinkenv chess puzzles\n"
# Version 2 has ids of more than eight characters and is written only where there are such; all else
# is as in version 1. Sets of themes have as many bytes as the number of themes needs in both.
FORMAT_VERSIONS = (1, 2)
LONG_IDS_VERSION = 2
ALIGNMENT = 64  # bytes: no value of a column lies across two lines of a processor's cache
MAX_HEADER_BYTES = 100_000_000  # far more than any has; a damaged length is not believed
HEADER_KEYS = {
    *("format", "source", "source_sha256", "refused", "sha256", "bytes"),
    *("themes", "openings", "columns"),
}

# The columns of a database and their types; those of ``Rows`` but for what the import is done
# with, and what it finds out about positions (see ``thinkenv.chess_puzzles.rating_splits``).
COLUMN_TYPES = {
    "ids": "|S8",
    "positions": "|u1",
    "last_moves": "<u2",
    "move_starts": "<u4",
    "move_counts": "|u1",
    "moves": "<u2",
    "ratings": "<i2",
    "rating_deviations": "<i2",
    "popularities": "<i2",
    "plays": "<i4",
    "theme_sets": "|u1",
    "url_starts": "<u4",
    "url_lengths": "|u1",
    "urls": "|u1",
    "openings": "<i4",
    "split_ratings": "<i2",
    "split_percents": "|u1",
}


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


def aligned(offset: int) -> int:
    """The next multiple of ``ALIGNMENT``."""
    return -(-offset // ALIGNMENT) * ALIGNMENT


def checksum(database: Database) -> str:
    """The SHA-256 of all columns, one after the other; each lies in memory in one piece."""
    digest = hashlib.sha256()
    for array in database.columns.values():
        digest.update(array.data)
    return digest.hexdigest()


def write_database(path: Path, database: Database) -> None:
    """Write a database; the file appears when it is complete.

    Raises:
        OSError: If it cannot be written, for example because the disk is full.
    """
    layout: dict[str, dict] = {}
    offset = 0
    for name, array in database.columns.items():
        offset = aligned(offset)
        layout[name] = {"dtype": array.dtype.str, "shape": array.shape, "offset": offset}
        offset += array.nbytes
    has_long_ids = database.columns["ids"].dtype.itemsize > np.dtype(COLUMN_TYPES["ids"]).itemsize
    header = {
        "format": LONG_IDS_VERSION if has_long_ids else 1,
        "source": database.source,
        "source_sha256": database.source_sha256,
        "refused": database.refused,
        "sha256": checksum(database),
        "bytes": offset,
        "themes": database.themes,
        "openings": database.openings,
        "columns": layout,
    }
    text = json.dumps(header).encode()
    first = aligned(len(MAGIC) + 8 + len(text))
    with atomic_write(path) as file:
        file.write(MAGIC + len(text).to_bytes(8, "little") + text)
        for name, array in database.columns.items():
            file.write(b"\0" * (first + layout[name]["offset"] - file.tell()))
            file.write(array.data)


def is_database(path: Path) -> bool:
    """Whether a file begins as a database does."""
    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_header(path: Path) -> tuple[dict, int]:
    """The header of a database and where its columns begin.

    Raises:
        ValueError: If it is not a database, one of another format version, or cut off.
        OSError: If it cannot be read.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError(f"{path} is not a puzzle database of this package")
        length = int.from_bytes(file.read(8), "little")
        text = file.read(length) if length <= min(size, MAX_HEADER_BYTES) else b""
    try:
        header = json.loads(text)
        version = header["format"]
        if version in FORMAT_VERSIONS and not is_complete(header):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"{path} is damaged: its header cannot be read; import it again") from None
    if version not in FORMAT_VERSIONS:
        raise ValueError(
            f"{path} has format version {version}, and this release reads versions "
            f"{' and '.join(map(str, FORMAT_VERSIONS))}: import the puzzles again"
        )
    first = aligned(len(MAGIC) + 8 + len(text))
    if size != first + header["bytes"]:
        raise ValueError(
            f"{path} is damaged: it has {size:,} bytes instead of {first + header['bytes']:,}; "
            "import it again"
        )
    return header, first


def is_complete(header: dict) -> bool:
    """Whether a header has all that ``write_database`` puts there, and columns inside the file.

    Raises:
        KeyError: If something is missing.
        TypeError: If something is of another type; also a ValueError or an AttributeError.
    """
    columns = header["columns"]
    types = {name: column["dtype"] for name, column in columns.items()}
    if header["format"] == LONG_IDS_VERSION and re.fullmatch(r"\|S[0-9]{1,3}", types["ids"]):
        has_types = types | {"ids": COLUMN_TYPES["ids"]} == COLUMN_TYPES
    else:
        has_types = types == COLUMN_TYPES
    if not has_types or not HEADER_KEYS <= header.keys():
        return False
    ends = [
        column["offset"] + np.dtype(column["dtype"]).itemsize * math.prod(column["shape"])
        for column in columns.values()
    ]
    return max(ends) <= header["bytes"]


def open_database(path: Path) -> Database:
    """Map a database into memory.

    Raises:
        ValueError: If it is not a database, one of another format version, or damaged.
        OSError: If it cannot be read.
    """
    header, first = read_header(path)
    whole = np.memmap(path, np.uint8, "r")
    columns = {
        name: np.ndarray(layout["shape"], layout["dtype"], whole, first + layout["offset"])
        for name, layout in header["columns"].items()
    }
    # Kernels follow these without looking, so they must not lead astray.
    for starts, lengths, target in (
        ("move_starts", "move_counts", "moves"),
        ("url_starts", "url_lengths", "urls"),
    ):
        ends = columns[starts].astype(np.int64) + columns[lengths]
        if ends.max(initial=0) > len(columns[target]):
            raise ValueError(f"{path} is damaged: {starts} leads beyond {target}; import it again")
    return Database(
        columns,
        tuple(header["themes"]),
        tuple(header["openings"]),
        header["source"],
        header["source_sha256"],
        header["refused"],
    )


def verify_database(path: Path) -> None:
    """Read all columns and compare their checksum with the one in the header.

    Raises:
        ValueError: If it is another one, or ``path`` is not a database.
    """
    header, _ = read_header(path)
    if checksum(open_database(path)) != header["sha256"]:
        raise ValueError(f"{path} is damaged: its checksum is wrong; import it again")
