"""The message net: along which relations news travel, bounds of its memory, sides, and files."""

import chess
import numpy as np
import pytest
import torch

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles import planes
from thinkenv.chess_puzzles.packing import positions_of_planes
from thinkenv.chess_puzzles.relations import RELATIONS
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.architectures import ARCHITECTURES
from thinkenv.deep_thinking.architectures.messages import MessageNet, MessageSettings
from thinkenv.deep_thinking.checkpoint import save_agent
from thinkenv.deep_thinking.codecs.choice import codec_for
from thinkenv.deep_thinking.codecs.moves import MoveCodec
from thinkenv.deep_thinking.imagination.manner import ImaginingNet
from thinkenv.deep_thinking.training.imagining import ImaginingTrainer

CODEC = MoveCodec(ChessPuzzleTask)
SETTINGS = MessageSettings(memory_channels=8, message_channels=2, board_channels=3, head_channels=4)
FENS = chess_puzzles.load(split="all").fens()[:30]


@pytest.fixture
def net() -> MessageNet:
    torch.manual_seed(0)
    net = MessageNet(SETTINGS, CODEC.interface).eval()
    with torch.no_grad():  # so that it does not matter little what it hears
        net.heard.normal_()
        net.tell.weight.mul_(3)
    return net


def positions_of(fens) -> np.ndarray:
    return positions_of_planes(planes(fens))


@torch.no_grad()
def after(net, fens, iterations=4, theirs=False, memory=None) -> torch.Tensor:
    """The memory after so many iterations."""
    positions = positions_of(fens)
    injected = net.look(positions, np.full(len(positions), theirs))
    if memory is None:
        memory = torch.zeros(len(positions), 64, SETTINGS.memory_channels)
    for _ in range(iterations):
        memory = net.step(memory, injected)
    return memory


def test_shapes(net):
    inputs = CODEC.encode(planes(FENS))
    memory, injected = net.start(inputs), net.inject(inputs)
    assert memory.shape == (30, 64, 8) and not memory.any()
    memory = net.step(memory, injected)
    assert memory.shape == (30, 64, 8) and memory.dtype == torch.float32
    assert net.decode(memory).shape == net.reply(memory).shape == (30, 67, 8, 8)
    assert net.value(memory).shape == (30,)
    assert injected["relations"].shape == (30, len(RELATIONS), 64, 64)


def test_it_is_known_by_name_and_brings_its_codec_and_its_trainer():
    assert ARCHITECTURES.find("messages") is MessageNet
    assert type(codec_for(ChessPuzzleTask, MessageNet)) is MoveCodec
    assert MessageNet.trainer() is ImaginingTrainer
    assert isinstance(MessageNet(SETTINGS, CODEC.interface), ImaginingNet)


def test_what_is_injected_is_what_a_look_at_the_position_gives(net):
    inputs = CODEC.encode(planes(FENS))
    found = net.inject(inputs)
    looked = net.look(positions_of(FENS), np.zeros(30, np.bool_))
    for name, tensor in looked.items():
        assert torch.equal(found[name], tensor)
    theirs = net.look(positions_of(FENS), np.ones(30, np.bool_))
    assert not torch.equal(theirs["seen"], looked["seen"])
    changed = (theirs["relations"] != looked["relations"]).any(dim=(0, 2, 3))
    assert changed.nonzero().flatten().tolist() == [len(RELATIONS) - 2, len(RELATIONS) - 1]


