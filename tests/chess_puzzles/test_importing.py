"""Reading Lichess's files: good rows are kept as they are, bad ones counted, damage refused."""

import csv
import errno
import threading
from pathlib import Path

import chess
import numpy as np
import pytest
import zstandard

from thinkenv import chess_puzzles
from thinkenv.__main__ import main
from thinkenv.chess_puzzles import PuzzleFileError, compression, importing
from thinkenv.chess_puzzles import database as databases
from thinkenv.chess_puzzles.importing import import_puzzles
from thinkenv.chess_puzzles.lichess_rows import COLUMNS
from thinkenv.chess_puzzles.notation import ERRORS
from thinkenv.chess_puzzles.puzzles import BUNDLED, ChessPuzzles

TEXT = BUNDLED.read_text().splitlines()
HEADER, ROWS = TEXT[0], TEXT[1:41]
BIG_FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "lichess_puzzles.csv.zst"


def write(path: Path, lines: list[str], newline: str = "\n", end: str = "\n") -> Path:
    path.write_bytes((newline.join(lines) + end).encode())
    return path


def change(row: str, column: str, value: str) -> str:
    """The row with another value in one column."""
    fields = row.split(",")
    fields[COLUMNS.index(column)] = value
    return ",".join(fields)


def assert_same(one: ChessPuzzles, other: ChessPuzzles) -> None:
    for name, column in one.database.columns.items():
        assert np.array_equal(column, other.database.columns[name]), name


def imported(path: Path, target: Path | None = None) -> tuple[ChessPuzzles, importing.Refused]:
    database, refused = import_puzzles(path, target)
    return ChessPuzzles(database), refused


def test_every_column_is_read_as_pythons_csv_and_python_chess_read_it():
    puzzles, refused = imported(BUNDLED)
    assert len(refused) == 0
    with open(BUNDLED, newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(puzzles)
    for index, row in enumerate(rows):
        board = chess.Board(row["FEN"])
        setup, *line = row["Moves"].split()
        board.push_uci(setup)
        assert puzzles.ids[index].decode() == row["PuzzleId"]
        assert puzzles.fen(index) == board.fen()
        assert puzzles.solution(index) == line
        assert puzzles.move_counts[index] == len(line)
        assert puzzles.ratings[index] == int(row["Rating"])
        assert puzzles.rating_deviations[index] == int(row["RatingDeviation"] or -1)
        assert puzzles.popularities[index] == int(row["Popularity"] or -32768)
        assert puzzles.plays[index] == int(row["NbPlays"] or -1)
        assert set(puzzles.themes(index)) == set(row["Themes"].split())
        assert puzzles.url(index) == row["GameUrl"]
        assert puzzles.opening(index) == row["OpeningTags"]


def test_all_columns_survive_where_they_are_filled(tmp_path):
    row = change(
        change(change(ROWS[0], "RatingDeviation", "75"), "Popularity", "-12"), "NbPlays", "9"
    )
    row = change(row, "OpeningTags", "Sicilian_Defense Sicilian_Defense_Najdorf_Variation")
    other = change(ROWS[1], "GameUrl", "https://example.org/game/1")
    puzzles, _ = imported(write(tmp_path / "some.csv", [HEADER, row, other, ROWS[2]]))
    assert (puzzles.rating_deviations[0], puzzles.popularities[0], puzzles.plays[0]) == (75, -12, 9)
    assert puzzles.opening(0) == "Sicilian_Defense Sicilian_Defense_Najdorf_Variation"
    assert (puzzles.opening(1), puzzles.url(1)) == ("", "https://example.org/game/1")


@pytest.mark.parametrize("has_header", [True, False])
@pytest.mark.parametrize("columns", [9, 10])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["\n", "", "\n\n"])
def test_all_layouts_of_the_file_give_the_same(tmp_path, has_header, columns, newline, end):
    lines = [
        ",".join(line.split(",")[:columns]) for line in ([HEADER] if has_header else []) + ROWS
    ]
    path = write(tmp_path / "some.csv", lines, newline, end)
    puzzles, refused = imported(path)
    assert len(puzzles) == len(ROWS) and len(refused) == 0
    assert_same(puzzles, imported(write(tmp_path / "plain.csv", [HEADER, *ROWS]))[0])


