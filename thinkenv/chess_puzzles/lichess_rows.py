"""Lichess's puzzle files, line by line: a Numba kernel that reads and checks every row.

The format (https://database.lichess.org/#puzzles) is CSV with the columns ``PuzzleId, FEN, Moves,
Rating, RatingDeviation, Popularity, NbPlays, Themes, GameUrl`` and, since 2022, ``OpeningTags``.
The FEN is the position *before* the opponent's set-up move, ``Moves[0]`` is that move, and the
solver plays ``Moves[1]``, ``Moves[3]``, … Where ``Moves[0]`` is ``0000``, UCI's move that is none,
the FEN is the position to solve. Every move of a row is replayed; a row with an illegal one is
refused. Fields are separated by commas and never quoted, as Lichess writes them; tables that are
written otherwise are brought into this form first, see ``thinkenv.chess_puzzles.tables``.
"""

import string
from typing import NamedTuple

import numpy as np
from numba import uint64

from thinkenv.chess_puzzles.columns import COLUMN_TYPES
from thinkenv.chess_puzzles.notation import (
    LOWER_CASE,
    castling_as_kings_move,
    end_of_field,
    error_code,
    parse_fen,
    parse_move,
    parse_number,
    skip_spaces,
)
from thinkenv.chess_puzzles.packing import PACKED_BYTES, pack, position_key
from thinkenv.chess_puzzles.rating_splits import UNKNOWN_RATING
from thinkenv.chess_puzzles.rules import (
    BLACK,
    MIRROR_MOVE,
    NO_MOVE,
    POSITION_BYTES,
    is_legal,
    play,
)
from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.random import mix

# The first line of a file.
HEADER = "PuzzleId,FEN,Moves,Rating,RatingDeviation,Popularity,NbPlays,Themes,GameUrl,OpeningTags"
COLUMNS = tuple(HEADER.split(","))
ID, FEN, MOVES, RATING, DEVIATION, POPULARITY, PLAYS, THEMES, URL, OPENINGS = range(len(COLUMNS))
USUAL_ID_LENGTH = 8  # Lichess's ids have five
MAX_ID_LENGTH = 64
MAX_URL_LENGTH = 255
USUAL_SET_BYTES = 16  # of a set of themes as bits: Lichess has some 70 themes
MAX_THEMES = 1 << 16
MAX_MOVES_OF_ROW = 254  # the set-up move included; their number is stored in a byte
MAX_DIGITS = 9  # of a number: it fits into 32 bits
UNKNOWN = -1  # a rating deviation or number of plays that the file does not give
UNKNOWN_POPULARITY = -32768
URL_PREFIX = b"https://lichess.org/"
SCHEMES = (b"https://", b"http://")
HOST, HOST_PREFIX = b"lichess.org/", b"www."

BAD_COLUMNS = error_code("the row has not 9 or 10 columns")
BAD_ID = error_code(f"PuzzleId: not from 1 to {MAX_ID_LENGTH} printable ASCII characters")
LONG_ID = error_code(f"PuzzleId: longer than {USUAL_ID_LENGTH} characters")  # read once more
SAME_ID = error_code("PuzzleId: the same as in an earlier row")
BAD_COUNT = error_code(f"Moves: not an even number of moves from 2 to {MAX_MOVES_OF_ROW}")
BAD_NOTATION = error_code("Moves: a move is not in UCI notation")
ILLEGAL_SETUP = error_code("Moves: the opponent's set-up move is illegal")
ILLEGAL_MOVE = error_code("Moves: a move of the line is illegal")
BAD_RATING = error_code("Rating: not a whole number from 1 to 9999")
BAD_DEVIATION = error_code("RatingDeviation: not a whole number from 0 to 9999")
BAD_POPULARITY = error_code("Popularity: not a whole number from -1000 to 1000")
BAD_PLAYS = error_code("NbPlays: not a whole number from 0 to 999999999")
BAD_THEMES = error_code(f"Themes: more than {MAX_THEMES} different themes in one file")
MORE_THEMES = error_code("Themes: more than sets have bits for")  # read once more
NO_THEME = error_code("Themes: not words of letters, digits, '-', '_', '+', '.' and apostrophes")
BAD_URL = error_code(f"GameUrl: longer than {MAX_URL_LENGTH} characters")

