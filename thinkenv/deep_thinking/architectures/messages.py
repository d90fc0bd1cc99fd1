"""The message net: squares of a chessboard that send messages along what the rules of chess relate.

Shapes: B positions, W numbers of memory a square, R relations, K numbers a message, S = 64 squares,
P planes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thinkenv.chess_puzzles import PLANES
from thinkenv.chess_puzzles.packing import planes_of_positions, positions_of_planes
from thinkenv.chess_puzzles.relations import RELATIONS, relations_of
from thinkenv.deep_thinking.architectures import layers
from thinkenv.deep_thinking.architectures.base import Architecture, Settings
from thinkenv.deep_thinking.architectures.layers import Linear
from thinkenv.deep_thinking.codecs.base import Interface
from thinkenv.deep_thinking.codecs.moves import UNDERPROMOTIONS, MoveCodec
from thinkenv.deep_thinking.training.imagining import ImaginingTrainer
from thinkenv.deep_thinking.training.trainer import Trainer
from thinkenv.tasks.base import AnyTask

SQUARES = 64
# What is added to every underpromotion at first, so that a queen is what a new net chooses.
RELUCTANCE = -4.0
BFLOAT16_ONE = np.uint16(0x3F80)  # the bits of 1.0


@dataclass(frozen=True)
class MessageSettings(Settings):
    """Settings of a message net.

    Raises:
        ValueError: If one is not allowed; the message names it.
    """

    memory_channels: int = 64
    """Numbers of memory of a square."""
    message_channels: int = 6
    """Numbers of a message, of which each relation has its own."""
    board_channels: int = 16
    """Numbers that all squares hear of the whole board."""
    head_channels: int = 48
    """Numbers of a square of which the product of two scores the move between them."""
    imagines: bool = True
    """Learn to imagine, too; without it (a control), learn nothing but the move."""

    def __post_init__(self) -> None:
        layers.check_channels(self, "memory_channels", "message_channels", "board_channels")
        layers.check_channels(self, "head_channels")


class MoveHead(nn.Module):
    """Scores moves: a product of two squares' numbers, one as the beginning, one as the end."""

    def __init__(self, memory_channels: int, channels: int):
        super().__init__()
        self.channels = channels
        self.ask = Linear(memory_channels, 2 * channels + UNDERPROMOTIONS)

    def forward(self, memory: Tensor) -> Tensor:
        """A memory ``(B, S, W)`` to logits ``(B, 67, 8, 8)``: see ``codecs.moves``."""
        begins, ends, promotions = self.ask(memory).split(
            [self.channels, self.channels, UNDERPROMOTIONS], dim=2
        )
        # (B, to, from): the channel is where a move ends, the square where it begins.
        scores = ends @ begins.transpose(1, 2) / self.channels**0.5
        extra = promotions.transpose(1, 2) + RELUCTANCE  # (B, 3, S)
        return torch.cat([scores, extra], dim=1).unflatten(2, (8, 8))


class MessageWeights(Protocol):
    """The weights of an iteration.

    Attributes:
        tell: From a square's memory to what it tells along each relation.
        heard: What is added to what reaches a square, ``(R K,)``.
        survey: From the mean of all memories to what all squares hear of the board.
        update: From memory, what was heard, and of the board, to gate and proposal.
    """

    tell: Linear
    heard: nn.Parameter
    survey: Linear
    update: Linear


def exchange(weights: MessageWeights, memory: Tensor, injected: dict[str, Tensor]) -> Tensor:
    """Let squares send messages and change their memories.

    Args:
        weights: Of this iteration.
        memory: ``(B, S, W)``.
        injected: As of ``MessageNet.look``.

    Returns:
        The memories ``(B, S, W)`` after that.
    """
    width = memory.shape[2]
    # Where products are taken of rounded numbers, memories are rounded once, and not for each.
    device = memory.device.type
    is_mixed = torch.is_autocast_enabled(device)
    rounded = memory.to(torch.get_autocast_dtype(device)) if is_mixed else memory
    told = weights.tell(rounded).transpose(1, 2)  # (B, R K, S)
    relations = injected["relations"].to(told.dtype)  # (B, R, from, to)
    heard = told.unflatten(1, (len(RELATIONS), -1)) @ relations  # (B, R, K, S)
    # Copied into rows: training is slower by a fifth where a gradient has another order.
    heard = heard.flatten(1, 2).transpose(1, 2).contiguous()  # (B, S, R K)
    heard = F.relu(heard + weights.heard)
    of_board = F.relu(weights.survey(memory.mean(dim=1)))  # (B, board)
    # The weights for the whole board are applied once, not for each square.
    of_square, of_all = weights.update.weight.split(
        [width + heard.shape[2], of_board.shape[1]], dim=1
    )
    update = F.linear(torch.cat([rounded, heard], dim=2), of_square)
    update = update + (F.linear(of_board, of_all)[:, None] + injected["seen"])
    gate, proposal = update.chunk(2, dim=2)
    # The hyperbolic tangent, as a sigmoid: on processors several times as fast as torch.tanh.
    proposal = 2 * torch.sigmoid(2 * proposal) - 1
    return torch.lerp(memory, proposal.float(), torch.sigmoid(gate).float())


