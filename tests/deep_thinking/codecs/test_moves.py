"""Chess puzzles as moves: python-chess knows which are legal, and the task which are right."""

import chess
import numpy as np
import pytest
import torch

from tests.kernels.contracts.positions import FENS
from thinkenv import chess_puzzles
from thinkenv.chess_puzzles import MOVES, PLANES, action_of, planes
from thinkenv.chess_puzzles.moves import ACTION_OF_CODE, MOVE_CODES
from thinkenv.chess_puzzles.positions import parse_positions
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.deep_thinking.codecs.moves import (
    ILLEGAL,
    MoveCodec,
    legal_masks,
    scores_of_actions,
)

CODEC = MoveCodec(ChessPuzzleTask)
TASK = ChessPuzzleTask("bundled", "all")
CHANNELS = CODEC.interface.answer_channels
POSSIBLE = [fen for fen in FENS if not chess.Board(fen).status() & chess.STATUS_OPPOSITE_CHECK]
SHOWN = [*chess_puzzles.load(split="all").fens()[:200], *POSSIBLE]
PROMOTING = "3r4/2P5/8/8/8/6k1/8/4K3 w - - 0 1"  # on c8, and by taking on d8
MATED = "7k/6Q1/6K1/8/8/8/8/8 b - - 0 1"


def random_logits(count: int) -> torch.Tensor:
    return torch.randn(count, CHANNELS, 8, 8, generator=torch.Generator().manual_seed(1))


def sure_of(codes, promise: float = 30.0) -> torch.Tensor:
    """Logits ``(B, 67, 8, 8)`` that are sure of moves, told by their codes."""
    logits = torch.zeros(len(codes), CHANNELS, 64)
    for index, code in enumerate(np.asarray(codes).tolist()):
        logits[index, code >> 6 & 63, code & 63] = promise
        logits[index, 64:] = -promise / 2  # a queen, unless it is said
        if 0 < code >> 12 <= 3:
            logits[index, 64 + (code >> 12) - 1, code >> 6 & 63] = promise / 2
    return logits.unflatten(2, (8, 8))


def legal_actions(fen: str) -> set[int]:
    board = chess.Board(fen)
    return {action_of(fen, move.uci()) for move in board.legal_moves}


def test_inputs_are_the_planes_and_a_board_that_says_whose_turn_it_is():
    inputs = CODEC.encode(planes(SHOWN))
    assert inputs.shape == (len(SHOWN), CODEC.interface.input_channels, 8, 8)
    assert np.array_equal(inputs[:, : len(PLANES)].numpy(), planes(SHOWN))
    assert not inputs[:, -1].any()  # it is the solver's


def test_probabilities_are_of_exactly_the_legal_moves_and_sum_to_one():
    of_actions = CODEC.log_probabilities(random_logits(len(SHOWN)), planes(SHOWN))
    assert of_actions.shape == (len(SHOWN), len(MOVES))
    for fen, row in zip(SHOWN, of_actions, strict=True):
        legal = sorted(legal_actions(fen))
        illegal = np.setdiff1d(np.arange(len(MOVES)), legal)
        assert (row[illegal] == ILLEGAL).all()
        if legal:
            assert row[legal].exp().sum().item() == pytest.approx(1, abs=1e-5)
            assert (row[legal] > ILLEGAL / 2).all()
    masks = legal_masks(parse_positions(SHOWN))
    assert np.array_equal(masks, (of_actions > ILLEGAL / 2).numpy())


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_the_score_of_a_move_is_that_of_its_squares_and_of_its_promotion(is_mirrored):
    logits = random_logits(2)
    scores = scores_of_actions(logits, is_mirrored)
    mirror = 56 if is_mirrored else 0  # the opponent sees the ranks from the other side
    of_squares = logits.flatten(2)
    for action, name in enumerate(MOVES):
        move = chess.Move.from_uci(name)
        origin, target = move.from_square ^ mirror, move.to_square ^ mirror
        expected = of_squares[:, target, origin]
        if move.promotion in (chess.KNIGHT, chess.BISHOP, chess.ROOK):
            expected = expected + of_squares[:, 64 + move.promotion - chess.KNIGHT, target]
        torch.testing.assert_close(scores[:, action], expected)


def test_the_four_promotions_are_told_apart():
    shown = planes([PROMOTING])
    for piece in range(1, 5):
        for target in (chess.C8, chess.D8):
            code = chess.C7 | target << 6 | piece << 12
            of_actions = CODEC.log_probabilities(sure_of([code]), shown)[0]
            letter = "nbrq"[piece - 1]
            assert MOVES[of_actions.argmax()] == f"c7{chess.square_name(target)}{letter}"
            assert of_actions.max().exp().item() > 0.99
    (ranked,) = CODEC.rank(
        [PROMOTING], lambda shown: CODEC.preferences(sure_of([code]), shown).numpy()
    )
    assert ranked[0].move == "c7d8q" and ranked[0].probability > 0.99


