"""Legal moves of positions of one's own, ranked by agents; python-chess knows which are legal."""

import chess
import numpy as np
import pytest
import torch

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.playing import Lines
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.codecs.chess import ChessCodec
from thinkenv.deep_thinking.watching import watch

SCHOLARS_MATE = "rnbqkbnr/pppp1ppp/8/4p3/6P1/5P2/PPPPP2P/RNBQKBNR b KQkq - 0 2"
PROMOTIONS = "r2n4/2P5/8/8/8/6k1/8/4K3 w - - 0 1"
STALEMATE = "7k/5Q2/6K1/8/8/8/8/8 b - - 0 1"
PUZZLES = chess_puzzles.load(split="all")


@pytest.fixture(scope="module", params=["chess", "chess_squares"])
def agent(request):
    return load(request.param)


def random_preferences(planes):
    logits = torch.from_numpy(np.random.default_rng(0).normal(size=(len(planes), 2, 8, 8)))
    return ChessCodec(ChessPuzzleTask).preferences(logits, planes).numpy()


def test_first_is_the_move_that_whole_puzzles_are_played_with():
    fens = PUZZLES.fens()[:500]
    ranked = ChessCodec(ChessPuzzleTask).rank(fens, random_preferences)
    lines = Lines(PUZZLES, 500, first_only=False)
    everyone = np.arange(500)
    lines.begin(PUZZLES.rows[:500], everyone)
    scores = random_preferences(lines.show(everyone)).astype(np.float32)
    chosen = lines.choose(scores[:, 0], scores[:, 1], everyone)
    for fen, moves, action in zip(fens, ranked, chosen, strict=True):
        assert moves[0].move == chess_puzzles.move_of(fen, action)


def test_all_legal_moves_and_no_others_are_ranked_with_probabilities_of_their_squares():
    fens = [*PUZZLES.fens()[:100], PROMOTIONS]
    preferences = random_preferences(chess_puzzles.planes(fens)).astype(np.float64)
    ranked = ChessCodec(ChessPuzzleTask).rank(fens, random_preferences)
    for fen, moves, of_squares in zip(fens, ranked, preferences, strict=True):
        board = chess.Board(fen)
        mirror = 0 if board.turn else 56
        weights = {
            move.uci(): np.exp(
                of_squares[0, move.from_square ^ mirror] + of_squares[1, move.to_square ^ mirror]
            )
            * (move.promotion in (None, chess.QUEEN))
            for move in board.legal_moves
        }
        assert {move for move, _ in moves} == set(weights)
        probabilities = [probability for _, probability in moves]
        assert probabilities == sorted(probabilities, reverse=True)
        expected = [weights[move] / sum(weights.values()) for move, _ in moves]
        np.testing.assert_allclose(probabilities, expected)


def test_of_promotions_over_the_same_squares_the_queen_comes_first_and_has_it_all():
    (moves,) = ChessCodec(ChessPuzzleTask).rank([PROMOTIONS], random_preferences)
    promotions = [move for move, _ in moves if move.startswith("c7d8")]
    assert promotions == ["c7d8q", "c7d8r", "c7d8b", "c7d8n"]
    assert all(probability == 0 for move, probability in moves if move[4:] in ("r", "b", "n"))


def test_an_agent_finds_the_mate_and_ranks_boards_and_lists(agent):
    moves = agent.rank(SCHOLARS_MATE)
    assert moves[0].move == "d8h4" and moves[0].probability > 0.9
    assert sum(move.probability for move in moves) == pytest.approx(1)
    several = agent.rank([chess.Board(SCHOLARS_MATE), STALEMATE], iterations=5)
    assert len(several[0]) == len(moves) and several[1] == []
    assert [move for move, _ in several[0]] == [
        move for move, _ in agent.rank(SCHOLARS_MATE, iterations=5)
    ]
    assert agent.rank([]) == []


@pytest.mark.parametrize(
    ("position", "iterations", "error", "words"),
    [
        ("8/8/8/8 w - - 0 1", None, ValueError, "not eight ranks"),
        (17, None, TypeError, "position must be a FEN"),
        (SCHOLARS_MATE, "soon", ValueError, "iterations must be"),
    ],
)
def test_what_cannot_be_ranked_is_said(agent, position, iterations, error, words):
    with pytest.raises(error, match=words):
        agent.rank(position, iterations)


def test_after_imagining_moves_are_ranked_by_how_often_they_were_looked_into():
    agent = load("chess")
    fens = [PUZZLES.fens()[0], STALEMATE, SCHOLARS_MATE]
    ranked = agent.rank(fens, imagine=16)
    assert ranked[1] == [] and ranked[2][0].move == "d8h4"
    thought = agent.think(chess_puzzles.planes(fens), imagine=16)
    for fen, moves, looks in zip(fens, ranked, np.exp(thought.preferences), strict=True):
        assert {move for move, _ in moves} == {move.uci() for move in chess.Board(fen).legal_moves}
        for move, probability in moves:
            share = looks[chess_puzzles.action_of(fen, move)]
            assert probability == pytest.approx(float(share), abs=1e-5)
    assert agent.rank(fens[0], imagine=16)[0].move == ranked[0][0].move
    soon = agent.rank(fens[0], imagine="settled")
    assert sum(probability for _, probability in soon) == pytest.approx(1)


def test_agents_that_cannot_imagine_rank_no_imagined_moves():
    with pytest.raises(ValueError, match="imagine: nets of the kind 'recurrent' cannot imagine"):
        load("chess_squares").rank(SCHOLARS_MATE, imagine=4)
    with pytest.raises(ValueError, match="imagine must be an integer .* or 'settled', got 'soon'"):
        load("chess").rank(SCHOLARS_MATE, imagine="soon")


def test_agents_of_other_tasks_rank_no_moves():
    with pytest.raises(ValueError, match="only agents of 'chess' rank moves, got one of 'maze'"):
        load("maze").rank(SCHOLARS_MATE)


def test_a_position_without_a_solution_is_watched(agent):
    task = chess_puzzles.PositionTask(SCHOLARS_MATE)
    watched = watch(agent, task, task.draw([0]), iterations=5, frames=3)
    assert watched.iterations == 5 and "no solution is known" in watched.summary
    assert "solved" not in watched.notes[-1] and len(watched.frames) == 4
