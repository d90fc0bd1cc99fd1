"""A small agent that imagines, and a chess program that talks with an engine in this process."""

import os
import queue
import threading

import pytest
import torch

from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.architectures.messages import MessageNet, MessageSettings
from thinkenv.deep_thinking.checkpoint import save_agent
from thinkenv.deep_thinking.codecs.moves import MoveCodec
from thinkenv.deep_thinking.uci.engine import Engine
from thinkenv.deep_thinking.uci.options import Options

SMALL = MessageSettings(memory_channels=8, message_channels=1, board_channels=2, head_channels=8)
SECONDS = 120  # to wait for a line that must come; kernels may have to be compiled before


@pytest.fixture(scope="session")
def imagining_folder(tmp_path_factory):
    """The folder of a small chess agent that imagines; it has learnt nothing yet."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("agents") / "imagining"
    net = MessageNet(SMALL, MoveCodec.interface)
    save_agent(folder, net, {"task": "chess", "training_iterations": 4})
    return folder


@pytest.fixture
def imagining_agent(imagining_folder):
    """That agent."""
    return load(imagining_folder)


class Program:
    """A chess program: sends lines to an engine, and reads what it says."""

    def __init__(self, folder):
        reading, writing = os.pipe()
        self.pipe = os.fdopen(writing, "wb", 0)
        self.said = queue.Queue()
        engine = Engine(Options(agent=str(folder)), self.said.put)
        lines = os.fdopen(reading, "rb")
        self.thread = threading.Thread(target=engine.run, args=(lines,), daemon=True)
        self.thread.start()

    def send(self, *lines):
        for line in lines:
            data = line if isinstance(line, bytes) else line.encode()
            self.pipe.write(data + b"\n")

    def read(self, word):
        """The lines up to one that begins with a word."""
        lines = []
        while not lines or lines[-1].split()[0] != word:
            lines.append(self.said.get(timeout=SECONDS))
        return lines

    def ask(self, *lines):
        """What is said to these lines, which are no ``go``, before the engine is ready."""
        self.send(*lines, "isready")
        return self.read("readyok")[:-1]

    def go(self, limits, position="startpos", *options):
        """The infos and the words of the answer of a thought."""
        settings = (f"setoption name {option}" for option in options)
        assert self.ask(*settings, f"position {position}") == []
        self.send(f"go {limits}")
        *infos, answer = self.read("bestmove")
        return infos, answer.split()

    def close(self):
        self.pipe.close()
        self.thread.join(SECONDS)
        assert not self.thread.is_alive()


@pytest.fixture
def program(imagining_folder):
    """A program that talks with the small agent."""
    program = Program(imagining_folder)
    yield program
    program.close()
