"""An agent: a trained net that thinks about problems for as long as it is asked to."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .active_tiles import ActiveTiles, roll_out_tiles
from .tasks import task_class

# A thought is compared with the one before only so often, because comparing makes the processor
# wait for the device.
CHECK_EVERY = 16
# A memory has stopped changing when none of its numbers, which lie between -1 and 1, moves by
# more than this in one iteration.
TOLERANCE = 1e-3
# Where to give up on a thought that never stops changing.
MOST_ITERATIONS = 30_000

# Cells thought about at a time: few enough for the processor's caches, or enough to fill a GPU.
CELLS_PER_CHUNK = {"cpu": 60_000, "cuda": 4_000_000}


@dataclass
class Thought:
    """Where thinking led, for each of B problems.

    Attributes:
        answer: ``(B, H, W)`` uint8, the answer that the memory holds.
        iterations: ``(B,)`` int64, iterations spent in this call.
        converged: ``(B,)`` bool, whether the memory had stopped changing at the end.
        memory: ``(B, M, H, W)``, to go on from with ``agent.think(problems, memory=...)``.
    """

    answer: np.ndarray
    iterations: np.ndarray
    converged: np.ndarray
    memory: Tensor


@torch.no_grad()
def roll_out(
    net: nn.Module, seen: Tensor, memory: Tensor, iterations: int, stop_below: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Run the recurrent block; problems whose memory has stopped changing leave the batch.

    Args:
        net: The net.
        seen: ``(B, N, H, W)``, what the net perceives of the problems.
        memory: ``(B, M, H, W)`` to start from; not changed.
        iterations: The most iterations to run.
        stop_below: A problem stops when no number of its memory changed by more than this in the
            last iteration. With 0.0 the result is exactly that of running them all, since a
            memory that an iteration left as it was stays so for ever.

    Returns:
        The memories ``(B, M, H, W)``, the largest last change of each ``(B,)``, and the
        iterations run on each ``(B,)``.
    """
    if ActiveTiles.fits(net, *memory.shape[2:]):
        return roll_out_tiles(net, seen, memory, iterations, stop_below, CHECK_EVERY)
    memory = memory.clone()
    changes = torch.full((len(memory),), torch.inf, device=memory.device)
    spent = torch.zeros(len(memory), dtype=torch.int64, device=memory.device)
    active = torch.arange(len(memory), device=memory.device)
    thought = memory
    done = 0
    while done < iterations and len(active):
        for _ in range(min(CHECK_EVERY, iterations - done)):
            before = thought
            thought = net.step(thought, seen)
            done += 1
        change = (thought - before).abs().amax(dim=(1, 2, 3))
        going_on = change > stop_below
        all_go_on = bool(going_on.all())
        if not all_go_on or done == iterations:
            memory[active] = thought
            changes[active] = change
            spent[active] = done
        if not all_go_on:
            active = active[going_on]
            thought = thought[going_on].contiguous(memory_format=torch.channels_last)
            seen = seen[going_on].contiguous(memory_format=torch.channels_last)
    return memory, changes, spent


class Agent:
    """A net with its task, ready to think.

    Args:
        net: The net; it is moved to ``device`` and put in evaluation mode.
        task: The task's name, a key of ``TASKS``.
        training_iterations: The most iterations the net was trained to take.
        device: Where to think.
        description: What is known of the agent (its command, commit, seed, …).
    """

    def __init__(
        self,
        net: nn.Module,
        task: str,
        training_iterations: int,
        device: torch.device | str = "cpu",
        description: dict[str, Any] | None = None,
    ):
        self.task = task_class(task)
        self.device = torch.device(device)
        # Channels last is the layout in which convolutions run fastest, on CPUs as on GPUs.
        self.net = net.to(self.device, memory_format=torch.channels_last).eval()
        self.training_iterations = training_iterations
        self.description = description or {}

    @torch.no_grad()
    def _chunks(self, problems: np.ndarray, memory: Tensor | None) -> Iterator[tuple]:
        """Problems in chunks of a handy size: index, what is seen, and first memory of each."""
        cells = int(np.prod(problems.shape[-2:], dtype=np.int64))
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
        expected = (len(problems), self.net.memory_channels, *problems.shape[-2:])
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
            problems: uint8, ``(B, H, W)`` grids of ``thinkenv.mazes.generate(...)``, or planes
                ``(B, 17, 8, 8)`` of chess puzzles.
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
            last, change, spent = roll_out(self.net, seen, first, limit, stop_below)
            if stop_below == 0.0:  # those that left early would have stayed as they were
                spent = torch.full_like(spent, limit)
            parts.append((self._read(last, read), spent.cpu(), (change <= tolerance).cpu(), last))
            if progress is not None:
                progress(len(problems[index]))
        if not parts:
            raise ValueError("problems is empty: needs at least one")
        answers, spents, convergeds, memories = zip(*parts, strict=True)
        return Thought(
            np.concatenate(answers),
            torch.cat(spents).numpy(),
            torch.cat(convergeds).numpy(),
            torch.cat(memories),
        )

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
                memory, change, _ = roll_out(self.net, seen, memory, stage - done, 0.0)
                done = stage
                answers[place].append(self._read(memory))
                convergeds[place].append((change <= TOLERANCE).cpu().numpy())
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
