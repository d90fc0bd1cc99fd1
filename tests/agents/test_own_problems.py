"""Mazes and positions of one's own: watched, evaluated, exported and read back."""

import contextlib
import json

import pytest
import torch
from PIL import Image

from tests.deep_thinking.conftest import ROOT, call_script, refusal
from thinkenv import chess_puzzles
from thinkenv.__main__ import main
from thinkenv.deep_thinking.architectures.messages import MessageNet, MessageSettings
from thinkenv.deep_thinking.checkpoint import save_agent
from thinkenv.deep_thinking.codecs.moves import MoveCodec

# By hand: from S down, right and up again to G are 11 cells.
MAZE = """
#########
#S#   #G#
# # # # #
#   #   #
#########
"""
OPEN = "#######\n#S   G#\n#######\n"
CLOSED = "#######\n#S # G#\n#######\n"
# Black mates at once (after 1. f3 e5 2. g4): Qh4.
FEN = "rnbqkbnr/pppp1ppp/8/4p3/6P1/5P2/PPPPP2P/RNBQKBNR b KQkq - 0 2"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder with a blank in its name, in which the commands are run."""
    place = tmp_path / "work with blanks"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.syspath_prepend(ROOT / "agents")  # as where a script is run
    return place


def test_a_drawn_maze_is_watched_and_solved(folder):
    (folder / "maze.txt").write_text(MAZE)
    options = "--file maze.txt --frames 4 --gif maze.gif --strip maze.png --threads 1"
    shown, _ = call_script("think", *options.split())
    assert shown.startswith("maze 3x7, path of 15 cells: solved after ")
    for name, kind in (("maze.gif", "GIF"), ("maze.png", "PNG")):
        with Image.open(folder / name) as picture:
            assert picture.format == kind


def test_all_mazes_of_a_file_are_evaluated_and_one_of_them_is_watched(folder):
    (folder / "two.txt").write_text(f"{MAZE}\n\n{OPEN}")
    result = folder / "rows.json"
    options = f"--file two.txt --iterations converged --threads 1 --json {result}"
    call_script("evaluate", *options.replace(str(result), "rows.json").split())
    (row,) = json.loads(result.read_text())["rows"]
    assert (row["file"], row["n"], row["exact"]) == ("two.txt", 2, 1.0)
    watching = "--file two.txt --iterations 20 --frames 3 --threads 1 --instance"
    assert "path of 5 cells, instance 1: solved" in call_script("think", *watching.split(), 1)[0]
    assert (folder / "runs" / "think.gif").exists()  # where results go by default
    said = refusal("think", *watching.split(), 2)
    assert said == "error: --instance must be an integer in [0, 1], got 2"


def test_a_maze_without_a_way_is_refused_unless_it_is_asked_for(folder):
    (folder / "closed.txt").write_text(CLOSED)
    for script in ("think", "evaluate"):
        assert "no way from start to goal" in refusal(script, "--file", "closed.txt")
    options = "--file closed.txt --allow-unsolvable --iterations 30 --frames 3 --threads 1"
    shown, _ = call_script("think", *options.split())
    assert "no way from start to goal" in shown


@pytest.mark.parametrize(
    "options",
    ["", "--format easy_to_hard", "--format tokens", "--format tokens --size 27", "--loops 0.2"],
)
def test_what_is_exported_is_read_back_under_the_name_that_was_typed(options, folder):
    (folder / "identifiers.json").write_text("mine")
    assert main(["export", "mazes", "--count", "3", *options.split()]) == 0
    words = "--file mazes --iterations 1 --threads 1 --json rows.json"
    call_script("evaluate", *words.split())
    (row,) = json.loads((folder / "rows.json").read_text())["rows"]
    assert (row["file"], row["n"]) == ("mazes", 3)
    assert (folder / "identifiers.json").read_text() == "mine"


@pytest.mark.parametrize("fen", [[FEN], FEN.split()])  # quoted, and not
def test_the_moves_of_a_position_are_ranked(fen, folder):
    options = "--gif own.gif --frames 3 --iterations 12 --threads 1"
    shown, _ = call_script("think", "--task", "chess", "--fen", *fen, *options.split())
    moves = {line.split()[1] for line in shown.splitlines() if line.strip()[:1].isdigit()}
    assert moves == set(chess_puzzles.legal_moves(FEN)) and "d8h4 Qh4#" in " ".join(shown.split())
    assert "no solution is known" in shown and (folder / "own.gif").exists()


@pytest.fixture(scope="session")
def imagining_agent(tmp_path_factory):
    """The folder of a small chess agent that imagines; it has learnt nothing yet."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("agents") / "imagining"
    net = MessageNet(MessageSettings(8, 1, 2, 8), MoveCodec.interface)
    save_agent(folder, net, {"task": "chess", "training_iterations": 2})
    return folder


