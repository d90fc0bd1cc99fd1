"""A training run: its net, its folder, its checkpoints and metrics."""

import contextlib
import csv
import errno
import io
import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import InitVar, asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from thinkenv import gate
from thinkenv.deep_thinking import checkpoint
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.architectures import AnyArchitecture, Settings
from thinkenv.deep_thinking.architectures.equivariance import load_plain_state
from thinkenv.deep_thinking.codecs.choice import codec_for
from thinkenv.deep_thinking.distributed import Distributed
from thinkenv.deep_thinking.migration import (
    LATER_PLAN_FIELDS,
    METRIC_NAMES,
    upgrade_training_state,
)
from thinkenv.deep_thinking.model_card import remove_card
from thinkenv.deep_thinking.rollout.acceleration import PLAIN, Acceleration
from thinkenv.deep_thinking.tensor_files import CheckpointError, read_state, to_bytes
from thinkenv.deep_thinking.training.plan import Plan
from thinkenv.deep_thinking.training.state import checked_pending, checked_sessions
from thinkenv.deep_thinking.training.trainer import learning_rate_of_step
from thinkenv.files import write_bytes
from thinkenv.provenance import provenance
from thinkenv.tasks.base import AnyTask, TrainingOptions
from thinkenv.tasks.seeds import instances_of_seed

CHECKPOINT = "checkpoint.pt"
STATE_FORMAT = "thinkenv training, version 2"
METRICS = "metrics.csv"
MAX_METRICS_BYTES = 2**28
WITHOUT_METRICS = "move it away, and --resume goes on without the rows so far"
COLUMNS = (
    "step",
    "loss",
    "train_exact",
    "memory_residual",
    "gradient_norm",
    "learning_rate",
    "validation_exact",
    "validation_cells",
    "seconds",
)


