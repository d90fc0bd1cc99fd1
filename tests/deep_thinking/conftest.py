"""Shared by the tests of the agents: small nets, saved agents, and scripts run as a user would."""

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
import torch

from thinkenv.deep_thinking import command_line
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet, RecurrentSettings
from thinkenv.deep_thinking.checkpoint import save_agent
from thinkenv.deep_thinking.codecs.base import Interface
from thinkenv.tasks.registry import import_file

ROOT = Path(__file__).resolve().parents[2]
MAZE_INTERFACE = Interface(input_channels=4, answer_channels=2, wall_channel=0)
CHESS_INTERFACE = Interface(input_channels=18, answer_channels=2)
SMALL_NET = RecurrentSettings(memory_channels=4, hidden_channels=8, head_channels=16)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_flush_denormal(False)  # which scripts set, and tests elsewhere do not expect


@pytest.fixture
def small_net():
    """A small net for mazes, which does not know where walls are."""
    return RecurrentNet(SMALL_NET, MAZE_INTERFACE)


@pytest.fixture
def saved_agent(tmp_path, small_net):
    """The folder of an untrained small maze agent."""
    folder = tmp_path / "agent"
    save_agent(folder, small_net, {"task": "maze", "training_iterations": 5})
    return folder


@pytest.fixture
def saved_chess_agent(tmp_path):
    """The folder of an untrained small chess agent."""
    net = RecurrentNet(RecurrentSettings(memory_channels=4, gated=True), CHESS_INTERFACE)
    folder = tmp_path / "chess_agent"
    save_agent(folder, net, {"task": "chess", "training_iterations": 4})
    return folder


def start_script(*words, **options) -> subprocess.Popen:
    """Start a script of the repository, such as ``agents/think.py``, with one thread."""
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run_script(*words, expect: int = 0, traceback: bool = False) -> subprocess.CompletedProcess:
    """Run a script of the repository to its end and check its exit status.

    Unless ``traceback`` is expected, there must be none in what it says.
    """
    process = start_script(*words)
    output, errors = process.communicate(timeout=240)
    assert process.returncode == expect, f"exit {process.returncode}\n{output}\n{errors}"
    assert traceback or "Traceback" not in errors, errors
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def call_script(script: str, *options, expect: int = 0) -> tuple[str, str]:
    """Run a script of ``agents/`` in this process, which is quicker: its output and its errors."""
    module = import_file(ROOT / "agents" / f"{script}.py")  # the scripts are no package
    words = [f"agents/{script}.py", *map(str, options)]
    output, errors = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", words),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
    ):
        status = command_line.run_script(module.main)
    assert status == expect, f"exit {status}\n{output.getvalue()}\n{errors.getvalue()}"
    return output.getvalue(), errors.getvalue()


def refusal(script: str, *options) -> str:
    """The one line that a script says when it refuses its options; run in this process."""
    _, errors = call_script(script, *options, expect=1)
    (line,) = errors.splitlines()
    assert line.startswith("error: ")
    return line
