"""How fast an agent thinks about large mazes: everywhere, and only where its memory still changes.

Run from the repository's root, on an otherwise idle machine:

    python benchmarks/thinking.py --sizes 201 801 --loops 0 0.1 --endpoints free_cells \
        --json benchmarks/results/thinking.json
    python benchmarks/thinking.py --checkpoint maze_trees \
        --json benchmarks/results/thinking_trees.json --figure assets/pictures/active_cells.png

For each size one maze of ``extrapolation`` is thought about until its memory has converged, or
for ``--max-iterations``, by active cells (``active_cells.py`` and ``counting_cells.py`` in
thinkenv/deep_thinking/rollout); with several chances of loops, one for each size and chance. On the
way the share of active cells is noted, and whether the answer is right. An iteration of the whole
maze always takes the same time, so it is measured on some of them, before, in the middle and
after, and multiplied by the number of iterations.
"""

import itertools
import resource
import statistics
import sys
import time
from pathlib import Path

import torch
from measuring import parser_of

from thinkenv.command_line import run_command, writable_file
from thinkenv.deep_thinking import Agent, Rollout, load
from thinkenv.deep_thinking.agent import TOLERANCE
from thinkenv.deep_thinking.distributed import prepare_device
from thinkenv.deep_thinking.rollout.active_cells import ActiveCells
from thinkenv.deep_thinking.rollout.counting_cells import CountingCells
from thinkenv.mazes import MazeTask, is_solution
from thinkenv.provenance import store_result

# Every so many iterations the share of active cells is noted.
NOTE_EVERY = 160


def seconds_of(rollout: Rollout, iterations: int) -> float:
    """Seconds that so many iterations take."""
    began = time.perf_counter()
    rollout.advance(iterations)
    return time.perf_counter() - began


def measure(agent: Agent, task: MazeTask, instance: int, max_iterations: int) -> dict:
    """Think about one maze both ways; what was found."""
    batch = task.draw([instance])
    rollout = agent.start(batch.problems)
    cells = rollout.stepper
    assert isinstance(cells, ActiveCells | CountingCells), "too small for active cells"
    everywhere = agent.start(batch.problems, everywhere=True)
    dense: list[float] = []  # seconds of single iterations of the whole maze

    def measure_everywhere() -> None:
        everywhere.restart(rollout.memory)
        dense.append(statistics.median(seconds_of(everywhere, 1) for _ in range(7)))

    measure_everywhere()
    seconds = 0.0
    shares = []
    while rollout.iterations < max_iterations and float(rollout.residuals.max()) > TOLERANCE:
        shares.append({"iterations": rollout.iterations, "active_share": round(cells.share, 5)})
        seconds += seconds_of(rollout, NOTE_EVERY)
        if len(shares) % 8 == 0:
            measure_everywhere()
    measure_everywhere()
    whole = statistics.median(dense) * rollout.iterations
    unusual = {"loops": task.loops, "endpoints": task.endpoints}
    return {
        "size": task.size,
        **{key: value for key, value in unusual.items() if value not in (0, "any")},
        "instance": instance,
        "path_length": int(batch.path_lengths[0]),
        "iterations": rollout.iterations,
        "converged": float(rollout.residuals.max()) <= TOLERANCE,
        "solved": bool(is_solution(batch.grids[0], rollout.answers()[0])),
        "active_seconds": round(seconds, 3),
        "dense_seconds": round(whole, 3),
        "times_faster": round(whole / seconds, 2),
        "active_cells": shares,
    }


def plot(rows: list[dict], path: Path) -> None:
    """Draw the share of active cells against iterations, a line for each size."""
    from thinkenv.deep_thinking.analysis.figures import panels

    with panels(1, (6.4, 3.6), path) as (axes,):
        for row in rows:
            iterations = [note["iterations"] for note in row["active_cells"]]
            shares = [note["active_share"] for note in row["active_cells"]]
            loops = f" loops {row['loops']:g}" if "loops" in row else ""
            label = f"{row['size']}x{row['size']}{loops}, path of {row['path_length']:,} cells"
            axes.plot(iterations, shares, label=label)
        axes.set(xlabel="iterations", ylabel="cells that can still change", yscale="log")
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
        axes.legend(frameon=False)


def main() -> None:
    """Measure, print, and store."""
    parser = parser_of(__doc__, threads=True)
    parser.add_argument("--checkpoint", default="maze", help="an agent: name or folder")
    parser.add_argument("--sizes", type=int, nargs="+", default=[201, 801])
    parser.add_argument("--loops", type=float, nargs="+", default=[0.0], help="of each size")
    parser.add_argument("--endpoints", default="any", help="of all mazes")
    parser.add_argument("--instance", type=int, default=0)
    parser.add_argument("--max-iterations", type=int, default=100_000)
    parser.add_argument(
        "--figure", type=writable_file, help="draw active cells over time into this file"
    )
    arguments = parser.parse_args()
    agent = load(arguments.checkpoint, prepare_device("cpu", arguments.threads))
    rows = []
    for size, loops in itertools.product(arguments.sizes, arguments.loops):
        kind = {"loops": loops, "endpoints": arguments.endpoints}
        task = MazeTask(size, "extrapolation", **kind)
        row = measure(agent, task, arguments.instance, arguments.max_iterations)
        rows.append(row)
        print(
            f"{task.label(task.options)}: {row['iterations']:,} iterations, "
            f"{'converged' if row['converged'] else 'not converged'}, "
            f"{'solved' if row['solved'] else 'not solved'}; {row['active_seconds']:.1f} s where "
            f"it changes, {row['dense_seconds']:.1f} s everywhere: {row['times_faster']:.1f} times",
            flush=True,
        )
    if arguments.json is not None:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        stored = {"threads": torch.get_num_threads(), "peak_memory_mb": memory, "rows": rows}
        store_result(arguments.json, stored)
    if arguments.figure is not None:
        plot(rows, arguments.figure)


if __name__ == "__main__":
    sys.exit(run_command(main))
