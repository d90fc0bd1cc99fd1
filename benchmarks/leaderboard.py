"""Make the leaderboard: baselines and trained agents on the suites of ``thinkenv.suites``.

Run from the repository's root:

    python benchmarks/leaderboard.py --json benchmarks/results/leaderboard.json \
        --known benchmarks/results/maze_trees_seed*.json benchmarks/results/maze_seed*.json
    python benchmarks/leaderboard.py --json benchmarks/results/leaderboard_any_maze.json \
        --known benchmarks/results/maze_seed*.json \
        --suites maze-loops maze-loops-801 maze-any-ends maze-no-lattice \
        --agents maze maze_seed1 maze_seed2 maze_seed3 maze_seed4
    python benchmarks/leaderboard.py --page benchmarks/leaderboard.md \
        benchmarks/results/leaderboard*.json

Trained agents think until their memory has converged, so no number of iterations is chosen with a
look at solutions. Each row is stored as soon as it is done, with its time and commit; a second
call with the same file does what is missing. Rows known from results of
``benchmarks/extrapolation.py``, whose mazes are those of the suites, are taken over. The page can
be made of several files, and without torch: rows of your own agent, as ``suites.evaluate`` returns
them, stand beside ours when they lie in a JSON file under ``rows``.
"""

import functools
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from measuring import markdown_table, parser_of

from thinkenv import gate, suites
from thinkenv.command_line import run_command, writable_file
from thinkenv.files import write_bytes
from thinkenv.provenance import commit, now, store_result
from thinkenv.suites import baselines
from thinkenv.suites.evaluation import Policy
from thinkenv.suites.scores import ROW_KEYS
from thinkenv.tasks import find_task

# What tells a set of problems from all others.
OF_MAZES = ("split", "size", "generator", "loops", "endpoints", "removed")
OPTIONS = (*OF_MAZES, "rating", "database_sha256")
PROBLEMS = ("task", *OPTIONS, "n", "seed")
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
    "maze": tuple(
        f"{name}{seed}"
        for name in ("maze", "maze_trees")
        for seed in ("", *(f"_seed{seed}" for seed in range(1, 5)))
    ),
    "chess": ("chess", "chess_seed1", "chess_seed2", "chess_squares", "chess_feed_forward"),
    "prefix_sum": ("prefix_sum",),
}

# How many positions agents imagine that can: there is a row after each number.
IMAGINED = (0, 16)


@functools.cache
def weights_of(name: str) -> tuple[str, ...]:
    """The SHA-256 of a shipped agent's weights; then that of their earlier file, if any.

    None of an agent that does not come with this package.
    """
    from thinkenv.deep_thinking import load, shipped_agents

    if name not in shipped_agents():
        return ()
    about = load(name).description
    return tuple(about[key] for key in ("weights_sha256", "earlier_sha256") if key in about)


@functools.cache
def thinker(name: str, threads: int | None) -> Policy:
    """A trained agent as suites query it: it thinks until its memory has converged.

    One that imagines moves thinks as long as in training, and then imagines some.
    """
    from thinkenv.deep_thinking import load
    from thinkenv.deep_thinking.distributed import prepare_device
    from thinkenv.deep_thinking.evaluation import AgentPolicy, ThinkingTime
    from thinkenv.deep_thinking.imagination.manner import ImaginingNet

    agent = load(name, prepare_device("cpu", threads))
    time = ThinkingTime((), until_converged=True) if agent.net.recurrent else ThinkingTime((1,))
    if isinstance(agent.net, ImaginingNet):
        time = ThinkingTime((agent.training_iterations,), imagined=IMAGINED)
    policy = AgentPolicy(agent, time)
    # No puzzle is played to its end: the suite asks for the squares of the first move.
    return lambda problems: [replace(one, preferences=None) for one in policy(problems)]


def entries(
    names: list[str], agents: Collection[str]
) -> Iterator[tuple[suites.Suite, suites.ProblemSet, str]]:
    """What there is to evaluate on suites: the suite, one of its sets, a baseline or an agent."""
    for suite in (suites.SUITES[name] for name in names):
        task = suite.sets[0].task
        for name in (*BASELINES[task], *(name for name in AGENTS[task] if name in agents)):
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
        with gate.reading(path, suites.ResultFileError):
            about = {"weights_sha256": result["agent"]["weights_sha256"]}
            for row in result["rows"].values():
                kept = {key: row[key] for key in ROW_KEYS}
                kept |= {key: row[key] for key in OF_MAZES if row.get(key) is not None}
                kept |= about | {"measured": row["measured"]}
                kept["checkpoint"] = agent_of(kept)
                found[agent_of(kept), problems_of(kept)] = kept
    return found


