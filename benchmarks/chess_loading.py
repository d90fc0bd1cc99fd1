r"""How fast chess puzzles are imported, loaded, encoded and played, beside python-chess.

Run from the repository's root, on an otherwise idle machine:

    python benchmarks/chess_loading.py --file lichess_db_puzzle.csv.zst \
        --json benchmarks/results/chess_loading.json

Without ``--file`` the bundled puzzles are measured. The python-chess loop is the straightforward
way to do what the import and the encoding do: read a row, set up the FEN, play the moves if they
are legal, and fill planes from the pieces. It runs on as many rows as it gets to in the given time.
Rates of environments are the median of several measurements.
"""

import csv
import io
import itertools
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import chess
import numpy as np
from measuring import parser_of, rate_of, run_fresh

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.compression import read_bytes
from thinkenv.chess_puzzles.moves import ACTION_OF_CODE
from thinkenv.chess_puzzles.puzzles import BUNDLED
from thinkenv.command_line import run_command
from thinkenv.envs.chess_puzzle import ChessPuzzleEnv, ChessPuzzleVectorEnv, MovesDynamics
from thinkenv.provenance import store_result

REPEATS = 5
BATCH = 4096
# What python-chess reads: pieces of a file of 1 MB each, which may be compressed.
PIECES = 20


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
        "                  'peak_memory_mb': peak, 'rows_per_second': len(database) / seconds}))"
    )
    return run_fresh(code, file, target)


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
    return run_fresh(code, target)


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
    if board.ep_square is not None and board.has_legal_en_passant():
        square = board.ep_square if solver else chess.square_mirror(board.ep_square)
        planes[16, chess.square_rank(square), chess.square_file(square)] = 1
    return planes


def python_chess_rates(file: Path, seconds: float) -> dict[str, float]:
    """What csv and python-chess do in a second.

    Returns:
        ``rows_per_second``, read, replayed and encoded, and ``planes_per_second``, positions
        encoded that are given as FEN.
    """
    pieces = itertools.islice(read_bytes(file, lambda raw: None), PIECES)
    text = io.TextIOWrapper(io.BytesIO(b"".join(pieces)))
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


def single(database: str, answer: str) -> Callable[[], int]:
    """Right answers to puzzle after puzzle in one environment; counts moves of the solver."""
    env = ChessPuzzleEnv(database, split="all", answer=answer)
    dynamics = env.dynamics
    instances = itertools.count()

    def play() -> int:
        moves = 0
        for instance in itertools.islice(instances, 20):
            env.reset(options={"instance": instance})
            done = False
            while not done:
                if isinstance(dynamics, MovesDynamics):
                    action = ACTION_OF_CODE[dynamics.lines.recorded_move(0)]
                else:
                    action = dynamics.batch.solutions[0]
                done = env.step(action)[2]
                moves += 1
        return moves

    return play


def vector(database: str) -> Callable[[], int]:
    """Answers of two squares in a vector environment; counts episodes."""
    envs = ChessPuzzleVectorEnv(1024, database=database, split="all", answer="squares")
    envs.reset(seed=0)

    def step() -> int:
        envs.step(envs.dynamics.batch.solutions)
        return 1024

    return step


def main() -> None:
    """Measure, print, and store."""
    parser = parser_of(__doc__, seconds=1.0)
    parser.add_argument("--file", type=Path, default=BUNDLED, help="a Lichess puzzle file")
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
        puzzles, draw = chess_puzzles.load(target), np.random.default_rng(0)
        works = {
            "planes_per_second": lambda: len(puzzles.planes(draw.choice(len(puzzles), BATCH))),
            "single_squares_episodes_per_second": single(str(target), "squares"),
            "vector_squares_episodes_per_second": vector(str(target)),
            "single_line_moves_per_second": single(str(target), "line"),
        }
        rates = {}
        for name, work in works.items():
            rates[name], _ = rate_of(work, arguments.seconds, REPEATS)
            print(f"{name.replace('_', ' ')}: {rates[name]:,.0f}")
    theirs = python_chess_rates(arguments.file, 10 * arguments.seconds)
    times = {
        "import": imported["rows_per_second"] / theirs["rows_per_second"],
        "planes": rates["planes_per_second"] / theirs["planes_per_second"],
    }
    print(
        f"python-chess: {theirs['rows_per_second']:,.0f} rows a second read, replayed and encoded "
        f"(our import: {times['import']:.0f} times as many), {theirs['planes_per_second']:,.0f} "
        f"positions encoded (ours: {times['planes']:.0f} times as many)"
    )
    if arguments.json is not None:
        loading = {"import": imported, "load_seconds": load_seconds}
        beside = {"python_chess": theirs, "times_python_chess": times}
        store_result(arguments.json, {"file": arguments.file.name, **loading, **rates, **beside})


if __name__ == "__main__":
    sys.exit(run_command(main))
