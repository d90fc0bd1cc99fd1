"""The scripts' tests share the fixtures of the library's."""

from tests.deep_thinking.conftest import (  # noqa: F401
    one_thread,
    saved_agent,
    saved_chess_agent,
    small_net,
)
