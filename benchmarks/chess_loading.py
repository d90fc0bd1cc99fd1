r"""How fast chess puzzles are imported, loaded, encoded and played, beside python-chess.

Run from the repository's root, on an otherwise idle machine:

    python benchmarks/chess_loading.py --file lichess_db_puzzle.csv.zst \
        --json benchmarks/results/chess_loading.json

Without ``--file`` the bundled puzzles are measured. The python-chess loop is the straightforward
way to do what the import and the encoding do: read a row, set up the FEN, play the moves if they
are legal, and fill planes from the pieces. It runs on as many rows as it gets to in the given time.
Rates of environments are the median of several measurements.
"""

import argparse
import csv
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import chess
import gymnasium as gym
import numpy as np

import thinkenv  # noqa: F401  (registers the environments)
from thinkenv.provenance import store_result
from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.importing import read_bytes
from thinkenv.chess_puzzles.puzzles import BUNDLED

REPEATS = 5
BATCH = 4096


def measure_import(file: Path, target: Path) -> dict:
    """Import a file in a fresh process whose kernels are compiled: seconds, rows, and memory."""
    code = (
        "import json, resource, sys, time\n"
        "from pathlib import Path\n"
        "from thinkenv.chess_puzzles.importing import import_puzzles\n"
        "from thinkenv.chess_puzzles.puzzles import BUNDLED\n"
        "import_puzzles(BUNDLED, None)\n"
        "began = time.perf_counter()\n"
        "database, refused = import_puzzles(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "seconds = time.perf_counter() - began\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3\n"
        "print(json.dumps({'seconds': seconds, 'rows': len(database), 'refused': len(refused),\n"
        "                  'peak_memory_mb': peak}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(file), str(target)],
        capture_output=True,
        text=True,
        check=True,
    )
    result = json.loads(run.stdout)
    return {**result, "rows_per_second": result["rows"] / result["seconds"]}


def measure_load(target: Path) -> float:
    """Seconds to load a database in a fresh process, without the time to import the package."""
    code = (
        "import sys, time\n"
        "from thinkenv import chess_puzzles\n"
        "began = time.perf_counter()\n"
        "puzzles = chess_puzzles.load(sys.argv[1], split='train', rating=[800, 1400])\n"
        "puzzles.ratings.mean()\n"
        "print(time.perf_counter() - began)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(target)], capture_output=True, text=True, check=True
    )
    return float(run.stdout)


def rate_of(work: Callable[[], int], seconds: float) -> float:
    """How much a second ``work`` gets done, which does some and returns how much."""
    work()
    rates = []
    for _ in range(REPEATS):
        done = 0
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            done += work()
        rates.append(done / (time.perf_counter() - began))
    return statistics.median(rates)


def encoder(puzzles: chess_puzzles.ChessPuzzles) -> Callable[[], int]:
    """Encodes random batches of positions."""
    draw = np.random.default_rng(0)

    def encode() -> int:
        return len(puzzles.planes(draw.integers(len(puzzles), size=BATCH)))

    return encode


def planes_by_python_chess(board: chess.Board) -> np.ndarray:
    """The planes ``(17, 8, 8)`` of a position, the straightforward way."""
    planes = np.zeros((len(chess_puzzles.PLANES), 8, 8), np.uint8)
    solver = board.turn
    for square, piece in board.piece_map().items():
        seen = square if solver else chess.square_mirror(square)
        plane = piece.piece_type - 1 + 6 * (piece.color != solver)
        planes[plane, chess.square_rank(seen), chess.square_file(seen)] = 1
    planes[12] = board.has_kingside_castling_rights(solver)
    planes[13] = board.has_queenside_castling_rights(solver)
    planes[14] = board.has_kingside_castling_rights(not solver)
    planes[15] = board.has_queenside_castling_rights(not solver)
    if board.has_legal_en_passant():
        square = board.ep_square if solver else chess.square_mirror(board.ep_square)
        planes[16, chess.square_rank(square), chess.square_file(square)] = 1
    return planes


