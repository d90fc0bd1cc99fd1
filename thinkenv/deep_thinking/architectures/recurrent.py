"""The recurrent net: two convolutions that are applied as often as one likes.

Shapes: B problems, H x W cells, I input channels, M memory channels, N channels between the two
convolutions, K kinds of answer a cell.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thinkenv.deep_thinking.architectures import layers
from thinkenv.deep_thinking.architectures.base import Architecture, Settings
from thinkenv.deep_thinking.architectures.equivariance import ORDER, make_equivariant
from thinkenv.deep_thinking.architectures.layers import convolution
from thinkenv.deep_thinking.codecs.base import Interface
from thinkenv.deep_thinking.rollout.active_cells import ROUNDING, ActiveCells
from thinkenv.deep_thinking.rollout.stepper import Stepper
from thinkenv.tasks.base import AnyTask, CellTask

# Taken from the injected input at a wall: more than any memory can make up for.
WALL_INPUT = 1e4


@dataclass(frozen=True)
class RecurrentSettings(Settings):
    """Settings of a recurrent net.

    Raises:
        ValueError: If they cannot be together; the message names them.
    """

    memory_channels: int = 16
    """Channels of the memory."""
    hidden_channels: int = 32
    """Channels between the two convolutions of an iteration."""
    head_channels: int = 32
    """Channels inside the part that decodes the answer."""
    recall: bool = True
    """Feed the problem to every iteration; without it (an ablation), only to the first memory."""
    wall_mask: bool = False
    """Let no memory be where a problem has walls, so that information cannot cross them."""
    equivariant: bool = False
    """Do the same whichever way a problem is turned or mirrored."""
    gated: bool = False
    """Let a gate decide how much of the memory an iteration replaces."""
    update_kernel: int = 3
    """Side of the second convolution's kernel: 3, so that information travels two cells in an
    iteration, or 1, so that it travels one and more iterations cost as much."""
    encoder_blocks: int = 0
    """Residual blocks that encode the problem first, or 0 for none."""
    encoder_channels: int = 32
    """Channels of those blocks."""

    def __post_init__(self) -> None:
        layers.check_channels(self, "memory_channels", "hidden_channels", "head_channels")
        layers.check_channels(self, "encoder_channels")
        layers.check_channels(self, "encoder_blocks", low=0, high=layers.MAX_BLOCKS)
        if type(self.update_kernel) is not int or self.update_kernel not in (1, 3):
            raise ValueError(f"update_kernel must be 1 or 3, got {self.update_kernel!r}")
        # Both read the problem as it is, in every iteration.
        needing = [name for name in ("wall_mask", "equivariant") if getattr(self, name)]
        if needing and (self.encoder_blocks or not self.recall):
            raise ValueError(
                f"{' and '.join(needing)} must be off in a net without recall or with an encoder: "
                f"add {' '.join('--no-' + name.replace('_', '-') for name in needing)}"
            )
        for name in ("memory_channels", "hidden_channels", "head_channels"):
            if self.equivariant and getattr(self, name) % ORDER:
                raise ValueError(
                    f"{name} must be a multiple of {ORDER} in an equivariant net, got "
                    f"{getattr(self, name)}"
                )


class RecurrentNet(Architecture[Tensor]):
    """A recurrent net with recall: every iteration sees the memory and the problem.

    One iteration is ``memory' = clamp(conv(relu(conv([memory, problem]))), -1, 1)``: what is to be
    remembered has to be written again in every iteration, so that a damaged memory is repaired
    rather than kept. In training, gradients get past the clamp a little where they lead back
    inside, so that no memory can be stuck at -1 or 1 from the beginning. A gated net computes a
    proposal and a gate for each number of the memory, and moves the memory towards
    ``tanh(proposal)`` by the share ``sigmoid(gate)``: it learns to keep what is right and to let go
    of what is not. Either way the memory stays between -1 and 1, so that thousands of iterations
    cannot make it grow.

    The problem is the encoded problem itself, or features of it that an encoder finds.

    Sources: the idea of recall, Bansal et al. 2022 (arXiv 2202.05826); gates in a convolutional
    memory, Kaiser and Sutskever 2016 (arXiv 1511.08228).

    Args:
        settings: Its settings.
        interface: What it sees and answers.

    Attributes:
        memory_channels: M.
        reach: How many cells far an iteration sees.

    Raises:
        ValueError: If there is to be a wall mask or equivariance where there are no walls or no
            boards to turn.
    """

    name = "recurrent"
    settings_type = RecurrentSettings

    def __init__(self, settings: RecurrentSettings, interface: Interface):
        super().__init__(settings, interface)
        if settings.wall_mask and interface.wall_channel is None:
            raise ValueError("wall_mask must be off for a task without walls, got True")
        if settings.equivariant and interface.dimensions == 1:
            raise ValueError("equivariant must be off for strings, got True")
        self.memory_channels = settings.memory_channels
        self.recall = settings.recall
        self.gated = settings.gated
        self.wall_channel = interface.wall_channel if settings.wall_mask else None
        self.reach = 1 + settings.update_kernel // 2
        dimensions, input_channels = interface.dimensions, interface.input_channels
        self.encoder: layers.ResidualBlocks | None = None
        if settings.encoder_blocks:
            self.encoder = layers.ResidualBlocks(
                input_channels, settings.encoder_channels, settings.encoder_blocks, dimensions
            )
            input_channels = settings.encoder_channels
        memory, hidden = settings.memory_channels, settings.hidden_channels
        updates = 2 * memory if settings.gated else memory  # gates and proposals
        wide = memory + input_channels if settings.recall else memory
        self.widen = convolution(wide, hidden, 3, dimensions)
        self.update = convolution(hidden, updates, settings.update_kernel, dimensions)
        self.embed: nn.Conv2d | None = None
        if not settings.recall:
            self.embed = convolution(input_channels, memory, 3, dimensions)
        self.head = layers.AnswerHead(
            memory, interface.answer_channels, settings.head_channels, dimensions
        )
        if self.widen.weight.is_meta:
            return  # it is made for the shapes of its weights alone
        # Orthogonal weights keep the size of the memory, and of gradients, over many iterations.
        nn.init.orthogonal_(self.widen.weight, 2**0.5)
        nn.init.orthogonal_(self.update.weight)
        for layer in (self.widen, self.update):
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
        if settings.equivariant:
            # What each layer's channels are: fields of eight, or channels that stay when turned.
            make_equivariant(self.widen, inputs=[(memory, True), (input_channels, False)])
            make_equivariant(self.update, inputs=[(hidden, True)])
            make_equivariant(self.head.hidden, inputs=[(memory, True)])
            make_equivariant(
                self.head.answer, inputs=[(settings.head_channels, True)], output_fields=False
            )

    @classmethod
    def settings_for(cls, task: type[AnyTask]) -> RecurrentSettings:
        """For tasks of cells what their problems allow; for chess a gated net with an encoder."""
        if task.name == "chess":
            return RecurrentSettings(
                memory_channels=32,
                hidden_channels=64,
                gated=True,
                update_kernel=1,
                encoder_blocks=4,
                encoder_channels=40,
            )
        if issubclass(task, CellTask):
            return RecurrentSettings(wall_mask=task.wall_code is not None, equivariant=task.turns)
        return RecurrentSettings()

    def start(self, inputs: Tensor) -> Tensor:
        """The memory before the first iteration: ``(B, I, H, W)`` to ``(B, M, H, W)``."""
        if self.embed is not None:  # without recall
            return F.hardtanh(self.embed(self._encode(inputs)))
        batch, _, height, width = inputs.shape
        return inputs.new_zeros(batch, self.memory_channels, height, width)

    def inject(self, inputs: Tensor) -> Tensor:
        """What a problem contributes to every iteration: ``(B, I, H, W)`` to ``(B, N, H, W)``.

        Without recall that is nothing but the bias of the first convolution.
        """
        bias = self.widen.bias
        assert bias is not None
        if not self.recall:
            batch, _, height, width = inputs.shape
            return bias[None, :, None, None].expand(batch, -1, height, width)
        weight = self.widen.weight[:, self.memory_channels :]
        injected = F.conv2d(self._encode(inputs), weight, bias, padding=self.widen.padding)
        if self.wall_channel is not None:
            injected = injected - WALL_INPUT * inputs[:, self.wall_channel, None]
        return injected

    def step(self, memory: Tensor, injected: Tensor) -> Tensor:
        """One iteration: ``(B, M, H, W)`` and injected input to ``(B, M, H, W)``."""
        is_open = None
        if self.wall_channel is not None:
            is_open = self.is_open(injected).to(memory.dtype)
            memory = memory * is_open  # what noise or another problem left there
        weight = self.widen.weight[:, : self.memory_channels]
        # At walls, the injected input is so far below zero that nothing passes.
        hidden = F.relu(F.conv2d(memory, weight, padding=self.widen.padding) + injected)
        memory = self.update_memory(memory, self.update(hidden))
        return memory if is_open is None else memory * is_open

    def update_memory(self, memory: Tensor, update: Tensor) -> Tensor:
        """What the second convolution's result makes of a memory.

        Args:
            memory: ``(B, M, …)``.
            update: ``(B, M, …)``, or ``(B, 2 * M, …)`` for a gated net.
        """
        if not self.gated:
            return layers.InwardClamp.apply(update)
        gate, proposal = update.chunk(2, dim=1)  # (B, M, …) each
        share = torch.sigmoid(gate).to(memory.dtype)  # computed in half of it, where so wanted
        return torch.lerp(memory, torch.tanh(proposal).to(memory.dtype), share)

    def is_open(self, injected: Tensor) -> Tensor:
        """Which cells hold memory, ``(B, 1, H, W)`` bool, from the injected input."""
        if self.wall_channel is None:
            return torch.ones_like(injected[:, :1], dtype=torch.bool)
        return injected[:, :1] > -WALL_INPUT / 2

    def decode(self, memory: Tensor) -> Tensor:
        """The answer that the memory holds: ``(B, M, H, W)`` to logits ``(B, K, H, W)``."""
        return self.head(memory)

    def stepper(
        self, injected: Tensor, memory: Tensor, everywhere: bool = False
    ) -> Stepper[Tensor]:
        """Iterations where the memory can still change, if problems are so large that it pays."""
        if not everywhere and ActiveCells.pays(memory):
            return ActiveCells(self, injected, memory, ROUNDING)
        return super().stepper(injected, memory)

    def _encode(self, inputs: Tensor) -> Tensor:
        return inputs if self.encoder is None else self.encoder(inputs)
