"""Pictures of chess positions: with images of the pieces, or as text."""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from thinkenv.chess_puzzles.arrows import Arrow, draw_arrows
from thinkenv.chess_puzzles.notation import PIECE_LETTERS
from thinkenv.chess_puzzles.packing import CASTLING_PLANE
from thinkenv.chess_puzzles.rules import BLACK, NO_MOVE, POSITION_BYTES
from thinkenv.drawing import RIGHT_COLOUR, WRONG_COLOUR

PIECE_IMAGES = Path(__file__).parents[1] / "assets" / "pieces"
PIECE_NAMES = {"p": "pawn", "n": "knight", "b": "bishop", "r": "rook", "q": "queen", "k": "king"}

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
def piece_image(letter: str, pixels: int) -> Image.Image:
    """The picture of a piece, by its letter in a FEN, with transparent background."""
    colour = "white" if letter.isupper() else "black"
    with Image.open(PIECE_IMAGES / f"{colour}_{PIECE_NAMES[letter.lower()]}.png") as image:
        return image.convert("RGBA").resize((pixels, pixels), Image.Resampling.LANCZOS)


def as_shown(squares: np.ndarray, is_black: bool) -> np.ndarray:
    """Something of each square as the solver sees it, from the upper left.

    Positions are mirrored by their ranks alone when Black solves, but players turn the board.

    Args:
        squares: ``(8, 8)`` or ``(64,)``, rank by rank, the solver's first rank first.
        is_black: Whether Black solves.

    Returns:
        ``(8, 8)``, the solver's last rank first.
    """
    return np.flip(squares.reshape(8, 8), (0, 1) if is_black else 0)


def letters_of(position: np.ndarray) -> np.ndarray:
    """The letters of the pieces as in FEN, and ``.`` where none is, as the solver sees them."""
    letters = PIECE_LETTERS.tobytes().decode()
    is_black = bool(position[BLACK])
    by_code = np.array(list(letters.swapcase() if is_black else letters))
    return as_shown(by_code[position[:64]], is_black)


def square_names(is_black: bool) -> tuple[str, str]:
    """The names of the files from left to right and of the ranks from below, for the solver."""
    return ("hgfedcba", "87654321") if is_black else ("abcdefgh", "12345678")


def squares_of_move(move: int | None, is_black: bool) -> np.ndarray:
    """Which squares a move goes from and to, bool, as the solver sees them."""
    squares = np.zeros(64, np.bool_)
    if move is not None and move != NO_MOVE:
        squares[[move & 63, move >> 6 & 63]] = True
    return as_shown(squares, is_black)


def blend(colour: tuple[int, ...], over: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """A colour laid over those of squares ``(8, 8, 3)`` with shares ``(8, 8)`` from 0 to 1."""
    shares = shares[..., None]
    return np.rint(shares * colour + (1 - shares) * over)


def render(
    position: np.ndarray,
    last_move: int | None = None,
    marked: np.ndarray | None = None,
    right: np.ndarray | None = None,
    heat: np.ndarray | None = None,
    arrows: Sequence[Arrow] = (),
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
        arrows: Moves to draw over the pieces.
        pixels: Per side of a square.

    Returns:
        ``(height, width, 3)`` uint8.
    """
    is_black = bool(position[BLACK])
    # The square at the upper left is light for both players.
    is_dark = np.indices((8, 8)).sum(axis=0)[..., None] % 2
    colours = np.where(is_dark, DARK_SQUARE, LIGHT_SQUARE)  # (8, 8, 3)
    tinted = LAST_MOVE_SHARE * squares_of_move(last_move, is_black)
    colours = blend(LAST_MOVE_COLOUR, colours, tinted)
    if heat is not None:
        colours = blend(HEAT_COLOUR, colours, HEAT_SHARE * np.clip(as_shown(heat, is_black), 0, 1))
    board = Image.fromarray(colours.astype(np.uint8))
    board = board.resize((8 * pixels, 8 * pixels), Image.Resampling.NEAREST)
    image = ImageOps.expand(board, MARGIN, MARGIN_COLOUR)
    pen = ImageDraw.Draw(image)
    for (row, column), letter in np.ndenumerate(letters_of(position)):
        if letter != ".":
            piece = piece_image(letter, pixels)
            image.paste(piece, (MARGIN + column * pixels, MARGIN + row * pixels), piece)
    if marked is not None:
        is_right = as_shown(np.ones((8, 8)) if right is None else right, is_black)
        for row, column in np.argwhere(as_shown(marked, is_black)):
            left, top = MARGIN + column * pixels, MARGIN + row * pixels
            frame = RIGHT_COLOUR if is_right[row, column] else WRONG_COLOUR
            pen.rectangle([left, top, left + pixels - 1, top + pixels - 1], None, frame, width=4)
    draw_arrows(image, arrows, is_black, pixels, MARGIN)
    font = ImageFont.load_default(14)
    files, ranks = square_names(is_black)
    for index in range(8):
        middle = MARGIN + index * pixels + pixels // 2
        pen.text((middle, image.height - MARGIN // 2), files[index], NAME_COLOUR, font, anchor="mm")
        pen.text((MARGIN // 2, image.height - middle), ranks[index], NAME_COLOUR, font, anchor="mm")
    return np.asarray(image)


def render_planes(planes: np.ndarray, marked: np.ndarray | None = None) -> np.ndarray:
    """A picture of planes, which do not tell the real colours: the solver's pieces are White's.

    Args:
        planes: ``(17, 8, 8)``; see ``thinkenv.chess_puzzles.PLANES``.
        marked: ``(8, 8)`` of 0 and 1, squares to frame.

    Returns:
        ``(height, width, 3)`` uint8.
    """
    pieces = planes[:CASTLING_PLANE] != 0  # own ones, then theirs: plane p is that of code p + 1
    position = np.zeros(POSITION_BYTES, np.uint8)
    position[:64] = (np.arange(1, len(pieces) + 1)[:, None, None] * pieces).max(axis=0).ravel()
    return render(position, marked=marked)


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
    letters = letters_of(position)
    in_brackets = np.char.add(np.char.add("[", letters), "]")
    is_last = squares_of_move(last_move, is_black)
    cells = np.where(is_last, in_brackets, np.char.center(letters, 3))
    lines = [f"{ranks[7 - row]} {''.join(cells[row])}".rstrip() for row in range(8)]
    lines.append("   " + "  ".join(files))
    if marked is not None:
        names = np.array([[file + rank for file in "abcdefgh"] for rank in ranks])
        wrong = [] if right is None else names[(marked != 0) & (right == 0)]
        judged = f"; wrong: {' '.join(wrong)}" if len(wrong) else ""
        lines.append(f"marked: {' '.join(names[marked != 0])}{judged}")
    return "\n".join(lines)
