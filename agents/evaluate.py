"""Evaluate an agent: does it solve harder problems by thinking longer?

    python agents/evaluate.py --checkpoint maze --size 59 --iterations 2500
    python agents/evaluate.py --size 9 13 33 59 --iterations 140 500 1500 --figure runs/maze.png
    python agents/evaluate.py --size 33 --iterations converged --json runs/maze.json
    python agents/evaluate.py --task chess --database FILE --imagine 0 16 64
    python agents/evaluate.py --suite maze-axes --iterations converged
    python agents/evaluate.py recovery --size 33 --disturb zero noise:1 moved --disturb-at 0.5 2
    python agents/evaluate.py recovery --task chess --imagine 64
    python agents/evaluate.py diagnose --size 33 --problems 100 --figure runs/diagnosis.png
    python agents/evaluate.py merge runs/parts/*.json

There are four subcommands; without one it is accuracy. Each takes --help. Which problems there are
to choose from, and the defaults, depend on --task: add it before --help.
"""

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import tyro

from thinkenv import suites
from thinkenv.checks import check_choice
from thinkenv.deep_thinking import Agent, command_line, evaluation
from thinkenv.deep_thinking.agent import MAX_IMAGINED
from thinkenv.deep_thinking.analysis import tables
from thinkenv.deep_thinking.analysis.disturbances import Disturbance
from thinkenv.deep_thinking.distributed import Distributed
from thinkenv.deep_thinking.rollout.acceleration import Acceleration
from thinkenv.files import write_bytes
from thinkenv.mazes import MazeFileTask
from thinkenv.provenance import store_result
from thinkenv.tasks import find_task
from thinkenv.tasks.base import AnyTask

PROBLEMS = 200  # of each set, where nothing else is asked for
AGENT_KEYS = ("training_iterations", "agent")  # what the results of all parts have in common


@dataclass
class Args(command_line.AgentArgs):
    """Options of all evaluations of an agent."""

    problems: int | None = None
    """How many of each size, or of each bucket of ratings; by default 200, and all of a suite or a
    file."""
    max_iterations: int | None = None
    """Where to give up on a memory that does not converge; by default after as many iterations as a
    board has cells, and 100,000 at least."""
    seed: int = 0
    """Which problems of the split."""
    json: Path | None = None
    """Write the rows, and where they come from, to this file."""
    figure: Path | None = None
    """Plot the results into this file (PNG, PDF or SVG)."""
    acceleration: tyro.conf.OmitArgPrefixes[Acceleration] = field(default_factory=Acceleration)
    """How iterations are run faster."""


@dataclass
class AccuracyArgs(Args):
    """Options of ``accuracy``."""

    iterations: tuple[str, ...] = ()
    """Numbers of iterations after which to answer, or "converged" to stop each problem when its
    memory has stopped changing; by default the training budget and that of the task, far beyond
    it."""
    imagine: tuple[str, ...] = ()
    """Numbers of positions to imagine after that many iterations, for agents that do so: answers
    are noted after each instead; 0 is the answer before. "settled" stops each problem when it is
    plain what to play."""
    max_imagined: int = MAX_IMAGINED
    """Where to give up on a problem of which that does not become plain."""
    suite: str | None = None
    """A suite of thinkenv.suites instead of problems chosen by other options, such as
    maze-extrapolation."""
    batch: int | None = None
    """Problems to think about at a time; by default as many as have 250,000 cells."""
    shard: tuple[int, int] | None = None
    """Which part of the problems, and of how many parts: 0 4 is the first quarter. By default all,
    or the part of this process under torchrun."""
    predictions: Path | None = None
    """Write what became of every problem, and the answers, to this .npz file: arrays "0/solved",
    "0/answer", … for the first row, and so on."""


@dataclass
class RecoveryArgs(Args):
    """Options of ``recovery``."""

    disturb: tuple[str, ...] = ("none", "zero", "foreign", "random", "noise:1")
    """Disturbances to recover from: none, zero, foreign, random, noise:S, region:S, flip:S, moved,
    another."""
    disturb_at: tuple[str, ...] = ("0.5",)
    """When: shares of the iterations after which each problem's memory has converged, such as 0.5
    (half-way) or 2 (long after), or "every" for every iteration."""
    recovery_iterations: int | None = None
    """How long to watch after a disturbance; by default as long as suffices for the hardest
    problems of the task."""
    imagine: int | None = None
    """Disturb imagining instead: so many positions of each problem, after as many iterations as in
    training; --disturb-at are shares of them then. Disturbed are the memories of all positions
    imagined up to there, by none, zero, foreign, random, noise:S or flip:S."""