@dataclass(eq=False)
class Run:
    """One training run: its net, its folder, its progress.

    Attributes:
        task: The class of the task.
        selection: Which of its problems are trained on.
        architecture: The class of the net.
        settings: Its settings.
        plan: What is done.
        folder: Where its files are.
        processes: The processes that share the work.
        seed: Decides the first weights, the problems, and the lengths of rollouts.
        acceleration: How iterations are run faster.
        start_from: The agent to begin with the weights of, by name or folder; None for random ones.
        resume: Whether to go on from the folder's checkpoint.
        overwrite: Whether an earlier run in the folder may go.
        trainer: What takes the steps.
        metrics: The last row of metrics.
        pending: ``(4,)`` of each step since then: see ``Trainer.step``.

    Raises:
        CheckpointError: If the folder holds a run that may not go, or no run to resume, or one of
            another training; or if there is no agent to start from.
        ValueError: If the training makes no sense.
    """

    task: type[AnyTask]
    selection: TrainingOptions[Any]
    architecture: type[AnyArchitecture]
    settings: Settings
    plan: Plan
    folder: Path
    processes: Distributed
    seed: int = 0
    acceleration: Acceleration = PLAIN
    start_from: str | None = None
    resume: InitVar[bool] = False
    overwrite: InitVar[bool] = False

    def __post_init__(self, resume: bool, overwrite: bool) -> None:
        self.codec = codec_for(self.task, self.architecture)
        torch.manual_seed(self.seed)
        net = self.architecture(self.settings, self.codec.interface)
        self.started_from = self._start_from(net)
        self.acceleration = self._chosen_acceleration(resume)
        self.trainer = self.architecture.trainer()(
            net,
            self.codec,
            self.selection.task(self.task, "train"),
            self.plan,
            self.seed,
            self.processes.device,
            self.processes.rank,
            self.processes.world_size,
            self.acceleration,
        )
        self.metrics: dict[str, Any] = {}
        self.sessions: list[dict] = []  # the provenance of its begin, and of each time it went on
        self.pending: list[torch.Tensor] = []
        if resume:
            self._load()
        else:
            self._make_room(overwrite)
        if not (self.is_finished and self.sessions):
            self.sessions.append(provenance())
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def steps_done(self) -> int:
        """How many steps were taken."""
        return self.trainer.steps_done

    @property
    def is_finished(self) -> bool:
        """Whether all steps are done."""
        return self.steps_done >= self.plan.steps

    def step(self, interrupted: bool) -> bool:
        """Take one step; whether any process is to stop."""
        values, stop = self.trainer.step(interrupted)
        self.pending.append(values)
        return stop

    def averaged_agent(self) -> Agent[Any]:
        """The agent as it would be shipped now."""
        net = self.trainer.averaged_net()
        iterations = self.plan.most_iterations if net.recurrent else 1
        return Agent(net, self.codec, iterations, self.processes.device)

    def validate(self, count: int) -> tuple[float, float]:
        """Exact and cell accuracy on so many unseen problems of the training size."""
        task = self.selection.task(self.task, "validation")
        problems = task.draw(instances_of_seed(0, count))
        thought = self.averaged_agent().think(problems.problems)
        solved, cells = task.judge(problems, thought.answer)
        return float(solved.mean()), float(cells.mean())

    def save(self) -> None:
        """Write the training state and the agent; every process takes part."""
        state = self.trainer.state()
        if self.processes.is_first:
            pending = torch.stack(self.pending).cpu() if self.pending else torch.empty(0, 4)
            about = {"format": STATE_FORMAT, "run": self._identity(), "sessions": self.sessions}
            content = to_bytes({**about, **state, "pending": pending})
            write_bytes(self.folder / CHECKPOINT, content)
            self.save_agent()

    def save_agent(self) -> dict[str, Any]:
        """Write the agent with its description, and return that."""
        agent = self.averaged_agent()
        first, *resumed = self.sessions
        description = {
            **self._decisions(),
            "training_iterations": agent.training_iterations,
            "precision": self.acceleration.precision,
            "metrics": self.metrics,
            "start_from": self.started_from,
            **first,
            **({"resumed": resumed} if resumed else {}),
        }
        checkpoint.save_agent(self.folder, agent.net, description)
        return description

    def _decisions(self) -> dict[str, Any]:
        """What decides the losses, but for how they are computed."""
        return {
            "task": self.task.name,
            "architecture": self.architecture.name,
            "net": asdict(self.settings),
            "seed": self.seed,
            "plan": asdict(self.plan),
            "trained_on": self.trainer.task.options,
        }

    def _identity(self) -> dict[str, Any]:
        """What must not differ when a run is resumed."""
        return {
            **self._decisions(),
            "precision": self.acceleration.precision,
            "start_from": self.started_from and self.started_from["weights_sha256"],
        }

    def _chosen_acceleration(self, resume: bool) -> Acceleration:
        """The acceleration, with a precision; if that is to be measured, all have the first's.

        A run that goes on computes in the precision in which it began.

        Raises:
            CheckpointError: If there is no run to go on with, or its checkpoint is damaged.
        """
        if resume and self.acceleration.precision == "auto":
            begun = read_state(self.folder / CHECKPOINT).get("run")
            precision = begun.get("precision") if isinstance(begun, dict) else None
            if precision in ("float32", "bfloat16"):
                return replace(self.acceleration, precision=precision)
        return self.processes.gather(self.acceleration.chosen(self.processes.device))[0]

    def _start_from(self, net: AnyArchitecture) -> dict[str, Any] | None:
        """Give a net the weights of the agent to start from; what is known of that agent.

        Raises:
            CheckpointError: If there is none, it is damaged, or its net is another one.
        """
        if self.start_from is None:
            return None
        agent = checkpoint.load_agent(self.start_from, task=self.task)
        described = agent.description
        ours = {"architecture": net.name, "net": asdict(net.settings)}
        # As it was loaded: a setting that is younger than the agent has its default.
        theirs = {"architecture": agent.net.name, "net": asdict(agent.net.settings)}
        compare(self.start_from, "has", theirs, ours)
        load_plain_state(net, agent.net.state_dict())
        names = ("command", "commit", "plan", "seed", "trained_on", "weights_sha256", "metrics")
        return {name: described.get(name) for name in (*names, "start_from")}

    def _make_room(self, overwrite: bool) -> None:
        """Remove an earlier run from the folder, so that nothing of it is taken for this one's.

        Raises:
            CheckpointError: If there is one, and it was not said that it may be overwritten.
        """
        names = (CHECKPOINT, checkpoint.WEIGHTS, checkpoint.EARLIER_WEIGHTS, checkpoint.DESCRIPTION)
        files = [self.folder / name for name in names]
        if not overwrite and any(file.exists() for file in files):
            raise CheckpointError(
                f"{self.folder} holds a run: go on with --resume, start again with --overwrite, or "
                "name another folder with --folder"
            )
        if self.processes.is_first:
            for file in files:
                file.unlink(missing_ok=True)
            remove_card(self.folder)

    def _load(self) -> None:
        """Go on from the folder's checkpoint.

        Raises:
            CheckpointError: If there is none, it is damaged, or it is of another training.
        """
        path = self.folder / CHECKPOINT
        state = read_state(path)
        with gate.reading(path, CheckpointError):
            if not isinstance(state.get("run"), dict):
                raise ValueError("not the checkpoint of a training run")
            if state.get("format") not in (None, STATE_FORMAT):
                raise ValueError(f"format must be {STATE_FORMAT!r}, got {state['format']!r:.60}")
            try:
                self._go_on_from(state)
            except CheckpointError:
                raise
            except Exception as error:  # of any kind, by what is wrong in it
                raise ValueError(
                    f"not the state of such a training ({gate.explain(error)})"
                ) from error
        rows = rows_until(self.folder / METRICS, self.steps_done)
        self.metrics = rows[-1] if rows else {}

    def _go_on_from(self, state: dict[str, Any]) -> None:
        """Go on from a stored state.

        Raises:
            CheckpointError: If it is of another training.
            ValueError: If it is none; also other errors.
        """
        if "format" not in state:  # written by release 0.1
            state = upgrade_training_state(state, self.trainer.state())
        theirs = {**state["run"], "plan": {**LATER_PLAN_FIELDS, **state["run"]["plan"]}}
        compare(self.folder / CHECKPOINT, "is of a run with", theirs, self._identity())
        self.trainer.load_state(state)
        pending = checked_pending(state["pending"], self.steps_done)
        self.pending = [values.to(self.processes.device) for values in pending]
        self.sessions = checked_sessions(state.get("sessions", []))


