"""What batches of instances have in common, whatever their task."""

from typing import Self

import numpy as np


class InstanceBatch:
    """Instances in columns: base of dataclasses whose fields are arrays of one length.

    A subclass has at least the fields ``solutions`` and ``instances``, and a field or property
    ``problems``: what an agent is shown.
    """

    instances: np.ndarray

    def __len__(self) -> int:
        return len(self.instances)

    def __getitem__(self, index: slice | np.ndarray) -> Self:
        """Some of the instances, by a slice, a mask or an array of indices.

        Raises:
            TypeError: If it is one index, which would leave no batch.
        """
        if isinstance(index, (int, np.integer)):
            raise TypeError(f"batch[{index}]: a batch of one is batch[{index} : {index + 1}]")
        return type(self)(*(column[index] for column in vars(self).values()))

    def replace(self, index: np.ndarray, others: Self) -> None:
        """Put the instances ``others`` in the places ``index`` of this batch."""
        for name, column in vars(self).items():
            column[index] = getattr(others, name)
