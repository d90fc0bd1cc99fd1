"""Mazes drawn as text, by hand or by a program.

======================  ====================================================================
``#`` ``█`` ``▓`` ``■``  wall; so are ``%`` and ``⬛``
blank ``.`` ``░`` ``·``  free; so are ``_`` and ``⬜``
``S`` ``A``              start
``G`` ``E`` ``B``        goal, exit
``X`` ``*`` ``o``        free, and on the path from start to goal (``X`` and ``*`` are walls where
                         no other sign is one)
``•`` ``@``              free, as ``ansi`` renders an answer and a walker; ``@`` is the start
                         where there is no other, or a wall, as ``X``, where there are several
``0 1 2 3``              numbers, with blanks, tabs or commas between or without: our codes, or
                         those with wall and free exchanged
``+ - |`` ``┌─┬``        lines between rooms
``_ |``                  floors and walls of rooms, below a line with the ceiling
======================  ====================================================================

Small letters are as good as capitals. Cells at the ends of lines that are shorter than others are
free. Mazes are separated by lines without a sign. Where there are no letters, the two openings in
the outer wall are start and goal. Two blocks for each cell, as ``ansi`` renders, are read as one.
"""

import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange.base import MAX_SIDE, judge_read, name_maze
from thinkenv.mazes.interchange.cells import complete, from_numbers
from thinkenv.mazes.lattice import FREE, GOAL, START, WALL
from thinkenv.mazes.solving import check_grid, is_solution

WALLS, FLOORS, STARTS, GOALS, WALKER = "#█▓■%⬛", " .░·•_⬜\N{NO-BREAK SPACE}", "SA", "GEB", "@"
PATH_MARKS = "XO*"
DIGITS_AND_ENDS = {*"0123456789", *STARTS, *GOALS, *STARTS.lower(), *GOALS.lower()}
WALLS_OF_THEIR_OWN = "X*"  # where no other sign is a wall
# A block is half as wide as a line is high, so programs write two for a cell.
BLOCKS = "█▓■"
ACROSS, UPRIGHT, JUNCTIONS = "-─━═╌┄", "|│┃║╎┆", "+┌┐└┘├┤┬┴┼┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬╭╮╯╰╴╵╶╷╸╹╺╻"
FLOOR_LINE = "_"

KNOWN = "# wall, blank or . free, S start, G or E goal"
WRITTEN = "# SG"  # by cell code

# Signs along one side of the largest drawing: two for a cell, and an outer wall. A number with what
# stands beside it may be longer.
MAX_SIGNS = 2 * MAX_SIDE + 1
LONGEST_LINE = 32 * MAX_SIDE
MAX_LINES = 2**21
LINE = re.compile("[^\r\n]*+(?:\r\n|\r|\n)?")

SEPARATORS = re.compile(r"[,;\t]")
NUMBER = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?")


@dataclass(frozen=True)
class Drawing:
    """The lines of one maze.

    Attributes:
        lines: The lines, without blanks on the right and common ones on the left.
        first: The number of the first, from 1.
        indent: How many characters were cut off on the left.
    """

    lines: list[str]
    first: int
    indent: int

    def place(self, row: int, column: int) -> str:
        """Where a character stands in the text."""
        return f"line {self.first + row}, column {self.indent + column + 1}"


def to_text(mazes: MazeBatch | np.ndarray) -> str:
    """Mazes as text: ``#`` wall, blank free, ``S`` start, ``G`` goal.

    Args:
        mazes: A batch, or cell codes ``(H, W)`` or ``(count, H, W)``.

    Returns:
        The mazes with an empty line between, as ``from_text`` reads them.

    Raises:
        ValueError: If one is no maze with an outer wall, one start and one goal.

    Example:
        >>> import numpy as np
        >>> print(to_text(np.array([[0, 0, 0, 0], [0, 2, 3, 0], [0, 0, 0, 0]])), end="")
        ####
        #SG#
        ####
    """
    grids = np.asarray(mazes.grids if isinstance(mazes, MazeBatch) else mazes)
    drawn = [
        "".join("".join(WRITTEN[code] for code in row) + "\n" for row in check_grid(grid).tolist())
        for grid in (grids if grids.ndim == 3 else [grids])
    ]
    return "\n".join(drawn)


