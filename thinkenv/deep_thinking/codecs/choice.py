"""Which codec stands between a task and an architecture."""

from thinkenv.deep_thinking.architectures.base import AnyArchitecture
from thinkenv.deep_thinking.codecs.base import AnyCodec
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.tasks.base import AnyTask, CellTask


def codec_for(task: type[AnyTask], architecture: type[AnyArchitecture]) -> AnyCodec:
    """The architecture's own codec where it has one, or else the task's.

    Raises:
        ValueError: If the task has no codec, since its problems are not cells.
    """
    if architecture.codec is not None:
        return architecture.codec(task)
    if task.name == "chess":
        from thinkenv.deep_thinking.codecs.chess import ChessCodec  # loads the puzzles' kernels

        return ChessCodec(task)
    if issubclass(task, CellTask):
        return CellCodec(task)
    raise ValueError(
        f"the architecture {architecture.name!r} must bring a codec for the task {task.name!r}, "
        "whose problems are not cells"
    )
