"""The chess agents that name squares, and that thinking longer helps one of them."""

import json

import pytest

from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.checkpoint import SHIPPED
from thinkenv.tasks import instances_of_seed, make_task

NAMES = ("chess_squares", "chess_feed_forward")


def description_of(name):
    return json.loads((SHIPPED / name / "agent.json").read_text())


@pytest.fixture(scope="module")
def agent():
    return load("chess_squares")


@pytest.fixture(scope="module")
def easy():
    return make_task("chess", split="test", rating=(400, 1499))


@pytest.fixture(scope="module")
def hard():
    return make_task("chess", split="extrapolation", rating=(1600, 1999))


def solved(task, agent, iterations, memory=None):
    """The share with both squares right, and the thought."""
    batch = task.draw(instances_of_seed(0, task.count))
    thought = agent.think(batch.problems, iterations, memory=memory)
    return task.judge(batch, thought.answer)[0].mean(), thought


@pytest.mark.parametrize("name", NAMES)
def test_it_is_small_and_says_where_it_comes_from(name):
    assert sum(path.stat().st_size for path in (SHIPPED / name).iterdir()) < 1_600_000
    description = description_of(name)
    for key in ("command", "commit", "seed", "versions", "machine", "plan", "metrics"):
        assert description[key] not in ("", None, "unknown")
    assert not description["commit"].endswith("+changes")
    assert description["trained_on"]["split"] == "train"
    assert description["trained_on"]["rating"][1] < 1500


def test_both_had_the_same_time_and_are_of_the_same_size():
    thinking, feed_forward = map(description_of, NAMES)
    assert 0.9 < feed_forward["parameters"] / thinking["parameters"] < 1.1
    seconds = [
        agent["start_from"]["metrics"]["seconds"] + agent["metrics"]["seconds"]
        for agent in (thinking, feed_forward)
    ]
    assert 0.95 < seconds[1] / seconds[0] < 1.05
    assert thinking["commit"] == feed_forward["commit"]
    assert thinking["start_from"]["commit"] == feed_forward["start_from"]["commit"]
    assert thinking["trained_on"] == feed_forward["trained_on"]


def test_it_solves_easy_puzzles_it_has_not_seen(agent, easy):
    assert easy.count > 100
    assert solved(easy, agent, None)[0] > 0.7


def test_more_iterations_solve_more_puzzles_and_too_many_lose_none(agent, hard):
    assert hard.count > 500
    once = solved(hard, agent, 1)[0]
    budget, thought = solved(hard, agent, agent.training_iterations)
    far_beyond = solved(hard, agent, 10 * agent.training_iterations, thought.memory)[0]
    assert budget > once + 0.02
    assert far_beyond > budget - 0.01


def test_its_memory_converges(agent, hard):
    batch = hard.draw(instances_of_seed(0, 300))
    thought = agent.think(batch.problems, "converged", max_iterations=500)
    assert thought.converged.mean() > 0.95