NO_NUMBER = -(2**31)  # what is read where there is no number; less than any that is

NEWLINE, RETURN, COMMA, SPACE = 10, 13, 44, 32
FIRST_PRINTABLE, LAST_PRINTABLE, FIRST_BEYOND_ASCII = 32, 126, 128
# What programs write where a value is missing, in lower case.
MISSING = (b"nan", b"na", b"none", b"null", b"n/a", b"<na>", b"#n/a", b"nat", b"nil", b"-", b"?")
MAX_MISSING_LENGTH = max(map(len, MISSING))

# Which characters themes are made of: not those of addresses and of lists.
IN_THEME = np.zeros(256, np.bool_)
IN_THEME[np.frombuffer(b"-_+.'", np.uint8)] = True
IN_THEME[np.frombuffer((string.ascii_letters + string.digits).encode(), np.uint8)] = True
IN_THEME[FIRST_BEYOND_ASCII:] = True  # letters of other alphabets

# The multiplier of the hash FNV-1a (Fowler, Noll and Vo) for 64 bits.
FNV_PRIME = np.uint64(0x100000001B3)


class Rows(NamedTuple):
    """Columns of the rows of one piece of text, filled from the beginning.

    Attributes:
        ids: ``(n, id_length)`` uint8, characters, then zeros.
        positions: ``(n, PACKED_BYTES)`` uint8, the position to solve; see
            ``thinkenv.chess_puzzles.packing``.
        keys: ``(n,)`` uint64, see ``position_key``.
        last_moves: ``(n,)`` uint16, the set-up move, seen from the solver's side.
        move_starts: ``(n,)`` uint32, where the row's moves begin in ``moves``.
        move_counts: ``(n,)`` uint8, the moves after the set-up move.
        moves: uint16, the moves of all rows, each seen from the side that moves.
        ratings: ``(n,)`` int16, or ``UNKNOWN_RATING``.
        rating_deviations: ``(n,)`` int16, or ``UNKNOWN``.
        popularities: ``(n,)`` int16, or ``UNKNOWN_POPULARITY``.
        plays: ``(n,)`` int32, or ``UNKNOWN``.
        theme_sets: ``(n, set_bytes)`` uint8, sets of themes as bits.
        url_starts: ``(n,)`` uint32, where the row's address begins in ``urls``.
        url_lengths: ``(n,)`` uint8.
        urls: uint8, addresses without ``URL_PREFIX``.
        openings: ``(n,)`` int32, number of the opening tags, 0 for none.
        lines: ``(n,)`` int64, the number of the line in the text, from 0 on.
    """

    ids: np.ndarray
    positions: np.ndarray
    keys: np.ndarray
    last_moves: np.ndarray
    move_starts: np.ndarray
    move_counts: np.ndarray
    moves: np.ndarray
    ratings: np.ndarray
    rating_deviations: np.ndarray
    popularities: np.ndarray
    plays: np.ndarray
    theme_sets: np.ndarray
    url_starts: np.ndarray
    url_lengths: np.ndarray
    urls: np.ndarray
    openings: np.ndarray
    lines: np.ndarray


class Words(NamedTuple):
    """A table of the different words (themes, or opening tags) met so far.

    Attributes:
        keys: ``(slots,)`` uint64, hashes of the words, 0 where free; ``slots`` is a power of two.
        codes: ``(slots,)`` int32, their numbers.
        found: ``(words, 3)`` int64, where new words begin and end in the present text, and their
            slots.
        counts: ``(2,)`` int64: how many words there are, and how many of them are new.
    """

    keys: np.ndarray
    codes: np.ndarray
    found: np.ndarray
    counts: np.ndarray


