"""Positions and moves as text: FEN and UCI, read and written by Numba kernels.

FEN (Forsyth-Edwards Notation) is section 16.1 of the PGN standard; moves are in the notation of the
Universal Chess Interface: ``e2e4``, ``e1g1`` for castling, ``e7e8q``.
"""

import numpy as np

from thinkenv.chess_puzzles.rules import (
    BLACK,
    CASTLING,
    EN_PASSANT,
    FULLMOVES,
    HALFMOVES,
    KING,
    NO_SQUARE,
    PAWN,
    POSITION_BYTES,
    ROOK,
    THEIRS,
    find_king,
    flip,
    is_attacked,
    keep_legal_en_passant,
)
from thinkenv.kernels.compilation import kernel

SPACE, SLASH, DASH = ord(" "), ord("/"), ord("-")
PIECE_LETTERS = np.frombuffer(b".PNBRQKpnbrqk", np.uint8).copy()
PROMOTION_LETTERS = np.frombuffer(b".nbrq", np.uint8).copy()
RIGHT_LETTERS = np.frombuffer(b"KQkq", np.uint8).copy()

# The piece that each letter of a FEN stands for, seen from White.
PIECE_OF_LETTER = np.zeros(256, np.uint8)
PIECE_OF_LETTER[PIECE_LETTERS[1:]] = np.arange(1, 13)

LONGEST_FEN = 100
LONGEST_MOVE = 5

# Why a FEN is refused; the codes that ``parse_fen`` returns.
FEN_ERRORS = (
    "",
    "FEN: the board is not eight ranks of eight squares",
    "FEN: the side to move is neither 'w' nor 'b'",
    "FEN: the castling rights are not '-' or some of 'KQkq' with king and rook in their places",
    "FEN: the en passant square is not behind a pawn that has just moved two squares",
    "FEN: the numbers of half-moves and moves are missing or no numbers",
    "FEN: a side has not exactly one king",
    "FEN: there is a pawn on the first or last rank",
    "FEN: the side to move could take the king",
    "FEN: a side has more than 16 pieces or 8 pawns",
)
(
    _,
    BAD_BOARD,
    BAD_SIDE,
    BAD_RIGHTS,
    BAD_EN_PASSANT,
    BAD_NUMBERS,
    BAD_KINGS,
    BAD_PAWNS,
    BAD_CHECK,
    BAD_ARMY,
) = range(len(FEN_ERRORS))


@kernel
def parse_board(text, begin, end, position):
    """Read the first field of a FEN, seen from White; where the field ends, or -1."""
    for square in range(64):
        position[square] = 0
    rank = 7
    file = 0
    place = begin
    while place < end and text[place] != SPACE:
        letter = text[place]
        place += 1
        if letter == SLASH:
            if file != 8 or rank == 0:
                return -1
            rank -= 1
            file = 0
        elif ord("1") <= letter <= ord("8"):
            file += letter - ord("0")
            if file > 8:
                return -1
        else:
            piece = PIECE_OF_LETTER[letter]
            if piece == 0 or file > 7:
                return -1
            position[8 * rank + file] = piece
            file += 1
    return place if rank == 0 and file == 8 else -1


@kernel
def parse_number(text, begin, end):
    """A number of up to five digits; -1 if there is anything else."""
    if begin >= end or end - begin > 5:
        return -1
    number = 0
    for place in range(begin, end):
        if text[place] < ord("0") or text[place] > ord("9"):
            return -1
        number = 10 * number + text[place] - ord("0")
    return number


@kernel
def end_of_field(text, begin, end):
    """Where the field that begins here ends: at the next space, or at the end."""
    place = begin
    while place < end and text[place] != SPACE:
        place += 1
    return place


@kernel
def parse_rights(text, begin, end, position):
    """Read the castling rights into a position seen from White; whether they are possible."""
    position[CASTLING] = 0
    if end - begin == 1 and text[begin] == DASH:
        return True
    if begin == end or end - begin > 4:
        return False
    for place in range(begin, end):
        right = -1
        for index in range(4):
            if text[place] == RIGHT_LETTERS[index]:
                right = index
        if right < 0 or position[CASTLING] & (1 << right):
            return False
        position[CASTLING] |= 1 << right
        home = 0 if right < 2 else 56
        side = 0 if right < 2 else THEIRS
        rook = home + (7 if right % 2 == 0 else 0)
        if position[home + 4] != side + KING or position[rook] != side + ROOK:
            return False
    return True