def test_a_move_that_is_sure_and_right_has_no_loss_and_others_have_much():
    batch = TASK.draw(range(300))
    loss, exact = CODEC.loss(sure_of(batch.first_moves), batch)
    assert float(loss) < 1e-3 and float(exact) == 1.0
    wrong = batch.first_moves.copy()
    masks = legal_masks(parse_positions(TASK.puzzles_of(batch).fens()))
    for index, mask in enumerate(masks):
        others = np.setdiff1d(np.flatnonzero(mask), ACTION_OF_CODE[batch.first_moves[index]])
        if len(others):
            wrong[index] = MOVE_CODES[others[0]]
    is_wrong = wrong != batch.first_moves
    assert is_wrong.mean() > 0.9
    loss, exact = CODEC.loss(sure_of(wrong[is_wrong]), batch[np.flatnonzero(is_wrong)])
    assert float(loss) > 10 and float(exact) == 0.0


def test_answers_mark_the_squares_of_the_best_legal_move():
    batch = TASK.draw(range(300))
    answers = CODEC.decode(sure_of(batch.first_moves), batch.planes).numpy()
    assert answers.dtype == np.uint8 and np.array_equal(answers, batch.solutions)
    assert TASK.judge(batch, answers)[0].all()
    probabilities = CODEC.probabilities(sure_of(batch.first_moves), batch.planes)
    assert np.array_equal(probabilities.numpy() > 0.5, batch.solutions == 1)
    logits = random_logits(300)
    for fen, answer in zip(
        TASK.puzzles_of(batch).fens(), CODEC.decode(logits, batch.planes), strict=True
    ):
        squares = set(np.flatnonzero(answer.flatten()).tolist())
        named = (chess.Move.from_uci(MOVES[action]) for action in legal_actions(fen))
        assert squares in [{move.from_square, move.to_square} for move in named]


def test_probabilities_of_squares_are_those_of_the_moves_over_them():
    shown = planes(SHOWN[:20])
    logits = random_logits(20)
    found = CODEC.probabilities(logits, shown).flatten(1)
    of_actions = CODEC.log_probabilities(logits, shown).exp()
    for index, fen in enumerate(SHOWN[:20]):
        begins, ends = torch.zeros(64), torch.zeros(64)
        for action in legal_actions(fen):
            move = chess.Move.from_uci(MOVES[action])
            begins[move.from_square] += of_actions[index, action]
            ends[move.to_square] += of_actions[index, action]
        torch.testing.assert_close(found[index], torch.maximum(begins, ends))


def test_pictures_show_the_probabilities_of_the_moves():
    logits, shown = random_logits(3), planes(SHOWN[:3])
    found = CODEC.pictured(logits, shown)
    assert torch.equal(found, CODEC.preferences(logits, shown).exp())
    torch.testing.assert_close(found.sum(dim=1), torch.ones(3))


def test_where_the_game_is_over_no_square_is_marked():
    shown = planes([MATED, SHOWN[0]])
    answers = CODEC.decode(random_logits(2), shown)
    assert not answers[0].any() and answers[1].sum() == 2
    assert (CODEC.preferences(random_logits(2), shown)[0] == ILLEGAL).all()
    assert not CODEC.probabilities(random_logits(2), shown)[0].any()


def changed(*places) -> np.ndarray:
    """Planes of the first position with some numbers changed."""
    shown = planes(SHOWN[:1]).copy()
    for plane, rank, file in places:
        shown[0, plane, rank, file] ^= 1
    return shown


def test_planes_of_no_possible_position_are_refused():
    shown = planes(SHOWN[:1])[0]
    ((rank, file),) = np.argwhere(shown[5])  # the own king
    empty = np.argwhere(shown[:12].sum(axis=0) == 0)
    for wrong, words in (
        (changed((0, rank, file)), "two pieces stand on one square"),
        (changed((5, rank, file)), "not one king a side"),
        (changed((0, 0, file), (5, rank, file)), "not one king a side, or too many pieces"),
        (changed((12, 3, 3)), "two pieces stand on one square, or the like"),  # half a plane
        (changed((16, *empty[0])), "taking en passant where that is not legal"),
    ):
        with pytest.raises(ValueError, match="planes of possible positions, got one") as refused:
            CODEC.encode(wrong)
        assert words in str(refused.value)
    for wrong in (shown, shown[None, :12], shown[None] * 0.5, shown[None] * 2):
        with pytest.raises(ValueError, match="problems for a 'chess' agent must be planes"):
            CODEC.encode(wrong)
