"""Compressed files: whatever they were compressed with, in how many parts, and however named."""

import bz2
import gzip
import io
import lzma
import struct
import zipfile

import pytest
import zstandard

from thinkenv.chess_puzzles import compression
from thinkenv.chess_puzzles.puzzles import BUNDLED

CONTENT = BUNDLED.read_bytes()[:60_000]
PARTS = [CONTENT[:1], CONTENT[1:20_000], CONTENT[20_000:]]


def skippable(content: bytes, kind: int = 0) -> bytes:
    """A skippable frame of zstandard (RFC 8878, section 3.1.2)."""
    return struct.pack("<II", 0x184D2A50 + kind, len(content)) + content


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, CONTENT)
    return file.getvalue()


def pzstd() -> bytes:
    """As ``pzstd`` writes: before each frame a skippable one with its length."""
    frames = map(zstandard.compress, PARTS)
    return b"".join(skippable(struct.pack("<I", len(frame))) + frame for frame in frames)


FILES = {
    "plain": CONTENT,
    "zstandard": zstandard.compress(CONTENT),
    "zstandard in parts": b"".join(map(zstandard.compress, PARTS)),
    "skippable frames": skippable(b"mine") + zstandard.compress(CONTENT) + skippable(b"", 15),
    "pzstd": pzstd(),
    "gzip": gzip.compress(CONTENT),
    "gzip in parts": b"".join(map(gzip.compress, PARTS)) + bytes(100),
    "bzip2": b"".join(map(bz2.compress, PARTS)),
    "xz": b"".join(map(lzma.compress, PARTS)) + bytes(8),
    "zip": zipped("table.csv"),
}


@pytest.mark.parametrize("size", [7, 1 << 20])
@pytest.mark.parametrize("kind", FILES)
def test_every_compression_is_found_by_what_the_file_begins_with(tmp_path, monkeypatch, kind, size):
    monkeypatch.setattr(compression, "BYTES_AT_A_TIME", size)
    path = tmp_path / "named.wrong"
    path.write_bytes(FILES[kind])
    seen = []
    assert b"".join(compression.read_bytes(path, seen.append)) == CONTENT
    assert b"".join(seen) == FILES[kind]


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind != "plain"])
def test_what_is_cut_off_or_damaged_is_said_to_be_so(tmp_path, kind):
    path = tmp_path / "table"
    path.write_bytes(FILES[kind][: len(FILES[kind]) * 2 // 3])
    with pytest.raises(ValueError, match="table: (is cut off|is damaged|damaged or cut off)"):
        for _ in compression.read_bytes(path, lambda raw: None):
            pass
    path.write_bytes(FILES[kind] + b"and more")
    if kind != "zip":
        with pytest.raises(ValueError, match="table: (is cut off|is damaged|damaged or cut off)"):
            for _ in compression.read_bytes(path, lambda raw: None):
                pass


def test_an_archive_of_several_files_is_not_a_table(tmp_path):
    path = tmp_path / "table.xlsx"
    path.write_bytes(zipped("a.xml", "b.xml"))
    with pytest.raises(ValueError, match="or a table saved as CSV, got one with 2 files"):
        list(compression.read_bytes(path, lambda raw: None))


def with_window(power: int) -> bytes:
    """A frame of zstandard that asks for a window of two to the ``power`` bytes, with little in it.

    Its header has no content size (RFC 8878, section 3.1.1.1), and its block is not compressed.
    """
    descriptor, window = b"\x00", bytes([(power - 10) << 3])
    block = struct.pack("<I", 1 | len(PARTS[1]) << 3)[:3] + PARTS[1]
    return compression.ZSTANDARD_MAGIC + descriptor + window + block


def test_long_windows_are_read_where_they_fit_into_memory(tmp_path, monkeypatch):
    path = tmp_path / "table.csv.zst"
    for power in (27, 28, 31):
        path.write_bytes(with_window(power))
        assert b"".join(compression.read_bytes(path, lambda raw: None)) == PARTS[1]
    monkeypatch.setattr("os.sysconf", lambda name: 1 << 15)  # a gigabyte of memory
    with pytest.raises(ValueError, match=r"window \(zstd --long\) need 2 GB of memory"):
        list(compression.read_bytes(path, lambda raw: None))
