"""Mazes in pictures: dark walls on light ground, with one or many pixels a cell.

Read are pictures of square cells of any size, one pixel and up, and those of rooms with lines
between them that are thinner (or thicker) than the rooms: R x C rooms become (2R + 1) x (2C + 1)
cells, whatever the width of lines. Around the maze there must be an outer wall; around that there
may be a margin. Start and goal are marked in their cells by colours, or are the two openings in the
outer wall. Edges may be smooth.

How a picture is read: pixels are divided into walls and others at half of the brightness between
dark and light. The columns and rows where walls begin and end lie on a lattice; the coarsest that
fits them is taken, and each of its cells is what most of its pixels are.
"""

import itertools
import math
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from thinkenv import gate
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange.base import MAX_SIDE, MazeFileError, judge_read
from thinkenv.mazes.interchange.cells import complete, looks_like_outer_wall, ring_of
from thinkenv.mazes.lattice import FREE, GOAL, START, WALL

# Kinds of pictures by their first bytes; Pillow is asked for no others.
SIGNATURES = [
    re.compile(pattern, re.DOTALL)
    for pattern in (
        rb"\x89PNG",
        rb"GIF8",
        rb"BM",
        rb"\xff\xd8\xff",
        rb"RIFF....WEBP",
        rb"II\*\0|MM\0\*",
    )
]
KINDS = ("PNG", "GIF", "BMP", "JPEG", "WEBP", "TIFF")

MAX_PIXELS = 2**25
MAX_BYTES = 5 * MAX_PIXELS
PIXELS_AT_A_TIME = 2**18

# A JPEG may write all pixels again and again in a few bytes each, of which encoders make ten.
JPEG, SCAN, MAX_SCANS = b"\xff\xd8", b"\xff\xda", 100

MIN_CONTRAST = 40  # of 255, between walls and ground

# Colours that mark start and goal; "other" ones may, where one of these is missing.
GREEN, RED, PURPLE, OTHER = range(1, 5)
COLOUR_NAMES = {GREEN: "green", RED: "red", PURPLE: "purple", OTHER: "another colour"}
MIN_COLOUR = 70  # of 255, between the strongest and the weakest channel

# How far the edge of a wall may lie from the lattice: a part of a cell, and in pixels.
MAX_SHIFT, MAX_SHIFT_PIXELS = 0.2, 1.25
# The share of edges that must lie on the lattice, and of cells that must be clearly wall or free.
ON_LATTICE, CLEAR = 0.96, 0.97
MOST_FITS = 24  # How many lattices are tried.


@dataclass(frozen=True)
class Pixels:
    """What is seen in a picture.

    Attributes:
        walls: ``(height, width)`` bool.
        colours: ``(height, width)`` uint8, 0 or one of the colours above.
    """

    walls: np.ndarray
    colours: np.ndarray


@dataclass(frozen=True)
class Axis:
    """The cells along one side of a picture.

    Attributes:
        edges: ``(cells + 1,)`` float, where they begin and end, in pixels.
        lines: ``(cells,)`` bool, which are lines between rooms, too thin to look inside.
    """

    edges: np.ndarray
    lines: np.ndarray


def from_image(
    image: str | Path | Image.Image | np.ndarray, allow_unsolvable: bool = False
) -> MazeBatch:
    """The maze in a picture: dark walls on light ground.

    Args:
        image: A file, a Pillow image, or an array ``(height, width)``, ``(height, width, 3)`` or
            ``(height, width, 4)``, uint8 from 0 to 255, or bool or float from 0 to 1. The start is
            green, the goal red or purple; or they are the two openings in the outer wall.
        allow_unsolvable: Whether the maze may have no way from start to goal. Its solution is empty
            then, its path length 0.

    Returns:
        One maze, solved.

    Raises:
        MazeFileError: If there is none in the picture.
        TypeError: If it is no picture.
    """
    if isinstance(image, (str, Path)):
        return read_image(Path(image), allow_unsolvable)
    if not isinstance(image, Image.Image):
        image = as_picture(image)
    with gate.reading("image", MazeFileError):
        return read_picture(image, allow_unsolvable)


