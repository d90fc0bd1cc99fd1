"""An agent: a trained net that thinks about problems for as long as it is asked to."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .acceleration import PLAIN, Acceleration, GraphedIterations, iterate
from .active_cells import ROUNDING, ActiveCells
from .limits import COMPARE_EVERY, Returns, cycle_lengths
from .tasks import task_class

# A thought is compared with the one before only so often, because comparing makes the processor
# wait for the device.
CHECK_EVERY = 16
# A memory has stopped changing when none of its numbers, which lie between -1 and 1, moves by
# more than this in one iteration.
TOLERANCE = 1e-3
# Where to give up on a thought that never stops changing.
MOST_ITERATIONS = 100_000

# Cells thought about at a time: few enough for the processor's caches, or enough to fill a GPU.
CELLS_PER_CHUNK = {"cpu": 60_000, "cuda": 4_000_000}


@dataclass
class Thought:
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
    memory: Tensor


@dataclass
class RollOut:
    """What iterating led to, for each of B problems.

    Attributes:
        memory: ``(B, M, H, W)``.
        change: ``(B,)``, the largest last change of a number of the memory.
        cycle: ``(B,)`` int64: 1 where that is none, the length of a cycle, or 0.
        iterations: ``(B,)`` int64, the iterations run.
    """

    memory: Tensor
    change: Tensor
    cycle: Tensor
    iterations: Tensor


@torch.no_grad()
def roll_out(
    net: nn.Module,
    seen: Tensor,
    memory: Tensor,
    iterations: int,
    stop_below: float,
    run: Callable | None = None,
) -> RollOut:
    """Run the recurrent block; problems that have come to a fixed point or a cycle leave the batch.

    Args:
        net: The net.
        seen: ``(B, N, H, W)``, what the net perceives of the problems.
        memory: ``(B, M, H, W)`` to start from; not changed.
        iterations: The most iterations to run.
        stop_below: A problem stops when no number of its memory changed by more than this in the
            last iteration, or since it was in the same place before. With 0.0 the result is
            that of running all iterations: a memory that one of them left as it was stays so for
            ever, and cycles are not looked for. Where only active cells are iterated, numbers may
            differ from it by about ``ROUNDING``.
        run: As of ``start_thought``.
    """
    batch, device = len(memory), memory.device
    thought = start_thought(net, seen, memory, run)
    change = torch.full((batch,), torch.inf, device=device)
    ago = torch.zeros(batch, dtype=torch.int64, device=device)
    spent = torch.zeros(batch, dtype=torch.int64, device=device)
    last = memory.clone()
    active = torch.arange(batch, device=device)
    returns = Returns(memory, stop_below)
    done = 0
    while done < iterations and len(active):
        some = min(CHECK_EVERY, iterations - done)
        thought.advance(some)
        done += some
        going_on = thought.changes > stop_below
        if stop_below > 0 and done % COMPARE_EVERY == 0:
            found = returns.look(thought.memory, done) * going_on
            ago[active] = found
            going_on &= found == 0
        if done == iterations or not bool(going_on.all()):
            last[active] = thought.memory
            change[active] = thought.changes
            spent[active] = done
            active = active[going_on]
            thought.keep(going_on)
            returns.keep(going_on)
    cycle = (change <= stop_below).long()
    cycling = ago > 0
    if bool(cycling.any()):
        cycle[cycling] = cycle_lengths(net, seen[cycling], last[cycling], ago[cycling], stop_below)
    return RollOut(last, change, cycle, spent)


class EveryCell:
    """The memory of a batch of problems, iterated everywhere.

    It has the methods of ``ActiveCells``, for problems too small for that to pay.

    Args:
        run: What runs iterations, as ``acceleration.iterate`` does.
        seen: ``(B, N, H, W)``, what the net perceives of the problems.
        memory: ``(B, M, H, W)`` to start from.
    """

    def __init__(self, run: Callable, seen: Tensor, memory: Tensor):
        self.run = run
        self.seen = seen
        self.memory = memory
        self.changes = torch.full((len(memory),), torch.inf, device=memory.device)

    def advance(self, iterations: int) -> None:
        """Run so many iterations."""
        self.memory, self.changes = self.run(self.memory, self.seen, iterations)

    def keep(self, chosen: Tensor) -> None:
        """Go on with some of the problems only, ``(B,)`` bool."""
        self.memory = self.memory[chosen].contiguous(memory_format=torch.channels_last)
        self.seen = self.seen[chosen].contiguous(memory_format=torch.channels_last)
        self.changes = self.changes[chosen]


def start_thought(
    net: nn.Module, seen: Tensor, memory: Tensor, run: Callable | None = None
) -> ActiveCells | EveryCell:
    """A memory ``(B, M, H, W)`` to be iterated, where it changes if that pays.

    Args:
        net: The net.
        seen: ``(B, N, H, W)``, what it perceives of the problems.
        memory: ``(B, M, H, W)`` to start from.
        run: What runs iterations everywhere, where an acceleration is to be used.
    """
    if run is None and ActiveCells.fits(net, *memory.shape[2:]):
        return ActiveCells(net, seen, memory, ROUNDING)
    return EveryCell(run or partial(iterate, net.step), seen, memory)


class Agent:
    """A net with its task, ready to think.

    Args:
        net: The net; it is moved to ``device`` and put in evaluation mode.
        task: The task's name, a key of ``TASKS``.
        training_iterations: The most iterations the net was trained to take.
        device: Where to think.
        description: What is known of the agent (its command, commit, seed, …).
        acceleration: How iterations are to be run faster; not at all by default.

    Raises:
        ValueError: If the acceleration cannot be used on this device.
    """

    def __init__(
        self,
        net: nn.Module,
        task: str,
        training_iterations: int,
        device: torch.device | str = "cpu",
        description: dict[str, Any] | None = None,
        acceleration: Acceleration = PLAIN,
    ):
        self.task = task_class(task)
        self.device = torch.device(device)
        acceleration.check(self.device)
        # Channels last is the layout in which convolutions run fastest, on CPUs as on GPUs.
        self.net = net.to(self.device, memory_format=torch.channels_last).eval()
        self.training_iterations = training_iterations
        self.description = description or {}
        self.run = None
        if not acceleration.is_plain:
            step = acceleration.step_of(self.net)
            self.run = (
                GraphedIterations(step) if acceleration.cuda_graphs else partial(iterate, step)
            )

    @torch.no_grad()
    def _chunks(self, problems: np.ndarray, memory: Tensor | None) -> Iterator[tuple]:
        """Problems in chunks of a handy size: index, what is seen, and first memory of each."""
        cells = int(np.prod(self.task.board(problems), dtype=np.int64))
        per_chunk = max(1, CELLS_PER_CHUNK.get(self.device.type, 60_000) // max(1, cells))
        for begin in range(0, len(problems), per_chunk):
            index = slice(begin, begin + per_chunk)
            inputs = self.task.encode(problems[index], self.device)
            if memory is None:
                first = self.net.empty_memory(inputs)
            else:
                first = memory[index].to(self.device)
            yield (
                index,
                self.net.perceive(inputs),
                first.contiguous(memory_format=torch.channels_last),
            )

    def _check_memory(self, problems: np.ndarray, memory: Tensor | None) -> None:
        if memory is None:
            return
        expected = (len(problems), self.net.memory_channels, *self.task.board(problems))
        if tuple(memory.shape) != expected:
            raise ValueError(f"memory has shape {tuple(memory.shape)}: needs {expected}")

    def think(
        self,
        problems: np.ndarray,
        iterations: int | str | None = None,
        memory: Tensor | None = None,
        most_iterations: int = MOST_ITERATIONS,
        tolerance: float = TOLERANCE,
        progress: Callable[[int], None] | None = None,
        read: Callable[[Tensor], Tensor] | None = None,
    ) -> Thought:
        """Think about problems and answer them.

        Args:
            problems: uint8, ``(B, H, W)`` grids of ``thinkenv.mazes.generate(...)``, planes
                ``(B, 17, 8, 8)`` of chess puzzles, or bits ``(B, W)`` of prefix sums.
            iterations: How often to run the recurrent block; or ``"converged"`` to stop each
                problem when its memory has stopped changing; by default as often as in training.
            memory: ``(B, M, H, W)`` to go on from, by default the empty memory.
            most_iterations: Where to give up with ``iterations="converged"``.
            tolerance: The largest change of a memory, whose numbers lie between -1 and 1, that
                counts as none.
            progress: Called with the number of problems done since the last call.
            read: What to make of the logits ``(B, K, H, W)`` instead of an answer.

        Raises:
            ValueError: If ``problems``, ``iterations`` or ``memory`` are not of that form.
        """
        problems = np.asarray(problems)
        if iterations is None:
            iterations = self.training_iterations
        if iterations == "converged":
            limit, stop_below = most_iterations, tolerance
        elif isinstance(iterations, (int, np.integer)) and iterations >= 0:
            limit, stop_below = int(iterations), 0.0
        else:
            raise ValueError(
                f"iterations={iterations!r}: allowed are whole numbers from 0 and 'converged'"
            )
        self._check_memory(problems, memory)
        parts = []
        for index, seen, first in self._chunks(problems, memory):
            end = roll_out(self.net, seen, first, limit, stop_below, self.run)
            spent = end.iterations
            if stop_below == 0.0:  # those that left early would have stayed as they were
                spent = torch.full_like(spent, limit)
            at_rest = end.change <= tolerance
            cycle = torch.where(at_rest, 1, end.cycle)
            answer = self._read(end.memory, read)
            parts.append((answer, spent.cpu(), at_rest.cpu(), cycle.cpu(), end.memory))
            if progress is not None:
                progress(len(problems[index]))
        if not parts:
            raise ValueError("problems is empty: needs at least one")
        answers, *numbers, memories = zip(*parts, strict=True)
        spent, at_rest, cycle = (torch.cat(column).numpy() for column in numbers)
        return Thought(np.concatenate(answers), spent, at_rest, cycle, torch.cat(memories))

    def think_in_stages(
        self,
        problems: np.ndarray,
        stages: Sequence[int],
        clock: Callable[[], float],
        progress: Callable[[int], None] | None = None,
    ) -> list[tuple[np.ndarray, np.ndarray, float]]:
        """Think once, and note the answers at several numbers of iterations on the way.

        The memory this needs does not grow with the number of iterations.

        Args:
            problems: As of ``think``.
            stages: Increasing numbers of iterations at which to look.
            clock: Gives the time in seconds.
            progress: Called with the number of problems done since the last call.

        Returns:
            For each stage the answers ``(B, H, W)``, whether each memory had stopped changing
            ``(B,)``, and the seconds that thinking took up to there.
        """
        stages = list(stages)
        if not stages or stages != sorted(set(stages)) or stages[0] < 1:
            raise ValueError(f"stages={stages}: needs increasing whole numbers from 1")
        answers = [[] for _ in stages]
        convergeds = [[] for _ in stages]
        seconds = [0.0 for _ in stages]
        for index, seen, memory in self._chunks(problems, None):
            began = clock()
            done = 0
            for place, stage in enumerate(stages):
                end = roll_out(self.net, seen, memory, stage - done, 0.0, self.run)
                memory = end.memory
                done = stage
                answers[place].append(self._read(memory))
                convergeds[place].append((end.change <= TOLERANCE).cpu().numpy())
                seconds[place] += clock() - began
            if progress is not None:
                progress(len(problems[index]))
        return [
            (np.concatenate(answers[place]), np.concatenate(convergeds[place]), seconds[place])
            for place in range(len(stages))
        ]

    @torch.no_grad()
    def watch(self, problems: np.ndarray, stages: Sequence[int]) -> Iterator[tuple]:
        """Think, and look at what the agent believes on the way.

        Args:
            problems: As of ``think``, few enough to be thought about at once.
            stages: Increasing numbers of iterations at which to look; 0 is before the first.

        Yields:
            ``(iterations, probabilities, answers)``: ``(B, H, W)`` float32, how probable the agent
            thinks it is that each cell belongs to the answer, and its answers ``(B, H, W)`` uint8.
        """
        inputs = self.task.encode(np.asarray(problems), self.device)
        memory = self.net.empty_memory(inputs).contiguous(memory_format=torch.channels_last)
        seen = self.net.perceive(inputs)
        done = 0
        for stage in stages:
            for _ in range(stage - done):
                memory = self.net.step(memory, seen)
            done = stage
            logits = self.net.read(memory)
            probabilities = self.task.probabilities(logits).cpu().numpy()
            yield stage, probabilities, self.task.answer(logits).cpu().numpy()

    @torch.no_grad()
    def _read(self, memory: Tensor, read: Callable[[Tensor], Tensor] | None = None) -> np.ndarray:
        return (read or self.task.answer)(self.net.read(memory)).cpu().numpy()
