"""A single and a vector environment over the same dynamics: seeding, resets, autoreset, infos."""

import math
import os
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from thinkenv.checks import (
    arguments_of,
    check_arguments,
    check_choice,
    check_integer,
    suggest_arguments,
)
from thinkenv.envs.arguments import (
    ANYTHING,
    LARGEST_COUNT,
    Request,
    check_action,
    check_actions,
    check_autoreset_mode,
    check_request,
    check_request_of_vector,
    check_seed,
    check_seeds_of_vector,
    check_step_limit,
)
from thinkenv.envs.batched_infos import add_infos
from thinkenv.envs.dynamics import AnyDynamics, MaskedDynamics
from thinkenv.machine import check_fits_into_memory
from thinkenv.tasks.base import AnyTask
from thinkenv.tasks.seeds import LAST_INSTANCE

# A vector environment asks each sub-environment's generator for this many instance numbers at a
# time: the same numbers as one by one, at a fraction of the cost.
NUMBERS_AHEAD = 64

# The index of the one problem of a single environment.
ONLY = np.zeros(1, np.int64)

# The arguments that a vector environment has beside those of the single one.
VECTOR_ARGUMENTS = ("num_envs", "autoreset_mode", "max_episode_steps")


class InstanceEnv(gymnasium.Env):
    """One problem at a time. A subclass turns its arguments into dynamics, and documents them.

    Args:
        dynamics: What happens.
        render_mode: One of ``metadata["render_modes"]``, or None.

    Attributes:
        task: What draws the problems.
    """

    metadata = {"render_modes": ["rgb_array", "ansi"], "render_fps": 1}

    def __init_subclass__(cls, **arguments: Any):
        super().__init_subclass__(**arguments)
        if "__init__" in vars(cls):
            cls.__init__ = suggest_arguments(cls.__init__)  # type: ignore[method-assign]

    def __init__(self, dynamics: AnyDynamics, render_mode: str | None):
        if render_mode is not None:
            check_choice("render_mode", render_mode, self.metadata["render_modes"])
        self.render_mode = render_mode
        self.dynamics = dynamics
        self.task: AnyTask = dynamics.task
        self.observation_space = dynamics.observation_space
        self.action_space = dynamics.action_space
        dynamics.allocate(1)
        self._has_begun = False
        self._open = False  # whether an action is awaited
        self._terminated = False  # whether the episode has come to its end
        self._spec: EnvSpec | None = None

    @property  # type: ignore[override]
    def spec(self) -> EnvSpec | None:
        """How ``gymnasium.make`` makes this environment; ``spec.to_json()`` is text for it."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        if spec is not None:
            write_paths_as_text(spec)
        self._spec = spec

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Show a new problem.

        Args:
            seed: Seeds the sequence of problems.
            options: ``{"instance": n}`` asks for instance ``n`` of the task. Some environments
                have further options.

        Raises:
            ValueError: If ``seed`` or an option has a value that is not allowed.
            TypeError: If one has the wrong type.
        """
        request = check_request(options, self.dynamics)
        super().reset(seed=check_seed(seed))
        if seed is not None:
            self.dynamics.forget(ONLY)
        drawn = self.dynamics.draw(ONLY, self._next_instance, *request)
        self.dynamics.begin(drawn, ONLY)
        self._has_begun = self._open = True
        self._terminated = False
        infos = self.dynamics.reset_infos(ONLY)
        add_masks(infos, self.dynamics, ONLY, None)
        return self.dynamics.observe()[0], info_of_one(infos)

    def _next_instance(self) -> np.ndarray:
        """The next instance number ``(1,)`` of the random generator."""
        return self.np_random.integers(LAST_INSTANCE, size=1, endpoint=True)

    def action_masks(self) -> np.ndarray:
        """Which actions are allowed now, as MaskablePPO asks for them.

        Once the episode has come to its end, all are.

        Returns:
            ``(actions,)`` bool; where an answer of ``n`` cells is given, ``(2 * n,)``: for every
            cell whether it can be 0, and whether it can be 1, which is always so.

        Raises:
            gymnasium.error.ResetNeeded: If there was no reset yet.
        """
        if not self._has_begun:
            raise gymnasium.error.ResetNeeded("there are no actions before reset()")
        if self._terminated or not isinstance(self.dynamics, MaskedDynamics):
            return np.ones(mask_length(self.action_space), np.bool_)
        return self.dynamics.action_masks(ONLY)[0].astype(np.bool_)

    def check_open(self) -> None:
        """Check that an action is awaited.

        Raises:
            gymnasium.error.ResetNeeded: If the episode is over, or was never begun.
        """
        if not self._open:
            raise gymnasium.error.ResetNeeded("the episode is over: call reset() for a new one")

    def step(self, action: np.ndarray | int):
        """Act.

        Raises:
            ValueError: If the action is out of range, or has the wrong shape or values.
            TypeError: If the action has the wrong type.
            gymnasium.error.ResetNeeded: If the episode is over.
        """
        self.check_open()
        chosen = check_action(self.action_space, action)
        rewards, terminations, truncations, infos = self.dynamics.act(chosen, ONLY)
        terminated, truncated = bool(terminations[0]), bool(truncations[0])
        add_masks(infos, self.dynamics, ONLY, terminations)
        self._terminated = terminated
        self._open = not (terminated or truncated)
        observation = self.dynamics.observe()[0]
        return observation, float(rewards[0]), terminated, truncated, info_of_one(infos)

    def render(self) -> np.ndarray | str | None:
        """The current problem, and what was done about it, in the render mode.

        Raises:
            gymnasium.error.ResetNeeded: If there was no reset yet.
        """
        if self.render_mode is None:
            gymnasium.logger.warn(
                "render() without a render mode: name one in gym.make(..., render_mode='rgb_array')"
            )
            return None
        if not self._has_begun:
            raise gymnasium.error.ResetNeeded("there is nothing to render before reset()")
        return self.dynamics.picture(0, self.render_mode, self._terminated)


