"""Watch an agent think: pictures of one problem, its answer taking shape over the iterations."""

import html
import io
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from thinkenv import notebooks
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.rollout.memories import SomeMemory
from thinkenv.tasks.base import AnyTask, InstanceBatch

CAPTION_HEIGHT = 30  # pixels
MARGIN = 6  # pixels
BACKGROUND = (255, 255, 255)
INK = (38, 44, 58)


@dataclass
class Watched:
    """A thought about one problem, in pictures.

    Attributes:
        frames: A picture for each number of iterations, and the final answer, judged.
        notes: For each number of iterations whether the answer was right, and the share of cells,
            where the solution is known.
        summary: The problem and the outcome in a sentence.
        iterations: How long was thought.
    """

    frames: list[Image.Image] = field(default_factory=list)
    notes: list[dict] = field(default_factory=list)
    summary: str = ""
    iterations: int = 0

    def __repr__(self) -> str:
        return f"Watched({self.summary})"

    def _repr_html_(self) -> str:
        """What a notebook shows: the animation."""
        return f"<div>{html.escape(self.summary)}</div>{notebooks.image_tag(self.gif(), 'gif')}"

    def gif(self) -> bytes:
        """An endless animation that rests on its last frame."""
        # One palette for all frames, so that colours do not flicker.
        palette = self.frames[-1].quantize(colors=255)
        small = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames]
        buffer = io.BytesIO()
        small[0].save(
            buffer,
            format="GIF",
            save_all=True,
            append_images=small[1:],
            duration=[90] * (len(small) - 1) + [3000],
            loop=0,
            optimize=True,
        )
        return buffer.getvalue()

    def strip(self, pictures: int = 6) -> bytes:
        """Some of the frames, evenly chosen, in two rows, as a PNG."""
        last = len(self.frames) - 1
        chosen = [
            self.frames[round(index)] for index in np.linspace(0, last, min(pictures, last + 1))
        ]
        columns = (len(chosen) + 1) // 2
        width, height = chosen[0].size
        strip = Image.new("RGB", (columns * width, 2 * height), BACKGROUND)
        for index, frame in enumerate(chosen):
            strip.paste(frame, (index % columns * width, index // columns * height))
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
    points = frame_points(iterations, frames)
    for point in tqdm(points, desc="thinking", leave=False, disable=None):
        if point > rollout.iterations:
            rollout.advance(point - rollout.iterations)
        picture = task.picture(batch, probabilities=rollout.probabilities()[0])
        watched.frames.append(with_caption(picture, caption_of(point, agent.training_iterations)))
        watched.notes.append({"iterations": point, **judged(task, batch, rollout.answers())})
    outcome = outcome_of(watched.notes, iterations)
    final = task.picture(batch, answer=rollout.answers()[0])
    watched.frames.append(with_caption(final, outcome))
    split = task.options.get("split")
    number = f", instance {batch.instances[0]}{f' of {split}' if split else ''}"
    watched.summary = (
        f"{task.describe(batch)}{'' if task.count == 1 else number}: "
        f"{outcome}{remark_on(task, batch, rollout.answers(), watched.notes)}"
    )
    return watched


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


def with_caption(picture: np.ndarray, caption: str) -> Image.Image:
    """A picture ``(h, w, 3)`` with a line of text above it."""
    height, width, _ = picture.shape
    image = Image.new("RGB", (width + 2 * MARGIN, height + CAPTION_HEIGHT + MARGIN), BACKGROUND)
    pen = ImageDraw.Draw(image)
    size = max(9, min(16, int(1.7 * width / max(1, len(caption)))))
    font = ImageFont.load_default(size)
    pen.text((MARGIN, CAPTION_HEIGHT // 2), caption, fill=INK, font=font, anchor="lm")
    image.paste(Image.fromarray(picture), (MARGIN, CAPTION_HEIGHT))
    return image


def caption_of(iterations: int, training_iterations: int) -> str:
    """What stands above a picture."""
    if iterations == 0:
        return "before thinking"
    where = "in" if iterations <= training_iterations else "beyond"
    return f"iteration {iterations:,}, {where} the training budget of {training_iterations}"
