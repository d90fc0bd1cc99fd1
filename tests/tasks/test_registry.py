"""Tasks are found by their names, and what is none is named."""

import json
import subprocess
import sys

import pytest

from thinkenv.deep_thinking import CheckpointError, load
from thinkenv.deep_thinking.cell_problems import CellProblems
from thinkenv.deep_thinking.tasks import TASKS, find_task

from .conftest import ROOT, refusal

FLOOD_FILL = "examples.flood_fill:FloodFillProblems"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("go", "task='go': allowed are 'maze', 'chess', 'prefix_sum'; a task of your own"),
        ("nowhere:Class", "task='nowhere:Class': No module named 'nowhere'"),
        (":Class", "task=':Class': Empty module name"),
        ("examples.flood_fill:Other", "has no attribute 'Other'"),
        ("examples.flood_fill:FloodFillTask", "it lacks input_channels"),
        ("examples.flood_fill:FloodFillEnv", "it lacks name"),
        ("thinkenv.deep_thinking.cell_problems:CellProblems", "it lacks name"),
    ],
)
def test_what_is_no_task_is_named_in_one_line(name, words, tmp_path):
    with pytest.raises(ValueError) as caught:
        find_task(name)
    assert words in str(caught.value)
    assert words in refusal("train_dt", "--task", name, "--folder", tmp_path)


def test_a_class_that_does_not_say_all_is_refused_when_it_is_made():
    with pytest.raises(TypeError, match="Halfway needs values for training_size, watching_size"):

        class Halfway(CellProblems):
            name = "halfway"
            input_channels = 2
            testing_sizes = (3,)
            many_iterations = 10


def test_an_agent_of_a_task_of_ones_own_is_loaded_once_the_task_is_known(saved_agent):
    described = json.loads((saved_agent / "agent.json").read_text())
    (saved_agent / "agent.json").write_text(json.dumps({**described, "task": "flood_fill"}))
    known = TASKS.pop("flood_fill", None)
    try:
        with pytest.raises(CheckpointError, match="is known when its class was named"):
            load(saved_agent)
    finally:
        if known is not None:
            TASKS["flood_fill"] = known
    code = (
        "from thinkenv.deep_thinking import find_task, load\n"
        f"find_task({FLOOD_FILL!r})\n"
        f"print(load({str(saved_agent)!r}).task.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "FloodFillProblems\n", done.stderr
