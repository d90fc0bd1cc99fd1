"""Thinking: exact whatever the chunks and shortcuts, resumable, and able to stop by itself."""

import weakref

import gymnasium
import numpy as np
import pytest
import torch
from torch import Tensor

from thinkenv import mazes
from thinkenv.deep_thinking import Agent, load
from thinkenv.deep_thinking import agent as agent_module
from thinkenv.deep_thinking.architectures import Architecture, Settings
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.deep_thinking.rollout.memories import choose, transform
from thinkenv.mazes import MazeTask
from thinkenv.tasks import make_task

from .conftest import MAZE_INTERFACE, SMALL_NET


class CountingNet(Architecture[Tensor]):
    """A net one can follow by hand.

    Each iteration adds 1/64 to the memory, up to one 64th for each free cell of the problem. The
    answer marks cells whose memory is above one half. With ``flicker`` the memory goes up and
    down for ever.
    """

    name = "counting"
    settings_type = Settings

    def __init__(self, flicker: bool = False):
        super().__init__(Settings(), MAZE_INTERFACE)
        self.flicker = flicker

    def start(self, inputs):
        return inputs.new_zeros(len(inputs), 1, *inputs.shape[2:])

    def inject(self, inputs):
        return inputs

    def step(self, memory, injected):
        if self.flicker:
            return 1.0 - memory
        top = (1 - injected[:, :1]).sum(dim=(1, 2, 3), keepdim=True) / 64
        return torch.minimum(memory + 1 / 64, top.expand_as(memory))

    def decode(self, memory):
        return torch.cat([torch.full_like(memory, 0.5), memory], dim=1)


class TwoMemoriesNet(CountingNet):
    """The same, with a memory of two tensors: the second lags behind by an iteration."""

    def start(self, inputs):
        memory = super().start(inputs)
        return {"board": memory, "lagging": memory.flatten(1)}

    def step(self, memory, injected):
        return {
            "board": super().step(memory["board"], injected),
            "lagging": memory["board"].flatten(1),
        }

    def decode(self, memory):
        return super().decode(memory["board"])


def agent_of(net, training_iterations=10) -> Agent:
    return Agent(net, CellCodec(MazeTask), training_iterations)


def problems_with(free_cells: list[int]) -> np.ndarray:
    grids = np.zeros((len(free_cells), 9, 9), np.uint8)
    for grid, free in zip(grids, free_cells, strict=True):
        grid.reshape(-1)[:free] = 1
    return grids


def dense(net, problems, iterations):
    """The memory after so many iterations, without chunks or shortcuts."""
    inputs = CellCodec(MazeTask).encode(problems)
    memory = net.start(inputs)
    with torch.no_grad():
        injected = net.inject(inputs)
        for _ in range(iterations):
            memory = net.step(memory, injected)
    return memory


def test_a_fixed_number_of_iterations_is_that_number_of_iterations():
    agent = agent_of(CountingNet())
    problems = problems_with([5, 20, 40, 64])
    for iterations in (0, 1, 10, 16, 33, 50, 100):
        thought = agent.think(problems, iterations=iterations)
        expected = np.minimum([5, 20, 40, 64], iterations) / 64
        assert np.array_equal(thought.memory[:, 0, 0, 0].numpy(), expected)
        assert np.array_equal(thought.answer[:, 0, 0], expected > 0.5)
        assert thought.iterations.tolist() == [iterations] * 4
    # By default as many as in training.
    assert agent.think(problems).iterations.tolist() == [10] * 4


def test_each_problem_stops_when_its_memory_has_stopped_changing():
    thought = agent_of(CountingNet()).think(problems_with([5, 20, 40, 64]), "converged")
    assert thought.converged.all() and thought.cycle.tolist() == [1] * 4
    # Checked every 16 iterations, and converged only when an iteration changed nothing.
    assert thought.iterations.tolist() == [16, 32, 48, 80]
    assert thought.memory[:, 0, 0, 0].tolist() == [5 / 64, 20 / 64, 40 / 64, 1.0]


def test_a_thought_that_flickers_is_not_called_converged():
    agent = agent_of(CountingNet(flicker=True))
    thought = agent.think(problems_with([5, 6]), iterations="converged", max_iterations=70)
    assert not thought.converged.any()
    assert thought.iterations.tolist() == [70, 70]
    assert not agent.think(problems_with([5]), iterations=100).converged.any()


