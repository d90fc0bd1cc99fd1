"""Threads for kernels: results in order, and none of a parent's threads in a forked process."""

import multiprocessing
import os
import threading
import time

import numpy as np
import pytest

from thinkenv import mazes
from thinkenv.kernels.threads import part_of, run_in_parts, run_on_threads


def test_results_come_in_the_order_of_the_arguments():
    def wait(hundredths):
        time.sleep(hundredths / 100)
        return hundredths

    assert run_on_threads(wait, [5, 1, 3, 0, 2], threads=3) == [5, 1, 3, 0, 2]


@pytest.mark.parametrize(("arguments", "threads"), [(["only"], 4), (["a", "b", "c"], 1)])
def test_no_thread_is_used_without_need(arguments, threads):
    used = run_on_threads(lambda _: threading.current_thread(), arguments, threads)
    assert set(used) == {threading.main_thread()}


def test_an_error_in_a_thread_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        run_on_threads(lambda number: 1 // number, [1, 0, 1], threads=2)


@pytest.mark.parametrize(("count", "parts"), [(0, 1), (1, 1), (10, 3), (3, 10), (1000, 7)])
def test_parts_follow_one_another_and_differ_by_at_most_one(count, parts):
    bounds = [part_of(count, part, parts) for part in range(parts)]
    assert [number for begin, end in bounds for number in range(begin, end)] == list(range(count))
    sizes = [end - begin for begin, end in bounds]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("threads", [1, 2, 5, None])
@pytest.mark.parametrize(("count", "cells"), [(0, 0), (1, 10**7), (100, 10**7), (100, 10)])
def test_a_batch_is_worked_on_once_whatever_its_parts(threads, count, cells):
    times = np.zeros(count, int)

    def work(span):
        times[span] += 1

    run_in_parts(work, count, cells, threads)
    assert (times == 1).all()


@pytest.mark.parametrize(
    ("threads", "error"), [(0, ValueError), (4097, ValueError), (2.0, TypeError)]
)
def test_wrong_numbers_of_threads_are_refused(threads, error):
    with pytest.raises(error, match=rf"threads must be an integer in \[1, 4096\], got {threads}"):
        run_in_parts(print, 1, 1, threads)


def draw_in_child(connection):
    connection.send(mazes.generate(size=59, count=300, split="all", threads=2).grids)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_starts_threads_of_its_own():
    expected = mazes.generate(size=59, count=300, split="all", threads=2).grids
    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=draw_in_child, args=(sender,))
    child.start()
    try:
        assert receiver.poll(timeout=60), "the forked process hangs"
        assert np.array_equal(receiver.recv(), expected)
        child.join(timeout=60)
        assert child.exitcode == 0
    finally:
        child.kill()
