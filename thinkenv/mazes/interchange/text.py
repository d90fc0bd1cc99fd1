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
MAX_PADDING = 16  # times the signs of a drawing, where some of its lines are short
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
    if height * width > max(2**20, MAX_PADDING * sum(map(len, drawing.lines))):
        raise ValueError(f"its lines are of too different lengths, up to {width:,} signs")
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


def as_signs(drawing: Drawing) -> np.ndarray:
    """The signs of a drawing, ``(lines, most signs in one)`` U1, with blanks behind short lines."""
    width = max(map(len, drawing.lines))
    text = "".join(line.ljust(width) for line in drawing.lines)
    return np.frombuffer(text.encode("utf-32-le"), "<U1").reshape(len(drawing.lines), width)


def as_lines(cells: np.ndarray) -> list[str]:
    """The rows of an array ``(H, W)`` U1, as texts."""
    return ["".join(row) for row in cells.tolist()]


def first_signs(signs: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The first sign that is not blank in each part of a drawing.

    Args:
        signs: ``(H, W)`` U1.
        rows: Where parts begin, from 0, each ending where the next begins.
        columns: The same.

    Returns:
        ``(parts down, parts across)`` U1, blank where all are.
    """
    numbers = np.arange(signs.size, dtype=np.int32).reshape(signs.shape)
    numbers = np.where(signs == " ", np.int32(signs.size), numbers)
    first = np.minimum.reduceat(np.minimum.reduceat(numbers, rows, 0), columns, 1)
    return np.append(signs, " ")[first]


def thicken_lines(drawing: Drawing) -> Drawing:
    """A drawing of rooms with lines between them, as one of cells.

    R x C rooms become (2R + 1) x (2C + 1) cells, whatever the width and height of a room.
    """
    signs = as_signs(drawing)
    height, width = signs.shape
    is_junction = np.isin(signs, list(JUNCTIONS))
    is_upright, is_across = np.isin(signs, list(UPRIGHT)), np.isin(signs, list(ACROSS))
    high = math.gcd(*np.flatnonzero((is_junction | is_across).any(axis=1)).tolist())
    wide = math.gcd(*np.flatnonzero((is_junction | is_upright).any(axis=0)).tolist())
    if min(high, wide) < 2:
        return drawing
    is_line = is_junction | is_upright | is_across
    rows, columns = begins_between_lines(height, high), begins_between_lines(width, wide)
    lines = np.add.reduceat(np.add.reduceat(is_line.astype(np.int32), rows, 0), columns, 1)
    sizes = np.outer(np.diff(rows, append=height), np.diff(columns, append=width))
    cells = first_signs(np.where(is_line, " ", signs), rows, columns)
    cells[(cells == " ") & (2 * lines > sizes)] = "#"
    return Drawing(as_lines(cells), drawing.first, drawing.indent)


def begins_between_lines(length: int, step: int) -> np.ndarray:
    """Where lines, and the rooms between them, begin along one side of a drawing."""
    lines = np.arange(0, length, step)
    begins = np.stack([lines, lines + 1], axis=1).ravel()
    return begins[begins < length]


def thicken_floors(drawing: Drawing) -> Drawing:
    """A drawing of rooms with ``_`` for floors and ``|`` for walls, as one of cells.

    The first line is the ceiling. R x C rooms become (2R + 1) x (2C + 1) cells. A letter that fills
    its room leaves no place for a floor, so that there is one only below the last row.

    Raises:
        ValueError: If the first line is no ceiling.
    """
    signs = as_signs(drawing)
    height, width = signs.shape
    is_floor, is_upright = signs == FLOOR_LINE, np.isin(signs, list(UPRIGHT))
    high = math.gcd(*np.flatnonzero(is_floor.any(axis=1)).tolist())
    wide = math.gcd(*np.flatnonzero(is_upright.any(axis=0)).tolist())
    if is_upright[0].any() or not is_floor[0].any() or high < 1 or wide < 2:
        raise ValueError(
            f"{drawing.place(0, 0)}: a maze of _ and | must begin with a line of _ alone, its "
            "ceiling, and have its walls at equal distances"
        )
    rooms_down, rooms_across = -(-(height - 1) // high), -(-(width - 1) // wide)
    row = np.arange(2 * rooms_down + 1)[:, None]
    column = np.arange(2 * rooms_across + 1)
    # Walls stand beside the floor, so the line of a floor is a line of its room, too.
    bottom, left = row[:, 0] // 2 * high, column // 2 * wide
    rows = (bottom + row[:, 0] % 2, bottom + 1 + row[:, 0] % 2 * high)
    columns = (left + column % 2, left + np.where(column % 2, wide, 1))
    is_letter = ~(is_floor | is_upright | (signs == " "))
    letters = count_within(is_letter, rows, columns)
    uprights, floors = (count_within(marks, rows, columns) for marks in (is_upright, is_floor))
    sizes = count_within(np.ones_like(is_floor), rows, columns)
    is_hidden = (letters == sizes) & (row < 2 * rooms_down)
    is_room = (row % 2 == 1) & (column % 2 == 1)
    is_open = is_room | is_hidden | (2 * np.where(row % 2, uprights, floors) < sizes - letters)
    is_open[::2, ::2] = False  # corners
    cells = np.where(is_open, " ", "#")
    # Letters count in rooms, between rooms beside each other, and in the ceiling.
    begins = columns[0][columns[0] < width]
    found = first_signs(
        np.where(is_letter, signs, " "), np.append(0, 1 + high * np.arange(rooms_down)), begins
    )
    found[0, ::2] = " "
    for into, of_row in zip([cells[0], *cells[1::2]], found, strict=True):
        into[: len(begins)][of_row != " "] = of_row[of_row != " "]
    return Drawing(as_lines(cells), drawing.first, drawing.indent)


def count_within(
    marks: np.ndarray, rows: tuple[np.ndarray, np.ndarray], columns: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """How many marks there are within windows.

    Args:
        marks: ``(H, W)`` bool.
        rows: Where windows begin and end, downwards; they may lie outside.
        columns: The same across.

    Returns:
        ``(windows down, windows across)`` integers.
    """
    sums = np.zeros((marks.shape[0] + 1, marks.shape[1] + 1), np.int32)
    np.cumsum(marks, axis=0, dtype=np.int32, out=sums[1:, 1:])
    np.cumsum(sums, axis=1, out=sums)
    top, bottom = (np.minimum(edges, marks.shape[0]) for edges in rows)
    left, right = (np.minimum(edges, marks.shape[1]) for edges in columns)
    upper, lower = sums[top], sums[bottom]
    return lower[:, right] - upper[:, right] - lower[:, left] + upper[:, left]


def read_signs(
    drawing: Drawing, start: tuple[int, int] | None, goal: tuple[int, int] | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """The maze of a drawing with one sign for each cell, and its path where that is marked.

    Raises:
        ValueError: If there is an unknown sign, or it is no maze.
    """
    written = set(" ").union(*drawing.lines)
    used = {sign.upper() for sign in written}
    codes = dict.fromkeys(WALLS + ACROSS + UPRIGHT + JUNCTIONS, WALL)
    codes |= dict.fromkeys(FLOORS + PATH_MARKS, FREE)
    codes |= dict.fromkeys(STARTS, START) | dict.fromkeys(GOALS, GOAL)
    codes[WALKER] = FREE if used & set(STARTS) else START
    has_walls = any(codes.get(sign) == WALL for sign in used)
    if not has_walls:
        codes |= dict.fromkeys(WALLS_OF_THEIR_OWN, WALL)
        if sum(line.count(WALKER) for line in drawing.lines) > 1:
            codes[WALKER] = WALL
    if not used <= codes.keys():
        raise ValueError(describe_unknown(drawing, codes))
    marks = [sign for sign in PATH_MARKS if codes[sign] == FREE]
    signs = as_signs(drawing)
    code_of_sign = np.zeros(max(map(ord, written)) + 1, np.uint8)
    for sign in written:
        code_of_sign[ord(sign)] = codes[sign.upper()]
    cells = code_of_sign[signs.view(np.uint32)]
    grid = complete(cells, start, goal)
    if not used & set(marks):
        return grid, None
    is_marked = np.isin(signs, [sign for sign in written if sign.upper() in marks])
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


def describe_unknown(drawing: Drawing, codes: dict[str, int]) -> str:
    """The first sign of a drawing that has no code, and where it stands."""
    row, column, sign = next(
        (row, column, sign)
        for row, line in enumerate(drawing.lines)
        for column, sign in enumerate(line)
        if sign.upper() not in codes
    )
    return f"{drawing.place(row, column)}: unknown character {sign!r}; known are {KNOWN}"