def python_chess_rates(file: Path, seconds: float) -> dict[str, float]:
    """What csv and python-chess do in a second.

    Returns:
        ``rows_per_second``, read, replayed and encoded, and ``planes_per_second``, positions
        encoded that are given as FEN.
    """
    text = io.TextIOWrapper(io.BytesIO(b"".join(head_of(file, 20_000_000))))
    fens = []
    began = time.perf_counter()
    for row in csv.DictReader(text):
        if time.perf_counter() - began > seconds or row["OpeningTags"] is None:
            break
        board = chess.Board(row["FEN"])
        setup, *line = [chess.Move.from_uci(uci) for uci in row["Moves"].split()]
        board.push(setup)
        planes_by_python_chess(board)
        fens.append(board.fen())
        for move in line:
            if not board.is_legal(move):
                raise ValueError(f"{row['PuzzleId']}: {move} is illegal")
            board.push(move)
    middle = time.perf_counter()
    for fen in fens:
        planes_by_python_chess(chess.Board(fen))
    end = time.perf_counter()
    return {
        "rows_per_second": len(fens) / (middle - began),
        "planes_per_second": len(fens) / (end - middle),
    }


def head_of(file: Path, most: int) -> list[bytes]:
    """The first pieces of a file's text, about so many bytes."""
    pieces, size = [], 0
    for piece in read_bytes(file, lambda raw: None):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            break
    return pieces


def single(database: str, answer: str) -> Callable[[], int]:
    """Right answers to puzzle after puzzle in one environment; counts moves of the solver."""
    env = gym.make("ChessPuzzle-v0", database=database, split="all", answer=answer).unwrapped
    state = {"instance": 0}

    def play() -> int:
        moves = 0
        for _ in range(20):
            env.reset(options={"instance": state["instance"]})
            state["instance"] += 1
            done = False
            while not done:
                if answer == "squares":
                    action = env._batch.solutions[0]
                else:
                    action = chess_puzzles.moves.ACTION_OF_CODE[env.lines.recorded_move(0)]
                done = env.step(action)[2]
                moves += 1
        return moves

    return play


def vector(database: str) -> Callable[[], int]:
    """Answers of two squares in a vector environment; counts episodes."""
    envs = gym.make_vec(
        "ChessPuzzle-v0", num_envs=1024, database=database, split="all", answer="squares"
    )
    envs.reset(seed=0)

    def step() -> int:
        envs.step(envs.unwrapped._batch.solutions)
        return 1024

    return step


def main() -> int:
    """Measure, print, and store."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--file", type=Path, default=BUNDLED, help="a Lichess puzzle file")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "measured.puzzles"
        imported = measure_import(arguments.file, target)
        print(
            f"import: {imported['rows']:,} rows in {imported['seconds']:.1f} s, "
            f"{imported['peak_memory_mb']:.0f} MB of memory at most"
        )
        load_seconds = measure_load(target)
        print(f"load: {load_seconds:.3f} s")
        puzzles = chess_puzzles.load(target)
        results = {
            "planes_per_second": rate_of(encoder(puzzles), arguments.seconds),
            "single_squares_episodes_per_second": rate_of(
                single(str(target), "squares"), arguments.seconds
            ),
            "vector_squares_episodes_per_second": rate_of(vector(str(target)), arguments.seconds),
            "single_line_moves_per_second": rate_of(single(str(target), "line"), arguments.seconds),
        }
    for name, value in results.items():
        print(f"{name.replace('_', ' ')}: {value:,.0f}")
    theirs = python_chess_rates(arguments.file, 10 * arguments.seconds)
    times = {
        "import": imported["rows_per_second"] / theirs["rows_per_second"],
        "planes": results["planes_per_second"] / theirs["planes_per_second"],
    }
    print(
        f"python-chess: {theirs['rows_per_second']:,.0f} rows a second read, replayed and encoded "
        f"(our import: {times['import']:.0f} times as many), {theirs['planes_per_second']:,.0f} "
        f"positions encoded (ours: {times['planes']:.0f} times as many)"
    )
    if arguments.json is not None:
        stored = {
            "file": arguments.file.name,
            "import": imported,
            "load_seconds": load_seconds,
            **results,
            "python_chess": theirs,
            "times_python_chess": times,
        }
        store_result(arguments.json, stored)
    return 0


if __name__ == "__main__":
    sys.exit(main())