class MessageNet(Architecture[Tensor]):
    """A recurrent net on the squares of a board, which hear each other along relations.

    In an iteration each square tells something along each relation (lines up to the first piece,
    leaps, attacks, lines of kings, legal moves; ``thinkenv.chess_puzzles.relations``), hears the
    sums of what reaches it and something of the whole board, and moves its memory towards a
    proposal, by a share that a gate decides. So news crosses the board in an iteration, as pieces
    do.

    The memory is of the *thinker*: squares, pieces and relations are always seen from its side,
    whoever is to move. So it can be carried along when a move is imagined: see
    ``thinkenv.deep_thinking.imagination``. Besides the answer, the move to play, it holds two more
    things that imagining needs: which move the opponent would reply with, and how probable it is
    that the moves imagined so far are right.

    Args:
        settings: Its settings.
        interface: What it sees and answers.
    """

    settings: MessageSettings
    name = "messages"
    settings_type = MessageSettings
    codec = MoveCodec
    cells_worth = 16  # each square has relations to 64

    def __init__(self, settings: MessageSettings, interface: Interface):
        super().__init__(settings, interface)
        memory, messages = settings.memory_channels, len(RELATIONS) * settings.message_channels
        board = settings.board_channels
        self.imagines = settings.imagines
        self.see = Linear(interface.input_channels, 2 * memory)
        self.squares = nn.Parameter(torch.empty(SQUARES, 2 * memory))
        self.tell = Linear(memory, messages)
        self.heard = nn.Parameter(torch.empty(messages))
        self.survey = Linear(memory, board)
        self.update = Linear(memory + messages + board, 2 * memory, bias=False)
        self.policy = MoveHead(memory, settings.head_channels)
        self.reply_policy = MoveHead(memory, settings.head_channels)
        self.appraise = Linear(memory, 2 * memory)
        self.judge = Linear(2 * memory, 1)
        if self.squares.is_meta:
            return  # it is made for the shapes of its weights alone
        nn.init.normal_(self.squares, std=0.1)
        nn.init.zeros_(self.heard)
        nn.init.orthogonal_(self.update.weight)

    @classmethod
    def plan_changes(cls, task: type[AnyTask]) -> Mapping[str, Any]:
        """Few iterations, of which any number has to do, since moves are imagined after them."""
        return {
            "steps": 16_000,
            "short_steps": 0,
            "long_iterations": (3, 8),
            "batch": 64,
            "learning_rate": 3e-3,
            "warmup_fraction": 0.02,
            "ema_decay": 0.999,
        }

    @classmethod
    def trainer(cls) -> type[Trainer]:
        """What also trains to imagine moves."""
        return ImaginingTrainer

    def start(self, inputs: Tensor) -> Tensor:
        """The empty memory ``(B, S, W)`` of inputs ``(B, P, 8, 8)``."""
        return inputs.new_zeros(len(inputs), SQUARES, self.settings.memory_channels)

    def inject(self, inputs: Tensor) -> dict[str, Tensor]:
        """What problems ``(B, P, 8, 8)`` contribute to every iteration, as of ``look``."""
        planes = inputs[:, : len(PLANES)].to(torch.uint8).cpu().numpy()
        positions = positions_of_planes(planes)
        return self.look(positions, np.zeros(len(positions), np.bool_))

    def look(self, positions: np.ndarray, is_their_turn: np.ndarray) -> dict[str, Tensor]:
        """What positions contribute to every iteration.

        Args:
            positions: ``(B, POSITION_BYTES)`` uint8, seen from the thinker.
            is_their_turn: ``(B,)`` bool, whether the opponent is to move.

        Returns:
            ``seen`` ``(B, S, 2 W)`` and ``relations`` ``(B, R, S, S)``, 1 from one square to
            another.
        """
        device = self.squares.device
        planes = torch.from_numpy(planes_of_positions(positions)).to(device).float()
        turn = torch.from_numpy(is_their_turn).to(device).float()
        turn = turn.view(-1, 1, 1, 1).expand(-1, 1, 8, 8)
        squares = torch.cat([planes, turn], dim=1).flatten(2).transpose(1, 2)  # (B, S, P)
        # What products are taken in: written as such, since converting would cost an iteration.
        is_mixed = torch.is_autocast_enabled(device.type)
        mark = BFLOAT16_ONE if is_mixed else np.float32(1)
        relations = torch.from_numpy(relations_of(positions, is_their_turn, mark))
        if is_mixed:
            relations = relations.view(torch.bfloat16)
        return {"seen": self.see(squares) + self.squares, "relations": relations.to(device)}

    def step(self, memory: Tensor, injected: dict[str, Tensor]) -> Tensor:
        """One iteration of a memory ``(B, S, W)``."""
        return exchange(self, memory, injected)

    def decode(self, memory: Tensor) -> Tensor:
        """The logits ``(B, 67, 8, 8)`` of the thinker's move: see ``codecs.moves``."""
        return self.policy(memory)

    def reply(self, memory: Tensor) -> Tensor:
        """The logits ``(B, 67, 8, 8)`` of the opponent's reply, seen from the thinker."""
        return self.reply_policy(memory)

    def value(self, memory: Tensor) -> Tensor:
        """The logit ``(B,)`` of that the moves imagined so far are right."""
        return self.judge(F.relu(self.appraise(memory)).mean(dim=1))[:, 0]
