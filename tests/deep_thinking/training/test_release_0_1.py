"""A run that was begun by release 0.1 goes on as it would have gone on there.

``files/release_0_1`` holds runs of nine steps that were stopped after five: of a small net for
mazes, which is equivariant and knows walls, and of a gated one with an encoder for strings. Beside
each is what release 0.1 made of it in the end: the metrics of all steps (``whole.csv``), and some
numbers of the agent's memory after thinking about the first problems (``thought.json``).
"""

import csv
import json
import shutil

import numpy as np
import pytest

from tests.deep_thinking.conftest import ROOT, call_script, refusal
from thinkenv.deep_thinking import load
from thinkenv.tasks import make_task

FILES = ROOT / "tests" / "deep_thinking" / "files" / "release_0_1"
PLAN = (
    "--steps 9 --short-steps 3 --short-iterations 2 3 --long-iterations 9 11 --log-every 1 "
    "--validate-every 9 --validation-problems 4 --threads 1 --ema-decay 0.9 --learning-rate 1e-2"
).split()
OPTIONS = {
    "maze": "--batch 2 --memory-channels 8 --hidden-channels 8 --head-channels 8 --seed 3",
    "prefix_sum": "--batch 4 --memory-channels 2 --hidden-channels 4 --head-channels 2 --gated "
    "--encoder-blocks 1 --encoder-channels 2 --update-kernel 1",
}


@pytest.fixture(params=OPTIONS)
def run(request, tmp_path):
    """The task, a copy of the run, and the options with which it goes on."""
    folder = tmp_path / "run"
    shutil.copytree(FILES / request.param, folder)
    words = ["--task", request.param, *PLAN, *OPTIONS[request.param].split()]
    return request.param, folder, [*words, "--folder", folder, "--resume"]


def test_it_goes_on_with_the_same_losses_to_the_same_agent(run):
    task, folder, options = run
    output, _ = call_script("train_dt", *options)
    assert "from step 5" in output
    with open(folder / "metrics.csv", newline="") as found, open(folder / "whole.csv") as whole:
        rows, expected = list(csv.DictReader(found)), list(csv.DictReader(whole))
    assert [row["step"] for row in rows] == [row["step"] for row in expected]
    for row, right in zip(rows, expected, strict=True):
        right["memory_residual"] = right.pop("change")
        for name in right.keys() - {"seconds", "step"}:
            ours, theirs = (float(one[name] or "nan") for one in (row, right))
            assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-6, nan_ok=True), (row, name)

    agent = load(folder)
    assert [session["versions"]["thinkenv"] for session in agent.description["resumed"]] != []
    assert agent.description["versions"]["thinkenv"] == "0.1.0"
    thought = json.loads((folder / "thought.json").read_text())
    problems = make_task(task).draw(thought["instances"]).problems
    memory = agent.think(problems, thought["iterations"]).memory
    some = memory.contiguous().flatten(1)[:, ::97][:, :6]
    np.testing.assert_allclose(some, thought["memory"], atol=1e-5)


def test_its_files_are_replaced_by_those_of_today(run):
    _, folder, options = run
    call_script("train_dt", *options)
    assert (folder / "weights.safetensors").exists() and not (folder / "weights.pt").exists()
    assert "version 2" in json.loads((folder / "agent.json").read_text())["format"]
    call_script("train_dt", *options)  # which now reads what it wrote


def test_its_agent_is_read_before_it_goes_on(run):
    task, folder, _ = run
    agent = load(folder)
    assert agent.task.name == task and agent.training_iterations == 11
    assert agent.description["plan"]["ema_decay"] == 0.9
    assert "memory_residual" in agent.description["metrics"]


def test_another_run_than_that_of_the_folder_is_refused(run):
    _, _, options = run
    assert "is of a run with plan.ema_decay=0.9, but" in refusal(
        "train_dt", *options, "--ema-decay", 0.8
    )
    assert "is of a run with net.memory_channels=" in refusal(
        "train_dt", *options, "--memory-channels", 16
    )
