"""Kernels that read rows of Lichess's table stay within bounds on whatever text there is."""

import numpy as np

from tests.kernels.contracts.positions import FENS
from tests.kernels.contracts.test_chess_puzzles_notation import as_text, spans, texts
from thinkenv.chess_puzzles import lichess_rows
from thinkenv.chess_puzzles.lichess_rows import (
    COLUMNS,
    HEADER,
    HOST,
    MAX_ID_LENGTH,
    MAX_MOVES_OF_ROW,
    MAX_URL_LENGTH,
    MISSING,
    NO_NUMBER,
    SCHEMES,
    URL_PREFIX,
    empty_rows,
    empty_words,
)
from thinkenv.chess_puzzles.notation import position_of_fen
from thinkenv.chess_puzzles.rules import POSITION_BYTES

# Knights and rooks that go out and back, for a game of any length.
FEN = "r3k1nr/8/8/8/8/8/8/R3K1NR w - - 0 1"
MOVES = ("g1f3", "g8f6", "f3g1", "f6g8")
ROW = f"abcde,{FEN},g1f3 g8f6,1500,75,90,100,mate short,https://lichess.org/abc#1,Opening"


def moves_of_row(count: int) -> str:
    return " ".join(MOVES[number % 4] for number in range(count))


def row(**fields: object) -> str:
    """A row of the table with some fields exchanged."""
    cells = dict(zip(COLUMNS, ROW.split(","), strict=True))
    return ",".join(str(cell) for cell in (cells | fields).values())


def lines_of(*rows: str) -> np.ndarray:
    return as_text("".join(f"{each}\n" for each in rows).encode())


def read(text: np.ndarray, id_length: int = 8, set_bytes: int = 16, room_for_words: int = 200):
    """Read a text with exactly the room that it may need: ``(rows, counts, refused)``."""
    lines = text.tobytes().count(b"\n")
    rows = empty_rows(lines, len(text), id_length, set_bytes)
    refused = np.empty((lines, 2), np.int64)
    slots = 2 << max(1, (2 * room_for_words - 1).bit_length() - 1)
    themes, openings = (empty_words(slots, room_for_words) for _ in range(2))
    *counts, bad = lichess_rows.read_lines(text, rows, themes, openings, refused)
    return rows, counts, refused[:bad]


def fields_of(text: np.ndarray) -> np.ndarray:
    fields = np.zeros((len(COLUMNS), 2), np.int64)
    lichess_rows.find_fields(text, 0, fields)
    return fields


