"""Tables of text with columns between commas, tabs, semicolons or bars.

What Lichess itself writes goes on as it is. In other tables columns are found by the names in the
first line, and fields may be in quotes (RFC 4180), with separators, doubled quotes and line ends in
them.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np

from thinkenv.chess_puzzles.compression import Trace
from thinkenv.chess_puzzles.lichess_rows import COLUMNS, FEN
from thinkenv.chess_puzzles.notation import error_code
from thinkenv.chess_puzzles.tables.rows import (
    Block,
    Places,
    Row,
    blocks_of_rows,
    lichess_line,
    plain,
)
from thinkenv.chess_puzzles.tables.text import MAX_LINE_BYTES, decoded

SEPARATORS = ",\t;|"
LICHESS_NAMES = [plain(name) for name in COLUMNS]
HEADER_NAMES = {"puzzleid", "fen", "moves"}
BOARD = re.compile(r"\s*[pnbrqkPNBRQK1-8]+(/[pnbrqkPNBRQK1-8]+){7}\s+[wWbB]\b")
# The line with which a spreadsheet is told the separator.
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
# What is not in a table that Lichess wrote: quotes, and lists of themes.
NOT_OF_LICHESS = (b'"', b"[")
BYTES_TO_LOOK_AT = 1 << 16
# A quote that is not closed within so many lines, or bytes and one line, is none.
MAX_LINES_OF_ROW, MAX_BYTES_OF_ROW = 1000, 1 << 20
MAX_LINES_IN_VAIN = 1_000_000  # which were read for quotes that were not closed

# Of a piece of text that is read at once; more are as short as those of no puzzle.
USUAL_LINES, BYTES_OF_SHORT_LINES = 100_000, 1 << 18

WRONG_WIDTH = error_code("the row has more or fewer fields than the header")
BAD_QUOTES = error_code("the row's quotes are not closed, or not those of RFC 4180")


class Layout(NamedTuple):
    """How a table is laid out.

    Attributes:
        names: The names of its columns.
        separator: What stands between them.
        begin: Where its rows begin, in bytes.
        line: The number of the line there, from 1 on.
    """

    names: list[str]
    separator: str
    begin: int
    line: int

    @property
    def is_that_of_lichess(self) -> bool:
        """Whether it has Lichess's columns in their order, between commas."""
        names = [plain(name) for name in self.names]
        return self.separator == "," and names in (LICHESS_NAMES, LICHESS_NAMES[:-1])


def read_blocks(first: bytes, texts: Iterator[bytes], trace: Trace) -> Iterator[Block]:
    """The rows of a table.

    Args:
        first: The first whole lines, among them the header, if there is one, and the first row.
        texts: Those that follow.
        trace: Where to note whether they take long to read.

    Raises:
        ValueError: If the header lacks a column that is needed, or too many quotes are not closed.
    """
    layout = find_layout(first)
    places = Places(layout.names)
    texts = chain([first[layout.begin :]], texts)
    line = layout.line
    if layout.is_that_of_lichess and is_usual(first[layout.begin :]):
        trace.is_slow = False
        for text in texts:
            if any(sign in text for sign in NOT_OF_LICHESS):
                texts = chain([text], texts)
                trace.is_slow = True
                break
            for part in parts_of(text):
                count = part.count(b"\n")
                yield Block(part, np.arange(line, line + count), np.empty((0, 2), np.int64))
                line += count
    records = read_records(Lines(texts, line), layout.separator)
    yield from blocks_of_rows(rows_of_records(records, layout.names, places))


def parts_of(text: bytes) -> Iterator[bytes]:
    """Whole lines in parts of few enough lines: room is made for a puzzle on each of them."""
    begin = 0
    if text.count(b"\n") > USUAL_LINES:
        while len(text) - begin > BYTES_OF_SHORT_LINES:
            end = text.rfind(b"\n", begin, begin + BYTES_OF_SHORT_LINES) + 1
            if end == 0:  # a long line among the short ones
                break
            yield text[begin:end]
            begin = end
    yield text[begin:]


def is_usual(text: bytes) -> bool:
    """Whether the first rows of a table with Lichess's columns are written as Lichess writes them.

    Others have, for instance, moves in short notation, or numbers with an exponent.
    """
    for line in decoded(text[:BYTES_TO_LOOK_AT]).split("\n")[:-1]:
        fields = [field.strip() for field in line.split(",")]
        if len(fields) == len(COLUMNS) - 1:
            fields.append("")
        if len(fields) != len(COLUMNS) or not any(fields):
            continue
        if lichess_line(fields) != ",".join(fields):
            return False
    return True


def find_layout(text: bytes) -> Layout:
    """Find the columns' names in the header of a table, or else by its first row.

    Raises:
        ValueError: If there is a header, and it lacks a column that is needed.
    """
    begin = 0
    separators = SEPARATORS
    for number, raw in enumerate(text[:MAX_LINE_BYTES].split(b"\n"), 1):
        end = begin + len(raw) + 1
        line = decoded(raw).strip("\r\n")
        separator_line = SEPARATOR_LINE.fullmatch(line)
        if separator_line is not None:
            separators = separator_line[1]
        elif line.strip() and not line.startswith("#"):
            rows = {separator: split_line(line, separator) for separator in separators}
            separator = max(separators, key=lambda each: len(names_in(rows[each])))
            if not names_in(rows[separator]):
                return layout_without_header(rows, begin, number)
            names = rows[separator]
            if has_nameless_index(text[end:], names, separator):
                names = ["", *names]
            return Layout(names, separator, end, number + 1)
        begin = end
    return Layout(list(COLUMNS), ",", len(text), 1)


