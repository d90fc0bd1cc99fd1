"""Tables of puzzles as people have them: all give what the same rows in Lichess's own form give."""

import csv
import io
import json
import random
import sys
from pathlib import Path

import chess
import numpy as np
import pytest

from thinkenv import chess_puzzles
from thinkenv.__main__ import main
from thinkenv.chess_puzzles import importing
from thinkenv.chess_puzzles.database import open_database, verify_database
from thinkenv.chess_puzzles.importing import import_puzzles
from thinkenv.chess_puzzles.lichess_rows import COLUMNS, MAX_THEMES
from thinkenv.chess_puzzles.notation import ERRORS
from thinkenv.chess_puzzles.puzzles import BUNDLED, ChessPuzzles
from thinkenv.chess_puzzles.tables import text as texts

with open(BUNDLED, newline="") as file:
    ROWS = list(csv.DictReader(file))[:60]
for place, row in enumerate(ROWS):  # the sample leaves these out
    row |= {
        "RatingDeviation": str(70 + place),
        "Popularity": str(90 - place),
        "NbPlays": f"{place}",
    }
    row["OpeningTags"] = "Sicilian_Defense Sicilian_Defense_Najdorf" if place % 7 == 0 else ""


def imported(path: Path) -> tuple[ChessPuzzles, importing.Refused]:
    database, refused = import_puzzles(path, None)
    return ChessPuzzles(database), refused


def write_csv(path: Path, rows: list[dict], columns=COLUMNS, header=None, **options) -> Path:
    """Write rows with Python's own writer of CSV."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator=options.pop("lineterminator", "\n"), **options)
    if header is not False:
        writer.writerow(header or columns)
    writer.writerows([row.get(column, "") for column in columns] for row in rows)
    path.write_bytes(written.getvalue().encode())
    return path


def said(puzzles: ChessPuzzles) -> list[tuple]:
    """All that a table says of its puzzles."""
    every = range(len(puzzles))
    return [
        (
            puzzles.ids[index].decode(),
            puzzles.fen(index),
            puzzles.solution(index),
            int(puzzles.last_moves[index]),
            int(puzzles.ratings[index]),
            int(puzzles.rating_deviations[index]),
            int(puzzles.popularities[index]),
            int(puzzles.plays[index]),
            puzzles.themes(index),
            puzzles.url(index),
            puzzles.opening(index),
        )
        for index in every
    ]


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    """What the same rows in Lichess's own form give; ``test_importing`` checks that."""
    puzzles, refused = imported(write_csv(tmp_path_factory.mktemp("right") / "a.csv", ROWS))
    assert len(puzzles) == len(ROWS) and len(refused) == 0
    return said(puzzles)


def shuffled(seed: int) -> list[str]:
    """Lichess's columns in another order."""
    columns = list(COLUMNS)
    random.Random(seed).shuffle(columns)
    return columns


def further(rows: list[dict]) -> list[dict]:
    notes = ["", 'hard, "really"', "two\nlines, ok", "three\r\n\r\nlines", '"']
    return [row | {"Note": notes[place % 5], "": str(place)} for place, row in enumerate(rows)]


def lists(rows: list[dict], write) -> list[dict]:
    """The rows with themes and opening tags as lists."""
    names = ("Themes", "OpeningTags")
    return [row | {name: write(row[name].split()) for name in names} for row in rows]


def numpy_writing(words: list[str]) -> str:
    return "[" + " ".join(map(repr, words)) + "]"


def floats(rows: list[dict]) -> list[dict]:
    names = ("Rating", "RatingDeviation", "Popularity", "NbPlays")
    return [row | {name: f"{row[name]}.0" for name in names} for row in rows]


