"""Checks of what users give to the methods of environments: seeds, options and actions."""

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

from thinkenv.checks import as_array, check_answers, check_choice, check_integer, suggestion
from thinkenv.envs.dynamics import AnyDynamics
from thinkenv.tasks.seeds import LAST_INSTANCE

# Gymnasium takes seeds of any length; no one needs longer ones.
LARGEST_SEED = 2**128 - 1
LARGEST_COUNT = 2**31 - 1  # of environments, and of steps


class Request(NamedTuple):
    """What ``reset`` was asked for, checked.

    Attributes:
        instances: ``(num_envs,)`` int64 instance numbers, or None where any will do.
        others: For each further option that was given the values, one for each sub-environment.
    """

    instances: np.ndarray | None
    others: dict[str, list[Any]]

    def of(self, which: np.ndarray) -> "Request":
        """What is asked for in some of the sub-environments."""
        instances = None if self.instances is None else self.instances[which]
        others = {name: [values[index] for index in which] for name, values in self.others.items()}
        return Request(instances, others)


# What is asked for where a new episode begins by itself.
ANYTHING = Request(None, {})


def check_instance(value: object) -> int:
    """Return an instance number.

    Raises:
        ValueError: If it is out of range.
        TypeError: If it is not an integer.
    """
    return check_integer("options['instance']", value, 0, LAST_INSTANCE)


def check_options(options: Any, dynamics: AnyDynamics, further: Sequence[str] = ()) -> set[str]:
    """Check what options of ``reset`` there are, and return their names.

    Args:
        options: Those given, or None.
        dynamics: What knows further options than ``instance``.
        further: The names of options that the environment itself knows.

    Raises:
        ValueError: If one has another name.
        TypeError: If they are not a dict.
    """
    if options is None:
        return set()
    if not isinstance(options, dict):
        raise TypeError(f"options must be a dict such as {{'instance': 17}}, got {options!r}")
    allowed = ("instance", *further, *dynamics.reset_options)
    for name in options:
        if name not in allowed:
            raise ValueError(
                f"options must have no key but {', '.join(map(repr, allowed))}, got {name!r}"
                + suggestion(name, allowed)
            )
    return set(options)


def check_request(options: Any, dynamics: AnyDynamics) -> Request:
    """What a single environment is asked for in ``reset(options={"instance": 17})``.

    Raises:
        ValueError: If there is no such option, or a value is not allowed.
        TypeError: If ``options`` is not a dict or a value has the wrong type.
    """
    names = check_options(options, dynamics)
    numbers = [check_instance(options["instance"])] if "instance" in names else None
    others = {
        name: [dynamics.check_reset_option(name, options[name])] for name in names - {"instance"}
    }
    return Request(None if numbers is None else np.array(numbers, np.int64), others)


def check_request_of_vector(
    options: Any, dynamics: AnyDynamics, num_envs: int
) -> tuple[Request, np.ndarray]:
    """What sub-environments are asked for, and which: a value is for all, or there are as many.

    Returns:
        The request, and ``(num_envs,)`` bool, which are reset.

    Raises:
        ValueError: If there is no such option, a value is not allowed, or there are not as many
            values as sub-environments.
        TypeError: If ``options`` is not a dict or a value has the wrong type.
    """
    names = check_options(options, dynamics, ("reset_mask",))
    mask = np.ones(num_envs, np.bool_)
    if "reset_mask" in names and options["reset_mask"] is not None:
        mask = check_mask(options["reset_mask"], num_envs)
    instances = None
    if "instance" in names:
        numbers = check_each("instance", options["instance"], num_envs, check_instance)
        instances = np.array(numbers, np.int64)
    others = {}
    for name in names - {"instance", "reset_mask"}:

        def check_one(value: object, name: str = name) -> Any:
            return dynamics.check_reset_option(name, value)

        others[name] = check_each(name, options[name], num_envs, check_one)
    return Request(instances, others), mask


def check_each(
    name: str, value: Any, num_envs: int, check_one: Callable[[object], Any]
) -> list[Any]:
    """The values of an option for each sub-environment, given as one for all or as many.

    Raises:
        ValueError: If there are several, but not ``num_envs``; and what ``check_one`` raises.
    """
    if not (
        isinstance(value, (list, tuple, range)) or isinstance(value, np.ndarray) and value.ndim
    ):
        return [check_one(value)] * num_envs
    if len(value) != num_envs:
        raise ValueError(
            f"options[{name!r}] must be one value for all or have {num_envs} entries, got "
            f"{len(value)}"
        )
    return [check_one(one) for one in value]


