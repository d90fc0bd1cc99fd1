"""Environments of one step: see a problem, submit one answer, be judged.

A task (such as ``thinkenv.mazes.MazeTask``) draws instances and judges answers; the two classes
here are its faces in Gymnasium, single and vector. A new environment subclasses both and says how
a batch of problems is observed, what its infos are, and how one instance is drawn as a picture.
"""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from thinkenv.checks import check_choice, check_integer

REWARDS = ("exact", "cells")

# Instance numbers are drawn below this bound.
INSTANCES = 2**63

# A vector environment asks each sub-environment's generator for this many instance numbers at a
# time: the same numbers as one by one, at a fraction of the cost.
NUMBERS_AHEAD = 64


def check_options(options: dict[str, Any] | None) -> int | None:
    """The instance number asked for in ``reset(options={"instance": 17})``, or None.

    Raises:
        ValueError: If there is any other option, or the number is out of range.
        TypeError: If ``options`` is no dict or the number no integer.
    """
    if options is None:
        return None
    if not isinstance(options, dict):
        raise TypeError(f"options={options!r}: needs a dict such as {{'instance': 17}}")
    unknown = sorted(set(map(str, options)) - {"instance"})
    if unknown:
        raise ValueError(f"options has the key {unknown[0]!r}: allowed is 'instance'")
    if "instance" not in options:
        return None
    return check_integer("options['instance']", options["instance"], 0, INSTANCES - 1)


def check_answer_shape(answers: np.ndarray, shape: tuple[int, ...]) -> None:
    """Check the shape of submitted answers.

    Raises:
        ValueError: If it is another one than ``shape``.
    """
    if answers.shape != shape:
        raise ValueError(f"action has shape {answers.shape}: needs {shape}")


