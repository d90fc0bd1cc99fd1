"""The plan of a training: every number of it, with its meaning and its bounds."""

import math
from dataclasses import dataclass, fields
from typing import Literal, get_args

# What a rollout in training starts from: see ``trainer``.
Start = Literal["empty", "continued", "changed", "foreign", "random"]

# The fields of a plan that are a minimum and a maximum, and the least that they may be.
RANGES = {"short_iterations": 1, "long_iterations": 1, "free_iterations": 0}
# Those that are shares or probabilities.
SHARES = ("warmup_fraction", "update_prob", "ema_decay")


@dataclass(frozen=True)
class Plan:
    """What is done in training, and how strongly.

    Raises:
        ValueError: If a number is not allowed; the message names it.
    """

    steps: int = 3_000
    """Optimiser steps."""
    short_steps: int = 600
    """The steps at the beginning that have short rollouts."""
    short_iterations: tuple[int, int] = (8, 24)
    """Minimum and maximum of the iterations of a short rollout."""
    long_iterations: tuple[int, int] = (24, 48)
    """Minimum and maximum of the iterations of a long rollout; the maximum, with that of the free
    iterations, is the training budget."""
    free_iterations: tuple[int, int] = (0, 0)
    """Minimum and maximum of the iterations that run before those of a long rollout without
    gradient, so that what needs many is learned at the cost of few; short rollouts have up to half
    as many."""
    short_starts: tuple[Start, ...] = ("empty", "continued", "continued", "foreign")
    """The kinds of start that each problem of the batch goes through in turn with short
    rollouts."""
    long_starts: tuple[Start, ...] = ("empty", "foreign", "continued", "random")
    """The same with long rollouts."""
    batch: int = 32
    """Problems per step, over all processes."""
    learning_rate: float = 1e-3
    """The highest learning rate, after a warm-up and before a cosine decay."""
    warmup_fraction: float = 0.05
    """The share of steps in which the learning rate rises."""
    weight_decay: float = 1e-2
    """Of AdamW."""
    max_grad_norm: float = 0.3
    """The largest norm of the gradient."""
    update_prob: float = 0.5
    """The smallest probability with which a cell's memory is updated in an iteration of a long
    rollout; each problem draws its own from there to 1."""
    memory_noise_std: float = 0.2
    """Standard deviation of the noise put on the memory in long rollouts, where the memory's
    numbers lie between -1 and 1."""
    quiet_iterations: int = 8
    """The iterations at the end of a long rollout that have neither noise nor random updates, for
    the answer to settle."""
    residual_penalty: float = 0.4
    """Weight of the memory's last change in the loss of long rollouts."""
    ema_decay: float = 0.998
    """Decay per step of the moving average of the weights, which is what is kept."""
    progressive: bool = True
    """Start rollouts from earlier thoughts; without it (an ablation), always from the empty memory
    with the full number of iterations and the loss on the last."""

    @property
    def most_iterations(self) -> int:
        """The most iterations of a rollout: the training budget."""
        return self.long_iterations[1] + (self.free_iterations[1] if self.progressive else 0)

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in RANGES:
                least = RANGES[field.name]
                is_allowed = least <= value[0] <= value[1]
                allowed = f"a minimum of at least {least} and a maximum"
                got = f"{value[0]} {value[1]}"
            elif field.name in ("short_starts", "long_starts"):
                is_allowed = bool(value) and set(value) <= set(get_args(Start))
                allowed, got = f"of {', '.join(get_args(Start))}", " ".join(value) or "none"
            else:
                low = type(value)(1 if field.name in ("steps", "batch") else 0)
                high = 1.0 if field.name in SHARES else math.inf
                is_allowed = low <= value <= high  # false also where it is not a number
                allowed = f"at least {low}" if high == math.inf else f"in [{low}, {high}]"
                got = value
            if not is_allowed:
                raise ValueError(f"--{field.name.replace('_', '-')} must be {allowed}, got {got}")
