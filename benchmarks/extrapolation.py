"""How far an agent trained on 9x9 mazes goes: sizes, endpoints, generators, limits.

Run from the repository's root:

    python benchmarks/extrapolation.py --checkpoint maze \
        --json benchmarks/results/maze_seed0.json
    python benchmarks/extrapolation.py --table benchmarks/results/maze_seed*.json

Every maze is thought about until its memory has converged, so no iteration is chosen with a look
at solutions. Large mazes take hours; each set of mazes is stored as soon as it is done, and a
second run with the same file goes on with what is missing.

Besides the share of mazes solved, the rows hold in which attractors thinking ended, and when and
with which code it was measured. For one size, it is also measured how many answers are the same
after ten times the iterations that they took to converge, where all cells are computed in each,
and how alike the memories are in which thinking ends when it begins elsewhere
(thinkenv/deep_thinking/analysis/diagnostics.py).
"""

import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measuring import markdown_table, parser_of

from thinkenv.command_line import run_command
from thinkenv.deep_thinking import Agent, load
from thinkenv.deep_thinking.analysis.diagnostics import diagnose
from thinkenv.deep_thinking.distributed import prepare_device
from thinkenv.mazes import MazeTask
from thinkenv.provenance import commit, now, store_result
from thinkenv.suites import FORMAT, Answers, evaluate_task, read_result
from thinkenv.tasks import instances_of_seed

GENERATORS = ("wilson", "kruskal", "prim", "recursive_division")
SETS: dict[str, tuple[dict[str, Any], int]] = {
    "59": (dict(size=59), 1000),
    **{
        f"33 {ends}": (dict(size=33, endpoints=ends), 1000)
        for ends in ("any", "dead_ends", "corners", "farthest")
    },
    **{f"59 {name}": (dict(size=59, generator=name), 1000) for name in GENERATORS},
    "201": (dict(size=201), 200),
    "801": (dict(size=801), 20),
}
# The set for what is measured densely, and how many of its mazes.
ATTRACTORS_SET, ATTRACTORS_MAZES = "59", 100


def task_of(name: str) -> MazeTask:
    """The mazes of a set."""
    return MazeTask(split="extrapolation", **SETS[name][0])


def think_about_set(agent: Agent, name: str, seed: int) -> dict:
    """The row of one set of mazes."""
    task, count = task_of(name), SETS[name][1]
    at_once = 400 if task.size < 100 else 20 if task.size < 400 else 1
    cycles: list[int] = []
    seconds = []

    def think(mazes: np.ndarray) -> Answers:
        began = time.perf_counter()
        found = agent.think(mazes, "converged")
        seconds.append(time.perf_counter() - began)
        cycles.extend(found.cycle.tolist())
        return Answers(found.answer, found.iterations, found.converged, stopping="converged")

    (evaluation,) = evaluate_task(
        think, task, count, seed, name=agent.name, batch=at_once, label=f"mazes {name}"
    )
    return evaluation.row | {
        "longest_path": int(task.draw(evaluation.outcomes["instance"]).path_lengths.max()),
        "max_iterations": int(evaluation.outcomes["iterations"].max()),
        **({"seconds_of_slowest": round(max(seconds), 3)} if at_once == 1 else {}),
        # 1: a fixed point; 2 and more: a cycle of that length; 0: still on the way
        "attractors": {str(cycle): cycles.count(cycle) / count for cycle in sorted(set(cycles))},
        "measured": {
            "commit": commit(),
            "time": now(),
            "threads": torch.get_num_threads(),
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
        },
    }


def think_ten_times_as_long(agent: Agent, problems: np.ndarray) -> float:
    """The share of answers that stay the same, computed everywhere in every iteration."""
    thought = agent.think(problems, "converged")
    same = []
    for index, iterations in enumerate(thought.iterations.tolist()):
        one = slice(index, index + 1)
        rollout = agent.start(problems[one], thought.memory[one], everywhere=True)
        rollout.advance(9 * iterations)
        same.append(np.array_equal(rollout.answers(), thought.answer[one]))
    return float(np.mean(same))


