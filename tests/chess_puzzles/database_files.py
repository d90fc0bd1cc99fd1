"""Puzzle databases as bytes: those that earlier releases wrote, and those that nobody should."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from thinkenv.chess_puzzles.database import MAGIC, Database, aligned


def parts_of(content: bytes) -> tuple[dict, bytearray]:
    """The header of a database, and all from its first column on."""
    begin = len(MAGIC) + 8
    length = int.from_bytes(content[len(MAGIC) : begin], "little")
    return json.loads(content[begin : begin + length]), bytearray(
        content[aligned(begin + length) :]
    )


def joined(text: bytes, body: bytes) -> bytes:
    """A database with this text as its header."""
    begin = MAGIC + len(text).to_bytes(8, "little") + text
    return begin.ljust(aligned(len(begin)), b"\0") + body


def checksum(header: dict, body: bytes) -> str:
    """The checksum that the header should have."""
    if header["format"] >= 3:
        rest = {key: value for key, value in header.items() if key != "sha256"}
        return hashlib.sha256(json.dumps(rest).encode() + body).hexdigest()
    digest = hashlib.sha256()
    for column in header["columns"].values():
        size = int(np.prod(column["shape"])) * np.dtype(column["dtype"]).itemsize
        digest.update(body[column["offset"] : column["offset"] + size])
    return digest.hexdigest()


def in_version(content: bytes, version: int) -> bytes:
    """The same database as releases that wrote another version wrote it."""
    header, body = parts_of(content)
    header["format"] = version
    header["sha256"] = checksum(header, body)
    return joined(json.dumps(header).encode(), body)


def crafted(
    content: bytes,
    column: str | None = None,
    change: Callable[[np.ndarray], object] = lambda values: None,
    change_header: Callable[[dict], object] = lambda header: None,
    change_text: Callable[[bytes], bytes] = lambda text: text,
) -> bytes:
    """A database with other contents, whose checksum is right.

    Args:
        content: The database.
        column: The column to change, if any.
        change: Changes its values in place.
        change_header: Changes the header in place, before the checksum is made.
        change_text: Changes the text of the header, afterwards.
    """
    header, body = parts_of(content)
    if column is not None:
        layout = header["columns"][column]
        count = int(np.prod(layout["shape"]))
        values = np.frombuffer(body, layout["dtype"], count, layout["offset"])
        change(values.reshape(layout["shape"]))
    change_header(header)
    header["sha256"] = checksum(header, body)
    return joined(change_text(json.dumps(header).encode()), body)


def contents_of(database: Database) -> list[object]:
    """All that is read of a database but where it is from."""
    columns = [column.tobytes() for column in database.columns.values()]
    return [*columns, database.themes, database.openings]


def write(path: Path, content: bytes) -> Path:
    """Write bytes to a file that is a new one, and return its path."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    return path
