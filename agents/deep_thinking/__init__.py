"""Recurrent "deep thinking" agents: nets, training, thinking, evaluation.

>>> from agents.deep_thinking import load
>>> agent = load("assets/agents/maze")
"""

from .agent import Agent, Thought
from .checkpoint import CheckpointError, load_agent

load = load_agent

__all__ = ["Agent", "CheckpointError", "Thought", "load"]
