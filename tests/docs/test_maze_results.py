"""What the pages say of the agents for any maze is what was measured."""

import json

import pytest

from .conftest import (
    ROOT,
    check_disturbances,
    check_iterations,
    flat,
    page,
    percent,
    stored,
    today,
)
from .test_tree_agents import table_of

PAGE = "docs/results.md"
SEEDS = range(5)
WEIGHTS = ROOT / "thinkenv" / "deep_thinking" / "weights"
GENERATORS = ("wilson", "kruskal", "prim", "recursive_division")
# The lines of the README's table: what the mazes are, their sizes, how many, and their sets.
LINES = {
    "| trees, the ends in rooms: anywhere, dead ends, corners, farthest | 33 | 4 x 1,000 |": [
        f"33 {ends}" for ends in ("any", "dead_ends", "corners", "farthest")
    ],
    "| trees of five generators, the ends in rooms | 59 | 5 x 1,000 |": [
        "59",
        *(f"59 {name}" for name in GENERATORS),
    ],
    "| loops (a tenth of the walls opened) | 33, 59 | 2 x 1,000 |": [
        "33 loops 0.1",
        "59 loops 0.1",
    ],
    "| loops, from few (0.05) to an open lattice (1.0) | 59 | 5 x 200 |": [
        *(f"59 loops {loops}" for loops in (0.05, 0.3, 0.7, 1.0)),
        "59 wilson loops 0.1",
    ],
    "| start and goal on any free cells, trees and loops | 33, 59 | 4 x 1,000 |": [
        f"{size} free_cells{loops}" for size in (33, 59) for loops in ("", " loops 0.1")
    ],
    "| the same, trees of five more generators | 59 | 5 x 200 |": [
        f"59 {name} free_cells" for name in (*GENERATORS, "hunt_and_kill")
    ],
    "| loops, the ends adjacent, in corners, farthest | 59 | 3 x 200 |": [
        f"59 {ends} loops 0.1" for ends in ("adjacent", "corners", "farthest")
    ],
    "| no lattice: cells removed at random (0.1 to 0.4), open places, caves | 59 | 6 x 200 |": [
        *(f"59 percolation {removed} free_cells" for removed in (0.1, 0.2, 0.3, 0.4)),
        "59 plazas free_cells",
        "59 caves free_cells",
    ],
    "| no way from start to goal: right is an empty answer | 59 | 2 x 200 |": [
        f"59 percolation {removed} unreachable" for removed in (0.3, 0.4)
    ],
    "| large ones, trees and loops, the ends in rooms | 201 | 2 x 200 |": ["201", "201 loops 0.1"],
    "| the largest, trees and loops, the ends in rooms | 801 | 2 x 20 |": ["801", "801 loops 0.1"],
}


def rows_of(name: str) -> list[dict]:
    """The rows of a set, of all seeds."""
    return [stored(f"maze_seed{seed}")["rows"][name] for seed in SEEDS]


@pytest.mark.parametrize("line", LINES)
def test_the_short_table_of_the_readme(line):
    rows = [row for name in LINES[line] for row in rows_of(name)]
    exact, low = (min(row[key] for row in rows) for key in ("exact", "exact_low"))
    assert f"{line} {percent(exact)} ({percent(low)}) |" in page("README.md")


def test_no_set_is_left_out_of_it():
    told = {name for names in LINES.values() for name in names}
    for seed in SEEDS:
        assert set(stored(f"maze_seed{seed}")["rows"]) == told


def test_the_table_of_seeds():
    assert table_of("extrapolation", *(f"maze_seed{seed}" for seed in SEEDS)) in page(PAGE)
    for seed in SEEDS:
        result = stored(f"maze_seed{seed}")
        described = json.loads((WEIGHTS / agent_of(seed) / "agent.json").read_text())
        assert described["seed"] == result["agent"]["seed"] == seed
        assert described["weights_sha256"] == result["agent"]["weights_sha256"]
        assert not described["commit"].endswith("+changes")
        # Sets were measured in several calls, of which the last is stored.
        command = today(result["command"]).partition(" --sets")[0]
        command = command.replace(f"--checkpoint {agent_of(seed)}", "--checkpoint maze_seed1")
        assert f"{command} --sets " in page(PAGE)
        trained = described["command"].replace(f"seed{seed}", "seed1")
        assert trained.replace(f"--seed {seed}", "--seed 1") in page(PAGE)


