"""How positions are imagined, and what that asks of a net."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from torch import Tensor, nn


@runtime_checkable
class ImaginingNet(Protocol):
    """What imagination asks of a net: see ``architectures.messages``.

    Attributes:
        imagines: Whether it has learned to imagine.
        recurrent: Whether more than one iteration on a position can change anything.
    """

    imagines: bool
    recurrent: bool

    def look(self, positions: np.ndarray, is_their_turn: np.ndarray) -> dict[str, Tensor]:
        """What positions, seen from the thinker, contribute to every iteration."""

    def step(self, memory: Tensor, injected: dict[str, Tensor]) -> Tensor:
        """One iteration."""

    def decode(self, memory: Tensor) -> Tensor:
        """The logits of the thinker's move."""

    def reply(self, memory: Tensor) -> Tensor:
        """The logits of the opponent's reply."""

    def value(self, memory: Tensor) -> Tensor:
        """The logit of that the moves so far are right."""


def imagining(net: nn.Module) -> ImaginingNet:
    """The net, as one that imagines.

    Raises:
        ValueError: If it cannot.
    """
    if not isinstance(net, ImaginingNet):
        name = getattr(net, "name", type(net).__name__)
        raise ValueError(f"imagine: nets of the kind {name!r} cannot imagine")
    if not net.imagines:
        raise ValueError("imagine: this net has not learned to imagine")
    return net


# What positions ``(n, POSITION_BYTES)`` are worth that were imagined while thinking about others
# ``(n, POSITION_BYTES)``, all seen from the thinker: ``(n,)`` from 0 to 1.
Appraise = Callable[[np.ndarray, np.ndarray], np.ndarray]


def indifferent(positions: np.ndarray, thought_about: np.ndarray) -> np.ndarray:
    """The same worth for all positions: an ``Appraise`` that knows nothing."""
    return np.full(len(positions), 0.5)


# The numbers below were chosen on puzzles rated 1300 to 1499 of the split ``validation``, with the
# first agent that was trained: ``docs/log.md`` says among which.
@dataclass(frozen=True)
class Manner:
    """How positions are imagined.

    Raises:
        ValueError: If a number is not allowed; the message names it.
    """

    candidates: int = 8
    """How many moves of a position are tried at most: the most probable ones."""
    iterations: int = 4
    """Iterations on each imagined position."""
    exploration: float = 2.0
    """How much probable moves that were tried little are preferred to those that did well."""
    temperature: float = 3.5
    """By which logits are divided before candidates are compared: above 1, they are more alike."""
    value_weight: float = 12.0
    """How much what was found counts when a move is chosen, beside how often it was looked into: 0
    for not at all. The more positions were imagined, the less it counts: see ``Trees.scores``."""
    carries_memory: bool = True
    """Carry the memory along; without it (a control), think about each position anew."""
    settled_lead: int = 64
    """Where imagining stops by itself: by how many imagined positions the move that is played leads
    all others then, so that much would have to turn out otherwise."""
    appraise: Appraise | None = None
    """What says in place of the net what an imagined position is worth (a control)."""

    def __post_init__(self) -> None:
        for name in ("candidates", "iterations", "settled_lead"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} must be an integer of at least 1, got {value!r}")
        for name in ("exploration", "temperature"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)!r}")
        if not 0 <= self.value_weight < float("inf"):
            raise ValueError(f"value_weight must be at least 0, got {self.value_weight!r}")


USUAL = Manner()
