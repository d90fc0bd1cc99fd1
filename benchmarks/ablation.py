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

import argparse
import csv
import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.distributed import prepare_device
from thinkenv.deep_thinking.training.recipes import PLANS
from thinkenv.mazes import MazeTask
from thinkenv.provenance import REPOSITORY, commit, now, store_result
from thinkenv.suites.scores import wilson_interval
from thinkenv.tasks import instances_of_seed

PLAIN = ("--no-equivariant", "--no-wall-mask")
UNDISTURBED = (*("--memory-noise-std", "0", "--update-prob", "1", "--residual-penalty", "0"),)
AS_DRAWN = ("--wall-moves", "0")
# Two of the literature's ideas and their absence, then what is added to both of them one after the
# other, and last the recipe without one part.
VARIANTS = {
    "feed-forward": ("--architecture", "feed_forward", *AS_DRAWN),
    "neither recall nor progressive": ("--no-recall", "--no-progressive", *PLAIN, *AS_DRAWN),
    "recall": ("--no-progressive", *PLAIN, *AS_DRAWN),
    "progressive": ("--no-recall", *PLAIN, *UNDISTURBED, *AS_DRAWN),
    "recall and progressive": (*PLAIN, *UNDISTURBED, *AS_DRAWN),
    "+ noise, random updates, rest penalty": (*PLAIN, *AS_DRAWN),
    "+ moved walls": PLAIN,
    "+ symmetry": ("--no-wall-mask",),
    "+ barriers: the recipe": (),
    "the recipe without symmetry": ("--no-equivariant",),
    "the recipe without moved walls": AS_DRAWN,
    "the recipe without noise, random updates, rest penalty": UNDISTURBED,
    "the recipe without progressive": ("--no-progressive",),
}
# Size, mazes, and the most iterations: the recipe needs about 400 and 3,000 on average.
TESTS = ((59, 100, 1500), (201, 10, 6000))
# The second size is tried where so many mazes of the first are solved.
SHARE_TO_GO_ON = 0.5
# Steps of each kind that are timed, after as many that are not.
TIMED_STEPS = 40
SHORT_STEPS = PLANS["maze"].short_steps


def train(options: list[str], seed: int, folder: Path) -> list[dict]:
    """Train with these options and more; the lines of metrics."""
    subprocess.run(
        [sys.executable, "agents/train_dt.py", "--threads", "1", "--overwrite"]
        + ["--device", "cpu", "--seed", str(seed), "--folder", str(folder), *options],
        check=True,
        capture_output=True,
        cwd=REPOSITORY,
    )
    with open(folder / "metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


def steps_in(minutes: float, options: tuple[str, ...], folder: Path) -> int:
    """How many steps these options take in so many minutes on one core."""
    timing = ["--steps", str(4 * TIMED_STEPS), "--short-steps", str(2 * TIMED_STEPS)]
    timing += ["--log-every", str(TIMED_STEPS), "--validation-problems", "1"]
    rows = train([*options, *timing], 0, folder)
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
        low, high = wilson_interval(int(solved.sum()), count)
        found[str(size)] = {
            "n": count,
            "exact": float(solved.mean()),
            "exact_low": low,
            "exact_high": high,
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
    place = folder / f"{list(VARIANTS).index(variant)}-seed{seed}"
    steps = steps_in(minutes, options, place)
    metrics = train([*options, "--steps", str(steps)], seed, place)[-1]
    return {
        "variant": variant,
        "options": " ".join(options),
        "seed": seed,
        "steps": steps,
        "seconds": float(metrics["seconds"]),
        "validation_exact": float(metrics["validation_exact"]),
        "sizes": test(place),
        "measured": {"commit": commit(), "time": now()},
    }


def table(rows: list[dict]) -> str:
    """The runs as a Markdown table: a line for each variant, all seeds in each cell."""
    sizes = [str(size) for size, _, _ in TESTS]
    lines = [
        "| variant | seconds of training | 9, validation | "
        + " | ".join(f"{size} solved | {size} at rest" for size in sizes)
        + " |",
        "|" + "---|" * (3 + 2 * len(sizes)),
    ]
    for variant in VARIANTS:
        runs = sorted((row for row in rows if row["variant"] == variant), key=lambda r: r["seed"])
        if not runs:
            continue
        cells = [
            ", ".join(f"{run['seconds']:.0f}" for run in runs),
            ", ".join(f"{100 * run['validation_exact']:.0f}" for run in runs),
        ]
        for size in sizes:
            for key in ("exact", "at_rest"):
                tested = [run["sizes"].get(size) for run in runs]
                shares = ["-" if found is None else f"{100 * found[key]:.0f}" for found in tested]
                cells.append(", ".join(shares))
        lines.append(f"| {variant} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    """Train and test what is not in the file yet; store and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=4, help="of training, for each run")
    parser.add_argument("--workers", type=int, default=2, help="runs at a time, on a core each")
    parser.add_argument("--folder", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--json", type=Path, help="the file of results")
    parser.add_argument("--table", type=Path, help="only print these results")
    arguments = parser.parse_args()
    if arguments.table:
        print(table(json.loads(arguments.table.read_text())["rows"]))
        return 0
    if arguments.json is None:
        parser.error("--json: needs a file for the results")
    rows = json.loads(arguments.json.read_text())["rows"] if arguments.json.exists() else []
    done = {(row["variant"], row["seed"]) for row in rows}
    jobs = [
        (variant, seed, arguments.minutes, arguments.folder)
        for seed in arguments.seeds
        for variant in arguments.variants
        if (variant, seed) not in done
    ]
    with multiprocessing.get_context("spawn").Pool(arguments.workers) as pool:
        for row in tqdm(pool.imap_unordered(run, jobs), total=len(jobs), unit="run", disable=None):
            rows.append(row)
            store_result(arguments.json, {"minutes": arguments.minutes, "rows": rows})
            print(json.dumps(row), flush=True)
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
