"""Imagining that stops by itself: when, what is played then, and how trees take turns."""

import chess
import numpy as np
import pytest
import torch

from tests.deep_thinking.conftest import CHESS_INTERFACE
from tests.deep_thinking.imagination.fake_net import FakeNet, Node, root_of
from tests.deep_thinking.imagination.test_trees import grown, trees_of
from thinkenv import chess_puzzles
from thinkenv.chess_puzzles import planes
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.architectures.messages import MessageNet, MessageSettings
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet, RecurrentSettings
from thinkenv.deep_thinking.codecs.chess import ChessCodec
from thinkenv.deep_thinking.codecs.moves import MoveCodec
from thinkenv.deep_thinking.imagination import going_on
from thinkenv.deep_thinking.imagination.manner import Manner, indifferent
from thinkenv.deep_thinking.kernels.trees import NOT_IMAGINED
from thinkenv.deep_thinking.rollout.acceleration import Acceleration

CODEC = MoveCodec(ChessPuzzleTask)
ONE_MOVE = "7k/R7/8/8/8/8/8/1R4K1 b - - 0 1"
STALEMATE = "7k/5Q2/6K1/8/8/8/8/8 b - - 0 1"
MATE_IN_ONE = "7k/8/5K2/6Q1/8/8/8/8 w - - 0 1"
FENS = [*chess_puzzles.load(split="all").fens()[:500:100], ONE_MOVE, STALEMATE, MATE_IN_ONE]
SHOWN = planes(FENS)
LEAD = 6
MANNER = Manner(settled_lead=LEAD)
MOST = 40
# Nothing but rules to go by, and no lead is enough.
IGNORANT = Manner(candidates=218, temperature=100.0, appraise=indifferent, settled_lead=10**6)


@pytest.fixture
def agent() -> Agent:
    return Agent(FakeNet(), CODEC, 3)


def think(agent: Agent, manner: Manner = MANNER, most: int = MOST, **options):
    return agent.think(SHOWN, imagine="settled", manner=manner, max_imagined=most, **options)


def mates(node: Node, thinker_moves: bool = True) -> bool:
    """Whether the thinker mates for certain from a node of a slow search, by what was imagined."""
    if node.is_over:
        return node.value == 1.0
    known = [child is not None and mates(child, not thinker_moves) for child in node.children]
    if thinker_moves:
        return any(known)
    return all(known) and len(known) == node.board.legal_moves.count()


def is_settled(root: Node, lead: int) -> bool:
    if len(root.moves) <= 1:
        return True
    played = root.best()
    others = [visits for index, visits in enumerate(root.visits) if index != played]
    child = root.children[played]
    has_lead = root.visits[played] - max(others) >= lead
    return has_lead or (child is not None and mates(child, False))


@pytest.mark.parametrize("manner", [MANNER, Manner(candidates=3, settled_lead=11), IGNORANT])
def test_trees_stop_where_a_slow_search_has_settled(agent, manner):
    thought = think(agent, manner)
    for index, fen in enumerate(FENS):
        root, imagined = root_of(fen, 3, manner), 0
        while not is_settled(root, manner.settled_lead) and imagined < MOST:
            for _ in range(going_on.LOOK_EVERY):
                root.imagine()
            imagined += going_on.LOOK_EVERY
        assert thought.imagined[index] == imagined
        assert thought.settled[index] == is_settled(root, manner.settled_lead)
    assert thought.settled.any() and not thought.settled.all()


def test_what_is_played_is_what_would_be_after_so_many_positions(agent):
    thought = think(agent)
    assert len(set(thought.imagined.tolist())) >= 2
    for index, point in enumerate(thought.imagined.tolist()):
        if point == 0:
            expected = agent.think(SHOWN[index])
            assert thought.lines[index] == []
        else:
            expected = agent.think(SHOWN[index], imagine=point)
            assert np.array_equal(thought.preferences[index], expected.preferences)
            assert thought.lines[index] == expected.lines
        assert np.array_equal(thought.answer[index], expected.answer)


def test_of_one_move_or_none_and_of_a_mate_nothing_more_is_imagined(agent):
    thought = think(agent, IGNORANT, 120)
    only, over, mating = range(len(FENS) - 3, len(FENS))
    assert thought.imagined[only] == 0 and thought.settled[only] and thought.answer[only].any()
    assert thought.imagined[over] == 0 and thought.settled[over]
    assert not thought.answer[over].any()
    assert thought.settled[mating] and 0 < thought.imagined[mating] < 120
    board = chess.Board(MATE_IN_ONE)
    board.push_uci(thought.lines[mating][0])
    assert board.is_checkmate()


