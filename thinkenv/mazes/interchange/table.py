"""Tables of Maze-Hard: a row ``source,question,answer,rating`` for each maze.

The question is a square grid in one line, row by row, with the letters ``#`` wall, blank free,
``S`` start, ``G`` goal; the answer is the same with ``o`` on the path, or empty. Only the column
``question`` must be there.
"""

import csv
import math
import re
from collections.abc import Iterator

import numpy as np

from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange.base import judge_read
from thinkenv.mazes.interchange.text import Drawing, lines_of_text, read_drawing

QUESTION, ANSWER = "question", "answer"
SEPARATORS = ",;\t|"
HEADER = re.compile("\ufeff*([^\r\n]{0,1000})")
LONGEST_LINE = 2**20


def looks_like_table(text: str) -> bool:
    """Whether the first line of a text names a column ``question``."""
    return separator_of(text) is not None


def separator_of(text: str) -> str | None:
    """What stands between the columns of a table with a column ``question``; None where none is."""
    header = HEADER.match(text).group(1)  # type: ignore[union-attr]  # it matches anything
    for separator in SEPARATORS:
        if QUESTION in [name.strip(' "').lower() for name in header.split(separator)]:
            return separator
    return None


def mazes_of_table(text: str, allow_unsolvable: bool = False) -> MazeBatch:
    """Mazes from the text of a table.

    Raises:
        ValueError: If it is damaged, holds no mazes, or one is no maze.
    """
    grids: list[np.ndarray] = []
    solutions: list[np.ndarray | None] = []
    separator = separator_of(text) or ","
    rows = csv.reader(short_lines(text), delimiter=separator)
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
        raise ValueError(f"line {rows.line_num}: {error}") from error
    if not grids:
        raise ValueError("holds no mazes")
    return judge_read(grids, solutions, allow_unsolvable)


def short_lines(text: str) -> Iterator[str]:
    """The lines of a text one by one.

    Raises:
        ValueError: If there are more, or one is longer, than are read.
    """
    for line in lines_of_text(text):
        if len(line) > LONGEST_LINE:
            raise ValueError(f"a line must have at most {LONGEST_LINE:,} characters")
        yield line


def read_row(question: str, answer: str) -> tuple[np.ndarray, np.ndarray | None]:
    """A maze, and its path where there is an answer.

    Raises:
        ValueError: If the question is no maze, or the answer is none to it.
    """
    grid, _ = read_drawing(Drawing(rows_of(QUESTION, question), 1, 0))
    if not answer:
        return grid, None
    answered, solution = read_drawing(Drawing(rows_of(ANSWER, answer), 1, 0))
    if not np.array_equal(grid, answered):
        raise ValueError(f"{ANSWER} must be the {QUESTION} with o on the path, got another maze")
    return grid, solution


def rows_of(name: str, letters: str) -> list[str]:
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
