"""A small healthy file of each kind, which reader is for it, and how what was read is judged.

A reader that is not among these fails ``test_every_reader_has_a_healthy_sample``.
"""

import csv
import functools
import gzip
import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import zstandard
from PIL import Image

from thinkenv import chess_puzzles, gate, mazes, prefix_sums, suites
from thinkenv.chess_puzzles.puzzles import BUNDLED, ChessPuzzles
from thinkenv.chess_puzzles.replaying import check_by_replay
from thinkenv.deep_thinking import checkpoint
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet, RecurrentSettings
from thinkenv.deep_thinking.codecs.base import Interface
from thinkenv.mazes import drawing, interchange

Files = dict[str, bytes]  # the contents of a file, or of a folder's files, by their names


@dataclass(frozen=True)
class Sample:
    """A healthy file and its reader.

    Attributes:
        reader: The reader's name in ``READERS``.
        files: Makes the file's content, or those of the files of a folder.
        is_checked: Whether the format has checksums over all of it: a damaged file is refused, or
            gives what the healthy one gives.
        judge: Gives a short name of what was read; raises an AssertionError if it is not sound.
        options: Further arguments of the reader.
    """

    reader: str
    files: Callable[[], Files]
    is_checked: bool
    judge: Callable[[Any], str]
    options: tuple[Any, ...] = ()

    def make(self, folder: Path) -> Path:
        """Write the file, or the folder, into ``folder``; where it is."""
        files = self.files()
        place = folder / "made" if len(files) > 1 else folder
        place.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (place / name).write_bytes(content)
        return place if len(files) > 1 else place / next(iter(files))

    def read(self, path: Path) -> Any:
        """What the reader gives."""
        return gate.READERS[self.reader].function(path, *self.options)


def digest(*values: Any) -> str:
    """A short name for values."""
    made = hashlib.sha256()
    for value in values:
        is_array = isinstance(value, np.ndarray)
        made.update(np.ascontiguousarray(value).tobytes() if is_array else repr(value).encode())
    return made.hexdigest()[:16]