class OneAnswerEnv(gymnasium.Env):
    """Base of single environments with one answer per episode.

    A subclass sets ``task``, ``reward``, ``render_mode`` and the two spaces, and defines
    ``observe``, ``reset_infos`` and ``draw``.
    """

    metadata = {"render_modes": ["rgb_array", "ansi"], "render_fps": 1}

    task: Any
    reward: str

    def __init__(self, task: Any, reward: str, render_mode: str | None):
        self.task = task
        self.reward = check_choice("reward", reward, REWARDS)
        if render_mode is not None:
            check_choice("render_mode", render_mode, self.metadata["render_modes"])
        self.render_mode = render_mode
        self._batch = None  # the current instance, a batch of one
        self._answer = None
        self._open = False  # whether an answer is awaited

    def observe(self, batch: Any) -> np.ndarray:
        """Observations of a batch of problems, a new array."""
        raise NotImplementedError  # every subclass has its own

    def reset_infos(self, batch: Any) -> dict[str, np.ndarray]:
        """What ``reset`` reports, one array of numbers ``(len(batch),)`` per key."""
        raise NotImplementedError  # every subclass has its own

    def draw(self, batch: Any, answer: np.ndarray | None, mode: str) -> np.ndarray | str:
        """A picture of a batch of one, with the submitted answer if there is one."""
        raise NotImplementedError  # every subclass has its own

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Show a new problem.

        Args:
            seed: Seeds the sequence of problems.
            options: ``{"instance": n}`` asks for instance ``n`` of the task.
        """
        super().reset(seed=seed)
        instance = check_options(options)
        if instance is None:
            instance = int(self.np_random.integers(INSTANCES))
        self._batch = self.task.draw([instance])
        self._answer = None
        self._open = True
        infos = self.reset_infos(self._batch)
        # Plain int, float and bool, as Gymnasium expects of a single environment.
        info = {key: values[0].item() for key, values in infos.items()}
        return self.observe(self._batch)[0], info

    def step(self, action: np.ndarray):
        """Submit the answer; the episode ends.

        Raises:
            ValueError: If the answer has the wrong shape or values.
            TypeError: If the answer has the wrong dtype.
            gymnasium.error.ResetNeeded: If there is no open problem.
        """
        if not self._open:
            raise gymnasium.error.ResetNeeded(
                "the answer was given already: call reset() for a new problem"
            )
        answer = np.array(action)
        check_answer_shape(answer, self.action_space.shape)
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
        if self.render_mode is None:
            gymnasium.logger.warn(
                "render() without a render mode: name one in gym.make(..., render_mode='rgb_array')"
            )
            return None
        if self._batch is None:
            raise gymnasium.error.ResetNeeded("there is nothing to render before reset()")
        return self.draw(self._batch, self._answer, self.render_mode)


class OneAnswerVectorEnv(VectorEnv):
    """Base of vector environments with one answer per episode: one batch, one call to the task.

    Gives the same observations, rewards and infos as ``SyncVectorEnv`` over the same seeds in the
    same autoreset mode. The default is ``SAME_STEP``: every call judges an answer and shows a new
    problem, so that no call is wasted.

    Args:
        env: A single environment, never stepped, which supplies the task, the spaces and the
            drawing.
        num_envs: Number of problems at a time.
        autoreset_mode: ``SAME_STEP``, ``NEXT_STEP`` or ``DISABLED``, as a member of
            ``gymnasium.vector.AutoresetMode`` or its value, such as ``"SameStep"``.
    """

    def __init__(
        self,
        env: OneAnswerEnv,
        num_envs: int,
        autoreset_mode: str | AutoresetMode = AutoresetMode.SAME_STEP,
    ):
        self.num_envs = check_integer("num_envs", num_envs, 1, 2**31 - 1)
        try:
            self.autoreset_mode = AutoresetMode(autoreset_mode)
        except ValueError:
            raise ValueError(
                f"autoreset_mode={autoreset_mode!r}: allowed are "
                f"{', '.join(repr(mode.value) for mode in AutoresetMode)}"
            ) from None
        self._env = env
        self.task = env.task
        self.reward = env.reward
        self.render_mode = env.render_mode
        self.metadata = {**env.metadata, "autoreset_mode": self.autoreset_mode}
        self.single_observation_space = env.observation_space
        self.single_action_space = env.action_space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

        self._generators: list[np.random.Generator] = []
        self._seeds: list[int] = []
        self._numbers = np.zeros((self.num_envs, NUMBERS_AHEAD), np.int64)
        self._used = np.full(self.num_envs, NUMBERS_AHEAD)  # numbers consumed, per environment
        self._batch = None
        self._answers = None
        self._open = np.zeros(self.num_envs, np.bool_)  # which problems await an answer

    @property
    def np_random(self) -> tuple[np.random.Generator, ...]:
        """The random generators of the sub-environments."""
        self._seed_missing()
        return tuple(self._generators)

    @property
    def np_random_seed(self) -> tuple[int, ...]:
        """The seeds of the sub-environments' generators."""
        self._seed_missing()
        return tuple(self._seeds)

    def _seed_missing(self) -> None:
        if not self._generators:
            self._seed([None] * self.num_envs)

    def _seed(self, seeds: list[int | None]) -> None:
        """Seed each sub-environment as ``gymnasium.Env.reset(seed=...)`` would."""
        first = not self._generators
        if first:
            self._generators = [None] * self.num_envs
            self._seeds = [None] * self.num_envs
        for index, seed in enumerate(seeds):
            if seed is None and not first:
                continue
            self._generators[index], self._seeds[index] = gymnasium.utils.seeding.np_random(seed)
            self._used[index] = NUMBERS_AHEAD

    def _next_instances(self, which: np.ndarray) -> np.ndarray:
        """The next instance number of each sub-environment in ``which`` ``(n,)``."""
        for index in which[self._used[which] == NUMBERS_AHEAD]:
            self._numbers[index] = self._generators[index].integers(INSTANCES, size=NUMBERS_AHEAD)
            self._used[index] = 0
        instances = self._numbers[which, self._used[which]]
        self._used[which] += 1
        return instances

    def _masked(self, infos: dict[str, np.ndarray], which: np.ndarray) -> dict[str, Any]:
        """Infos of some sub-environments ``which`` ``(n,)``, spread over all, with their masks."""
        spread = {}
        for key, values in infos.items():
            mask = np.zeros(self.num_envs, np.bool_)
            mask[which] = True
            everything = np.zeros((self.num_envs, *values.shape[1:]), values.dtype)
            everything[which] = values
            spread[key] = everything
            spread[f"_{key}"] = mask
        return spread

    def _renew(self, which: np.ndarray, instance: int | None = None) -> dict[str, Any]:
        """Put new problems in the places ``which`` ``(n,)`` and return their infos."""
        instances = (
            self._next_instances(which) if instance is None else np.full(len(which), instance)
        )
        drawn = self.task.draw(instances)
        if len(which) == self.num_envs:
            self._batch = drawn
        else:
            self._batch.replace(which, drawn)
        self._open[which] = True
        return self._masked(self._env.reset_infos(drawn), which)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ):
        """Show new problems.

        Args:
            seed: Sub-environment ``i`` gets ``seed + i``; or a list with a seed for each.
            options: ``{"instance": n}`` asks for instance ``n``; ``{"reset_mask": mask}``, with
                mask ``(num_envs,)`` bool, resets only some sub-environments.
        """
        super().reset(seed=None)
        options = dict(options) if options is not None else None
        mask = options.pop("reset_mask", None) if options else None
        instance = check_options(options)
        if mask is None:
            mask = np.ones(self.num_envs, np.bool_)
        elif not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
            raise TypeError(f"options['reset_mask'] needs a bool array, not {mask!r}")
        elif mask.shape != (self.num_envs,) or not mask.any():
            raise ValueError(
                f"options['reset_mask'] has shape {mask.shape} and {mask.sum()} True values: needs "
                f"({self.num_envs},) with at least one True"
            )
        if self._batch is None and not mask.all():
            raise ValueError("options['reset_mask'] leaves problems out in the first reset")
        if seed is None or isinstance(seed, int):
            seeds = [None if seed is None else seed + index for index in range(self.num_envs)]
        elif len(seed) == self.num_envs:
            seeds = list(seed)
        else:
            raise ValueError(f"seed has {len(seed)} entries: needs {self.num_envs}")
        self._seed([value if chosen else None for value, chosen in zip(seeds, mask, strict=True)])
        self._answers = None
        infos = self._renew(np.flatnonzero(mask), instance)
        return self._env.observe(self._batch), infos

    def step(self, actions: np.ndarray):
        """Submit one answer to each problem.

        Args:
            actions: ``(num_envs, ...)`` answers.

        Returns:
            Observations, rewards ``(num_envs,)`` float64, terminations and truncations
            ``(num_envs,)`` bool, and infos (``solved``, ``cell_accuracy``, ``solution``; in
            ``SAME_STEP`` mode under ``final_info``, beside the infos of the new problems).

        Raises:
            ValueError: If the answers have the wrong shape or values.
            TypeError: If the answers have the wrong dtype.
            gymnasium.error.ResetNeeded: If there are no open problems.
        """
        answered = np.flatnonzero(self._open)
        waiting = np.flatnonzero(~self._open)
        if self._batch is None or (len(waiting) and self.autoreset_mode == AutoresetMode.DISABLED):
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        answers = np.array(actions)
        check_answer_shape(answers, self.action_space.shape)
        solved, accuracies = self.task.judge(self._batch, answers)
        terminated = self._open.copy()
        rewards = np.where(terminated, solved if self.reward == "exact" else accuracies, 0.0)
        self._answers = answers
        infos = {}
        if len(answered):
            infos = self._masked(
                {
                    "solved": solved[answered],
                    "cell_accuracy": accuracies[answered],
                    "solution": self._batch.solutions[answered],
                },
                answered,
            )
        if self.autoreset_mode == AutoresetMode.SAME_STEP:
            final_observations = np.empty(self.num_envs, dtype=object)
            final_observations[:] = list(self._env.observe(self._batch))
            everything = np.ones(self.num_envs, np.bool_)
            infos = {
                "final_obs": final_observations,
                "_final_obs": everything,
                "final_info": infos,
                "_final_info": everything.copy(),
                **self._renew(np.arange(self.num_envs)),
            }
        else:
            self._open[answered] = False
            if len(waiting):  # NEXT_STEP: their actions are ignored, a new problem is shown
                infos |= self._renew(waiting)
        observations = self._env.observe(self._batch)
        return observations, rewards, terminated, np.zeros(self.num_envs, np.bool_), infos

    def render(self) -> tuple[np.ndarray | str, ...] | None:
        """A picture of each current problem, with its answer if it was just given."""
        if self.render_mode is None:
            return None
        if self._batch is None:
            raise gymnasium.error.ResetNeeded("there is nothing to render before reset()")
        show_answers = self._answers is not None and not self._open.all()
        return tuple(
            self._env.draw(
                self._batch[index : index + 1],
                self._answers[index] if show_answers and not self._open[index] else None,
                self.render_mode,
            )
            for index in range(self.num_envs)
        )
