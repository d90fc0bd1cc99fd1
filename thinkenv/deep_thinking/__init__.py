"""Recurrent "deep thinking" agents: nets, thinking, training, analysis.

>>> from thinkenv.deep_thinking import load
>>> load("maze")
Agent('maze', task='maze', architecture='counting', parameters=3986, training_iterations=140)
"""

try:
    import torch  # noqa: F401
except ImportError as error:
    raise ImportError(
        "thinkenv.deep_thinking needs PyTorch: install thinkenv with its extra 'agents', as in "
        "pip install 'thinkenv[agents]'"
    ) from error

from thinkenv.deep_thinking.agent import Agent, Thought
from thinkenv.deep_thinking.checkpoint import load_agent, shipped_agents
from thinkenv.deep_thinking.rollout.rollout import Rollout
from thinkenv.deep_thinking.tensor_files import CheckpointError

load = load_agent

__all__ = ["Agent", "CheckpointError", "Rollout", "Thought", "load", "shipped_agents"]
