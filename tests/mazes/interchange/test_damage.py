"""Damaged and hostile files of mazes: one error with the file's name, at once, and nothing else."""

import json
import os
import socket
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from thinkenv import mazes
from thinkenv.mazes import interchange
from thinkenv.mazes.drawing import colour_observation
from thinkenv.mazes.interchange import MazeFileError

BATCH = mazes.generate(9, 4, split="test", loops=0.2)
GRIDS, SOLUTIONS = BATCH.grids, BATCH.solutions


def refuse(path: Path, words: str = "") -> None:
    """Check that a file ends in the one error, which begins with its name, in one line."""
    with pytest.raises(MazeFileError, match=words or None) as caught:
        mazes.read(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def header(kind: str, shape: str, content: bytes = b"") -> bytes:
    """An array in the ``.npy`` format that claims a type and a shape, whatever follows."""
    text = f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


def write_zip(path: Path, members: list[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def members_of(path: Path) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


@pytest.fixture
def ours(tmp_path) -> Path:
    path = tmp_path / "mazes.npz"
    interchange.write_npz(path, BATCH, {"size": 9})
    return path


CHANGES = {
    "grids": {
        "no numbers": (GRIDS * np.nan, "grids must be as thinkenv writes it, got float64"),
        "floats": (GRIDS.astype(float), "must be as thinkenv writes it"),
        "text": (GRIDS.astype("U3"), "must be as thinkenv writes it, got <U3"),
        "bytes": (GRIDS.astype("S1"), "must be as thinkenv writes it"),
        "complex numbers": (GRIDS.astype(complex), "must be as thinkenv writes it"),
        "bools": (GRIDS > 0, "must be as thinkenv writes it"),
        "dates": (GRIDS.astype("i8").astype("M8[s]"), "must be as thinkenv writes it"),
        "structures": (np.zeros(GRIDS.shape, [("a", "u1")]), "must be as thinkenv writes it"),
        "no sides": (np.array(3), "must be as thinkenv writes it"),
        "one maze": (GRIDS[0], "must be as thinkenv writes it"),
        "no mazes": (GRIDS[:0], "holds no mazes"),
        "codes of 9": (GRIDS * 0 + 9, "codes"),
        "large codes": (GRIDS.astype(int) + 256, "codes"),
        "all walls": (GRIDS * 0, "one start"),
        "no outer wall": (np.where(GRIDS == 0, 1, GRIDS), "outer wall"),
        "exchanged": (np.array([1, 0, 2, 3], np.uint8)[GRIDS], "outer wall"),
        "others": (np.rot90(GRIDS, axes=(1, 2)), "is not a shortest path"),
    },
    "solutions": {
        "of 2": (SOLUTIONS * 2, "solutions must hold 0 and 1"),
        "none": (SOLUTIONS * 0, "maze 0: its solution is not a shortest path"),
        "text": (SOLUTIONS.astype("U1"), "must be as thinkenv writes it"),
        "fewer": (SOLUTIONS[:2], "solutions must have shape"),
        "narrower": (SOLUTIONS[:, :, 1:], "solutions must have shape"),
    },
    "path_lengths": {
        "longer": (BATCH.path_lengths + 1, "path_lengths must be those of the mazes"),
        "negative": (-BATCH.path_lengths, "path_lengths must be those of the mazes"),
        "one": (np.int32(9), "must be as thinkenv writes it"),
        "floats": (BATCH.path_lengths.astype(float), "must be as thinkenv writes it"),
    },
    "unique": {
        "others": (~BATCH.unique, "unique must be those of the mazes"),
        "numbers": (BATCH.unique.astype(int), "must be as thinkenv writes it"),
        "no bools": (header("|b1", "(4,)", b"\7\0\1\0"), "bools must be 0 and 1"),
    },
    "instances": {
        "negative": (BATCH.instances - 9, "instances must be 4 whole numbers"),
        "too large": (np.full(4, 2**63, np.uint64), "instances must be 4 whole numbers"),
        "fewer": (BATCH.instances[1:], "instances must be 4 whole numbers"),
        "floats": (BATCH.instances * 0.5, "must be as thinkenv writes it"),
    },
    "options": {
        "a number": (np.array(5), "must be as thinkenv writes it"),
        "a list": (np.array("[]"), "options must be an object in JSON"),
        "no JSON": (np.array("{"), "is no JSON"),
        "a key twice": (np.array('{"size": 9, "size": 11}'), "the key 'size' twice"),
        "no letters": (header("<U1", "()", b"\xff\xff\xff\x7f"), ""),
    },
}


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name, kinds in CHANGES.items() for kind in kinds]
)
def test_each_array_of_our_own_files_is_judged(tmp_path, name, kind):
    value, words = CHANGES[name][kind]
    arrays = {"options": np.array('{"generator_version": 1}'), **BATCH.columns()}
    if isinstance(value, bytes):
        del arrays[name]
        np.savez(tmp_path / "mazes.npz", **arrays)
        with zipfile.ZipFile(tmp_path / "mazes.npz", "a") as archive:
            archive.writestr(f"{name}.npy", value)
    else:
        np.savez(tmp_path / "mazes.npz", **{**arrays, name: value})
    refuse(tmp_path / "mazes.npz", words)


def test_our_own_files_are_read_in_any_order_of_bytes_and_cells(tmp_path):
    arrays = {"options": np.array('{"generator_version": 1}'), **BATCH.columns()}
    arrays["grids"] = np.asfortranarray(GRIDS.astype(">i4"))
    arrays["solutions"] = SOLUTIONS.astype(np.int64)[::-1][::-1]
    arrays["instances"] = BATCH.instances.astype(">i8")
    np.savez(tmp_path / "mazes.npz", **arrays)
    batch = mazes.read(tmp_path / "mazes.npz")
    for name, column in BATCH.columns().items():
        assert np.array_equal(getattr(batch, name), column)
        assert getattr(batch, name).dtype == column.dtype


def test_what_says_it_is_ours_must_be_whole(tmp_path):
    arrays = {"options": np.array('{"generator_version": 1}'), **BATCH.columns()}
    for name in ("solutions", "path_lengths", "unique", "instances"):
        others = {key: value for key, value in arrays.items() if key != name}
        np.savez(tmp_path / "mazes.npz", **others)
        refuse(tmp_path / "mazes.npz", f"lacks {name}, which every such file of thinkenv has")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (header("|u1", "(4, 100000000, 100000000)"), "promises 40,000,000,000,000,000 bytes"),
        (header("|u1", f"({'9' * 400},)"), r"promises more than 10\^30 bytes"),
        (header("|u1", "(-1, 3, 3)"), "its shape is"),
        (header("|S0", "(1000000000000, 3, 3)"), "values of no bytes"),
        (header("|u1", "(4, 0, 11)"), ""),
        (header("|O", "(1,)", bytes(8)), "Python objects, which could run code"),
        (header("|u1", "(" * 2000), ""),
        (header("|u1", "__import__('os').getcwd()"), ""),
        (header("|u1", "(9, 9)", bytes(80)), "promises 81 bytes; there are 80"),
        (header("|u1", "(9, 9)", bytes(82)), "1 bytes follow an array's values"),
        (header("(3, 3)u1", "(4,)", bytes(36)), ""),
        (header("|V5", "(9, 9)", bytes(405)), "cells must be numbers"),
        (header("<U1", "(3, 3)", b"\xff" * 36), ""),
        (header("<c8", "(3, 3)", bytes(72)), "cells must be numbers"),
        (b"\x93NUMPY\x03\x00" + bytes(100), "of the .npy format is not read"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(100), ""),
        (b"", ""),
    ],
)
def test_headers_of_arrays_are_not_believed(tmp_path, content, words):
    (tmp_path / "mazes.npy").write_bytes(content)
    refuse(tmp_path / "mazes.npy", words if content else "is empty")
    refuse(write_zip(tmp_path / "mazes.npz", [("grids.npy", content)]), words)


