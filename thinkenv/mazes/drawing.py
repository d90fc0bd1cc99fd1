"""Pictures of mazes: RGB frames, text, and the colour-coded observation."""

import numpy as np
from PIL import Image, ImageDraw

from thinkenv.drawing import (
    GREEN,
    INK,
    PALE_BLUE,
    PAPER,
    PURPLE,
    RIGHT_COLOUR,
    WRONG_COLOUR,
    colour_numbers,
)
from thinkenv.mazes.lattice import GOAL, START, WALL

WALL_COLOUR = INK
FREE_COLOUR = PAPER
START_COLOUR = GREEN
GOAL_COLOUR = PURPLE
AGENT_COLOUR = RIGHT_COLOUR
MISSING_COLOUR = PALE_BLUE

# The colours of the "rgb" observation, by cell code; the pure colours that the literature uses.
OBSERVATION_COLOURS = np.array(
    [[0, 0, 0], [255, 255, 255], [0, 255, 0], [255, 0, 0], [0, 0, 255]], dtype=np.uint8
)

# Rendered at this many times the final resolution and averaged, for smooth edges.
SUPERSAMPLING = 3
# Frames with fewer pixels a cell, or more a side, are rendered plainly, one colour a cell.
MIN_SMOOTH_PIXELS, MAX_SMOOTH_PIXELS = 5, 1200


def colour_observation(grids: np.ndarray) -> np.ndarray:
    """Grids ``(..., H, W)`` as colours ``(..., H, W, 3)`` uint8.

    Walls are black, free cells white, the start green, the goal red, and the agent blue.
    """
    return OBSERVATION_COLOURS[grids]


