"""Where to compute: a device and CPU threads, from what the options say."""

from typing import Literal

import torch

from thinkenv.machine import usable_cores

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
        ValueError: If there is no GPU but one was asked for, there are fewer GPUs than processes,
            or too few threads.
    """
    if threads is not None and threads < 1:
        raise ValueError(f"--threads {threads}: needs 1 or more")
    torch.set_num_threads(threads or max(1, usable_cores() // processes))
    # Tiny numbers, of which a memory at rest is full, otherwise slow CPUs down many times.
    torch.set_flush_denormal(True)
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("--device cuda: there is no GPU here that this PyTorch can use")
    if torch.cuda.is_available() and name != "cpu" and local_rank >= torch.cuda.device_count():
        raise ValueError(f"{processes} processes: there are {torch.cuda.device_count()} GPUs here")
    if name == "cuda" or name == "auto" and torch.cuda.is_available():
        torch.cuda.set_device(local_rank)
        return torch.device("cuda", local_rank)
    return torch.device("cpu")