@pytest.mark.parametrize("frames", [1, 3])
def test_compressed_files_give_the_same_and_pieces_do_not_matter(tmp_path, frames, monkeypatch):
    monkeypatch.setattr(compression, "BYTES_AT_A_TIME", 1000)
    raw = BUNDLED.read_bytes()
    bounds = [len(raw) * part // frames for part in range(frames + 1)]
    parts = [raw[begin:end] for begin, end in zip(bounds, bounds[1:], strict=False)]
    path = tmp_path / "some.csv.zst"
    path.write_bytes(b"".join(zstandard.compress(part) for part in parts))
    assert_same(imported(path)[0], imported(BUNDLED)[0])


BAD_ROWS = [
    ("swapped", lambda row: swap(row), "FEN: the board"),
    ("FEN", "8/8/8/8/8/8/8/8 w - - 0 1", "FEN: a side has not exactly one king"),
    ("FEN", "", "FEN: the board"),
    ("Moves", "", "Moves: not an even number"),
    ("Moves", "f2g3 e6e7 b2b1", "Moves: not an even number"),
    ("Moves", "f2g9 e6e7", "Moves: a move is not in UCI"),
    ("Moves", "f2f3 e6e7", "Moves: the opponent's set-up move is illegal"),
    ("Moves", "f2g3 e6a1", "Moves: a move of the line is illegal"),
    ("FEN", "k1QQQQQQ/ppQn3Q/QQ5Q/Q6Q/QQQQ4/8/8/7K b - - 0 1", "FEN: a side has more than 16"),
    ("FEN", "k7/pppppppp/p7/8/8/8/8/7K w - - 0 1", "FEN: a side has more than 16 pieces or 8"),
    ("PuzzleId", "", "PuzzleId: not from 1 to 64"),
    ("PuzzleId", "x" * 65, "PuzzleId: not from 1 to 64"),
    ("PuzzleId", "\u00e9ab", "PuzzleId: not from 1 to 64"),
    ("Themes", "fork https://lichess.org/abc", "Themes: not words"),
    ("Rating", "1500.5", "Rating: not a whole number"),
    ("Rating", "-1", "Rating: not a whole number"),
    ("Rating", "10000", "Rating: not a whole number"),
    ("Rating", "1500.0.0", "Rating: not a whole number"),
    ("Rating", ".", "Rating: not a whole number"),
    ("Rating", "nano", "Rating: not a whole number"),
    ("Rating", "0", "Rating: not a whole number"),
    ("RatingDeviation", "x", "RatingDeviation"),
    ("Popularity", "--1", "Popularity"),
    ("NbPlays", "-1", "NbPlays"),
    ("GameUrl", "h" * 256, "GameUrl: longer"),
]


def without_themes(row: str) -> str:
    """The row without its eighth field."""
    fields = row.split(",")
    fields[8] = fields[8] or "https://lichess.org/yyznGmXs#34"
    return ",".join(fields[:7] + fields[8:])


def swap(row: str) -> str:
    """The row with the fields of its FEN in another order."""
    fields = row.split(",")
    fields[1] = " ".join(reversed(fields[1].split()))
    return ",".join(fields)


@pytest.mark.parametrize(("column", "value", "reason"), BAD_ROWS)
def test_bad_rows_are_skipped_with_their_line_and_reason(tmp_path, column, value, reason):
    bad = value(ROWS[0]) if callable(value) else change(ROWS[0], column, value)
    path = write(tmp_path / "some.csv", [HEADER, ROWS[1], bad, ROWS[2]])
    puzzles, refused = imported(path)
    assert len(puzzles) == 2 and puzzles.database.refused == 1
    assert refused.lines.tolist() == [3]
    assert ERRORS[refused.reasons[0]].startswith(reason)
    assert any("line 3" in line and reason in line for line in refused.describe())


@pytest.mark.parametrize("row", ["a,b", "x" * 50, ",".join(["y"] * 11), ROWS[0] + ",more"])
def test_rows_with_another_number_of_columns_are_skipped(tmp_path, row):
    puzzles, refused = imported(write(tmp_path / "some.csv", [ROWS[1], row, ROWS[2]]))
    assert len(puzzles) == 2 and refused.lines.tolist() == [2]
    assert ERRORS[refused.reasons[0]] == "the row has not 9 or 10 columns"


def test_a_file_is_not_overwritten_by_its_own_database(tmp_path):
    path = write(tmp_path / "some.puzzles", ROWS)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="target must not be the file that is read"):
        import_puzzles(path, path)
    assert main(["chess", "import", str(path), "--to", str(path)]) == 1
    assert path.read_bytes() == before


