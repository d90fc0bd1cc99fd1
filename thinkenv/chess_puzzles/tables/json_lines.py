"""JSON: an object with the columns' names in each line, or one list of such objects."""

import json
from collections.abc import Iterator
from pathlib import Path

from thinkenv.chess_puzzles.notation import error_code
from thinkenv.chess_puzzles.tables.rows import Places, Row, as_text
from thinkenv.chess_puzzles.tables.text import numbered_lines

BAD_OBJECT = error_code("JSON: the line is not an object with the columns FEN and Moves")
MAX_LIST_BYTES = 1 << 30  # a list is read as a whole
NOT_JSON = (ValueError, RecursionError)


def is_json(line: str) -> bool:
    """Whether a table begins as one of JSON."""
    return line.startswith(("{", "["))


def read_rows(first: bytes, texts: Iterator[bytes], path: Path) -> Iterator[Row]:
    """The rows of a table of JSON.

    Args:
        first: The first whole lines.
        texts: Those that follow.
        path: The file, for errors.

    Raises:
        ValueError: If it is a list that is damaged, or not one of objects.
    """
    places: dict[tuple[str, ...], Places] = {}
    if first.lstrip().startswith(b"["):
        for number, entry in enumerate(read_list(first, texts, path), 1):
            yield number, values_of(number, entry, places)
        return
    for number, line in numbered_lines(first, texts):
        try:
            entry = json.loads(line)
        except NOT_JSON:
            entry = None
        yield number, values_of(number, entry, places)


def read_list(first: bytes, texts: Iterator[bytes], path: Path) -> list[object]:
    """All entries of a list.

    Raises:
        ValueError: If it is damaged or too long.
    """
    pieces = [first]
    for text in texts:
        pieces.append(text)
        if sum(map(len, pieces)) > MAX_LIST_BYTES:
            raise ValueError(
                f"{path}: a list in JSON must have at most {MAX_LIST_BYTES:,} bytes; "
                "write an object in each line"
            )
    try:
        return json.loads(b"".join(pieces))
    except NOT_JSON as error:
        raise ValueError(f"{path} is not a table: its JSON cannot be read ({error})") from None


def values_of(number: int, entry: object, places: dict[tuple[str, ...], Places]) -> list[str] | int:
    """The values of an entry in the order of Lichess's columns, or why it is refused.

    Args:
        number: The entry's number.
        entry: What was read.
        places: Where the columns stand, by the names of an object; added to.
    """
    if not isinstance(entry, dict):
        return BAD_OBJECT
    names = tuple(entry)
    if names not in places:
        try:
            places[names] = Places(names)
        except ValueError:
            return BAD_OBJECT
    return places[names].pick(number, [as_text(value) for value in entry.values()])
