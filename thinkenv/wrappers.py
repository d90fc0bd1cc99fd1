"""Wrappers: environments of this package made into other ones."""

import warnings
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs
from gymnasium.vector import VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space

from thinkenv.checks import check_integer, check_number, suggest_arguments
from thinkenv.envs.base import InstanceEnv


class Anytime(gymnasium.Wrapper, RecordConstructorArgs):
    """Think as long as you like, and pay for it: when to stop becomes part of the problem.

    In each step the agent submits the answer that it has by now, and says whether it is done. Until
    then the same problem is shown again, and every step costs. The answer counts with which the
    agent is done, or that of the last step it is allowed.

    Action space: ``Dict(answer=…, done=Discrete(2))``, where ``answer`` is an action of the wrapped
    environment. Rewards: ``-cost`` in every step, and in the last one the wrapped environment's
    reward on top. Info: ``thinking_steps`` (int), and in the last step that of the environment.

    Args:
        env: An environment with one answer per episode, such as ``Maze-v0``, ``PrefixSum-v0``, or
            ``ChessPuzzle-v0`` with ``answer="squares"`` or ``"first_move"``.
        cost: What a step costs, 0 or more, where a solved problem earns 1.
        max_steps: How many steps an episode can have.
        most_steps: The name of ``max_steps`` until version 0.1; deprecated.

    Attributes:
        steps: The steps of this episode so far.

    Raises:
        ValueError: If an argument has a value that is not allowed, or the environment asks for more
            than one answer.
        TypeError: If an argument has the wrong type.

    Example:
        >>> import gymnasium as gym, thinkenv
        >>> env = Anytime(gym.make("PrefixSum-v0"), cost=0.01)
        >>> bits, _ = env.reset(seed=0)
        >>> answer = thinkenv.prefix_sums.solve(bits)
        >>> env.step({"answer": answer, "done": 0})[1]
        -0.01
        >>> env.step({"answer": answer, "done": 1})[1:3]
        (0.99, True)
    """

    @suggest_arguments
    def __init__(
        self,
        env: gymnasium.Env,
        cost: float = 0.01,
        max_steps: int = 100,
        most_steps: int | None = None,
    ):
        if most_steps is not None:
            warnings.warn("most_steps is now max_steps", DeprecationWarning, stacklevel=2)
            max_steps = most_steps
        self.cost = check_number("cost", cost, 0.0)
        self.max_steps = check_integer("max_steps", max_steps, 1, 2**31 - 1)
        RecordConstructorArgs.__init__(self, cost=self.cost, max_steps=self.max_steps)
        gymnasium.Wrapper.__init__(self, env)
        inner = env.unwrapped
        if not (isinstance(inner, InstanceEnv) and inner.dynamics.one_answer):
            raise ValueError(f"env must be an environment with one answer per episode, got {env}")
        self._check_open = inner.check_open
        self.action_space = spaces.Dict({"answer": env.action_space, "done": spaces.Discrete(2)})
        self._observation = np.zeros(0)
        self.steps = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Show a new problem; arguments as of the wrapped environment."""
        self._observation, info = self.env.reset(seed=seed, options=options)
        self.steps = 0
        return self._observation.copy(), info

    def step(self, action: dict[str, Any]):
        """Submit the answer so far, and whether it is final.

        Raises:
            ValueError: If ``action`` has not the keys ``answer`` and ``done``, or ``done`` is
                neither 0 nor 1, or the answer is not in the action space.
            TypeError: If ``action`` is not a dict, ``done`` is not an integer or bool, or the final
                answer has the wrong type.
            gymnasium.error.ResetNeeded: If the episode is over.
        """
        if not isinstance(action, dict):
            raise TypeError(f"action must be a dict of 'answer' and 'done', got {action!r}")
        if set(action) != {"answer", "done"}:
            raise ValueError(f"action must have the keys 'answer' and 'done', got {list(action)}")
        done, answer = action["done"], action["answer"]
        if not isinstance(done, (bool, np.bool_)):
            done = check_integer("done", done, 0, 1)
        self._check_open()
        thinking = {"thinking_steps": self.steps + 1}
        if not done and self.steps + 1 < self.max_steps:
            if not is_member(self.env.action_space, answer):
                raise ValueError(f"answer must be in {self.env.action_space}, got {answer!r}")
            self.steps += 1
            return self._observation.copy(), -self.cost, False, False, thinking
        observation, reward, terminated, truncated, info = self.env.step(answer)
        self.steps += 1
        return observation, float(reward) - self.cost, terminated, truncated, info | thinking


def is_member(space: spaces.Space, value: Any) -> bool:
    """Whether a space contains a value; not, where NumPy can make no array of it."""
    try:
        return space.contains(value)
    except ValueError:
        return False


class OneHot(gymnasium.ObservationWrapper, RecordConstructorArgs):
    """Cell codes as planes of 0 and 1, for nets: codes are names, not amounts.

    Observation space: ``Box(0, 1, (…, codes), uint8)``: the shape of the wrapped environment's
    observations, and 1 in the last axis at the cell's code, else 0.

    Args:
        env: An environment that shows cell codes on a board or a string, such as ``Maze-v0`` and
            ``MazeWalk-v0`` with ``observation="grid"``, or ``PrefixSum-v0``.

    Raises:
        ValueError: If the environment shows something else.

    Example:
        >>> import gymnasium as gym, thinkenv
        >>> env = OneHot(gym.make("Maze-v0", size=5))
        >>> planes, _ = env.reset(seed=0)
        >>> planes.shape
        (7, 7, 4)
        >>> int(planes[..., 3].sum())  # one goal
        1
    """

    @suggest_arguments
    def __init__(self, env: gymnasium.Env):
        RecordConstructorArgs.__init__(self)
        gymnasium.ObservationWrapper.__init__(self, env)
        space = env.observation_space
        shape = space.shape or ()
        if len(shape) in (1, 2) and isinstance(space, spaces.MultiBinary):
            codes = 2
        elif len(shape) in (1, 2) and isinstance(space, spaces.Box) and space.dtype == np.uint8:
            codes = int(space.high.max()) + 1
        else:
            raise ValueError(f"env must show cell codes on a board or a string, got {space}")
        self._planes = np.eye(codes, dtype=np.uint8)  # (codes, codes), by code
        self.observation_space = spaces.Box(0, 1, (*shape, codes), np.uint8)

    def observation(self, observation: np.ndarray) -> np.ndarray:
        """Cells ``(H, W)`` or ``(W,)`` as planes ``(H, W, codes)`` or ``(W, codes)``."""
        return self._planes[observation]


class MaskInObservation(gymnasium.Wrapper, RecordConstructorArgs):
    """The mask of the allowed actions as a part of the observation, where many learners look.

    Observation space: ``Dict(observation=…, action_mask=Box(0, 1, (actions,), int8))``: the wrapped
    environment's observation, and 1 for each action that is allowed, as in its ``info``. Beside the
    last step of an episode that has come to its end all are.

    Args:
        env: An environment with ``Discrete`` actions and an ``action_mask`` in every info, such as
            ``MazeWalk-v0``, or ``ChessPuzzle-v0`` with ``answer="line"`` or ``"first_move"``.
        observation_key: Under which key the observation is: ``observation`` for PettingZoo's users,
            ``observations`` for RLlib's, ``obs`` for Tianshou's.
        mask_key: Under which key the mask is: ``action_mask``, and ``mask`` for Tianshou's users.

    Raises:
        ValueError: If the environment has other actions or no masks, or both keys are one.
        TypeError: If a key is no text.

    Example:
        >>> import gymnasium as gym, thinkenv
        >>> env = MaskInObservation(gym.make("MazeWalk-v0", size=5))
        >>> observation, _ = env.reset(seed=0)
        >>> observation["observation"].shape, observation["action_mask"].shape
        ((7, 7), (4,))
    """

    @suggest_arguments
    def __init__(
        self,
        env: gymnasium.Env,
        observation_key: str = "observation",
        mask_key: str = "action_mask",
    ):
        RecordConstructorArgs.__init__(self, observation_key=observation_key, mask_key=mask_key)
        gymnasium.Wrapper.__init__(self, env)
        self.observation_space = masked_space(
            env.observation_space, env.action_space, observation_key, mask_key
        )
        self.observation_key, self.mask_key = observation_key, mask_key

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Show a new problem; arguments as of the wrapped environment."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self._with_mask(observation, info), info

    def step(self, action: Any):
        """Act; arguments and errors as of the wrapped environment."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self._with_mask(observation, info), reward, terminated, truncated, info

    def _with_mask(self, observation: Any, info: dict[str, Any]) -> dict[str, Any]:
        mask = np.array(mask_of(info), np.int8)
        return {self.observation_key: observation, self.mask_key: mask}


