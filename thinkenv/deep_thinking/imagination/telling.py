"""What is told of a tree to people: moves by name as on the real board, values in words."""

from collections.abc import Sequence

import numpy as np

from thinkenv.chess_puzzles.moves import MOVE_CODES
from thinkenv.chess_puzzles.notation import uci_of_move
from thinkenv.chess_puzzles.positions import why_no_move, write_short, write_short_line
from thinkenv.chess_puzzles.rules import BLACK
from thinkenv.deep_thinking.imagination.lines import lines_of
from thinkenv.deep_thinking.imagination.trees import Trees


def name_of(trees: Trees, tree: int, node: int, candidate: int, is_black: bool) -> str:
    """A candidate of a node in short notation.

    Args:
        trees: Trees of positions that do not tell the real colours.
        tree: Which of them.
        node: The node.
        candidate: Which of its candidates.
        is_black: Whether the thinker is Black.
    """
    position = trees.positions[tree, node].copy()
    position[BLACK] = is_black ^ trees.is_their_turn[tree, node]
    return write_short(position, int(MOVE_CODES[trees.actions[tree, node, candidate]]))


def names_of(position: np.ndarray, actions: Sequence[int]) -> list[str]:
    """A line of actions, each seen from who moves, from a position in real colours."""
    return write_short_line(position, [int(MOVE_CODES[action]) for action in actions])


def words_of(value: float, mate: int) -> str:
    """What a move is worth, in a word or three.

    Args:
        value: The mean of the values behind it.
        mate: As of ``Line``.
    """
    if mate == 0:
        return f"{100 * value:.0f} %"
    return f"{'mate' if mate > 0 else 'mated'} in {(abs(mate) + 1) // 2}"


def lines_text(trees: Trees, tree: int, position: np.ndarray) -> str:
    """What a tree says of each move that was looked into, a line for each, the best first.

    Mates that are certain in the tree come before all, though ``Trees.scores``, by which an agent
    answers, may prefer another move. Where there is no legal move, that is said.

    Args:
        trees: The trees.
        tree: Which of them.
        position: The position thought about, in real colours.
    """
    if not trees.counts[tree, 0]:
        return why_no_move(position)
    is_black = bool(position[BLACK])
    told = []
    for place, line in enumerate(lines_of(trees, tree), 1):
        move = uci_of_move(int(MOVE_CODES[line.actions[0]]), is_black)
        looks = f"{line.visits:,} time{'s' * (line.visits != 1)}"
        worth = words_of(line.value, line.mate)
        expected = " ".join(names_of(position, line.actions))
        told.append(f"{place:>3}. {move:<5} looked into {looks:>11}, {worth:>11}: {expected}")
    return "\n".join(told)
