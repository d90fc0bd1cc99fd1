"""Pictures of bit strings and of answers to them: RGB frames and text."""

import numpy as np

from thinkenv.drawing import GREY, INK, PAPER, RIGHT_COLOUR, WRONG_COLOUR

ONE_COLOUR = INK
ZERO_COLOUR = PAPER
GROUND_COLOUR = GREY

# Longer strings are broken into lines.
BITS_PER_LINE = 64
PIXELS_PER_BIT = 8


def render(
    bits: np.ndarray,
    answer: np.ndarray | None,
    solution: np.ndarray | None,
    strength: np.ndarray | None = None,
) -> np.ndarray:
    """A picture of a bit string, with the answer below each line of it.

    Ones are dark. In an answer ones are blue, zeros stay light, and what is wrong is orange.

    Args:
        bits: ``(bits,)`` of 0 and 1.
        answer: ``(bits,)`` submitted parities, or None before there are any.
        solution: ``(bits,)`` what they should be, or None to show an answer without judging it.
        strength: ``(bits,)`` float 0 to 1, how strongly the answer is coloured (how sure an agent
            is), or None for full strength everywhere.

    Returns:
        ``(H, W, 3)`` uint8; three rows of squares for every 64 bits.
    """
    width = min(len(bits), BITS_PER_LINE)
    lines = -(-len(bits) // width)
    squares = np.full((3 * lines, width, 3), GROUND_COLOUR, np.uint8)
    line, column = np.divmod(np.arange(len(bits)), width)
    row = 3 * line  # of bits; the next one is for the answer, the third stays empty
    squares[row, column] = np.where(bits[:, None] != 0, ONE_COLOUR, ZERO_COLOUR)
    if answer is not None:
        colours = np.where(answer[:, None] != 0, RIGHT_COLOUR, ZERO_COLOUR)
        if solution is not None:
            colours = np.where((answer != solution)[:, None], WRONG_COLOUR, colours)
        if strength is not None:
            colours = GROUND_COLOUR + strength[:, None] * (colours - np.array(GROUND_COLOUR))
        squares[row + 1, column] = colours
    return squares.repeat(PIXELS_PER_BIT, axis=0).repeat(PIXELS_PER_BIT, axis=1)


def write_text(bits: np.ndarray, answer: np.ndarray | None, solution: np.ndarray | None) -> str:
    """A bit string as text, with the answer below it and a ``^`` under what is wrong."""
    rows = ["".join(map(str, np.asarray(bits, np.uint8)))]
    if answer is not None:
        rows.append("".join(map(str, np.asarray(answer, np.uint8))))
        if solution is not None:
            wrong = np.asarray(answer) != np.asarray(solution)
            rows.append("".join("^" if is_wrong else " " for is_wrong in wrong))
    lines = []
    for begin in range(0, len(bits), BITS_PER_LINE):
        lines += [row[begin : begin + BITS_PER_LINE].rstrip() for row in rows]
    return "\n".join(lines) + "\n"
