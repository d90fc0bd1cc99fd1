"""Damage files in every way that is known: by accident, and on purpose.

A file is damaged as bytes, whatever it holds, or by what it holds: a member of a zip archive, a
value of JSON, the header or the values of an array, a column of a puzzle database, a tensor. Then
checksums are put right, as whoever means harm would do.
"""

import hashlib
import io
import json
import os
import random
import shutil
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from thinkenv.chess_puzzles.database_header import MAGIC, aligned, summed_text
from thinkenv.deep_thinking import checkpoint
from thinkenv.suites import results

DEEP = "[" * 100_000
HUGE = "9" * 400
JUNK: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 2, 7, 255, 65_536, -(2**31), 2**31, 2**32, 2**63, 2**64, 10**18),
    *(0.5, -0.0, 1e308, float("nan"), float("inf"), "", "0", "72", "x" * 5000, "\0", "ä\u2028"),
    *("../../../etc/passwd", "/dev/zero", "__zanj__.json", "|O", "<f8", "|S0", "|S999999999"),
    *([], [[]], [[], [1]], [None], [-1, -1], [2**40, 2**40], [1e400], ["a", 1, None]),
    *({}, {"a": {}}, {"$ref": "x"}, {"dtype": "O"}, list(range(3000))),
)
NUMBERS = (b"-1", b"0", b"1e999", HUGE.encode(), b"NaN", b"0x10", b"1.5", b"18446744073709551616")
LINES = (b"", b"\0", b'"', b"a,b\n", b"\xff\xfe", b"\r", b",,,,,,,,,,,,,,\n", b"#" * 3000)
TYPES = ("|u1", "<i8", "<f8", "<f4", "|b1", "<U3", "|S5", "<M8[s]", "<c16", ">i4", "|O", "|V8")
SHAPES = ("()", "(0,)", "(0, 0)", "(3,)", "(-1, 2)", "(2, 1000000)", "(4, 100000000, 100000000)")
SHAPES += (f"({HUGE},)", "(1, 5, 5)", "(2, 9, 9, 9)", "(True,)", "(2.5,)", "[1]", "('a',)")


def damage(path: Path, rng: random.Random, kind: str) -> str:
    """Damage a file, or one of the files of a folder.

    Args:
        path: The file or folder, changed.
        rng: Decides how.
        kind: ``flip`` for a single byte, ``bytes`` for more than that, ``special`` for what is no
            file, ``contents`` for what it holds.

    Returns:
        What was done, in a few words.
    """
    files = sorted(found for found in path.rglob("*") if found.is_file()) or [path]
    chosen = rng.choice(files)
    if kind == "special":
        return make_special(rng.choice([chosen, path]), rng)
    content = chosen.read_bytes()
    if kind == "flip":
        content, done = flip(content, rng)
    elif kind == "bytes":
        content, done = change_bytes(content, rng)
    else:
        content, done = change_contents(content, rng)
    chosen.write_bytes(content)
    if kind == "contents":
        put_checksums_right(path)
    return f"{chosen.name}: {done}"