def write_paths_as_text(spec: EnvSpec) -> None:
    """Make strings of the paths among the arguments of an environment, for JSON knows no paths."""
    for name, value in spec.kwargs.items():
        if isinstance(value, os.PathLike):
            spec.kwargs[name] = os.fspath(value)


def info_of_one(infos: dict[str, np.ndarray]) -> dict[str, Any]:
    """Infos of the only sub-environment: plain int, float, bool and str, or arrays of their own."""
    info = {}
    for key, values in infos.items():  # as a comprehension it takes longer
        info[key] = values[0].copy() if values.ndim > 1 else values.item()
    return info


def mask_length(space: spaces.Space) -> int:
    """How many entries the mask of a space's actions has; two for each cell of an answer."""
    if isinstance(space, spaces.Discrete):
        return int(space.n)
    assert space.shape is not None
    return 2 * math.prod(space.shape)


def add_masks(
    infos: dict[str, np.ndarray],
    dynamics: AnyDynamics,
    which: np.ndarray,
    terminated: np.ndarray | None,
) -> None:
    """Add the masks of some sub-environments to their infos, by the rule of ``MaskedDynamics``.

    Args:
        infos: An array ``(n, …)`` for each key; changed.
        dynamics: What knows the masks, if there are any.
        which: ``(n,)``.
        terminated: ``(n,)`` bool, which episodes have come to their ends; None: none of them.
    """
    if not isinstance(dynamics, MaskedDynamics):
        return
    if terminated is None or not np.count_nonzero(terminated):
        infos["action_mask"] = dynamics.action_masks(which)
        return
    masks = np.ones((len(which), mask_length(dynamics.action_space)), np.int8)
    going_on = ~terminated
    if np.count_nonzero(going_on):
        masks[going_on] = dynamics.action_masks(which[going_on])
    infos["action_mask"] = masks


