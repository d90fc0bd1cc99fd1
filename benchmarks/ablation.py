"""What each part of the recipe for mazes contributes: trained in equal time, tested far beyond.

Run from the repository's root, on an otherwise idle machine:

    python benchmarks/ablation.py --json benchmarks/results/ablation.json
    python benchmarks/ablation.py --table benchmarks/results/ablation.json

Every variant is trained on 9x9 mazes by ``agents/train_dt.py`` with each seed, on one core and for
the same time: how long its steps take is measured first, and decides how many there are. Then it
thinks about larger mazes until its memory has come to rest or to a cycle, or for a number of
iterations that is ample for the whole recipe. Only variants that solve half of the mazes of the
first size are tried on the second.

Runs are stored as soon as they are done; a second call with the same file does what is missing.
"""

import itertools
import json
import multiprocessing
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from measuring import markdown_table, parser_of
from tqdm import tqdm

from thinkenv import gate
from thinkenv.command_line import run_command
from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.distributed import prepare_device
from thinkenv.deep_thinking.training.recipes import PLANS
from thinkenv.deep_thinking.training.run import METRICS, read_metrics
from thinkenv.mazes import MazeTask
from thinkenv.provenance import REPOSITORY, commit, now, store_result
from thinkenv.suites import ResultFileError
from thinkenv.suites.scores import share_of
from thinkenv.tasks import instances_of_seed

MAX_BYTES = 2**24  # of stored results
PLAIN = "--no-equivariant --no-wall-mask"
UNDISTURBED = "--memory-noise-std 0 --update-prob 1 --residual-penalty 0"
AS_DRAWN = "--wall-moves 0"
# Two of the literature's ideas and their absence, then what is added to both of them one after the
# other, and last the recipe without one part.
VARIANTS = {
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
}
# Size, mazes, and the most iterations: the recipe needs about 400 and 3,000 on average.
TESTS = ((59, 100, 1500), (201, 10, 6000))
# The second size is tried where so many mazes of the first are solved.
SHARE_TO_GO_ON = 0.5
# Steps of each kind that are timed, after as many that are not.
TIMED_STEPS = 40
SHORT_STEPS = PLANS["maze"].short_steps


def train(folder: Path, options: str) -> list[dict]:
    """Train on one core with these options; the rows of metrics."""
    command = [sys.executable, "agents/train_dt.py", "--threads", "1", "--device", "cpu"]
    command += ["--overwrite", "--folder", str(folder), *options.split()]
    subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY)
    return read_metrics(folder / METRICS)


def steps_in(minutes: float, options: str, folder: Path) -> int:
    """How many steps these options take in so many minutes on one core."""
    timing = f"--steps {4 * TIMED_STEPS} --short-steps {2 * TIMED_STEPS}"
    timing += f" --log-every {TIMED_STEPS} --validation-problems 1"
    rows = train(folder, f"{options} {timing}")
    seconds = np.diff([float(row["seconds"]) for row in rows])  # short, mixed, long
    short, long = seconds[0] / TIMED_STEPS, seconds[2] / TIMED_STEPS
    return int(SHORT_STEPS + max(0.0, 60 * minutes - SHORT_STEPS * short) / long)


def test(folder: Path) -> dict:
    """Shares of mazes solved and at rest, by size."""
    agent = load(folder, prepare_device("cpu", 1))
    found = {}
    for size, count, most in TESTS:
        task = MazeTask(size, "extrapolation")
        batch = task.draw(instances_of_seed(0, count))
        thought = agent.think(batch.problems, "converged", max_iterations=most)
        solved, _ = task.judge(batch, thought.answer)
        found[str(size)] = {
            "n": count,
            **share_of("exact", int(solved.sum()), count),
            "at_rest": float(thought.converged.mean()),
            "in_a_cycle": float((thought.cycle > 1).mean()),
            "most_iterations": most,
        }
        if solved.mean() < SHARE_TO_GO_ON:
            break
    return found


def run(job: tuple[str, int, float, Path]) -> dict:
    """Train one variant with one seed, and test it."""
    variant, seed, minutes, folder = job
    options = VARIANTS[variant]
    folder /= f"{list(VARIANTS).index(variant)}-seed{seed}"
    steps = steps_in(minutes, options, folder)
    metrics = train(folder, f"{options} --seed {seed} --steps {steps}")[-1]
    return {
        "variant": variant,
        "options": options,
        "seed": seed,
        "steps": steps,
        "seconds": float(metrics["seconds"]),
        "validation_exact": float(metrics["validation_exact"]),
        "sizes": test(folder),
        "measured": {"commit": commit(), "time": now()},
    }


def in_percent(shares: Iterable[float | None]) -> str:
    """The shares of several runs, in one cell of a table."""
    return ", ".join("-" if share is None else f"{100 * share:.0f}" for share in shares)


def table(rows: list[dict]) -> str:
    """The runs as a Markdown table: a line for each variant, all seeds in each cell."""
    columns = [(str(size), key) for size, _, _ in TESTS for key in ("exact", "at_rest")]
    lines = []
    for variant in VARIANTS:
        runs = sorted((row for row in rows if row["variant"] == variant), key=lambda r: r["seed"])
        if not runs:
            continue
        seconds = ", ".join(f"{run['seconds']:.0f}" for run in runs)
        line = [variant, seconds, in_percent(run["validation_exact"] for run in runs)]
        for size, key in columns:
            line.append(in_percent(run["sizes"].get(size, {}).get(key) for run in runs))
        lines.append(line)
    names = [f"{size} {'solved' if key == 'exact' else 'at rest'}" for size, key in columns]
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
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=4, help="of training, for each run")
    parser.add_argument("--workers", type=int, default=2, help="runs at a time, on a core each")
    parser.add_argument("--folder", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--table", type=Path, help="only print these results")
    arguments = parser.parse_args()
    if arguments.table:
        print(table(rows_of(arguments.table)))
        return
    if arguments.json is None:
        parser.error("--json: needs a file for the results")
    rows = rows_of(arguments.json) if arguments.json.exists() else []
    done = {(row["variant"], row["seed"]) for row in rows}
    jobs = [
        (variant, seed, arguments.minutes, arguments.folder)
        for seed, variant in itertools.product(arguments.seeds, arguments.variants)
        if (variant, seed) not in done
    ]
    with multiprocessing.get_context("spawn").Pool(arguments.workers) as pool:
        for row in tqdm(pool.imap_unordered(run, jobs), total=len(jobs), unit="run", disable=None):
            rows.append(row)
            store_result(arguments.json, {"minutes": arguments.minutes, "rows": rows})
            print(json.dumps(row), flush=True)
    print(table(rows))


if __name__ == "__main__":
    sys.exit(run_command(main))
