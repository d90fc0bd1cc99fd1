"""What is said of the agents for mazes without loops is what was measured."""

import json
import subprocess
import sys
from collections.abc import Sequence

from .conftest import (
    RESULTS,
    ROOT,
    check_disturbances,
    check_iterations,
    flat,
    page,
    percent,
    stored,
    today,
)

PAGE = "docs/tree_agents.md"
SEEDS = range(5)
COLUMNS = (18, 72, 150, 400, 1500)  # iterations in the table
# What the parts of the recipe were called when their absence was measured.
WORDS = {
    "barriers": "wall mask",
    "symmetry": "equivariance",
    "rest penalty": "residual penalty",
    "at rest": "converged",
}
WEIGHTS = ROOT / "thinkenv" / "deep_thinking" / "weights"


def all_rows(seed: int) -> list[dict]:
    return list(stored(f"maze_trees_seed{seed}")["rows"].values())


def table_of(script: str, *results: str, options: Sequence[str] = ()) -> str:
    """What a benchmark prints of stored results."""
    files = [str(RESULTS / f"{name}.json") for name in results]
    done = subprocess.run(
        [sys.executable, f"benchmarks/{script}.py", *options, "--table", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_table_of_thinking_longer():
    result = stored("maze_trees")
    check_iterations(PAGE, today(result["command"]), result["rows"], COLUMNS)


def test_the_table_of_seeds():
    assert table_of("extrapolation", *(f"maze_trees_seed{seed}" for seed in SEEDS)) in page(PAGE)
    for seed in SEEDS:
        result = stored(f"maze_trees_seed{seed}")
        name = "maze_trees" if seed == 0 else f"maze_trees_seed{seed}"
        command = today(result["command"]).replace(f"seed{seed}", "seed1")
        command = command.replace("--checkpoint maze_trees ", "--checkpoint maze_trees_seed1 ")
        assert command in page(PAGE)
        described = json.loads((WEIGHTS / name / "agent.json").read_text())
        assert described["seed"] == result["agent"]["seed"] == seed
        assert not described["commit"].endswith("+changes")


def test_the_table_of_seeds_is_what_the_rows_say():
    for key in stored("maze_trees_seed0")["rows"]:
        rows = [stored(f"maze_trees_seed{seed}")["rows"][key] for seed in SEEDS]
        first = rows[0]
        cells = " | ".join(percent(row["exact"], 0) for row in rows)
        line = f"| {first['size']} | {first['generator']} | {first['endpoints']} | {first['n']:,} |"
        assert f"{line} {cells} |" in page(PAGE)
    longest = max(row["longest_path"] for seed in SEEDS for row in all_rows(seed))
    most = max(row["most_iterations"] for seed in SEEDS for row in all_rows(seed))
    assert f"paths has {longest:,} cells, and no rollout took more than {most:,}" in flat(PAGE)


def test_what_the_readme_says_of_loops():
    loops = [row for row in stored("maze_trees_loops")["rows"] if row["size"] == 33]
    assert f"solves {percent(loops[-1]['exact'])} at size 33" in flat("README.md")


def test_the_times():
    result = stored("thinking_trees")
    for row in result["rows"]:
        assert row["solved"] and row["converged"]
        line = f"| {row['size']} | {row['path_length']:,} cells | {row['iterations']:,} "
        assert f"{line}| {row['active_seconds']:.1f} | {row['times_faster']:.1f} |" in page(PAGE)
    assert f"peaked at {result['peak_memory_mb'] / 1e3:.2f} GB" in flat(PAGE)
    means = [
        f"{row['seconds'] / row['n']:.0f}"
        for seed in SEEDS
        for row in all_rows(seed)
        if row["size"] == 801
    ]
    assert f"{', '.join(means[:-1])} and {means[-1]} seconds on average" in flat(PAGE)
    for seed in (1, 4):
        slow = stored(f"thinking_trees_seed{seed}")["rows"][0]
        assert slow["solved"]
        assert f"{slow['active_seconds']:.1f} seconds (seed {seed})" in flat(PAGE)


def test_the_table_of_disturbances():
    result = stored("maze_trees_recovery")
    check_disturbances(PAGE, today(result["command"]), result["rows"])


def test_what_is_said_of_the_control():
    result = stored("maze_trees_recovery_control")
    assert today(result["command"]) in page(PAGE)
    assert today(result["agent"]["command"]) in page(PAGE)
    shares = {
        (row["disturbance"], row["disturbed_at"]): [percent(s) for s in row["right_at_looks"]]
        for row in result["rows"]
    }
    undisturbed = shares["none", 1.0]
    assert f"solves {undisturbed[0]} of 1,000" in flat(PAGE)
    assert f"thinking on ({undisturbed[1]} 16 iterations later)" in flat(PAGE)
    for name in ("zero", "foreign", "random", "flip:0.5"):
        assert shares[name, 0.5][1] == "0.0 %"
    for name in ("noise:1", "region:0.5"):
        assert f"{shares[name, 0.5][1]} with noise" in flat(PAGE)


def test_what_is_said_of_constant_disturbances():
    result = stored("maze_trees_recovery_every")
    assert today(result["command"]) in page(PAGE)
    for row in result["rows"]:
        share = "90.5 %" if row["disturbance"] == "flip:0.01" else "100.0 %"
        assert percent(row["exact"]) == share
        assert share != "100.0 %" or row["iterations_until_right"] == 128


def test_what_is_said_of_loops():
    result = stored("maze_trees_loops")
    assert today(result["command"]) in page(PAGE)
    converged = [percent(row["exact"]) for row in result["rows"][1::2]]
    words = "{} at size 9, {} at 13, {} at 33 and {} at 59 of 200 mazes each"
    assert words.format(*converged) in flat(PAGE)
    shipped = [
        row
        for row in stored("leaderboard")["rows"]
        if row["loops"] == 0.1 and row["checkpoint"].startswith("maze_trees")
    ]
    assert len(shipped) == len(SEEDS) and all(row["exact"] == 0.0 for row in shipped)
    assert "solve 0.0 % of 1,000 mazes with loops at size 33" in flat(PAGE)


def test_what_is_said_of_mazes_made_elsewhere():
    assert today(stored("maze_trees_easy_to_hard_33")["command"]) in page(PAGE)
    for size in (33, 59):
        (row,) = stored(f"maze_trees_easy_to_hard_{size}")["rows"]
        assert (row["size"], row["n"], row["exact"]) == (size, 300, 1.0)


def in_words_of_today(text: str) -> str:
    """The names that a stored result has for parts of the recipe, as pages call them."""
    for old, new in WORDS.items():
        text = text.replace(old, new)
    return text


def test_the_table_of_variants():
    assert stored("ablation")["command"] in page(PAGE)
    assert in_words_of_today(table_of("ablation", "ablation")) in page(PAGE)


def test_the_table_of_variants_is_what_the_rows_say():
    variants: dict[str, list[dict]] = {}
    for row in sorted(stored("ablation")["rows"], key=lambda row: row["seed"]):
        variants.setdefault(in_words_of_today(row["variant"]), []).append(row)
    assert len(variants) == 13
    for name, rows in variants.items():
        columns = [
            [f"{row['seconds']:.0f}" for row in rows],
            [f"{100 * row['validation_exact']:.0f}" for row in rows],
        ]
        for size in ("59", "201"):
            for key in ("exact", "at_rest"):
                columns.append(
                    [
                        f"{100 * row['sizes'][size][key]:.0f}" if size in row["sizes"] else "-"
                        for row in rows
                    ]
                )
        cells = " | ".join(", ".join(column) for column in columns)
        assert f"| {name} | {cells} |" in page(PAGE)
