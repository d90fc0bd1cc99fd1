"""Threads that kernels which release the GIL are run on, kept from one call to the next."""

import functools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor


@functools.cache
def pool_of(threads: int) -> ThreadPoolExecutor:
    """A pool of this many threads: starting them anew costs as much as a thousand small mazes."""
    return ThreadPoolExecutor(threads, thread_name_prefix="thinkenv")


if hasattr(os, "register_at_fork"):
    # A forked process, such as a worker of a data loader, has none of its parent's threads.
    os.register_at_fork(after_in_child=pool_of.cache_clear)


def run_on_threads(function: Callable, arguments: Sequence, threads: int) -> list:
    """``[function(argument) for argument in arguments]``, on up to this many threads at once.

    Where there are more arguments than threads, a thread that is done takes the next one, so that
    a slow core holds up the others less.
    """
    if threads == 1 or len(arguments) == 1:
        return [function(argument) for argument in arguments]
    return list(pool_of(threads).map(function, arguments))
