"""Incremental progressive training: learn to make progress from any thought, not only from none.

In the literature (Bansal et al. 2022, arXiv 2202.05826) the net first runs some iterations
without gradient, and then learns to get to the answer from there in the iterations that follow.
Here each of the problems trained on occupies a slot, and a slot's rollout starts from what its
memory was at the end of the last step:

- ``empty``: a new problem, from the empty memory;
- ``continued``: the same problem, thought about further;
- ``changed``: almost the same problem (in mazes, other endpoints): the old answer is in the way;
- ``foreign``: a new problem, from the thought about another one;
- ``random``: a new problem, from uniform noise.

Training has two stages. Short rollouts find out cheaply what to do. Long rollouts, with the
gradient through all their iterations, from every kind of memory, then make the rule right wherever
it starts and however long it runs. There,

- only a random part of the cells is updated in an iteration, so that the rule cannot rely on the
  time at which news arrives (on larger problems it arrives later), nor flicker in step;
- noise is put on the memory on the way, so that small errors die out instead of spreading;
- a small penalty on the last change of the memory makes it come to rest.

Random updates and noise belong to training alone; an agent that thinks updates every cell.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from .acceleration import PLAIN, Acceleration

# Without recall the problem is only in the memory, so only its own memory can be continued.
NO_RECALL_STARTS = ("empty", "continued", "continued", "continued")

# Noise comes in every so many iterations. It and random updates leave the last few iterations
# alone, for the answer to settle.
NOISE_EVERY = 4
QUIET_ITERATIONS = 8


@dataclass
class Plan:
    """What is done in training, and how strongly.

    Attributes:
        steps: Optimiser steps.
        short_steps: How many of them have short rollouts, at the beginning.
        short_iterations: Fewest and most iterations of a short rollout.
        long_iterations: Fewest and most iterations of a long rollout.
        short_starts: The kinds of start that each slot goes through in turn with short rollouts.
        long_starts: The same with long rollouts.
        batch: Problems per step, over all processes.
        learning_rate: The highest learning rate, after a warm-up and before a cosine decay.
        warm_up: The share of steps in which the learning rate rises.
        weight_decay: Of AdamW.
        clip: The largest norm of the gradient.
        update_chance: The smallest chance with which a cell's memory is updated in an iteration
            of a long rollout; each problem draws its own from there to 1.
        memory_noise: Standard deviation of the noise put on the memory in long rollouts, where
            the memory's numbers lie between -1 and 1.
        rest_penalty: Weight of the last change of the memory in the loss of long rollouts.
        averaging: Decay per step of the moving average of the weights, which is what is kept.
        progressive: Whether rollouts start from memories; else always from the empty one, with
            the full number of iterations and the loss on the last (an ablation).
    """

    steps: int
    short_steps: int
    short_iterations: tuple[int, int]
    long_iterations: tuple[int, int]
    short_starts: tuple[str, ...]
    long_starts: tuple[str, ...]
    batch: int
    learning_rate: float
    warm_up: float
    weight_decay: float
    clip: float
    update_chance: float
    memory_noise: float
    rest_penalty: float
    averaging: float
    progressive: bool = True


class Slots:
    """The problems in training and the memories of them.

    There are ``batch`` slots, of which a process holds the ``count`` slots from ``first`` on. A
    slot's problem and start depend on the seed, the step and its number in the whole batch
    alone, so that training is the same however many processes share it.
    """

    def __init__(self, task, plan: Plan, seed: int, first: int, count: int, recall: bool):
        self.task = task
        self.plan = plan
        self.seed = seed
        self.first = first
        self.count = count
        self.recall = recall
        self.problems = None  # batch of the task, as long as count
        self.memory: Tensor | None = None  # (count, M, H, W), detached
        self.stream: torch.Generator | None = None  # of random numbers, new in every step

    def kinds(self, step: int) -> np.ndarray:
        """The kind of start of each slot in this step, ``(count,)`` strings."""
        if not self.plan.progressive or step == 0:
            cycle = ("empty",)
        elif not self.recall:
            cycle = NO_RECALL_STARTS
        else:
            is_short = step < self.plan.short_steps
            cycle = self.plan.short_starts if is_short else self.plan.long_starts
        slots = self.first + np.arange(self.count)
        return np.array(cycle)[(slots + step) % len(cycle)]

    def advance(self, step: int, net: nn.Module, device: torch.device) -> tuple[Tensor, Tensor]:
        """Move every slot to its problem and first memory of this step.

        Returns:
            Inputs ``(count, I, H, W)`` and memories ``(count, M, H, W)``; ``self.problems`` are
            the problems.
        """
        kinds = self.kinds(step)
        fresh = self.task.draw(self.seed, self.count, step * self.plan.batch + self.first)
        if self.problems is not None:
            continued = np.flatnonzero(kinds == "continued")
            fresh.replace(continued, self.problems[continued])
            changed = np.flatnonzero(kinds == "changed")
            if len(changed):
                numbers = fresh.instances[changed]  # never used twice
                fresh.replace(changed, self.task.vary(self.problems[changed], numbers))
        self.problems = fresh
        self.stream = torch.Generator(device).manual_seed(self.seed * 1_000_003 + step)
        inputs = self.task.encode(fresh.problems, device)
        empty = net.empty_memory(inputs)
        memory = empty if self.memory is None else self.memory.clone()
        memory = torch.where(self._mask(kinds == "empty", device), empty, memory)
        uniform = 2 * self.draw(torch.rand, memory.shape[1:], device) - 1
        memory = torch.where(self._mask(kinds == "random", device), uniform, memory)
        return inputs, memory.contiguous(memory_format=torch.channels_last)

    @staticmethod
    def _mask(chosen: np.ndarray, device: torch.device) -> Tensor:
        """Slots ``(count,)`` bool as a mask ``(count, 1, 1, 1)`` over memories."""
        return torch.from_numpy(chosen).to(device)[:, None, None, None]

    def draw(
        self, distribution: Callable[..., Tensor], shape: tuple[int, ...], device: torch.device
    ) -> Tensor:
        """Random numbers ``(count, *shape)`` from this step's stream.

        They are drawn for all slots and cut to ours, so that every slot gets the same numbers,
        whichever process has it.

        Args:
            distribution: ``torch.rand`` or ``torch.randn``.
            shape: The shape for one slot.
            device: Where to.
        """
        numbers = distribution(self.plan.batch, *shape, generator=self.stream, device=device)
        return numbers[self.first : self.first + self.count]


def iterations_of_step(plan: Plan, seed: int, step: int, recurrent: bool) -> int:
    """How many iterations the rollout of a step takes; the same in every process."""
    if not recurrent:
        return 1
    if not plan.progressive:
        return plan.long_iterations[1]
    fewest, most = plan.short_iterations if step < plan.short_steps else plan.long_iterations
    return int(np.random.default_rng((seed, step)).integers(fewest, most + 1))


def learning_rate_of_step(plan: Plan, step: int) -> float:
    """Linear warm-up, then a cosine down to zero."""
    rising = max(1, round(plan.warm_up * plan.steps))
    if step < rising:
        return plan.learning_rate * (step + 1) / rising
    share = (step - rising) / max(1, plan.steps - rising)
    return plan.learning_rate * 0.5 * (1 + float(np.cos(np.pi * share)))


class Trainer:
    """A net in training: one step at a time, resumable after any of them.

    Args:
        net: The net.
        task: The training problems, an instance of a class of ``TASKS``.
        plan: What to do.
        seed: Decides the problems, the starts and the lengths of rollouts.
        device: Where to compute.
        rank: This process's number, if several share the batch.
        world_size: How many processes share the batch.
        acceleration: How iterations are to be run faster; not at all by default.
    """

    def __init__(
        self,
        net: nn.Module,
        task,
        plan: Plan,
        seed: int,
        device: torch.device,
        rank: int = 0,
        world_size: int = 1,
        acceleration: Acceleration = PLAIN,
    ):
        if plan.batch % world_size:
            raise ValueError(
                f"batch={plan.batch}: needs a multiple of the number of processes, {world_size}"
            )
        self.net = net.to(device, memory_format=torch.channels_last)
        self.iterate_once = acceleration.step_of(self.net)
        self.plan = plan
        self.seed = seed
        self.device = device
        self.rank = rank
        self.world_size = world_size
        count = plan.batch // world_size
        self.slots = Slots(task, plan, seed, rank * count, count, net.recall)
        self.parameters = list(net.parameters())
        self.optimiser = torch.optim.AdamW(
            self.parameters, lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        self.average = [parameter.detach().clone() for parameter in self.parameters]
        self.steps_done = 0

    def step(self, interrupted: bool = False) -> tuple[Tensor, bool]:
        """One optimiser step on one rollout.

        Args:
            interrupted: Whether this process was asked to stop.

        Returns:
            Loss, share of problems answered exactly right, last change of the memory and norm of
            the gradient as one tensor ``(4,)`` on the device (averages over all processes); and
            whether any process was asked to stop.
        """
        plan, step = self.plan, self.steps_done
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate_of_step(plan, step)
        inputs, memory = self.slots.advance(step, self.net, self.device)
        memory, before = self._roll_out(inputs, memory)
        logits = self.net.read(memory)
        loss, exact = self.slots.task.score(logits, self.slots.problems)
        change = (memory - before).abs().mean()
        total = loss + plan.rest_penalty * change if self._is_long else loss

        self.optimiser.zero_grad(set_to_none=False)
        total.backward()
        if self.net.symmetry is not None:
            self.net.symmetry.average_gradients()
        shared = torch.stack([loss.detach(), exact, change.detach()])
        shared, interrupted = self._average_over_processes(shared, interrupted)
        norm = nn.utils.clip_grad_norm_(self.parameters, plan.clip)
        self.optimiser.step()
        with torch.no_grad():
            # A young average must not remember the untrained weights.
            keep = min(plan.averaging, (step + 1) / (step + 10))
            torch._foreach_lerp_(self.average, self.parameters, 1 - keep)
        self.slots.memory = memory.detach()
        self.steps_done += 1
        return torch.cat([shared, norm.detach().reshape(1)]), interrupted

    @property
    def _is_long(self) -> bool:
        """Whether this step belongs to the second stage, of long rollouts from every memory."""
        in_second_stage = self.steps_done >= self.plan.short_steps
        return self.plan.progressive and self.net.recurrent and in_second_stage

    def _roll_out(self, inputs: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Run this step's iterations; the last memory and the one before it."""
        plan, slots = self.plan, self.slots
        length = iterations_of_step(plan, self.seed, self.steps_done, self.net.recurrent)
        disturbed = max(0, length - QUIET_ITERATIONS) if self._is_long else 0
        chance = 1.0
        if disturbed:  # (count, 1, 1, 1), of each problem
            spread = slots.draw(torch.rand, (1, 1, 1), self.device)
            chance = plan.update_chance + (1 - plan.update_chance) * spread
        seen = self.net.perceive(inputs)
        before = memory
        for iteration in range(length):
            before = memory
            memory = self.iterate_once(memory, seen)
            if iteration < disturbed:
                updated = slots.draw(torch.rand, (1, *memory.shape[2:]), self.device) < chance
                memory = torch.where(updated, memory, before)
                if iteration % NOISE_EVERY == 0:
                    noise = slots.draw(torch.randn, memory.shape[1:], self.device)
                    memory = memory + plan.memory_noise * noise
        return memory, before

    def _average_over_processes(self, values: Tensor, interrupted: bool) -> tuple[Tensor, bool]:
        """Average gradients and values over all processes, and tell all if one is to stop."""
        if self.world_size == 1:
            return values, interrupted
        flag = values.new_tensor([float(interrupted)])
        gradients = [parameter.grad for parameter in self.parameters]
        flat = torch.cat([*(gradient.reshape(-1) for gradient in gradients), values, flag])
        torch.distributed.all_reduce(flat)
        flat /= self.world_size
        offset = 0
        for gradient in gradients:
            size = gradient.numel()
            gradient.copy_(flat[offset : offset + size].view_as(gradient))
            offset += size
        return flat[offset:-1], bool(flat[-1] > 0)

    def averaged_net(self, build: Callable[[], nn.Module]) -> nn.Module:
        """A copy of the net with the averaged weights; ``build`` makes an untrained one."""
        net = build().to(self.device)
        with torch.no_grad():
            for parameter, average in zip(net.parameters(), self.average, strict=True):
                parameter.copy_(average)
        return net

    def state(self) -> dict:
        """All that is needed to go on exactly from here (on every process; a collective call)."""
        batch = self.slots.problems
        columns = {} if batch is None else vars(batch)
        tensors = {name: torch.from_numpy(column) for name, column in columns.items()}
        if self.slots.memory is not None:
            tensors["memory"] = self.slots.memory.cpu().contiguous()
        return {
            "steps_done": self.steps_done,
            "net": {name: value.cpu() for name, value in self.net.state_dict().items()},
            "average": [average.cpu() for average in self.average],
            "optimiser": self.optimiser.state_dict(),
            "slots": {name: self._gather(tensor) for name, tensor in tensors.items()},
        }

    def _gather(self, tensor: Tensor) -> Tensor:
        """The slots of all processes, in order."""
        if self.world_size == 1:
            return tensor
        parts = [None] * self.world_size
        torch.distributed.all_gather_object(parts, tensor)
        return torch.cat(parts)

    def load_state(self, state: dict) -> None:
        """Go on from a state of ``state()``, whatever the number of processes then and now."""
        self.steps_done = state["steps_done"]
        self.net.load_state_dict(state["net"])
        self.average = [average.to(self.device) for average in state["average"]]
        self.optimiser.load_state_dict(state["optimiser"])
        part = slice(self.slots.first, self.slots.first + self.slots.count)
        slots = {name: tensor[part] for name, tensor in state["slots"].items()}
        memory = slots.pop("memory", None)
        if memory is not None:
            self.slots.memory = memory.to(self.device)
            columns = {name: tensor.numpy() for name, tensor in slots.items()}
            batch = type(self.slots.task.draw(self.seed, 1))
            self.slots.problems = batch(**columns)