@kernel
def parse_fen(text, begin, end, position):
    """Read a FEN and check it.

    Args:
        text: uint8, characters.
        begin: Where the FEN begins in it.
        end: One past its last character.
        position: ``(POSITION_BYTES,)`` uint8, filled, seen from the side to move.

    Returns:
        0, or an index into ``FEN_ERRORS``.
    """
    place = parse_board(text, begin, end, position)
    if place < 0:
        return BAD_BOARD
    place += 1
    if place >= end or end_of_field(text, place, end) != place + 1:
        return BAD_SIDE
    is_black = text[place] == ord("b")
    if not is_black and text[place] != ord("w"):
        return BAD_SIDE
    place += 2
    stop = end_of_field(text, place, end)
    if place >= end or not parse_rights(text, place, stop, position):
        return BAD_RIGHTS
    place = stop + 1
    stop = end_of_field(text, place, end)
    position[EN_PASSANT] = NO_SQUARE
    if stop - place == 2:
        file = np.int64(text[place]) - ord("a")
        rank = np.int64(text[place + 1]) - ord("1")
        if file < 0 or file > 7 or rank != (2 if is_black else 5):
            return BAD_EN_PASSANT
        behind = 8 * rank + file
        pawn = behind + (8 if is_black else -8)
        origin = behind - (8 if is_black else -8)
        code = PAWN if is_black else THEIRS + PAWN
        if position[behind] != 0 or position[origin] != 0 or position[pawn] != code:
            return BAD_EN_PASSANT
        position[EN_PASSANT] = behind
    elif stop - place != 1 or text[place] != DASH:
        return BAD_EN_PASSANT
    place = stop + 1
    stop = end_of_field(text, place, end)
    half_moves = parse_number(text, place, stop)
    full_moves = parse_number(text, stop + 1, end)
    if half_moves < 0 or full_moves < 0 or full_moves > 65535:
        return BAD_NUMBERS
    position[HALFMOVES] = min(half_moves, 255)
    position[FULLMOVES] = full_moves & 255
    position[FULLMOVES + 1] = full_moves >> 8
    position[BLACK] = 0

    own_kings = 0
    their_kings = 0
    own_pieces = 0
    their_pieces = 0
    own_pawns = 0
    their_pawns = 0
    for square in range(64):
        own_kings += position[square] == KING
        their_kings += position[square] == THEIRS + KING
        own_pieces += 0 < position[square] <= THEIRS
        their_pieces += position[square] > THEIRS
        own_pawns += position[square] == PAWN
        their_pawns += position[square] == THEIRS + PAWN
        is_pawn = position[square] == PAWN or position[square] == THEIRS + PAWN
        if is_pawn and (square < 8 or square >= 56):
            return BAD_PAWNS
    if max(own_pieces, their_pieces) > 16 or max(own_pawns, their_pawns) > 8:
        return BAD_ARMY
    if own_kings != 1 or their_kings != 1:
        return BAD_KINGS
    if not is_black:
        flip(position)  # to see whether the other side's king is attacked
    can_be_taken = is_attacked(position, find_king(position))
    flip(position)
    if can_be_taken:
        return BAD_CHECK
    # Two flips or one: now it is the side to move that is looking.
    position[BLACK] = is_black
    keep_legal_en_passant(position)
    return 0


@kernel
def write_number(number, text, place):
    """Write a number; the place after it."""
    digits = 1
    power = 10
    while number >= power:
        digits += 1
        power *= 10
    for digit in range(digits):
        power //= 10
        text[place + digit] = ord("0") + number // power % 10
    return place + digits


