"""Watch an agent imagine: the board, and beside it the moves looked into, as its decision turns."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from thinkenv.checks import check_integer
from thinkenv.chess_puzzles import ChessPuzzleTask, PositionTask
from thinkenv.chess_puzzles.moves import ACTION_OF_CODE, MOVE_CODES
from thinkenv.chess_puzzles.notation import uci_of_move
from thinkenv.chess_puzzles.packing import positions_of_planes
from thinkenv.chess_puzzles.rules import BLACK
from thinkenv.deep_thinking.agent import MOST_IMAGINED, Agent
from thinkenv.deep_thinking.codecs.moves import MoveCodec
from thinkenv.deep_thinking.imagination.drawing import draw_tree
from thinkenv.deep_thinking.imagination.going_on import room_at_first
from thinkenv.deep_thinking.imagination.lines import Line, lines_of
from thinkenv.deep_thinking.imagination.manner import imagining
from thinkenv.deep_thinking.imagination.panel import Row, draw_panel
from thinkenv.deep_thinking.imagination.telling import names_of, words_of
from thinkenv.deep_thinking.imagination.trees import Trees
from thinkenv.deep_thinking.watching import (
    BACKGROUND,
    LAST_FRAME_TIME,
    Watched,
    caption_of,
    frame_points,
    judged,
    with_caption,
)
from thinkenv.drawing import RIGHT_COLOUR, WRONG_COLOUR

# How long each frame is shown, in milliseconds: while it iterates, and while it imagines.
ITERATION_TIME, IMAGINING_TIME = 250, 800
# Numbers of imagined positions that are shown: so many until the number has doubled.
POINTS_OF_DOUBLING = 2

ChessTask = ChessPuzzleTask | PositionTask


@dataclass
class WatchedImagination(Watched):
    """A thought about one position, first iterated and then imagined, in pictures.

    Attributes:
        trees: The tree that grew.
        position: The position thought about, ``(POSITION_BYTES,)``, in real colours.
        moments: What was thought at each time.
        iterating: How many of the frames show iterations.
    """

    trees: Trees = field(kw_only=True)
    position: np.ndarray = field(kw_only=True)
    moments: list["Moment"] = field(kw_only=True)
    iterating: int = field(kw_only=True)

    def durations(self) -> list[int]:
        """How long each frame of the animation is shown, in milliseconds."""
        imagining = len(self.frames) - self.iterating - 1
        return (
            [ITERATION_TIME] * (self.iterating - 1)
            + [IMAGINING_TIME] * (imagining + 1)  # one more for the first thought
            + [LAST_FRAME_TIME]
        )

    def tree(self) -> bytes:
        """The tree that grew, as a PNG."""
        buffer = io.BytesIO()
        draw_tree(self.trees, 0, self.position).save(buffer, format="PNG", optimize=True)
        return buffer.getvalue()


@dataclass(frozen=True)
class Moment:
    """What is thought at one time.

    Attributes:
        caption: When that is.
        preferences: ``(len(MOVES),)``, of the actions, from 0 to 1.
        line: The actions expected, each seen from who moves.
        lines: What is known of the moves that were looked into; None before any was.
    """

    caption: str
    preferences: np.ndarray
    line: list[int]
    lines: list[Line] | None = None


def watch_imagination(
    agent: Agent[Any],
    task: ChessTask,
    batch: Any,
    imagine: int,
    iterations: int | None = None,
    frames: int = 60,
) -> WatchedImagination:
    """Let an agent think about one position and then imagine others, and render it on the way.

    Args:
        agent: The agent.
        task: The task of the problem.
        batch: One problem of it.
        imagine: How many positions to imagine.
        iterations: How long to think before; by default as long as in training.
        frames: The maximum of pictures of iterations, and of imagined positions.

    Raises:
        ValueError: If the agent's net cannot imagine, or ``imagine`` is out of range.
        TypeError: If ``imagine`` is no integer.
    """
    net, codec = imagining(agent.net), agent.codec
    check_integer("imagine", imagine, 1, MOST_IMAGINED)
    assert isinstance(codec, MoveCodec)
    if iterations is None:
        iterations = agent.training_iterations
    position = task.position(batch)
    moments: list[Moment] = []
    notes: list[dict] = []

    def note(moment: Moment, **when: int) -> None:
        """Keep a moment, and whether what is preferred then is right."""
        preferred = torch.from_numpy(moment.preferences)[None]
        answers = codec.answers(preferred).numpy()
        move = int(MOVE_CODES[moment.preferences.argmax()])
        known = {"move": uci_of_move(move, bool(position[BLACK]))} if answers.any() else {}
        moments.append(moment)
        notes.append({**when, **known, **judged(task, batch, answers)})

    rollout = agent.start(batch.problems)
    for point in frame_points(iterations, frames):
        if point > rollout.iterations:
            rollout.advance(point - rollout.iterations)
        caption = caption_of(point, agent.training_iterations)
        note(Moment(caption, rollout.pictured()[0], []), iterations=point, imagined=0)
    iterating = len(moments)
    room = room_at_first(imagine)
    trees = Trees(net, positions_of_planes(batch.problems), rollout.memory, room)
    points = imagined_points(imagine, frames) if trees.counts[0, 0] else []  # there are moves
    for point in tqdm(points, "imagining", leave=False, disable=None):
        with agent.acceleration.mixed(agent.device):
            while trees.imagined[0] < point:
                trees.imagine()
        caption = f"{point:,} imagined position{'s' * (point != 1)}"
        moment = Moment(caption, trees.preferences()[0], trees.line(0), lines_of(trees, 0))
        note(moment, iterations=iterations, imagined=point)
    shown = Shown(task, batch, position, trees.actions[0, 0, : trees.counts[0, 0]].tolist())
    outcome = outcome_of(notes)
    split = task.options.get("split")
    number = f", instance {batch.instances[0]}{f' of {split}' if split else ''}"
    return WatchedImagination(
        [shown.frame(moment) for moment in moments] + [shown.last_frame(moments[-1], outcome)],
        notes,
        f"{task.describe(batch)}{'' if task.count == 1 else number}: {outcome}{remark_on(notes)}",
        iterations,
        panels=2,
        trees=trees,
        position=position,
        moments=moments,
        iterating=iterating,
    )


@dataclass(frozen=True)
class Shown:
    """What moments of a thought about one position are drawn with.

    Attributes:
        task: The task of the problem.
        batch: The problem.
        position: Its position, in real colours.
        candidates: The actions that the panel is about, from above.
    """

    task: ChessTask
    batch: Any
    position: np.ndarray
    candidates: list[int]

    def frame(self, moment: Moment) -> Image.Image:
        """The board with arrows, and the panel beside it."""
        board = self.task.picture(self.batch, probabilities=moment.preferences, line=moment.line)
        return self._beside(board, moment, moment.caption, {})

    def last_frame(self, moment: Moment, outcome: str) -> Image.Image:
        """The same with the answer judged, where it can be, on the board and in the panel."""
        answers = MoveCodec.answers(torch.from_numpy(moment.preferences)[None]).numpy()
        board = self.task.picture(self.batch, answers[0], moment.preferences, moment.line)
        frames = {}
        verdict = judged(self.task, self.batch, answers)
        if verdict:
            colour = RIGHT_COLOUR if verdict["solved"] else WRONG_COLOUR
            frames[int(moment.preferences.argmax())] = colour
        if verdict and not verdict["solved"]:
            right = int(ACTION_OF_CODE[self.batch.first_moves[0]])
            frames[right] = RIGHT_COLOUR
            outcome += f"; right is {names_of(self.position, [right])[0]}"
        return self._beside(board, moment, outcome, frames)

    def _beside(
        self,
        board: np.ndarray,
        moment: Moment,
        caption: str,
        frames: dict[int, tuple[int, int, int]],
    ) -> Image.Image:
        left = with_caption(board, caption)
        headings = ("how probable it is", "")
        if moment.lines is not None:
            headings = ("how often it was looked into", "likely right")
        expected = names_of(self.position, moment.line)
        right = draw_panel(self.rows(moment, frames), headings, expected, left.height)
        whole = Image.new("RGB", (left.width + right.width, left.height), BACKGROUND)
        whole.paste(left, (0, 0))
        whole.paste(right, (left.width, 0))
        return whole

    def rows(self, moment: Moment, frames: dict[int, tuple[int, int, int]]) -> list[Row]:
        """The rows of the panel, of the same moves in all frames."""
        names = [names_of(self.position, [action])[0] for action in self.candidates]
        first = int(moment.preferences.argmax())
        rows = []
        for action, name in zip(self.candidates, names, strict=True):
            share = float(moment.preferences[action])
            row = Row(name, share, f"{100 * share:.0f} %", is_first=action == first)
            if moment.lines is not None:
                row = Row(name, 0.0, "0", is_first=action == first, frame=frames.get(action))
                for line in (line for line in moment.lines if line.actions[0] == action):
                    share = line.visits / sum(each.visits for each in moment.lines)
                    told = (f"{line.visits:,}", line.value, words_of(line.value, line.mate))
                    row = Row(name, share, *told, row.is_first, row.frame)
            rows.append(row)
        return rows


def imagined_points(imagine: int, frames: int) -> list[int]:
    """Numbers of imagined positions to show: every one at first, then ever further apart."""
    number = min(frames, round(POINTS_OF_DOUBLING * np.log2(imagine)) + 1)
    points = np.geomspace(1, imagine, max(2, number))
    return sorted({int(round(point)) for point in points})


def outcome_of(notes: Sequence[dict]) -> str:
    """How it ended, in a few words."""
    verdict = {True: "solved after", False: "not solved after", None: "thought about for"}
    last = notes[-1]
    said = verdict[last.get("solved")]
    return f"{said} {last['iterations']:,} iterations and {last['imagined']:,} imagined positions"


def remark_on(notes: Sequence[dict]) -> str:
    """Since when the move preferred last was preferred, to be put behind the outcome."""
    if "solved" not in notes[-1]:
        return "; no solution is known"
    is_right = notes[-1]["solved"]
    others = [index for index, each in enumerate(notes) if each["solved"] != is_right]
    begin = "the beginning"
    if others:
        since = notes[others[-1] + 1]
        number = since["imagined"]
        begin = f"iteration {since['iterations']:,} on"
        if number:
            begin = f"{number:,} imagined position{'s' * (number != 1)} on"
    return f" ({'right' if is_right else 'wrong'} from {begin})"
