"""The rules of chess as Numba kernels: read a position, play a move, list the legal moves.

A *position* is an array of ``POSITION_BYTES`` uint8, always seen from the side to move: its own
pieces move up the board, and when Black is to move the ranks are mirrored.

- Bytes 0 to 63 are the squares, ``8 * rank + file``: 0 empty, 1 to 6 own pawn, knight, bishop,
  rook, queen and king, 7 to 12 the opponent's.
- ``CASTLING``: a set of rights: bit 0 own king's side, 1 own queen's side, 2 and 3 the opponent's.
- ``EN_PASSANT``: the square behind a pawn that may be taken en passant, or ``NO_SQUARE``; set only
  where such a capture is legal.
- ``BLACK``: 1 if Black is to move.
- ``HALFMOVES``: half-moves since the last capture or pawn move, at most 255.
- ``FULLMOVES`` and the byte after it: the number of the move, low byte first.

A *move* is a number of 16 bits: from-square, plus to-square times 64, plus promotion times 4,096 (0
none, 1 knight, 2 bishop, 3 rook, 4 queen), with squares seen from the side that moves. Castling is
the king's move of two squares.
"""

import numpy as np

from thinkenv.kernels.compilation import kernel

POSITION_BYTES = 70
CASTLING, EN_PASSANT, BLACK, HALFMOVES, FULLMOVES = 64, 65, 66, 67, 68
NO_SQUARE = 64

PAWN, KNIGHT, BISHOP, ROOK, QUEEN, KING = 1, 2, 3, 4, 5, 6
THEIRS = 6  # added to the code of an own piece

OWN_KING_SIDE, OWN_QUEEN_SIDE, THEIR_KING_SIDE, THEIR_QUEEN_SIDE = 1, 2, 4, 8

# No position of a game has more than 218 legal moves, and 16 pieces of whatever kind, none with
# more than 27 moves, stay below this.
MOST_MOVES = 512


def step_table(steps: list[tuple[int, int]], length: int) -> np.ndarray:
    """The squares that lie in given directions from each square.

    Args:
        steps: Directions as ``(ranks, files)``.
        length: How many squares to go in each direction at most.

    Returns:
        ``(64, len(steps), length)`` uint8, ``NO_SQUARE`` beyond the edge of the board.
    """
    table = np.full((64, len(steps), length), NO_SQUARE, np.uint8)
    for square in range(64):
        for direction, (ranks, files) in enumerate(steps):
            for distance in range(1, length + 1):
                rank = square // 8 + ranks * distance
                file = square % 8 + files * distance
                if 0 <= rank < 8 and 0 <= file < 8:
                    table[square, direction, distance - 1] = 8 * rank + file
    return table


STRAIGHT = [(1, 0), (0, 1), (-1, 0), (0, -1)]
DIAGONAL = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
JUMPS = [(1, 2), (2, 1), (-1, 2), (-2, 1), (1, -2), (2, -1), (-1, -2), (-2, -1)]

LINES = step_table(STRAIGHT + DIAGONAL, 7)  # (64, 8, 7): the first four are straight
KNIGHT_STEPS = step_table(JUMPS, 1)[:, :, 0].copy()  # (64, 8)


@kernel
def is_attacked(position, square):
    """Whether a piece of the opponent attacks a square."""
    rank = square >> 3
    file = square & 7
    # The opponent's pawns take downwards.
    if rank < 7:
        if file > 0 and position[square + 7] == THEIRS + PAWN:
            return True
        if file < 7 and position[square + 9] == THEIRS + PAWN:
            return True
    for direction in range(8):
        target = KNIGHT_STEPS[square, direction]
        if target != NO_SQUARE and position[target] == THEIRS + KNIGHT:
            return True
    for direction in range(8):
        for distance in range(7):
            target = LINES[square, direction, distance]
            if target == NO_SQUARE:
                break
            piece = position[target]
            if piece == 0:
                continue
            if piece == THEIRS + QUEEN:
                return True
            if piece == (THEIRS + ROOK if direction < 4 else THEIRS + BISHOP):
                return True
            if distance == 0 and piece == THEIRS + KING:
                return True
            break
    return False


@kernel
def find_king(position):
    """The square of the own king."""
    for square in range(64):
        if position[square] == KING:
            return square
    return NO_SQUARE


@kernel
def is_check(position):
    """Whether the side to move is in check."""
    return is_attacked(position, find_king(position))


