"""What happens in an environment, defined once for any number of problems at a time.

The single environment of ``thinkenv.envs.base`` runs its dynamics with one problem, the vector
environment with many: so they do the same.
"""

from abc import ABC, abstractmethod
from typing import Any, Generic

import numpy as np
from gymnasium import spaces

from thinkenv.tasks.base import Batch, Task

# What the actions of ``n`` sub-environments led to: rewards ``(n,)`` float64; which episodes came
# to their end and which were cut off, ``(n,)`` bool each; and infos, an array ``(n, …)`` by key.
Outcome = tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, np.ndarray]]


class Dynamics(ABC, Generic[Batch]):
    """How problems are shown, what actions do, and what they earn.

    A subclass defines the four abstract methods, and extends ``allocate`` and ``begin`` where it
    keeps something for each problem. ``which`` ``(n,)`` are always sub-environments' indices in
    ascending order.

    Args:
        task: What draws the problems.
        observation_space: Of one sub-environment.
        action_space: Of one sub-environment: ``MultiBinary`` or ``Discrete``.

    Attributes:
        one_answer: Whether the first action ends every episode.
        count: How many problems there are at a time.
        batch: The problems, one for each sub-environment; there are none before ``begin``.
    """

    one_answer: bool = False
    count: int
    batch: Batch

    def __init__(
        self, task: Task[Batch], observation_space: spaces.Space, action_space: spaces.Space
    ):
        self.task = task
        self.observation_space = observation_space
        self.action_space = action_space

    def allocate(self, count: int) -> None:
        """Make room for ``count`` problems, and forget those that there were."""
        self.count = count

    def begin(self, drawn: Batch, which: np.ndarray) -> None:
        """Begin episodes on the problems ``drawn``; the first time in all sub-environments."""
        if len(which) == self.count:
            self.batch = drawn
        else:
            self.batch.replace(which, drawn)

    def chosen(self, which: np.ndarray) -> Batch:
        """The problems of some sub-environments."""
        return self.batch if len(which) == self.count else self.batch[which]

    @abstractmethod
    def observe(self) -> np.ndarray:
        """Observations of all sub-environments ``(count, …)``, a new array."""

    @abstractmethod
    def reset_infos(self, which: np.ndarray) -> dict[str, np.ndarray]:
        """What ``reset`` reports of problems just begun: an array ``(n, …)`` for each key.

        Whoever hands them on copies them.
        """

    @abstractmethod
    def act(self, actions: np.ndarray, which: np.ndarray) -> Outcome:
        """Act in some sub-environments, at least one.

        Args:
            actions: ``(n, …)``. Integers are in the action space; of an array only the shape was
                checked.
            which: ``(n,)``, those whose episodes go on.

        Returns:
            Rewards, terminations, truncations and infos: see ``Outcome``. Whoever hands them on
            copies them.

        Raises:
            ValueError: If an action has values that are not allowed; then nothing has happened.
            TypeError: If an action has the wrong type; then nothing has happened.
        """

    @abstractmethod
    def picture(self, index: int, mode: str, is_over: bool) -> np.ndarray | str:
        """What one sub-environment looks like.

        Args:
            index: Which.
            mode: The render mode, ``rgb_array`` or ``ansi``.
            is_over: Whether its episode is.
        """


# Dynamics of any task.
AnyDynamics = Dynamics[Any]
