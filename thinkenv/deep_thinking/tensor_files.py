"""Files of tensors, read without running code: safetensors, and PyTorch's own format.

PyTorch's format is a zip archive: a pickle, which is a program for a small machine, and beside it
the numbers of each tensor. PyTorch compares no checksums, takes the memory that a pickle asks for
(``bytearray(10**11)``), and before 2.13 read beyond the numbers of a tensor that was said to have
more than there are. So its pickles are run here, by a machine that knows the commands which
``torch.save`` writes for plain values and tensors, and no others.
"""

import hashlib
import io
import math
import os
import pickletools
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import safetensors.torch
import torch
from torch import Tensor

from thinkenv import gate
from thinkenv.deep_thinking.migration import upgrade_weights


class CheckpointError(gate.FileError):
    """An agent or a training state that cannot be used, with the file's name and the reason."""


# A net of two thousand layers needs a quarter of that.
MAX_PICKLE_BYTES, MAX_COMMANDS = 2**24, 2_000_000
MAX_VALUES = 200_000  # in a state, where one that is there twice counts twice
MAX_DIMENSIONS = 16
MAX_HEADER_BYTES = 2**22  # of a safetensors file

# The names of classes in pickles that hold the numbers of a tensor, and the types of these.
STORAGES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64,
    "ComplexDoubleStorage": torch.complex128,
}
# The names that safetensors has for types.
TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
    "C64": torch.complex64,
}


class TensorHeader(NamedTuple):
    """What a file says of a tensor.

    Attributes:
        dtype: The type of its numbers.
        shape: Its shape.
    """

    dtype: torch.dtype
    shape: tuple[int, ...]

    def __str__(self) -> str:
        kind = str(self.dtype).removeprefix("torch.")
        return f"{'x'.join(map(str, self.shape)) or 'one'} of {kind}"


