"""The full check of a database: every puzzle replayed with python-chess."""

from collections.abc import Callable

try:
    import chess
except ImportError:
    raise ImportError("--replay needs python-chess: pip install 'thinkenv[replay]'") from None

from thinkenv.chess_puzzles.puzzles import ChessPuzzles


def check_by_replay(
    puzzles: ChessPuzzles, advance: Callable[[int], None] = lambda count: None
) -> list[str]:
    """Replay puzzles with python-chess, which shares no code with the kernels of this package.

    Args:
        puzzles: Which to check; about 5,000 take a second.
        advance: Called with 1 after each puzzle.

    Returns:
        What is wrong, a line of text for each problem found; nothing if all is well.
    """
    problems = []
    for index in range(len(puzzles)):
        name = puzzles.ids[index].decode()
        fen = puzzles.fen(index)
        board = chess.Board(fen)
        if not board.is_valid():
            problems.append(f"{name}: python-chess finds the position {fen} not valid")
        elif board.fen() != fen:
            problems.append(f"{name}: the position reads {fen}, python-chess writes {board.fen()}")
        for uci in puzzles.solution(index):
            move = chess.Move.from_uci(uci)
            if not board.is_legal(move):
                problems.append(f"{name}: {uci} is illegal in {board.fen()}")
                break
            board.push(move)
        advance(1)
    return problems
