"""What several benchmarks share: rates, fresh processes, peak memory, and Markdown tables."""

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any


def rate_of(work: Callable[[], int], seconds: float, repeats: int) -> tuple[float, float]:
    """How much a second ``work`` gets done, which does some and returns how much.

    Args:
        work: It is called once before time is taken, to compile or load what it needs.
        seconds: How long each measurement lasts.
        repeats: How many there are.

    Returns:
        The median of the measurements, and the best.
    """
    work()
    rates = []
    for _ in range(repeats):
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            done += work()
        rates.append(done / (time.perf_counter() - began))
    return statistics.median(rates), max(rates)


def run_fresh(code: str, *arguments: object) -> Any:
    """What a program prints as JSON that runs in a process of its own.

    Raises:
        CalledProcessError: If it fails.
    """
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def peak_memory_mb() -> float:
    """The megabytes of memory that this process took at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (header, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(header), *lines[1:]])
