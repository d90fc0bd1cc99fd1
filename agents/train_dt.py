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

from agents.deep_thinking.acceleration import Acceleration
from agents.deep_thinking.agent import Agent
from agents.deep_thinking.checkpoint import (
    CheckpointError,
    load_agent,
    read_state,
    save_agent,
    to_bytes,
    write_whole,
)
from agents.deep_thinking.device import DeviceName
from agents.deep_thinking.model import build_net, count_parameters
from agents.deep_thinking.processes import Processes
from agents.deep_thinking.tasks import find_task, task_class
from agents.deep_thinking.training import Plan, Trainer, learning_rate_of_step
from agents.provenance import provenance

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
    for name in ("steps", "batch"):
        if getattr(plan, name) < 1:
            raise ValueError(f"--{name} {getattr(plan, name)}: needs 1 or more")
    for name in ("short_iterations", "long_iterations"):
        fewest, most = getattr(plan, name)
        if not 1 <= fewest <= most:
            raise ValueError(
                f"--{name.replace('_', '-')} {fewest} {most}: needs fewest and most, from 1"
            )
    return plan


def check(args: Args) -> None:
    """Check the other options.

    Raises:
        ValueError: If one makes no sense; the message names it.
    """
    for name in ("log_every", "validate_every", "checkpoint_every"):
        if getattr(args, name) < 1:
            raise ValueError(f"--{name.replace('_', '-')} {getattr(args, name)}: needs 1 or more")


class Log:
    """Metrics on the screen, in a CSV file and, if it is installed, in TensorBoard.

    The file is cut back to the step of the checkpoint when a run is resumed.
    """

    def __init__(self, folder: Path, first_step: int):
        self.path = folder / METRICS
        rows = []
        if first_step and self.path.exists():
            with open(self.path, newline="") as file:
                rows = [row for row in csv.DictReader(file) if int(row["step"]) <= first_step]
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
        write_whole(self.path, text.getvalue().encode())
        self.seconds_before = float(rows[-1]["seconds"]) if rows else 0.0
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


def clock_text(seconds: float) -> str:
    """Seconds as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


@contextmanager
def asked_to_stop() -> Iterator[dict]:
    """Turn the first Ctrl-C or SIGTERM into a flag that is looked at between steps."""
    asked = {"stop": False}

    def ask(signal_number, frame):
        if asked["stop"]:
            raise KeyboardInterrupt
        asked["stop"] = True
        print("stopping after this step (again to stop at once) …", file=sys.stderr, flush=True)

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
        if args.resume:
            self.load()
        elif (self.folder / CHECKPOINT).exists() and not args.overwrite:
            raise CheckpointError(
                f"{self.folder} holds a run: go on with --resume, start again with --overwrite, or "
                "name another folder with --folder"
            )
        self.folder.mkdir(parents=True, exist_ok=True)

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
        for name, value in flatten(ours).items():
            theirs = flatten(described).get(name)
            if theirs != value:
                raise CheckpointError(
                    f"{self.args.start_from}: has {name}={theirs!r}, but {name}={value!r} was "
                    "asked for"
                )
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
        write_whole(self.folder / CHECKPOINT, to_bytes({"run": self.identity(), **state}))

    def load(self) -> None:
        """Go on from the folder's checkpoint.

        Raises:
            CheckpointError: If there is none, it is damaged, or it is of another training.
        """
        path = self.folder / CHECKPOINT
        state = read_state(path)
        if not isinstance(state, dict) or "run" not in state:
            raise CheckpointError(f"{path}: not the checkpoint of a training run")
        theirs, ours = flatten(state["run"]), flatten(self.identity())
        for name in ours:
            if theirs.get(name) != ours[name]:
                raise CheckpointError(
                    f"{path}: is of a run with {name}={theirs.get(name)!r}, but {name}="
                    f"{ours[name]!r} was asked for"
                )
        self.trainer.load_state(state)
        self.pending = list(state["pending"])

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

    def save_agent(self, metrics: dict) -> dict:
        """Write the agent with its description, and return that."""
        agent = self.averaged_agent()
        description = {
            "task": self.args.task,
            "architecture": self.args.architecture,
            "net": self.net_arguments(),
            "training_iterations": agent.training_iterations,
            "seed": self.args.seed,
            "plan": asdict(self.plan),
            "trained_on": self.trainer.slots.task.axes,
            "metrics": metrics,
            "start_from": self.start_from,
            **provenance(),
        }
        save_agent(self.folder, agent.net, description)
        return description


def flatten(nested: dict, prefix: str = "") -> dict:
    """Nested dicts as one level, with dotted names; tuples as lists."""
    flat = {}
    for name, value in nested.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = list(value) if isinstance(value, tuple) else value
    return flat


def train(run: Run) -> dict | None:
    """Train to the last step, or until asked to stop.

    Returns:
        The final metrics in the first process, None where training was stopped before its end.
    """
    args, trainer, processes = run.args, run.trainer, run.processes
    first_step = trainer.steps_done
    log = Log(run.folder, first_step) if processes.is_first else None
    began = time.monotonic()
    row = {}
    recurrent = trainer.net.recurrent
    last_step = min(run.plan.steps, args.stop_after or run.plan.steps)

    with asked_to_stop() as asked:
        while trainer.steps_done < last_step:
            values, stop = trainer.step(asked["stop"])
            run.pending.append(values)
            step = trainer.steps_done
            is_last = step == run.plan.steps
            due = step % args.log_every == 0 or is_last
            if due and not processes.is_first:
                run.pending.clear()
            if due and processes.is_first:
                loss, exact, change, norm = torch.stack(run.pending).mean(dim=0).tolist()
                run.pending.clear()
                seconds = time.monotonic() - began
                row = dict.fromkeys(COLUMNS, "") | {
                    "step": step,
                    "loss": loss,
                    "train_exact": exact,
                    "change": change,
                    "gradient_norm": norm,
                    "learning_rate": learning_rate_of_step(run.plan, step - 1),
                    "seconds": round(log.seconds_before + seconds, 2),
                }
                rate = (step - first_step) / seconds
                line = (
                    f"step {step:>6}/{run.plan.steps}  loss {loss:.4f}  train exact {exact:7.1%}  "
                    f"change {change:.4f}  {rate:5.1f} steps/s  "
                    f"{clock_text(time_left(run.plan, recurrent, step, first_step, seconds))} left"
                )
                if step % args.validate_every == 0 or is_last:
                    row["validation_exact"], row["validation_cells"] = run.validate()
                    line += f"  validation exact {row['validation_exact']:.1%}"
                print(line, flush=True)
                log.write(row)
            stop = stop or step == last_step
            if stop or step % args.checkpoint_every == 0:
                state = trainer.state()
                if processes.is_first:
                    pending = [values.cpu() for values in run.pending]
                    run.save({**state, "pending": pending})
                    run.save_agent(row)
            if stop and not is_last:
                if processes.is_first:
                    log.close()
                    print(f"stopped after step {step}; go on with --resume", file=sys.stderr)
                return None

    if processes.is_first:
        log.close()
    return row


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
        check(args)
        args = replace(args, task=find_task(args.task).name)
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
        metrics = train(run)
        if metrics is not None and processes.is_first:
            description = run.save_agent(metrics)  # also where nothing was left to train
            print(f"the agent is in {run.folder}: weights.pt and agent.json")
            if args.json is not None:
                write_whole(args.json, (json.dumps(description, indent=2) + "\n").encode())
        processes.wait()
        status = 130 if metrics is None else 0
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
    return status if processes is None else processes.end(status)


if __name__ == "__main__":
    sys.exit(main())
