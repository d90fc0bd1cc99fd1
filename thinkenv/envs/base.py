"""What environments over numbered instances share: options, seeding, resets, autoreset, infos."""

import math
from abc import ABC, abstractmethod
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from thinkenv.checks import check_choice, check_integer
from thinkenv.tasks.seeds import LAST_INSTANCE
from thinkenv.machine import check_fits_into_memory

# Gymnasium takes seeds of any length; no one needs longer ones.
LARGEST_SEED = 2**128 - 1

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
    return check_integer("options['instance']", options["instance"], 0, LAST_INSTANCE)


def check_seed(seed: object) -> int | None:
    """Return a seed as an ``int``, or None.

    Raises:
        TypeError: If it is neither an integer nor None.
        ValueError: If it is negative.
    """
    return None if seed is None else check_integer("seed", seed, 0, LARGEST_SEED)


class InstanceEnv(gymnasium.Env, ABC):
    """Base of single environments over numbered instances of a task.

    A subclass sets the two spaces and defines ``observe``, ``reset_infos``, ``step`` and
    ``render``, and ``begin`` where something is to be got ready.

    Args:
        task: What draws the instances.
        render_mode: One of ``metadata["render_modes"]``, or None.
    """

    metadata = {"render_modes": ["rgb_array", "ansi"], "render_fps": 1}
    one_answer = False  # whether the first action ends the episode

    def __init__(self, task: Any, render_mode: str | None):
        self.task = task
        if render_mode is not None:
            check_choice("render_mode", render_mode, self.metadata["render_modes"])
        self.render_mode = render_mode
        self._batch: Any = None  # the current instance, a batch of one
        self._open = False  # whether an action is awaited

    def begin(self) -> None:
        """Get ready for a new episode on ``self._batch``."""

    @abstractmethod
    def observe(self, batch: Any) -> np.ndarray:
        """Observations of a batch of problems ``(count, ...)``, a new array."""

    @abstractmethod
    def reset_infos(self, batch: Any) -> dict[str, np.ndarray]:
        """What ``reset`` reports of a batch of problems, an array ``(count, ...)`` for each key."""

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Show a new problem.

        Args:
            seed: Seeds the sequence of problems.
            options: ``{"instance": n}`` asks for instance ``n`` of the task.

        Raises:
            ValueError: If ``seed`` or an option has a value that is not allowed.
            TypeError: If one has the wrong type.
        """
        instance = check_options(options)
        super().reset(seed=check_seed(seed))
        if instance is None:
            instance = int(self.np_random.integers(LAST_INSTANCE, endpoint=True))
        self._batch = self.task.draw([instance])
        self._open = True
        self.begin()
        infos = self.reset_infos(self._batch)
        # Plain int, float and bool, as Gymnasium expects of a single environment.
        info = {
            key: values[0].copy() if values.ndim > 1 else values[:1].tolist()[0]
            for key, values in infos.items()
        }
        return self.observe(self._batch)[0], info

    def check_open(self) -> None:
        """Check that an action is awaited.

        Raises:
            gymnasium.error.ResetNeeded: If the episode is over, or was never begun.
        """
        if not self._open:
            raise gymnasium.error.ResetNeeded("the episode is over: call reset() for a new one")

    def can_render(self) -> bool:
        """Whether there is something to render and a mode to render it in.

        Raises:
            gymnasium.error.ResetNeeded: If there was no reset yet.
        """
        if self.render_mode is None:
            gymnasium.logger.warn(
                "render() without a render mode: name one in gym.make(..., render_mode='rgb_array')"
            )
            return False
        if self._batch is None:
            raise gymnasium.error.ResetNeeded("there is nothing to render before reset()")
        return True


class InstanceVectorEnv(VectorEnv, ABC):
    """Base of vector environments over numbered instances: one batch, one call to the task.

    Observations, rewards and infos equal those of ``SyncVectorEnv`` over the same seeds in the
    same autoreset mode. A subclass defines ``_advance``, ``_reset_infos``, ``_observe`` and
    ``_draw``, and ``_begin`` where something is to be got ready.

    Args:
        env: A single environment, never stepped, which supplies the task, the spaces and the
            drawing.
        num_envs: Number of problems at a time.
        autoreset_mode: ``SAME_STEP``, ``NEXT_STEP`` or ``DISABLED``, as a member of
            ``gymnasium.vector.AutoresetMode`` or its value, such as ``"SameStep"``.
    """

    def __init__(self, env: InstanceEnv, num_envs: int, autoreset_mode: str | AutoresetMode):
        self.num_envs = check_integer("num_envs", num_envs, 1, 2**31 - 1)
        try:
            self.autoreset_mode = AutoresetMode(autoreset_mode)
        except ValueError:
            raise ValueError(
                f"autoreset_mode={autoreset_mode!r}: allowed are "
                f"{', '.join(repr(mode.value) for mode in AutoresetMode)}"
            ) from None
        self._env: Any = env
        self.task = env.task
        self.render_mode = env.render_mode
        self.metadata = {**env.metadata, "autoreset_mode": self.autoreset_mode}
        self.single_observation_space = env.observation_space
        self.single_action_space = env.action_space
        # Bounds of the space, problems, solutions, observations: six numbers for each that is seen.
        space: Any = env.observation_space
        seen = np.dtype(space.dtype).itemsize * math.prod(space.shape)
        check_fits_into_memory(f"num_envs={self.num_envs:,} problems", 6 * self.num_envs * seen)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

        self._generators: list[Any] = []
        self._seeds: list[Any] = []
        self._numbers = np.zeros((self.num_envs, NUMBERS_AHEAD), np.int64)
        self._used = np.full(self.num_envs, NUMBERS_AHEAD)  # numbers consumed, per environment
        self._batch: Any = None
        self._open = np.zeros(self.num_envs, np.bool_)  # which problems await an action

    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """The random generators of the sub-environments."""
        self._seed_missing()
        return tuple(self._generators)

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """The seeds of the sub-environments' generators."""
        self._seed_missing()
        return tuple(self._seeds)

    def _begin(self, which: np.ndarray) -> None:
        """Get ready for new episodes in the places ``which`` ``(n,)``."""

    @abstractmethod
    def _advance(self, actions: np.ndarray, stepped: np.ndarray) -> tuple:
        """Act in the places ``stepped`` ``(n,)``.

        Returns:
            Rewards, terminations and truncations ``(num_envs,)``, and infos of the places.
        """

    @abstractmethod
    def _reset_infos(self, which: np.ndarray) -> dict[str, np.ndarray]:
        """What ``reset`` reports of the problems in the places ``which`` ``(n,)``."""

    @abstractmethod
    def _observe(self) -> np.ndarray:
        """Observations of all places, a new array."""

    @abstractmethod
    def _draw(self, index: int) -> np.ndarray | str:
        """A picture of one place in the render mode."""

    def _chosen(self, actions: np.ndarray, stepped: np.ndarray) -> np.ndarray:
        """Discrete actions of the places ``stepped``, from those of all, ``(num_envs,)``.

        Raises:
            ValueError: If there are not as many as places, or one is out of range.
            TypeError: If they are no integers.
        """
        space: Any = self.single_action_space
        if actions.shape != (self.num_envs,):
            raise ValueError(f"action has shape {actions.shape}: needs ({self.num_envs},)")
        if actions.dtype.kind not in "iu":
            raise TypeError(
                f"action has dtype {actions.dtype}: needs integers from 0 to {space.n - 1}"
            )
        chosen = actions[stepped]
        if chosen.min(initial=0) < 0 or chosen.max(initial=0) >= space.n:
            raise ValueError(f"action={chosen}: allowed are integers from 0 to {space.n - 1}")
        return chosen

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
            self._numbers[index] = self._generators[index].integers(
                LAST_INSTANCE, size=NUMBERS_AHEAD, endpoint=True
            )
            self._used[index] = 0
        instances = self._numbers[which, self._used[which]]
        self._used[which] += 1
        return instances

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
        self._begin(which)
        return self._spread(self._reset_infos(which), which)

    def _spread(self, infos: dict[str, np.ndarray], which: np.ndarray) -> dict[str, Any]:
        """Infos of some sub-environments ``which`` ``(n,)``, spread over all, with their masks."""
        spread = {}
        for key, values in infos.items():
            mask = np.zeros(self.num_envs, np.bool_)
            mask[which] = True
            filler = None if values.dtype == object else 0
            everything = np.full((self.num_envs, *values.shape[1:]), filler, values.dtype)
            everything[which] = values
            spread[key] = everything
            spread[f"_{key}"] = mask
        return spread

    @staticmethod
    def _merge(infos: dict[str, Any], others: dict[str, Any]) -> None:
        """Add the infos of other sub-environments, as ``_spread`` gives them."""
        for key in [key for key in others if f"_{key}" in others]:
            mask = others[f"_{key}"]
            if key in infos:
                infos[key][mask] = others[key][mask]
                infos[f"_{key}"] |= mask
            else:
                infos[key], infos[f"_{key}"] = others[key], mask

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ):
        """Show new problems.

        Args:
            seed: Sub-environment ``i`` gets ``seed + i``; or a list with a seed for each.
            options: ``{"instance": n}`` asks for instance ``n``; ``{"reset_mask": mask}``, with
                mask ``(num_envs,)`` bool, resets only some sub-environments.

        Raises:
            ValueError: If ``seed`` or an option has a value that is not allowed.
            TypeError: If one has the wrong type.
        """
        mask = None
        if isinstance(options, dict):
            mask = options.get("reset_mask")
            options = {key: value for key, value in options.items() if key != "reset_mask"}
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
        if isinstance(seed, (list, tuple)) or isinstance(seed, np.ndarray) and seed.ndim:
            if len(seed) != self.num_envs:
                raise ValueError(f"seed has {len(seed)} entries: needs {self.num_envs}")
            seeds = [check_seed(value) for value in seed]
        else:
            seed = check_seed(seed)
            seeds = [None if seed is None else seed + index for index in range(self.num_envs)]
        self._seed([value if chosen else None for value, chosen in zip(seeds, mask, strict=True)])
        infos = self._renew(np.flatnonzero(mask), instance)
        return self._observe(), infos

    def step(self, actions: np.ndarray):
        """Act in every sub-environment.

        Args:
            actions: ``(num_envs, ...)``. In ``NEXT_STEP`` mode, actions for finished episodes are
                ignored, and a new problem is shown instead.

        Returns:
            Observations, rewards ``(num_envs,)`` float64, terminations and truncations
            ``(num_envs,)`` bool, and infos. In ``SAME_STEP`` mode finished episodes have their
            last observation and infos under ``final_obs`` and ``final_info``.

        Raises:
            ValueError: If the actions have the wrong shape or values.
            TypeError: If the actions have the wrong dtype.
            gymnasium.error.ResetNeeded: If there are finished episodes that nobody has reset.
        """
        stepped = np.flatnonzero(self._open)
        waiting = np.flatnonzero(~self._open)
        if self._batch is None or (len(waiting) and self.autoreset_mode == AutoresetMode.DISABLED):
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        try:
            actions = np.asarray(actions)
        except ValueError:
            raise ValueError("actions are a list of unequal lists") from None
        rewards, terminated, truncated, step_infos = self._advance(actions, stepped)
        finished = terminated | truncated
        infos: dict[str, Any] = {}
        if self.autoreset_mode == AutoresetMode.SAME_STEP and finished.any():
            ended = finished[stepped]
            done = stepped[ended]
            last = self._observe()
            final_observations = np.full(self.num_envs, None, dtype=object)
            for index in done:
                final_observations[index] = last[index]
            infos = {
                "final_obs": final_observations,
                "_final_obs": finished.copy(),
                "final_info": self._spread(
                    {key: values[ended] for key, values in step_infos.items()}, done
                ),
                "_final_info": finished.copy(),
                **self._renew(done),
            }
            stepped = stepped[~ended]
            step_infos = {key: values[~ended] for key, values in step_infos.items()}
        else:
            self._open[finished] = False
            if len(waiting):
                infos = self._renew(waiting)
        if len(stepped):
            self._merge(infos, self._spread(step_infos, stepped))
        return self._observe(), rewards, terminated, truncated, infos

    def render(self) -> tuple[np.ndarray | str, ...] | None:
        """A picture of each current problem, in the render mode."""
        if self.render_mode is None:
            return None
        if self._batch is None:
            raise gymnasium.error.ResetNeeded("there is nothing to render before reset()")
        return tuple(self._draw(index) for index in range(self.num_envs))
