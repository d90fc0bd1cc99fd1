"""The benchmarks run, and store what the published results hold."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("environments", "--seconds 0.001"),
        ("chess_loading", "--seconds 0.001"),
        ("thinking", "--sizes 101 --max-iterations 160 --threads 1"),
    ],
)
def test_a_benchmark_stores_what_is_published(tmp_path, name, options):
    file = tmp_path / "result.json"
    script = f"benchmarks/{name}.py"
    subprocess.run([sys.executable, script, *options.split(), "--json", file], cwd=ROOT, check=True)
    found = json.loads(file.read_text())
    published = json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text())
    assert list(found) == list(published)
    for row, like in zip(found.get("rows", []), published.get("rows", []), strict=False):
        assert list(row) == list(like)


@pytest.mark.parametrize("name", ["ablation", "extrapolation", "leaderboard"])
def test_results_need_a_file_to_go_on_from(name):
    command = [sys.executable, f"benchmarks/{name}.py"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 2 and "--json: needs a file for the results" in run.stderr
