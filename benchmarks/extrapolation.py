"""How far an agent trained on 9x9 mazes goes: sizes, loops, endpoints, generators, limits.

Run from the repository's root:

    python benchmarks/extrapolation.py --checkpoint maze --sets trees loops ends no_lattice \
        --json benchmarks/results/maze_seed0.json
    python benchmarks/extrapolation.py --table benchmarks/results/maze_seed*.json
    python benchmarks/extrapolation.py --checkpoint maze_trees \
        --json benchmarks/results/maze_trees_seed0.json

Every maze is thought about until its memory has converged, so no iteration is chosen with a look
at solutions. Large mazes take hours; each set of mazes is stored as soon as it is done, and a
second run with the same file goes on with what is missing, whichever sets it is told.

Besides the share of mazes solved, the rows hold in which attractors thinking ended, how many
answers show no way, how many stay the same for ten times the iterations that they took to converge,
and when and with which code it was measured. In small mazes all cells are computed in each of these
iterations, in larger ones those that can still change. For two sets more is measured: ten times the
iterations everywhere, and how alike the memories are in which thinking ends when it begins
elsewhere (thinkenv/deep_thinking/analysis/diagnostics.py).
"""

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measuring import markdown_table, parser_of

from thinkenv.command_line import run_command
from thinkenv.deep_thinking import Agent, load
from thinkenv.deep_thinking.analysis.diagnostics import diagnose
from thinkenv.deep_thinking.distributed import prepare_device
from thinkenv.deep_thinking.rollout import memories
from thinkenv.mazes import MazeTask
from thinkenv.provenance import commit, now, store_result
from thinkenv.suites import FORMAT, Answers, ResultFileError, evaluate_task, read_result
from thinkenv.tasks import instances_of_seed


@dataclass(frozen=True)
class MazeSet:
    """Mazes of one kind, and how many."""

    options: dict[str, Any]
    count: int


def mazes(count: int, size: int, **options: Any) -> tuple[str, MazeSet]:
    """A set of mazes of the extrapolation split, unless the options say another one, and its name.

    Names are made of the options: ``59 wilson loops 0.1``.
    """
    words = [str(size), *map(str, (options.get(key) for key in ("generator", "removed")))]
    words += [str(options.get("endpoints")), f"loops {options.get('loops')}"]
    named = " ".join(word for word in words if not word.endswith("None"))
    return named, MazeSet({"split": "extrapolation", "size": size, **options}, count)


# The generators of trees other than ``dfs``.
GENERATORS = ("wilson", "kruskal", "prim", "recursive_division")
PERCOLATION = {"generator": "percolation"}
GROUPS: dict[str, dict[str, MazeSet]] = {
    "trees": dict(
        [
            mazes(1000, 59),
            *(mazes(1000, 33, endpoints=ends) for ends in ("any", "dead_ends", "corners")),
            mazes(1000, 33, endpoints="farthest"),
            *(mazes(1000, 59, generator=name) for name in GENERATORS),
            mazes(200, 201),
            mazes(20, 801),
        ]
    ),
    "loops": dict(
        [
            mazes(1000, 33, loops=0.1),
            mazes(1000, 59, loops=0.1),
            *(mazes(200, 59, loops=loops) for loops in (0.05, 0.3, 0.7)),
            # With all walls open there is one lattice of a size, which is in one split.
            mazes(200, 59, loops=1.0, split="all"),
            mazes(200, 59, generator="wilson", loops=0.1),
            mazes(200, 201, loops=0.1),
            mazes(20, 801, loops=0.1),
        ]
    ),
    "ends": dict(
        [
            *(mazes(1000, size, endpoints="free_cells") for size in (33, 59)),
            *(mazes(1000, size, endpoints="free_cells", loops=0.1) for size in (33, 59)),
            *(
                mazes(200, 59, generator=name, endpoints="free_cells")
                for name in (*GENERATORS, "hunt_and_kill")
            ),
            *(
                mazes(200, 59, endpoints=ends, loops=0.1)
                for ends in ("adjacent", "corners", "farthest")
            ),
        ]
    ),
    "no_lattice": dict(
        [
            *(
                mazes(200, 59, **PERCOLATION, removed=removed, endpoints="free_cells")
                for removed in (0.1, 0.2, 0.3, 0.4)
            ),
            *(
                mazes(200, 59, generator=name, endpoints="free_cells")
                for name in ("plazas", "caves")
            ),
            *(
                mazes(200, 59, **PERCOLATION, removed=removed, endpoints="unreachable")
                for removed in (0.3, 0.4)
            ),
        ]
    ),
}
SETS = {name: of_name for group in GROUPS.values() for name, of_name in group.items()}
# The sets for what is measured most thoroughly, how many of their mazes, and for how long these are
# watched one iteration after the other.
ATTRACTORS_SETS = ("33 free_cells", "33 free_cells loops 0.1")
ATTRACTORS_MAZES = 100
WATCHED_ITERATIONS = 500
# Where to give up on a memory that does not converge, if not before.
MOST_ITERATIONS = 1_000_000
# The largest size of which all cells are computed in ten times the iterations.
MAX_SIZE_EVERYWHERE = 33
# What a table can show of each set.
SHARES = ("exact", "converged", "shows_no_way")


