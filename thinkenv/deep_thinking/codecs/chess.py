"""Chess puzzles: planes in, the squares of the solver's first move out."""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from thinkenv.chess_puzzles import PLANES
from thinkenv.chess_puzzles.packing import planes_of_positions
from thinkenv.chess_puzzles.positions import (
    Position,
    RankedMove,
    is_one,
    parse_positions,
    rank_moves,
)
from thinkenv.chess_puzzles.task import ChessPuzzleBatch
from thinkenv.deep_thinking.codecs.base import Codec, Interface


class ChessCodec(Codec[ChessPuzzleBatch]):
    """Two logits for every square: that the move begins there, and that it ends there.

    The answer marks the most probable square of each kind.
    """

    interface = Interface(input_channels=len(PLANES) + 1, answer_channels=2)
    problem_axes = 3

    def encode(self, problems: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
        """Planes ``(B, 17, 8, 8)`` of 0 and 1 as float32 inputs ``(B, 18, 8, 8)``.

        The last channel is 1 on the whole board, so that its edge, where convolutions see zeros,
        can be told from empty squares.

        Raises:
            ValueError: If they are not a batch of planes.
        """
        problems = np.asarray(problems)
        if (
            problems.shape[1:] != (len(PLANES), 8, 8)
            or problems.dtype.kind not in "biu"
            or problems.min(initial=0) < 0
            or problems.max(initial=0) > 1
        ):
            got = f"shape {problems.shape} and dtype {problems.dtype}"
            allowed = f"planes (count, {len(PLANES)}, 8, 8) of integers 0 and 1"
            raise ValueError(self.refusal(allowed, got))
        planes = torch.from_numpy(np.ascontiguousarray(problems)).to(device).float()
        board = planes.new_ones(len(planes), 1, 8, 8)
        inputs = torch.cat([planes, board], dim=1)
        return inputs.contiguous(memory_format=torch.channels_last)

    def loss(self, logits: Tensor, batch: ChessPuzzleBatch) -> tuple[Tensor, Tensor]:
        """The cross-entropy of logits ``(B, 2, 8, 8)``, and the share with both squares right."""
        moves = torch.from_numpy(batch.first_moves).to(logits.device).long()
        # A move's code holds the square it begins on in its lowest six bits, then that it ends on.
        targets = torch.stack([moves & 63, moves >> 6 & 63], dim=1)  # (B, 2)
        of_squares = logits.flatten(2)  # (B, 2, 64)
        loss = F.cross_entropy(of_squares.flatten(0, 1), targets.flatten())
        exact = (of_squares.argmax(dim=2) == targets).all(dim=1)
        return loss, exact.float().mean()

    def decode(self, logits: Tensor, problems: np.ndarray) -> Tensor:
        """The answer ``(B, 8, 8)`` uint8 that logits ``(B, 2, 8, 8)`` stand for."""
        chosen = F.one_hot(logits.flatten(2).argmax(dim=2), 64).amax(dim=1)  # (B, 64)
        return chosen.to(torch.uint8).unflatten(1, (8, 8))

    def probabilities(self, logits: Tensor, problems: np.ndarray) -> Tensor:
        """How probable it is that the move begins or ends on each square, ``(B, 8, 8)``."""
        return logits.flatten(2).softmax(dim=2).amax(dim=1).unflatten(1, (8, 8))

    def preferences(self, logits: Tensor, problems: np.ndarray) -> Tensor:
        """Log-probabilities of each square to be the begin and the end of the move, (B, 2, 64)."""
        return logits.flatten(2).log_softmax(dim=2)

    def rank(
        self,
        position: Position | Iterable[Position],
        preferences: Callable[[np.ndarray], np.ndarray],
    ) -> list[RankedMove] | list[list[RankedMove]]:
        """See ``Agent.rank``; ``thinkenv.chess_puzzles.positions.rank_moves`` says how."""
        positions = parse_positions(position)
        if len(positions) == 0:
            return []
        of_squares = preferences(planes_of_positions(positions))  # (n, 2, 64)
        ranked = list(map(rank_moves, positions, of_squares))
        return ranked[0] if is_one(position) else ranked
