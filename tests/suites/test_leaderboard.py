"""The leaderboard is whole, and is what was measured."""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from thinkenv import suites

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "leaderboard.json"
# Of the suites of loops, of ends anywhere and of mazes without a lattice.
ANY_MAZE = RESULTS.with_name("leaderboard_any_maze.json")
# The agents that were measured on its suites.
FOR_ANY_MAZE = ("maze", *(f"maze_seed{seed}" for seed in range(1, 5)))
TREES = ("maze_trees", *(f"maze_trees_seed{seed}" for seed in range(1, 5)))
CHESS = ("chess", "chess_seed1", "chess_seed2", "chess_squares", "chess_feed_forward")
# Those that were measured on all other suites.
MEASURED = (*FOR_ANY_MAZE, *TREES, *CHESS, "prefix_sum")
# Of each task, one of them.
ONE_OF_TASK = {"maze": "maze_trees", "chess": "chess", "prefix_sum": "prefix_sum"}


def test_the_page_is_made_of_the_stored_rows(tmp_path):
    page = tmp_path / "page.md"
    subprocess.run(
        [sys.executable, "benchmarks/leaderboard.py", "--page", page, RESULTS, ANY_MAZE],
        cwd=ROOT,
        check=True,
    )
    assert page.read_text() == (ROOT / "benchmarks" / "leaderboard.md").read_text()


def test_every_agent_has_a_row_for_every_set_of_its_suites():
    usual, any_maze = suites.read_result(RESULTS), suites.read_result(ANY_MAZE)
    assert not any(stored["commit"].endswith("+changes") for stored in (usual, any_maze))
    of_any_maze = {row["suite"] for row in any_maze["rows"]}
    assert of_any_maze | {row["suite"] for row in usual["rows"]} == set(suites.SUITES)
    for suite in suites.SUITES.values():
        rows = [row for row in usual["rows"] + any_maze["rows"] if row["suite"] == suite.name]
        counts = defaultdict(list)
        for row in rows:
            counts[row["checkpoint"], row.get("imagined")].append(row["n"])
        names = {name for name, _ in counts}
        assert {"nothing marked", "coin tosses"} < names
        # The agents for trees were not made for any maze.
        assert ONE_OF_TASK[suite.sets[0].task] in names or suite.name in of_any_maze
        for of_sets in counts.values():
            assert of_sets == [problems.count for problems in suite.sets]


def test_rows_of_ones_own_agent_stand_under_the_problems_they_are_of(tmp_path):
    suite = suites.SUITES["prefix-extrapolation"]
    rows = suites.evaluate(suites.baselines.exact, suite, name="mine")
    shares = [0.11, 0.22, 0.33, 0.44, 0.55]
    rows = [row | {"exact": share} for row, share in zip(rows, shares, strict=True)]
    again = rows[2] | {"exact": 0.99}  # after another number of iterations
    unknown = {key: value for key, value in rows[0].items() if key != "suite"}
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"rows": [rows[3], rows[2], again, unknown]}))
    page = tmp_path / "page.md"
    subprocess.run(
        [sys.executable, "benchmarks/leaderboard.py", "--page", page, RESULTS, own],
        cwd=ROOT,
        check=True,
    )
    lines = [line for line in page.read_text().splitlines() if line.startswith("| mine")]
    cells = [[cell.split()[0] for cell in line.split("|")[2:7]] for line in lines]
    assert cells == [["-", "-", "33.0", "44.0", "-"], ["-", "-", "99.0", "-", "-"]]


def test_the_best_of_each_set_is_bold_and_nothing_else(tmp_path):
    suite = suites.SUITES["prefix-extrapolation"]
    rows = suites.evaluate(suites.baselines.exact, suite, name="first")
    own = tmp_path / "own.json"
    others = [row | {"checkpoint": "other"} for row in rows[:2]]
    others[1]["exact"] = 0.5
    own.write_text(json.dumps({"rows": rows + others}))
    page = tmp_path / "page.md"
    subprocess.run(
        [sys.executable, "benchmarks/leaderboard.py", "--page", page, own], cwd=ROOT, check=True
    )
    bold = {
        line.split("|")[1].strip(): [cell.count("**") == 2 for cell in line.split("|")[2:7]]
        for line in page.read_text().splitlines()
        if line.startswith(("| first", "| other"))
    }
    assert bold == {"first": [True] * 5, "other": [True, *[False] * 4]}


@pytest.mark.parametrize(("results", "agents"), [(RESULTS, MEASURED), (ANY_MAZE, FOR_ANY_MAZE)])
def test_nothing_is_evaluated_again_whichever_file_the_weights_were_in(tmp_path, results, agents):
    rows = tmp_path / "rows.json"
    rows.write_bytes(results.read_bytes())
    names = dict.fromkeys(row["suite"] for row in suites.read_rows(results))
    words = ["--json", rows, "--suites", *names, "--agents", *agents]
    run = subprocess.run(
        [sys.executable, "benchmarks/leaderboard.py", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert run.stderr == "" and rows.read_bytes() == results.read_bytes()
