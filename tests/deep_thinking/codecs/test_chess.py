"""Chess puzzles for nets: what they see, what their answers mean, and how lines are played."""

from dataclasses import replace

import chess
import numpy as np
import pytest
import torch

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.notation import move_of_uci, position_of_fen
from thinkenv.chess_puzzles.packing import PACKED_BYTES, pack, planes_of
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.deep_thinking.codecs.chess import ChessCodec

COUNT = 300
CODEC = ChessCodec(ChessPuzzleTask)


@pytest.fixture(scope="module")
def task():
    return ChessPuzzleTask("bundled", "all")


@pytest.fixture(scope="module")
def batch(task):
    return task.draw(range(COUNT))


def logits_of_moves(moves, promise=9.0):
    """Logits ``(B, 2, 8, 8)`` that are sure of the squares of move codes."""
    logits = torch.zeros(len(moves), 2, 64)
    for index, move in enumerate(moves):
        logits[index, 0, move & 63] = promise
        logits[index, 1, move >> 6 & 63] = promise
    return logits.unflatten(2, (8, 8))


def planes_of_board(board):
    packed = np.empty((1, PACKED_BYTES), np.uint8)
    pack(position_of_fen(board.fen()), packed[0])
    return planes_of(packed, [0])[0].reshape(17, 64)


class Oracle:
    """Prefers the recorded move at each of the first ``moves`` moves of the solver."""

    def __init__(self, moves):
        self.known = {}
        puzzles = chess_puzzles.load(split="all")
        for index in range(COUNT):
            board = chess.Board(puzzles.fen(index))
            for ply, uci in enumerate(puzzles.solution(index)):
                if ply % 2 == 0 and ply // 2 < moves:
                    code = move_of_uci(uci, board.turn == chess.BLACK)
                    self.known[planes_of_board(board).tobytes()] = code
                board.push_uci(uci)

    def __call__(self, planes):
        codes = [self.known.get(one.tobytes(), 0) for one in planes]
        return CODEC.preferences(logits_of_moves(codes), planes).numpy()


def test_inputs_are_the_planes_and_a_board_of_ones(batch):
    inputs = CODEC.encode(batch.problems)
    assert inputs.shape == (COUNT, CODEC.interface.input_channels, 8, 8)
    assert inputs.is_contiguous(memory_format=torch.channels_last)
    assert np.array_equal(inputs[:, :17].numpy(), batch.planes)
    assert bool((inputs[:, 17] == 1).all())
    assert CODEC.board(batch.problems) == (8, 8)
    assert bool((CODEC.encode(batch.problems.astype(np.int64)) == inputs).all())
    planes = batch.problems
    for wrong in (planes[:, :12], planes[0], planes * 0.5, planes * 2):
        with pytest.raises(ValueError, match="problems for a 'chess' agent must be planes"):
            CODEC.encode(wrong)


def test_being_sure_of_the_right_squares_has_no_loss_and_of_others_much(batch):
    loss, exact = CODEC.loss(logits_of_moves(batch.first_moves.tolist(), 30.0), batch)
    assert float(loss) < 1e-3 and float(exact) == 1.0
    wrong = (batch.first_moves ^ 1).tolist()  # the neighbouring file
    loss, exact = CODEC.loss(logits_of_moves(wrong, 30.0), batch)
    assert float(loss) > 10 and float(exact) == 0.0


def test_answers_mark_the_most_probable_squares(task, batch):
    logits = logits_of_moves(batch.first_moves.tolist())
    answers = CODEC.decode(logits, batch.planes).numpy()
    assert np.array_equal(answers, batch.solutions)
    solved, _ = task.judge(batch, answers)
    assert solved.all()
    probabilities = CODEC.probabilities(logits, batch.planes)
    assert np.array_equal(probabilities.numpy() > 0.5, batch.solutions == 1)


def test_preferences_are_log_probabilities_of_each_square(batch):
    preferences = CODEC.preferences(logits_of_moves(batch.first_moves.tolist()), batch.planes)
    assert preferences.shape == (COUNT, 2, 64)
    torch.testing.assert_close(preferences.exp().sum(dim=2), torch.ones(COUNT, 2))
    assert np.array_equal(preferences.argmax(dim=2)[:, 0].numpy(), batch.first_moves & 63)


def test_a_puzzle_is_not_changed_a_little(task, batch):
    with pytest.raises(ValueError, match="no small change is known of problems of the task 'che"):
        task.perturb(batch, batch.instances)


def test_whole_lines_are_solved_by_an_agent_that_knows_them_and_not_by_the_first_move_alone(
    task, batch
):
    line_lengths = task.puzzles_of(batch).move_counts
    everything = task.play(batch, Oracle(99))
    # Only where less than a queen is to be promoted to can it miss.
    assert everything["line"].mean() > 0.99 and everything["first_move"].mean() > 0.99
    first_only = task.play(batch, Oracle(1))
    assert first_only["first_move"].mean() > 0.99
    assert first_only["line"][line_lengths == 1].all()
    assert first_only["line"][line_lengths > 1].mean() < 0.3


def test_test_puzzles_come_by_rating_and_never_from_training():
    def buckets_of(**options):
        return replace(ChessPuzzleTask.testing_options(), **options).tasks(ChessPuzzleTask)

    buckets = buckets_of()
    train = set(chess_puzzles.load(split="train").rows.tolist())
    for bucket in buckets:
        low, high = bucket.rating_band
        ratings = bucket.puzzles.ratings
        assert high == (1499 if low == 1400 else low + 199)  # the gap is in no split
        assert low <= ratings.min() <= ratings.max() <= high
        assert not train & set(bucket.puzzles.rows.tolist())
    assert buckets[0].options["split"] == "test"
    assert buckets[-1].options["split"] == "extrapolation"
    cut = buckets_of(rating=(1300, 1700))
    assert [bucket.rating_band for bucket in cut] == [(1300, 1399), (1400, 1499), (1600, 1700)]
    with pytest.raises(ValueError, match="no puzzle of the split is rated"):
        buckets_of(rating=(3000, 3100))
    (shown,) = replace(ChessPuzzleTask.watching_options(), rating=(1650, 2100)).tasks(
        ChessPuzzleTask
    )
    assert shown.rating_band == (1650, 2100) and shown.puzzles.ratings.max() > 2000
