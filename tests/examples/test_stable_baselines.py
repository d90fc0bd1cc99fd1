"""Stable-Baselines3 learns on ``MazeWalk-v0``: a sixth of the example's training."""

import pytest


def test_it_learns_to_walk_through_mazes_it_has_not_seen():
    pytest.importorskip("stable_baselines3")
    from agents.examples import stable_baselines

    model = stable_baselines.train(50_000)
    # Random steps have a mean return of -0.55 (300 episodes), shortest walks of 0.82.
    assert stable_baselines.test(model) > -0.25