def score(row: dict | None, best: float | None) -> str:
    """The share of problems solved in percent, bold where it is the best, with its interval."""
    if row is None:
        return "-"
    exact, low, high = (100 * row[key] for key in ("exact", "exact_low", "exact_high"))
    shown = f"**{exact:.1f}**" if row["exact"] == best else f"{exact:.1f}"
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
    index_of = {problems_of(row): index for index, row in enumerate(about)}
    seen: Counter[tuple] = Counter()
    lines: dict[tuple, list] = defaultdict(lambda: [None] * len(about))
    for row in rows:
        if (index := index_of.get(problems_of(row))) is not None:
            agent = row["checkpoint"]
            lines[agent, seen[agent, index]][index] = row
            seen[agent, index] += 1
    columns = zip(*lines.values(), strict=True)
    best = [max((row["exact"] for row in column if row), default=None) for column in columns]

    def hardest_first(line: tuple[tuple, list]) -> list[float]:
        return [1.0 if row is None else -row["exact"] for row in line[1][::-1]]

    cells = []
    for (name, _), found in sorted(lines.items(), key=hardest_first):
        shown = re.sub(r"_seed(\d+)$", r", seed \1", name)
        if imagined := max((row or {}).get("imagined", 0) for row in found):
            shown += f", {imagined:,} positions imagined"
        last = (found[-1] or {}).get("iterations")
        iterations = "-" if last is None else f"{last:,.0f}"
        seconds = cost([row for row in found if row])
        cells.append([shown, *map(score, found, best), iterations, seconds])
    labels = [find_task(options["task"]).label(options) for options in about]
    header = ["agent", *labels, "iterations, last set", "seconds a problem"]
    counts = [problems.count for problems in suite.sets]
    counted = " to ".join(f"{count:,}" for count in sorted({min(counts), max(counts)}))
    return (
        f"## {suite.name}\n\n{suite.description}\n\n{markdown_table(header, cells)}\n\n"
        f"{counted} problems in each set.\n"
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
        "their memory has converged; those that imagine positions, as long as in training before\n"
        "that. The last column depends on the machine and on what else it\n"
        "did. Generated from stored rows by `python benchmarks/leaderboard.py --page`.\n\n"
        + "\n".join(sections)
    )


def main() -> None:
    """Evaluate what is not in the file yet and store it, or write the page."""
    parser = parser_of(__doc__, threads=True)
    parser.add_argument("--suites", nargs="+", choices=suites.SUITES, default=list(suites.SUITES))
    trained = [name for names in AGENTS.values() for name in names]
    parser.add_argument(
        "--agents", nargs="*", choices=trained, default=trained, help="none for baselines alone"
    )
    parser.add_argument("--known", type=Path, nargs="*", default=[], help="other results")
    parser.add_argument("results", type=Path, nargs="*", help="files of results, for the page")
    parser.add_argument(
        "--page", type=writable_file, help="only write this page, from the results named"
    )
    arguments = parser.parse_args()
    if arguments.page is not None:
        write_bytes(arguments.page, page(arguments.results).encode())
        return
    if arguments.json is None:
        parser.error("--json: needs a file for the results")
    commit()  # as it is when this begins
    rows = suites.read_rows(arguments.json) if arguments.json.exists() else []
    done = {(row.get("suite"), agent_of(row), problems_of(row)) for row in rows}
    known = known_rows(arguments.known)
    for suite, problems, name in entries(arguments.suites, arguments.agents):
        key = name, problems_of(of_set(problems))
        if (suite.name, *key) in done:
            continue
        if key in known:
            version = suite.versions.get(problems.task)
            rows.append(known[key] | {"suite": suite.name, "version": version})
        else:
            print(f"{suite.name}: {name}, {problems}", file=sys.stderr, flush=True)
            policy = BASELINES[problems.task].get(name) or thinker(name, arguments.threads)
            for row in suites.evaluate(policy, replace(suite, sets=(problems,)), name=name):
                if name in AGENTS[problems.task]:
                    row["weights_sha256"] = weights_of(name)[0]
                rows.append(row | {"measured": {"commit": commit(), "time": now()}})
        store_result(arguments.json, suites.sealed(rows))


if __name__ == "__main__":
    sys.exit(run_command(main))
