"""A task of one's own, in a file of one's own: trained, evaluated and shown from any folder."""

import json
from pathlib import Path

import pytest

from tests.deep_thinking.conftest import call_script, refusal, run_script
from thinkenv.deep_thinking import load
from thinkenv.tasks import find_task

# Boards with threads through them: those cells are to be marked whose thread is whole.
SOURCE = '''
"""Threads across a board: mark those that are not cut."""

from dataclasses import dataclass

import numpy as np

from thinkenv.tasks import PlainTask
from thinkenv.tasks.base import TestingOptions, TrainingOptions


class {name}(PlainTask):
    """Rows of ones, some of which are cut by a zero."""

    name = "{called}"
    codes = 2

    def __init__(self, size, split="train", cut=0.5):
        super().__init__(size, split)
        self.cut = cut

    @property
    def options(self):
        return {{**super().options, "cut": self.cut}}

    def draw_problem(self, random):
        board = np.ones((self.size, self.size), np.uint8)
        rows = random.random(self.size) < self.cut
        board[rows, random.integers(self.size, size=self.size)[rows]] = 0
        return board

    def solve(self, problem):
        return np.broadcast_to(problem.all(axis=1, keepdims=True), problem.shape).astype(np.uint8)

    @classmethod
    def training_options(cls):
        return ThreadsToTrain()

    @classmethod
    def testing_options(cls):
        return ThreadsToTest()

    @classmethod
    def watching_options(cls):
        return ThreadsToTest(size=(7,))


@dataclass(frozen=True)
class ThreadsToTrain(TrainingOptions[{name}]):
    """Threads to train on."""

    size: int = 6
    """Threads on a board."""
    cut: float = 0.5
    """The share of threads that are cut."""

    def task(self, family, split):
        return family(self.size, split, self.cut)


@dataclass(frozen=True)
class ThreadsToTest(TestingOptions[{name}]):
    """Threads to test on."""

    size: tuple[int, ...] = (6, 8)
    """Threads on a board."""
    cut: float = 0.25
    """The share of threads that are cut."""

    def tasks(self, family):
        return [family(size, "extrapolation", self.cut) for size in self.size]
'''
TRAIN = (
    "--steps 4 --short-steps 2 --batch 4 --short-iterations 1 2 --long-iterations 2 3 --threads 1"
)
TRAIN += " --validation-problems 4 --validate-every 4 --memory-channels 8 --hidden-channels 8"


@pytest.fixture(scope="module")
def folder_of_the_task(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    (folder / "threads.py").write_text(SOURCE.format(name="ThreadsTask", called="threads"))
    return folder


@pytest.fixture
def folder(folder_of_the_task, monkeypatch):
    """A folder that knows nothing of this repository, with the task in a file."""
    monkeypatch.chdir(folder_of_the_task)
    return folder_of_the_task


def test_it_is_trained_evaluated_and_shown_with_its_own_options(folder):
    of_task = "--task threads.py:ThreadsTask"
    shown, _ = call_script(
        "train_dt", *f"{of_task} --folder runs/threads --cut 0.4 {TRAIN}".split()
    )
    assert "threads, recurrent net of" in shown
    trained_on = load("runs/threads").description["trained_on"]
    assert trained_on == {"split": "train", "size": 6, "cut": 0.4}

    evaluate = f"{of_task} --checkpoint runs/threads --problems 3 --threads 1"
    shown, _ = call_script(
        "evaluate", *f"{evaluate} --cut 0.5 --iterations 3 --json rows.json".split()
    )
    rows = json.loads(Path("rows.json").read_text())["rows"]
    assert [(row["task"], row["size"], row["cut"]) for row in rows] == [
        ("threads", 6, 0.5),
        ("threads", 8, 0.5),
    ]
    assert "size 6" in shown
    shown, _ = call_script(
        "evaluate",
        "recovery",
        *f"{evaluate} --size 6 --disturb zero another --max-iterations 32".split(),
        *"--recovery-iterations 16".split(),
    )
    assert "another" in shown
    assert "no small change is known of problems of the task 'threads'" in refusal(
        "evaluate",
        "recovery",
        *f"{evaluate} --disturb moved --max-iterations 32 --recovery-iterations 16".split(),
    )
    shown, _ = call_script(
        "evaluate",
        "diagnose",
        *f"{evaluate} --size 6 --iterations 4 --max-iterations 16".split(),
    )
    assert "dead-end filling" not in shown
    shown, _ = call_script(
        "think",
        *f"{of_task} --checkpoint runs/threads --iterations 4 --frames 3 --threads 1".split(),
    )
    assert shown.startswith("threads, size 7, instance 0 of extrapolation")
    assert Path("runs/think.gif").exists()


def test_its_options_are_explained_and_others_are_refused(folder):
    # As a process of its own: the folder of the script is not the one of the task.
    script = Path(__file__).parents[2] / "agents" / "evaluate.py"
    task = f"{folder}/threads.py:ThreadsTask"
    shown = " ".join(run_script(script, "--task", task, "--help").stdout.split())
    assert "--cut FLOAT The share of threads that are cut. (default: 0.25)" in shown
    assert "Threads on a board. (default: 6 8)" in shown and "--loops" not in shown
    said = refusal("evaluate", "--task", task, "--loops", 0.5)
    assert "there is no option --loops" in said


def test_it_has_no_agent_until_one_is_named(folder):
    said = refusal("evaluate", "--task", "threads.py:ThreadsTask")
    assert said == "error: --checkpoint must name an agent: none comes with the task 'threads'"
    assert "for the task 'maze', not for 'threads'" in refusal(
        "evaluate", "--task", "threads.py:ThreadsTask", "--checkpoint", "maze"
    )


def test_it_is_found_in_a_module_too(folder, monkeypatch):
    monkeypatch.syspath_prepend(str(folder))
    (folder / "threads_module.py").write_text(
        SOURCE.format(name="OtherTask", called="threads_of_a_module")
    )
    family = find_task("threads_module:OtherTask")
    assert family is find_task("threads_of_a_module") and family(6).options["cut"] == 0.5
