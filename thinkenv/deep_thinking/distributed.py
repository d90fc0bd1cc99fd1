"""The processes that share some work: one, or those that ``torchrun`` started."""

import os
import sys
from datetime import timedelta
from typing import Any

import torch

from .device import DeviceName, prepare_device

# How long a process waits for the others: one may have got the harder part of an evaluation. Those
# whose fellow has died are stopped by torchrun.
PATIENCE = timedelta(days=7)


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
            backend = "nccl" if self.device.type == "cuda" else "gloo"
            torch.distributed.init_process_group(backend, timeout=PATIENCE)

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
