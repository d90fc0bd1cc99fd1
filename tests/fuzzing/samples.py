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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import chess
import numpy as np
import torch
import zstandard
from PIL import Image

from thinkenv import chess_puzzles, gate, mazes, prefix_sums, suites
from thinkenv.chess_puzzles.puzzles import BUNDLED, ChessPuzzles
from thinkenv.chess_puzzles.replaying import check_by_replay
from thinkenv.deep_thinking import checkpoint, tensor_files
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet, RecurrentSettings
from thinkenv.deep_thinking.codecs.base import Interface
from thinkenv.deep_thinking.distributed import Distributed
from thinkenv.deep_thinking.training.recipes import plan_for
from thinkenv.deep_thinking.training.run import CHECKPOINT, COLUMNS, METRICS, Progress, Run
from thinkenv.mazes import MazeTask, drawing, interchange
from thinkenv.suites import results

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
        call: What is called with the file, where that is not the reader alone.
    """

    reader: str
    files: Callable[[], Files]
    is_checked: bool
    judge: Callable[[Any], str]
    call: Callable[[Path], Any] | None = None

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
        return (self.call or gate.READERS[self.reader].function)(path)


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


@functools.cache
def packed_zanj() -> Files:
    """The same mazes in the layout with a few arrays for all, their paths one after the other."""
    joined = np.array([[[1, 1], [0, 0]], [[1, 0], [0, 0]]], bool)
    arrays = {
        "maze_connection_lists": np.stack([joined] * 2),
        "maze_solution_lengths": np.array([3, 2], np.int32),
        "maze_solutions_concat": np.array([[0, 1], [0, 0], [1, 0], [0, 1], [1, 1]], np.int8),
    }
    described: dict[str, Any] = {name: {"$ref": f"{name}.npy"} for name in arrays}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__zanj__.json", json.dumps(described))
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as file:
                np.save(file, array)
    return {"packed.zanj": packed.getvalue()}


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
    # A changed board may be one that no game leads to, and python-chess takes move 0 for move 1.
    expected = ("finds the position", " 0, python-chess writes ")
    problems = check_by_replay(puzzles)
    assert not [each for each in problems if not any(words in each for words in expected)]
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


def import_table(path: Path) -> Any:
    """What is read from a table, without a database being written."""
    return chess_puzzles.import_puzzles(path, None)


def table(name: str) -> Files:
    return {name: puzzle_tables()[name]}


@functools.cache
def positions() -> Files:
    lines = [
        "# mine",
        '4k3/8/8/8/8/8/8/4K2R w K - bm O-O; id "a";',
        "4k3/8/8/8/8/8/8/4K2R b - - 3 9",
    ]
    return {"mine.epd": "\n".join(lines).encode()}


def judge_positions(positions: list) -> str:
    """Each is a position that python-chess can read, and its best moves are legal there."""
    for given in positions:
        board = chess.Board(given.fen)
        assert all(chess.Move.from_uci(move) in board.legal_moves for move in given.best_moves)
    assert positions
    return digest(positions)


def judge_value(value: Any) -> str:
    """Anything that is returned; what it is good for is seen in other samples."""
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


def resume(folder: Path, goes_on: bool = True) -> Run:
    """A tiny training in a folder, begun or gone on with."""
    processes = Distributed("cpu", 1)
    torch.set_flush_denormal(False)  # which trainings set, and other tests do not expect
    plan = replace(plan_for(MazeTask, RecurrentNet), steps=4, short_steps=2, batch=2)
    return Run(
        task=MazeTask,
        selection=MazeTask.training_options(),
        architecture=RecurrentNet,
        settings=RecurrentSettings(memory_channels=4, hidden_channels=8, head_channels=8),
        plan=replace(plan, short_iterations=(1, 2), long_iterations=(1, 2)),
        folder=folder,
        processes=processes,
        resume=goes_on,
    )


@functools.cache
def run() -> Files:
    def begin(folder: Path) -> None:
        begun = resume(folder, goes_on=False)
        progress = Progress(begun, 1)
        begun.step(False)
        progress.report(validate=False)
        progress.close()
        begun.pending.clear()
        begun.save()

    files = written(begin)
    return {name: files[name] for name in (CHECKPOINT, METRICS)}


def judge_run(run: Run) -> str:
    """What it goes on from, and that it can."""
    weights = [value.detach().numpy().copy() for value in run.trainer.net.state_dict().values()]
    steps = run.steps_done
    run.step(False)
    return digest(steps, *weights)


def judge_tensors(state: dict) -> str:
    """Values and tensors by name."""
    plain = [
        value.numpy() if isinstance(value, torch.Tensor) else value for value in state.values()
    ]
    return digest(list(state), *plain)


@functools.cache
def earlier_weights() -> Files:
    return {
        "weights.pt": tensor_files.to_bytes({"a.bias": torch.arange(4.0), "b": torch.ones(2, 3)})
    }


@functools.cache
def state() -> Files:
    values = {"step": 7, "rates": [0.5, None, True], "net": torch.arange(6.0).reshape(2, 3)}
    return {"checkpoint.pt": tensor_files.to_bytes(values)}


@functools.cache
def metrics() -> Files:
    rows = [{name: 1.5 for name in COLUMNS} | {"step": step} for step in (10, 20)]
    lines = [",".join(COLUMNS), *(",".join(map(str, row.values())) for row in rows), ""]
    return {"metrics.csv": "\n".join(lines).encode()}


@functools.cache
def result() -> Files:
    small = suites.Suite(
        "small", "Strings.", (suites.ProblemSet("prefix_sum", {"bits": 16}, 5),), {"prefix_sum": 1}
    )
    rows = suites.evaluate(prefix_sums.solve, small, name="solver")
    return {"rows.json": json.dumps(results.sealed(rows)).encode()}


def judge_rows(found: dict | list) -> str:
    """The rows, without what is told beside them."""
    return digest(found["rows"] if isinstance(found, dict) else found)


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
    "packed_zanj": Sample(f"{MAZES}.zanj.read_maze_dataset", packed_zanj, True, judge_mazes),
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
    "database": Sample(f"{CHESS}.database.open_database", database, True, judge_puzzles),
    "database_header": Sample(f"{CHESS}.database.read_header", database, False, judge_value),
    "database_verified": Sample(f"{CHESS}.database.verify_database", database, True, judge_value),
    "database_first_bytes": Sample(f"{CHESS}.database.is_database", database, False, judge_value),
    "database_loaded": Sample(f"{CHESS}.puzzles.open_source", database, True, judge_puzzles),
    **{
        f"table_{name}": Sample(
            f"{CHESS}.importing.import_puzzles",
            functools.partial(table, name),
            False,
            judge_puzzles,
            import_table,
        )
        for name in puzzle_tables()
    },
    "positions": Sample(f"{CHESS}.epd.read_positions", positions, False, judge_positions),
    "agent": Sample(
        f"{THINKING}.checkpoint.read_description", agent, True, judge_agent, checkpoint.load_agent
    ),
    "weights": Sample(
        f"{THINKING}.tensor_files.read_weights",
        lambda: {"weights.safetensors": agent()["weights.safetensors"]},
        False,
        judge_tensors,
    ),
    "earlier_weights": Sample(
        f"{THINKING}.tensor_files.read_earlier_weights", earlier_weights, True, judge_tensors
    ),
    "state": Sample(f"{THINKING}.tensor_files.read_state", state, True, judge_tensors),
    "run": Sample(f"{THINKING}.tensor_files.read_state", run, True, judge_run, resume),
    "metrics": Sample(f"{THINKING}.training.run.read_metrics", metrics, False, judge_value),
    "result": Sample("thinkenv.suites.results.read_result", result, True, judge_rows),
    "rows": Sample("thinkenv.suites.results.read_rows", result, True, judge_rows),
}