def test_a_memory_may_be_of_several_tensors():
    agent, problems = agent_of(TwoMemoriesNet()), problems_with([5, 20, 40])
    thought = agent.think(problems, "converged")
    assert thought.iterations.tolist() == [16, 32, 48]
    # The lagging tensor still moves where the other has stopped.
    assert agent.think(problems, 20).converged.tolist() == [True, False, False]
    first = agent.think(problems, 12)
    whole = agent.think(problems, 18, memory=first.memory)
    expected = agent.think(problems, 30).memory
    assert all(torch.equal(whole.memory[name], expected[name]) for name in expected)
    with pytest.raises(ValueError, match=r"memory must have shape \{'board': \(3, 1, 9, 9\)"):
        agent.think(problems, memory=first.memory["board"])


def test_chunks_and_shortcuts_change_nothing(small_net, monkeypatch):
    problems = mazes.generate(size=9, count=13, split="test").grids
    expected = dense(small_net, problems, 45)
    agent = agent_of(small_net, 5)
    for cells in (1, 400, 60_000):
        monkeypatch.setitem(agent_module.CELLS_PER_CHUNK, "cpu", cells)
        thought = agent.think(problems, iterations=45)
        torch.testing.assert_close(thought.memory, expected, rtol=1e-4, atol=1e-5)


def test_going_on_from_a_thought_is_thinking_on(small_net):
    problems = mazes.generate(size=9, count=5, split="test").grids
    agent = agent_of(small_net, 5)
    half = agent.think(problems, iterations=20)
    whole = agent.think(problems, iterations=25, memory=half.memory)
    expected = agent.think(problems, iterations=45)
    torch.testing.assert_close(whole.memory, expected.memory, rtol=1e-4, atol=1e-5)
    assert np.array_equal(whole.answer, expected.answer)


def test_answers_on_the_way_equal_thoughts_of_that_length(small_net):
    problems = mazes.generate(size=13, count=4, split="test").grids
    agent = agent_of(small_net, 5)
    rollout = agent.start(problems)
    done = 0
    for point, answers in zip([1, 7, 40], agent.think_at(problems, [1, 7, 40]), strict=True):
        expected = agent.think(problems, iterations=point)
        assert np.array_equal(answers.answer, expected.answer)
        assert np.array_equal(answers.converged, expected.converged)
        assert (answers.iterations, answers.requested, answers.stopping) == (point, point, "fixed")
        rollout.advance(point - rollout.iterations)
        assert rollout.iterations == point
        assert np.array_equal(rollout.answers(), expected.answer)
        assert np.array_equal(rollout.probabilities() > 0.5, expected.answer)
        preferences = agent.preferences(expected)
        assert np.array_equal(preferences > 0.5, expected.answer)
        assert answers.seconds >= done  # up to there, from the beginning
        done = answers.seconds


def test_what_another_problem_left_at_walls_is_forgotten():
    # So few cells are free that only those are iterated from the first iteration on.
    problems = np.zeros((2, 40, 40), np.uint8)
    problems[:, 1:12, 1:12] = mazes.generate(size=9, count=2, split="test").grids
    agent = load("maze_trees")
    memory = torch.rand(2, 16, 40, 40) * 2 - 1
    rollouts = [agent.start(problems, memory, everywhere) for everywhere in (False, True)]
    assert type(rollouts[0].stepper) is not type(rollouts[1].stepper)
    for rollout in rollouts:
        rollout.advance(60)
    assert np.array_equal(*(rollout.answers() for rollout in rollouts))
    torch.testing.assert_close(*(rollout.memory for rollout in rollouts), rtol=0, atol=1e-4)


def test_progress_is_told_for_every_problem(small_net, monkeypatch):
    monkeypatch.setitem(agent_module.CELLS_PER_CHUNK, "cpu", 400)
    problems = mazes.generate(size=9, count=13, split="test").grids
    agent = agent_of(small_net, 5)
    told: list[int] = []
    agent.think(problems, 2, progress=told.append)
    assert told == [3, 3, 3, 3, 1]


def test_the_memory_needed_does_not_grow_with_iterations():
    problems = mazes.generate(size=33, count=1, split="test").grids
    alive, most = [], 0

    class CountedNet(RecurrentNet):
        """Counts the memories that its block has made and nobody has let go of."""

        def step(self, memory, injected):
            nonlocal most
            result = super().step(memory, injected)
            alive.append(weakref.ref(result))
            most = max(most, sum(reference() is not None for reference in alive[-10:]))
            return result

    agent_of(CountedNet(SMALL_NET, MAZE_INTERFACE)).think_at(problems, [100, 300])
    assert len(alive) == 300 and most <= 3
    assert sum(reference() is not None for reference in alive) <= 2


