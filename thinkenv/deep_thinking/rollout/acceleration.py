"""Faster iterations, meant for GPUs: mixed precision, compilation, CUDA graphs. All off by default.

A thinking agent that uses any of them iterates all cells, not the active ones alone
(``active_cells.py``). What is measured in this repository runs without them, on CPUs; they are
tested as far as a CPU can, and no figure is claimed for them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

Step = Callable[[Tensor, Tensor], Tensor]

# Runs before a capture, in which libraries choose their algorithms and allocate what they need.
WARM_UPS = 3


@dataclass(frozen=True)
class Acceleration:
    """Which means to use.

    Attributes:
        precision: ``float32``, or ``bfloat16`` for convolutions (weights and the memory between
            calls stay in float32).
        compile: Whether ``torch.compile`` fuses an iteration; its first call takes a minute.
        cuda_graphs: Whether a thinking agent's iterations are captured once and replayed without
            the processor's help. It needs a GPU.
    """

    precision: Literal["float32", "bfloat16"] = "float32"
    compile: bool = False
    cuda_graphs: bool = False

    def check(self, device: torch.device) -> None:
        """Check that all of it can be used on a device.

        Raises:
            ValueError: If not.
        """
        if self.cuda_graphs and device.type != "cuda":
            raise ValueError(f"--cuda-graphs: needs a GPU, and this runs on {device.type}")

    @property
    def is_plain(self) -> bool:
        """Whether iterations run as they are."""
        return self == PLAIN

    def step_of(self, net: nn.Module) -> Step:
        """One iteration of a net, ``(memory, seen)`` to memory ``(B, M, H, W)``."""
        step = net.step
        if self.precision == "bfloat16":
            step = in_bfloat16(step)
        return torch.compile(step, dynamic=True) if self.compile else step


PLAIN = Acceleration()


def in_bfloat16(step: Step) -> Step:
    """An iteration whose convolutions compute in bfloat16, with a memory in float32."""

    def mixed(memory: Tensor, seen: Tensor) -> Tensor:
        with torch.autocast(memory.device.type, dtype=torch.bfloat16):
            return step(memory, seen).float()

    return mixed


def iterate(step: Step, memory: Tensor, seen: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Run iterations without ever waiting for the device.

    Args:
        step: One iteration.
        memory: ``(B, M, H, W)``, not changed.
        seen: ``(B, N, H, W)``.
        iterations: How many, at least 1.

    Returns:
        The memory ``(B, M, H, W)``, and the largest last change of each ``(B,)``.
    """
    before = memory
    for _ in range(iterations):
        before, memory = memory, step(memory, seen)
    return memory, (memory - before).abs().amax(dim=(1, 2, 3))


class GraphedIterations:
    """``iterate`` as CUDA graphs: one for each shape and number of iterations.

    As problems that are done leave the batch, it shrinks; it is filled up to the next power of two,
    so that there are few shapes, and each graph is captured once.

    Args:
        step: One iteration, which must not wait for the device.
    """

    def __init__(self, step: Step):
        self.step = step
        self.captured: dict[tuple, tuple] = {}

    def __call__(self, memory: Tensor, seen: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
        """As ``iterate``."""
        count = len(memory)
        filled = 1 << (count - 1).bit_length()
        key = (filled, *memory.shape[1:], iterations)
        if key not in self.captured:
            inputs = [
                torch.zeros(
                    (filled, *tensor.shape[1:]), dtype=tensor.dtype, device=tensor.device
                ).contiguous(memory_format=torch.channels_last)
                for tensor in (memory, seen)
            ]
            self.captured[key] = inputs, *self.capture(inputs, iterations)
        inputs, graph, outputs = self.captured[key]
        for buffer, tensor in zip(inputs, (memory, seen), strict=True):
            buffer[:count].copy_(tensor)
        graph.replay()
        return outputs[0][:count].clone(), outputs[1][:count].clone()

    def capture(self, inputs: list[Tensor], iterations: int) -> tuple:
        """A graph of iterations on these buffers, and the buffers that it fills."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                iterate(self.step, *inputs, iterations)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            outputs = iterate(self.step, *inputs, iterations)
        return graph, outputs
