"""A thought about one position, in a thread, until limits are reached or it is told to stop."""

import threading
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from thinkenv.chess_puzzles.moves import ACTION_OF_CODE, MOVES
from thinkenv.chess_puzzles.notation import move_of_text, uci_of_move
from thinkenv.chess_puzzles.packing import planes_of_positions, positions_of_planes
from thinkenv.chess_puzzles.positions import legal_codes, rank_moves
from thinkenv.chess_puzzles.rules import BLACK
from thinkenv.command_line import in_one_line
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.imagination.lines import Line, lines_of
from thinkenv.deep_thinking.imagination.manner import ImaginingNet, Manner
from thinkenv.deep_thinking.imagination.trees import UNKNOWN_VALUE, Trees
from thinkenv.deep_thinking.uci.limits import Limits
from thinkenv.deep_thinking.uci.options import Options
from thinkenv.deep_thinking.uci.telling import info_of, moves_of

NO_MOVE = "0000"  # what is answered where there is none
ITERATIONS_AT_A_TIME = 8  # of the first thought, until it is looked whether to stop
TELL_EVERY = 0.5  # seconds, where the best move stays the same
LOOK_AGAIN = 1.1  # how much a tree grows until a mate is looked for again, if one is asked for
# A tree that does not grow while so many positions are looked into is all that can be imagined, or
# decided so clearly that the rest will hardly ever be.
MOST_REPEATED = 10_000
# Nodes that there is room for at first, and about the bytes of one beside its memory: some, and
# some for each candidate.
FIRST_ROOM = 256
BYTES_OF_NODE, BYTES_OF_CANDIDATE = 128, 48


