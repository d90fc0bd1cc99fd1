"""The leaderboard: baselines and trained agents on the suites of ``thinkenv.suites``.

Run from the repository's root:

    python benchmarks/leaderboard.py --known benchmarks/results/maze_seed*.json \
        --json benchmarks/results/leaderboard.json
    python benchmarks/leaderboard.py --page benchmarks/leaderboard.md \
        benchmarks/results/leaderboard.json

Trained agents think until their memory has come to rest, so no number of iterations is chosen with
a look at solutions. Each row is stored as soon as it is done, with its time and commit; a second
call with the same file does what is missing. Rows known from results of
``benchmarks/extrapolation.py``, whose mazes are those of the suites, are taken over. The page can
be made of several files: rows of your own agent, as ``suites.evaluate`` returns them, stand beside
ours when they lie in a JSON file under ``rows``.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.checkpoint import DESCRIPTION
from thinkenv.deep_thinking.device import prepare_device
from thinkenv.deep_thinking.analysis.tables import label_of
from thinkenv.provenance import COMMIT, REPOSITORY, now, store_result
from thinkenv import suites
from thinkenv.suites.scores import ROW_KEYS
from thinkenv.suites import baselines
from thinkenv.files import atomic_write

# What tells a set of problems from all others, and with it an agent's row from all others.
PROBLEMS = (
    *("task", "split", "size", "generator", "loops", "endpoints", "rating", "database_sha256"),
    *("n", "seed"),
)
IDENTITY = (*PROBLEMS, "checkpoint", "weights_sha256")
GUESSES = {"nothing marked": baselines.constant, "coin tosses": baselines.Guessing()}
MAZE_RULES = {
    "exact reference": baselines.exact,
    "dead-end filling": baselines.DeadEndFilling(),
    "dead-end filling, 100 rounds": baselines.DeadEndFilling(100),
    **GUESSES,
}
# What is evaluated on the suites of each task, in the order of the page.
RULES = {
    "maze": MAZE_RULES,
    "chess": GUESSES,
    "prefix_sum": {"exact reference": baselines.exact, **GUESSES},
}
AGENTS = {
    "maze": ["assets/agents/maze", *(f"assets/agents/maze_seed{seed}" for seed in range(1, 5))],
    "chess": ["assets/agents/chess", "assets/agents/chess_feed_forward"],
    "prefix_sum": ["assets/agents/prefix_sum"],
}


def entries() -> list[tuple]:
    """What there is to evaluate: suite, problem set, name, and a callable or an agent's path."""
    return [
        (suite, problems, name, agent)
        for suite in suites.SUITES.values()
        for name, agent in (
            *RULES[suite.sets[0].task].items(),
            *((path, path) for path in AGENTS[suite.sets[0].task]),
        )
        for problems in suite.sets
    ]


def identity(row: dict, names: tuple[str, ...] = IDENTITY) -> tuple:
    """What tells a row from all others: the problems, and the agent."""
    return tuple(str(row.get(name)) for name in names)


def of_set(problems: suites.ProblemSet) -> dict:
    """What rows say of a set of problems."""
    asked = {"task": problems.task, "n": problems.count, "seed": problems.seed}
    return asked | problems.make_task().axes


def weights_of(path: str) -> str:
    """The SHA-256 of a shipped agent's weights."""
    return json.loads((REPOSITORY / path / DESCRIPTION).read_text())["weights_sha256"]


def known_rows(paths: list[Path]) -> dict[tuple, dict]:
    """Rows of ``benchmarks/extrapolation.py`` by their identity, of agents that are shipped."""
    shipped = {weights_of(path): path for path in AGENTS["maze"]}
    found = {}
    for path in paths:
        result = json.loads(path.read_text())
        weights = result["agent"]["weights_sha256"]
        about = {"checkpoint": shipped.get(weights), "weights_sha256": weights}
        for row in result["rows"].values():
            kept = {key: row[key] for key in ROW_KEYS} | about | {"measured": row["measured"]}
            found[identity(kept)] = kept
    return found


