"""Threads for kernels: results in order, and none of a parent's threads in a forked process."""

import multiprocessing
import os
import threading
import time

import numpy as np
import pytest

from thinkenv import mazes
from thinkenv.kernels.threads import run_on_threads


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
