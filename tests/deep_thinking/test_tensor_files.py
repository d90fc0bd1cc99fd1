"""Files of tensors: read as PyTorch and safetensors wrote them, and refused where they lie."""

import io
import json
import math
import pickle
import random
import tracemalloc
import zipfile

import pytest
import safetensors.torch
import torch

from thinkenv import gate
from thinkenv.deep_thinking import tensor_files
from thinkenv.deep_thinking.tensor_files import (
    CheckpointError,
    TensorHeader,
    read_earlier_weights,
    read_state,
    read_weights,
    to_bytes,
    unpack_state,
)


def equal(one, other) -> bool:
    """Whether two states are the same, to the last bit."""
    if isinstance(one, torch.Tensor):
        kinds = [(tensor.dtype, tensor.shape, tensor.stride()) for tensor in (one, other)]
        return kinds[0] == kinds[1] and bool((one == other).all())
    if isinstance(one, dict):
        return list(one) == list(other) and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(equal, one, other))
    return type(one) is type(other) and one == other


def state_of_every_kind() -> dict:
    numbers = torch.arange(24.0)
    return {
        "types": {name: numbers.to(kind) for name, kind in tensor_files.STORAGES.items()},
        "board": numbers.view(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
        "parts": [numbers[2:5], numbers[::2], numbers.view(4, 6).T, torch.tensor(5)],
        "empty": torch.zeros(0, 4),
        "plain": {"a": [1, 2.5, "ä", None, True, (1,), (), [], {}], 3: -(2**40), "long": 10**30},
        "net": torch.nn.Linear(2, 3).state_dict(),
    }


def test_a_state_is_read_as_pytorch_reads_it(tmp_path):
    path = tmp_path / "state.pt"
    path.write_bytes(to_bytes(state_of_every_kind()))
    theirs = torch.load(path, weights_only=True)
    theirs["net"] = dict(theirs["net"])
    found = read_state(path)
    found["net"] = dict(found["net"])
    assert equal(found, theirs)


@pytest.mark.parametrize("mask", [1, 4, 32, 255])
def test_a_flipped_bit_is_refused_or_changes_nothing(mask):
    state = {"a": torch.arange(20.0), "steps": 7, "names": ["x", "y"]}
    content = to_bytes(state)
    places = range(len(content))
    refused = 0
    for place in random.Random(mask).sample(places, len(places) // 2):
        flipped = bytearray(content)
        flipped[place] ^= mask
        try:
            with gate.reading("state.pt", CheckpointError):
                found = unpack_state(io.BytesIO(flipped))
        except CheckpointError:
            refused += 1
        else:
            assert equal(found, state), place
    assert refused > len(places) // 8


NUMBERS = b"ctorch\nFloatStorage\n"
TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n"


def text(words: str) -> bytes:
    """A text in a pickle."""
    return b"X" + len(words).to_bytes(4, "little") + words.encode()


def number(value: int) -> bytes:
    """A whole number in a pickle."""
    return b"\x8a\x10" + value.to_bytes(16, "little", signed=True)


def tensor(count=4, first=0, shape=(4,), strides=(1,), key="0") -> bytes:
    """A tensor in a pickle, of ``count`` numbers that are said to be in the file ``key``."""
    storage = b"(" + text("storage") + NUMBERS + text(key) + text("cpu") + number(count) + b"tQ"
    sides = [b"(" + b"".join(map(number, numbers)) + b"t" for numbers in (shape, strides)]
    more = b"\x89ccollections\nOrderedDict\n)R"
    return TENSOR + b"(" + storage + number(first) + b"".join(sides) + more + b"tR"


def packed(program: bytes, compression=zipfile.ZIP_STORED, members=(), folder="archive") -> bytes:
    """A file of a pickle and four numbers, as PyTorch writes them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr(f"{folder}/data.pkl", program)
        archive.writestr(f"{folder}/data/0", bytes(16))
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def of(value: bytes) -> bytes:
    """A pickle of a dict in which ``a`` is a value."""
    return b"\x80\x02}" + text("a") + value + b"s."


# Each pair holds the one before it twice: in all 2^60 lists.
LAUGHS = b"]q\0" + b"".join(
    b"h" + bytes([index]) + b"\x86q" + bytes([index + 1]) for index in range(60)
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (packed(of(tensor(count=1000, shape=(1000,)))), "data/0 has 16 bytes, and is said to have"),
        (packed(of(tensor(count=2**61))), "data/0 has 16 bytes, and is said to have"),
        (packed(of(tensor(count=-4))), "a length must be a whole number from 0"),
        (packed(of(tensor(shape=(2,), first=3))), "a tensor of 2 numbers; there are 4"),
        (packed(of(tensor(first=-1))), "a length must be a whole number from 0"),
        (packed(of(tensor(shape=(10**12,), strides=(0,)))), "the same number at two places"),
        (packed(of(tensor(shape=(2, 2), strides=(1, 1)))), "the same number at two places"),
        (packed(of(tensor(shape=(2, 2)))), "2 dimensions and 1 strides"),
        (packed(of(tensor(key="1"))), "lacks the member archive/data/1"),
        (packed(of(tensor(key="../data.pkl"))), "lacks the member"),
        (packed(of(b"cbuiltins\nbytearray\n" + number(10**11) + b"\x85R")), "wants to run code"),
        (packed(of(b"cos\nsystem\n" + text("echo") + b"\x85R")), "wants to run code"),
        (packed(of(b"ctorch\nFloatStorage\n)R")), "call something that is no function"),
        (packed(of(LAUGHS)), "holds more than 200,000 values"),
        (packed(b"\x80\x02}" + 2 * (text("a") + number(1) + b"s") + b"."), "has the key 'a' twice"),
        (packed(b"\x80\x02}" + number(1) + b"\x85" + number(1) + b"s."), "a key that is no text"),
        (packed(of(b"\x96" + (2**50).to_bytes(8, "little"))), ""),
        (packed(of(b"Nr\xff\xff\xff\xff")), "data/0 is of no tensor"),
        (packed(b"\x80\x02}"), ""),
        (packed(b"\x80\x02."), ""),
        (packed(b""), ""),
        (packed(of(tensor()), zipfile.ZIP_DEFLATED), "is compressed, which PyTorch never does"),
        (packed(of(tensor()), members=[("archive/byteorder", "big")]), "another order of bytes"),
        (packed(of(tensor()), members=[("else/version", "3")]), "not in the folder 'archive/'"),
        (packed(of(tensor()), members=[("archive/data/1", b"1")]), "data/1 is of no tensor"),
        (packed(of(tensor()), members=[("b/data.pkl", b"1")]), "not one data.pkl"),
        (packed(of(tensor())) + b"x" * 3, ""),
        (pickle.dumps({"a": 1}), "not a zip"),
        (b"PK\x05\x06" + bytes(18), "not one data.pkl"),
    ],
)
def test_a_state_that_lies_is_refused_before_memory_is_taken(content, words, tmp_path):
    path = tmp_path / "state.pt"
    path.write_bytes(content)
    tracemalloc.start()
    if words:
        with pytest.raises(CheckpointError, match=f"state.pt: .*{words}"):
            read_state(path)
    else:
        try:
            assert read_state(path)["a"].shape == (4,)  # what follows the archive is not looked at
        except CheckpointError as error:
            assert "state.pt" in str(error) and "\n" not in str(error)
    assert tracemalloc.get_traced_memory()[1] < 3e7
    tracemalloc.stop()


def test_the_members_of_these_tests_make_a_state(tmp_path):
    (tmp_path / "state.pt").write_bytes(packed(of(tensor())))
    assert torch.equal(read_state(tmp_path / "state.pt")["a"], torch.zeros(4))


def test_a_pickle_without_end_is_refused_in_time(tmp_path, monkeypatch):
    monkeypatch.setattr(tensor_files, "MAX_COMMANDS", 1000)
    (tmp_path / "state.pt").write_bytes(packed(b"\x80\x02" + b"N" * 2000 + b"."))
    with pytest.raises(CheckpointError, match="has more than 1,000 commands"):
        read_state(tmp_path / "state.pt")


def test_bools_are_true_or_false(tmp_path):
    content = to_bytes({"a": torch.tensor([True] * 41)})
    entry = content.index(bytes([1] * 41))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["archive/data/0"] = bytes([2] * 41)
    with zipfile.ZipFile(tmp_path / "state.pt", "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    assert entry > 0
    with pytest.raises(CheckpointError, match="bools that are neither true nor false"):
        read_state(tmp_path / "state.pt")


@pytest.mark.parametrize("value", [5, "text", [torch.ones(1)], {"b": torch.ones(1)}])
def test_earlier_weights_are_tensors_by_name(value, tmp_path):
    (tmp_path / "weights.pt").write_bytes(to_bytes({"a": value}))
    with pytest.raises(CheckpointError, match="weights.pt: holds something else than tensors"):
        read_earlier_weights(tmp_path / "weights.pt")


def test_weights_are_read_as_safetensors_reads_them(tmp_path):
    weights = {
        name: torch.arange(6).to(kind).view(2, 3)
        for name, kind in tensor_files.TYPES.items()
        if name != "C64"
    }
    path = tmp_path / "weights.safetensors"
    path.write_bytes(safetensors.torch.save(weights, {"note": "of a test"}))
    expected = {name: TensorHeader(one.dtype, (2, 3)) for name, one in weights.items()}
    found = read_weights(path, expected)
    theirs = safetensors.torch.load_file(path)
    assert found.keys() == theirs.keys()
    assert all(torch.equal(found[name], theirs[name]) for name in theirs)


def header(described: object, data: bytes = bytes(16), length: int | None = None) -> bytes:
    """A safetensors file with this header."""
    said = described if isinstance(described, bytes) else json.dumps(described).encode()
    return (len(said) if length is None else length).to_bytes(8, "little") + said + data


def one(dtype="F32", shape=(4,), offsets=(0, 16), **more) -> dict:
    """A header of one tensor."""
    return {"a": {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (header(one(), length=2**30), "its header is said to have 1,073,741,824 bytes"),
        (header(one(), length=2**64 - 1), "its header is said to have"),
        (header(one(), length=0), "its header is said to have 0 bytes"),
        (header(one(), bytes(15)), "damaged or cut short"),
        (header(one(), bytes(17)), "damaged or cut short"),
        (header(one(shape=(10**9, 10**9), offsets=(0, 4 * 10**18))), "a length must be|cut short"),
        (header(one(shape=(5,))), "is said to have 16 bytes"),
        (header(one(shape=(-2, -2))), "a length must be a whole number from 0"),
        (header(one(shape=(2.0, 2.0))), "a length must be a whole number from 0"),
        (header(one(shape=(True,) * 4)), "a length must be a whole number from 0"),
        (header(one(shape=(1,) * 30)), "has 30 dimensions"),
        (header(one(offsets=(16, 32)), bytes(32)), "follow one another without a gap"),
        (header(one() | {"b": one()["a"]}), "follow one another without a gap"),
        (header(one(offsets=(-16, 0))), "a length must be a whole number from 0"),
        (header(one("F128")), "the dtype of 'a' must be one of"),
        (header(one(["F32"])), "the dtype of 'a' must be one of"),
        (header(one(code="x")), "must have dtype, shape and data_offsets"),
        (header({"a": 5}), "must have dtype, shape and data_offsets"),
        (header([1, 2]), "its header is not an object"),
        (header(b"[" * 100_000), "nested too deep"),
        (header(b"{"), "is no JSON|is said to have 1 bytes"),
        (header(json.dumps(one())[:-1].encode() + b"," + json.dumps(one())[1:].encode()), "twice"),
        (b"\x00", "is said to have 0 bytes"),
    ],
)
def test_weights_whose_header_lies_are_refused_before_memory_is_taken(content, words, tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(CheckpointError, match=f"weights.safetensors: .*({words})"):
        read_weights(path)
    assert tracemalloc.get_traced_memory()[1] < 1e7
    tracemalloc.stop()


def test_a_large_file_of_another_net_is_not_read(tmp_path):
    path = tmp_path / "weights.safetensors"
    begin = header(one(shape=(2**30,), offsets=(0, 2**32)), b"")
    with open(path, "wb") as file:
        file.write(begin)
        file.truncate(len(begin) + 2**32)  # four gigabytes of nothing
    expected = {"a": TensorHeader(torch.float32, (4,))}
    tracemalloc.start()
    with pytest.raises(CheckpointError, match="a is 1073741824 of float32, not 4 of float32"):
        read_weights(path, expected)
    with pytest.raises(CheckpointError, match=r"has 4,294,967,\d+ bytes; at most"):
        read_earlier_weights(path, expected)
    assert tracemalloc.get_traced_memory()[1] < 1e7
    tracemalloc.stop()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_have_to_be_finite(value):
    tensor_files.check_finite({"a": torch.tensor([3e38, 3e38, 1e-45]), "b": torch.tensor([1])})
    with pytest.raises(ValueError, match="a holds numbers that are not finite"):
        tensor_files.check_finite({"a": torch.tensor([1.0, value])})
