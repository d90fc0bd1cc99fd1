"""Stable-Baselines3 learns on ``MazeWalk-v0``: a sixth of the example's training."""

import pytest

pytest.importorskip("stable_baselines3")

from examples import stable_baselines


def test_it_learns_to_walk_through_mazes_it_has_not_seen():
    model = stable_baselines.train(80_000)
    returns = stable_baselines.walk_as_trained(model)
    assert returns.mean() > -0.25 > stable_baselines.walk_randomly().mean() + 0.15
    assert (returns <= stable_baselines.shortest_walks() + 1e-9).all()
