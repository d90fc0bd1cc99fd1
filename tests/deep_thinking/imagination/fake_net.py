"""A net whose opinions are known, and a slow search in plain Python that asks it."""

import functools
import math
import zlib

import chess
import numpy as np
import torch
from torch import Tensor

from thinkenv.chess_puzzles import MOVES
from thinkenv.chess_puzzles.packing import positions_of_planes
from thinkenv.deep_thinking.architectures import Architecture, Settings
from thinkenv.deep_thinking.codecs.moves import MoveCodec
from thinkenv.deep_thinking.imagination.manner import Manner, indifferent

ACTIONS = {name: action for action, name in enumerate(MOVES)}


@functools.cache
def opinion(key: bytes) -> tuple[np.ndarray, np.ndarray, float]:
    """What the net thinks: logits of moves and replies ``(67, 64)`` each, and of the value."""
    rng = np.random.default_rng(zlib.crc32(key))
    moves, replies = (2 * rng.normal(size=(2, 67, 64))).astype(np.float32)
    return moves, replies, float(np.float32(rng.normal()))


class FakeNet(Architecture[Tensor]):
    """Its memory is its state: the 64 squares, whose turn it is, and the iterations up to there.

    These are whole numbers below 256, which no precision changes.
    """

    name = "fake"
    imagines = True
    settings_type = Settings
    codec = MoveCodec

    def __init__(self):
        super().__init__(Settings(), MoveCodec.interface)

    def start(self, inputs):
        return inputs.new_zeros(len(inputs), 66, 1)

    def inject(self, inputs):
        positions = positions_of_planes(inputs[:, :17].to(torch.uint8).numpy())
        return self.look(positions, np.zeros(len(positions), np.bool_))

    def look(self, positions, is_their_turn):
        state = np.concatenate([positions[:, :64], is_their_turn[:, None]], axis=1)
        return {"state": torch.from_numpy(state.astype(np.float32))[:, :, None]}

    def step(self, memory, injected):
        return torch.cat([injected["state"], memory[:, 65:] + 1], dim=1)

    @staticmethod
    def _opinions(memory, which):
        keys = (bytes(state) for state in memory[:, :, 0].to(torch.uint8).tolist())
        return torch.from_numpy(np.array([opinion(key)[which] for key in keys]))

    def decode(self, memory):
        return self._opinions(memory, 0).unflatten(2, (8, 8))

    def reply(self, memory):
        return self._opinions(memory, 1).unflatten(2, (8, 8))

    def value(self, memory):
        return self._opinions(memory, 2).float()


class Node:
    """An imagined position, and what is known of the moves from there.

    Args:
        board: The position, on the real board.
        thinker: Who thinks.
        iterations: How many led there.
        manner: How it is imagined.
    """

    def __init__(self, board: chess.Board, thinker: chess.Color, iterations: int, manner: Manner):
        self.board, self.thinker, self.iterations = board, thinker, iterations
        self.manner = manner
        self.is_theirs = board.turn != thinker
        squares = [0] * 64
        for square, piece in board.piece_map().items():
            squares[self.seen(square)] = piece.piece_type + 6 * (piece.color != thinker)
        moves, replies, value = opinion(bytes([*squares, self.is_theirs, iterations]))
        self.is_over = not any(board.legal_moves)
        if self.is_over:
            self.value = float(board.is_checkmate() and self.is_theirs)
        elif manner.appraise is indifferent:
            self.value = 0.5
        else:
            self.value = 1 / (1 + math.exp(-value))
        self.moves, self.priors = self.candidates(replies if self.is_theirs else moves)
        self.visits = [0] * len(self.moves)
        self.totals = [0.0] * len(self.moves)
        self.children: list[Node | None] = [None] * len(self.moves)

    def seen(self, square: chess.Square) -> int:
        """A square as the thinker sees it."""
        return square if self.thinker == chess.WHITE else chess.square_mirror(square)

    def candidates(self, logits: np.ndarray) -> tuple[list[chess.Move], list[float]]:
        """The moves to try, the most probable first, and how probable they are."""
        scores = {}
        for move in self.board.legal_moves:
            origin, target = self.seen(move.from_square), self.seen(move.to_square)
            score = float(logits[target, origin])
            if move.promotion not in (None, chess.QUEEN):
                score += float(logits[62 + move.promotion, target])
            scores[move] = math.exp(score / self.manner.temperature)
        best = sorted(scores, key=scores.__getitem__, reverse=True)[: self.manner.candidates]
        total = sum(scores[move] for move in best)
        return best, [scores[move] / total for move in best]

    def choose(self) -> int:
        """The candidate to try next."""
        scale = self.manner.exploration * math.sqrt(max(sum(self.visits), 1))
        scores = []
        for prior, visits, total in zip(self.priors, self.visits, self.totals, strict=True):
            worth = total / visits if visits else self.value
            scores.append((1 - worth if self.is_theirs else worth) + scale * prior / (1 + visits))
        return scores.index(max(scores))

    def grow(self, candidate: int) -> "Node":
        """Imagine what a candidate leads to."""
        board = self.board.copy(stack=False)
        board.push(self.moves[candidate])
        before = self.iterations if self.manner.carries_memory else 0
        child = Node(board, self.thinker, before + self.manner.iterations, self.manner)
        self.children[candidate] = child
        return child

    def imagine(self) -> None:
        """Imagine one position more, of which this one is the root."""
        path, node = [], self
        while True:
            candidate = node.choose()
            path.append((node, candidate))
            child = node.children[candidate]
            if child is None:
                child = node.grow(candidate)
                break
            node = child
            if node.is_over:
                break
        for node, candidate in path:
            node.visits[candidate] += 1
            node.totals[candidate] += child.value

    def scores(self) -> list[float]:
        """How much each candidate is preferred, if this is the root."""
        weight = self.manner.value_weight / math.sqrt(max(sum(self.visits), 1))
        return [
            (visits + prior) * math.exp(weight * total / max(visits, 1))
            for prior, visits, total in zip(self.priors, self.visits, self.totals, strict=True)
        ]

    def best(self) -> int:
        """The candidate that is played, if this is the root."""
        return self.scores().index(max(self.scores()))

    def action(self, candidate: int) -> int:
        """A candidate as an action, seen from who moves."""
        move = self.moves[candidate]
        if self.board.turn == chess.BLACK:
            squares = map(chess.square_mirror, (move.from_square, move.to_square))
            move = chess.Move(*squares, move.promotion)
        return ACTIONS[move.uci()]


def root_of(fen: str, iterations: int, manner: Manner) -> Node:
    """The position thought about, which is worth a half before anything was imagined."""
    board = chess.Board(fen)
    root = Node(board, board.turn, iterations, manner)
    root.value = 0.5
    return root
