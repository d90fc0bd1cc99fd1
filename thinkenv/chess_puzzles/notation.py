"""Positions and moves as text: FEN and UCI, read and written by Numba kernels.

FEN (Forsyth-Edwards Notation) is section 16.1 of the PGN standard; moves are in the notation of the
Universal Chess Interface: ``e2e4``, ``e1g1`` for castling, ``e7e8q``. Both are written by the rules
and read in the ways that people and programs write them:

- The numbers of half-moves and moves may be missing; they are then 0 and 1.
- Castling rights without king or rook in their places are left out, for they cannot be used. They
  may be written as the files of the rooks, ``HAha``.
- Castling may be written as the king taking its rook, ``e1h1``.
- Spaces may be more than one, and squares, promotions and the side to move capitals.

What the rules of chess do not allow is refused: no king or two, pawns where none can be, more
pieces than a side has, the side that has just moved in check.

A *span* of a text is from ``begin`` to before ``end``, two places of the text in this order, which
may be the same and its end. Where there is room for what is written, it fits in behind ``offset``.
"""

import re

import numpy as np

from thinkenv.chess_puzzles.rules import (
    A1,
    A8,
    BLACK,
    C1,
    CASTLING,
    CASTLING_SQUARES,
    E1,
    EN_PASSANT,
    FULLMOVES,
    G1,
    H1,
    HALFMOVES,
    KING,
    MAX_HALFMOVES,
    MAX_MOVES,
    MIRROR_SQUARE,
    NO_SQUARE,
    PAWN,
    POSITION_BYTES,
    PROMOTIONS,
    ROOK,
    SWAPPED,
    THEIRS,
    UP,
    can_take_king,
    flip,
    is_legal,
    keep_legal_en_passant,
    legal_moves,
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
# The castling right that each letter stands for, as a bit of CASTLING: the usual letter, or the
# file of the rook. Other files are of other games than chess, where rooks begin elsewhere.
NO_LETTER, OTHER_FILE = -1, -2
RIGHT_OF_LETTER = np.full(256, NO_LETTER, np.int8)
RIGHT_OF_LETTER[np.frombuffer(b"BCDEFGbcdefg", np.uint8)] = OTHER_FILE
RIGHT_OF_LETTER[RIGHT_LETTERS] = np.arange(4)
RIGHT_OF_LETTER[np.frombuffer(b"HAha", np.uint8)] = np.arange(4)
LOWER_CASE = 32  # the bit that makes a capital small

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
BAD_RIGHTS = error_code("FEN: the castling rights are not '-' or some of 'KQkq'")
BAD_EN_PASSANT = error_code(
    "FEN: the en passant square is not behind a pawn that has just moved two squares"
)
BAD_NUMBERS = error_code("FEN: the numbers of half-moves and moves are not whole numbers")
BAD_KINGS = error_code("FEN: a side has not exactly one king")
BAD_PAWNS = error_code("FEN: there is a pawn on the first or last rank")
BAD_CHECK = error_code("FEN: the side to move could take the king")
BAD_ARMY = error_code("FEN: a side has more than 16 pieces or 8 pawns")


@kernel
def parse_board(text, begin, end, position):
    """Read the first field of a FEN, seen from White; where the field ends, or -1.

    Assumes a span of the text.
    """
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
    """A number of 1 to ``max_digits`` digits; -1 if there is anything else.

    Assumes a span of the text, and at most 18 digits.
    """
    if begin >= end or end - begin > max_digits:
        return -1
    number = 0
    for offset in range(begin, end):
        if text[offset] < ord("0") or text[offset] > ord("9"):
            return -1
        number = 10 * number + np.int64(text[offset]) - ord("0")
    return number


@kernel
def end_of_field(text, begin, end):
    """Where the field that begins here ends: at the next space, or at the end.

    Assumes a span of the text.
    """
    offset = begin
    while offset < end and text[offset] != SPACE:
        offset += 1
    return offset


@kernel(inline="always")
def skip_spaces(text, begin, end):
    """Where the next character is that is no space, or ``end``.

    Assumes a span of the text.
    """
    offset = begin
    while offset < end and text[offset] == SPACE:
        offset += 1
    return offset


@kernel
def parse_square(text, begin):
    """The square that two characters name, such as ``e4``, as White sees it; -1 if none.

    Assumes two characters of the text.
    """
    file = np.int64(text[begin] | LOWER_CASE) - ord("a")
    rank = np.int64(text[begin + 1]) - ord("1")
    return 8 * rank + file if 0 <= file < 8 and 0 <= rank < 8 else -1


@kernel
def parse_rights(text, begin, end, position):
    """Read the castling rights into a position seen from White, those that it can have.

    Assumes a span of the text, and squares of the position from 0 to 12.

    Returns:
        Whether they are written as castling rights are.
    """
    position[CASTLING] = 0
    if end - begin == 1 and text[begin] == DASH:
        return True
    if begin == end or end - begin > len(RIGHT_LETTERS):
        return False
    for offset in range(begin, end):
        right = np.int64(RIGHT_OF_LETTER[text[offset]])
        if right == NO_LETTER:
            return False
        if right == OTHER_FILE:
            continue
        king, rook = CASTLING_SQUARES[right]
        side = 0 if right < 2 else THEIRS  # rights 0 and 1 are White's
        if position[king] == side + KING and position[rook] == side + ROOK:
            position[CASTLING] |= 1 << right
    return True


@kernel
def parse_en_passant(text, begin, end, is_black, position):
    """Read the en passant square into a position seen from White; whether it is possible.

    Assumes a span of the text, and squares of the position from 0 to 12.
    """
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
    """Read the numbers of half-moves and moves, 0 and 1 where they are missing.

    Assumes a span of the text.

    Returns:
        Whether they are numbers and not too large, and nothing else follows.
    """
    half_moves = 0
    full_moves = 1
    offset = skip_spaces(text, begin, end)
    if offset < end:
        stop = end_of_field(text, offset, end)
        half_moves = parse_number(text, offset, stop, MAX_DIGITS)
        offset = skip_spaces(text, stop, end)
    if offset < end:
        stop = end_of_field(text, offset, end)
        full_moves = parse_number(text, offset, stop, MAX_DIGITS)
        offset = skip_spaces(text, stop, end)
    if offset < end or half_moves < 0 or full_moves < 0 or full_moves > MAX_FULLMOVES:
        return False
    position[HALFMOVES] = min(half_moves, MAX_HALFMOVES)
    position[FULLMOVES] = full_moves & 255
    position[FULLMOVES + 1] = full_moves >> 8
    return True


@kernel
def check_pieces(position):
    """Count the pieces of a position; 0, or why they cannot be those of a game.

    Assumes squares from 0 to 12.
    """
    for side in (0, THEIRS):
        kings = 0
        pieces = 0
        pawns = 0
        for square in range(64):
            piece = np.int64(position[square]) - side
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
    """Read a FEN of four to six fields and check it.

    Assumes a span of the text.

    Args:
        text: uint8, characters.
        begin: Where the FEN begins in it.
        end: One past its last character.
        position: ``(POSITION_BYTES,)`` uint8, filled, seen from the side to move.

    Returns:
        0, or an index into ``ERRORS``.
    """
    offset = parse_board(text, skip_spaces(text, begin, end), end, position)
    if offset < 0:
        return BAD_BOARD
    offset = skip_spaces(text, offset, end)
    if offset >= end or end_of_field(text, offset, end) != offset + 1:
        return BAD_SIDE
    is_black = text[offset] | LOWER_CASE == ord("b")
    if not is_black and text[offset] | LOWER_CASE != ord("w"):
        return BAD_SIDE
    offset = skip_spaces(text, offset + 1, end)
    stop = end_of_field(text, offset, end)
    if not parse_rights(text, offset, stop, position):
        return BAD_RIGHTS
    offset = skip_spaces(text, stop, end)
    stop = end_of_field(text, offset, end)
    if not parse_en_passant(text, offset, stop, is_black, position):
        return BAD_EN_PASSANT
    if not parse_clocks(text, stop, end, position):
        return BAD_NUMBERS
    error = check_pieces(position)
    if error != 0:
        return error
    position[BLACK] = 0
    if is_black:  # as yet it is seen from White
        flip(position)
    if can_take_king(position):
        return BAD_CHECK
    keep_legal_en_passant(position)
    return 0


@kernel
def write_character(character, text, offset):
    """Write a character; the offset behind it.

    Assumes room for it.
    """
    text[offset] = character
    return offset + 1


@kernel
def write_number(number, text, offset):
    """Write a number; the offset behind it.

    Assumes a number from 0 to 10**17, and room for its digits.
    """
    power = 1
    while number >= 10 * power:
        power *= 10
    while power > 0:
        offset = write_character(ord("0") + number // power % 10, text, offset)
        power //= 10
    return offset


@kernel
def write_square(square, text, offset):
    """Write a square, such as ``e4``, as White sees it; the offset behind it.

    Assumes a square from 0 to 63, and room for two characters.
    """
    text[offset] = ord("a") + (square & 7)
    text[offset + 1] = ord("1") + (square >> 3)
    return offset + 2


@kernel
def write_board(position, text):
    """Write the first field of a FEN and the space behind it; the offset behind them.

    Assumes a position, and room for 72 characters.
    """
    is_black = position[BLACK] == 1
    mirror = MIRROR_SQUARE if is_black else 0
    offset = 0
    for rank in range(7, -1, -1):
        was_empty = False
        for file in range(8):
            piece = np.int64(position[(8 * rank + file) ^ mirror])
            if piece != 0:
                letter = PIECE_LETTERS[SWAPPED[piece] if is_black else piece]
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

    Assumes a position.

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
    """Read a move in UCI notation, seen from the side that moves; -1 if it is not in it.

    Assumes a span of the text.
    """
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
            if text[begin + 4] | LOWER_CASE == PROMOTION_LETTERS[promotion]:
                return move | promotion << 12
        return -1
    return move


@kernel(inline="always")
def castling_as_kings_move(position, move):
    """The same move; where the king takes its own rook, the king's move of two squares instead.

    Only from the squares where a game begins, seen from the side to move.

    Assumes a position, and 16 bits, of whatever move.
    """
    if move & 63 == E1 and position[E1] == KING:
        if move >> 6 == H1 and position[H1] == ROOK:
            return np.int64(E1 | G1 << 6)
        if move >> 6 == A1 and position[A1] == ROOK:
            return np.int64(E1 | C1 << 6)
    return np.int64(move)


@kernel
def write_move(move, is_black, text, offset):
    """Write a move in UCI notation, as it is played on the real board; the offset behind it.

    Assumes a move with a promotion of at most 4, and room for ``MAX_UCI_LENGTH``.
    """
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
    """The position that a FEN of four to six fields describes, ``(POSITION_BYTES,)`` uint8.

    Raises:
        ValueError: If it is not a FEN, or not one of a possible position; it says why.
        TypeError: If it is not text.
    """
    if not isinstance(fen, str):
        raise TypeError(f"fen must be text such as '8/8/4k3/8/8/4K3/4P3/8 w - - 0 1', got {fen!r}")
    position = np.empty(POSITION_BYTES, np.uint8)
    text = np.frombuffer(" ".join(fen.split()).encode(errors="replace"), np.uint8)
    error = parse_fen(text, 0, len(text), position)
    if error:
        reason = ERRORS[error].removeprefix("FEN: ")
        raise ValueError(f"fen must describe a possible position, got {fen!r}: {reason}")
    return position


def fen_of_position(position: np.ndarray) -> str:
    """A position ``(POSITION_BYTES,)`` as FEN."""
    text = np.empty(MAX_FEN_LENGTH, np.uint8)
    return text[: write_fen(position, text)].tobytes().decode()


# A move in short notation (SAN, section 8.2.3 of the PGN standard): piece, where from as far as
# that is needed, where to, promotion. What is said beyond that (takes, check, mate) is not looked
# at.
SHORT_MOVE = re.compile(r"([NBRQK]?)([a-h]?[1-8]?)[x:-]?([a-h][1-8])(?:=?\(?([NBRQnbrq])\)?)?")
SHORT_CASTLING = {"O-O": G1, "O-O-O": C1}
CODE_OF_PIECE = {"": PAWN} | {letter: PAWN + 1 + k for k, letter in enumerate("NBRQK")}


def move_of_text(position: np.ndarray, text: str) -> int:
    """The legal move of a position that a text names, with the real colours.

    Args:
        position: ``(POSITION_BYTES,)``.
        text: In UCI notation (``e2e4``, ``e7e8q``, ``e1g1`` or ``e1h1`` for castling) or in short
            notation (``Nf3``, ``exd5``, ``e8=Q+``, ``O-O``).

    Raises:
        ValueError: If it names no move, one that is not legal here, or more than one.
    """
    is_black = position[BLACK] == 1
    text = text.strip()
    uci = np.frombuffer(text.encode(errors="replace"), np.uint8)
    move = int(parse_move(uci, 0, len(uci), is_black))
    # Not "B1c3", which is the bishop's move in short notation.
    if move >= 0 and text[:4] in (text[:4].lower(), text[:4].upper()):
        move = int(castling_as_kings_move(position, move))
        if not is_legal(position, move):
            raise ValueError(f"move must be legal here, got {text!r}")
        return move
    found = moves_in_short_notation(position, text)
    if len(found) != 1:
        named = " or ".join(uci_of_move(each, is_black) for each in found)
        problem = f"{text!r}, which may be {named}" if found else repr(text)
        raise ValueError(f"move must be legal here, and one alone, got {problem}")
    return found[0]


def moves_in_short_notation(position: np.ndarray, text: str) -> list[int]:
    """The legal moves that a text in short notation may mean.

    Raises:
        ValueError: If it is not in that notation.
    """
    legal = np.empty(MAX_MOVES, np.uint16)
    moves = legal[: legal_moves(position, legal)].tolist()
    short = text.strip().rstrip("+#!?")
    castling = SHORT_CASTLING.get(short.replace("0", "O").upper())
    if castling is not None:
        return [each for each in moves if is_castling(position, each) and each >> 6 == castling]
    parts = SHORT_MOVE.fullmatch(short)
    if parts is None:
        raise ValueError(f"move must be written as 'e2e4', 'e7e8q' or 'Nf3', got {text!r}")
    piece, origin, target, promotion = parts.groups()
    code = CODE_OF_PIECE[piece]
    found = []
    for each in moves:
        written = uci_of_move(each, position[BLACK] == 1)
        if (
            position[each & 63] == code
            and written[2:4] == target
            and all(letter in written[:2] for letter in origin)
            and written[4:] == (promotion or "").lower()
            and not is_castling(position, each)
        ):
            found.append(each)
    return found


def is_castling(position: np.ndarray, move: int) -> bool:
    """Whether a legal move castles."""
    return position[move & 63] == KING and abs((move >> 6 & 63) - (move & 63)) == 2
