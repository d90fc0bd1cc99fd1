"""Train a "deep thinking" agent: a recurrent net that learns on easy problems to think longer.

Run from the repository's root:

    python agents/train_dt.py                                   # mazes of size 9, 6 to 9 minutes
    python agents/train_dt.py --seed 1 --folder runs/maze-seed1    # another seed, another folder
    python agents/train_dt.py --folder runs/maze-seed1 --resume    # go on after Ctrl-C or a kill
    python agents/train_dt.py --no-recall                       # ablation: problem seen only once
    python agents/train_dt.py --no-progressive                  # ablation: plain full-length loss
    python agents/train_dt.py --architecture feed_forward       # baseline without iterations
    python agents/train_dt.py --task chess --database FILE      # Lichess puzzles
    python agents/train_dt.py --start-from assets/agents/maze --folder runs/more    # train further
    torchrun --nproc-per-node=2 agents/train_dt.py              # data-parallel, CPU or GPUs

The run's folder holds the agent (``agent.json``, ``weights.pt``), which ``evaluate.py`` and
``think.py`` take as ``--checkpoint``; ``metrics.csv``; TensorBoard's files, if it is installed; and
``checkpoint.pt``, from which ``--resume`` goes on exactly.
"""

import csv
import io
import json
import math
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import torch
import tyro

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from thinkenv.deep_thinking.rollout.acceleration import Acceleration
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.checkpoint import (
    DESCRIPTION,
    WEIGHTS,
    CheckpointError,
    load_agent,
    read_state,
    save_agent,
    to_bytes,
    write_whole,
)
from thinkenv.deep_thinking.device import DeviceName
from thinkenv.deep_thinking.architectures.recurrent import build_net, count_parameters
from thinkenv.deep_thinking.distributed import Processes
from thinkenv.deep_thinking.tasks import find_task, task_class
from thinkenv.deep_thinking.training.trainer import Plan, Trainer, learning_rate_of_step
from thinkenv.provenance import provenance

CHECKPOINT = "checkpoint.pt"
METRICS = "metrics.csv"
COLUMNS = (
    "step",
    "loss",
    "train_exact",
    "change",
    "gradient_norm",
    "learning_rate",
    "validation_exact",
    "validation_cells",
    "seconds",
)


@dataclass
class Args:
    """Options of training."""

    task: str = "maze"
    """What to learn: maze, chess or prefix_sum, or module:Class for a task of your own."""
    folder: Path | None = None
    """Folder of this run, by default runs/ and the task's name."""
    database: str = "bundled"
    """Chess puzzles to train on: bundled (a few thousand), a Lichess .csv or .csv.zst, or a
    database made by ``python -m thinkenv chess import``."""
    wall_moves: int | None = None
    """The most walls moved in a maze trained on, by default 16; 0 trains on the generator's mazes
    as they are."""
    loops: float = 0.0
    """Chance that a wall of a maze trained on is opened, so that there are several ways."""
    seed: int = 0
    """Decides the first weights, the problems, and the lengths of rollouts."""
    resume: bool = False
    """Go on with the run in that folder; the other options have to be the same."""
    start_from: Path | None = None
    """Begin with the weights of this agent instead of random ones: the folder of a run, or one in
    assets/agents."""
    overwrite: bool = False
    """Start again if there is a run in that folder."""

    architecture: Literal["recurrent", "feed_forward"] = "recurrent"
    """The net: the recurrent one, or the baseline without iterations."""
    recall: bool = True
    """Feed the problem to every iteration; without it (an ablation), only to the first memory."""
    progressive: bool = True
    """Start rollouts from earlier thoughts; without it (an ablation), always from the empty
    memory with the full number of iterations."""
    symmetric: bool = True
    """Let a net for mazes do the same whichever way they are turned; without it, an ablation."""
    barriers: bool = True
    """Let no memory be where a maze has walls; without it (an ablation), news cross them."""
    memory_channels: int | None = None
    """Channels of the memory, or of the layers of a feed-forward net. The default of this and of
    the options below is the task's: see ``net_defaults`` and ``plan`` in
    agents/deep_thinking/maze_problems.py and chess_problems.py."""
    hidden_channels: int | None = None
    """Channels inside an iteration."""

    steps: int | None = None
    """Optimiser steps."""
    short_steps: int | None = None
    """The steps at the beginning that have short rollouts."""
    short_iterations: tuple[int, int] | None = None
    """Fewest and most iterations of a short rollout."""
    long_iterations: tuple[int, int] | None = None
    """Fewest and most iterations of a long rollout; the most is the training budget."""
    batch: int | None = None
    """Problems per step, over all processes."""
    learning_rate: float | None = None
    """The highest learning rate."""
    warm_up: float | None = None
    """The share of steps in which the learning rate rises."""
    weight_decay: float | None = None
    """Of AdamW."""
    clip: float | None = None
    """The largest norm of the gradient."""
    update_chance: float | None = None
    """The smallest chance with which a cell is updated in an iteration of a long rollout."""
    memory_noise: float | None = None
    """Standard deviation of the noise put on the memory in long rollouts."""
    rest_penalty: float | None = None
    """Weight of the memory's last change in the loss of long rollouts."""
    averaging: float | None = None
    """Decay of the moving average of the weights."""

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
    precision: Literal["float32", "bfloat16"] = "float32"
    """What convolutions compute in."""
    compile: bool = False
    """Fuse iterations with torch.compile; pays on GPUs, in long runs."""
    json: Path | None = None
    """Also write the final metrics to this file."""


