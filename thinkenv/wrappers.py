"""Wrappers: environments of this package made into other ones."""

import warnings
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from thinkenv.checks import check_integer, check_number
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
            if not self.env.action_space.contains(answer):
                raise ValueError(f"answer must be in {self.env.action_space}, got {answer!r}")
            self.steps += 1
            return self._observation.copy(), -self.cost, False, False, thinking
        observation, reward, terminated, truncated, info = self.env.step(answer)
        self.steps += 1
        return observation, float(reward) - self.cost, terminated, truncated, info | thinking


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
