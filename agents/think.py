"""Watch an agent think: one problem, its answer taking shape over the iterations.

Run from the repository's root:

    python agents/think.py --size 33                              # runs/think.gif
    python agents/think.py --size 59 --iterations 1500 --gif runs/59.gif --strip runs/59.png
    python agents/think.py --checkpoint runs/maze --instance 7
    python agents/think.py --task chess --rating 1600 1799 --instance 3

Cells are coloured as strongly as the agent believes in them: in mazes blue where it is right,
orange where it is wrong; on chess boards red. The last picture shows its final answer.
"""

import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.checkpoint import load_agent, write_whole
from thinkenv.deep_thinking.device import DeviceName, prepare_device
from thinkenv.deep_thinking.tasks import find_task

CAPTION_HEIGHT = 30  # pixels
MARGIN = 6  # pixels
BACKGROUND = (255, 255, 255)
INK = (38, 44, 58)


@dataclass
class Args:
    """Options of watching."""

    checkpoint: Path | None = None
    """Folder of the agent: by default the one that comes with the task, or that of a run."""
    task: str = "maze"
    """The task the agent is for: maze, chess or prefix_sum, or module:Class for one of your own."""
    instance: int = 0
    """Which problem of the split."""
    split: str | None = None
    """The split; by default "test" for problems as easy as those trained on, "extrapolation" for
    others."""
    size: int | None = None
    """Size of the maze, by default 33; or length of the bit string, by default 64."""
    generator: str = "dfs"
    """How the maze is carved: a name of thinkenv.mazes.GENERATORS."""
    loops: float = 0.0
    """The chance that a wall is opened."""
    endpoints: str = "dead_ends"
    """Where start and goal of the maze lie: any, dead_ends, corners, or farthest."""
    database: str = "bundled"
    """Chess puzzles: bundled, a Lichess file, or a database."""
    rating: tuple[int, int] = (1600, 1799)
    """Lowest and highest rating of the chess puzzle."""
    iterations: int | None = None
    """How long to think; by default until the thought has stopped changing."""
    frames: int = 60
    """Pictures in the GIF."""
    gif: Path | None = Path("runs/think.gif")
    """The animation."""
    strip: Path | None = None
    """A PNG with six stages side by side."""
    json: Path | None = None
    """Write the stages and how many cells were right in each to this file."""
    threads: int | None = None
    """CPU threads; by default all cores."""
    device: DeviceName = "auto"
    """cpu, cuda, or auto: a GPU if there is one."""


def stages_of(iterations: int, frames: int) -> list[int]:
    """Numbers of iterations to show: every one at first, then ever further apart."""
    shares = np.linspace(0.0, 1.0, frames) ** 1.5
    return sorted({int(round(share * iterations)) for share in shares})


def with_caption(picture: np.ndarray, caption: str) -> Image.Image:
    """A picture ``(h, w, 3)`` with a line of text above it."""
    height, width, _ = picture.shape
    image = Image.new("RGB", (width + 2 * MARGIN, height + CAPTION_HEIGHT + MARGIN), BACKGROUND)
    pen = ImageDraw.Draw(image)
    size = max(9, min(16, int(1.7 * width / max(1, len(caption)))))
    pen.text(
        (MARGIN, CAPTION_HEIGHT // 2),
        caption,
        fill=INK,
        font=ImageFont.load_default(size),
        anchor="lm",
    )
    image.paste(Image.fromarray(picture), (MARGIN, CAPTION_HEIGHT))
    return image


def caption_of(stage: int, training_iterations: int) -> str:
    """What stands above a picture."""
    if stage == 0:
        return "before thinking"
    where = "in" if stage <= training_iterations else "beyond"
    return f"iteration {stage:,}, {where} the training budget of {training_iterations}"


def to_gif(frames: list[Image.Image]) -> bytes:
    """An endless animation that rests on its last frame."""
    # One palette for all frames, so that colours do not flicker.
    palette = frames[-1].quantize(colors=255)
    small = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    buffer = io.BytesIO()
    durations = [90] * (len(small) - 1) + [3000]
    small[0].save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=small[1:],
        duration=durations,
        loop=0,
        optimize=True,
    )
    return buffer.getvalue()


def to_strip(frames: list[Image.Image], pictures: int = 6) -> bytes:
    """Some of the frames, evenly chosen, in two rows."""
    chosen = [
        frames[round(place)]
        for place in np.linspace(0, len(frames) - 1, min(pictures, len(frames)))
    ]
    columns = (len(chosen) + 1) // 2
    width, height = chosen[0].size
    strip = Image.new("RGB", (columns * width, 2 * height), BACKGROUND)
    for place, frame in enumerate(chosen):
        strip.paste(frame, (place % columns * width, place // columns * height))
    buffer = io.BytesIO()
    strip.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def watch(args: Args, agent: Agent) -> None:
    """Let an agent think about one problem, and write the pictures.

    Raises:
        ValueError: If an option has a value that is not allowed.
        OSError: If a picture cannot be written.
    """
    for name in ("frames", "iterations"):
        value = getattr(args, name)
        if value is not None and value < 2:
            raise ValueError(f"--{name} {value}: needs 2 or more")
    task = agent.task.for_watching(vars(args))
    batch = task.source.draw([args.instance])
    iterations = args.iterations
    if iterations is None:
        print("finding out how long the thought goes on changing …", file=sys.stderr, flush=True)
        iterations = int(agent.think(batch.problems, "converged").iterations[0])
    stages = stages_of(iterations, args.frames)
    frames, notes = [], []
    looks = agent.watch(batch.problems, stages)
    bar = tqdm(looks, total=len(stages), desc="thinking", leave=False, disable=None)
    for stage, probabilities, answers in bar:
        picture = task.picture(batch, probabilities[0])
        frames.append(with_caption(picture, caption_of(stage, agent.training_iterations)))
        scores = task.judge(batch, answers)
        notes.append(
            {
                "iterations": stage,
                "solved": bool(scores["solved"][0]),
                "cells": float(scores["cells"][0]),
            }
        )

    verdict = "solved" if notes[-1]["solved"] else "not solved"
    final = task.final_picture(batch, answers[0])
    frames.append(with_caption(final, f"{verdict} after {iterations:,} iterations"))
    first = next((note["iterations"] for note in notes if note["solved"]), None)
    print(
        f"{task.describe(batch)}, instance {args.instance} of {task.axes['split']}: "
        f"{verdict} after {iterations:,} iterations"
        + (f" (first seen solved at {first:,})" if first is not None else "")
    )
    for path, content in (
        (args.gif, lambda: to_gif(frames)),
        (args.strip, lambda: to_strip(frames)),
        (args.json, lambda: (json.dumps(notes, indent=2) + "\n").encode()),
    ):
        if path is not None:
            write_whole(path, content())
            print(f"written: {path}")


def main() -> int:
    """Watch an agent, and report errors in one line."""
    args = tyro.cli(Args, description=__doc__)
    try:
        device = prepare_device(args.device, args.threads)
        task = find_task(args.task).name
        checkpoint = args.checkpoint or Path("assets/agents") / task
        watch(args, load_agent(checkpoint, device, task=task))
    except (ValueError, TypeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
