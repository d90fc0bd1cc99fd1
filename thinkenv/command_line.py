"""What all command lines share: errors in one line, Ctrl-C, misspelt words, files to be written."""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

from thinkenv.checks import suggestion

STOPPED = 130  # the exit status after Ctrl-C, as shells have it


class Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong, and names the nearest right word."""

    def parse_args(  # type: ignore[override]
        self, args: list[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """The options that the words of a command line stand for; exits where there are others."""
        words = sys.argv[1:] if args is None else args
        _, rest = self.parse_known_args(words)
        if rest:
            parser = self.chosen_by(words)
            unknown = next((word for word in rest if word.startswith("-")), None)
            if unknown is None:
                parser.error(f"too many words: {' '.join(rest)}")
            parser.error(describe_unknown_option(unknown, parser._option_string_actions))
        return super().parse_args(words, namespace)

    def chosen_by(self, words: Iterable[str]) -> "Parser":
        """The parser of the command that these words name."""
        parser = self
        for word in words:
            for action in parser._actions:
                if isinstance(action, argparse._SubParsersAction) and word in action.choices:
                    parser = action.choices[word]
        return parser

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            allowed = [str(choice) for choice in action.choices]
            raise argparse.ArgumentError(
                action,
                f"must be one of {', '.join(allowed)}, got {value}"
                f"{suggestion(str(value), allowed)}",
            )

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end."""
        self.exit(2, f"error: {message} ('{self.prog} --help' says more)\n")


def describe_unknown_option(word: str, options: Iterable[str]) -> str:
    """That there is no such option, and which one may be meant.

    Args:
        word: What was typed, such as ``--sise=9``.
        options: Those that there are, with their dashes.
    """
    option = word.partition("=")[0]
    plain = {name.lstrip("-"): name for name in options}
    meant = suggestion(option.lstrip("-").replace("_", "-"), list(plain))
    for name in plain:
        meant = meant.replace(f"'{name}'", plain[name])
    return f"there is no option {option}{meant}"


def run_command(command: Callable[[], int | None]) -> int:
    """Run a command, and report errors in one line.

    Args:
        command: Does the work; returns the exit status, or None for 0.

    Returns:
        The exit status: 1 after an error, 130 after Ctrl-C.
    """
    fill_closed_streams()
    try:
        return command() or 0
    except BrokenPipeError:  # nobody reads on, as in "… | head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f"error: {in_one_line(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return STOPPED


def fill_closed_streams() -> None:
    """Let what is written to closed standard streams vanish, as after ``2>&-``.

    Else the next file that is opened takes their number, and what libraries in C print is written
    into it.
    """
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            nowhere = open(os.devnull, "w")  # it stays open as long as the process
            with contextlib.suppress(OSError):
                os.dup2(nowhere.fileno(), number)
            setattr(sys, name, nowhere)


def in_one_line(error: Exception) -> str:
    """What an error says, in one line and plain words."""
    if isinstance(error, FileNotFoundError) and error.filename is not None:
        return f"there is no such file: {error.filename}"
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__


def check_writable(name: str, path: Path, is_folder: bool = False) -> Path:
    """Return ``path`` if a file can be written there. Nothing is left behind by trying.

    A command checks this before its work, so that hours of it are not lost in the end.

    Args:
        name: What the path is called in errors, such as ``--json``.
        path: Where to; folders on the way may be missing, because they are made later.
        is_folder: Whether it is to be a folder with files in it.

    Raises:
        ValueError: If it cannot; the message names the path and the reason.
    """
    try:
        if path.exists() and path.is_dir() != is_folder:
            wanted, got = ("folder", "file") if is_folder else ("file", "folder")
            raise ValueError(f"{name} must be the path of a {wanted}, got the {got} {path}")
        if path.exists() and not is_folder and not path.is_file():
            return path  # a device or a pipe, which is written into and not replaced
        place = path if path.is_dir() else next(one for one in path.parents if one.exists())
        if not place.is_dir():
            raise ValueError(f"{name}: {path} cannot be written, because {place} is no folder")
        with tempfile.NamedTemporaryFile(prefix=f".{path.name}.", dir=place):
            return path
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(f"{name}: {path} cannot be written: {reason}") from None


def writable_file(text: str) -> Path:
    """The ``type`` of an argument of ``Parser`` that names a file to be written."""
    try:
        return check_writable("the file", Path(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
