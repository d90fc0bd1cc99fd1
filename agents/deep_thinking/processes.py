"""The processes that share some work: one, or those that ``torchrun`` started."""

import os
from typing import Any

import torch

from .device import DeviceName, prepare_device


class Processes:
    """This process and the others, and the device it computes on.

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
            torch.distributed.init_process_group("nccl" if self.device.type == "cuda" else "gloo")

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that prints and writes."""
        return self.rank == 0

    def gather(self, found: Any) -> list[Any]:
        """What each process found, in the order of ranks; in every process."""
        if self.world_size == 1:
            return [found]
        everything = [None] * self.world_size
        torch.distributed.all_gather_object(everything, found)
        return everything

    def wait(self) -> None:
        """Wait for the others: who leaves while another still talks makes it crash."""
        if self.world_size > 1:
            torch.distributed.barrier()

    def close(self) -> None:
        """Leave the group of processes."""
        if self.world_size > 1:
            torch.distributed.destroy_process_group()