@gate.reader("a maze in a picture", MazeFileError)
def read_image(path: Path, allow_unsolvable: bool = False) -> MazeBatch:
    """Read the maze in a file with a picture; of a film, its first picture.

    Raises:
        MazeFileError: If it is missing, damaged or too large, or there is no maze in it.
    """
    with gate.opened(path, MAX_BYTES) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of what a file says of itself beside
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        if file.read(2) == JPEG and file.read().count(SCAN) > MAX_SCANS:
            raise ValueError(f"passes over the picture more than {MAX_SCANS} times")
        file.seek(0)
        try:
            image = Image.open(file, formats=KINDS)
        except UnidentifiedImageError as error:
            raise ValueError("not a readable picture") from error
        with image:
            return read_picture(image, allow_unsolvable)


def as_picture(array: np.ndarray) -> Image.Image:
    """A picture from an array of colours or greys.

    Raises:
        TypeError: If it is no array of numbers.
        ValueError: If it has another shape or range.
    """
    array = np.asarray(array)
    if array.dtype.kind not in "buif":
        raise TypeError(
            f"image must be a file, a picture or an array of numbers, got {array.dtype}"
        )
    if array.ndim == 3 and array.shape[0] in (3, 4) and array.shape[2] not in (3, 4):
        array = array.transpose(1, 2, 0)
    if (
        array.ndim not in (2, 3)
        or array.ndim == 3
        and array.shape[2] not in (3, 4)
        or not array.size
    ):
        raise ValueError(
            f"image must have shape (height, width), (height, width, 3) or (height, width, 4), got "
            f"{array.shape}"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all() or array.min() < 0:
        raise ValueError("image must hold numbers from 0 to 255, or from 0 to 1, got others")
    highest = array.max()
    if highest > 255:
        raise ValueError(f"image must hold numbers from 0 to 255, or from 0 to 1, got {highest}")
    scale = 255 if highest <= 1 else 1
    return Image.fromarray((array * scale).astype(np.uint8))


def read_picture(image: Image.Image, allow_unsolvable: bool) -> MazeBatch:
    """The maze in a picture.

    Raises:
        ValueError: If there is none; also whatever a decoder raises for a damaged file.
    """
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ValueError(
            f"has {width:,} x {height:,} pixels; at most {MAX_PIXELS:,} in all are read"
        )
    colours = as_colours(image)
    try:
        return judge_read([find_maze(look(colours))], None, allow_unsolvable)
    except ValueError as error:
        if walls_are_white(colours):
            raise ValueError(
                "its walls look white: they must be dark on light ground, so invert it"
            ) from error
        raise


def as_colours(image: Image.Image) -> np.ndarray:
    """A picture of any kind as ``(height, width, 3)`` uint8, transparent parts white."""
    if image.mode.startswith(("I", "F")):  # more than 8 bits of grey, which Pillow would cut off
        greys = np.asarray(image).astype(np.float64)
        if not np.isfinite(greys).all():
            raise ValueError("has pixels that are no numbers")
        span = max(float(np.ptp(greys)), 1e-9)
        grey = ((greys - greys.min()) * (255 / span)).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        layers = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, layers)
    return np.asarray(image.convert("RGB"))


def look(colours: np.ndarray, dark_walls: bool = True) -> Pixels:
    """Divide pixels into walls and ground, and see which are coloured.

    Raises:
        ValueError: If light and dark can hardly be told apart.
    """
    grey = np.asarray(Image.fromarray(colours).convert("L"))
    marks = name_colours(colours)
    counts = count_greys(grey, marks)
    dark, light = percentiles(counts[0], (1, 99)) if counts[0].any() else (0, 0)
    if light - dark < MIN_CONTRAST and counts[OTHER].any():
        dark, light = percentiles(counts[0] + counts[OTHER], (1, 99))  # walls or ground in a colour
        marks[marks == OTHER] = 0
    if light - dark < MIN_CONTRAST and marks.any():
        dark, light = min(dark, 255 - MIN_CONTRAST), 255  # all that is free is marked
    if light - dark < MIN_CONTRAST:
        raise ValueError("there are no dark walls on light ground in the picture")
    # Where a mark fades into a wall, its pixels are wall from half of its brightness on.
    red, green, blue = np.moveaxis(colours, 2, 0)
    brightness = np.maximum(np.maximum(red, green), blue)
    for colour in (GREEN, RED, PURPLE):
        is_marked = marks == colour
        if is_marked.any():
            brightest = np.percentile(brightness[is_marked], 90)
            marks[is_marked & (brightness < (dark + brightest) / 2)] = 0
    is_dark = grey < (dark + light) / 2
    return Pixels((is_dark == dark_walls) & (marks == 0), marks)


