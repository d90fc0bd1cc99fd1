"""Shared by the tests of the agents: small nets, saved agents, and scripts run as a user would."""

import contextlib
import importlib
import io
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
import torch

from thinkenv.deep_thinking.checkpoint import save_agent
from thinkenv.deep_thinking.architectures.recurrent import build_net

ROOT = Path(__file__).resolve().parents[2]
SMALL_NET = {"input_channels": 4, "answer_channels": 2, "memory_channels": 4, "hidden_channels": 8}


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_flush_denormal(False)  # which scripts set, and tests elsewhere do not expect


@pytest.fixture
def small_net():
    return build_net("recurrent", SMALL_NET)


@pytest.fixture
def saved_agent(tmp_path, small_net):
    """The folder of an untrained small maze agent."""
    folder = tmp_path / "agent"
    description = {
        "task": "maze",
        "architecture": "recurrent",
        "net": SMALL_NET,
        "training_iterations": 5,
    }
    save_agent(folder, small_net, description)
    return folder


@pytest.fixture
def saved_chess_agent(tmp_path):
    """The folder of an untrained small chess agent."""
    net = {"input_channels": 18, "answer_channels": 2, "memory_channels": 4, "gated": True}
    description = {
        "task": "chess",
        "architecture": "recurrent",
        "net": net,
        "training_iterations": 4,
    }
    folder = tmp_path / "chess_agent"
    save_agent(folder, build_net("recurrent", net), description)
    return folder


def start_script(*words, **options) -> subprocess.Popen:
    """Start a script of the repository with one thread."""
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


def refusal(script: str, *options) -> str:
    """The one line that a script says when it refuses its options; run in this process."""
    module = importlib.import_module(f"agents.{script}")
    words = [f"agents/{script}.py", *map(str, options)]
    said = io.StringIO()
    with mock.patch.object(sys, "argv", words), contextlib.redirect_stderr(said):
        assert module.main() == 1
    (line,) = said.getvalue().splitlines()
    assert line.startswith("error: ")
    return line
