"""Where to compute: a device, CPU threads, and the processes that share the work."""

import os
import sys
from datetime import timedelta
from typing import Literal, TypeVar

import torch

from thinkenv.machine import usable_cores

DeviceName = Literal["auto", "cpu", "cuda"]
Found = TypeVar("Found")

# How long a process waits for the others: one may have got the harder part of an evaluation. When
# one dies, torchrun stops the others.
TIMEOUT = timedelta(days=7)


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
        raise ValueError(f"--threads must be at least 1, got {threads}")
    torch.set_num_threads(threads or max(1, usable_cores() // processes))
    # Tiny numbers, of which a converged memory is full, otherwise slow CPUs down many times.
    torch.set_flush_denormal(True)
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("--device cuda: there is no GPU here that this PyTorch can use")
    if torch.cuda.is_available() and name != "cpu" and local_rank >= torch.cuda.device_count():
        raise ValueError(f"{processes} processes: there are {torch.cuda.device_count()} GPUs here")
    if name == "cuda" or name == "auto" and torch.cuda.is_available():
        torch.cuda.set_device(local_rank)
        return torch.device("cuda", local_rank)
    return torch.device("cpu")


class Distributed:
    """This process and those that ``torchrun`` started beside it, and the device it computes on.

    Args:
        device: As of ``prepare_device``.
        threads: CPU threads of this process, by default all cores, shared by the processes.

    Raises:
        ValueError: If there is no such device.
    """

    def __init__(self, device: DeviceName, threads: int | None):
        self.world_size = int(os.environ.get("WORLD_SIZE", 1))
        self.rank = int(os.environ.get("RANK", 0))
        self.device = prepare_device(
            device,
            threads,
            processes=int(os.environ.get("LOCAL_WORLD_SIZE", 1)),
            local_rank=int(os.environ.get("LOCAL_RANK", 0)),
        )
        if self.world_size > 1:
            backend = "nccl" if self.device.type == "cuda" else "gloo"
            torch.distributed.init_process_group(backend, timeout=TIMEOUT)

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that prints and writes."""
        return self.rank == 0

    def gather(self, found: Found) -> list[Found]:
        """What each process found, in the order of ranks; in every process."""
        if self.world_size == 1:
            return [found]
        everything: list[Found] = [found] * self.world_size
        torch.distributed.all_gather_object(everything, found)
        return everything

    def wait(self) -> None:
        """Wait for the others: if one leaves while another still sends, that one crashes."""
        if self.world_size > 1:
            torch.distributed.barrier()

    def end(self, status: int) -> int:
        """Leave the others: the last thing that a process does, once all is written.

        Taking down a group of gloo now and then aborts the process (PyTorch 2.13: "terminate called
        without an active exception", in one run of thirty), so that such a process ends without.

        Returns:
            The exit status, where the process has not ended with it.
        """
        if self.world_size > 1:
            if torch.distributed.get_backend() == "gloo":
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
            torch.distributed.destroy_process_group()
        return status
