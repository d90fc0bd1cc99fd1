"""Each subcommand and each task has its own options; ``--help`` shows their defaults."""

import contextlib
import io
import re
import sys
from unittest import mock

import pytest

from tests.deep_thinking.conftest import ROOT
from thinkenv.deep_thinking.command_line import RENAMED, read_words, value_of
from thinkenv.tasks.registry import import_file


def help_of(script: str, *words: str) -> str:
    """What a script says with ``--help``, in one line."""
    module = import_file(ROOT / "agents" / f"{script}.py")
    said = io.StringIO()
    with (
        mock.patch.object(sys, "argv", [f"agents/{script}.py", *words]),
        contextlib.redirect_stdout(said),
        pytest.raises(SystemExit) as stopped,
    ):
        module.main([*words, "--help"])
    assert not stopped.value.code
    return " ".join(re.sub("[│╭╮╰╯─]", " ", said.getvalue()).split())


def options_of(shown: str) -> str:
    """The options in what a script says with ``--help``, without the examples before them."""
    return shown[shown.index(" -h, --help ") :]


def default_of(option: str, shown: str) -> str | None:
    """The default that ``--help`` shows of an option; None where there is no such option."""
    found = re.search(rf" {option}[ ,].*?\(default: ?(.*?)\)", options_of(shown))
    return found and found[1]


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        ((), "evaluate.py"),
        (("accuracy",), "evaluate.py accuracy"),
        (("recovery",), "evaluate.py recovery"),
        (("diagnose",), "evaluate.py diagnose"),
        (("merge",), "evaluate.py merge"),
    ],
)
def test_a_subcommand_is_called_by_its_name(words, usage):
    shown = help_of("evaluate", *words)
    assert shown.startswith(f"usage: {usage} [-h]")
    assert "Raises:" not in shown  # what its docstring says to programmers


def test_each_subcommand_has_its_own_options():
    options = {
        "accuracy": "--suite --batch --shard --predictions --iterations --size --checkpoint",
        "recovery": "--disturb --disturb-at --recovery-iterations --size --checkpoint",
        "diagnose": "--iterations --size --checkpoint",
        "merge": "--json --figure",
    }
    everywhere = {option for known in options.values() for option in known.split()}
    for name, known in options.items():
        shown = options_of(help_of("evaluate", name))
        for option in everywhere:
            has_it = option in known.split() or option in ("--json", "--figure")
            assert (f" {option} " in shown) == has_it, (name, option)


def test_the_plain_call_explains_the_subcommands_and_has_the_options_of_accuracy():
    plain, accuracy = help_of("evaluate"), help_of("evaluate", "accuracy")
    assert "There are four subcommands; without one it is accuracy." in plain
    assert options_of(plain) == options_of(accuracy)


@pytest.mark.parametrize(
    ("script", "words", "defaults"),
    [
        ("evaluate", "", {"--size": "9 13 33 59", "--generator": "dfs", "--database": None}),
        ("evaluate", "--task prefix_sum", {"--size": "32 48 128 512", "--loops": None}),
        ("evaluate", "--task=prefix_sum", {"--size": "32 48 128 512", "--loops": None}),
        ("evaluate", "--task chess", {"--size": None, "--database": "bundled", "--rating": "None"}),
        ("evaluate", "--suite chess-rating", {"--size": None, "--database": "bundled"}),
        ("evaluate", "recovery --task chess", {"--disturb-at": "0.5", "--database": "bundled"}),
        ("think", "", {"--size": "33", "--endpoints": "dead_ends", "--frames": "60"}),
        ("think", "--task prefix_sum", {"--size": "64"}),
        ("think", "--task chess", {"--rating": "1600 1799", "--size": None}),
        (
            "train_dt",
            "",
            {
                "--size": "9",
                "--wall-moves": "16",
                "--steps": "5000",
                "--batch": "16",
                "--long-iterations": "40 72",
                "--wall-mask": "True",
                "--memory-channels": "16",
                "--database": None,
                "--blocks": None,
            },
        ),
        (
            "train_dt",
            "--task chess",
            {
                "--steps": "132000",
                "--gated": "True",
                "--encoder-blocks": "4",
                "--database": "bundled",
                "--wall-moves": None,
            },
        ),
        ("train_dt", "--task prefix_sum", {"--size": "32", "--steps": "3000", "--gated": "False"}),
        ("train_dt", "--architecture feed_forward", {"--blocks": "4", "--recall": None}),
        (
            "evaluate",
            "--task examples/flood_fill.py:FloodFillTask",
            {"--size": "9 17 33", "--loops": None},
        ),
        (
            "train_dt",
            "--task examples/flood_fill.py:FloodFillTask",
            {"--size": "9", "--wall-mask": "True", "--equivariant": "True"},
        ),
    ],
)
def test_help_shows_the_options_and_real_defaults_of_the_task(script, words, defaults):
    with contextlib.chdir(ROOT):
        shown = help_of(script, *words.split())
    assert {option: default_of(option, shown) for option in defaults} == defaults


def test_help_explains_the_options_of_nested_dataclasses():
    shown = help_of("train_dt")
    for words in (
        "How the mazes are carved",
        "Channels of the memory.",
        "Optimiser steps.",
        "CPU threads for each process",
    ):
        assert words in shown
    assert "How iterations are run faster." in help_of("evaluate")


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_an_old_option_works_and_says_its_new_name(old, new, capsys):
    assert read_words([f"--{old}", "1", f"--{old}=1"]) == [f"--{new}", "1", f"--{new}=1"]
    line = f"--{old} is called --{new} now\n"
    assert capsys.readouterr().err == 2 * line
    assert read_words([f"--no-{old}"]) == [f"--no-{new}"]
    assert capsys.readouterr().err == f"--no-{old} is called --no-{new} now\n"
    assert read_words([f"--{old}".replace("-", "_").replace("__", "--")]) == [f"--{new}"]


def test_what_is_no_old_option_stays_as_it_is(capsys):
    words = ["clip", "--json", "--clip-art", "runs/most-iterations", "--", "--wall-mask"]
    assert read_words(words) == words
    assert not capsys.readouterr().err


def test_the_value_of_an_option_is_found_as_it_is_read_later():
    assert value_of("--task", ["--size", "9"], "maze") == "maze"
    assert value_of("--task", ["--task", "chess", "--size", "9"], "maze") == "chess"
    assert value_of("--task", ["--task=chess"], "maze") == "chess"
    assert value_of("--task", ["--task", "chess", "--task", "maze"], "x") == "maze"  # the last
    assert value_of("--task", ["--task"], "maze") == "maze"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--iterations", "many"], "--iterations must be None or INT, got many"),
        (["--frames", "few"], "--frames must be INT, got few"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_in_one_short_line(words, said):
    module = import_file(ROOT / "agents" / "think.py")
    with pytest.raises(ValueError, match=f"^{said}$"):
        module.main(words)
