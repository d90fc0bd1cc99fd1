"""The recurrent net: shapes, recall and its absence, bounded memory, walls, settings."""

import numpy as np
import pytest
import torch

from tests.deep_thinking.conftest import MAZE_INTERFACE
from thinkenv.deep_thinking.architectures import ARCHITECTURES
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet, RecurrentSettings
from thinkenv.deep_thinking.codecs.base import Interface
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.mazes.task import MazeTask
from thinkenv.tasks import find_task

SMALL_FIELDS = dict(memory_channels=16, hidden_channels=24, head_channels=8)


def net_of(**settings) -> RecurrentNet:
    return RecurrentNet(RecurrentSettings(**settings), MAZE_INTERFACE)


def inputs_of(batch: int = 2, side: int = 7) -> torch.Tensor:
    return torch.rand(batch, 4, side, side)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"gated": True, "encoder_blocks": 2, "encoder_channels": 6},
        {"recall": False, "encoder_blocks": 1},
        {"equivariant": True, "wall_mask": True},
    ],
)
@pytest.mark.parametrize("side", [7, 12])
def test_shapes(settings, side):
    net = net_of(**settings)
    inputs = inputs_of(side=side)
    memory = net.step(net.start(inputs), net.inject(inputs))
    assert memory.shape == (2, net.memory_channels, side, side)
    assert net.decode(memory).shape == (2, 2, side, side)


@pytest.mark.parametrize("gated", [False, True])
def test_the_memory_stays_bounded_whatever_the_weights(gated):
    net = net_of(gated=gated)
    with torch.no_grad():
        net.update.weight.mul_(100)
        inputs = inputs_of()
        memory = net.start(inputs)
        for _ in range(200):
            memory = net.step(memory, net.inject(inputs))
    assert memory.abs().max() <= 1


def test_what_is_injected_once_is_what_a_convolution_over_memory_and_problem_would_add():
    net = net_of()
    memory, inputs = torch.rand(2, 16, 7, 7), inputs_of()
    hidden = torch.relu(net.widen(torch.cat([memory, inputs], dim=1)))
    expected = torch.nn.functional.hardtanh(net.update(hidden))
    torch.testing.assert_close(net.step(memory, net.inject(inputs)), expected)


def test_a_gate_decides_between_the_memory_and_the_proposal():
    net = net_of(memory_channels=2, gated=True)
    inputs, memory = inputs_of(1), torch.rand(1, 2, 7, 7)
    with torch.no_grad():
        net.update.weight.zero_()
        # Two gates, then two proposals: the first number is kept, the second goes half the way.
        net.update.bias.copy_(torch.tensor([-100.0, 0.0, 0.3, -0.3]))
        after = net.step(memory, net.inject(inputs))
    assert torch.equal(after[:, 0], memory[:, 0])
    half_way = (memory[:, 1] + torch.tanh(torch.tensor(-0.3))) / 2
    assert torch.allclose(after[:, 1], half_way)


def test_beyond_the_clamp_gradients_pass_where_they_lead_back_inside():
    net = net_of()
    update = torch.tensor([[-3.0, -3.0, 0.5, 3.0, 3.0]], requires_grad=True)
    memory = net.update_memory(torch.zeros(1, 5), update)
    assert memory.tolist() == [[-1.0, -1.0, 0.5, 1.0, 1.0]]
    # A step against the gradient: negative numbers shall grow, positive ones shrink.
    (memory * torch.tensor([[-1.0, 1.0, 1.0, 1.0, -1.0]])).sum().backward()
    torch.testing.assert_close(update.grad, torch.tensor([[-0.1, 0.0, 1.0, 0.1, 0.0]]))


def test_with_recall_the_problem_is_seen_in_every_iteration_and_without_it_is_not():
    memory = torch.rand(1, 16, 7, 7)
    first, second = inputs_of(1), inputs_of(1)
    with_recall, without = net_of(), net_of(recall=False)

    def after(net, inputs):
        return net.step(memory, net.inject(inputs))

    assert not torch.equal(after(with_recall, first), after(with_recall, second))
    assert torch.equal(after(without, first), after(without, second))
    # Without recall the problem has to be in the first memory.
    assert not torch.equal(without.start(first), without.start(second))
    assert torch.equal(with_recall.start(first), with_recall.start(second))


