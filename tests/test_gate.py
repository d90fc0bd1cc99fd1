"""The gate for files: what it lets pass, what it refuses, and that nothing goes around it."""

import ast
import importlib
import io
import json
import os
import pkgutil
import socket
import struct
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

import thinkenv
from thinkenv import gate

PACKAGE = Path(thinkenv.__file__).parent


class MineError(gate.FileError):
    """The error of a family of files for these tests."""


@pytest.fixture
def read(monkeypatch):
    """A reader of whole files, which is not left in the list of readers."""
    monkeypatch.setattr(gate, "READERS", {})

    @gate.reader("anything", MineError)
    def read_mine(path, then=lambda content: content):
        return then(gate.read_bytes(path, 1000))

    return read_mine


def special_files(folder: Path) -> dict[str, Path]:
    """What is no ordinary file, by kind."""
    made = {kind: folder / kind for kind in ("pipe", "folder", "loop", "socket", "missing")}
    os.mkfifo(made["pipe"])
    made["folder"].mkdir()
    made["loop"].symlink_to("loop")
    here = os.getcwd()
    os.chdir(folder)  # the whole path may be too long for the name of a socket
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    os.chdir(here)
    return {**made, "device": Path("/dev/zero"), "folder of the system": Path("/proc")}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
def test_what_is_no_ordinary_file_is_refused_at_once(read, tmp_path):
    for path in special_files(tmp_path).values():
        with pytest.raises(MineError) as refused:
            read(path)
        assert str(refused.value).startswith(f"{path}: ")


def test_a_file_that_is_empty_or_too_large_is_refused_before_it_is_read(read, tmp_path):
    for size, said in ((0, "is empty"), (1001, "has 1,001 bytes; at most 1,000")):
        path = tmp_path / "file"
        path.write_bytes(bytes(size))
        with pytest.raises(MineError, match=said):
            read(path)
    path.write_bytes(bytes(1000))
    assert read(path) == read(str(path)) == bytes(1000)