def to_bytes(state: dict[str, Any]) -> bytes:
    """A dict of tensors and plain values in PyTorch's file format."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


@gate.reader("a state of training", CheckpointError)
def read_state(path: Path | str) -> dict[str, Any]:
    """Read a dict of tensors and plain values that ``to_bytes`` wrote, without running code.

    Raises:
        CheckpointError: If the file is missing, cut short, damaged, of another kind, or a checksum
            in it differs.
    """
    with gate.opened(path) as file:
        return unpack_state(file)


def unpack_state(file: BinaryIO) -> dict[str, Any]:
    """A dict of tensors and plain values in PyTorch's file format.

    Raises:
        ValueError: If it is none; also what ``zipfile`` raises.
    """
    archive = gate.Archive(file)
    (pickled, *others) = [name for name in archive.names if name.endswith("/data.pkl")] or [""]
    if others or not pickled:
        raise ValueError("not a file that PyTorch wrote, for there is not one data.pkl in it")
    folder = pickled.removesuffix("data.pkl")
    for name in archive.names:
        if not name.startswith(folder):
            raise ValueError(f"{name!r} is not in the folder {folder!r} with the others")
        if archive.is_compressed(name):
            raise ValueError(f"{name} is compressed, which PyTorch never does")
    if archive.size(pickled) > MAX_PICKLE_BYTES:
        raise ValueError(f"data.pkl has {archive.size(pickled):,} bytes, which no state needs")
    storages = Storages(archive, folder)
    state = run_pickle(archive.read(pickled), storages.find)
    if not isinstance(state, dict):
        raise ValueError("not a state by names")
    check_values(state)
    storages.check_others()
    return state


class Storages:
    """The numbers of tensors in an archive; read when they are asked for, and only once.

    Args:
        archive: The archive.
        folder: The folder in it, with a slash at its end.

    Raises:
        ValueError: If they were written by a machine with another order of bytes.
    """

    def __init__(self, archive: gate.Archive, folder: str):
        self._archive = archive
        self._folder = folder
        self._found: dict[str, Tensor] = {}
        order = f"{folder}byteorder"
        if order in archive.names and archive.read(order).decode("ascii") != sys.byteorder:
            raise ValueError("was written by a machine with another order of bytes")

    def find(self, reference: Any) -> Tensor:
        """The numbers ``(n,)`` that a pickle refers to by kind, type, name, place and count.

        Raises:
            ValueError: If there are none, or not so many.
        """
        if not isinstance(reference, tuple) or len(reference) != 5 or reference[0] != "storage":
            raise ValueError("refers to something else than the numbers of tensors")
        _, dtype, name, _, count = reference
        if not isinstance(dtype, torch.dtype) or not isinstance(name, str):
            raise ValueError("refers to numbers without a name, or of no type")
        member, size = f"{self._folder}data/{name}", as_length(count) * dtype.itemsize
        if size != self._archive.size(member):
            raise ValueError(
                f"data/{name} has {self._archive.size(member):,} bytes, and is said to have "
                f"{size:,}"
            )
        if name not in self._found:
            self._found[name] = as_numbers(bytearray(self._archive.read(member)), dtype)
        if self._found[name].dtype != dtype:
            raise ValueError(f"data/{name} is of two types")
        return self._found[name]

    def check_others(self) -> None:
        """Read the members that no tensor needs, too: then all checksums were compared.

        Raises:
            ValueError: If there are numbers of no tensor; also what ``zipfile`` raises.
        """
        for name in self._archive.names:
            number = name.removeprefix(f"{self._folder}data/")
            if number == name:
                self._archive.read(name)
            elif number not in self._found:
                raise ValueError(f"data/{number} is of no tensor")


def as_numbers(content: bytearray, dtype: torch.dtype) -> Tensor:
    """Bytes as numbers ``(n,)`` of a type; they share the memory.

    Raises:
        ValueError: If they are to be bools, and are neither 0 nor 1.
    """
    if not content:
        return torch.empty(0, dtype=dtype)
    if dtype == torch.bool and max(content) > 1:
        raise ValueError("holds bools that are neither true nor false")
    return torch.frombuffer(content, dtype=dtype)


def as_length(value: Any) -> int:
    """A value if it is a whole number from 0 that a length can be.

    Raises:
        ValueError: If it is anything else.
    """
    if type(value) is not int or not 0 <= value < 2**62:
        raise ValueError(f"a length must be a whole number from 0, got {value!r:.40}")
    return value


def rebuild_tensor(
    numbers: Any, first: Any, shape: Any, strides: Any, trained: Any, hooks: Any, *more: Any
) -> Tensor:
    """A tensor of some of the numbers of a storage; this is what PyTorch calls a v2.

    Raises:
        ValueError: If they are not there, or one number would be at two places of the tensor, by
            which a small file could ask for any amount of memory.
    """
    if not isinstance(numbers, Tensor) or numbers.ndim != 1:
        raise ValueError("a tensor is made of something else than numbers")
    if not isinstance(shape, tuple) or not isinstance(strides, tuple) or any(more) or hooks:
        raise ValueError("a tensor has no shape, or more than one")
    if len(shape) != len(strides) or len(shape) > MAX_DIMENSIONS:
        raise ValueError(f"a tensor has {len(shape)} dimensions and {len(strides)} strides")
    reach = 0  # of the dimensions looked at, how far the last number is behind the first
    lengths = map(as_length, shape)
    for stride, length in sorted(zip(map(as_length, strides), lengths, strict=True)):
        if length > 1:
            if stride <= reach:
                raise ValueError("a tensor has the same number at two places")
            reach += (length - 1) * stride
    if 0 not in shape and as_length(first) + reach >= len(numbers):
        raise ValueError(f"a tensor of {math.prod(shape):,} numbers; there are {len(numbers):,}")
    return torch.as_strided(numbers, shape, strides, first if 0 not in shape else 0)


# What pickles may name, and nothing else.
KNOWN: dict[str, Any] = {
    "torch._utils _rebuild_tensor_v2": rebuild_tensor,
    "collections OrderedDict": OrderedDict,
    **{f"torch {name}": dtype for name, dtype in STORAGES.items()},
}
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
EMPTY: dict[str, Callable[[], Any]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
}
ARGUMENTS = ("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE")
MARK = object()


def run_pickle(program: bytes, find_numbers: Callable[[Any], Tensor]) -> Any:
    """What a pickle of plain values and tensors makes.

    Args:
        program: The pickle.
        find_numbers: From the reference to the numbers of a tensor to these.

    Raises:
        ValueError: If it is none, or wants something else.
    """
    stack: list[Any] = []
    memo: dict[Any, Any] = {}
    for count, (command, argument, _) in enumerate(pickletools.genops(program)):
        name = command.name
        if count > MAX_COMMANDS:
            raise ValueError(f"has more than {MAX_COMMANDS:,} commands, which no state needs")
        if name in ARGUMENTS:
            stack.append(argument)
        elif name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name in EMPTY:
            stack.append(EMPTY[name]())
        elif name == "MARK":
            stack.append(MARK)
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif name in TUPLES:
            stack[-TUPLES[name] :] = [tuple(stack[-TUPLES[name] :])]
        elif name == "TUPLE":
            stack.append(tuple(pop_to_mark(stack)))
        elif name in ("APPEND", "APPENDS"):
            items = pop_to_mark(stack) if name == "APPENDS" else [stack.pop()]
            append(stack[-1], items)
        elif name in ("SETITEM", "SETITEMS"):
            items = pop_to_mark(stack) if name == "SETITEMS" else [stack.pop(-2), stack.pop()]
            set_items(stack[-1], items)
        elif name == "GLOBAL":
            if argument not in KNOWN:
                raise ValueError(f"wants to run code, or to make objects: {argument!r:.80}")
            stack.append(KNOWN[argument])
        elif name == "BINPERSID":
            stack.append(find_numbers(stack.pop()))
        elif name == "REDUCE":
            arguments, function = stack.pop(), stack.pop()
            if function not in (rebuild_tensor, OrderedDict) or type(arguments) is not tuple:
                raise ValueError("wants to call something that is no function")
            stack.append(function(*arguments))
        elif name == "BUILD":
            stack.pop()  # the attributes of a dict, which say nothing of what is in it
        elif name == "STOP":
            (made,) = stack
            return made
        elif name not in ("PROTO", "FRAME"):
            raise ValueError(f"has the command {name}, which no state needs")
    raise ValueError("the pickle has no end")


def pop_to_mark(stack: list[Any]) -> list[Any]:
    """Take what lies above the last mark from a stack, and the mark."""
    items: list[Any] = []
    while (item := stack.pop()) is not MARK:
        items.append(item)
    return items[::-1]


def append(target: Any, items: list[Any]) -> None:
    """Put items at the end of a list.

    Raises:
        ValueError: If it is none.
    """
    if type(target) is not list:
        raise ValueError("wants to put something into what is no list")
    target += items


def set_items(target: Any, items: list[Any]) -> None:
    """Put keys and values, in turn, into a dict.

    Raises:
        ValueError: If it is none, or has a key already.
    """
    if not isinstance(target, dict):
        raise ValueError("wants to put something into what is no dict")
    for key, value in zip(items[::2], items[1::2], strict=True):
        if type(key) not in (str, int):
            raise ValueError(f"has a key that is no text and no whole number: {key!r:.40}")
        if key in target:
            raise ValueError(f"has the key {key!r:.60} twice")
        target[key] = value


def check_values(state: Any) -> None:
    """Check that a state holds plain values and tensors, and not too many.

    A pickle may name one list twice in another, that one twice in a third, and so on: what is small
    in memory would then take for ever to go through.

    Raises:
        ValueError: If it holds something else, or too many.
    """
    left, count = [state], 0
    while left:
        value = left.pop()
        count += 1
        if isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list | tuple):
            left += value
        elif value is not None and not isinstance(value, bool | int | float | str | Tensor):
            raise ValueError(f"holds something that is no plain value: {value!r:.60}")
        if count + len(left) > MAX_VALUES:
            raise ValueError(f"holds more than {MAX_VALUES:,} values, which no state needs")


@gate.reader("weights of an agent of version 1", CheckpointError)
def read_earlier_weights(
    path: Path | str,
    expected: Mapping[str, TensorHeader] | None = None,
    sha256: str | None = None,
) -> dict[str, Tensor]:
    """Tensors by name in PyTorch's format, without running code.

    Args:
        path: The file.
        expected: Those of the net by their names of today, which bound the memory that is taken.
        sha256: The checksum of the whole file, where it is known.

    Raises:
        CheckpointError: If the file is missing, damaged, or not the one that is described.
    """
    size = gate.check_file(path).st_size
    if expected is not None:  # twice, since numbers may be stored as float64
        needed = 2 * sum(math.prod(one.shape) * one.dtype.itemsize for one in expected.values())
        size = min(size, needed + MAX_PICKLE_BYTES)
    content = gate.read_bytes(path, size)
    check_sha256(content, sha256)
    weights = unpack_state(io.BytesIO(content))
    for name, tensor in weights.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise ValueError(f"holds something else than tensors by name: {name!r:.60}")
    upgraded = upgrade_weights(weights)
    if expected is not None:
        check_tensors(expected, {name: header_of(one) for name, one in upgraded.items()})
    return upgraded


@gate.reader("weights of an agent", CheckpointError)
def read_weights(
    path: Path | str,
    expected: Mapping[str, TensorHeader] | None = None,
    sha256: str | None = None,
) -> dict[str, Tensor]:
    """Tensors by name in a safetensors file.

    Args:
        path: The file.
        expected: Those of the net; what the header says is compared with them before any memory is
            taken.
        sha256: The checksum of the whole file, where it is known.

    Raises:
        CheckpointError: If the file is missing, damaged, or not the one that is described.
    """
    with gate.opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        found = read_header(file, size)
        if expected is not None:
            check_tensors(expected, found)
        gate.claim_memory(2 * size, f"the {size:,} bytes of the file")
        file.seek(0)
        content = file.read(size)
    check_sha256(content, sha256)
    return safetensors.torch.load(content)


def read_header(file: BinaryIO, size: int) -> dict[str, TensorHeader]:
    """The tensors in a safetensors file, as its header describes them.

    Args:
        file: The file.
        size: How many bytes it has.

    Raises:
        ValueError: If it is none, or the tensors do not fill it without a gap.
    """
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(size - 8, MAX_HEADER_BYTES):
        raise ValueError(f"damaged or cut short: its header is said to have {length:,} bytes")
    described = gate.parse_json(file.read(length))
    if not isinstance(described, dict):
        raise ValueError("not a safetensors file: its header is not an object")
    described.pop("__metadata__", None)
    found, spans = {}, []
    for name, about in described.items():
        if not isinstance(about, dict) or about.keys() != {"dtype", "shape", "data_offsets"}:
            raise ValueError(f"{name!r:.60} must have dtype, shape and data_offsets in the header")
        dtype, shape, offsets = about["dtype"], about["shape"], about["data_offsets"]
        if not isinstance(dtype, str) or dtype not in TYPES:
            raise ValueError(f"the dtype of {name!r:.60} must be one of {', '.join(TYPES)}")
        if not isinstance(shape, list) or not isinstance(offsets, list) or len(offsets) != 2:
            raise ValueError(f"shape and data_offsets of {name!r:.60} must be lists")
        if len(shape) > MAX_DIMENSIONS:
            raise ValueError(f"{name!r:.60} has {len(shape)} dimensions")
        found[name] = TensorHeader(TYPES[dtype], tuple(map(as_length, shape)))
        begin, end = map(as_length, offsets)
        spans.append((begin, end))
        if end - begin != math.prod(shape) * TYPES[dtype].itemsize:
            raise ValueError(f"{name!r:.60}, {found[name]}, is said to have {end - begin:,} bytes")
    reached = 0
    for begin, end in sorted(spans):
        if begin != reached:
            raise ValueError("damaged: its tensors do not follow one another without a gap")
        reached = end
    described_size = 8 + length + reached
    if described_size != size:
        raise ValueError(
            f"damaged or cut short: it has {size:,} bytes, and by its header {described_size:,}"
        )
    return found


def header_of(tensor: Tensor) -> TensorHeader:
    """Type and shape of a tensor."""
    return TensorHeader(tensor.dtype, tuple(tensor.shape))


def check_tensors(expected: Mapping[str, TensorHeader], found: Mapping[str, TensorHeader]) -> None:
    """Check that stored tensors are those of a net.

    Floating-point numbers may be stored in another precision.

    Raises:
        ValueError: If some are missing or too many, or have another shape, or are of another kind
            of numbers.
    """
    for words, names in (
        ("lacks", expected.keys() - found.keys()),
        ("has besides", found.keys() - expected.keys()),
    ):
        if names:
            some = ", ".join(f"{name:.60}" for name in sorted(names)[:4])
            raise ValueError(f"is of another net than agent.json describes: it {words} {some}")
    for name, wanted in expected.items():
        has, kind = found[name], wanted.dtype
        both_floating = kind.is_floating_point and has.dtype.is_floating_point
        if has.shape != wanted.shape or not (both_floating or has.dtype == kind):
            raise ValueError(
                f"is of another net than agent.json describes: {name} is {has}, not {wanted}"
            )


def check_finite(tensors: Mapping[str, Tensor]) -> None:
    """Check that there is a number everywhere.

    Raises:
        ValueError: If there is a NaN or an infinite one.
    """
    for name, tensor in tensors.items():
        # A sum is quicker to look at, but may be infinite where no number is.
        if not tensor.is_floating_point() or math.isfinite(tensor.sum().item()):
            continue
        if not tensor.isfinite().all():
            raise ValueError(f"{name:.60} holds numbers that are not finite")


def check_sha256(content: bytes, sha256: str | None) -> None:
    """Check that bytes are those of which the checksum is known.

    Raises:
        ValueError: If they are not.
    """
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(
            "damaged, cut short, or not the weights that agent.json describes (SHA-256 differs)"
        )
