"""Faster iterations, meant for GPUs: mixed precision, compilation, CUDA graphs. All off by default.

Where any of them is used, all cells are iterated, not the active ones alone
(``active_cells.py``). What is measured in this repository runs without them, on CPUs; they are
tested as far as a CPU can, and no figure is claimed for them.
"""

import contextlib
import functools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from thinkenv.deep_thinking.rollout import memories
from thinkenv.deep_thinking.rollout.memories import Memory, SomeMemory
from thinkenv.deep_thinking.rollout.stepper import StepMany

# One iteration: memory and injected input to memory.
Step = Callable[[SomeMemory, Any], SomeMemory]

# Runs before a capture, in which libraries choose their algorithms and allocate what they need.
WARMUP_RUNS = 3

Precision = Literal["float32", "bfloat16"]
AnyPrecision = Literal["float32", "bfloat16", "auto"]

# The product by which precisions are compared, that of the message net's update of 16 boards: rows,
# and numbers in each before and after it.
PRODUCT = (1024, 166, 128)
PRODUCT_RUNS = 3
WORTH_IT = 1.3  # how many times as fast bfloat16 has to be
HOPELESS = 3.0  # how many times as slow it is in a small product where it cannot be faster at all


@dataclass(frozen=True)
class Acceleration:
    """How iterations are run faster; by default not at all."""

    precision: AnyPrecision = "float32"
    """What products are computed in; weights, and the memory between calls, stay in float32. auto
    measures which is faster here: some processors multiply in bfloat16 several times as fast as in
    float32, others a hundred times as slowly."""
    compile: bool = False
    """Fuse an iteration with torch.compile, whose first call takes a minute."""
    cuda_graphs: bool = False
    """Capture iterations once and replay them without the processor's help, on a GPU."""

    def check(self, device: torch.device) -> None:
        """Check that all of it can be used on a device.

        Raises:
            ValueError: If not.
        """
        if self.cuda_graphs and device.type != "cuda":
            raise ValueError(f"--cuda-graphs must run on a GPU, got the device {device.type}")

    def chosen(self, device: torch.device) -> "Acceleration":
        """The same with a precision to compute in: measured on this device where it is auto."""
        if self.precision != "auto":
            return self
        return replace(self, precision=faster_precision(device))

    def mixed(self, device: torch.device) -> contextlib.AbstractContextManager:
        """Within this, products are computed in the chosen precision."""
        if self.precision == "bfloat16":
            return torch.autocast(device.type, dtype=torch.bfloat16)
        return contextlib.nullcontext()

    def step(self, step: Step[SomeMemory]) -> Step[SomeMemory]:
        """One iteration of a net, made faster."""
        if self.precision == "bfloat16":
            step = in_bfloat16(step)
        return torch.compile(step, dynamic=True) if self.compile else step

    def step_many(self, step: Step[SomeMemory]) -> StepMany[SomeMemory]:
        """Many iterations of a net, made faster."""
        faster = self.step(step)
        return GraphedIterations(faster) if self.cuda_graphs else partial(iterate, faster)  # type: ignore


PLAIN = Acceleration()


def faster_precision(device: torch.device) -> Precision:
    """The precision in which products are faster on a device, measured once in a process.

    It is bfloat16 where that is faster by so much that its lesser precision is worth it.
    """
    return _faster_precision(torch.device(device))


@functools.cache
def _faster_precision(device: torch.device) -> Precision:
    if not has_bfloat16(device):
        return "float32"
    # Few rows come first: where bfloat16 is slow, it is so slow that many would take seconds.
    for rows in (PRODUCT[0] // 16, PRODUCT[0]):
        exact, mixed = (seconds_of_product(device, rows, name) for name in ("float32", "bfloat16"))
        if mixed > exact * HOPELESS:
            return "float32"
    return "bfloat16" if exact >= WORTH_IT * mixed else "float32"


def has_bfloat16(device: torch.device) -> bool:
    """Whether a device can compute in bfloat16; processors can always, if need be slowly."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu"


@torch.no_grad()
def seconds_of_product(device: torch.device, rows: int, precision: Precision) -> float:
    """How long a product of the shape that is usual in nets takes, as they compute it.

    Args:
        device: Where.
        rows: How many rows it has.
        precision: What it is computed in.
    """
    _, inputs, outputs = PRODUCT
    memory = torch.ones(rows, inputs, device=device)
    weight = torch.ones(outputs, inputs, device=device)
    fastest = math.inf
    for _ in range(1 + PRODUCT_RUNS):  # the first prepares what the others need
        began = time.perf_counter()
        with Acceleration(precision).mixed(device):
            functional.linear(memory, weight)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        fastest = min(fastest, time.perf_counter() - began)
    return fastest


def in_bfloat16(step: Step[SomeMemory]) -> Step[SomeMemory]:
    """An iteration whose convolutions compute in bfloat16, with a memory in float32."""

    def mixed(memory: SomeMemory, injected: Any) -> SomeMemory:
        device = memories.tensors_of(memory)[0].device
        with torch.autocast(device.type, dtype=torch.bfloat16):
            return memories.transform(Tensor.float, step(memory, injected))

    return mixed


def iterate(
    step: Step[SomeMemory], memory: SomeMemory, injected: Any, iterations: int
) -> tuple[SomeMemory, Tensor]:
    """Run iterations without ever waiting for the device.

    Args:
        step: One iteration.
        memory: ``(B, …)``, not changed.
        injected: ``(B, …)``.
        iterations: How many, at least 1.

    Returns:
        The memory ``(B, …)``, and the largest last change of each ``(B,)``.
    """
    before = memory
    for _ in range(iterations):
        before, memory = memory, step(memory, injected)
    return memory, memories.residuals(memory, before)


class GraphedIterations:
    """``iterate`` as CUDA graphs: one for each shape and number of iterations.

    As problems that are done leave the batch, it shrinks; it is filled up to the next power of two,
    so that there are few shapes, and each graph is captured once.

    Args:
        step: One iteration of a memory that is one tensor, which must not wait for the device.
    """

    def __init__(self, step: Step[Tensor]):
        self.step = step
        self.captured: dict[tuple, tuple] = {}

    def __call__(self, memory: Memory, injected: Memory, iterations: int) -> tuple[Tensor, Tensor]:
        """As ``iterate``.

        Raises:
            ValueError: If the memory, or what is injected, is not one tensor.
        """
        if not isinstance(memory, Tensor) or not isinstance(injected, Tensor):
            what = "what the net injects" if isinstance(memory, Tensor) else "the net's memory"
            raise ValueError(f"--cuda-graphs: {what} must be one tensor, got several")
        count = len(memory)
        filled = 1 << (count - 1).bit_length()
        key = (filled, *memory.shape[1:], iterations)
        if key not in self.captured:
            inputs = [
                memories.arrange(tensor.new_zeros(filled, *tensor.shape[1:]))
                for tensor in (memory, injected)
            ]
            self.captured[key] = inputs, *self.capture(inputs, iterations)
        inputs, graph, outputs = self.captured[key]
        for buffer, tensor in zip(inputs, (memory, injected), strict=True):
            buffer[:count].copy_(tensor)
        graph.replay()
        return outputs[0][:count].clone(), outputs[1][:count].clone()

    def capture(self, inputs: list[Tensor], iterations: int) -> tuple:
        """A graph of iterations on these buffers, and the buffers that it fills."""
        memory, injected = inputs
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARMUP_RUNS):
                iterate(self.step, memory, injected, iterations)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            outputs = iterate(self.step, memory, injected, iterations)
        return graph, outputs
