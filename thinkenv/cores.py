"""How many cores there are to use."""

import os


def usable_cores() -> int:
    """The cores this process may run on: all, or those that a cluster or ``taskset`` left it."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
