"""The panel beside a board: the moves that are thought about as bars, and what they are worth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from thinkenv.chess_puzzles.arrows import MOVE_COLOUR, REPLY_COLOUR
from thinkenv.deep_thinking.watching import BACKGROUND, Font
from thinkenv.drawing import GREY, INK, colour_values

FAINT_INK = (110, 116, 128)
NEUTRAL = (186, 190, 198)  # a bar that nothing is known of but its length

# Pixels: from left to right a move's name, its bar, a number, and what it is worth.
WIDTH = 410
NAME, BAR, BAR_WIDTH, NUMBER, WORTH = 14, 92, 158, 300, 396
TOP, ROW_HEIGHT, BAR_HEIGHT = 60, 36, 22
FONT, SMALL_FONT = 16, 13
LINE_SPACING = 22
LEGEND_HEIGHT = 84


@dataclass(frozen=True)
class Row:
    """What is told of one move.

    Attributes:
        name: In short notation.
        length: Of its bar, from 0 to 1.
        number: What the length stands for.
        value: From 0 to 1, which decides the colour; None where nothing was imagined.
        worth: The value in words.
        is_first: Whether it is the move preferred now.
        frame: The colour of a frame around it, if any.
    """

    name: str
    length: float
    number: str
    value: float | None = None
    worth: str = ""
    is_first: bool = False
    frame: tuple[int, int, int] | None = None


def draw_panel(
    rows: Sequence[Row], headings: tuple[str, str], expected: Sequence[str], height: int
) -> Image.Image:
    """A panel.

    Args:
        rows: The moves.
        headings: Of the bars, and of what moves are worth.
        expected: The line expected, in short notation, which is written below.
        height: Of the picture, in pixels.
    """
    image = Image.new("RGB", (WIDTH, height), BACKGROUND)
    pen = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(FONT), ImageFont.load_default(SMALL_FONT)
    pen.text((NAME, TOP - 26), "move", FAINT_INK, small, "ls")
    pen.text((BAR, TOP - 26), headings[0], FAINT_INK, small, "ls")
    pen.text((WORTH, TOP - 26), headings[1], FAINT_INK, small, "rs")
    for index, row in enumerate(rows):
        draw_row(pen, row, TOP + index * ROW_HEIGHT, font)
    below = TOP + max(8, len(rows)) * ROW_HEIGHT + 10
    if expected:
        pen.text((NAME, below), "what it expects to be played", FAINT_INK, small, "ls")
        lines = wrapped(expected, WIDTH - 2 * NAME, font)
        for number, line in enumerate(lines[:3]):
            pen.text((NAME, below + (number + 1) * LINE_SPACING), line, INK, font, "ls")
    draw_legend(image, height - LEGEND_HEIGHT, small)
    return image


def draw_row(pen: ImageDraw.ImageDraw, row: Row, middle: int, font: Font) -> None:
    """Draw what is told of one move, around a height."""
    half = BAR_HEIGHT // 2
    if row.frame is not None:
        box = (NAME - 8, middle - half - 4, WIDTH - 6, middle + half + 4)
        pen.rectangle(box, None, row.frame, width=3)
    ink = INK if row.is_first else FAINT_INK
    if row.is_first:
        begin = NAME - 3
        pen.rectangle((begin - 5, middle - half, begin - 2, middle + half), MOVE_COLOUR)
    pen.text((NAME, middle), row.name, ink, font, "lm")
    if row.is_first:  # bold
        pen.text((NAME + 0.5, middle), row.name, ink, font, "lm")
    pen.rectangle((BAR, middle - half, BAR + BAR_WIDTH, middle + half), (244, 245, 247))
    end = BAR + max(1, round(row.length * BAR_WIDTH)) if row.length > 0 else BAR
    if end > BAR:
        colour = NEUTRAL
        if row.value is not None:
            red, green, blue = colour_values(np.array(row.value)).tolist()
            colour = red, green, blue
        pen.rectangle((BAR, middle - half, end, middle + half), colour, INK)
    pen.text((NUMBER, middle), row.number, ink, font, "rm")
    pen.text((WORTH, middle), row.worth, ink, font, "rm")


def draw_legend(image: Image.Image, top: int, font: Font) -> None:
    """Draw what the colours mean, from a height on."""
    pen = ImageDraw.Draw(image)
    pen.line((NAME, top, WIDTH - NAME, top), GREY)
    scale = colour_values(np.linspace(0.0, 1.0, 120)[None]).repeat(12, axis=0)
    image.paste(Image.fromarray(scale), (BAR, top + 11))
    pen.rectangle((BAR, top + 11, BAR + 119, top + 22), None, GREY)
    pen.text((BAR - 6, top + 17), "wrong: 0 %", FAINT_INK, font, "rm")
    pen.text((BAR + 126, top + 17), "right: 100 %, as it judges", FAINT_INK, font, "lm")
    for row, (colour, words, is_dashed) in enumerate(
        (
            (MOVE_COLOUR, "its own moves: the wider, the more preferred", False),
            (REPLY_COLOUR, "the reply that it expects", True),
        )
    ):
        middle = top + 42 + 22 * row
        for begin in (NAME, NAME + 14, NAME + 28) if is_dashed else (NAME,):
            end = begin + 9 if is_dashed else NAME + 37
            pen.rectangle((begin, middle - 3, end, middle + 3), colour)
        pen.polygon([(NAME + 37, middle - 8), (NAME + 51, middle), (NAME + 37, middle + 8)], colour)
        pen.text((NAME + 60, middle), words, FAINT_INK, font, "lm")


def wrapped(words: Sequence[str], width: int, font: Font) -> list[str]:
    """Words in lines that are not wider than so many pixels."""
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
