"""Disturbances do what their names say, and recovery is told from its absence."""

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.deep_thinking.analysis.distance_net import NearTask, distance_agent, distances
from tests.deep_thinking.conftest import MAZE_INTERFACE
from thinkenv import mazes
from thinkenv.deep_thinking import Agent, load
from thinkenv.deep_thinking import agent as agent_module
from thinkenv.deep_thinking.analysis.disturbances import Disturbance
from thinkenv.deep_thinking.analysis.recovery import Recovery, measure_recovery, other_problems
from thinkenv.deep_thinking.architectures import Architecture, Settings
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.mazes import MazeFileTask, MazeTask, interchange
from thinkenv.tasks import make_task

ALL = "zero foreign random noise:2 region:1 flip:0.7 moved another".split()


class EndpointsNet(Architecture[Tensor]):
    """A net one can follow by hand: its answer is to mark start and goal.

    Each iteration moves the memory by 1/64 towards the marks, so that an empty memory is right
    after 33 iterations and has converged after 64. A net that is not ``repairing`` knows the answer
    from its first memory alone, and never changes it.
    """

    name = "endpoints"
    settings_type = Settings

    def __init__(self, repairing: bool):
        super().__init__(Settings(), MAZE_INTERFACE)
        self.repairing = repairing

    def start(self, inputs):
        marks = self.inject(inputs)
        return torch.zeros_like(marks) if self.repairing else marks

    def inject(self, inputs):
        return inputs[:, 2:4].sum(dim=1, keepdim=True)

    def step(self, memory, injected):
        change = (injected - memory).clamp(-1 / 64, 1 / 64)
        return memory + change if self.repairing else memory

    def decode(self, memory):
        return torch.cat([torch.full_like(memory, 0.5), memory], dim=1)


class EndpointsTask(MazeTask):
    """Mazes of which only start and goal are to be marked."""

    def judge(self, batch, answers):
        right = answers == (batch.grids >= 2)
        return right.all(axis=(1, 2)), right.mean(axis=(1, 2))


def test_another_maze_of_a_file_is_another_one(tmp_path):
    batch = mazes.generate(size=9, count=4)
    interchange.write_npz(tmp_path / "mazes.npz", batch, {})
    task = MazeFileTask(tmp_path / "mazes.npz")
    drawn = task.draw(np.arange(4))
    others = other_problems(task, drawn, Disturbance("another"))
    assert all((one != other).any() for one, other in zip(drawn.grids, others.grids, strict=True))
    with pytest.raises(ValueError, match="'another' must have at least 2 problems, got 1"):
        Disturbance("another").check(False, 1)


@pytest.fixture
def task():
    return EndpointsTask(split="test")


def recover(task, repairing, disturbance, disturbed_at=(64, 200, 128), iterations=160, **options):
    agent = Agent(EndpointsNet(repairing), CellCodec(MazeTask), 10)
    disturbed_at = None if disturbed_at is None else np.array(disturbed_at)
    batch = task.draw(np.arange(3 if disturbed_at is None else len(disturbed_at)))
    disturbance = Disturbance.parse(disturbance)
    return measure_recovery(agent, task, batch, disturbance, disturbed_at, iterations, **options)


@pytest.mark.parametrize("disturbance", ALL)
def test_who_repairs_recovers_and_who_only_remembers_does_not(task, disturbance):
    repaired = recover(task, True, disturbance)
    assert repaired.right_before.all() and repaired.recovered.all() and repaired.converged.all()
    assert (repaired.iterations_until_right > 0).all() and (repaired.cells == 1).all()
    assert repaired.disturbed_at.tolist() == [64, 192, 128]  # multiples of 16
    assert repaired.right.shape == (3, 11)
    remembered = recover(task, False, disturbance)
    assert remembered.right_before.all() and not remembered.recovered.any()
    assert np.isinf(remembered.iterations_until_right).all() and (remembered.cells < 1).all()


@pytest.mark.parametrize("disturbance", ["none", "noise:0.5", "noise:1", "region:0.5", *ALL])
def test_counts_are_disturbed_and_become_right_again(disturbance):
    task, agent = NearTask(split="test", loops=0.3, endpoints="free_cells"), distance_agent()
    batch = task.draw(np.arange(4))
    found = measure_recovery(
        agent, task, batch, Disturbance.parse(disturbance), np.array([64, 64, 48, 80]), 160
    )
    assert found.right_before.all() and found.recovered.all() and found.converged.all()
    if disturbance not in ("moved", "another"):
        # A minimum is right after as many iterations as there are steps, from whatever numbers.
        farthest = max(steps[np.isfinite(steps)].max() for steps in map(distances, batch.grids))
        assert found.iterations_until_right.max() <= 16 * np.ceil((farthest + 1) / 16)


def test_it_takes_as_long_as_from_an_empty_memory(task):
    # 33 iterations, noticed at the next multiple of 16.
    assert recover(task, True, "zero").iterations_until_right.tolist() == [48] * 3


def test_nothing_happens_to_the_control(task):
    for repairing in (True, False):
        control = recover(task, repairing, "none")
        assert control.right.all() and control.iterations_until_right.tolist() == [0] * 3


def test_early_disturbances_come_before_the_answer(task):
    early = recover(task, True, "zero", disturbed_at=(16, 0, 32))
    assert not early.right_before.any() and early.recovered.all()
    assert early.right.sum(axis=1).tolist() == [11 - 3] * 3