def empty_rows(
    lines: int,
    characters: int,
    id_length: int = USUAL_ID_LENGTH,
    set_bytes: int = USUAL_SET_BYTES,
) -> Rows:
    """Space for the rows of a text of so many lines and characters."""
    shapes = {
        "ids": (lines, id_length),
        "positions": (lines, PACKED_BYTES),
        # No more moves than that: each takes four characters and a space or comma.
        "moves": (characters // (4 + 1) + 1,),
        "theme_sets": (lines, set_bytes),
        "urls": (characters,),
    }
    types = COLUMN_TYPES | {"ids": "|u1", "keys": "<u8", "lines": "<i8"}
    return Rows(*(np.empty(shapes.get(name, (lines,)), types[name]) for name in Rows._fields))


def empty_words(slots: int, words: int) -> Words:
    """A table with space for so many slots, and so many new words in one piece of text."""
    return Words(
        np.zeros(slots, np.uint64),
        np.zeros(slots, np.int32),
        np.zeros((words, 3), np.int64),
        np.zeros(2, np.int64),
    )


@kernel
def number_of_word(text, begin, end, words):
    """The number of a word, from 1 on, taking it up if it is new; 0 if there is no room.

    There is room as long as fewer than half of the slots are taken, so that a free one is found.
    Words are told apart by their hashes alone: that two of a few thousand share one of 63 bits
    is less probable than a fault of the memory.

    Assumes a span of the text, and two slots or more, unless there is no room for new words.
    """
    key = uint64(end - begin)
    for offset in range(begin, end):
        key = (key ^ uint64(text[offset])) * FNV_PRIME
    key = mix(key) | uint64(1)  # never 0, which marks free slots
    # There are 2**k slots, so that a mask takes the remainder. A word is in the slot that its hash
    # names, or in the first free one after it.
    mask = words.keys.size - 1
    slot = np.int64(key & uint64(mask))
    while words.keys[slot] != uint64(0):
        if words.keys[slot] == key:
            return words.codes[slot]
        slot = (slot + 1) & mask
    if words.counts[1] == len(words.found) or 2 * words.counts[0] >= words.keys.size:
        return 0
    words.counts[0] += 1
    words.keys[slot] = key
    words.codes[slot] = words.counts[0]
    words.found[words.counts[1], 0] = begin
    words.found[words.counts[1], 1] = end
    words.found[words.counts[1], 2] = slot
    words.counts[1] += 1
    return words.codes[slot]


@kernel
def forget_words(words, count):
    """Take back the words that were new, but for the first ``count`` of them.

    The last one taken up stands in no other's way, so they go in the reverse of their order.

    Assumes a count from 0 to that of the new words.
    """
    while words.counts[1] > count:
        words.counts[1] -= 1
        words.counts[0] -= 1
        words.keys[words.found[words.counts[1], 2]] = uint64(0)


@kernel
def is_missing(text, begin, end):
    """Whether a field says that there is no value: ``nan``, ``None`` or the like.

    Assumes a span of the text.
    """
    if end - begin > MAX_MISSING_LENGTH:
        return False
    for word in MISSING:
        is_same = end - begin == len(word)
        for offset in range(min(end - begin, len(word))):
            is_same = is_same and text[begin + offset] | LOWER_CASE == word[offset]
        if is_same:
            return True
    return False


@kernel
def parse_whole_float(text, begin, end):
    """A whole number with zeros behind a point, such as ``1500.0``; -1 if it is none.

    Assumes a span of the text.
    """
    stop = begin
    while stop < end and text[stop] != ord("."):
        stop += 1
    for offset in range(stop + 1, end):
        if text[offset] != ord("0"):
            return -1
    return parse_number(text, begin, stop, MAX_DIGITS)


@kernel
def parse_whole(text, begin, end, low, high, unknown):
    """A whole number from ``low`` to ``high``, also written ``1500.0``.

    Assumes a span of the text.

    Returns:
        The number; ``unknown`` if there is none; ``NO_NUMBER`` if there is something else.
    """
    if begin == end:
        return unknown
    is_negative = text[begin] == ord("-")
    number = parse_number(text, begin + is_negative, end, MAX_DIGITS)
    if number < 0:
        number = parse_whole_float(text, begin + is_negative, end)
    if number < 0:
        return unknown if is_missing(text, begin, end) else NO_NUMBER
    if is_negative:
        number = -number
    return number if low <= number <= high else NO_NUMBER


# The parts of reading a row are inlined, because a call hands over each of the 17 arrays of
# ``rows``: without that, reading a file takes 8 % longer (measured).


@kernel(inline="always")
def read_id(text, begin, end, rows, row):
    """Note the puzzle's id; 0, or an index into ``ERRORS``.

    Assumes a span of the text, and a row of ``rows``.
    """
    if begin == end or end - begin > MAX_ID_LENGTH:
        return BAD_ID
    for offset in range(begin, end):
        if text[offset] < FIRST_PRINTABLE or text[offset] > LAST_PRINTABLE:
            return BAD_ID
    if end - begin > rows.ids.shape[1]:
        return LONG_ID
    rows.ids[row] = 0
    for offset in range(begin, end):
        rows.ids[row, offset - begin] = text[offset]
    return 0


@kernel(inline="always")
def is_no_move(text, begin, end):
    """Whether the moves that begin here begin with ``0000``.

    Assumes a span of the text.
    """
    stop = begin + 4
    is_none = stop <= end
    for offset in range(begin, min(stop, end)):
        is_none = is_none and text[offset] == ord("0")
    return is_none and (stop == end or text[stop] == SPACE)


@kernel(inline="always")
def read_moves(text, begin, end, position, rows, row, first):
    """Replay the moves of a row, and note them and the position to solve.

    Assumes a span of the text, a position, a row of ``rows``, and room for a move in every five
    characters of the span.

    Args:
        text: uint8, characters.
        begin: Where the moves begin.
        end: One past their last character.
        position: The position of the row's FEN, changed.
        rows: Where to write.
        row: Which row to write.
        first: Where in ``rows.moves`` the row's moves begin.

    Returns:
        0, or an index into ``ERRORS``.
    """
    count = 0
    offset = begin
    if is_no_move(text, begin, end):
        rows.last_moves[row] = NO_MOVE
        pack(position, rows.positions[row])
        count = 1
        offset = skip_spaces(text, begin + 4, end)
    while offset < end:
        stop = end_of_field(text, offset, end)
        move = parse_move(text, offset, stop, position[BLACK] == 1)
        if move < 0:
            return BAD_NOTATION
        move = castling_as_kings_move(position, move)
        if not is_legal(position, move):
            return ILLEGAL_SETUP if count == 0 else ILLEGAL_MOVE
        offset = skip_spaces(text, stop, end)
        if count == 0 or offset < end:  # what the last move leads to is not looked at
            play(position, move)
        if count == 0:
            # As the solver sees it, and without a promotion: only its squares are shown.
            rows.last_moves[row] = (move & 0xFFF) ^ MIRROR_MOVE
            pack(position, rows.positions[row])
        else:
            rows.moves[first + count - 1] = move
        count += 1
        if count > MAX_MOVES_OF_ROW:
            return BAD_COUNT
    if count == 0 or count % 2 == 1:
        return BAD_COUNT
    rows.keys[row] = position_key(rows.positions[row])
    rows.move_starts[row] = first
    rows.move_counts[row] = count - 1
    return 0


@kernel(inline="always")
def read_numbers(text, fields, rows, row):
    """Note ratings, popularity and plays; 0, or an index into ``ERRORS``.

    Assumes fields that are spans of the text, and a row of ``rows``.
    """
    begin, end = fields[RATING]
    rating = parse_whole(text, begin, end, 1, 9999, UNKNOWN_RATING)
    if rating == NO_NUMBER:
        return BAD_RATING
    begin, end = fields[DEVIATION]
    deviation = parse_whole(text, begin, end, 0, 9999, UNKNOWN)
    if deviation == NO_NUMBER:
        return BAD_DEVIATION
    begin, end = fields[POPULARITY]
    popularity = parse_whole(text, begin, end, -1000, 1000, UNKNOWN_POPULARITY)
    if popularity == NO_NUMBER:
        return BAD_POPULARITY
    begin, end = fields[PLAYS]
    plays = parse_whole(text, begin, end, 0, 999_999_999, UNKNOWN)
    if plays == NO_NUMBER:
        return BAD_PLAYS
    rows.ratings[row] = rating
    rows.rating_deviations[row] = deviation
    rows.popularities[row] = popularity
    rows.plays[row] = plays
    return 0


@kernel(inline="always")
def begins_with(text, begin, end, word):
    """Whether a word, given in small letters, stands at the beginning, in capitals or not.

    Assumes a span of the text.
    """
    is_word = end - begin >= len(word)
    for index in range(len(word)):
        is_word = is_word and text[begin + index] | LOWER_CASE == word[index]
    return is_word


@kernel
def after_other_lichess(text, begin, end):
    """Where the path begins in an address of Lichess that does not begin with ``URL_PREFIX``.

    It may begin with ``http://``, with ``www.`` or with neither; -1 if it is of another host.

    Assumes a span of the text.
    """
    for scheme in SCHEMES:
        if begins_with(text, begin, end, scheme):
            begin += len(scheme)
            break
    if begins_with(text, begin, end, HOST_PREFIX):
        begin += len(HOST_PREFIX)
    return begin + len(HOST) if begins_with(text, begin, end, HOST) else -1


@kernel
def lacks_scheme(text, begin, end):
    """Whether an address begins with the name of a host, such as ``example.org/``.

    Assumes a span of the text.
    """
    for offset in range(begin, end):
        if text[offset] == ord("/") or text[offset] == ord(":"):
            return False
        if text[offset] == ord("."):
            return True
    return False


@kernel(inline="always")
def read_url(text, begin, end, rows, row, first):
    """Note the game's address, without ``URL_PREFIX``, from ``first`` in ``rows.urls`` on.

    Assumes a span of the text, a row of ``rows``, and room for its characters and eight more.

    Returns:
        0, or an index into ``ERRORS``.
    """
    written = first
    if is_missing(text, begin, end):
        begin = end
    if begins_with(text, begin, end, URL_PREFIX):
        path = begin + len(URL_PREFIX)
    else:
        path = after_other_lichess(text, begin, end)
    if path >= 0:
        begin = path
    elif lacks_scheme(text, begin, end):
        # There is room for it: the row's FEN has more characters, and they are not noted here.
        for letter in SCHEMES[0]:
            rows.urls[written] = letter
            written += 1
    length = written - first + end - begin
    if length > MAX_URL_LENGTH:
        return BAD_URL
    rows.url_starts[row] = first
    rows.url_lengths[row] = length
    for offset in range(begin, end):
        rows.urls[written + offset - begin] = text[offset]
    return 0


@kernel
def is_theme(text, begin, end):
    """Whether a word may be a theme.

    Assumes a span of the text.
    """
    for offset in range(begin, end):
        if not IN_THEME[text[offset]]:
            return False
    return True


@kernel(inline="always")
def read_themes(text, begin, end, rows, row, themes):
    """Note the puzzle's themes as a set of bits; 0, or an index into ``ERRORS``.

    Assumes a span of the text, a row of ``rows``, and a table as ``number_of_word`` does.
    """
    rows.theme_sets[row] = 0
    if is_missing(text, begin, end):
        begin = end
    while begin < end:
        stop = end_of_field(text, begin, end)
        if stop > begin:
            if not is_theme(text, begin, stop):
                return NO_THEME
            number = number_of_word(text, begin, stop, themes)
            if number == 0 or number > 8 * rows.theme_sets.shape[1]:
                return MORE_THEMES if 8 * rows.theme_sets.shape[1] < MAX_THEMES else BAD_THEMES
            # Theme 1 is bit 0 of byte 0, theme 9 is bit 0 of byte 1, and so on.
            rows.theme_sets[row, (number - 1) >> 3] |= 1 << ((number - 1) & 7)
        begin = stop + 1
    return 0


@kernel
def read_row(text, fields, position, rows, row, first_move, first_url, themes, openings):
    """Read one row whose fields begin and end at ``fields`` ``(10, 2)``.

    What is not a puzzle adds no themes and openings to those met so far: they come last, and those
    of a row with too many are taken back.

    Assumes fields that are spans of the text, a row of ``rows``, tables as ``number_of_word`` does,
    and room for a move in every five characters of the line, and for as many characters of its
    address as the line has.

    Returns:
        0, or an index into ``ERRORS``.
    """
    moves, url, names, tags = fields[MOVES], fields[URL], fields[THEMES], fields[OPENINGS]
    known = themes.counts[1]
    error = (
        read_id(text, fields[ID, 0], fields[ID, 1], rows, row)
        or parse_fen(text, fields[FEN, 0], fields[FEN, 1], position)
        or read_moves(text, moves[0], moves[1], position, rows, row, first_move)
        or read_numbers(text, fields, rows, row)
        or read_url(text, url[0], url[1], rows, row, first_url)
        or read_themes(text, names[0], names[1], rows, row, themes)
    )
    begin, end = tags
    if error == 0:
        rows.openings[row] = 0
        if end > begin and not is_missing(text, begin, end):
            rows.openings[row] = number_of_word(text, begin, end, openings)
    else:
        forget_words(themes, known)
    return error


@kernel(inline="always")
def find_fields(text, begin, fields):
    """Find where the fields of the line that begins at ``begin`` begin and end.

    Assumes a newline at or after ``begin``.

    Args:
        text: uint8, characters; there is a newline somewhere after ``begin``.
        begin: Where the line begins.
        fields: ``(10, 2)`` int64, overwritten: the first character of each field, and one past its
            last, without spaces around it; equal for fields that the line does not have.

    Returns:
        ``(columns, newline)``: how many fields the line has (0 if it is empty, and 11 or more if
        it has too many), and where its newline is.
    """
    column = 0
    fields[:] = 0
    fields[0, 0] = begin
    has_spaces_around = text[begin] == SPACE
    offset = begin
    while text[offset] != NEWLINE:
        if text[offset] == COMMA:
            # What follows is within the text, because a newline is still to come.
            has_spaces_around |= text[offset + 1] == SPACE or text[max(offset - 1, 0)] == SPACE
            if column < len(fields):
                fields[column, 1] = offset
            column += 1
            if column < len(fields):
                fields[column, 0] = offset + 1
        offset += 1
    # Files from Windows end their lines with two characters.
    end = offset - 1 if offset > begin and text[offset - 1] == RETURN else offset
    if end == begin:
        return 0, offset
    has_spaces_around |= text[end - 1] == SPACE
    if column < len(fields):
        fields[column, 1] = end
    if has_spaces_around:
        trim_fields(text, fields)
    return column + 1, offset


@kernel
def trim_fields(text, fields):
    """Leave out the spaces around fields.

    Assumes fields that are spans of the text.
    """
    for field in range(len(fields)):
        begin, end = fields[field]
        begin = skip_spaces(text, begin, end)
        while end > begin and text[end - 1] == SPACE:
            end -= 1
        fields[field, 0] = begin
        fields[field, 1] = end


@kernel
def is_blank(fields):
    """Whether all fields of a line are empty, as spreadsheets write lines below a table.

    Assumes nothing of the fields.
    """
    for field in range(len(fields)):
        if fields[field, 0] < fields[field, 1]:
            return False
    return True


@kernel
def read_lines(text, rows, themes, openings, refused):
    """Read the lines of a piece of text.

    Assumes a text that is empty or ends with a newline, as many rows and refused lines as it has
    lines, the room of ``empty_rows``, and tables as ``number_of_word`` does.

    Args:
        text: uint8, whole lines, each with a newline at its end.
        rows: Space for as many rows as there are lines.
        themes: The themes met so far.
        openings: The opening tags met so far.
        refused: ``(lines, 2)`` int64, filled from the beginning with the numbers of refused lines,
            from 0 on, and indices into ``ERRORS``.

    Returns:
        ``(count, moves, characters, bad)``: rows read, moves and characters of addresses written,
        and lines refused. Empty lines and those of commas alone are neither.
    """
    position = np.empty(POSITION_BYTES, np.uint8)
    fields = np.zeros((len(COLUMNS), 2), np.int64)
    # What a row has written is kept only by moving these on: a refused row is overwritten by the
    # next one.
    count = 0
    move_count = 0
    url_count = 0
    bad = 0
    line = -1
    begin = 0
    while begin < len(text):
        line += 1
        columns, newline = find_fields(text, begin, fields)
        begin = newline + 1
        if columns == 0:
            continue
        error = BAD_COLUMNS
        if columns == len(COLUMNS) or columns == len(COLUMNS) - 1:  # opening tags may be missing
            error = read_row(
                text, fields, position, rows, count, move_count, url_count, themes, openings
            )
        if error == 0:
            rows.lines[count] = line
            move_count += np.int64(rows.move_counts[count])
            url_count += np.int64(rows.url_lengths[count])
            count += 1
        elif not is_blank(fields):
            refused[bad] = line, error
            bad += 1
    return count, move_count, url_count, bad
