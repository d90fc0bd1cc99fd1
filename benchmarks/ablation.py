"""What each part of a recipe for mazes contributes: trained in equal time, tested far beyond.

Run from the repository's root, on an otherwise idle machine:

    python benchmarks/ablation.py --json benchmarks/results/ablation.json
    python benchmarks/ablation.py --table benchmarks/results/ablation.json
    python benchmarks/ablation.py --study counting --minutes 3 \
        --json benchmarks/results/ablation_counting.json
    python benchmarks/ablation.py --study counting \
        --table benchmarks/results/ablation_counting.json

There are two studies: ``trees``, of the parts of the recipe for mazes without loops, and
``counting``, of how much of counting has to be given to a net for any maze, and what it can learn.

Every variant is trained on 9x9 mazes by ``agents/train_dt.py`` with each seed, on one core and for
the same time: how long its steps take is measured first, and decides how many there are. Then it
thinks about larger mazes until its memory has come to rest or to a cycle, or for a number of
iterations that is ample for the whole recipe. Only variants that solve half of the smaller mazes
are tried on larger ones of that kind.

Runs are stored as soon as they are done; a second call with the same file does what is missing.
"""

import itertools
import json
import multiprocessing
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measuring import markdown_table, parser_of
from tqdm import tqdm

from thinkenv import gate
from thinkenv.checks import check_choice
from thinkenv.command_line import run_command
from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.architectures.counting import CountingNet
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet
from thinkenv.deep_thinking.command_line import value_of
from thinkenv.deep_thinking.distributed import prepare_device
from thinkenv.deep_thinking.training.plan import Plan
from thinkenv.deep_thinking.training.recipes import plan_for
from thinkenv.deep_thinking.training.run import METRICS, read_metrics
from thinkenv.mazes import MazeTask
from thinkenv.provenance import REPOSITORY, commit, now, store_result
from thinkenv.suites import ResultFileError
from thinkenv.suites.scores import share_of
from thinkenv.tasks import instances_of_seed

MAX_BYTES = 2**24  # of stored results


@dataclass(frozen=True)
class Test:
    """Mazes to test on.

    Attributes:
        mazes: The options of their task; they are of the split ``extrapolation``.
        count: How many.
        most_iterations: The most iterations they are thought about.
        after: The name of a test of which half has to be solved before this one is tried.
    """

    mazes: Mapping[str, Any]
    count: int
    most_iterations: int
    after: str | None = None


@dataclass(frozen=True)
class Study:
    """Variants that are compared.

    Attributes:
        variants: The options of ``train_dt.py`` of each.
        tests: What they are tested on, by name, in this order.
        plan: The plan that they are trained with, but for their options.
    """

    variants: Mapping[str, str]
    tests: Mapping[str, Test]
    plan: Plan


