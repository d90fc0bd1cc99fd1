"""The demonstration: an agent that has only seen 9x9 mazes solves larger ones by thinking longer.

    make demo

Evaluates the shipped agent on mazes of four sizes, within its training budget and far beyond it,
and writes the table, a figure and a GIF to runs/demo. Takes about a minute on two cores.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import evaluate
import think

from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.command_line import (
    check_counts,
    check_outputs,
    parse_args,
    run_script,
)
from thinkenv.suites import read_rows

SIZES = (9, 13, 33, 59)
SHORTER = (9, 18, 36)
LONGER = (400, 800, 2400)


@dataclass
class Args:
    """Options of the demonstration."""

    folder: Path = Path("runs/demo")
    """Where table, figure and GIF go."""
    problems: int = 50
    """Mazes of each size."""


def explain(rows: list[dict], training_iterations: int, folder: Path) -> str:
    """What the rows show, in plain words."""
    lines = [
        "",
        "What this shows",
        "---------------",
        "The agent was trained on mazes of size 9 alone, with at most "
        f"{training_iterations} iterations of its recurrent block.",
    ]
    for size in dict.fromkeys(row["size"] for row in rows):
        of_size = [row for row in rows if row["size"] == size]
        short = next(row for row in of_size if row["iterations"] == training_iterations)
        long = of_size[-1]
        lines.append(
            f"- size {size}: {short['exact']:.0%} of {short['n']} unseen mazes solved with "
            f"{training_iterations} iterations, {long['exact']:.0%} with {long['iterations']:,}"
        )
    lines += [
        "A maze counts as solved only if every cell of its path, and no other cell, is marked.",
        "Larger mazes than any it was trained on are solved by the same weights: it only thinks",
        "longer. Where thinking goes on after the maze is solved, the answer stays.",
        "",
        f"Look at {folder / 'think.gif'} (one 33x33 maze being solved), {folder / 'think.png'}",
        f"and {folder / 'accuracy.png'} (accuracy against iterations).",
    ]
    return "\n".join(lines)


def main(words: list[str]) -> int:
    """Evaluate, show and explain."""
    args = parse_args(Args(), words, __doc__)
    check_counts(args, "problems")
    check_outputs(args, "folder")
    budget = load("maze").training_iterations
    result, figure = args.folder / "results.json", args.folder / "accuracy.png"
    evaluate.main(
        [
            *("--problems", str(args.problems), "--size", *map(str, SIZES)),
            *("--iterations", *map(str, (*SHORTER, budget, *LONGER))),
            *("--json", str(result), "--figure", str(figure)),
        ]
    )
    gif, strip = args.folder / "think.gif", args.folder / "think.png"
    think.main(["--gif", str(gif), "--strip", str(strip)])
    print(explain(read_rows(result), budget, args.folder))
    return 0


if __name__ == "__main__":
    sys.exit(run_script(main))
