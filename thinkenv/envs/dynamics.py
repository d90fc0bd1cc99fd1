"""What happens in an environment, defined once for any number of problems at a time.

The single environment of ``thinkenv.envs.base`` runs its dynamics with one problem, the vector
environment with many: so they do the same.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
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

    **Options of reset.** A subclass may know more than ``instance``: it names them in
    ``reset_options``, checks their values in ``check_reset_option``, and heeds them in ``draw``.

    Args:
        task: What draws the problems.
        observation_space: Of one sub-environment.
        action_space: Of one sub-environment: ``MultiBinary`` or ``Discrete``.

    Attributes:
        one_answer: Whether the first action ends every episode.
        reset_options: The names of further options of ``reset``, beside ``instance``.
        count: How many problems there are at a time.
        batch: The problems, one for each sub-environment; there are none before ``begin``.
    """

    one_answer: bool = False
    reset_options: tuple[str, ...] = ()
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

    def forget(self, which: np.ndarray) -> None:
        """Forget what lasts from one episode to the next in the sub-environments ``which``.

        They have new seeds, and the same seed has to give the same episodes, whatever came before.
        """

    def check_reset_option(self, name: str, value: object) -> Any:
        """Return a value of one of the ``reset_options``, for one sub-environment.

        It is called before anything changes.

        Raises:
            ValueError: If it is not allowed; the error begins with ``options['name'] must``.
            TypeError: If it has the wrong type.
        """
        return value

    def draw(
        self,
        which: np.ndarray,
        fresh: Callable[[], np.ndarray],
        asked: np.ndarray | None,
        options: Mapping[str, list[Any]],
    ) -> Batch:
        """Draw the problems that begin in the sub-environments ``which`` ``(n,)``.

        Args:
            which: Where they begin.
            fresh: Takes the next instance numbers ``(n,)`` from the random generators of these
                sub-environments; to be called at most once. A number that nobody takes stays for
                the next episode.
            asked: ``(n,)`` the instance numbers that ``reset`` was asked for, or None.
            options: The further options of ``reset``: ``n`` checked values for each that was given.
        """
        return self.task.draw(fresh() if asked is None else asked)

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
            actions: ``(n, …)``. Integers are in the action space; answers hold 0 and 1 as uint8.
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
            is_over: Whether its episode has come to its end.
        """


class MaskedDynamics(Dynamics[Batch]):
    """Dynamics with states in which some actions are not allowed.

    The environments report a mask as ``action_mask`` in the infos of every reset and step, by one
    rule: it belongs to the state that is shown, and it is never empty. Beside the last step of an
    episode that has come to its end (terminated) all actions are allowed, because whatever is
    chosen is ignored. Beside that of an episode that was cut off (truncated) it is the mask of the
    state reached, whose value a learner may ask for.
    """

    @abstractmethod
    def action_masks(self, which: np.ndarray) -> np.ndarray:
        """Which actions are allowed in the states of some sub-environments, at least one of each.

        Asked for only where no episode has come to its end.

        Returns:
            ``(n, actions)`` int8, a new array: 1 for the allowed ones.
        """


# Dynamics of any task.
AnyDynamics = Dynamics[Any]