TABLES = {
    "other order": lambda path: write_csv(path, ROWS, shuffled(1)),
    "index and notes": lambda path: write_csv(path, further(ROWS), ["", *shuffled(2), "Note"]),
    "notes within": lambda path: write_csv(
        path, further(ROWS), ["Note", *COLUMNS[:3], "", *COLUMNS[3:]]
    ),
    "all in quotes": lambda path: write_csv(path, ROWS, quoting=csv.QUOTE_ALL),
    "quotes and CRLF": lambda path: write_csv(
        path, further(ROWS), [*COLUMNS, "Note"], quoting=csv.QUOTE_ALL, lineterminator="\r\n"
    ),
    "tabs": lambda path: write_csv(path, ROWS, delimiter="\t"),
    "semicolons": lambda path: write_csv(path, ROWS, shuffled(3), delimiter=";"),
    "bars": lambda path: write_csv(path, further(ROWS), [*COLUMNS, "Note"], delimiter="|"),
    "a decimal comma": lambda path: write_csv(
        path, [row | {"Rating": row["Rating"] + ",0"} for row in ROWS], delimiter=";"
    ),
    "small letters": lambda path: write_csv(path, ROWS, header=[name.lower() for name in COLUMNS]),
    "words in the header": lambda path: write_csv(
        path,
        ROWS,
        header=[
            *("puzzle_id", "FEN ", " moves", "rating", "rating_deviation", "POPULARITY"),
            *("nb_plays", "Themes", "game-url", "opening tags"),
        ],
    ),
    "other names": lambda path: write_csv(
        path, ROWS, header=["Id", *COLUMNS[1:6], "plays", "theme", "url", "openings"]
    ),
    "no header, tabs": lambda path: write_csv(path, ROWS, header=False, delimiter="\t"),
    "no header, quotes": lambda path: write_csv(path, ROWS, header=False, quoting=csv.QUOTE_ALL),
    "no header, an index": lambda path: write_csv(
        path, further(ROWS), ["", *COLUMNS], header=False
    ),
    "an index without a name": lambda path: write_csv(
        path, further(ROWS), ["", *COLUMNS], header=COLUMNS
    ),
    "floats": lambda path: write_csv(path, floats(ROWS)),
    "floats elsewhere": lambda path: write_csv(path, floats(ROWS), shuffled(4)),
    "lists of Python": lambda path: write_csv(path, lists(ROWS, str)),
    "lists of NumPy": lambda path: write_csv(path, lists(ROWS, numpy_writing)),
    "lists of JSON": lambda path: write_csv(path, lists(ROWS, json.dumps), shuffled(5)),
    "themes between commas": lambda path: write_csv(path, lists(ROWS, ", ".join)),
    "spaces around": lambda path: write_csv(
        path, [{name: f"  {value} " for name, value in row.items()} for row in ROWS]
    ),
    "two spaces": lambda path: write_csv(
        path,
        [
            row | {name: row[name].replace(" ", "  ") for name in ("FEN", "Moves", "Themes")}
            for row in ROWS
        ],
    ),
    "capitals": lambda path: write_csv(
        path, [row | {"Moves": row["Moves"].upper()} for row in ROWS]
    ),
    "addresses": lambda path: write_csv(
        path,
        [
            row | {"GameUrl": row["GameUrl"].replace("https://", start)}
            for row, start in zip(ROWS, 20 * ["", "http://www.", "HTTPS://Www."], strict=True)
        ],
    ),
    "a game's id": lambda path: write_csv(
        path,
        [row | {"GameId": row["GameUrl"].removeprefix("https://lichess.org/")} for row in ROWS],
        [name for name in [*COLUMNS, "GameId"] if name != "GameUrl"],
    ),
    "king takes rook": lambda path: write_csv(path, [as_chess960(row) for row in ROWS]),
    "empty lines": lambda path: edit(
        write_csv(path, ROWS), lambda raw: b"\n \n" + raw.replace(b"\n", b"\n\r\n")
    ),
    "a byte order mark": lambda path: edit(
        write_csv(path, ROWS), lambda raw: b"\xef\xbb\xbf" + raw
    ),
    "UTF-16": lambda path: edit(
        write_csv(path, ROWS, delimiter="\t"), lambda raw: raw.decode().encode("utf-16")
    ),
    "lines of the Macintosh": lambda path: edit(
        write_csv(path, ROWS), lambda raw: raw.replace(b"\n", b"\r")
    ),
    "the separator's line": lambda path: edit(
        write_csv(path, ROWS, shuffled(6), delimiter=";"), lambda raw: b"sep=;\r\n" + raw
    ),
    "separators at the end": lambda path: edit(
        write_csv(path, ROWS, shuffled(7)), lambda raw: raw.replace(b"\n", b",,\n")
    ),
    "a comment": lambda path: edit(write_csv(path, ROWS), lambda raw: b"# mine\n" + raw),
    "objects in lines": lambda path: path.write_text("\n".join(map(json.dumps, ROWS))),
    "a list of objects": lambda path: path.write_text(
        json.dumps(lists([row | {"Rating": int(row["Rating"])} for row in ROWS], list), indent=1)
    ),
}


