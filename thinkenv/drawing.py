"""Colours of all pictures, and pictures of problems whose task has none of its own.

The palette is after Okabe and Ito, whose colours most colour-blind people can tell apart.
"""

import numpy as np

INK = (38, 44, 58)
PAPER = (250, 248, 243)
BLUE = (0, 114, 178)
PALE_BLUE = (150, 200, 235)
ORANGE = (230, 110, 20)
GREEN = (0, 158, 115)
PURPLE = (204, 85, 153)
GREY = (205, 205, 205)

# Of what an answer marks, right or not judged; and of what is wrong with it.
RIGHT_COLOUR = BLUE
WRONG_COLOUR = ORANGE

# Numbers from none to the largest: viridis from its light end, without the darkest tenth, which
# looks like a wall. Equal differences look equal, to colour-blind people and in grey as well.
NUMBER_COLOURS = np.array(
    [
        (253, 231, 37),
        (205, 225, 29),
        (155, 217, 60),
        (108, 205, 90),
        (68, 191, 112),
        (40, 174, 128),
        (30, 156, 137),
        (35, 138, 141),
        (42, 120, 142),
        (49, 102, 142),
        (59, 82, 139),
        (68, 59, 132),
        (72, 36, 117),
    ]
)
# Of what has no number yet.
NO_NUMBER_COLOUR = GREY

# Pictures are about as wide as this, so that a caption fits above them.
PIXELS = 320


def render_cells(
    problem: np.ndarray, marked: np.ndarray | None = None, solution: np.ndarray | None = None
) -> np.ndarray:
    """A picture of a problem in greys, with marked cells blue, and what is wrong orange.

    Args:
        problem: ``(H, W)`` or ``(W,)`` cell codes; the larger, the lighter.
        marked: Of the same shape, 0 to 1, how strongly each cell is marked; None marks nothing.
        solution: Of the same shape, 0 or 1; None to judge nothing.

    Returns:
        ``(scale * H, scale * W, 3)`` uint8.
    """
    greys = np.atleast_2d(problem).astype(float)[..., None] * 255 / max(1, problem.max())
    strength = np.zeros_like(greys) if marked is None else np.atleast_2d(marked)[..., None]
    colours = np.broadcast_to(RIGHT_COLOUR, (*greys.shape[:2], 3))
    if solution is not None:
        wrong = np.atleast_2d(solution)[..., None] != strength
        colours = np.where(wrong, WRONG_COLOUR, colours)
        strength = np.maximum(strength, wrong)
    picture = (greys + 0.8 * strength * (colours - greys)).astype(np.uint8)
    scale = max(2, PIXELS // picture.shape[1])
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)


def colour_numbers(numbers: np.ndarray, largest: float) -> np.ndarray:
    """Numbers as colours, from yellow for 0 by way of green to violet.

    Args:
        numbers: ``(...)`` floats; grey where they are NaN.
        largest: The number at the end of the scale.

    Returns:
        ``(..., 3)`` uint8.
    """
    share = np.nan_to_num(numbers) / max(largest, 1e-9) * (len(NUMBER_COLOURS) - 1)
    places = np.arange(len(NUMBER_COLOURS))
    channels = [np.interp(share, places, colours) for colours in NUMBER_COLOURS.T]
    has_number = ~np.isnan(numbers)[..., None]
    return np.where(has_number, np.stack(channels, axis=-1), NO_NUMBER_COLOUR).astype(np.uint8)


def colour_values(values: np.ndarray) -> np.ndarray:
    """How likely something is to be right as colours: orange for 0, white for a half, blue for 1.

    Args:
        values: ``(...)`` floats.

    Returns:
        ``(..., 3)`` uint8.
    """
    ends = zip(WRONG_COLOUR, (255, 255, 255), RIGHT_COLOUR, strict=True)
    channels = [np.interp(values, (0.0, 0.5, 1.0), channel) for channel in ends]
    return np.stack(channels, axis=-1).astype(np.uint8)


def render_numbers(numbers: np.ndarray, largest: float) -> np.ndarray:
    """A picture of numbers: see ``colour_numbers``.

    Args:
        numbers: ``(H, W)`` floats; grey where they are NaN.
        largest: The number at the end of the scale.

    Returns:
        ``(scale * H, scale * W, 3)`` uint8.
    """
    picture = colour_numbers(numbers, largest)
    scale = max(2, PIXELS // picture.shape[1])
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)


def write_cells(
    problem: np.ndarray, marked: np.ndarray | None = None, solution: np.ndarray | None = None
) -> str:
    """A problem as text; beside it the marked cells as ``#``, and ``?`` where that is wrong."""
    lines = [" ".join(map(str, row)) for row in np.atleast_2d(problem)]
    if marked is not None:
        signs = np.where(np.atleast_2d(marked) != 0, "#", ".")
        if solution is not None:
            signs = np.where(np.atleast_2d(marked) != np.atleast_2d(solution), "?", signs)
        lines = [f"{line}   {''.join(row)}" for line, row in zip(lines, signs, strict=True)]
    return "\n".join(lines) + "\n"
