"""Tables, positions and downloads that lie: one error, in little time and memory."""

import bz2
import errno
import gzip
import io
import lzma
import os
import struct
import subprocess
import sys
import time
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import pytest
import zstandard

from thinkenv import chess_puzzles
from thinkenv.__main__ import main
from thinkenv.chess_puzzles import PuzzleFileError, compression, downloading, import_puzzles
from thinkenv.chess_puzzles.puzzles import BUNDLED
from thinkenv.chess_puzzles.tables import parquet

HEADER, *ROWS = BUNDLED.read_bytes().splitlines(keepends=True)[:41]
TABLE = HEADER + b"".join(ROWS)
MUCH = 150 << 20  # bytes that bombs become
SECONDS, BYTES = 10, 200e6  # what a refusal may take; the time is mostly that of busy machines


@pytest.fixture(scope="module", autouse=True)
def compiled(tmp_path_factory):
    """Kernels are compiled before time is taken."""
    import_puzzles(BUNDLED, None)
    path = tmp_path_factory.mktemp("positions") / "a.epd"
    path.write_text("8/8/8/8/3k4/8/1p4K1/8 b - - bm b1=Q;\n")
    chess_puzzles.read_positions(path)


def refusal(read, path: Path, traced: bool = False) -> str:
    """Why a file is refused, early; with little memory, where that is traced."""
    begin = time.perf_counter()
    if traced:
        tracemalloc.start()
    with pytest.raises(PuzzleFileError) as refused:
        read(path)
    if traced:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < BYTES
    assert time.perf_counter() - begin < SECONDS
    said = str(refused.value)
    assert said.startswith(f"{path}: ") and "\n" not in said and len(said) < len(str(path)) + 400
    return said


def read_table(path: Path) -> object:
    return import_puzzles(path, None)


READERS = [read_table, chess_puzzles.read_positions, chess_puzzles.load]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
@pytest.mark.parametrize("read", READERS)
def test_what_is_no_ordinary_file_is_refused_at_once(tmp_path, read, capsys):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "device.csv").symlink_to("/dev/zero")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "empty.csv").touch()
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(ValueError, match=path.name):
            read(path)
        target = str(tmp_path / "a.puzzles")
        assert main(["chess", "import", str(path), "--to", target]) == 1
        assert main(["chess", "info", str(path)]) == 1
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 2 and all(line.startswith("error: ") for line in lines)
        assert all(path.name in line for line in lines)


def pieces(character: bytes):
    """So many bytes of one kind as a bomb becomes, a million at a time."""
    return (character * (1 << 20) for _ in range(MUCH >> 20))


def zstandard_bomb(content) -> bytes:
    press = zstandard.ZstdCompressor().compressobj()
    return b"".join([*map(press.compress, content), press.flush()])


def zstandard_of_repeated_bytes() -> bytes:
    """Blocks of four bytes that become 128 KiB each (RFC 8878, section 3.1.1.2.2)."""
    block = struct.pack("<I", 1 << 1 | (1 << 17) << 3)[:3] + b"\n"
    end = struct.pack("<I", 1)[:3]
    return compression.ZSTANDARD_MAGIC + b"\x00\x58" + block * 50_000 + end


