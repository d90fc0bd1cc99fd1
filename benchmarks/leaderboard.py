"""The leaderboard: baselines and trained agents on the suites of ``thinkenv.suites``.

Run from the repository's root:

    python benchmarks/leaderboard.py --known benchmarks/results/maze_seed*.json \
        --json benchmarks/results/leaderboard.json
    python benchmarks/leaderboard.py --page benchmarks/leaderboard.md \
        benchmarks/results/leaderboard.json

Trained agents think until their memory has come to rest, so no number of iterations is chosen with
a look at solutions. Each row is stored as soon as it is done; a second call with the same file
does what is missing. Rows known from results of ``benchmarks/extrapolation.py``, whose mazes are
those of the suites, are taken over. The page can be made of several files: rows of your own agent,
as ``suites.evaluate`` returns them, stand beside ours when they lie in a JSON file under ``rows``.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agents.deep_thinking import load
from agents.deep_thinking.checkpoint import DESCRIPTION
from agents.deep_thinking.device import prepare_device
from agents.deep_thinking.metrics import label_of
from agents.provenance import REPOSITORY, store_result
from thinkenv import suites
from thinkenv.scores import ROW_KEYS
from thinkenv.suites import baselines
from thinkenv.whole_files import replacing

IDENTITY = (
    *("task", "split", "size", "generator", "loops", "endpoints", "rating", "database_sha256"),
    *("n", "seed", "checkpoint"),
)
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


def identity(row: dict) -> tuple:
    """What tells a row from all others: the agent, and the problems."""
    return tuple(str(row.get(name)) for name in IDENTITY)


def known_rows(paths: list[Path]) -> dict[tuple, dict]:
    """Rows of ``benchmarks/extrapolation.py`` by their identity, of agents that are shipped."""
    shipped = {
        json.loads((REPOSITORY / path / DESCRIPTION).read_text())["weights_sha256"]: path
        for path in AGENTS["maze"]
    }
    found = {}
    for path in paths:
        result = json.loads(path.read_text())
        name = shipped.get(result["agent"]["weights_sha256"])
        for row in result["rows"].values():
            kept = {key: row[key] for key in ROW_KEYS} | {"checkpoint": name}
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
    return f"{seconds:.2g}" if seconds >= 1e-4 else "below 0.0001"


def table(suite: suites.Suite, rows: list[dict]) -> str:
    """The rows of one suite as a Markdown table: best on the last, hardest set first."""
    by_name: dict[str, list[dict]] = {}
    for row in rows:
        by_name.setdefault(row["checkpoint"], []).append(row)
    labels = [label_of(row["task"], row) for row in next(iter(by_name.values()))]
    lines = [
        "| agent | " + " | ".join(labels) + " | iterations, last set | seconds a problem |",
        "|" + "---|" * (len(labels) + 3),
    ]
    order = sorted(by_name, key=lambda name: [-row["exact"] for row in by_name[name]][::-1])
    for name in order:
        cells = [score(row) for row in by_name[name]]
        last = by_name[name][-1]
        iterations = "-" if last["iterations"] is None else f"{last['iterations']:,.0f}"
        lines.append(
            f"| {name} | " + " | ".join(cells) + f" | {iterations} | {cost(by_name[name])} |"
        )
    counts = sorted({row["n"] for row in rows})
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
        if (of_suite := [row for row in rows if row["suite"] == suite.name])
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
        with replacing(arguments.page) as file:
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
        task = problems.make_task()
        key = identity(
            {"task": problems.task, "n": problems.count, "seed": problems.seed}
            | task.axes
            | {"checkpoint": name}
        )
        if (suite.name, *key) in done:
            continue
        if key in known:
            version = suite.versions.get(problems.task)
            rows.append(known[key] | {"suite": suite.name, "generator_version": version})
        else:
            print(f"{suite.name}: {name}, {problems}", file=sys.stderr, flush=True)
            answer = thinker(agent, arguments.threads) if isinstance(agent, str) else agent
            rows += suites.evaluate(answer, replace(suite, sets=(problems,)), name=name)
        store_result(arguments.json, {"rows": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
