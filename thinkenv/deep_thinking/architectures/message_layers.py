"""The message net without iterations: layers with weights of their own. A control.

It is fed the same squares and relations as ``architectures.messages``, and asked the same. What
differs is that each layer has its own weights, and that nothing is carried along when a move is
imagined: a step computes all layers, from an empty memory.

Shapes: B positions, W numbers of memory a square, S = 64 squares.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from thinkenv.chess_puzzles.relations import RELATIONS
from thinkenv.deep_thinking.architectures.layers import MAX_BLOCKS, Linear, check_channels
from thinkenv.deep_thinking.architectures.messages import MessageNet, MessageSettings, exchange
from thinkenv.deep_thinking.codecs.base import Interface
from thinkenv.tasks.base import AnyTask


@dataclass(frozen=True)
class MessageLayersSettings(MessageSettings):
    """Settings of a message net without iterations: as many parameters as one with them."""

    memory_channels: int = 32
    """Numbers of memory of a square."""
    message_channels: int = 3
    """Numbers of a message, of which each relation has its own."""
    head_channels: int = 32
    """Numbers of a square of which the product of two scores the move between them."""
    layers: int = 6
    """How often squares exchange messages."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_channels(self, "layers", high=MAX_BLOCKS)


class MessageLayer(nn.Module):
    """The weights of one layer: see ``messages.MessageWeights``."""

    def __init__(self, settings: MessageSettings):
        super().__init__()
        memory, messages = settings.memory_channels, len(RELATIONS) * settings.message_channels
        board = settings.board_channels
        self.tell = Linear(memory, messages)
        self.heard = nn.Parameter(torch.empty(messages))
        self.survey = Linear(memory, board)
        self.update = Linear(memory + messages + board, 2 * memory, bias=False)
        if self.heard.is_meta:
            return  # it is made for the shapes of its weights alone
        nn.init.zeros_(self.heard)
        nn.init.orthogonal_(self.update.weight)


class MessageLayersNet(MessageNet):
    """A message net without iterations; another memory changes nothing.

    Args:
        settings: Its settings.
        interface: What it sees and answers.
    """

    name = "message_layers"
    recurrent = False
    settings_type = MessageLayersSettings
    settings: MessageLayersSettings

    def __init__(self, settings: MessageLayersSettings, interface: Interface):
        super().__init__(settings, interface)
        # The first layer's weights are those that a message net has.
        self.later = nn.ModuleList(MessageLayer(settings) for _ in range(settings.layers - 1))

    @classmethod
    def plan_changes(cls, task: type[AnyTask]) -> Mapping[str, Any]:
        """As of the net with iterations, with as many steps as fit into its time of training."""
        return {**super().plan_changes(task), "steps": 22_000}

    def step(self, memory: Tensor, injected: dict[str, Tensor]) -> Tensor:
        """All layers, of a memory ``(B, S, W)`` that is forgotten."""
        memory = torch.zeros_like(memory)
        for weights in (self, *self.later):
            memory = exchange(weights, memory, injected)  # type: ignore[arg-type]  # a module list
        return memory
