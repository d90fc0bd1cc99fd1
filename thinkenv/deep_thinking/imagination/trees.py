"""Trees of imagined positions.

Shapes: B positions, a tree each; N nodes, C candidate moves, S squares, W numbers of memory.
"""

import numpy as np
import torch
from torch import Tensor

from thinkenv.chess_puzzles.consequences import NOT_OVER, follow
from thinkenv.chess_puzzles.moves import MOVE_CODES, MOVES
from thinkenv.chess_puzzles.rules import POSITION_BYTES
from thinkenv.deep_thinking.codecs.moves import ILLEGAL, legal_masks, scores_of_actions
from thinkenv.deep_thinking.imagination.manner import USUAL, ImaginingNet, Manner
from thinkenv.deep_thinking.kernels.trees import (
    NOT_IMAGINED,
    find_leaves,
    find_mates,
    keep_values,
)

# What a position thought about is worth before anything was imagined.
UNKNOWN_VALUE = 0.5
# What stands in the arrays of the nodes of trees where there is no node yet.
EMPTY = {
    "positions": 0,
    "is_their_turn": False,
    "results": NOT_OVER,
    "values": UNKNOWN_VALUE,
    "actions": 0,
    "priors": 0,
    "counts": 0,
    "children": NOT_IMAGINED,
    "visits": 0,
    "totals": 0,
    "pending": 0,
}


