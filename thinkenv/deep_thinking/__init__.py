"""Recurrent "deep thinking" agents: nets, training, thinking, evaluation.

>>> from thinkenv.deep_thinking import load
>>> agent = load("assets/agents/maze")
"""

from .agent import Agent, Thought
from .checkpoint import CheckpointError, load_agent
from .tasks import find_task

load = load_agent

__all__ = ["Agent", "CheckpointError", "Thought", "find_task", "load"]
