"""Chess puzzles for agents: what nets see, what their answers mean, and how lines are played."""

from types import SimpleNamespace

import chess
import numpy as np
import pytest
import torch

from thinkenv.deep_thinking.chess_problems import ChessProblems
from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.notation import move_of_uci, position_of_fen
from thinkenv.chess_puzzles.packing import encode_position

COUNT = 300


@pytest.fixture(scope="module")
def problems():
    return ChessProblems("all")


@pytest.fixture(scope="module")
def batch(problems):
    return problems.draw(seed=0, count=COUNT)


def logits_of_moves(moves, promise=9.0):
    """Logits ``(B, 2, 8, 8)`` that are sure of the squares of move codes."""
    logits = torch.zeros(len(moves), 2, 64)
    for index, move in enumerate(moves):
        logits[index, 0, move & 63] = promise
        logits[index, 1, move >> 6 & 63] = promise
    return logits.unflatten(2, (8, 8))


def planes_of_board(board):
    planes = np.empty((17, 64), np.uint8)
    encode_position(position_of_fen(board.fen()), planes)
    return planes


class Oracle:
    """Thinks of the recorded move at each of the first ``moves`` moves of the solver."""

    def __init__(self, moves):
        self.known = {}
        puzzles = chess_puzzles.load()
        for index in range(COUNT):
            board = chess.Board(puzzles.fen(index))
            for ply, uci in enumerate(puzzles.solution(index)):
                if ply % 2 == 0 and ply // 2 < moves:
                    code = move_of_uci(uci, board.turn == chess.BLACK)
                    self.known[planes_of_board(board).tobytes()] = code
                board.push_uci(uci)

    def think(self, planes, iterations, most_iterations, read):
        codes = [self.known.get(one.tobytes(), 0) for one in planes]
        return SimpleNamespace(answer=read(logits_of_moves(codes)).numpy())


def test_inputs_are_the_planes_and_a_board_of_ones(problems, batch):
    inputs = problems.encode(batch.problems)
    assert inputs.shape == (COUNT, problems.input_channels, 8, 8)
    assert np.array_equal(inputs[:, :17].numpy(), batch.planes)
    assert bool((inputs[:, 17] == 1).all())
    with pytest.raises(ValueError, match="a chess agent needs planes"):
        problems.encode(batch.problems[:, :12])


def test_being_sure_of_the_right_squares_has_no_loss_and_of_others_much(problems, batch):
    loss, exact = problems.score(logits_of_moves(batch.first_moves.tolist(), 30.0), batch)
    assert float(loss) < 1e-3 and float(exact) == 1.0
    wrong = (batch.first_moves ^ 1).tolist()  # the neighbouring file
    loss, exact = problems.score(logits_of_moves(wrong, 30.0), batch)
    assert float(loss) > 10 and float(exact) == 0.0


def test_answers_mark_the_most_probable_squares(problems, batch):
    answers = problems.answer(logits_of_moves(batch.first_moves.tolist())).numpy()
    assert np.array_equal(answers, batch.solutions)
    assert problems.judge(batch, answers)["solved"].all()
    probabilities = problems.probabilities(logits_of_moves(batch.first_moves.tolist()))
    assert np.array_equal(probabilities.numpy() > 0.5, batch.solutions == 1)


def test_a_puzzle_is_not_changed_a_little(problems, batch):
    with pytest.raises(ValueError, match="cannot be changed a little"):
        problems.vary(batch, batch.instances)


def test_whole_lines_are_solved_by_who_knows_them_and_not_by_who_knows_the_first_move(
    problems, batch
):
    line_lengths = problems.source.puzzles.move_counts[:COUNT]
    everything = problems.play(batch, Oracle(99), iterations=1, most_iterations=1)
    # Only who promotes to less than a queen can miss.
    assert everything["line"].mean() > 0.99 and everything["first_move"].mean() > 0.99
    first_only = problems.play(batch, Oracle(1), iterations=1, most_iterations=1)
    assert first_only["first_move"].mean() > 0.99
    assert first_only["line"][line_lengths == 1].all()
    assert first_only["line"][line_lengths > 1].mean() < 0.3


def test_test_puzzles_come_by_rating_and_never_from_training():
    options = {"database": "bundled", "split": None, "rating": None}
    buckets = ChessProblems.for_testing(options)
    train = set(chess_puzzles.load(split="train").rows.tolist())
    for bucket in buckets:
        low, high = bucket.source.rating_band
        ratings = bucket.source.puzzles.ratings
        assert high == (1499 if low == 1400 else low + 199)  # the gap is in no split
        assert low <= ratings.min() <= ratings.max() <= high
        assert not train & set(bucket.source.puzzles.rows.tolist())
    assert buckets[0].axes["split"] == "test" and buckets[-1].axes["split"] == "extrapolation"
    cut = ChessProblems.for_testing({**options, "rating": (1300, 1700)})
    assert [bucket.source.rating_band for bucket in cut] == [
        (1300, 1399),
        (1400, 1499),
        (1600, 1700),
    ]
    whole = ChessProblems.for_watching({**options, "rating": (1650, 2100)})
    assert whole.source.rating_band == (1650, 2100) and whole.source.puzzles.ratings.max() > 2000
    with pytest.raises(ValueError, match="no puzzle of the split is rated"):
        ChessProblems.for_testing({**options, "rating": (3000, 3100)})
