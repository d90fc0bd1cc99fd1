"""Whether the contents of a database are such that kernels may follow them.

Kernels look neither at where a number leads nor whether a move is legal, and what leads outside an
array changes whatever lies there. So before a database is believed, every row is checked by what
is here: every number is in its range, and every solution is replayed. That takes a second for
three million puzzles on two cores, and is done once a file (see
``thinkenv.chess_puzzles.verified``).
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from thinkenv.chess_puzzles.lichess_rows import (
    FIRST_PRINTABLE,
    LAST_PRINTABLE,
    MAX_MOVES_OF_ROW,
    UNKNOWN,
    UNKNOWN_POPULARITY,
)
from thinkenv.chess_puzzles.lichess_themes import MATES, altered
from thinkenv.chess_puzzles.notation import check_pieces
from thinkenv.chess_puzzles.packing import position_key, unpack
from thinkenv.chess_puzzles.rating_splits import HIGHEST_RATING, LOWEST_RATING, UNKNOWN_RATING
from thinkenv.chess_puzzles.rules import (
    BLACK,
    CASTLING,
    CASTLING_SQUARES,
    EN_PASSANT,
    KING,
    NO_MOVE,
    NO_SQUARE,
    PAWN,
    POSITION_BYTES,
    ROOK,
    THEIRS,
    UP,
    can_take_king,
    is_legal,
    keep_legal_en_passant,
    play,
    split_move,
)
from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.threads import part_of, run_on_threads
from thinkenv.machine import usable_cores

ROWS_PER_PART = 50_000  # handed to a thread at a time

# What may be wrong with a row, by the codes that kernels return.
PROBLEMS = [""]


def problem_code(reason: str) -> int:
    """The code of a further thing that may be wrong with a row."""
    PROBLEMS.append(reason)
    return len(PROBLEMS) - 1


BAD_SQUARES = problem_code("a square of its position holds what is no piece")
BAD_SIDE = problem_code("its position does not say who is to move")
BAD_PIECES = problem_code("its position has not one king a side, or too many pieces")
BAD_RIGHTS = problem_code("its position allows castling without king or rook")
BAD_EN_PASSANT = problem_code("its position allows taking en passant where that is not legal")
BAD_CHECK = problem_code("the king of the side that has just moved could be taken")
BAD_PLACES = problem_code("its moves or its address lie beyond all others")
BAD_COUNT = problem_code(f"its moves are not an odd number up to {MAX_MOVES_OF_ROW - 1}")
BAD_LAST_MOVE = problem_code("the move before its position is none")
BAD_MOVE = problem_code("a move of its solution is illegal")
BAD_NUMBERS = problem_code("a rating, popularity or number of plays is out of range")
BAD_SPLIT = problem_code("it is in a split where its position does not belong")
BAD_THEMES = problem_code("it has a theme without a name")
BAD_OPENING = problem_code("its opening has no name")
BAD_ID = problem_code("its id is not of printable ASCII characters")


class CheckedColumns(NamedTuple):
    """The columns of a database, as kernels check them.

    Attributes:
        ids: ``(n, length)`` uint8; all others are as in ``Rows`` of
            ``thinkenv.chess_puzzles.lichess_rows``.
        unnamed_themes: ``(bytes,)`` uint8, the bits of sets of themes that have no name.
    """

    ids: np.ndarray
    positions: np.ndarray
    last_moves: np.ndarray
    move_starts: np.ndarray
    move_counts: np.ndarray
    moves: np.ndarray
    ratings: np.ndarray
    rating_deviations: np.ndarray
    popularities: np.ndarray
    plays: np.ndarray
    theme_sets: np.ndarray
    url_starts: np.ndarray
    url_lengths: np.ndarray
    urls: np.ndarray
    openings: np.ndarray
    split_ratings: np.ndarray
    split_percents: np.ndarray
    unnamed_themes: np.ndarray


@kernel
def position_problem(position):
    """Why a position ``(POSITION_BYTES,)`` of any bytes cannot be one to solve: a code, or 0.

    Assumes nothing of the bytes.
    """
    highest = 0
    for square in range(64):
        highest = max(highest, np.int64(position[square]))
    if highest > THEIRS + KING:
        return BAD_SQUARES
    if position[BLACK] > 1:
        return BAD_SIDE
    if check_pieces(position) != 0:
        return BAD_PIECES
    for right in range(len(CASTLING_SQUARES)):
        if position[CASTLING] >> right & 1:
            king, rook = CASTLING_SQUARES[right]
            side = 0 if right < 2 else THEIRS  # rights 0 and 1 are those of the side to move
            if position[king] != side + KING or position[rook] != side + ROOK:
                return BAD_RIGHTS
    behind = np.int64(position[EN_PASSANT])
    if behind != NO_SQUARE:
        if behind >> 3 != 5 or position[behind] != 0 or position[behind + UP] != 0:
            return BAD_EN_PASSANT
        if position[behind - UP] != THEIRS + PAWN:
            return BAD_EN_PASSANT
    if can_take_king(position):
        return BAD_CHECK
    keep_legal_en_passant(position)
    return BAD_EN_PASSANT if position[EN_PASSANT] != behind else 0


@kernel
def find_bad_position(positions):
    """Why the first bad one of some positions ``(n, POSITION_BYTES)`` is one: a code, or 0.

    Assumes nothing of the bytes.
    """
    position = np.empty(POSITION_BYTES, np.uint8)
    for index in range(len(positions)):
        position[:] = positions[index]
        problem = position_problem(position)
        if problem != 0:
            return problem
    return 0


def problem_of_positions(positions: np.ndarray) -> str:
    """What is wrong with the first bad one of some positions, in words; empty if nothing is.

    Args:
        positions: ``(n, POSITION_BYTES)`` uint8, of any bytes.
    """
    return PROBLEMS[find_bad_position(positions)]


@kernel
def last_move_problem(position, move):
    """Whether the opponent's last move cannot have led to a position: a code, or 0.

    Assumes a position, and 16 bits, of whatever move.
    """
    if move == NO_MOVE:
        return 0
    origin, target, promotion = split_move(move)
    is_possible = promotion == 0 and position[origin] == 0 and position[target] > KING
    return 0 if is_possible else BAD_LAST_MOVE


@kernel
def solution_problem(position, moves, first, count):
    """Replay a solution: a code where a move is illegal, or 0.

    Assumes that the moves lie in ``moves``, and nothing of their values.

    Args:
        position: ``(POSITION_BYTES,)`` uint8, one that ``position_problem`` lets pass; changed.
        moves: uint16, of any values.
        first: Where in ``moves`` the solution begins.
        count: How many moves it has.
    """
    for ply in range(count):
        move = np.int64(moves[first + ply])
        if not is_legal(position, move):
            return BAD_MOVE
        if ply + 1 < count:  # what the last move leads to is not looked at
            play(position, move)
    return 0


@kernel
def is_rating(number):
    """Whether a number is a rating, or says that it is unknown.

    Assumes nothing of the number.
    """
    return number == UNKNOWN_RATING or LOWEST_RATING <= number <= HIGHEST_RATING


# Inlined, because a call hands over each of the 18 arrays.
@kernel(inline="always")
def numbers_problem(columns, row, openings):
    """Whether a number of a row is out of the range that the import lets through: a code, or 0.

    Assumes a row of the columns, and nothing of their values.
    """
    popularity = columns.popularities[row]
    if not (
        is_rating(columns.ratings[row])
        and is_rating(columns.split_ratings[row])
        and UNKNOWN <= columns.rating_deviations[row] <= 9999
        and UNKNOWN <= columns.plays[row] <= 999_999_999
        and (popularity == UNKNOWN_POPULARITY or -1000 <= popularity <= 1000)
    ):
        return BAD_NUMBERS
    if not 0 <= columns.openings[row] <= openings:
        return BAD_OPENING
    unnamed = np.uint8(0)
    for byte in range(len(columns.unnamed_themes)):
        unnamed |= columns.theme_sets[row, byte] & columns.unnamed_themes[byte]
    return BAD_THEMES if unnamed != 0 else 0


@kernel
def id_problem(name):
    """Whether an id ``(length,)`` uint8 is not printable and then zeros: a code, or 0.

    Assumes one character or more, and nothing of their values.
    """
    has_ended = False
    for place in range(len(name)):
        letter = name[place]
        has_ended |= letter == 0
        if has_ended and letter != 0:
            return BAD_ID
        if not has_ended and not FIRST_PRINTABLE <= letter <= LAST_PRINTABLE:
            return BAD_ID
    return BAD_ID if name[0] == 0 else 0


@kernel
def find_problem(columns, begin, end, openings):
    """The first row with something wrong.

    Assumes that all columns have the same number of rows, and nothing about their values.

    Args:
        columns: ``CheckedColumns``.
        begin: The first row to check.
        end: One past the last.
        openings: How many openings have a name.

    Returns:
        ``(row, code)``: the code is an index into ``PROBLEMS``, 0 if all is well.
    """
    position = np.empty(POSITION_BYTES, np.uint8)
    for row in range(begin, end):
        first = np.int64(columns.move_starts[row])
        count = np.int64(columns.move_counts[row])
        url_end = np.int64(columns.url_starts[row]) + np.int64(columns.url_lengths[row])
        if first + count > len(columns.moves) or url_end > len(columns.urls):
            return row, BAD_PLACES
        if count % 2 == 0 or count >= MAX_MOVES_OF_ROW:
            return row, BAD_COUNT
        unpack(columns.positions[row], position)
        error = (
            id_problem(columns.ids[row])
            or numbers_problem(columns, row, openings)
            or position_problem(position)
            or last_move_problem(position, np.int64(columns.last_moves[row]))
            or solution_problem(position, columns.moves, first, count)
        )
        # The upper 32 bits of the key as a share of their range, as in ``settle_positions``.
        percent = (position_key(columns.positions[row]) >> np.uint64(32)) * np.uint64(100)
        if error == 0 and percent >> np.uint64(32) != columns.split_percents[row]:
            error = BAD_SPLIT
        if error != 0:
            return row, error
    return end, 0


def problem_of_rows(
    columns: dict[str, np.ndarray], themes: int, openings: int, begin: int, end: int
) -> str:
    """What is wrong with the first bad row of some, in words; empty if nothing is.

    Args:
        columns: The columns of a database, by name, whose shapes belong together.
        themes: How many themes have a name.
        openings: How many openings have a name.
        begin: The first row to check.
        end: One past the last.
    """
    ids = columns["ids"]
    bits = np.arange(8 * columns["theme_sets"].shape[1]) >= themes
    checked = CheckedColumns(
        **columns | {"ids": ids.view(np.uint8).reshape(len(ids), ids.dtype.itemsize)},
        unnamed_themes=np.packbits(bits, bitorder="little"),
    )
    row, code = find_problem(checked, begin, end, openings)
    return f"puzzle {row + 1:,}: {PROBLEMS[code]}" if code else ""


def problem_of_ids(ids: np.ndarray) -> str:
    """Whether an id ``(n,)`` stands there twice, in words; empty if none does."""
    # Numbers sort ten times as fast as text.
    in_order = np.sort(ids.view(np.uint64) if ids.dtype.itemsize == 8 else ids)
    return "two puzzles have the same id" if np.any(in_order[1:] == in_order[:-1]) else ""


def problem_of_themes(names: Sequence[str], theme_sets: np.ndarray, move_counts: np.ndarray) -> str:
    """Whether a name of a theme is one of Lichess's with one character changed, in words.

    Args:
        names: The themes by their bit in the sets.
        theme_sets: ``(n, bytes)`` uint8.
        move_counts: ``(n,)`` uint8, the moves of the solutions.
    """
    if changed := altered(names):
        return "the theme {!r} is {!r} but for one character".format(*changed)
    # From mateIn1 to mateIn5 it is one character, and only the solutions tell which it was.
    length_of_missing = {MATES[name]: name for name in MATES.keys() - set(names)}
    for bit, name in enumerate(names):
        if name in MATES and length_of_missing:
            has_theme = theme_sets[:, bit >> 3] >> (bit & 7) & 1 == 1
            lengths = np.unique(move_counts[has_theme])
            if len(lengths) == 1 and int(lengths[0]) in length_of_missing:
                return f"the theme {name!r} is {length_of_missing[int(lengths[0])]!r}"
    return ""


def first_problem(
    columns: dict[str, np.ndarray],
    themes: int,
    openings: int,
    others: Sequence[Callable[[], str]],
) -> str:
    """What is wrong with the contents of a database, in words; empty if nothing is.

    Args:
        columns: Its columns, whose shapes belong together.
        themes: How many themes have a name.
        openings: How many openings have a name.
        others: Further checks, each with a result in words, begun before those of the rows; what
            they find comes first.
    """
    rows = len(columns["ratings"])
    parts = -(-rows // ROWS_PER_PART)
    spans = [part_of(rows, part, parts) for part in range(parts)]
    checks: list[Callable[[], str]] = [
        *others,
        partial(problem_of_ids, columns["ids"]),
        *(partial(problem_of_rows, columns, themes, openings, *span) for span in spans),
    ]
    threads = usable_cores() if parts > 1 else 1
    found = run_on_threads(lambda check: check(), checks, threads)
    return next((problem for problem in found if problem), "")
