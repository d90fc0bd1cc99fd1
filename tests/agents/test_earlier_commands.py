"""Every command that the README of release 0.1 printed still works, or says what replaces it."""

import argparse
import contextlib
import json
import runpy
import shlex
import sys
from unittest import mock

import pytest

from tests.deep_thinking.conftest import ROOT, call_script, run_script
from thinkenv.__main__ import build_parser
from thinkenv.deep_thinking import command_line
from thinkenv.deep_thinking.checkpoint import CheckpointError, find_agent
from thinkenv.tasks.registry import import_file

FLOOD_FILL = "--task agents.examples.flood_fill:FloodFillProblems"
AGENTS = [
    "train_dt --seed 1 --threads 1 --folder runs/maze_seed1",
    "train_dt --loops 0.1 --threads 1 --folder runs/maze_loops",
    "train_dt --task chess --database runs/lichess.puzzles --threads 1",
    "train_dt --task chess --database runs/lichess.puzzles --threads 1 --seed 1 --start-from "
    "runs/chess --folder runs/chess_longer --steps 20500 --short-steps 0 --long-iterations 6 12 "
    "--rest-penalty 0.3 --learning-rate 5e-4",
    "train_dt --task prefix_sum --seed 1 --threads 1 --folder runs/prefix_sum_seed1",
    "train_dt",
    "train_dt --resume",
    "train_dt --no-progressive",
    "train_dt --no-symmetric --no-barriers --wall-moves 0",
    "train_dt --architecture feed_forward",
    f"train_dt {FLOOD_FILL} --threads 1 --folder runs/flood_fill",
    "evaluate --checkpoint assets/agents/maze --mazes 200 --iterations 9 18 36 72 150 400 800 1500 "
    "3000 --json agents/results/maze.json --figure assets/pictures/accuracy.png",
    "evaluate --checkpoint assets/agents/maze --threads 1 --file runs/maze_data_test_33 --mazes "
    "1000 --iterations converged --json agents/results/maze_easy_to_hard_33.json",
    "evaluate --checkpoint runs/maze_loops --threads 1 --loops 0.1 --size 9 13 33 59 --mazes 200 "
    "--iterations 72 converged --most-iterations 1500 --json agents/results/maze_loops.json",
    "evaluate --task chess --database runs/lichess.puzzles --problems 1000 --iterations 1 2 3 6 12 "
    "24 120 --json agents/results/chess.json --figure assets/pictures/chess_accuracy.png",
    "evaluate --task chess --checkpoint assets/agents/chess_feed_forward --database "
    "runs/lichess.puzzles --problems 1000 --iterations 1 --json agents/results/chess_ff.json",
    "evaluate --task prefix_sum --checkpoint runs/prefix_sum_seed1 --threads 1 --problems 1000 "
    "--size 32 48 128 512 --iterations 48 100 400 converged --json agents/results/seed1.json",
    "evaluate --task prefix_sum --checkpoint runs/prefix_sum_seed1 --threads 1 --problems 100 "
    "--size 4096 --iterations converged --json agents/results/prefix_sum_4096_seed1.json",
    "evaluate --checkpoint runs/maze --size 9 33 59 --iterations 72 1500 converged",
    "evaluate --file maze_data_test_33",
    "evaluate --suite maze-axes --iterations converged",
    f"evaluate {FLOOD_FILL} --checkpoint runs/flood_fill --iterations converged",
    f"evaluate {FLOOD_FILL} --checkpoint runs/flood_fill --threads 1 --size 9 17 33 65 --problems "
    "200 --iterations 48 200 converged --most-iterations 2000 --json agents/results/flood.json",
    "think --task chess --database bundled --rating 1600 2199 --instance 67 --strip runs/chess.png",
    "think --task prefix_sum --strip assets/pictures/prefix_sum_thinking.png",
    "think --checkpoint runs/maze --size 59 --gif runs/59.gif --strip runs/59.png",
    f"think {FLOOD_FILL} --checkpoint runs/flood_fill --gif runs/flood_fill.gif",
]
# Subcommands now.
MOVED = [
    "--checkpoint assets/agents/maze --threads 1 --size 33 --mazes 1000 --disturb none noise:0.5 "
    "noise:1 noise:2 zero foreign random region:0.5 flip:0.5 moved another --disturb-at 0.25 0.5 2 "
    "--recovery-iterations 400 --json runs/r.json --figure assets/pictures/maze_recovery.png",
    "--checkpoint runs/control --threads 1 --size 9 --mazes 1000 --disturb none noise:1 zero "
    "foreign random region:0.5 flip:0.5 moved another --disturb-at 0.5 1 --most-iterations 16 "
    "--recovery-iterations 32 --json agents/results/maze_recovery_control.json",
    "--checkpoint assets/agents/maze --threads 1 --size 33 --mazes 200 --disturb none noise:0.02 "
    "noise:0.05 noise:0.1 noise:0.2 flip:0.001 flip:0.01 --disturb-at every --recovery-iterations "
    "400 --json agents/results/maze_recovery_every.json",
    "--size 33 --disturb zero foreign noise:1 region:0.5 moved --disturb-at 0.5 2",
    "--size 33 59 --mazes 30 --diagnose",
    "--merge runs/maze-extrapolation-8/0.json --json runs/suite.json",
]
NO_RECALL = [
    "--no-recall",
    "--no-recall --no-progressive --long-iterations 16 16 --wall-moves 0 --memory-channels 32 "
    "--hidden-channels 64 --learning-rate 2e-3 --clip 1 --steps 6000 --threads 1 --folder runs/c",
]
BENCHMARKS = [
    "extrapolation --checkpoint assets/agents/maze_seed1 --json benchmarks/results/maze_seed1.json",
    "extrapolation --table benchmarks/results/maze_seed0.json benchmarks/results/maze_seed1.json",
    "thinking --json benchmarks/results/thinking.json --figure assets/pictures/active_cells.png",
    "ablation --json benchmarks/results/ablation.json",
    "generation --json benchmarks/results/generation.json",
    "environments --json benchmarks/results/environments.json",
    "chess_loading --file lichess_puzzles.csv.zst --json benchmarks/results/chess_loading.json",
]
COMMAND_LINE = [
    "export mazes.npz --size 59 --count 1000",
    "chess download",
    "chess import lichess_db_puzzle.csv.zst",
    "chess import lichess_db_puzzle.csv.zst --to runs/lichess.puzzles",
    "chess info lichess_db_puzzle.puzzles --replay 10000",
]
EXAMPLES = [
    ("anytime", "--json agents/results/anytime.json --figure assets/pictures/anytime.png"),
    ("stable_baselines", "--seeds 0 1 2 --json agents/results/stable_baselines.json"),
]


