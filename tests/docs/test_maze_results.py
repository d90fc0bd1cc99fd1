"""What the pages say of the agents for any maze is what was measured."""

import json

import pytest

from .conftest import ROOT, flat, page, percent, stored, today
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
    "| start and goal on any free cells, trees and loops | 59 | 2 x 1,000 |": [
        "59 free_cells",
        "59 free_cells loops 0.1",
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
        command = today(result["command"]).replace(f"seed{seed}", "seed1").partition(" --sets")[0]
        assert f"{command} --sets " in page(PAGE)
        trained = described["command"].replace(f"seed{seed}", "seed1")
        assert trained.replace(f"--seed {seed}", "--seed 1") in page(PAGE)


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