def mazes_of_drawings(text: str, allow_unsolvable: bool = False) -> MazeBatch:
    """Mazes from text with drawings of them.

    Raises:
        ValueError: If there is none, or one is no maze.
    """
    drawings = split_drawings(text)
    grids: list[np.ndarray] = []
    solutions: list[np.ndarray | None] = []
    for index, drawing in enumerate(drawings):
        try:
            grid, solution = read_drawing(drawing)
        except ValueError as error:
            is_alone = index == 0 and next(drawings, None) is None
            raise ValueError(f"{name_maze(index, 1 if is_alone else 2)}{error}") from None
        grids.append(grid)
        solutions.append(solution)
    if not grids:
        raise ValueError("holds no mazes")
    return judge_read(grids, solutions, allow_unsolvable)


def lines_of_text(text: str) -> Iterator[str]:
    """The lines of a text one by one, with their ends, whichever these are.

    Raises:
        ValueError: If there are more than are read.
    """
    count = text.count("\n") + text.count("\r") - text.count("\r\n")
    if count > MAX_LINES:
        raise ValueError(f"has {count:,} lines; at most {MAX_LINES:,} are read")
    for match in LINE.finditer(text, len(text) - len(text.lstrip("\ufeff"))):
        yield match.group()


def split_drawings(text: str) -> Iterator[Drawing]:
    """The drawings of a text: lines with signs, one below the other.

    Raises:
        ValueError: If one is larger than any that is read.
    """
    found: list[str] = []
    for number, written in enumerate(itertools.chain(lines_of_text(text), [""]), 1):
        line = written.rstrip(" \t\f\v\r\n")
        if line:
            found.append(line)
            if len(line) > LONGEST_LINE or len(found) > MAX_SIGNS:
                raise ValueError(
                    f"line {number}: a maze must have at most {MAX_SIDE:,} rows and columns"
                )
        elif found:
            indent = min(len(each) - len(each.lstrip(" \t")) for each in found)
            yield Drawing([each[indent:] for each in found], number - len(found), indent)
            found = []


