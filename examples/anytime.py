"""When to stop thinking: the trained maze agent in ``thinkenv.wrappers.Anytime``.

    python examples/anytime.py --json runs/anytime.json --figure runs/anytime.png

In every step of an episode the agent thinks a few iterations more, submits the answer it has by
then, and says whether it is done; every step costs. Rules of when to be done are compared on the
same mazes, which have loops, and ends on any free cells: after a fixed number of steps, when the
answer has stayed the same for some steps, and when the memory has converged (what
``iterations="converged"`` waits for). Prints what each rule earns, and plots accuracy against
iterations.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from tqdm import tqdm

import thinkenv  # noqa: F401  (registers the environments)
from thinkenv.command_line import Parser, run_command, writable_file
from thinkenv.deep_thinking import Agent, load
from thinkenv.deep_thinking.distributed import prepare_device
from thinkenv.provenance import store_result
from thinkenv.suites.scores import wilson_interval
from thinkenv.wrappers import Anytime

MAZES: dict[str, Any] = {"split": "extrapolation", "loops": 0.1, "endpoints": "free_cells"}
ITERATIONS_PER_STEP = 8
COST = 0.002  # of a step; a solved maze earns 1
MAX_STEPS = 200
FIXED_STEPS = (2, 4, 8, 16, 24, 32, 48, 64)
UNCHANGED_STEPS = (1, 2, 3, 4, 6)

# From the steps done, those since the answer changed, and whether the memory converged: be done?
Rule = Callable[[int, int, bool], bool]


def rules() -> dict[str, Rule]:
    """The rules by name."""
    fixed = {
        f"after {ITERATIONS_PER_STEP * count} iterations": (
            lambda steps, same, converged, count=count: steps >= count
        )
        for count in FIXED_STEPS
    }
    unchanged = {
        f"answer the same for {ITERATIONS_PER_STEP * count} iterations": (
            lambda steps, same, converged, count=count: same >= count
        )
        for count in UNCHANGED_STEPS
    }
    return fixed | unchanged | {"memory converged": lambda steps, same, converged: converged}


def play(env: Anytime, agent: Agent, is_done: Rule) -> tuple[float, bool, int]:
    """One episode.

    Returns:
        The return, whether the maze was solved, and the iterations.
    """
    maze, _ = env.reset()
    memory, answer, same, total = None, None, 0, 0.0
    while True:
        thought = agent.think(maze[None], ITERATIONS_PER_STEP, memory=memory)
        memory = thought.memory
        unchanged = answer is not None and np.array_equal(thought.answer[0], answer)
        same = same + 1 if unchanged else 0
        answer = thought.answer[0]
        done = is_done(env.steps + 1, same, bool(thought.converged[0]))
        maze, reward, terminated, _, info = env.step({"answer": answer, "done": int(done)})
        total += reward
        if terminated:
            return total, info["solved"], ITERATIONS_PER_STEP * info["thinking_steps"]


def compare(agent: Agent, size: int, mazes: int) -> list[dict]:
    """What each rule earns on the same mazes."""
    rows = []
    for name, is_done in tqdm(rules().items(), desc="rules", leave=False, disable=None):
        env = Anytime(gym.make("Maze-v0", size=size, **MAZES), COST, MAX_STEPS)
        env.reset(seed=0)
        returns, solved, iterations = zip(
            *(play(env, agent, is_done) for _ in range(mazes)), strict=True
        )
        low, high = wilson_interval(sum(solved), mazes)
        rows.append(
            {
                "rule": name,
                **MAZES,
                "size": size,
                "n": mazes,
                "exact": sum(solved) / mazes,
                "exact_low": low,
                "exact_high": high,
                "iterations": float(np.mean(iterations)),
                "return": float(np.mean(returns)),
            }
        )
    return rows


def plot(rows: list[dict], path: Path) -> None:
    """Accuracy against iterations, a point for each rule."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    for label, word, style in (
        ("a fixed number of iterations", "after", "o-"),
        ("until the answer stays the same", "answer", "s-"),
        ("until the memory has converged", "memory", "*"),
    ):
        chosen = [row for row in rows if row["rule"].startswith(word)]
        shares = [100 * row["exact"] for row in chosen]
        bounds = [
            [100 * (row["exact"] - row["exact_low"]) for row in chosen],
            [100 * (row["exact_high"] - row["exact"]) for row in chosen],
        ]
        axes.errorbar(
            [row["iterations"] for row in chosen],
            shares,
            bounds,
            fmt=style,
            capsize=3,
            markersize=12 if style == "*" else 6,
            label=label,
        )
    size, count = rows[0]["size"], rows[0]["n"]
    axes.set(
        xlabel="iterations (mean)",
        ylabel="mazes solved, %",
        title=f"When to stop thinking about {count} mazes with loops, of size {size}",
        ylim=(-3, 106),
    )
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150, bbox_inches="tight")


def main() -> None:
    """Compare the rules, print, store and plot."""
    parser = Parser(description=__doc__.split("\n")[0])
    parser.add_argument("--checkpoint", default="maze", help="an agent: name or folder")
    parser.add_argument("--size", type=int, default=33)
    parser.add_argument("--mazes", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=writable_file, help="the file of results")
    parser.add_argument("--figure", type=writable_file, help="the picture")
    arguments = parser.parse_args()
    agent = load(arguments.checkpoint, prepare_device("cpu", arguments.threads))
    rows = compare(agent, arguments.size, arguments.mazes)
    print(f"{'rule':<40} {'solved':>7} {'iterations':>11} {'return':>7}")
    for row in rows:
        print(
            f"{row['rule']:<40} {row['exact']:>7.1%} {row['iterations']:>11.1f} "
            f"{row['return']:>7.3f}"
        )
    if arguments.json is not None:
        store_result(arguments.json, {"cost_of_a_step": COST, "rows": rows})
    if arguments.figure is not None:
        plot(rows, arguments.figure)


if __name__ == "__main__":
    sys.exit(run_command(main))
