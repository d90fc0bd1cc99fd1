"""Importing Lichess's puzzle files: streamed once, checked row by row, kept as columns."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import zstandard

from thinkenv.chess_puzzles.database import COLUMN_TYPES, Database, write_database
from thinkenv.chess_puzzles.lichess_rows import (
    COLUMNS,
    HEADER,
    MAX_THEMES,
    SAME_ID,
    Words,
    empty_rows,
    empty_words,
    read_lines,
)
from thinkenv.chess_puzzles.notation import ERRORS
from thinkenv.chess_puzzles.rating_splits import settle_positions

ZSTANDARD_MAGIC = b"\x28\xb5\x2f\xfd"  # what a compressed file begins with
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # what spreadsheets put before a text
BYTES_AT_A_TIME = 1 << 20
MAX_LINE_BYTES = 1 << 20  # a row has a few hundred; without a limit any file would be one line


@dataclass
class Refused:
    """The rows of a file that are not puzzles.

    Attributes:
        lines: ``(n,)`` int64, their line numbers in the file, from 1 on.
        reasons: ``(n,)`` int64, indices into ``ERRORS``.
    """

    lines: np.ndarray
    reasons: np.ndarray

    def __len__(self) -> int:
        return len(self.lines)

    def describe(self, max_lines: int = 10) -> list[str]:
        """Lines of text: how many rows were refused and why, and the first of them."""
        if len(self) == 0:
            return []
        counts = Counter(self.reasons.tolist()).most_common()
        text = [f"{len(self):,} rows refused:"]
        text += [f"  {count:,}: {ERRORS[reason]}" for reason, count in counts]
        for line, reason in list(zip(self.lines, self.reasons, strict=True))[:max_lines]:
            text.append(f"  line {line}: {ERRORS[reason]}")
        if len(self) > max_lines:
            text.append(f"  ... and {len(self) - max_lines:,} more")
        return text


def read_bytes(path: Path, see: Callable[[bytes], None]) -> Iterator[bytes]:
    """The text of a plain or zstandard-compressed file in pieces.

    Args:
        path: The file.
        see: Called with the bytes as they are on disk.

    Raises:
        ValueError: If a compressed file is damaged or cut off.
    """
    with open(path, "rb") as file:
        is_compressed = file.read(len(ZSTANDARD_MAGIC)) == ZSTANDARD_MAGIC
        file.seek(0)
        decompressor = zstandard.ZstdDecompressor().decompressobj() if is_compressed else None
        while raw := file.read(BYTES_AT_A_TIME):
            see(raw)
            if decompressor is None:
                yield raw
                continue
            while raw:  # a file may be several compressed ones, one after the other
                if decompressor.eof:
                    decompressor = zstandard.ZstdDecompressor().decompressobj()
                try:
                    text = decompressor.decompress(raw)
                except zstandard.ZstdError as error:
                    raise ValueError(f"{path} is damaged: {error}") from None
                raw = decompressor.unused_data
                if text:
                    yield text
        if decompressor is not None and not decompressor.eof:
            raise ValueError(f"{path} is cut off: its compressed data end in the middle")


def read_ahead(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, each fetched in a second thread while the one before it is worked on."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = thread.submit(next, pieces, None)
            yield piece


def whole_lines(pieces: Iterator[bytes], path: Path) -> Iterator[bytes]:
    """Join pieces of text so that each ends with a newline.

    Raises:
        ValueError: If a line is too long to be one of a puzzle file.
    """
    rest = b""
    for piece in pieces:
        text = rest + piece
        cut = text.rfind(b"\n") + 1
        rest = text[cut:]
        if len(rest) > MAX_LINE_BYTES:
            raise ValueError(
                f"{path} is not a puzzle file: it has a line of over {MAX_LINE_BYTES} bytes"
            )
        if cut:
            yield text[:cut]
    if rest:
        yield rest + b"\n"


def skip_header(text: bytes, path: Path) -> bytes:
    """Check the header of a file, if it has one, and return the text with an empty line instead.

    The empty line keeps the numbers of the other lines.

    Raises:
        ValueError: If the header names other columns than Lichess's.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    line, newline, rest = text.partition(b"\n")
    names = line.decode(errors="replace").strip().split(",")
    if "PuzzleId" not in names and "FEN" not in names:
        return text
    if tuple(names) not in (COLUMNS, COLUMNS[:-1]):
        missing = [name for name in COLUMNS[:-1] if name not in names]
        problem = f"lacks the column {missing[0]}" if missing else f"is {','.join(names)}"
        raise ValueError(f"{path}: the header {problem}; it must be {HEADER}")
    return newline + rest


