"""Nets that do the same whichever way a problem is turned: the eight symmetries of the square.

Channels of the memory, and of the layers, form fields of eight: what one of them finds, the others
find in the problem as it looks rotated and mirrored. When the problem is turned, each field's
channels are exchanged and nothing else happens, so the answer turns with it. A rule learned for
information from the left is thereby the rule for information from every side, and every local
pattern is practised in all eight positions at once.

A layer is equivariant by construction: those of its numbers that a turn carries into one another
form an orbit, and a parametrization gives each the mean of its orbit, whatever the optimiser does.
The layer is computed as any other.

Source: group-equivariant convolutions, Cohen and Welling 2016 (arXiv 1602.07576).
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

ORDER = 8  # symmetries of the square: channels to a field

_TURN = np.array([[0, 1], [-1, 0]])  # what a quarter turn does to (row, column)
_MIRROR = np.array([[1, 0], [0, -1]])
SYMMETRIES = [
    np.linalg.matrix_power(_TURN, turns) @ np.linalg.matrix_power(_MIRROR, mirrored)
    for mirrored in range(2)
    for turns in range(4)
]

# Some channels of a layer: how many, and whether they form fields. Channels of problems and of
# answers form none: they stay where they are when a problem is turned.
Group = tuple[int, bool]


class OrbitMean(nn.Module):
    """Gives each number of a weight the mean of its orbit.

    Args:
        orbits: The weight's shape, int64: to which orbit each of its numbers belongs, from 0.
    """

    orbits: Tensor
    sizes: Tensor

    def __init__(self, orbits: np.ndarray):
        super().__init__()
        self.register_buffer("orbits", torch.from_numpy(orbits.reshape(-1)), persistent=False)
        self.register_buffer("sizes", torch.from_numpy(np.bincount(orbits.reshape(-1))), False)

    def forward(self, weight: Tensor) -> Tensor:
        """The weight with every number replaced by the mean of its orbit."""
        sums = weight.new_zeros(len(self.sizes)).index_add(0, self.orbits, weight.reshape(-1))
        return (sums / self.sizes)[self.orbits].view(weight.shape)

    def right_inverse(self, weight: Tensor) -> Tensor:
        """What the mean is taken of: any numbers will do."""
        return weight


def make_equivariant(layer: nn.Conv2d, inputs: Sequence[Group], output_fields: bool = True) -> None:
    """Make a convolution equivariant by construction; it is initialised with its own norm.

    Args:
        layer: The convolution.
        inputs: The groups of its input channels, one after the other.
        output_fields: Whether its output channels form fields.

    Raises:
        ValueError: If channels that should form fields are not a multiple of eight.
    """
    outputs = [(layer.out_channels, output_fields)]
    for name in ("weight", "bias"):
        numbers: Tensor = getattr(layer, name)
        orbits = orbits_of(tuple(numbers.shape), outputs, inputs)
        with torch.no_grad():
            norm = numbers.norm()
            parametrize.register_parametrization(layer, name, OrbitMean(orbits))
            mean: Tensor = getattr(layer, name)
            if mean.any():  # which has lost some of the norm
                setattr(layer, name, mean * (norm / mean.norm()))


def parametrized_weights(net: nn.Module) -> Iterator[tuple[nn.Module, str, str]]:
    """The weights of a net that have parametrizations: layer, name in it, and name in the net."""
    for layer_name, layer in list(net.named_modules()):
        if parametrize.is_parametrized(layer):
            parametrizations = layer.parametrizations
            assert isinstance(parametrizations, nn.ModuleDict)
            for weight in list(parametrizations):
                yield layer, weight, f"{layer_name}.{weight}".lstrip(".")


def plain_state(net: nn.Module) -> dict[str, Tensor]:
    """The weights of a net as its layers compute with them, by their plain names.

    Those of an equivariant layer stand for themselves: whoever thinks with them needs no
    parametrization.
    """
    state = {name: tensor for name, tensor in net.state_dict().items() if is_plain(name)}
    return state | {name: getattr(layer, at) for layer, at, name in parametrized_weights(net)}


def load_plain_state(net: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Give a net, with parametrizations or without, weights by their plain names.

    Raises:
        KeyError: If one is missing.
    """
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            if is_plain(name):
                tensor.copy_(state[name])
        for layer, at, name in parametrized_weights(net):
            # A copy, since a parametrization keeps the tensor that it gets.
            setattr(layer, at, torch.empty_like(getattr(layer, at)).copy_(state[name]))


def is_plain(name: str) -> bool:
    """Whether a name in a state dict is not of a parametrization."""
    return "parametrizations" not in name.split(".")


def drop_parametrizations(net: nn.Module) -> None:
    """Leave the weights of a net as they are, without what keeps them equivariant in training."""
    for layer, weight, _ in parametrized_weights(net):
        parametrize.remove_parametrizations(layer, weight, leave_parametrized=True)


def orbits_of(
    shape: tuple[int, ...], outputs: Sequence[Group], inputs: Sequence[Group]
) -> np.ndarray:
    """Which numbers of a weight or bias a turn carries into one another.

    Args:
        shape: Of the weight ``(outputs, inputs, k, k)`` or the bias ``(outputs,)``.
        outputs: The groups of output channels.
        inputs: The groups of input channels.

    Returns:
        Of the same shape, int64: the orbit of each number, from 0.
    """
    turned = np.stack([turn_numbers(shape, symmetry, outputs, inputs) for symmetry in SYMMETRIES])
    # The symmetries form a group, so the smallest number that one is carried to names its orbit.
    _, orbits = np.unique(turned.min(axis=0), return_inverse=True)
    return orbits.reshape(shape)


def exchange_of_channels(symmetry: np.ndarray, channels: int, has_fields: bool) -> np.ndarray:
    """Where each channel goes when a problem is turned by a symmetry, ``(channels,)`` int64.

    Args:
        symmetry: ``(2, 2)``, one of ``SYMMETRIES``.
        channels: How many there are.
        has_fields: Whether they form fields.

    Raises:
        ValueError: If they should form fields and their number is not a multiple of eight.
    """
    if not has_fields:
        return np.arange(channels)
    if channels % ORDER:
        raise ValueError(
            f"channels of an equivariant net must be a multiple of {ORDER}, got {channels}"
        )
    of_field = [
        next(index for index in range(ORDER) if np.array_equal(SYMMETRIES[index], symmetry @ other))
        for other in SYMMETRIES
    ]
    return (np.arange(0, channels, ORDER)[:, None] + np.array(of_field)).flatten()


def turn_numbers(
    shape: tuple[int, ...], symmetry: np.ndarray, outputs: Sequence[Group], inputs: Sequence[Group]
) -> np.ndarray:
    """For each number of a weight or bias, turned by a symmetry, which number comes there."""
    numbers = np.arange(np.prod(shape)).reshape(shape)
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


def _exchange_all(symmetry: np.ndarray, groups: Sequence[Group]) -> np.ndarray:
    """The exchanges of several groups of channels, one after the other."""
    first = np.cumsum([0, *(channels for channels, _ in groups)])
    return np.concatenate(
        [
            begin + exchange_of_channels(symmetry, channels, has_fields)
            for begin, (channels, has_fields) in zip(first, groups, strict=False)
        ]
    )