def test_it_says_what_it_is():
    assert repr(load("prefix_sum_seed2")) == (
        "Agent('prefix_sum_seed2', task='prefix_sum', architecture='recurrent', "
        "parameters=4946, training_iterations=48)"
    )
    assert agent_of(CountingNet()).name == "unnamed"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(iterations="forever"), "iterations must be an integer of at least 0 or 'converged'"),
        (dict(iterations=-1), "got -1"),
        (dict(iterations=2.5), "got 2.5"),
        (dict(memory=torch.zeros(1, 4, 9, 9)), r"shape \(2, 4, 9, 9\), got \(1, 4, 9, 9\)"),
        (dict(problems=np.zeros((2, 9, 9))), "'maze' agent must be integers .* dtype float64"),
        (dict(problems=np.full((2, 9, 9), 7, np.uint8)), r"in \[0, 3\]"),
        (dict(problems=np.zeros(9, np.uint8)), r"got shape \(9,\)"),
        (dict(problems=np.zeros((2, 3, 9, 9), np.uint8)), r"got shape \(2, 3, 9, 9\)"),
        (dict(problems=np.zeros((9, 9))), r"got shape \(1, 9, 9\) and dtype float64"),
        (dict(problems="#S.G#"), "must be arrays of numbers, got '#S.G#'; .*mazes.from_text"),
        (dict(problems=["#S", ".G"]), "must be arrays of numbers, got list"),
        (dict(problems=[[0, 1], [2]]), "must be arrays of numbers, got list"),
        (dict(problems=None), "must be arrays of numbers, got NoneType"),
        (dict(problems=3), "must be arrays of numbers, got int"),
        (dict(problems=np.zeros((0, 9, 9), np.uint8)), "problems must hold at least one, got none"),
    ],
)
def test_a_wrong_argument_is_named(small_net, arguments, words):
    with pytest.raises(ValueError, match=words):
        agent_of(small_net).think(**{"problems": problems_with([3, 4]), **arguments})


@pytest.mark.parametrize("iterations", [[], [0, 5], [5, 5], [7, 3]])
def test_iterations_to_answer_at_must_increase(small_net, iterations):
    with pytest.raises(ValueError, match="iterations must be increasing integers from 1, got"):
        agent_of(small_net).think_at(problems_with([3, 4]), iterations)


@pytest.mark.parametrize("given", ["batch", "tensor", "lists", "other integers"])
def test_problems_are_given_in_any_form(given, small_net):
    batch = mazes.generate(size=9, count=3, split="test")
    forms = {
        "batch": batch,
        "tensor": torch.from_numpy(batch.grids),
        "lists": batch.grids.tolist(),
        "other integers": batch.grids.astype(np.int32),
    }
    agent = agent_of(small_net)
    expected, thought = agent.think(batch.grids), agent.think(forms[given])
    assert torch.equal(thought.memory, expected.memory)
    assert np.array_equal(thought.answer, expected.answer)


@pytest.mark.parametrize("name", ["maze", "maze_trees", "prefix_sum", "chess", "chess_squares"])
def test_one_problem_alone_gives_a_thought_without_the_first_axis(name):
    agent = load(name)
    problems = make_task(agent.task.name, split="test").draw(np.arange(3)).problems
    several, one = agent.think(problems, 20), agent.think(problems[1], 20)
    for column in ("answer", "iterations", "converged", "cycle", "problems"):
        assert getattr(one, column).shape == getattr(several, column)[1].shape
    assert np.array_equal(one.answer, several.answer[1])
    second = transform(lambda tensor: tensor[1], several.memory)
    torch.testing.assert_close(one.memory, second, rtol=1e-4, atol=1e-5)
    further = agent.think(problems[1], 20, memory=one.memory)
    assert np.array_equal(further.answer, agent.think(problems, 40).answer[1])
    with pytest.raises(ValueError, match="memory must have shape"):
        agent.think(problems[1], memory=choose(several.memory, slice(2)))


def test_what_an_environment_shows_can_be_thought_about_and_answered():
    env = gymnasium.make("Maze-v0", size=9)
    maze, _ = env.reset(seed=0)
    _, reward, *_ = env.step(load("maze").think(maze, "converged").answer)
    assert reward == 1.0