def compare(path: Path | str, verb: str, theirs: dict, ours: dict) -> None:
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


def flatten(nested: dict, prefix: str = "") -> dict[str, Any]:
    """Nested dicts as one level, with dotted names; tuples as lists."""
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = list(value) if isinstance(value, tuple) else value
    return flat


def rows_until(path: Path, step: int) -> list[dict[str, Any]]:
    """The rows of a file of metrics up to a step; none where there is no file.

    Raises:
        CheckpointError: If it is damaged.
    """
    if step == 0 or not os.path.lexists(path):
        return []
    return [row for row in read_metrics(path) if row["step"] <= step]


@gate.reader("metrics of a training", CheckpointError)
def read_metrics(path: Path | str) -> list[dict[str, Any]]:
    """The rows of a file of metrics, with numbers where there are any.

    A line that was cut short by a kill has no end, and is left out.

    Raises:
        CheckpointError: If the file is missing or damaged.
    """
    *lines, _ = gate.read_text(path, MAX_METRICS_BYTES).replace("\r\n", "\n").split("\n")
    header = lines[0].split(",") if lines else []
    if tuple(METRIC_NAMES.get(name, name) for name in header) != COLUMNS:
        raise ValueError(f"its first line must be {','.join(COLUMNS)}; {WITHOUT_METRICS}")
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines[1:], 2):
        if not line:
            continue
        try:
            row = parse_row(line.split(","))
            if rows and row["step"] <= rows[-1]["step"]:
                raise ValueError(f"step {row['step']} follows step {rows[-1]['step']}")
        except ValueError as error:
            raise ValueError(f"line {number}: {error}; {WITHOUT_METRICS}") from error
        rows.append(row)
    return rows


def parse_row(texts: list[str]) -> dict[str, Any]:
    """A line of metrics by its columns: numbers, or ``""`` where nothing was validated.

    Raises:
        ValueError: If it has not as many, or one is no number.
    """
    if len(texts) != len(COLUMNS):
        raise ValueError(f"must have {len(COLUMNS)} columns, got {len(texts)}")
    row: dict[str, Any] = {}
    for name, text in zip(COLUMNS, texts, strict=True):
        if text == "" and name.startswith("validation_"):
            row[name] = ""
        elif name == "step":
            row[name] = int(text) if text.isdecimal() and len(text) < 19 else -1
        else:
            row[name] = float(text)  # which may be nan, where a training came to nothing
    if row["step"] < 1 or not 0 <= row["seconds"] < math.inf:
        raise ValueError("step and seconds must be numbers of at least 1 and 0")
    return row


