"""Where to compute: a device and CPU threads, from what the options say."""

import os
from typing import Literal

import torch

DeviceName = Literal["auto", "cpu", "cuda"]


def prepare_device(
    name: DeviceName, threads: int | None, processes: int = 1, local_rank: int = 0
) -> torch.device:
    """Set the number of threads, and find the device that a name stands for.

    Args:
        name: ``cpu``, ``cuda``, or ``auto``: a GPU if there is one.
        threads: CPU threads, or None for all cores, shared by the processes.
        processes: How many processes share this machine.
        local_rank: Which of them, and so which GPU, is ours.

    Raises:
        ValueError: If there is no GPU but one was asked for, or there are too few threads.
    """
    if threads is not None and threads < 1:
        raise ValueError(f"--threads {threads}: needs 1 or more")
    torch.set_num_threads(threads or max(1, (os.cpu_count() or 1) // processes))
    # Tiny numbers, of which a memory at rest is full, otherwise slow CPUs down many times.
    torch.set_flush_denormal(True)
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("--device cuda: there is no GPU here that this PyTorch can use")
    if name == "cuda" or name == "auto" and torch.cuda.is_available():
        torch.cuda.set_device(local_rank)
        return torch.device("cuda", local_rank)
    return torch.device("cpu")
