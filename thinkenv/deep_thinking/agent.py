"""An agent: a trained net that thinks about problems for as long as one likes."""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal

import numpy as np
import torch

from thinkenv.deep_thinking.architectures.base import Architecture
from thinkenv.deep_thinking.codecs.base import AnyCodec
from thinkenv.deep_thinking.rollout import memories
from thinkenv.deep_thinking.rollout.acceleration import PLAIN, Acceleration
from thinkenv.deep_thinking.rollout.memories import SomeMemory
from thinkenv.deep_thinking.rollout.rollout import Rollout
from thinkenv.suites import Answers
from thinkenv.tasks.base import AnyTask

# A memory has converged when none of its numbers, which lie between -1 and 1, moves by more than
# this in one iteration.
TOLERANCE = 1e-3
# Where to give up on a thought that never stops changing.
MAX_ITERATIONS = 100_000

# Cells thought about at a time: few enough for the processor's caches, or enough to fill a GPU.
CELLS_PER_CHUNK = {"cpu": 60_000, "cuda": 4_000_000}

# How long to think: a number of iterations, or until each memory has converged.
Iterations = int | Literal["converged"]


@dataclass
class Thought(Generic[SomeMemory]):
    """Where thinking led, for each of B problems.

    Attributes:
        answer: ``(B, H, W)`` uint8, the answer that the memory holds; ``(B, W)`` for strings.
        iterations: ``(B,)`` int64, iterations spent in this call.
        converged: ``(B,)`` bool, whether the memory had stopped changing at the end.
        cycle: ``(B,)`` int64, what the memory had got to: 1 for a fixed point, the length of a
            cycle in which it goes round, or 0 where it was still on its way. Cycles are looked for
            only where thinking is to go on until the memory has converged.
        memory: ``(B, M, H, W)``, to go on from with ``agent.think(problems, memory=...)``.
    """

    answer: np.ndarray
    iterations: np.ndarray
    converged: np.ndarray
    cycle: np.ndarray
    memory: SomeMemory


class Agent(Generic[SomeMemory]):
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
        is_plain = acceleration == PLAIN
        self._step_many = None if is_plain else acceleration.step_many(self.net.step)

    @property
    def task(self) -> type[AnyTask]:
        """The class of the task."""
        return self.codec.task

    @property
    def name(self) -> str:
        """What the agent is called in rows: its name or folder."""
        return str(self.description.get("name", "unnamed"))

    def __repr__(self) -> str:
        return (
            f"Agent({self.name!r}, task={self.task.name!r}, architecture={self.net.name!r}, "
            f"training_iterations={self.training_iterations})"
        )

    def chunk_size(self, problems: np.ndarray) -> int:
        """How many problems ``(B, …)`` fit the processor's caches, or fill a GPU."""
        cells = max(1, int(np.prod(self.codec.board(problems), dtype=np.int64)))
        budget = CELLS_PER_CHUNK.get(self.device.type, CELLS_PER_CHUNK["cpu"])
        return max(1, budget // cells)

    def chunks(self, problems: np.ndarray) -> Iterator[slice]:
        """Problems ``(B, …)`` in chunks of ``chunk_size``."""
        size = self.chunk_size(problems)
        for begin in range(0, len(problems), size):
            yield slice(begin, begin + size)

    def start(
        self, problems: np.ndarray, memory: SomeMemory | None = None, everywhere: bool = False
    ) -> Rollout[SomeMemory]:
        """Begin to think about problems; the rollout is advanced and looked at as one likes.

        Args:
            problems: As of ``think``, all of which are thought about at once: see ``chunks``.
            memory: ``(B, …)`` to go on from, by default the net's first memory.
            everywhere: Compute all of the memory in every iteration, even where that does not pay.

        Raises:
            ValueError: If ``problems`` or ``memory`` are not of that form.
        """
        return Rollout(
            self.net, self.codec, problems, self.device, memory, self._step_many, everywhere
        )

    def think(
        self,
        problems: np.ndarray,
        iterations: Iterations | None = None,
        memory: SomeMemory | None = None,
        max_iterations: int = MAX_ITERATIONS,
        tolerance: float = TOLERANCE,
        progress: Callable[[int], object] | None = None,
    ) -> Thought[SomeMemory]:
        """Think about problems and answer them.

        Args:
            problems: uint8, ``(B, H, W)`` grids of ``thinkenv.mazes.generate(...)``, planes
                ``(B, 17, 8, 8)`` of chess puzzles, or bits ``(B, W)`` of prefix sums.
            iterations: How often to run the recurrent block; or ``"converged"`` to stop each
                problem when its memory has stopped changing; by default as often as in training.
            memory: ``(B, M, H, W)`` to go on from, by default the empty memory.
            max_iterations: Where to give up with ``iterations="converged"``.
            tolerance: The largest change of a memory, whose numbers lie between -1 and 1, that
                counts as none.
            progress: Called with the number of problems done since the last call.

        Raises:
            ValueError: If ``problems``, ``iterations`` or ``memory`` are not of that form.
        """
        problems = np.asarray(problems)
        if iterations is None:
            iterations = self.training_iterations
        if iterations == "converged":
            limit, stop_below = max_iterations, tolerance
        elif isinstance(iterations, (int, np.integer)) and iterations >= 0:
            limit, stop_below = int(iterations), 0.0
        else:
            raise ValueError(
                f"iterations must be an integer of at least 0 or 'converged', got {iterations!r}"
            )
        if len(problems) == 0:
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
            parts.append((self._decode(ending.memory), *told, ending.memory))
            if progress is not None:
                progress(len(problems[chunk]))
        *columns, memory_parts = zip(*parts, strict=True)
        answer, spent, converged, cycle = map(np.concatenate, columns)
        return Thought(answer, spent, converged, cycle, memories.concatenate(memory_parts))

    def think_at(self, problems: np.ndarray, iterations: Sequence[int]) -> list[Answers]:
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

    @torch.no_grad()
    def preferences(self, memory: SomeMemory) -> np.ndarray:
        """What the agent prefers, ``(B, …)``, by the memory of a thought: see ``Task.play``."""
        return self.codec.preferences(self.net.decode(memory)).cpu().numpy()

    @torch.no_grad()
    def _decode(self, memory: SomeMemory) -> np.ndarray:
        return self.codec.decode(self.net.decode(memory)).cpu().numpy()

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