def test_files_of_several_years_have_a_database_each(tmp_path):
    for name in ("a.2023.csv", "a.2024.csv"):
        assert main(["chess", "import", str(write(tmp_path / name, ROWS))]) == 0
    assert {"a.2023.puzzles", "a.2024.puzzles"} < {path.name for path in tmp_path.iterdir()}


def test_a_second_row_with_the_same_id_is_skipped(tmp_path):
    rows = [ROWS[0], ROWS[1], change(ROWS[2], "PuzzleId", ROWS[0].split(",")[0]), ROWS[3]]
    puzzles, refused = imported(write(tmp_path / "some.csv", rows))
    assert [puzzles.url(index) for index in range(3)] == [
        row.split(",")[8] for row in (ROWS[0], ROWS[1], ROWS[3])
    ]
    assert refused.lines.tolist() == [3]
    assert "same as in an earlier row" in ERRORS[refused.reasons[0]]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([HEADER], "has no rows"),
        ([], "has no rows"),
        (["nonsense", "more nonsense"], "not one of 2 rows is a puzzle; line 1"),
        ([HEADER.replace("Moves", "Solution"), *ROWS], "the header lacks the column Moves"),
        ([HEADER.replace("GameUrl", "FEN"), *ROWS], "the header names the column FEN twice"),
        # Columns are where the header says.
        (["FEN,PuzzleId" + HEADER[len("PuzzleId,FEN") :], *ROWS], "not one of 40 rows is a puzzle"),
        (["x" * 3_000_000], "line of over"),
        # Without a header, a missing column of themes leaves addresses in its place.
        ([without_themes(row) for row in ROWS[:9]], "not one of 9 rows.*Themes: not words"),
    ],
)
def test_files_without_puzzles_are_an_error_that_leaves_nothing(tmp_path, lines, words):
    path = write(tmp_path / "some.csv", lines)
    with pytest.raises(ValueError, match=words):
        import_puzzles(path, tmp_path / "some.puzzles")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_compressed_file_is_an_error_that_leaves_nothing(tmp_path, damage):
    compressor = zstandard.ZstdCompressor(write_checksum=True)
    raw = bytearray(compressor.compress(BUNDLED.read_bytes()))
    if damage == "cut":
        raw = raw[: len(raw) // 2]
    else:
        raw[len(raw) // 2] ^= 0xFF
    path = tmp_path / "some.csv.zst"
    path.write_bytes(raw)
    with pytest.raises(ValueError, match="is cut off" if damage == "cut" else "is damaged"):
        import_puzzles(path, tmp_path / "some.puzzles")
    assert list(tmp_path.iterdir()) == [path]


def test_a_database_is_read_back_as_it_was(tmp_path):
    target = tmp_path / "some.puzzles"
    puzzles, _ = imported(BUNDLED, target)
    databases.verify_database(target)
    read = databases.open_database(target)
    assert_same(puzzles, ChessPuzzles(read))
    assert (read.themes, read.openings, read.source_sha256) == (
        puzzles.database.themes,
        puzzles.database.openings,
        puzzles.database.source_sha256,
    )
    assert_same(chess_puzzles.load(target), puzzles)


def test_a_full_disk_or_ctrl_c_leaves_the_old_database(tmp_path, monkeypatch):
    target = tmp_path / "some.puzzles"
    imported(write(tmp_path / "some.csv", ROWS), target)
    old = target.read_bytes()
    for error in (OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()):

        def fail(number, error=error):
            raise error

        monkeypatch.setattr("os.fsync", fail)
        with pytest.raises(type(error)):
            import_puzzles(BUNDLED, target)
        assert target.read_bytes() == old
        assert sorted(path.name for path in tmp_path.iterdir()) == ["some.csv", "some.puzzles"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda raw: raw[:-1], "bytes instead of"),
        (lambda raw: raw[:40], "header cannot be read"),
        (lambda raw: raw.replace(b'"format": 3', b'"format": 9'), "format version 9"),
        (lambda raw: raw.replace(b'"move_counts"', b'"move_numbers'), "header cannot be read"),
        (lambda raw: raw.replace(b'"move_counts"', b'"move_number"'), "header cannot be read"),
        (lambda raw: raw.replace(b'"bytes"', b'"bxtes"', 1), "header cannot be read"),
        (lambda raw: raw.replace(b'"themes"', b'"thxmes"', 1), "header cannot be read"),
        (lambda raw: raw.replace(b'"shape"', b'"shxpe"', 1), "header cannot be read"),
        (lambda raw: raw.replace(b'"<u2"', b'"<i2"', 1), "header cannot be read"),
        (lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), "checksum is wrong"),
    ],
)
def test_a_damaged_database_or_one_of_another_version_is_refused(tmp_path, damage, words):
    target = tmp_path / "some.puzzles"
    imported(BUNDLED, target)
    target.write_bytes(damage(target.read_bytes()))
    with pytest.raises(ValueError, match=words):
        databases.verify_database(target)


