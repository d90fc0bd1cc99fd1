"""Chess puzzles that people rated by solving them: read, choose, show, and judge.

>>> from thinkenv import chess_puzzles
>>> puzzles = chess_puzzles.load("bundled", split="extrapolation")
>>> int(puzzles.ratings.min())
1600

| to                                                         | call                              |
|------------------------------------------------------------|-----------------------------------|
| have puzzles as columns, chosen by rating, theme and split | ``load``, a ``ChessPuzzles``      |
| draw numbered batches and judge answers                    | ``ChessPuzzleTask``               |
| make a database of a table of puzzles                      | ``import_puzzles``                |
| download that file                                         | ``downloading.download``          |
| play puzzles move by move                                  | ``playing.Lines``                 |
| show an agent a position of one's own                      | ``planes``, ``PositionTask``      |
| name moves and actions, of a FEN or a ``chess.Board``      | ``action_of``, ``move_of``,       |
|                                                            | ``legal_moves``, ``san_of``       |
| read a file of FEN or EPD                                  | ``read_positions``                |
| read and write FEN and UCI                                 | ``notation``                      |
| draw a position                                            | ``board_text``, ``drawing``       |
| tell that a file cannot be used                            | ``PuzzleFileError``               |

Beneath are the rules (``rules``), positions as bytes and planes (``packing``), the actions of
agents (``moves``), tables of puzzles (``tables``), Lichess's rows (``lichess_rows``), databases
(``database``) and the splits (``rating_splits``).
"""

from thinkenv.chess_puzzles.epd import GivenPosition, read_positions
from thinkenv.chess_puzzles.errors import PuzzleFileError
from thinkenv.chess_puzzles.importing import import_puzzles
from thinkenv.chess_puzzles.moves import MOVES
from thinkenv.chess_puzzles.packing import PLANES
from thinkenv.chess_puzzles.position_task import PositionTask
from thinkenv.chess_puzzles.positions import (
    RankedMove,
    action_of,
    board_text,
    legal_moves,
    move_of,
    planes,
    ranking_text,
    san_of,
)
from thinkenv.chess_puzzles.puzzles import ChessPuzzles, load
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.kernels.compilation import announce_compilation

announce_compilation()

__all__ = [
    "MOVES",
    "PLANES",
    "ChessPuzzleTask",
    "ChessPuzzles",
    "GivenPosition",
    "PositionTask",
    "PuzzleFileError",
    "RankedMove",
    "action_of",
    "board_text",
    "import_puzzles",
    "legal_moves",
    "load",
    "move_of",
    "planes",
    "ranking_text",
    "read_positions",
    "san_of",
]