@pytest.mark.parametrize("double", ["grids.npy", "grids"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_array_that_is_there_twice_is_refused(ours, double):
    content = members_of(ours)
    refuse(write_zip(ours, [*content, (double, dict(content)["grids.npy"])]), "twice")


def test_bombs_are_refused_from_the_directory(ours, tmp_path):
    content = header("|u1", "(10000, 10000)", bytes(10**8))
    bomb = write_zip(tmp_path / "bomb.npz", [("grids.npy", content)])
    refuse(bomb, "is unpacked to more than 500 times")
    lying = bytearray(bomb.read_bytes())
    struct.pack_into("<I", lying, lying.rindex(b"PK\x01\x02") + 20, 2**30)
    bomb.write_bytes(lying)
    refuse(bomb, "says that its members have")
    many = [(f"{number}.npy", content[: 6 * 10**7]) for number in range(2)]
    refuse(write_zip(tmp_path / "many.npz", many), "what is in it has")


def test_encrypted_and_unknown_compression_is_said(ours):
    whole = ours.read_bytes()
    for offset, value, words in ((8, 1, "needs a password"), (10, 97, "not read")):
        changed, place = bytearray(whole), -1
        while (place := changed.find(b"PK\x01\x02", place + 1)) >= 0:
            changed[place + offset] |= value
        ours.write_bytes(changed)
        refuse(ours, words)


@pytest.mark.parametrize("make", ["npz", "zanj"])
def test_any_byte_that_is_flipped_or_cut_off_is_noticed_or_harmless(tmp_path, ours, make):
    path = tmp_path / f"mazes.{make}"
    if make == "zanj":
        lattice = [[[0, 0], [0, 0]], [[1, 0], [1, 0]]]
        maze = {"connection_list": lattice, "solution": [[0, 0], [0, 1]]}
        write_zip(path, [("__zanj__.json", json.dumps({"mazes": [maze] * 3}).encode())])
    content, expected = path.read_bytes(), mazes.read(path)
    rng = np.random.default_rng(0)
    for place in rng.permutation(len(content))[:300].tolist():
        changed = bytearray(content)
        changed[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(changed)
        try:
            batch = mazes.read(path)
        except MazeFileError:
            continue
        for name, column in expected.columns().items():
            assert np.array_equal(getattr(batch, name), column), place
    for place in rng.permutation(len(content))[:50].tolist():
        path.write_bytes(content[:place])
        refuse(path)


def export(folder: Path) -> dict[str, Path]:
    interchange.write_easy_to_hard(folder / "pictures", BATCH)
    interchange.write_tokens(folder / "tokens", BATCH, 11)
    return {"pictures": folder / "pictures", "tokens": folder / "tokens"}


def put(value: float, *place: int) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array[place] = value
        return array

    return change


NO_NUMBERS = {
    "text": lambda a: a.astype("U3"),
    "dates": lambda a: a.astype("i8").astype("M8[s]"),
    "structures": lambda a: np.zeros(a.shape, [("a", "u1")]),
    "complex numbers": lambda a: a.astype(complex),
    "no numbers": lambda a: a * np.nan,
    "twice as much": lambda a: a * 2,
    "negative": lambda a: -a.astype(int),
    "a side less": lambda a: a[..., 1:],
    "one maze": lambda a: a[0],
    "none": lambda a: a[:0],
    "others": lambda a: a[::-1],
}


@pytest.mark.parametrize("name", ["inputs", "solutions"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        *[(change, "") for change in NO_NUMBERS.values()],
        (put(0.5, 0, ..., 3, 3), "must hold 0 and 1 alone"),
        (put(1, 0, ..., 3, 0), "2x2 pixels for each cell, and a margin of 0"),
        (put(1, 0, ..., -1, -1), "2x2 pixels for each cell, and a margin of 0"),
    ],
)
def test_pixels_are_0_or_1_and_as_they_are_written(tmp_path, name, change, words):
    folder = export(tmp_path)["pictures"]
    path = folder / f"{name}.npy"
    np.save(path, change(np.load(path)))
    refuse(folder, words)


def test_one_pixel_of_a_cell_and_other_colours_are_refused(tmp_path):
    folder = export(tmp_path)["pictures"]
    inputs = np.load(folder / "inputs.npy")
    for change, words in (
        (put(0, 0, slice(None), 3, 4), "2x2 pixels"),
        (lambda a: np.concatenate([a[:, :2] * 0, a[:, 2:]], axis=1), "another colour"),
    ):
        at_start = np.argwhere(inputs[0, 1] - inputs[0, 0] == 1)[0]
        changed = inputs.copy()
        changed[0, :, 3, 3] = inputs[0, :, *at_start]
        np.save(folder / "inputs.npy", change(inputs.copy()) if "colour" in words else changed)
        refuse(folder, words)


@pytest.mark.parametrize("make", [np.float16, np.longdouble, np.int64, np.bool_, ">f8", "F", 255])
def test_pixels_of_any_type_are_read(tmp_path, make):
    folder = export(tmp_path)["pictures"]
    for name in ("inputs", "solutions"):
        array = np.load(folder / f"{name}.npy")
        if make == 255:
            array = (array * 255).astype(np.uint8)
        elif make == "F":
            array = np.asfortranarray(array * -1.0 * -1.0)
            array[array == 0] = -0.0
        else:
            array = array.astype(make)
        np.save(folder / f"{name}.npy", array)
    batch = mazes.read(folder)
    assert np.array_equal(batch.grids, GRIDS) and np.array_equal(batch.solutions, SOLUTIONS)


@pytest.mark.parametrize("name", ["inputs", "labels"])
@pytest.mark.parametrize(
    "change",
    [
        *NO_NUMBERS.values(),
        put(6, 0, 40),
        put(4, 0, 40),
        lambda a: a.astype(float),
        lambda a: a[:, :0],
    ],
)
def test_tokens_are_those_of_the_format(tmp_path, name, change):
    folder = export(tmp_path)["tokens"]
    path = folder / f"all__{name}.npy"
    np.save(path, change(np.load(path)))
    refuse(folder)


def test_tokens_to_be_ignored_stand_in_labels_alone(tmp_path):
    folder = export(tmp_path)["tokens"]
    for name in ("labels", "inputs"):
        path = folder / f"all__{name}.npy"
        np.save(path, put(0, slice(None), 0)(np.load(path)))
        if name == "labels":
            assert np.array_equal(mazes.read(folder).solutions, SOLUTIONS)
    refuse(folder, "inputs must hold whole numbers from 1 to 4")


@pytest.mark.parametrize("name", ["puzzle_indices", "group_indices", "puzzle_identifiers"])
@pytest.mark.parametrize(
    "change",
    [
        lambda a: a + 100,
        lambda a: -a - 1,
        lambda a: a.astype(float),
        lambda a: a[:2],
        lambda a: a[:0],
        lambda a: a[None],
        lambda a: a.astype("U9"),
    ],
)
def test_numbers_beside_tokens_fit_them(tmp_path, name, change):
    folder = export(tmp_path)["tokens"]
    path = folder / f"all__{name}.npy"
    np.save(path, change(np.load(path)))
    refuse(folder, name)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"[" * 100_000,
        b"\0",
        b"\xff",
        b'{"seq_len": 4}',
        b'{"seq_len": 121, "a": 1, "a": 2}',
    ],
)
def test_what_describes_tokens_fits_them(tmp_path, content):
    folder = export(tmp_path)["tokens"]
    (folder / "dataset.json").write_bytes(content)
    refuse(folder, "dataset.json")


def bind(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the names of sockets are short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


SPECIAL = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a socket": bind,
    "a loop": lambda path: path.symlink_to(path),
    "a link to nowhere": lambda path: path.symlink_to(path.with_name("nowhere")),
    "an empty file": Path.touch,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a file of the system": lambda path: path.symlink_to("/proc/self/maps"),
}
IN_FOLDERS = {
    "pictures": ("inputs.npy", "solutions.npy"),
    "tokens": (
        "all__inputs.npy",
        "all__labels.npy",
        "all__puzzle_indices.npy",
        "all__group_indices.npy",
        "all__puzzle_identifiers.npy",
        "dataset.json",
        "identifiers.json",
    ),
}


@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_no_ordinary_file_is_refused_in_place_of_every_file(tmp_path, kind):
    for ending in ("npz", "npy", "zanj", "png", "txt", "json", "csv", "other"):
        SPECIAL[kind](tmp_path / f"maze.{ending}")
        refuse(tmp_path / f"maze.{ending}")
    folders = export(tmp_path)
    for folder, names in IN_FOLDERS.items():
        for name in names:
            path = folders[folder] / name
            content = path.read_bytes()
            path.unlink()
            SPECIAL[kind](path)
            refuse(folders[folder], "inputs" if "inputs" in name else name)
            path.rmdir() if path.is_dir() else path.unlink()
            path.write_bytes(content)


ROOMS = [[0, 0], [0, 1], [0, 2], [1, 2]]
CONNECTIONS = [[[0, 0, 1], [0, 0, 0]], [[1, 1, 0], [0, 0, 0]]]


def stored(data: object, dtype: str, shape: list, kind: str = "array_b64_meta") -> dict:
    return {"__format__": kind, "data": data, "dtype": dtype, "shape": shape}


def lattice(**parts: object) -> dict:
    return {"connection_list": CONNECTIONS, "solution": ROOMS, **parts}


def packed(lengths: list, rooms: object, connections: object = None) -> dict:
    return {
        "maze_connection_lists": connections or [CONNECTIONS] * len(lengths),
        "maze_solution_lengths": lengths,
        "maze_solutions_concat": rooms,
    }


HOSTILE = {
    "a wrong text": lattice(connection_list=stored("A", "bool", [2, 2, 3])),
    "bools of 7": lattice(connection_list=stored("Bw" + "cH" * 7, "bool", [2, 2, 3])),
    "a huge shape": lattice(connection_list=stored("AAEAAQ==", "bool", [2, 10**9, 10**9])),
    "a huge type": lattice(connection_list=stored(0, "(100000, 100000)u1", [1])),
    "objects": lattice(solution=stored(ROOMS, "O", [4, 2])),
    "no type": lattice(solution=stored(ROOMS, ["u1"], [4, 2])),
    "connections of 7": lattice(connection_list=(np.array(CONNECTIONS) * 7).tolist()),
    "negative connections": lattice(connection_list=(-np.array(CONNECTIONS)).tolist()),
    "a long number": lattice(solution=[[0, 0], [10**400, 1]]),
    "half a room": lattice(solution=[[0.5, 0], [0, 1]]),
    "rooms in text": lattice(solution=[["0", "0"], ["0", "1"]]),
    "a long word": lattice(solution=[["x"] * 100] * 99 + [["y" * 10**6] * 100]),
    "no rooms": lattice(solution=[]),
    "no room": lattice(solution=[[]]),
    "no connections": lattice(connection_list=[]),
    "rooms that overflow": lattice(solution=stored([[300, 0], [0, 1]], "int8", [2, 2])),
    "bools of numbers": lattice(
        connection_list=stored(CONNECTIONS, "bool", [2, 2, 3]) | {"data": 5}
    ),
    "no member": lattice(connection_list={"$ref": "gone.npy"}),
    "no name": lattice(connection_list={"$ref": 5}),
    "lengths that overflow": packed([2**62] * 3 + [2**62 + 4], ROOMS),
    "no packed lattice": packed([4], ROOMS, 5),
    "lists in lists": {"mazes": {"mazes": {"mazes": 7}}},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_descriptions_of_lattices_are_not_believed(tmp_path, kind):
    content = json.dumps(HOSTILE[kind]).encode()
    refuse(write_zip(tmp_path / "mazes.zanj", [("__zanj__.json", content)]))


def test_a_file_of_an_archive_is_referred_to_once(tmp_path):
    for member, description in (
        ("c.npy", [lattice(connection_list={"$ref": "c.npy"})] * 2),
        ("c.jsonl", [{"$ref": "c.jsonl"}] * 2),
    ):
        content = b"[]" if "json" in member else header("|b1", "(2, 2, 3)", bytes(12))
        members = [("__zanj__.json", json.dumps(description).encode()), (member, content)]
        refuse(write_zip(tmp_path / "mazes.zanj", members), f"refers to '{member}' twice")


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 200_000,
        b"[" + b"[]," * 5_000_000 + b"[]]",
        b"[[1, 1, 1], [2, 1" + b"0" * 9000 + b", 3], [1, 1, 1]]",
        b"[[NaN, 0, 0], [0, 2, 3], [0, 0, 0]]",
        b"[[1e999, 0, 0], [0, 2, 3], [0, 0, 0]]",
        b"[[0, 0, 0, 0], [0, 2, 0.5, 3], [0, 0, 0, 0]]",
        b'{"grid": [[0, 2, 3]], "grid": [[0, 3, 2]]}',
        b'{"grid": [[0, 1, 1, 0]], "start": [true, 1], "goal": [0, 2]}',
        b'{"grid": [[0, 1, 1, 0]], "start": [1e999, 1], "goal": [0, 2]}',
        b"1\n" * 100_000,
        b'["' + b'", "'.join([b"##"] * 100_000) + b'"]',
        b"null",
        b"\xff\xfe[[0",
    ],
)
def test_json_of_a_stranger_is_refused(tmp_path, content):
    (tmp_path / "maze.json").write_bytes(content)
    refuse(tmp_path / "maze.json")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"question\n" + b"#" * 200_000, "line 2: field larger than field limit"),
        (b'question\n"' + b"#\n" * 200_000, "field larger than field limit"),
        (b"question,answer\n" + b"," * 2_000_000, "a line must have at most"),
        (b"question\n\0\0\0", "neither text nor"),
        (b'question\n"##"#', "must be a square grid"),
        (b"question\n" + b"\n" * 3_000_000, "has 3,000,001 lines"),
    ],
)
def test_tables_of_a_stranger_are_refused(tmp_path, content, words):
    (tmp_path / "mazes.csv").write_bytes(content)
    refuse(tmp_path / "mazes.csv", words)


