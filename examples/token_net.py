"""An architecture of your own: cells that think by themselves, and a few tokens that they share.

    python agents/train_dt.py --architecture examples/token_net.py:TokenNet --tokens 8
    python agents/evaluate.py --architecture examples/token_net.py:TokenNet --checkpoint runs/maze

Its memory is two tensors by name: a board of cells, each of which sees its neighbours, and tokens
that read from all cells and are read by all, so that what one cell finds out can be known in the
whole board after a single iteration. What that is good for is not measured here.

Shapes: B problems of H x W cells, C channels, T tokens, P = H * W.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from thinkenv.deep_thinking.architectures import Architecture, Settings
from thinkenv.deep_thinking.architectures.layers import check_channels, convolution
from thinkenv.deep_thinking.codecs.base import Interface

TokenMemory = dict[str, Tensor]


@dataclass(frozen=True)
class TokenSettings(Settings):
    """Settings of a token net."""

    memory_channels: int = 16
    """Channels of a cell, and of a token."""
    tokens: int = 4
    """Tokens that all cells share."""

    def __post_init__(self) -> None:
        check_channels(self, "memory_channels", "tokens")


class TokenNet(Architecture[TokenMemory]):
    """Cells and tokens that read from each other by attention."""

    name = "tokens"
    settings_type = TokenSettings

    def __init__(self, settings: TokenSettings, interface: Interface):
        super().__init__(settings, interface)
        channels = settings.memory_channels
        self.first_tokens = nn.Parameter(torch.randn(settings.tokens, channels).tanh())
        self.query = nn.Linear(channels, channels)
        self.write = nn.Linear(2 * channels, channels)
        inputs = 2 * channels + interface.input_channels
        self.update = convolution(inputs, channels, 3, interface.dimensions)
        self.head = nn.Conv2d(channels, interface.answer_channels, 1)

    def start(self, inputs: Tensor) -> TokenMemory:
        """Empty cells ``(B, C, H, W)``, and the first tokens ``(B, T, C)``."""
        batch, _, height, width = inputs.shape
        channels = self.first_tokens.shape[1]
        return {
            "cells": inputs.new_zeros(batch, channels, height, width),
            "tokens": self.first_tokens.expand(batch, -1, -1),
        }

    def inject(self, inputs: Tensor) -> Tensor:
        """The problem itself, ``(B, I, H, W)``."""
        return inputs

    def step(self, memory: TokenMemory, injected: Tensor) -> TokenMemory:
        """Tokens read cells, cells read tokens, and all stay between -1 and 1."""
        cells, tokens = memory["cells"], memory["tokens"]
        flat = cells.flatten(2)  # (B, C, P)
        fit = self.query(tokens) @ flat  # (B, T, P)
        read = fit.softmax(dim=2) @ flat.transpose(1, 2)  # (B, T, C)
        tokens = torch.tanh(self.write(torch.cat([tokens, read], dim=2)))
        told = tokens.transpose(1, 2) @ fit.softmax(dim=1)  # (B, C, P)
        seen = torch.cat([cells, told.view_as(cells), injected], dim=1)
        return {"cells": torch.tanh(self.update(seen)), "tokens": tokens}

    def decode(self, memory: TokenMemory) -> Tensor:
        """Logits ``(B, K, H, W)``, which the cells hold."""
        return self.head(memory["cells"])