@kernel
def flip(position):
    """Show a position from the other side, which is to move now."""
    for square in range(32):
        opposite = square ^ 56
        here = position[square]
        there = position[opposite]
        position[square] = 0 if there == 0 else (there - THEIRS if there > KING else there + THEIRS)
        position[opposite] = 0 if here == 0 else (here - THEIRS if here > KING else here + THEIRS)
    rights = position[CASTLING]
    position[CASTLING] = rights >> 2 | (rights & 3) << 2
    if position[EN_PASSANT] != NO_SQUARE:
        position[EN_PASSANT] ^= 56
    position[BLACK] ^= 1


@kernel
def move_pieces(position, move):
    """Put the pieces where a move leaves them, and nothing else. The move is not checked.

    Returns:
        ``(captured, captured_square)``: the code of the piece taken (0: none) and where it stood.
    """
    origin = move & 63
    target = (move >> 6) & 63
    promotion = move >> 12
    piece = position[origin]
    captured_square = target
    if piece == PAWN and target == position[EN_PASSANT]:
        captured_square = target - 8
    captured = position[captured_square]
    position[captured_square] = 0
    position[origin] = 0
    position[target] = piece if promotion == 0 else promotion + 1
    if piece == KING and target - origin == 2:
        position[5] = position[7]
        position[7] = 0
    elif piece == KING and origin - target == 2:
        position[3] = position[0]
        position[0] = 0
    return captured, captured_square


@kernel
def leaves_king_safe(position, move):
    """Whether the own king is not attacked after a move; the position is left as it was."""
    origin = move & 63
    target = (move >> 6) & 63
    piece = position[origin]
    captured, captured_square = move_pieces(position, move)
    king = target if piece == KING else find_king(position)
    is_safe = not is_attacked(position, king)
    position[origin] = piece
    position[target] = 0
    position[captured_square] = captured
    if piece == KING and target - origin == 2:
        position[7] = position[5]
        position[5] = 0
    elif piece == KING and origin - target == 2:
        position[0] = position[3]
        position[3] = 0
    return is_safe


@kernel
def may_castle(position, king_side):
    """Whether castling to a side is legal: rights, an empty way, and no attacked square on it."""
    if position[CASTLING] & (OWN_KING_SIDE if king_side else OWN_QUEEN_SIDE) == 0:
        return False
    if king_side:
        if position[5] != 0 or position[6] != 0:
            return False
        passed, target = 5, 6
    else:
        if position[1] != 0 or position[2] != 0 or position[3] != 0:
            return False
        passed, target = 3, 2
    return not (
        is_attacked(position, 4) or is_attacked(position, passed) or is_attacked(position, target)
    )