def plan_of(args: Args) -> Plan:
    """What the options say about training itself, and the task's plan where they say nothing.

    Raises:
        ValueError: If an option makes no sense; the message names it.
    """
    wanted = {name: getattr(args, name, None) for name in Plan.__dataclass_fields__}
    chosen = {name: value for name, value in wanted.items() if value is not None}
    plan = replace(task_class(args.task).plan, **chosen)
    for name, (low, high) in ALLOWED.items():
        if not low <= getattr(plan, name) <= high:
            bounds = f"{low} or more" if high == math.inf else f"{low} to {high}"
            raise ValueError(f"--{dashed(name)} {getattr(plan, name)}: needs {bounds}")
    for name in ("short_iterations", "long_iterations"):
        fewest, most = getattr(plan, name)
        if not 1 <= fewest <= most:
            raise ValueError(f"--{dashed(name)} {fewest} {most}: needs fewest and most, from 1")
    return plan


# Numbers of the plan, and what they can be.
ALLOWED = {
    "steps": (1, math.inf),
    "short_steps": (0, math.inf),
    "batch": (1, math.inf),
    "learning_rate": (0.0, math.inf),
    "warm_up": (0.0, 1.0),
    "weight_decay": (0.0, math.inf),
    "clip": (0.0, math.inf),
    "update_chance": (0.0, 1.0),
    "memory_noise": (0.0, math.inf),
    "rest_penalty": (0.0, math.inf),
    "averaging": (0.0, 1.0),
}
# Options of one task alone; a task of your own may use them as well.
WITHOUT_USE = {
    "maze": ("database",),
    "chess": ("wall_moves", "loops"),
    "prefix_sum": ("database", "wall_moves", "loops"),
}


def dashed(name: str) -> str:
    """An option's name as it is typed."""
    return name.replace("_", "-")


def check(args: Args) -> None:
    """Check the other options, of which the task's is its own name.

    Raises:
        ValueError: If one makes no sense; the message names it.
    """
    counts = ("log_every", "validate_every", "validation_problems", "checkpoint_every")
    for name in (*counts, "stop_after", "memory_channels", "hidden_channels"):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise ValueError(f"--{dashed(name)} {value}: needs 1 or more")
    for name in WITHOUT_USE.get(args.task, ()):
        if getattr(args, name) != getattr(Args, name):
            raise ValueError(f"--{dashed(name)}: has no use with --task {args.task}")


class Log:
    """Metrics on the screen, in a CSV file and, if it is installed, in TensorBoard.

    The file is cut back to the step of the checkpoint when a run is resumed.
    """

    def __init__(self, folder: Path, first_step: int):
        self.path = folder / METRICS
        rows = rows_until(self.path, first_step)
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
        write_whole(self.path, text.getvalue().encode())
        self.seconds_before = rows[-1]["seconds"] if rows else 0.0
        try:
            from torch.utils.tensorboard import SummaryWriter

            self.board = SummaryWriter(folder, purge_step=first_step + 1)
        except ImportError:
            self.board = None

    def write(self, row: dict) -> None:
        """Add one row to the files."""
        with open(self.path, "a", newline="") as file:
            csv.DictWriter(file, COLUMNS).writerow(row)
        if self.board is not None:
            for name, value in row.items():
                if name != "step" and value != "":
                    self.board.add_scalar(name, value, row["step"])

    def close(self) -> None:
        """Finish writing."""
        if self.board is not None:
            self.board.close()


