"""Memories of any form: what rollouts do to them.

A memory is a tensor of floating-point numbers whose first dimension counts the problems, or several
of them by name (boards, sets of tokens, the nodes and edges of graphs):

- boards of cells, ``(B, M, H, W)``: four dimensions, the channels in the second;
- anything else, such as tokens ``(B, T, C)``: the channels in the last;
- tokens of two levels, for example: ``{"slow": (B, T, C), "fast": (B, T, C)}``.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

Memory = Tensor | dict[str, Tensor]
SomeMemory = TypeVar("SomeMemory", bound=Memory)


def transform(change: Callable[..., Tensor], memory: SomeMemory, *others: SomeMemory) -> SomeMemory:
    """A memory whose tensors are each made by a function.

    Args:
        change: Gets a tensor of the memory, and those of the same name of the others.
        memory: ``(B, …)``.
        others: Memories of the same form.
    """
    if isinstance(memory, dict):
        return {  # type: ignore[return-value]
            name: change(tensor, *(other[name] for other in others))  # type: ignore[index]
            for name, tensor in memory.items()
        }
    return change(memory, *others)  # type: ignore[return-value]


def transform_by_kind(
    change: Callable[..., Tensor],
    unbounded: frozenset[str],
    memory: SomeMemory,
    *others: SomeMemory,
) -> SomeMemory:
    """As ``transform``, but the function is told at last whether the numbers are counts.

    Args:
        change: Gets a tensor of the memory, those of the same name of the others, and a bool.
        unbounded: The names of the tensors whose numbers are counts.
        memory: ``(B, …)``.
        others: Memories of the same form.
    """
    if isinstance(memory, dict):
        return {  # type: ignore[return-value]
            name: change(tensor, *(other[name] for other in others), name in unbounded)  # type: ignore[index]
            for name, tensor in memory.items()
        }
    return change(memory, *others, False)  # type: ignore[return-value]


def tensors_of(memory: Memory) -> list[Tensor]:
    """The tensors of a memory, ``(B, …)`` each."""
    return list(memory.values()) if isinstance(memory, dict) else [memory]


def count(memory: Memory) -> int:
    """Of how many problems a memory is."""
    return len(tensors_of(memory)[0])


def choose(memory: SomeMemory, chosen: Tensor | slice) -> SomeMemory:
    """The memories of some of the problems, by a mask, indices or a slice."""
    return transform(lambda tensor: arrange(tensor[chosen]), memory)


def put(memory: SomeMemory, index: Tensor, others: SomeMemory) -> None:
    """Write the memories of some problems, ``index`` ``(n,)``, in place."""
    transform(lambda tensor, other: tensor.index_copy_(0, index, other), memory, others)


def concatenate(parts: Sequence[SomeMemory]) -> SomeMemory:
    """The memories of several batches of problems as one."""
    return transform(lambda *tensors: torch.cat(tensors), *parts)


def is_board(tensor: Tensor) -> bool:
    """Whether a tensor of a memory holds boards ``(B, M, H, W)``."""
    return tensor.ndim == 4


def arrange(tensor: Tensor) -> Tensor:
    """A tensor in the layout in which convolutions run fastest, where it is one of boards."""
    return tensor.contiguous(
        memory_format=torch.channels_last if is_board(tensor) else torch.contiguous_format
    )


def residuals(memory: SomeMemory, before: SomeMemory) -> Tensor:
    """The largest change of a number in each problem's memory, ``(B,)``."""

    def largest(now: Tensor, then: Tensor) -> Tensor:
        return (now - then).abs().amax(dim=tuple(range(1, now.ndim)))

    return torch.stack(tensors_of(transform(largest, memory, before))).amax(dim=0)


def cells_of(tensor: Tensor) -> tuple[int, ...]:
    """The shape of a mask over the cells of one problem, to all channels of which it applies."""
    return (1, *tensor.shape[2:]) if is_board(tensor) else (*tensor.shape[1:-1], 1)


def shape_of(memory: Memory) -> tuple[int, ...] | dict[str, tuple[int, ...]]:
    """The shape of a memory, or those of its tensors by name."""
    if isinstance(memory, dict):
        return {name: tuple(tensor.shape) for name, tensor in memory.items()}
    return tuple(memory.shape)