def test_a_thought_tells_how_it_was_stopped(small_net):
    agent = agent_of(small_net)
    problems = problems_with([3, 4])
    thoughts = [agent.think(problems, 7), agent.think(problems), agent.think(problems, "converged")]
    assert [(thought.stopping, thought.requested) for thought in thoughts] == [
        ("fixed", 7),
        ("fixed", 10),
        ("converged", None),
    ]


def test_a_thought_says_whether_it_shows_a_way():
    corridor = np.array(
        [[0, 0, 0, 0, 0], [0, 2, 1, 3, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]], np.uint8
    )
    walled = corridor.copy()
    walled[1:3, 2] = 0
    for grid, marks, expected in [
        (corridor, [(1, 1), (1, 2), (1, 3)], True),
        (corridor, [(1, 1), (2, 1), (2, 2), (2, 3), (1, 3)], True),  # a way, if not a shortest
        (corridor, [(1, 1), (1, 2), (1, 3), (0, 0), (2, 3)], True),  # and more
        (corridor, [(1, 1), (1, 3)], False),
        (corridor, [(1, 1), (1, 2)], False),
        (corridor, [(1, 2)], False),
        (corridor, [], False),
        (walled, [(1, 1), (1, 2), (1, 3)], False),  # through a wall
        (corridor[1:3, 1:4], [(0, 0), (0, 1), (0, 2)], True),  # without an outer wall
        (corridor[1:3, 1:4], [(0, 0), (1, 2)], False),
        (np.ones((3, 3), np.uint8), [(0, 0)], False),  # neither start nor goal
    ]:
        answer = np.zeros(grid.shape, np.uint8)
        for cell in marks:
            answer[cell] = 1
        assert MazeTask.reachable(grid[None], answer[None]).tolist() == [expected]


def test_the_shipped_agents_show_a_way_where_there_is_one_and_none_where_there_is_not():
    batch = mazes.generate(size=9, count=30, split="test")
    walled = batch.grids.copy()
    for grid, solution in zip(walled, batch.solutions, strict=True):
        inner = np.argwhere((solution == 1) & (grid == mazes.FREE))
        grid[tuple(inner[len(inner) // 2])] = mazes.WALL
    for name in ("maze", "maze_trees", "maze_trees_seed2"):
        agent = load(name)
        thought = agent.think(batch, "converged")
        assert thought.reachable is not None and thought.reachable.all()
        thought = agent.think(walled, "converged", max_iterations=200)
        assert thought.reachable is not None and not thought.reachable.any()
        assert agent.think(walled[0], 50).reachable == np.False_
    assert load("prefix_sum").think(np.zeros((2, 9), np.uint8)).reachable is None


def test_a_thought_keeps_the_problems_it_was_about(small_net):
    grids = mazes.generate(size=9, count=2, split="test").grids.copy()
    thought = agent_of(small_net).think(grids)
    before = grids.copy()
    grids[:] = 0
    assert np.array_equal(thought.problems, before)


def test_a_thought_is_one_short_line():
    agent = agent_of(CountingNet())
    assert repr(agent.think(problems_with([5, 20, 40, 64]), "converged")) == (
        "Thought(4 answers of 9x9, 16 to 80 iterations, 100% converged)"
    )
    assert repr(agent.think(problems_with([5, 20]), 10)) == (
        "Thought(2 answers of 9x9, 10 iterations, 50% converged)"
    )
    assert repr(agent.think(problems_with([5])[0], 10)) == (
        "Thought(1 answer of 9x9, 10 iterations, 100% converged)"
    )
    flickering = agent_of(CountingNet(flicker=True)).think(problems_with([5, 9, 9]), "converged")
    assert repr(flickering) == (
        "Thought(3 answers of 9x9, 256 iterations, 0% converged, 3 in cycles of 2)"
    )


@pytest.mark.parametrize("name", ["maze", "maze_trees", "prefix_sum", "chess", "chess_squares"])
def test_a_notebook_shows_the_answers_of_a_thought_and_a_table_of_an_agent(name):
    agent = load(name)
    problems = make_task(agent.task.name, split="test").draw(np.arange(10)).problems
    assert agent.think(problems, 5)._repr_html_().count("<img") == 8
    assert agent.think(problems[0], 5)._repr_html_().count("<img") == 1
    page = agent._repr_html_()
    assert f"<td>{agent.task.name}" in page and agent.description["commit"] in page
    agent.description["command"] = "<script>"
    assert "<script>" not in agent._repr_html_()
    assert len(repr(agent)) < 500
