"""How positions are imagined: what is allowed, and which nets can."""

import math

import pytest

from tests.deep_thinking.imagination.fake_net import FakeNet
from thinkenv.deep_thinking.imagination.manner import USUAL, ImaginingNet, Manner


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"candidates": 0}, "candidates must be an integer of at least 1, got 0"),
        ({"candidates": 2.0}, "candidates must be an integer of at least 1, got 2.0"),
        ({"iterations": 0}, "iterations must be an integer of at least 1, got 0"),
        ({"iterations": True}, "iterations must be an integer of at least 1, got True"),
        ({"settled_lead": 0}, "settled_lead must be an integer of at least 1, got 0"),
        ({"exploration": 0.0}, "exploration must be above 0, got 0.0"),
        ({"exploration": math.nan}, "exploration must be above 0, got nan"),
        ({"temperature": -1}, "temperature must be above 0, got -1"),
        ({"value_weight": -0.5}, "value_weight must be at least 0, got -0.5"),
        ({"value_weight": math.nan}, "value_weight must be at least 0, got nan"),
        ({"temperature": math.inf}, "temperature must be above 0, got inf"),
    ],
)
def test_what_cannot_be_is_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        Manner(**settings)


def test_the_usual_manner_has_all_defaults():
    assert Manner() == USUAL and USUAL.appraise is None and USUAL.carries_memory


def test_nets_that_imagine_are_known_by_what_they_can_do(small_net):
    assert isinstance(FakeNet(), ImaginingNet) and not isinstance(small_net, ImaginingNet)
