"""Training to imagine: a net learns which move is right, what follows from it, and its worth.

A step takes a moment of each puzzle's solution, in which the solver is to move.

1. The net thinks about it, half of the time with another position's memory, and learns the move.
2. It plays a move in its head: the right one, or a wrong one that it likes. With the memory carried
   along it thinks about what is on the board then, and learns the *value*: whether that was the
   right move. It also learns which reply was recorded. Where the move was wrong nobody recorded a
   reply, and it learns to reply with what lowers its own value most: with a refutation.
3. It plays a reply, thinks on, and learns the value again, and the solver's next move.

Shapes: C positions, A = ``len(MOVES)`` actions, S squares, W numbers of memory.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from thinkenv.chess_puzzles.consequences import NOT_OVER, follow
from thinkenv.chess_puzzles.moments import moments_of
from thinkenv.chess_puzzles.moves import ACTION_OF_CODE, MOVE_CODES
from thinkenv.chess_puzzles.rules import NO_MOVE
from thinkenv.chess_puzzles.task import ChessPuzzleBatch, ChessPuzzleTask
from thinkenv.deep_thinking.codecs.moves import ILLEGAL, legal_masks, scores_of_actions
from thinkenv.deep_thinking.imagination.manner import ImaginingNet
from thinkenv.deep_thinking.training.trainer import Attempt, Trainer, iterations_of_step

# Iterations on an imagined position.
IMAGINED_ITERATIONS = 4
# How often the right move is imagined, and how often its recorded reply.
SHARE_RIGHT, SHARE_RECORDED = 0.5, 0.7
# Wrong moves are drawn with logits divided by this: above 1, from unlikely ones too.
TEMPERATURE = 1.7
# The weights of what is learned besides the move and its value.
WEIGHTS = {"reply": 0.3, "refutation": 0.3, "later value": 0.5, "later move": 0.5}


class ImaginingTrainer(Trainer):
    """Trains nets that imagine moves: see ``architectures.messages``."""

    def attempt(self) -> Attempt:
        """Think about moments of puzzles, imagine two moves, and judge all of it."""
        with self.acceleration.mixed(self.device):
            return self._imagine()

    def _imagine(self) -> Attempt:
        net = self._imagining_net
        _, memory = self.buffer.advance(self.steps_done, self.net)
        assert isinstance(self.task, ChessPuzzleTask) and isinstance(memory, Tensor)
        problems = self.buffer.problems
        assert isinstance(problems, ChessPuzzleBatch)
        shares = self._uniform()
        positions, moves = moments_of(self.task.puzzles_of(problems), shares.cpu().numpy())
        actions = torch.from_numpy(ACTION_OF_CODE[moves].astype(np.int64))
        recorded = actions.to(self.device)  # (C, 3)
        is_recorded = torch.from_numpy(moves != NO_MOVE).to(self.device)

        # The move.
        ours = np.zeros(len(positions), np.bool_)
        length = iterations_of_step(self.plan, self.seed, self.steps_done, self.net.recurrent)
        injected = net.look(positions, ours)
        for _ in range(length):
            before = memory
            memory = net.step(memory, injected)
        residual = (memory - before).abs().mean()
        of_moves = log_probabilities(net.decode(memory), positions)
        right = recorded[:, 0]
        loss = F.nll_loss(of_moves, right)
        exact = (of_moves.argmax(dim=1) == right).float().mean()
        if not net.imagines:
            return Attempt(loss, loss, exact, residual, memory)

        # The move in the head, and what it is worth.
        is_right = self._uniform() < SHARE_RIGHT
        wrong, has_wrong = self._draw_another(of_moves, right)
        is_right |= ~has_wrong
        played = torch.where(is_right, right, wrong)
        seen = Imagined.after(positions, played, theirs=False)
        going_on = torch.from_numpy(seen.is_going_on).to(self.device)
        later = self._think(memory, seen)
        value = net.value(later).float()
        value_loss = mean_of(self._judge(value, is_right), going_on)
        of_replies = log_probabilities(net.reply(later), seen.positions, is_mirrored=True)
        known = is_right & going_on & is_recorded[:, 1]
        reply_loss = mean_of(F.nll_loss(of_replies, recorded[:, 1], reduction="none"), known)

        # The reply in the head, and what is to be done then.
        takes_recorded = known & (self._uniform() < SHARE_RECORDED)
        reply = torch.where(takes_recorded, recorded[:, 1], self._draw(of_replies.exp()))
        seen = Imagined.after(seen.positions, reply, theirs=True, where=seen.is_going_on)
        last = self._think(later, seen)
        later_value = net.value(last).float()
        still = going_on & torch.from_numpy(seen.is_going_on).to(self.device)
        later_value_loss = mean_of(self._judge(later_value, is_right), still)
        of_next = log_probabilities(net.decode(last), seen.positions)
        has_next = known & (reply == recorded[:, 1]) & is_recorded[:, 2]
        later_loss = mean_of(F.nll_loss(of_next, recorded[:, 2], reduction="none"), has_next)

        # A reply to a wrong move is good by how much more it lowers the value than others do.
        wrongly = ~is_right & still
        drop = (torch.sigmoid(value) - torch.sigmoid(later_value)).detach()
        advantage = drop - mean_of(drop, wrongly)
        chosen = of_replies.gather(1, reply[:, None])[:, 0]
        refutation = -mean_of(chosen * advantage, wrongly)

        objective = loss + value_loss + WEIGHTS["reply"] * reply_loss
        objective = objective + WEIGHTS["refutation"] * refutation
        objective = objective + WEIGHTS["later value"] * later_value_loss
        objective = objective + WEIGHTS["later move"] * later_loss
        # Later rollouts start from thoughts about positions, or from what was imagined.
        keeps_last = (self._uniform() < 0.5).view(-1, 1, 1)
        end = torch.where(keeps_last, last, memory)
        return Attempt(objective, loss, exact, residual, end)

    @property
    def _imagining_net(self) -> ImaginingNet:
        """The net, of which is asked what imagination asks."""
        assert isinstance(self.net, ImaginingNet)
        return self.net

    def _uniform(self) -> Tensor:
        """Random numbers from 0 to 1, one of each position, ``(C,)``."""
        return self.buffer.random(torch.rand, ())

    def _draw(self, probabilities: Tensor) -> Tensor:
        """Actions ``(C,)`` drawn with probabilities ``(C, A)``, which need not sum to 1."""
        sums = probabilities.double().cumsum(dim=1)
        threshold = self._uniform()[:, None] * sums[:, -1:]
        return (sums <= threshold).sum(dim=1).clamp_max(sums.shape[1] - 1)

    @torch.no_grad()
    def _draw_another(self, of_moves: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        """Wrong moves ``(C,)`` that the net likes, and whether there are any."""
        legal = of_moves > ILLEGAL / 2
        # Left out before the softmax: however sure the net is, some move is the best of the others.
        others = of_moves.masked_fill(~legal, ILLEGAL).scatter(1, right[:, None], ILLEGAL)
        return self._draw((others / TEMPERATURE).softmax(dim=1)), legal.sum(dim=1) > 1

    def _judge(self, value: Tensor, is_right: Tensor) -> Tensor:
        """The cross-entropy of values ``(C,)``."""
        return F.binary_cross_entropy_with_logits(value, is_right.float(), reduction="none")

    def _think(self, memory: Tensor, seen: "Imagined") -> Tensor:
        """Think about what is on the board now, with the memory carried along."""
        turns = np.full(len(seen.shown), seen.is_their_turn)
        net = self._imagining_net
        injected = net.look(seen.shown, turns)
        for _ in range(IMAGINED_ITERATIONS if self.net.recurrent else 1):
            memory = net.step(memory, injected)
        return memory


@dataclass(frozen=True)
class Imagined:
    """Positions after a move in the head.

    Attributes:
        positions: ``(C, POSITION_BYTES)`` uint8, seen from who is to move.
        shown: The same, seen from the thinker.
        is_going_on: ``(C,)`` bool, whether the game is not over there.
        is_their_turn: Whether it is the opponent who is to move.
    """

    positions: np.ndarray
    shown: np.ndarray
    is_going_on: np.ndarray
    is_their_turn: bool

    @classmethod
    def after(
        cls,
        positions: np.ndarray,
        actions: Tensor,
        theirs: bool,
        where: np.ndarray | None = None,
    ) -> "Imagined":
        """What actions ``(C,)`` lead to; where a game is over, nothing is played.

        Args:
            positions: ``(C, POSITION_BYTES)`` uint8, seen from who moves.
            actions: The moves.
            theirs: Whether the opponent moves.
            where: ``(C,)`` bool, the games that are not over; by default all.
        """
        after, shown = positions.copy(), positions.copy()
        results = np.zeros(len(positions))
        chosen = np.arange(len(positions)) if where is None else np.flatnonzero(where)
        codes = MOVE_CODES[actions.cpu().numpy()[chosen]]
        turns = np.full(len(chosen), theirs)
        of_chosen = np.empty_like(positions[chosen]), np.empty_like(positions[chosen])
        ends = np.empty(len(chosen))
        follow(positions[chosen], codes, turns, *of_chosen, ends)
        after[chosen], shown[chosen] = of_chosen
        results[chosen] = ends
        return cls(after, shown, results == NOT_OVER, not theirs)


def log_probabilities(logits: Tensor, positions: np.ndarray, is_mirrored: bool = False) -> Tensor:
    """Log-probabilities of the actions ``(C, A)`` in positions; where none is legal, of all alike.

    Args:
        logits: ``(C, 67, 8, 8)``, seen from the thinker.
        positions: ``(C, POSITION_BYTES)`` uint8, seen from who is to move.
        is_mirrored: Whether that is the opponent.
    """
    legal = torch.from_numpy(legal_masks(positions)).to(logits.device)
    scores = scores_of_actions(logits.float(), is_mirrored)
    return scores.masked_fill(~legal, ILLEGAL).log_softmax(dim=1)


def mean_of(numbers: Tensor, chosen: Tensor) -> Tensor:
    """The mean of some of the numbers ``(C,)``; 0 of none."""
    return (numbers * chosen).sum() / chosen.sum().clamp_min(1)
