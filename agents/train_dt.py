"""Train a "deep thinking" agent: a recurrent net that learns on easy problems to think longer.

    python agents/train_dt.py                                   # mazes of size 9, 6 to 9 minutes
    python agents/train_dt.py --seed 1 --folder runs/maze-seed1    # another seed, another folder
    python agents/train_dt.py --folder runs/maze-seed1 --resume    # go on after Ctrl-C or a kill
    python agents/train_dt.py --no-progressive                  # ablation: plain full-length loss
    python agents/train_dt.py --no-wall-mask --no-equivariant   # ablation: walls and turns unknown
    python agents/train_dt.py --architecture feed_forward       # baseline without iterations
    python agents/train_dt.py --task chess --database FILE      # Lichess puzzles
    python agents/train_dt.py --start-from maze_trees --folder runs/more    # train further
    python agents/train_dt.py --task my_task.py:MyTask --architecture my_net.py:MyNet
    torchrun --nproc-per-node=2 agents/train_dt.py              # data-parallel, CPU or GPUs

Which problems there are to choose from, and the defaults, depend on --task and --architecture: add
them before --help. The run's folder holds the agent (agent.json, weights.safetensors), which
evaluate.py and think.py take as --checkpoint; metrics.csv; TensorBoard's files, if it is installed;
and checkpoint.pt, from which --resume goes on exactly.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import tyro

from thinkenv.deep_thinking.architectures import ARCHITECTURES, AnyArchitecture, Settings
from thinkenv.deep_thinking.architectures.base import count_parameters
from thinkenv.deep_thinking.command_line import (
    check_counts,
    check_outputs,
    options_by_task,
    parse_args,
    run_script,
    value_of,
)
from thinkenv.deep_thinking.distributed import DeviceName, Distributed
from thinkenv.deep_thinking.rollout.acceleration import Acceleration, AnyPrecision
from thinkenv.deep_thinking.training.lock import locked_folder
from thinkenv.deep_thinking.training.plan import Plan
from thinkenv.deep_thinking.training.recipes import plan_for
from thinkenv.deep_thinking.training.run import Progress, Run, graceful_interrupt
from thinkenv.files import write_bytes
from thinkenv.tasks import find_task
from thinkenv.tasks.base import AnyTask, TrainingOptions


@dataclass
class Args:
    """Options of training."""

    selection: tyro.conf.OmitArgPrefixes[TrainingOptions[Any]]
    """Which problems to train on."""
    net: tyro.conf.OmitArgPrefixes[Settings]
    """The net."""
    plan: tyro.conf.OmitArgPrefixes[Plan]
    """What is done, and how strongly."""

    task: str = "maze"
    """What to learn: maze, chess or prefix_sum; or a task of your own, as file.py:Class or
    module:Class."""
    architecture: str = "recurrent"
    """The net: recurrent, or feed_forward, the baseline without iterations; or a net of your own,
    as file.py:Class or module:Class."""
    folder: Path | None = None
    """Folder of this run, by default runs/ and the task's name."""
    seed: int = 0
    """Decides the first weights, the problems, and the lengths of rollouts."""
    resume: bool = False
    """Go on with the run in that folder; the other options have to be the same."""
    start_from: str | None = None
    """Begin with the weights of this agent instead of random ones: a shipped agent's name, or the
    folder of a run."""
    overwrite: bool = False
    """Start again if there is a run in that folder."""

    log_every: int = 100
    """Steps between lines of metrics."""
    validate_every: int = 500
    """Steps between validations."""
    validation_problems: int = 500
    """Unseen problems of the training size in each validation."""
    checkpoint_every: int = 500
    """Steps between checkpoints."""
    stop_after: int | None = None
    """Stop, as Ctrl-C would, after this many steps in all; the plan stays that of all steps."""
    threads: int | None = None
    """CPU threads for each process; by default all cores, shared by the processes."""
    device: DeviceName = "auto"
    """cpu, cuda, or auto: a GPU if there is one."""
    precision: AnyPrecision = "float32"
    """What products are computed in; auto measures which is faster here, and a run that goes on
    keeps its own."""
    compile: bool = False
    """Fuse iterations with torch.compile; pays on GPUs, in long runs."""
    json: Path | None = None
    """Also write what is known of the agent to this file."""


def train(args: Args, run: Run) -> None:
    """Train to the last step, or until asked to stop, as by ``--stop-after``."""
    is_first = run.processes.is_first
    progress = Progress(run, args.validation_problems) if is_first else None
    last_step = min(run.plan.steps, args.stop_after or run.plan.steps)
    with graceful_interrupt() as interrupt:
        stop = run.steps_done >= last_step
        while not stop:
            stop = run.step(interrupt["stop"])
            stop = stop or run.steps_done >= last_step

            is_validated = run.steps_done % args.validate_every == 0 or run.is_finished
            if is_validated or run.steps_done % args.log_every == 0:
                if progress is not None:
                    progress.report(is_validated)
                run.pending.clear()
            if stop or run.steps_done % args.checkpoint_every == 0:
                run.save()  # all processes take part in it
    if progress is not None:
        progress.close()


def elsewhere() -> dict[str, object]:
    """The options of other tasks and nets, by what is typed to have them."""
    settings = {
        f"--architecture {name}": ARCHITECTURES.find(name).settings_type()
        for name in ARCHITECTURES.names
    }
    return options_by_task(lambda task: task.training_options()) | settings


def main(words: list[str]) -> int:
    """Train an agent."""
    task = find_task(value_of("--task", words, Args.task))
    architecture = ARCHITECTURES.find(value_of("--architecture", words, Args.architecture))
    defaults = Args(
        selection=task.training_options(),
        net=architecture.settings_for(task),
        plan=plan_for(task, architecture),
    )
    args = parse_args(defaults, words, __doc__, elsewhere=elsewhere)
    check_counts(args, "log_every", "validate_every", "validation_problems", "checkpoint_every")
    check_counts(args, "stop_after")
    args.folder = args.folder or Path("runs") / task.name
    check_outputs(args, "folder", "json")
    processes = Distributed(args.device, args.threads)
    with locked_folder(args.folder, processes):
        is_finished = train_in_folder(args, task, architecture, processes)
        processes.wait()
    return processes.end(0 if is_finished else 130)


def train_in_folder(
    args: Args,
    task: type[AnyTask],
    architecture: type[AnyArchitecture],
    processes: Distributed,
) -> bool:
    """Train in the folder that is ours; whether all steps are done."""
    assert args.folder is not None
    run = Run(
        task,
        args.selection,
        architecture,
        args.net,
        args.plan,
        args.folder,
        processes,
        args.seed,
        Acceleration(args.precision, args.compile),
        args.start_from,
        args.resume,
        args.overwrite,
    )
    if processes.is_first:
        print(
            f"{task.name}, {architecture.name} net of "
            f"{count_parameters(run.trainer.net):,} parameters, {args.plan.batch} problems a "
            f"step, on {processes.device} with {processes.world_size} x "
            f"{torch.get_num_threads()} threads; run folder {args.folder}, from step "
            f"{run.steps_done}",
            flush=True,
        )
    train(args, run)
    if processes.is_first and run.is_finished:
        description = run.save_agent()  # also where nothing was left to train
        print(f"the agent is in {args.folder}: weights.safetensors and agent.json")
        if args.json is not None:
            write_bytes(args.json, (json.dumps(description, indent=2) + "\n").encode())
    elif processes.is_first:
        print(f"stopped after step {run.steps_done}; go on with --resume", file=sys.stderr)
    return run.is_finished


if __name__ == "__main__":
    sys.exit(run_script(main))
