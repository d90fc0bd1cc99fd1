"""What the page about the chess agents that imagine moves says of them."""

import json

from thinkenv.deep_thinking.checkpoint import SHIPPED
from thinkenv.deep_thinking.imagination.manner import USUAL

from .conftest import flat

PAGE = "docs/chess_agent.md"
NUMBERS = {2: "twice", 8: "eight"}


def test_what_is_said_of_their_size_and_their_training():
    described = json.loads((SHIPPED / "chess" / "agent.json").read_text())
    text = flat(PAGE)
    assert f"({described['parameters'] / 1000:.0f} thousand parameters)" in text
    assert f"was interrupted {NUMBERS[len(described['resumed'])]}" in text
    assert described["trained_on"]["rating"][1] == 1499 and "rated below 1500 alone" in text
    # The command that the page prints has all that decides about the training.
    further = "--log-every 500 --validate-every 2000 --checkpoint-every 1000 "
    command = described["command"].replace(further, "--seed 1 ").replace("seed0", "seed1")
    assert command in text


def test_what_is_said_of_the_tree():
    assert f"among its {NUMBERS[USUAL.candidates]} most probable moves" in flat(PAGE)