def written(write: Callable[[Path], object]) -> Files:
    """The files that a function writes into a folder, or below its only subfolder."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        found = [path for path in Path(folder).rglob("*") if path.is_file()]
        return {path.name: path.read_bytes() for path in sorted(found)}


# Mazes.


@functools.cache
def some_mazes() -> mazes.MazeBatch:
    """Three small mazes."""
    return mazes.generate(size=9, count=3)


def judge_mazes(batch: mazes.MazeBatch | tuple) -> str:
    """Each maze has its shortest path."""
    if isinstance(batch, tuple):
        batch = batch[0]
    assert len(batch) > 0
    assert all(map(mazes.is_solution, batch.grids, batch.solutions))
    return digest(batch.grids, batch.solutions, batch.path_lengths, batch.unique, batch.instances)


@functools.cache
def own_npz() -> Files:
    return written(
        lambda folder: interchange.write_npz(folder / "own.npz", some_mazes(), {"size": 9})
    )


@functools.cache
def foreign_npz() -> Files:
    packed = io.BytesIO()
    np.savez_compressed(packed, lab=some_mazes().grids)
    return {"foreign.npz": packed.getvalue()}


@functools.cache
def npy() -> Files:
    stored = io.BytesIO()
    np.save(stored, some_mazes().grids)
    return {"grids.npy": stored.getvalue()}


@functools.cache
def easy_to_hard() -> Files:
    return written(lambda folder: interchange.write_easy_to_hard(folder, some_mazes()))


@functools.cache
def tokens() -> Files:
    return written(lambda folder: interchange.write_tokens(folder, some_mazes(), 11))


@functools.cache
def drawn() -> Files:
    return {"drawn.txt": mazes.to_text(some_mazes()).encode()}


@functools.cache
def maze_json() -> Files:
    return {"grids.json": json.dumps({"mazes": some_mazes().grids.tolist()}).encode()}


@functools.cache
def maze_table() -> Files:
    rows = ("".join("# SG"[code] for code in grid.ravel()) for grid in some_mazes().grids)
    return {
        "table.csv": "\n".join(["source,question,answer", *(f"me,{row}," for row in rows)]).encode()
    }


@functools.cache
def picture(kind: str) -> Files:
    stored = io.BytesIO()
    Image.fromarray(drawing.render(some_mazes().grids[0], pixels=16)).save(stored, kind)
    return {f"maze.{kind.lower()}": stored.getvalue()}


@functools.cache
def zanj() -> Files:
    """Two mazes of 2x2 rooms, by hand, as maze-dataset writes them; one array beside."""
    joined = np.array([[[1, 1], [0, 0]], [[1, 0], [0, 0]]], bool)
    paths = [[[0, 1], [0, 0], [1, 0]], [[0, 1], [1, 1]]]
    entries = [
        {
            "connection_list": joined.tolist() if number else {"$ref": "first.npy"},
            "start_pos": path[0],
            "end_pos": path[-1],
            "solution": path,
        }
        for number, path in enumerate(paths)
    ]
    stored, packed = io.BytesIO(), io.BytesIO()
    np.save(stored, joined)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__zanj__.json", json.dumps({"mazes": entries}))
        archive.writestr("first.npy", stored.getvalue())
    return {"mazes.zanj": packed.getvalue()}


# Puzzles.


@functools.cache
def lichess_lines() -> str:
    return "\n".join(BUNDLED.read_text().splitlines()[:13]) + "\n"


@functools.cache
def puzzle_tables() -> Files:
    """One table of each kind, by name."""
    plain = lichess_lines().encode()
    rows = list(csv.DictReader(lichess_lines().splitlines()))
    quoted, packed = io.StringIO(), io.BytesIO()
    writer = csv.DictWriter(quoted, sorted(rows[0]), quoting=csv.QUOTE_ALL, delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.csv", plain)
    return {
        "lichess.csv": plain,
        "quoted.csv": quoted.getvalue().encode(),
        "utf16.csv": plain.decode().encode("utf-16"),
        "rows.jsonl": "\n".join(map(json.dumps, rows)).encode(),
        "list.json": json.dumps(rows).encode(),
        "positions.epd": b'4k3/8/8/8/8/8/8/4K2R w K - bm O-O; id "a";\n' * 3,
        "lichess.csv.gz": gzip.compress(plain, mtime=0),
        "lichess.csv.zst": zstandard.ZstdCompressor(write_checksum=True).compress(plain),
        "lichess.zip": packed.getvalue(),
        "table.parquet": parquet(rows),
    }


def parquet(rows: list[dict]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    stored = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), stored)
    return stored.getvalue()


def judge_puzzles(puzzles: Any) -> str:
    """Each puzzle is legal, as python-chess sees it, and can be looked at and played."""
    if isinstance(puzzles, tuple):
        puzzles = puzzles[0]
    if not isinstance(puzzles, ChessPuzzles):
        puzzles = ChessPuzzles(puzzles)
    assert len(puzzles) > 0
    assert [problem for problem in check_by_replay(puzzles) if "not valid" not in problem] == []
    columns = [puzzles.planes(), puzzles.ratings, puzzles.ids, puzzles.plays, puzzles.move_counts]
    numbers = range(len(puzzles))
    words = [[puzzles.opening(each), puzzles.url(each), puzzles.themes(each)] for each in numbers]
    return digest(*columns, puzzles.fens(), puzzles.solutions(), words)


@functools.cache
def database() -> Files:
    def write(folder: Path) -> None:
        (folder / "t.csv").write_text(lichess_lines())
        chess_puzzles.import_puzzles(folder / "t.csv", folder / "own.puzzles")
        (folder / "t.csv").unlink()

    return written(write)


def judge_value(value: Any) -> str:
    """Anything that is returned; it is looked at in other samples."""
    return digest(value)


# Agents and results.


@functools.cache
def agent() -> Files:
    torch.manual_seed(0)
    settings = RecurrentSettings(memory_channels=4, hidden_channels=8, head_channels=16)
    net = RecurrentNet(settings, Interface(input_channels=4, answer_channels=2, wall_channel=0))
    about = {"task": "maze", "training_iterations": 5}
    files = written(lambda folder: checkpoint.save_agent(folder, net, about))
    return {name: content for name, content in files.items() if not name.endswith(".md")}


def judge_agent(agent: Any) -> str:
    """It can think, and its answer has the right shape."""
    torch.set_num_threads(1)
    thought = agent.think(some_mazes().grids, 3)
    assert thought.answer.shape == some_mazes().grids.shape
    assert all(torch.isfinite(value).all() for value in agent.net.parameters())
    return digest(thought.answer, agent.training_iterations)


@functools.cache
def result() -> Files:
    small = suites.Suite(
        "small", "Strings.", (suites.ProblemSet("prefix_sum", {"bits": 16}, 5),), {"prefix_sum": 1}
    )
    rows = suites.evaluate(prefix_sums.solve, small, name="solver")
    return {"rows.json": json.dumps({"rows": rows}).encode()}


MAZES, CHESS = "thinkenv.mazes.interchange", "thinkenv.chess_puzzles"
THINKING = "thinkenv.deep_thinking"

SAMPLES = {
    "own_npz": Sample(f"{MAZES}.npz.read_npz", own_npz, True, judge_mazes),
    "foreign_npz": Sample(f"{MAZES}.npz.read_npz", foreign_npz, True, judge_mazes),
    "npy": Sample(f"{MAZES}.arrays.read_npy", npy, False, judge_mazes),
    "easy_to_hard": Sample(
        f"{MAZES}.easy_to_hard.read_easy_to_hard", easy_to_hard, False, judge_mazes
    ),
    "tokens": Sample(f"{MAZES}.tokens.read_tokens", tokens, False, judge_mazes),
    "zanj": Sample(f"{MAZES}.zanj.read_maze_dataset", zanj, True, judge_mazes),
    "drawn": Sample(f"{MAZES}.reading.read_text_file", drawn, False, judge_mazes),
    "maze_json": Sample(f"{MAZES}.reading.read_text_file", maze_json, False, judge_mazes),
    "maze_table": Sample(f"{MAZES}.reading.read_text_file", maze_table, False, judge_mazes),
    **{
        f"picture_{kind.lower()}": Sample(
            f"{MAZES}.image.read_image", functools.partial(picture, kind), False, judge_mazes
        )
        for kind in ("PNG", "GIF", "BMP", "JPEG", "WEBP", "TIFF")
    },
    **{
        f"any_{files.__name__}": Sample(f"{MAZES}.reading.read", files, False, judge_mazes)
        for files in (own_npz, npy, easy_to_hard, tokens, zanj, drawn, maze_json, maze_table)
    },
}
