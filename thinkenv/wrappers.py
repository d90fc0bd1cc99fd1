"""Wrappers: problems of this package turned into other ones."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from thinkenv.checks import check_integer, check_number


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
        most_steps: How many steps an episode can have.

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

    def __init__(self, env: gymnasium.Env, cost: float = 0.01, most_steps: int = 100):
        self.cost = check_number("cost", cost, 0.0)
        self.most_steps = check_integer("most_steps", most_steps, 1, 2**31 - 1)
        RecordConstructorArgs.__init__(self, cost=self.cost, most_steps=self.most_steps)
        gymnasium.Wrapper.__init__(self, env)
        if not getattr(env.unwrapped, "one_answer", False):
            raise ValueError(f"env={env}: needs an environment with one answer per episode")
        self.action_space = spaces.Dict({"answer": env.action_space, "done": spaces.Discrete(2)})
        self._observation: Any = None
        self.steps: int = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Show a new problem; arguments as of the wrapped environment."""
        self._observation, info = self.env.reset(seed=seed, options=options)
        self.steps = 0
        return self._observation.copy(), info

    def step(self, action: dict[str, Any]):
        """Submit the answer so far, and whether it is final.

        Raises:
            ValueError: If ``action`` has not the keys ``answer`` and ``done``, or ``done`` is
                neither 0 nor 1, or the answer is none.
            TypeError: If ``action`` is no dict, ``done`` no integer or bool, or the final answer
                has the wrong type.
            gymnasium.error.ResetNeeded: If the episode is over.
        """
        if not isinstance(action, dict):
            raise TypeError(f"action={action!r}: needs a dict with the keys 'answer' and 'done'")
        if set(action) != {"answer", "done"}:
            raise ValueError(f"action has the keys {list(action)}: needs 'answer' and 'done'")
        done, answer = action["done"], action["answer"]
        if not isinstance(done, (bool, np.bool_)):
            done = check_integer("done", done, 0, 1)
        env: Any = self.env.unwrapped
        env.check_open()
        thinking = {"thinking_steps": self.steps + 1}
        if not done and self.steps + 1 < self.most_steps:
            if not self.env.action_space.contains(answer):
                raise ValueError(f"answer: not in {self.env.action_space}")
            self.steps += 1
            return self._observation.copy(), -self.cost, False, False, thinking
        observation, reward, terminated, truncated, info = self.env.step(answer)
        self.steps += 1
        return observation, float(reward) - self.cost, terminated, truncated, info | thinking
