"""Pictures of chess positions: with images of the pieces, or as text."""

import functools
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from thinkenv.chess_puzzles.rules import BLACK, KING, THEIRS
from thinkenv.drawing import RIGHT_COLOUR, WRONG_COLOUR

PIECE_IMAGES = Path(__file__).parents[1] / "assets" / "pieces"
PIECE_LETTERS = {"pawn": "p", "knight": "n", "bishop": "b", "rook": "r", "queen": "q", "king": "k"}
PIECE_NAMES = tuple(PIECE_LETTERS)  # in the order of their codes

SQUARE_PIXELS = 60
MARGIN = 22  # pixels around the board, for the names of files and ranks

LIGHT_SQUARE = (240, 217, 181)
DARK_SQUARE = (181, 136, 99)
LAST_MOVE_COLOUR = (205, 210, 70)
HEAT_COLOUR = (204, 40, 60)
MARGIN_COLOUR = (49, 46, 43)
NAME_COLOUR = (210, 205, 198)
LAST_MOVE_SHARE, HEAT_SHARE = 0.6, 0.85  # how strongly a square is tinted at most


@functools.cache
def piece_image(name: str, pixels: int) -> Image.Image:
    """The picture of a piece, such as ``white_queen``, with transparent background."""
    with Image.open(PIECE_IMAGES / f"{name}.png") as image:
        return image.convert("RGBA").resize((pixels, pixels), Image.Resampling.LANCZOS)


def real_pieces(position: np.ndarray) -> dict[int, str]:
    """Which piece stands on each occupied square, seen from the solver: square to image name."""
    own, theirs = ("black", "white") if position[BLACK] else ("white", "black")
    pieces = {}
    for square in range(64):
        code = int(position[square])
        if code:
            colour = own if code <= KING else theirs
            pieces[square] = f"{colour}_{PIECE_NAMES[(code - 1) % THEIRS]}"
    return pieces


def square_names(is_black: bool) -> tuple[str, str]:
    """The names of the files from left to right and of the ranks from below, for the solver."""
    return ("hgfedcba", "87654321") if is_black else ("abcdefgh", "12345678")


def shown_file(file: int, is_black: bool) -> int:
    """Where a file is shown, from the left.

    Positions are mirrored by their ranks alone when Black solves, but players turn the board.
    """
    return 7 - file if is_black else file


def squares_of_move(move: int | None) -> tuple[int, ...]:
    """The two squares of a move code; none if there is no move."""
    return () if move is None else (move & 63, move >> 6 & 63)


def blend(colour: tuple[int, ...], over: tuple[int, ...], share: float) -> tuple[int, ...]:
    """A colour laid over another one with a share from 0 to 1."""
    return tuple(round(a * share + b * (1 - share)) for a, b in zip(colour, over, strict=True))


def render(
    position: np.ndarray,
    last_move: int | None = None,
    marked: np.ndarray | None = None,
    right: np.ndarray | None = None,
    heat: np.ndarray | None = None,
    pixels: int = SQUARE_PIXELS,
) -> np.ndarray:
    """A picture of a position with the solver's side below.

    Args:
        position: ``(POSITION_BYTES,)`` uint8, seen from the solver's side.
        last_move: A move code whose two squares are tinted, seen from the solver's side.
        marked: ``(8, 8)`` of 0 and 1, squares to frame: in blue where they are in ``right``, in
            orange where not. The first row is the solver's first rank.
        right: ``(8, 8)`` of 0 and 1, the squares that are right.
        heat: ``(8, 8)`` from 0 to 1, how strongly to tint each square in red.
        pixels: Per side of a square.

    Returns:
        ``(height, width, 3)`` uint8.
    """
    side = 8 * pixels + 2 * MARGIN
    image = Image.new("RGB", (side, side), MARGIN_COLOUR)
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(14)
    is_black = bool(position[BLACK])
    files, ranks = square_names(is_black)
    pieces = real_pieces(position)
    last_squares = squares_of_move(last_move)
    for square in range(64):
        rank, file = divmod(square, 8)
        left = MARGIN + shown_file(file, is_black) * pixels
        top = MARGIN + (7 - rank) * pixels
        # a1 is dark; mirrored by ranks, the first square is a8, which is light.
        is_dark = (rank + file) % 2 == is_black
        colour: tuple[int, ...] = DARK_SQUARE if is_dark else LIGHT_SQUARE
        if square in last_squares:
            colour = blend(LAST_MOVE_COLOUR, colour, LAST_MOVE_SHARE)
        if heat is not None:
            share = HEAT_SHARE * float(np.clip(heat[rank, file], 0, 1))
            colour = blend(HEAT_COLOUR, colour, share)
        box = [left, top, left + pixels - 1, top + pixels - 1]
        pen.rectangle(box, colour)
        if square in pieces:
            piece = piece_image(pieces[square], pixels)
            image.paste(piece, (left, top), piece)
        if marked is not None and marked[rank, file]:
            is_right = right is None or right[rank, file]
            pen.rectangle(box, None, RIGHT_COLOUR if is_right else WRONG_COLOUR, width=4)
    for index in range(8):
        middle = MARGIN + index * pixels + pixels // 2
        below = 8 * pixels + MARGIN + MARGIN // 2
        pen.text((middle, below), files[index], NAME_COLOUR, font, anchor="mm")
        pen.text((MARGIN // 2, side - middle), ranks[index], NAME_COLOUR, font, anchor="mm")
    return np.asarray(image)


def write_text(
    position: np.ndarray,
    last_move: int | None = None,
    marked: np.ndarray | None = None,
    right: np.ndarray | None = None,
) -> str:
    """A position as text, with the solver's side below; the last move's squares in brackets.

    Capital letters are White's pieces, as in FEN. Below are named the squares that are ``marked``,
    and which of them are not ``right``; arguments as of ``render``.
    """
    is_black = bool(position[BLACK])
    files, ranks = square_names(is_black)
    pieces = real_pieces(position)
    last_squares = squares_of_move(last_move)
    lines = []
    for rank in range(7, -1, -1):
        line = f"{ranks[rank]} "
        for column in range(8):
            square = 8 * rank + shown_file(column, is_black)
            letter = "."
            if square in pieces:
                colour, name = pieces[square].split("_")
                letter = PIECE_LETTERS[name]
                letter = letter.upper() if colour == "white" else letter
            line += f"[{letter}]" if square in last_squares else f" {letter} "
        lines.append(line.rstrip())
    lines.append("   " + "  ".join(files))
    if marked is not None:
        wrong = (marked != 0) & (right == 0) if right is not None else np.zeros((8, 8), np.bool_)
        names = ["abcdefgh"[file] + ranks[rank] for rank, file in np.argwhere(marked)]
        bad = ["abcdefgh"[file] + ranks[rank] for rank, file in np.argwhere(wrong)]
        lines.append(f"marked: {' '.join(names)}" + (f"; wrong: {' '.join(bad)}" if bad else ""))
    return "\n".join(lines)