def has_nameless_index(text: bytes, names: list[str], separator: str) -> bool:
    """Whether the first column, the numbers of rows, is not in the header, as R writes it.

    Args:
        text: The rows, of which the first is looked at.
        names: The names in the header.
        separator: What stands between the columns.

    Raises:
        ValueError: If the header lacks a column that is needed.
    """
    place = Places(names).columns[FEN]
    fields = split_line(decoded(text.lstrip().split(b"\n", 1)[0]), separator)
    if place is None or len(fields) < place + 2:
        return False
    return BOARD.match(fields[place + 1]) is not None and BOARD.match(fields[place]) is None


def names_in(row: list[str]) -> set[str]:
    """The names in a row that only a header has."""
    return HEADER_NAMES.intersection(map(plain, row))


def layout_without_header(rows: dict[str, list[str]], begin: int, line: int) -> Layout:
    """The layout of a table without a header: Lichess's columns, maybe behind numbers of the rows.

    Args:
        rows: The fields of the first row, by what may be the separator.
        begin: Where that row begins.
        line: The number of its line.
    """
    for separator, fields in rows.items():
        for before in ([], [""]):
            columns = len(fields) - len(before)
            place = len(before) + FEN
            if columns in (len(COLUMNS), len(COLUMNS) - 1) and BOARD.match(fields[place]):
                return Layout([*before, *COLUMNS[:columns]], separator, begin, line)
    return Layout(list(COLUMNS), ",", begin, line)


def split_line(line: str, separator: str) -> list[str]:
    """The fields of a line, without quotes and spaces around them."""
    try:
        row = next(csv.reader([line], delimiter=separator, skipinitialspace=separator != " "), [])
    except csv.Error:
        row = line.split(separator)
    return [field.strip() for field in row]


class Lines:
    """The lines of a text with their ends and numbers; some can be put back.

    Args:
        texts: Whole lines.
        number: The number of the first.
    """

    def __init__(self, texts: Iterator[bytes], number: int):
        self._texts = texts
        self._number = number
        self._coming: deque[tuple[int, str]] = deque()
        self._in_vain = 0

    def take(self) -> tuple[int, str] | None:
        """The next line, or None at the end."""
        while not self._coming:
            text = next(self._texts, None)
            if text is None:
                return None
            lines = decoded(text).split("\n")[:-1]
            self._coming.extend((self._number + k, line + "\n") for k, line in enumerate(lines))
            self._number += len(lines)
        return self._coming.popleft()

    def put_back(self, lines: list[tuple[int, str]]) -> None:
        """Let these come next.

        Raises:
            ValueError: If that was done with so many that it would go on for hours.
        """
        self._in_vain += len(lines)
        if self._in_vain > MAX_LINES_IN_VAIN:
            raise ValueError("has too many quotes that are not closed")
        self._coming.extendleft(reversed(lines))


def read_records(lines: Lines, separator: str) -> Iterator[tuple[int, list[str] | int]]:
    """The fields of each row with the number of its first line, or why it is refused."""
    while (taken := lines.take()) is not None:
        number, line = taken
        if '"' in line:
            yield number, read_quoted(number, line, lines, separator)
        elif not line.isspace():
            yield number, line.rstrip("\r\n").split(separator)


def read_quoted(number: int, line: str, lines: Lines, separator: str) -> list[str] | int:
    """The fields of a row with quotes, which may have line ends between them.

    A row whose quotes are not closed ends with its first line, so that the rows behind it are not
    lost.
    """
    further: list[tuple[int, str]] = []

    def all_lines() -> Iterator[str]:
        length = len(line)
        yield line
        while len(further) < MAX_LINES_OF_ROW and length < MAX_BYTES_OF_ROW:
            taken = lines.take()
            if taken is None:
                return
            further.append(taken)
            length += len(taken[1])
            yield taken[1]

    try:
        return next(
            csv.reader(all_lines(), delimiter=separator, skipinitialspace=True, strict=True)
        )
    except csv.Error:  # also where a field is longer than any that is read
        lines.put_back(further)
        return BAD_QUOTES


def rows_of_records(
    records: Iterator[tuple[int, list[str] | int]], names: list[str], places: Places
) -> Iterator[Row]:
    """Rows with their values in the order of Lichess's columns.

    Args:
        records: The fields of each row, or why it is refused.
        names: The names of the columns.
        places: Where Lichess's columns are.
    """
    for number, fields in records:
        if isinstance(fields, int):
            yield number, fields
        elif any(field and not field.isspace() for field in fields):  # else as an empty line
            fitting = fit(fields, names)
            yield number, WRONG_WIDTH if fitting is None else places.pick(number, fitting)


def fit(fields: list[str], names: list[str]) -> list[str] | None:
    """As many fields as there are names, or None.

    Opening tags may be missing at the end, as in Lichess's tables of some years, and separators
    that follow the last field are left out.
    """
    if len(fields) == len(names):
        return fields
    if len(fields) == len(names) - 1 and plain(names[-1]) == LICHESS_NAMES[-1]:
        return [*fields, ""]
    if len(fields) > len(names) and not any(fields[len(names) :]):
        return fields[: len(names)]
    return None
