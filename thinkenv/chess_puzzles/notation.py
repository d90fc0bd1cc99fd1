"""Positions and moves as text: FEN and UCI, read and written by Numba kernels.

FEN (Forsyth-Edwards Notation) is section 16.1 of the PGN standard; moves are in the notation of the
Universal Chess Interface: ``e2e4``, ``e1g1`` for castling, ``e7e8q``.
"""

import numpy as np

from thinkenv.chess_puzzles.rules import (
    A8,
    BLACK,
    CASTLING,
    CASTLING_SQUARES,
    EN_PASSANT,
    FULLMOVES,
    HALFMOVES,
    KING,
    MAX_HALFMOVES,
    MIRROR_SQUARE,
    NO_SQUARE,
    PAWN,
    POSITION_BYTES,
    PROMOTIONS,
    ROOK,
    THEIRS,
    UP,
    find_king,
    flip,
    is_attacked,
    keep_legal_en_passant,
    swap_piece,
    swap_rights,
)
from thinkenv.kernels.compilation import kernel

SPACE, SLASH, DASH = ord(" "), ord("/"), ord("-")
PIECE_LETTERS = np.frombuffer(b".PNBRQKpnbrqk", np.uint8).copy()
PROMOTION_LETTERS = np.frombuffer(b".nbrq", np.uint8).copy()
RIGHT_LETTERS = np.frombuffer(b"KQkq", np.uint8).copy()  # in the order of the bits of CASTLING

# The piece that each letter of a FEN stands for, seen from White.
PIECE_OF_LETTER = np.zeros(256, np.uint8)
PIECE_OF_LETTER[PIECE_LETTERS[1:]] = np.arange(1, 13)
# The castling right that each letter stands for, as a bit of CASTLING; -1 where it is none.
RIGHT_OF_LETTER = np.full(256, -1, np.int8)
RIGHT_OF_LETTER[RIGHT_LETTERS] = np.arange(4)

MAX_FEN_LENGTH = 100
MAX_UCI_LENGTH = 5
# What FEN and database can hold: five digits, and two bytes for the number of the move.
MAX_DIGITS = 5
MAX_FULLMOVES = 2**16 - 1
MAX_PIECES, MAX_PAWNS = 16, 8  # of a side

# Why a FEN, or a row of a file, is refused, by the codes that ``parse_fen`` and others return.
ERRORS = [""]


def error_code(reason: str) -> int:
    """The code of a further reason to refuse something."""
    ERRORS.append(reason)
    return len(ERRORS) - 1


BAD_BOARD = error_code("FEN: the board is not eight ranks of eight squares")
BAD_SIDE = error_code("FEN: the side to move is neither 'w' nor 'b'")
BAD_RIGHTS = error_code(
    "FEN: the castling rights are not '-' or some of 'KQkq' with king and rook in their places"
)
BAD_EN_PASSANT = error_code(
    "FEN: the en passant square is not behind a pawn that has just moved two squares"
)
BAD_NUMBERS = error_code("FEN: the numbers of half-moves and moves are missing or not numbers")
BAD_KINGS = error_code("FEN: a side has not exactly one king")
BAD_PAWNS = error_code("FEN: there is a pawn on the first or last rank")
BAD_CHECK = error_code("FEN: the side to move could take the king")
BAD_ARMY = error_code("FEN: a side has more than 16 pieces or 8 pawns")


@kernel
def parse_board(text, begin, end, position):
    """Read the first field of a FEN, seen from White; where the field ends, or -1."""
    for square in range(64):
        position[square] = 0
    rank = 7
    file = 0
    offset = begin
    while offset < end and text[offset] != SPACE:
        letter = text[offset]
        offset += 1
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
    return offset if rank == 0 and file == 8 else -1


@kernel
def parse_number(text, begin, end, max_digits):
    """A number of 1 to ``max_digits`` digits; -1 if there is anything else."""
    if begin >= end or end - begin > max_digits:
        return -1
    number = 0
    for offset in range(begin, end):
        if text[offset] < ord("0") or text[offset] > ord("9"):
            return -1
        number = 10 * number + text[offset] - ord("0")
    return number


@kernel
def end_of_field(text, begin, end):
    """Where the field that begins here ends: at the next space, or at the end."""
    offset = begin
    while offset < end and text[offset] != SPACE:
        offset += 1
    return offset


@kernel
def parse_square(text, begin):
    """The square that two characters name, such as ``e4``, as White sees it; -1 if none."""
    file = np.int64(text[begin]) - ord("a")
    rank = np.int64(text[begin + 1]) - ord("1")
    return 8 * rank + file if 0 <= file < 8 and 0 <= rank < 8 else -1