def test_disturbed_in_every_iteration_a_memory_does_not_converge(task):
    quiet = recover(task, True, "noise:0.01", disturbed_at=None)
    assert quiet.recovered.all() and not quiet.converged.any()
    assert not recover(task, True, "zero", disturbed_at=None).recovered.any()
    assert recover(task, True, "none", disturbed_at=None).converged.all()
    with pytest.raises(ValueError, match="'moved' cannot happen in every iteration"):
        recover(task, True, "moved", disturbed_at=None)


def test_chunks_change_nothing_but_random_numbers(task, monkeypatch):
    whole = recover(task, True, "foreign", disturbed_at=(64,) * 5)
    monkeypatch.setitem(agent_module.CELLS_PER_CHUNK, "cpu", 2 * 121)
    told: list[int] = []
    parts = recover(task, True, "foreign", disturbed_at=(64,) * 5, progress=told.append)
    assert told == [3, 2]  # each needs another one beside it
    assert np.array_equal(whole.disturbed_at, parts.disturbed_at)
    assert parts.right.shape == whole.right.shape
    with pytest.raises(ValueError, match="'foreign' must have at least 2 problems, got 1"):
        recover(task, True, "foreign", disturbed_at=(64,))


def test_the_seed_decides_the_disturbance():
    task, agent = make_task("maze", size=33, split="extrapolation"), load("maze_trees")
    batch, noise = task.draw(np.arange(4)), Disturbance("noise", 3.0)

    def cells(seed: int) -> list[float]:
        found = measure_recovery(agent, task, batch, noise, np.full(4, 32), 16, seed)
        return found.cells.tolist()

    first = cells(1)
    assert cells(1) == first and cells(2) != first


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
    corners = set()
    for change in (after != memory).any(dim=1):
        rows, columns = torch.nonzero(change, as_tuple=True)
        assert rows.max() - rows.min() + 1 == 15 and columns.max() - columns.min() + 1 == 15
        assert change.sum() == 15 * 15
        corners.add((int(rows.min()), int(columns.min())))
    assert len(corners) > 1


@pytest.fixture
def counting_memory():
    """Signals between -1 and 1 of two problems, and counts that are far larger; others."""
    stream = torch.Generator().manual_seed(4)
    return [
        {
            "signals": torch.rand(2, 3, 30, 40, generator=stream) / 10 + 0.2,
            "counters": torch.rand(2, 2, 30, 40, generator=stream) * 50 + 100,
        }
        for _ in range(2)
    ]


def test_each_tensor_is_disturbed_by_its_own_measure(counting_memory):
    memory, others = counting_memory

    def after(text: str) -> dict[str, torch.Tensor]:
        return Disturbance.parse(text).of(memory, others, torch.Generator().manual_seed(3))

    for name, tensor in memory.items():
        assert torch.equal(after("foreign")[name], others[name])
        assert not after("zero")[name].any() and torch.equal(after("none")[name], tensor)
        assert after("random")[name].abs().max() <= 1
        scale = float(tensor.square().mean().sqrt())
        change = after("noise:0.5")[name] - tensor
        assert float(change.std()) == pytest.approx(0.5 * scale, rel=0.05)
        flipped = after("flip:0.5")[name]
        assert torch.equal(flipped.abs(), tensor) and 0.4 < (flipped < 0).float().mean() < 0.6


def test_a_damaged_region_is_the_same_square_of_all_boards(counting_memory):
    memory, others = counting_memory
    stream = torch.Generator().manual_seed(3)
    after = Disturbance.parse("region:0.5").of(memory, others, stream)
    changed = [(after[name] != memory[name]).any(dim=1) for name in memory]
    assert torch.equal(*changed) and changed[0].sum().item() == 2 * 15 * 15
    assert not torch.equal(*changed[0])  # the two problems have squares of their own
    inside = changed[0][:, None].expand_as(after["counters"])
    assert after["counters"][inside].abs().max() <= 1


@pytest.mark.parametrize("text", ALL[:-2])
def test_only_the_chosen_memories_are_disturbed(text, counting_memory):
    memory, _ = counting_memory
    stream, chosen = torch.Generator().manual_seed(3), torch.tensor([1])
    before = {name: tensor.clone() for name, tensor in memory.items()}
    after = Disturbance.parse(text).of_some(memory, chosen, stream)
    for name, tensor in memory.items():
        assert torch.equal(tensor, before[name]) and torch.equal(after[name][0], tensor[0])
        assert not torch.equal(after[name][1], tensor[1])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("earthquake", "disturbance must be one of none, zero, .*, got 'earthquake'"),
        ("noise", r"'noise' must have a strength in \(0, inf\], such as noise:0.5, got 'noise'"),
        ("noise:loud", "got 'noise:loud'"),
        ("region:1.5", r"in \(0, 1\], such as region:0.5, got 'region:1.5'"),
        ("flip:nan", "must have a strength"),
        ("zero:1", "'zero' must have no strength, got 'zero:1'"),
    ],
)
def test_wrong_disturbances_are_named(text, words):
    with pytest.raises(ValueError, match=words):
        Disturbance.parse(text)


def test_disturbances_are_written_as_they_are_read():
    assert [str(Disturbance.parse(text)) for text in ALL] == ALL