@torch.no_grad()
def test_an_iteration_is_that_of_a_slow_sum_over_pairs(net):
    memory = torch.rand(2, 64, 8) * 2 - 1
    injected = net.look(positions_of(FENS[:2]), np.array([False, True]))
    found = net.step(memory, injected)
    for board in range(2):
        told = net.tell(memory[board])  # (S, R K)
        heard = torch.zeros(64, len(RELATIONS) * 2)
        for relation, origin, target in injected["relations"][board].nonzero().tolist():
            part = slice(2 * relation, 2 * relation + 2)
            heard[target, part] += told[origin, part]
        heard = torch.relu(heard + net.heard)
        of_board = torch.relu(net.survey(memory[board].mean(dim=0))).expand(64, -1)
        update = net.update(torch.cat([memory[board], heard, of_board], dim=1))
        gate, proposal = (update + injected["seen"][board]).chunk(2, dim=1)
        share = torch.sigmoid(gate)
        expected = (1 - share) * memory[board] + share * torch.tanh(proposal)
        torch.testing.assert_close(found[board], expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_news_of_a_square_reach_in_one_iteration_what_is_related_to_it_and_nothing_else(net):
    net.survey.weight.zero_()  # or else all squares would hear of the board
    net.survey.bias.zero_()
    net.heard.fill_(100.0)  # so that nothing that is told is cut off
    net.update.weight.mul_(0.01)  # nor saturates
    fen = "4r1k1/8/8/8/4R3/8/8/4K3 w - - 0 1"
    memory = torch.rand(1, 64, 8) * 2 - 1
    other = memory.clone()
    other[0, chess.E1] *= -1
    one, two = after(net, [fen], 1, memory=memory), after(net, [fen], 1, memory=other)
    changed = set((one != two).any(dim=2)[0].nonzero().flatten().tolist())
    board = chess.Board(fen)
    related = {chess.E1, *chess.SquareSet(chess.BB_KNIGHT_ATTACKS[chess.E1])}
    for square in chess.SquareSet(chess.BB_ALL):  # lines up to the first piece, both ways
        if chess.ray(chess.E1, square) and not chess.between(chess.E1, square) & board.occupied:
            related.add(square)
    related |= set(range(chess.E4, 64, 8))  # the king's line, up to the second piece
    assert changed == related


def test_a_board_with_the_colours_exchanged_gets_the_same_thoughts(net):
    mirrored = [chess.Board(fen).mirror().fen() for fen in FENS]
    memory, other = after(net, FENS), after(net, mirrored)
    assert torch.equal(memory, other)
    agent = Agent(net, CODEC, 4)
    for fen, mirror in zip(FENS[:5], mirrored, strict=False):
        ranked, of_mirror = agent.rank(fen), agent.rank(mirror)
        assert [chess.Move.from_uci(move).uci() for move, _ in ranked] == [
            chess.Move(
                chess.square_mirror(move.from_square),
                chess.square_mirror(move.to_square),
                move.promotion,
            ).uci()
            for move in (chess.Move.from_uci(uci) for uci, _ in of_mirror)
        ]


@pytest.mark.parametrize("mixed", [False, True], ids=["float32", "bfloat16"])
@torch.no_grad()
def test_the_memory_stays_within_bounds_whatever_the_weights(net, mixed):
    for parameter in net.parameters():
        parameter.mul_(30)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=mixed):
        memory = torch.rand(30, 64, 8) * 2 - 1
        for theirs in (False, True):
            memory = after(net, FENS, 20, theirs, memory)
            assert memory.dtype == torch.float32 and memory.abs().max() <= 1


@torch.no_grad()
def test_half_of_the_precision_gives_nearly_the_same(net):
    positions, turns = positions_of(FENS), np.arange(30) % 2 == 1
    expected = net.look(positions, turns)
    whole = after(net, FENS)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = net.look(positions, turns)
        half = after(net, FENS)
    assert expected["relations"].dtype == torch.float32
    assert found["relations"].dtype == torch.bfloat16
    assert torch.equal(found["relations"].float(), expected["relations"])
    torch.testing.assert_close(half, whole, atol=0.05, rtol=0)
    # What was injected in one precision can be iterated in the other.
    with torch.autocast("cpu", dtype=torch.bfloat16):
        memory = net.step(whole, expected)
    torch.testing.assert_close(memory, net.step(whole, found), atol=0.05, rtol=0)


def test_a_new_net_promotes_to_queens():
    torch.manual_seed(1)
    agent = Agent(MessageNet(SETTINGS, CODEC.interface), CODEC, 4)
    ranked = agent.rank("8/2P5/8/8/8/6k1/8/4K3 w - - 0 1")
    (queen, *others) = [move for move in ranked if move.move.startswith("c7c8")]
    assert queen.move == "c7c8q" and all(
        move.probability < queen.probability / 10 for move in others
    )


def test_an_agent_is_loaded_as_it_was_saved(net, tmp_path):
    save_agent(tmp_path, net, {"task": "chess", "training_iterations": 6})
    assert {path.suffix for path in tmp_path.iterdir()} >= {".json", ".safetensors"}
    agent, before = load(tmp_path), Agent(net, CODEC, 6)
    assert isinstance(agent.net, MessageNet) and agent.net.settings == SETTINGS
    assert type(agent.codec) is MoveCodec
    for one, other in zip(agent.net.parameters(), net.parameters(), strict=True):
        assert torch.equal(one, other)
    thought, expected = agent.think(planes(FENS)), before.think(planes(FENS))
    assert torch.equal(thought.memory, expected.memory) and thought.iterations.tolist() == [6] * 30
    assert np.array_equal(agent.preferences(thought), before.preferences(expected))
    assert np.array_equal(thought.answer, expected.answer)


def test_an_agent_goes_on_from_a_memory(net):
    agent = Agent(net, CODEC, 4)
    half = agent.think(planes(FENS), 3)
    whole = agent.think(planes(FENS), 5, memory=half.memory)
    torch.testing.assert_close(whole.memory, agent.think(planes(FENS), 8).memory)
    torch.testing.assert_close(whole.memory, after(net, FENS, 8))


@pytest.mark.parametrize(
    "name", ["memory_channels", "message_channels", "board_channels", "head_channels"]
)
def test_settings_that_cannot_be_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be an integer of at least 1, got 0"):
        MessageSettings(**{name: 0})