def task_of(name: str) -> MazeTask:
    """The mazes of a set."""
    return MazeTask(**SETS[name].options)


def give_up_after(size: int) -> int:
    """Where to give up on a memory that does not converge: ten times the longest possible path."""
    return min(MOST_ITERATIONS, 5 * size**2)


def again_of(size: int) -> int:
    """How many mazes of a size are thought about ten times as long."""
    if size <= MAX_SIZE_EVERYWHERE:
        return 10
    return 50 if size < 100 else 20 if size < 400 else 2


def think_about_set(agent: Agent, name: str, seed: int) -> dict:
    """The row of one set of mazes."""
    task, count = task_of(name), SETS[name].count
    at_once = 400 if task.size < 100 else 20 if task.size < 400 else 1
    cycles: list[int] = []
    ways: list[bool] = []
    seconds = []

    def think(problems: np.ndarray) -> Answers:
        began = time.perf_counter()
        found = agent.think(problems, "converged", max_iterations=give_up_after(task.size))
        seconds.append(time.perf_counter() - began)
        cycles.extend(found.cycle.tolist())
        assert found.reachable is not None  # they are mazes
        ways.extend(found.reachable.tolist())
        told = (found.answer, found.iterations, found.converged)
        return Answers(*told, seconds[-1], stopping="converged")

    (evaluation,) = evaluate_task(
        think, task, count, seed, name=agent.name, batch=at_once, label=f"mazes {name}"
    )
    return evaluation.row | {
        "longest_path": int(task.draw(evaluation.outcomes["instance"]).path_lengths.max()),
        "max_iterations": int(evaluation.outcomes["iterations"].max()),
        **({"seconds_of_slowest": round(max(seconds), 3)} if at_once == 1 else {}),
        # 1: a fixed point; 2 and more: a cycle of that length; 0: still on the way
        "attractors": {str(cycle): cycles.count(cycle) / count for cycle in sorted(set(cycles))},
        "shows_no_way": 1 - float(np.mean(ways)),
        "ten_times_as_long": think_ten_times_as_long(
            agent,
            task,
            count=min(count, again_of(task.size)),
            seed=seed,
            everywhere=task.size <= MAX_SIZE_EVERYWHERE,
        ),
        "measured": {
            "commit": commit(),
            "time": now(),
            "threads": torch.get_num_threads(),
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
        },
    }


def think_ten_times_as_long(
    agent: Agent, task: MazeTask, count: int, seed: int, everywhere: bool
) -> dict:
    """The share of answers that stay the same for ten times the iterations they took to converge.

    Args:
        agent: The agent.
        task: The mazes.
        count: How many.
        seed: Whose.
        everywhere: Compute all cells in every iteration, instead of those that can still change.
    """
    problems = task.draw(instances_of_seed(seed, count)).problems
    thought = agent.think(problems, "converged", max_iterations=give_up_after(task.size))
    same = []
    for index, iterations in enumerate(thought.iterations.tolist()):
        one = slice(index, index + 1)
        memory = memories.choose(thought.memory, one)
        rollout = agent.start(problems[one], memory, everywhere=everywhere)
        rollout.advance(9 * iterations)
        same.append(np.array_equal(rollout.answers(), thought.answer[one]))
    return {
        "n": count,
        "cells": "all" if everywhere else "active",
        "same_answer": float(np.mean(same)),
    }


def measure_attractors(agent: Agent, name: str, seed: int) -> dict:
    """Answers after ten times the iterations, and where other beginnings lead."""
    task = task_of(name)
    batch = task.draw(instances_of_seed(seed, ATTRACTORS_MAZES))
    diagnosis = diagnose(
        agent, task, batch, WATCHED_ITERATIONS, max_iterations=give_up_after(task.size), seed=seed
    )
    assert diagnosis.agreement is not None  # they are mazes
    longer = think_ten_times_as_long(agent, task, ATTRACTORS_MAZES, seed, everywhere=True)
    return {
        "set": name,
        "n": ATTRACTORS_MAZES,
        "same_answer_after_ten_times": longer["same_answer"],
        "alignment": diagnosis.alignment,
        "same_answer_from_elsewhere": diagnosis.same_answer,
        "attractors": diagnosis.attractors,
        "mean_agreement_with_dead_end_filling": round(float(diagnosis.agreement.mean()), 5),
        "first_solved_median": float(np.median(diagnosis.first_solved)),
        "last_changed_median": float(np.median(diagnosis.last_changed)),
    }