def test_a_puzzle_file_is_converted_once_and_again_when_it_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("THINKENV_CACHE", str(tmp_path / "cache"))
    source = write(tmp_path / "some.csv", ROWS)
    assert len(chess_puzzles.load(source)) == len(ROWS)
    (made,) = (tmp_path / "cache" / "chess_puzzles").iterdir()
    chess_puzzles.puzzles.open_in_state.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(chess_puzzles.puzzles, "import_puzzles", None)  # must not be called
        assert len(chess_puzzles.load(str(source))) == len(ROWS)
    made.write_bytes(made.read_bytes()[:-5])  # a damaged one is made again
    chess_puzzles.puzzles.open_in_state.cache_clear()
    assert len(chess_puzzles.load(source)) == len(ROWS)
    write(source, ROWS[:10])
    assert len(chess_puzzles.load(source)) == 10


@pytest.mark.parametrize("problem", ["no folder", "full disk"])
def test_where_the_cache_cannot_be_written_puzzles_stay_in_memory(
    tmp_path, monkeypatch, capsys, problem
):
    (tmp_path / "file").touch()
    folder = tmp_path / ("file/cache" if problem == "no folder" else "cache")
    monkeypatch.setenv("THINKENV_CACHE", str(folder))
    if problem == "full disk":

        def fail(number):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("os.fsync", fail)
    for name in ("a.csv", "b.csv"):
        path = write(tmp_path / name, ROWS)
        one, other = chess_puzzles.load(path), chess_puzzles.load(path, split="train")
        assert len(one) == len(ROWS) and one.database is other.database
        with pytest.raises(ValueError, match="read-only"):
            one.database.columns["ratings"][0] = 1
    notices = [line for line in capsys.readouterr().err.splitlines() if str(folder) in line]
    assert len(notices) == 1 and "stay in memory" in notices[0]
    files = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"file", "a.csv", "b.csv"}


@pytest.mark.skipif(not BIG_FILE.exists(), reason="the large puzzle file is not at hand")
def test_planes_of_100_000_rows_are_those_of_python_chess(tmp_path):
    """The planes are built here from replayed boards, square by square."""
    lines = []
    with open(BIG_FILE, "rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file).read(30_000_000)
        lines = text.decode().split("\n")[:100_001]
    puzzles, refused = imported(write(tmp_path / "part.csv", lines))
    assert len(refused) == 0 and len(puzzles) == 100_000
    planes = puzzles.planes()
    for index, line in enumerate(lines[1:]):
        _, fen, moves, *_ = line.split(",")
        board = chess.Board(fen)
        board.push_uci(moves.split(" ", 1)[0])
        solver = board.turn
        expected = np.zeros((17, 64), np.uint8)
        for square, piece in board.piece_map().items():
            seen = square if solver == chess.WHITE else chess.square_mirror(square)
            expected[piece.piece_type - 1 + 6 * (piece.color != solver), seen] = 1
        rights = board.clean_castling_rights()
        corners = (chess.H1, chess.A1, chess.H8, chess.A8)
        if solver == chess.BLACK:
            corners = tuple(map(chess.square_mirror, corners))
        for plane, corner in enumerate(corners):
            expected[12 + plane] = bool(rights & chess.BB_SQUARES[corner])
        if board.has_legal_en_passant():
            square = board.ep_square
            expected[16, square if solver == chess.WHITE else chess.square_mirror(square)] = 1
        assert np.array_equal(planes[index].reshape(17, 64), expected), line


def test_a_table_that_is_left_in_the_middle_leaves_no_thread_behind(tmp_path, monkeypatch):
    path = tmp_path / "large.csv"
    path.write_bytes(BUNDLED.read_bytes() * 4)  # several pieces, of which the next is fetched ahead

    def stop(state, block):
        raise ValueError("that is enough")

    monkeypatch.setattr(importing.ImportState, "read", stop)
    before = set(threading.enumerate())
    with pytest.raises(PuzzleFileError, match="that is enough") as left:
        import_puzzles(path, None)
    # While the error is there, so are all that it went through.
    assert left.value.__cause__ is not None and set(threading.enumerate()) == before
