"""The chess agents in assets: what is written about them, and that thinking longer helps."""

import json

import pytest

from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.chess_problems import ChessProblems

from .conftest import ROOT

FOLDERS = {name: ROOT / "assets" / "agents" / name for name in ("chess", "chess_feed_forward")}
RESULTS = {name: ROOT / "agents" / "results" / f"{name}.json" for name in FOLDERS}


COLUMNS = (1, 12, 24, 120)  # iterations in the table of the README


@pytest.fixture(scope="module")
def agent():
    return load(FOLDERS["chess"])


@pytest.fixture(scope="module")
def easy():
    return ChessProblems("test", rating=(400, 1499))


@pytest.fixture(scope="module")
def hard():
    return ChessProblems("extrapolation", rating=(1600, 1999))


def solved(problems, agent, iterations, memory=None):
    """The share with both squares right, and the thought."""
    batch = problems.draw(0, problems.count)
    thought = agent.think(batch.problems, iterations, memory=memory)
    return problems.judge(batch, thought.answer)["solved"].mean(), thought


@pytest.mark.parametrize("name", FOLDERS)
def test_it_is_small_and_says_where_it_comes_from(name):
    assert sum(path.stat().st_size for path in FOLDERS[name].iterdir()) < 16_000_000
    description = json.loads((FOLDERS[name] / "agent.json").read_text())
    for key in ("command", "commit", "seed", "versions", "machine", "plan", "metrics"):
        assert description[key] not in ("", None, "unknown")
    assert not description["commit"].endswith("+changes")
    assert description["trained_on"]["split"] == "train"
    assert description["trained_on"]["rating"][1] < 1500


def test_both_had_the_same_time_and_are_of_the_same_size():
    thinking, feed_forward = (
        json.loads((FOLDERS[name] / "agent.json").read_text()) for name in FOLDERS
    )
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


def test_it_comes_to_rest(agent, hard):
    batch = hard.draw(0, 300)
    thought = agent.think(batch.problems, "converged", most_iterations=500)
    assert thought.converged.mean() > 0.95


def pooled(rows, iterations):
    """The share of the harder puzzles solved at so many iterations, as text."""
    chosen = [row for row in rows if row["rating"][0] >= 1600 and row["iterations"] == iterations]
    solved = sum(round(row["exact"] * row["n"]) for row in chosen)
    return f"{100 * solved / sum(row['n'] for row in chosen):.1f}"


def test_what_the_readme_says_of_more_iterations_is_the_stored_result():
    rows = json.loads(RESULTS["chess"].read_text())["rows"]
    text = " ".join((ROOT / "README.md").read_text().split())
    one, three, six, twelve, double, ten_times = (
        pooled(rows, iterations) for iterations in (1, 3, 6, 12, 24, 120)
    )
    assert f"{one} % are solved after one iteration, {three} % after 3" in text
    assert six == twelve and f"and {six} % after 6 and 12, the most in training" in text
    assert f"At ten times as many, 120, it is {ten_times} %" in text
    assert f"{twelve}, {double} and {ten_times} % at 12, 24 and 120" in text


def cell_of(row, score):
    return f"{row[score]:.1%}".replace("%", " %")


def test_the_tables_in_the_readme_are_the_stored_results():
    table = (ROOT / "README.md").read_text()
    stored = {name: json.loads(path.read_text()) for name, path in RESULTS.items()}
    thinking, feed_forward = stored["chess"], stored["chess_feed_forward"]
    for result in stored.values():
        assert result["command"] in table
        assert not result["commit"].endswith("+changes")
        rating = result["puzzle_rating"]
        assert f"{rating['rating']:,.0f} ({rating['low']:,.0f} to {rating['high']:,.0f})" in table
    for other in feed_forward["rows"]:
        low, high = other["rating"]
        of_bucket = {
            row["iterations"]: row for row in thinking["rows"] if row["rating"] == [low, high]
        }
        cells = [cell_of(of_bucket[iterations], "exact") for iterations in COLUMNS]
        cells += [cell_of(of_bucket[COLUMNS[-1]], score) for score in ("first_move", "line")]
        cells += [cell_of(other, score) for score in ("exact", "first_move", "line")]
        assert f"| {low} to {high} | {other['n']:,} | {' | '.join(cells)} |" in table
