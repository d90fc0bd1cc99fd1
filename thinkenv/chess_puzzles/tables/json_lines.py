"""JSON: an object with the columns' names in each line, one list of such objects, or one object.

One object is a table as pandas writes it: columns as lists, columns as objects by the rows' index,
or a list of rows under another name.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from thinkenv.chess_puzzles.notation import error_code
from thinkenv.chess_puzzles.tables.rows import Places, Row, as_text, is_column, plain
from thinkenv.chess_puzzles.tables.text import (
    MAX_LINE_BYTES,
    check_density,
    count_values,
    numbered_lines,
)
from thinkenv.gate import parse_json

BAD_OBJECT = error_code("JSON: the line is not an object with the columns FEN and Moves")
MAX_LIST_BYTES = 1 << 30  # a list is read as a whole


def is_json(line: str) -> bool:
    """Whether a table begins as one of JSON."""
    return line.startswith(("{", "["))


def read_rows(first: bytes, texts: Iterator[bytes]) -> Iterator[Row]:
    """The rows of a table of JSON.

    Args:
        first: The first whole lines.
        texts: Those that follow.

    Raises:
        ValueError: If it is a list that is damaged, or not one of objects.
    """
    places: dict[tuple[str, ...], Places] = {}
    if first.lstrip().startswith(b"[") or is_one_object(first):
        entries = entries_of(read_whole(first, texts))
        for number, entry in enumerate(entries, 1):
            yield number, values_of(number, entry, places)
        return
    for number, line in numbered_lines(first, texts):
        try:
            entry = parse_json(line)
        except ValueError:
            entry = None
        yield number, values_of(number, entry, places)


def is_one_object(first: bytes) -> bool:
    """Whether a text that begins with an object is that object alone and not one in each line."""
    line = first.lstrip().split(b"\n", 1)[0].rstrip()
    if len(line) > MAX_LINE_BYTES:  # too long to be a row
        return True
    try:
        entry = parse_json(line)
    except ValueError:
        return not line.endswith(b"}")
    if not isinstance(entry, dict):
        return False
    is_row = any(plain(name) == "fen" and isinstance(entry[name], str) for name in entry)
    return not is_row and any(isinstance(value, list | dict) for value in entry.values())


def entries_of(table: object) -> Iterable:
    """The rows of a table, each an object where it is one."""
    if isinstance(table, list):
        return table
    if not isinstance(table, dict):
        return [table]
    names, rows = table.get("columns"), table.get("data")
    if isinstance(names, list) and isinstance(rows, list):
        return (
            dict(zip(map(str, names), row, strict=False)) if isinstance(row, list) else row
            for row in rows
        )
    columns = {name: value for name, value in table.items() if is_column(name)}
    fens = next((value for name, value in columns.items() if plain(name) == "fen"), None)
    if isinstance(fens, list | dict):
        keys = range(len(fens)) if isinstance(fens, list) else fens
        return ({name: at(column, key) for name, column in columns.items()} for key in keys)
    lists = [value for value in table.values() if isinstance(value, list)]
    longest = max(lists, key=len, default=[table])
    return longest if fens is None else [table]


def at(column: object, key) -> object:
    """The value of a column in one row, None where there is none."""
    if isinstance(column, dict):
        return column.get(key)
    is_there = isinstance(column, list) and isinstance(key, int) and key < len(column)
    return column[key] if is_there else None  # type: ignore[index]


def read_whole(first: bytes, texts: Iterator[bytes]) -> object:
    """A text that is one list or object.

    Raises:
        ValueError: If it is damaged or too long.
    """
    pieces: list[bytes] = []
    length = values = 0
    for text in chain([first], texts):
        pieces.append(text)
        length += len(text)
        values += count_values(text)
        check_density(values, length)
        if length > MAX_LIST_BYTES:
            raise ValueError(
                f"a list or object in JSON must have at most {MAX_LIST_BYTES:,} bytes; write an "
                "object in each line"
            )
    return parse_json(b"".join(pieces))


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
    try:
        if names not in places:
            places[names] = Places(names)
        return places[names].pick(number, [as_text(value) for value in entry.values()])
    except (ValueError, RecursionError):  # a RecursionError: lists in lists in lists
        return BAD_OBJECT
