"""An agent: a trained net that thinks about problems for as long as one likes."""

import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, Literal

import numpy as np
import torch

from thinkenv import notebooks
from thinkenv.checks import check_integer
from thinkenv.deep_thinking.architectures.base import Architecture, count_parameters
from thinkenv.deep_thinking.codecs.base import AnyCodec, Problems
from thinkenv.deep_thinking.imagination.manner import USUAL, ImaginingNet, Manner, imagining
from thinkenv.deep_thinking.rollout import memories
from thinkenv.deep_thinking.rollout.acceleration import PLAIN, Acceleration
from thinkenv.deep_thinking.rollout.memories import SomeMemory
from thinkenv.deep_thinking.rollout.rollout import Rollout
from thinkenv.deep_thinking.sharing import Shareable
from thinkenv.suites import Answers
from thinkenv.suites.scores import Stopping
from thinkenv.tasks.base import AnyTask

# A memory has converged when none of its numbers, which lie between -1 and 1, moves by more than
# this in one iteration.
TOLERANCE = 1e-3
# Where to give up on a thought that never stops changing: on boards of more cells later, since what
# counts its way through a maze needs an iteration for each cell of it, there and back.
MAX_ITERATIONS = 100_000

# Cells thought about at a time: few enough for the processor's caches, or enough to fill a GPU.
CELLS_PER_CHUNK = {"cpu": 60_000, "cuda": 4_000_000}

# How long to think: a number of iterations, or until each memory has converged.
Iterations = int | Literal["converged"]
# How many positions to imagine: a number, or until the tree of each problem has settled.
Imagine = int | Literal["settled"]
# Where to give up on trees that do not settle.
MAX_IMAGINED = 1024
# The largest number of positions to imagine of a problem: their memories take some 8 GB.
MOST_IMAGINED = 1_000_000


@dataclass
class Thought(Generic[SomeMemory]):
    """Where thinking led, for each of B problems; of one problem alone all lack the first axis.

    Attributes:
        answer: ``(B, H, W)`` uint8, the answer that the memory holds; ``(B, W)`` for strings.
        iterations: ``(B,)`` int64, iterations spent in this call.
        converged: ``(B,)`` bool, whether the memory had stopped changing at the end.
        cycle: ``(B,)`` int64, what the memory had got to: 1 for a fixed point, the length of a
            cycle in which it goes round, or 0 where it was still on its way. Cycles are looked for
            only where thinking is to go on until the memory has converged.
        memory: ``(B, M, H, W)``, to go on from with ``agent.think(problems, memory=...)``.
        stopping: ``fixed`` after a number of iterations that was asked for, ``converged`` where it
            was found for each problem.
        requested: The number asked for, where ``stopping`` is ``fixed``.
        problems: ``(B, …)``, what was thought about.
        task: The class of their task.
        imagined: ``(B,)`` int64, how many positions were imagined after that; None if none were to
            be.
        preferences: ``(B, …)``, what is preferred after imagining: see ``Agent.preferences``.
        lines: For each problem the moves expected, in UCI notation, each as the side sees it that
            moves.
        settled: ``(B,)`` bool, whether each tree of imagined positions had settled, where it was to
            grow until then; None where a number was asked for.
    """

    answer: np.ndarray
    iterations: np.ndarray
    converged: np.ndarray
    cycle: np.ndarray
    memory: SomeMemory
    stopping: Stopping
    requested: int | None
    problems: np.ndarray
    task: type[AnyTask]
    imagined: np.ndarray | None = None
    preferences: np.ndarray | None = None
    lines: list[list[str]] | list[str] | None = None
    settled: np.ndarray | None = None

    @property
    def reachable(self) -> np.ndarray | None:
        """Whether each answer shows a way, ``(B,)`` bool; None for tasks other than mazes.

        True is never wrong: the cells of the answer join start and goal. False is an opinion: the
        agent has found no way, because there is none, or because it has not thought for long
        enough, or cannot solve such mazes.
        """
        said = self.task.reachable(*self._several())
        return said[0] if said is not None and self._is_of_one else said

    @property
    def _is_of_one(self) -> bool:
        return np.ndim(self.iterations) == 0

    def _several(self) -> tuple[np.ndarray, np.ndarray]:
        """Problems and answers, ``(B, …)`` even of one problem alone."""
        axis = None if self._is_of_one else slice(None)
        return self.problems[axis], self.answer[axis]

    def __repr__(self) -> str:
        count, converged = np.size(self.iterations), int(np.sum(self.converged))
        shape = "x".join(map(str, self._several()[1].shape[1:]))
        words = [
            f"{count:,} answer{'s' * (count != 1)} of {shape}",
            f"{notebooks.span(self.iterations)} iterations",
            f"{converged / count:.0%} converged",
        ]
        if self.imagined is not None:
            words.append(f"{notebooks.span(self.imagined)} positions imagined")
        if self.settled is not None:
            words.append(f"{int(np.sum(self.settled)) / count:.0%} settled")
        going_round = np.atleast_1d(self.cycle)[np.atleast_1d(self.cycle) > 1]
        if len(going_round):
            words.append(f"{len(going_round):,} in cycles of {notebooks.span(going_round)}")
        return f"Thought({', '.join(words)})"

    def _repr_html_(self) -> str:
        """What a notebook shows: the first answers, not judged, as pictures."""
        pairs = zip(*self._several(), strict=True)
        pictures = (self.task.batch_type.sketch(*pair) for pair in pairs)
        return notebooks.gallery(repr(self), pictures, np.size(self.iterations))


