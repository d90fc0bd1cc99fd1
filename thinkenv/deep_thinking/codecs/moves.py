"""Chess puzzles as moves: a logit for every pair of squares, of which the legal moves count."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from thinkenv.chess_puzzles import PLANES
from thinkenv.chess_puzzles.moves import ACTION_OF_CODE, MOVE_CODES, MOVES, mark_legal
from thinkenv.chess_puzzles.packing import planes_of_positions, positions_of_planes
from thinkenv.chess_puzzles.rules import MIRROR_SQUARE
from thinkenv.chess_puzzles.soundness import problem_of_positions
from thinkenv.chess_puzzles.task import ChessPuzzleBatch
from thinkenv.deep_thinking.codecs.base import Interface
from thinkenv.deep_thinking.codecs.chess import ChessCodec

# Logits are (B, 64 + 3, 8, 8): channel c of a square is for a move from there to square c, and the
# last three of a square are added where a pawn becomes a knight, a bishop or a rook on it.
UNDERPROMOTIONS = 3
CODES = torch.from_numpy(MOVE_CODES.astype(np.int64))  # (len(MOVES),)
ORIGINS, TARGETS, PROMOTIONS = CODES & 63, CODES >> 6 & 63, CODES >> 12
IS_UNDERPROMOTION = (PROMOTIONS > 0) & (PROMOTIONS <= UNDERPROMOTIONS)
ILLEGAL = -1e9  # less than any logit, and a number: differences of two are


def scores_of_actions(logits: Tensor, is_mirrored: bool = False) -> Tensor:
    """The scores of all actions, legal or not.

    Args:
        logits: ``(B, 67, 8, 8)``, seen from the thinker.
        is_mirrored: Whether the actions are the opponent's, who sees the board from the other side.

    Returns:
        ``(B, len(MOVES))``.
    """
    mirror = MIRROR_SQUARE if is_mirrored else 0
    origins, targets = ((squares ^ mirror).to(logits.device) for squares in (ORIGINS, TARGETS))
    of_squares = logits.flatten(2)  # (B, 67, 64)
    scores = of_squares[:, targets, origins]
    lesser = IS_UNDERPROMOTION.nonzero()[:, 0].to(logits.device)
    extra = of_squares[:, 64 + PROMOTIONS[lesser.cpu()].to(logits.device) - 1, targets[lesser]]
    return scores.index_add(1, lesser, extra)


def legal_masks(positions: np.ndarray) -> np.ndarray:
    """Which actions are legal in positions: ``(B, POSITION_BYTES)`` to ``(B, len(MOVES))`` bool."""
    masks = np.empty((len(positions), len(MOVES)), np.int8)
    mark_legal(positions, np.arange(len(positions)), masks)
    return masks.view(np.bool_)


class MoveCodec(ChessCodec):
    """One logit for every legal move; the answer marks the two squares of the most probable one.

    Inputs are those of ``ChessCodec``, but the last channel is 1 where the opponent is to move, and
    so 0 here.
    """

    interface = Interface(input_channels=len(PLANES) + 1, answer_channels=64 + UNDERPROMOTIONS)

    def encode(self, problems: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
        """Planes ``(B, 17, 8, 8)`` of 0 and 1 as float32 inputs ``(B, 18, 8, 8)``.

        Raises:
            ValueError: If they are not planes, or not those of positions that can be.
        """
        inputs = super().encode(problems, device)
        positions = positions_of_planes(np.asarray(problems))
        problem = problem_of_positions(positions)
        if not problem and not np.array_equal(planes_of_positions(positions), problems):
            problem = "two pieces stand on one square, or the like"
        if problem:
            raise ValueError(self.refusal("planes of possible positions", f"one where {problem}"))
        inputs[:, -1] = 0
        return inputs

    def log_probabilities(self, logits: Tensor, problems: np.ndarray) -> Tensor:
        """Log-probabilities of all actions ``(B, len(MOVES))``; ``ILLEGAL`` of the others."""
        legal = torch.from_numpy(legal_masks(positions_of_planes(problems))).to(logits.device)
        scores = scores_of_actions(logits.float()).masked_fill(~legal, ILLEGAL)
        return scores.log_softmax(dim=1).masked_fill(~legal, ILLEGAL)

    def loss(self, logits: Tensor, batch: ChessPuzzleBatch) -> tuple[Tensor, Tensor]:
        """The cross-entropy among the legal moves, and the share whose best one is right."""
        actions = torch.from_numpy(ACTION_OF_CODE[batch.first_moves].astype(np.int64))
        of_actions = self.log_probabilities(logits, batch.planes)
        actions = actions.to(logits.device)
        exact = of_actions.argmax(dim=1) == actions
        return F.nll_loss(of_actions, actions), exact.float().mean()

    def decode(self, logits: Tensor, problems: np.ndarray) -> Tensor:
        """The answer ``(B, 8, 8)`` uint8: the squares of the most probable legal move."""
        return self.answers(self.log_probabilities(logits, problems).exp().cpu())

    @staticmethod
    def answers(probabilities: Tensor) -> Tensor:
        """What probabilities of the actions ``(B, len(MOVES))`` answer, ``(B, 8, 8)`` uint8.

        Both squares of the most probable move are marked, and none where there is no move.
        """
        best, actions = probabilities.max(dim=1)
        marked = torch.zeros(len(actions), 64, dtype=torch.uint8)
        is_move = (best > 0).to(torch.uint8)[:, None]
        for squares in (ORIGINS, TARGETS):
            marked.scatter_(1, squares[actions][:, None], is_move)
        return marked.unflatten(1, (8, 8))

    def probabilities(self, logits: Tensor, problems: np.ndarray) -> Tensor:
        """How probable it is that the move begins or ends on each square, ``(B, 8, 8)``."""
        of_actions = self.log_probabilities(logits, problems).exp().cpu()
        of_squares = torch.zeros(2, len(of_actions), 64)
        for marked, squares in zip(of_squares, (ORIGINS, TARGETS), strict=True):
            marked.index_add_(1, squares, of_actions)
        return of_squares.amax(dim=0).unflatten(1, (8, 8))

    def pictured(self, logits: Tensor, problems: np.ndarray) -> Tensor:
        """The probabilities of the actions, ``(B, len(MOVES))``."""
        return self.log_probabilities(logits, problems).exp()

    def preferences(self, logits: Tensor, problems: np.ndarray) -> Tensor:
        """Log-probabilities of the actions, ``(B, len(MOVES))``."""
        return self.log_probabilities(logits, problems)