@pytest.mark.parametrize(("trees_at_a_time", "room"), [(1, 7), (2, 1000), (5, 1)])
def test_trees_take_turns_in_the_same_room(agent, monkeypatch, trees_at_a_time, room):
    expected = think(agent)
    monkeypatch.setattr(going_on, "MOST_TREES", trees_at_a_time)
    monkeypatch.setattr(going_on, "FIRST_ROOM", room)
    told = []
    several = agent.settle(agent.think(SHOWN), MOST, MANNER, told.append)
    assert sum(told) == len(SHOWN) and max(told) <= trees_at_a_time
    for name in ("answer", "imagined", "settled", "preferences"):
        assert np.array_equal(getattr(several, name), getattr(expected, name)), name
    assert several.lines == expected.lines


@pytest.mark.parametrize("most", [1, 6, 7])
def test_it_gives_up_after_just_so_many(agent, most):
    thought = think(agent, IGNORANT, most)
    assert thought.imagined.max() == most
    assert (thought.imagined[~thought.settled] == most).all() and not thought.settled[:5].any()
    expected = agent.think(SHOWN[:5], imagine=most, manner=IGNORANT)
    assert np.array_equal(thought.answer[:5], expected.answer)


def test_a_larger_lead_takes_longer(agent):
    before = None
    for lead in (1, 4, 12):
        imagined = think(agent, Manner(settled_lead=lead)).imagined
        assert before is None or (imagined >= before).all()
        before = imagined


def test_room_comes_to_hardly_more_than_the_most():
    for most in (1, 255, 256, 257, 1000, 1024, 10**6):
        room = going_on.room_at_first(most)
        assert 1 <= room <= going_on.FIRST_ROOM
        nodes = room + 1
        while nodes < most + 1:
            nodes *= 2
        assert most < nodes <= 1.02 * most + 1


def test_one_problem_alone_lacks_the_first_axis(agent):
    several = think(agent)
    one = agent.think(SHOWN[2], imagine="settled", manner=MANNER, max_imagined=MOST)
    assert int(one.imagined) == several.imagined[2] and bool(one.settled) == several.settled[2]
    assert one.lines == several.lines[2] and one.answer.shape == (8, 8)
    assert "100% settled" in repr(one) and f"{several.settled.mean():.0%} settled" in repr(several)
    fixed = agent.think(SHOWN, imagine=4)
    assert fixed.settled is None and "settled" not in repr(fixed)
    told = []
    agent.think(SHOWN[0], imagine="settled", max_imagined=5, progress=told.append)
    assert told == [1]


def test_a_tree_in_the_place_of_another_is_as_if_alone():
    fens = FENS[:4]
    trees, others = grown(fens, 30), trees_of(FENS[4:6])
    roots, memory = others.positions[:, 0], others.memory[:, 0].float()
    kept = trees.preferences()[[0, 3]]
    trees.replace(np.array([2, 1]), roots, memory)
    assert trees.imagined.tolist() == [30, 0, 0, 30]
    for _ in range(40):
        trees.imagine(np.array([1, 2]))
        others.imagine()
    assert np.array_equal(trees.preferences(np.array([2, 1])), others.preferences())
    assert np.array_equal(trees.preferences()[[0, 3]], kept)
    for ours, theirs in ((2, 0), (1, 1)):
        nodes = others.nodes[theirs]
        assert trees.nodes[ours] == nodes and trees.line(ours) == others.line(theirs)
        assert (trees.children[ours, nodes:] == NOT_IMAGINED).all()
        assert np.array_equal(trees.visits[ours, :nodes], others.visits[theirs, :nodes])


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_message_net_stops_by_itself(precision):
    torch.manual_seed(3)
    net = MessageNet(MessageSettings(8, 2, 3, 4), CODEC.interface)
    thought = think(Agent(net, CODEC, 2, acceleration=Acceleration(precision)))
    assert ((thought.imagined == MOST) | thought.settled).all()
    assert thought.memory.dtype == torch.float32


def test_what_is_not_allowed_is_refused(agent):
    with pytest.raises(
        ValueError, match="imagine must be an integer .* or 'settled', got 'setled'"
    ):
        agent.think(SHOWN, imagine="setled")
    with pytest.raises(ValueError, match="max_imagined must be an integer in .*, got 0"):
        think(agent, most=0)
    with pytest.raises(TypeError, match="max_imagined must be an integer in .*, got 1.5"):
        think(agent, most=1.5)
    with pytest.raises(ValueError, match="thought must be about several problems, got one"):
        agent.settle(agent.think(SHOWN[0]))
    net = RecurrentNet(RecurrentSettings(memory_channels=4), CHESS_INTERFACE)
    with pytest.raises(ValueError, match="imagine: nets of the kind 'recurrent' cannot imagine"):
        think(Agent(net, ChessCodec(ChessPuzzleTask), 2))