PLAIN = "--no-equivariant --no-wall-mask"
UNDISTURBED = "--memory-noise-std 0 --update-prob 1 --residual-penalty 0"
AS_DRAWN = "--wall-moves 0"
COUNTING = "--kinds any --architecture counting"
VARIANT = "--kinds any --architecture benchmarks/counting_variants.py:"
ANY_ENDS = {"endpoints": "free_cells"}
LOOPS = {**ANY_ENDS, "loops": 0.1}
STUDIES = {
    "trees": Study(
        # Two of the literature's ideas and their absence, then what is added to both of them one
        # after the other, and last the recipe without one part.
        {
            "feed-forward": f"--architecture feed_forward {AS_DRAWN}",
            "neither recall nor progressive": f"--no-recall --no-progressive {PLAIN} {AS_DRAWN}",
            "recall": f"--no-progressive {PLAIN} {AS_DRAWN}",
            "progressive": f"--no-recall {PLAIN} {UNDISTURBED} {AS_DRAWN}",
            "recall and progressive": f"{PLAIN} {UNDISTURBED} {AS_DRAWN}",
            "+ noise, random updates, rest penalty": f"{PLAIN} {AS_DRAWN}",
            "+ moved walls": PLAIN,
            "+ symmetry": "--no-wall-mask",
            "+ barriers: the recipe": "",
            "the recipe without symmetry": "--no-equivariant",
            "the recipe without moved walls": AS_DRAWN,
            "the recipe without noise, random updates, rest penalty": UNDISTURBED,
            "the recipe without progressive": "--no-progressive",
        },
        # The recipe needs about 400 and 3,000 iterations on average.
        {
            "59": Test({"size": 59}, 100, 1500),
            "201": Test({"size": 201}, 10, 6000, after="59"),
        },
        plan_for(MazeTask, RecurrentNet),
    ),
    "counting": Study(
        {
            "bounded memory alone": f"{COUNTING} --sources",
            "ordinary channels as counters": f"{VARIANT}OrdinaryCounters",
            "learned sources": f"{VARIANT}LearnedSources",
            "learned sources, four counters": f"{VARIANT}LearnedSources --sources 3 3 3 3",
            "learned costs": f"{VARIANT}LearnedCosts",
            "two counters": f"{COUNTING} --sources 2 3",
            "one counter: the recipe": COUNTING,
        },
        {
            "33 trees": Test({"size": 33, **ANY_ENDS}, 50, 1000),
            "33 loops": Test({"size": 33, **LOOPS}, 50, 1000),
            "59 trees": Test({"size": 59, **ANY_ENDS}, 50, 2500, after="33 trees"),
            "59 loops": Test({"size": 59, **LOOPS}, 50, 2500, after="33 loops"),
            # Of most variants all cells are computed in every iteration, which takes an hour for
            # trees of this size.
            "201 loops": Test({"size": 201, **LOOPS}, 4, 1500, after="59 loops"),
        },
        plan_for(MazeTask, CountingNet),
    ),
}
# Harder mazes are tried where so many of the easier ones are solved.
SHARE_TO_GO_ON = 0.5
# Steps of each kind that are timed, after as many that are not.
TIMED_STEPS = 40


def train(folder: Path, options: str) -> list[dict]:
    """Train on one core with these options; the rows of metrics."""
    command = [sys.executable, "agents/train_dt.py", "--threads", "1", "--device", "cpu"]
    command += ["--overwrite", "--folder", str(folder), *options.split()]
    subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY)
    return read_metrics(folder / METRICS)


def steps_in(minutes: float, options: str, short_steps: int, folder: Path) -> int:
    """How many steps these options take in so many minutes on one core.

    Args:
        minutes: How many.
        options: Of ``train_dt.py``.
        short_steps: How many of the steps have short rollouts; so many there are at least.
        folder: Where to train.
    """
    timing = f"--steps {4 * TIMED_STEPS} --short-steps {2 * TIMED_STEPS}"
    timing += f" --log-every {TIMED_STEPS} --validation-problems 1"
    rows = train(folder, f"{options} {timing}")
    seconds = np.diff([float(row["seconds"]) for row in rows])  # short, mixed, long
    short, long = seconds[0] / TIMED_STEPS, seconds[2] / TIMED_STEPS
    return int(short_steps + max(0.0, 60 * minutes - short_steps * short) / long)


def test(folder: Path, tests: Mapping[str, Test], options: str = "") -> dict:
    """Shares of mazes solved and at rest, by the names of the tests that were tried.

    Args:
        folder: Of the agent.
        tests: What it is tested on.
        options: With which it was trained.
    """
    architecture = value_of("--architecture", options.split(), "recurrent")
    agent = load(folder, prepare_device("cpu", 1), architecture=architecture)
    found: dict[str, dict] = {}
    for name, chosen in tests.items():
        if chosen.after is not None:
            easier = found.get(chosen.after)
            if easier is None or easier["exact"] < SHARE_TO_GO_ON:
                continue
        task = MazeTask(split="extrapolation", **chosen.mazes)
        batch = task.draw(instances_of_seed(0, chosen.count))
        thought = agent.think(batch.problems, "converged", max_iterations=chosen.most_iterations)
        solved, _ = task.judge(batch, thought.answer)
        found[name] = {
            "n": chosen.count,
            **share_of("exact", int(solved.sum()), chosen.count),
            "at_rest": float(thought.converged.mean()),
            "in_a_cycle": float((thought.cycle > 1).mean()),
            "most_iterations": chosen.most_iterations,
        }
    return found


