"""Problems of cell codes, such as mazes and bit strings: one-hot codes in, a 0 or 1 a cell out."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from thinkenv.deep_thinking.codecs.base import Codec, Interface
from thinkenv.tasks.base import CellTask, InstanceBatch


class CellCodec(Codec[InstanceBatch]):
    """One-hot cell codes in, the probability of a 1 for every cell out.

    Args:
        task: The class of a task of cells.
    """

    def __init__(self, task: type[CellTask]):
        super().__init__(task)
        self.interface = Interface(task.codes, 2, task.dimensions, task.wall_code)
        self.problem_axes = task.dimensions

    def board(self, problems: np.ndarray) -> tuple[int, int]:
        """Height and width of problems; strings are boards of one row."""
        height = problems.shape[-2] if self.interface.dimensions == 2 else 1
        return height, problems.shape[-1]

    def encode(self, problems: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
        """Problems ``(B, H, W)`` or ``(B, W)`` as float32 inputs ``(B, I, H, W)``.

        Raises:
            ValueError: If they are not a batch of cell codes.
        """
        problems = np.asarray(problems)
        codes, dimensions = self.interface.input_channels, self.interface.dimensions
        if (
            problems.ndim != dimensions + 1
            or problems.dtype.kind not in "biu"
            or problems.min(initial=0) < 0
            or problems.max(initial=0) >= codes
        ):
            shape = "(count, height, width)" if dimensions == 2 else "(count, width)"
            got = f"shape {problems.shape} and dtype {problems.dtype}"
            raise ValueError(self.refusal(f"integers {shape} in [0, {codes - 1}]", got))
        boards = problems.reshape(len(problems), *self.board(problems))
        tensor = torch.from_numpy(np.ascontiguousarray(boards)).to(device)
        inputs = F.one_hot(tensor.long(), codes).permute(0, 3, 1, 2).float()
        return inputs.contiguous(memory_format=torch.channels_last)

    def loss(self, logits: Tensor, batch: InstanceBatch) -> tuple[Tensor, Tensor]:
        """The cross-entropy of logits ``(B, 2, H, W)``, and the share exactly right."""
        targets = torch.from_numpy(batch.solutions).to(logits.device).long()
        targets = targets.view(len(logits), *logits.shape[2:])
        exact = (logits.argmax(dim=1) == targets).flatten(1).all(dim=1)
        return F.cross_entropy(logits, targets), exact.float().mean()

    def decode(self, logits: Tensor, problems: np.ndarray) -> Tensor:
        """The answer ``(B, H, W)`` or ``(B, W)`` uint8 that logits ``(B, 2, H, W)`` stand for."""
        return self._as_problems((logits[:, 1] > logits[:, 0]).to(torch.uint8))

    def probabilities(self, logits: Tensor, problems: np.ndarray) -> Tensor:
        """How probable a 1 is in each cell, of the shape of the answer."""
        return self._as_problems(logits.softmax(dim=1)[:, 1])

    def _as_problems(self, boards: Tensor) -> Tensor:
        """Boards ``(B, H, W)`` in the shape of problems: strings lose the row."""
        return boards if self.interface.dimensions == 2 else boards[:, 0]
