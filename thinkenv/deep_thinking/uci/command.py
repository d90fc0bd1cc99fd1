"""The command ``thinkenv uci``."""

import sys

from thinkenv.deep_thinking.checkpoint import find_agent
from thinkenv.deep_thinking.uci.engine import Engine
from thinkenv.deep_thinking.uci.options import Options


def run(agent: str) -> None:
    """Be an engine on the standard input and output.

    Args:
        agent: The name or the folder of the agent.

    Raises:
        ValueError: If there is no such agent, or no standard input.
        OSError: If nobody reads the output.
    """
    find_agent(agent)
    if sys.stdin is None or sys.stdin.closed:
        raise ValueError("the standard input is closed, and commands come from there")
    Engine(Options(agent=agent), write).run(sys.stdin.buffer)


def write(line: str) -> None:
    """Write a line, now."""
    print(line, flush=True)
