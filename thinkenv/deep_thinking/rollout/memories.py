"""Memories of any form: what rollouts do to them.

A memory is a tensor whose first dimension counts the problems, or several of them by name (boards,
sets of tokens, the nodes and edges of graphs):

- boards of cells: ``(B, M, H, W)``;
- tokens of two levels, for example: ``{"slow": (B, T, C), "fast": (B, T, C)}``.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

Memory = Tensor | dict[str, Tensor]
SomeMemory = TypeVar("SomeMemory", bound=Memory)


def transform(change: Callable[[Tensor], Tensor], memory: SomeMemory) -> SomeMemory:
    """A memory whose tensors are each changed by a function."""
    if isinstance(memory, dict):
        return {name: change(tensor) for name, tensor in memory.items()}  # type: ignore[return-value]
    return change(memory)  # type: ignore[return-value]


def tensors_of(memory: Memory) -> list[Tensor]:
    """The tensors of a memory, ``(B, …)`` each."""
    return list(memory.values()) if isinstance(memory, dict) else [memory]


def choose(memory: SomeMemory, chosen: Tensor | slice) -> SomeMemory:
    """The memories of some of the problems, by a mask, indices or a slice."""
    return transform(lambda tensor: arrange(tensor[chosen]), memory)


def put(memory: SomeMemory, index: Tensor, others: SomeMemory) -> None:
    """Write the memories of some problems, ``index`` ``(n,)``, in place."""
    for tensor, other in zip(tensors_of(memory), tensors_of(others), strict=True):
        tensor[index] = other


def concatenate(parts: Sequence[SomeMemory]) -> SomeMemory:
    """The memories of several batches of problems as one."""
    first = parts[0]
    if isinstance(first, dict):
        return {name: torch.cat([part[name] for part in parts]) for name in first}  # type: ignore
    return torch.cat(list(parts))  # type: ignore


def arrange(tensor: Tensor) -> Tensor:
    """A tensor in the layout in which convolutions run fastest, where it is one of boards."""
    return tensor.contiguous(
        memory_format=torch.channels_last if tensor.ndim == 4 else torch.contiguous_format
    )


def residuals(memory: Memory, before: Memory) -> Tensor:
    """The largest change of a number in each problem's memory, ``(B,)``."""
    pairs = zip(tensors_of(memory), tensors_of(before), strict=True)
    changes = [(now - then).abs().amax(dim=tuple(range(1, now.ndim))) for now, then in pairs]
    return changes[0] if len(changes) == 1 else torch.stack(changes).amax(dim=0)


def shapes(memory: Memory) -> list[tuple[int, ...]]:
    """The shapes of a memory's tensors."""
    return [tuple(tensor.shape) for tensor in tensors_of(memory)]