def table(stored: list[dict], share: str) -> str:
    """Results of several seeds as a Markdown table: a line for each set, a column for each seed."""
    known = {
        name: [result["rows"].get(name) for result in stored]
        for name in SETS
        if any(name in result["rows"] for result in stored)
    }
    firsts = [next(filter(None, rows)) for rows in known.values()]
    optional = [key for key in ("loops", "removed") if any(row.get(key) for row in firsts)]
    keys = ["size", "generator", *optional, "endpoints"]
    lines = []
    for first, rows in zip(firsts, known.values(), strict=True):
        what = [str(first.get(key, "-")) for key in keys]
        shares = ["not run" if row is None else f"{100 * row[share]:.4g} %" for row in rows]
        lines.append([*what, f"{first['n']:,}", *shares])
    seeds = [f"seed {result['agent']['seed']}" for result in stored]
    return markdown_table([*keys, "mazes", *seeds], lines)


def stored_so_far(path: Path, agent: Agent, seed: int = 0) -> dict[str, Any]:
    """What a file holds of an agent: its rows by the names of their sets, and its attractors.

    Args:
        path: The file, which need not be there yet.
        agent: The agent.
        seed: Of the mazes.

    Raises:
        ResultFileError: If it is of another agent, or of other mazes.
    """
    about = ("seed", "commit", "plan", "net", "trained_on", "metrics", "weights_sha256")
    described = {name: agent.description[name] for name in about}
    if not path.exists():
        return {"format": FORMAT, "agent": described, "rows": {}}
    known = read_result(path)
    weights = (described["weights_sha256"], agent.description.get("earlier_sha256"))
    if not isinstance(known["rows"], dict):
        raise ResultFileError(f"{path}: its rows have no names")
    if (known.get("agent") or {}).get("weights_sha256") not in weights:
        raise ResultFileError(f"{path} is of another agent")
    if any(row["seed"] != seed for row in known["rows"].values()):
        raise ResultFileError(f"{path} holds mazes of another seed")
    stored: dict[str, Any] = {"format": FORMAT, "agent": described, "rows": known["rows"]}
    if attractors := known.get("attractors", known.get("limits")):
        # In version 0.1 they were of one set alone.
        stored["attractors"] = [attractors] if isinstance(attractors, dict) else attractors
    return stored


def in_words(name: str, row: dict) -> str:
    """A row for a line of output."""
    return (
        f"{name:>29}: {row['exact']:8.2%} of {row['n']:,} solved "
        f"({row['exact_low']:.2%} to {row['exact_high']:.2%}), {row['converged']:.2%} "
        f"converged after {row['iterations']:,.0f} iterations; "
        f"{row['seconds'] / row['n']:.2f} s a maze"
    )


def main() -> None:
    """Measure what is not in the file yet; store and print it."""
    parser = parser_of(__doc__, threads=True)
    parser.add_argument("--checkpoint", default="maze", help="an agent: name or folder")
    parser.add_argument(
        "--sets",
        nargs="+",
        choices=[*GROUPS, *SETS],
        default=["trees"],
        help="sets of mazes, or groups of them",
    )
    parser.add_argument("--seed", type=int, default=0, help="which mazes of the split")
    parser.add_argument("--table", type=Path, nargs="+", help="only print these results")
    parser.add_argument("--share", choices=SHARES, default=SHARES[0], help="what the table shows")
    arguments = parser.parse_args()
    if arguments.table:
        print(table([read_result(path) for path in arguments.table], arguments.share))
        return
    if arguments.json is None:
        parser.error("--json: needs a file for the results")
    agent = load(arguments.checkpoint, prepare_device("cpu", arguments.threads))
    commit()  # as it is when this begins
    of_file = (arguments.json, agent, arguments.seed)
    chosen = {name: None for word in arguments.sets for name in GROUPS.get(word, [word])}
    for name in sorted(chosen, key=lambda name: task_of(name).size):  # the quick ones first
        stored = stored_so_far(*of_file)
        if name not in stored["rows"]:
            row = think_about_set(agent, name, arguments.seed)
            stored = stored_so_far(*of_file)  # other processes may have stored other sets meanwhile
            stored["rows"][name] = row
            store_result(arguments.json, stored)
        print(in_words(name, stored["rows"][name]), flush=True)
        of_sets = {found["set"] for found in stored.get("attractors", ())}
        if name in ATTRACTORS_SETS and name not in of_sets:
            found = measure_attractors(agent, name, arguments.seed)
            stored = stored_so_far(*of_file)
            stored.setdefault("attractors", []).append(found)
            store_result(arguments.json, stored)
            print(found, flush=True)


if __name__ == "__main__":
    sys.exit(run_command(main))
