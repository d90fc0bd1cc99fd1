"""Which codec stands between a task and a net."""

import pytest

from thinkenv.deep_thinking.architectures import Architecture
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.deep_thinking.codecs.chess import ChessCodec
from thinkenv.deep_thinking.codecs.choice import codec_for
from thinkenv.tasks import Task, find_task


class OwnCodec(CellCodec):
    """The codec that an architecture brings."""


class OwnNet(Architecture):
    """An architecture with a codec."""

    name = "with_codec"
    codec = OwnCodec


class Words(Task):
    """A task whose problems are not cells."""

    name = "words"


@pytest.mark.parametrize(
    ("task", "codec"), [("maze", CellCodec), ("prefix_sum", CellCodec), ("chess", ChessCodec)]
)
def test_a_task_has_a_codec_unless_the_architecture_brings_its_own(task, codec):
    found = codec_for(find_task(task), RecurrentNet)
    assert type(found) is codec and found.task is find_task(task)
    if task != "chess":
        assert type(codec_for(find_task(task), OwnNet)) is OwnCodec


def test_without_cells_an_architecture_must_bring_a_codec():
    with pytest.raises(ValueError, match="'recurrent' must bring a codec for the task 'words'"):
        codec_for(Words, RecurrentNet)
