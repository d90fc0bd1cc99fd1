"""Symmetric nets: what they answer turns with the problem, before and after training."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from thinkenv.deep_thinking.maze_problems import MazeProblems
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet
from thinkenv.deep_thinking.training.trainer import Trainer

TURNS = [
    lambda grids, turns=turns, mirrored=mirrored: np.ascontiguousarray(
        np.rot90(np.flip(grids, axis=2) if mirrored else grids, turns, axes=(1, 2))
    )
    for turns in range(4)
    for mirrored in (False, True)
]


def logits_of(net, grids, iterations=6):
    inputs = MazeProblems.encode(grids)
    with torch.no_grad():
        memory, seen = net.empty_memory(inputs), net.perceive(inputs)
        for _ in range(iterations):
            memory = net.step(memory, seen)
        return net.read(memory)


def small_net(**options):
    torch.manual_seed(1)
    arguments = dict(memory_channels=16, hidden_channels=24, head_channels=8, symmetric=True)
    return RecurrentNet(4, 2, **(arguments | options))


def check_symmetry(net):
    grids = MazeProblems(size=9).draw(3, 5).grids
    answers = logits_of(net, grids).permute(0, 2, 3, 1).numpy()
    assert answers.std() > 1e-3  # of a constant it would be no wonder
    for turn in TURNS:
        turned = logits_of(net, turn(grids)).permute(0, 2, 3, 1).numpy()
        np.testing.assert_allclose(turned, turn(answers), atol=1e-4)


@pytest.mark.parametrize(
    "options", [{}, {"gated": True}, {"update_kernel": 1}, {"barrier_channel": 0}]
)
def test_answers_turn_with_the_problem(options):
    check_symmetry(small_net(**options))


def test_training_keeps_a_net_symmetric():
    net = small_net()
    first = net.update.weight.detach().clone()
    plan = replace(MazeProblems.plan, batch=4, steps=30, short_steps=20, long_iterations=(10, 12))
    trainer = Trainer(net, MazeProblems(), plan, 0, torch.device("cpu"))
    for _ in range(30):
        trainer.step()
    assert (net.update.weight - first).abs().max() > 1e-3
    check_symmetry(net)


def test_other_nets_are_not_symmetric():
    with pytest.raises(AssertionError):
        check_symmetry(small_net(symmetric=False))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(memory_channels=12), "12 channels in a symmetric net: needs a multiple of 8"),
        (dict(recall=False), "needs recall and no encoder"),
        (dict(encoder_blocks=1), "needs recall and no encoder"),
    ],
)
def test_nets_that_cannot_be_symmetric_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        small_net(**options)


def test_news_do_not_cross_barriers():
    """What happens in one half of a room that a wall divides changes nothing in the other."""
    net = small_net(barrier_channel=0)
    grids = np.zeros((1, 9, 9), np.uint8)
    grids[0, 1:-1, 1:-1] = 1
    grids[0, :, 4] = 0
    grids[0, 2, 2], grids[0, 6, 6] = 2, 3
    moved = grids.copy()
    moved[0, 2, 2], moved[0, 5, 3] = 1, 2
    before, after = (logits_of(net, grid, 30)[0] for grid in (grids, moved))
    assert torch.equal(before[:, :, 6:], after[:, :, 6:])
    assert not torch.allclose(before[:, :, :4], after[:, :, :4])


def test_noise_at_barriers_is_forgotten_at_once():
    net = small_net(barrier_channel=0)
    inputs = MazeProblems.encode(MazeProblems(size=9).draw(3, 2).grids)
    with torch.no_grad():
        seen = net.perceive(inputs)
        noise = torch.rand(net.empty_memory(inputs).shape) * inputs[:, :1]  # in walls alone
        assert torch.equal(net.step(noise, seen), net.step(torch.zeros_like(noise), seen))
