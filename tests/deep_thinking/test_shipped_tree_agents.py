"""The agents for mazes without loops: they think longer to solve more."""

import json

import pytest

from thinkenv.deep_thinking import load, shipped_agents
from thinkenv.tasks import instances_of_seed, make_task

from .conftest import ROOT

NAMES = [name for name in shipped_agents() if name.startswith("maze_trees")]


@pytest.fixture(scope="module")
def agent():
    return load("maze_trees")


def problems_of(size, count, split="extrapolation"):
    """Mazes, the task that judges them, and their share solved by answers."""
    task = make_task("maze", size=size, split=split)
    batch = task.draw(instances_of_seed(1, count))
    return batch.problems, lambda thought: task.judge(batch, thought.answer)[0].mean()


def test_there_is_one_for_each_of_five_seeds():
    assert [load(name).description["seed"] for name in NAMES] == list(range(5))


@pytest.mark.parametrize("seed", range(5))
def test_what_was_measured_is_what_is_shipped(seed):
    results = ROOT / "benchmarks" / "results"
    measured = json.loads((results / f"maze_trees_seed{seed}.json").read_text())
    shipped = load(NAMES[seed]).description
    # Its weights were measured in the file format of release 0.1.
    assert measured["agent"]["weights_sha256"] == shipped["earlier_sha256"]
    assert measured["agent"]["seed"] == shipped["seed"]


@pytest.mark.parametrize(("size", "iterations"), [(9, None), (13, 200)])
def test_it_solves_mazes_it_has_not_seen(agent, size, iterations):
    problems, share_solved = problems_of(size, 100, "test")
    assert share_solved(agent.think(problems, iterations)) == 1.0


def test_it_solves_larger_mazes_by_thinking_longer_and_then_stays(agent):
    problems, share_solved = problems_of(33, 24)
    budget = agent.think(problems)
    longer = agent.think(problems, 600)
    much_longer = agent.think(problems, 600, memory=longer.memory)
    assert share_solved(budget) < 0.6
    assert share_solved(longer) >= 0.95 and share_solved(much_longer) >= 0.95


def test_it_stops_by_itself(agent):
    problems, share_solved = problems_of(13, 50)
    thought = agent.think(problems, "converged", max_iterations=3000)
    assert thought.converged.mean() >= 0.9
    assert share_solved(thought) >= 0.98
