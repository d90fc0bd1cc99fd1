"""What the page about the chess agents that imagine moves says of them is what was measured."""

import importlib.util
import json
import sys
from functools import cache
from types import ModuleType

import numpy as np
import pytest

from thinkenv.deep_thinking.checkpoint import SHIPPED
from thinkenv.deep_thinking.imagination.manner import USUAL

from .conftest import ROOT, flat, page, percent, stored

PAGE = "docs/chess_agent.md"
NUMBERS = {8: "eight"}
SEEDS = ("chess", "chess_seed1", "chess_seed2")
IMAGINED = (0, 4, 16, 64)  # whole lines were played after so many


@cache
def benchmark() -> ModuleType:
    """The script that measured most of it, which also makes the tables."""
    folder = str(ROOT / "benchmarks")
    sys.path.insert(0, folder)
    try:
        spec = importlib.util.spec_from_file_location("imagination", f"{folder}/imagination.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["imagination"] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
    return module


def of_seeds(name: str) -> list[dict]:
    """A result of each of the three seeds."""
    return [stored(f"{name}_seed{seed}") for seed in range(3)]


def test_what_is_said_of_their_size_and_their_training():
    text = flat(PAGE)
    for name in SEEDS:
        described = json.loads((SHIPPED / name / "agent.json").read_text())
        assert f"({described['parameters'] / 1000:.0f} thousand parameters)" in text
        # The page prints the commands of seed 1, without how often something was logged.
        stages, trained = [], described
        while trained:
            stages.append(trained)
            trained = trained.get("start_from")
        seed = described["seed"] % 10
        for stage in stages:
            printed = stage["command"].replace(" --resume", "")
            for word in ("--log-every 500 ", "--validate-every 2000 ", "--checkpoint-every 1000 "):
                printed = printed.replace(word, "")
            if "--seed" not in printed:  # 0 where none was given
                printed = printed.replace("messages ", "messages --seed 0 ", 1)
            printed = printed.replace(f"_seed{seed}", "_seed1").replace(
                f"--seed {seed} ", "--seed 1 "
            )
            for tens in (10, 20):
                printed = printed.replace(f"--seed {tens + seed} ", f"--seed {tens + 1} ")
            assert printed in page(PAGE), printed
        assert stages[-1]["trained_on"]["rating"][1] == 1499
    assert "rated below 1500 alone" in text


def test_the_table_of_the_readme():
    results = of_seeds("chess")
    for puzzles in benchmark().DEFAULT_SETS:
        means = [
            np.mean([result["rows"][name]["exact"] for result in results])
            for name, row in results[0]["rows"].items()
            if name.startswith(f"{puzzles} / imagining")
        ]
        line = f"| {puzzles} | {' | '.join(percent(float(mean)) for mean in means)} |"
        assert line in page("README.md") and len(means) == 5


def test_what_is_said_of_the_tree():
    assert f"among its {NUMBERS[USUAL.candidates]} most probable moves" in flat(PAGE)


@pytest.mark.parametrize("by", [None, "rating", "moves of the solver"])
def test_the_tables_of_hard_puzzles(by):
    results = of_seeds("chess")
    made = benchmark().table_of_groups(results, by) if by else benchmark().table(results)
    assert made.strip() in page(PAGE)


def test_the_tables_of_controls():
    names = ("chess_seed0", "message_layers", "chess_literature", "chess_bfloat16", "chess_float32")
    for name in names:
        assert benchmark().table([stored(name)]).strip() in page(PAGE), name


def test_the_gain_over_the_feed_forward_net():
    results, other = of_seeds("chess"), [stored("message_layers")]
    lines = [
        line
        for line in benchmark().table(results, other).splitlines()
        if line.startswith("| 1600") or line.startswith("| 2000")
    ]
    for line in lines:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[3] == "64":
            assert f"{cells[6]} points" in flat(PAGE), line


def test_the_puzzle_ratings():
    found = [result["puzzle_ratings"] for result in of_seeds("chess_lines")]
    for of_number in zip(*found, strict=True):
        cells = [
            f"{one['rating']:,.0f} ({one['low']:,.0f} to {one['high']:,.0f})" for one in of_number
        ]
        mean = np.mean([one["rating"] for one in of_number])
        line = f"| {of_number[0].get('imagined', 0):.0f} | {mean:,.0f} | {' | '.join(cells)} |"
        assert line in page(PAGE)


def test_the_table_of_whole_lines():
    results = of_seeds("chess_lines")
    for first in results[0]["rows"][:: len(IMAGINED)]:
        low, high = first["rating"]
        cells = []
        for score in ("exact", "first_move", "line"):
            for imagined in IMAGINED if score == "line" else (0, 64):
                same = [
                    row[score]
                    for result in results
                    for row in result["rows"]
                    if row["rating"] == [low, high] and row.get("imagined", 0) == imagined
                ]
                assert len(same) == len(results)
                cells.append(percent(float(np.mean(same))))
        assert f"| {low} to {high} | {first['n']:,} | {' | '.join(cells)} |" in page(PAGE)


def test_the_table_of_disturbances():
    rows = stored("chess_recovery")["rows"]
    for disturbance in ("none", "noise:0.5", "noise:1", "zero", "foreign", "random"):
        found = [row for row in rows if row["disturbance"] == disturbance]
        cells = [f"{percent(row['exact'])}, {row['iterations_until_right']:.0f}" for row in found]
        assert len(cells) == 2 and f"| {' | '.join(cells)} |" in page(PAGE)


def test_what_is_said_of_memories_at_rest():
    moving = []
    for seed in range(3):
        rows = stored(f"chess_rest_seed{seed}")["rows"]
        assert sum(row["n"] for row in rows) == 300
        moving.append(sum(round((1 - row["converged"]) * row["n"]) for row in rows))
    assert moving == [0, 2, 3] and "895 come to rest" in flat(PAGE)


def test_what_iterations_on_the_board_as_it_stands_lose():
    script, stored_rows = benchmark(), stored("chess_seed0")["rows"]
    for puzzles, words in (
        ("1600 to 2399", "1.3 points are lost (± 1.0)"),
        ("2000 and above", "2.5 (± 1.0)"),
    ):
        outcomes = [
            script.outcomes_of(stored_rows[script.row_name(puzzles, "fixed board", iterations, 0)])
            for iterations in (8, 256)
        ]
        lost = outcomes[0].astype(float) - outcomes[1]
        mean, spread = script.mean_of_seeds(lost[None])
        assert words.split()[0] == f"{100 * mean:.1f}" and f"± {100 * spread:.1f})" in words
        assert words in flat(PAGE)
