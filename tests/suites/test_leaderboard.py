"""The leaderboard is whole, and is what was measured."""

import json
import subprocess
import sys
from pathlib import Path

from thinkenv import suites

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "leaderboard.json"
# Suites of mazes that the agents there are were not made for: these have no rows of them.
OF_BASELINES = ("maze-loops", "maze-loops-801", "maze-any-ends", "maze-no-lattice")


def test_the_page_is_made_of_the_stored_rows(tmp_path):
    page = tmp_path / "page.md"
    subprocess.run(
        [sys.executable, "benchmarks/leaderboard.py", "--page", page, RESULTS], cwd=ROOT, check=True
    )
    assert page.read_text() == (ROOT / "benchmarks" / "leaderboard.md").read_text()


def test_every_agent_has_a_row_for_every_set_of_its_suites():
    stored = suites.read_result(RESULTS)
    assert not stored["commit"].endswith("+changes")
    for suite in suites.SUITES.values():
        rows = [row for row in stored["rows"] if row["suite"] == suite.name]
        names = {row["checkpoint"] for row in rows}
        assert {"nothing marked", "coin tosses"} < names
        assert suite.name in OF_BASELINES or suite.sets[0].task in names  # the agent of that name
        for name in names:
            counts = [row["n"] for row in rows if row["checkpoint"] == name]
            assert counts == [problems.count for problems in suite.sets]


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


def test_nothing_is_evaluated_again_whichever_file_the_weights_were_in(tmp_path):
    rows = tmp_path / "rows.json"
    rows.write_bytes(RESULTS.read_bytes())
    run = subprocess.run(
        [sys.executable, "benchmarks/leaderboard.py", "--json", rows],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert run.stderr == "" and rows.read_bytes() == RESULTS.read_bytes()
