"""The rules of chess as Numba kernels: play a move, list the legal moves, recognise mate.

They are our own and not python-chess, for two reasons. python-chess is under GPL-3, and so is a
program that imports it when it is passed on, while this package is under the MIT licence. And
millions of puzzles are replayed: in one run of ``benchmarks/chess_loading.py``, importing a file
was 29 times as fast with these kernels, and turning positions into planes 135 times. The tests
compare both, move by move.

A *position* is an array of ``POSITION_BYTES`` uint8, always seen from the side to move: its own
pieces move up the board, and when Black is to move the ranks are mirrored.

- Bytes 0 to 63 are the squares, ``8 * rank + file``: 0 empty, 1 to 6 own pawn, knight, bishop,
  rook, queen and king, 7 to 12 the opponent's.
- ``CASTLING``: a set of rights: bit 0 own king's side, 1 own queen's side, 2 and 3 the opponent's.
- ``EN_PASSANT``: the square behind a pawn that may be taken en passant, or ``NO_SQUARE``; set only
  where such a capture is legal.
- ``BLACK``: 1 if Black is to move.
- ``HALFMOVES``: half-moves since the last capture or pawn move, at most 255 (what a byte holds).
- ``FULLMOVES`` and the byte after it: the number of the move, low byte first.

Where kernels assume a position, they assume these ranges, at most 16 pieces a side, no pawn on the
first or last rank, and an en passant square that is empty, as the one beyond it is, with a pawn of
the opponent before it. ``parse_fen`` and the check of databases see to it. Kings may be missing.

A *move* is a number of 16 bits: bits 0 to 5 are the square it begins on, bits 6 to 11 the square it
ends on, both seen from the side that moves, and bits 12 to 14 the promotion (0 none, 1 knight, 2
bishop, 3 rook, 4 queen). Castling is the king's move of two squares.
"""

from collections.abc import Sequence

import numpy as np

from thinkenv.kernels.compilation import kernel

POSITION_BYTES = 70
CASTLING, EN_PASSANT, BLACK, HALFMOVES, FULLMOVES = 64, 65, 66, 67, 68
MAX_HALFMOVES = 255
NO_SQUARE = 64
NO_MOVE = 0  # the code of no move: none goes from a square to itself

# The squares that castling and promotion are about, seen from the side to move.
A1, B1, C1, D1, E1, F1, G1, H1 = range(8)
A8, E8, H8 = 56, 60, 63
LAST_OF_SECOND_RANK = 15
UP = 8  # one rank further
# Pawns take diagonally: up and to the left, not from the a-file, and to the right.
PAWN_CAPTURES = ((UP - 1, 0), (UP + 1, 7))  # (step, the file from which it would leave the board)

# XOR with these shows a square, or a move, from the other side: the upper three bits of a square
# are its rank, and inverting all three turns rank r into 7 - r. A move holds two squares.
MIRROR_SQUARE = 0b111_000
MIRROR_MOVE = MIRROR_SQUARE | MIRROR_SQUARE << 6

PAWN, KNIGHT, BISHOP, ROOK, QUEEN, KING = 1, 2, 3, 4, 5, 6
THEIRS = 6  # added to the code of an own piece
# The code of each piece seen from the other side. A table, because a processor cannot guess which
# piece stands on a square: with branches ``flip`` takes five times as long (measured).
SWAPPED = np.array([0, 7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6], np.uint8)
PROMOTIONS = (1, 2, 3, 4)  # the codes of knight to queen less one, so that 0 is none

OWN_KING_SIDE, OWN_QUEEN_SIDE = 1, 2
# Where king and rook stand for each right, in the order of the bits.
CASTLING_SQUARES = ((E1, H1), (E1, A1), (E8, H8), (E8, A8))
# The rights that end with a move from or to a square: the king or the rook leaves, or the rook is
# taken.
RIGHTS_LOST = np.zeros(64, np.uint8)
for right, squares in enumerate(CASTLING_SQUARES):
    RIGHTS_LOST[list(squares)] |= 1 << right

