"""The agent in assets: what is written about it, and that it thinks longer to solve more."""

import json

import pytest

from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.maze_problems import MazeProblems

from .conftest import ROOT, run_script

FOLDER = ROOT / "assets" / "agents" / "maze"
RESULTS = ROOT / "agents" / "results" / "maze.json"
COLUMNS = (18, 72, 150, 400, 1500)  # iterations in the table of the README


@pytest.fixture(scope="module")
def agent():
    return load(FOLDER)


def test_it_is_small_and_says_where_it_comes_from():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 5_000_000
    description = json.loads((FOLDER / "agent.json").read_text())
    for key in ("command", "commit", "seed", "versions", "machine", "plan", "metrics"):
        assert description[key] not in ("", None, "unknown")
    assert not description["commit"].endswith("+changes")
    assert description["trained_on"]["size"] == 9 and description["trained_on"]["split"] == "train"


@pytest.mark.parametrize(("size", "iterations", "least"), [(9, None, 1.0), (13, 200, 1.0)])
def test_it_solves_mazes_it_has_not_seen(agent, size, iterations, least):
    task = MazeProblems(size=size, split="test")
    problems = task.draw(1, 100)
    scores = task.judge(problems, agent.think(problems.problems, iterations).answer)
    assert scores["solved"].mean() >= least


def test_it_solves_larger_mazes_by_thinking_longer_and_then_stays(agent):
    task = MazeProblems(size=33, split="extrapolation")
    problems = task.draw(1, 24)
    budget = agent.think(problems.problems)
    longer = agent.think(problems.problems, 600)
    much_longer = agent.think(problems.problems, 600, memory=longer.memory)
    scores = [
        task.judge(problems, thought.answer)["solved"].mean()
        for thought in (budget, longer, much_longer)
    ]
    assert scores[0] < 0.6 and scores[1] >= 0.95 and scores[2] >= 0.95


def test_it_stops_by_itself(agent):
    task = MazeProblems(size=13, split="extrapolation")
    problems = task.draw(1, 50)
    thought = agent.think(problems.problems, "converged", most_iterations=3000)
    assert thought.converged.mean() >= 0.9
    assert task.judge(problems, thought.answer)["solved"].mean() >= 0.98


def test_the_table_in_the_readme_is_the_stored_result():
    stored = json.loads(RESULTS.read_text())
    table = (ROOT / "README.md").read_text()
    assert stored["command"] in table
    for row in stored["rows"]:
        assert row["checkpoint"] == "assets/agents/maze"
    for size in {row["size"] for row in stored["rows"]}:
        of_size = [row for row in stored["rows"] if row["size"] == size]
        shown = [row for row in of_size if row["iterations"] in COLUMNS]
        assert len(shown) == len(COLUMNS)
        cells = " | ".join(f"{row['exact']:.1%}".replace("%", " %") for row in shown)
        assert f"| {size} | {of_size[0]['n']} | {cells} |" in table


def test_the_table_of_seeds_in_the_readme_is_the_stored_result():
    files = sorted((ROOT / "benchmarks" / "results").glob("maze_seed*.json"))
    assert files
    shown = run_script("benchmarks/extrapolation.py", "--table", *map(str, files)).stdout
    readme = (ROOT / "README.md").read_text()
    assert shown in readme
    for file in files:
        stored = json.loads(file.read_text())
        seed = stored["agent"]["seed"]
        name = "maze" if seed == 0 else f"maze_seed{seed}"
        described = json.loads((ROOT / "assets" / "agents" / name / "agent.json").read_text())
        assert described["weights_sha256"] == stored["agent"]["weights_sha256"]
        assert described["seed"] == seed and not described["commit"].endswith("+changes")
        assert not stored["commit"].endswith("+changes")