class VectorMaskInObservation(VectorWrapper):
    """``MaskInObservation`` for vector environments, in every autoreset mode.

    Args:
        env: A vector environment of those that ``MaskInObservation`` takes, from
            ``gymnasium.make_vec``.
        observation_key: As of ``MaskInObservation``.
        mask_key: As of ``MaskInObservation``.

    Raises:
        ValueError: If the environment has other actions or no masks, or both keys are one.
        TypeError: If a key is no text.

    Example:
        >>> import gymnasium as gym, thinkenv
        >>> envs = VectorMaskInObservation(gym.make_vec("MazeWalk-v0", num_envs=3, size=5))
        >>> observations, _ = envs.reset(seed=0)
        >>> observations["observation"].shape, observations["action_mask"].shape
        ((3, 7, 7), (3, 4))
    """

    @suggest_arguments
    def __init__(
        self, env: VectorEnv, observation_key: str = "observation", mask_key: str = "action_mask"
    ):
        super().__init__(env)
        self.single_observation_space = masked_space(
            env.single_observation_space, env.single_action_space, observation_key, mask_key
        )
        self.observation_space = batch_space(self.single_observation_space, env.num_envs)
        self.observation_key, self.mask_key = observation_key, mask_key
        self._masks = np.zeros((env.num_envs, 0), np.int8)  # (num_envs, actions), shown last

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None):
        """Show new problems; arguments as of the wrapped environment."""
        observations, infos = self.env.reset(seed=seed, options=options)
        return self._with_masks(observations, infos), infos

    def step(self, actions: Any):
        """Act in every sub-environment; arguments and errors as of the wrapped environment."""
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        if "final_obs" in infos:
            final_masks = mask_of(infos["final_info"])
            final = infos["final_obs"] = infos["final_obs"].copy()
            for index in np.flatnonzero(infos["_final_obs"]):
                mask = np.array(final_masks[index], np.int8)
                final[index] = {self.observation_key: final[index], self.mask_key: mask}
        return self._with_masks(observations, infos), rewards, terminated, truncated, infos

    def _with_masks(self, observations: Any, infos: dict[str, Any]) -> dict[str, Any]:
        masks = mask_of(infos)
        if self._masks.shape == masks.shape and "_action_mask" in infos:
            # A reset of some sub-environments leaves those of the others as they were.
            masks = np.where(infos["_action_mask"][:, None], masks, self._masks)
        self._masks = np.array(masks, np.int8)
        return {self.observation_key: observations, self.mask_key: self._masks.copy()}


def masked_space(
    observation_space: spaces.Space, action_space: spaces.Space, observation_key: str, mask_key: str
) -> spaces.Dict:
    """The space of an observation together with a mask of actions.

    Raises:
        ValueError: If there is no finite number of actions, or both keys are one.
        TypeError: If a key is no text.
    """
    for name, key in (("observation_key", observation_key), ("mask_key", mask_key)):
        if not isinstance(key, str):
            raise TypeError(f"{name} must be text, got {key!r}")
    if observation_key == mask_key:
        raise ValueError(f"mask_key must differ from observation_key, got {mask_key!r} for both")
    if not isinstance(action_space, spaces.Discrete):
        raise ValueError(f"env must have Discrete actions, got {action_space}")
    mask_space = spaces.Box(0, 1, (int(action_space.n),), np.int8)
    return spaces.Dict({observation_key: observation_space, mask_key: mask_space})


def mask_of(info: dict[str, Any]) -> np.ndarray:
    """The mask or masks in an info.

    Raises:
        ValueError: If there are none.
    """
    if "action_mask" not in info:
        raise ValueError("env must have masks, got an info without 'action_mask'")
    return info["action_mask"]