LONG = "#" * 9_000
ACROSS = f"{LONG}\n#S{' ' * 8_996}G#\n{LONG}"
DOWN = "\n".join(["###", "#S#", *["# #"] * 8_000, "#G#", "###"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#\n" * 1_000_000, "line 20002: a maze must have at most 10,000 rows"),
        ("#" * 2**26, "line 1: a maze must have at most 10,000 rows"),
        ("#" * (2**26 + 1), "has 67,108,86. (bytes|characters); at most"),
        ("\n" * 3_000_000, "has 3,000,000 lines; at most"),
        ("\r" * 3_000_000, "has 3,000,000 lines; at most"),
        ("x\n\n" * 500_000, "maze 0: there is no start"),
        ("0 " * 2**24, "line 1: a maze must have at most 10,000 rows"),
        ("\n".join(["+-" * 9_000, *["|"] * 9_000]), "lines are of too different lengths"),
        ("\n\n".join([ACROSS, DOWN]), "mazes of different sizes, padded to 8,004 rows"),
    ],
)
def test_long_texts_are_refused_before_they_are_read(tmp_path, text, words):
    (tmp_path / "maze.txt").write_text(text)
    refuse(tmp_path / "maze.txt", words)
    with pytest.raises(MazeFileError, match=f"^text: .*{words}"):
        mazes.from_text(text)


