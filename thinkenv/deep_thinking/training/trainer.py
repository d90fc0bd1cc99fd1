"""Incremental progressive training: learn to make progress from any thought, not only from none.

In the literature (Bansal et al. 2022, arXiv 2202.05826) the net first runs some iterations
without gradient, and then learns to get to the answer from there in the iterations that follow.
Here each of the problems trained on occupies a slot of a rollout buffer, and a slot's rollout
starts from what its memory was at the end of the last step:

- ``empty``: a new problem, from the empty memory;
- ``continued``: the same problem, thought about further;
- ``changed``: almost the same problem (in mazes, other endpoints): the old answer is in the way;
- ``foreign``: a new problem, from the thought about another one;
- ``random``: a new problem, from uniform noise.

Training has two phases. Short rollouts find out cheaply what to do. Long rollouts, with the
gradient through all their iterations, from every kind of memory, then make the rule right wherever
it starts and however long it runs. There,

- only a random part of the cells is updated in an iteration, so that the rule cannot rely on the
  time at which information arrives (on larger problems it arrives later), nor flicker in step;
- noise is put on the memory on the way, so that small errors die out instead of spreading;
- a small penalty on the memory's residual, its last change, makes it converge.

Before the iterations with a gradient there may be some without, as in the literature.

Random updates and noise belong to training alone; an agent that thinks updates every cell.

Shapes: C problems in the slots of this process, H x W cells, M memory channels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.optim.swa_utils import AveragedModel

from thinkenv.deep_thinking.architectures.base import AnyArchitecture
from thinkenv.deep_thinking.architectures.equivariance import drop_parametrizations, plain_state
from thinkenv.deep_thinking.codecs.base import AnyCodec
from thinkenv.deep_thinking.rollout import memories
from thinkenv.deep_thinking.rollout.acceleration import PLAIN, Acceleration
from thinkenv.deep_thinking.rollout.memories import Memory
from thinkenv.deep_thinking.training.plan import Plan
from thinkenv.deep_thinking.training.state import (
    check_average,
    check_memory,
    check_problems,
    check_steps,
    check_tensors_like,
    checked_optimiser,
)
from thinkenv.tasks.base import AnyTask, InstanceBatch
from thinkenv.tasks.seeds import instances_of_seed

# Without recall the problem is only in the memory, so only its own memory can be continued.
NO_RECALL_STARTS = ("empty", "continued", "continued", "continued")

# Noise comes in every so many iterations.
NOISE_EVERY = 4


@dataclass
class RolloutBuffer:
    """The problems in training and the memories of them.

    There are ``plan.batch`` slots, of which a process holds the ``count`` slots from ``first`` on.
    A slot's problem and start depend on the seed, the step and its number in the whole batch
    alone, so that training is the same however many processes share it.
    """

    task: AnyTask
    codec: AnyCodec
    plan: Plan
    seed: int
    first: int
    count: int
    recall: bool
    device: torch.device = torch.device("cpu")
    problems: InstanceBatch | None = None  # as long as count
    memory: Memory | None = None  # (C, …), detached
    stream: torch.Generator | None = None  # of random numbers, new in every step

    def starts(self, step: int) -> np.ndarray:
        """The kind of start of each slot in this step, ``(C,)`` strings."""
        cycle: tuple[str, ...]
        if not self.plan.progressive or step == 0:
            cycle = ("empty",)
        elif not self.recall:
            cycle = NO_RECALL_STARTS
        else:
            is_short = step < self.plan.short_steps
            cycle = self.plan.short_starts if is_short else self.plan.long_starts
        slots = self.first + np.arange(self.count)
        return np.array(cycle)[(slots + step) % len(cycle)]

    def advance(self, step: int, net: AnyArchitecture) -> tuple[Tensor, Memory]:
        """Move every slot to its problem and first memory of this step.

        Returns:
            Inputs ``(C, I, H, W)`` and memories ``(C, …)``; ``self.problems`` are the problems.
        """
        starts = self.starts(step)
        self.problems = self.next_problems(step, self.problems)
        self.stream = torch.Generator(self.device).manual_seed(self.seed * 1_000_003 + step)
        inputs = self.codec.encode(self.problems.problems, self.device)
        is_empty, is_random = (
            torch.from_numpy(starts == start).to(self.device) for start in ("empty", "random")
        )

        def first_memory(empty: Tensor, earlier: Tensor, counts: bool) -> Tensor:
            over_slots = (-1, *[1] * (empty.ndim - 1))  # (C, 1, …)
            memory = torch.where(is_empty.view(over_slots), empty, earlier)
            # Drawn in every step, so that what later numbers are does not depend on the starts.
            uniform = self.random(torch.rand, empty.shape[1:])
            if counts:  # of all sizes: small counts in one problem, and large ones in another
                uniform = uniform * self.random(torch.rand, ()).view(over_slots) * empty
            else:
                uniform = 2 * uniform - 1
            return memories.arrange(torch.where(is_random.view(over_slots), uniform, memory))

        empty: Memory = net.start(inputs)
        earlier = empty if self.memory is None else self.memory
        return inputs, memories.transform_by_kind(first_memory, net.unbounded, empty, earlier)

    def next_problems(self, step: int, earlier: InstanceBatch | None) -> InstanceBatch:
        """The problems of this step, from those of the step before it."""
        starts = self.starts(step)
        first_instance = step * self.plan.batch + self.first
        fresh = self.task.draw(instances_of_seed(self.seed, self.count, first_instance))
        if earlier is not None:
            continued = np.flatnonzero(starts == "continued")
            fresh.replace(continued, earlier[continued])
            changed = np.flatnonzero(starts == "changed")
            if len(changed):
                seeds = fresh.instances[changed]  # never used twice
                fresh.replace(changed, self.task.perturb(earlier[changed], seeds))
        return fresh

    def problems_after(self, steps: int) -> InstanceBatch | None:
        """The problems after so many steps, found anew; None before the first."""
        first, is_older = steps, np.ones(self.count, np.bool_)
        while first > 0 and is_older.any():  # back to where each slot got a new problem
            first -= 1
            is_older &= np.isin(self.starts(first), ("continued", "changed"))
        problems = None
        for step in range(first, steps):
            problems = self.next_problems(step, problems)
        return problems

    def random(self, distribution: Callable[..., Tensor], shape: tuple[int, ...]) -> Tensor:
        """Random numbers ``(C, *shape)`` from this step's stream.

        They are drawn for all slots and cut to ours, so that every slot gets the same numbers,
        whichever process has it.

        Args:
            distribution: ``torch.rand`` or ``torch.randn``.
            shape: The shape for one slot.
        """
        numbers = distribution(self.plan.batch, *shape, generator=self.stream, device=self.device)
        return numbers[self.first : self.first + self.count]


def iterations_of_step(plan: Plan, seed: int, step: int, recurrent: bool) -> int:
    """How many iterations the rollout of a step takes; the same in every process."""
    if not recurrent:
        return 1
    if not plan.progressive:
        return plan.long_iterations[1]
    low, high = plan.short_iterations if step < plan.short_steps else plan.long_iterations
    return int(np.random.default_rng((seed, step)).integers(low, high + 1))


def free_iterations_of_step(plan: Plan, seed: int, step: int, recurrent: bool) -> int:
    """How many iterations run before those, without gradient; the same in every process."""
    if not recurrent or not plan.progressive:
        return 0
    low, high = plan.free_iterations
    if step < plan.short_steps:
        low, high = low // 2, high // 2
    return int(np.random.default_rng((seed, step, 1)).integers(low, high + 1))


def learning_rate_of_step(plan: Plan, step: int) -> float:
    """Linear warm-up, then a cosine down to zero."""
    rising = max(1, round(plan.warmup_fraction * plan.steps))
    if step < rising:
        return plan.learning_rate * (step + 1) / rising
    share = (step - rising) / max(1, plan.steps - rising)
    return plan.learning_rate * 0.5 * (1 + float(np.cos(np.pi * share)))


@dataclass(eq=False)
class Trainer:
    """A net in training: one step at a time, resumable after any of them.

    Args:
        net: The net.
        codec: How it reads problems.
        task: The training problems.
        plan: What to do.
        seed: Decides the problems, the starts and the lengths of rollouts.
        device: Where to compute.
        rank: This process's number, if several share the batch.
        world_size: How many processes share the batch.
        acceleration: How iterations are to be run faster; not at all by default.

    Raises:
        ValueError: If the processes cannot share the batch evenly.
    """

    net: AnyArchitecture
    codec: AnyCodec
    task: AnyTask
    plan: Plan
    seed: int
    device: torch.device
    rank: int = 0
    world_size: int = 1
    acceleration: Acceleration = PLAIN

    def __post_init__(self) -> None:
        plan, count = self.plan, self.plan.batch // self.world_size
        if plan.batch % self.world_size:
            raise ValueError(
                f"--batch must be a multiple of the number of processes, {self.world_size}, got "
                f"{plan.batch}"
            )
        self.net.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.acceleration = self.acceleration.chosen(self.device)
        self.step_once = self.acceleration.step(self.net.step)
        slots = (self.rank * count, count, self.net.recall, self.device)
        self.buffer = RolloutBuffer(self.task, self.codec, plan, self.seed, *slots)
        self.parameters = list(self.net.parameters())
        self.optimiser = torch.optim.AdamW(
            self.parameters, lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        self.average = AveragedModel(self.net, avg_fn=self._averaged)
        self.steps_done = 0

    def _averaged(self, average: Tensor, parameter: Tensor, count: Tensor | int) -> Tensor:
        """The moving average of a parameter after one more step."""
        # A young average must not remember the untrained weights. ``count`` is the number of steps
        # done, too, but on a GPU, which looking at it would wait for.
        keep = min(self.plan.ema_decay, (self.steps_done + 1) / (self.steps_done + 10))
        return torch.lerp(average, parameter, 1 - keep)

    def step(self, interrupted: bool = False) -> tuple[Tensor, bool]:
        """One optimiser step on one rollout.

        Args:
            interrupted: Whether this process is to stop.

        Returns:
            Loss, share of problems answered exactly right, residual of the memory and norm of
            the gradient as one tensor ``(4,)`` on the device (averages over all processes); and
            whether any process is to stop.
        """
        plan, step = self.plan, self.steps_done
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate_of_step(plan, step)
        # For nets that draw random numbers of their own, such as dropout: they go on exactly, too.
        torch.manual_seed(self.seed * 1_000_003 + step)
        with parametrize.cached():  # weights do not change within a rollout
            attempt = self.attempt()

        self.optimiser.zero_grad(set_to_none=False)
        attempt.objective.backward()
        shared = torch.stack([attempt.loss, attempt.exact, attempt.residual]).detach()
        shared, interrupted = self._average_over_processes(shared, interrupted)
        norm = nn.utils.clip_grad_norm_(self.parameters, plan.max_grad_norm)
        self.optimiser.step()
        self.average.update_parameters(self.net)
        self.buffer.memory = memories.transform(Tensor.detach, attempt.memory)
        self.steps_done += 1
        return torch.cat([shared, norm.detach().reshape(1)]), interrupted

    def attempt(self) -> "Attempt":
        """Think about the problems of this step, and judge it."""
        inputs, memory = self.buffer.advance(self.steps_done, self.net)
        memory, before = self._roll_out(inputs, memory)
        problems = self.buffer.problems
        assert problems is not None
        loss, exact = self.codec.loss(self.net.decode(memory), problems)
        residual = mean_change(memory, before, self.net.unbounded)
        penalty = self.plan.residual_penalty if self._is_long else 0.0
        objective = loss + penalty * residual if penalty else loss
        return Attempt(objective, loss, exact, residual, memory)

    @property
    def _is_long(self) -> bool:
        """Whether this step belongs to the second phase, of long rollouts from every memory."""
        in_second_phase = self.steps_done >= self.plan.short_steps
        return self.plan.progressive and self.net.recurrent and in_second_phase

    def _roll_out(self, inputs: Tensor, memory: Memory) -> tuple[Memory, Memory]:
        """Run this step's iterations; the last memory and the one before it."""
        plan = self.plan
        which = (plan, self.seed, self.steps_done, self.net.recurrent)
        free = free_iterations_of_step(*which)
        length = free + iterations_of_step(*which)
        disturbed = max(0, length - plan.quiet_iterations) if self._is_long else 0
        spread = self.buffer.random(torch.rand, ())
        update_prob = plan.update_prob + (1 - plan.update_prob) * spread  # (C,), of each problem
        injected = self.net.inject(inputs)
        before = memory
        for iteration in range(length):
            with torch.set_grad_enabled(iteration >= free):
                before = memory
                memory = self.step_once(memory, injected)
                if iteration < disturbed:
                    has_noise = iteration % NOISE_EVERY == 0
                    memory = self._disturb(memory, before, update_prob, has_noise)
        return memory, before

    def _disturb(
        self, memory: Memory, before: Memory, update_prob: Tensor, has_noise: bool
    ) -> Memory:
        """A memory of which a random part was not updated, and with noise on it."""
        chances: dict[tuple[int, ...], Tensor] = {}  # by the shape of the cells

        def disturb(new: Tensor, old: Tensor, counts: bool) -> Tensor:
            # All numbers of a cell are updated, or none.
            cells = memories.cells_of(new)
            if cells not in chances:
                chances[cells] = self.buffer.random(torch.rand, cells)
            is_updated = chances[cells] < update_prob.view(-1, *[1] * (new.ndim - 1))
            disturbed = torch.where(is_updated, new, old)
            if not has_noise or counts:
                return disturbed
            noise = self.buffer.random(torch.randn, new.shape[1:])
            return disturbed + self.plan.memory_noise_std * noise

        return memories.transform_by_kind(disturb, self.net.unbounded, memory, before)

    def _average_over_processes(self, values: Tensor, interrupted: bool) -> tuple[Tensor, bool]:
        """Average gradients and values over all processes, and tell all if one is to stop."""
        if self.world_size == 1:
            return values, interrupted
        flag = values.new_tensor([float(interrupted)])
        gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        flat = torch.cat([*(gradient.reshape(-1) for gradient in gradients), values, flag])
        torch.distributed.all_reduce(flat)
        flat /= self.world_size
        offset = 0
        for gradient in gradients:
            size = gradient.numel()
            gradient.copy_(flat[offset : offset + size].view_as(gradient))
            offset += size
        return flat[offset:-1], bool(flat[-1] > 0)

    def averaged_net(self) -> AnyArchitecture:
        """A net with the averaged weights, to think with."""
        # A new one, not a copy: copies share what keeps their weights equivariant.
        net = type(self.net)(self.net.settings, self.net.interface)
        drop_parametrizations(net)
        net.load_state_dict(plain_state(self.average.module))
        return net.to(self.device)

    def state(self) -> dict[str, Any]:
        """All that is needed to go on exactly from here (on every process; a collective call).

        Some of its tensors are the trainer's own, which the next step changes.
        """
        batch, memory = self.buffer.problems, self.buffer.memory
        columns = {} if batch is None else batch.columns()
        if memory is not None:
            memory = memories.transform(lambda own: self._gather(own.cpu().contiguous()), memory)
        return {
            "steps_done": self.steps_done,
            "net": {name: value.cpu() for name, value in self.net.state_dict().items()},
            "average": {name: value.cpu() for name, value in self.average.state_dict().items()},
            "optimiser": self.optimiser.state_dict(),
            "problems": {
                name: self._gather(torch.from_numpy(column)) for name, column in columns.items()
            },
            "memory": memory,
        }

    def _gather(self, tensor: Tensor) -> Tensor:
        """The slots of all processes, in order."""
        if self.world_size == 1:
            return tensor
        parts: list[Any] = [None] * self.world_size
        torch.distributed.all_gather_object(parts, tensor)
        return torch.cat(parts)

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from a state of ``state()``, whatever the number of processes then and now.

        Raises:
            ValueError: If it is none of such a training.
        """
        buffer, batch = self.buffer, self.plan.batch
        steps = check_steps(state["steps_done"], self.plan.steps)
        check_tensors_like("net", state["net"], self.net.state_dict())
        check_average(state["average"], self.average.state_dict(), steps)
        ours = self.optimiser.state_dict()
        optimiser = checked_optimiser(state["optimiser"], ours, self.parameters, steps)
        problems = buffer.problems_after(steps)
        if problems is not None:  # there were steps
            part = slice(buffer.first, buffer.first + buffer.count)
            check_problems(state["problems"], problems, part, batch)
            with torch.no_grad():
                like: Memory = self.net.start(self.codec.encode(problems.problems, self.device))
            check_memory(state["memory"], like, batch)
            buffer.memory = memories.transform(
                lambda whole: whole[part].to(self.device), state["memory"]
            )
        buffer.problems = problems
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(optimiser)
        self.steps_done = steps


@dataclass(frozen=True)
class Attempt:
    """What a step of training came to.

    Attributes:
        objective: What is made small.
        loss: The part of it that is about the answers.
        exact: The share of problems answered exactly right.
        residual: The mean of the memory's last change.
        memory: ``(C, …)`` at the end, from which later rollouts may start.
    """

    objective: Tensor
    loss: Tensor
    exact: Tensor
    residual: Tensor
    memory: Memory


def mean_change(memory: Memory, before: Memory, unbounded: frozenset[str]) -> Tensor:
    """The mean change of a number in each tensor of the memory but counts, and of these the mean.

    Args:
        memory: ``(B, …)``.
        before: That of an iteration earlier.
        unbounded: The names of the tensors whose numbers are counts.
    """
    changes = memories.transform(lambda now, then: (now - then).abs().mean(), memory, before)
    if isinstance(changes, Tensor):
        return changes
    return torch.stack([changes[name] for name in changes if name not in unbounded]).mean()