def edit(path: Path, change) -> Path:
    path.write_bytes(change(path.read_bytes()))
    return path


def as_chess960(row: dict) -> dict:
    """The row with castling as the king taking its rook."""
    board = chess.Board(row["FEN"])
    moves = []
    for uci in row["Moves"].split():
        move = chess.Move.from_uci(uci)
        moves.append(board.uci(move, chess960=True))
        board.push(move)
    return row | {"Moves": " ".join(moves)}


@pytest.mark.parametrize("name", TABLES)
def test_every_writing_of_a_table_gives_the_same_puzzles(tmp_path, right, name):
    TABLES[name](tmp_path / "table.csv")
    puzzles, refused = imported(tmp_path / "table.csv")
    assert refused.describe() == []
    assert said(puzzles) == right


def test_rows_in_any_pieces_give_the_same(tmp_path, right, monkeypatch):
    path = write_csv(tmp_path / "a.csv", further(ROWS), [*shuffled(8), "Note"])
    monkeypatch.setattr("thinkenv.chess_puzzles.compression.BYTES_AT_A_TIME", 700)
    monkeypatch.setattr("thinkenv.chess_puzzles.tables.BYTES_TO_RECOGNIZE", 1)
    monkeypatch.setattr("thinkenv.chess_puzzles.tables.rows.ROWS_AT_A_TIME", 7)
    assert said(imported(path)[0]) == right
    edit(write_csv(path, ROWS), lambda raw: raw.decode().encode("utf-16"))
    assert said(imported(path)[0]) == right


def test_quotes_in_the_middle_of_lichess_own_table_are_understood(tmp_path, right, monkeypatch):
    monkeypatch.setattr("thinkenv.chess_puzzles.compression.BYTES_AT_A_TIME", 700)
    monkeypatch.setattr("thinkenv.chess_puzzles.tables.BYTES_TO_RECOGNIZE", 1)
    lines = write_csv(tmp_path / "a.csv", ROWS).read_text().splitlines()
    lines[41] = ",".join(f'"{field}"' for field in lines[41].split(","))
    (tmp_path / "a.csv").write_text("\n".join(lines))
    assert said(imported(tmp_path / "a.csv")[0]) == right


def test_what_a_table_does_not_have_is_minus_one_and_named_after_its_line(tmp_path):
    puzzles, _ = imported(write_csv(tmp_path / "a.csv", ROWS, ["FEN", "Moves"]))
    assert puzzles.ids[:2].tolist() == [b"r2", b"r3"]
    for name in ("ratings", "rating_deviations", "plays"):
        assert set(getattr(puzzles, name).tolist()) == {-1}
    assert set(puzzles.popularities.tolist()) == {-32768}
    assert puzzles.themes(0) == () and puzzles.url(0) == puzzles.opening(0) == ""
    missing = ["", "nan", "NaN", "None", "null", "NA", "<NA>", "n/a"]
    rows = [
        row | {"Rating": word, "NbPlays": word} for row, word in zip(ROWS, missing, strict=False)
    ]
    puzzles, refused = imported(write_csv(tmp_path / "b.csv", rows))
    assert len(refused) == 0 and puzzles.ratings.tolist() == puzzles.plays.tolist() == [-1] * 8


def test_fens_of_four_and_five_fields_count_from_zero_and_one(tmp_path):
    rows = [
        row | {"FEN": " ".join(row["FEN"].split()[:fields])}
        for row, fields in zip(ROWS, 30 * [4, 5], strict=True)
    ]
    puzzles, refused = imported(write_csv(tmp_path / "a.csv", rows))
    assert len(refused) == 0
    for index, row in enumerate(rows):
        board = chess.Board(row["FEN"] + " 0 1" if index % 2 == 0 else row["FEN"] + " 1")
        board.push_uci(row["Moves"].split()[0])
        assert puzzles.fen(index) == board.fen()


