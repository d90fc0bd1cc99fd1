"""The demonstration: an agent that has only seen 9x9 mazes solves larger ones by thinking longer.

    make demo

Evaluates the shipped agent on mazes of four sizes, within its training budget and far beyond it,
and writes the table, a figure and a GIF to ``runs/demo``. Takes about a minute on two cores.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from thinkenv.deep_thinking.checkpoint import load_agent
from thinkenv.deep_thinking.distributed import Processes
from agents.evaluate import Args as EvaluateArgs
from agents.evaluate import evaluate
from agents.think import Args as ThinkArgs
from agents.think import watch

AGENT = Path("assets/agents/maze")
FOLDER = Path("runs/demo")
SIZES = (9, 13, 33, 59)
MAZES = 50
SHORTER = (9, 18, 36)
LONGER = (150, 400, 800, 1500)


def explain(rows: list[dict], training_iterations: int) -> str:
    """What the rows show, in plain words."""
    lines = [
        "",
        "What is to be seen here",
        "-----------------------",
        "The agent was trained on mazes of size 9 alone, with at most "
        f"{training_iterations} iterations of its recurrent block.",
    ]
    for size in SIZES:
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
        f"Look at {FOLDER / 'think.gif'} (one 33x33 maze being solved), {FOLDER / 'think.png'}",
        f"and {FOLDER / 'accuracy.png'} (accuracy against iterations).",
    ]
    return "\n".join(lines)


def main() -> int:
    """Evaluate, draw and explain."""
    try:
        processes = Processes("auto", None)
        agent = load_agent(AGENT, processes.device, task="maze")
        budget = agent.training_iterations
        rows = evaluate(
            EvaluateArgs(
                checkpoint=AGENT,
                size=SIZES,
                problems=MAZES,
                iterations=tuple(str(stage) for stage in (*SHORTER, budget, *LONGER)),
                json=FOLDER / "results.json",
                figure=FOLDER / "accuracy.png",
            ),
            processes,
        )
        watch(
            ThinkArgs(
                checkpoint=AGENT,
                size=33,
                gif=FOLDER / "think.gif",
                strip=FOLDER / "think.png",
            ),
            agent,
        )
        print(explain(rows, budget))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