@dataclass
class DiagnoseArgs(Args):
    """Options of ``diagnose``."""

    iterations: int | None = None
    """How many iterations to watch one by one; by default as many as suffice for the hardest
    problems of the task."""


@dataclass
class MergeArgs:
    """Options of ``merge``."""

    files: tyro.conf.Positional[tuple[Path, ...]]
    """The results (--json) of all parts."""
    json: Path | None = None
    """Write the rows, and where they come from, to this file."""
    figure: Path | None = None
    """Plot accuracy against iterations into this file (PNG, PDF or SVG)."""


def accuracy(args: AccuracyArgs, agent: Agent, processes: Distributed) -> None:
    """Measure the share of problems that are answered right, after each number of iterations.

    Prints one row for each set of problems (mazes by size, chess puzzles by rating) and number of
    iterations. exact is the share of problems answered exactly right (the whole path; both squares
    of the first move, or of another one that mates), with its 95 % Wilson interval; cells the share
    of cells; converged the share of problems for which the memory had stopped changing; seconds the
    time that thinking took. Chess puzzles are also played: first_move is the share in which the
    legal move that the agent prefers is right, line that in which all moves are; and the
    agent's puzzle rating is fitted, at which it would solve one half.
    """
    budgets = (agent.training_iterations, agent.task.ample_iterations)
    time = evaluation.ThinkingTime.parse(
        args.iterations, args.max_iterations, budgets, args.imagine, args.max_imagined
    )
    shard, shards = shard_of(args.shard, processes)
    sets: list[list[suites.Evaluation]] = []
    try:
        for found in evaluate_sets(args, evaluation.AgentPolicy(agent, time), agent, shard, shards):
            sets.append(found)
            if processes.world_size == 1:  # lose nothing, whatever comes
                store(args.json, about(agent), rows_of(sets))
    except KeyboardInterrupt:
        print_accuracy(rows_of(sets))
        raise
    parts = processes.gather(sets)
    if not processes.is_first:
        return
    rows = suites.merge_rows([rows_of(part) for part in parts]) if len(parts) > 1 else rows_of(sets)
    print_agent(agent)
    print_accuracy(rows)
    ratings = {} if args.shard is not None else rate(rows) | rate_each(parts)
    store(args.json, about(agent) | ratings, rows)
    if args.predictions is not None:
        store_predictions(args.predictions, parts)
    finish(args, rows, agent.training_iterations)


def evaluate_sets(
    args: AccuracyArgs, policy: evaluation.AgentPolicy, agent: Agent, shard: int, shards: int
) -> Iterator[list[suites.Evaluation]]:
    """The evaluations of each set of problems, as soon as it is done."""
    how: dict[str, Any] = {
        "name": agent.name,
        "batch": args.batch,
        "shard": shard,
        "shards": shards,
        "keep_answers": args.predictions is not None,
    }
    if args.suite is not None:
        yield from suites.evaluate_sets(policy, args.suite, max_problems=args.problems, **how)
        return
    for task in args.selection.tasks(agent.task):
        count = problems_of(args, task)
        label = f"thinking about {task.label(task.options)}"
        yield suites.evaluate_task(policy, task, count, args.seed, label=label, **how)


def problems_of(args: Args, task: AnyTask) -> int:
    """How many problems of a task are evaluated."""
    if task.count is None:
        return args.problems or PROBLEMS
    is_of_file = isinstance(task, MazeFileTask)
    return min(args.problems or (task.count if is_of_file else PROBLEMS), task.count)


def shard_of(wanted: tuple[int, int] | None, processes: Distributed) -> tuple[int, int]:
    """Which part of the problems is ours, and of how many parts.

    Raises:
        ValueError: If there is no such part, or processes are to share a part.
    """
    if wanted is None:
        return processes.rank, processes.world_size
    shard, shards = wanted
    if not 0 <= shard < shards:
        raise ValueError(f"--shard must be a number below how many there are, got {shard} {shards}")
    if processes.world_size > 1:
        raise ValueError("--shard: under torchrun every process has its own part")
    return shard, shards