def thinker(path: str, threads: int | None):
    """A trained agent as suites ask it."""
    agent = load(REPOSITORY / path, prepare_device("cpu", threads))
    if not agent.net.recurrent:
        return lambda problems: agent.think(problems, 1)
    return lambda problems: agent.think(problems, "converged")


def score(row: dict) -> str:
    """The share of problems solved in percent, with its interval."""
    exact, low, high = (100 * row[key] for key in ("exact", "exact_low", "exact_high"))
    return f"**{exact:.1f}** ({low:.1f} to {high:.1f})"


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
    sets = [identity(of_set(problems), PROBLEMS) for problems in suite.sets]
    lines_of: dict[tuple[str, int], dict[tuple, dict]] = {}
    for row in rows:
        problems, look = identity(row, PROBLEMS), 0
        while problems in lines_of.setdefault((row["checkpoint"], look), {}):
            look += 1
        lines_of[row["checkpoint"], look][problems] = row

    def hardest_first(line: dict[tuple, dict]) -> list[float]:
        return [-line[problems]["exact"] if problems in line else 1.0 for problems in sets[::-1]]

    labels = [label_of(problems.task, of_set(problems)) for problems in suite.sets]
    lines = [
        "| agent | " + " | ".join(labels) + " | iterations, last set | seconds a problem |",
        "|" + "---|" * (len(labels) + 3),
    ]
    for (name, _), line in sorted(lines_of.items(), key=lambda item: hardest_first(item[1])):
        cells = [score(line[problems]) if problems in line else "-" for problems in sets]
        last = line.get(sets[-1], {}).get("iterations")
        iterations = "-" if last is None else f"{last:,.0f}"
        known = [line[problems] for problems in sets if problems in line]
        if known:
            lines.append(f"| {name} | " + " | ".join(cells) + f" | {iterations} | {cost(known)} |")
    counts = sorted({problems.count for problems in suite.sets})
    counted = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    return (
        f"## {suite.name}\n\n{suite.description}\n\n"
        + "\n".join(lines)
        + f"\n\n{counted} problems in each set.\n"
    )


def page(paths: list[Path]) -> str:
    """The leaderboard as Markdown."""
    rows = [row for path in paths for row in json.loads(path.read_text())["rows"]]
    sections = [
        table(suite, of_suite)
        for suite in suites.SUITES.values()
        if (of_suite := [row for row in rows if row.get("suite") == suite.name])
    ]
    return (
        "# Leaderboard\n\n"
        "Percent of problems answered exactly right, with 95 % Wilson intervals, of the suites of\n"
        "[`thinkenv.suites`](../thinkenv/suites/suites.py). Trained agents think until their\n"
        "memory has come to rest. The last column depends on the machine and on what else it did.\n"
        "Generated from stored rows by `python benchmarks/leaderboard.py --page`.\n\n"
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
        with atomic_write(arguments.page) as file:
            file.write(page(arguments.results).encode())
        return 0
    if arguments.json is None:
        parser.error("--json: needs a file for the results")
    rows = json.loads(arguments.json.read_text())["rows"] if arguments.json.exists() else []
    done = {(row["suite"], *identity(row)) for row in rows}
    known = known_rows(arguments.known)
    for suite, problems, name, agent in entries():
        if suite.name not in arguments.suites:
            continue
        is_trained = isinstance(agent, str)
        about = {"checkpoint": name} | ({"weights_sha256": weights_of(agent)} if is_trained else {})
        key = identity(of_set(problems) | about)
        if (suite.name, *key) in done:
            continue
        if key in known:
            version = suite.versions.get(problems.task)
            rows.append(known[key] | {"suite": suite.name, "generator_version": version})
        else:
            print(f"{suite.name}: {name}, {problems}", file=sys.stderr, flush=True)
            answer = thinker(agent, arguments.threads) if is_trained else agent
            (row,) = suites.evaluate(answer, replace(suite, sets=(problems,)), name=name)
            rows.append(row | about | {"measured": {"commit": COMMIT, "time": now()}})
        store_result(arguments.json, {"rows": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
