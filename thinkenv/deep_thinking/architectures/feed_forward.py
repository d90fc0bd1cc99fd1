"""The baseline without iterations: a residual net of about as many parameters."""

from dataclasses import dataclass

from torch import Tensor

from thinkenv.deep_thinking.architectures.base import Architecture, Settings
from thinkenv.deep_thinking.architectures.layers import (
    MAX_BLOCKS,
    AnswerHead,
    ResidualBlocks,
    check_channels,
)
from thinkenv.deep_thinking.codecs.base import Interface
from thinkenv.tasks.base import AnyTask


@dataclass(frozen=True)
class FeedForwardSettings(Settings):
    """Settings of a feed-forward net."""

    memory_channels: int = 16
    """Channels of all its layers."""
    blocks: int = 4
    """Residual blocks of two convolutions each."""
    head_channels: int = 16
    """Channels inside the part that decodes the answer."""

    def __post_init__(self) -> None:
        check_channels(self, "memory_channels", "head_channels")
        check_channels(self, "blocks", high=MAX_BLOCKS)


class FeedForwardNet(Architecture[Tensor]):
    """A residual net; its step forgets the memory, so that another one changes nothing.

    Args:
        settings: Its settings.
        interface: What it sees and answers.
    """

    name = "feed_forward"
    recurrent = False
    settings_type = FeedForwardSettings

    def __init__(self, settings: FeedForwardSettings, interface: Interface):
        super().__init__(settings, interface)
        self.memory_channels = settings.memory_channels
        dimensions = interface.dimensions
        self.encoder = ResidualBlocks(
            interface.input_channels, settings.memory_channels, settings.blocks, dimensions
        )
        self.head = AnswerHead(
            settings.memory_channels, interface.answer_channels, settings.head_channels, dimensions
        )

    @classmethod
    def settings_for(cls, task: type[AnyTask]) -> FeedForwardSettings:
        """For chess as many parameters as the recurrent net has."""
        return FeedForwardSettings(48, 4, 32) if task.name == "chess" else FeedForwardSettings()

    def start(self, inputs: Tensor) -> Tensor:
        """Zeros ``(B, M, H, W)``."""
        batch, _, height, width = inputs.shape
        return inputs.new_zeros(batch, self.memory_channels, height, width)

    def inject(self, inputs: Tensor) -> Tensor:
        """The whole net but for its head: ``(B, I, H, W)`` to ``(B, M, H, W)``."""
        return self.encoder(inputs)

    def step(self, memory: Tensor, injected: Tensor) -> Tensor:
        """What was injected, whatever the memory."""
        return injected

    def decode(self, memory: Tensor) -> Tensor:
        """Logits ``(B, K, H, W)``."""
        return self.head(memory)