def rows_until(path: Path, step: int) -> list[dict]:
    """The rows of a file of metrics up to a step, with numbers where there are any."""
    if step == 0 or not path.exists():
        return []
    with open(path, newline="") as file:
        rows = [row for row in csv.DictReader(file) if None not in row.values()]  # whole ones
    return [
        {name: text and float(text) for name, text in row.items()} | {"step": int(row["step"])}
        for row in rows
        if int(row["step"]) <= step
    ]


def clock_text(seconds: float) -> str:
    """Seconds as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


@contextmanager
def asked_to_stop() -> Iterator[dict]:
    """Turn the first Ctrl-C, and SIGTERM, into a flag that is looked at between steps.

    A second Ctrl-C stops at once. A second SIGTERM does nothing: clusters send it to the processes
    and to what started them, which passes it on.
    """
    asked = {"stop": False}

    def ask(signal_number, frame):
        if asked["stop"]:
            if signal_number == signal.SIGINT:
                raise KeyboardInterrupt
            return
        asked["stop"] = True
        print("stopping after this step (Ctrl-C to stop at once) …", file=sys.stderr, flush=True)

    earlier = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


class Run:
    """One training run: its net, its folder, its progress."""

    def __init__(self, args: Args, processes: Processes):
        self.args = args
        self.processes = processes
        self.folder = args.folder or Path("runs") / args.task
        self.plan = plan_of(args)
        self.task_class = task_class(args.task)
        self.task_options = {
            "database": args.database,
            "wall_moves": args.wall_moves,
            "loops": args.loops,
        }
        torch.manual_seed(args.seed)
        net = self.build_net()
        self.start_from = None if args.start_from is None else self.load_weights(net)
        self.trainer = Trainer(
            net,
            self.task_class.for_training("train", self.task_options),
            self.plan,
            args.seed,
            processes.device,
            processes.rank,
            processes.world_size,
            Acceleration(args.precision, args.compile),
        )
        self.pending = []  # metrics of the steps since the last line, each (4,)
        self.metrics: dict = {}  # the last line
        self.sessions: list[dict] = []  # where, when and how this run was begun and resumed
        if args.resume:
            self.load()
        else:
            self.make_room()
        if not (self.is_finished and self.sessions):
            self.sessions.append(provenance())
        self.folder.mkdir(parents=True, exist_ok=True)

    def make_room(self) -> None:
        """Remove an earlier run from the folder, so that nothing of it is taken for this one's.

        Raises:
            CheckpointError: If there is one, and it was not said that it may be overwritten.
        """
        files = [self.folder / name for name in (CHECKPOINT, WEIGHTS, DESCRIPTION)]
        if not self.args.overwrite and any(file.exists() for file in files):
            raise CheckpointError(
                f"{self.folder} holds a run: go on with --resume, start again with --overwrite, or "
                "name another folder with --folder"
            )
        if self.processes.is_first:
            for file in files:
                file.unlink(missing_ok=True)

    @property
    def is_finished(self) -> bool:
        """Whether all steps are done."""
        return self.trainer.steps_done >= self.plan.steps

    def net_arguments(self) -> dict:
        """What the net is built with, besides its architecture."""
        arguments = {
            "input_channels": self.task_class.input_channels,
            "answer_channels": self.task_class.answer_channels,
            **self.task_class.net_defaults[self.args.architecture],
        }
        if self.args.memory_channels is not None:
            arguments["memory_channels"] = self.args.memory_channels
        if self.args.architecture == "recurrent":
            arguments["recall"] = self.args.recall
            # Both rest on recall.
            if not (self.args.barriers and self.args.recall):
                arguments.pop("barrier_channel", None)
            if not (self.args.symmetric and self.args.recall):
                arguments.pop("symmetric", None)
            if self.args.hidden_channels is not None:
                arguments["hidden_channels"] = self.args.hidden_channels
        return arguments

    def build_net(self) -> torch.nn.Module:
        """A net with fresh weights."""
        return build_net(self.args.architecture, self.net_arguments())

    def load_weights(self, net: torch.nn.Module) -> dict:
        """Give a net the weights of the agent to start from; what is known of that agent.

        Raises:
            CheckpointError: If there is none, it is damaged, or its net is another one.
        """
        agent = load_agent(self.args.start_from, task=self.args.task)
        described = agent.description
        ours = {"architecture": self.args.architecture, "net": self.net_arguments()}
        compare(self.args.start_from, "has", {name: described[name] for name in ours}, ours)
        net.load_state_dict(agent.net.state_dict())
        names = ("command", "commit", "plan", "seed", "weights_sha256", "metrics", "start_from")
        return {name: described.get(name) for name in names}

    def identity(self) -> dict:
        """What must not differ when a run is resumed, because it decides the losses."""
        return {
            "task": self.args.task,
            "seed": self.args.seed,
            "architecture": self.args.architecture,
            "net": self.net_arguments(),
            "plan": asdict(self.plan),
            "precision": self.args.precision,
            "trained_on": self.trainer.slots.task.axes,
            "start_from": self.start_from and self.start_from["weights_sha256"],
        }

    def save(self, state: dict) -> None:
        """Write the training state."""
        state = {"run": self.identity(), "sessions": self.sessions, **state}
        write_whole(self.folder / CHECKPOINT, to_bytes(state))

    def load(self) -> None:
        """Go on from the folder's checkpoint.

        Raises:
            CheckpointError: If there is none, it is damaged, or it is of another training.
        """
        path = self.folder / CHECKPOINT
        state = read_state(path)
        if not isinstance(state, dict) or "run" not in state:
            raise CheckpointError(f"{path}: not the checkpoint of a training run")
        compare(path, "is of a run with", state["run"], self.identity())
        self.trainer.load_state(state)
        self.pending = [values.to(self.processes.device) for values in state["pending"]]
        self.sessions = list(state.get("sessions", ()))
        rows = rows_until(self.folder / METRICS, self.trainer.steps_done)
        self.metrics = rows[-1] if rows else {}

    def averaged_agent(self) -> Agent:
        """The agent as it would be shipped now."""
        net = self.trainer.averaged_net(self.build_net)
        iterations = self.plan.long_iterations[1] if net.recurrent else 1
        return Agent(net, self.args.task, iterations, self.processes.device)

    def validate(self) -> tuple[float, float]:
        """Exact and cell accuracy on unseen problems of the training size."""
        agent = self.averaged_agent()
        task = self.task_class.for_training("validation", self.task_options)
        problems = task.draw(0, self.args.validation_problems)
        thought = agent.think(problems.problems)
        scores = task.judge(problems, thought.answer)
        return float(scores["solved"].mean()), float(scores["cells"].mean())

    def save_agent(self) -> dict:
        """Write the agent with its description, and return that."""
        agent = self.averaged_agent()
        first, *resumed = self.sessions
        description = {
            "task": self.args.task,
            "architecture": self.args.architecture,
            "net": self.net_arguments(),
            "training_iterations": agent.training_iterations,
            "seed": self.args.seed,
            "plan": asdict(self.plan),
            "trained_on": self.trainer.slots.task.axes,
            "metrics": self.metrics,
            "start_from": self.start_from,
            **first,
            **({"resumed": resumed} if resumed else {}),
        }
        save_agent(self.folder, agent.net, description)
        return description


def compare(path: Path, verb: str, theirs: dict, ours: dict) -> None:
    """Check that what is on disk is what was asked for.

    Raises:
        CheckpointError: If they differ in anything; it names the first difference.
    """
    theirs, ours = flatten(theirs), flatten(ours)
    for name in ours | theirs:
        if theirs.get(name) != ours.get(name):
            raise CheckpointError(
                f"{path}: {verb} {name}={theirs.get(name)!r}, but {name}={ours.get(name)!r} was "
                "asked for"
            )


def flatten(nested: dict, prefix: str = "") -> dict:
    """Nested dicts as one level, with dotted names; tuples as lists."""
    flat = {}
    for name, value in nested.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = list(value) if isinstance(value, tuple) else value
    return flat


def train(run: Run) -> None:
    """Train to the last step, or until asked to stop, as by ``--stop-after``."""
    args, trainer, is_first = run.args, run.trainer, run.processes.is_first
    progress = Progress(run) if is_first else None
    last_step = min(run.plan.steps, args.stop_after or run.plan.steps)
    with asked_to_stop() as asked:
        stop = trainer.steps_done >= last_step
        while not stop:
            values, stop = trainer.step(asked["stop"])
            run.pending.append(values)
            step = trainer.steps_done
            stop = stop or step >= last_step
            is_validated = step % args.validate_every == 0 or run.is_finished
            if is_validated or step % args.log_every == 0:
                if is_first:
                    progress.report(is_validated)
                run.pending.clear()
            if stop or step % args.checkpoint_every == 0:
                state = trainer.state()  # all processes take part in it
                if is_first:
                    pending = [values.cpu() for values in run.pending]
                    run.save({**state, "pending": pending})
                    run.save_agent()
    if is_first:
        progress.log.close()


class Progress:
    """Tells how a run goes on: a line on the screen, a row of metrics.

    Args:
        run: The run.
    """

    def __init__(self, run: Run):
        self.run = run
        self.first_step = run.trainer.steps_done
        self.log = Log(run.folder, self.first_step)
        self.began = time.monotonic()

    def report(self, validate: bool) -> None:
        """Report the steps since the last line, and how the agent does on unseen problems."""
        run, step = self.run, self.run.trainer.steps_done
        loss, exact, change, norm = torch.stack(run.pending).mean(dim=0).tolist()
        seconds = time.monotonic() - self.began
        run.metrics = dict.fromkeys(COLUMNS, "") | {
            "step": step,
            "loss": loss,
            "train_exact": exact,
            "change": change,
            "gradient_norm": norm,
            "learning_rate": learning_rate_of_step(run.plan, step - 1),
            "seconds": round(self.log.seconds_before + seconds, 2),
        }
        recurrent = run.trainer.net.recurrent
        left = time_left(run.plan, recurrent, step, self.first_step, seconds)
        line = (
            f"step {step:>6}/{run.plan.steps}  loss {loss:.4f}  train exact {exact:7.1%}  "
            f"change {change:.4f}  {(step - self.first_step) / seconds:5.1f} steps/s  "
            f"{clock_text(left)} left"
        )
        if validate:
            exact, cells = run.validate()
            run.metrics |= {"validation_exact": exact, "validation_cells": cells}
            line += f"  validation exact {exact:.1%}"
        print(line, flush=True)
        self.log.write(run.metrics)


def time_left(plan: Plan, recurrent: bool, step: int, first_step: int, seconds: float) -> float:
    """Seconds to the end, from the work done and to come."""

    def work(begin: int, end: int) -> float:
        if not (plan.progressive and recurrent):
            return end - begin
        short = max(0, min(end, plan.short_steps) - begin)
        long = end - begin - short
        return short * sum(plan.short_iterations) / 2 + long * sum(plan.long_iterations) / 2

    return seconds * work(step, plan.steps) / max(1.0, work(first_step, step))


def main() -> int:
    """Train, and report errors in one line."""
    args = tyro.cli(Args, description=__doc__)
    processes = None
    status = 1
    try:
        args = replace(args, task=find_task(args.task).name)
        check(args)
        processes = Processes(args.device, args.threads)
        run = Run(args, processes)
        if processes.is_first:
            net = run.trainer.net
            print(
                f"{args.task}, {args.architecture} net of {count_parameters(net):,} parameters, "
                f"{run.plan.batch} problems a step, on {processes.device} with "
                f"{processes.world_size} x {torch.get_num_threads()} threads; "
                f"run folder {run.folder}, from step {run.trainer.steps_done}",
                flush=True,
            )
        train(run)
        if not run.is_finished and processes.is_first:
            step = run.trainer.steps_done
            print(f"stopped after step {step}; go on with --resume", file=sys.stderr)
        elif processes.is_first:
            description = run.save_agent()  # also where nothing was left to train
            print(f"the agent is in {run.folder}: weights.pt and agent.json")
            if args.json is not None:
                write_whole(args.json, (json.dumps(description, indent=2) + "\n").encode())
        processes.wait()
        status = 0 if run.is_finished else 130
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
    return status if processes is None else processes.end(status)


if __name__ == "__main__":
    sys.exit(main())