# Lines in which a side castles, one to each corner, in the set-up move and in the solution.
CASTLING = [
    ("4k2r/8/8/8/8/8/8/R3K3 w Qk - 0 1", "e1a1 e8h8", "e1c1 e8g8"),
    ("r3k3/8/8/8/8/8/8/4K2R b Kq - 0 1", "e8a8 e1h1", "e8c8 e1g1"),
    ("r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1", "e1h1 e8a8", "e1g1 e8c8"),
]


@pytest.mark.parametrize(("fen", "written", "meant"), CASTLING)
def test_castling_as_king_takes_rook_is_castling(tmp_path, fen, written, meant):
    row = {"PuzzleId": "a", "FEN": fen, "Moves": written, "Rating": "1000"}
    puzzles, _ = imported(write_csv(tmp_path / "a.csv", [row]))
    board = chess.Board(fen)
    board.push_uci(meant.split()[0])
    assert puzzles.fen(0) == board.fen() and puzzles.solution(0) == meant.split()[1:]


def test_a_king_beside_its_rook_does_not_castle_by_taking_it(tmp_path):
    row = {"PuzzleId": "a", "FEN": "4k3/8/8/8/8/8/8/4KR2 w - - 0 1", "Moves": "e1f1 e8e7"}
    with pytest.raises(ValueError, match="set-up move is illegal"):
        import_puzzles(write_csv(tmp_path / "a.csv", [row]), None)


def test_castling_rights_that_a_board_cannot_have_are_left_out(tmp_path):
    rows = []
    for row in ROWS:
        board, side, _, *others = row["FEN"].split()
        rows.append(row | {"FEN": " ".join([board, side, "KQkq", *others])})
    puzzles, refused = imported(write_csv(tmp_path / "a.csv", rows))
    assert len(refused) == 0
    for index, row in enumerate(rows):
        board = chess.Board(row["FEN"])
        board.push_uci(row["Moves"].split()[0])
        board.castling_rights = board.clean_castling_rights()
        assert puzzles.fen(index) == board.fen()


def test_addresses_of_other_hosts_stay_what_they_are(tmp_path):
    given = ["https://example.org/g/1", "example.org/g/1", "www.example.org/1", "abcdefgh#3", ""]
    right = [
        *("https://example.org/g/1", "https://example.org/g/1", "https://www.example.org/1"),
        *("https://lichess.org/abcdefgh#3", ""),
    ]
    rows = [row | {"GameUrl": url} for row, url in zip(ROWS, given, strict=False)]
    puzzles, _ = imported(write_csv(tmp_path / "a.csv", rows))
    assert [puzzles.url(index) for index in range(5)] == right


@pytest.mark.parametrize("columns", [COLUMNS, shuffled(9)])
@pytest.mark.parametrize("bad", [7, 59])
def test_a_quote_that_is_not_closed_costs_one_row(tmp_path, columns, bad):
    path = write_csv(tmp_path / "a.csv", ROWS, columns)
    lines = path.read_text().splitlines()
    fields = lines[bad + 1].split(",")
    place = columns.index("OpeningTags")
    fields[place] = '"' + fields[place]
    lines[bad + 1] = ",".join(fields)
    path.write_text("\n".join(lines))
    puzzles, refused = imported(path)
    assert len(puzzles) == len(ROWS) - 1 and refused.lines.tolist() == [bad + 2]
    assert "quotes are not closed" in ERRORS[refused.reasons[0]]


def test_rows_of_another_width_are_refused_with_their_line(tmp_path):
    path = write_csv(tmp_path / "a.csv", further(ROWS[:6]), ["Note", *COLUMNS])
    path.write_text(path.read_text() + "a,b\n" + 'x,"y\nz"\n' + ",".join(["9"] * 12) + "\n")
    puzzles, refused = imported(path)
    # The notes of the rows before them have six further lines.
    first = path.read_text().count("\n", 0, path.read_text().index("a,b")) + 1
    assert len(puzzles) == 6 and refused.lines.tolist() == [first, first + 1, first + 3]
    assert {ERRORS[reason] for reason in refused.reasons} == {
        "the row has more or fewer fields than the header"
    }