class Agent(Shareable, Generic[SomeMemory]):
    """A net with its task, ready to think.

    Args:
        net: The net; it is moved to ``device`` and put in evaluation mode.
        codec: How it reads problems of the task.
        training_iterations: The maximum of iterations the net was trained to take.
        device: Where to think.
        description: What is known of the agent (its name, command, commit, seed, …).
        acceleration: How iterations are to be run faster; not at all by default.

    Attributes:
        task: The class of the task.

    Raises:
        ValueError: If the acceleration cannot be used on this device.
    """

    def __init__(
        self,
        net: Architecture[SomeMemory],
        codec: AnyCodec,
        training_iterations: int,
        device: torch.device | str = "cpu",
        description: dict[str, Any] | None = None,
        acceleration: Acceleration = PLAIN,
    ):
        self.device = torch.device(device)
        acceleration.check(self.device)
        # Channels last is the layout in which convolutions run fastest, on CPUs as on GPUs.
        self.net = net.to(self.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self.codec = codec
        self.training_iterations = training_iterations
        self.description = description or {}
        self.acceleration = acceleration.chosen(self.device)
        is_plain = self.acceleration == PLAIN
        self._step_many = None if is_plain else self.acceleration.step_many(self.net.step)

    @property
    def task(self) -> type[AnyTask]:
        """The class of the task."""
        return self.codec.task

    @property
    def name(self) -> str:
        """What the agent is called in rows: its name or folder."""
        return str(self.description.get("name", "unnamed"))

    def __repr__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in self._facts().items())
        return f"Agent({self.name!r:.200}, {facts})"

    def _facts(self) -> dict[str, str | int]:
        """What it is, in a few numbers."""
        return {
            "task": self.task.name,
            "architecture": self.net.name,
            "parameters": count_parameters(self.net),
            "training_iterations": self.training_iterations,
        }

    def _repr_html_(self) -> str:
        """What a notebook shows: a table of what it is, and of how it came about."""
        told = ("seed", "trained_on", "command", "commit", "time")
        history = {name: self.description[name] for name in told if name in self.description}
        return notebooks.table(f"Agent {self.name!r}", self._facts() | history)

    def _save_pretrained(self, save_directory: Path) -> None:
        """Write the agent and its model card: what ``save_pretrained`` calls."""
        from thinkenv.deep_thinking.checkpoint import save_agent  # which knows this class

        # The name is that of the place where it was found.
        known = {name: value for name, value in self.description.items() if name != "name"}
        facts = {"task": self.task.name, "training_iterations": self.training_iterations}
        save_agent(save_directory, self.net, {**known, **facts})

    def chunk_size(self, problems: np.ndarray) -> int:
        """How many problems ``(B, …)`` fit the processor's caches, or fill a GPU."""
        cells = max(1, int(np.prod(self.codec.board(problems), dtype=np.int64)))
        cells *= self.net.cells_worth
        budget = CELLS_PER_CHUNK.get(self.device.type, CELLS_PER_CHUNK["cpu"])
        return max(1, budget // cells)

    def chunks(self, problems: np.ndarray) -> Iterator[slice]:
        """Problems ``(B, …)`` in chunks of ``chunk_size``."""
        size = self.chunk_size(problems)
        for begin in range(0, len(problems), size):
            yield slice(begin, begin + size)

    def start(
        self, problems: Problems, memory: SomeMemory | None = None, everywhere: bool = False
    ) -> Rollout[SomeMemory]:
        """Begin to think about problems; the rollout is advanced and looked at as one likes.

        Args:
            problems: As of ``think``, but several, all thought about at once: see ``chunks``.
            memory: ``(B, …)`` to go on from, by default the net's first memory.
            everywhere: Compute all of the memory in every iteration, even where that does not pay.

        Raises:
            ValueError: If ``problems`` or ``memory`` are not of that form.
        """
        several = self.codec.as_array(problems)
        return Rollout(
            self.net, self.codec, several, self.device, memory, self._step_many, everywhere
        )

    def think(
        self,
        problems: Problems,
        iterations: Iterations | None = None,
        memory: SomeMemory | None = None,
        max_iterations: int | None = None,
        tolerance: float = TOLERANCE,
        progress: Callable[[int], object] | None = None,
        imagine: Imagine | None = None,
        manner: Manner = USUAL,
        max_imagined: int = MAX_IMAGINED,
    ) -> Thought[SomeMemory]:
        """Think about problems and answer them.

        Args:
            problems: A batch of the task, or integers as an array, a tensor or nested lists:
                ``(B, H, W)`` grids of ``thinkenv.mazes.generate(...)``, planes ``(B, 17, 8, 8)`` of
                chess puzzles, or bits ``(B, W)`` of prefix sums. One problem alone, without the
                first axis, gives a thought without it.
            iterations: How often to run the recurrent block; or ``"converged"`` to stop each
                problem when its memory has stopped changing; by default as often as in training.
            memory: ``(B, M, H, W)`` to go on from, by default the empty memory. (Of one problem
                alone without the first axis, as in its thought.)
            max_iterations: Where to give up with ``iterations="converged"``; by default after as
                many iterations as a board has cells, and 100,000 at least.
            tolerance: The largest change of a memory, whose numbers lie between -1 and 1, that
                counts as none.
            progress: Called with the number of problems done since the last call; those whose
                positions are imagined are done after that.
            imagine: How many positions to imagine of each problem after that, at most 1,000,000:
                see ``thinkenv.deep_thinking.imagination``; or ``"settled"`` to stop each problem
                when it is plain what to play: see ``settle``. Only nets that can do so.
            manner: How they are imagined.
            max_imagined: Where to give up with ``imagine="settled"``.

        Raises:
            ValueError: If ``problems``, ``iterations``, ``memory``, ``imagine`` or ``max_imagined``
                are not of that form, or the net cannot imagine.
            TypeError: If ``max_imagined`` is no integer.
        """
        if imagine is not None:
            self._check_imagining(imagine, max_imagined)  # before anything takes time
        problems = self.codec.as_array(problems)
        if problems.ndim == self.codec.problem_axes:
            if memory is not None:
                memory = memories.transform(lambda tensor: tensor[None], memory)
            limits = (iterations, memory, max_iterations, tolerance, progress)
            return first_of(self.think(problems[None], *limits, imagine, manner, max_imagined))
        if iterations is None:
            iterations = self.training_iterations
        stopping: Stopping = "fixed"
        if iterations == "converged":
            if max_iterations is None:
                max_iterations = max(MAX_ITERATIONS, math.prod(self.codec.board(problems)))
            limit, stop_below, stopping = max_iterations, tolerance, "converged"
        elif isinstance(iterations, (int, np.integer)) and iterations >= 0:
            limit, stop_below = int(iterations), 0.0
        else:
            raise ValueError(
                f"iterations must be an integer of at least 0 or 'converged', got {iterations!r}"
            )
        if problems.shape[:1] == (0,):
            raise ValueError("problems must hold at least one, got none")
        if memory is not None:
            self._check_memory(problems, memory)
        parts = []
        for chunk in self.chunks(problems):
            first = None if memory is None else memories.choose(memory, chunk)
            rollout = self.start(problems[chunk], first)
            ending = rollout.run(limit, stop_below)
            has_converged = ending.residuals <= tolerance
            # With a fixed number, those that left early would have stayed as they were.
            run = ending.iterations if stop_below else torch.full_like(ending.iterations, limit)
            numbers = (run, has_converged, torch.where(has_converged, 1, ending.cycle))
            told = (tensor.cpu().numpy() for tensor in numbers)
            parts.append((self._decode(ending.memory, problems[chunk]), *told, ending.memory))
            if progress is not None and imagine is None:
                progress(len(problems[chunk]))
        *columns, memory_parts = zip(*parts, strict=True)
        answer, spent, converged, cycle = map(np.concatenate, columns)
        thought = Thought(
            answer,
            spent,
            converged,
            cycle,
            memories.concatenate(memory_parts),
            stopping,
            limit if stopping == "fixed" else None,
            problems.copy(),  # the caller's array may be filled with other problems
            self.task,
        )
        if imagine is None:
            return thought
        if imagine == "settled":
            return self.settle(thought, max_imagined, manner, progress)
        return self.imagine_at(thought, [imagine], manner, progress)[0]

    def _check_imagining(self, imagine: Imagine, max_imagined: int) -> None:
        """Check what ``think`` was told of imagining; raises as said there."""
        imagining(self.net)
        check_integer("max_imagined", max_imagined, 1, MOST_IMAGINED)
        is_settled = isinstance(imagine, str) and imagine == "settled"
        if not is_settled and not is_number_to_imagine(imagine):
            raise ValueError(
                f"imagine must be an integer from 1 to {MOST_IMAGINED} or 'settled', got "
                f"{imagine!r}"
            )

    def imagine_at(
        self,
        thought: Thought[SomeMemory],
        points: Sequence[int],
        manner: Manner = USUAL,
        progress: Callable[[int], object] | None = None,
    ) -> list[Thought[SomeMemory]]:
        """Go on from a thought by imagining positions; note what is thought at several numbers.

        Args:
            thought: About several problems.
            points: Increasing numbers of imagined positions, from 1 to 1,000,000.
            manner: How they are imagined.
            progress: Called with the number of problems done since the last call.

        Returns:
            The thought after each number.

        Raises:
            ValueError: If the numbers do not increase, the thought is about one problem without its
                first axis, or the net cannot imagine.
        """
        wanted = list(points)
        are_numbers = all(map(is_number_to_imagine, wanted))
        if not wanted or not are_numbers or wanted != sorted(set(wanted)):
            raise ValueError(
                f"imagine must be increasing integers from 1 to {MOST_IMAGINED}, got {wanted}"
            )
        net = self._imagining(thought)
        from thinkenv.deep_thinking.imagination.going_on import go_on_from  # loads chess

        with self.acceleration.mixed(self.device):
            return go_on_from(
                net, self.codec, thought, wanted, manner, progress or (lambda done: None)
            )

    def settle(
        self,
        thought: Thought[SomeMemory],
        max_imagined: int = MAX_IMAGINED,
        manner: Manner = USUAL,
        progress: Callable[[int], object] | None = None,
    ) -> Thought[SomeMemory]:
        """Go on from a thought by imagining, about each problem until it is plain what to answer.

        A tree has settled where the move that is played leads all others by
        ``manner.settled_lead`` imagined positions, or mates for certain, or is the only one; that
        is looked at once in a few positions. What is played then is what would be played after just
        so many positions, had that number been asked for.

        Args:
            thought: About several problems.
            max_imagined: Where to give up on trees that do not settle, at least 1.
            manner: How positions are imagined, and what settled means.
            progress: Called with the number of problems done since the last call.

        Returns:
            The thought; ``imagined`` and ``settled`` tell how each problem ended.

        Raises:
            ValueError: If ``max_imagined`` is out of range, the thought is about one problem
                without its first axis, or the net cannot imagine.
            TypeError: If ``max_imagined`` is no integer.
        """
        most = check_integer("max_imagined", max_imagined, 1, MOST_IMAGINED)
        net = self._imagining(thought)
        from thinkenv.deep_thinking.imagination.going_on import settle_from  # loads chess

        with self.acceleration.mixed(self.device):
            return settle_from(
                net, self.codec, thought, most, manner, progress or (lambda done: None)
            )

    def _imagining(self, thought: Thought[SomeMemory]) -> ImaginingNet:
        """The net, which can imagine, to go on from a thought about several problems.

        Raises:
            ValueError: If it cannot, or the thought is about one without its first axis.
        """
        net = imagining(self.net)
        if np.ndim(thought.iterations) == 0:
            raise ValueError(
                "thought must be about several problems, got one without its first axis"
            )
        return net

    def think_at(self, problems: Problems, iterations: Sequence[int]) -> list[Answers]:
        """Think once, and note the answers at several numbers of iterations on the way.

        The memory this needs does not grow with the number of iterations.

        Args:
            problems: As of ``think``.
            iterations: Increasing numbers of iterations at which answers are noted, from 1.

        Returns:
            The answers at each number, whether each memory had stopped changing, and the seconds
            that thinking took up to there.

        Raises:
            ValueError: If the numbers do not increase.
        """
        points = list(iterations)
        if not points or points != sorted(set(points)) or points[0] < 1:
            raise ValueError(f"iterations must be increasing integers from 1, got {points}")
        found: list[Answers] = []
        memory: SomeMemory | None = None
        began = time.perf_counter()
        for earlier, point in itertools.pairwise([0, *points]):
            thought = self.think(problems, point - earlier, memory)
            memory = thought.memory
            told = (thought.answer, point, thought.converged, time.perf_counter() - began)
            found.append(Answers(*told, stopping="fixed", requested=point))
        return found

    def rank(
        self,
        position: Any,
        iterations: Iterations | None = None,
        imagine: Imagine | None = None,
    ) -> Any:
        """Rank the legal moves of chess positions of one's own.

        Args:
            position: A FEN, a ``chess.Board``, or a list of them.
            iterations: How long to think; as of ``think``.
            imagine: How many positions to imagine after that; as of ``think``.

        Returns:
            For each position a list of its legal moves, ``RankedMove(move, probability)``, the most
            probable first: ``move`` in UCI notation as it is played on the real board, and
            probabilities that sum to 1. After imagining, they are shares of ``Trees.scores``: how
            often each move was looked into, where more counts what was found there; and of moves
            that were no candidates they are 0. Agents that name two squares mean the queen
            where a pawn promotes: of the promotions over the same squares the others have 0. There
            are no moves in checkmate and stalemate. A list of positions gives a list of such lists.

        Raises:
            ValueError: If the agent is of a task without moves to rank, a position is not a
                possible one, ``iterations`` or ``imagine`` is not allowed, or the net cannot
                imagine.
            TypeError: If something is no position.
        """
        return self.codec.rank(
            position,
            lambda problems: self.preferences(self.think(problems, iterations, imagine=imagine)),
        )

    @torch.no_grad()
    def preferences(self, thought: Thought[SomeMemory]) -> np.ndarray:
        """What the agent prefers, ``(B, …)``, after a thought: see ``Task.play``."""
        if thought.preferences is not None:
            return thought.preferences
        logits = self.net.decode(thought.memory)
        return self.codec.preferences(logits, thought.problems).cpu().numpy()

    @torch.no_grad()
    def _decode(self, memory: SomeMemory, problems: np.ndarray) -> np.ndarray:
        return self.codec.decode(self.net.decode(memory), problems).cpu().numpy()

    def _check_memory(self, problems: np.ndarray, memory: SomeMemory) -> None:
        """Check that a memory to go on from is one of this net for these problems.

        Raises:
            ValueError: If its shapes are others.
        """
        with torch.no_grad():
            like = self.net.start(self.codec.encode(problems[:1], self.device))
        like = memories.transform(lambda one: one.expand(len(problems), *one.shape[1:]), like)
        expected, got = memories.shape_of(like), memories.shape_of(memory)
        if got != expected:
            raise ValueError(f"memory must have shape {expected}, got {got}")


def is_number_to_imagine(value: Any) -> bool:
    """Whether something is a number of positions that can be imagined."""
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_))
    return is_integer and 1 <= value <= MOST_IMAGINED


def first_of(thought: Thought[SomeMemory]) -> Thought[SomeMemory]:
    """The thought about the first problem, without the axis that counts problems."""
    columns = {
        name: getattr(thought, name)[0]
        for name in ("answer", "iterations", "converged", "cycle", "problems")
    }
    for name in ("imagined", "preferences", "lines", "settled"):
        of_all = getattr(thought, name)
        columns[name] = None if of_all is None else of_all[0]
    memory = memories.transform(lambda tensor: tensor[0], thought.memory)
    return replace(thought, memory=memory, **columns)
