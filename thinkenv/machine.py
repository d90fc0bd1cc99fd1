"""What this machine has: cores that this process may use, and memory."""

import os


def usable_cores() -> int:
    """The cores this process may run on: all, or those that a cluster or ``taskset`` left it."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_fits_into_memory(what: str, needed: int) -> None:
    """Refuse a batch that cannot fit into this machine's memory, before it is tried.

    Args:
        what: The batch, as it is named in the error.
        needed: The bytes of its arrays.

    Raises:
        ValueError: If that is more than the machine's memory; it says how much.
    """
    try:
        available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return  # not known on this system
    if needed > available:
        raise ValueError(
            f"{what} need {needed / 1e9:,.0f} GB of memory, and this machine has "
            f"{available / 1e9:,.0f} GB: take fewer at a time"
        )