@kernel
def parse_rights(text, begin, end, position):
    """Read the castling rights into a position seen from White; whether they are possible."""
    position[CASTLING] = 0
    if end - begin == 1 and text[begin] == DASH:
        return True
    if begin == end or end - begin > len(RIGHT_LETTERS):
        return False
    for offset in range(begin, end):
        right = np.int64(RIGHT_OF_LETTER[text[offset]])
        if right < 0 or position[CASTLING] & (1 << right):
            return False
        position[CASTLING] |= 1 << right
        king, rook = CASTLING_SQUARES[right]
        side = 0 if right < 2 else THEIRS  # rights 0 and 1 are White's
        if position[king] != side + KING or position[rook] != side + ROOK:
            return False
    return True


@kernel
def parse_en_passant(text, begin, end, is_black, position):
    """Read the en passant square into a position seen from White; whether it is possible."""
    position[EN_PASSANT] = NO_SQUARE
    if end - begin == 1 and text[begin] == DASH:
        return True
    behind = parse_square(text, begin) if end - begin == 2 else -1
    if behind < 0 or behind >> 3 != (2 if is_black else 5):
        return False
    # The pawn that has just moved came from beyond the square and stands before it, seen from the
    # side to move.
    before = UP if is_black else -UP
    code = PAWN if is_black else THEIRS + PAWN
    is_possible = position[behind] == 0 and position[behind - before] == 0
    if not is_possible or position[behind + before] != code:
        return False
    position[EN_PASSANT] = behind
    return True


@kernel
def parse_clocks(text, begin, end, position):
    """Read the numbers of half-moves and moves; whether they are there and not too large."""
    stop = end_of_field(text, begin, end)
    half_moves = parse_number(text, begin, stop, MAX_DIGITS)
    full_moves = parse_number(text, stop + 1, end, MAX_DIGITS)
    if half_moves < 0 or full_moves < 0 or full_moves > MAX_FULLMOVES:
        return False
    position[HALFMOVES] = min(half_moves, MAX_HALFMOVES)
    position[FULLMOVES] = full_moves & 255
    position[FULLMOVES + 1] = full_moves >> 8
    return True


@kernel
def check_pieces(position):
    """Count the pieces of a position; 0, or why they cannot be those of a game."""
    for side in (0, THEIRS):
        kings = 0
        pieces = 0
        pawns = 0
        for square in range(64):
            piece = position[square] - side
            kings += piece == KING
            pieces += PAWN <= piece <= KING
            pawns += piece == PAWN
        # Apart, because a loop that nothing leaves is counted several squares at a time.
        for file in range(8):
            if position[file] == side + PAWN or position[A8 + file] == side + PAWN:
                return BAD_PAWNS
        if pieces > MAX_PIECES or pawns > MAX_PAWNS:
            return BAD_ARMY
        if kings != 1:
            return BAD_KINGS
    return 0


@kernel
def parse_fen(text, begin, end, position):
    """Read a FEN and check it.

    Args:
        text: uint8, characters.
        begin: Where the FEN begins in it.
        end: One past its last character.
        position: ``(POSITION_BYTES,)`` uint8, filled, seen from the side to move.

    Returns:
        0, or an index into ``ERRORS``.
    """
    offset = parse_board(text, begin, end, position)
    if offset < 0:
        return BAD_BOARD
    offset += 1
    if offset >= end or end_of_field(text, offset, end) != offset + 1:
        return BAD_SIDE
    is_black = text[offset] == ord("b")
    if not is_black and text[offset] != ord("w"):
        return BAD_SIDE
    offset += 2
    stop = end_of_field(text, offset, end)
    if offset >= end or not parse_rights(text, offset, stop, position):
        return BAD_RIGHTS
    offset = stop + 1
    stop = end_of_field(text, offset, end)
    if not parse_en_passant(text, offset, stop, is_black, position):
        return BAD_EN_PASSANT
    if not parse_clocks(text, stop + 1, end, position):
        return BAD_NUMBERS
    error = check_pieces(position)
    if error != 0:
        return error
    # As yet it is seen from White. The king of the side that has just moved must be safe: look from
    # that side, which is White's when Black is to move, and then from the side to move.
    position[BLACK] = 0
    if not is_black:
        flip(position)
    can_be_taken = is_attacked(position, find_king(position))
    flip(position)
    if can_be_taken:
        return BAD_CHECK
    position[BLACK] = is_black
    keep_legal_en_passant(position)
    return 0


@kernel
def write_character(character, text, offset):
    """Write a character; the offset behind it."""
    text[offset] = character
    return offset + 1


