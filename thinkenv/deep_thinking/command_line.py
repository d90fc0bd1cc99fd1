"""What the scripts' command lines share."""

import argparse
import contextlib
import inspect
import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
import tyro

from thinkenv.command_line import check_writable, describe_unknown_option, run_command
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.checkpoint import load_agent, shipped_agents
from thinkenv.deep_thinking.distributed import DeviceName
from thinkenv.deep_thinking.rollout.acceleration import PLAIN, Acceleration
from thinkenv.tasks import TASKS
from thinkenv.tasks.base import AnyTask, TestingOptions

Options = TypeVar("Options")

# Options of release 0.1 by the names of today; the old ones still work in this release.
RENAMED = {
    "averaging": "ema-decay",
    "barriers": "wall-mask",
    "clip": "max-grad-norm",
    "mazes": "problems",
    "memory-noise": "memory-noise-std",
    "most-iterations": "max-iterations",
    "rest-penalty": "residual-penalty",
    "symmetric": "equivariant",
    "update-chance": "update-prob",
    "warm-up": "warmup-fraction",
}
# And a task of one's own that was printed there.
RENAMED_TASKS = {
    "agents.examples.flood_fill:FloodFillProblems": "examples/flood_fill.py:FloodFillTask"
}


@dataclass
class AgentArgs:
    """Options of the scripts that load an agent."""

    selection: tyro.conf.OmitArgPrefixes[TestingOptions[Any]]
    """Which problems to think about."""

    checkpoint: str | None = None
    """The agent: a shipped agent's name or the folder of a run; by default the one that comes with
    the task."""
    task: str = "maze"
    """The task that the problems are of: maze, chess or prefix_sum; or one of your own, as
    file.py:Class or module:Class."""
    architecture: str | None = None
    """The agent's net, where that is one of your own: file.py:Class or module:Class."""
    threads: int | None = None
    """CPU threads; by default all cores."""
    device: DeviceName = "auto"
    """cpu, cuda, or auto: a GPU if there is one."""

    def load(
        self, task: type[AnyTask], device: torch.device, acceleration: Acceleration = PLAIN
    ) -> Agent[Any]:
        """The agent that was named, or the one that comes with the task.

        Raises:
            ValueError: If none was named, and none comes with it; or as ``load_agent``.
        """
        if self.checkpoint is None and task.name not in shipped_agents():
            raise ValueError(
                f"--checkpoint must name an agent: none comes with the task {task.name!r}"
            )
        name = self.checkpoint or task.name
        return load_agent(name, device, task, self.architecture, acceleration)


def read_words(words: Sequence[str]) -> list[str]:
    """The words of a command line, with options of release 0.1 by their names of today."""
    read = []
    for word in words:
        option, equals, value = word.partition("=")
        if word in RENAMED_TASKS:
            print(f"{word} is called {RENAMED_TASKS[word]} now", file=sys.stderr)
            word = RENAMED_TASKS[word]
        for prefix in ("--no-", "--"):
            name = option.removeprefix(prefix).replace("_", "-")
            if option.startswith(prefix) and name in RENAMED:
                print(f"{option} is called {prefix}{RENAMED[name]} now", file=sys.stderr)
                word = f"{prefix}{RENAMED[name]}{equals}{value}"
                break
        read.append(word)
    return read