@pytest.mark.parametrize(("update_kernel", "far"), [(3, 2), (1, 1)])
def test_one_iteration_sees_so_many_cells_far(update_kernel, far):
    net = net_of(update_kernel=update_kernel)
    assert net.reach == far
    memory = torch.rand(1, 16, 11, 11)
    elsewhere = memory.clone()
    elsewhere[..., 5, 5] += 1
    injected = net.inject(inputs_of(1, 11))
    change = net.step(memory, injected) - net.step(elsewhere, injected)
    changed = change.abs().amax(dim=(0, 1)) > 0
    rows, columns = torch.nonzero(changed, as_tuple=True)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5 - far, 5 + far) * 2


@pytest.mark.parametrize("equivariant", [False, True])
def test_information_does_not_cross_the_walls_of_a_wall_mask(equivariant):
    """What happens in one half of a room that a wall divides changes nothing in the other."""
    net = net_of(wall_mask=True, equivariant=equivariant, **SMALL_FIELDS)
    grids = np.zeros((1, 9, 9), np.uint8)
    grids[0, 1:-1, 1:-1] = 1
    grids[0, :, 4] = 0
    grids[0, 2, 2], grids[0, 6, 6] = 2, 3
    moved = grids.copy()
    moved[0, 2, 2], moved[0, 5, 3] = 1, 2
    decoded = []
    for grid in (grids, moved):
        inputs = CellCodec(MazeTask).encode(grid)
        with torch.no_grad():
            memory, injected = net.start(inputs), net.inject(inputs)
            for _ in range(30):
                memory = net.step(memory, injected)
            decoded.append(net.decode(memory)[0])
    before, after = decoded
    assert torch.equal(before[:, :, 6:], after[:, :, 6:])
    assert not torch.allclose(before[:, :, :4], after[:, :, :4])


def test_noise_in_the_walls_of_a_wall_mask_is_forgotten_at_once():
    net = net_of(wall_mask=True, **SMALL_FIELDS)
    inputs = CellCodec(MazeTask).encode(MazeTask(9).draw([3, 4]).grids)
    with torch.no_grad():
        injected = net.inject(inputs)
        noise = torch.rand(net.start(inputs).shape) * inputs[:, :1]  # in walls alone
        assert torch.equal(net.step(noise, injected), net.step(torch.zeros_like(noise), injected))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"memory_channels": 0}, "memory_channels must be an integer of at least 1, got 0"),
        ({"hidden_channels": 1.5}, "hidden_channels must be an integer of at least 1, got 1.5"),
        ({"head_channels": True}, "head_channels must be an integer of at least 1, got True"),
        ({"encoder_channels": "8"}, "encoder_channels must be an integer of at least 1, got '8'"),
        ({"encoder_blocks": -1}, "encoder_blocks must be an integer of at least 0, got -1"),
        ({"update_kernel": 2}, "update_kernel must be 1 or 3, got 2"),
        (
            {"recall": False, "wall_mask": True, "equivariant": True},
            "wall_mask and equivariant must be off in a net without recall or with an encoder: "
            "add --no-wall-mask --no-equivariant",
        ),
        ({"encoder_blocks": 1, "wall_mask": True}, "wall_mask must be off in a net without"),
        (
            {"equivariant": True, "memory_channels": 12},
            "memory_channels must be a multiple of 8 in an equivariant net, got 12",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        RecurrentSettings(**settings)


@pytest.mark.parametrize(
    ("settings", "interface", "words"),
    [
        ({"wall_mask": True}, Interface(4, 2), "wall_mask must be off for a task without walls"),
        ({"equivariant": True}, Interface(2, 2, dimensions=1), "equivariant must be off for str"),
    ],
)
def test_nets_that_do_not_fit_their_task_are_refused(settings, interface, words):
    with pytest.raises(ValueError, match=words):
        RecurrentNet(RecurrentSettings(**settings), interface)


def test_nets_make_use_of_what_a_task_says_of_its_problems():
    maze, strings, chess = (
        RecurrentNet.settings_for(find_task(name)) for name in ("maze", "prefix_sum", "chess")
    )
    assert maze == RecurrentSettings(wall_mask=True, equivariant=True)
    assert strings == RecurrentSettings()
    assert chess.gated and chess.encoder_blocks and chess.update_kernel == 1


def test_an_unknown_architecture_is_named():
    with pytest.raises(
        ValueError, match="architecture must be one of 'recurrent', 'counting', 'me"
    ):
        ARCHITECTURES.find("transformer")