def test_number_of_word():
    for slots, room in ((1, 0), (2, 5), (64, 5), (64, 64), (1 << 12, 1 << 11)):
        words = empty_words(slots, room)
        most = min(room, -(-slots // 2))
        for number in range(most + 3):
            text = as_text(str(number).encode())
            for _ in range(2):  # the second time it is known
                found = lichess_rows.number_of_word(text, 0, len(text), words)
                assert found == (number + 1 if number < most else 0)
        assert words.counts.tolist() == [most, most]
    for text in texts(100, 30):
        for begin, end in spans(len(text)):
            lichess_rows.number_of_word(text, begin, end, words)


def test_forget_words():
    for count in (0, 3, 31, 32):
        words = empty_words(64, 32)
        for number in range(32):
            lichess_rows.number_of_word(as_text(bytes([number])), 0, 1, words)
        lichess_rows.forget_words(words, count)
        assert words.counts.tolist() == [count, count]
        assert np.count_nonzero(words.keys) == count


def test_is_missing():
    for word in MISSING:
        for written in (word, word.upper()):
            assert lichess_rows.is_missing(as_text(written), 0, len(written))
        assert not lichess_rows.is_missing(as_text(word + b"x"), 0, len(word) + 1)
    for text in texts(500, 7):
        for begin, end in spans(len(text)):
            lichess_rows.is_missing(text, begin, end)


def test_parse_whole_float():
    for content, number in {
        b"1500.0": 1500,
        b"1500.": 1500,
        b".0": -1,
        b"1.5": -1,
        b".": -1,
    }.items():
        assert lichess_rows.parse_whole_float(as_text(content), 0, len(content)) == number
    for text in texts(500, 14):
        for begin, end in spans(len(text)):
            lichess_rows.parse_whole_float(text, begin, end)


def test_parse_whole():
    cases = {b"": -7, b"-": -7, b"nan": -7, b"-5": -5, b"999999999": 999999999, b"--1": NO_NUMBER}
    for content, number in cases.items():
        text = as_text(content)
        found = lichess_rows.parse_whole(text, 0, len(text), -1000, 999_999_999, -7)
        assert found == number
    for text in texts(1000, 14):
        for begin, end in spans(len(text)):
            lichess_rows.parse_whole(text, begin, end, 0, 9999, -1)


def test_read_id():
    for length in (8, MAX_ID_LENGTH):
        for size in (0, 1, length - 1, length, length + 1, MAX_ID_LENGTH + 1):
            text = as_text(b"x" * size)
            rows = empty_rows(1, 1, length)
            error = lichess_rows.read_id(text, 0, size, rows, 0)
            assert (error == 0) == (1 <= size <= length)
            assert error or rows.ids.tobytes() == (b"x" * size).ljust(length, b"\0")


def test_is_no_move():
    for content, is_none in {b"": False, b"000": False, b"0000": True, b"0000 e": True}.items():
        assert lichess_rows.is_no_move(as_text(content), 0, len(content)) == is_none
    for text in texts(300, 6):
        for begin, end in spans(len(text)):
            lichess_rows.is_no_move(text, begin, end)


def test_read_moves():
    for count in (0, 1, 2, 3, 4, MAX_MOVES_OF_ROW, MAX_MOVES_OF_ROW + 1, MAX_MOVES_OF_ROW + 2, 400):
        text = as_text(moves_of_row(count).encode())
        rows = empty_rows(1, len(text))
        rows = rows._replace(moves=rows.moves[: max(1, (len(text) + 1) // 5)])
        position = position_of_fen(FEN)
        error = lichess_rows.read_moves(text, 0, len(text), position, rows, 0, 0)
        assert (error == 0) == (count % 2 == 0 and 2 <= count <= MAX_MOVES_OF_ROW)
        assert error or rows.move_counts[0] == count - 1
    for text in texts(300, 40):
        for begin, end in spans(len(text)):
            rows = empty_rows(1, len(text))
            lichess_rows.read_moves(text, begin, end, position_of_fen(FEN), rows, 0, 0)


def test_read_numbers():
    for numbers in ("1,0,-1000,0", "9999,9999,1000,999999999", ",,,", "nan,nan,nan,nan", "x,y,z,-"):
        cells = dict(zip(COLUMNS[3:7], numbers.split(","), strict=True))
        text = lines_of(row(**cells))
        rows = empty_rows(1, 1)
        lichess_rows.read_numbers(text, fields_of(text), rows, 0)


def addresses() -> list[bytes]:
    """Addresses of every beginning, cut at every place."""
    paths = (URL_PREFIX, *(scheme + b"www." + HOST for scheme in SCHEMES), b"example.org/", HOST)
    return [(path + b"abc")[:end] for path in paths for end in range(len(path) + 4)]


def test_begins_with():
    for word in (URL_PREFIX, HOST, b""):
        for address in addresses():
            found = lichess_rows.begins_with(as_text(address), 0, len(address), word)
            assert found == address.startswith(word)


def test_after_other_lichess():
    for address in addresses():
        path = lichess_rows.after_other_lichess(as_text(address), 0, len(address))
        assert path == -1 or address[:path].endswith(HOST)


def test_lacks_scheme():
    for address in (*addresses(), b"a.b", b"a:b", b"a/b", b"..."):
        lichess_rows.lacks_scheme(as_text(address), 0, len(address))


def test_read_url():
    paths = [b"x" * size for size in (0, 1, MAX_URL_LENGTH, MAX_URL_LENGTH + 1, 600)]
    hosts = [b"a." + b"x" * size for size in (0, MAX_URL_LENGTH - 10, MAX_URL_LENGTH - 9, 600)]
    for address in (*addresses(), *paths, *hosts, *(URL_PREFIX + path for path in paths)):
        rows = empty_rows(1, len(address) + 8)
        error = lichess_rows.read_url(as_text(address), 0, len(address), rows, 0, 0)
        assert error or rows.url_lengths[0] <= MAX_URL_LENGTH
        assert not error or len(address) > MAX_URL_LENGTH - 9


def test_is_theme():
    for text in texts(300, 8):
        for begin, end in spans(len(text)):
            lichess_rows.is_theme(text, begin, end)
    every = as_text(bytes(range(256)))
    assert not lichess_rows.is_theme(every, 0, 256) and lichess_rows.is_theme(every, 128, 256)


def test_read_themes():
    for set_bytes in (1, 16):
        for count in (0, 1, 8 * set_bytes - 1, 8 * set_bytes, 8 * set_bytes + 1):
            text = as_text(" ".join(f"t{number}" for number in range(count)).encode())
            rows = empty_rows(1, len(text), set_bytes=set_bytes)
            themes = empty_words(1024, 8 * set_bytes)
            error = lichess_rows.read_themes(text, 0, len(text), rows, 0, themes)
            assert (error == 0) == (count <= 8 * set_bytes)
            assert error or np.unpackbits(rows.theme_sets).sum() == count
    for text in texts(300, 30):
        for begin, end in spans(len(text)):
            rows = empty_rows(1, len(text))
            lichess_rows.read_themes(text, begin, end, rows, 0, empty_words(64, 32))


def test_read_row():
    position = np.empty(POSITION_BYTES, np.uint8)
    for line in (ROW, row(PuzzleId="x" * 65), row(GameUrl="a." + "b" * 600), row(OpeningTags="")):
        text = lines_of(line)
        rows = empty_rows(1, len(text))
        themes, openings = empty_words(64, 32), empty_words(2, 1)
        error = lichess_rows.read_row(
            text, fields_of(text), position, rows, 0, 0, 0, themes, openings
        )
        assert (error == 0) == (line == ROW or line.endswith(","))


def test_find_fields():
    fields = np.zeros((len(COLUMNS), 2), np.int64)
    lines = ["", "\r", ",", " ", ", ", " ,", "," * 9, "," * 10, "," * 300, ROW, f" {ROW} ", "a\r"]
    for line in lines:
        text = lines_of(line)
        columns, newline = lichess_rows.find_fields(text, 0, fields)
        assert newline == len(text) - 1
        assert columns == (line.count(",") + 1 if line.strip("\r") else 0)
        assert fields.min() >= 0 and fields.max() <= newline
        assert np.all(fields[:, 0] <= fields[:, 1])
    for text in texts(500, 30):
        text = as_text(text.tobytes().replace(b"-", b",") + b"\n")
        for begin in range(0, len(text), 5):
            columns, _ = lichess_rows.find_fields(text, begin, fields)
            assert columns == 0 or np.all(fields[:, 0] <= fields[:, 1])


def test_trim_fields():
    text = as_text(b"  a b  " + b" " * 3)
    ends = [(0, 10), (0, 7), (0, 0), (10, 10), (2, 5), (0, 2), (7, 10), (9, 10), (3, 4), (0, 1)]
    fields = np.array(ends, np.int64)
    lichess_rows.trim_fields(text, fields)
    for (begin, end), (first, last) in zip(ends, fields, strict=True):
        assert text[first:last].tobytes() == text[begin:end].tobytes().strip()


def test_is_blank():
    fields = np.zeros((len(COLUMNS), 2), np.int64)
    assert lichess_rows.is_blank(fields)
    fields[-1, 1] = 1
    assert not lichess_rows.is_blank(fields)


def test_read_lines():
    rows, counts, refused = read(lines_of())
    assert counts == [0, 0, 0] and len(refused) == 0
    # Every line is as long in one of its fields as can be, and no longer.
    longest = [
        row(PuzzleId="i" * 8, Moves=moves_of_row(MAX_MOVES_OF_ROW)),
        row(PuzzleId="i" * 7, Moves="0000 " + moves_of_row(MAX_MOVES_OF_ROW - 1)),
        row(PuzzleId="j" * 8, GameUrl="p" * MAX_URL_LENGTH),
        row(PuzzleId="k" * 8, GameUrl="a." + "b" * (MAX_URL_LENGTH - 10)),
        row(PuzzleId="l" * 8, Themes=" ".join(f"t{number}" for number in range(126))),
    ]
    rows, counts, refused = read(lines_of(*longest))
    assert len(refused) == 0 and counts[0] == len(longest)
    assert rows.url_lengths[:4].max() == MAX_URL_LENGTH
    # One character, move or theme more, and they are refused.
    longer = [
        row(PuzzleId="i" * 9),
        row(Moves=moves_of_row(MAX_MOVES_OF_ROW + 2)),
        row(GameUrl="p" * (MAX_URL_LENGTH + 1)),
        row(Themes=" ".join(f"u{number}" for number in range(129))),
        "a" * 300,
        "," * 300,  # blank, which is no reason to say anything
    ]
    rows, counts, refused = read(lines_of(*longer, ROW, ROW))
    assert counts[0] == 2 and len(refused) == len(longer) - 1
    shortest = [row(PuzzleId=number, GameUrl="", Themes="", OpeningTags="") for number in range(9)]
    rows, counts, refused = read(lines_of(*shortest), room_for_words=1)
    assert counts == [9, 9, 0]
    # Rows of which each byte in turn is another one.
    rng = np.random.default_rng(12)
    few = np.frombuffer(b' ,\n\r0aK-./"\xff', np.uint8)
    for fen in FENS[:4]:
        whole = lines_of(HEADER, row(FEN=fen), ROW)
        for place in range(len(whole)):
            changed = whole.copy()
            changed[place] = rng.choice(few)
            read(as_text(changed.tobytes() + b"\n"))
    for text in texts(500, 80):
        read(as_text(text.tobytes().replace(b"-", b",").replace(b"\0", b"\n") + b"\n"))