# No position of a game has more than 218 legal moves, and 16 pieces of whatever kind, none with
# more than 27 moves, stay below this.
MAX_MOVES = 512


def step_table(steps: Sequence[tuple[int, int]], length: int) -> np.ndarray:
    """The squares that lie in given directions from each square.

    Args:
        steps: Directions as ``(ranks, files)``.
        length: How many squares to go in each direction at most.

    Returns:
        ``(65, len(steps), length)`` uint8, ``NO_SQUARE`` beyond the edge of the board. So is all of
        the last row: nothing is reached from ``NO_SQUARE``, where a king is that was taken.
    """
    table = np.full((NO_SQUARE + 1, len(steps), length), NO_SQUARE, np.uint8)
    for square in range(64):
        for direction, (ranks, files) in enumerate(steps):
            for distance in range(1, length + 1):
                rank = square // 8 + ranks * distance
                file = square % 8 + files * distance
                if 0 <= rank < 8 and 0 <= file < 8:
                    table[square, direction, distance - 1] = 8 * rank + file
    return table


STRAIGHT = ((1, 0), (0, 1), (-1, 0), (0, -1))
DIAGONAL = ((1, 1), (1, -1), (-1, 1), (-1, -1))
JUMPS = ((1, 2), (2, 1), (-1, 2), (-2, 1), (1, -2), (2, -1), (-1, -2), (-2, -1))

LINES = step_table(STRAIGHT + DIAGONAL, 7)  # (65, 8, 7): directions 0 to 3 are straight
FIRST_DIAGONAL, DIRECTIONS = len(STRAIGHT), len(STRAIGHT + DIAGONAL)
KNIGHT_STEPS = step_table(JUMPS, 1)[:, :, 0].copy()  # (65, 8)


@kernel(inline="always")
def split_move(move):
    """The parts of a move: ``(origin, target, promotion)``.

    Assumes 16 bits, of whatever move; the promotion is then below 16.
    """
    move = np.int64(move)
    return move & 63, (move >> 6) & 63, move >> 12


@kernel(inline="always")
def swap_rights(rights):
    """Castling rights seen from the other side: own ones are bits 0 and 1, theirs 2 and 3.

    Assumes rights from 0 to 15.
    """
    return rights >> 2 | (rights & 3) << 2


@kernel(inline="always")
def is_attacked_by(position, square, side):
    """Whether a piece of a side attacks a square: ``THEIRS``, or 0 for the own side.

    Assumes a position, and a square from 0 to 63 or ``NO_SQUARE``, which nothing attacks.
    """
    rank = square >> 3
    file = square & 7
    # The opponent's pawns take downwards, so those that attack a square stand above it.
    up = UP if side == THEIRS else -UP
    if rank < 7 if side == THEIRS else rank > 0:
        if file > 0 and position[square + up - 1] == side + PAWN:
            return True
        if file < 7 and position[square + up + 1] == side + PAWN:
            return True
    for direction in range(len(JUMPS)):
        target = KNIGHT_STEPS[square, direction]
        if target != NO_SQUARE and position[target] == side + KNIGHT:
            return True
    # Along each line only the first piece can attack; what stands behind it is covered.
    for direction in range(DIRECTIONS):
        for distance in range(7):
            target = LINES[square, direction, distance]
            if target == NO_SQUARE:
                break
            piece = position[target]
            if piece == 0:
                continue
            if piece == side + QUEEN:
                return True
            if piece == (side + ROOK if direction < FIRST_DIAGONAL else side + BISHOP):
                return True
            if distance == 0 and piece == side + KING:
                return True
            break
    return False


