"""Layers that the nets share. Shapes: B problems, H x W cells, C channels."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# More of either would not fit into any memory; a file that says so is not believed.
MAX_CHANNELS, MAX_BLOCKS = 65_536, 1_000
# The share of a gradient that passes a clamp where it leads back inside.
INWARD_SHARE = 0.1


class Convolution(nn.Conv2d):
    """A convolution; where it is made for its shapes alone, on ``meta``, it gets no first weights.

    PyTorch would take as long to find that there is nothing to be drawn as to load a whole agent.
    """

    def reset_parameters(self) -> None:
        """Draw the first weights."""
        if not self.weight.is_meta:
            super().reset_parameters()


class Linear(nn.Linear):
    """A linear layer; where it is made for its shapes alone, on ``meta``, it gets no weights."""

    def reset_parameters(self) -> None:
        """Draw the first weights."""
        if not self.weight.is_meta:
            super().reset_parameters()


def convolution(inputs: int, outputs: int, side: int, dimensions: int) -> nn.Conv2d:
    """A convolution that keeps a board's size; strings are boards of one row, ``(B, C, 1, W)``."""
    kernel = (side, side) if dimensions == 2 else (1, side)
    return Convolution(inputs, outputs, kernel, padding=(kernel[0] // 2, kernel[1] // 2))


class InwardClamp(torch.autograd.Function):
    """Clamp to -1 … 1, with a gradient outside wherever following it leads back inside.

    A plain clamp has none there. At the beginning of training, when a net learns how rare each kind
    of answer is, it can drive all memories out of the range, and would never come back.
    """

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, numbers: Tensor) -> Tensor:
        """The clamped numbers."""
        ctx.save_for_backward(numbers)
        return F.hardtanh(numbers)

    @staticmethod
    def backward(ctx: torch.autograd.function.BackwardCFunction, gradient: Tensor) -> Tensor:
        """The gradient; outside, a share of what leads back inside."""
        (numbers,) = ctx.saved_tensors
        leads_inside = (gradient * numbers > 0).to(gradient.dtype)
        outside = gradient * (INWARD_SHARE * leads_inside)
        return torch.where(numbers.abs() < 1, gradient, outside)


class ResidualBlocks(nn.Module):
    """A convolution and residual blocks of two more each: ``(B, I, H, W)`` to ``(B, C, H, W)``."""

    def __init__(self, input_channels: int, channels: int, blocks: int, dimensions: int = 2):
        super().__init__()
        self.embed = convolution(input_channels, channels, 3, dimensions)
        self.blocks = nn.ModuleList(
            nn.ModuleList(convolution(channels, channels, 3, dimensions) for _ in range(2))
            for _ in range(blocks)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Features of each cell."""
        features = F.relu(self.embed(inputs))
        for block in self.blocks:
            assert isinstance(block, nn.ModuleList)
            first, second = block
            features = F.relu(features + second(F.relu(first(features))))
        return features


class AnswerHead(nn.Module):
    """Decodes a memory ``(B, M, H, W)`` to logits ``(B, K, H, W)``, from squares of cells."""

    def __init__(
        self,
        memory_channels: int,
        answer_channels: int,
        head_channels: int,
        dimensions: int = 2,
        side: int = 3,
    ):
        super().__init__()
        self.hidden = convolution(memory_channels, head_channels, side, dimensions)
        self.answer = Convolution(head_channels, answer_channels, 1)

    def forward(self, memory: Tensor) -> Tensor:
        """Logits of each cell's answer."""
        return self.answer(F.relu(self.hidden(memory)))


def check_channels(settings: object, *names: str, low: int = 1, high: int = MAX_CHANNELS) -> None:
    """Check that numbers of channels or blocks are integers from ``low`` to ``high``.

    Raises:
        ValueError: If one is not.
    """
    for name in names:
        value = getattr(settings, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise ValueError(f"{name} must be an integer of at least {low}, got {value!r:.60}")
        if value > high:
            raise ValueError(f"{name} must be at most {high:,}, got {value!r:.60}")
