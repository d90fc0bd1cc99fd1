"""Evaluate an agent: does it solve harder problems by thinking longer?

Run from the repository's root:

    python agents/evaluate.py --checkpoint assets/agents/maze --size 59 --iterations 1500
    python agents/evaluate.py --json runs/maze.json --figure runs/maze.png
    python agents/evaluate.py --size 9 13 33 59 --iterations 72 500 1500 3000
    python agents/evaluate.py --size 33 --iterations converged
    python agents/evaluate.py --size 33 --disturb zero noise:1 region:0.5 moved --disturb-at 0.5 2
    python agents/evaluate.py --size 33 --problems 100 --diagnose --figure runs/diagnosis.png
    python agents/evaluate.py --task chess --database FILE --iterations 6 12 60

Prints one row for each set of problems (mazes by size, chess puzzles by rating) and number of
iterations. ``exact`` is the share of problems answered exactly right (the whole path; both squares
of the first move, or of another one that mates), with its 95 % Wilson interval; ``cells`` the share
of cells; ``converged`` the share of problems for which the memory had stopped changing; ``seconds``
the time that thinking took. Chess puzzles are also played: ``first_move`` is the share in which the
legal move with the most probable squares is right, ``line`` that in which all moves are; and the
agent's puzzle rating is fitted, at which it would solve one half.

With ``--disturb`` it is measured instead how many answers become right again after the memory or
the problem was disturbed; agents/deep_thinking/disturbances.py lists what can be done to them.
With ``--diagnose`` it is found out how the agent thinks: whether the end depends on the beginning,
whether it is a fixed point, and more; agents/deep_thinking/diagnostics.py says what.
"""

import itertools
import json
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from thinkenv.deep_thinking.rollout.acceleration import Acceleration
from thinkenv.deep_thinking.agent import MOST_ITERATIONS, TOLERANCE, Agent
from thinkenv.deep_thinking.checkpoint import load_agent
from thinkenv.deep_thinking.device import DeviceName
from thinkenv.deep_thinking.analysis.diagnostics import diagnose
from thinkenv.deep_thinking.analysis.disturbances import Disturbance
from thinkenv.deep_thinking.analysis.tables import (
    fit_rating,
    format_diagnoses,
    format_recovery,
    format_table,
    label_of,
)
from thinkenv.deep_thinking.distributed import Processes
from thinkenv.deep_thinking.analysis.recovery import LOOK_EVERY, measure_recovery
from thinkenv.deep_thinking.tasks import find_task
from thinkenv.provenance import store_result
from thinkenv import suites
from thinkenv.suites.scores import ROW_KEYS, evaluation_row
from thinkenv.suites import Answers

PROBLEMS = 200  # of each set, where nothing else is asked for