class Search:
    """A thought about one position.

    Args:
        agent: Who thinks; None where nobody can, and the first legal move is played.
        position: ``(POSITION_BYTES,)``.
        limits: How long.
        options: How.
        say: Writes a line to the program.
        complain: Tells in such a line what is wrong.
        began: When the program asked, on ``time.perf_counter``.

    Attributes:
        is_answered: Set when the move has been told, or is just about to be.
    """

    def __init__(
        self,
        agent: Agent[Tensor] | None,
        position: np.ndarray,
        limits: Limits,
        options: Options,
        say: Callable[[str], None],
        complain: Callable[[str], None],
        began: float,
    ):
        self.agent = agent
        self.position = position
        self.is_black = bool(position[BLACK])
        self.limits = limits
        self.options = options
        self.say = say
        self.complain = complain
        self.began = self.told = began
        self.is_answered = threading.Event()
        self._is_stopped = threading.Event()
        self._may_answer = threading.Event()
        self._deadline: float | None = None
        if not limits.is_pondering:
            self._start_clock(began)
        self._lasted = 0.0  # the last imagining, in seconds
        self._has_found_mate = False
        self._allowed = self._allowed_codes()
        self._best = [uci_of_move(int(code), self.is_black) for code in self._allowed[:1]]
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to think."""
        self._thread.start()

    def stop(self) -> None:
        """Answer at once."""
        self._is_stopped.set()
        self._may_answer.set()

    def ponder_hit(self) -> bool:
        """The expected move was played, and limits begin; whether that was waited for."""
        if not self.limits.is_pondering or self._may_answer.is_set():
            return False
        self._start_clock(time.perf_counter())
        return True

    def end(self) -> None:
        """Wait until it has answered."""
        self._thread.join()

    def _start_clock(self, now: float) -> None:
        if self.limits.seconds is not None:
            self._deadline = now + self.limits.seconds
        if not self.limits.is_infinite:
            self._may_answer.set()

    def _allowed_codes(self) -> np.ndarray:
        """The legal moves to choose from, as codes ``(n,)``; all if none is named that is legal."""
        legal = legal_codes(self.position)
        named = []
        for word in self.limits.moves or []:
            try:
                named.append(move_of_text(self.position, word[:20]))
            except ValueError as error:
                self.limits.remarks.append(f"searchmoves: {error}")
        chosen = legal[np.isin(legal, named)]
        return chosen if len(chosen) else legal

    def _run(self) -> None:
        if self.limits.remarks:
            self.complain("; ".join(self.limits.remarks))
        try:
            if self.agent is not None and len(self._allowed):
                self._think(self.agent)
        except Exception as error:  # whatever it is, the program waits for a move
            self.complain(in_one_line(error))
        self._may_answer.wait()
        self.is_answered.set()
        best, *expected = self._best or [NO_MOVE]
        self.say(" ".join(["bestmove", best, *(f"ponder {move}" for move in expected[:1])]))

    def _think(self, agent: Agent[Tensor]) -> None:
        """Think about the position, and then about what can be imagined."""
        torch.set_num_threads(self.options.threads)
        planes = planes_of_positions(self.position[None])
        rollout = agent.start(planes)
        wanted = self.options.iterations or agent.training_iterations
        while rollout.iterations < wanted and not (rollout.iterations and self._is_time()):
            rollout.advance(min(ITERATIONS_AT_A_TIME, wanted - rollout.iterations))
        preferences = agent.codec.preferences(rollout.logits(), planes).cpu().numpy()
        allowed = {uci_of_move(code, self.is_black) for code in self._allowed.tolist()}
        ranked = rank_moves(self.position, preferences[0])
        self._best = [next(move for move, _ in ranked if move in allowed)]
        action = ACTION_OF_CODE[move_of_text(self.position, self._best[0])]
        self._tell([Line([int(action)], 0, UNKNOWN_VALUE, 0)], 0, 0, 0.0)
        if isinstance(agent.net, ImaginingNet) and agent.net.imagines:
            with agent.acceleration.mixed(agent.device):
                self._imagine(agent.net, planes, rollout.memory)
        else:
            self.complain(f"{agent.name} does not imagine: its first thought is all")

    def _imagine(self, net: ImaginingNet, planes: np.ndarray, memory: Tensor) -> None:
        """Imagine positions as long as limits allow."""
        candidates = self.options.candidates
        bytes_of_node = 2 * memory[0].numel() + BYTES_OF_NODE + BYTES_OF_CANDIDATE * candidates
        most = max(FIRST_ROOM, self.options.hash * 2**20 // bytes_of_node)
        doublings = max(0, (most // FIRST_ROOM).bit_length() - 1)
        room = most >> doublings
        most = room << doublings  # trees grow by doubling, and so come to just this
        allowed = np.zeros((1, len(MOVES)), np.bool_)
        allowed[0, ACTION_OF_CODE[self._allowed]] = True
        positions = positions_of_planes(planes)
        manner = Manner(candidates=candidates)
        trees = Trees(net, positions, memory, room - 1, manner, allowed)
        first, next_look = 0, 0.0
        nodes, grown = 0, 0  # how many there were when the tree grew last, and when that was
        while not self._is_enough(int(trees.imagined[0])):
            leaves = self._leaves(int(trees.imagined[0]))
            if trees.nodes[0] > nodes:
                nodes, grown = int(trees.nodes[0]), int(trees.imagined[0])
            if nodes + leaves > most or trees.imagined[0] - grown > MOST_REPEATED:
                break
            now = time.perf_counter()
            trees.imagine(leaves=leaves)
            self._lasted = time.perf_counter() - now
            best = int(trees.scores(np.zeros(1, np.int64))[0].argmax())
            looks_for_mate = self.limits.mate is not None and trees.imagined[0] >= next_look
            if best != first or looks_for_mate or now - self.told > TELL_EVERY:
                self._tell_of(trees, most)
                first, next_look = best, LOOK_AGAIN * int(trees.imagined[0])
        if trees.imagined[0]:
            self._tell_of(trees, most)

    def _leaves(self, imagined: int) -> int:
        """How many positions to imagine at a time."""
        if self.limits.positions is None:
            return self.options.leaves
        return min(self.options.leaves, self.limits.positions - imagined)

    def _is_enough(self, imagined: int) -> bool:
        limit = self.limits.positions
        return self._is_time() or self._has_found_mate or (limit is not None and imagined >= limit)

    def _is_time(self) -> bool:
        """Whether to stop, so as to be ready in time after imagining as long as the last time."""
        if self._is_stopped.is_set():
            return True
        return self._deadline is not None and time.perf_counter() + self._lasted >= self._deadline

    def _tell_of(self, trees: Trees, most: int) -> None:
        """Tell what the tree says, and remember what would be played."""
        lines = lines_of(trees, 0)
        self._best = moves_of(lines[0].actions, self.is_black)
        mate = lines[0].mate
        self._has_found_mate = self.limits.mate is not None and 0 < mate < 2 * self.limits.mate
        filled = int(trees.nodes[0]) / most
        self._tell(lines[: self.options.multipv], int(trees.imagined[0]), trees.longest, filled)

    def _tell(self, lines: list[Line], imagined: int, deepest: int, filled: float) -> None:
        self.told = time.perf_counter()
        seconds = self.told - self.began
        for place, line in enumerate(lines, 1):
            self.say(info_of(line, place, imagined, seconds, deepest, filled, self.is_black))
