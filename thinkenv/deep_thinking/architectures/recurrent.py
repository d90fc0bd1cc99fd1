"""The nets: a recurrent block that is run as often as one likes, and a feed-forward baseline.

Shapes: B problems, H x W cells, I input channels, M memory channels, K kinds of answer per cell.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .symmetry import Symmetry

# The share of a gradient that passes a clamp where it leads back inside.
INWARD_SHARE = 0.1

# Taken from what is seen at a barrier: more than any memory can make up for.
BARRIER = 1e4


class RecurrentNet(nn.Module):
    """A recurrent net with recall: every iteration sees the memory and the problem.

    One iteration is ``memory' = clamp(conv(relu(conv([memory, problem]))), -1, 1)``: what is to be
    remembered has to be written again in every iteration, so that a damaged memory is repaired
    rather than kept. In training, gradients get past the clamp a little where they lead back
    inside, so that no memory can be stuck at its limits from the beginning. A gated net computes a
    proposal and a gate for each number of the memory, and moves the memory towards
    ``tanh(proposal)`` by the share ``sigmoid(gate)``: it learns to keep what is right and to let go
    of what is not. Either way the memory stays between -1 and 1, so that thousands of iterations
    cannot make it grow.

    The problem is what is asked, or features of it that an encoder finds. What it contributes to
    each iteration is the same in all of them and is computed once: ``seen = net.perceive(inputs)``
    and ``memory = net.empty_memory(inputs)``, then ``memory = net.step(memory, seen)`` as often as
    one likes, then ``net.read(memory)``.

    Without recall (an ablation of the literature) the problem only enters the first memory.

    Sources: the idea of recall, Bansal et al. 2022 (arXiv 2202.05826); gates in a convolutional
    memory, Kaiser and Sutskever 2016 (arXiv 1511.08228).

    Args:
        input_channels: I, channels of an encoded problem.
        answer_channels: K, kinds of answer a cell can have.
        memory_channels: M.
        hidden_channels: N, channels between the two convolutions of an iteration.
        recall: Whether the problem is fed to every iteration.
        head_channels: Channels inside the part that reads the answer.
        gated: Whether a gate decides how much of the memory an iteration replaces.
        update_kernel: Side of the second convolution's kernel: 3, so that news travels two cells
            in an iteration, or 1, so that it travels one and more iterations cost as much.
        encoder_blocks: Residual blocks of the encoder, or 0 for none.
        encoder_channels: Width of the encoder.
        barrier_channel: The input channel that marks with 1 the cells which hold no memory, so that
            news cannot cross them, or None. It needs recall and no encoder.
        dimensions: 2 for boards, or 1 for strings, which are boards of one row.
        symmetric: Whether the net does the same whichever way a problem is turned (see
            ``symmetry.py``); its channels then form fields of eight, and it needs recall and no
            encoder.

    Raises:
        ValueError: If a symmetric net or barriers are asked for that cannot be.
    """

    recurrent = True

    def __init__(
        self,
        input_channels: int,
        answer_channels: int,
        memory_channels: int = 28,
        hidden_channels: int = 32,
        recall: bool = True,
        head_channels: int = 16,
        gated: bool = False,
        update_kernel: int = 3,
        encoder_blocks: int = 0,
        encoder_channels: int = 32,
        barrier_channel: int | None = None,
        symmetric: bool = False,
        dimensions: int = 2,
    ):
        super().__init__()
        if (symmetric or barrier_channel is not None) and (encoder_blocks or not recall):
            raise ValueError("a symmetric net, or one with barriers, needs recall and no encoder")
        if symmetric and dimensions == 1:
            raise ValueError("a symmetric net needs boards of two dimensions")
        self.memory_channels = memory_channels
        self.recall = recall
        self.gated = gated
        self.barrier_channel = barrier_channel
        self.reach = 1 + update_kernel // 2  # how many cells far an iteration sees
        self.encoder = None
        if encoder_blocks:
            self.encoder = ResidualBlocks(
                input_channels, encoder_channels, encoder_blocks, dimensions
            )
            input_channels = encoder_channels
        wide = memory_channels + input_channels if recall else memory_channels
        self.widen = convolution(wide, hidden_channels, 3, dimensions)
        updates = 2 * memory_channels if gated else memory_channels  # gates and proposals
        self.update = convolution(hidden_channels, updates, update_kernel, dimensions)
        self.embed = None
        if not recall:
            self.embed = convolution(input_channels, memory_channels, 3, dimensions)
        self.head = AnswerHead(memory_channels, answer_channels, head_channels, dimensions)
        # Orthogonal weights keep the size of the memory, and of gradients, over many iterations.
        nn.init.orthogonal_(self.widen.weight, 2**0.5)
        nn.init.orthogonal_(self.update.weight)
        nn.init.zeros_(self.widen.bias)
        nn.init.zeros_(self.update.bias)
        self.symmetry = None
        if symmetric:
            self.symmetry = Symmetry(self)
            self.symmetry.impose()

    def empty_memory(self, inputs: Tensor) -> Tensor:
        """The memory before the first iteration: ``(B, I, H, W)`` to ``(B, M, H, W)``."""
        if self.recall:
            batch, _, height, width = inputs.shape
            return inputs.new_zeros(batch, self.memory_channels, height, width)
        return F.hardtanh(self.embed(self._encode(inputs)))

    def perceive(self, inputs: Tensor) -> Tensor:
        """What a problem contributes to every iteration: ``(B, I, H, W)`` to ``(B, N, H, W)``.

        Without recall that is nothing but the bias of the first convolution.
        """
        if not self.recall:
            batch, _, height, width = inputs.shape
            return self.widen.bias[None, :, None, None].expand(batch, -1, height, width)
        weight = self.widen.weight[:, self.memory_channels :]
        seen = F.conv2d(self._encode(inputs), weight, self.widen.bias, padding=self.widen.padding)
        if self.barrier_channel is not None:
            channel = self.barrier_channel
            seen = seen - BARRIER * inputs[:, channel : channel + 1]
        return seen

    def step(self, memory: Tensor, seen: Tensor) -> Tensor:
        """One iteration: ``(B, M, H, W)`` and what ``perceive`` gave to ``(B, M, H, W)``."""
        is_open = None
        if self.barrier_channel is not None:
            is_open = self.is_open(seen).to(memory.dtype)
            memory = memory * is_open  # what noise or another problem left there
        weight = self.widen.weight[:, : self.memory_channels]
        # At barriers, what is seen is so far below zero that nothing passes.
        hidden = F.relu(F.conv2d(memory, weight, padding=self.widen.padding) + seen)
        update = self.update(hidden)
        memory = self.replace(memory, update)
        return memory if is_open is None else memory * is_open

    def replace(self, memory: Tensor, update: Tensor) -> Tensor:
        """What the second convolution's result makes of a memory.

        Args:
            memory: ``(B, M, …)``.
            update: ``(B, M, …)``, or ``(B, 2 * M, …)`` for a gated net.
        """
        if not self.gated:
            return InwardClamp.apply(update)
        gate, proposal = update.chunk(2, dim=1)  # (B, M, …) each
        return torch.lerp(memory, torch.tanh(proposal), torch.sigmoid(gate))

    def is_open(self, seen: Tensor) -> Tensor:
        """Which cells hold memory, ``(B, 1, H, W)`` bool, from what ``perceive`` gave."""
        if self.barrier_channel is None:
            return torch.ones_like(seen[:, :1], dtype=torch.bool)
        return seen[:, :1] > -BARRIER / 2

    def read(self, memory: Tensor) -> Tensor:
        """The answer that the memory holds: ``(B, M, H, W)`` to logits ``(B, K, H, W)``."""
        return self.head(memory)

    def _encode(self, inputs: Tensor) -> Tensor:
        return inputs if self.encoder is None else self.encoder(inputs)


def convolution(inputs: int, outputs: int, side: int, dimensions: int) -> nn.Conv2d:
    """A convolution that keeps a board's size; strings are boards of one row, ``(B, C, 1, W)``."""
    kernel = (side, side) if dimensions == 2 else (1, side)
    return nn.Conv2d(inputs, outputs, kernel, padding=(kernel[0] // 2, kernel[1] // 2))


class InwardClamp(torch.autograd.Function):
    """Clamp to -1 … 1, with a gradient outside wherever following it leads back inside.

    A plain clamp has none there. At the beginning of training, when a net learns how rare each kind
    of answer is, it can drive all memories out of the range, and would never come back.
    """

    @staticmethod
    def forward(ctx, numbers: Tensor) -> Tensor:
        """The clamped numbers."""
        ctx.save_for_backward(numbers)
        return F.hardtanh(numbers)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        """The gradient; outside, a share of what leads back inside."""
        (numbers,) = ctx.saved_tensors
        leads_inside = (gradient * numbers > 0).to(gradient.dtype)
        outside = gradient * (INWARD_SHARE * leads_inside)
        return torch.where(numbers.abs() < 1, gradient, outside)


class FeedForwardNet(nn.Module):
    """The baseline without iterations: a residual net of about as many parameters.

    It has the methods of ``RecurrentNet``; its step forgets the memory, so that running it again
    changes nothing.

    Args:
        input_channels: I, channels of an encoded problem.
        answer_channels: K, kinds of answer a cell can have.
        memory_channels: M, the width of all its layers.
        blocks: Residual blocks of two convolutions each.
        head_channels: Channels inside the part that reads the answer.
        dimensions: 2 for boards, or 1 for strings, which are boards of one row.
    """

    recurrent = False
    recall = True
    symmetry = None
    reach = None  # its step is no iteration

    def __init__(
        self,
        input_channels: int,
        answer_channels: int,
        memory_channels: int = 16,
        blocks: int = 4,
        head_channels: int = 16,
        dimensions: int = 2,
    ):
        super().__init__()
        self.memory_channels = memory_channels
        self.encoder = ResidualBlocks(input_channels, memory_channels, blocks, dimensions)
        self.head = AnswerHead(memory_channels, answer_channels, head_channels, dimensions)

    def empty_memory(self, inputs: Tensor) -> Tensor:
        """Zeros ``(B, M, H, W)``."""
        batch, _, height, width = inputs.shape
        return inputs.new_zeros(batch, self.memory_channels, height, width)

    def perceive(self, inputs: Tensor) -> Tensor:
        """The whole net but for its head: ``(B, I, H, W)`` to ``(B, M, H, W)``."""
        return self.encoder(inputs)

    def step(self, memory: Tensor, seen: Tensor) -> Tensor:
        """What was perceived, whatever the memory."""
        return seen

    def read(self, memory: Tensor) -> Tensor:
        """Logits ``(B, K, H, W)``."""
        return self.head(memory)


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
        for first, second in self.blocks:
            features = F.relu(features + second(F.relu(first(features))))
        return features


class AnswerHead(nn.Module):
    """Reads a memory ``(B, M, H, W)`` as logits ``(B, K, H, W)``."""

    def __init__(
        self, memory_channels: int, answer_channels: int, head_channels: int, dimensions: int = 2
    ):
        super().__init__()
        self.look = convolution(memory_channels, head_channels, 3, dimensions)
        self.answer = nn.Conv2d(head_channels, answer_channels, 1)

    def forward(self, memory: Tensor) -> Tensor:
        """Logits of each cell's answer."""
        return self.answer(F.relu(self.look(memory)))


NETS = {"recurrent": RecurrentNet, "feed_forward": FeedForwardNet}


def build_net(architecture: str, arguments: dict) -> nn.Module:
    """Build a net of ``NETS`` by name.

    Raises:
        ValueError: If there is no such architecture.
    """
    if architecture not in NETS:
        raise ValueError(f"architecture={architecture!r}: allowed are {', '.join(map(repr, NETS))}")
    return NETS[architecture](**arguments)


def count_parameters(net: nn.Module) -> int:
    """The number of trained numbers in a net."""
    return sum(parameter.numel() for parameter in net.parameters())