@pytest.mark.parametrize("problem", [["--instance", "1"], ["--fen", FEN]])
def test_an_agent_is_watched_as_it_imagines(problem, imagining_agent, folder):
    options = "--imagine 6 --tree tree.png --gif own.gif --strip own.png --json own.json"
    words = [*options.split(), "--checkpoint", imagining_agent, *problem, "--threads", "1"]
    shown, _ = call_script("think", "--task", "chess", *words)
    assert " 2 iterations and 6 imagined positions" in shown
    looks = [line.split()[4] for line in shown.splitlines() if "looked into" in line]
    assert sum(map(int, looks)) == 6
    notes = json.loads((folder / "own.json").read_text())
    assert [(note["iterations"], note["imagined"]) for note in notes] == [
        (0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (2, 3), (2, 4), (2, 6),
    ]  # fmt: skip
    assert all(("solved" in note) == ("--instance" in problem) for note in notes)
    for name, kind in (("own.gif", "GIF"), ("own.png", "PNG"), ("tree.png", "PNG")):
        with Image.open(folder / name) as picture:
            assert picture.format == kind


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--imagine 0", "--imagine must be at least 1, got 0"),
        ("--tree tree.png", "--tree must come with --imagine, got no such number"),
        (
            "--imagine 4 --checkpoint chess_squares",
            "imagine: nets of the kind 'recurrent' cannot imagine",
        ),
        ("--imagine 4 --tree .", "--tree must be the path of a file, got the folder ."),
    ],
)
def test_imagining_that_cannot_be_is_refused(options, expected, folder):
    said = refusal("think", "--task", "chess", *options.split(), "--threads", "1")
    assert said == f"error: {expected}" and not list(folder.iterdir())


@pytest.mark.parametrize(
    "fen", ["8/8/8/8 w - - 0 1", "not a position", "8/8/8/8/8/8/8/8 w - - 0 1"]
)
def test_what_is_no_position_is_refused_and_nothing_is_drawn(fen, folder):
    assert "fen must describe a possible position" in refusal(
        "think", "--task", "chess", "--fen", fen
    )
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("think --gif", "file/x.gif"),
        ("think --strip", "file/x.png"),
        ("think --json", "file/x.json"),
        ("think --gif", "."),
        ("evaluate --json", "file/x.json"),
        ("evaluate --figure", "file/x.png"),
        ("evaluate --predictions", "file/x.npz"),
        ("evaluate recovery --json", "file/x.json"),
        ("evaluate diagnose --figure", "file/x.png"),
        ("evaluate merge rows.json --json", "file/x.json"),
        ("train_dt --folder", "file/run"),
        ("train_dt --folder run --json", "file/x.json"),
        ("train_dt --folder", "file"),
        ("demo --folder", "file/demo"),
    ],
)
def test_a_result_that_cannot_be_written_is_refused_before_the_work(command, path, folder):
    (folder / "file").touch()
    script, *options = command.split()
    said = refusal(script, *options, path)
    assert f"{options[-1]}" in said and ("cannot be written" in said or "must be the path" in said)
    assert [found.name for found in folder.iterdir()] == ["file"]


def test_a_figure_of_an_unknown_kind_is_refused_before_the_work(folder):
    said = refusal("evaluate", "--figure", "x.xyz")
    assert said == "error: --figure must end in .png, .pdf or .svg, got x.xyz"


@pytest.mark.parametrize(
    "command",
    [
        "think --file none.txt",
        "evaluate --file none.npz",
        "evaluate --task chess --database none.csv",
        "think --task chess --database none.csv",
        "evaluate --checkpoint none",
        "train_dt --start-from none",
        "train_dt --task chess --database none.csv",
        "evaluate merge none.json",
        "evaluate --task none.py:Task",
    ],
)
def test_a_file_or_an_agent_that_is_missing_is_named(command, folder):
    script, *options = command.split()
    said = refusal(script, *options)
    assert "none" in said and any(word in said for word in ("there is no", "no such"))
    with contextlib.suppress(FileNotFoundError):
        assert not list((folder / "runs").rglob("*.*"))
