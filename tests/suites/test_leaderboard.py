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
