"""When to stop: the example's rules earn what their iterations and answers are worth."""

import pytest
from PIL import Image

from examples import anytime
from thinkenv.deep_thinking import load


@pytest.fixture(scope="module")
def rows():
    return anytime.compare(load("maze"), 13, 6)


def test_a_return_is_the_score_minus_the_cost_of_its_steps(rows):
    for row in rows:
        steps = row["iterations"] / anytime.ITERATIONS_PER_STEP
        assert row["return"] == pytest.approx(row["exact"] - anytime.COST * steps)


def test_stopping_when_converged_solves_every_maze_in_fewer_iterations_than_a_number_for_all(rows):
    by_rule = {row["rule"]: row for row in rows}
    converged = by_rule["memory converged"]
    assert converged["exact"] == 1.0
    enough = [row for row in rows if row["rule"].startswith("after") and row["exact"] == 1.0]
    assert converged["iterations"] <= min(row["iterations"] for row in enough)


def test_it_is_plotted(rows, tmp_path):
    anytime.plot(rows, tmp_path / "anytime.png")
    with Image.open(tmp_path / "anytime.png") as picture:
        assert picture.width > 500