@kernel
def write_fen(position, text):
    """Write a position as FEN, with an en passant square only where a capture there is legal.

    Args:
        position: ``(POSITION_BYTES,)`` uint8.
        text: ``(LONGEST_FEN,)`` uint8, filled from the beginning.

    Returns:
        The FEN's length.
    """
    is_black = position[BLACK] == 1
    mirror = 56 if is_black else 0
    place = 0
    for rank in range(7, -1, -1):
        empty = 0
        for file in range(8):
            piece = np.int64(position[(8 * rank + file) ^ mirror])
            if piece == 0:
                empty += 1
                continue
            if empty > 0:
                text[place] = ord("0") + empty
                place += 1
                empty = 0
            if is_black:
                piece = piece + THEIRS if piece <= KING else piece - THEIRS
            text[place] = PIECE_LETTERS[piece]
            place += 1
        if empty > 0:
            text[place] = ord("0") + empty
            place += 1
        text[place] = SLASH if rank > 0 else SPACE
        place += 1
    text[place] = ord("b") if is_black else ord("w")
    text[place + 1] = SPACE
    place += 2
    rights = np.int64(position[CASTLING])
    if is_black:
        rights = rights >> 2 | (rights & 3) << 2
    if rights == 0:
        text[place] = DASH
        place += 1
    for right in range(4):
        if rights >> right & 1:
            text[place] = RIGHT_LETTERS[right]
            place += 1
    text[place] = SPACE
    place += 1
    if position[EN_PASSANT] == NO_SQUARE:
        text[place] = DASH
        place += 1
    else:
        square = np.int64(position[EN_PASSANT]) ^ mirror
        text[place] = ord("a") + (square & 7)
        text[place + 1] = ord("1") + (square >> 3)
        place += 2
    text[place] = SPACE
    place = write_number(np.int64(position[HALFMOVES]), text, place + 1)
    text[place] = SPACE
    full_moves = np.int64(position[FULLMOVES]) | np.int64(position[FULLMOVES + 1]) << 8
    return write_number(full_moves, text, place + 1)


@kernel
def parse_move(text, begin, end, is_black):
    """Read a move in UCI notation, seen from the side that moves; -1 if it is none."""
    if end - begin != 4 and end - begin != 5:
        return -1
    move = 0
    for part in range(2):
        file = np.int64(text[begin + 2 * part]) - ord("a")
        rank = np.int64(text[begin + 2 * part + 1]) - ord("1")
        if file < 0 or file > 7 or rank < 0 or rank > 7:
            return -1
        square = 8 * rank + file
        if is_black:
            square ^= 56
        move |= square << (6 * part)
    if end - begin == 5:
        for promotion in range(1, 5):
            if text[begin + 4] == PROMOTION_LETTERS[promotion]:
                return move | promotion << 12
        return -1
    return move


@kernel
def write_move(move, is_black, text, place):
    """Write a move in UCI notation, as it is played on the real board; the place after it."""
    mirror = 56 if is_black else 0
    for part in range(2):
        square = ((move >> (6 * part)) & 63) ^ mirror
        text[place] = ord("a") + (square & 7)
        text[place + 1] = ord("1") + (square >> 3)
        place += 2
    if move >> 12:
        text[place] = PROMOTION_LETTERS[move >> 12]
        place += 1
    return place


def uci_of_move(move: int, is_black: bool) -> str:
    """A move in UCI notation, as it is played on the real board."""
    text = np.empty(LONGEST_MOVE, np.uint8)
    return text[: write_move(move, is_black, text, 0)].tobytes().decode()


def move_of_uci(uci: str, is_black: bool) -> int:
    """The code of a move in UCI notation, seen from the side that moves.

    Raises:
        ValueError: If it is not in that notation.
    """
    text = np.frombuffer(uci.encode(), np.uint8)
    move = parse_move(text, 0, len(text), is_black)
    if move < 0:
        raise ValueError(f"move={uci!r}: needs UCI notation such as 'e2e4' or 'e7e8q'")
    return move


def position_of_fen(fen: str) -> np.ndarray:
    """The position that a FEN describes, ``(POSITION_BYTES,)`` uint8.

    Raises:
        ValueError: If it is no FEN of a possible position.
    """
    position = np.empty(POSITION_BYTES, np.uint8)
    text = np.frombuffer(fen.encode(), np.uint8)
    error = parse_fen(text, 0, len(text), position)
    if error:
        raise ValueError(f"{FEN_ERRORS[error]}: {fen!r}")
    return position


def fen_of_position(position: np.ndarray) -> str:
    """A position ``(POSITION_BYTES,)`` as FEN."""
    text = np.empty(LONGEST_FEN, np.uint8)
    return text[: write_fen(position, text)].tobytes().decode()
