"""The benchmarks run, and store what the published results hold."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("name", "published_as", "options"),
    [
        ("environments", "environments", "--seconds 0.001"),
        ("chess_loading", "chess_loading", "--seconds 0.001"),
        ("thinking", "thinking_trees", "--sizes 101 --max-iterations 160 --threads 1"),
    ],
)
def test_a_benchmark_stores_what_is_published(tmp_path, name, published_as, options):
    file = tmp_path / "result.json"
    script = f"benchmarks/{name}.py"
    subprocess.run([sys.executable, script, *options.split(), "--json", file], cwd=ROOT, check=True)
    found = json.loads(file.read_text())
    results = ROOT / "benchmarks" / "results"
    published = json.loads((results / f"{published_as}.json").read_text())
    assert list(found) == list(published)
    for row, like in zip(found.get("rows", []), published.get("rows", []), strict=False):
        assert list(row) == list(like)


def test_mazes_with_loops_are_timed_beside_trees(tmp_path):
    """And whatever is unusual about a maze is said."""
    file = tmp_path / "result.json"
    options = "--sizes 101 --loops 0 0.1 --endpoints free_cells --max-iterations 160 --threads 1"
    command = [sys.executable, "benchmarks/thinking.py", *options.split(), "--json", file]
    run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    tree, loops = json.loads(file.read_text())["rows"]
    assert "loops" not in tree and loops["loops"] == 0.1
    assert tree["endpoints"] == loops["endpoints"] == "free_cells"
    assert tree["active_cells"][0] == {"iterations": 0, "active_share": pytest.approx(0.5, abs=0.1)}
    first, second = run.stdout.splitlines()
    assert first.startswith("101x101 free_cells: 160 iterations, not converged")
    assert second.startswith("101x101 free_cells loops 0.1: 160 iterations")


@pytest.mark.parametrize(
    "name", ["ablation", "extrapolation", "foreign_mazes", "imagination", "leaderboard"]
)
def test_results_need_a_file_to_go_on_from(name):
    command = [sys.executable, f"benchmarks/{name}.py"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 2 and "--json: needs a file for the results" in run.stderr
