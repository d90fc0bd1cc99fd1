"""Fresh problems for PyTorch's ``DataLoader``; this module needs torch."""

from collections.abc import Iterator

import torch
from torch.utils.data import IterableDataset, get_worker_info

from thinkenv.checks import suggest_arguments
from thinkenv.streams import InstanceStream
from thinkenv.tasks.base import AnyTask


class StreamDataset(IterableDataset):
    """Endless batches of problems and solutions, none of them twice in a pass.

    This is for training loops of your own. The trainer of ``thinkenv.deep_thinking`` does without:
    it draws the few problems of a step when it needs them.

    Every worker of a loader draws batches of its own, and so does every process of a distributed
    training: no instance comes in two workers, nor on two ranks (if all have as many workers), nor
    twice. Each pass, ``for batch in loader``, begins anew. For other problems in the next one, or
    to go on where training was interrupted, set ``first``::

        for epoch in range(epochs):
            dataset.first = epoch * batches
            for problems, solutions in itertools.islice(loader, batches):
                ...

    Bounded tasks (chess, files of mazes) begin again after their last problem.

    Args:
        task: What draws the instances, such as ``thinkenv.mazes.MazeTask``.
        count: Problems in a batch. The loader gets ``batch_size=None``, because these are batches
            already.
        seed: 0 to ``2**31 - 1``, as of ``thinkenv.mazes.generate``.
        rank: Which of the processes that train together this is, by default as
            ``torch.distributed`` says.
        ranks: How many there are.
        first: The batch, of each worker, that a pass begins with. An attribute, too. A loader with
            ``persistent_workers`` does not notice when it is set.

    Raises:
        ValueError: If an argument has a value that is not allowed.
        TypeError: If an argument has the wrong type.

    Example:
        >>> from thinkenv.mazes import MazeTask
        >>> dataset = StreamDataset(MazeTask(size=9), count=256)
        >>> loader = torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=2)
        >>> problems, solutions = next(iter(loader))
        >>> problems.shape, solutions.dtype
        (torch.Size([256, 11, 11]), torch.uint8)
    """

    @suggest_arguments
    def __init__(
        self,
        task: AnyTask,
        count: int,
        seed: int = 0,
        rank: int | None = None,
        ranks: int | None = None,
        first: int = 0,
    ):
        together = torch.distributed.is_available() and torch.distributed.is_initialized()
        if rank is None:
            rank = torch.distributed.get_rank() if together else 0
        if ranks is None:
            ranks = torch.distributed.get_world_size() if together else 1
        InstanceStream(task, count, seed, first, rank, ranks).close()  # checks the arguments
        self.task, self.count, self.seed = task, count, seed
        self.rank, self.ranks, self.first = rank, ranks, first

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Problems ``(count, ...)`` and solutions ``(count, ...)``, uint8, for ever."""
        worker = get_worker_info()
        number, workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
        with InstanceStream(
            self.task,
            self.count,
            self.seed,
            self.first,
            rank=self.rank * workers + number,
            ranks=self.ranks * workers,
        ) as stream:
            for batch in stream:
                yield torch.from_numpy(batch.problems), torch.from_numpy(batch.solutions)
