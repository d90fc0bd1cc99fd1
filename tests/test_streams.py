"""Streams of problems: fresh, in order, shared without overlap, and ahead of the learner."""

import threading
import time

import numpy as np
import pytest

from thinkenv.mazes import MazeTask, generate
from thinkenv.streams import InstanceStream


def test_batches_are_the_instances_of_the_seed_in_order():
    everything = generate(9, 40, seed=5)
    with InstanceStream(MazeTask(9), count=8, seed=5) as stream:
        batches = [next(stream) for _ in range(5)]
    assert np.array_equal(np.concatenate([batch.grids for batch in batches]), everything.grids)


def test_ranks_share_no_instance_and_leave_none_out():
    seen = []
    for rank in range(3):
        with InstanceStream(MazeTask(9), count=4, rank=rank, ranks=3) as stream:
            seen += [next(stream).instances for _ in range(2)]
    assert sorted(np.concatenate(seen)) == list(range(24))


def test_an_interrupted_stream_goes_on_where_it_was():
    with InstanceStream(MazeTask(9), count=4) as stream:
        next(stream), next(stream)
        position = stream.next_batch
        third = next(stream)
    assert position == 2
    with InstanceStream(MazeTask(9), count=4, first=position) as stream:
        assert np.array_equal(next(stream).grids, third.grids)


class SlowTask:
    """Draws nothing, and notes which batches it was asked for."""

    def __init__(self, seconds: float = 0.0):
        self.seconds = seconds
        self.drawn = []

    def draw(self, instances, threads):
        time.sleep(self.seconds)
        self.drawn.append((int(instances[0]), threading.current_thread()))
        return instances


def test_batches_are_drawn_ahead_in_another_thread_but_no_more_than_asked():
    task = SlowTask()
    with InstanceStream(task, count=1, ahead=3) as stream:
        next(stream)
        deadline = time.monotonic() + 10
        while len(task.drawn) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05)
        assert [number for number, _ in task.drawn] == [0, 1, 2, 3]
        assert all(thread is not threading.current_thread() for _, thread in task.drawn)


def test_drawing_and_learning_overlap():
    with InstanceStream(SlowTask(seconds=0.05), count=1) as stream:
        next(stream)
        began = time.perf_counter()
        for _ in range(8):
            next(stream)
            time.sleep(0.05)  # the learner at work
        assert time.perf_counter() - began < 0.65  # one after the other it would be 0.8 s


def test_an_error_while_drawing_reaches_the_learner():
    with InstanceStream(MazeTask(9, loops=1.0, endpoints="dead_ends"), count=1) as stream:
        with pytest.raises(ValueError, match="no maze found"):
            next(stream)


def test_a_closed_stream_gives_no_more():
    stream = InstanceStream(MazeTask(9), count=1)
    stream.close()
    stream.close()
    with pytest.raises(ValueError, match="closed"):
        next(stream)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(count=0), "count must be an integer in .*, got 0"),
        (dict(count=1, rank=2, ranks=2), r"rank must be an integer in \[0, 1\], got 2"),
        (dict(count=1, seed=-1), "seed must be an integer in .*, got -1"),
        (dict(count=1, ahead=0), "ahead must be an integer in .*, got 0"),
    ],
)
def test_a_wrong_argument_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        InstanceStream(MazeTask(9), **arguments)