def rows_of(sets: list[list[suites.Evaluation]]) -> list[dict]:
    """The rows of the evaluations of several sets of problems."""
    return [one.row for evaluations in sets for one in evaluations]


def rate(rows: list[dict]) -> dict[str, Any]:
    """The agent's puzzle rating, printed, as results hold it; empty where there is none."""
    try:
        rating = suites.rate_rows(rows)
    except ValueError as error:
        print(f"no puzzle rating: {error}")
        return {}
    if rating is None:
        return {}
    requested = rating["requested"]
    when = "when converged" if requested is None else f"at {requested} iterations"
    if "settled" in rating:
        when += f" and when settled, after {rating['imagined']:.1f} imagined positions on average"
    elif "imagined" in rating:
        when += f" and {rating['imagined']} imagined positions"
    interval = f"{rating['low']:.0f} to {rating['high']:.0f}"
    print(f"puzzle rating {when}: {rating['rating']:.0f} ({interval})")
    return {"puzzle_rating": rating}


def rate_each(parts: list[list[list[suites.Evaluation]]]) -> dict[str, Any]:
    """The puzzle ratings after each number of iterations or imagined positions, printed.

    Args:
        parts: As of ``store_predictions``.

    Returns:
        ``puzzle_ratings``, a list with ``requested`` and ``imagined`` as rows have them, and
        ``rating``, ``low`` and ``high``; nothing where there is one number alone, or no rating.
    """
    of_sets = [evaluations for part in parts for evaluations in part if evaluations]
    if not of_sets or len(of_sets[0]) == 1:
        return {}
    if not {"difficulty", "line"} <= of_sets[0][0].outcomes.keys():
        return {}
    found = []
    for same in zip(*of_sets, strict=True):
        rows = [one.row for one in same]
        ratings, lines = (
            np.concatenate([one.outcomes[name] for one in same]) for name in ("difficulty", "line")
        )
        sizes = [row["n"] for row in rows]
        told = {"requested": rows[0]["requested"]}
        for name in ("imagined", "settled"):
            if name in rows[0]:  # a mean, where it was found
                mean = np.average([row[name] for row in rows], weights=sizes)
                told[name] = round(float(mean), 2)
        try:
            rating, low, high = suites.fit_rating(ratings, lines)
        except ValueError:
            continue  # too few were solved, or all
        found.append({**told, "rating": rating, "low": low, "high": high})
        when = ", ".join(f"{name} {value}" for name, value in told.items())
        print(f"puzzle rating, {when}: {rating:.0f} ({low:.0f} to {high:.0f})")
    return {"puzzle_ratings": found} if found else {}


def store_predictions(path: Path, parts: list[list[list[suites.Evaluation]]]) -> None:
    """Write what became of every problem, as arrays such as ``0/solved``, of the first row.

    Args:
        path: The .npz file.
        parts: For each process, for each set of problems, its evaluations: after each number of
            iterations, or none where no problem fell to the process.
    """
    arrays: dict[str, Any] = {}
    index = 0
    for same_set in zip(*parts, strict=True):
        for same_row in zip(*filter(None, same_set), strict=True):
            for column in same_row[0].outcomes:
                values = [one.outcomes[column] for one in same_row]
                arrays[f"{index}/{column}"] = np.concatenate(values)
            index += 1
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_bytes(path, buffer.getvalue())
    print(f"predictions: {path}")


def recovery(args: RecoveryArgs, agent: Agent, processes: Distributed) -> None:
    """Measure how many answers become right again after the memory or the problem was disturbed.

    Prints a row for each set of problems, disturbance and time of it. What can be done to a thought
    is listed in thinkenv/deep_thinking/analysis/disturbances.py. With --imagine, memories of all
    positions imagined so far are disturbed, and the same problems are told with it and without.
    """
    command_line.check_counts(args, "recovery_iterations", "imagine")
    if args.imagine is not None and args.recovery_iterations is not None:
        raise ValueError("--recovery-iterations has no meaning with --imagine")
    disturbances = [Disturbance.parse(text) for text in args.disturb]
    disturbed_at = evaluation.parse_disturbed_at(args.disturb_at)

    def evaluate(task: AnyTask, **how: int) -> Iterator[dict]:
        if args.imagine is not None:
            return evaluation.evaluate_tree_recovery(
                agent, task, disturbances, disturbed_at, args.imagine, **how
            )
        return evaluation.evaluate_recovery(
            agent, task, disturbances, disturbed_at, iterations=args.recovery_iterations, **how
        )

    report(args, agent, evaluate, tables.format_recovery)


