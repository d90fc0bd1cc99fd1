"""Arrows on pictures of boards: the moves that an agent prefers, and the replies it expects."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from thinkenv.chess_puzzles.moves import MOVE_CODES
from thinkenv.chess_puzzles.rules import MIRROR_MOVE
from thinkenv.drawing import GREEN, PURPLE

MOVE_COLOUR = GREEN
REPLY_COLOUR = PURPLE
OUTLINE_COLOUR = (255, 255, 255)

# Of the moves that are preferred, so many are drawn, and none that is less probable than this.
MOST_ARROWS = 5
LEAST_PROBABILITY = 0.04

# How much of their colour squares keep below arrows, which say the same and more.
HEAT_BELOW = 0.6

# Arrows are drawn so much larger, and made smaller again, which smooths their edges.
ENLARGED = 3

# Measures of an arrow, in sides of a square.
FAINTEST_WIDTH, STRONGEST_WIDTH = 0.07, 0.24
REPLY_WIDTH = 0.1
OUTLINE = 0.025
BEGIN = 0.2  # from the middle of the square it comes from, so that the piece can be seen
HEAD_LENGTH, HEAD_WIDTH = 0.22, 0.14  # and as much again as the shaft is wide
DASH, GAP = 0.2, 0.13

FAINTEST_SHARE, STRONGEST_SHARE = 0.5, 0.9  # how strongly what is below is covered

Point = tuple[float, float]


@dataclass(frozen=True)
class Arrow:
    """A move to draw.

    Attributes:
        move: Its code, seen from the solver's side.
        strength: From 0 to 1: the stronger, the wider and the less transparent.
        is_reply: Whether it is the opponent's, which is drawn dashed, and in another colour.
    """

    move: int
    strength: float
    is_reply: bool = False


def arrows_of(probabilities: np.ndarray, line: Sequence[int] = ()) -> list[Arrow]:
    """The moves that are most probable, and the reply expected to the first of them.

    Args:
        probabilities: ``(len(MOVES),)``, of the actions.
        line: The actions expected, of both sides in turn, each seen from who moves.
    """
    best = np.argsort(-probabilities, kind="stable")[:MOST_ARROWS].tolist()
    arrows = [
        Arrow(int(MOVE_CODES[action]), float(probabilities[action]))
        for action in best
        if probabilities[action] >= LEAST_PROBABILITY
    ]
    replies = [int(MOVE_CODES[action]) ^ MIRROR_MOVE for action in line[1:2]]
    return arrows + [Arrow(move, 1.0, is_reply=True) for move in replies]


def squares_of(probabilities: np.ndarray) -> np.ndarray:
    """How probable it is that a move begins or ends on each square.

    Args:
        probabilities: ``(len(MOVES),)``, of the actions.

    Returns:
        ``(8, 8)``, the larger of the two.
    """
    codes = MOVE_CODES.astype(np.int64)
    sums = [np.bincount(squares, probabilities, 64) for squares in (codes & 63, codes >> 6 & 63)]
    return np.maximum(*sums).reshape(8, 8)


def believed(
    probabilities: np.ndarray | None, line: Sequence[int]
) -> tuple[np.ndarray | None, list[Arrow]]:
    """How strongly to tint squares, and arrows to draw.

    Args:
        probabilities: Of the squares, ``(8, 8)``, or of the actions, ``(len(MOVES),)``, if any.
        line: The actions expected, as of ``arrows_of``.
    """
    if probabilities is None or probabilities.ndim == 2:
        return probabilities, []
    return HEAT_BELOW * squares_of(probabilities), arrows_of(probabilities, line)


def draw_arrows(
    image: Image.Image, arrows: Sequence[Arrow], is_black: bool, pixels: int, margin: int
) -> None:
    """Draw arrows on a picture of a board, the stronger ones and replies over the others.

    Args:
        image: The picture, changed in place.
        arrows: What to draw.
        is_black: Whether Black solves, for whom the board is turned.
        pixels: Per side of a square.
        margin: Pixels around the board.
    """
    for arrow in sorted(arrows, key=lambda arrow: (arrow.is_reply, arrow.strength)):
        strength = min(max(arrow.strength, 0.0), 1.0)
        share = FAINTEST_SHARE + strength * (STRONGEST_SHARE - FAINTEST_SHARE)
        colour = REPLY_COLOUR if arrow.is_reply else MOVE_COLOUR
        width = FAINTEST_WIDTH + strength * (STRONGEST_WIDTH - FAINTEST_WIDTH)
        if arrow.is_reply:
            width = REPLY_WIDTH
        origin, target = (
            centre_of(square, is_black, pixels, margin)
            for square in (arrow.move & 63, arrow.move >> 6 & 63)
        )
        shapes = shapes_of(origin, target, width * pixels, pixels, arrow.is_reply)
        for outline, filling in ((OUTLINE * pixels, OUTLINE_COLOUR), (0.0, colour)):
            mask = mask_of(shapes, outline, image.size)
            image.paste(filling, mask=mask.point(lambda cover, share=share: round(share * cover)))


def centre_of(square: int, is_black: bool, pixels: int, margin: int) -> Point:
    """The middle of a square, seen from the solver's side, in the picture of a board."""
    column = 7 - (square & 7) if is_black else square & 7
    row = 7 - (square >> 3)
    return margin + (column + 0.5) * pixels, margin + (row + 0.5) * pixels


def shapes_of(
    begin: Point, end: Point, width: float, pixels: int, is_dashed: bool
) -> list[list[Point]]:
    """The polygons of an arrow from one point to another: its shaft or dashes, and its head."""
    length = math.dist(begin, end)
    along = (end[0] - begin[0]) / length, (end[1] - begin[1]) / length

    def point(forward: float, aside: float) -> Point:
        across = -along[1], along[0]
        return (
            begin[0] + forward * along[0] + aside * across[0],
            begin[1] + forward * along[1] + aside * across[1],
        )

    neck = length - HEAD_LENGTH * pixels - width / 2
    first, half = BEGIN * pixels, width / 2
    pieces = [(first, neck)]
    if is_dashed:
        begins = np.arange(neck, first, -(DASH + GAP) * pixels)  # so that one ends at the head
        pieces = [(max(first, stop - DASH * pixels), stop) for stop in begins]
    shapes = [
        [point(start, half), point(stop, half), point(stop, -half), point(start, -half)]
        for start, stop in pieces
    ]
    side = half + HEAD_WIDTH * pixels
    shapes.append([point(neck, side), point(length, 0.0), point(neck, -side)])
    return shapes


def mask_of(shapes: list[list[Point]], outline: float, size: tuple[int, int]) -> Image.Image:
    """How much of each pixel is covered by shapes, and by an outline around them, from 0 to 255."""
    mask = Image.new("L", (size[0] * ENLARGED, size[1] * ENLARGED))
    pen = ImageDraw.Draw(mask)
    for shape in shapes:
        corners = [(x * ENLARGED, y * ENLARGED) for x, y in shape]
        pen.polygon(corners, fill=255)
        if outline:
            width = round(2 * outline * ENLARGED)
            pen.line([*corners, *corners[:2]], fill=255, width=width, joint="curve")
    return mask.resize(size, Image.Resampling.BOX)
