"""Mazes are walked through by hand: with keys in a terminal, or with lines that are typed."""

import io
import os
import select
import shlex
import signal
import subprocess
import sys
import time

import gymnasium as gym
import pytest

import thinkenv  # noqa: F401  (registers the environments)
from thinkenv import mazes
from thinkenv.__main__ import main
from thinkenv.play.maze import Walk, keys_of, span

pty = pytest.importorskip("pty")

# Its start is in the upper right corner, and its only way: down 4, left 2.
CORNER = "--size 5 --seed 0"
CORNER_WAY = "ssssaa"


def play(words: str, typed: str, monkeypatch, capsys) -> str:
    """What ``thinkenv play maze`` prints for lines that are piped into it."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert main(["play", "maze", *words.split()]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "way", [CORNER_WAY, "jjjjhh", "down down\nDOWN down left\nleft", "s s s saa"]
)
def test_typed_letters_and_words_lead_to_the_goal(way, monkeypatch, capsys):
    shown = play(CORNER, f"{way}\n", monkeypatch, capsys)
    assert shown.endswith("solved in 6 steps, as few as possible; the shortest way has 6\n")
    assert "██    @ ••••██" in shown


def test_walls_stop_and_detours_are_counted(monkeypatch, capsys):
    shown = play(CORNER, f"dwww\nawsdsw{CORNER_WAY}\n", monkeypatch, capsys)
    assert "0 steps" in shown  # walls on both sides
    assert "solved in 10 steps; the shortest way has 6" in shown


def test_steps_are_undone_and_begun_again(monkeypatch, capsys):
    shown = play(CORNER, "su\nss\nr\ns\nq\n", monkeypatch, capsys)
    assert [line for line in shown.splitlines() if line.endswith((" step", " steps"))] == [
        "0 steps",
        "2 steps",
        "0 steps",
        "1 step",
    ]
    assert shown.endswith("not solved after 1 step; the shortest way has 6\n")


def test_who_sees_the_solution_has_not_solved_it(monkeypatch, capsys):
    shown = play(CORNER, f"x\n{CORNER_WAY}\n", monkeypatch, capsys)
    assert "not solved" in shown and "\nsolved" not in shown
    assert "██  ██████••██" in shown


def test_the_next_maze_follows_and_nothing_is_played_without_input(monkeypatch, capsys):
    shown = play("--size 5 --instance 3", "n\nnext\n", monkeypatch, capsys)
    assert [number for number in (3, 4, 5, 6) if f"instance {number}\n" in shown] == [3, 4, 5]
    assert "not solved after 0 steps" in play("--size 5", "", monkeypatch, capsys)


def test_a_seed_shows_the_maze_of_the_environment(monkeypatch, capsys):
    env = gym.make("Maze-v0", size=9, generator="prim", loops=0.2)
    _, info = env.reset(seed=4)
    shown = play("--size 9 --generator prim --loops 0.2 --seed 4", "x\n", monkeypatch, capsys)
    assert f"maze 9x9, instance {info['instance']}\n" in shown
    assert f"the shortest way has {info['path_length'] - 1}\n" in shown


def test_a_maze_of_ones_own_is_walked_through(tmp_path, monkeypatch, capsys):
    path = tmp_path / "own.txt"
    path.write_text("#######\n#S   G#\n#######\n")
    shown = play(f"--file {path}", "dddd\n", monkeypatch, capsys)
    assert "solved in 4 steps, as few as possible; the shortest way has 4" in shown
    assert main(["play", "maze", "--file", str(path), "--instance", "1"]) == 1
    assert "--instance must be an integer in [0, 0], got 1" in capsys.readouterr().err


def test_a_large_maze_is_shown_around_the_walker():
    walk = Walk(mazes.MazeTask(59), 0)
    row, column = walk.cells[-1]
    lines = walk.text(20, 60).splitlines()
    assert len(lines) == 20 and {len(line) for line in lines} == {60}
    assert "@" in "".join(lines)
    assert walk.text().splitlines()[row][2 * column] == "@"


def test_a_part_of_a_side_lies_around_its_place():
    assert span(3, 10, None) == slice(0, 10) and span(3, 10, 12) == slice(0, 10)
    assert span(0, 10, 4) == slice(0, 4) and span(9, 10, 4) == slice(6, 10)
    assert span(5, 10, 4) == slice(3, 7)


def test_words_are_read_before_letters():
    assert list(keys_of("up dd left quit wasd")) == [
        "up",
        "d",
        "d",
        "left",
        "q",
        "w",
        "a",
        "s",
        "d",
    ]


def in_terminal(keys: bytes, interrupt: bool = False) -> tuple[str, int]:
    """Play in a terminal, perhaps with Ctrl-C in the end: what was seen, and the exit status."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "thinkenv", "play", "maze", *CORNER.split()],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "LINES": "24", "COLUMNS": "80", "OMP_NUM_THREADS": "1"},
    )
    os.close(theirs)
    seen, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline and select.select([ours], [], [], 60)[0]:
        try:
            received = os.read(ours, 65536)
        except OSError:  # on Linux, when the other side is closed
            break
        if not received:
            break
        seen += received
        if b"q: end" in seen and keys:  # it is drawn, and waits for a key
            os.write(ours, keys)
            keys = b""
        elif interrupt and b" step\x1b" in seen:
            process.send_signal(signal.SIGINT)
            interrupt = False
    os.close(ours)
    return seen.decode(errors="replace"), process.wait(timeout=60)


def test_arrow_keys_walk_in_a_terminal_which_is_as_before_afterwards():
    seen, status = in_terminal(b"\x1b[B\x1b[Bs\x1bOB\x1b[D\x1b[Dq")
    assert status == 0
    last = seen.rpartition("\x1b[?1049l")[2]  # the first screen again
    assert "solved in 6 steps, as few as possible; the shortest way has 6" in last
    assert seen.count("\x1b[?25l") == seen.count("\x1b[?25h") == 1  # the cursor is shown again


def test_ctrl_c_leaves_the_terminal_as_it_was():
    seen, status = in_terminal(b"\x1b[B", interrupt=True)
    assert status == 130 and "Traceback" not in seen
    assert seen.rpartition("\x1b[?1049l")[2].strip() == "stopped"


def test_a_window_without_pygame_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pygame", None)
    monkeypatch.delitem(sys.modules, "gymnasium.utils.play", raising=False)
    assert main(["play", "maze", "--window"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: --window must have pygame: ") and said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--seed -1", "error: --seed must be an integer in [0, "),
        ("--file maze.txt --size 5", "got --size beside it"),
        ("--file maze.txt --split test --loops 0.5", "got --split, --loops beside it"),
    ],
)
def test_options_that_cannot_be_are_refused_in_one_line(words, said, capsys):
    assert main(["play", "maze", *words.split()]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


@pytest.mark.parametrize("game", ["maze", "chess"])
def test_a_closed_standard_input_is_refused_and_a_closed_output_is_no_matter(game):
    command = f"{shlex.quote(sys.executable)} -m thinkenv play {game} --instance 1"
    without_input = subprocess.run(["sh", "-c", f"{command} <&-"], capture_output=True, text=True)
    assert without_input.returncode == 1
    assert without_input.stderr.startswith("error: the standard input is closed")
    quiet = ["sh", "-c", f"{command} </dev/null >&-"]
    without_output = subprocess.run(quiet, capture_output=True, text=True)
    assert (without_output.returncode, without_output.stderr) == (0, "")