def test_labels_of_ones_own_are_kept_however_many_there_are(tmp_path, right):
    labels = [" ".join(f"mine-{place}_{k}" for k in range(40)) for place in range(len(ROWS))]
    rows = [
        row | {"Themes": f"{row['Themes']} {own}"} for row, own in zip(ROWS, labels, strict=True)
    ]
    rows.append(ROWS[0] | {"PuzzleId": "many", "Themes": " ".join(f"t{k}" for k in range(200))})
    rows.append(ROWS[0] | {"PuzzleId": "words", "Themes": "schön it's 1.e4 g+h"})
    target = tmp_path / "a.puzzles"
    import_puzzles(write_csv(tmp_path / "a.csv", rows), target)
    verify_database(target)
    puzzles = chess_puzzles.load(target)
    for index, row in enumerate(rows):
        assert puzzles.themes(index) == tuple(sorted(row["Themes"].split()))
    assert len(chess_puzzles.load(target, themes=["mine-17_3"])) == 1
    with pytest.raises(
        ValueError, match="and 2,.* more, got 'mine-17-3'; did you mean 'mine-17_3'"
    ):
        chess_puzzles.load(target, themes=["mine-17-3"])


def test_a_row_with_more_themes_than_a_file_may_have_leaves_nothing(tmp_path, right, monkeypatch):
    monkeypatch.setattr("thinkenv.chess_puzzles.compression.BYTES_AT_A_TIME", 4096)
    many = " ".join(f"t{k:x}" for k in range(MAX_THEMES + 1))
    rows = [*ROWS[:20], ROWS[0] | {"PuzzleId": "many", "Themes": many}, *ROWS[20:]]
    path = write_csv(tmp_path / "a.csv", rows)
    puzzles, refused = imported(path)
    assert said(puzzles) == right and refused.lines.tolist() == [22]
    assert ERRORS[refused.reasons[0]] == "Themes: more than 65536 different themes in one file"
    assert puzzles.database.columns["theme_sets"].shape[1] == 16
    assert len(puzzles.database.themes) < 100


@pytest.mark.parametrize(
    "change",
    [
        {"PuzzleId": ROWS[3]["PuzzleId"]},
        {"PuzzleId": "new", "Rating": "no"},
        {"PuzzleId": "new", "Themes": "neverSeen some/thing"},
        {"PuzzleId": "new", "Moves": "a1a1 a2a2"},
    ],
)
@pytest.mark.parametrize("columns", [COLUMNS, shuffled(10)])
def test_a_refused_row_changes_no_state(tmp_path, right, change, columns):
    """Were its themes, opening or id kept, the rows behind it would not be as they are."""
    seen_first = {"Themes": "neverSeen", "OpeningTags": "Never_Seen"}
    rows = [*ROWS[:10], ROWS[10] | seen_first | change, *ROWS[10:]]
    puzzles, refused = imported(write_csv(tmp_path / "a.csv", rows, columns))
    assert said(puzzles) == right and refused.lines.tolist() == [12]
    plain, _ = imported(write_csv(tmp_path / "b.csv", ROWS))
    assert puzzles.database.themes == plain.database.themes
    assert puzzles.database.openings == plain.database.openings == (ROWS[0]["OpeningTags"],)
    assert np.array_equal(puzzles.theme_sets, plain.theme_sets)
    assert np.array_equal(puzzles.openings, plain.openings)


def test_ids_longer_than_those_of_lichess_are_kept_whole(tmp_path, right):
    names = [f"my puzzle, no. {place}" if place % 2 else f"p{place}" for place in range(len(ROWS))]
    rows = [
        row | {"PuzzleId": name.replace(",", ":")} for row, name in zip(ROWS, names, strict=True)
    ]
    rows.append(ROWS[0] | {"PuzzleId": rows[1]["PuzzleId"]})
    target = tmp_path / "a.puzzles"
    _, refused = import_puzzles(write_csv(tmp_path / "a.csv", rows), target)
    verify_database(target)
    puzzles = ChessPuzzles(open_database(target))
    assert [each.decode() for each in puzzles.ids.tolist()] == [
        row["PuzzleId"] for row in rows[:-1]
    ]
    assert puzzles.ids.dtype == "S17"
    assert refused.lines.tolist() == [62]
    assert [each[1:] for each in said(puzzles)] == [each[1:] for each in right]


