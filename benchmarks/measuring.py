"""What benchmarks share: options, rates, programs in fresh processes, and Markdown tables."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from thinkenv.command_line import Parser, writable_file


def parser_of(description: str, seconds: float | None = None, threads: bool = False) -> Parser:
    """The options that benchmarks share: ``--json``, ``--seconds`` and ``--threads``.

    Args:
        description: The docstring of the script; its first line is shown.
        seconds: How long a measurement lasts by default; without it there is no such option.
        threads: Whether the number of threads can be chosen.
    """
    parser = Parser(description=description.split("\n")[0])
    parser.add_argument("--json", type=writable_file, help="write the results to this file")
    if seconds is not None:
        parser.add_argument("--seconds", type=float, default=seconds, help="of each measurement")
    if threads:
        parser.add_argument("--threads", type=int, help="CPU threads (default: all cores)")
    return parser


def rate_of(work: Callable[[], int], seconds: float, repeats: int) -> tuple[float, float]:
    """How much a second ``work`` gets done, which does some and returns how much.

    Args:
        work: It is called once before time is taken, to compile or load what it needs.
        seconds: How long each measurement lasts.
        repeats: How many there are.

    Returns:
        The median of the measurements, and the best.
    """
    work()
    rates = []
    for _ in range(repeats):
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            done += work()
        rates.append(done / (time.perf_counter() - began))
    return statistics.median(rates), max(rates)


def run_fresh(code: str, *arguments: object) -> Any:
    """What a program prints as JSON that runs in a process of its own.

    Raises:
        CalledProcessError: If it fails.
    """
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (header, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(header), *lines[1:]])
