"""Evaluate an agent: does it solve harder problems by thinking longer?

Run from the repository's root:

    python agents/evaluate.py --checkpoint assets/agents/maze --size 59 --iterations 1500
    python agents/evaluate.py --json runs/maze.json --figure runs/maze.png
    python agents/evaluate.py --size 9 13 33 59 --iterations 72 500 1500 3000
    python agents/evaluate.py --size 33 --iterations converged

Prints one row for each size and number of iterations. ``exact`` is the share of mazes whose whole
path is right, with its 95 % Wilson interval; ``cells`` the share of cells; ``converged`` the share
of mazes for which the memory had stopped changing; ``seconds`` the time that thinking took.
"""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import tyro
from deep_thinking.agent import MOST_ITERATIONS, Agent
from deep_thinking.checkpoint import load_agent, write_whole
from deep_thinking.device import DeviceName, prepare_device
from deep_thinking.metrics import evaluation_row, format_table
from deep_thinking.tasks import TASKS, task_class
from provenance import provenance
from tqdm import tqdm


@dataclass
class Args:
    """Options of evaluation."""

    checkpoint: Path = Path("assets/agents/maze")
    """Folder of the agent: a shipped one, or that of a training run."""
    task: Literal[tuple(TASKS)] = "maze"
    """The task to test it on."""
    size: tuple[int, ...] = (9, 13, 33, 59)
    """Sizes of the mazes."""
    mazes: int = 200
    """How many of each size."""
    iterations: tuple[str, ...] = ()
    """Numbers of iterations to look at, or "converged" to stop each maze when its thought has
    stopped changing; by default the training budget and 1,500."""
    most_iterations: int = MOST_ITERATIONS
    """Where to give up with "converged"."""
    split: str | None = None
    """The split; by default "test" for the size trained on, "extrapolation" for others."""
    generator: str = "dfs"
    """How the mazes are carved: a name of thinkenv.mazes.GENERATORS."""
    loops: float = 0.0
    """The chance that a wall is opened."""
    endpoints: str = "any"
    """Where start and goal lie: any, dead_ends, corners, or farthest."""
    seed: int = 0
    """Which mazes of the split."""
    json: Path | None = None
    """Write the rows, and where they come from, to this file."""
    figure: Path | None = None
    """Draw accuracy against iterations into this file (PNG, PDF or SVG)."""
    threads: int | None = None
    """CPU threads; by default all cores."""
    device: DeviceName = "auto"
    """cpu, cuda, or auto: a GPU if there is one."""


def read_stages(args: Args, agent: Agent) -> tuple[list[int], bool]:
    """The numbers of iterations to look at, and whether to run until converged as well.

    Raises:
        ValueError: If one is neither a whole number from 1 nor ``converged``.
    """
    wanted = args.iterations or (str(agent.training_iterations), "1500")
    stages = set()
    for word in wanted:
        if word == "converged":
            continue
        if not word.isdecimal() or int(word) < 1:
            raise ValueError(
                f"--iterations {word}: allowed are whole numbers from 1 and 'converged'"
            )
        stages.add(int(word))
    return sorted(stages), "converged" in wanted


def evaluate_size(args: Args, agent: Agent, size: int) -> list[dict]:
    """Evaluation rows of one size, in the order of iterations."""
    split = args.split or ("test" if size == agent.task.training_size else "extrapolation")
    task = agent.task(
        size=size,
        split=split,
        generator=args.generator,
        loops=args.loops,
        endpoints=args.endpoints,
    )
    problems = task.draw(args.seed, args.mazes)
    stages, until_converged = read_stages(args, agent)
    common = {
        "task": agent.task.name,
        "axes": task.axes,
        "disturbance": "none",
        "seed": args.seed,
        "checkpoint": args.checkpoint.as_posix(),
    }
    rows = []
    passes = bool(stages) + until_converged
    with tqdm(
        total=passes * len(problems),
        desc=f"thinking about {size}x{size}",
        unit="maze",
        leave=False,
        disable=None,
    ) as bar:
        if stages:
            looks = agent.think_in_stages(
                problems.problems, stages, time.perf_counter, progress=bar.update
            )
            for stage, (answers, converged, seconds) in zip(stages, looks, strict=True):
                solved, cells = task.judge(problems, answers)
                rows.append(
                    evaluation_row(
                        solved=solved,
                        cells=cells,
                        converged=converged,
                        iterations=stage,
                        seconds=seconds,
                        **common,
                    )
                )
        if until_converged:
            began = time.perf_counter()
            thought = agent.think(
                problems.problems,
                iterations="converged",
                most_iterations=args.most_iterations,
                progress=bar.update,
            )
            seconds = time.perf_counter() - began
            solved, cells = task.judge(problems, thought.answer)
            rows.append(
                evaluation_row(
                    solved=solved,
                    cells=cells,
                    converged=thought.converged,
                    iterations=float(np.mean(thought.iterations)),
                    seconds=seconds,
                    **common,
                )
            )
    return rows


def evaluate(args: Args) -> list[dict]:
    """Evaluate one agent; print, and write what the options ask for.

    Raises:
        CheckpointError: If the agent cannot be loaded or is for another task.
        ValueError: If an option has a value that is not allowed.
    """
    if args.mazes < 1:
        raise ValueError(f"--mazes {args.mazes}: needs 1 or more")
    task = task_class(args.task)
    agent = load_agent(args.checkpoint, prepare_device(args.device, args.threads), task=args.task)
    read_stages(args, agent)  # complain before the work, not after it
    rows = []
    for size in args.size:
        rows += evaluate_size(args, agent, size)
    print(
        f"{task.name} agent {args.checkpoint}, trained on size {task.training_size} with at most "
        f"{agent.training_iterations} iterations"
    )
    print(format_table(rows))
    if args.json is not None:
        result = {
            **provenance(),
            "training_iterations": agent.training_iterations,
            "rows": rows,
        }
        args.json.parent.mkdir(parents=True, exist_ok=True)
        write_whole(args.json, (json.dumps(result, indent=2) + "\n").encode())
        print(f"rows: {args.json}")
    if args.figure is not None:
        from deep_thinking.figures import plot_accuracy

        plot_accuracy(rows, agent.training_iterations, args.figure)
        print(f"figure: {args.figure}")
    return rows


def main() -> int:
    """Evaluate, and report errors in one line."""
    try:
        evaluate(tyro.cli(Args, description=__doc__))
    except (ValueError, TypeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