def test_the_table_of_thinking_longer():
    result = stored("maze")
    check_iterations(PAGE, result["command"], result["rows"], columns=(18, 72, 140, 280, 560))


def test_the_table_of_disturbances():
    result = stored("maze_recovery")
    check_disturbances(PAGE, result["command"], result["rows"])


def test_the_times():
    for name, words in (
        ("801", "seconds on average without loops"),
        ("801 loops 0.1", "with (seeds"),
    ):
        means = [f"{row['seconds'] / row['n']:.0f}" for row in rows_of(name)]
        assert f"{', '.join(means[:-1])} and {means[-1]} {words}" in flat(PAGE)
    slowest = max(row["seconds_of_slowest"] for row in rows_of("801 loops 0.1"))
    assert f"the slowest with loops took {slowest:.0f} seconds" in flat(PAGE)


def test_where_other_beginnings_lead():
    for seed in SEEDS:
        for found in stored(f"maze_seed{seed}")["attractors"]:
            assert found["n"] == 100 and found["same_answer_after_ten_times"] == 1.0
            assert found["attractors"] == {"fixed point": 1.0}
            assert all(f"{share:.3f}" == "1.000" for share in found["alignment"].values())
    assert "end in the same memory (alignment 1.000)" in flat(PAGE)


def test_what_the_readme_says_of_recovery():
    rows = stored("maze_recovery")["rows"]
    assert all(row["exact"] == 1.0 and row["n"] == 1000 for row in rows)
    slowest = max(row["iterations_until_right"] for row in rows)
    words = f"1,000 of 1,000 find the right answer again, in {slowest:.0f} iterations (median) at"
    assert words in flat("README.md")


def test_the_table_of_mazes_made_elsewhere():
    names = [f"maze_foreign_seed{seed}" for seed in SEEDS]
    assert table_of("foreign_mazes", *names) in page(PAGE)
    for seed, name in zip(SEEDS, names, strict=True):
        result = stored(name)
        described = json.loads((WEIGHTS / agent_of(seed) / "agent.json").read_text())
        assert result["agent"]["weights_sha256"] == described["weights_sha256"]
        # All of the files that are written, and nothing about which the two judges differ.
        assert len(result["rows"]) == 36
        assert not any(row["judges_differ"] for row in result["rows"].values())
    rows = [row for name in names for row in stored(name)["rows"].values()]
    count = sum(row["n"] for row in rows)
    wrong = sum(round(row["n"] * (1 - row["networkx_exact"])) for row in rows)
    assert f"Of {count:,} mazes made by other packages, {wrong} are not solved" in flat("README.md")


def test_the_table_of_what_counting_is_given():
    result = stored("ablation_counting")
    assert result["command"] in page(PAGE)
    options = ("--study", "counting")
    assert table_of("ablation", "ablation_counting", options=options) in page(PAGE)
    assert len({(row["variant"], row["seed"]) for row in result["rows"]}) == 7 * 3


def agent_of(seed: int) -> str:
    """The name of the agent of a seed."""
    return f"maze_seed{seed}" if seed else "maze"


def test_how_thoughts_end():
    rows = [row for names in LINES.values() for name in names for row in rows_of(name)]
    moving = sum(round(row["n"] * (1 - row["converged"])) for row in rows)
    same = [row["ten_times_as_long"] for row in rows]
    assert all(found["same_answer"] == 1.0 for found in same)
    again = sum(found["n"] for found in same)
    assert f"All of {again:,} answers stayed the same for ten times the iterations" in flat(PAGE)
    assert f"{moving:,} of {sum(row['n'] for row in rows):,} memories" in flat(PAGE)
    longest = max(row["longest_path"] for row in rows)
    most = max(row["max_iterations"] for row in rows)
    assert f"paths has {longest:,} cells, and no rollout took more than {most:,}" in flat(PAGE)
