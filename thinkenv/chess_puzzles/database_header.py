"""The header of a puzzle database: what it says, and whether a database can be so.

A database file is the line ``thinkenv chess puzzles``, the length of the header as eight bytes
(little-endian), the header as JSON, and the columns as they lie in memory, each beginning at a
multiple of 64 bytes, with zeros between them. The header names the format's version, the source
with its SHA-256, the columns with their types, shapes and offsets, and the themes and opening tags
that columns refer to by number.

| version | written by | its checksum is over | ids |
|---|---|---|---|
| 1 | releases 0.1 to 0.3 | the columns | of 8 characters |
| 2 | release 0.3 | the columns | of up to 64 characters |
| 3 | this release | the header and all behind it | of up to 64 characters |

All of them are read. A header is believed only if this module could have written it: from the
shapes of the columns follow their offsets, and from what was read follows the text that was read.
"""

import json
import math
import re
from typing import Any, BinaryIO

import numpy as np

from thinkenv.chess_puzzles.columns import COLUMN_TYPES
from thinkenv.chess_puzzles.lichess_rows import MAX_ID_LENGTH, MAX_THEMES
from thinkenv.chess_puzzles.packing import PACKED_BYTES
from thinkenv.gate import parse_json

MAGIC = b"thinkenv chess puzzles\n"
FORMAT_VERSIONS = (1, 2, 3)
WRITTEN_VERSION = 3
LONG_IDS_VERSION = 2  # the first with ids of more than eight characters
WHOLE_CHECKSUM_VERSION = 3  # the first whose checksum is over the header, too
ALIGNMENT = 64  # bytes: no value of a column lies across two lines of a processor's cache
LENGTH_BYTES = 8
MAX_HEADER_BYTES = 1 << 25  # of Lichess's puzzles it has 80,000
MAX_ROWS = 1 << 32
HEADER_KEYS = (
    *("format", "source", "source_sha256", "refused", "sha256", "bytes"),
    *("themes", "openings", "columns"),
)
COLUMN_KEYS = ("dtype", "shape", "offset")
UNREADABLE = "is damaged: its header cannot be read; import it again"

SHA256 = re.compile(r"[0-9a-f]{64}")
ID_TYPE = re.compile(r"\|S([1-9][0-9]?)")
# As ``lichess_rows`` reads them: a theme is a word, opening tags are what stands between commas.
THEME = re.compile(r"[-_+.'A-Za-z0-9\x80-\ud7ff\ue000-\U0010ffff]+")
OPENING = re.compile(r"(?! )[^,\n\ud800-\udfff]+(?<! )")
NOT_UTF8 = "\ufffd"  # in words that were not in UTF-8, of which several may look the same


def aligned(offset: int) -> int:
    """The next multiple of ``ALIGNMENT``."""
    return -(-offset // ALIGNMENT) * ALIGNMENT


def layout_of(columns: dict[str, tuple[str, tuple[int, ...]]]) -> tuple[dict[str, dict], int]:
    """Where columns lie.

    Args:
        columns: The type and the shape of each, by its name.

    Returns:
        ``(layout, length)``: type, shape and offset of each column, as the header has them, and
        the number of bytes from the first column to the end of the last.
    """
    layout: dict[str, dict] = {}
    offset = 0
    for name, (dtype, shape) in columns.items():
        offset = aligned(offset)
        layout[name] = {"dtype": dtype, "shape": list(shape), "offset": offset}
        offset += np.dtype(dtype).itemsize * math.prod(shape)
    return layout, offset


def text_of(header: dict) -> bytes:
    """A header as it is written.

    Raises:
        ValueError: If it is longer than any that is read.
    """
    text = json.dumps(header).encode()
    if len(text) > MAX_HEADER_BYTES:
        raise ValueError(
            f"the names of its themes and openings need {len(text):,} bytes; a database has room "
            f"for {MAX_HEADER_BYTES:,}"
        )
    return text


def summed_text(header: dict) -> bytes:
    """What the checksum of a header of version 3 is over: all of it but the checksum."""
    return json.dumps({key: value for key, value in header.items() if key != "sha256"}).encode()


def first_column(text: bytes) -> int:
    """Where the columns begin behind a header."""
    return aligned(len(MAGIC) + LENGTH_BYTES + len(text))


def read_header_of(file: BinaryIO, size: int) -> tuple[dict, int]:
    """Read the header of an open database of ``size`` bytes.

    Returns:
        ``(header, first)``: what it says, and where the columns begin.

    Raises:
        ValueError: If it is not a database, one of another format version, damaged, or cut off.
    """
    if file.read(len(MAGIC)) != MAGIC:
        raise ValueError("is not a puzzle database of this package")
    length = int.from_bytes(file.read(LENGTH_BYTES), "little")
    if length > min(size, MAX_HEADER_BYTES):
        raise ValueError(UNREADABLE)
    text = file.read(length)
    try:
        header = parse_json(text)
        version = version_of(header)
        if version in FORMAT_VERSIONS:
            check_header(header)
    except ValueError as error:
        raise ValueError(f"{UNREADABLE} ({error})") from error
    if version not in FORMAT_VERSIONS:
        raise ValueError(
            f"has format version {version}, and this release reads versions "
            f"{', '.join(map(str, FORMAT_VERSIONS))}: import the puzzles again"
        )
    if json.dumps(header).encode() != text:
        raise ValueError(f"{UNREADABLE} (it is not written as this package writes it)")
    first = first_column(text)
    if size != first + header["bytes"]:
        raise ValueError(
            f"is damaged: it has {size:,} bytes instead of {first + header['bytes']:,}; "
            "import it again"
        )
    if any(file.read(first - file.tell())):
        raise ValueError("is damaged: something stands behind its header; import it again")
    return header, first


def version_of(header: Any) -> int:
    """The version of the format that a header says it has.

    Raises:
        ValueError: If it says none.
    """
    if not isinstance(header, dict) or type(header.get("format")) is not int:
        raise ValueError("it does not say the version of its format")
    return header["format"]


def check_header(header: dict) -> None:
    """Check that a header says what ``write_database`` could have said.

    Raises:
        ValueError: If it does not.
    """
    if set(header) != set(HEADER_KEYS):
        raise ValueError("it has other entries than those of a header")
    for key in ("source_sha256", "sha256"):
        if not isinstance(header[key], str) or not SHA256.fullmatch(header[key]):
            raise ValueError(f"{key} is no SHA-256")
    if not isinstance(header["source"], str):
        raise ValueError("source is no name of a file")
    for key in ("refused", "bytes"):
        check_count(key, header[key])
    check_names("themes", header["themes"], THEME)
    check_names("openings", header["openings"], OPENING)
    if len(header["themes"]) > MAX_THEMES:
        raise ValueError(f"there are {len(header['themes']):,} themes")
    check_columns(header)


def check_count(name: str, value: object) -> None:
    """Check that a value of a header is a number of things.

    Raises:
        ValueError: If it is not.
    """
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} is no whole number from 0 on")


