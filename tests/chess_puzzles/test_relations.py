"""Relations between squares: python-chess knows lines, leaps, attacks and legal moves."""

import chess
import numpy as np
import pytest

from tests.kernels.contracts.positions import FENS, RANDOM, board_of
from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.notation import position_of_fen
from thinkenv.chess_puzzles.relations import (
    FROM_KING,
    FROM_MOVE,
    LEAP,
    OWN_ATTACKS,
    RELATIONS,
    THEIR_ATTACKS,
    TO_KING,
    TO_MOVE,
    relations_of,
)
from thinkenv.chess_puzzles.rules import DIAGONAL, MIRROR_SQUARE, STRAIGHT, flip

MARK = np.int8(1)
BOARDS = [
    *map(chess.Board, chess_puzzles.load(split="all").fens()[::100]),
    *(
        board
        for fen in FENS
        if not (board := chess.Board(fen)).status() & chess.STATUS_OPPOSITE_CHECK
    ),
    *(board for position in RANDOM if (board := board_of(position)) is not None),
]
START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"


def relations_in(board: chess.Board, thinker: chess.Color) -> np.ndarray:
    """The relations of a position, ``(R, 64, 64)``, seen from a side, whoever is to move."""
    position = position_of_fen(board.fen())
    is_their_turn = board.turn != thinker
    if is_their_turn:
        flip(position)
    return relations_of(position[None], np.array([is_their_turn]), MARK)[0]


def sliding(square: chess.Square, occupied: int) -> chess.SquareSet:
    """What a queen on a square attacks, where so many squares are occupied."""
    attacked = chess.BB_DIAG_ATTACKS[square][chess.BB_DIAG_MASKS[square] & occupied]
    attacked |= chess.BB_RANK_ATTACKS[square][chess.BB_RANK_MASKS[square] & occupied]
    attacked |= chess.BB_FILE_ATTACKS[square][chess.BB_FILE_MASKS[square] & occupied]
    return chess.SquareSet(attacked)


def expected_in(board: chess.Board, thinker: chess.Color) -> np.ndarray:
    """The same, from what python-chess says."""
    mirror = 0 if thinker == chess.WHITE else MIRROR_SQUARE
    expected = np.zeros((len(RELATIONS), 64, 64), np.int8)

    def relate(relation: int, origin: chess.Square, target: chess.Square) -> None:
        expected[relation, origin ^ mirror, target ^ mirror] = 1

    for square in chess.SQUARES:
        here = divmod(square ^ mirror, 8)
        for target in sliding(square, board.occupied):
            there = divmod(target ^ mirror, 8)
            step = tuple(int(np.sign(b - a)) for a, b in zip(here, there, strict=True))
            relate((STRAIGHT + DIAGONAL).index(step), square, target)
        for target in chess.SquareSet(chess.BB_KNIGHT_ATTACKS[square]):
            relate(LEAP, square, target)
    for square, piece in board.piece_map().items():
        for target in board.attacks(square):
            relate(OWN_ATTACKS if piece.color == thinker else THEIR_ATTACKS, square, target)
        if piece.piece_type == chess.KING:
            # As if the first piece in each direction were not there.
            first = sliding(square, board.occupied) & board.occupied
            for target in sliding(square, board.occupied & ~int(first)):
                relate(FROM_KING, square, target)
    for move in board.legal_moves:
        relate(FROM_MOVE, move.from_square, move.to_square)
    for relation in (OWN_ATTACKS, THEIR_ATTACKS, FROM_KING, FROM_MOVE):
        expected[relation + 1] = expected[relation].T
    return expected


def test_there_are_as_many_boards_as_there_should_be():
    assert len(BOARDS) > 80 and len(RELATIONS) == 17
    assert {board.turn for board in BOARDS} == {chess.WHITE, chess.BLACK}


