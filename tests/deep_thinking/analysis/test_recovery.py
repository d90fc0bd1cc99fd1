"""Disturbances do what their names say, and recovery is told from its absence."""

import numpy as np
import pytest
import torch
from torch import nn

from thinkenv.deep_thinking import recovery
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.analysis.disturbances import Disturbance
from thinkenv.deep_thinking.maze_problems import MazeProblems, MazesOfFile
from thinkenv.deep_thinking.analysis.recovery import Recovery, measure_recovery
from thinkenv import mazes

ALL = "zero foreign random noise:2 region:1 flip:0.7 moved another".split()


class EndpointsNet(nn.Module):
    """A net one can follow by hand: its answer is to mark start and goal.

    Each iteration moves the memory by 1/64 towards the marks, so that an empty memory is right
    after 33 iterations and at rest after 64. A net that is not ``repairing`` knows the answer from
    its first memory alone, and never changes it.
    """

    memory_channels = 1
    recurrent = True
    reach = 1

    def __init__(self, repairing: bool):
        super().__init__()
        self.repairing = repairing

    def empty_memory(self, inputs):
        marks = self.perceive(inputs)
        return torch.zeros_like(marks) if self.repairing else marks

    def perceive(self, inputs):
        return inputs[:, 2:4].sum(dim=1, keepdim=True)

    def step(self, memory, seen):
        return memory + (seen - memory).clamp(-1 / 64, 1 / 64) if self.repairing else memory

    def read(self, memory):
        return torch.cat([torch.full_like(memory, 0.5), memory], dim=1)


class EndpointsProblems(MazeProblems):
    """Mazes of which only start and goal are asked."""

    def judge(self, batch, answers):
        right = answers == (batch.grids >= 2)
        return {"solved": right.all(axis=(1, 2)), "cells": right.mean(axis=(1, 2))}


def test_another_maze_of_a_file_is_another_one(tmp_path):
    batch = mazes.generate(size=9, count=4)
    mazes.interchange.write_npz(tmp_path / "mazes.npz", batch, {})
    task = MazesOfFile(tmp_path / "mazes.npz")
    drawn = task.draw(0, 4)
    others = recovery.other_problems(task, drawn, Disturbance("another"))
    assert all((one != other).any() for one, other in zip(drawn.grids, others.grids, strict=True))
    with pytest.raises(ValueError, match="'another' needs 2 or more problems"):
        Disturbance("another").check(False, 1)


@pytest.fixture
def task():
    return EndpointsProblems(split="test")


def recover(task, repairing, disturbance, moments=(64, 200, 128), iterations=160):
    agent = Agent(EndpointsNet(repairing), "maze", 10)
    moments = None if moments is None else np.array(moments)
    count = 3 if moments is None else len(moments)
    batch = task.draw(0, count)
    disturbance = Disturbance.parse(disturbance)
    return measure_recovery(agent, task, batch, disturbance, moments, iterations)


@pytest.mark.parametrize("disturbance", ALL)
def test_who_repairs_recovers_and_who_only_remembers_does_not(task, disturbance):
    repaired = recover(task, True, disturbance)
    assert repaired.right_before.all() and repaired.recovered.all() and repaired.converged.all()
    assert (repaired.iterations_until_right > 0).all()
    assert repaired.moments.tolist() == [64, 192, 128]  # multiples of 16
    assert repaired.right.shape == (3, 11)
    remembered = recover(task, False, disturbance)
    assert remembered.right_before.all() and not remembered.recovered.any()
    assert np.isinf(remembered.iterations_until_right).all()


def test_it_takes_as_long_as_from_an_empty_memory(task):
    # 33 iterations, seen at the next multiple of 16.
    assert recover(task, True, "zero").iterations_until_right.tolist() == [48] * 3


def test_nothing_happens_to_the_control(task):
    for repairing in (True, False):
        control = recover(task, repairing, "none")
        assert control.right.all() and control.iterations_until_right.tolist() == [0] * 3