@kernel
def write_number(number, text, offset):
    """Write a number; the offset behind it."""
    power = 1
    while number >= 10 * power:
        power *= 10
    while power > 0:
        offset = write_character(ord("0") + number // power % 10, text, offset)
        power //= 10
    return offset


@kernel
def write_square(square, text, offset):
    """Write a square, such as ``e4``, as White sees it; the offset behind it."""
    text[offset] = ord("a") + (square & 7)
    text[offset + 1] = ord("1") + (square >> 3)
    return offset + 2


@kernel
def write_board(position, text):
    """Write the first field of a FEN and the space behind it; the offset behind them."""
    is_black = position[BLACK] == 1
    mirror = MIRROR_SQUARE if is_black else 0
    offset = 0
    for rank in range(7, -1, -1):
        was_empty = False
        for file in range(8):
            piece = np.int64(position[(8 * rank + file) ^ mirror])
            if piece != 0:
                letter = PIECE_LETTERS[swap_piece(piece) if is_black else piece]
                offset = write_character(letter, text, offset)
            elif was_empty:
                text[offset - 1] += 1  # one more square in the number just written
            else:
                offset = write_character(ord("1"), text, offset)
            was_empty = piece == 0
        offset = write_character(SLASH if rank > 0 else SPACE, text, offset)
    return offset


@kernel
def write_fen(position, text):
    """Write a position as FEN, with an en passant square only where a capture there is legal.

    Args:
        position: ``(POSITION_BYTES,)`` uint8.
        text: ``(MAX_FEN_LENGTH,)`` uint8, filled from the beginning.

    Returns:
        The FEN's length.
    """
    is_black = position[BLACK] == 1
    offset = write_board(position, text)
    offset = write_character(ord("b") if is_black else ord("w"), text, offset)
    offset = write_character(SPACE, text, offset)
    rights = np.int64(position[CASTLING])
    if is_black:
        rights = swap_rights(rights)  # FEN names White's first
    if rights == 0:
        offset = write_character(DASH, text, offset)
    for right in range(len(RIGHT_LETTERS)):
        if rights >> right & 1:
            offset = write_character(RIGHT_LETTERS[right], text, offset)
    offset = write_character(SPACE, text, offset)
    if position[EN_PASSANT] == NO_SQUARE:
        offset = write_character(DASH, text, offset)
    else:
        square = np.int64(position[EN_PASSANT]) ^ (MIRROR_SQUARE if is_black else 0)
        offset = write_square(square, text, offset)
    offset = write_character(SPACE, text, offset)
    offset = write_number(np.int64(position[HALFMOVES]), text, offset)
    offset = write_character(SPACE, text, offset)
    full_moves = np.int64(position[FULLMOVES]) | np.int64(position[FULLMOVES + 1]) << 8
    return write_number(full_moves, text, offset)


@kernel
def parse_move(text, begin, end, is_black):
    """Read a move in UCI notation, seen from the side that moves; -1 if it is not in it."""
    if end - begin != 4 and end - begin != 5:
        return -1
    mirror = MIRROR_SQUARE if is_black else 0
    move = np.int64(0)
    for part in range(2):  # the square that it begins on, and the one that it ends on
        square = parse_square(text, begin + 2 * part)
        if square < 0:
            return -1
        move |= (square ^ mirror) << (6 * part)
    if end - begin == 5:
        for promotion in PROMOTIONS:
            if text[begin + 4] == PROMOTION_LETTERS[promotion]:
                return move | promotion << 12
        return -1
    return move


@kernel
def write_move(move, is_black, text, offset):
    """Write a move in UCI notation, as it is played on the real board; the offset behind it."""
    mirror = MIRROR_SQUARE if is_black else 0
    for part in range(2):
        offset = write_square(((move >> (6 * part)) & 63) ^ mirror, text, offset)
    if move >> 12:
        offset = write_character(PROMOTION_LETTERS[move >> 12], text, offset)
    return offset


def uci_of_move(move: int, is_black: bool) -> str:
    """A move in UCI notation, as it is played on the real board."""
    text = np.empty(MAX_UCI_LENGTH, np.uint8)
    return text[: write_move(move, is_black, text, 0)].tobytes().decode()


def move_of_uci(uci: str, is_black: bool) -> int:
    """The code of a move in UCI notation, seen from the side that moves.

    Raises:
        ValueError: If it is not in that notation.
    """
    text = np.frombuffer(uci.encode(), np.uint8)
    move = parse_move(text, 0, len(text), is_black)
    if move < 0:
        raise ValueError(f"move must be in UCI notation such as 'e2e4' or 'e7e8q', got {uci!r}")
    return move


def position_of_fen(fen: str) -> np.ndarray:
    """The position that a FEN describes, ``(POSITION_BYTES,)`` uint8.

    Raises:
        ValueError: If it is not a FEN, or not one of a possible position.
    """
    position = np.empty(POSITION_BYTES, np.uint8)
    text = np.frombuffer(fen.encode(), np.uint8)
    error = parse_fen(text, 0, len(text), position)
    if error:
        reason = ERRORS[error].removeprefix("FEN: ")
        raise ValueError(f"fen must describe a possible position, got {fen!r}: {reason}")
    return position


def fen_of_position(position: np.ndarray) -> str:
    """A position ``(POSITION_BYTES,)`` as FEN."""
    text = np.empty(MAX_FEN_LENGTH, np.uint8)
    return text[: write_fen(position, text)].tobytes().decode()