def short_notation(row: dict) -> dict:
    board = chess.Board(row["FEN"])
    written = []
    for move in map(chess.Move.from_uci, row["Moves"].split()):
        written.append(board.san(move))
        board.push(move)
    return row | {"Moves": " ".join(written)}


@pytest.mark.parametrize("columns", [COLUMNS, COLUMNS[::-1]])
@pytest.mark.parametrize(
    "change",
    [
        short_notation,
        lambda row: row | {"Rating": f"{int(row['Rating']):e}"},
        lambda row: row | {"Rating": f"{int(row['Rating']):,}"},
        lambda row: row | {"NbPlays": "+" + row["NbPlays"]},
        lambda row: row | {"Themes": row["Themes"].replace(" ", "|")},
        lambda row: (
            row | {"Themes": "array(" + repr(row["Themes"].split()) + ",\n      dtype='<U12')"}
        ),
        lambda row: row | {"OpeningTags": row["OpeningTags"] or "NaN"},
    ],
)
def test_columns_written_another_way_are_the_same_in_any_order(tmp_path, right, change, columns):
    puzzles, refused = imported(write_csv(tmp_path / "a.csv", list(map(change, ROWS)), columns))
    assert said(puzzles) == right and len(refused) == 0


@pytest.mark.parametrize("separator", ",;")
@pytest.mark.parametrize("missing", ["nan", "None", "NULL", "#N/A", "-"])
def test_words_for_what_is_missing_are_no_values(tmp_path, missing, separator):
    names = ("Rating", "RatingDeviation", "NbPlays", "Themes", "GameUrl", "OpeningTags")
    rows = [row | dict.fromkeys(names, missing) for row in ROWS]
    puzzles, refused = imported(write_csv(tmp_path / "a.csv", rows, delimiter=separator))
    assert len(puzzles) == len(ROWS) and len(refused) == 0
    assert {*puzzles.ratings, *puzzles.rating_deviations, *puzzles.plays} == {-1}
    assert len(puzzles.database.themes) == 0 and {puzzles.url(0), puzzles.opening(0)} == {""}


def test_separators_of_thousands_do_not_shrink_numbers(tmp_path):
    plays = ["1,000", "12,345", "1,012,345", "12'345", "1 000"]
    rows = [row | {"NbPlays": text} for row, text in zip(ROWS, plays, strict=False)]
    puzzles, _ = imported(write_csv(tmp_path / "a.csv", rows))
    assert puzzles.plays.tolist() == [1000, 12345, 1012345, 12345, 1000]


@pytest.mark.parametrize("separator", ",;")
def test_lines_of_separators_alone_are_as_empty_ones(tmp_path, right, separator):
    path = write_csv(tmp_path / "a.csv", ROWS, delimiter=separator)
    path.write_text(path.read_text() + separator * (len(COLUMNS) - 1) + "\n")
    puzzles, refused = imported(path)
    assert said(puzzles) == right and len(refused) == 0


def columns_of(rows: list[dict], write) -> dict:
    return {name: write([row[name] for row in rows]) for name in COLUMNS}


@pytest.mark.parametrize(
    "table",
    [
        columns_of(ROWS, list),
        columns_of(ROWS, lambda column: {str(place): one for place, one in enumerate(column)}),
        {"columns": COLUMNS, "data": [[row[name] for name in COLUMNS] for row in ROWS]},
        {"schema": {"fields": []}, "data": ROWS},
        [row | {"OpeningTags": row["OpeningTags"] or float("nan")} for row in ROWS],
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_one_object_of_json_is_a_table(tmp_path, right, table, indent):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(table, indent=indent))
    puzzles, refused = imported(path)
    assert said(puzzles) == right and len(refused) == 0


def test_a_table_of_json_may_be_one_long_line(tmp_path):
    rows = [row | {"PuzzleId": f"{k}x{row['PuzzleId']}"} for k in range(100) for row in ROWS]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(rows))
    assert path.stat().st_size > texts.MAX_LINE_BYTES
    assert len(imported(path)[0]) == len(rows)