def value_of(option: str, words: Sequence[str], default: str) -> str:
    """The value of an option that decides which others there are, such as ``--task``."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument(option, dest="value", nargs="?", default=default, const=default)
    return parser.parse_known_args(words)[0].value


def parse_args(
    default: Options,
    words: Sequence[str],
    description: str | None,
    prog: str | None = None,
    elsewhere: Callable[[], Mapping[str, object]] = dict,
) -> Options:
    """The options that the words of a command line stand for.

    Args:
        default: A dataclass whose fields are the options, with their defaults.
        words: The words.
        description: A docstring, which ``--help`` shows before the options.
        prog: What ``--help`` calls the command, by default as it was called.
        elsewhere: The options of other commands, by what is typed to have them: an option of theirs
            is not taken for a misspelt one.

    Raises:
        ValueError: If there is no such option, or its value is not allowed.
    """
    about = inspect.cleandoc(description or "").partition("\n\nRaises:")[0]
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return tyro.cli(
                type(default), args=words, default=default, description=about, prog=prog
            )
    except SystemExit as stop:
        if not stop.code:  # --help
            raise
    check_names(words, default, elsewhere)
    # An error comes in a box: a title, lines between rules, and a hint to --help.
    lines = [line.strip(" │") for line in said.getvalue().splitlines()]
    message = " ".join([line for line in lines[1:] if line.strip("─-╰╯")][:-1])
    # Of a value that is of none of several types, the reasons of each would fill a screen.
    unfit = re.match(
        r"Error parsing (\S+): no type matching (\S+) could .* from \['(.*?)'\]", message
    )
    if unfit:
        kinds = unfit[2].replace("{", "").replace("}", "").replace("|", " or ")
        raise ValueError(f"{unfit[1]} must be {kinds}, got {unfit[3]}")
    unfit = re.match(r"Error parsing (\S+): invalid literal for int\(\) .*?: '(.*?)'", message)
    if unfit:
        raise ValueError(f"{unfit[1]} must be INT, got {unfit[2]}")
    raise ValueError(re.sub(r"^Error parsing \w+: ", "", message))


def check_names(
    words: Sequence[str], options: object, elsewhere: Callable[[], Mapping[str, object]]
) -> None:
    """Check that the options on a command line are some of those that there are.

    Raises:
        ValueError: If one is not; the message names the nearest right one, or the command that has
            this one.
    """
    known = set(names_of(options))
    for word in words:
        name = word.partition("=")[0].replace("_", "-")
        if not name.startswith("--") or name in {*known, "--", "--help"}:
            continue
        for command, others in elsewhere().items():
            if name in names_of(others):
                raise ValueError(f"there is no option {name} here: it is one of {command}")
        raise ValueError(describe_unknown_option(word, known))


def options_by_task(options_of: Callable[[type[AnyTask]], object]) -> dict[str, object]:
    """The options that each task brings, by what is typed to have them."""
    return {f"--task {name}": options_of(TASKS.find(name)) for name in TASKS.names}


def names_of(options: object) -> Iterator[str]:
    """The options that the fields of a dataclass become, with their dashes."""
    for field in fields(options):  # type: ignore[arg-type]
        value = getattr(options, field.name)
        name = field.name.replace("_", "-")
        if is_dataclass(value):
            yield from names_of(value)
        elif "Positional" not in str(field.type):
            yield f"--{name}"
            if isinstance(value, bool):
                yield f"--no-{name}"


def run_script(main: Callable[[list[str]], int]) -> int:
    """Run a script, and report errors in one line.

    Args:
        main: From the words of the command line to the exit status.

    Returns:
        The exit status: 1 after an error, 130 after Ctrl-C.
    """
    return run_command(lambda: main(read_words(sys.argv[1:])))


def check_outputs(args: object, *names: str) -> None:
    """Check that files can be written where options name some, before hours of work.

    Raises:
        ValueError: If one cannot; the message names it, and the reason.
        ImportError: If a figure is asked for, and Matplotlib is not installed.
    """
    for name in names:
        path: Path | None = getattr(args, name)
        if path is None:
            continue
        check_writable(f"--{name}", path, is_folder=name == "folder")
        if name == "figure":
            check_picture(path)


def check_picture(path: Path) -> None:
    """Check that the ending of a figure's path is that of a kind of picture.

    Raises:
        ValueError: If it is not.
        ImportError: If Matplotlib is not installed.
    """
    from matplotlib.backend_bases import FigureCanvasBase

    if path.suffix.removeprefix(".").lower() not in FigureCanvasBase.filetypes:
        raise ValueError(f"--figure must end in .png, .pdf or .svg, got {path}")


def check_counts(args: object, *names: str, low: int = 1) -> None:
    """Check that options are at least ``low`` where they are given.

    Raises:
        ValueError: If one is not; the message names it.
    """
    for name in names:
        value = getattr(args, name)
        if value is not None and value < low:
            raise ValueError(f"--{name.replace('_', '-')} must be at least {low}, got {value}")