def check_names(key: str, names: object, form: re.Pattern[str]) -> None:
    """Check a list of names that columns refer to.

    Raises:
        ValueError: If it is none, or a name has not the right form or stands there twice.
    """
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{key} is no list of names")
    wrong = next((name for name in names if not form.fullmatch(name)), None)
    if wrong is not None:
        raise ValueError(f"{key} has {wrong[:60]!r}, which is none")
    distinct = [name for name in names if NOT_UTF8 not in name]
    if len(set(distinct)) < len(distinct):
        raise ValueError(f"{key} has a name twice")


def check_columns(header: dict) -> None:
    """Check types, shapes and offsets of the columns, against each other and the file's length.

    Raises:
        ValueError: If they are not those of a database.
    """
    columns = header["columns"]
    if not isinstance(columns, dict) or list(columns) != list(COLUMN_TYPES):
        raise ValueError("its columns are not those of a database")
    for name, column in columns.items():
        if not isinstance(column, dict) or set(column) != set(COLUMN_KEYS):
            raise ValueError(f"the column {name} has other entries than type, shape and offset")
        if not isinstance(column["shape"], list):
            raise ValueError(f"the shape of {name} is no list")
        for length in (*column["shape"], column["offset"]):
            check_count(f"a length of {name}", length)
        if not has_right_type(name, column["dtype"], header["format"]):
            raise ValueError(f"the column {name} has another type")
    shapes = {name: column["shape"] for name, column in columns.items()}
    rows = shapes["ratings"][0] if len(shapes["ratings"]) == 1 else -1
    set_bytes = shapes["theme_sets"][-1] if shapes["theme_sets"] else 0
    expected = {name: [rows] for name in columns}
    expected |= {"positions": [rows, PACKED_BYTES], "theme_sets": [rows, set_bytes]}
    expected |= {name: shapes[name][:1] for name in ("moves", "urls")}
    if shapes != expected or not 0 <= rows <= MAX_ROWS:
        raise ValueError("the shapes of its columns do not belong together")
    if not max(1, -(-len(header["themes"]) // 8)) <= set_bytes <= MAX_THEMES // 8:
        raise ValueError("the sets of themes have not the bits that its themes need")
    described = {name: (column["dtype"], column["shape"]) for name, column in columns.items()}
    layout, length = layout_of(described)
    if columns != layout or header["bytes"] != length:
        raise ValueError("its columns are not where they must be")


def has_right_type(name: str, dtype: object, version: int) -> bool:
    """Whether a column of this name may have this type."""
    if name != "ids" or version < LONG_IDS_VERSION:
        return dtype == COLUMN_TYPES[name]
    form = ID_TYPE.fullmatch(dtype) if isinstance(dtype, str) else None
    return form is not None and int(form[1]) <= MAX_ID_LENGTH
