"""Make the leaderboard: baselines and trained agents on the suites of ``thinkenv.suites``.

Run from the repository's root:

    python benchmarks/leaderboard.py --known benchmarks/results/maze_seed*.json \
        --json benchmarks/results/leaderboard.json
    python benchmarks/leaderboard.py --page benchmarks/leaderboard.md \
        benchmarks/results/leaderboard.json

Trained agents think until their memory has converged, so no number of iterations is chosen with a
look at solutions. Each row is stored as soon as it is done, with its time and commit; a second
call with the same file does what is missing. Rows known from results of
``benchmarks/extrapolation.py``, whose mazes are those of the suites, are taken over. The page can
be made of several files, and without torch: rows of your own agent, as ``suites.evaluate`` returns
them, stand beside ours when they lie in a JSON file under ``rows``.
"""

import argparse
import functools
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from thinkenv import suites
from thinkenv.files import write_bytes
from thinkenv.provenance import commit, now, store_result
from thinkenv.suites import Answers, baselines
from thinkenv.suites.evaluation import Policy
from thinkenv.suites.scores import ROW_KEYS
from thinkenv.tasks import find_task

# What tells a set of problems from all others.
PROBLEMS = (
    *("task", "split", "size", "generator", "loops", "endpoints", "rating", "database_sha256"),
    *("n", "seed"),
)
GUESSES: dict[str, Policy] = {
    "nothing marked": baselines.empty_answer,
    "coin tosses": baselines.RandomAnswers(),
}
# What is evaluated on the suites of each task, in the order of the page.
BASELINES: dict[str, dict[str, Policy]] = {
    "maze": {
        "exact reference": baselines.exact,
        "dead-end filling": baselines.DeadEndFilling(),
        "dead-end filling, 100 rounds": baselines.DeadEndFilling(100),
        **GUESSES,
    },
    "chess": GUESSES,
    "prefix_sum": {"exact reference": baselines.exact, **GUESSES},
}
AGENTS = {
    "maze": ("maze", *(f"maze_seed{seed}" for seed in range(1, 5))),
    "chess": ("chess", "chess_feed_forward"),
    "prefix_sum": ("prefix_sum",),
}


@functools.cache
def weights_of(name: str) -> tuple[str, ...]:
    """The SHA-256 of a shipped agent's weights; then that of their earlier file, if any."""
    from thinkenv.deep_thinking import load

    about = load(name).description
    return tuple(about[key] for key in ("weights_sha256", "earlier_sha256") if key in about)


@functools.cache
def thinker(name: str, threads: int | None) -> Policy:
    """A trained agent as suites query it: it thinks until its memory has converged."""
    from thinkenv.deep_thinking import load
    from thinkenv.deep_thinking.distributed import prepare_device

    agent = load(name, prepare_device("cpu", threads))

    def answer(problems: np.ndarray) -> Answers:
        if not agent.net.recurrent:
            return agent.think_at(problems, [1])[0]
        found = agent.think(problems, "converged")
        return Answers(found.answer, found.iterations, found.converged, stopping="converged")

    return answer


def entries(names: list[str]) -> Iterator[tuple[suites.Suite, suites.ProblemSet, str]]:
    """What there is to evaluate on suites: the suite, one of its sets, a baseline or an agent."""
    for suite in (suites.SUITES[name] for name in names):
        task = suite.sets[0].task
        for name in (*BASELINES[task], *AGENTS[task]):
            for problems in suite.sets:
                yield suite, problems, name


def problems_of(row: dict) -> tuple[str, ...]:
    """What tells the problems of a row from all others."""
    return tuple(str(row.get(name)) for name in PROBLEMS)


def agent_of(row: dict) -> str:
    """Whose row it is: a shipped agent by its weights, of others what they are called.

    Files of weights have had another format, so that the same agent has two hashes.
    """
    weights = row.get("weights_sha256")
    names = (name for names in AGENTS.values() for name in names if weights in weights_of(name))
    return row["checkpoint"] if weights is None else next(names, weights)


def of_set(problems: suites.ProblemSet) -> dict:
    """What rows say of a set of problems."""
    about = {"task": problems.task, "n": problems.count, "seed": problems.seed}
    return about | problems.make_task().options


def known_rows(paths: list[Path]) -> dict[tuple, dict]:
    """Rows of ``benchmarks/extrapolation.py`` by agent and problems."""
    found = {}
    for path in paths:
        result = suites.read_result(path)
        about = {"weights_sha256": result["agent"]["weights_sha256"]}
        for row in result["rows"].values():
            kept = {key: row[key] for key in ROW_KEYS} | about | {"measured": row["measured"]}
            kept["checkpoint"] = agent_of(kept)
            found[agent_of(kept), problems_of(kept)] = kept
    return found


def score(row: dict, is_best: bool) -> str:
    """The share of problems solved in percent, bold where it is the best, with its interval."""
    exact, low, high = (100 * row[key] for key in ("exact", "exact_low", "exact_high"))
    shown = f"**{exact:.1f}**" if is_best else f"{exact:.1f}"
    return f"{shown} ({low:.1f} to {high:.1f})"