def zip_bomb(size: int | None = None) -> bytes:
    """An archive whose directory says that its file has so many bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"\n" * MUCH)
    content = file.getvalue()
    real = struct.pack("<I", MUCH)
    return content if size is None else content.replace(real, struct.pack("<I", size))


BOMBS = {
    "zstandard": lambda: zstandard_bomb(pieces(b"\n")),
    "zstandard of commas": lambda: zstandard_bomb(pieces(b",,,,,,,,,\n"[:8] + b"\n")),
    "zstandard of repeated bytes": zstandard_of_repeated_bytes,
    "zstandard of rows": lambda: zstandard_bomb([HEADER, *[ROWS[0] * 1000] * 2000]),
    "zstandard in zstandard": lambda: zstandard_bomb([zstandard_bomb(pieces(b"\n"))] * 3000),
    "gzip": lambda: gzip.compress(b"\0" * MUCH, 1),
    "gzip of JSON": lambda: gzip.compress(b"[" * MUCH, 1),
    "gzip of numbers": lambda: gzip.compress(b"[" + b"0," * (MUCH // 2), 1),
    "gzip of lines": lambda: gzip.compress(b"FEN,Moves\n" + b"a,b\n" * (MUCH // 4), 1),
    "gzip of objects": lambda: gzip.compress(b'{"FEN":"a","Moves":"b"}\n' * (MUCH // 24), 1),
    "bzip2": lambda: bz2.compress(b"\n" * MUCH),
    "xz": lambda: lzma.compress(b"\n" * MUCH, preset=0),
    "zip": zip_bomb,
    "zip that says little": lambda: zip_bomb(1000),
    "many empty frames": lambda: zstandard.compress(b"") * 500_000,
    "many skippable frames": lambda: struct.pack("<II", 0x184D2A50, 0) * 500_000,
    "many empty parts": lambda: gzip.compress(b"") * 200_000,
    "a huge skippable frame": lambda: struct.pack("<II", 0x184D2A50, 2**32 - 1) + TABLE,
    "a huge window": lambda: compression.ZSTANDARD_MAGIC + b"\x00\xff" + bytes(100),
    "a huge content": lambda: (
        compression.ZSTANDARD_MAGIC + b"\xe0" + struct.pack("<Q", 2**62) + bytes(100)
    ),
}


SLOW_TO_TRACE = {"gzip of lines", "gzip of objects", "xz", "bzip2", "zstandard of commas"}


@pytest.mark.parametrize("kind", BOMBS)
def test_what_would_fill_the_memory_is_refused_before_it_does(tmp_path, kind):
    path = tmp_path / "a.csv"
    path.write_bytes(BOMBS[kind]())
    for read in (read_table, chess_puzzles.read_positions):
        refusal(read, path, traced=kind not in SLOW_TO_TRACE)


def test_a_whole_table_is_read_however_it_is_compressed_and_cut_into_parts(tmp_path):
    """What is refused above is near to what is not."""
    path = tmp_path / "a.csv"
    once = b"".join(zstandard.compress(row) for row in (HEADER, *ROWS))
    frames = struct.pack("<II", 0x184D2A50, 7) + b"skipped" + once
    for content in (frames, b"".join(gzip.compress(row) for row in (HEADER, *ROWS))):
        path.write_bytes(content)
        assert len(read_table(path)[0]) == len(ROWS)


def test_a_file_that_is_twice_in_a_zip_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("a.csv", TABLE)
        archive.writestr("a.csv", TABLE)
    for read in READERS:
        assert "has the member 'a.csv' twice" in refusal(read, path)


TEXTS = {
    "a line without end": b"x" * (3 << 20),
    "a quote without end": HEADER + b'"' + b"x" * (3 << 20),
    "a long field": HEADER + b'"' + b"x" * 200_000 + b'",' * 9 + b"\n",
    "quotes that open again": b"PuzzleId,FEN,Moves\n" + b'x",",z\n' * 300_000,
    "many columns": b"FEN,Moves," + b"x," * 100_000 + b"\n" + b"y," * 100_002 + b"\n",
    "a number without end": b'{"FEN": "x", "Moves": "y", "Rating": ' + b"9" * 100_000 + b"}\n",
    "a large exponent": b"FEN,Moves,Rating\nx,y,1e999999999\n",
    "halves of characters": b'{"FEN": "\\ud800", "Moves": "\\udfff", "PuzzleId": "\\ud8ff"}\n',
    "lists in lists": b'{"FEN":' + b"[" * 900 + b"]" * 900 + b', "Moves": "x"}\n',
    "lists in lists in lists": b"[" * 500_000,
    "keys that are twice": b'{"FEN": "x", "FEN": "y", "Moves": "z"}\n',
    "names that are none": b'{"columns": [["a"], {"b": 1}, null, 5], "data": [[1, 2, 3, 4]]}',
    "columns of two kinds": b'{"FEN": {"a": "x"}, "Moves": ["y"]}',
    "wide columns": b'{"FEN":['
    + b'"",' * 20_000
    + b'""]'
    + b',"x%d":[]' * 20_000 % tuple(range(20_000))
    + b"}",
    "half of UTF-16": b"\xff\xfe" + b"\x00\xd8" * 1000 + b"x",
    "an operation without end": b"8/8/8/8/3k4/8/1p4K1/8 b - - " + b"a" * 500_000 + b'"',
    "spaces without end": b"8/8/8/8/3k4/8/1p4K1/8 b - - a" + b" " * 500_000 + b'"',
    "a game that repeats": b'FEN,Moves,x\n"rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 '
    b'1","' + b"Nf3 Nf6 Ng1 Ng8 " * 50_000 + b'",1\n',
    "other lines": b"FEN,Moves\n" + b"a,b\n" * 300_000,
}


@pytest.mark.parametrize("kind", TEXTS)
def test_text_that_does_not_end_or_is_nested_is_refused(tmp_path, kind):
    path = tmp_path / "a.csv"
    path.write_bytes(TEXTS[kind])
    for read in (read_table, chess_puzzles.read_positions):
        refusal(read, path)


def test_one_row_that_lies_is_refused_and_the_others_are_read(tmp_path):
    path = tmp_path / "a.jsonl"
    fen, moves = ROWS[0].split(b",")[1:3]
    lines = [b'{"PuzzleId": "a", "FEN": "%b", "Moves": "%b"}' % (fen, moves)]
    lines += [b'{"FEN":' + b"[" * depth + b"]" * depth + b"}" for depth in (500, 100_000)]
    path.write_bytes(b"\n".join(lines))
    database, refused = import_puzzles(path, None)
    assert (len(database), refused.lines.tolist()) == (1, [2, 3])


def parquet_file(path: Path, columns: dict, **options) -> bytes:
    pyarrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet").write_table(pyarrow.table(columns), path, **options)
    return path.read_bytes()


def test_parquet_that_becomes_large_is_refused_before_it_does(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    path = tmp_path / "a.parquet"
    column = pyarrow.repeat("x", 5_000_000)
    parquet_file(path, {"FEN": column, "Moves": column})
    assert "the table of 5,000,000 rows" in refusal(read_table, path)
    themes = pyarrow.ListArray.from_arrays([0, *[5_000_000] * 3], column)
    parquet_file(path, {"FEN": ["x"] * 3, "Moves": ["y"] * 3, "Themes": themes})
    assert "values has" in refusal(read_table, path)
    parquet_file(path, {"FEN": ["x" * 900_000] * 2000, "Moves": ["y"] * 2000}, compression="zstd")
    assert "nothing is unpacked to more than" in refusal(read_table, path)
    parquet_file(path, {"FEN": ["x" * (2 << 20), "y"] * 9, "Moves": ["y"] * 18})
    assert "has a value of 2,097,152 bytes" in refusal(read_table, path)


def test_damaged_parquet_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    rows = [row.decode().split(",") for row in ROWS]
    columns = {"FEN": [row[1] for row in rows], "Moves": [row[2] for row in rows]}
    content = parquet_file(path, columns, write_page_checksum=True)
    assert len(read_table(path)[0]) == len(ROWS)
    for place in range(4, len(content), 4111):
        changed = bytearray(content)
        changed[place] ^= 255
        path.write_bytes(changed)
        try:
            read_table(path)
        except PuzzleFileError as error:
            assert str(path) in str(error)
    for length in range(4, len(content), 9000):
        path.write_bytes(content[:length])
        refusal(read_table, path)
    path.write_bytes(content[:-8] + struct.pack("<I", 2**31 - 1) + b"PAR1")
    assert "is damaged" in refusal(read_table, path)
    with pytest.raises(ValueError, match="twice"):
        parquet.names_of(["FEN", "Theme", "Theme"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (TABLE, "a.csv: 40 puzzles read"),
        (TABLE[:-1], "a.csv: 40 puzzles read; its last line does not end, so compare the number"),
        (HEADER + b"".join(ROWS[:7]), "a.csv: 7 puzzles read"),
        (
            zstandard.ZstdCompressor(write_checksum=False).compress(TABLE),
            "40 puzzles read; its compression has no checksum, so compare the number of rows",
        ),
        (zstandard.ZstdCompressor(write_checksum=True).compress(TABLE), "a.csv: 40 puzzles read"),
        (lzma.compress(TABLE, check=lzma.CHECK_NONE), "its compression has no checksum"),
        (gzip.compress(TABLE), "a.csv: 40 puzzles read"),
    ],
)
def test_how_many_puzzles_were_read_is_said_and_where_that_may_not_be_all(
    tmp_path, monkeypatch, capsys, content, words
):
    monkeypatch.setenv("THINKENV_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    for read in (chess_puzzles.load, lambda path: main(["chess", "import", str(path)])):
        read(path)
        said = capsys.readouterr().err.replace("\r", "\n").splitlines()[-1]
        assert words in said
        assert ("; " in words) == ("; " in said) or "checksum" in words


def test_a_full_disk_is_named_with_what_is_still_whole(tmp_path, monkeypatch, capsys):
    source, target = tmp_path / "a.csv", tmp_path / "a.puzzles"
    source.write_bytes(TABLE)
    assert main(["chess", "import", str(source)]) == 0
    old = target.read_bytes()

    def fail(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="cannot be written .*; the earlier file is whole") as full:
        import_puzzles(source, target)
    assert full.value.filename == str(target) and target.read_bytes() == old
    capsys.readouterr()
    assert main(["chess", "import", str(source)]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"error: {target}: cannot be written (No space left on device; ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.puzzles"]


def test_a_full_disk_while_downloading_is_named_and_what_was_received_is_kept(tmp_path):
    class Full(io.RawIOBase):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="what was received is kept") as full:
        downloading.write(Full(), b"some", tmp_path / "a.part")
    assert full.value.filename == str(tmp_path / "a.part")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
@pytest.mark.parametrize("name", ["a.csv.zst.part", "a.csv.zst.part.etag"])
def test_what_is_no_file_is_not_downloaded_into(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(PuzzleFileError, match=f"{name}: is not an ordinary file"):
        downloading.download("http://127.0.0.1:9/a.csv.zst", tmp_path / "a.csv.zst", attempts=1)


def test_a_damaged_tag_of_a_download_is_none(tmp_path):
    mark = tmp_path / "a.part.etag"
    for content in (b"", b"\xff\xfe", b'"a"\r\nX: y', b"x" * 10_000, b"a", b'"\x01"'):
        mark.write_bytes(content)
        assert downloading.tag_of(mark) is None
    mark.write_bytes(b'"5f-abc"')
    assert downloading.tag_of(mark) == '"5f-abc"'


def test_a_small_file_takes_little_memory_of_the_whole_process(tmp_path):
    """What libraries in C take is not traced, so the most that a process had is looked at."""
    path = tmp_path / "a.csv.zst"
    path.write_bytes(zstandard_of_repeated_bytes())
    program = (
        "import resource, sys\n"
        "from thinkenv.chess_puzzles import import_puzzles\n"
        "most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = most()\n"
        "try: import_puzzles(sys.argv[1], None)\n"
        "except ValueError as error: print(most() - before, error)\n"
    )
    words = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    kilobytes, said = done.stdout.split(" ", 1)
    assert int(kilobytes) < 400_000 and said.startswith(str(path))