def run(job: tuple[str, str, int, float, Path]) -> dict:
    """Train one variant of a study with one seed, and test it."""
    name, variant, seed, minutes, folder = job
    study = STUDIES[name]
    options = study.variants[variant]
    folder /= f"{list(study.variants).index(variant)}-seed{seed}"
    steps = steps_in(minutes, options, study.plan.short_steps, folder)
    metrics = train(folder, f"{options} --seed {seed} --steps {steps}")[-1]
    return {
        "variant": variant,
        "options": options,
        "seed": seed,
        "steps": steps,
        "seconds": float(metrics["seconds"]),
        "validation_exact": float(metrics["validation_exact"]),
        "sizes": test(folder, study.tests, options),
        "measured": {"commit": commit(), "time": now()},
    }


def in_percent(shares: Iterable[float | None]) -> str:
    """The shares of several runs, in one cell of a table."""
    return ", ".join("-" if share is None else f"{100 * share:.0f}" for share in shares)


def table(study: Study, rows: list[dict]) -> str:
    """The runs as a Markdown table: a line for each variant, all seeds in each cell."""
    columns = [(name, key) for name in study.tests for key in ("exact", "at_rest")]
    lines = []
    for variant in study.variants:
        runs = sorted((row for row in rows if row["variant"] == variant), key=lambda r: r["seed"])
        if not runs:
            continue
        seconds = ", ".join(f"{run['seconds']:.0f}" for run in runs)
        line = [variant, seconds, in_percent(run["validation_exact"] for run in runs)]
        for name, key in columns:
            line.append(in_percent(run["sizes"].get(name, {}).get(key) for run in runs))
        lines.append(line)
    names = [f"{name} {'solved' if key == 'exact' else 'at rest'}" for name, key in columns]
    return markdown_table(["variant", "seconds of training", "9, validation", *names], lines)


def rows_of(path: Path) -> list[dict]:
    """The stored rows of runs.

    Raises:
        ResultFileError: If there are none.
    """
    with gate.reading(path, ResultFileError):
        return gate.read_json(path, MAX_BYTES)["rows"]


def main() -> None:
    """Train and test what is not in the file yet; store and print it."""
    parser = parser_of(__doc__)
    parser.add_argument("--study", choices=STUDIES, default="trees")
    parser.add_argument("--variants", nargs="+", help="of the study (default: all)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=4, help="of training, for each run")
    parser.add_argument("--workers", type=int, default=2, help="runs at a time, on a core each")
    parser.add_argument("--folder", type=Path, help="of the runs (default: runs/ablation/STUDY)")
    parser.add_argument("--table", type=Path, help="only print these results")
    arguments = parser.parse_args()
    study = STUDIES[arguments.study]
    if arguments.table:
        print(table(study, rows_of(arguments.table)))
        return
    variants = arguments.variants or list(study.variants)
    for variant in variants:
        check_choice("--variants", variant, tuple(study.variants))
    folder = arguments.folder or Path("runs/ablation") / arguments.study
    if arguments.json is None:
        parser.error("--json: needs a file for the results")
    rows = rows_of(arguments.json) if arguments.json.exists() else []
    done = {(row["variant"], row["seed"]) for row in rows}
    jobs = [
        (arguments.study, variant, seed, arguments.minutes, folder)
        for seed, variant in itertools.product(arguments.seeds, variants)
        if (variant, seed) not in done
    ]
    with multiprocessing.get_context("spawn").Pool(arguments.workers) as pool:
        for row in tqdm(pool.imap_unordered(run, jobs), total=len(jobs), unit="run", disable=None):
            rows.append(row)
            store_result(arguments.json, {"minutes": arguments.minutes, "rows": rows})
            print(json.dumps(row), flush=True)
    print(table(study, rows))


if __name__ == "__main__":
    sys.exit(run_command(main))
