"""Positions of one's own: what agents see of them, their legal moves by name, and moves as actions.

A position is a FEN or a board of python-chess, which need not be installed. Moves are named as they
are played on the real board; actions, planes and squares are seen from the side to move.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from thinkenv.checks import check_integer
from thinkenv.chess_puzzles import drawing
from thinkenv.chess_puzzles.moves import ACTION_OF_CODE, MOVE_CODES, MOVES
from thinkenv.chess_puzzles.notation import (
    move_of_text,
    move_of_uci,
    position_of_fen,
    uci_of_move,
)
from thinkenv.chess_puzzles.packing import planes_of_positions
from thinkenv.chess_puzzles.rules import (
    BLACK,
    CASTLING,
    EN_PASSANT,
    KING,
    MAX_MOVES,
    NO_MOVE,
    PAWN,
    POSITION_BYTES,
    is_check,
    play,
    split_move,
)
from thinkenv.chess_puzzles.rules import legal_moves as list_legal_moves

SHORT_LETTERS = " NBRQK"  # of the pieces from pawn to king, in short notation
FILES, RANKS = "abcdefgh", "12345678"


class Board(Protocol):
    """A board that can write its position as FEN, such as ``chess.Board`` of python-chess."""

    def fen(self) -> str:
        """The position as FEN."""


Position = str | Board
Result = TypeVar("Result")


class RankedMove(NamedTuple):
    """A legal move, and how probable it is that an agent plays it.

    Attributes:
        move: In UCI notation, as it is played on the real board.
        probability: From 0 to 1; those of all legal moves sum to 1.
    """

    move: str
    probability: float


def fen_of(position: Position) -> str:
    """The FEN of a position that somebody names, as it was written.

    Raises:
        TypeError: If it is neither text nor a board.
        ValueError: If it is a board of another game than standard chess.
    """
    if isinstance(position, str):
        return position
    write = getattr(position, "fen", None)
    if not callable(write):
        raise TypeError(f"position must be a FEN or a chess.Board, got {position!r}")
    variant = getattr(position, "uci_variant", "chess")
    if variant != "chess":
        raise ValueError(f"position must be one of standard chess, got a board of {variant!r}")
    return str(write())


def parse_position(position: Position) -> np.ndarray:
    """A position that somebody names, as rules see it: ``(POSITION_BYTES,)`` uint8.

    Raises:
        TypeError: If it is neither text nor a board.
        ValueError: If it is not a possible position of standard chess. A Chess960 board is one as
            long as the kings and rooks that may castle stand where they do in standard chess.
    """
    fen = fen_of(position)
    parsed = position_of_fen(fen)
    if getattr(position, "chess960", False):
        rights = fen.split()[2].replace("-", "")
        if len(rights) != int(parsed[CASTLING]).bit_count():
            raise ValueError(f"position must not castle as in Chess960, got {fen!r}")
    return parsed


def is_one(position: Position | Iterable[Position]) -> bool:
    """Whether this is one position, and not several."""
    return isinstance(position, str) or hasattr(position, "fen")


def parse_positions(positions: Position | Iterable[Position]) -> np.ndarray:
    """One or several positions as rules see them: ``(n, POSITION_BYTES)`` uint8.

    Raises:
        TypeError: If something is neither a position nor a list of them.
        ValueError: If one is not a possible position of standard chess.
    """
    is_list = isinstance(positions, Iterable) and not isinstance(positions, bytes)
    if not is_one(positions) and not is_list:
        raise TypeError(f"position must be a FEN, a chess.Board or a list, got {positions!r}")
    several = [positions] if is_one(positions) else list(positions)  # type: ignore[arg-type, list-item]
    parsed = [parse_position(position) for position in several]  # type: ignore[arg-type]
    return np.array(parsed, np.uint8).reshape(-1, POSITION_BYTES)


def planes(position: Position | Iterable[Position]) -> np.ndarray:
    """What agents see of positions, from the side to move.

    Args:
        position: A FEN (of four to six fields), a ``chess.Board``, or a list of them.

    Returns:
        ``(17, 8, 8)`` uint8 of 0 and 1: plane, rank and file; ``(n, 17, 8, 8)`` of a list.
        ``PLANES`` says what each plane is. These are the observations of ``ChessPuzzle-v0``.

    Raises:
        TypeError: If something is neither a position nor a list of them.
        ValueError: If one is not a possible position of standard chess.

    Example:
        >>> from thinkenv import chess_puzzles
        >>> chess_puzzles.planes("8/8/8/8/3k4/8/1p4K1/8 b - -").shape
        (17, 8, 8)
    """
    found = planes_of_positions(parse_positions(position))
    return found[0] if is_one(position) else found


def legal_codes(position: np.ndarray) -> np.ndarray:
    """The legal moves of a position ``(POSITION_BYTES,)`` as codes ``(n,)`` uint16."""
    codes = np.empty(MAX_MOVES, np.uint16)
    return codes[: list_legal_moves(position.copy(), codes)]


def legal_moves(position: Position) -> list[str]:
    """The legal moves in UCI notation, as they are played on the real board, in alphabetical order.

    Raises:
        TypeError: If it is not a position.
        ValueError: If it is not a possible position of standard chess.
    """
    parsed = parse_position(position)
    return sorted(uci_of_move(code, bool(parsed[BLACK])) for code in legal_codes(parsed).tolist())


def action_of(position: Position, move: object) -> int:
    """The action that makes a move in a position: an index into ``MOVES``.

    Args:
        position: A FEN or a ``chess.Board``.
        move: As it is played on the real board: in UCI notation (``e2e4``, ``e7e8q``, castling
            ``e1g1`` or ``e1h1``), in short notation (``Nf3``, ``exd5``, ``O-O``), or a
            ``chess.Move``.

    Raises:
        TypeError: If it is not a position.
        ValueError: If it is not a possible position, or the move is not a legal one of it.

    Example:
        >>> from thinkenv import chess_puzzles
        >>> action = chess_puzzles.action_of("8/8/8/8/3k4/8/1p4K1/8 b - -", "b2b1q")
        >>> chess_puzzles.MOVES[action]  # as Black sees it
        'b7b8q'
        >>> chess_puzzles.move_of("8/8/8/8/3k4/8/1p4K1/8 b - -", action)
        'b2b1q'
    """
    return int(ACTION_OF_CODE[parse_move(parse_position(position), position, move)])


def parse_move(parsed: np.ndarray, position: Position, move: object) -> int:
    """The code of a legal move that somebody names in a position ``parsed``.

    Raises:
        ValueError: If it is none; the error names the ``position`` as well.
    """
    try:
        return move_of_text(parsed, str(move).strip())
    except ValueError as error:
        raise ValueError(f"{error}, in the position {fen_of(position)!r}") from None


def move_of(position: Position, action: int) -> str:
    """The move that an action makes in a position, as it is played on the real board.

    Args:
        position: A FEN or a ``chess.Board``.
        action: An index into ``MOVES``.

    Returns:
        The move in UCI notation: ``e2e4``, ``e1g1`` for castling, ``e7e8q``.

    Raises:
        TypeError: If it is not a position, or the action is not an integer.
        ValueError: If it is not a possible position, or the action is not a legal move of it.
    """
    parsed = parse_position(position)
    code = int(MOVE_CODES[check_integer("action", action, 0, len(MOVES) - 1)])
    uci = uci_of_move(code, bool(parsed[BLACK]))
    if code not in legal_codes(parsed):
        raise ValueError(
            f"action must be a legal move, got {action}, which is {uci}, in the position "
            f"{fen_of(position)!r}"
        )
    return uci


def san_of(position: Position, move: object) -> str:
    """A move in short notation: ``Nf3``, ``exd5``, ``O-O``, ``e8=Q+``, ``Qxf7#``.

    Args:
        position: A FEN or a ``chess.Board``.
        move: As of ``action_of``.

    Raises:
        TypeError: If it is not a position.
        ValueError: If it is not a possible position, or the move is not a legal one of it.
    """
    parsed = parse_position(position)
    return write_short(parsed, parse_move(parsed, position, move))


def square_name(square: int, is_black: bool) -> str:
    """The name of a square on the real board; squares are seen from the side to move."""
    rank = square >> 3
    return FILES[square & 7] + RANKS[7 - rank if is_black else rank]


def write_short(position: np.ndarray, code: int) -> str:
    """A legal move, as a code, in short notation (standard algebraic notation)."""
    after = position.copy()
    play(after, code)
    check = "#" if len(legal_codes(after)) == 0 else "+"
    return short_name(position, code) + (check if is_check(after) else "")


def write_short_line(position: np.ndarray, codes: Sequence[int]) -> list[str]:
    """A line of legal moves, as codes, each seen from who moves, in short notation."""
    position = position.copy()
    names = []
    for code in codes:
        names.append(write_short(position, code))
        play(position, code)
    return names


def short_name(position: np.ndarray, code: int) -> str:
    """A legal move in short notation, without the sign of check or mate."""
    origin, target, promotion = split_move(code)
    piece, is_black = int(position[origin]), bool(position[BLACK])
    if piece == KING and abs(target - origin) == 2:
        return "O-O" if target > origin else "O-O-O"
    end = square_name(target, is_black)
    is_capture = position[target] != 0 or piece == PAWN and target == position[EN_PASSANT]
    takes = "x" if is_capture else ""
    if piece == PAWN:
        begin = FILES[origin & 7] if is_capture else ""
        return begin + takes + end + (f"={SHORT_LETTERS[promotion]}" if promotion else "")
    return SHORT_LETTERS[piece - 1] + told_apart(position, code) + takes + end


def told_apart(position: np.ndarray, code: int) -> str:
    """What tells a piece apart from others of its kind that can go to the same square.

    Its file where that suffices, or else its rank, or both.
    """
    origin, target, _ = split_move(code)
    name = square_name(origin, bool(position[BLACK]))
    others = [
        other & 63
        for other in legal_codes(position).tolist()
        if other >> 6 & 63 == target and other & 63 != origin
        if position[other & 63] == position[origin]
    ]
    if not others:
        return ""
    if all(other & 7 != origin & 7 for other in others):
        return name[0]
    return name[1] if all(other >> 3 != origin >> 3 for other in others) else name


def rank_moves(position: np.ndarray, preferences: np.ndarray) -> list[RankedMove]:
    """The legal moves of a position, by what an agent thinks of them, or of their squares.

    Where it thinks of squares, a move is as probable as its first square as the begin and its
    second square as the end of the move, among the moves that are legal. Of the four promotions
    over the same squares the one to a queen has all of that, and the others 0: squares do not tell
    them apart, and a queen is what an agent takes that plays whole puzzles.

    Args:
        position: ``(POSITION_BYTES,)`` uint8.
        preferences: ``(len(MOVES),)``, log-probabilities of the actions, or ``(2, 64)``, of the
            squares, seen from the side to move.

    Returns:
        The moves, the most probable first.
    """
    codes = legal_codes(position).astype(np.int64)
    if len(codes) == 0:
        return []
    begins, ends, promotions = codes & 63, codes >> 6 & 63, codes >> 12
    if preferences.ndim == 1:
        scores = preferences[ACTION_OF_CODE[codes]].astype(np.float64)
        can_be_meant = np.ones(len(codes), np.bool_)
    else:
        scores = preferences[0, begins].astype(np.float64) + preferences[1, ends]
        can_be_meant = (promotions == 0) | (promotions == SHORT_LETTERS.index("Q"))
    weights = np.exp(scores - scores.max()) * can_be_meant
    probabilities = weights / weights.sum()
    # By scores, which differ where probabilities are too small to; then from queen to knight.
    order = np.lexsort((-promotions, -scores, -probabilities))
    is_black = bool(position[BLACK])
    return [
        RankedMove(uci_of_move(int(codes[index]), is_black), float(probabilities[index]))
        for index in order
    ]


def board_text(position: Position, last_move: str | None = None) -> str:
    """A position as text, with the side to move below.

    Args:
        position: A FEN or a ``chess.Board``.
        last_move: The move that led to it, in UCI notation, whose squares are put in brackets.

    Raises:
        TypeError: If it is not a position.
        ValueError: If it is not a possible position of standard chess.
    """
    parsed = parse_position(position)
    code = NO_MOVE if last_move is None else move_of_uci(last_move, bool(parsed[BLACK]))
    return drawing.write_text(parsed, code)


def why_no_move(position: np.ndarray) -> str:
    """What is said of a position ``(POSITION_BYTES,)`` without legal moves."""
    return "no legal move: " + ("checkmate" if is_check(position) else "stalemate")


def ranking_text(position: Position, ranked: Sequence[RankedMove]) -> str:
    """The moves that an agent ranks, a line for each: UCI and short notation, and probability.

    Args:
        position: The position.
        ranked: What ``agent.rank(position)`` gave.
    """
    parsed = parse_position(position)
    if not ranked:
        return why_no_move(parsed)
    lines = []
    for place, (move, probability) in enumerate(ranked, 1):
        short = write_short(parsed, move_of_text(parsed, move))
        lines.append(f"{place:>3}. {move:<5} {short:<8} {probability:6.1%}")
    return "\n".join(lines)
