"""Environments of one step: see a problem, submit one answer, be judged.

``OneAnswer`` makes an environment of any task whose answers are 0 or 1 for every cell, and
``PlainTaskEnv`` of any task in plain Python, in two lines: see ``examples/flood_fill.py``.
"""

from typing import ClassVar

import numpy as np
from gymnasium import spaces

from thinkenv.checks import check_choice
from thinkenv.envs.base import InstanceEnv
from thinkenv.envs.dynamics import Dynamics, Outcome
from thinkenv.tasks.base import Batch, Task
from thinkenv.tasks.plain import PlainTask

REWARDS = ("exact", "cells")


class OneAnswer(Dynamics[Batch]):
    """One answer of 0 and 1 ends an episode; the task judges it and draws it.

    A subclass may have its own ``observe``, ``reset_infos`` and ``step_infos``.

    Args:
        task: What draws the problems and judges the answers.
        observation_space: Of one problem.
        action_space: Of one answer.
        reward: ``exact``, 1 for a solved problem and else 0, or ``cells``, the share of cells that
            are right.

    Raises:
        ValueError: If ``reward`` is neither.
    """

    one_answer = True

    def __init__(
        self,
        task: Task[Batch],
        observation_space: spaces.Space,
        action_space: spaces.MultiBinary,
        reward: str = "exact",
    ):
        super().__init__(task, observation_space, action_space)
        self._shape = action_space.shape
        self.reward = check_choice("reward", reward, REWARDS)

    def allocate(self, count: int) -> None:
        """Make room for the answers."""
        super().allocate(count)
        self._answers = np.zeros((count, *self._shape), np.uint8)
        self._yes, self._no = np.ones(count, np.bool_), np.zeros(count, np.bool_)

    def observe(self) -> np.ndarray:
        """The problems as they are."""
        return np.array(self.batch.problems, self.observation_space.dtype)

    def reset_infos(self, which: np.ndarray) -> dict[str, np.ndarray]:
        """The instance numbers."""
        return {"instance": self.batch.instances[which]}

    def step_infos(
        self, batch: Batch, solved: np.ndarray, cell_accuracies: np.ndarray
    ) -> dict[str, np.ndarray]:
        """What ``step`` reports of answers to a batch, as the task has judged them."""
        return {"solved": solved, "cell_accuracy": cell_accuracies, "solution": batch.solutions}

    def act(self, actions: np.ndarray, which: np.ndarray) -> Outcome:
        """Judge the answers ``(n, …)``."""
        batch = self.chosen(which)
        solved, cell_accuracies = self.task.judge(batch, actions)
        if len(which) == self.count:
            self._answers = actions.copy()
        else:
            self._answers[which] = actions
        rewards = solved if self.reward == "exact" else cell_accuracies
        infos = self.step_infos(batch, solved, cell_accuracies)
        return rewards, self._yes[: len(which)], self._no[: len(which)], infos

    def picture(self, index: int, mode: str, is_over: bool) -> np.ndarray | str:
        """The problem, with the answer once there is one."""
        batch = self.batch[index : index + 1]
        answer = self._answers[index] if is_over else None
        return self.task.text(batch, answer) if mode == "ansi" else self.task.picture(batch, answer)


class PlainTaskEnv(InstanceEnv):
    """The environment of a ``PlainTask``. A subclass names the task: ``task_type = FloodFillTask``.

    Args:
        size: The size of problems; by default the one that is trained on.
        split: ``train``, ``validation``, ``test``, ``extrapolation`` or ``all``.
        reward: ``exact`` or ``cells``, as of ``OneAnswer``.
        render_mode: ``rgb_array``, ``ansi`` or None.

    Raises:
        ValueError: If an argument has a value that is not allowed.
        TypeError: If an argument has the wrong type.
    """

    task_type: ClassVar[type[PlainTask]]

    def __init__(
        self,
        size: int | None = None,
        split: str = "train",
        reward: str = "exact",
        render_mode: str | None = None,
    ):
        task = self.task_type(self.task_type.training_size if size is None else size, split)
        shape = (task.size,) * task.dimensions
        cells = spaces.Box(0, task.codes - 1, shape, np.uint8)
        dynamics = OneAnswer(task, cells, spaces.MultiBinary(shape), reward)
        super().__init__(dynamics, render_mode)
