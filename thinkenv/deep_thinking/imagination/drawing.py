"""The tree of thoughts as one picture: the board at the left, and what was imagined from there."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from thinkenv.chess_puzzles import drawing
from thinkenv.chess_puzzles.arrows import MOVE_COLOUR, REPLY_COLOUR, arrows_of
from thinkenv.chess_puzzles.rules import BLACK
from thinkenv.deep_thinking.imagination.telling import name_of, words_of
from thinkenv.deep_thinking.imagination.trees import Trees
from thinkenv.deep_thinking.kernels.trees import NOT_IMAGINED
from thinkenv.drawing import INK, colour_values

MOST_NODES = 40
LEAST_VISITS = 2

BACKGROUND = (255, 255, 255)
FAINT_INK = (110, 116, 128)

# All is drawn twice as large as these pixels say, for sharp text on sharp screens.
SCALE = 2
MARGIN = 16
HEADER, FOOTER = 48, 46
ROW = 42  # from one leaf to the next
SQUARE = 30  # of the board
LEAST_RADIUS, MOST_RADIUS = 11, 18
SPACE = 14  # between a node, the trunk of what follows, and its moves
LINE, STRONG_LINE = 1.5, 4.0
DASH, GAP = 7, 5
SWATCH = 66  # wide, in the footer
LEGEND = (
    "its own move",
    "a reply that it imagines",
    "what is played",
    "how likely it is to be right, as it judges, in %",
    "how often it was looked into",
)
TITLE_FONT, NAME_FONT, SMALL_FONT = 16, 14, 11

Font = ImageFont.FreeTypeFont


@dataclass
class Branch:
    """A move of the tree, and what follows.

    Attributes:
        name: In short notation; and of a certain mate, in how many moves.
        visits: How many of the imagined positions lie behind it.
        value: The mean of their values.
        is_reply: Whether it is the opponent's.
        is_played: Whether it is part of the line that is played, or expected after it.
        branches: The moves that follow, those looked into most first.
        x: Of the middle of its node, in pixels.
        y: The same.
    """

    name: str
    visits: int
    value: float
    is_reply: bool
    is_played: bool
    branches: list["Branch"] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0

    @property
    def counted(self) -> str:
        """How often it was looked into, in a word."""
        return f"{self.visits:,} x"

    def levels(self, depth: int = 0) -> Iterator[tuple[int, "Branch"]]:
        """This branch and all behind it, each with its depth."""
        yield depth, self
        for branch in self.branches:
            yield from branch.levels(depth + 1)


def branches_of(trees: Trees, tree: int, least: int, is_black: bool) -> list[Branch]:
    """The moves of one tree that were looked into so often, and the line that is played.

    Args:
        trees: The trees.
        tree: Which of them.
        least: How often, at least.
        is_black: Whether the thinker is Black.
    """
    mates = trees.mates(tree)

    def grow(node: int, is_played: bool) -> list[Branch]:
        found = []
        visits = trees.visits[tree, node]
        is_reply = bool(trees.is_their_turn[tree, node])
        preferred = trees.scores(np.array([tree]))[0] if node == 0 else visits
        for candidate in np.argsort(-preferred, kind="stable").tolist():
            is_next = is_played and candidate == preferred.argmax() and visits[candidate] > 0
            if visits[candidate] < least and not is_next:
                continue
            child = int(trees.children[tree, node, candidate])
            name = name_of(trees, tree, node, candidate, is_black)
            value = float(trees.totals[tree, node, candidate] / visits[candidate])
            mate = int(mates[child])
            if mate != 0 and not name.endswith("#"):
                name += f" {'then ' if is_reply else ''}{words_of(value, mate)}"
            branch = Branch(name, int(visits[candidate]), value, is_reply, is_next)
            if child != NOT_IMAGINED:
                branch.branches = grow(child, is_next)
            found.append(branch)
        return found

    return grow(0, is_played=True)


def count_of(branches: list[Branch]) -> int:
    """How many moves there are, with all that follow."""
    return sum(1 + count_of(branch.branches) for branch in branches)


def least_visits(trees: Trees, tree: int, most: int) -> int:
    """How often moves must have been looked into so that not more than ``most`` are shown.

    The line that is played is shown however long it is.
    """
    least = LEAST_VISITS
    while count_of(branches_of(trees, tree, least, is_black=False)) > most:
        if least > trees.imagined[tree]:
            break
        least += 1
    return least


def draw_tree(trees: Trees, tree: int, position: np.ndarray, most: int = MOST_NODES) -> Image.Image:
    """A picture of one tree.

    Args:
        trees: The trees.
        tree: Which of them.
        position: The position thought about, ``(POSITION_BYTES,)``, in real colours.
        most: The maximum of moves shown: those that were looked into most.
    """
    least = least_visits(trees, tree, most)
    branches = branches_of(trees, tree, least, bool(position[BLACK]))
    line = trees.line(tree)
    arrows = arrows_of(trees.preferences()[tree], line)
    board = Image.fromarray(drawing.render(position, arrows=arrows, pixels=SQUARE * SCALE))
    canvas = Canvas(branches, board)
    imagined = int(trees.imagined[tree])
    title = f"{imagined:,} imagined position{'s' * (imagined != 1)}"
    canvas.draw(
        title,
        f"shown are moves that were looked into at least {least} times, "
        "and the line that is played",
    )
    return canvas.image


class Canvas:
    """Where a tree is drawn.

    Args:
        branches: The moves from the position thought about, which get their places.
        board: A picture of that position.
    """

    def __init__(self, branches: list[Branch], board: Image.Image):
        self.branches = branches
        self.board = board
        self.fonts = {
            size: ImageFont.load_default(size * SCALE)
            for size in (TITLE_FONT, NAME_FONT, SMALL_FONT)
        }
        self.most_visits = max([branch.visits for branch in branches], default=1)
        rows = self._set_rows(branches, 0)
        tall = max(rows * ROW, board.height / SCALE)
        extra = (tall - rows * ROW) / 2  # where the board is taller than the tree
        self.height = HEADER + tall + FOOTER
        widest: dict[int, float] = {}
        for depth, branch in self._all():
            branch.y = HEADER + extra + (branch.y + 0.5) * ROW
            widest[depth] = max(widest.get(depth, 0.0), self.width_of(branch.name))
        self.begins = [MARGIN + board.width / SCALE + SPACE]  # of each level: its trunk
        for depth in range(len(widest)):
            width = widest[depth] + 2 * MOST_RADIUS + 3 * SPACE
            self.begins.append(self.begins[-1] + width)
        for depth, branch in self._all():
            branch.x = self.begins[depth + 1] - SPACE - MOST_RADIUS
        footer = sum(SWATCH + self._width_of_words(words) for words in LEGEND)
        self.width = max(self.begins[-1], MARGIN + footer) + MARGIN
        size = round(self.width * SCALE), round(self.height * SCALE)
        self.image = Image.new("RGB", size, BACKGROUND)
        self.pen = ImageDraw.Draw(self.image)

    def _all(self) -> Iterator[tuple[int, Branch]]:
        for branch in self.branches:
            yield from branch.levels()

    def _set_rows(self, branches: list[Branch], row: int) -> int:
        """Give all leaves a row, and the other moves a place between them; the next free row."""
        for branch in branches:
            begin = row
            row = self._set_rows(branch.branches, row) if branch.branches else row + 1
            branch.y = (begin + row - 1) / 2
            if branch.branches:
                branch.y = (branch.branches[0].y + branch.branches[-1].y) / 2
        return row

    def width_of(self, name: str) -> float:
        """Of the name of a move."""
        return self.fonts[NAME_FONT].getlength(name) / SCALE + 1

    def _text(
        self, place: tuple[float, float], text: str, size: int, anchor: str, ink: tuple = INK
    ) -> None:
        self.pen.text((place[0] * SCALE, place[1] * SCALE), text, ink, self.fonts[size], anchor)

    def _line(self, ends: tuple[float, float, float, float], width: float, branch: Branch) -> None:
        """A horizontal or vertical line, dashed where it belongs to a reply."""
        colour = REPLY_COLOUR if branch.is_reply else MOVE_COLOUR
        left, top, right, bottom = ends
        if left > right or top > bottom:
            left, top, right, bottom = right, bottom, left, top
        length = (right - left) + (bottom - top)
        pieces = [(0.0, length)]
        if branch.is_reply:
            begins = np.arange(0.0, length, DASH + GAP)
            pieces = [(begin, min(begin + DASH, length)) for begin in begins]
        is_level = right > left
        for begin, end in pieces:
            box = (begin, -width / 2, end, width / 2)
            if not is_level:
                box = (-width / 2, begin, width / 2, end)
            corners = [
                (corner + origin) * SCALE
                for corner, origin in zip(box, (left, top, left, top), strict=True)
            ]
            self.pen.rectangle(corners, colour)

    def draw(self, title: str, remark: str) -> None:
        """Draw it all."""
        self._text((MARGIN, MARGIN), title, TITLE_FONT, "lt")
        indent = self.fonts[TITLE_FONT].getlength(title) / SCALE + 2 * MARGIN
        self._text((MARGIN + indent, MARGIN + 2), remark, SMALL_FONT, "lt", FAINT_INK)
        root = HEADER + (self.height - HEADER - FOOTER) / 2
        if self.branches:
            root = (self.branches[0].y + self.branches[-1].y) / 2
        half = self.board.height / SCALE / 2
        root = min(max(root, HEADER + half), self.height - FOOTER - half)
        corner = MARGIN * SCALE, round((root - half) * SCALE)
        self.image.paste(self.board, corner)
        right = MARGIN + self.board.width / SCALE
        self._draw_branches(self.branches, 0, (right, root))
        self._draw_footer()

    def _draw_branches(
        self, branches: list[Branch], depth: int, begin: tuple[float, float]
    ) -> None:
        """Draw moves from a node whose right end is at a place, those that are played last."""
        trunk = self.begins[depth]
        for branch in sorted(branches, key=lambda branch: branch.is_played):
            width = STRONG_LINE if branch.is_played else LINE
            self._line((begin[0], begin[1], trunk, begin[1]), width, branch)
            self._line((trunk, begin[1], trunk, branch.y), width, branch)
            self._line((trunk, branch.y, branch.x, branch.y), width, branch)
        for branch in branches:
            ink = INK if branch.is_played else FAINT_INK
            left = trunk + SPACE / 2
            self._text((left, branch.y - 6), branch.name, NAME_FONT, "ls", ink)
            if branch.is_played:  # bold
                self._text((left + 0.5, branch.y - 6), branch.name, NAME_FONT, "ls", ink)
            self._text((left, branch.y + 5), branch.counted, SMALL_FONT, "lt", FAINT_INK)
            radius = self.radius(branch.visits)
            self._draw_branches(branch.branches, depth + 1, (branch.x + radius, branch.y))
            self._draw_node(branch.x, branch.y, radius, branch.value, branch.is_played)

    def radius(self, visits: int) -> float:
        """Of a node that was looked into so often."""
        share = (visits / self.most_visits) ** 0.5
        return LEAST_RADIUS + share * (MOST_RADIUS - LEAST_RADIUS)

    def _draw_node(self, x: float, y: float, radius: float, value: float, is_played: bool) -> None:
        colour = tuple(colour_values(np.array(value)).tolist())
        box = [
            (x - radius) * SCALE,
            (y - radius) * SCALE,
            (x + radius) * SCALE,
            (y + radius) * SCALE,
        ]
        self.pen.ellipse(box, colour, INK, width=SCALE * (2 if is_played else 1))
        ink = (255, 255, 255) if np.dot(colour, (0.3, 0.59, 0.11)) < 130 else INK
        self._text((x, y), f"{100 * value:.0f}", SMALL_FONT, "mm", ink)

    def _draw_footer(self) -> None:
        """What lines, circles and numbers mean."""
        middle = self.height - FOOTER / 2
        x = float(MARGIN)
        for words, is_reply, width in zip(
            LEGEND, (False, True, False), (LINE + 1, LINE + 1, STRONG_LINE), strict=False
        ):
            branch = Branch("", 0, 0.0, is_reply, False)
            self._line((x, middle, x + SWATCH, middle), width, branch)
            x = self._words(x + SWATCH, middle, words)
        for place, value in enumerate((0.0, 0.5, 1.0)):
            radius = SWATCH / 6
            self._draw_node(x + (2 * place + 1) * radius, middle, radius, value, False)
        x = self._words(x + SWATCH, middle, LEGEND[3])
        self._text((x + SWATCH / 2, middle), "12 x", SMALL_FONT, "mm", FAINT_INK)
        self._words(x + SWATCH, middle, LEGEND[4])

    def _words(self, x: float, middle: float, words: str) -> float:
        """Write words of the footer behind what they explain; where the next thing begins."""
        self._text((x + SPACE / 2, middle), words, SMALL_FONT, "lm", FAINT_INK)
        return x + self._width_of_words(words)

    def _width_of_words(self, words: str) -> float:
        return self.fonts[SMALL_FONT].getlength(words) / SCALE + 2 * SPACE