def test_the_times_in_the_readme_are_the_stored_result():
    stored = json.loads((ROOT / "benchmarks" / "results" / "thinking.json").read_text())
    readme = (ROOT / "README.md").read_text()
    assert not stored["commit"].endswith("+changes")
    for row in stored["rows"]:
        assert row["solved"] and row["converged"]
        line = f"| {row['size']} | {row['path_length']:,} cells | {row['iterations']:,} "
        assert f"{line}| {row['active_seconds']:.1f} | {row['times_faster']:.1f} |" in readme
    assert f"peaked at {stored['peak_memory_mb'] / 1e3:.2f} GB" in readme
    for seed in (1, 4):
        slow = json.loads((ROOT / f"benchmarks/results/thinking_seed{seed}.json").read_text())
        assert not slow["commit"].endswith("+changes") and slow["rows"][0]["solved"]
        assert f"{slow['rows'][0]['active_seconds']:.1f} seconds (seed {seed})" in readme


def test_the_table_of_disturbances_in_the_readme_is_the_stored_result():
    stored = json.loads((ROOT / "agents" / "results" / "maze_recovery.json").read_text())
    readme = (ROOT / "README.md").read_text()
    assert stored["command"] in readme and not stored["commit"].endswith("+changes")
    for name in {row["disturbance"] for row in stored["rows"]}:
        rows = [row for row in stored["rows"] if row["disturbance"] == name]
        cells = [f"{row['exact']:.1%}, {row['iterations_until_right']:.0f}" for row in rows]
        line = " | ".join(cells).replace("%", " %")
        assert any(text.startswith(f"| `{name}`") and line in text for text in readme.split("\n"))


def test_what_the_readme_says_of_the_control_is_the_stored_result():
    stored = json.loads((ROOT / "agents" / "results" / "maze_recovery_control.json").read_text())
    readme = (ROOT / "README.md").read_text()
    assert stored["command"] in readme and stored["agent"]["command"] in readme
    shares = {
        (row["disturbance"], row["disturbed_at"]): [
            f"{100 * s:.1f} %" for s in row["right_at_looks"]
        ]
        for row in stored["rows"]
    }
    undisturbed = shares["none", 1.0]
    assert f"solves {undisturbed[0]} of 1,000" in readme.replace("\n", " ")
    assert f"thinking on ({undisturbed[1]} 16 iterations later)" in readme.replace("\n", " ")
    for name in ("zero", "foreign", "random", "flip:0.5"):
        assert shares[name, 0.5][1] == "0.0 %"
    for name in ("noise:1", "region:0.5"):
        assert f"{shares[name, 0.5][1]} with noise" in readme.replace("\n", " ")


def test_what_the_readme_says_of_constant_disturbances_loops_and_files_is_the_stored_result():
    readme = " ".join((ROOT / "README.md").read_text().split())
    folder = ROOT / "agents" / "results"
    stored = {
        name: json.loads((folder / f"maze_{name}.json").read_text())
        for name in ("recovery_every", "loops", "easy_to_hard_33", "easy_to_hard_59")
    }
    for name, result in stored.items():
        assert not result["commit"].endswith("+changes")
        if name != "easy_to_hard_59":
            assert result["command"] in readme
    for row in stored["recovery_every"]["rows"]:
        share = "90.5 %" if row["disturbance"] == "flip:0.01" else "100.0 %"
        assert f"{100 * row['exact']:.1f} %" == share
        assert share != "100.0 %" or row["iterations_until_right"] == 128
    at_rest = [100 * row["exact"] for row in stored["loops"]["rows"][1::2]]
    words = (
        "{:.1f} % at size 9, {:.1f} % at 13, {:.1f} % at 33 and {:.1f} % at 59 of 200 mazes each"
    )
    assert words.format(*at_rest) in readme
    for size in (33, 59):
        (row,) = stored[f"easy_to_hard_{size}"]["rows"]
        assert (row["size"], row["n"], row["exact"]) == (size, 300, 1.0)


def test_the_table_of_variants_in_the_readme_is_the_stored_result():
    file = ROOT / "benchmarks" / "results" / "ablation.json"
    assert not json.loads(file.read_text())["commit"].endswith("+changes")
    assert (
        run_script("benchmarks/ablation.py", "--table", str(file)).stdout
        in (ROOT / "README.md").read_text()
    )