@kernel
def reaches(position, origin, target):
    """Whether the own piece on ``origin`` goes to ``target``, its king's safety aside.

    Castling is not a matter of this; promotions are not looked at.
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
            return ranks == 1 or (ranks == 2 and origin < 16 and position[origin + 8] == 0)
        takes = goal != 0 or target == position[EN_PASSANT]
        return ranks == 1 and abs(files) == 1 and takes
    if piece == KNIGHT:
        return abs(ranks * files) == 2
    if piece == KING:
        return abs(ranks) <= 1 and abs(files) <= 1
    if ranks == 0 or files == 0:
        if piece == BISHOP:
            return False
    elif abs(ranks) != abs(files) or piece == ROOK:
        return False
    step = 8 * ((ranks > 0) - (ranks < 0)) + (files > 0) - (files < 0)
    square = origin + step
    while square != target:
        if position[square] != 0:
            return False
        square += step
    return True


@kernel
def is_legal(position, move):
    """Whether a move is legal."""
    origin = move & 63
    target = (move >> 6) & 63
    promotion = move >> 12
    if promotion > 4:
        return False
    if (position[origin] == PAWN and target >= 56) != (promotion > 0):
        return False
    if position[origin] == KING and origin == 4 and (target == 6 or target == 2):
        return may_castle(position, target == 6)
    return reaches(position, origin, target) and leaves_king_safe(position, move)


@kernel
def add_legal(position, origin, target, moves, count):
    """Append a move to the list if it is legal, with all promotions; the new length."""
    if not leaves_king_safe(position, origin | target << 6):
        return count
    if position[origin] == PAWN and target >= 56:
        for promotion in range(1, 5):
            moves[count] = origin | target << 6 | promotion << 12
            count += 1
        return count
    moves[count] = origin | target << 6
    return count + 1


@kernel
def legal_moves(position, moves):
    """List the legal moves.

    Args:
        position: ``(POSITION_BYTES,)`` uint8; it is changed and changed back.
        moves: ``(MOST_MOVES,)`` uint16, filled from the beginning.

    Returns:
        How many there are.
    """
    count = 0
    for origin in range(64):
        piece = position[origin]
        if piece == 0 or piece > KING:
            continue
        if piece == PAWN:
            if position[origin + 8] == 0:
                count = add_legal(position, origin, origin + 8, moves, count)
                if origin < 16 and position[origin + 16] == 0:
                    count = add_legal(position, origin, origin + 16, moves, count)
            for step in (7, 9):
                if (origin & 7) == (0 if step == 7 else 7):
                    continue
                target = origin + step
                if position[target] > KING or target == position[EN_PASSANT]:
                    count = add_legal(position, origin, target, moves, count)
            continue
        if piece == KNIGHT:
            for direction in range(8):
                target = np.int64(KNIGHT_STEPS[origin, direction])
                if target != NO_SQUARE and (position[target] == 0 or position[target] > KING):
                    count = add_legal(position, origin, target, moves, count)
            continue
        first = 4 if piece == BISHOP else 0
        last = 4 if piece == ROOK else 8
        reach = 1 if piece == KING else 7
        for direction in range(first, last):
            for distance in range(reach):
                target = np.int64(LINES[origin, direction, distance])
                if target == NO_SQUARE or 0 < position[target] <= KING:
                    break
                count = add_legal(position, origin, target, moves, count)
                if position[target] != 0:
                    break
    if position[CASTLING] & (OWN_KING_SIDE | OWN_QUEEN_SIDE) != 0:
        if may_castle(position, True):
            moves[count] = 4 | 6 << 6
            count += 1
        if may_castle(position, False):
            moves[count] = 4 | 2 << 6
            count += 1
    return count


@kernel
def keep_legal_en_passant(position):
    """Forget the en passant square if no pawn can take there."""
    target = np.int64(position[EN_PASSANT])
    if target == NO_SQUARE:
        return
    for step in (7, 9):
        if (target & 7) == (7 if step == 7 else 0):
            continue
        origin = target - step
        if position[origin] == PAWN and leaves_king_safe(position, origin | target << 6):
            return
    position[EN_PASSANT] = NO_SQUARE


@kernel
def play(position, move):
    """Play a legal move in place; the position is then seen from the other side."""
    origin = move & 63
    target = (move >> 6) & 63
    piece = position[origin]
    captured, _ = move_pieces(position, move)
    # A right is lost when the king or the rook leaves, or the rook is taken.
    lost = 0
    for square in (origin, target):
        if square == 0:
            lost |= OWN_QUEEN_SIDE
        elif square == 4:
            lost |= OWN_KING_SIDE | OWN_QUEEN_SIDE
        elif square == 7:
            lost |= OWN_KING_SIDE
        elif square == 56:
            lost |= THEIR_QUEEN_SIDE
        elif square == 60:
            lost |= THEIR_KING_SIDE | THEIR_QUEEN_SIDE
        elif square == 63:
            lost |= THEIR_KING_SIDE
    position[CASTLING] &= 15 ^ lost
    position[EN_PASSANT] = NO_SQUARE
    if piece == PAWN and target - origin == 16:
        position[EN_PASSANT] = origin + 8
    if piece == PAWN or captured != 0:
        position[HALFMOVES] = 0
    elif position[HALFMOVES] < 255:
        position[HALFMOVES] += 1
    if position[BLACK]:
        number = (position[FULLMOVES] | np.int64(position[FULLMOVES + 1]) << 8) + 1
        position[FULLMOVES] = number & 255
        position[FULLMOVES + 1] = min(number >> 8, 255)
    flip(position)
    keep_legal_en_passant(position)


@kernel
def is_checkmate(position):
    """Whether the side to move is in check and has no legal move."""
    return is_check(position) and legal_moves(position, np.empty(MOST_MOVES, np.uint16)) == 0


@kernel
def mates(position, move):
    """Whether a move is legal and mates; the position is left as it was."""
    if not is_legal(position, move):
        return False
    after = position.copy()
    play(after, move)
    return is_checkmate(after)
