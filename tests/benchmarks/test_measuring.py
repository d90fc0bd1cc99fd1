"""What benchmarks share: rates, programs in fresh processes, and tables."""

import os
import subprocess
import time

import pytest

from benchmarks.measuring import markdown_table, parser_of, rate_of, run_fresh


def test_a_rate_is_what_was_done_by_the_time_it_took():
    calls = []

    def work() -> int:
        calls.append(time.perf_counter())
        time.sleep(0.001)
        return 10

    median, best = rate_of(work, seconds=0.02, repeats=3)
    assert 0 < median <= best <= 10_000  # ten in at least a millisecond
    assert 4 <= len(calls) <= 1 + 3 * 21  # one call before the measurements, which all have some
    assert calls[-1] - calls[1] >= 2 * 0.02


def test_a_program_runs_in_a_process_of_its_own_and_prints_json():
    code = "import json, os, sys; print(json.dumps([os.getpid(), sys.argv[1:]]))"
    process, arguments = run_fresh(code, "a b", 7)
    assert process != os.getpid() and arguments == ["a b", "7"]
    with pytest.raises(subprocess.CalledProcessError):
        run_fresh("raise SystemExit(1)")


def test_a_table_has_a_line_for_each_row():
    table = markdown_table(["what", "n"], [["one", "1"], ["two", "2"]])
    assert table == "| what | n |\n|---|---|\n| one | 1 |\n| two | 2 |"


def test_options_are_those_that_a_benchmark_has():
    arguments = parser_of("One line.\n\nMore.", seconds=0.5).parse_args([])
    assert vars(arguments) == {"json": None, "seconds": 0.5}
    arguments = parser_of("One line.", threads=True).parse_args(["--threads", "3"])
    assert vars(arguments) == {"json": None, "threads": 3}
