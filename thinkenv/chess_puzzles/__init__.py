"""Chess puzzles that people rated by solving them: read, choose, show, and judge.

>>> from thinkenv import chess_puzzles
>>> puzzles = chess_puzzles.load("bundled", split="extrapolation")
>>> int(puzzles.ratings.min())
1600
"""

from thinkenv.chess_puzzles.moves import MOVES
from thinkenv.chess_puzzles.packing import PLANES
from thinkenv.chess_puzzles.puzzles import ChessPuzzles, load
from thinkenv.kernels.compilation import announce_compilation

announce_compilation()

__all__ = ["MOVES", "PLANES", "ChessPuzzles", "load"]
