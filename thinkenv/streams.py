"""A stream of fresh problems for training, drawn in the background while the learner learns."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Self

from thinkenv.checks import check_integer, suggest_arguments
from thinkenv.tasks.base import Batch, Task
from thinkenv.tasks.seeds import INSTANCES_PER_SEED, instances_of_seed


class InstanceStream(Generic[Batch]):
    """Batches of problems that were never seen before, ready when they are asked for.

    This is for training loops of your own. The trainer of ``thinkenv.deep_thinking`` does without:
    it draws the few problems of a step when it needs them.

    A thread draws the next batches while the learner works on the last one; drawing releases the
    GIL, so that a GPU is not kept waiting. What comes depends on the arguments alone, never on
    timing: batch ``k`` of rank ``r`` holds the instances from ``(k * ranks + r) * count`` on of the
    seed, and no two ranks or batches share one.

    Args:
        task: What draws the instances, such as ``thinkenv.mazes.MazeTask``.
        count: Problems in a batch.
        seed: 0 to ``2**31 - 1``, as of ``thinkenv.mazes.generate``.
        first: The batch to begin with: that of ``next_batch`` when training was interrupted.
        rank: Which of the processes that share the stream this is.
        ranks: How many processes share it.
        ahead: Batches kept ready.
        threads: How many threads may draw one batch; one leaves the other cores to the learner.

    Attributes:
        next_batch: The index of the batch that comes next.

    Raises:
        ValueError: If an argument has a value that is not allowed.
        TypeError: If an argument has the wrong type.

    Example:
        >>> from thinkenv.mazes import MazeTask
        >>> with InstanceStream(MazeTask(size=9), count=256) as stream:
        ...     batch = next(stream)
        >>> batch.problems.shape
        (256, 11, 11)
    """

    @suggest_arguments
    def __init__(
        self,
        task: Task[Batch],
        count: int,
        seed: int = 0,
        first: int = 0,
        rank: int = 0,
        ranks: int = 1,
        ahead: int = 4,
        threads: int = 1,
    ):
        self.task = task
        self.count = check_integer("count", count, 1, INSTANCES_PER_SEED)
        self.seed = seed
        self.ranks = check_integer("ranks", ranks, 1, INSTANCES_PER_SEED)
        self.rank = check_integer("rank", rank, 0, self.ranks - 1)
        self.next_batch = check_integer("first", first, 0, INSTANCES_PER_SEED)
        self.ahead = check_integer("ahead", ahead, 1, 1000)
        self.threads = check_integer("threads", threads, 1, 4096)
        instances_of_seed(seed, 0)  # refuses a wrong seed now rather than in the thread
        self._pool: ThreadPoolExecutor | None = ThreadPoolExecutor(
            1, thread_name_prefix="instance-stream"
        )
        self._waiting: deque[Future[Batch]] = deque()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Batch:
        """The next batch, of the type that the task draws.

        Raises:
            ValueError: If the seed has no instances left, or the stream was closed.
        """
        if self._pool is None:
            raise ValueError("the stream is closed")
        while len(self._waiting) <= self.ahead:
            batch = self.next_batch + len(self._waiting)
            self._waiting.append(self._pool.submit(self._draw, batch))
        drawn = self._waiting.popleft().result()
        self.next_batch += 1
        return drawn

    def _draw(self, batch: int) -> Batch:
        first = (batch * self.ranks + self.rank) * self.count
        if first + self.count > INSTANCES_PER_SEED:
            raise ValueError(f"seed {self.seed} has no instances left after batch {batch - 1}")
        return self.task.draw(instances_of_seed(self.seed, self.count, first), self.threads)

    def close(self) -> None:
        """Stop drawing. A stream that is not closed holds a thread until the program ends."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
            self._waiting.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