def diagnose(args: DiagnoseArgs, agent: Agent, processes: Distributed) -> None:
    """Find out how an agent thinks, and where that leads.

    Whether the end of a thought depends on its beginning, whether it is a fixed point or a cycle,
    in which iterations answers change, and by which rule. What is found out is described in
    thinkenv/deep_thinking/analysis/diagnostics.py.
    """
    command_line.check_counts(args, "iterations")

    def evaluate(task: AnyTask, **how: int) -> Iterator[dict]:
        yield evaluation.evaluate_diagnosis(agent, task, iterations=args.iterations, **how)

    report(args, agent, evaluate, tables.format_diagnoses)


def report(
    args: Args,
    agent: Agent,
    evaluate: Callable[..., Iterator[dict]],
    table: Callable[[list[dict]], str],
) -> None:
    """Evaluate, and write, print and plot the rows; each is written as soon as it is there.

    Args:
        args: The options.
        agent: The agent.
        evaluate: Gives the rows of a task; it is told how many problems, which seed, and where to
            give up.
        table: What is printed of rows.
    """
    how = {"seed": args.seed, "max_iterations": args.max_iterations}
    found: list[dict] = []
    try:
        for task in args.selection.tasks(agent.task):
            for row in evaluate(task, count=problems_of(args, task), **how):
                found.append(row)
                store(args.json, about(agent), found)
    except KeyboardInterrupt:
        print(table(found))
        raise
    print_agent(agent)
    print(table(found))
    finish(args, found, agent.training_iterations)


def merge(args: MergeArgs) -> None:
    """Put together the results of shards, as if one machine had evaluated all problems.

    Raises:
        ResultFileError: If a file holds no result, or they are of different agents.
        ValueError: If they leave problems out or have some twice.
    """
    if not args.files:
        raise ValueError("merge must be given the results of all parts, got none")
    results = [suites.read_result(path) for path in args.files]
    for path, result in zip(args.files, results, strict=True):
        is_listed = isinstance(result["rows"], list)
        if not is_listed or any(result.get(name) is None for name in AGENT_KEYS):
            refuse(path, "not a result of evaluate.py accuracy --shard --json")
        if any(result[name] != results[0][name] for name in AGENT_KEYS):
            refuse(path, f"is of another agent than {args.files[0]}")
        if any("disturbed_at" in row for row in result["rows"]):
            refuse(path, "holds recoveries, which have no shards")
    rows = suites.merge_rows([result["rows"] for result in results])
    print_accuracy(rows)
    shared = {name: results[0][name] for name in AGENT_KEYS} | rate(rows)
    store(args.json, shared, rows)
    finish(args, rows, shared["training_iterations"])


def refuse(path: Path, reason: str) -> NoReturn:
    """Say why a file is none to be merged.

    Raises:
        ResultFileError: Always.
    """
    raise suites.ResultFileError(f"{path}: {reason}")


def about(agent: Agent) -> dict[str, Any]:
    """What a result says of the agent."""
    named = {key: agent.description.get(key) for key in ("weights_sha256", "command", "commit")}
    return {"training_iterations": agent.training_iterations, "agent": named}


def store(path: Path | None, known: dict[str, Any], rows: list[dict]) -> None:
    """Write rows, what is known of their agent, and where they come from, if a file is named."""
    if path is not None:
        store_result(path, {**known, **suites.sealed(rows)})


def print_agent(agent: Agent) -> None:
    """Say whose results these are."""
    print(
        f"{agent.task.name} agent {agent.name}, trained with at most "
        f"{agent.training_iterations} iterations"
    )


def print_accuracy(rows: list[dict]) -> None:
    """Print rows as a table."""
    print(tables.format_table(rows) if rows else "no problem falls to this shard")