class GrowingColumn:
    """A column that is appended to, in place: a large one is moved in memory without a copy.

    Args:
        like: An array of the same type and row shape.
    """

    def __init__(self, like: np.ndarray):
        self._array = like[:0].copy()
        self.rows = 0

    def append(self, rows: np.ndarray) -> None:
        """Append rows."""
        end = self.rows + len(rows)
        if end > len(self._array):  # a little more than is needed, so that this is seldom
            self._array.resize((end + end // 8, *rows.shape[1:]), refcheck=False)
        self._array[self.rows : end] = rows
        self.rows = end

    def join(self) -> np.ndarray:
        """All rows as one array; nothing is appended from then on."""
        self._array.resize((self.rows, *self._array.shape[1:]), refcheck=False)
        return self._array


class ImportState:
    """The columns read so far, the words met in them, and the rows refused."""

    def __init__(self) -> None:
        like = empty_rows(1, 1)._asdict()
        self.columns = {name: GrowingColumn(array) for name, array in like.items()}
        self.refused = GrowingColumn(np.empty((1, 2), np.int64))  # lines and reasons
        # Half of the slots may be taken, which is what bounds the number of themes.
        self.themes = empty_words(2 * MAX_THEMES, MAX_THEMES)
        self.openings = empty_words(1 << 16, 0)
        self.theme_names: list[str] = []
        self.opening_names: list[str] = []
        self.lines = 0

    def read(self, text: bytes) -> None:
        """Read whole lines."""
        lines = text.count(b"\n")
        rows = empty_rows(lines, len(text))
        self.openings = with_room(self.openings, lines)
        refused = np.empty((lines, 2), np.int64)
        self.themes.counts[1] = 0  # none of them is new in this text
        characters = np.frombuffer(text, np.uint8)
        count, moves, urls, bad = read_lines(
            characters, self.lines + 1, rows, self.themes, self.openings, refused
        )
        self.theme_names += new_words(text, self.themes)
        self.opening_names += new_words(text, self.openings)
        # So far these count from the beginning of this text.
        rows.move_starts[:count] += np.uint32(self.columns["moves"].rows)
        rows.url_starts[:count] += np.uint32(self.columns["urls"].rows)
        lengths = {"moves": moves, "urls": urls}
        for name, array in rows._asdict().items():
            self.columns[name].append(array[: lengths.get(name, count)])
        self.refused.append(refused[:bad])
        self.lines += lines


def with_room(words: Words, lines: int) -> Words:
    """A table of words with room for one new word in each of so many lines."""
    used = int(words.counts[0])
    slots = len(words.keys)
    while slots < 2 * (used + lines):
        slots *= 2
    larger = empty_words(slots, lines)
    larger.counts[0] = used
    if slots == len(words.keys):
        return Words(words.keys, words.codes, larger.found, larger.counts)
    for key, code in zip(words.keys, words.codes, strict=True):
        if key:
            slot = int(key) & (slots - 1)
            while larger.keys[slot]:
                slot = (slot + 1) & (slots - 1)
            larger.keys[slot] = key
            larger.codes[slot] = code
    return larger


def new_words(text: bytes, words: Words) -> list[str]:
    """The words that were met for the first time in this text."""
    found = words.found[: words.counts[1]].tolist()
    return [text[begin:end].decode(errors="replace") for begin, end in found]


def import_puzzles(
    source: Path, target: Path | None, advance: Callable[[int], None] = lambda count: None
) -> tuple[Database, Refused]:
    """Read a Lichess puzzle file into a database.

    Rows that are not puzzles (an impossible position, an illegal move, no rating, …) are refused
    and counted; the others are kept in the order of the file.

    Args:
        source: A ``.csv`` or ``.csv.zst`` of Lichess, with 9 or 10 columns, with or without header.
        target: The database file to write, or None to keep it in memory.
        advance: Called with the number of bytes of the source that were read just now.

    Returns:
        The database (in memory) and the rows refused.

    Raises:
        ValueError: If the source is damaged, or has other columns, or no row is a puzzle; or if
            the target is the source.
        OSError: If a file cannot be read or written. Nothing is left of an unfinished target.
    """
    if target is not None and target.exists() and target.samefile(source):
        raise ValueError(f"target must not be the file that is read, got {target} for both")
    digest = hashlib.sha256()

    def see(raw: bytes) -> None:
        digest.update(raw)
        advance(len(raw))

    state = ImportState()
    for text in whole_lines(read_ahead(read_bytes(source, see)), source):
        state.read(skip_header(text, source) if state.lines == 0 else text)
    columns = {name: state.columns.pop(name).join() for name in list(state.columns)}
    bad = state.refused.join()
    if len(columns["ratings"]) == 0:
        if len(bad) == 0:
            raise ValueError(f"{source} has no rows")
        raise ValueError(
            f"{source}: not one of {len(bad):,} rows is a puzzle; "
            f"line {bad[0, 0]}: {ERRORS[bad[0, 1]]}"
        )
    columns["ids"] = columns["ids"].view(COLUMN_TYPES["ids"]).reshape(-1)
    repeated = repeated_ids(columns["ids"])
    if len(repeated):
        same_ids = np.stack(np.broadcast_arrays(columns["lines"][repeated], SAME_ID), axis=1)
        bad = np.append(bad, same_ids, axis=0)
        for name in [name for name in columns if name not in ("moves", "urls")]:
            columns[name] = np.delete(columns[name], repeated, axis=0)
    columns["split_ratings"], columns["split_percents"] = settle_positions(
        columns["keys"], columns["ratings"], columns["plays"]
    )
    columns = {name: columns[name].astype(kind, copy=False) for name, kind in COLUMN_TYPES.items()}
    refused = Refused(*bad[np.argsort(bad[:, 0], kind="stable")].T)
    database = Database(
        columns,
        tuple(state.theme_names),
        tuple(state.opening_names),
        source.name,
        digest.hexdigest(),
        len(refused),
    )
    if target is not None:
        write_database(target, database)
    return database, refused


def repeated_ids(ids: np.ndarray) -> np.ndarray:
    """The rows ``(n,)`` whose id stood in an earlier row."""
    order = np.argsort(ids.view(np.uint64), kind="stable")  # numbers sort faster than text
    in_order = ids[order]
    return np.sort(order[1:][in_order[1:] == in_order[:-1]])
