"""What all command lines share: the nearest right word, one line, and files that can be written."""

import os
import sys

import pytest

from thinkenv.__main__ import main
from thinkenv.command_line import (
    Parser,
    check_writable,
    describe_unknown_option,
    in_one_line,
    run_command,
)


def refusal(words: str, capsys) -> str:
    """What the command ``thinkenv`` says in one line when it refuses these words."""
    with pytest.raises(SystemExit) as stopped:
        main(words.split())
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "exprot x",
            "must be one of export, chess, play, uci, docs, got exprot; did you mean 'export'?",
        ),
        ("export x --coutn 10", "there is no option --coutn; did you mean --count?"),
        ("export x --coutn=10", "there is no option --coutn; did you mean --count?"),
        ("export x --generator wilsn", "got wilsn; did you mean 'wilson'?"),
        ("export x y", "too many words: y"),
        ("chess imprt x", "got imprt; did you mean 'import'?"),
        ("chess info --repaly 3", "there is no option --repaly; did you mean --replay?"),
        ("play mase", "must be one of maze, chess, got mase; did you mean 'maze'?"),
        ("play maze --sise 9", "there is no option --sise; did you mean --size?"),
        ("play chess --thems fork", "there is no option --thems; did you mean --themes?"),
        ("play maze --seed 1 --instance 2", "--instance: not allowed with argument --seed"),
        ("--verison", "the following arguments are required: COMMAND"),
    ],
)
def test_a_misspelt_word_is_answered_with_the_right_one(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert said in refusal(words, capsys)
    assert not list(tmp_path.iterdir())


def test_the_line_names_the_command_that_helps(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["thinkenv"])
    assert "('thinkenv chess import --help' says more)" in refusal("chess import x --tto y", capsys)


def test_of_options_the_nearest_is_named_and_of_others_none():
    known = ["-h", "--help", "--max-iterations", "--size"]
    assert describe_unknown_option("--max_iteratoins", known).endswith("mean --max-iterations?")
    assert describe_unknown_option("--sise=9", known).endswith("mean --size?")
    assert describe_unknown_option("--colour", known) == "there is no option --colour"


def test_options_are_read_as_by_any_other_parser():
    parser = Parser()
    parser.add_argument("--size", type=int, choices=(3, 5))
    assert parser.parse_args(["--size", "3"]).size == 3
    assert parser.parse_args(["--si=5"]).size == 5


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("size must be\n  odd"), "size must be odd"),
        (
            FileNotFoundError(2, "No such file or directory", "x.txt"),
            "there is no such file: x.txt",
        ),
        (PermissionError(13, "Permission denied", "x.txt"), "x.txt: Permission denied"),
        (OSError("the disk is full"), "the disk is full"),
        (ImportError(), "ImportError"),
    ],
)
def test_an_error_is_one_line_and_exit_1(error, said, capsys):
    def command():
        raise error

    assert in_one_line(error) == said
    assert run_command(command) == 1
    assert capsys.readouterr().err == f"error: {said}\n"


def test_ctrl_c_is_one_word_and_exit_130(capsys):
    def command():
        raise KeyboardInterrupt

    assert run_command(command) == 130
    assert capsys.readouterr().err == "stopped\n"
    assert run_command(lambda: None) == 0 and run_command(lambda: 7) == 7


def test_what_can_be_written_is_left_as_it_was(tmp_path):
    (tmp_path / "old.json").write_text("old")
    (tmp_path / "folder").mkdir()
    for path in ("new.json", "old.json", "a/b/new.json", "folder/new.json"):
        assert check_writable("--json", tmp_path / path) == tmp_path / path
    for path in ("folder", "new", "a/b"):
        check_writable("--folder", tmp_path / path, is_folder=True)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["folder", "old.json"]
    assert (tmp_path / "old.json").read_text() == "old"


@pytest.mark.parametrize(
    ("path", "is_folder", "said"),
    [
        ("file/x.json", False, "because {}/file is no folder"),
        ("file/a/b/x.json", False, "because {}/file is no folder"),
        ("", False, "--json must be the path of a file, got the folder {}"),
        ("file", True, "--json must be the path of a folder, got the file {}/file"),
        ("file/run", True, "because {}/file is no folder"),
        ("x" * 300, False, "cannot be written: File name too long"),
        ("x" * 300 + "/y", False, "cannot be written: File name too long"),
    ],
)
def test_what_cannot_be_written_is_refused_with_the_reason(path, is_folder, said, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError) as refused:
        check_writable("--json", tmp_path / path, is_folder)
    assert said.format(tmp_path) in str(refused.value) and "\n" not in str(refused.value)
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may do all")
def test_a_folder_that_is_read_only_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ValueError, match="Permission denied"):
        check_writable("--json", tmp_path / "x.json")


@pytest.mark.parametrize(
    "words",
    [
        "export {}/file/x",
        "export {}/folder --format npz",
        "export {}/file --format tokens",
        "docs {}/file/x.md",
        "chess import {}/rows.csv --to {}/file/x.puzzles",
        "chess download --to {}/file/x",
    ],
)
def test_a_command_refuses_before_its_work_what_it_could_not_write(words, tmp_path, capsys):
    (tmp_path / "file").touch()
    (tmp_path / "rows.csv").write_text("FEN,Moves\n")
    (tmp_path / "folder").mkdir()
    assert main(words.format(*[tmp_path] * 2).split()) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert str(tmp_path) in line and ("cannot be written" in line or "must be the path" in line)


def test_a_file_that_is_missing_is_named(tmp_path, capsys):
    for words in ("chess import", "chess info", "play maze --file", "play chess --database"):
        path = tmp_path / "none.csv"
        assert main([*words.split(), str(path)]) == 1, words
        (line,) = capsys.readouterr().err.splitlines()
        assert line == f"error: there is no such file: {path}" or str(path) in line
