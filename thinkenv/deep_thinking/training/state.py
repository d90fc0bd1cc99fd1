"""What a stored training state must be like before a training goes on from it."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from thinkenv.checks import check_integer
from thinkenv.deep_thinking.rollout.memories import Memory
from thinkenv.deep_thinking.tensor_files import check_finite
from thinkenv.tasks.base import InstanceBatch

# What the optimiser keeps of each weight beside the number of its steps.
MOMENTS = ("exp_avg", "exp_avg_sq")


def check_names(what: str, stored: Any, names: set[Any]) -> None:
    """Check that something stored is a dict with these keys.

    Raises:
        ValueError: If it is none, or has others.
    """
    if not isinstance(stored, dict):
        raise ValueError(f"{what} must be a dict, got {type(stored).__name__}")
    if other := sorted(map(str, names ^ stored.keys())):
        raise ValueError(f"{what} lacks, or has besides: {', '.join(other)[:200]}")


def check_tensor(what: str, stored: Any, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    """Check that something stored is a tensor of a shape and type, of finite numbers.

    Raises:
        ValueError: If it is not.
    """
    if not isinstance(stored, Tensor):
        raise ValueError(f"{what} must be a tensor, got {type(stored).__name__}")
    if tuple(stored.shape) != shape or stored.dtype != dtype:
        raise ValueError(
            f"{what} must have shape {shape} and type {dtype}, got {tuple(stored.shape)} and "
            f"{stored.dtype}"
        )
    check_finite({what: stored})


def check_tensors_like(what: str, stored: Any, ours: Mapping[str, Tensor]) -> None:
    """Check that tensors by name are as ours are, but for their numbers.

    Raises:
        ValueError: If they are not.
    """
    check_names(what, stored, set(ours))
    for name, tensor in ours.items():
        check_tensor(f"{what}.{name}", stored[name], tuple(tensor.shape), tensor.dtype)


def checked_optimiser(stored: Any, ours: dict[str, Any], weights: list, steps: int) -> dict:
    """The state of an optimiser, with our own settings, which the plan decides.

    Args:
        stored: What is stored.
        ours: Our own state.
        weights: What it moves.
        steps: How many steps were taken.

    Raises:
        ValueError: If it is not of such an optimiser after so many steps.
    """
    check_names("optimiser", stored, set(ours))
    of_weights = stored["state"]
    if not isinstance(of_weights, dict) or not of_weights.keys() <= set(range(len(weights))):
        raise ValueError("optimiser.state is of other weights")
    for index, kept in of_weights.items():
        what, weight = f"optimiser.state.{index}", weights[index]
        check_names(what, kept, {"step", *MOMENTS})
        check_tensor(f"{what}.step", kept["step"], (), torch.float32)
        if not 1 <= kept["step"].item() <= steps:
            raise ValueError(f"{what}.step must be from 1 to {steps}, got {kept['step'].item()}")
        for name in MOMENTS:
            check_tensor(f"{what}.{name}", kept[name], tuple(weight.shape), weight.dtype)
        if (kept["exp_avg_sq"] < 0).any():
            raise ValueError(f"{what}.exp_avg_sq must not be negative")
    return {**ours, "state": of_weights}


def check_average(stored: Any, ours: Mapping[str, Tensor], steps: int) -> None:
    """Check the moving average of the weights.

    Raises:
        ValueError: If it is not one after so many steps.
    """
    check_tensors_like("average", stored, ours)
    if (count := stored["n_averaged"].item()) != steps:
        raise ValueError(f"average.n_averaged must be {steps}, got {count}")


def check_problems(stored: Any, ours: InstanceBatch, part: slice, batch: int) -> None:
    """Check that stored problems are those that such a training has got to.

    Args:
        stored: The columns of those of all processes.
        ours: The problems of this process.
        part: Which of the others these are.
        batch: How many problems all processes have.

    Raises:
        ValueError: If they are others.
    """
    columns = ours.columns()
    check_names("problems", stored, set(columns))
    for name, column in columns.items():
        expected = torch.from_numpy(column)
        shape = (batch, *expected.shape[1:])
        check_tensor(f"problems.{name}", stored[name], shape, expected.dtype)
        if not np.array_equal(stored[name][part].numpy(), column):
            raise ValueError(f"problems.{name} is not what such a training has after these steps")


def check_memory(stored: Any, like: Memory, batch: int) -> None:
    """Check a stored memory of all processes.

    Args:
        stored: The memory.
        like: One of this process.
        batch: How many problems all processes have.

    Raises:
        ValueError: If it is of another net.
    """
    if not isinstance(like, dict):
        like, stored = {"memory": like}, {"memory": stored}
    check_names("memory", stored, set(like))
    for name, tensor in like.items():
        dtype = getattr(stored[name], "dtype", tensor.dtype)
        if not dtype.is_floating_point:
            raise ValueError(f"{name} must hold floating-point numbers, got {dtype}")
        check_tensor(name, stored[name], (batch, *tensor.shape[1:]), dtype)


def checked_pending(stored: Any, steps: int) -> list[Tensor]:
    """What the steps since the last row of metrics gave: ``(4,)`` each.

    Raises:
        ValueError: If it is not that of at most so many steps.
    """
    if not isinstance(stored, list | Tensor) or not len(stored) <= steps:
        raise ValueError(f"pending must be of at most {steps} steps")
    for values in stored:
        if not isinstance(values, Tensor) or values.shape != (4,) or values.dtype.is_complex:
            raise ValueError("pending must hold four numbers of each step")
    return [values.float() for values in stored]


def checked_sessions(stored: Any) -> list[dict]:
    """Where the parts of a training come from.

    Raises:
        ValueError: If it is nothing that can be written into ``agent.json``.
    """
    if not isinstance(stored, list | tuple) or not all(isinstance(one, dict) for one in stored):
        raise ValueError("sessions must be a list of dicts")
    json.dumps(stored)  # a TypeError for what is no plain value
    return list(stored)


def check_steps(stored: Any, steps: int) -> int:
    """How many steps were taken.

    Raises:
        ValueError: If it is more than there are.
        TypeError: If it is no number.
    """
    return check_integer("steps_done", stored, 0, steps)
