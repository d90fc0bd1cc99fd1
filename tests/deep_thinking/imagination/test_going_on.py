"""Thoughts that go on by imagining: points, chunks, one problem, whole puzzles, and refusals."""

import tracemalloc

import chess
import numpy as np
import pytest
import torch

from tests.deep_thinking.conftest import CHESS_INTERFACE
from tests.deep_thinking.imagination.fake_net import FakeNet, root_of
from thinkenv import chess_puzzles
from thinkenv.chess_puzzles import action_of, move_of, planes
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.architectures.messages import MessageNet, MessageSettings
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet, RecurrentSettings
from thinkenv.deep_thinking.codecs.chess import ChessCodec
from thinkenv.deep_thinking.codecs.moves import MoveCodec
from thinkenv.deep_thinking.imagination import going_on
from thinkenv.deep_thinking.imagination.manner import Manner, indifferent
from thinkenv.deep_thinking.rollout.acceleration import Acceleration

CODEC = MoveCodec(ChessPuzzleTask)
FENS = chess_puzzles.load(split="all").fens()[:700:100]
SHOWN = planes(FENS)
STALEMATE = "7k/5Q2/6K1/8/8/8/8/8 b - - 0 1"


@pytest.fixture
def agent() -> Agent:
    return Agent(FakeNet(), CODEC, 3)


def assert_same(one, other) -> None:
    """Two thoughts are the same in all that imagining adds."""
    assert np.array_equal(one.answer, other.answer) and one.lines == other.lines
    assert np.array_equal(one.imagined, other.imagined)
    assert np.array_equal(one.preferences, other.preferences)


def test_it_plays_what_a_slow_search_prefers(agent):
    thought = agent.think(SHOWN, imagine=40)
    assert thought.imagined.tolist() == [40] * 7 and thought.iterations.tolist() == [3] * 7
    for index, fen in enumerate(FENS):
        root = root_of(fen, 3, Manner())
        for _ in range(40):
            root.imagine()
        best = root.action(root.best())
        assert thought.preferences[index].argmax() == best
        move = chess.Move.from_uci(chess_puzzles.MOVES[best])
        squares = np.flatnonzero(thought.answer[index].reshape(64)).tolist()
        assert sorted({move.from_square, move.to_square}) == squares
        assert thought.lines[index][0] == chess_puzzles.MOVES[best]
        board = chess.Board(fen)
        for name in thought.lines[index]:  # each as the side sees it that moves
            board.push_uci(move_of(board, chess_puzzles.MOVES.index(name)))
        assert np.exp(thought.preferences[index]).sum() == pytest.approx(1, abs=1e-4)


def test_several_numbers_on_the_way_are_those_of_separate_thoughts(agent):
    points = [1, 5, 30]
    told = []
    thoughts = agent.imagine_at(agent.think(SHOWN), points, progress=told.append)
    assert sum(told) == len(SHOWN)
    for point, thought in zip(points, thoughts, strict=True):
        assert thought.imagined.tolist() == [point] * 7
        assert_same(thought, agent.think(SHOWN, imagine=point))
        assert torch.equal(thought.memory, agent.think(SHOWN).memory)


def test_how_many_trees_grow_at_a_time_does_not_matter(agent, monkeypatch):
    expected = agent.think(SHOWN, imagine=20)
    for most in (1, 3):
        monkeypatch.setattr(going_on, "MOST_TREES", most)
        told = []
        (found,) = agent.imagine_at(agent.think(SHOWN), [20], progress=told.append)
        assert_same(found, expected)
        assert max(told) == most and sum(told) == 7


def test_the_memory_that_is_needed_does_not_grow_with_the_problems():
    memory = torch.zeros(1000, 64, 64)
    for capacity in (1, 64, 1024, 10**7):
        trees = going_on.trees_at_a_time(capacity, memory)
        assert trees == 1 or trees * (capacity + 1) * 64 * 64 * 2 <= going_on.MOST_BYTES
        assert 1 <= trees <= going_on.MOST_TREES


def test_one_problem_alone_lacks_the_first_axis(agent):
    several, one = agent.think(SHOWN, imagine=10), agent.think(SHOWN[2], imagine=10)
    assert one.answer.shape == (8, 8) and int(one.imagined) == 10
    assert np.array_equal(one.answer, several.answer[2])
    assert np.array_equal(one.preferences, several.preferences[2])
    assert one.lines == several.lines[2]
    assert "10 positions imagined" in repr(one) and "10 positions imagined" in repr(several)
    assert "imagined" not in repr(agent.think(SHOWN))
    told = []
    agent.think(SHOWN[0], imagine=4, progress=told.append)
    agent.think(SHOWN, imagine=4, progress=told.append)
    assert told == [1, 7]