def as_far_as_its_work(script: str, *words: str) -> str:
    """The last line of what a script says that does nothing once it has read its options."""
    module = import_file(ROOT / "agents" / f"{script}.py")

    def stop(name, *arguments, **options):
        if str(name).startswith("assets/"):
            find_agent(name)
        raise CheckpointError("as far as that")

    begins = (module, "Run") if script == "train_dt" else (command_line, "load_agent")
    with mock.patch.object(*begins, stop), contextlib.chdir(ROOT):
        return call_script(script, *words, expect=1)[1].splitlines()[-1]


@pytest.mark.parametrize("command", AGENTS)
def test_a_script_still_takes_its_options(command):
    assert as_far_as_its_work(*shlex.split(command)) == "error: as far as that"


@pytest.mark.parametrize("command", MOVED)
def test_what_is_a_subcommand_now_is_named_and_takes_the_same_options(command):
    words = command.split()
    (option,) = {"--disturb", "--diagnose", "--merge"} & set(words)
    name = {"--disturb": "recovery", "--diagnose": "diagnose", "--merge": "merge"}[option]
    said = as_far_as_its_work("evaluate", *words)
    assert said == f"error: {option}: say 'evaluate.py {name}', which has options of its own"
    words = [word for word in words if word not in ("--diagnose", "--merge")]
    assert as_far_as_its_work("evaluate", name, *words) == (
        "error: as far as that"
        if name != "merge"
        else "error: runs/maze-extrapolation-8/0.json: there is no such file"
    )


@pytest.mark.parametrize("command", NO_RECALL)
def test_what_a_net_without_recall_cannot_have_is_named(command):
    *_, said = as_far_as_its_work("train_dt", *command.split()).partition(": add ")
    assert said == "--no-wall-mask --no-equivariant"
    assert as_far_as_its_work("train_dt", *command.split(), *said.split()) == (
        "error: as far as that"
    )


class Parsed(Exception):
    """Raised once the words of a command line were understood."""


@pytest.mark.parametrize("command", [f"benchmarks/{words}" for words in BENCHMARKS])
def test_a_benchmark_still_takes_its_options(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # published results stay, should it not stop
    script, *words = command.split()
    parse_args = argparse.ArgumentParser.parse_args

    def parse_and_stop(self, *arguments):
        parse_args(self, *arguments)
        raise Parsed

    with (
        mock.patch.object(argparse.ArgumentParser, "parse_args", parse_and_stop),
        mock.patch.object(sys, "argv", [script, *words]),
        mock.patch.object(sys, "path", [str(ROOT / "benchmarks"), *sys.path]),  # as of a script
        pytest.raises(Parsed),
    ):
        runpy.run_path(str(ROOT / f"{script}.py"), run_name="__main__")


@pytest.mark.parametrize("command", COMMAND_LINE)
def test_the_packages_command_still_takes_its_options(command):
    assert build_parser().parse_args(command.split()).run


@pytest.mark.parametrize(("name", "options"), EXAMPLES)
def test_an_example_says_where_it_went(name, options):
    done = run_script(f"agents/examples/{name}.py", *options.split(), expect=1)
    assert done.stderr == f"agents/examples/{name}.py is examples/{name}.py now\n"
    assert (ROOT / "examples" / f"{name}.py").exists()


def test_the_first_evaluation_of_the_readme_still_measures_the_same(tmp_path):
    words = "--checkpoint assets/agents/maze --mazes 200 --size 9 --iterations 9 18 --threads 1"
    _, errors = call_script("evaluate", *words.split(), "--json", tmp_path / "rows.json")
    assert errors.splitlines()[0] == "--mazes is called --problems now"
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    results = ROOT / "benchmarks" / "results"
    published = json.loads((results / "maze_trees.json").read_text())["rows"]
    for row, other in zip(rows, published, strict=False):
        for name in ("size", "n", "iterations", "exact", "cells", "converged"):
            assert row[name] == pytest.approx(other[name], abs=1e-9), name
