"""Databases that are damaged, or made to lead kernels astray: one error, or what they were."""

import hashlib
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from tests.chess_puzzles.database_files import contents_of, crafted, in_version, parts_of, write
from thinkenv import chess_puzzles
from thinkenv.__main__ import main
from thinkenv.chess_puzzles import PuzzleFileError, import_puzzles, lichess_themes, verified
from thinkenv.chess_puzzles import database as databases
from thinkenv.chess_puzzles.puzzles import BUNDLED, ChessPuzzles
from thinkenv.chess_puzzles.replaying import check_by_replay

BIG_FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "lichess_puzzles.csv.zst"
OPENINGS = "Sicilian_Defense Sicilian_Defense_Najdorf_Variation"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """A cache folder of the test's own."""
    monkeypatch.setenv("THINKENV_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def healthy(tmp_path_factory) -> bytes:
    """A small database with some of everything."""
    folder = tmp_path_factory.mktemp("healthy")
    header, *rows = BUNDLED.read_text().splitlines()
    with_en_passant = [row for row in rows if " enPassant" in row or "enPassant " in row][:3]
    chosen = [row + OPENINGS for row in rows[:5]]
    source = folder / "own.csv"
    source.write_text("\n".join([header, *chosen, *rows[5:12], *with_en_passant]) + "\n")
    import_puzzles(source, folder / "own.puzzles")
    return (folder / "own.puzzles").read_bytes()


def refusal(path: Path) -> str:
    """Why a database is not opened."""
    with pytest.raises(PuzzleFileError) as refused:
        chess_puzzles.load(path)
    said = str(refused.value)
    assert said.startswith(f"{path}: ") and "\n" not in said
    return said


def test_databases_of_earlier_releases_are_read(tmp_path):
    new = tmp_path / "new.puzzles"
    import_puzzles(BUNDLED, new)
    content = in_version(new.read_bytes(), 1)
    # What release 0.1.0 made of the same file, byte for byte.
    assert hashlib.sha256(content).hexdigest() == (
        "681d17c634167ab8cf827988a232d3b14368bb58ef098c27afa80551f624cc11"
    )
    for version in (1, 2):
        old = write(tmp_path / "old.puzzles", in_version(content, version))
        databases.verify_database(old)
        read = databases.open_database(old)
        assert contents_of(read) == contents_of(databases.open_database(new))


@pytest.mark.parametrize("mask", [1, 4, 32, 255])
def test_no_changed_byte_is_believed(tmp_path, healthy, mask):
    for place in range(len(healthy)):
        changed = bytearray(healthy)
        changed[place] ^= mask
        path = write(tmp_path / "a.puzzles", changed)
        with pytest.raises(PuzzleFileError, match="a.puzzles: "):
            databases.open_database(path)


@pytest.mark.parametrize("mask", [1, 4, 32, 255])
def test_in_old_formats_a_changed_byte_at_most_changes_where_they_say_they_are_from(
    tmp_path, healthy, mask
):
    # Openings of the first formats are not protected either, but nobody can tell what they were.
    content = crafted(healthy, "openings", lambda values: values.fill(0))
    content = in_version(crafted(content, change_header=lambda h: h.update(openings=[])), 1)
    right = contents_of(databases.open_database(write(tmp_path / "b.puzzles", content)))
    taken = []
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= mask
        path = write(tmp_path / "a.puzzles", changed)
        try:
            read = databases.open_database(path)
        except PuzzleFileError:
            continue
        taken.append(place)
        assert contents_of(read) == right
    _, end = databases.read_header(tmp_path / "b.puzzles")
    assert max(taken, default=0) < content.index(b'"sha256"') < end


def test_a_theme_that_nearly_is_one_of_lichess_is_damage_where_there_is_no_checksum(
    tmp_path, healthy
):
    for before, after in ((b"skewer", b"sketer"), (b"fork", b"Fork")):
        assert before in healthy
        content = in_version(healthy.replace(before, after, 1), 1)
        said = refusal(write(tmp_path / "a.puzzles", content))
        assert f"the theme '{after.decode()}' is '{before.decode()}' but for one character" in said
        chess_puzzles.load(write(tmp_path / "a.puzzles", in_version(content, 3)))
    known = list(lichess_themes.THEMES)
    assert lichess_themes.altered(known) is None
    assert lichess_themes.altered([*known, "forK"]) is None  # beside the theme itself
    assert lichess_themes.altered(["fork", "pinn", "opening"]) is None  # one more letter
    assert lichess_themes.altered(["Fork", "Pin", "Mate"]) is None  # somebody's own spelling


def test_mates_in_another_number_of_moves_are_damage_where_there_is_no_checksum(tmp_path):
    rows = [row for row in BUNDLED.read_text().splitlines() if "mateIn1" in row][:5]
    source = tmp_path / "a.csv"
    source.write_text("\n".join(rows) + "\n")
    import_puzzles(source, tmp_path / "a.puzzles")
    content = in_version((tmp_path / "a.puzzles").read_bytes(), 1)
    chess_puzzles.load(tmp_path / "a.puzzles")
    changed = write(tmp_path / "b.puzzles", content.replace(b"mateIn1", b"mateIn5", 1))
    assert "the theme 'mateIn5' is 'mateIn1'" in refusal(changed)


CONTENTS = {
    "squares": ("positions", lambda a: a.fill(0xDD), "holds what is no piece"),
    "no kings": ("positions", lambda a: a[3, :32].fill(0), "not one king a side"),
    "two kings": ("positions", lambda a: a[3, :4].fill(0x66), "not one king a side"),
    "many queens": ("positions", lambda a: a[3, 8:20].fill(0x55), "too many pieces"),
    "side to move": ("positions", lambda a: a[:, 32].fill(0x20), "who is to move"),
    "rights": ("positions", lambda a: a[:, 32].fill(0x0F), "castling without king or rook"),
    "en passant": ("positions", lambda a: a[:, 33].fill(44), "taking en passant"),
    "en passant far": ("positions", lambda a: a[:, 33].fill(255), "taking en passant"),
    "moves": ("moves", lambda a: a.fill(65535), "a move of its solution is illegal"),
    "moves to nowhere": ("moves", lambda a: a.fill(0), "a move of its solution is illegal"),
    "starts": ("move_starts", lambda a: a.fill(2**32 - 1), "lie beyond all others"),
    "last start": (
        "move_starts",
        lambda a: a[-1:].fill(a[-1] + 1),
        "lie beyond all others|illegal",
    ),
    "no moves": ("move_counts", lambda a: a.fill(0), "not an odd number"),
    "even moves": ("move_counts", lambda a: a[2:3].fill(2), "not an odd number"),
    "too many moves": ("move_counts", lambda a: a.fill(255), "lie beyond all others|not an odd"),
    "last move": ("last_moves", lambda a: a.fill(65535), "the move before its position"),
    "themes": ("theme_sets", lambda a: a.fill(255), "a theme without a name"),
    "openings": ("openings", lambda a: a.fill(2**30), "its opening has no name"),
    "opening -1": ("openings", lambda a: a[4:5].fill(-1), "its opening has no name"),
    "ratings": ("ratings", lambda a: a.fill(0), "out of range"),
    "ratings high": ("ratings", lambda a: a[1:2].fill(10_000), "out of range"),
    "deviations": ("rating_deviations", lambda a: a.fill(-2), "out of range"),
    "popularities": ("popularities", lambda a: a.fill(-1001), "out of range"),
    "plays": ("plays", lambda a: a.fill(10**9), "out of range"),
    "split ratings": ("split_ratings", lambda a: a.fill(-7), "out of range"),
    "split percents": ("split_percents", lambda a: a.fill(100), "in a split where"),
    "another split": ("split_percents", lambda a: a.__ixor__(1), "in a split where"),
    "url starts": ("url_starts", lambda a: a.fill(2**31), "lie beyond all others"),
    "url lengths": ("url_lengths", lambda a: a[-1:].fill(255), "lie beyond all others"),
    "ids": ("ids", lambda a: a[4:5].fill(b"\xff\xfe"), "printable ASCII"),
    "no ids": ("ids", lambda a: a[4:5].fill(b""), "printable ASCII"),
    "ids with zeros": ("ids", lambda a: a[4:5].fill(b"a\0b"), "printable ASCII"),
    "same ids": ("ids", lambda a: a[:2].fill(b"same"), "two puzzles have the same id"),
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_contents_that_would_lead_kernels_astray_are_refused(tmp_path, healthy, kind, capsys):
    column, change, words = CONTENTS[kind]
    for version in (3, 1):
        path = write(tmp_path / "a.puzzles", crafted(in_version(healthy, version), column, change))
        said = refusal(path)
        assert any(word in said for word in words.split("|")), said
    assert main(["chess", "info", str(path)]) == 1
    assert capsys.readouterr().err == f"error: {said}\n"


def test_what_is_let_through_can_be_replayed_by_python_chess(tmp_path, healthy):
    """Few of these databases are let through, and in those every puzzle is a good one."""
    rng = np.random.default_rng(0)
    let_through = 0

    def change(values):
        flat = values.reshape(-1)
        places = rng.integers(0, len(flat), rng.integers(1, 4))
        flat[places] = rng.integers(0, 1 << 8 * values.dtype.itemsize, len(places), np.uint64)

    for _ in range(3000):
        column = str(rng.choice(["positions", "moves", "move_starts", "move_counts", "last_moves"]))
        path = write(tmp_path / "a.puzzles", crafted(healthy, column, change))
        try:
            puzzles = ChessPuzzles(databases.open_database(path))
        except PuzzleFileError:
            continue
        let_through += 1
        problems = check_by_replay(puzzles)
        # A position with a clock of a move 0 is not what python-chess writes.
        assert not [each for each in problems if "python-chess writes" not in each], problems
    assert 0 < let_through < 1500


def entry(name, **values):
    """Changes the description of a column in a header."""
    return lambda header: header["columns"][name].update(values)


def without(*names):
    """Leaves columns out of a header."""
    return lambda header: [header["columns"].pop(name) for name in names]


HEADERS = {
    "no columns": lambda h: h.update(columns={}),
    "columns as a list": lambda h: h.update(columns=[]),
    "one column less": without("urls"),
    "one column more": lambda h: h["columns"].update(more=dict(h["columns"]["urls"])),
    "other order": lambda h: h.update(columns=dict(reversed(h["columns"].items()))),
    "a column that is none": lambda h: h["columns"].update(urls=None),
    "an entry more": lambda h: h.update(more=1),
    "an entry more in a column": entry("urls", more=1),
    "negative offset": entry("ratings", offset=-64),
    "odd offset": entry("ratings", offset=1),
    "offset far": entry("ratings", offset=2**63),
    "offset farther": entry("ratings", offset=2**200),
    "offset with a point": entry("ids", offset=0.0),
    "offset that is none": entry("ratings", offset=None),
    "offset in words": entry("ratings", offset="64"),
    "two columns at one place": entry("positions", offset=0),
    "fewer positions": entry("positions", shape=[5, 37]),
    "shorter positions": entry("positions", shape=[15, 36]),
    "more ratings": entry("ratings", shape=[10**15]),
    "huge": lambda h: [entry(name, shape=[10**15])(h) for name in ("ratings", "plays")],
    "negative": entry("moves", shape=[-1]),
    "a shape with true": entry("ids", shape=[True]),
    "no shape": entry("ratings", shape=[]),
    "shape that is none": entry("ratings", shape=None),
    "another type": entry("moves", dtype="<i2"),
    "objects": entry("ids", dtype="|O"),
    "ids of no characters": entry("ids", dtype="|S0"),
    "ids of many characters": entry("ids", dtype="|S99"),
    "ids of a million characters": entry("ids", dtype="|S1000000"),
    "sets of no bytes": entry("theme_sets", shape=[15, 0]),
    "no themes": lambda h: h.update(themes=[]) or entry("theme_sets", shape=[15, 0])(h),
    "themes that are none": lambda h: h.update(themes=None),
    "themes as text": lambda h: h.update(themes="fork"),
    "a theme that is a number": lambda h: h["themes"].__setitem__(0, 5),
    "a theme that is a list": lambda h: h["themes"].__setitem__(0, ["fork"]),
    "a theme of two words": lambda h: h["themes"].__setitem__(0, "a fork"),
    "an empty theme": lambda h: h["themes"].__setitem__(0, ""),
    "a theme with a zero": lambda h: h["themes"].__setitem__(0, "a\0b"),
    "a half of a character": lambda h: h["themes"].__setitem__(0, "\ud800"),
    "a theme twice": lambda h: h["themes"].__setitem__(0, h["themes"][1]),
    "an opening twice": lambda h: h["openings"].append(h["openings"][0]),
    "an opening of two lines": lambda h: h["openings"].append("a\nb"),
    "openings that are none": lambda h: h.update(openings=None),
    "an opening that is none": lambda h: h["openings"].append(None),
    "refused below 0": lambda h: h.update(refused=-1),
    "refused with a point": lambda h: h.update(refused=0.0),
    "refused is true": lambda h: h.update(refused=True),
    "refused is no number": lambda h: h.update(refused=float("nan")),
    "other bytes": lambda h: h.update(bytes=h["bytes"] + 64),
    "bytes without end": lambda h: h.update(bytes=float("inf")),
    "a source that is none": lambda h: h.update(source=None),
    "another checksum of the source": lambda h: h.update(source_sha256="X" * 64),
    "no version": lambda h: h.pop("format") and h.update(format="3"),
    "version that is true": lambda h: h.update(format=True),
    "version with a point": lambda h: h.update(format=1.0),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_headers_that_no_release_wrote_are_refused(tmp_path, healthy, kind):
    header, body = parts_of(healthy)
    HEADERS[kind](header)
    text = json.dumps(header).encode()
    content = crafted(healthy, change_text=lambda _: text)
    begin = time.process_time()
    said = refusal(write(tmp_path / "a.puzzles", content))
    assert "is damaged" in said and time.process_time() - begin < 5


TEXTS = {
    "nothing": lambda text: b"",
    "deep": lambda text: b"[" * 200_000,
    "no object": lambda text: b"[1, 2, 3]",
    "no JSON": lambda text: text[:-1],
    "two keys": lambda text: text.replace(b'"refused": 0', b'"refused": 0, "refused": 0'),
    "spaces": lambda text: text.replace(b'"refused": 0', b'"refused":  0'),
    "other digits": lambda text: text.replace(b'"refused": 0', b'"refused": 0e0'),
    "long number": lambda text: text.replace(b'"refused": 0', b'"refused": ' + b"9" * 100_000),
    "escaped": lambda text: text.replace(b'"source"', b'"so\\u0075rce"'),
    "no UTF-8": lambda text: text.replace(b"skewer", b"ske\xffer"),
    "another encoding": lambda text: text.decode().encode("utf-16"),
    "long theme": lambda text: text.replace(b"skewer", b"a b" * 1_000_000),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_headers_that_are_written_otherwise_are_refused(tmp_path, healthy, kind):
    path = write(tmp_path / "a.puzzles", crafted(healthy, change_text=TEXTS[kind]))
    assert "is damaged: its header cannot be read" in refusal(path)


def test_lengths_of_headers_that_lie_are_refused(tmp_path, healthy):
    length = len(databases.MAGIC)
    for said in (0, 1, 10_000, 2**31, 2**63, 2**64 - 1):
        content = healthy[:length] + said.to_bytes(8, "little") + healthy[length + 8 :]
        assert "header cannot be read" in refusal(write(tmp_path / "a.puzzles", content))
    for cut in (0, 5, length, length + 3, length + 8, len(healthy) // 2, len(healthy) - 1):
        assert refusal(write(tmp_path / "a.puzzles", healthy[:cut]))
    for more in (b"\0", b"x" * 64):
        said = refusal(write(tmp_path / "a.puzzles", healthy + more))
        assert "bytes instead of" in said


def verifications(monkeypatch) -> list:
    """A list to which something is added whenever a database is verified as a whole."""
    done: list = []
    check = databases.check_contents
    monkeypatch.setattr(databases, "check_contents", lambda mapped: done.append(0) or check(mapped))
    return done


def settle(path: Path) -> None:
    """Let a file become so old that a change would show."""
    while not verified.is_settled(os.stat(path)):
        time.sleep(0.01)


def test_a_file_is_verified_once_and_again_when_it_has_changed(tmp_path, healthy, monkeypatch):
    done = verifications(monkeypatch)
    path = write(tmp_path / "a.puzzles", healthy)
    settle(path)
    for _ in range(3):
        databases.open_database(path)
    assert len(done) == 1
    databases.verify_database(path)
    assert len(done) == 2
    # One byte is another, and size and time of change are the same as before.
    found = os.stat(path)
    with open(path, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(bytes([healthy[-1] ^ 1]))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert "its checksum is wrong" in refusal(path)
    # Another file takes its name.
    os.replace(write(tmp_path / "b.puzzles", healthy), path)
    settle(path)
    databases.open_database(path)
    assert len(done) == 4


def test_a_file_that_may_still_change_unseen_is_verified_again(tmp_path, healthy, monkeypatch):
    done = verifications(monkeypatch)
    monkeypatch.setattr(verified, "SETTLED_NANOSECONDS", 10**12)
    path = write(tmp_path / "a.puzzles", healthy)
    for _ in range(3):
        databases.open_database(path)
    assert len(done) == 3


@pytest.mark.parametrize("damage", [b"", b"{}", b"[]", b"\xff", b"[" * 9000, None])
def test_a_damaged_note_means_that_a_file_is_verified_again(tmp_path, healthy, monkeypatch, damage):
    done = verifications(monkeypatch)
    path = write(tmp_path / "a.puzzles", healthy)
    settle(path)
    databases.open_database(path)
    (note,) = (tmp_path / "cache" / verified.FOLDER).iterdir()
    if damage is None:
        note.unlink()
        note.mkdir()
    else:
        note.write_bytes(damage)
    databases.open_database(path)
    assert len(done) == 2


def test_a_note_about_one_file_is_not_believed_about_another(tmp_path, healthy, monkeypatch):
    path = write(tmp_path / "a.puzzles", healthy)
    settle(path)
    databases.open_database(path)
    (note,) = (tmp_path / "cache" / verified.FOLDER).iterdir()
    bad = write(tmp_path / "b.puzzles", crafted(healthy, "moves", lambda values: values.fill(0)))
    os.utime(bad, ns=(os.stat(path).st_atime_ns, os.stat(path).st_mtime_ns))
    settle(bad)
    note.rename(note.with_name(verified.name_of(bad)))
    assert "is illegal" in refusal(bad)


def test_where_nothing_can_be_noted_every_opening_verifies(tmp_path, healthy, monkeypatch, capsys):
    done = verifications(monkeypatch)
    (tmp_path / "file").touch()
    monkeypatch.setenv("THINKENV_CACHE", str(tmp_path / "file" / "cache"))
    path = write(tmp_path / "a.puzzles", healthy)
    settle(path)
    for _ in range(3):
        databases.open_database(path)
    assert len(done) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1  # it is said once


def test_a_file_that_changes_while_it_is_verified_is_refused(tmp_path, healthy, monkeypatch):
    path = write(tmp_path / "a.puzzles", healthy)

    def change(mapped):
        with open(path, "ab") as file:
            file.write(b"more")

    monkeypatch.setattr(databases, "check_contents", change)
    with pytest.raises(PuzzleFileError, match="a.puzzles: was changed while it was read"):
        databases.open_database(path)


def test_a_converted_table_that_is_damaged_in_the_cache_is_made_anew(tmp_path, healthy, capsys):
    source = tmp_path / "own.csv"
    source.write_text("\n".join(BUNDLED.read_text().splitlines()[:9]) + "\n")
    right = chess_puzzles.load(source)
    (made,) = (tmp_path / "cache" / "chess_puzzles").iterdir()
    content = made.read_bytes()
    for changed in (
        content[:-1],
        crafted(content, "moves", lambda values: values.fill(0)),
        crafted(content, "move_starts", lambda values: values.fill(2**31)),
        b"something else",
        b"",
    ):
        write(made, changed)
        chess_puzzles.puzzles.open_in_state.cache_clear()
        capsys.readouterr()
        again = chess_puzzles.load(source)
        assert again.fens() == right.fens() and again.solutions() == right.solutions()
        assert "own.csv: 8 puzzles read" in capsys.readouterr().err
        assert made.read_bytes() == content


def test_words_that_are_no_utf_8_do_not_make_a_database_unreadable(tmp_path):
    header, *rows = BUNDLED.read_bytes().splitlines()
    changed = [row + word for row, word in zip(rows, (b"a\xff", b"a\xfe", b"b"), strict=False)]
    source = tmp_path / "a.csv"
    source.write_bytes(b"\n".join([header, *changed]) + b"\n")
    database, refused = import_puzzles(source, tmp_path / "a.puzzles")
    assert len(database) == 3 and len(refused) == 0
    assert databases.open_database(tmp_path / "a.puzzles").openings == database.openings


def test_more_names_than_a_database_has_room_for_are_not_written(tmp_path, monkeypatch):
    source = tmp_path / "own.csv"
    source.write_text("\n".join(BUNDLED.read_text().splitlines()[:9]) + "\n")
    monkeypatch.setattr("thinkenv.chess_puzzles.database_header.MAX_HEADER_BYTES", 1000)
    with pytest.raises(ValueError, match="a database has room for 1,000"):
        import_puzzles(source, tmp_path / "a.puzzles")
    assert len(chess_puzzles.load(source)) == 8  # it stays in memory


@pytest.mark.slow
@pytest.mark.skipif(not BIG_FILE.exists(), reason="the large puzzle file is not at hand")
def test_a_large_database_is_verified_in_two_seconds_and_then_opened_at_once(tmp_path):
    path = tmp_path / "big.puzzles"
    import_puzzles(BIG_FILE, path)
    databases.verify_database(path)  # kernels are compiled, and the file is in memory
    begin = time.process_time()
    databases.verify_database(path)
    assert time.process_time() - begin < 4  # on two cores
    begin = time.perf_counter()
    database = databases.open_database(path)
    assert time.perf_counter() - begin < 0.03
    assert isinstance(database.columns["moves"].base, np.memmap)