class Trees:
    """Trees of imagined positions, one of each position thought about.

    Args:
        net: The net.
        positions: ``(B, POSITION_BYTES)`` uint8, seen from the thinker, who is to move.
        memory: ``(B, S, W)``, of thoughts about them.
        capacity: For how many imagined positions in each there is room at first; more is made as
            they grow.
        manner: How.
        allowed: ``(B, len(MOVES))`` bool, the actions to choose from; by default all.

    Attributes:
        imagined: ``(B,)`` int64, how many positions were looked into, mates and stalemates
            included.

    Raises:
        ValueError: If there are to be more candidates than there are moves in chess.
    """

    def __init__(
        self,
        net: ImaginingNet,
        positions: np.ndarray,
        memory: Tensor,
        capacity: int,
        manner: Manner = USUAL,
        allowed: np.ndarray | None = None,
    ):
        self.net = net
        self.manner = manner
        trees, nodes, candidates = len(positions), capacity + 1, manner.candidates
        if candidates > len(MOVES):
            raise ValueError(f"candidates must be at most {len(MOVES)}, got {candidates}")
        self.positions = np.zeros((trees, nodes, POSITION_BYTES), np.uint8)  # seen from who moves
        self.is_their_turn = np.zeros((trees, nodes), np.bool_)
        self.results = np.full((trees, nodes), NOT_OVER)
        self.values = np.full((trees, nodes), UNKNOWN_VALUE)
        self.actions = np.zeros((trees, nodes, candidates), np.int64)
        self.priors = np.zeros((trees, nodes, candidates))
        self.counts = np.zeros((trees, nodes), np.int64)  # of candidates
        self.children = np.full((trees, nodes, candidates), NOT_IMAGINED, np.int32)
        self.visits = np.zeros((trees, nodes, candidates), np.int64)
        self.totals = np.zeros((trees, nodes, candidates))
        self.pending = np.zeros((trees, nodes, candidates), np.int32)  # while leaves are looked for
        self.nodes = np.ones(trees, np.int64)  # how many there are
        self.imagined = np.zeros(trees, np.int64)
        self.longest = 0  # moves from the position thought about to where something was imagined
        # Half of the precision is enough to go on from, and half of the space.
        self.memory = memory.new_zeros((trees, nodes, *memory.shape[1:]), dtype=torch.bfloat16)
        self._begin(np.arange(trees), positions, memory, allowed)

    def __len__(self) -> int:
        return len(self.nodes)

    def _begin(
        self,
        which: np.ndarray,
        positions: np.ndarray,
        memory: Tensor,
        allowed: np.ndarray | None = None,
    ) -> None:
        """Set the roots of some trees ``(n,)``, which are empty."""
        self.positions[which, 0] = positions
        self.memory[torch.from_numpy(which), 0] = memory.to(torch.bfloat16)
        legal = legal_masks(positions)
        if allowed is not None:
            legal &= allowed
        is_over = ~legal.any(axis=1)
        self.results[which[is_over], 0] = 0.0
        going_on = np.flatnonzero(~is_over)
        first = np.zeros_like(going_on)
        of_some = memory[torch.from_numpy(going_on).to(memory.device)]
        self._find_candidates(which[going_on], first, of_some, legal[going_on])

    def replace(self, which: np.ndarray, positions: np.ndarray, memory: Tensor) -> None:
        """Put trees of other positions in the place of some, whose room they get.

        Args:
            which: ``(n,)``, which ones.
            positions: ``(n, POSITION_BYTES)``, thought about instead.
            memory: ``(n, S, W)``, of thoughts about them.
        """
        used = slice(int(self.nodes[which].max()))
        for name, empty in EMPTY.items():
            getattr(self, name)[which, used] = empty
        self.nodes[which] = 1
        self.imagined[which] = 0
        self._begin(which, positions, memory)

    @torch.no_grad()
    def _find_candidates(
        self, trees: np.ndarray, nodes: np.ndarray, memory: Tensor, allowed: np.ndarray
    ) -> None:
        """Choose the moves to try in nodes ``(n,)`` of trees ``(n,)``, by their memory.

        Args:
            trees: Which trees.
            nodes: A node of each.
            memory: ``(n, S, W)``.
            allowed: ``(n, len(MOVES))`` bool, the actions to choose from.
        """
        theirs = self.is_their_turn[trees, nodes]
        logits = memory.new_empty(len(trees), len(MOVES))
        for is_theirs, head in ((False, self.net.decode), (True, self.net.reply)):
            chosen = torch.from_numpy(np.flatnonzero(theirs == is_theirs)).to(memory.device)
            if len(chosen):
                scores = scores_of_actions(head(memory[chosen]).float(), is_mirrored=is_theirs)
                logits[chosen] = scores
        legal = torch.from_numpy(allowed).to(memory.device)
        best = logits.masked_fill(~legal, ILLEGAL).topk(self.manner.candidates, dim=1)
        counts = legal.sum(dim=1).clamp_max(self.manner.candidates).cpu().numpy()
        self.actions[trees, nodes] = best.indices.cpu().numpy()
        priors = (best.values / self.manner.temperature).softmax(dim=1)
        self.priors[trees, nodes] = priors.double().cpu().numpy()
        self.counts[trees, nodes] = counts

    @torch.no_grad()
    def imagine(self, which: np.ndarray | None = None, leaves: int = 1) -> None:
        """Imagine one more position in each tree, or in some of them, ``(n,)`` indices.

        With more ``leaves``, up to so many at a time in each, which is faster where there are few
        trees. Where to look is then decided before it is known what the others find. What several
        would imagine is imagined once, so that there may be fewer.
        """
        if which is None:
            which = np.arange(len(self.nodes))
        which = np.repeat(np.sort(which[self.results[which, 0] == NOT_OVER]), leaves)
        if len(which) == 0:
            return
        paths = np.empty((len(which), self.longest + 1, 2), np.int32)
        lengths = np.empty(len(which), np.int64)
        of_candidates = (self.children, self.priors, self.visits, self.totals)
        of_nodes = (self.counts, self.values, self.is_their_turn, self.results)
        trees = (*of_candidates, *of_nodes)
        find_leaves(trees, which, self.manner.exploration, self.pending, paths, lengths)
        self.longest = max(self.longest, int(lengths.max()))
        if leaves > 1:
            is_way = lengths > 0
            which, paths, lengths = which[is_way], paths[is_way], lengths[is_way]
        last = paths[np.arange(len(which)), lengths - 1]  # (n, 2)
        parents, candidates = last[:, 0].astype(np.int64), last[:, 1].astype(np.int64)
        nodes = self.children[which, parents, candidates].astype(np.int64)
        is_new = nodes == NOT_IMAGINED
        nodes[is_new] = self._grow(which[is_new], parents[is_new], candidates[is_new])
        keep_values(self.visits, self.totals, which, paths, lengths, self.values[which, nodes])
        np.add.at(self.imagined, which, 1)

    def _grow(self, trees: np.ndarray, parents: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Play a candidate of a node in each of some trees; the new nodes ``(n,)``.

        Trees that several are played in are named several times; they are in increasing order.
        """
        count = len(trees)
        codes = MOVE_CODES[self.actions[trees, parents, candidates]]
        is_their_move = self.is_their_turn[trees, parents]
        after = np.empty((count, POSITION_BYTES), np.uint8)
        shown, results = np.empty_like(after), np.empty(count)
        follow(self.positions[trees, parents], codes, is_their_move, after, shown, results)
        nodes = self.nodes[trees] + np.arange(count) - np.searchsorted(trees, trees)
        np.add.at(self.nodes, trees, 1)
        self._make_room(int(self.nodes.max()))
        self.children[trees, parents, candidates] = nodes
        self.positions[trees, nodes] = after
        self.is_their_turn[trees, nodes] = ~is_their_move
        self.results[trees, nodes] = results
        self.values[trees, nodes] = results
        going_on = results == NOT_OVER
        if going_on.any():
            some = trees[going_on], nodes[going_on]
            memory = self._think(trees[going_on], parents[going_on], shown[going_on], some)
            if self.manner.appraise is None:
                value = torch.sigmoid(self.net.value(memory).float()).double().cpu().numpy()
            else:
                value = self.manner.appraise(shown[going_on], self.positions[trees[going_on], 0])
            self.values[some] = value
            self._find_candidates(*some, memory, legal_masks(self.positions[some]))
        return nodes

    def _make_room(self, nodes: int) -> None:
        """Make room for so many nodes in each tree, twice that of before where it is too little."""
        room = self.positions.shape[1]
        if nodes <= room:
            return
        for name, empty in EMPTY.items():
            before = getattr(self, name)
            more = np.full_like(before, empty)
            setattr(self, name, np.concatenate([before, more], axis=1))
        memory = self.memory
        # Made as a whole and filled: a second half to be appended would take space as well.
        self.memory = memory.new_zeros((len(memory), 2 * room, *memory.shape[2:]))
        self.memory[:, :room] = memory
        self._make_room(nodes)

    def _think(
        self,
        trees: np.ndarray,
        parents: np.ndarray,
        shown: np.ndarray,
        nodes: tuple[np.ndarray, np.ndarray],
    ) -> Tensor:
        """Think about imagined positions, from memories of those before; what memory that gives."""
        injected = self.net.look(shown, self.is_their_turn[nodes])
        memory = self.memory[torch.from_numpy(trees), torch.from_numpy(parents)].float()
        if not self.manner.carries_memory:
            memory = torch.zeros_like(memory)
        for _ in range(self.manner.iterations if self.net.recurrent else 1):
            memory = self.net.step(memory, injected)
        self.memory[torch.from_numpy(nodes[0]), torch.from_numpy(nodes[1])] = memory.to(
            torch.bfloat16
        )
        return memory

    def are_settled(self, which: np.ndarray) -> np.ndarray:
        """Whether imagining more would hardly change what is played, ``(n,)`` bool.

        That is so where there is one move to choose, or none; where more positions were imagined
        behind the move that is played than behind any other, by ``manner.settled_lead``; and where
        it mates for certain.

        Args:
            which: ``(n,)`` indices of trees.
        """
        played = self.scores(which).argmax(axis=1)
        others = self.visits[which, 0]  # a copy
        of_played = others[np.arange(len(which)), played]
        others[np.arange(len(which)), played] = 0
        lead = of_played - others.max(axis=1)
        settled = (self.counts[which, 0] <= 1) | (lead >= self.manner.settled_lead)
        best = self.children[which, 0, played]
        for index in np.flatnonzero(~settled & (best != NOT_IMAGINED)):
            settled[index] = self.mates(which[index])[best[index]] > 0
        return settled

    def scores(self, which: np.ndarray) -> np.ndarray:
        """How much the candidates of roots are preferred, ``(n, C)``; the best one is played.

        That is how often they were looked into, times e to the power of ``manner.value_weight``
        times the mean of the values found there, over the root of how many positions were imagined.
        While these are few, how often says little more than how probable a move was before, and
        what was found says more; when they are many, what was found has decided where to look.
        Before anything was imagined, and where all else is equal, the more probable one comes
        first.

        Args:
            which: ``(n,)`` indices of trees.
        """
        visits = self.visits[which, 0]
        values = self.totals[which, 0] / np.maximum(visits, 1)
        weight = self.manner.value_weight / np.sqrt(np.maximum(self.imagined[which], 1))
        # Priors are below a visit.
        return (visits + self.priors[which, 0]) * np.exp(weight[:, None] * values)

    def preferences(self, which: np.ndarray | None = None) -> np.ndarray:
        """How much each action is preferred, ``(n, len(MOVES))``, 0 to 1: see ``scores``.

        Args:
            which: ``(n,)`` indices of trees; by default all.
        """
        if which is None:
            which = np.arange(len(self))
        used = np.arange(self.manner.candidates) < self.counts[which, 0, None]
        trees, candidates = np.nonzero(used)
        of_actions = np.zeros((len(which), len(MOVES)))
        actions = self.actions[which[trees], 0, candidates]
        of_actions[trees, actions] = self.scores(which)[trees, candidates]
        return of_actions / np.maximum(of_actions.sum(axis=1, keepdims=True), 1e-9)

    def mates(self, tree: int) -> np.ndarray:
        """Where in one tree a mate is certain, ``(nodes,)`` int32: see ``kernels.find_mates``."""
        nodes = slice(int(self.nodes[tree]))
        distances = np.empty(self.nodes[tree], np.int32)
        columns = (self.positions, self.is_their_turn, self.results, self.counts, self.children)
        find_mates(*(column[tree, nodes] for column in columns), distances)
        return distances

    def line(self, tree: int) -> list[int]:
        """The actions that one tree expects: what is played, then always what was looked into most.

        Of the thinker and of the opponent in turn, each seen from who moves.
        """
        actions: list[int] = []
        node = 0
        while node != NOT_IMAGINED and self.visits[tree, node].any():
            is_first = node == 0
            of_node = self.scores(np.array([tree]))[0] if is_first else self.visits[tree, node]
            candidate = int(of_node.argmax())
            actions.append(int(self.actions[tree, node, candidate]))
            node = int(self.children[tree, node, candidate])
        return actions
