"""Chess puzzles that people rated by solving them: read, choose, show, and judge.

>>> from thinkenv import chess_puzzles
>>> puzzles = chess_puzzles.load("bundled", split="extrapolation")
>>> int(puzzles.ratings.min())
1600

| to                                                         | call                              |
|------------------------------------------------------------|-----------------------------------|
| have puzzles as columns, chosen by rating, theme and split | ``load``, a ``ChessPuzzles``      |
| draw numbered batches and judge answers                    | ``ChessPuzzleTask``               |
| make a database of a Lichess file                          | ``import_puzzles``                |
| download that file                                         | ``downloading.download``          |
| play puzzles move by move                                  | ``playing.Lines``                 |
| read and write FEN and UCI                                 | ``notation``                      |
| show a position                                            | ``drawing``                       |

Beneath are the rules (``rules``), positions as bytes and planes (``packing``), the actions of
agents (``moves``), Lichess's rows (``lichess_rows``), databases (``database``) and the splits
(``rating_splits``).
"""

from thinkenv.chess_puzzles.importing import import_puzzles
from thinkenv.chess_puzzles.moves import MOVES
from thinkenv.chess_puzzles.packing import PLANES
from thinkenv.chess_puzzles.puzzles import ChessPuzzles, load
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.kernels.compilation import announce_compilation

announce_compilation()

__all__ = ["MOVES", "PLANES", "ChessPuzzleTask", "ChessPuzzles", "import_puzzles", "load"]