def check_mask(mask: object, num_envs: int) -> np.ndarray:
    """Return ``options["reset_mask"]``, which sub-environments to reset: ``(num_envs,)`` bool.

    Raises:
        ValueError: If it has another shape or names no sub-environment.
        TypeError: If it is not an array, list or tuple of bools.
    """
    if isinstance(mask, (list, tuple)) and all(isinstance(one, (bool, np.bool_)) for one in mask):
        mask = np.array(mask, np.bool_)
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
        raise TypeError(f"options['reset_mask'] must be an array or list of bools, got {mask!r}")
    if mask.shape != (num_envs,) or not mask.any():
        raise ValueError(
            f"options['reset_mask'] must have shape ({num_envs},) and at least one True, got "
            f"shape {mask.shape} and {mask.sum()}"
        )
    return mask


def check_seed(seed: object) -> int | None:
    """Return a seed as an ``int``, or None.

    Raises:
        TypeError: If it is neither an integer nor None.
        ValueError: If it is negative.
    """
    return None if seed is None else check_integer("seed", seed, 0, LARGEST_SEED)


def check_seeds_of_vector(seed: Any, num_envs: int) -> list[int | None]:
    """The seed of each sub-environment: ``seed + i``, or those of a list.

    Raises:
        ValueError: If one is negative, or there are not ``num_envs``.
        TypeError: If one is neither an integer nor None.
    """
    if isinstance(seed, (list, tuple)) or isinstance(seed, np.ndarray) and seed.ndim:
        if len(seed) != num_envs:
            raise ValueError(f"seed must have {num_envs} entries, got {len(seed)}")
        return [check_seed(value) for value in seed]
    first = check_seed(seed)
    return [None if first is None else first + index for index in range(num_envs)]


def check_autoreset_mode(mode: object) -> AutoresetMode:
    """Return a mode of autoreset, given as such or as its value, such as ``"SameStep"``.

    Raises:
        ValueError: If there is no such mode.
    """
    if isinstance(mode, AutoresetMode):
        return mode
    return AutoresetMode(
        check_choice("autoreset_mode", mode, [known.value for known in AutoresetMode])
    )


def check_step_limit(limit: object) -> int | None:
    """Return ``max_episode_steps``; -1 and None are none, as in ``gymnasium.make``.

    Raises:
        ValueError: If it is out of range.
        TypeError: If it is not an integer.
    """
    if limit is None:
        return None
    steps = check_integer("max_episode_steps", limit, -1, LARGEST_COUNT)
    if steps == 0:
        raise ValueError("max_episode_steps must be at least 1, or -1 for no limit, got 0")
    return None if steps == -1 else steps


def check_action(space: spaces.Space, action: Any) -> np.ndarray:
    """The action of a single environment, as the only one of an array ``(1, …)``.

    What the action space contains is taken, and nothing else.

    Raises:
        ValueError: If it is out of range, or has another shape or other values than the space.
        TypeError: If it has the wrong type.
    """
    if not isinstance(space, spaces.Discrete):
        assert space.shape is not None
        return check_answers(action, space.shape, "action")[None]
    if not space.contains(action):
        allowed = f"action must be an integer in [0, {space.n - 1}]"
        try:
            operator.index(action)
        except TypeError:
            raise TypeError(f"{allowed}, got {action!r}") from None
        raise ValueError(f"{allowed}, got {action!r}")
    return np.array([int(action)])


def check_actions(
    space: spaces.Space, actions: Any, num_envs: int, stepped: np.ndarray
) -> np.ndarray:
    """The actions of the sub-environments ``stepped`` ``(n,)``: ``(n, …)``.

    Taken is an array, or what becomes one, of actions that the space of one of them contains.

    Args:
        space: The action space of one of them.
        actions: Those of all; what is there for others does not matter.
        num_envs: How many there are.
        stepped: Which of them act.

    Raises:
        ValueError: If there are not as many as sub-environments, one is out of range, or they have
            another shape or other values than the space.
        TypeError: If they have the wrong type.
    """
    assert space.shape is not None
    given = actions if isinstance(actions, Sequence) else np.asarray(actions)
    array = as_array(given, (num_envs, *space.shape), "action")
    chosen = array if len(stepped) == num_envs else array[stepped]
    if not isinstance(space, spaces.Discrete):
        return check_answers(chosen, (len(stepped), *space.shape), "action")
    allowed = f"integers in [0, {space.n - 1}]"
    if not np.can_cast(array.dtype, np.int64):
        raise TypeError(f"action must hold {allowed}, got {array.dtype}")
    if chosen.min(initial=0) < 0 or chosen.max(initial=0) >= space.n:
        raise ValueError(f"action must hold {allowed}, got {chosen}")
    return chosen.astype(np.int64, copy=False)
