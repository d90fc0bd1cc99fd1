"""Every command that a page prints has only options that the script knows, for its task."""

import contextlib
import io
import re
import runpy
import shlex
import sys
from functools import cache
from unittest import mock

import pytest

from thinkenv.__main__ import build_parser

from .conftest import PAGES, ROOT, fences

SUBCOMMANDS = ("accuracy", "recovery", "diagnose", "merge")
# Options that decide which others there are.
DECIDING = ("--task", "--architecture")
# Files that a page tells the reader to write: other tests run these commands.
YOURS = ("plain_net.py",)


def commands() -> list[tuple[str, list[str]]]:
    """The pages and the words of their commands, each from the script on."""
    found = []
    for name in PAGES:
        for line in "\n".join(fences(name, "bash")).splitlines():
            words = shlex.split(line, comments=True)
            if not words or any(yours in word for word in words for yours in YOURS):
                continue
            if words[:3] == ["python", "-m", "thinkenv"]:
                words = ["thinkenv", *words[3:]]
            elif words[0] in ("python", "torchrun"):
                words = words[next(i for i, word in enumerate(words) if word.endswith(".py")) :]
            else:
                known = ("thinkenv", "make", "pip", "pre-commit", "git")
                assert words[0] in known, f"{name}: {line}"
            found.append((name, words))
    return found


COMMANDS = commands()


@cache
def help_of(script: str, *words: str) -> str:
    """What a script says with ``--help``, run in this process."""
    said = io.StringIO()
    with (
        mock.patch.object(sys, "argv", [script, *words, "--help"]),
        contextlib.redirect_stdout(said),
        contextlib.chdir(ROOT),
        # Beside a script lie the modules that it imports, as where it is run by its path.
        mock.patch.object(sys, "path", [str((ROOT / script).parent), *sys.path]),
        pytest.raises(SystemExit) as stopped,
    ):
        runpy.run_path(script, run_name="__main__")
    assert stopped.value.code in (0, None), said.getvalue()
    return said.getvalue()


def deciding(words: list[str]) -> list[str]:
    """The subcommand, and the options that decide which others there are."""
    kept = words[1:2] if words[1:2] and words[1] in SUBCOMMANDS else []
    for index, word in enumerate(words):
        if word in DECIDING:
            kept += words[index : index + 2]
    return kept


def test_there_are_commands_of_every_script():
    scripts = {words[0] for _, words in COMMANDS}
    assert {f"agents/{name}.py" for name in ("train_dt", "evaluate", "think")} <= scripts
    assert {"thinkenv", "make"} <= scripts


@pytest.mark.parametrize(
    ("page", "words"),
    [(page, words) for page, words in COMMANDS if words[0].endswith(".py")],
    ids=lambda value: value if isinstance(value, str) else " ".join(value)[:80],
)
def test_a_script_knows_the_options_of_its_commands(page, words):
    shown = help_of(words[0], *deciding(words))
    for word in words:
        if word.startswith("--"):
            option = word.split("=")[0]
            positive = option.replace("--no-", "--")
            assert re.search(rf"(?<![\w-])({option}|{positive})(?![\w-])", shown), option


@pytest.mark.parametrize(
    "words",
    [words[1:] for _, words in COMMANDS if words[0] == "thinkenv"],
    ids=" ".join,
)
def test_the_console_command_takes_what_is_printed(words):
    assert build_parser().parse_args(words).run


def test_make_has_the_targets_that_are_printed():
    makefile = (ROOT / "Makefile").read_text()
    for _, words in COMMANDS:
        if words[0] == "make":
            assert f"\n{words[1]}:" in makefile