def flip(content: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Change a single byte."""
    place, mask = rng.randrange(len(content)), rng.choice((1, 2, 4, 8, 16, 32, 64, 128, 255))
    changed = bytearray(content)
    changed[place] ^= mask
    return bytes(changed), f"byte {place} xor {mask}"


def change_bytes(content: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Change several bytes, cut the file off, or put something in."""
    begin = rng.randrange(len(content))
    end = min(len(content), begin + rng.choice((1, 2, 8, 64, 512)))
    part = rng.randbytes(end - begin)
    spot = content.find(b"\n", begin) + 1
    number = next((at for at in range(begin, len(content)) if content[at : at + 1].isdigit()), 0)
    digits = len(content[number:]) - len(content[number:].lstrip(b"0123456789"))
    changed = {
        "cut off": content[:begin],
        "cut at a line's end": content[:spot],
        "without its begin": content[begin:],
        "random bytes": content[:begin] + part + content[end:],
        "zeros": content[:begin] + bytes(end - begin) + content[end:],
        "ones": content[:begin] + b"\xff" * (end - begin) + content[end:],
        "a part missing": content[:begin] + content[end:],
        "a part twice": content[:end] + content[begin:],
        "something put in": content[:begin] + rng.choice(LINES) + content[begin:],
        "another number": content[:number] + rng.choice(NUMBERS) + content[number + digits :],
        "zeros behind": content + bytes(rng.choice((1, 64, 100_000))),
        "twice": content + content,
        "a whole other file": rng.choice((b"{}", b"[]", b"PK\x05\x06" + bytes(18), b"\x80\x04N.")),
    }
    done = rng.choice(sorted(changed))
    return changed[done], f"{done} at {begin}"


def make_special(path: Path, rng: random.Random) -> str:
    """Put what is no ordinary file in place of one."""
    kind = rng.choice(("empty", "pipe", "folder", "loop", "device", "missing", "system"))
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if kind == "empty":
        path.touch()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "system":
        path.symlink_to("/proc/self/mem")
    return f"{path.name}: {kind}"


def change_contents(content: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Change what a file holds, by what that is."""
    changes: dict[bytes, Callable[[bytes, random.Random], tuple[bytes, str]]] = {
        b"PK": change_archive,
        b"\x93NUMPY": change_array,
        MAGIC: change_database,
    }
    for magic, change in changes.items():
        if content.startswith(magic):
            return change(content, rng)
    length = int.from_bytes(content[:8], "little")
    if content[8:9] == b"{" and length < len(content):
        return change_tensors(content, rng)
    described = parsed(content)
    return change_bytes(content, rng) if described is None else change_json(described, rng)


def change_json(described: Any, rng: random.Random) -> tuple[bytes, str]:
    """Put something else in place of a value in JSON."""
    if rng.randrange(20) == 0:
        return DEEP.encode(), "too deep"
    if not isinstance(described, dict | list) or not described:
        return json.dumps(rng.choice(JUNK)).encode(), "another value"
    node, names = described, []
    while True:
        keys = list(node) if isinstance(node, dict) else range(len(node))
        key = rng.choice(list(keys))
        names.append(str(key))
        inner = node[key]
        if not isinstance(inner, dict | list) or not inner or rng.randrange(3) == 0:
            break
        node = inner
    done = rng.choice(("value", "value", "value", "missing", "key", "twice"))
    if done == "missing":
        del node[key]
    elif done == "key" and isinstance(node, dict):
        node[rng.choice(("", "x", "format", "$ref"))] = node.pop(key)
    elif done == "twice" and isinstance(node, list):
        node.append(node[key])
    else:
        node[key] = rng.choice(JUNK)
    text = json.dumps(described)
    if done == "twice" and isinstance(node, dict):
        text = f"{text[:-1]}, {text[1:]}" if isinstance(described, dict) else text
    return text.encode(), f"{done} at {'.'.join(names)}"


def change_archive(content: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Change a member of a zip archive, whose checksum is put right, or the archive itself."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        members = [(entry, file.read(entry)) for entry in file.infolist()]
    parts = [[entry.filename, data, entry.compress_type] for entry, data in members]
    which = rng.randrange(len(parts))
    name, data, _ = parts[which]
    done = rng.choice((*("contents",) * 8, *("bytes",) * 3, "twice", "missing", "bomb"))
    what = ""
    if done == "contents":
        parts[which][1], what = change_contents(data, rng) if data else (b"x", "not empty")
    elif done == "bytes":
        parts[which][1], what = change_bytes(data, rng) if data else (b"x", "not empty")
    elif done == "twice":
        parts.append(list(parts[which]))
    elif done == "missing":
        del parts[which]
    else:
        parts[which][1:] = [data + bytes(2**26), zipfile.ZIP_DEFLATED]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of doubles
        for filename, data, compression in parts:
            file.writestr(filename, data, compression, 1)
    return packed.getvalue(), f"{name} {done} {what}"


def change_array(content: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Change the header of an array, its values, or put another array in its place."""
    array = np.load(io.BytesIO(content))
    done = rng.choice(("header", "value", "value", "other", "shape"))
    if done == "header":
        kind, shape = rng.choice(TYPES), rng.choice((str(array.shape), *SHAPES))
        text = f"{{'descr': '{kind}', 'fortran_order': {rng.random() < 0.5}, 'shape': {shape}, }}\n"
        begin = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()
        return begin + array.tobytes(), f"header {kind} {shape[:30]}"
    if done == "value" and array.size and array.dtype.kind in "biuf":
        values = [0, 1, 2, 3, 4, 5, 6, 9, 255, -1, 0.5, np.nan, np.inf, 2**31, -(2**63)]
        array = array.astype(rng.choice((array.dtype, np.float64, np.int64)))
        wanted = rng.choice(values)
        with np.errstate(all="ignore"):
            array.ravel()[rng.randrange(array.size)] = np.float64(wanted).astype(array.dtype)
        done = f"value {wanted}"
    elif done == "other":
        kind = rng.choice([kind for kind in TYPES if kind != "|O"])
        array = np.zeros(rng.choice([(), (0,), (3,), (2, 9, 9), array.shape]), kind)
        done = f"{kind} {array.shape}"
    else:
        array = np.atleast_1d(array)[rng.choice((slice(1), slice(0), slice(None, None, -1), None))]
    written = io.BytesIO()
    np.save(written, array)
    return written.getvalue(), done


def change_database(content: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Change the header of a puzzle database, or values of a column; checksums are right."""
    begin = len(MAGIC) + 8
    length = int.from_bytes(content[begin - 8 : begin], "little")
    header = json.loads(content[begin : begin + length])
    body = bytearray(content[aligned(begin + length) :])
    if rng.randrange(3) == 0:
        text, done = change_json(header, rng)
        header = parsed(text)
    else:
        name = rng.choice(sorted(header["columns"]))
        layout = header["columns"][name]
        count = int(np.prod(layout["shape"]))
        column = np.frombuffer(body, layout["dtype"], count, layout["offset"])
        done = change_column(column, rng)
        done = f"{name} {done}"
    if isinstance(header, dict):
        header["sha256"] = hashlib.sha256(summed_text(header) + body).hexdigest()
        text = json.dumps(header).encode()
    start = MAGIC + len(text).to_bytes(8, "little") + text
    return start.ljust(aligned(len(start)), b"\0") + bytes(body), done


def change_column(column: np.ndarray, rng: random.Random) -> str:
    """Change one value of a column, or all of them."""
    if column.size == 0:
        return "is empty"
    raw = column.view(np.uint8)
    done = rng.choice(("one", "one", "random", "same", "zero", "ones", "reversed"))
    if done == "one":
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    elif done == "random":
        raw[:] = np.frombuffer(rng.randbytes(len(raw)), np.uint8)
    elif done == "same":
        column[:] = column[rng.randrange(len(column))]
    elif done == "reversed":
        column[:] = column[::-1].copy()
    else:
        raw[:] = 255 if done == "ones" else 0
    return done


def change_tensors(content: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Change the header of a file of tensors, or values of them."""
    length = int.from_bytes(content[:8], "little")
    text, values = content[8 : 8 + length], bytearray(content[8 + length :])
    if rng.random() < 0.5:
        text, done = change_json(json.loads(text), rng)
    else:
        at = rng.randrange(len(values) // 4) * 4
        bad = rng.choice((np.nan, np.inf, -np.inf, 3e38, 1e-45))
        values[at : at + 4] = struct.pack("<f", bad)
        done = f"{bad} at {at}"
    claimed = rng.choice((len(text), len(text), len(text), 2**62, 0))
    return claimed.to_bytes(8, "little") + text + bytes(values), done


def parsed(text: bytes) -> Any:
    """What a text in JSON says; None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def put_checksums_right(path: Path) -> None:
    """Let an agent, or a result, have the checksums of what was changed."""
    described = path / "agent.json" if path.is_dir() else path
    if described.suffix != ".json" or not described.is_file():
        return
    about = parsed(described.read_bytes())
    if not isinstance(about, dict):
        return
    if checkpoint.CHECKSUM in about:
        weights = path / checkpoint.WEIGHTS
        about["weights_sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
        about[checkpoint.CHECKSUM] = checkpoint.checksum_of(about)
    elif results.CHECKSUM in about and isinstance(about.get("rows"), dict | list):
        about[results.CHECKSUM] = results.checksum_of(about["rows"])
    else:
        return
    described.write_text(json.dumps(about))