def test_a_best_move_that_is_given_twice_is_one(tmp_path):
    path = tmp_path / "a.epd"
    path.write_text("6k1/5ppp/8/8/8/8/8/K3R3 w - - bm Re8# e1e8;\n")
    puzzles, refused = imported(path)
    assert list(puzzles.solution(0)) == ["e1e8"] and len(refused) == 0


def test_a_capture_en_passant_may_say_so(tmp_path):
    path = tmp_path / "a.epd"
    path.write_text("4k3/8/8/3pP3/8/8/8/4K3 w - d6 bm exd6 e.p.;\n")
    puzzles, refused = imported(path)
    assert list(puzzles.solution(0)) == ["e5d6"] and len(refused) == 0
    (given,) = chess_puzzles.read_positions(path)
    assert given.best_moves == ("e5d6",)


def epd_lines() -> list[str]:
    """The positions to solve of the rows as EPD, with their first right moves in short notation."""
    lines = []
    for row in ROWS:
        board = chess.Board(row["FEN"])
        setup, best, *_ = row["Moves"].split()
        board.push_uci(setup)
        lines.append(board.epd(bm=[board.parse_uci(best)], id=row["PuzzleId"]))
    return lines


def test_epd_has_the_solver_move_first(tmp_path):
    (tmp_path / "a.epd").write_text("# mine\n\n" + "\r\n".join(epd_lines()))
    puzzles, refused = imported(tmp_path / "a.epd")
    assert len(refused) == 0 and len(puzzles) == len(ROWS)
    for index, row in enumerate(ROWS):
        board = chess.Board(row["FEN"])
        setup, best, *_ = row["Moves"].split()
        board.push_uci(setup)
        assert puzzles.fen(index) == board.epd() + " 0 1"
        assert puzzles.solution(index) == [best]
        assert puzzles.ids[index].decode() == row["PuzzleId"]
    assert set(puzzles.last_moves.tolist()) == {0} and set(puzzles.ratings.tolist()) == {-1}


def test_puzzles_without_ratings_are_in_the_split_all_alone(tmp_path, capsys):
    path = tmp_path / "a.epd"
    path.write_text("\n".join(epd_lines()))
    assert len(chess_puzzles.load(path)) == len(ROWS)
    for options in ({"split": "train"}, {"rating": [1, 9999]}, {"easiest": 3}):
        with pytest.raises(
            ValueError, match="it has no ratings, so that the puzzles are in the split"
        ):
            chess_puzzles.load(path, **options)
    assert main(["chess", "info", str(path)]) == 0
    out = capsys.readouterr().out
    assert "60 puzzles from a.epd" in out and "no ratings" in out
    assert chess_puzzles.ChessPuzzleTask(path, split="all").draw(np.arange(3)) is not None


