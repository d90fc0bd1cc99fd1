"""Stable-Baselines3 learns on ``MazeWalk-v0``: a sixth of the example's training."""

import json
from pathlib import Path

import pytest

pytest.importorskip("stable_baselines3")

from examples import stable_baselines

ROOT = Path(__file__).resolve().parents[2]


def test_it_learns_to_walk_through_mazes_it_has_not_seen():
    model = stable_baselines.train(80_000)
    returns = stable_baselines.walk_as_trained(model)
    assert returns.mean() > -0.25 > stable_baselines.walk_randomly().mean() + 0.15
    assert (returns <= stable_baselines.shortest_walks() + 1e-9).all()


def test_what_the_readme_says_is_the_stored_result():
    stored = json.loads((ROOT / "agents" / "results" / "stable_baselines.json").read_text())
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert stored["command"] in readme and not stored["commit"].endswith("+changes")
    rows = {row["walker"]: row for row in stored["rows"]}
    learnt = [row for row in stored["rows"] if row["walker"] == "PPO"]
    returns = " and ".join(
        [", ".join(f"{row['return']:.2f}" for row in learnt[:-1]), f"{learnt[-1]['return']:.2f}"]
    )
    assert f"mean returns of {returns}" in readme
    assert f"random steps get {rows['random']['return']:.2f}" in readme
    assert f"shortest walks {rows['shortest']['return']:.2f}" in readme
    lowest, highest = (100 * function(row["solved"] for row in learnt) for function in (min, max))
    assert f"reach {lowest:.1f} to {highest:.1f} % of the goals" in readme
    assert all(row["seconds"] < 120 for row in learnt)