def test_where_the_game_is_over_there_is_no_answer(agent):
    thought = agent.think(planes([STALEMATE, FENS[0]]), imagine=4)
    assert thought.imagined.tolist() == [0, 4] and thought.lines[0] == []
    assert not thought.answer[0].any() and thought.answer[1].sum() == 2


def test_preferences_of_a_thought_are_those_of_imagining_if_it_did(agent):
    thought = agent.think(SHOWN)
    logits = agent.net.decode(thought.memory)
    assert np.array_equal(agent.preferences(thought), CODEC.preferences(logits, SHOWN).numpy())
    imagined = agent.think(SHOWN, imagine=10)
    assert agent.preferences(imagined) is imagined.preferences


def test_whole_puzzles_are_played_by_what_was_imagined():
    """Nothing but rules and a search finds all mates in one, and plays them."""
    agent = Agent(FakeNet(), CODEC, 1)
    task = ChessPuzzleTask("bundled", "all", themes=["mateIn1"])
    batch = task.draw(range(30))
    manner = Manner(candidates=218, temperature=100.0, appraise=indifferent)

    def preferences(shown):
        return agent.preferences(agent.think(shown, imagine=150, manner=manner))

    played = task.play(batch, preferences)
    assert played["line"].all() and played["first_move"].all()
    answers = agent.think(batch.problems, imagine=150, manner=manner).answer
    assert task.judge(batch, answers)[0].all()


def test_positions_are_ranked_by_scores_of_moves(agent):
    ranked = agent.rank(FENS)
    of_moves = agent.preferences(agent.think(SHOWN))
    for fen, moves, scores in zip(FENS, ranked, of_moves, strict=True):
        for move, probability in moves:
            score = scores[action_of(fen, move)]
            assert probability == pytest.approx(float(np.exp(score)), rel=1e-4)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_message_net_imagines(precision):
    torch.manual_seed(3)
    net = MessageNet(MessageSettings(8, 2, 3, 4), CODEC.interface)
    agent = Agent(net, CODEC, 2, acceleration=Acceleration(precision))
    thought = agent.think(SHOWN, imagine=12)
    assert thought.imagined.tolist() == [12] * 7 and thought.memory.dtype == torch.float32
    for fen, answer, line in zip(FENS, thought.answer, thought.lines, strict=True):
        assert answer.sum() == 2 and line
        board = chess.Board(fen)
        for name in line:
            board.push_uci(move_of(board, chess_puzzles.MOVES.index(name)))


@pytest.mark.parametrize("points", [[], [0], [3, 2], [2, 2], [-1], [1.5], ["many"], [True, 1]])
def test_wrong_numbers_are_refused(agent, points):
    with pytest.raises(
        ValueError, match="imagine must be increasing integers from 1 to 1000000, got"
    ):
        agent.imagine_at(agent.think(SHOWN), points)


@pytest.mark.parametrize("imagine", [0, -1, 2.5, True, "x", 10**6 + 1, 10**15])
def test_what_cannot_be_imagined_is_refused_before_anything_is_thought(agent, imagine, monkeypatch):
    monkeypatch.setattr(agent, "start", None)
    with pytest.raises(ValueError, match="imagine must be an integer from 1 to 1000000 or"):
        agent.think(SHOWN, imagine=imagine)
    with pytest.raises(ValueError, match="max_imagined must be an integer in"):
        agent.think(SHOWN, imagine=3, max_imagined=0)


def test_there_is_room_for_what_was_asked_for_only_when_it_is_needed(agent):
    mated = planes(["7k/6Q1/6K1/8/8/8/8/8 b - - 0 1"])
    tracemalloc.start()
    thought = agent.think(mated, imagine=10**6)
    assert thought.imagined.tolist() == [0] and tracemalloc.get_traced_memory()[1] < 2**27
    tracemalloc.stop()


@pytest.mark.parametrize("number", [1, 7])
def test_progress_counts_each_problem_once_when_it_is_done(agent, number):
    told = []
    agent.think(SHOWN[:number], imagine=2, progress=told.append)
    assert sum(told) == number
    told = []
    agent.think(SHOWN[0], imagine=2, progress=told.append)
    assert told == [1]


def test_nets_that_cannot_imagine_say_so():
    net = RecurrentNet(RecurrentSettings(memory_channels=4), CHESS_INTERFACE)
    agent = Agent(net, ChessCodec(ChessPuzzleTask), 2)
    with pytest.raises(ValueError, match="imagine: nets of the kind 'recurrent' cannot imagine"):
        agent.think(SHOWN, imagine=3)


def test_a_thought_about_one_problem_is_not_gone_on_from(agent):
    with pytest.raises(ValueError, match="thought must be about several problems, got one"):
        agent.imagine_at(agent.think(SHOWN[0]), [3])