def measure_attractors(agent: Agent, seed: int) -> dict:
    """Answers after ten times the iterations, and where other beginnings lead."""
    task = task_of(ATTRACTORS_SET)
    batch = task.draw(instances_of_seed(seed, ATTRACTORS_MAZES))
    diagnosis = diagnose(agent, task, batch, 500, seed=seed)
    assert diagnosis.agreement is not None  # they are mazes
    return {
        "set": ATTRACTORS_SET,
        "n": ATTRACTORS_MAZES,
        "same_answer_after_ten_times": think_ten_times_as_long(agent, batch.problems),
        "alignment": diagnosis.alignment,
        "same_answer_from_elsewhere": diagnosis.same_answer,
        "attractors": diagnosis.attractors,
        "mean_agreement_with_dead_end_filling": round(float(diagnosis.agreement.mean()), 5),
        "first_solved_median": float(np.median(diagnosis.first_solved)),
        "last_changed_median": float(np.median(diagnosis.last_changed)),
    }


def table(stored: list[dict]) -> str:
    """Results of several seeds as a Markdown table: a line for each set, a column for each seed."""
    lines = []
    for name in SETS:
        rows = [result["rows"].get(name) for result in stored]
        if not any(rows):
            continue
        known = next(filter(None, rows))
        what = [str(known[key]) for key in ("size", "generator", "endpoints")]
        solved = ["not run" if row is None else f"{100 * row['exact']:.4g} %" for row in rows]
        lines.append([*what, f"{known['n']:,}", *solved])
    seeds = [f"seed {result['agent']['seed']}" for result in stored]
    return markdown_table(["size", "generator", "endpoints", "mazes", *seeds], lines)


def main() -> None:
    """Measure what is not in the file yet; store and print it."""
    parser = parser_of(__doc__, threads=True)
    parser.add_argument("--checkpoint", default="maze", help="an agent: name or folder")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--seed", type=int, default=0, help="which mazes of the split")
    parser.add_argument("--table", type=Path, nargs="+", help="only print these results")
    arguments = parser.parse_args()
    if arguments.table:
        print(table([read_result(path) for path in arguments.table]))
        return
    if arguments.json is None:
        parser.error("--json: needs a file for the results")
    agent = load(arguments.checkpoint, prepare_device("cpu", arguments.threads))
    about = ("seed", "commit", "plan", "net", "trained_on", "metrics", "weights_sha256")
    described = {name: agent.description[name] for name in about}
    rows: dict[str, dict] = {}
    stored = {"format": FORMAT, "agent": described, "attractors": None, "rows": rows}
    if arguments.json.exists():
        known = read_result(arguments.json)
        weights = (described["weights_sha256"], agent.description.get("earlier_sha256"))
        if not isinstance(known["rows"], dict):
            sys.exit(f"error: {arguments.json}: its rows have no names")
        if (known.get("agent") or {}).get("weights_sha256") not in weights:
            sys.exit(f"error: {arguments.json} is of another agent")
        if any(row["seed"] != arguments.seed for row in known["rows"].values()):
            sys.exit(f"error: {arguments.json} holds mazes of another seed")
        rows |= known["rows"]
        stored["attractors"] = known.get("attractors", known.get("limits"))
    for name in arguments.sets:
        if name not in rows:
            rows[name] = think_about_set(agent, name, arguments.seed)
            store_result(arguments.json, stored)
        row = rows[name]
        print(
            f"{name:>22}: {row['exact']:8.2%} of {row['n']:,} solved "
            f"({row['exact_low']:.2%} to {row['exact_high']:.2%}), {row['converged']:.2%} "
            f"converged after {row['iterations']:,.0f} iterations; "
            f"{row['seconds'] / row['n']:.2f} s a maze",
            flush=True,
        )
        if name == ATTRACTORS_SET and stored["attractors"] is None:
            stored["attractors"] = measure_attractors(agent, arguments.seed)
            store_result(arguments.json, stored)
            print(stored["attractors"], flush=True)


if __name__ == "__main__":
    sys.exit(run_command(main))
