"""Walk through a maze by hand."""

import sys
from collections.abc import Callable, Iterator

import numpy as np

from thinkenv.mazes.drawing import write_text
from thinkenv.mazes.grid_task import GridTask
from thinkenv.mazes.lattice import GOAL, START, WALL
from thinkenv.play import terminal

STEPS = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1)}
KEYS = {
    **{direction: direction for direction in STEPS},
    **dict(zip("wdsa", STEPS, strict=True)),
    **dict(zip("kljh", STEPS, strict=True)),
}
HELP = "arrows, wasd, hjkl: walk   u: undo   r: again   x: solution   n: next   q: end"
LINE_HELP = "wasd, hjkl, or up, right, down, left; u: undo, r: again, x: solution, n: next, q: end"


class Walk:
    """A walker in a maze.

    Args:
        task: What draws the mazes.
        instance: Which of them.

    Attributes:
        batch: The maze.
        cells: Where the walker was, the place where it is last.
        gave_up: Whether the solution was shown.
    """

    def __init__(self, task: GridTask, instance: int):
        self.task = task
        self.instance = instance
        self.batch = task.draw([instance])
        self.grid = self.batch.grids[0]
        self.solution = self.batch.solutions[0]
        self.gave_up = False
        self.begin()

    def begin(self) -> None:
        """Stand on the start."""
        row, column = np.argwhere(self.grid == START)[0].tolist()
        self.cells: list[tuple[int, int]] = [(row, column)]

    @property
    def steps(self) -> int:
        """How many steps were made."""
        return len(self.cells) - 1

    @property
    def is_solved(self) -> bool:
        """Whether the walker is on the goal."""
        return bool(self.grid[self.cells[-1]] == GOAL)

    def move(self, direction: str) -> None:
        """Go to the next cell, unless a wall is there."""
        (row, column), (down, right) = self.cells[-1], STEPS[direction]
        if self.grid[row + down, column + right] != WALL:  # the outer wall keeps walkers inside
            self.cells.append((row + down, column + right))

    def undo(self) -> None:
        """Go back a step."""
        if len(self.cells) > 1:
            self.cells.pop()

    def text(self, rows: int | None = None, columns: int | None = None) -> str:
        """The maze with the walker and its way; cut around the walker to so many characters."""
        marked = np.zeros(self.grid.shape, np.uint8)
        marked[tuple(np.transpose(self.cells))] = 1
        marked |= self.solution if self.gave_up else 0
        lines = write_text(self.grid, marked, agent=self.cells[-1]).splitlines()
        row, column = self.cells[-1]
        shown = span(row, len(lines), rows)
        across = span(column, self.grid.shape[1], columns and columns // 2)
        # Two characters are a cell.
        return "\n".join(line[2 * across.start : 2 * across.stop] for line in lines[shown])

    def shortest(self) -> int:
        """The fewest steps from start to goal; 0 where there is no way."""
        return max(0, int(self.batch.path_lengths[0]) - 1)

    def title(self) -> str:
        """Which maze it is."""
        return f"{self.task.describe(self.batch).partition(',')[0]}, instance {self.instance}"

    def status(self) -> str:
        """How it stands."""
        return self.outcome() if self.is_solved or self.gave_up else steps_in_words(self.steps)

    def outcome(self) -> str:
        """How it ended."""
        fewest = self.shortest()
        shortest = f"the shortest way has {fewest}" if fewest else "there is no way to the goal"
        if self.is_solved and not self.gave_up:
            best = ", as few as possible" if self.steps == fewest else ""
            return f"solved in {steps_in_words(self.steps)}{best}; {shortest}"
        return f"not solved after {steps_in_words(self.steps)}; {shortest}"


def steps_in_words(count: int) -> str:
    """A number of steps."""
    return f"{count} step{'s' * (count != 1)}"


def span(place: int, length: int, shown: int | None) -> slice:
    """Which part of a side is shown: ``shown`` of ``length`` cells, around ``place``."""
    if shown is None or shown >= length:
        return slice(0, length)
    first = min(max(0, place - shown // 2), length - shown)
    return slice(first, first + shown)


def play(task: GridTask, instance: Callable[[], int]) -> None:
    """Walk through mazes until the player ends it.

    Args:
        task: What draws the mazes.
        instance: Gives the number of the next.

    Raises:
        ValueError: If there is no standard input.
    """
    terminal.check_input()
    by = by_keys if terminal.is_terminal() else by_lines
    while by(walk := Walk(task, instance())):
        pass
    if by is by_keys or not (walk.is_solved or walk.gave_up):  # else it was just said
        print(f"{walk.title()}: {walk.outcome()}")


def act(walk: Walk, key: str) -> str:
    """Do what a key says, after which it is ``next``, ``end``, or nothing in particular."""
    if key in ("q", "escape", "", "\x04"):
        return "end"
    if key == "n":
        return "next"
    if key == "r":
        walk.begin()
    elif key == "u":
        walk.undo()
    elif key == "x":
        walk.gave_up = True
    elif key in KEYS and not walk.is_solved:
        walk.move(KEYS[key])
    return ""


def by_keys(walk: Walk) -> bool:
    """Play one maze in a terminal; whether another is asked for."""
    with terminal.key_by_key() as keyboard:
        while True:
            rows, columns = terminal.screen_size()
            picture = walk.text(max(1, rows - 4), columns)
            terminal.draw(f"{picture}\n{walk.title()}\n{walk.status()}\n{HELP}", columns)
            if done := act(walk, keyboard.read()):
                return done == "next"


def by_lines(walk: Walk) -> bool:
    """Play one maze from typed lines; whether another is asked for."""
    print(f"{walk.text()}\n{walk.title()}\n{LINE_HELP}")
    for line in sys.stdin:
        for key in keys_of(line):
            if done := act(walk, key):
                return done == "next"
        print(f"{walk.text()}\n{walk.status()}")
    return False


def keys_of(line: str) -> Iterator[str]:
    """The keys that a line stands for: words for directions, or letters, one after another."""
    for word in line.lower().split():
        if word in STEPS:
            yield word
        elif word in ("quit", "exit", "end", "next"):
            yield "n" if word == "next" else "q"
        else:
            yield from word
