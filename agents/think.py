"""Watch an agent think: one problem, its answer taking shape over the iterations.

    python agents/think.py --size 33                              # runs/think.gif
    python agents/think.py --size 59 --iterations 2500 --gif runs/59.gif --strip runs/59.png
    python agents/think.py --checkpoint runs/maze --instance 7
    python agents/think.py --checkpoint runs/counting --loops 0.1 --endpoints free_cells
    python agents/think.py --file maze.txt                        # a maze of your own
    python agents/think.py --task chess --rating 1600 1799 --instance 3
    python agents/think.py --task chess --fen "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1"
    python agents/think.py --task chess --imagine 64 --tree runs/tree.png

Which problems there are to choose from depends on --task: add it before --help. Cells are coloured
as strongly as the agent believes in them: in mazes blue where it is right, orange where it is
wrong; on chess boards red. The last picture shows its final answer. Beside the answer of an agent
that counts stand its counts, from yellow to violet, and grey where it has not counted yet. Of a
position of your own (--fen) nobody says what is right: its legal moves are printed, the most
probable first. Where an agent thinks of moves, arrows show those that it prefers. With --imagine it
goes on by playing moves in its head: beside the board stand the moves that it looks into.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thinkenv.checks import check_integer
from thinkenv.chess_puzzles import ChessPuzzleTask, PositionTask, ranking_text
from thinkenv.deep_thinking import Agent, command_line
from thinkenv.deep_thinking.distributed import prepare_device
from thinkenv.deep_thinking.imagination.telling import lines_text
from thinkenv.deep_thinking.imagination.watching import watch_imagination
from thinkenv.deep_thinking.watching import Watched, watch
from thinkenv.files import write_bytes
from thinkenv.tasks import find_task
from thinkenv.tasks.base import AnyTask, InstanceBatch


@dataclass
class Args(command_line.AgentArgs):
    """Options of watching: the problem is of the first set that they choose."""

    instance: int = 0
    """Which problem of the split."""
    iterations: int | None = None
    """How long to think; by default until the memory has converged."""
    frames: int = 60
    """Pictures in the GIF."""
    gif: Path | None = Path("runs/think.gif")
    """The animation."""
    strip: Path | None = None
    """A PNG with six of the pictures side by side."""
    json: Path | None = None
    """Write how many cells were right in each picture to this file."""


@dataclass
class ChessArgs(Args):
    """Options of watching where the task is chess."""

    fen: tuple[str, ...] = ()
    """A position of your own instead of a puzzle."""
    imagine: int | None = None
    """How many positions to imagine after thinking, for agents that do so; --iterations is then by
    default what the agent was trained with."""
    tree: Path | None = None
    """A PNG with the tree of what was imagined."""

    def check(self) -> None:
        """Check what is asked of imagining.

        Raises:
            ValueError: If a number is too small, or a file is asked for that there will not be, or
                that cannot be written.
        """
        command_line.check_counts(self, "imagine")
        command_line.check_outputs(self, "tree")
        if self.tree is not None and self.imagine is None:
            raise ValueError("--tree must come with --imagine, got no such number")


def main(words: list[str]) -> int:
    """Watch an agent think about one problem, and write the pictures."""
    family = find_task(command_line.value_of("--task", words, Args.task))
    args = command_line.parse_args(default_args(family), words, __doc__, elsewhere=elsewhere)
    command_line.check_counts(args, "frames", "iterations", low=2)
    command_line.check_outputs(args, "gif", "strip", "json")
    if isinstance(args, ChessArgs):
        args.check()
    task = chosen_task(args, family)
    batch = task.draw([args.instance])
    agent = args.load(family, prepare_device(args.device, args.threads))
    watched: Watched
    if isinstance(args, ChessArgs) and args.imagine is not None:
        watched = imagined(args, args.imagine, agent, task, batch)
    else:
        watched = thought(args, agent, task, batch)
    for path, content in (
        (args.gif, watched.gif),
        (args.strip, watched.strip),
        (args.json, lambda: (json.dumps(watched.notes, indent=2) + "\n").encode()),
    ):
        if path is not None:
            write_bytes(path, content())
            print(f"written: {path}")
    return 0


def thought(args: Args, agent: Agent[Any], task: AnyTask, batch: InstanceBatch) -> Watched:
    """Watch the iterations, and tell what came of them."""
    if args.iterations is None:
        print("finding out how long the thought goes on changing …", file=sys.stderr, flush=True)
    watched = watch(agent, task, batch, args.iterations, args.frames)
    print(watched.summary)
    if isinstance(task, PositionTask):
        (fen,) = task.names
        print(ranking_text(fen, agent.rank(fen, watched.iterations)))
    return watched


def imagined(
    args: ChessArgs, positions: int, agent: Agent[Any], task: AnyTask, batch: InstanceBatch
) -> Watched:
    """Watch the iterations and so many imagined positions, tell what came of it, draw the tree."""
    assert isinstance(task, (ChessPuzzleTask, PositionTask))
    watched = watch_imagination(agent, task, batch, positions, args.iterations, args.frames)
    print(watched.summary)
    print(lines_text(watched.trees, 0, watched.position))
    if args.tree is not None:
        write_bytes(args.tree, watched.tree())
        print(f"written: {args.tree}")
    return watched


def default_args(family: type[AnyTask]) -> Args:
    """The options for problems of a task."""
    return (ChessArgs if family is ChessPuzzleTask else Args)(family.watching_options())


def elsewhere() -> dict[str, object]:
    """The options that other tasks bring, by what is typed to have them."""
    return command_line.options_by_task(default_args)


def chosen_task(args: Args, family: type[AnyTask]) -> AnyTask:
    """The problems of which one is thought about.

    Raises:
        ValueError: If the options choose none, or the instance is none of them.
    """
    if isinstance(args, ChessArgs) and args.fen:
        return PositionTask(" ".join(args.fen))
    tasks = args.selection.tasks(family)
    if not tasks:
        raise ValueError("a problem must be chosen, got options that choose none")
    if (count := tasks[0].count) is not None:
        check_integer("--instance", args.instance, 0, count - 1)
    return tasks[0]


if __name__ == "__main__":
    sys.exit(command_line.run_script(main))