def bands(shape: tuple[int, ...]) -> Iterator[slice]:
    """Rows of a picture, some at a time, so that what is computed of them takes little memory."""
    height, width = shape
    step = max(1, PIXELS_AT_A_TIME // max(1, width))
    for first in range(0, height, step):
        yield slice(first, first + step)


def count_greys(grey: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """How many pixels have each brightness, ``(OTHER + 1, 256)``, by the colour of their marks."""
    counts = np.zeros((OTHER + 1) * 256, np.int64)
    for rows in bands(grey.shape):
        kinds = marks[rows].astype(np.int64) * 256 + grey[rows]
        counts += np.bincount(kinds.ravel(), minlength=len(counts))
    return counts.reshape(OTHER + 1, 256)


def percentiles(counts: np.ndarray, wanted: tuple[float, ...]) -> list[float]:
    """What ``np.percentile`` gives for numbers of which ``counts[n]`` are ``n``, without a list."""
    ends = counts.cumsum()
    found = []
    for percent in wanted:
        place = percent / 100 * (ends[-1] - 1)
        below = math.floor(place)
        part = place - below
        low, high = np.searchsorted(ends, [below, below + 1], side="right").tolist()
        # The same of the two ways as NumPy's, for the same last digit.
        from_below = low + (high - low) * part
        found.append(from_below if part < 0.5 else high - (high - low) * (1 - part))
    return found


def name_colours(colours: np.ndarray) -> np.ndarray:
    """Which pixels are clearly green, red, purple or of another colour; 0 for greys."""
    names = np.empty(colours.shape[:2], np.uint8)
    for rows in bands(names.shape):
        red, green, blue = (colours[rows, :, channel].astype(np.int16) for channel in range(3))
        strongest = np.maximum(np.maximum(red, green), blue)
        is_coloured = strongest - np.minimum(np.minimum(red, green), blue) > MIN_COLOUR
        of_rows = names[rows]
        of_rows[:] = np.where(is_coloured, OTHER, 0)
        of_rows[is_coloured & (green - red > 50) & (green - blue > 30)] = GREEN
        of_rows[is_coloured & (red - green > 60) & (red - blue > 60) & (green - blue < 50)] = RED
        of_rows[is_coloured & (red - green > 60) & (blue - green > 40)] = PURPLE
    return names


def walls_are_white(colours: np.ndarray) -> bool:
    """Whether there is a solvable maze in a picture if its light pixels are walls."""
    try:
        judge_read([find_maze(look(colours, dark_walls=False))])
    except ValueError:
        return False
    return True


def find_maze(pixels: Pixels) -> np.ndarray:
    """The cell codes of the maze in a picture.

    Raises:
        ValueError: If there is none.
    """
    pixels = without_margin(pixels)
    sums = sum_up(pixels.walls)
    for down, right in fitting_lattices(pixels):
        cells = read_cells(sums, down, right)
        if cells is None:
            continue
        if not looks_like_outer_wall(cells[ring_of(cells.shape)] == WALL):
            raise ValueError(
                "there must be a dark outer wall around the maze, with at most two openings"
            )
        mark_ends(cells, pixels.colours, down, right)
        return complete(cells)
    raise ValueError(
        "its walls do not lie on a lattice: all cells must be equally large, or all rooms and all "
        "lines between them equally wide"
    )


def without_margin(pixels: Pixels) -> Pixels:
    """The part of a picture within the outer wall, that included."""
    walls = pixels.walls
    for _ in range(2):  # the second time, the share of walls is that within the maze
        rows, columns = (
            np.flatnonzero(walls.mean(axis=axis) >= 0.3 * walls.mean(axis=axis).max())
            for axis in (1, 0)
        )
        if not rows.size or not columns.size or not walls.any():
            raise ValueError("there are no walls in the picture")
        window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        walls = walls[window]
        pixels = Pixels(walls, pixels.colours[window])
    return pixels


def fitting_lattices(pixels: Pixels) -> Iterator[tuple[Axis, Axis]]:
    """Lattices of cells on which the edges of walls lie, the coarsest first: rows and columns."""
    down, right = Edges.along(pixels.walls.T), Edges.along(pixels.walls)
    if down is None or right is None:
        return
    thickness = min(down.line, right.line)
    mark = size_of_marks(pixels.colours)
    found = [
        *itertools.islice(square_cells(down, right, mark), MOST_FITS),
        *itertools.islice(rooms_and_lines(down, right, thickness), MOST_FITS),
    ]
    found.sort(key=lambda axes: len(axes[0].lines) * len(axes[1].lines))
    yield from found[:MOST_FITS]


@dataclass(frozen=True)
class Edges:
    """Where walls begin and end along one side of a picture.

    Attributes:
        length: The pixels of the side.
        first: Where the outer wall ends.
        last: Where it begins again.
        falls: ``(n, 2)``: where walls end, and in how many rows of pixels.
        rises: ``(n, 2)``: where walls begin, and in how many.
        line: The width of the thinnest walls.
        room: The width of the narrowest ways.
    """

    length: int
    first: float
    last: float
    falls: np.ndarray
    rises: np.ndarray
    line: int
    room: int

    @classmethod
    def along(cls, walls: np.ndarray) -> "Edges | None":
        """The edges along the rows of a picture; None where there are none."""
        falls = np.count_nonzero(walls[:, :-1] & ~walls[:, 1:], axis=0)
        rises = np.count_nonzero(~walls[:, :-1] & walls[:, 1:], axis=0)
        if not falls.any() or not rises.any():
            return None
        falls, rises = (counted(counts) for counts in (falls, rises))
        if rises[-1, 0] <= falls[0, 0]:
            return None
        inner = walls[:, falls[0, 0] : rises[-1, 0]]
        line = thinnest(inner)
        room = thinnest(~np.pad(inner, ((0, 0), (1, 1)), constant_values=True))
        # Smooth edges lie partly one pixel beside; where cells are so small, that is the next one.
        reach = int(line + room >= 4)
        first = middle_of(falls[falls[:, 0] <= falls[0, 0] + reach])
        last = middle_of(rises[rises[:, 0] >= rises[-1, 0] - reach])
        return cls(walls.shape[1], first, last, falls, rises, line, room)


def counted(counts: np.ndarray) -> np.ndarray:
    """Positions of edges and how many there are, without those of a few stray pixels."""
    positions = np.flatnonzero(counts > 0.05 * counts.max())
    return np.stack([positions + 1, counts[positions]], axis=1)


def middle_of(edges: np.ndarray) -> float:
    """Where some edges ``(n, 2)`` lie in the mean."""
    return float(np.average(edges[:, 0], weights=edges[:, 1]))


def thinnest(marks: np.ndarray) -> int:
    """The length of short runs of marks in the rows of a picture, stray pixels apart."""
    counts = np.zeros(marks.shape[1] + 1, np.int64)  # of runs, by length
    for rows in bands(marks.shape):
        steps = np.diff(np.pad(marks[rows], ((0, 0), (1, 1))).astype(np.int8), axis=1)
        begins, ends = np.nonzero(steps == 1)[1], np.nonzero(steps == -1)[1]
        is_inside = (begins > 0) & (ends < marks.shape[1])
        counts += np.bincount((ends - begins)[is_inside], minlength=len(counts))
    if not counts.any():
        return marks.shape[1]
    pixels = np.cumsum(counts * np.arange(len(counts)))
    return int(np.searchsorted(pixels, 0.1 * pixels[-1]))


def allowed_shift(cell: float) -> float:
    """How far an edge may lie from the lattice, in pixels."""
    return min(MAX_SHIFT * cell, MAX_SHIFT_PIXELS + 0.02 * cell)


def size_of_marks(colours: np.ndarray) -> float:
    """The side of the smallest mark of start or goal, in pixels; infinite without two of them."""
    counts = [np.count_nonzero(colours == colour) for colour in COLOUR_NAMES]
    marks = [count for count in counts if count > 0]
    return math.sqrt(min(marks)) if len(marks) >= 2 else math.inf


def square_cells(down: Edges, right: Edges, mark: float) -> Iterator[tuple[Axis, Axis]]:
    """Lattices of equal square cells that fit, and are not much smaller than all that is seen."""
    span_down, span_right = down.last - down.first, right.last - right.first
    thick = 1.5 * min(down.line, right.line) + 0.5
    thin = max(0.6 * min(down.line, right.line), 0.2 * min(down.room, right.room))
    thin = min(thin, 0.9 * mark)
    for across in range(1, min(int(span_right), MAX_SIDE) + 1):
        cell = span_right / across
        below = max(1, round(span_down / cell))
        if cell > thick:
            continue  # walls would be thinner than cells
        if cell < thin:
            break  # cells far smaller than whatever is seen fit anything
        if abs(span_down / below - cell) > max(1.5 / below, 0.02 * cell):
            continue
        shift = allowed_shift(cell)
        rows, columns = (
            fit(edges, count, (edges.last - edges.first) / count, 0.0, shift)
            for edges, count in ((down, below), (right, across))
        )
        if rows and columns:
            yield rows, columns


def rooms_and_lines(down: Edges, right: Edges, line: int) -> Iterator[tuple[Axis, Axis]]:
    """Lattices of square rooms with lines between them that fit."""
    span_down, span_right = down.last - down.first, right.last - right.first
    most = min(int(span_right // (line + 1)) + 1, MAX_SIDE // 2)
    thin = 0.6 * min(down.room, right.room)
    for across in range(1, most + 1):
        period = (span_right + line) / across
        below = max(1, round((span_down + line) / period))
        if abs((span_down + line) / below - period) > max(1.5 / below, 0.02 * period):
            continue
        if period - line < thin:
            break
        shift = allowed_shift(period - line)
        rows, columns = (
            fit(edges, count, (edges.last - edges.first + line) / count, line, shift)
            for edges, count in ((down, below), (right, across))
        )
        if rows and columns:
            yield rows, columns


def fit(edges: Edges, count: int, step: float, line: float, shift: float) -> Axis | None:
    """The lattice along one side that lies nearest to the edges of walls.

    Args:
        edges: The edges.
        count: How many cells or rooms there are within the outer wall.
        step: About how far each is from the next, in pixels.
        line: About how wide lines between rooms are; 0 for cells.
        shift: How far edges may lie from the lattice.

    Returns:
        The cells, the outer wall on both sides included; None if too many edges lie elsewhere.
    """
    falls, rises = edges.falls, edges.rises
    room = step - line
    numbers = np.concatenate(
        [
            np.round((falls[:, 0] - edges.first) / step),
            np.round((rises[:, 0] - edges.first - room) / step),
        ]
    )
    ends_room = np.repeat([0.0, 1.0], [len(falls), len(rises)])
    places = np.concatenate([falls[:, 0], rises[:, 0]]).astype(np.float64)
    weights = np.concatenate([falls[:, 1], rises[:, 1]]).astype(np.float64)
    if line == 0:  # an edge of either kind may lie on each point of the lattice
        numbers, ends_room = numbers + ends_room, 0.0 * ends_room
    unknowns = np.stack([np.ones(len(places)), numbers, ends_room], axis=1)
    root = np.sqrt(weights)[:, None]
    found = np.linalg.lstsq(unknowns * root, places * root[:, 0], rcond=None)[0]
    is_near = np.abs(unknowns @ found - places) <= shift
    if weights[is_near].sum() < ON_LATTICE * weights.sum():
        return None
    first, step, room = found if count > 1 else (edges.first, step, room)
    begins = first + step * np.arange(count)
    if line == 0:
        inner = np.append(begins, begins[-1] + step)
    else:
        inner = np.stack([begins, begins + room], axis=1).ravel()
    all_edges = np.concatenate([[0.0], np.clip(inner, 0.0, edges.length), [edges.length]])
    lines = (
        np.arange(len(all_edges) - 1) % 2 == 0 if line else np.zeros(len(all_edges) - 1, np.bool_)
    )
    return Axis(all_edges, lines)


def sum_up(walls: np.ndarray) -> np.ndarray:
    """How many pixels are walls above and left of each corner of a pixel, ``int32``."""
    sums = np.zeros((walls.shape[0] + 1, walls.shape[1] + 1), np.int32)
    np.cumsum(walls, axis=0, dtype=np.int32, out=sums[1:, 1:])
    np.cumsum(sums, axis=1, out=sums)
    return sums


def read_cells(sums: np.ndarray, down: Axis, right: Axis) -> np.ndarray | None:
    """Which cells of a lattice are walls and which are free; None if too many are neither.

    Args:
        sums: The walls, as ``sum_up`` gives them.
        down: The rows of cells.
        right: Their columns.
    """
    top, bottom, high = windows(down, sums.shape[0] - 1)
    left, end, wide = windows(right, sums.shape[1] - 1)
    cells = np.empty((len(top), len(left)), np.uint8)
    clear = seen = 0
    for rows in bands(cells.shape):
        dark = (
            sums[np.ix_(bottom[rows], end)]
            - sums[np.ix_(top[rows], end)]
            - sums[np.ix_(bottom[rows], left)]
            + sums[np.ix_(top[rows], left)]
        )
        shares = dark / np.outer(high[rows], wide)
        cells[rows] = np.where(shares > 0.5, WALL, FREE)
        is_inner = ~np.outer(down.lines[rows], right.lines)  # and no pillar
        is_inner[:, [0, -1]] = False
        is_inner[: rows.start == 0] = False
        is_inner[len(is_inner) - (rows.stop >= len(cells)) :] = False
        clear += int(np.count_nonzero(np.abs(shares[is_inner] - 0.5) > 0.2))
        seen += int(np.count_nonzero(is_inner))
    return cells if clear >= CLEAR * seen else None


def windows(axis: Axis, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where to look into the cells along one side: begins, ends, and the pixels that count.

    In the middle of cells and rooms; of lines everywhere, and one pixel beyond, because they may be
    shifted.
    """
    begins, ends = axis.edges[:-1], axis.edges[1:]
    widths = ends - begins
    margin = np.where(axis.lines, -1.0, widths / 4)
    low = np.clip(np.floor(begins + margin + 0.5), 0, length - 1).astype(np.int64)
    high = np.clip(np.floor(ends - margin + 0.5), low + 1, length).astype(np.int64)
    return low, high, np.where(axis.lines, np.maximum(np.floor(widths), 1), high - low)


def mark_ends(cells: np.ndarray, colours: np.ndarray, down: Axis, right: Axis) -> None:
    """Write the codes of start and goal into the cells that are marked by colours.

    Green is the start, red or purple the goal. Where one of them is missing, a cell of another
    colour, or of the other of the two, takes its place.

    Raises:
        ValueError: If one colour marks several cells.
    """
    places = {
        colour: found
        for colour in (GREEN, RED, PURPLE, OTHER)
        if (found := coloured_cells(colours == colour, down, right))
    }
    if OTHER in places and (len(places) >= 3 or len(places[OTHER]) > 1):
        del places[OTHER]  # a path, or an agent
    for colour, found in places.items():
        if len(found) > 1:
            raise ValueError(
                f"start and goal must be one cell each, got {len(found)} cells in "
                f"{COLOUR_NAMES[colour]}"
            )
    if len(places) > 2:
        raise ValueError(
            "start and goal must be one cell each, got cells in "
            + ", ".join(COLOUR_NAMES[colour] for colour in places)
        )
    order = sorted(places, key=(GREEN, OTHER, PURPLE, RED).index)
    if len(order) == 2:
        codes = [START, GOAL]
    else:
        codes = [GOAL if colour in (RED, PURPLE) else START for colour in order]
    for colour, code in zip(order, codes, strict=True):
        cells[places[colour][0]] = code


def coloured_cells(is_coloured: np.ndarray, down: Axis, right: Axis) -> list[tuple[int, int]]:
    """The cells of which a good part is coloured, without those that a mark merely reaches into."""
    rows, columns = np.nonzero(is_coloured)
    if not rows.size:
        return []
    shape = (len(down.lines), len(right.lines))
    row = np.searchsorted(down.edges, rows + 0.5, side="right") - 1
    column = np.searchsorted(right.edges, columns + 0.5, side="right") - 1
    counts = np.bincount(row * shape[1] + column, minlength=shape[0] * shape[1]).reshape(shape)
    area = np.outer(np.diff(down.edges), np.diff(right.edges))
    is_marked = (counts >= 0.1 * area) & (counts >= 0.3 * counts.max())
    return [(int(row), int(column)) for row, column in np.argwhere(is_marked)]