def cost(rows: list[dict]) -> str:
    """Seconds for a problem, on average over all sets."""
    seconds = sum(row["seconds"] for row in rows) / sum(row["n"] for row in rows)
    if seconds < 1e-4:
        return "below 0.0001"
    return f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.2g}"


def table(suite: suites.Suite, rows: list[dict]) -> str:
    """The rows of one suite as a Markdown table: best on the last, hardest set first.

    An agent with several rows for the same problems, after different numbers of iterations, has as
    many lines. What is missing, or has not all problems of a set, is left out.
    """
    about = [of_set(problems) for problems in suite.sets]
    sets = [problems_of(row) for row in about]
    lines_of: dict[tuple[str, int], dict[tuple, dict]] = {}
    for row in rows:
        problems, number = problems_of(row), 0
        while problems in lines_of.setdefault((row["checkpoint"], number), {}):
            number += 1
        lines_of[row["checkpoint"], number][problems] = row
    best = {
        problems: max(line[problems]["exact"] for line in lines_of.values() if problems in line)
        for problems in {problems_of(row) for row in rows}
    }

    def hardest_first(line: dict[tuple, dict]) -> list[float]:
        return [-line[problems]["exact"] if problems in line else 1.0 for problems in sets[::-1]]

    labels = [find_task(options["task"]).label(options) for options in about]
    lines = [
        "| agent | " + " | ".join(labels) + " | iterations, last set | seconds a problem |",
        "|" + "---|" * (len(labels) + 3),
    ]
    for (name, _), line in sorted(lines_of.items(), key=lambda item: hardest_first(item[1])):
        known = [line[problems] for problems in sets if problems in line]
        if not known:
            continue
        cells = [
            score(line[problems], line[problems]["exact"] == best[problems])
            if problems in line
            else "-"
            for problems in sets
        ]
        last = line.get(sets[-1], {}).get("iterations")
        iterations = "-" if last is None else f"{last:,.0f}"
        shown = re.sub(r"_seed(\d+)$", r", seed \1", name)
        lines.append(f"| {shown} | " + " | ".join(cells) + f" | {iterations} | {cost(known)} |")
    counts = sorted({problems.count for problems in suite.sets})
    counted = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    return (
        f"## {suite.name}\n\n{suite.description}\n\n"
        + "\n".join(lines)
        + f"\n\n{counted} problems in each set.\n"
    )


def page(paths: list[Path]) -> str:
    """The leaderboard as Markdown."""
    rows = [row for path in paths for row in suites.read_rows(path)]
    sections = [
        table(suite, of_suite)
        for suite in suites.SUITES.values()
        if (of_suite := [row for row in rows if row.get("suite") == suite.name])
    ]
    return (
        "# Leaderboard\n\n"
        "Percent of problems answered exactly right, with 95 % Wilson intervals, of the suites of\n"
        "[`thinkenv.suites`](../thinkenv/suites/catalogue.py); the best of each set is bold.\n"
        "Trained agents are called as `thinkenv.deep_thinking.load` knows them, and think until\n"
        "their memory has converged. The last column depends on the machine and on what else it\n"
        "did. Generated from stored rows by `python benchmarks/leaderboard.py --page`.\n\n"
        + "\n".join(sections)
    )


def main() -> int:
    """Evaluate what is not in the file yet and store it, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--suites", nargs="+", choices=suites.SUITES, default=list(suites.SUITES))
    parser.add_argument("--threads", type=int, help="CPU threads (default: all cores)")
    parser.add_argument("--json", type=Path, help="the file of results")
    parser.add_argument("--known", type=Path, nargs="*", default=[], help="other results")
    parser.add_argument("--page", type=Path, help="only write this page, from the results named")
    parser.add_argument("results", type=Path, nargs="*", help="files of results, for the page")
    arguments = parser.parse_args()
    if arguments.page is not None:
        write_bytes(arguments.page, page(arguments.results).encode())
        return 0
    if arguments.json is None:
        parser.error("--json: needs a file for the results")
    commit()  # as it is when this begins
    rows = suites.read_rows(arguments.json) if arguments.json.exists() else []
    done = {(row["suite"], agent_of(row), problems_of(row)) for row in rows}
    known = known_rows(arguments.known)
    for suite, problems, name in entries(arguments.suites):
        key = name, problems_of(of_set(problems))
        if (suite.name, *key) in done:
            continue
        if key in known:
            version = suite.versions.get(problems.task)
            rows.append(known[key] | {"suite": suite.name, "version": version})
        else:
            print(f"{suite.name}: {name}, {problems}", file=sys.stderr, flush=True)
            policy = BASELINES[problems.task].get(name) or thinker(name, arguments.threads)
            (row,) = suites.evaluate(policy, replace(suite, sets=(problems,)), name=name)
            if name in AGENTS[problems.task]:
                row["weights_sha256"] = weights_of(name)[0]
            rows.append(row | {"measured": {"commit": commit(), "time": now()}})
        store_result(arguments.json, {"format": suites.FORMAT, "rows": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
