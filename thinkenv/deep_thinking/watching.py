"""Watch an agent think: pictures of one problem, its answer taking shape over the iterations.

Where an agent counts, its counts are shown beside the answer. Counts are boards ``(B, K, H, W)``
among the tensors of its memory that its net calls ``unbounded``.
"""

import html
import io
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from thinkenv import notebooks
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.rollout import memories
from thinkenv.deep_thinking.rollout.memories import Memory, SomeMemory
from thinkenv.drawing import INK, colour_numbers
from thinkenv.tasks.base import AnyTask, InstanceBatch

CAPTION_HEIGHT = 30  # pixels
MARGIN = 6  # pixels
BACKGROUND = (255, 255, 255)
SCALE_HEIGHT = 10  # pixels
MAX_MAPS = 3  # shown beside an answer
PALETTE_PICTURES = 12  # from which the colours of an animation are chosen
FRAME_TIME, LAST_FRAME_TIME = 90, 3000  # milliseconds

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass
class Watched:
    """A thought about one problem, in pictures.

    Attributes:
        frames: A picture for each number of iterations, and the final answer, judged.
        notes: For each number of iterations whether the answer was right, and the share of cells,
            where the solution is known.
        summary: The problem and the outcome in a sentence.
        iterations: How long was thought.
        panels: How many pictures stand side by side in a frame: the answer, and counts.
    """

    frames: list[Image.Image] = field(default_factory=list)
    notes: list[dict] = field(default_factory=list)
    summary: str = ""
    iterations: int = 0
    panels: int = 1

    def __repr__(self) -> str:
        return f"Watched({self.summary})"

    def _repr_html_(self) -> str:
        """What a notebook shows: the animation."""
        return f"<div>{html.escape(self.summary)}</div>{notebooks.image_tag(self.gif(), 'gif')}"

    def durations(self) -> list[int]:
        """How long each frame of the animation is shown, in milliseconds."""
        return [FRAME_TIME] * (len(self.frames) - 1) + [LAST_FRAME_TIME]

    def gif(self) -> bytes:
        """An endless animation that rests on its last frame."""
        # One palette for all frames, so that colours do not flicker.
        palette = pasted(chosen_of(self.frames, PALETTE_PICTURES), 1).quantize(colors=255)
        small = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames]
        buffer = io.BytesIO()
        small[0].save(
            buffer,
            format="GIF",
            save_all=True,
            append_images=small[1:],
            duration=self.durations(),
            loop=0,
            optimize=True,
        )
        return buffer.getvalue()

    def strip(self, pictures: int = 6) -> bytes:
        """Some of the frames, evenly chosen, as a PNG: in two rows, or wide ones in two columns."""
        chosen = chosen_of(self.frames, pictures)
        strip = pasted(chosen, (len(chosen) + 1) // 2 if self.panels == 1 else 2)
        buffer = io.BytesIO()
        strip.save(buffer, format="PNG", optimize=True)
        return buffer.getvalue()


def watch(
    agent: Agent[SomeMemory],
    task: AnyTask,
    batch: InstanceBatch,
    iterations: int | None = None,
    frames: int = 60,
) -> Watched:
    """Let an agent think about one problem, and render what it believes on the way.

    Args:
        agent: The agent.
        task: The task of the problem.
        batch: One problem of it.
        iterations: How long to think; by default until the memory has converged.
        frames: The maximum of pictures, and one of the final answer.
    """
    if iterations is None:
        iterations = int(agent.think(batch.problems, "converged").iterations[0])
    watched = Watched(iterations=iterations)
    rollout = agent.start(batch.problems)
    first = counts_of(agent, rollout.memory)
    looks = []
    for point in tqdm(frame_points(iterations, frames), "thinking", leave=False, disable=None):
        if point > rollout.iterations:
            rollout.advance(point - rollout.iterations)
        picture = task.picture(batch, probabilities=rollout.pictured()[0])
        counts = counts_of(agent, rollout.memory)
        counts = [now.changed_from(then) for now, then in zip(counts, first, strict=True)]
        looks.append(Look(picture, caption_of(point, agent.training_iterations), counts))
        watched.notes.append({"iterations": point, **judged(task, batch, rollout.answers())})
    outcome = outcome_of(watched.notes, iterations)
    looks.append(Look(task.picture(batch, answer=rollout.answers()[0]), outcome, counts))
    watched.frames = frames_of(task, batch, looks)
    watched.panels = 1 + len(first)
    split = task.options.get("split")
    number = f", instance {batch.instances[0]}{f' of {split}' if split else ''}"
    watched.summary = (
        f"{task.describe(batch)}{'' if task.count == 1 else number}: "
        f"{outcome}{remark_on(task, batch, rollout.answers(), watched.notes)}"
    )
    return watched


@dataclass(frozen=True)
class Counts:
    """What an agent has counted of one problem.

    Attributes:
        name: What it calls that.
        numbers: ``(H, W)`` floats; NaN where there is none yet.
    """

    name: str
    numbers: np.ndarray

    def changed_from(self, first: "Counts") -> "Counts":
        """Without the numbers that are still what they were in a first memory."""
        return Counts(self.name, np.where(self.numbers == first.numbers, np.nan, self.numbers))

    def largest(self) -> float:
        """The largest number, or 0 where there is none."""
        return float(np.nan_to_num(self.numbers).max())


@dataclass(frozen=True)
class Look:
    """What there was to see at one time: a picture, what stands above it, and counts."""

    picture: np.ndarray
    caption: str
    counts: list[Counts]


def counts_of(agent: Agent[SomeMemory], memory: Memory) -> list[Counts]:
    """The first boards of counts in the memory ``(1, …)`` of one problem."""
    found: list[Counts] = []
    if isinstance(memory, dict):
        names = (name for name in memory if name in agent.net.unbounded)
        for name in (name for name in names if memories.is_board(memory[name])):
            boards = memory[name][0].cpu().numpy().astype(np.float64)  # (K, H, W)
            titles = [name] if len(boards) == 1 else [f"{name} {k + 1}" for k in range(len(boards))]
            found += map(Counts, titles, boards)
    return found[:MAX_MAPS]


def frames_of(task: AnyTask, batch: InstanceBatch, looks: list[Look]) -> list[Image.Image]:
    """A frame for each look at a problem: the picture, and beside it maps of the counts.

    The colours of the counts mean the same in all frames.
    """
    columns = zip(*(look.counts for look in looks), strict=True)
    largest = [max(map(Counts.largest, column)) for column in columns]
    frames = []
    for look in looks:
        panels = [with_caption(look.picture, look.caption)]
        for counts, most in zip(look.counts, largest, strict=True):
            heat_map = task.heat_map(batch, counts.numbers, most)
            panels.append(with_scale(heat_map, counts.name, most))
        frames.append(pasted(panels, len(panels)))
    return frames


def judged(task: AnyTask, batch: InstanceBatch, answers: np.ndarray) -> dict[str, bool | float]:
    """Whether the answer to a batch of one is right, and how many cells are, if that is known."""
    if not task.solutions_known:
        return {}
    solved, cells = task.judge(batch, answers)
    return {"solved": bool(solved[0]), "cells": float(cells[0])}


def outcome_of(notes: list[dict], iterations: int) -> str:
    """How it ended, in a few words."""
    verdict = {True: "solved after", False: "not solved after", None: "thought about for"}
    return f"{verdict[notes[-1].get('solved')]} {iterations:,} iterations"


def remark_on(task: AnyTask, batch: InstanceBatch, answers: np.ndarray, notes: list[dict]) -> str:
    """What else is worth saying of the last answer, to be put behind the outcome."""
    if not task.solutions_known:
        return "; no solution is known"
    shows_way = task.reachable(batch.problems, answers)
    if not notes[-1]["solved"] and shows_way is not None and not shows_way[0]:
        return "; the answer shows no way"
    first = next((note["iterations"] for note in notes if note["solved"]), None)
    return "" if first is None else f" (first seen solved at {first:,})"


def frame_points(iterations: int, frames: int) -> list[int]:
    """Numbers of iterations to show: every one at first, then ever further apart."""
    shares = np.linspace(0.0, 1.0, frames) ** 1.5
    return sorted({int(round(share * iterations)) for share in shares})


def chosen_of(frames: list[Image.Image], number: int) -> list[Image.Image]:
    """So many of the frames, evenly chosen, the first and the last among them."""
    last = len(frames) - 1
    return [frames[round(index)] for index in np.linspace(0, last, min(number, last + 1))]


def pasted(pictures: list[Image.Image], columns: int) -> Image.Image:
    """Pictures in rows of so many columns."""
    width = max(picture.width for picture in pictures)
    height = max(picture.height for picture in pictures)
    rows = -(-len(pictures) // columns)
    whole = Image.new("RGB", (columns * width, rows * height), BACKGROUND)
    for index, picture in enumerate(pictures):
        whole.paste(picture, (index % columns * width, index // columns * height))
    return whole


def with_caption(picture: np.ndarray, caption: str) -> Image.Image:
    """A picture ``(h, w, 3)`` with a line of text above it."""
    image = with_margins(picture)
    font = font_of(caption, picture.shape[1])
    write(image, MARGIN, caption, font)
    return image


def with_scale(picture: np.ndarray, name: str, largest: float) -> Image.Image:
    """A picture ``(h, w, 3)`` of numbers, with their name and the scale of their colours above."""
    image = with_margins(picture)
    width = picture.shape[1] // 4
    before, after = f"{name}: 0", f"{largest:,.0f}"
    font = font_of(before + after, picture.shape[1] - width - 2 * MARGIN)
    begin = MARGIN + write(image, MARGIN, before, font)
    scale = colour_numbers(np.linspace(0.0, 1.0, width)[None], largest=1.0)
    scale = scale.repeat(SCALE_HEIGHT, axis=0)
    image.paste(Image.fromarray(scale), (begin, (CAPTION_HEIGHT - SCALE_HEIGHT) // 2))
    write(image, begin + width + MARGIN, after, font)
    return image


def with_margins(picture: np.ndarray) -> Image.Image:
    """A picture ``(h, w, 3)`` with room for a line of text above it."""
    height, width, _ = picture.shape
    image = Image.new("RGB", (width + 2 * MARGIN, height + CAPTION_HEIGHT + MARGIN), BACKGROUND)
    image.paste(Image.fromarray(picture), (MARGIN, CAPTION_HEIGHT))
    return image


def font_of(text: str, width: int) -> Font:
    """A font in which a line of text fits into so many pixels."""
    return ImageFont.load_default(max(9, min(16, int(1.7 * width / max(1, len(text))))))


def write(image: Image.Image, left: int, text: str, font: Font) -> int:
    """Write into the line above a picture; where the text ends, in pixels from the left."""
    pen = ImageDraw.Draw(image)
    pen.text((left, CAPTION_HEIGHT // 2), text, fill=INK, font=font, anchor="lm")
    return left + round(pen.textlength(text, font))


def caption_of(iterations: int, training_iterations: int) -> str:
    """What stands above a picture."""
    if iterations == 0:
        return "before thinking"
    where = "in" if iterations <= training_iterations else "beyond"
    return f"iteration {iterations:,}, {where} the training budget of {training_iterations}"
