"""Files of positions: one a line, as FEN or as EPD with its operations.

EPD (Extended Position Description) is section 16.2 of the PGN standard: the first four fields of a
FEN, and operations such as ``bm Qd1+; id "BK.01";``.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

from thinkenv.chess_puzzles import compression
from thinkenv.chess_puzzles.errors import PuzzleFileError
from thinkenv.chess_puzzles.notation import (
    fen_of_position,
    move_of_text,
    position_of_fen,
    uci_of_move,
)
from thinkenv.chess_puzzles.rules import BLACK
from thinkenv.gate import reader

# Far more than any collection of positions has: it is read as a whole.
MAX_FILE_BYTES = 256 * 1024 * 1024

# Far more than any line has.
MAX_LINE_LENGTH = 1 << 20

# An operation: a code, and what stands up to the next semicolon that is not within quotes. Nothing
# is tried twice (``*+``), or a long line of something else would take for ever.
OPERATION = re.compile(r"\s*+([A-Za-z]\w*+)\s*+((?:\"[^\"]*+\"|[^;\"])*+)(?:;|$)")
EMPTY = re.compile(r"[\s;]*")
FIELD = re.compile(r"\s*(\S+)")
CLOCK = re.compile(r"\s+(\d+)(?=[\s;]|$)")


class GivenPosition(NamedTuple):
    """A position of a file.

    Attributes:
        fen: With all six fields.
        name: What the file calls it (``id``); empty where it does not.
        best_moves: The moves that the file says are best (``bm``), in UCI notation.
        operations: All that the file says of it, by code, such as ``{"c0": "a comment"}``.
    """

    fen: str
    name: str
    best_moves: tuple[str, ...]
    operations: dict[str, str]


def parse_epd(line: str) -> tuple[str, dict[str, str]]:
    """Take a line of FEN or EPD apart.

    Args:
        line: Four fields of a FEN, or six; then operations, if any.

    Returns:
        ``(fen, operations)``: the FEN with six fields, whose numbers are those of the operations
        ``hmvc`` and ``fmvn`` where those are there, or else 0 and 1, and what each operation says,
        by its code, without the quotes around text.

    Raises:
        ValueError: If what stands behind the fields is no operation.
    """
    fields: list[str] = []
    clocks: list[str] = []
    end = 0
    while len(fields) < 4 and (field := FIELD.match(line, end)):
        fields.append(field[1])
        end = field.end()
    while len(fields) == 4 and len(clocks) < 2 and (clock := CLOCK.match(line, end)):
        clocks.append(clock[1])
        end = clock.end()
    operations = {}
    end = EMPTY.match(line, end).end()  # type: ignore[union-attr]
    while end < len(line):
        operation = OPERATION.match(line, end)
        if operation is None:
            raise ValueError(f"operations must be as in 'bm Nf3; id \"1\";', got {line[end:]!r}")
        operations[operation[1]] = operation[2].strip().strip('"')
        end = EMPTY.match(line, operation.end()).end()  # type: ignore[union-attr]
    by_operation = operations.get("hmvc"), operations.get("fmvn")
    numbers = [
        said or (clocks[index] if index < len(clocks) else default)
        for index, (said, default) in enumerate(zip(by_operation, ("0", "1"), strict=True))
    ]
    return " ".join(fields + numbers), operations


def best_moves_of(operations: dict[str, str]) -> list[str]:
    """The moves of the operation ``bm``, as they are written; none where it is not there.

    Commas between them are left out, and the ``e.p.`` that some write behind a capture en passant.
    """
    return operations.get("bm", "").replace(",", " ").replace("e.p.", " ").split()


def parse_line(line: str) -> GivenPosition:
    """Read a line of FEN or EPD.

    Raises:
        ValueError: If it is none, or a best move is not a legal one.
    """
    text, operations = parse_epd(line)
    position = position_of_fen(text)
    is_black = bool(position[BLACK])
    best = tuple(
        uci_of_move(move_of_text(position, move), is_black) for move in best_moves_of(operations)
    )
    return GivenPosition(fen_of_position(position), operations.get("id", ""), best, operations)


def read_text(path: Path) -> str:
    """The text of a file of positions, which may be compressed.

    Raises:
        PuzzleFileError: If it cannot be read, is too large, damaged, or no text.
    """
    content = bytearray()
    trace = compression.Trace(is_slow=True)
    for piece in compression.read_bytes(path, lambda piece: None, trace):
        content += piece
        if len(content) > MAX_FILE_BYTES:
            raise ValueError(f"has more than {MAX_FILE_BYTES:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is no text: byte {error.start} is not in UTF-8") from error


@reader("positions, one a line", PuzzleFileError)
def read_positions(path: str | Path) -> list[GivenPosition]:
    """Read a file with a position on each line, as FEN or EPD; it may be compressed.

    Empty lines are left out, and those that begin with ``#`` or ``%``.

    Returns:
        The positions, in the order of the file.

    Raises:
        PuzzleFileError: If the file cannot be read, is no text, holds no position, or a line is not
            one of a possible position; it names the file and the line.
    """
    positions = []
    for number, line in enumerate(read_text(Path(os.path.expanduser(path))).splitlines(), 1):
        if not line.strip() or line.lstrip()[0] in "#%":
            continue
        if len(line) > MAX_LINE_LENGTH:
            raise ValueError(f"line {number}: has more than {MAX_LINE_LENGTH:,} characters")
        try:
            positions.append(parse_line(line))
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
    if not positions:
        raise ValueError("holds no positions")
    return positions