@kernel
def is_attacked(position, square):
    """Whether a piece of the opponent attacks a square.

    Assumes a position, and a square from 0 to 63 or ``NO_SQUARE``, which nothing attacks.
    """
    return is_attacked_by(position, square, THEIRS)


@kernel
def can_take_king(position):
    """Whether the side to move could take the opponent's king, which the rules rule out.

    Assumes a position.
    """
    for square in range(64):
        if position[square] == THEIRS + KING:
            return is_attacked_by(position, square, 0)
    return False


@kernel
def find_king(position):
    """The square of the own king, ``NO_SQUARE`` where there is none.

    Assumes a position.
    """
    for square in range(64):
        if position[square] == KING:
            return square
    return NO_SQUARE


@kernel
def is_check(position):
    """Whether the side to move is in check.

    Assumes a position.
    """
    return is_attacked(position, find_king(position))


@kernel
def flip(position):
    """Show a position from the other side, which is to move now.

    Assumes a position.
    """
    for rank in range(4):  # the lower half, each square with the one that it changes places with
        for file in range(8):
            square = 8 * rank + file
            opposite = 8 * (7 - rank) + file
            here = position[square]
            position[square] = SWAPPED[position[opposite]]
            position[opposite] = SWAPPED[here]
    position[CASTLING] = swap_rights(position[CASTLING])
    if position[EN_PASSANT] != NO_SQUARE:
        position[EN_PASSANT] ^= MIRROR_SQUARE
    position[BLACK] ^= 1


@kernel
def move_pieces(position, move):
    """Put the pieces where a move leaves them, and nothing else. The move is not checked.

    Assumes a position, and a move with a promotion of at most 4.

    Returns:
        ``(captured, captured_square)``: the code of the piece taken (0: none) and where it stood.
    """
    origin, target, promotion = split_move(move)
    piece = position[origin]
    captured_square = target
    if piece == PAWN and target == position[EN_PASSANT]:
        captured_square = target - UP  # en passant: the pawn taken has just passed the square
    captured = position[captured_square]
    position[captured_square] = 0
    position[origin] = 0
    position[target] = piece if promotion == 0 else promotion + 1
    if piece == KING and target - origin == 2:
        position[F1] = position[H1]
        position[H1] = 0
    elif piece == KING and origin - target == 2:
        position[D1] = position[A1]
        position[A1] = 0
    return captured, captured_square


@kernel
def leaves_king_safe(position, move):
    """Whether the own king is not attacked after a move; the position is left as it was.

    Assumes a position, and a move that ``reaches`` or ``may_castle`` allows.
    """
    origin, target, _ = split_move(move)
    piece = position[origin]
    captured, captured_square = move_pieces(position, move)
    king = target if piece == KING else find_king(position)
    is_safe = not is_attacked(position, king)
    # Taken back, which is cheaper than to play it on a copy. The target is emptied first: it is
    # also where the captured piece stood, unless that was taken en passant.
    position[origin] = piece
    position[target] = 0
    position[captured_square] = captured
    if piece == KING and target - origin == 2:
        position[H1] = position[F1]
        position[F1] = 0
    elif piece == KING and origin - target == 2:
        position[A1] = position[D1]
        position[D1] = 0
    return is_safe


@kernel
def may_castle(position, king_side):
    """Whether castling to a side is legal: rights, an empty way, and no attacked square on it.

    The queen's side has one more square between king and rook, which may be attacked.

    Assumes a position.
    """
    if position[CASTLING] & (OWN_KING_SIDE if king_side else OWN_QUEEN_SIDE) == 0:
        return False
    if king_side:
        if position[F1] != 0 or position[G1] != 0:
            return False
        passed, target = F1, G1
    else:
        if position[B1] != 0 or position[C1] != 0 or position[D1] != 0:
            return False
        passed, target = D1, C1
    return not (
        is_attacked(position, E1) or is_attacked(position, passed) or is_attacked(position, target)
    )