def raising(error):
    """A function that raises ``error``."""

    def do(content):
        raise error

    return do


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("columns"), "damaged, or of another kind (KeyError: 'columns')"),
        (RecursionError("maximum recursion depth exceeded"), "is nested too deep"),
        (MemoryError(), "needs more memory than there is"),
        (OverflowError("int too large"), "damaged, or of another kind (OverflowError: int too l"),
        # As Python's zipfile raises it for a way of compression that it does not know.
        (NotImplementedError("compression 99"), "is written in a way that is not read (comp"),
        (struct.error("unpack requires 4 bytes"), "damaged or cut off (unpack requires 4 bytes)"),
        (zipfile.BadZipFile("File is not a zip file"), "damaged or cut off (File is not a zip"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), "is not the text that it should be"),
        (OSError(5, "Input/output error"), "cannot be read (Input/output error)"),
        (ValueError("several\nlines"), "several lines"),
        (ValueError(), "damaged, or of another kind"),
        (AttributeError("x" * 10_000), "damaged, or of another kind (AttributeError: xxx"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_whatever_is_raised_becomes_the_familys_error_with_name_and_cause(
    read, tmp_path, error, said
):
    path = tmp_path / "file"
    path.write_bytes(b"x")
    with pytest.raises(MineError) as refused:
        read(path, raising(error))
    assert str(refused.value).startswith(f"{path}: {said}")
    assert refused.value.__cause__ is error
    assert len(str(refused.value)) < len(str(path)) + 400 and "\n" not in str(refused.value)


def test_errors_about_something_else_stay_what_they_are(read, tmp_path):
    class OtherError(gate.FileError):
        pass

    path = tmp_path / "file"
    path.write_bytes(b"x")
    others = [OtherError("another file"), OSError(28, "full", "/another"), ImportError("pyarrow")]
    for error in [*others, NameError("misspelt")]:
        with pytest.raises(type(error)) as raised:
            read(path, raising(error))
        assert raised.value is error
    with pytest.raises(KeyboardInterrupt):
        read(path, raising(KeyboardInterrupt()))
    for no_path in (None, 3, ["a"]):
        with pytest.raises(TypeError):
            read(no_path)


def test_json_is_refused_where_it_is_none_too_deep_or_ambiguous():
    assert gate.parse_json(b'{"a": [1, {"a": 2}]}') == {"a": [1, {"a": 2}]}
    for text, said in {
        "[" * 200_000: "is nested too deep",
        "[1, ": "is no JSON",
        b"\xff\xfe{}x": "is not the text",
        '{"a": 1, "b": 2, "a": 1}': "has the key 'a' twice",
        '{"n": ' + "9" * 10_000 + "}": "digits",
    }.items():
        with pytest.raises(ValueError, match=said):
            gate.parse_json(text)


def test_a_file_of_json_is_named_where_it_is_none(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("{")
    with pytest.raises(gate.FileError) as refused:
        gate.read_json(path, 100)
    assert str(refused.value).startswith(f"{path}: is no JSON")
    assert isinstance(refused.value.__cause__, json.JSONDecodeError)


def archive(*members, compression=zipfile.ZIP_DEFLATED) -> io.BytesIO:
    """A zip archive of names and contents."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of doubles
        for name, content in members:
            file.writestr(name, content)
    return packed


def test_an_archive_gives_its_members_if_their_checksums_are_right():
    packed = archive(("a", b"1" * 100), ("folder/", b""), ("b", b""), compression=0)
    found = gate.Archive(packed)
    assert found.names == ["a", "b"] and found.size("a") == 100
    assert found.read("a") == b"1" * 100 and found.read("b") == b""
    spoilt = packed.getvalue().replace(b"1" * 100, b"1" * 99 + b"0")
    with pytest.raises(zipfile.BadZipFile, match="CRC"):
        gate.Archive(io.BytesIO(spoilt)).read("a")
    with pytest.raises(ValueError, match="lacks the member c"):
        found.read("c")


def test_an_archive_with_doubles_passwords_or_bombs_is_refused_before_it_is_unpacked():
    with pytest.raises(ValueError, match="has the member 'a' twice"):
        gate.Archive(archive(("a", b"1"), ("b", b"2"), ("a", b"3")))
    locked = bytearray(archive(("a", b"1")).getvalue())
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ValueError, match="needs a password"):
        gate.Archive(io.BytesIO(locked))
    bomb = archive(("a", bytes(gate.ALWAYS_READ + 1)))
    tracemalloc.start()
    with pytest.raises(ValueError, match="nothing is unpacked to more than 500 times its size"):
        gate.Archive(bomb)
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()


def test_an_archive_of_which_members_are_hidden_or_that_something_follows_is_refused():
    packed = archive(("a", b"1"), ("b", b"2"), ("c", b"3")).getvalue()
    second = packed.index(b"PK\x01\x02", packed.index(b"PK\x01\x02") + 1)
    hidden = bytearray(packed)
    hidden[second + 32] = 47  # a comment as long as the entry of c
    with pytest.raises(ValueError, match="said to have 3 members, of which 2 are found"):
        gate.Archive(io.BytesIO(hidden))
    for spoilt in (packed + b"x", packed[:-1], packed[:10], b"no archive"):
        with pytest.raises(ValueError):
            gate.Archive(io.BytesIO(spoilt))


def test_archives_with_comments_and_with_more_members_than_16_bits_can_count_are_read():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.comment = b"PK is no signature"
        file.writestr("a", b"1")
    assert gate.Archive(packed).read("a") == b"1"
    many = archive(*((f"{number}", b"") for number in range(66_000)), compression=0)
    assert len(gate.Archive(many).names) == 66_000
    too_many = archive(*((f"{number}", b"") for number in range(100_001)), compression=0)
    with pytest.raises(ValueError, match="has 100,001 members; at most 100,000"):
        gate.Archive(too_many)


def npy(array: np.ndarray) -> bytes:
    """An array in the ``.npy`` format."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.zeros((3, 0)),
        np.array(5),
        np.array([["ab", "c"]]),
    ],
    ids=["rows", "columns", "empty", "one value", "text"],
)
def test_arrays_are_read_as_numpy_wrote_them(array, tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(npy(array))
    packed = gate.Archive(archive(("a.npy", npy(array))))
    for found in (gate.read_array(path), packed.array("a.npy")):
        assert found.dtype == array.dtype and np.array_equal(found, array)


def claim(shape: str, kind: str = "|u1") -> bytes:
    """The header of an array that says so, and a byte."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + b"\0"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (claim("(4, 100000000, 100000000)"), "promises 40,000,000,000,000,000 bytes; there are "),
        (claim(f"({'9' * 400},)"), "promises more than 10\\^30 bytes"),
        (claim("(-1, -1)"), "its shape is"),
        (claim("(1,)") + b"\0", "1 bytes follow an array's values"),
        (claim("(2,)"), "promises 2 bytes; there are "),
        (claim("(1,)", "|O"), "holds Python objects"),
        (claim("(1,", "|u1"), "cannot be read|Cannot parse"),
        (claim("(" * 3000), "cannot be read|Cannot parse"),
        (npy(np.arange(3))[:-1], "promises 24 bytes; there are 23"),
        (b"\x93NUMPY\x07\x00" + bytes(64), "version|Invalid"),
        (b"no array", "magic string"),
    ],
)
def test_an_array_whose_header_lies_is_refused_before_memory_is_taken(content, said, tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    packed = gate.Archive(archive(("a.npy", content)))
    tracemalloc.start()
    with pytest.raises(gate.FileError, match=said) as refused:
        gate.read_array(path)
    assert str(refused.value).startswith(f"{path}: ")
    with pytest.raises(ValueError):
        packed.array("a.npy")
    assert tracemalloc.get_traced_memory()[1] < 1e7
    tracemalloc.stop()


# What opens or unpacks a file, or believes what one says, and where it may be outside the gate.
OPENERS = {
    *("open", "os.open", "io.open", "Path.open", "np.load", "np.memmap", "np.fromfile"),
    *("np.loadtxt", "np.genfromtxt", "zipfile.ZipFile", "tarfile.open", "json.load", "json.loads"),
    *("torch.load", "pickle.load", "pickle.loads", "Image.open", "gzip.open", "bz2.open"),
    *("lzma.open", "sqlite3.connect", "mmap.mmap"),
    *("safetensors.safe_open", "safetensors.torch.load", "safetensors.torch.load_file"),
    *("pyarrow.parquet.ParquetFile", "pyarrow.parquet.read_table"),
}
METHODS = {"read_bytes", "read_text", "open"}
EXCEPTIONS = {
    # What this package writes, and its own assets.
    "thinkenv/files.py": {"open", "os.open"},
    "thinkenv/command_line.py": {"open", "os.open"},
    "thinkenv/chess_puzzles/downloading.py": {"open"},
    "thinkenv/chess_puzzles/drawing.py": {"Image.open"},
    "thinkenv/deep_thinking/checkpoint.py": {"json.loads"},
    "thinkenv/deep_thinking/training/lock.py": {"open"},
    "thinkenv/deep_thinking/training/run.py": {"open"},
    "thinkenv/suites/results.py": {"json.loads"},
    "thinkenv/kernels/compilation.py": {"read_bytes"},
    "thinkenv/provenance.py": {"read_text"},
    # Members of archives that the gate has opened.
    "thinkenv/chess_puzzles/compression.py": {"open"},
    "thinkenv/mazes/interchange/npz.py": {"open"},
    # Libraries that decode what the gate has opened.
    "thinkenv/chess_puzzles/tables/parquet.py": {"ParquetFile"},
    "thinkenv/chess_puzzles/tables/parquet_trial.py": {"pyarrow.parquet.ParquetFile"},
    "thinkenv/deep_thinking/tensor_files.py": {"safetensors.torch.load"},
    "thinkenv/mazes/interchange/image.py": {"Image.open"},
    # Machine code of the user's own cache folder, whose checksum is right.
    "thinkenv/kernels/caching.py": {"pickle.load", "pickle.loads"},
}


def calls_of(path: Path) -> set[str]:
    """What is called in a source that opens, unpacks or parses files."""
    tree = ast.parse(path.read_text())
    imported = {
        name.asname or name.name: f"{node.module}.{name.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            owner, _, method = name.rpartition(".")
            is_ours = imported.get(owner.partition(".")[0], "").startswith("thinkenv")
            if name in OPENERS or imported.get(name) in OPENERS:
                found.add(name)
            elif owner and method in METHODS and not is_ours:
                found.add(method)
    return found


def test_nothing_opens_a_file_but_the_gate():
    beside = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE.parent).as_posix()
        calls = calls_of(path) - EXCEPTIONS.get(name, set())
        if calls and name != "thinkenv/gate.py":
            beside[name] = sorted(calls)
    assert beside == {}


def test_the_search_for_openers_finds_them(tmp_path):
    source = tmp_path / "mine.py"
    source.write_text(
        "import json\nfrom pathlib import Path\nfrom thinkenv import gate\nfrom json import loads\n"
        "gate.read_bytes('a', 1)\nopen('a')\nloads('1')\nPath('a').read_text()\n"
    )
    assert calls_of(source) == {"open", "loads", "read_text"}


def import_everything() -> None:
    """Import all modules of the package, so that all readers are listed."""
    for module in pkgutil.walk_packages([str(PACKAGE)], "thinkenv."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def test_every_reader_says_what_it_raises():
    import_everything()
    assert len(gate.READERS) > 10
    for name, listed in gate.READERS.items():
        assert issubclass(listed.error, gate.FileError) and listed.error is not gate.FileError, name
        assert listed.error.__name__ in (listed.function.__doc__ or ""), name


def test_the_gate_needs_neither_torch_nor_compilation():
    program = "import sys, thinkenv.gate; assert not {'torch', 'numba'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
