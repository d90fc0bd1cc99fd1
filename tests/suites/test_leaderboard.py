"""The leaderboard is whole, and is what was measured."""

import json
import subprocess
import sys
from pathlib import Path

from thinkenv import suites

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "leaderboard.json"


def test_the_page_is_made_of_the_stored_rows(tmp_path):
    page = tmp_path / "page.md"
    subprocess.run(
        [sys.executable, "benchmarks/leaderboard.py", "--page", page, RESULTS], cwd=ROOT, check=True
    )
    assert page.read_text() == (ROOT / "benchmarks" / "leaderboard.md").read_text()


def test_every_agent_has_a_row_for_every_set_of_its_suites():
    stored = json.loads(RESULTS.read_text())
    assert not stored["commit"].endswith("+changes")
    for suite in suites.SUITES.values():
        rows = [row for row in stored["rows"] if row["suite"] == suite.name]
        names = {row["checkpoint"] for row in rows}
        assert {"nothing marked", "coin tosses"} < names
        assert any(name.startswith("assets/agents/") for name in names)
        for name in names:
            counts = [row["n"] for row in rows if row["checkpoint"] == name]
            assert counts == [problems.count for problems in suite.sets]


def test_rows_of_ones_own_agent_stand_under_the_problems_they_are_of(tmp_path):
    suite = suites.SUITES["prefix-extrapolation"]
    rows = suites.evaluate(suites.baselines.exact, suite, name="mine")
    shares = [0.11, 0.22, 0.33, 0.44, 0.55]
    rows = [row | {"exact": share} for row, share in zip(rows, shares, strict=True)]
    again = rows[2] | {"exact": 0.99}  # after another number of iterations
    unknown = {"checkpoint": "mine"}  # of no suite
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"rows": [rows[3], rows[2], again, unknown]}))
    page = tmp_path / "page.md"
    subprocess.run(
        [sys.executable, "benchmarks/leaderboard.py", "--page", page, RESULTS, own],
        cwd=ROOT,
        check=True,
    )
    lines = [line for line in page.read_text().splitlines() if line.startswith("| mine")]
    cells = [[cell.split("**")[1:2] for cell in line.split("|")[2:7]] for line in lines]
    assert cells == [[[], [], ["33.0"], ["44.0"], []], [[], [], ["99.0"], [], []]]
