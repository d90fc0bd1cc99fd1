"""Run kernels that release the GIL on threads, which are kept from one call to the next."""

import functools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from thinkenv.checks import check_integer
from thinkenv.machine import usable_cores

Argument = TypeVar("Argument")
Result = TypeVar("Result")

MAX_THREADS = 4096

# How a batch is divided between threads. A part has to be worth handing over.
CELLS_PER_PART = 250_000
PARTS_PER_THREAD = 4  # so that a slow core holds up the others less
PROBLEMS_PER_PART = 16  # where a thread gets several


def part_of(count: int, part: int, parts: int) -> tuple[int, int]:
    """The first of ``count`` things that belongs to a part of ``parts``, and one past its last."""
    return count * part // parts, count * (part + 1) // parts


@functools.cache
def pool_of(threads: int) -> ThreadPoolExecutor:
    """A pool of this many threads: starting them anew costs as much as a thousand small mazes."""
    return ThreadPoolExecutor(threads, thread_name_prefix="thinkenv")


if hasattr(os, "register_at_fork"):
    # A forked process, such as a worker of a data loader, has none of its parent's threads.
    os.register_at_fork(after_in_child=pool_of.cache_clear)


def run_on_threads(
    function: Callable[[Argument], Result], arguments: Sequence[Argument], threads: int
) -> list[Result]:
    """``[function(argument) for argument in arguments]``, on up to this many threads at once.

    Where there are more arguments than threads, a thread that is done takes the next one.
    """
    if threads == 1 or len(arguments) == 1:
        return [function(argument) for argument in arguments]
    return list(pool_of(threads).map(function, arguments))


def run_in_parts(
    function: Callable[[slice], object], count: int, cells: int, threads: int | None = None
) -> None:
    """Work on a batch of problems in parts, on several threads.

    Args:
        function: Works on the problems of a slice; called for slices that together are the batch.
        count: Problems in the batch.
        cells: The cells of all of them, from which their work is estimated.
        threads: The maximum of threads, by default as many as there are cores.

    Raises:
        ValueError: If ``threads`` is out of range; and whatever ``function`` raises.
        TypeError: If ``threads`` is not an integer.
    """
    threads = check_integer(
        "threads", usable_cores() if threads is None else threads, 1, MAX_THREADS
    )
    parts = max(threads, min(PARTS_PER_THREAD * threads, count // PROBLEMS_PER_PART))
    parts = max(1, min(parts, count, cells // CELLS_PER_PART))
    spans = [slice(*part_of(count, part, parts)) for part in range(parts)]
    run_on_threads(function, spans, threads)
