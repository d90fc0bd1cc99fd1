"""Watch an agent think: one problem, its answer taking shape over the iterations.

    python agents/think.py --size 33                              # runs/think.gif
    python agents/think.py --size 59 --iterations 1500 --gif runs/59.gif --strip runs/59.png
    python agents/think.py --checkpoint runs/maze --instance 7
    python agents/think.py --task chess --rating 1600 1799 --instance 3

Which problems there are to choose from depends on --task: add it before --help. Cells are coloured
as strongly as the agent believes in them: in mazes blue where it is right, orange where it is
wrong; on chess boards red. The last picture shows its final answer.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from thinkenv.deep_thinking import command_line
from thinkenv.deep_thinking.distributed import prepare_device
from thinkenv.deep_thinking.watching import watch
from thinkenv.files import write_bytes
from thinkenv.tasks import find_task


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


def main(words: list[str]) -> int:
    """Watch an agent think about one problem, and write the pictures."""
    family = find_task(command_line.value_of("--task", words, Args.task))
    args = command_line.parse_args(Args(family.watching_options()), words, __doc__)
    command_line.check_counts(args, "frames", "iterations", low=2)
    agent = args.load(family, prepare_device(args.device, args.threads))
    tasks = args.selection.tasks(family)
    if not tasks:
        raise ValueError("a problem must be chosen, got options that choose none")
    if args.iterations is None:
        print("finding out how long the thought goes on changing …", file=sys.stderr, flush=True)

    batch = tasks[0].draw([args.instance])
    watched = watch(agent, tasks[0], batch, args.iterations, args.frames)
    print(watched.summary)
    for path, content in (
        (args.gif, watched.gif),
        (args.strip, watched.strip),
        (args.json, lambda: (json.dumps(watched.notes, indent=2) + "\n").encode()),
    ):
        if path is not None:
            write_bytes(path, content())
            print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(command_line.run_script(main))