PICTURE = Image.fromarray(colour_observation(GRIDS[0]).repeat(6, axis=0).repeat(6, axis=1))


def test_pictures_that_lie_about_their_size_are_refused(tmp_path):
    path = tmp_path / "maze.png"
    PICTURE.save(path)
    content = bytearray(path.read_bytes())
    for place, side in ((16, 0), (16, 2**31 - 1), (20, 10**5)):
        changed = content.copy()
        struct.pack_into(">I", changed, place, side)
        path.write_bytes(changed)
        refuse(path)


def test_pictures_of_other_depths_are_read_or_refused(tmp_path):
    for name, array in (
        ("wide.png", np.asarray(PICTURE.convert("L")).astype(np.uint16) * 200),
        ("black.png", np.zeros((50, 50), np.uint16)),
        ("none.tif", np.full((50, 50), np.nan, np.float32)),
        ("endless.tif", np.where(np.eye(50) > 0, np.inf, -np.inf).astype(np.float32)),
    ):
        Image.fromarray(array).save(tmp_path / name)
        refuse(tmp_path / name)
    PICTURE.quantize(8).save(tmp_path / "maze.gif", save_all=True, append_images=[PICTURE] * 30)
    assert np.array_equal(mazes.read(tmp_path / "maze.gif").grids[0], GRIDS[0])


def test_a_picture_that_is_written_over_and_over_is_refused(tmp_path):
    path = tmp_path / "maze.jpg"
    PICTURE.save(path, quality=100, progressive=True)
    assert np.array_equal(mazes.read(path).grids[0], GRIDS[0])
    path.write_bytes(path.read_bytes() + b"\xff\xda" * 200)
    refuse(path, "passes over the picture more than 100 times")


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "JPEG", "WEBP", "TIFF"])
@pytest.mark.filterwarnings("error")
def test_damaged_pictures_end_in_the_one_error_or_are_read(tmp_path, kind):
    path = tmp_path / "maze"
    PICTURE.save(path, kind)
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for kept in (3, 12, 60, len(content) // 2):
        path.write_bytes(content[:kept])
        refuse(path)
    for _ in range(40):
        changed = bytearray(content)
        for place in rng.integers(min(len(content), 400), size=3):
            changed[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(changed)
        try:
            mazes.read(path)
        except MazeFileError as error:
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
