"""When to stop: the example's rules earn what their iterations and answers are worth."""

import json
from pathlib import Path

import pytest
from PIL import Image

from thinkenv.deep_thinking import load
from examples import anytime

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def rows():
    return anytime.compare(load("assets/agents/maze"), 13, 6)


def test_a_return_is_the_score_minus_the_cost_of_its_steps(rows):
    for row in rows:
        steps = row["iterations"] / anytime.ITERATIONS_PER_STEP
        assert row["return"] == pytest.approx(row["exact"] - anytime.COST * steps)


def test_stopping_at_rest_solves_every_maze_in_fewer_iterations_than_a_number_for_all(rows):
    by_rule = {row["rule"]: row for row in rows}
    at_rest = by_rule["memory at rest"]
    assert at_rest["exact"] == 1.0
    enough = [row for row in rows if row["rule"].startswith("after") and row["exact"] == 1.0]
    assert at_rest["iterations"] <= min(row["iterations"] for row in enough)


def test_it_is_drawn(rows, tmp_path):
    anytime.draw(rows, tmp_path / "anytime.png")
    with Image.open(tmp_path / "anytime.png") as picture:
        assert picture.width > 500


def test_what_the_readme_says_is_the_stored_result():
    stored = json.loads((ROOT / "agents" / "results" / "anytime.json").read_text())
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert stored["command"] in readme and not stored["commit"].endswith("+changes")
    rows = {row["rule"]: row for row in stored["rows"]}
    at_rest = rows["memory at rest"]
    assert at_rest["exact"] == 1.0 and at_rest["n"] == 100
    assert f"done at rest after {at_rest['iterations']:.1f} iterations" in readme
    assert f"solves {rows['after 128 iterations']['exact']:.0%}".replace("%", " %") in readme
    enough = [row for name, row in rows.items() if name.startswith("after") and row["exact"] == 1]
    assert f"needs {min(row['iterations'] for row in enough):.0f} for all" in readme
