"""Shared by the tests of the documentation: pages, stored results, and commands of earlier days."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
# Every page that a reader can come to.
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "benchmarks/README.md",
    "benchmarks/leaderboard.md",
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")),
]

# How a command of version 0.1 is typed now. A stored result keeps the command that measured it, and
# a page prints what works today: they may differ by this list and by nothing else.
TODAY = [
    # Folders: the examples, the results and the shipped agents moved.
    (r"\bagents/examples/", "examples/"),
    # The maze agents of those days are the agents for trees.
    (r"(assets/agents/maze.* benchmarks/results/)maze", r"\1maze_trees"),
    (r"\bagents/results/maze", "benchmarks/results/maze_trees"),
    (r"\bassets/agents/maze", "maze_trees"),
    # The chess agent of those days names squares.
    (r"(evaluate\.py --task chess) (?=--database )", r"\1 --checkpoint chess_squares "),
    (r"\bagents/results/chess\.", "benchmarks/results/chess_squares."),
    (r"assets/pictures/chess_accuracy", "assets/pictures/chess_squares_accuracy"),
    (r"\bagents/results/", "benchmarks/results/"),
    (r"\bassets/agents/(\w+)", r"\1"),
    (r"agents\.examples\.flood_fill:FloodFillProblems", "examples/flood_fill.py:FloodFillTask"),
    # Recovery is a subcommand.
    (r"agents/evaluate\.py (?=.*--disturb )", "agents/evaluate.py recovery "),
    # Options.
    (r"--mazes\b", "--problems"),
    (r"--most-iterations\b", "--max-iterations"),
    (r"--clip\b", "--max-grad-norm"),
    (r"--rest-penalty\b", "--residual-penalty"),
    # A net without recall cannot read walls in every iteration: that has to be said now.
    (r"--no-recall\b", "--no-recall --no-equivariant --no-wall-mask"),
]


def today(command: str) -> str:
    """A command of version 0.1 as it is typed now."""
    for pattern, replacement in TODAY:
        command = re.sub(pattern, replacement, command)
    return command


def page(name: str) -> str:
    """The text of a page, by its path from the repository's root."""
    return (ROOT / name).read_text()


def flat(name: str) -> str:
    """The text of a page in one line."""
    return " ".join(page(name).split())


def stored(name: str) -> dict:
    """A stored result, which was measured with code that was committed."""
    result = json.loads((RESULTS / f"{name}.json").read_text())
    assert not result["commit"].endswith("+changes")
    return result


def percent(share: float, digits: int = 1) -> str:
    """A share as pages print it."""
    return f"{100 * share:.{digits}f} %"


def check_iterations(name: str, command: str, rows: list[dict], columns: tuple[int, ...]) -> None:
    """Check a page's table of accuracy by size, after the iterations of its columns."""
    assert command in page(name)
    for size in {row["size"] for row in rows}:
        of_size = [row for row in rows if row["size"] == size]
        shown = [row for row in of_size if row["iterations"] in columns]
        assert len(shown) == len(columns)
        cells = " | ".join(percent(row["exact"]) for row in shown)
        assert f"| {size} | {of_size[0]['n']} | {cells} |" in page(name)


def check_disturbances(name: str, command: str, rows: list[dict]) -> None:
    """Check a page's table of disturbances, a line for each, a column for each time of it."""
    assert command in page(name)
    lines = page(name).splitlines()
    for disturbance in {row["disturbance"] for row in rows}:
        found = [row for row in rows if row["disturbance"] == disturbance]
        cells = [f"{percent(row['exact'])}, {row['iterations_until_right']:.0f}" for row in found]
        assert any(
            line.startswith(f"| `{disturbance}`") and f"| {' | '.join(cells)} |" in line
            for line in lines
        )


def fences(name: str, language: str) -> list[str]:
    """The code blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page(name), re.DOTALL | re.MULTILINE)


def printed_by(code: str, folder: Path) -> str:
    """What the code of a page prints, run in a folder that has nothing else in it."""
    script = folder / "page.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, script],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
