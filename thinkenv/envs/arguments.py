"""Checks of what users give to the methods of environments: seeds, options and actions."""

from typing import Any

import numpy as np
from gymnasium import spaces

from thinkenv.checks import check_integer
from thinkenv.tasks.seeds import LAST_INSTANCE

# Gymnasium takes seeds of any length; no one needs longer ones.
LARGEST_SEED = 2**128 - 1


def check_options(options: dict[str, Any] | None) -> int | None:
    """The instance number asked for in ``reset(options={"instance": 17})``, or None.

    Raises:
        ValueError: If there is any other option, or the number is out of range.
        TypeError: If ``options`` is not a dict or the number is not an integer.
    """
    if options is None:
        return None
    if not isinstance(options, dict):
        raise TypeError(f"options must be a dict such as {{'instance': 17}}, got {options!r}")
    unknown = sorted(set(map(str, options)) - {"instance"})
    if unknown:
        raise ValueError(f"options must have no key but 'instance', got {unknown[0]!r}")
    if "instance" not in options:
        return None
    return check_integer("options['instance']", options["instance"], 0, LAST_INSTANCE)


def check_mask(mask: object, num_envs: int) -> np.ndarray:
    """Return ``options["reset_mask"]``, which sub-environments to reset: ``(num_envs,)`` bool.

    Raises:
        ValueError: If it has another shape or names no sub-environment.
        TypeError: If it is not an array of bools.
    """
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
        raise TypeError(f"options['reset_mask'] must be an array of bools, got {mask!r}")
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


def as_array(action: object, shape: tuple[int, ...]) -> np.ndarray:
    """An action as an array of the right shape.

    Raises:
        ValueError: If it has another one than ``shape``.
    """
    try:
        array = np.asarray(action)
    except ValueError:
        raise ValueError(f"action must have shape {shape}, got a list of unequal lists") from None
    if array.shape != shape:
        raise ValueError(f"action must have shape {shape}, got {array.shape}")
    return array


def check_action(space: spaces.Space, action: Any) -> np.ndarray:
    """The action of a single environment, as the only one of an array ``(1, …)``.

    What an array holds is not looked at: that is left to who judges it.

    Raises:
        ValueError: If it is out of range, or has another shape than the space.
        TypeError: If it must be an integer and is not.
    """
    if isinstance(space, spaces.Discrete):
        return np.array([check_integer("action", action, 0, int(space.n) - 1)])
    assert space.shape is not None
    return as_array(action, space.shape)[None]


def check_actions(
    space: spaces.Space, actions: object, num_envs: int, stepped: np.ndarray
) -> np.ndarray:
    """The actions of the sub-environments ``stepped`` ``(n,)``: ``(n, …)``.

    Args:
        space: The action space of one of them.
        actions: Those of all; what is there for others does not matter.
        num_envs: How many there are.
        stepped: Which of them act.

    Raises:
        ValueError: If there are not as many as sub-environments, one is out of range, or they have
            another shape than the space.
        TypeError: If they must be integers and are not.
    """
    assert space.shape is not None
    array = as_array(actions, (num_envs, *space.shape))
    chosen = array if len(stepped) == num_envs else array[stepped]
    if isinstance(space, spaces.Discrete):
        allowed = f"integers in [0, {space.n - 1}]"
        if array.dtype.kind not in "iu":
            raise TypeError(f"action must hold {allowed}, got {array.dtype}")
        if chosen.min(initial=0) < 0 or chosen.max(initial=0) >= space.n:
            raise ValueError(f"action must hold {allowed}, got {chosen}")
    return chosen
