"""Tables of Maze-Hard: a row ``source,question,answer,rating`` for each maze.

The question is a square grid in one line, row by row, with the letters ``#`` wall, blank free,
``S`` start, ``G`` goal; the answer is the same with ``o`` on the path, or empty. Only the column
``question`` must be there.
"""

import csv
import io
import math
import re
from pathlib import Path

import numpy as np

from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange.base import MazeFileError, judge_read
from thinkenv.mazes.interchange.text import Drawing, read_drawing

QUESTION, ANSWER = "question", "answer"
SEPARATORS = ",;\t|"


def looks_like_table(text: str) -> bool:
    """Whether the first line of a text names a column ``question``."""
    return separator_of(text) is not None


def separator_of(text: str) -> str | None:
    """What stands between the columns of a table with a column ``question``; None where none is."""
    header = re.split("[\r\n]", text.lstrip("\ufeff"), maxsplit=1)[0]
    for separator in SEPARATORS:
        if QUESTION in [name.strip(' "').lower() for name in header.split(separator)]:
            return separator
    return None


def read_table(source: Path | str, text: str, allow_unsolvable: bool = False) -> MazeBatch:
    """Mazes from the text of a table.

    Raises:
        MazeFileError: If it is damaged, holds no mazes, or one is no maze.
    """
    grids: list[np.ndarray] = []
    solutions: list[np.ndarray | None] = []
    separator = separator_of(text) or ","
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=separator)
    try:
        header = [name.strip().lower() for name in next(rows)]
        for row in rows:
            if not row:
                continue
            fields = dict(zip(header, row, strict=False))
            grid, solution = read_row(fields.get(QUESTION, ""), fields.get(ANSWER, ""))
            grids.append(grid)
            solutions.append(solution)
    except (ValueError, csv.Error) as error:
        raise MazeFileError(f"{source}: line {rows.line_num}: {error}") from None
    if not grids:
        raise MazeFileError(f"{source}: holds no mazes")
    return judge_read(source, grids, solutions, allow_unsolvable)


def read_row(question: str, answer: str) -> tuple[np.ndarray, np.ndarray | None]:
    """A maze, and its path where there is an answer.

    Raises:
        ValueError: If the question is no maze, or the answer is none to it.
    """
    grid, _ = read_drawing(Drawing(lines_of(QUESTION, question), 1, 0))
    if not answer:
        return grid, None
    answered, solution = read_drawing(Drawing(lines_of(ANSWER, answer), 1, 0))
    if not np.array_equal(grid, answered):
        raise ValueError(f"{ANSWER} must be the {QUESTION} with o on the path, got another maze")
    return grid, solution


def lines_of(name: str, letters: str) -> list[str]:
    """The rows of a grid that is written in one line.

    Raises:
        ValueError: If it is not square.
    """
    if "\n" in letters:
        return letters.splitlines()
    side = math.isqrt(len(letters))
    if side == 0 or side * side != len(letters):
        raise ValueError(f"{name} must be a square grid of letters, got {len(letters)} of them")
    return [letters[first : first + side] for first in range(0, len(letters), side)]
