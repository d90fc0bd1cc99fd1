"""The plan of a training: every number of it, with its meaning and its bounds."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

# What a rollout in training starts from: see ``trainer``.
Start = Literal["empty", "continued", "changed", "foreign", "random"]


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
    """Minimum and maximum of the iterations of a long rollout; the maximum is the training
    budget."""
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
    residual_penalty: float = 0.4
    """Weight of the memory's last change in the loss of long rollouts."""
    ema_decay: float = 0.998
    """Decay per step of the moving average of the weights, which is what is kept."""
    progressive: bool = True
    """Start rollouts from earlier thoughts; without it (an ablation), always from the empty memory
    with the full number of iterations and the loss on the last."""

    def __post_init__(self) -> None:
        bounds = {
            "steps": (1, math.inf),
            "short_steps": (0, math.inf),
            "batch": (1, math.inf),
            "learning_rate": (0.0, math.inf),
            "warmup_fraction": (0.0, 1.0),
            "weight_decay": (0.0, math.inf),
            "max_grad_norm": (0.0, math.inf),
            "update_prob": (0.0, 1.0),
            "memory_noise_std": (0.0, math.inf),
            "residual_penalty": (0.0, math.inf),
            "ema_decay": (0.0, 1.0),
        }
        for name, (low, high) in bounds.items():
            value = getattr(self, name)
            if not low <= value <= high:  # also where it is not a number
                allowed = f"at least {low}" if high == math.inf else f"in [{low}, {high}]"
                raise ValueError(f"--{name.replace('_', '-')} must be {allowed}, got {value}")
        for name in ("short_iterations", "long_iterations"):
            low, high = getattr(self, name)
            if not 1 <= low <= high:
                raise ValueError(
                    f"--{name.replace('_', '-')} must be a minimum of at least 1 and a maximum, "
                    f"got {low} {high}"
                )
        for name in ("short_starts", "long_starts"):
            starts = getattr(self, name)
            if not starts or not set(starts) <= set(get_args(Start)):
                raise ValueError(
                    f"--{name.replace('_', '-')} must be of {', '.join(get_args(Start))}, got "
                    f"{' '.join(starts) or 'none'}"
                )
