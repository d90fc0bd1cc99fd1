"""Equivariant nets: what they answer turns with the problem, before and after training."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from tests.deep_thinking.conftest import MAZE_INTERFACE
from thinkenv.deep_thinking.architectures.equivariance import (
    SYMMETRIES,
    drop_parametrizations,
    load_plain_state,
    make_equivariant,
    orbits_of,
    plain_state,
)
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet, RecurrentSettings
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.deep_thinking.training.plan import Plan
from thinkenv.deep_thinking.training.trainer import Trainer
from thinkenv.mazes.task import MazeTask

CODEC = CellCodec(MazeTask)
TURNS = [
    lambda grids, turns=turns, mirrored=mirrored: np.ascontiguousarray(
        np.rot90(np.flip(grids, axis=2) if mirrored else grids, turns, axes=(1, 2))
    )
    for turns in range(4)
    for mirrored in (False, True)
]
OPTIMISERS = {
    "Adam": lambda parameters: torch.optim.AdamW(parameters, lr=1e-2),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.5, momentum=0.9, nesterov=True),
    # Treats numbers of one orbit differently, since it does not go number by number.
    "rows and columns": lambda parameters: torch.optim.Adafactor(parameters, lr=1e-2),
}


def small_net(**settings) -> RecurrentNet:
    torch.manual_seed(1)
    small = dict(memory_channels=16, hidden_channels=24, head_channels=8, equivariant=True)
    return RecurrentNet(RecurrentSettings(**(small | settings)), MAZE_INTERFACE)


def logits_of(net, grids, iterations=6):
    inputs = CODEC.encode(grids)
    memory, injected = net.start(inputs), net.inject(inputs)
    for _ in range(iterations):
        memory = net.step(memory, injected)
    return net.decode(memory)


@torch.no_grad()
def check_equivariance(net):
    grids = MazeTask(9).draw([3, 4, 5, 6, 7]).grids
    answers = logits_of(net, grids).permute(0, 2, 3, 1).numpy()
    assert answers.std() > 1e-3  # of a constant it would be no wonder
    for turn in TURNS:
        turned = logits_of(net, turn(grids)).permute(0, 2, 3, 1).numpy()
        np.testing.assert_allclose(turned, turn(answers), atol=1e-4)


@pytest.mark.parametrize("settings", [{}, {"gated": True}, {"update_kernel": 1}, {"wall_mask": 1}])
def test_answers_turn_with_the_problem(settings):
    check_equivariance(small_net(**settings))


def test_other_nets_are_not_equivariant():
    with pytest.raises(AssertionError):
        check_equivariance(small_net(equivariant=False))


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_whatever_the_optimiser_does_a_net_stays_equivariant(optimiser):
    net = small_net()
    first = net.update.weight.detach().clone()
    optimiser = OPTIMISERS[optimiser](net.parameters())
    batch = MazeTask(9).draw(range(8))
    for _ in range(20):
        loss, _ = CODEC.loss(logits_of(net, batch.grids, 3), batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert (net.update.weight - first).abs().max() > 1e-3
    check_equivariance(net)


def test_training_keeps_a_net_equivariant_and_so_is_the_average_of_its_weights():
    net = small_net()
    first = net.update.weight.detach().clone()
    plan = Plan(batch=4, steps=20, short_steps=12, short_iterations=(2, 6), long_iterations=(9, 10))
    trainer = Trainer(net, CODEC, MazeTask(9), plan, 0, torch.device("cpu"))
    for step in range(20):
        trainer.step()
        if step == 12:
            averaged = trainer.averaged_net()  # which must not change what goes on
    assert (net.update.weight - first).abs().max() > 1e-3
    for trained in (net, averaged, trainer.averaged_net()):
        check_equivariance(trained)
    assert parametrize.is_parametrized(net.update)
    assert not any(map(parametrize.is_parametrized, averaged.modules()))


def test_the_gradient_of_a_number_is_the_mean_over_its_orbit():
    """So that the numbers of an orbit stay equal under an optimiser that goes number by number."""
    net, plain = small_net(), small_net(equivariant=False)
    load_plain_state(plain, plain_state(net))
    batch = MazeTask(9).draw(range(4))
    for one in (net, plain):
        CODEC.loss(logits_of(one, batch.grids, 3), batch)[0].backward()
    orbits = orbits_of(tuple(plain.update.weight.shape), [(16, True)], [(24, True)])
    ours, free = net.update.parametrizations.weight.original.grad, plain.update.weight.grad
    for orbit in range(0, orbits.max(), 97):
        members = torch.from_numpy(orbits == orbit)
        mean = free[members].mean()
        assert torch.allclose(ours[members], mean.expand(members.sum()), atol=1e-6)


def test_orbits_are_those_of_the_eight_turns():
    # Among channels that stay, a number is carried to its mirror images: a corner to 4 corners.
    orbits = orbits_of((1, 1, 3, 3), [(1, False)], [(1, False)])[0, 0]
    corner, edge, centre = orbits[0, 0], orbits[0, 1], orbits[1, 1]
    assert orbits.tolist() == [
        [corner, edge, corner],
        [edge, centre, edge],
        [corner, edge, corner],
    ]
    assert len({corner, edge, centre}) == 3
    # Fields of eight have as many free numbers as one of their channels.
    assert orbits_of((16, 8, 3, 3), [(16, True)], [(8, True)]).max() + 1 == 2 * 8 * 9
    assert orbits_of((16,), [(16, True)], []).max() + 1 == 2
    assert len(SYMMETRIES) == 8 and len({symmetry.tobytes() for symmetry in SYMMETRIES}) == 8


def test_a_layer_begins_with_its_own_norm():
    layer = nn.Conv2d(16, 24, 3)
    norm = layer.weight.norm().item()
    make_equivariant(layer, inputs=[(16, True)])
    assert layer.weight.norm().item() == pytest.approx(norm, rel=1e-5)
    with pytest.raises(ValueError, match="must be a multiple of 8, got 12"):
        make_equivariant(nn.Conv2d(12, 8, 3), inputs=[(12, True)])


def test_weights_have_plain_names_which_nets_with_and_without_parametrizations_take():
    net, other, plain = small_net(), small_net(), small_net(equivariant=False)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.normal_()
    state = {name: tensor.detach().clone() for name, tensor in plain_state(net).items()}
    assert set(state) == set(plain.state_dict())
    for taker in (other, plain):
        load_plain_state(taker, state)
        for name, tensor in plain_state(taker).items():
            torch.testing.assert_close(tensor, state[name])
    check_equivariance(plain)
    with pytest.raises(KeyError):
        load_plain_state(plain, {})


def test_dropping_parametrizations_leaves_what_the_layers_compute():
    net = small_net()
    grids = MazeTask(9).draw([1]).grids
    before = logits_of(net, grids)
    drop_parametrizations(net)
    assert set(net.state_dict()) == set(small_net(equivariant=False).state_dict())
    assert torch.equal(logits_of(net, grids), before)
