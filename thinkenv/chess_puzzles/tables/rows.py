"""Rows whose values are in the order of Lichess's columns, and their text in Lichess's own form."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from thinkenv.chess_puzzles.lichess_rows import (
    COLUMNS,
    DEVIATION,
    FEN,
    ID,
    MAX_MOVES_OF_ROW,
    MOVES,
    OPENINGS,
    PLAYS,
    POPULARITY,
    RATING,
    THEMES,
    URL,
    URL_PREFIX,
)
from thinkenv.chess_puzzles.notation import move_of_text, position_of_fen, uci_of_move
from thinkenv.chess_puzzles.rules import BLACK, play

ROWS_AT_A_TIME, BYTES_AT_A_TIME = 4096, 1 << 23
NUMBERS = (RATING, DEVIATION, POPULARITY, PLAYS)
NEEDED = (FEN, MOVES)
UNPRINTABLE = "\x01"  # in no id: one that has it is refused

# Other names that columns have, in lower case and without what separates words.
OTHER_NAMES = {
    "id": ID,
    "puzzle": ID,
    "deviation": DEVIATION,
    "plays": PLAYS,
    "theme": THEMES,
    "url": URL,
    "openings": OPENINGS,
}
COLUMN_OF_NAME = {name.lower(): column for column, name in enumerate(COLUMNS)} | OTHER_NAMES
GAME_ID = "gameid"

# What stands in a list as Python, NumPy or JSON write it: quoted words, or else words.
QUOTED_WORD = re.compile(r"'([^']*)'|\"([^\"]*)\"")
LIST_SIGNS = str.maketrans("[](){},;|\r\n\t", " " * 12)
ARRAY_TYPE = re.compile(r",\s*dtype\s*=.*", re.DOTALL)  # how NumPy ends an array
SPACES = str.maketrans("\r\n\t", "   ")
# What must not stand in a row in Lichess's form, or is part of a list.
SPECIAL = re.compile(r"[\r\n\t\"\[({|;]")
# A row with moves as in UCI notation and numbers as Lichess writes them.
UCI_MOVES = re.compile(r"(0000|[a-hA-H][1-8][a-hA-H][1-8][nbrqNBRQ]?|\s)*")
USUAL_LINE = re.compile(rf"[^,]+,[^,]*,{UCI_MOVES.pattern}(,[\d.]*){{4}}(,[^,]*){{3}}")
# 12,345 and 12 345; and 1.5e+03, whose exponent is short because it is written out.
THOUSANDS = re.compile(r"[+-]?\d{1,3}([,'’_ \u00a0\u202f]\d{3})+(?:\.0*)?")
EXPONENT = re.compile(r"[+-]?\d+(\.\d+)?[eE][+-]?\d{1,2}")

# A row with its line number: its values in the order of Lichess's columns, or why it is refused.
Row = tuple[int, Sequence[str] | int]


@dataclass
class Block:
    """Some rows of a table in Lichess's own form.

    Attributes:
        text: Whole lines, without a header.
        lines: ``(n,)`` int64, the number of each line of ``text`` in the file, from 1 on.
        refused: ``(k, 2)`` int64, numbers of lines that are not in ``text``, and indices into
            ``ERRORS``.
    """

    text: bytes
    lines: np.ndarray
    refused: np.ndarray


class Places:
    """Where the values of Lichess's columns stand in the rows of a table with named columns.

    Args:
        names: The names of the table's columns, in their order.

    Raises:
        ValueError: If a column is named twice, or one that is needed is not there.
    """

    def __init__(self, names: Sequence[str]):
        self.game: int | None = None
        self.columns: list[int | None] = [None] * len(COLUMNS)
        for place, name in enumerate(names):
            column = COLUMN_OF_NAME.get(plain(name))
            if plain(name) == GAME_ID:
                self.game = place
            elif column is None:
                continue
            elif self.columns[column] is None:
                self.columns[column] = place
            elif plain(name) not in OTHER_NAMES:
                first = self.columns[column]
                if first is not None and plain(names[first]) not in OTHER_NAMES:
                    raise ValueError(f"the header names the column {COLUMNS[column]} twice")
                self.columns[column] = place
        missing = [COLUMNS[column] for column in NEEDED if self.columns[column] is None]
        if missing:
            raise ValueError(
                f"the header lacks the column {missing[0]}; a table needs {COLUMNS[FEN]} and "
                f"{COLUMNS[MOVES]}, and may have the other columns of Lichess and further ones"
            )

    def pick(self, line: int, fields: Sequence[str]) -> list[str]:
        """The values of a row in the order of Lichess's columns, empty where there is none.

        Args:
            line: The row's number, which is its name where the table has no ids.
            fields: As many as there are names.
        """
        values = ["" if place is None else fields[place] for place in self.columns]
        if self.columns[ID] is None:
            values[ID] = name_of_line(line)
        if self.game is not None and not values[URL]:
            values[URL] = URL_PREFIX.decode() + fields[self.game] if fields[self.game] else ""
        return values


def plain(name: str) -> str:
    """The name of a column in lower case, without what separates words."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def is_column(name: str) -> bool:
    """Whether a column of this name is read."""
    return plain(name) in COLUMN_OF_NAME or plain(name) == GAME_ID


