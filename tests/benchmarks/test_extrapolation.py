"""Extrapolation is measured set by set, and each set holds the mazes that its name says."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from thinkenv.suites import read_result

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results"


@pytest.fixture
def extrapolation(benchmark_module, monkeypatch):
    """The script, with three mazes in each set."""
    module = benchmark_module("extrapolation")
    few = {name: replace(one, count=3) for name, one in module.SETS.items()}
    monkeypatch.setattr(module, "SETS", few)
    return module


@pytest.fixture
def run(extrapolation, monkeypatch, capsys):
    """Runs the script with some words; what it printed."""

    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["extrapolation.py", *words])
        extrapolation.main()
        return capsys.readouterr().out

    return run


def test_sets_are_those_of_the_published_rows(benchmark_module):
    sets = benchmark_module("extrapolation")
    rows = read_result(RESULTS / "maze_trees_seed0.json")["rows"]
    assert set(rows) == set(sets.GROUPS["trees"])
    for name, row in rows.items():
        options = sets.task_of(name).options
        assert {key: row[key] for key in options} == options
        assert sets.SETS[name].count == row["n"]


def test_no_two_sets_have_the_same_name_or_the_same_mazes(benchmark_module):
    sets = benchmark_module("extrapolation")
    assert len(sets.SETS) == sum(map(len, sets.GROUPS.values()))
    assert len({str(sets.task_of(name).options) for name in sets.SETS}) == len(sets.SETS)
    assert set(sets.ATTRACTORS_SETS) < set(sets.SETS)


def test_a_second_run_goes_on_with_what_is_missing(run, tmp_path):
    file = tmp_path / "maze.json"
    where = ("--checkpoint", "maze", "--threads", "1", "--json", str(file))
    assert "33 any" in run(*where, "--sets", "33 any")
    first = read_result(file)["rows"]["33 any"]
    assert first["exact"] == first["converged"] == 1 and first["n"] == 3
    assert first["shows_no_way"] == 0 and first["attractors"] == {"1": 1.0}
    assert first["ten_times_as_long"] == {"n": 3, "cells": "all", "same_answer": 1.0}
    assert {"commit", "time", "threads"} < set(first["measured"])

    run(*where, "--sets", "33 any", "33 loops 0.1")
    result = read_result(file)
    assert list(result["rows"]) == ["33 any", "33 loops 0.1"] and result["rows"]["33 any"] == first
    assert result["rows"]["33 loops 0.1"]["loops"] == 0.1


def test_the_quick_sets_come_first(run, extrapolation, monkeypatch, tmp_path):
    done = []
    monkeypatch.setattr(
        extrapolation, "think_about_set", lambda agent, name, seed: done.append(name) or {}
    )
    monkeypatch.setattr(extrapolation, "store_result", lambda path, result: None)
    monkeypatch.setattr(extrapolation, "in_words", lambda name, row: name)
    monkeypatch.setattr(extrapolation, "ATTRACTORS_SETS", ())
    run("--sets", "801", "loops", "33 any", "--json", str(tmp_path / "maze.json"))
    sizes = [extrapolation.task_of(name).size for name in done]
    assert sizes == sorted(sizes) and len(done) == len(extrapolation.GROUPS["loops"]) + 2


def test_a_file_of_another_agent_is_left_alone(run, tmp_path):
    stored = json.loads((RESULTS / "maze_trees_seed1.json").read_text())
    file = tmp_path / "maze.json"
    file.write_text(json.dumps(stored))
    with pytest.raises(ValueError, match="maze.json is of another agent"):
        run("--checkpoint", "maze", "--sets", "33 any", "--json", str(file))
    with pytest.raises(ValueError, match="holds mazes of another seed"):
        run("--checkpoint", "maze_trees_seed1", "--seed", "1", "--sets", "59", "--json", str(file))
    assert json.loads(file.read_text()) == stored


def test_a_table_has_columns_for_what_its_mazes_have(run, tmp_path):
    result = read_result(RESULTS / "maze_trees_seed0.json")
    row = result["rows"]["59"]
    sets = {
        "59 loops 0.1": row | {"loops": 0.1, "exact": 0.5},
        "59 percolation 0.3 free_cells": row | {"generator": "percolation", "removed": 0.3},
    }
    files = []
    for seed, of_seed in enumerate((sets, {"59 loops 0.1": sets["59 loops 0.1"]})):
        files.append(tmp_path / f"{seed}.json")
        files[-1].write_text(json.dumps({"agent": {"seed": seed}, "rows": of_seed}))
    assert run("--table", *map(str, files)).splitlines() == [
        "| size | generator | loops | removed | endpoints | mazes | seed 0 | seed 1 |",
        "|---|---|---|---|---|---|---|---|",
        "| 59 | dfs | 0.1 | - | any | 1,000 | 50 % | 50 % |",
        "| 59 | percolation | 0.0 | 0.3 | any | 1,000 | 100 % | not run |",
    ]
    assert "| 100 % | 100 % |" in run("--table", *map(str, files), "--share", "converged")