def test_early_disturbances_come_before_the_answer(task):
    early = recover(task, True, "zero", moments=(16, 0, 32))
    assert not early.right_before.any() and early.recovered.all()
    assert early.right.sum(axis=1).tolist() == [11 - 3] * 3


def test_in_every_iteration_there_is_no_rest(task):
    quiet = recover(task, True, "noise:0.01", moments=None)
    assert quiet.recovered.all() and not quiet.converged.any()
    assert not recover(task, True, "zero", moments=None).recovered.any()
    with pytest.raises(ValueError, match="'moved' cannot happen in every iteration"):
        recover(task, True, "moved", moments=None)


def test_chunks_change_nothing_but_random_numbers(task, monkeypatch):
    whole = recover(task, True, "foreign", moments=(64,) * 5)
    monkeypatch.setitem(recovery.CELLS_PER_CHUNK, "cpu", 2 * 121)
    parts = recover(task, True, "foreign", moments=(64,) * 5)
    assert np.array_equal(whole.moments, parts.moments) and parts.right.shape == whole.right.shape
    with pytest.raises(ValueError, match="'foreign' needs 2 or more problems"):
        recover(task, True, "foreign", moments=(64,))


def test_right_for_good_is_told_from_right_for_a_while():
    right = np.array([[0, 1, 0, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 0]], np.bool_)
    nothing = np.zeros(3)
    found = Recovery(nothing, nothing, right, nothing, nothing)
    assert found.iterations_until_right.tolist() == [48, 0, np.inf]
    assert found.recovered.tolist() == [True, True, False]


def disturbed(text: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A memory before and after a disturbance, and that of others."""
    stream = torch.Generator().manual_seed(3)
    memory, others = torch.rand(2, 4, 8, 30, 40, generator=stream) / 10 + 0.2
    return memory, Disturbance.parse(text).of(memory, others, stream), others


def test_what_each_disturbance_does_to_a_memory():
    memory, after, others = disturbed("foreign")
    assert torch.equal(after, others)
    assert not disturbed("zero")[1].any()
    assert torch.equal(disturbed("none")[1], memory)
    after = disturbed("random")[1]
    assert -1 <= after.min() < -0.99 and 0.99 < after.max() <= 1 and abs(after.mean()) < 0.02
    change = disturbed("noise:0.5")[1] - memory
    scale = float(memory.square().mean().sqrt())
    assert float(change.std()) == pytest.approx(0.5 * scale, rel=0.05)
    assert abs(change.mean()) < 0.01
    after = disturbed("flip:0.25")[1]
    assert torch.equal(after.abs(), memory)
    assert float((after < 0).float().mean()) == pytest.approx(0.25, abs=0.02)


def test_a_damaged_region_is_one_square_of_the_size_asked_for():
    memory, after, _ = disturbed("region:0.5")
    places = set()
    for change in (after != memory).any(dim=1):
        rows, columns = torch.nonzero(change, as_tuple=True)
        assert rows.max() - rows.min() + 1 == 15 and columns.max() - columns.min() + 1 == 15
        assert change.sum() == 15 * 15
        places.add((int(rows.min()), int(columns.min())))
    assert len(places) > 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("earthquake", "disturbance 'earthquake': allowed are none, zero"),
        ("noise", "disturbance 'noise': needs a strength above 0"),
        ("noise:loud", "needs a strength above 0"),
        ("region:1.5", "up to 1.0, such as region:0.5"),
        ("flip:nan", "needs a strength"),
        ("zero:1", "zero has no strength"),
    ],
)
def test_wrong_disturbances_are_named(text, words):
    with pytest.raises(ValueError, match=words):
        Disturbance.parse(text)


def test_disturbances_are_written_as_they_are_read():
    assert [str(Disturbance.parse(text)) for text in ALL] == ALL