@dataclass
class Args:
    """Options of evaluation."""

    checkpoint: Path | None = None
    """Folder of the agent: by default the one that comes with the task, or that of a run."""
    task: str = "maze"
    """The task to test it on: maze, chess or prefix_sum, or module:Class for one of your own."""
    suite: str | None = None
    """A suite of thinkenv.suites instead of problems chosen by the options below, such as
    maze-extrapolation."""
    problems: Annotated[int | None, tyro.conf.arg(aliases=["--mazes"])] = None
    """How many of each size, or of each bucket of ratings; by default 200, and all of a suite."""
    iterations: tuple[str, ...] = ()
    """Numbers of iterations to look at, or "converged" to stop each problem when its thought has
    stopped changing; by default the training budget and that of the task, far beyond it."""
    most_iterations: int = MOST_ITERATIONS
    """Where to give up with "converged"."""
    split: str | None = None
    """The split; by default "test" for problems as easy as those trained on, "extrapolation" for
    others."""
    size: tuple[int, ...] = ()
    """Sizes of the mazes, by default 9, 13, 33 and 59; or lengths of the bit strings, by default
    32, 48, 128 and 512."""
    generator: str = "dfs"
    """How the mazes are carved: a name of thinkenv.mazes.GENERATORS."""
    loops: float = 0.0
    """The chance that a wall of a maze is opened."""
    endpoints: str = "any"
    """Where start and goal of a maze lie: any, dead_ends, corners, or farthest."""
    file: Path | None = None
    """Mazes from elsewhere instead: a .npz or .zanj file, or a folder in the easy_to_hard or the
    token format."""
    database: str = "bundled"
    """Chess puzzles: bundled, a Lichess .csv or .csv.zst, or a database."""
    rating: tuple[int, int] | None = None
    """Lowest and highest rating of chess puzzles; by default all."""
    seed: int = 0
    """Which problems of the split."""
    batch: int | None = None
    """Problems to think about at a time; by default as many as have 250,000 cells."""
    disturb: tuple[str, ...] = ()
    """Disturbances to recover from: none, zero, foreign, random, noise:S, region:S, flip:S, moved,
    another."""
    disturb_at: tuple[str, ...] = ("0.5",)
    """When: shares of the iterations after which each problem's memory has come to rest, such as
    0.5 (half-way) or 2 (long after), or "every" for every iteration."""
    recovery_iterations: int | None = None
    """How long to watch after a disturbance; by default as long as suffices for the hardest
    problems of the task."""
    diagnose: bool = False
    """Find out how the agent thinks, and where its memories end."""
    shard: tuple[int, int] | None = None
    """Which part of the problems, and of how many parts: 0 4 is the first quarter. By default all,
    or the part of this process under torchrun."""
    merge: tuple[Path, ...] = ()
    """Evaluate nothing: put together the results (--json) of all parts."""
    json: Path | None = None
    """Write the rows, and where they come from, to this file."""
    figure: Path | None = None
    """Draw accuracy against iterations into this file (PNG, PDF or SVG); or recovery from
    disturbances, or what was found out about how the agent thinks."""
    threads: int | None = None
    """CPU threads; by default all cores."""
    device: DeviceName = "auto"
    """cpu, cuda, or auto: a GPU if there is one."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """What convolutions compute in."""
    compile: bool = False
    """Fuse iterations with torch.compile."""
    cuda_graphs: bool = False
    """Capture iterations once and replay them, on a GPU."""


def read_stages(args: Args, agent: Agent) -> tuple[list[int], bool]:
    """The numbers of iterations to look at, and whether to run until converged as well.

    Raises:
        ValueError: If one is neither a whole number from 1 nor ``converged``.
    """
    wanted = args.iterations or (
        str(agent.training_iterations),
        str(agent.task.many_iterations),
    )
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


class Asked:
    """An agent as ``thinkenv.suites`` asks it: looked at after several numbers of iterations."""

    def __init__(self, args: Args, agent: Agent):
        self.agent = agent
        self.stages, self.until_converged = read_stages(args, agent)
        self.most_iterations = args.most_iterations

    def __call__(self, problems: np.ndarray) -> list[Answers]:
        """Answers to problems, for each number of iterations."""
        looks = []
        if self.stages:
            in_stages = self.agent.think_in_stages(problems, self.stages, time.perf_counter)
            for stage, (answers, converged, seconds) in zip(self.stages, in_stages, strict=True):
                looks.append(Answers(answers, stage, converged, seconds))
        if self.until_converged:
            began = time.perf_counter()
            thought = self.agent.think(problems, "converged", most_iterations=self.most_iterations)
            seconds = time.perf_counter() - began
            looks.append(Answers(thought.answer, thought.iterations, thought.converged, seconds))
        return looks


def evaluate_problems(
    args: Args, agent: Agent, task: Any, shard: tuple[int, int]
) -> tuple[list[dict], list[tuple]]:
    """Evaluation rows of a part of one set of problems, in the order of iterations.

    Returns:
        The rows; and where problems are played (chess), the rating of each puzzle and whether its
        line was solved after the last number of iterations, in pairs.
    """
    of = min(args.problems, task.count)
    first, end = suites.part_of(of, *shard)
    if first == end:
        return [], []
    played: dict[int | str, list[tuple]] = {}

    def play(batch: Any, answers: Answers) -> dict[str, np.ndarray]:
        iterations = answers.iterations if isinstance(answers.iterations, int) else "converged"
        scores = task.play(batch, agent, iterations, args.most_iterations)
        if "line" in scores:
            pairs = zip(task.ratings_of(batch).tolist(), scores["line"].tolist(), strict=True)
            played.setdefault(iterations, []).extend(pairs)
        return scores

    rows = suites.evaluate_task(
        Asked(args, agent),
        task.source,
        end - first,
        args.seed,
        name=args.checkpoint.as_posix(),
        first=first,
        batch=args.batch,
        more_scores=play,
        label=f"thinking about {label_of(task.name, task.axes)}",
    )
    if shard[1] > 1:
        rows = [row | {"first": first, "of": of} for row in rows]
    return rows, list(played.values())[-1] if played else []


def read_moments(args: Args) -> list[float | None]:
    """The shares of ``--disturb-at``, None for every iteration.

    Raises:
        ValueError: If one is neither a number from 0 nor ``every``.
    """
    moments = []
    for word in args.disturb_at:
        try:
            moments.append(None if word == "every" else float(word))
        except ValueError:
            moments.append(-1.0)
        if moments[-1] is not None and not 0 <= moments[-1] < float("inf"):
            raise ValueError(f"--disturb-at {word}: allowed are numbers from 0 and 'every'")
    return moments


def evaluate_recovery(args: Args, agent: Agent, task: Any) -> list[dict]:
    """Rows of one set of problems: a row for each disturbance at each moment."""
    disturbances = [Disturbance.parse(text) for text in args.disturb]
    moments = read_moments(args)
    wanted = args.recovery_iterations or agent.task.many_iterations
    iterations = LOOK_EVERY * max(1, round(wanted / LOOK_EVERY))
    problems = task.draw(args.seed, min(args.problems, task.count))
    at_rest = agent.think(
        problems.problems, "converged", most_iterations=args.most_iterations
    ).iterations
    rows = []
    with tqdm(
        total=len(disturbances) * len(moments) * len(problems),
        desc=f"disturbing thoughts about {label_of(task.name, task.axes)}",
        unit="problem",
        leave=False,
        disable=None,
    ) as bar:
        for moment, disturbance in itertools.product(moments, disturbances):
            began = time.perf_counter()
            recovery = measure_recovery(
                agent,
                task,
                problems,
                disturbance,
                None if moment is None else moment * at_rest,
                iterations,
                args.seed,
                bar.update,
            )
            row = evaluation_row(
                task=agent.task.name,
                axes=task.axes,
                disturbance=str(disturbance),
                scores={
                    "solved": recovery.recovered,
                    "cells": recovery.cells,
                    "right_before": recovery.right_before,
                },
                converged=recovery.converged,
                iterations=float(recovery.moments.mean()) + iterations,
                seconds=time.perf_counter() - began,
                seed=args.seed,
                checkpoint=args.checkpoint.as_posix(),
            )
            until_right = float(np.median(recovery.iterations_until_right))
            row["disturbed_at"] = "every" if moment is None else moment
            # None where most answers do not become right again
            row["iterations_until_right"] = until_right if np.isfinite(until_right) else None
            row["look_every"] = LOOK_EVERY
            row["right_at_looks"] = recovery.right.mean(axis=0).round(4).tolist()
            rows.append(row)
    return rows


def evaluate_thinking(args: Args, agent: Agent, task) -> dict:
    """A row of one set of problems: how the agent thinks about them."""
    problems = task.draw(args.seed, min(args.problems, task.count))
    with tqdm(
        total=len(problems),
        desc=f"watching thoughts about {label_of(task.name, task.axes)}",
        unit="problem",
        leave=False,
        disable=None,
    ) as bar:
        found = diagnose(
            agent,
            task,
            problems,
            max([agent.task.many_iterations, *read_stages(args, agent)[0]]),
            args.most_iterations,
            args.seed,
            bar.update,
        )
    moving = np.flatnonzero(found.residuals > TOLERANCE)
    shown = slice(0, moving[-1] + 2 if len(moving) else 1)  # until all are at rest

    def curve(numbers: np.ndarray | None) -> list[float] | None:
        return None if numbers is None else numbers[shown].round(6).tolist()

    return {
        "task": agent.task.name,
        **task.axes,
        "n": len(problems),
        "alignment": found.alignment,
        "same_answer_from_elsewhere": found.same_answer,
        "limits": found.limits,
        "first_solved": found.first_solved.tolist(),
        "last_changed": found.last_changed.tolist(),
        "residual_by_iteration": curve(found.residuals),
        "exact_by_iteration": curve(found.solved),
        "filling_agreement_by_iteration": curve(found.agreement),
        "filling_rounds_by_iteration": curve(found.filling_rounds),
        "seed": args.seed,
        "checkpoint": args.checkpoint.as_posix(),
    }


def rate(lines: list[dict], iterations: int | str) -> dict | None:
    """The agent's puzzle rating, printed; None where the puzzles do not tell it.

    Args:
        lines: For each part of each set of puzzles, ``played``: pairs of a rating and whether the
            line was solved; ``set``, its number, and ``part``.
        iterations: How long the agent thought about every move, or ``converged``.
    """
    ordered = sorted(lines, key=lambda one: (one["set"], one["part"]))
    ratings, solved = zip(*[pair for one in ordered for pair in one["played"]], strict=True)
    try:
        rating, low, high = fit_rating(np.array(ratings), np.array(solved))
    except ValueError as error:
        print(f"no puzzle rating: {error}")
        return None
    when = "when at rest" if iterations == "converged" else f"at {iterations} iterations"
    print(f"puzzle rating {when}: {rating:.0f} ({low:.0f} to {high:.0f})")
    return {"rating": rating, "low": low, "high": high, "iterations": iterations}


# Options that say which problems, and whose they are; tasks of your own may use any of them.
MAZE_OPTIONS = ("generator", "loops", "endpoints", "file")
CHESS_OPTIONS = ("database", "rating")
WITHOUT_USE = {
    "maze": CHESS_OPTIONS,
    "chess": ("size", *MAZE_OPTIONS),
    "prefix_sum": (*MAZE_OPTIONS, *CHESS_OPTIONS),
}


def check(args: Args, agent: Agent, shards: int) -> None:
    """Complain before the work, not after it.

    Raises:
        ValueError: If an option has a value that is not allowed, or would be without use.
    """
    read_stages(args, agent)
    if args.recovery_iterations is not None and args.recovery_iterations < 1:
        raise ValueError(f"--recovery-iterations {args.recovery_iterations}: needs 1 or more")
    moments = read_moments(args)
    for disturbance in map(Disturbance.parse, args.disturb):
        disturbance.check(None in moments, PROBLEMS if args.problems is None else args.problems)
    if args.suite is not None:
        refuse(args, "--suite", ("size", "split", "seed", *MAZE_OPTIONS, *CHESS_OPTIONS))
    else:
        refuse(args, f"--task {args.task}", WITHOUT_USE.get(args.task, ()))
    if args.file is not None:
        refuse(args, "--file", ("size", "split", "generator", "loops", "endpoints"))
    if args.disturb and args.diagnose:
        raise ValueError("--diagnose and --disturb: only one of them at a time")
    if args.disturb or args.diagnose:
        what = "--disturb" if args.disturb else "--diagnose"
        refuse(args, what, ("suite", "precision", "compile", "cuda_graphs"))
        if shards > 1:
            raise ValueError(f"{what}: cannot be shared by processes or shards")


def refuse(args: Args, what: str, names: tuple[str, ...]) -> None:
    """Refuse options that have no use beside another one.

    Raises:
        ValueError: If one of them has not its default value.
    """
    defaults = Args()
    for name in names:
        if getattr(args, name) != getattr(defaults, name):
            raise ValueError(f"--{name.replace('_', '-')}: has no use with {what}")


def shard_of(args: Args, processes: Processes) -> tuple[int, int]:
    """Which part of the problems is ours, and of how many parts.

    Raises:
        ValueError: If there is no such part, or processes are to share a part.
    """
    if args.shard is None:
        return processes.rank, processes.world_size
    number, shards = args.shard
    if not 0 <= number < shards:
        raise ValueError(f"--shard {number} {shards}: needs a number below how many there are")
    if processes.world_size > 1:
        raise ValueError("--shard: under torchrun every process has its own part")
    return number, shards


def measure(args: Args, agent: Agent, shard: tuple[int, int]) -> tuple[list[dict], list[dict]]:
    """The rows of a part of all problems; and of chess puzzles, what ``rate`` needs."""
    if args.suite is not None:
        rows = suites.evaluate(
            Asked(args, agent),
            args.suite,
            name=args.checkpoint.as_posix(),
            most=args.problems,
            batch=args.batch,
            shard=shard[0],
            shards=shard[1],
        )
        return rows, []
    rows, lines = [], []
    for number, task in enumerate(agent.task.for_testing(vars(args))):
        if args.disturb:
            rows += evaluate_recovery(args, agent, task)
        elif args.diagnose:
            rows.append(evaluate_thinking(args, agent, task))
        else:
            rows_of_task, played = evaluate_problems(args, agent, task, shard)
            rows += rows_of_task
            if played:
                lines.append({"set": number, "part": shard[0], "played": played})
    return rows, lines


# What the results of all parts have in common.
ASKED = ("training_iterations", "last_iterations", "agent")


def read_part(path: Path) -> dict:
    """A result of a part, as ``--json`` wrote it.

    Raises:
        ValueError: If it is none.
    """
    try:
        result = json.loads(path.read_text())
        if any(name not in result for name in ASKED):
            raise KeyError
        if any(name not in row for row in result["rows"] for name in ROW_KEYS):
            raise KeyError
        if any(row["disturbance"] != "none" or "disturbed_at" in row for row in result["rows"]):
            raise KeyError
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ValueError(f"--merge {path}: no result of evaluate.py --shard --json") from None
    return result


def report(args: Args, asked: dict, rows: list[dict], lines: list[dict]) -> None:
    """Print rows, and write and draw them where the options ask for it.

    Args:
        args: The options.
        asked: Who was asked: ``training_iterations``, ``agent``, and ``last_iterations``, how long
            it thought at last.
        rows: The rows.
        lines: Of chess puzzles, what ``rate`` needs.
    """
    labels = [label_of(row["task"], row) for row in rows]
    if args.disturb:
        print(format_recovery(rows, labels))
    elif args.diagnose:
        print(format_diagnoses(rows, labels))
    elif rows:
        others = [name for name in rows[0] if f"{name}_low" in rows[0] and name != "exact"]
        print(format_table(rows, labels, others))
    else:
        print("no problem falls to this shard")
    result = dict(asked)
    if lines and args.shard is None:
        puzzle_rating = rate(lines, asked["last_iterations"])
        result |= {} if puzzle_rating is None else {"puzzle_rating": puzzle_rating}
    elif lines:
        result["lines"] = lines  # the rating is fitted when the parts are put together
    if args.json is not None:
        store_result(args.json, result | {"rows": rows})
        print(f"rows: {args.json}")
    if args.figure is not None:
        from thinkenv.deep_thinking.analysis.figures import plot_accuracy, plot_diagnoses, plot_recovery

        if args.disturb:
            plot_recovery(rows, labels, args.figure)
        elif args.diagnose:
            plot_diagnoses(rows, labels, args.figure)
        else:
            plot_accuracy(rows, labels, asked["training_iterations"], args.figure)
        print(f"figure: {args.figure}")


def merge(args: Args) -> list[dict]:
    """Put together the results of shards.

    Returns:
        The rows of all.

    Raises:
        ValueError: If a file holds no result, they are of different agents, or they leave problems
            out or have some twice.
    """
    results = [read_part(path) for path in args.merge]
    asked = {name: results[0][name] for name in ASKED}
    for path, result in zip(args.merge, results, strict=True):
        if any(result[name] != asked[name] for name in asked):
            raise ValueError(f"--merge {path}: is of another agent than {args.merge[0]}")
    rows = suites.merge_rows([result["rows"] for result in results])
    lines = [one for result in results for one in result.get("lines", [])]
    report(replace(args, shard=None), asked, rows, lines)
    return rows


def evaluate(args: Args, processes: Processes) -> list[dict]:
    """Evaluate one agent, alone or with other processes; print, and write what is asked for.

    Returns:
        The rows of all processes.

    Raises:
        CheckpointError: If the agent cannot be loaded or is for another task.
        ValueError: If an option has a value that is not allowed.
    """
    if args.problems is not None and args.problems < 1:
        raise ValueError(f"--problems {args.problems}: needs 1 or more")
    if args.merge:
        return merge(args)
    task = suites.SUITES[args.suite].sets[0].task if args.suite in suites.SUITES else args.task
    args = replace(args, task=find_task(task).name)
    if args.checkpoint is None:
        args = replace(args, checkpoint=Path("assets/agents") / args.task)
    if args.problems is None and args.suite is None:
        args = replace(args, problems=PROBLEMS)
    acceleration = Acceleration(args.precision, args.compile, args.cuda_graphs)
    agent = load_agent(args.checkpoint, processes.device, args.task, acceleration)
    shard = shard_of(args, processes)
    check(args, agent, shard[1])
    parts = processes.gather(measure(args, agent, shard))
    rows = suites.merge_rows([rows for rows, _ in parts]) if len(parts) > 1 else parts[0][0]
    if not processes.is_first:
        return rows
    print(
        f"{args.task} agent {args.checkpoint}, trained with at most "
        f"{agent.training_iterations} iterations"
    )
    stages, until_converged = read_stages(args, agent)
    trained = {name: agent.description.get(name) for name in ("command", "commit")}
    asked = {
        "training_iterations": agent.training_iterations,
        "last_iterations": "converged" if until_converged else stages[-1],
        "agent": {"weights_sha256": agent.description["weights_sha256"], **trained},
    }
    report(args, asked, rows, [one for _, lines in parts for one in lines])
    return rows


def main() -> int:
    """Evaluate, and report errors in one line."""
    args = tyro.cli(Args, description=__doc__)
    processes = None
    status = 1
    try:
        processes = Processes(args.device, args.threads)
        evaluate(args, processes)
        status = 0
    except (ValueError, TypeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
    return status if processes is None else processes.end(status)


if __name__ == "__main__":
    sys.exit(main())
