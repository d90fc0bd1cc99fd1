"""Write the model cards of the agents that come with the package.

    python benchmarks/model_cards.py

What was measured of each agent, in ``benchmarks/results``, and what it is known to fail at goes
into its ``agent.json``, from which its card, ``README.md``, is made. The weights stay as they are.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from thinkenv import gate, suites
from thinkenv.command_line import Parser, run_command
from thinkenv.deep_thinking.checkpoint import DESCRIPTION, SHIPPED, shipped_agents
from thinkenv.deep_thinking.model_card import CARD, card, problems_of
from thinkenv.files import write_bytes

RESULTS = Path(__file__).parent / "results"
MAX_BYTES = 2**24  # of a stored result
LICENSE = "mit"  # of the whole package
KEYS = (
    "task",
    "split",
    "size",
    "generator",
    "loops",
    "endpoints",
    "removed",
    "rating",
    "n",
    "iterations",
    "stopping",
    "requested",
    "imagined",
    "exact",
    "exact_low",
    "exact_high",
    "cells",
    "converged",
    "first_move",
    "line",
)
# Of the agents for trees: percent of mazes of size 33 solved by where start and goal lie, from
# docs/tree_agents.md: both in rooms, one, none; for each seed. And how many of 100 mazes of that
# size, after a wall was put across the only way, are answered rightly, by no cell.
ENDS_IN_ROOMS = ((100, 44, 20), (100, 64, 47), (100, 0, 0), (100, 69, 39), (100, 29, 6))
EMPTY_ANSWERS = (0, 0, 60, 46, 0)
LIMITS = {
    "chess": (
        "It learned from puzzles, in which one move wins. In openings, quiet positions and endings "
        "where nothing wins it names moves, too, and they mean little.",
        "Iterations alone do not look ahead: for that it has to imagine positions. On the board as "
        "it stands many more than in training even lose a point or two, and its memory takes "
        "several hundred to come to rest, or now and then does not.",
        "A feed-forward net with the same messages imagines better: by 7 points after 64.",
        "Of a position and of what it imagines it knows the pieces, the side to move, and the "
        "rights to castle and to take en passant: repetitions and the fifty moves mean nothing.",
        "Stalemate counts as not won, even where it would save the game.",
        "All four promotions are answers of their own; puzzles where another than the one to a "
        "queen is right are too rare for much to be known of them.",
    ),
    "chess_squares": (
        "Thinking longer than in training gains nothing: of the puzzles rated 1600 and more it "
        "solves 35.3 % after 12 iterations, and 35.2 % after 120.",
        "A feed-forward net of the same size and training time is better by 2.4 points.",
    ),
    "chess_feed_forward": ("It does not think: more than one iteration changes nothing.",),
}


def main() -> None:
    """Write the description and the card of every agent."""
    Parser(description=(__doc__ or "").split("\n")[0]).parse_args()
    for name in shipped_agents():
        folder = SHIPPED / name
        described = describe(name, gate.read_json(folder / DESCRIPTION, MAX_BYTES))
        write_bytes(folder / DESCRIPTION, (json.dumps(described, indent=2) + "\n").encode())
        write_bytes(folder / CARD, card(name, described).encode())
        print(f"written: {folder / CARD}")


def describe(name: str, description: Mapping[str, Any]) -> dict[str, Any]:
    """A description with the licence, and with what is known of the agent."""
    known = {"license": LICENSE, "results": results_of(name), "limits": limits_of(name)}
    return {**description, **known}


def results_of(name: str) -> list[dict[str, Any]]:
    """The stored results of an agent."""
    task, _, seed = name.partition("_seed")
    if task == "maze":
        measured = stored(f"{task}_seed{seed or 0}")
        return [result(measured, found(measured["rows"].values()))]
    if task == "chess":
        measured = stored(f"{task}_seed{seed or 0}")
        rows = [row for row in measured["rows"].values() if row["way"] == "imagining"]
        return [result(measured, rows)]
    if task == "maze_trees":
        others = [
            row
            for row in suites.read_rows(RESULTS / "leaderboard.json")
            if row["checkpoint"] == name and row["loops"]
        ]
        measured = stored(f"{task}_seed{seed or 0}")
        return [
            result(measured, found(measured["rows"].values())),
            result(stored("leaderboard"), found(others)),
        ]
    if task == "prefix_sum":
        # After 48, 100 and 400 iterations, and until converged, for each size.
        measured, longest = (
            stored(f"{task}_seed{seed or 0}"),
            stored(f"{task}_4096_seed{seed or 0}"),
        )
        rows = measured["rows"]
        return [
            result(measured, [*fixed(rows[0::4]), *found(rows[3::4])]),
            result(longest, found(longest["rows"])),
        ]
    measured = stored(name)
    rows = [row for row in measured["rows"] if row["iterations"] in (1, 12, 120)]
    return [result(measured, fixed(rows))]


def limits_of(name: str) -> list[str]:
    """What an agent is known to fail at."""
    task, _, seed = name.partition("_seed")
    if task == "maze":
        rows = stored(f"{task}_seed{seed or 0}")["rows"].values()
        missed = [
            f"{round(row['n'] * (1 - row['exact']))} of {row['n']} of {problems_of(row)}"
            for row in rows
            if row["exact"] < 1
        ]
        return [f"Of the mazes above it fails at {'; '.join(missed)}."] if missed else []
    if task != "maze_trees":
        return list(LIMITS.get(task, ()))
    both, one, none = ENDS_IN_ROOMS[int(seed or 0)]
    return [
        f"Of mazes of size 33 it solves {both} % with start and goal in rooms, {one} % where one "
        f"of them lies on a corridor cell, and {none} % where both do.",
        "Of 100 mazes of size 33 with a wall across the only way, it answers "
        f"{EMPTY_ANSWERS[int(seed or 0)]} rightly, by no cell. In the others it marks cells that "
        "do not join start and goal (`thought.reachable` is False for all 100).",
    ]


def stored(name: str) -> dict[str, Any]:
    """A stored result."""
    return gate.read_json(RESULTS / f"{name}.json", MAX_BYTES)


def result(measured: Mapping[str, Any], rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Some rows of a stored result, with where they come from, and with what a card shows."""
    about = {name: measured[name] for name in ("command", "commit", "time")}
    kept = [{key: row[key] for key in KEYS if row.get(key) is not None} for row in rows]
    return {**about, "rows": kept}


def found(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows whose number of iterations was found for each problem."""
    return [{**row, "stopping": "converged"} for row in rows]


def fixed(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a number of iterations that was asked for."""
    return [{**row, "stopping": "fixed", "requested": row["iterations"]} for row in rows]


if __name__ == "__main__":
    sys.exit(run_command(main))
