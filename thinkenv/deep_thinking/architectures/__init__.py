"""Architectures: the nets that think, found by name or as ``file.py:Class``."""

from thinkenv.deep_thinking.architectures.base import AnyArchitecture, Architecture, Settings
from thinkenv.tasks.registry import Registry

__all__ = ["ARCHITECTURES", "AnyArchitecture", "Architecture", "Settings"]

# Every architecture of this package; one of your own is known when it was found by its file.
ARCHITECTURES: Registry[AnyArchitecture] = Registry(
    "architecture",
    Architecture,  # type: ignore[type-abstract]  # only compared with
    {
        "recurrent": "thinkenv.deep_thinking.architectures.recurrent:RecurrentNet",
        "counting": "thinkenv.deep_thinking.architectures.counting:CountingNet",
        "messages": "thinkenv.deep_thinking.architectures.messages:MessageNet",
        "message_layers": "thinkenv.deep_thinking.architectures.message_layers:MessageLayersNet",
        "feed_forward": "thinkenv.deep_thinking.architectures.feed_forward:FeedForwardNet",
    },
)