def read_drawing(
    drawing: Drawing,
    start: tuple[int, int] | None = None,
    goal: tuple[int, int] | None = None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """The maze of a drawing, and its path where that is marked.

    Args:
        drawing: The drawing.
        start: Row and column of the start, where no letter says it.
        goal: The same of the goal.

    Raises:
        ValueError: If it is no maze.
    """
    if len(drawing.lines) > MAX_SIGNS or max(map(len, drawing.lines)) > LONGEST_LINE:
        raise ValueError(f"a maze must have at most {MAX_SIDE:,} rows and columns")
    fields = split_fields(drawing)
    if fields is not None:
        check_rectangle(drawing, fields)
        if is_numbers(fields):
            return from_numbers(as_numbers(fields), start, goal), None
        drawing = Drawing(["".join(row) for row in fields], drawing.first, drawing.indent)
    elif is_spaced(drawing):
        lines = [line[::2] for line in drawing.lines]
        drawing = Drawing(lines, drawing.first, drawing.indent)
    height, width = len(drawing.lines), max(map(len, drawing.lines))
    if max(height, width) > MAX_SIGNS:
        raise ValueError(f"a maze must have at most {MAX_SIDE:,} rows and columns")
    signs = "".join(drawing.lines)
    has_lines = not any(sign in signs for sign in WALLS)
    if has_lines and any(sign in signs for sign in JUNCTIONS):
        drawing = thicken_lines(drawing)
    elif has_lines and FLOOR_LINE in signs and any(sign in signs for sign in UPRIGHT):
        drawing = thicken_floors(drawing)
    elif is_doubled(drawing):
        drawing = Drawing([halve(line) for line in drawing.lines], drawing.first, drawing.indent)
    return read_signs(drawing, start, goal)


def split_fields(drawing: Drawing) -> list[list[str]] | None:
    """The cells of each line, where something stands between them or they are numbers; else None.

    A blank between cells separates them only where all have one; an empty cell between commas is
    free.
    """
    lines = [line.strip(" [](),;") for line in drawing.lines]
    lines = [line for line in lines if line]
    if any(SEPARATORS.search(line) for line in lines):
        rows = [
            [field.strip().strip("\"'") or " " for field in SEPARATORS.split(line)]
            for line in lines
        ]
        is_split = all(len(field) == 1 or NUMBER.fullmatch(field) for row in rows for field in row)
        return rows if is_split else None
    rows = [line.split() for line in lines]
    if all(len(row) > 1 for row in rows):
        if all(len(field) == 1 for row in rows for field in row):
            is_even = all(
                len(line) == 2 * len(row) - 1 for line, row in zip(lines, rows, strict=True)
            )
            return rows if is_even or is_numbers(rows) else None
        return rows if is_numbers(rows) else None
    if not set().union(*lines) <= DIGITS_AND_ENDS:
        return None
    rows = [list(line) for line in lines]
    return rows if rows and is_numbers(rows) else None


def is_numbers(fields: list[list[str]]) -> bool:
    """Whether all cells are numbers, or letters for start and goal among them."""
    kinds = {field for row in fields for field in row}
    numbers = {field for field in kinds if NUMBER.fullmatch(field)}
    return bool(numbers) and all(
        len(field) == 1 and field.upper() in STARTS + GOALS for field in kinds - numbers
    )


def check_rectangle(drawing: Drawing, fields: list[list[str]]) -> None:
    """Check that all lines have as many cells.

    Raises:
        ValueError: If one has others; it says which.
    """
    for row, cells in enumerate(fields):
        if len(cells) != len(fields[0]):
            raise ValueError(
                f"line {drawing.first + row} has {len(cells)} cells, and those before it have "
                f"{len(fields[0])}"
            )


def as_numbers(fields: list[list[str]]) -> np.ndarray:
    """Cells as numbers; letters become the codes of start and goal."""
    codes: dict[str, float] = {}
    for field in {field for row in fields for field in row}:
        if NUMBER.fullmatch(field):
            codes[field] = float(field)
        else:
            codes[field] = START if field.upper() in STARTS else GOAL
    return np.array([[codes[field] for field in row] for row in fields], np.float64)


def is_spaced(drawing: Drawing) -> bool:
    """Whether a blank stands between all cells, of which blanks are free ones."""
    width = max(map(len, drawing.lines))
    return width >= 5 and not any(line[1::2].strip() for line in drawing.lines)


def is_doubled(drawing: Drawing) -> bool:
    """Whether every cell is written as two blocks or blanks, a letter as one and a blank."""
    if not any(block in line for line in drawing.lines for block in BLOCKS):
        return False
    for line in drawing.lines:
        line += " " * (len(line) % 2)
        pairs = zip(line[::2], line[1::2], strict=True)
        if any(
            a != b and not ((a + b).strip().isalpha() or (a + b).strip() == WALKER)
            for a, b in pairs
        ):
            return False
    return True


def halve(line: str) -> str:
    """One character of each two, the letter where one is."""
    line += " " * (len(line) % 2)
    return "".join(b if a == " " else a for a, b in zip(line[::2], line[1::2], strict=True))


def thicken_lines(drawing: Drawing) -> Drawing:
    """A drawing of rooms with lines between them, as one of cells.

    R x C rooms become (2R + 1) x (2C + 1) cells, whatever the width and height of a room.
    """
    width = max(map(len, drawing.lines))
    signs = np.array([list(line.ljust(width)) for line in drawing.lines])
    is_junction = np.isin(signs, list(JUNCTIONS))
    is_upright, is_across = np.isin(signs, list(UPRIGHT)), np.isin(signs, list(ACROSS))
    high = math.gcd(*np.flatnonzero((is_junction | is_across).any(axis=1)).tolist())
    wide = math.gcd(*np.flatnonzero((is_junction | is_upright).any(axis=0)).tolist())
    if min(high, wide) < 2:
        return drawing
    is_line = is_junction | is_upright | is_across
    cells = []
    for row_slice in slices_between_lines(len(signs), high):
        row = []
        for column_slice in slices_between_lines(width, wide):
            part = signs[row_slice, column_slice]
            others = part[~is_line[row_slice, column_slice] & (part != " ")]
            row.append(
                others[0]
                if others.size
                else " #"[int(2 * is_line[row_slice, column_slice].sum() > part.size)]
            )
        cells.append("".join(row))
    return Drawing(cells, drawing.first, drawing.indent)


def thicken_floors(drawing: Drawing) -> Drawing:
    """A drawing of rooms with ``_`` for floors and ``|`` for walls, as one of cells.

    The first line is the ceiling. R x C rooms become (2R + 1) x (2C + 1) cells. A letter that fills
    its room leaves no place for a floor, so that there is one only below the last row.

    Raises:
        ValueError: If the first line is no ceiling.
    """
    width = max(map(len, drawing.lines))
    signs = np.array([list(line.ljust(width)) for line in drawing.lines])
    is_floor, is_upright = signs == FLOOR_LINE, np.isin(signs, list(UPRIGHT))
    high = math.gcd(*np.flatnonzero(is_floor.any(axis=1)).tolist())
    wide = math.gcd(*np.flatnonzero(is_upright.any(axis=0)).tolist())
    if is_upright[0].any() or not is_floor[0].any() or high < 1 or wide < 2:
        raise ValueError(
            f"{drawing.place(0, 0)}: a maze of _ and | must begin with a line of _ alone, its "
            "ceiling, and have its walls at equal distances"
        )
    rooms_down, rooms_across = -(-(len(signs) - 1) // high), -(-(width - 1) // wide)
    cells = np.full((2 * rooms_down + 1, 2 * rooms_across + 1), "#")
    for row in range(2 * rooms_down + 1):
        # Walls stand beside the floor, so the line of a floor is a line of its room, too.
        bottom = row // 2 * high
        rows = slice(bottom + 1, bottom + high + 1) if row % 2 else slice(bottom, bottom + 1)
        for column in range(2 * rooms_across + 1):
            left = column // 2 * wide
            columns = slice(left + 1, left + wide) if column % 2 else slice(left, left + 1)
            if row % 2 == 0 and column % 2 == 0:
                continue  # a corner
            part = signs[rows, columns]
            is_line = (is_floor if row % 2 == 0 else is_upright)[rows, columns]
            letters = part[~np.isin(part, [" ", FLOOR_LINE, *UPRIGHT])]
            is_floor_of_room = row % 2 == 0 and row > 0
            is_hidden = letters.size == part.size and row < 2 * rooms_down
            if letters.size and not is_floor_of_room:
                cells[row, column] = letters[0]
            elif (
                row % 2 and column % 2 or is_hidden or 2 * is_line.sum() < part.size - letters.size
            ):
                cells[row, column] = " "
    return Drawing(["".join(row) for row in cells.tolist()], drawing.first, drawing.indent)


def slices_between_lines(length: int, step: int) -> list[slice]:
    """Lines and the rooms between them, along one side of a drawing."""
    slices = []
    for line in range(0, length, step):
        slices.append(slice(line, line + 1))
        if line + 1 < length:
            slices.append(slice(line + 1, min(line + step, length)))
    return slices


def read_signs(
    drawing: Drawing, start: tuple[int, int] | None, goal: tuple[int, int] | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """The maze of a drawing with one sign for each cell, and its path where that is marked.

    Raises:
        ValueError: If there is an unknown sign, or it is no maze.
    """
    signs = "".join(drawing.lines).upper()
    used = set(signs)
    codes = dict.fromkeys(WALLS + ACROSS + UPRIGHT + JUNCTIONS, WALL)
    codes |= dict.fromkeys(FLOORS + PATH_MARKS, FREE)
    codes |= dict.fromkeys(STARTS, START) | dict.fromkeys(GOALS, GOAL)
    codes[WALKER] = FREE if used & set(STARTS) else START
    has_walls = any(codes.get(sign) == WALL for sign in used)
    if not has_walls:
        codes |= dict.fromkeys(WALLS_OF_THEIR_OWN, WALL)
        if signs.count(WALKER) > 1:
            codes[WALKER] = WALL
    for row, line in enumerate(drawing.lines):
        for column, sign in enumerate(line):
            if sign.upper() not in codes:
                place = drawing.place(row, column)
                raise ValueError(f"{place}: unknown character {sign!r}; known are {KNOWN}")
    width = max(map(len, drawing.lines))
    rows = [[codes[sign] for sign in line.upper().ljust(width)] for line in drawing.lines]
    cells = np.array(rows, np.uint8)
    grid = complete(cells, start, goal)
    marks = [sign for sign in PATH_MARKS if codes[sign] == FREE]
    if not used & set(marks):
        return grid, None
    is_marked = np.array(
        [[sign in marks for sign in line.upper().ljust(width)] for line in drawing.lines]
    )
    solution = (
        np.pad(is_marked, (grid.shape[0] - cells.shape[0]) // 2) | (grid == START) | (grid == GOAL)
    )
    if not is_solution(grid, solution):
        row, column = np.argwhere(is_marked)[0].tolist()
        sign = drawing.lines[row][column]
        raise ValueError(
            f"{drawing.place(row, column)}: {sign!r} marks the path, and the marks are not a "
            "shortest path from start to goal"
        )
    return grid, solution.astype(np.uint8)
