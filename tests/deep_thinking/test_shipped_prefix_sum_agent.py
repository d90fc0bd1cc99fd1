"""The prefix sum agents that come with the package: longer strings by thinking longer."""

import pytest

from thinkenv.deep_thinking import load
from thinkenv.tasks import instances_of_seed, make_task


@pytest.mark.parametrize("seed", range(5))
def test_it_solves_longer_strings_by_thinking_longer_and_then_stays(seed):
    agent = load("prefix_sum" if seed == 0 else f"prefix_sum_seed{seed}")
    assert agent.description["seed"] == seed
    assert not agent.description["commit"].endswith("+changes")
    task = make_task("prefix_sum", bits=200, split="extrapolation")
    batch = task.draw(instances_of_seed(1, 50))

    def share_solved(thought):
        return task.judge(batch, thought.answer)[0].mean()

    assert share_solved(agent.think(batch.problems)) == 0
    converged = agent.think(batch.problems, "converged", max_iterations=2000)
    assert converged.converged.all() and share_solved(converged) == 1
    later = agent.think(batch.problems, 1000, memory=converged.memory)
    assert share_solved(later) == 1
