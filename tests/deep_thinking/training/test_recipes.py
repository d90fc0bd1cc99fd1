"""With which plan a net is trained on a task, and on which problems."""

from dataclasses import replace

import numpy as np
import pytest

from tests.deep_thinking.conftest import ROOT
from thinkenv.deep_thinking.architectures.feed_forward import FeedForwardNet
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet
from thinkenv.deep_thinking.training.plan import Plan
from thinkenv.deep_thinking.training.recipes import plan_for
from thinkenv.mazes.task import MazeTask
from thinkenv.tasks import find_task


def training_mazes(split="train", **options):
    return replace(MazeTask.training_options(), **options).task(MazeTask, split)


def test_walls_are_moved_in_training_alone():
    assert training_mazes().options["wall_moves"] == 16
    for mazes in (training_mazes(wall_moves=0), training_mazes("validation")):
        assert "wall_moves" not in mazes.options
    assert all(
        "wall_moves" not in task.options for task in MazeTask.testing_options().tasks(MazeTask)
    )


def test_loops_are_trained_on_where_they_are_asked_for():
    mazes = training_mazes(loops=0.3)
    assert not mazes.draw(range(50)).unique.all()
    assert mazes.options["loops"] == 0.3 and mazes.options["wall_moves"] == 16


def test_each_task_has_its_plan_and_a_task_of_ones_own_the_default():
    own = find_task(f"{ROOT / 'examples' / 'flood_fill.py'}:FloodFillTask")
    plans = {
        name: plan_for(task, RecurrentNet)
        for name, task in [
            *((name, find_task(name)) for name in ("maze", "prefix_sum", "chess")),
            ("own", own),
        ]
    }
    assert plans["own"] == Plan()
    assert len({repr(plan) for plan in plans.values()}) == 4
    for name in ("maze", "prefix_sum"):  # problems that can be changed a little are
        assert {"changed"} <= {*plans[name].short_starts} & {*plans[name].long_starts}
    assert "changed" not in {*plans["chess"].short_starts, *plans["chess"].long_starts}
    assert plan_for(find_task("maze"), FeedForwardNet) == plans["maze"]


def test_an_architecture_may_ask_for_another_plan():
    class Patient(RecurrentNet):
        name = "patient"

        @classmethod
        def plan_changes(cls, task):
            return {"steps": 7, "learning_rate": 2e-3} if task.name == "maze" else {}

    maze = find_task("maze")
    changed = replace(plan_for(maze, RecurrentNet), steps=7, learning_rate=2e-3)
    assert plan_for(maze, Patient) == changed
    assert plan_for(find_task("chess"), Patient) == plan_for(find_task("chess"), RecurrentNet)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": 0}, "--steps must be at least 1, got 0"),
        ({"short_steps": -1}, "--short-steps must be at least 0, got -1"),
        ({"batch": 0}, "--batch must be at least 1, got 0"),
        ({"learning_rate": -1.0}, "--learning-rate must be at least 0.0, got -1.0"),
        ({"learning_rate": np.nan}, "--learning-rate must be at least 0.0, got nan"),
        ({"warmup_fraction": 1.1}, r"--warmup-fraction must be in \[0.0, 1.0\], got 1.1"),
        ({"weight_decay": -1e-3}, "--weight-decay must be at least 0.0, got -0.001"),
        ({"max_grad_norm": -1.0}, "--max-grad-norm must be at least 0.0, got -1.0"),
        ({"update_prob": 2.0}, r"--update-prob must be in \[0.0, 1.0\], got 2.0"),
        ({"memory_noise_std": -0.1}, "--memory-noise-std must be at least 0.0, got -0.1"),
        ({"residual_penalty": -0.1}, "--residual-penalty must be at least 0.0, got -0.1"),
        ({"ema_decay": 1.5}, r"--ema-decay must be in \[0.0, 1.0\], got 1.5"),
        (
            {"long_iterations": (9, 3)},
            "--long-iterations must be a minimum of at least 1 and a maximum, got 9 3",
        ),
        ({"short_iterations": (0, 3)}, "--short-iterations must be a minimum of at least 1 and"),
        ({"short_starts": ()}, "--short-starts must be of empty, continued, .*, got none"),
        ({"long_starts": ("empty", "full")}, "--long-starts must be of .*, got empty full"),
    ],
)
def test_a_number_that_makes_no_sense_is_named(changes, words):
    with pytest.raises(ValueError, match=words):
        Plan(**changes)