def cell_pixels(side: int) -> int:
    """Pixels a cell that make a frame of about 480 pixels; at least 1."""
    return int(max(1, min(32, 480 // side)))


def mark_cells(grid: np.ndarray, answer: np.ndarray | None, solution: np.ndarray | None):
    """Divide the cells of an answer into right, wrong and missing ones.

    Args:
        grid: ``(H, W)`` cell codes.
        answer: ``(H, W)`` submitted mask, or None before there is one.
        solution: ``(H, W)`` reference mask, or None to show the answer without judging it.

    Returns:
        Three ``(H, W)`` bool masks: ``right``, ``wrong`` and ``missing``.
    """
    nothing = np.zeros(grid.shape, np.bool_)
    if answer is None:
        return nothing, nothing, nothing
    answer = np.asarray(answer) != 0
    solution = answer if solution is None else np.asarray(solution) != 0
    return answer & solution, answer & ~solution, solution & ~answer


def render(
    grid: np.ndarray,
    answer: np.ndarray | None = None,
    solution: np.ndarray | None = None,
    pixels: int | None = None,
    strength: np.ndarray | None = None,
    agent: tuple[int, int] | None = None,
) -> np.ndarray:
    """An RGB picture of a maze, and of an answer to it.

    The path is a blue line through the cells answered right. Cells answered wrong are orange,
    missing ones pale blue. The start is a green disc, the goal a purple ring.

    Args:
        grid: ``(H, W)`` cell codes: 0 wall, 1 free, 2 start, 3 goal.
        answer: ``(H, W)`` submitted path mask, or None.
        solution: ``(H, W)`` reference mask to judge the answer by, or None.
        pixels: Pixels a cell; by default such that the picture is about 480 pixels high.
        strength: ``(H, W)`` float 0 to 1, how strongly the answer's cells are coloured (the
            probability that the agent gives them), or None for full strength everywhere.
        agent: Row and column of a walker, shown as a blue disc, or None.

    Returns:
        ``(H * pixels, W * pixels, 3)`` uint8.
    """
    pixels = cell_pixels(max(grid.shape)) if pixels is None else pixels
    right, wrong, missing = mark_cells(grid, answer, solution)
    # The colour a cell has unless it is marked, and the one it has if it is.
    plain = np.where((grid == WALL)[..., None], WALL_COLOUR, FREE_COLOUR).astype(np.float64)
    colours = plain.copy()
    for mask, colour in ((right, RIGHT_COLOUR), (wrong, WRONG_COLOUR), (missing, MISSING_COLOUR)):
        colours[mask] = colour
    # An answer on a wall cannot be right; darker than elsewhere, so that the wall still shows.
    colours[wrong & (grid == WALL)] *= 0.6
    if strength is not None:
        shade = np.clip(strength, 0.0, 1.0)[..., None]
        colours = shade * colours + (1.0 - shade) * plain

    if not is_smooth(grid, pixels):
        return render_plainly(grid, colours, pixels, agent)

    scale = pixels * SUPERSAMPLING
    floor = np.where((grid == WALL)[..., None], colours, plain)
    picture = Image.fromarray(floor.astype(np.uint8).repeat(scale, axis=0).repeat(scale, axis=1))
    pen = ImageDraw.Draw(picture)
    marked = (right | wrong | missing) & (grid != WALL)
    draw_lines(pen, marked, colours, scale)
    draw_ends(pen, grid, scale)
    if agent is not None:
        disc(pen, *agent, scale, 0.40, AGENT_COLOUR)
    return scaled_down(picture)


def render_numbers(
    grid: np.ndarray, numbers: np.ndarray, largest: float, pixels: int | None = None
) -> np.ndarray:
    """An RGB picture of a maze with a number in each free cell, as colours.

    Args:
        grid: ``(H, W)`` cell codes: 0 wall, 1 free, 2 start, 3 goal.
        numbers: ``(H, W)`` floats from 0; cells where they are NaN are grey.
        largest: The number at the end of the scale of colours.
        pixels: Pixels a cell; by default as of ``render``.

    Returns:
        ``(H * pixels, W * pixels, 3)`` uint8.
    """
    pixels = cell_pixels(max(grid.shape)) if pixels is None else pixels
    colours = colour_numbers(numbers, largest)
    colours[grid == WALL] = WALL_COLOUR
    if not is_smooth(grid, pixels):
        return render_plainly(grid, colours, pixels)
    scale = pixels * SUPERSAMPLING
    picture = Image.fromarray(colours.repeat(scale, axis=0).repeat(scale, axis=1))
    pen = ImageDraw.Draw(picture)
    for row, column in np.argwhere((grid == START) | (grid == GOAL)):
        disc(pen, row, column, scale, 0.50, FREE_COLOUR)  # to stand out from any colour
    draw_ends(pen, grid, scale)
    return scaled_down(picture)


def is_smooth(grid: np.ndarray, pixels: int) -> bool:
    """Whether a maze is drawn with smooth edges."""
    return pixels >= MIN_SMOOTH_PIXELS and max(grid.shape) * pixels <= MAX_SMOOTH_PIXELS


def render_plainly(
    grid: np.ndarray, colours: np.ndarray, pixels: int, agent: tuple[int, int] | None = None
) -> np.ndarray:
    """Cells ``(H, W, 3)`` as squares of one colour each; so are start, goal and a walker."""
    colours[grid == START] = START_COLOUR
    colours[grid == GOAL] = GOAL_COLOUR
    if agent is not None:
        colours[agent] = AGENT_COLOUR
    return colours.astype(np.uint8).repeat(pixels, axis=0).repeat(pixels, axis=1)


def scaled_down(picture: Image.Image) -> np.ndarray:
    """A picture drawn ``SUPERSAMPLING`` times as large, in its final resolution."""
    size = (picture.width // SUPERSAMPLING, picture.height // SUPERSAMPLING)
    return np.asarray(picture.resize(size, Image.Resampling.BOX))


def draw_ends(pen: ImageDraw.ImageDraw, grid: np.ndarray, scale: int) -> None:
    """Draw start and goal."""
    for code, colour in ((START, START_COLOUR), (GOAL, GOAL_COLOUR)):
        for row, column in np.argwhere(grid == code):
            disc(pen, row, column, scale, 0.40, colour)
            if code == GOAL:
                disc(pen, row, column, scale, 0.20, FREE_COLOUR)


def draw_lines(pen: ImageDraw.ImageDraw, marked: np.ndarray, colours: np.ndarray, scale: int):
    """Draw marked cells as a rounded line: a disc on each cell, a bar between neighbours."""
    half = 0.26 * scale
    around = np.pad(marked, 1)
    for row, column in np.argwhere(marked):
        colour = tuple(int(value) for value in colours[row, column])
        middle_x, middle_y = (column + 0.5) * scale, (row + 0.5) * scale
        disc(pen, row, column, scale, 0.26, colour)
        # Half a bar towards each marked neighbour: the two halves may differ in colour.
        for down, right in ((-1, 0), (0, 1), (1, 0), (0, -1)):
            if not around[1 + row + down, 1 + column + right]:
                continue
            x, y = middle_x + right * scale / 4, middle_y + down * scale / 4
            reach_x, reach_y = (scale / 4, half) if right else (half, scale / 4)
            pen.rectangle((x - reach_x, y - reach_y, x + reach_x, y + reach_y), fill=colour)


def disc(pen: ImageDraw.ImageDraw, row: int, column: int, scale: int, radius: float, colour):
    """Draw a disc in the middle of a cell; ``radius`` in cells."""
    x, y, reach = (column + 0.5) * scale, (row + 0.5) * scale, radius * scale
    pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)


def write_text(
    grid: np.ndarray,
    answer: np.ndarray | None = None,
    solution: np.ndarray | None = None,
    agent: tuple[int, int] | None = None,
) -> str:
    """A maze, and an answer to it, as text, two characters a cell.

    ``S`` start, ``G`` goal, ``••`` answered and right, ``××`` answered and wrong, ``··`` missing,
    ``@`` a walker.
    """
    right, wrong, missing = mark_cells(grid, answer, solution)
    cells = np.full(grid.shape, "  ", dtype=object)
    cells[grid == WALL] = "██"
    cells[right] = "••"
    cells[missing] = "··"
    cells[wrong] = "××"
    cells[grid == START] = "S "
    cells[grid == GOAL] = "G "
    if agent is not None:
        cells[agent] = "@ "
    return "\n".join("".join(row) for row in cells) + "\n"
