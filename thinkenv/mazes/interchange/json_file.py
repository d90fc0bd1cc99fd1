"""Mazes in JSON: lists of rows, or objects with a grid, a start and a goal.

- a maze is a list of rows, each a list of numbers or of signs, or a string: ``[[0, 0, 0], …]``,
  ``["###", …]``; or a string with all its lines;
- or an object with the rows under ``grid`` (or ``maze``, ``map``, ``cells``), and, where they are
  not in the grid, ``start`` and ``goal`` (or ``end``, ``exit``) as ``[row, column]`` from 0, or as
  ``{"row": 1, "col": 1}``;
- several mazes are a list of mazes, an object with such a list under ``mazes`` (or ``grids``), or
  one maze on each line (JSON Lines).

Whatever else an object has is not looked at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from thinkenv.gate import parse_json
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange.base import judge_read, name_maze
from thinkenv.mazes.interchange.cells import from_numbers
from thinkenv.mazes.interchange.text import Drawing, lines_of_text, read_drawing, split_drawings

LIST_KEYS = ("mazes", "grids", "data")
GRID_KEYS = ("grid", "maze", "map", "cells", "layout", "walls", "board", "matrix")
START_KEYS = ("start", "entrance", "source", "start_pos", "start_position")
GOAL_KEYS = ("goal", "end", "exit", "target", "finish", "goal_pos", "end_pos", "goal_position")
FIRST_SIGN = re.compile(r"[\ufeff \t\r\n]*[\[{]")
ROW_KEYS, COLUMN_KEYS = ("row", "r", "y"), ("column", "col", "c", "x")


@dataclass(frozen=True)
class Maze:
    """What JSON says of a maze.

    Attributes:
        rows: Its cells.
        start: Row and column of the start, where they are beside the cells.
        goal: The same of the goal.
    """

    rows: Drawing | np.ndarray
    start: tuple[int, int] | None = None
    goal: tuple[int, int] | None = None


def looks_like_json(text: str) -> bool:
    """Whether a text begins like a JSON list or object."""
    return FIRST_SIGN.match(text) is not None


def mazes_of_json(text: str, allow_unsolvable: bool = False) -> MazeBatch:
    """Mazes from JSON, or from lines that are JSON each.

    Raises:
        ValueError: If it is none, with a ``json.JSONDecodeError`` as its cause; or if it holds no
            mazes.
    """
    mazes = list(find_mazes(parse(text.lstrip("\ufeff"))))
    if not mazes:
        raise ValueError("holds no mazes")
    grids: list[np.ndarray] = []
    solutions: list[np.ndarray | None] = []
    for index, maze in enumerate(mazes):
        try:
            grid, solution = build(maze)
        except ValueError as error:
            raise ValueError(f"{name_maze(index, len(mazes))}{error}") from None
        grids.append(grid)
        solutions.append(solution)
    return judge_read(grids, solutions, allow_unsolvable)


def parse(text: str) -> Any:
    """The value of a text; a list of values where each line is one.

    Raises:
        ValueError: If it is no JSON.
    """
    try:
        return parse_json(text)
    except ValueError as error:
        if not getattr(error.__cause__, "msg", "").startswith("Extra data"):
            raise
        values = []
        for line in lines_of_text(text):
            if line.strip():
                values.append(parse_json(line))
                if not isinstance(values[-1], (list, dict, str)):
                    raise
        return values


def find_mazes(value: Any) -> Iterator[Maze]:
    """The mazes in a JSON value, in order.

    Raises:
        ValueError: If there is something else.
    """
    if isinstance(value, dict):
        grid_key, list_key = first_key(value, GRID_KEYS), first_key(value, LIST_KEYS)
        if grid_key:
            yield from with_ends(value, list(find_mazes(value[grid_key])))
        elif list_key:
            yield from find_mazes(value[list_key])
        else:
            raise ValueError(
                f"an object must have one of {', '.join(GRID_KEYS + LIST_KEYS)}, got "
                f"{', '.join(map(repr, list(value)[:8])) or 'none'}"
            )
    elif isinstance(value, str):
        for drawing in split_drawings(value):
            yield Maze(drawing)
    elif is_rows(value):
        yield Maze(rows_of(value))
    elif isinstance(value, list):
        for item in value:
            yield from find_mazes(item)
    else:
        raise ValueError(f"a maze must be a list of rows, got {str(value)[:40]}")


def is_rows(value: Any) -> bool:
    """Whether a value is a list of rows: of strings of one line, or of lists of cells."""
    if not isinstance(value, list) or not value:
        return False
    row = value[0]
    if isinstance(row, str):
        return "\n" not in row
    return isinstance(row, list) and bool(row) and is_cell(row[0])


def is_cell(value: Any) -> bool:
    """Whether a value is a number or a letter."""
    return isinstance(value, (int, float)) or isinstance(value, str) and len(value) <= 1


def rows_of(rows: list) -> Drawing | np.ndarray:
    """A list of rows as a drawing, where they are of signs, or as an array of numbers.

    Raises:
        ValueError: If the rows are not alike, or hold something else.
    """
    if all(isinstance(row, str) for row in rows):
        return Drawing(rows, 1, 0)
    for index, row in enumerate(rows):
        if not isinstance(row, list) or not all(map(is_cell, row)):
            raise ValueError(f"row {index} must be a list of numbers or signs, got {str(row)[:40]}")
        if len(row) != len(rows[0]):
            raise ValueError(f"row {index} has {len(row)} cells, and row 0 has {len(rows[0])}")
    if any(isinstance(cell, str) for row in rows for cell in row):
        return Drawing(["".join(str(cell) or " " for cell in row) for row in rows], 1, 0)
    try:
        return np.array(rows, np.float64)
    except OverflowError:
        raise ValueError("a number is too large for a cell") from None


def with_ends(value: dict, mazes: list[Maze]) -> Iterator[Maze]:
    """The maze of an object, with the start and goal that are beside it.

    Raises:
        ValueError: If these are no places, or there is more than one maze to have them.
    """
    start, goal = read_place(value, START_KEYS), read_place(value, GOAL_KEYS)
    if (start or goal) and len(mazes) != 1:
        raise ValueError(f"start and goal must be those of one maze, got {len(mazes)} mazes")
    for maze in mazes:
        yield Maze(maze.rows, start or maze.start, goal or maze.goal)


def read_place(value: dict, names: tuple[str, ...]) -> tuple[int, int] | None:
    """The place under one of these keys; None where there is no such key, or null.

    Raises:
        ValueError: If it is not two whole numbers.
    """
    key = first_key(value, names)
    place = value[key] if key else None
    if place is None:
        return None
    if isinstance(place, dict):
        keys = [first_key(place, names) for names in (ROW_KEYS, COLUMN_KEYS)]
        place = [place[each] if each else None for each in keys]
    if isinstance(place, list):
        place = [int(n) if isinstance(n, float) and n.is_integer() else n for n in place]
    if not isinstance(place, list) or [type(number) for number in place] != [int, int]:
        raise ValueError(f"{key} must be [row, column], counted from 0, got {str(place)[:40]}")
    return place[0], place[1]


def first_key(value: dict, names: tuple[str, ...]) -> str | None:
    """The first key of an object that is one of these names, whatever its case."""
    return next((key for key in value if key.lower() in names), None)


def build(maze: Maze) -> tuple[np.ndarray, np.ndarray | None]:
    """The grid of a maze, and its path where that is marked.

    Raises:
        ValueError: If it is no maze.
    """
    if isinstance(maze.rows, Drawing):
        return read_drawing(maze.rows, maze.start, maze.goal)
    return from_numbers(maze.rows, maze.start, maze.goal), None
