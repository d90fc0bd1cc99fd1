"""Environments of one step: see a problem, submit one answer, be judged.

A task (such as ``thinkenv.mazes.MazeTask``) draws instances and judges answers; the two classes
here are its faces in Gymnasium, single and vector. A new environment subclasses both, and may say
how a batch of problems is observed, what its infos are, and how one instance is drawn.
"""

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from thinkenv.drawing import draw_cells, write_cells
from thinkenv.checks import check_choice
from thinkenv.envs.base import InstanceEnv, InstanceVectorEnv

REWARDS = ("exact", "cells")


def copy_of_answers(answers: Any, shape: tuple[int, ...] | None) -> np.ndarray:
    """Return submitted answers as an array of their own, if it has the right shape.

    Raises:
        ValueError: If it is another one than ``shape``.
    """
    try:
        array = np.array(answers)
    except ValueError:
        raise ValueError(f"action is a list of unequal lists: needs shape {shape}") from None
    if array.shape != shape:
        raise ValueError(f"action has shape {array.shape}: needs {shape}")
    return array


class OneAnswerEnv(InstanceEnv):
    """Base of single environments with one answer per episode.

    A subclass sets the two spaces. It may have its own ``observe``, ``reset_infos`` and ``draw``.

    Args:
        task: What draws the instances and judges the answers.
        reward: ``exact`` or ``cells``.
        render_mode: One of ``metadata["render_modes"]``, or None.
    """

    one_answer = True

    def __init__(self, task: Any, reward: str, render_mode: str | None):
        super().__init__(task, render_mode)
        self.reward = check_choice("reward", reward, REWARDS)
        self._answer: np.ndarray | None = None

    def observe(self, batch: Any) -> np.ndarray:
        """Observations of a batch of problems ``(count, ...)``, a new array."""
        return np.array(batch.problems, self.observation_space.dtype)

    def reset_infos(self, batch: Any) -> dict[str, np.ndarray]:
        """What ``reset`` reports of a batch of problems, an array ``(count, ...)`` for each key."""
        return {"instance": batch.instances.copy()}

    def draw(self, batch: Any, answer: np.ndarray | None, mode: str) -> np.ndarray | str:
        """A picture of a batch of one in a render mode, with the answer unless that is None."""
        solution = None if answer is None else batch.solutions[0]
        show = write_cells if mode == "ansi" else draw_cells
        return show(batch.problems[0], answer, solution)

    def begin(self) -> None:
        """Forget the last answer."""
        self._answer = None

    def step(self, action: np.ndarray):
        """Submit the answer; the episode ends.

        Raises:
            ValueError: If the answer has the wrong shape or values.
            TypeError: If the answer has the wrong dtype.
            gymnasium.error.ResetNeeded: If there is no open problem.
        """
        self.check_open()
        answer = copy_of_answers(action, self.action_space.shape)
        solved, accuracies = self.task.judge(self._batch, answer[None])
        self._answer = answer
        self._open = False
        reward = float(solved[0]) if self.reward == "exact" else float(accuracies[0])
        info = {
            "solved": bool(solved[0]),
            "cell_accuracy": float(accuracies[0]),
            "solution": self._batch.solutions[0].copy(),
        }
        return self.observe(self._batch)[0], reward, True, False, info

    def render(self) -> np.ndarray | str | None:
        """The current problem, and the answer once it was given, in the chosen render mode."""
        if not self.can_render():
            return None
        return self.draw(self._batch, self._answer, str(self.render_mode))


class OneAnswerVectorEnv(InstanceVectorEnv):
    """Base of vector environments with one answer per episode.

    A subclass names the single environment: ``single_env = MazeEnv``.

    Args:
        num_envs: Number of problems at a time.
        autoreset_mode: As of ``InstanceVectorEnv``. By default every call judges an answer to each
            problem and shows new problems, so that no call is wasted.
        **arguments: Those of the single environment.
    """

    single_env: type[OneAnswerEnv]

    def __init__(
        self,
        num_envs: int = 1,
        autoreset_mode: str | AutoresetMode = AutoresetMode.SAME_STEP,
        **arguments: Any,
    ):
        env = self.single_env(**arguments)
        super().__init__(env, num_envs, autoreset_mode)
        self.reward = env.reward
        self._answers: Any = None  # (num_envs, ...), those submitted last

    def _reset_infos(self, which: np.ndarray) -> dict[str, np.ndarray]:
        batch = self._batch if len(which) == self.num_envs else self._batch[which]
        return self._env.reset_infos(batch)

    def _observe(self) -> np.ndarray:
        return self._env.observe(self._batch)

    def _advance(self, actions: np.ndarray, stepped: np.ndarray):
        """Judge the answers; every problem that was open is finished."""
        answers = copy_of_answers(actions, self.action_space.shape)
        rewards = np.zeros(self.num_envs)
        terminated, truncated = self._open.copy(), np.zeros(self.num_envs, np.bool_)
        if len(stepped) == 0:
            return rewards, terminated, truncated, {}
        if len(stepped) == self.num_envs:
            batch, chosen = self._batch, answers
        else:
            batch, chosen = self._batch[stepped], answers[stepped]
        solved, accuracies = self.task.judge(batch, chosen)
        self._answers = answers
        rewards[stepped] = solved if self.reward == "exact" else accuracies
        infos = {
            "solved": solved,
            "cell_accuracy": accuracies,
            "solution": batch.solutions.copy(),
        }
        return rewards, terminated, truncated, infos

    def _draw(self, index: int) -> np.ndarray | str:
        answer = None if self._open[index] else self._answers[index]
        return self._env.draw(self._batch[index : index + 1], answer, self.render_mode)