class InstanceVectorEnv(VectorEnv):
    """Many problems at a time: one batch, one call to the task.

    Observations, rewards and infos equal those of ``SyncVectorEnv`` over the same seeds in the
    same autoreset mode. A subclass names the single environment: ``single_env = MazeEnv``.

    Args:
        num_envs: Number of problems at a time.
        autoreset_mode: What happens where an episode is over: a member of
            ``gymnasium.vector.AutoresetMode`` or its value. ``NEXT_STEP`` (``"NextStep"``): the
            next call of ``step`` ignores the action and shows a new problem. ``SAME_STEP``
            (``"SameStep"``): the same call shows it, and has the last observation and info under
            ``final_obs`` and ``final_info``. ``DISABLED`` (``"Disabled"``): nothing; the caller
            resets. By default Gymnasium's, ``NEXT_STEP``, but ``SAME_STEP`` where one answer ends
            an episode, so that every call judges an answer to each problem and none is wasted.
        max_episode_steps: Episodes are cut off (truncated) after so many steps, as by
            ``gymnasium.make(..., max_episode_steps=...)``. -1 and None: they are not.
        **arguments: Those of the single environment.

    Attributes:
        task: What draws the problems.

    Raises:
        ValueError: If an argument has a value that is not allowed.
        TypeError: If an argument has the wrong type.
    """

    single_env: type[InstanceEnv]

    def __init__(
        self,
        num_envs: int = 1,
        autoreset_mode: str | AutoresetMode | None = None,
        max_episode_steps: int | None = None,
        **arguments: Any,
    ):
        known = arguments_of(self.single_env)
        if known is not None:
            check_arguments(type(self).__name__, arguments, (*known, *VECTOR_ARGUMENTS))
        env = self.single_env(**arguments)
        dynamics = env.dynamics
        self.num_envs = check_integer("num_envs", num_envs, 1, LARGEST_COUNT)
        default = AutoresetMode.SAME_STEP if dynamics.one_answer else AutoresetMode.NEXT_STEP
        mode = default if autoreset_mode is None else autoreset_mode
        self.autoreset_mode = check_autoreset_mode(mode)
        self._step_limit = check_step_limit(max_episode_steps)
        self.render_mode = env.render_mode
        self._spec: EnvSpec | None = None
        self.metadata = {**env.metadata, "autoreset_mode": self.autoreset_mode}
        space = self.single_observation_space = dynamics.observation_space
        self.single_action_space = dynamics.action_space
        # Bounds of the space, problems, solutions, observations: six numbers for each one shown.
        assert space.dtype is not None and space.shape is not None
        needed = 6 * self.num_envs * space.dtype.itemsize * math.prod(space.shape)
        check_fits_into_memory(f"num_envs={self.num_envs:,} problems", needed)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        # The single environment is never stepped: its dynamics are taken over.
        self.dynamics = dynamics
        self.task: AnyTask = dynamics.task
        dynamics.allocate(self.num_envs)

        self._generators: dict[int, np.random.Generator] = {}  # by sub-environment, in order
        self._seeds: dict[int, int] = {}
        self._numbers = np.zeros((self.num_envs, NUMBERS_AHEAD), np.int64)
        self._used = np.full(self.num_envs, NUMBERS_AHEAD)  # numbers consumed, per environment
        self._has_begun = False
        self._open = np.zeros(self.num_envs, np.bool_)  # which problems await an action
        # Which episodes have come to their ends, without a new one shown since.
        self._terminated = np.zeros(self.num_envs, np.bool_)
        self._steps = np.zeros(self.num_envs, np.int64)  # of each episode so far

    @property  # type: ignore[override]
    def spec(self) -> EnvSpec | None:
        """How ``gymnasium.make_vec`` makes this environment; ``spec.to_json()`` is text for it."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        if spec is not None:
            write_paths_as_text(spec)
        if spec is not None and "autoreset_mode" in spec.kwargs:
            # As text, because JSON knows no members of enumerations.
            spec.kwargs["autoreset_mode"] = self.autoreset_mode.value
        self._spec = spec

    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """The random generators of the sub-environments."""
        self._seed([None] * self.num_envs)
        return tuple(self._generators.values())

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """The seeds of the sub-environments' generators."""
        self._seed([None] * self.num_envs)
        return tuple(self._seeds.values())

    def _seed(self, seeds: list[int | None]) -> None:
        """Seed each sub-environment as ``gymnasium.Env.reset(seed=...)`` would."""
        for index, seed in enumerate(seeds):
            if seed is None and index in self._generators:
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

    def _renew(self, which: np.ndarray, infos: dict[str, Any], request: Request = ANYTHING) -> None:
        """Begin new episodes in the sub-environments ``which`` ``(n,)``, and add their infos."""
        drawn = self.dynamics.draw(which, lambda: self._next_instances(which), *request)
        self.dynamics.begin(drawn, which)
        self._open[which] = True
        self._terminated[which] = False
        self._steps[which] = 0
        reset_infos = self.dynamics.reset_infos(which)
        add_masks(reset_infos, self.dynamics, which, None)
        add_infos(infos, reset_infos, which, self.num_envs)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ):
        """Show new problems.

        Args:
            seed: Sub-environment ``i`` gets ``seed + i``; or a list with a seed for each.
            options: ``{"instance": n}`` asks for instance ``n``, and a list, tuple or array of
                ``num_envs`` numbers for one in each sub-environment; further options in the same
                way. ``{"reset_mask": mask}``, with mask ``(num_envs,)`` bool, resets only some
                sub-environments; the values for the others are passed over. The dict stays as it
                is.

        Raises:
            ValueError: If ``seed`` or an option has a value that is not allowed.
            TypeError: If one has the wrong type.
        """
        request, mask = check_request_of_vector(options, self.dynamics, self.num_envs)
        if not self._has_begun and not mask.all():
            raise ValueError("options['reset_mask'] must leave no problem out in the first reset")
        seeds = check_seeds_of_vector(seed, self.num_envs)
        seeds = [value if chosen else None for value, chosen in zip(seeds, mask, strict=True)]
        self._seed(seeds)
        self.dynamics.forget(np.flatnonzero([value is not None for value in seeds]))
        infos: dict[str, Any] = {}
        which = np.flatnonzero(mask)
        self._renew(which, infos, request.of(which))
        self._has_begun = True
        return self.dynamics.observe(), infos

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
        if not self._has_begun or len(waiting) and self.autoreset_mode == AutoresetMode.DISABLED:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        chosen = check_actions(self.single_action_space, actions, self.num_envs, stepped)
        rewards = np.zeros(self.num_envs)
        terminated = np.zeros(self.num_envs, np.bool_)
        truncated = np.zeros(self.num_envs, np.bool_)
        step_infos: dict[str, np.ndarray] = {}
        if len(stepped):
            outcome = self.dynamics.act(chosen, stepped)
            rewards[stepped], terminated[stepped], truncated[stepped], step_infos = outcome
            add_masks(step_infos, self.dynamics, stepped, terminated[stepped])
            if self._step_limit is not None:
                self._steps[stepped] += 1
                truncated[stepped] |= self._steps[stepped] >= self._step_limit
        self._terminated = terminated.copy()
        finished = terminated | truncated
        infos: dict[str, Any] = {}
        if self.autoreset_mode == AutoresetMode.SAME_STEP and finished.any():
            ended = finished[stepped]
            done = stepped[ended]
            infos = self._final_infos({key: step_infos[key][ended] for key in step_infos}, done)
            self._renew(done, infos)
            stepped = stepped[~ended]
            step_infos = {key: values[~ended] for key, values in step_infos.items()}
        else:
            self._open[finished] = False
            if len(waiting):
                self._renew(waiting, infos)
        if len(stepped):
            add_infos(infos, step_infos, stepped, self.num_envs)
        return self.dynamics.observe(), rewards, terminated, truncated, infos

    def _final_infos(self, step_infos: dict[str, np.ndarray], done: np.ndarray) -> dict[str, Any]:
        """The last observations and infos of episodes that are over, before new ones begin."""
        observations = np.empty(len(done), object)
        observations[:] = list(self.dynamics.observe()[done])
        infos: dict[str, Any] = {}
        add_infos(infos, {"final_obs": observations}, done, self.num_envs)
        infos["final_info"], infos["_final_info"] = {}, infos["_final_obs"].copy()
        add_infos(infos["final_info"], step_infos, done, self.num_envs)
        return infos

    def action_masks(self) -> np.ndarray:
        """Which actions are allowed now in each sub-environment.

        In one whose episode has come to its end, without a new one shown since, all are.

        Returns:
            ``(num_envs, actions)`` bool; where answers of ``n`` cells are given ``(num_envs,
            2 * n)``, all true.

        Raises:
            gymnasium.error.ResetNeeded: If there was no reset yet.
        """
        if not self._has_begun:
            raise gymnasium.error.ResetNeeded("there are no actions before reset()")
        masks = np.ones((self.num_envs, mask_length(self.single_action_space)), np.bool_)
        going_on = np.flatnonzero(~self._terminated)
        if isinstance(self.dynamics, MaskedDynamics) and len(going_on):
            masks[going_on] = self.dynamics.action_masks(going_on)
        return masks

    def render(self) -> tuple[np.ndarray | str, ...] | None:
        """A picture of each current problem, in the render mode.

        Raises:
            gymnasium.error.ResetNeeded: If there was no reset yet.
        """
        if self.render_mode is None:
            return None
        if not self._has_begun:
            raise gymnasium.error.ResetNeeded("there is nothing to render before reset()")
        return tuple(
            self.dynamics.picture(index, self.render_mode, bool(is_over))
            for index, is_over in enumerate(self._terminated)
        )