def name_of_line(line: int) -> str:
    """The id of a puzzle that has none in its table."""
    return f"r{line}"


def as_text(value: object) -> str:
    """A value of a table that has types, as it would stand in one of text."""
    if value is None or value != value:  # NaN, which pandas has where a value is missing
        return ""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return " ".join(map(as_text, value))
    return str(value)


def lichess_line(values: Sequence[str]) -> str:
    """The values of a row as a line in Lichess's own form, without its end."""
    line = ",".join(values)
    if USUAL_LINE.fullmatch(line) and not SPECIAL.search(line):
        return line
    tidy = [value.translate(SPACES).strip() for value in values]
    tidy[ID] = tidy[ID].replace(",", UNPRINTABLE)
    tidy[FEN] = tidy[FEN].replace(",", " ")
    for column in NUMBERS:
        tidy[column] = plain_number(tidy[column])
    for column in (MOVES, THEMES, OPENINGS):
        tidy[column] = words_of_list(tidy[column])
    if not UCI_MOVES.fullmatch(tidy[MOVES]):
        tidy[MOVES] = in_uci(tidy[FEN], tidy[MOVES])
    tidy[URL] = tidy[URL].replace(",", "%2C")
    return ",".join(tidy)


def plain_number(text: str) -> str:
    """A number without what separates thousands, without exponent and with a decimal point."""
    if THOUSANDS.fullmatch(text):
        # Three zeros behind a comma are thousands: else 1,000 would be 1.
        text = re.sub(r"[^\d.+-]", "", text)
    elif EXPONENT.fullmatch(text):
        text = f"{Decimal(text):f}"
    return text.removeprefix("+").replace(",", ".")


def in_uci(fen: str, moves: str) -> str:
    """Moves in short notation as in UCI; as they are where one cannot be played.

    Of more than a row may have, so many are given that it shows.
    """
    written: list[str] = []
    try:
        position = position_of_fen(fen)
        for word in moves.split()[: MAX_MOVES_OF_ROW + 1]:
            if word == "0000" and not written:
                written.append(word)
                continue
            move = move_of_text(position, word)
            written.append(uci_of_move(move, bool(position[BLACK])))
            play(position, move)
    except ValueError:
        return moves
    return " ".join(written)


def words_of_list(text: str) -> str:
    """The words of a list, with spaces between them."""
    if "[" in text or "(" in text or "{" in text:
        text = ARRAY_TYPE.sub("", text)
        quoted = [one or other for one, other in QUOTED_WORD.findall(text)]
        if quoted:
            return " ".join(quoted).replace(",", " ")
    return " ".join(text.translate(LIST_SIGNS).split())


def blocks_of_rows(rows: Iterable[Row]) -> Iterator[Block]:
    """Turn rows into Lichess's own form, some thousands at a time."""
    text: list[str] = []
    lines: list[int] = []
    refused: list[tuple[int, int]] = []
    length = 0
    for line, values in rows:
        if isinstance(values, int):
            refused.append((line, values))
        else:
            text.append(lichess_line(values) + "\n")
            lines.append(line)
            length += len(text[-1])
        if len(text) + len(refused) == ROWS_AT_A_TIME or length > BYTES_AT_A_TIME:
            yield block(text, lines, refused)
            text, lines, refused, length = [], [], [], 0
    yield block(text, lines, refused)


def block(text: list[str], lines: list[int], refused: list[tuple[int, int]]) -> Block:
    """A block of these lines."""
    return Block(
        "".join(text).encode(errors="replace"),
        np.array(lines, np.int64),
        np.array(refused, np.int64).reshape(-1, 2),
    )