class Progress:
    """Tells how a run goes on: a line on the screen, and a row of metrics.

    Metrics go into a CSV file, which is cut back to the step of the checkpoint when a run is
    resumed, and into TensorBoard if it is installed.

    Args:
        run: The run.
        validation_problems: How many unseen problems are validated on.
    """

    def __init__(self, run: Run, validation_problems: int):
        self.run = run
        self.validation_problems = validation_problems
        self.first_step = run.steps_done
        self.began = time.monotonic()
        self.path = run.folder / METRICS
        rows = rows_until(self.path, self.first_step)
        self.seconds_before = rows[-1]["seconds"] if rows else 0.0
        write_bytes(self.path, as_csv([dict(zip(COLUMNS, COLUMNS, strict=True)), *rows]).encode())
        self.board = None
        with contextlib.suppress(ImportError):  # TensorBoard is optional
            from torch.utils.tensorboard import SummaryWriter

            with named(run.folder):
                self.board = SummaryWriter(run.folder, purge_step=self.first_step + 1)

    def report(self, validate: bool) -> None:
        """Report the steps since the last line, and how the agent does on unseen problems."""
        run, step, plan = self.run, self.run.steps_done, self.run.plan
        loss, exact, residual, norm = torch.stack(run.pending).mean(dim=0).tolist()
        seconds = time.monotonic() - self.began
        run.metrics = dict.fromkeys(COLUMNS, "") | {
            "step": step,
            "loss": loss,
            "train_exact": exact,
            "memory_residual": residual,
            "gradient_norm": norm,
            "learning_rate": learning_rate_of_step(plan, step - 1),
            "seconds": round(self.seconds_before + seconds, 2),
        }
        left = time_left(plan, run.trainer.net.recurrent, step, self.first_step, seconds)
        line = (
            f"step {step:>6}/{plan.steps}  loss {loss:.4f}  train exact {exact:7.1%}  "
            f"memory residual {residual:.4f}  {(step - self.first_step) / seconds:5.1f} steps/s  "
            f"{int(left) // 60}:{int(left) % 60:02d} left"
        )
        if validate:
            exact, cells = run.validate(self.validation_problems)
            run.metrics |= {"validation_exact": exact, "validation_cells": cells}
            line += f"  validation exact {exact:.1%}"
        print(line, flush=True)
        with named(self.path):
            with self.path.open("a", newline="") as file:
                file.write(as_csv([run.metrics]))
        with named(run.folder):
            for name, value in run.metrics.items():
                if self.board is not None and name != "step" and value != "":
                    self.board.add_scalar(name, value, step)

    def close(self) -> None:
        """Finish writing."""
        with named(self.run.folder):
            if self.board is not None:
                self.board.close()


@contextlib.contextmanager
def named(path: Path) -> Iterator[None]:
    """Say of an error in writing which file it is about, and what is still whole.

    Raises:
        OSError: In place of one that was raised.
    """
    try:
        yield
    except OSError as error:
        raise OSError(
            error.errno or errno.EIO,
            f"cannot be written ({error.strerror or error}); the metrics so far and the last "
            f"{CHECKPOINT} are whole: --resume goes on from there",
            str(path),
        ) from error


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Rows of metrics as lines of a CSV file."""
    text = io.StringIO()
    csv.DictWriter(text, COLUMNS).writerows(rows)
    return text.getvalue()


def time_left(plan: Plan, recurrent: bool, step: int, first_step: int, seconds: float) -> float:
    """Seconds to the end, from the work done and to come."""

    def work(begin: int, end: int) -> float:
        if not (plan.progressive and recurrent):
            return end - begin
        short = max(0, min(end, plan.short_steps) - begin)
        long = end - begin - short
        return short * sum(plan.short_iterations) / 2 + long * sum(plan.long_iterations) / 2

    return seconds * work(step, plan.steps) / max(1.0, work(first_step, step))


@contextlib.contextmanager
def graceful_interrupt() -> Iterator[dict[str, bool]]:
    """Turn the first Ctrl-C, and SIGTERM, into a flag to be read between steps.

    A second Ctrl-C stops at once. A second SIGTERM does nothing: clusters send it to the processes
    and to what started them, which passes it on.
    """
    interrupt = {"stop": False}

    def handle(signal_number, frame):
        if interrupt["stop"]:
            if signal_number == signal.SIGINT:
                raise KeyboardInterrupt
            return
        interrupt["stop"] = True
        print("stopping after this step (Ctrl-C to stop at once) …", file=sys.stderr, flush=True)

    earlier = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupt
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