@pytest.mark.parametrize("is_to_move", [True, False], ids=["who moves thinks", "who waits thinks"])
def test_relations_are_what_python_chess_says(is_to_move):
    for board in BOARDS:
        thinker = board.turn if is_to_move else not board.turn
        found, expected = relations_in(board, thinker), expected_in(board, thinker)
        for relation, name in enumerate(RELATIONS):
            assert np.array_equal(found[relation], expected[relation]), (board.fen(), name)


def test_several_positions_are_related_as_each_alone():
    positions = np.array([position_of_fen(board.fen()) for board in BOARDS[:20]])
    turns = np.arange(20) % 3 == 0
    together = relations_of(positions, turns, np.float32(1))
    assert together.dtype == np.float32
    for index in range(20):
        one = slice(index, index + 1)
        alone = relations_of(positions[one], turns[one], np.float32(1))
        assert np.array_equal(together[one], alone)


def test_a_mirrored_board_with_other_colours_is_related_in_the_same_way():
    for board in BOARDS[:40]:
        mirrored = board.mirror()
        assert np.array_equal(
            relations_in(board, board.turn), relations_in(mirrored, mirrored.turn)
        )


def named(squares: np.ndarray) -> str:
    """The names of squares that are marked, ``(64,)``, from a1 on."""
    return " ".join(chess.square_name(square) for square in np.flatnonzero(squares))


@pytest.mark.parametrize(
    ("fen", "relation", "square", "expected"),
    [
        # A rook that is pinned: seen from the king, the rook behind it is there, too.
        ("4r1k1/8/8/8/4R3/8/8/4K3 w - - 0 1", 0, "e1", "e2 e3 e4"),
        ("4r1k1/8/8/8/4R3/8/8/4K3 w - - 0 1", TO_KING, "e8", "e1 g8"),
        ("4r1k1/8/8/8/4R3/8/8/4K3 w - - 0 1", FROM_MOVE, "e4", "e2 e3 e5 e6 e7 e8"),
        # Pawns attack ahead, on edges to one side alone, and a move is not an attack.
        ("4k3/1p6/8/8/8/8/P7/4K3 w - - 0 1", OWN_ATTACKS, "a2", "b3"),
        ("4k3/1p6/8/8/8/8/P7/4K3 w - - 0 1", THEIR_ATTACKS, "b7", "a6 c6"),
        ("4k3/1p6/8/8/8/8/P7/4K3 w - - 0 1", FROM_MOVE, "a2", "a3 a4"),
        # What is taken en passant stands elsewhere than where the pawn goes.
        ("7k/8/8/pP6/8/8/8/7K w - a6 0 2", FROM_MOVE, "b5", "a6 b6"),
        # The king castles to both sides; four promotions are one pair of squares.
        ("4k3/8/8/8/8/8/8/R3K2R w KQ - 0 1", FROM_MOVE, "e1", "c1 d1 f1 g1 d2 e2 f2"),
        ("7k/P7/8/8/8/8/8/7K w - - 0 1", FROM_MOVE, "a7", "a8"),
        ("7k/P7/8/8/8/8/8/7K w - - 0 1", TO_MOVE, "a8", "a7"),
        (START, LEAP, "a1", "c2 b3"),
        (START, OWN_ATTACKS + 1, "f3", "g1 e2 g2"),
        (START, THEIR_ATTACKS + 1, "f6", "e7 g7 g8"),
    ],
)
def test_by_hand(fen, relation, square, expected):
    related = relations_in(chess.Board(fen), chess.WHITE)
    assert named(related[relation, chess.parse_square(square)]) == expected


def test_the_opponents_moves_are_seen_from_the_thinker():
    board = chess.Board(START)
    seen = relations_in(board, chess.BLACK)  # who waits; its own pieces are below
    assert named(seen[FROM_MOVE, chess.E7]) == "e5 e6"  # White's pawn on e2
    assert not seen[FROM_MOVE, :32].any()