@kernel
def reaches(position, origin, target):
    """Whether the own piece on ``origin`` goes to ``target``, its king's safety aside.

    Castling is not a matter of this; promotions are not looked at.

    Assumes a position, and squares from 0 to 63.
    """
    piece = position[origin]
    if piece == 0 or piece > KING or origin == target:
        return False
    goal = position[target]
    if 0 < goal <= KING:
        return False
    ranks = (target >> 3) - (origin >> 3)
    files = (target & 7) - (origin & 7)
    if piece == PAWN:
        if files == 0:
            if goal != 0:
                return False
            is_free_to_jump = origin <= LAST_OF_SECOND_RANK and position[origin + UP] == 0
            return ranks == 1 or (ranks == 2 and is_free_to_jump)
        takes = goal != 0 or target == position[EN_PASSANT]
        return ranks == 1 and abs(files) == 1 and takes
    if piece == KNIGHT:
        return abs(ranks * files) == 2  # 1 and 2, or 2 and 1
    if piece == KING:
        return abs(ranks) <= 1 and abs(files) <= 1
    if ranks == 0 or files == 0:
        if piece == BISHOP:
            return False
    elif abs(ranks) != abs(files) or piece == ROOK:
        return False
    ranks_a_step = np.int64(ranks > 0) - np.int64(ranks < 0)
    step = UP * ranks_a_step + np.int64(files > 0) - np.int64(files < 0)
    square = origin + step
    while square != target:
        if position[square] != 0:
            return False
        square += step
    return True


@kernel
def is_legal(position, move):
    """Whether a move is legal.

    Assumes a position, and 16 bits, of whatever move.
    """
    origin, target, promotion = split_move(move)
    if promotion > len(PROMOTIONS):
        return False
    if (position[origin] == PAWN and target >= A8) != (promotion > 0):
        return False
    if position[origin] == KING and origin == E1 and (target == G1 or target == C1):
        return may_castle(position, target == G1)
    return reaches(position, origin, target) and leaves_king_safe(position, move)


@kernel
def add_legal(position, origin, target, moves, count):
    """Append a move to the list if it is legal, with all promotions; the new length.

    Assumes a position, a move that ``reaches`` allows, and room for four moves.
    """
    if not leaves_king_safe(position, origin | target << 6):
        return count
    if position[origin] == PAWN and target >= A8:
        for promotion in PROMOTIONS:
            moves[count] = origin | target << 6 | promotion << 12
            count += 1
        return count
    moves[count] = origin | target << 6
    return count + 1


@kernel
def add_pawn_moves(position, origin, moves, count):
    """Append the legal moves of the own pawn on ``origin``; the new length.

    Assumes a position with such a pawn, and room for 12 moves.
    """
    if position[origin + UP] == 0:
        count = add_legal(position, origin, origin + UP, moves, count)
        if origin <= LAST_OF_SECOND_RANK and position[origin + 2 * UP] == 0:
            count = add_legal(position, origin, origin + 2 * UP, moves, count)
    for step, last_file in PAWN_CAPTURES:
        if origin & 7 != last_file:
            target = origin + step
            if position[target] > KING or target == position[EN_PASSANT]:
                count = add_legal(position, origin, target, moves, count)
    return count


@kernel
def add_knight_moves(position, origin, moves, count):
    """Append the legal moves of the own knight on ``origin``; the new length.

    Assumes a position with such a knight, and room for 8 moves.
    """
    for direction in range(len(JUMPS)):
        target = np.int64(KNIGHT_STEPS[origin, direction])
        if target != NO_SQUARE and (position[target] == 0 or position[target] > KING):
            count = add_legal(position, origin, target, moves, count)
    return count


