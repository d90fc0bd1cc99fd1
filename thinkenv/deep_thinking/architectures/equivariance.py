"""Nets that do the same whichever way a problem is turned: the eight symmetries of the square.

Channels of the memory, and of the layers, form fields of eight: what one of them finds, the others
find in the problem as it looks rotated and mirrored. When the problem is turned, each field's
channels change places and nothing else happens, so the answer turns with it. A rule learnt for news
from the left is thereby the rule for news from every side, and every local pattern is practised in
all eight positions at once.

A net is kept symmetric by its weights alone: they begin symmetric, and their gradients are averaged
over the eight positions, so that optimisers that treat every number by itself (AdamW does) leave
them symmetric. The net is computed as any other.

Source: group-equivariant convolutions, Cohen and Welling 2016 (arXiv 1602.07576).
"""

import numpy as np
import torch
from torch import Tensor, nn

ORDER = 8  # symmetries of the square: channels to a field

_TURN = np.array([[0, 1], [-1, 0]])  # what a quarter turn does to (row, column)
_MIRROR = np.array([[1, 0], [0, -1]])
SYMMETRIES = [
    np.linalg.matrix_power(_TURN, turns) @ np.linalg.matrix_power(_MIRROR, mirrored)
    for mirrored in range(2)
    for turns in range(4)
]


def exchange_of_channels(symmetry: np.ndarray, channels: int, has_fields: bool) -> np.ndarray:
    """Where each channel goes when a problem is turned by a symmetry, ``(channels,)`` int64.

    Args:
        symmetry: ``(2, 2)``, one of ``SYMMETRIES``.
        channels: How many there are.
        has_fields: Whether they form fields; channels of problems and answers stay where they are.

    Raises:
        ValueError: If they should form fields and their number is no multiple of eight.
    """
    if not has_fields:
        return np.arange(channels)
    if channels % ORDER:
        raise ValueError(f"{channels} channels in a symmetric net: needs a multiple of {ORDER}")
    of_field = [
        next(place for place in range(ORDER) if np.array_equal(SYMMETRIES[place], symmetry @ other))
        for other in SYMMETRIES
    ]
    return (np.arange(0, channels, ORDER)[:, None] + np.array(of_field)).flatten()


class Symmetry:
    """What keeps a recurrent net with recall symmetric.

    Args:
        net: A ``RecurrentNet`` with recall and without encoder.

    Raises:
        ValueError: If its numbers of channels are no multiples of eight.
    """

    def __init__(self, net: nn.Module):
        memory = (net.memory_channels, True)
        hidden = (net.widen.out_channels, True)
        problem = (net.widen.in_channels - net.memory_channels, False)
        proposals = (net.update.out_channels, True)  # and gates, if the net has any
        head = (net.head.look.out_channels, True)
        answer = (net.head.answer.out_channels, False)
        self._layers = [
            (net.widen, [hidden], [memory, problem]),
            (net.update, [proposals], [hidden]),
            (net.head.look, [head], [memory]),
            (net.head.answer, [answer], [head]),
        ]
        # For each parameter, its numbers as they lie when turned: (8, numbers of the parameter).
        self._turned: list[tuple[nn.Parameter, Tensor]] = []
        for layer, outputs, inputs in self._layers:
            for parameter in (layer.weight, layer.bias):
                turned = [
                    _turn_numbers(parameter.shape, symmetry, outputs, inputs)
                    for symmetry in SYMMETRIES
                ]
                self._turned.append((parameter, torch.from_numpy(np.stack(turned))))

    @torch.no_grad()
    def impose(self) -> None:
        """Replace the weights by symmetric ones of the same norm."""
        for parameter, turned in self._turned:
            average = _average(parameter, turned)
            shrunk = average.norm()
            if shrunk > 0:
                average *= parameter.norm() / shrunk
            parameter.copy_(average)

    @torch.no_grad()
    def average_gradients(self) -> None:
        """Average every gradient over the eight positions, in place."""
        for place, (parameter, turned) in enumerate(self._turned):
            if turned.device != parameter.device:
                turned = turned.to(parameter.device)
                self._turned[place] = (parameter, turned)
            parameter.grad.copy_(_average(parameter.grad, turned))


def _average(numbers: Tensor, turned: Tensor) -> Tensor:
    return numbers.reshape(-1)[turned].mean(dim=0).reshape(numbers.shape)


def _turn_numbers(
    shape: torch.Size,
    symmetry: np.ndarray,
    outputs: list[tuple[int, bool]],
    inputs: list[tuple[int, bool]],
) -> np.ndarray:
    """For each number of a weight or bias, turned by a symmetry, which number comes there."""
    numbers = np.arange(shape.numel()).reshape(shape)
    turned = np.empty_like(numbers)
    to = _exchange_all(symmetry, outputs)
    if len(shape) == 1:  # a bias
        turned[to] = numbers
        return turned
    from_ = _exchange_all(symmetry, inputs)
    middle = shape[-1] // 2
    for row in range(shape[-2]):
        for column in range(shape[-1]):
            new_row, new_column = symmetry @ (row - middle, column - middle) + middle
            turned[to[:, None], from_, new_row, new_column] = numbers[:, :, row, column]
    return turned.flatten()


def _exchange_all(symmetry: np.ndarray, groups: list[tuple[int, bool]]) -> np.ndarray:
    """The exchanges of several groups of channels, one after the other."""
    first = np.cumsum([0, *(channels for channels, _ in groups)])
    return np.concatenate(
        [
            begin + exchange_of_channels(symmetry, channels, has_fields)
            for begin, (channels, has_fields) in zip(first, groups, strict=False)
        ]
    )