def finish(args: Args | MergeArgs, rows: list[dict], training_iterations: int) -> None:
    """Plot the figure that is asked for, and say what was written."""
    if args.json is not None:
        print(f"rows: {args.json}")
    if args.figure is None or not rows:
        return
    from thinkenv.deep_thinking.analysis import figures

    if isinstance(args, RecoveryArgs):
        figures.plot_recovery(rows, args.figure)
    elif isinstance(args, DiagnoseArgs):
        figures.plot_diagnoses(rows, args.figure)
    else:
        figures.plot_accuracy(rows, training_iterations, args.figure)
    print(f"figure: {args.figure}")


Evaluate = Callable[[Any, Agent, Distributed], None]
SUBCOMMANDS: dict[str, tuple[type[Args], Evaluate]] = {
    "accuracy": (AccuracyArgs, accuracy),
    "recovery": (RecoveryArgs, recovery),
    "diagnose": (DiagnoseArgs, diagnose),
}
# Options of release 0.1 that are subcommands now.
MOVED = {"--disturb": "recovery", "--diagnose": "diagnose", "--merge": "merge"}


def main(words: list[str]) -> int:
    """Evaluate an agent, alone or with other processes; print, and write what is asked for."""
    name = words[0] if words and not words[0].startswith("-") else ""
    if name:
        check_choice("the subcommand", name, (*SUBCOMMANDS, "merge"))
    if name == "merge":
        args = command_line.parse_args(MergeArgs(()), words[1:], merge.__doc__, "evaluate.py merge")
        command_line.check_outputs(args, "json", "figure")
        merge(args)
        return 0
    return run_subcommand(name, words[1:] if name else words)


def run_subcommand(name: str, words: list[str]) -> int:
    """Run the subcommand ``name``, which needs an agent; without a name it is accuracy."""
    if not name:
        check_moved(words)
    args_type, run = SUBCOMMANDS[name or "accuracy"]
    description, prog = (run.__doc__, f"evaluate.py {name}") if name else (__doc__, "evaluate.py")
    suite = command_line.value_of("--suite", words, "")
    if suite:
        check_choice("suite", suite, tuple(suites.SUITES))
    task = command_line.value_of("--task", words, Args.task)
    family = find_task(suites.SUITES[suite].sets[0].task if suite else task)
    default = args_type(family.testing_options())
    args = command_line.parse_args(default, words, description, prog, elsewhere(family))
    command_line.check_counts(args, "problems")
    command_line.check_outputs(args, "json", "figure")
    if isinstance(args, AccuracyArgs):
        command_line.check_outputs(args, "predictions")
        if args.suite is not None:
            check_suite(args, family)
    processes = Distributed(args.device, args.threads)
    if processes.world_size > 1 and not isinstance(args, AccuracyArgs):
        raise ValueError(f"{name}: cannot be shared by processes")
    run(args, args.load(family, processes.device, args.acceleration), processes)
    return processes.end(0)


def elsewhere(family: type[AnyTask]) -> Callable[[], dict[str, object]]:
    """The options of other subcommands, and of other tasks, by what is typed to have them."""
    choice = family.testing_options()
    return lambda: {
        **{f"'evaluate.py {name}'": kind(choice) for name, (kind, _) in SUBCOMMANDS.items()},
        **command_line.options_by_task(lambda task: task.testing_options()),
    }


def check_moved(words: list[str]) -> None:
    """Check that there is no option of release 0.1 that is a subcommand now.

    Raises:
        ValueError: If there is; the message names the subcommand.
    """
    for word in words:
        if moved := MOVED.get(word.partition("=")[0]):
            raise ValueError(f"{word}: say 'evaluate.py {moved}', which has options of its own")


def check_suite(args: AccuracyArgs, family: type[AnyTask]) -> None:
    """Check that nothing chooses problems beside a suite.

    Raises:
        ValueError: If an option does.
    """
    is_of_task = args.task == Args.task or find_task(args.task) is family
    if args.selection != family.testing_options() or args.seed != Args.seed or not is_of_task:
        raise ValueError("--suite must be the only choice of problems, got others beside it")


if __name__ == "__main__":
    sys.exit(command_line.run_script(main))