@kernel
def add_line_moves(position, origin, moves, count):
    """Append the legal moves of the own bishop, rook, queen or king on ``origin``; the length.

    Assumes a position with such a piece, and room for 27 moves.
    """
    piece = position[origin]
    first = FIRST_DIAGONAL if piece == BISHOP else 0
    end = FIRST_DIAGONAL if piece == ROOK else DIRECTIONS
    reach = 1 if piece == KING else 7
    for direction in range(first, end):
        for distance in range(reach):
            target = np.int64(LINES[origin, direction, distance])
            if target == NO_SQUARE or 0 < position[target] <= KING:
                break
            count = add_legal(position, origin, target, moves, count)
            if position[target] != 0:
                break
    return count


@kernel
def legal_moves(position, moves):
    """List the legal moves.

    Assumes a position.

    Args:
        position: ``(POSITION_BYTES,)`` uint8; it is changed and changed back.
        moves: ``(MAX_MOVES,)`` uint16, filled from the beginning.

    Returns:
        How many there are.
    """
    count = 0
    for origin in range(64):
        piece = position[origin]
        if piece == 0 or piece > KING:
            continue
        if piece == PAWN:
            count = add_pawn_moves(position, origin, moves, count)
        elif piece == KNIGHT:
            count = add_knight_moves(position, origin, moves, count)
        else:
            count = add_line_moves(position, origin, moves, count)
    if position[CASTLING] & (OWN_KING_SIDE | OWN_QUEEN_SIDE) != 0:
        if may_castle(position, True):
            moves[count] = E1 | G1 << 6
            count += 1
        if may_castle(position, False):
            moves[count] = E1 | C1 << 6
            count += 1
    return count


@kernel
def keep_legal_en_passant(position):
    """Forget the en passant square if no pawn can take there.

    Assumes a position.
    """
    target = np.int64(position[EN_PASSANT])
    if target == NO_SQUARE:
        return
    for step, last_file in PAWN_CAPTURES:
        origin = target - step
        # A pawn that would come around the edge of the board is none.
        if target & 7 == 7 - last_file:
            continue
        if position[origin] == PAWN and leaves_king_safe(position, origin | target << 6):
            return
    position[EN_PASSANT] = NO_SQUARE


@kernel
def play(position, move):
    """Play a legal move in place; the position is then seen from the other side.

    Assumes a position, and a move that is legal in it.
    """
    origin, target, _ = split_move(move)
    piece = position[origin]
    captured, _ = move_pieces(position, move)
    position[CASTLING] &= ~(RIGHTS_LOST[origin] | RIGHTS_LOST[target])
    position[EN_PASSANT] = NO_SQUARE
    if piece == PAWN and target - origin == 2 * UP:
        position[EN_PASSANT] = origin + UP
    if piece == PAWN or captured != 0:
        position[HALFMOVES] = 0
    elif position[HALFMOVES] < MAX_HALFMOVES:
        position[HALFMOVES] += 1
    if position[BLACK]:
        number = (position[FULLMOVES] | np.int64(position[FULLMOVES + 1]) << 8) + 1
        position[FULLMOVES] = number & 255
        position[FULLMOVES + 1] = min(number >> 8, 255)
    flip(position)
    keep_legal_en_passant(position)


@kernel
def is_checkmate(position):
    """Whether the side to move is in check and has no legal move.

    Assumes a position.
    """
    return is_check(position) and legal_moves(position, np.empty(MAX_MOVES, np.uint16)) == 0


@kernel
def mates(position, move):
    """Whether a move is legal and mates; the position is left as it was.

    Assumes a position, and 16 bits, of whatever move.
    """
    if not is_legal(position, move):
        return False
    after = position.copy()
    play(after, move)
    return is_checkmate(after)


@kernel
def mates_between(position, origin, target):
    """Whether some legal move from ``origin`` to ``target`` mates.

    Assumes a position, and squares from 0 to 63.
    """
    move = origin | target << 6
    if position[origin] == PAWN and target >= A8:
        for promotion in PROMOTIONS:
            if mates(position, move | promotion << 12):
                return True
        return False
    return mates(position, move)