def test_a_rated_puzzle_keeps_its_split_beside_an_unrated_one_with_its_position(tmp_path):
    rows = [ROWS[0] | {"PuzzleId": "x", "Rating": "", "NbPlays": "99999"}, *ROWS]
    puzzles, _ = imported(write_csv(tmp_path / "a.csv", rows))
    plain, _ = imported(write_csv(tmp_path / "b.csv", ROWS))
    assert np.array_equal(puzzles.split_ratings[1:], plain.split_ratings)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("8/8/8/8/8/8/8/8 w - - bm Ka1;", "FEN: a side has not exactly one king"),
        ("4k3/8/8/8/8/8/8/4K2R w K - bm Rh8 O-O;", "several best moves"),
        ("4k3/8/8/8/8/8/8/4K2R w K - am Rh8;", "no best move is given"),
        ("4k3/8/8/8/8/8/8/4K2R w K -", "no best move is given"),
        ("4k3/8/8/8/8/8/8/4K2R w K - bm Qh8;", r"best move \(bm\) is not a legal move"),
        ('4k3/8/8/8/8/8/8/4K2R w K - "bm" Rh8;', "operations are not written"),
    ],
)
def test_lines_of_epd_that_are_no_puzzle_are_refused(tmp_path, line, words):
    (tmp_path / "a.epd").write_text("\n".join([*epd_lines()[:2], line]))
    _, refused = imported(tmp_path / "a.epd")
    assert refused.lines.tolist() == [3]
    assert any(words.replace("\\", "") in text for text in refused.describe())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[1, 2]", "not one of 2 rows is a puzzle; line 1: JSON"),
        ("[1, 2", "is no JSON"),
        ('{"FEN": "x"}\nno', "not one of 2 rows is a puzzle; line 1: JSON"),
        ('[Event "?"]\n\n1. e4 *\n', "is no JSON"),
        ("FEN,Solution\na,b\n", "the header lacks the column Moves"),
        ("PuzzleId;Rating\na;1\n", "the header lacks the column FEN"),
        ('"', "not one of 1 rows is a puzzle"),
        ("\x00\x01\x02", "not one of 1 rows is a puzzle"),
        ("\n\n\r\n", "has no rows"),
        ("FEN,Moves\n", "has no rows"),
        ("PAR1 and so on", "is damaged"),
        ("PK\x03\x04 and so on", "damaged or cut off"),
    ],
)
def test_what_is_no_table_is_an_error_in_one_line(tmp_path, content, words):
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(ValueError, match=words) as error:
        import_puzzles(tmp_path / "a.csv", None)
    assert "a.csv" in str(error.value) and "\n" not in str(error.value)


def test_parquet_gives_the_same_as_text(tmp_path, right):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    numbers = ("Rating", "RatingDeviation", "Popularity", "NbPlays")
    columns = {name: [row[name] for row in ROWS] for name in shuffled(11)}
    for name in numbers:
        columns[name] = [int(value) for value in columns[name]]
    columns["RatingDeviation"] = [float(value) for value in columns["RatingDeviation"]]
    columns["Themes"] = [value.split() for value in columns["Themes"]]
    columns["OpeningTags"] = [value.split() or None for value in columns["OpeningTags"]]
    columns = {"Note": [{"a": 1}] * len(ROWS)} | columns
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table(columns), path, row_group_size=17)
    puzzles, refused = imported(path)
    assert len(refused) == 0 and said(puzzles) == right
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="a.parquet: is damaged"):
        import_puzzles(path, None)


def test_parquet_without_pyarrow_is_one_clear_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(100))
    assert main(["chess", "import", str(tmp_path / "a.parquet")]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert "is a Parquet file, and reading it needs pyarrow: pip install pyarrow" in last


def test_the_usual_encoding_of_windows_is_read(tmp_path):
    path = tmp_path / "a.csv"
    write_csv(path, [ROWS[0] | {"Themes": "schön"}, ROWS[1] | {"Note": '"'}], [*COLUMNS, "Note"])
    path.write_bytes(path.read_bytes().decode().encode("cp1252"))
    assert imported(path)[0].themes(0) == ("schön",)
    assert texts.decoded(b"\x81") == "\ufffd"


def test_databases_are_named_after_their_tables(tmp_path):
    for name, made in {
        "a.csv.gz": "a.puzzles",
        "b.2024.TSV": "b.2024.puzzles",
        "c.jsonl.zst": "c.puzzles",
        "d": "d.puzzles",
        ".csv": ".csv.puzzles",
    }.items():
        assert chess_puzzles.puzzles.database_beside(tmp_path / name) == tmp_path / made


def test_a_missing_file_a_folder_and_a_misspelt_name_are_said_to_be_so(tmp_path):
    for name, words in {
        str(tmp_path / "none.csv"): "none.csv', and there is no such file",
        str(tmp_path): "which is a folder",
        "bundeld": "there is no such file; did you mean 'bundled'",
    }.items():
        with pytest.raises(ValueError, match=words):
            chess_puzzles.load(name)
    with pytest.raises(ValueError, match="got 'mateIn22'; did you mean 'mateIn2'"):
        chess_puzzles.load(themes=["mateIn22"])
