"""How fast an agent thinks about large mazes: everywhere, and only where its memory still changes.

Run from the repository's root, on an otherwise idle machine:

    python benchmarks/thinking.py --json benchmarks/results/thinking.json \
        --figure assets/pictures/active_cells.png

For each size one maze of ``extrapolation`` is thought about until its memory has come to rest, or
for ``--most-iterations``, by active cells (agents/deep_thinking/active_cells.py). On the way the
share of active cells is noted, and whether the answer is right. An iteration of the whole maze
always takes the same time, so it is measured on some of them, before, in the middle and after, and
multiplied by the number of iterations.
"""

import argparse
import resource
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.rollout.active_cells import ROUNDING, ActiveCells
from thinkenv.deep_thinking.agent import TOLERANCE, Agent
from thinkenv.deep_thinking.device import prepare_device
from thinkenv.deep_thinking.maze_problems import MazeProblems
from thinkenv.provenance import store_result
from thinkenv.mazes import is_solution

# Every so many iterations the share of active cells is noted.
NOTE_EVERY = 160


def seconds_of_iteration(agent: Agent, memory: torch.Tensor, seen: torch.Tensor) -> float:
    """Seconds that an iteration of the whole maze takes: the median of several."""
    took = []
    for _ in range(7):
        began = time.perf_counter()
        agent.net.step(memory, seen)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


@torch.no_grad()
def measure(agent: Agent, size: int, instance: int, most_iterations: int) -> dict:
    """Think about one maze both ways; what was found."""
    task = MazeProblems(size, "extrapolation")
    batch = task.source.draw([instance])
    inputs = agent.task.encode(batch.problems, agent.device)
    seen = agent.net.perceive(inputs)
    memory = agent.net.empty_memory(inputs).contiguous(memory_format=torch.channels_last)
    dense = [seconds_of_iteration(agent, memory, seen)]
    thought = ActiveCells(agent.net, seen, memory, ROUNDING)
    seconds = 0.0
    done = 0
    shares = []
    while (
        done < most_iterations and len(thought.cells) and float(thought.changes.max()) > TOLERANCE
    ):
        shares.append({"iterations": done, "active_share": round(thought.share, 5)})
        began = time.perf_counter()
        thought.advance(NOTE_EVERY)
        seconds += time.perf_counter() - began
        done += NOTE_EVERY
        if len(shares) % 8 == 0:
            dense.append(seconds_of_iteration(agent, thought.memory, seen))
    dense.append(seconds_of_iteration(agent, thought.memory, seen))
    answer = agent.task.answer(agent.net.read(thought.memory)).cpu().numpy()[0]
    whole = statistics.median(dense) * done
    return {
        "size": size,
        "instance": instance,
        "path_length": int(batch.path_lengths[0]),
        "iterations": done,
        "converged": float(thought.changes.max()) <= TOLERANCE,
        "solved": bool(is_solution(batch.grids[0], answer)),
        "active_seconds": round(seconds, 3),
        "dense_seconds": round(whole, 3),
        "times_faster": round(whole / seconds, 2),
        "active_cells": shares,
    }


def plot(rows: list[dict], path: Path) -> None:
    """Draw the share of active cells against iterations, a line for each size."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.6), layout="constrained")
    for row in rows:
        notes = row["active_cells"]
        axes.plot(
            [note["iterations"] for note in notes],
            [note["active_share"] for note in notes],
            label=f"{row['size']}x{row['size']}, path of {row['path_length']:,} cells",
        )
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    axes.set_xlabel("iterations")
    axes.set_ylabel("cells that can still change")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def main() -> int:
    """Measure, print, and store."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--checkpoint", type=Path, default=Path("assets/agents/maze"))
    parser.add_argument("--sizes", type=int, nargs="+", default=[201, 801])
    parser.add_argument("--instance", type=int, default=0)
    parser.add_argument("--most-iterations", type=int, default=100_000)
    parser.add_argument("--threads", type=int, help="CPU threads (default: all cores)")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--figure", type=Path, help="draw active cells over time into this file")
    arguments = parser.parse_args()
    agent = load(arguments.checkpoint, prepare_device("cpu", arguments.threads))
    rows = []
    for size in arguments.sizes:
        row = measure(agent, size, arguments.instance, arguments.most_iterations)
        rows.append(row)
        print(
            f"size {size}: {row['iterations']:,} iterations, "
            f"{'at rest' if row['converged'] else 'not at rest'}, "
            f"{'solved' if row['solved'] else 'not solved'}; {row['active_seconds']:.1f} s where "
            f"it changes, {row['dense_seconds']:.1f} s everywhere: {row['times_faster']:.1f} times",
            flush=True,
        )
    if arguments.json is not None:
        stored = {
            "threads": torch.get_num_threads(),
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
            "rows": rows,
        }
        store_result(arguments.json, stored)
    if arguments.figure is not None:
        plot(rows, arguments.figure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
