"""Arrows: which moves are drawn, where they lie for either side, and how they differ."""

import numpy as np
import pytest

from thinkenv.chess_puzzles import MOVES, arrows, drawing
from thinkenv.chess_puzzles.arrows import Arrow
from thinkenv.chess_puzzles.notation import move_of_uci, position_of_fen
from thinkenv.chess_puzzles.task import ChessPuzzleTask

WHITE = "6k1/8/8/8/8/8/8/R5K1 w - - 0 1"
BLACK = "r5k1/8/8/8/8/8/8/6K1 b - - 0 1"


def probabilities_of(**known: float) -> np.ndarray:
    """Probabilities of all actions, 0 where a move is not named."""
    found = np.zeros(len(MOVES))
    for name, probability in known.items():
        found[MOVES.index(name)] = probability
    return found


def drawn(fen: str, *several: Arrow) -> np.ndarray:
    """How strongly each pixel of a board has been changed by arrows, ``(height, width)``."""
    position = position_of_fen(fen)
    plain, other = (drawing.render(position, arrows=each) for each in ((), several))
    return np.abs(plain.astype(int) - other).sum(axis=2)


def square_of(changed: np.ndarray, column: int, row: int) -> np.ndarray:
    """The part of a picture that shows a square, by its place from the upper left."""
    size = drawing.SQUARE_PIXELS
    top, left = drawing.MARGIN + row * size, drawing.MARGIN + column * size
    return changed[top : top + size, left : left + size]


def test_a_square_is_as_probable_as_the_moves_that_begin_or_end_there():
    found = arrows.squares_of(probabilities_of(a1a8=0.5, a1b1=0.25, h1a1=0.25))
    assert found[0, 0] == 0.75  # more begin than end on a1
    assert (found[7, 0], found[0, 1], found[0, 7]) == (0.5, 0.25, 0.25)
    assert found.sum() == 1.75


def test_the_most_probable_moves_are_drawn_and_the_reply_to_the_first():
    probable = probabilities_of(a1a8=0.1, g1f1=0.6, a1b1=0.26, a1c1=0.04, a1d1=0.001)
    # The reply h7h6 of the other side, which sees the board from its own: h2h3.
    line = [MOVES.index("g1f1"), MOVES.index("h2h3"), MOVES.index("a1a2")]
    found = arrows.arrows_of(probable, line)
    assert found[:4] == [
        Arrow(move_of_uci(move, False), strength)
        for move, strength in (("g1f1", 0.6), ("a1b1", 0.26), ("a1a8", 0.1), ("a1c1", 0.04))
    ]
    assert found[4:] == [Arrow(move_of_uci("h7h6", False), 1.0, is_reply=True)]
    assert len(arrows.arrows_of(np.full(len(MOVES), 0.05))) == arrows.MOST_ARROWS


@pytest.mark.parametrize(("fen", "column"), [(WHITE, 0), (BLACK, 7)])
def test_an_arrow_lies_on_the_squares_of_its_move_for_either_side(fen, column):
    # The rook's way over the whole file, which the solver has at the left as White, and at the
    # right as Black.
    changed = drawn(fen, Arrow(move_of_uci("a1a8", False), 1.0))
    for row in range(8):
        assert square_of(changed, column, row).any(), row
    changed[:, drawing.MARGIN + column * drawing.SQUARE_PIXELS :][:, : drawing.SQUARE_PIXELS] = 0
    assert not changed.any()


def test_stronger_arrows_are_wider_and_cover_more():
    covered = [
        drawn(WHITE, Arrow(move_of_uci("a1h8", False), strength)) for strength in (0.1, 0.5, 1.0)
    ]
    counts = [int((each > 0).sum()) for each in covered]
    assert counts == sorted(counts) and len(set(counts)) == 3
    assert covered[0].max() < covered[2].max()


def test_replies_are_dashed_and_the_solvers_moves_are_not():
    pieces = []
    for is_reply in (False, True):
        changed = drawn(WHITE, Arrow(move_of_uci("h1h8", False), 1.0, is_reply))
        along = changed[:, drawing.MARGIN + 7 * drawing.SQUARE_PIXELS + drawing.SQUARE_PIXELS // 2]
        pieces.append(int((np.diff((along > 0).astype(int)) == 1).sum()))
    assert pieces[0] == 1 and pieces[1] > 8


def test_a_puzzle_is_drawn_with_arrows_where_moves_are_believed_in():
    task = ChessPuzzleTask(split="test")
    batch = task.draw([0])
    board = task.picture(batch)
    probable = probabilities_of(a1h8=1.0)
    with_arrow = task.picture(batch, probabilities=probable)
    tinted = task.picture(batch, probabilities=arrows.squares_of(probable))
    assert (board != tinted).any() and (tinted != with_arrow).any()
    # Beside an answer nothing is tinted, and the arrow stays.
    answer = batch.solutions[0]
    judged = task.picture(batch, answer)
    both = task.picture(batch, answer, probable)
    assert (judged != both).any() and (both != with_arrow).any()
