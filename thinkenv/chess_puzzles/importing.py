"""Importing tables of puzzles: streamed once, checked row by row, kept as columns."""

import hashlib
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from thinkenv import gate
from thinkenv.chess_puzzles.columns import COLUMN_TYPES
from thinkenv.chess_puzzles.compression import Trace
from thinkenv.chess_puzzles.database import Database, write_database
from thinkenv.chess_puzzles.errors import PuzzleFileError
from thinkenv.chess_puzzles.lichess_rows import (
    LONG_ID,
    MAX_ID_LENGTH,
    MORE_THEMES,
    SAME_ID,
    USUAL_ID_LENGTH,
    USUAL_SET_BYTES,
    Rows,
    Words,
    empty_rows,
    empty_words,
    read_lines,
)
from thinkenv.chess_puzzles.notation import ERRORS
from thinkenv.chess_puzzles.rating_splits import settle_positions
from thinkenv.chess_puzzles.tables import Block, read_blocks
from thinkenv.machine import check_fits_into_memory

# Where so many rows were refused, and so many times as many as were not, it is something else.
MAX_REFUSED, MAX_REFUSED_SHARE = 100_000, 100
SETS_AT_A_TIME = 1024  # whose bits take a byte each while some are left out


@dataclass
class Refused:
    """The rows of a file that are not puzzles.

    Attributes:
        lines: ``(n,)`` int64, their line numbers in the file, from 1 on.
        reasons: ``(n,)`` int64, indices into ``ERRORS``.
        doubt: Why the file may lack some at its end, or have wrong ones, without that showing;
            empty if that would show.
    """

    lines: np.ndarray
    reasons: np.ndarray
    doubt: str = ""

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

    def rows_so_far(self) -> np.ndarray:
        """The rows that were appended so far."""
        return self._array[: self.rows]

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
        self.themes = empty_words(1, 0)
        self.openings = empty_words(1 << 16, 0)
        self.theme_names: list[str] = []
        self.opening_names: list[str] = []
        self.id_length = USUAL_ID_LENGTH
        self.set_bytes = USUAL_SET_BYTES

    def read(self, block: Block) -> None:
        """Read the rows of a block."""
        id_length, set_bytes = self.id_length, self.set_bytes
        while True:
            rows, (count, moves, urls), refused = self.read_with_room(block, id_length, set_bytes)
            reasons = refused[:, 1]
            if LONG_ID in reasons:
                id_length = MAX_ID_LENGTH
            elif MORE_THEMES in reasons:
                set_bytes *= 2
            else:
                break
        rows = self.with_common_widths(rows, id_length)
        rows.lines[:count] = block.lines[rows.lines[:count]]
        refused[:, 0] = block.lines[refused[:, 0]]
        # So far these count from the beginning of this text.
        rows.move_starts[:count] += np.uint32(self.columns["moves"].rows)
        rows.url_starts[:count] += np.uint32(self.columns["urls"].rows)
        lengths = {"moves": moves, "urls": urls}
        for name, array in rows._asdict().items():
            self.columns[name].append(array[: lengths.get(name, count)])
        self.refused.append(refused)
        self.refused.append(block.refused)

    def check_share(self) -> None:
        """Check that so far there are not only rows that are no puzzles.

        Raises:
            ValueError: If there are many of those, and next to no others.
        """
        good, bad = self.columns["ratings"].rows, self.refused.rows
        if bad > MAX_REFUSED and bad > MAX_REFUSED_SHARE * good:
            raise ValueError(
                f"is hardly a table of puzzles: only {good:,} of the first {good + bad:,} rows "
                f"are; {first_of(self.refused.rows_so_far())}"
            )

    def read_with_room(
        self, block: Block, id_length: int, set_bytes: int
    ) -> tuple[Rows, tuple[int, int, int], np.ndarray]:
        """Read a block's text with room for ids of a length, and sets of so many bytes.

        Returns:
            ``(rows, counts, refused)``: the numbers of rows, moves and characters of addresses, and
            ``(k, 2)`` int64 lines of the text and reasons.
        """
        lines = len(block.lines)
        rows = empty_rows(lines, len(block.text), id_length, set_bytes)
        self.themes = with_room(self.themes, 8 * set_bytes - len(self.theme_names))
        self.openings = with_room(self.openings, lines)
        refused = np.empty((lines, 2), np.int64)
        characters = np.frombuffer(block.text, np.uint8)
        *counts, bad = read_lines(characters, rows, self.themes, self.openings, refused)
        self.theme_names += new_words(block.text, self.themes)
        self.opening_names += new_words(block.text, self.openings)
        return rows, tuple(counts), refused[:bad]

    def with_common_widths(self, rows: Rows, id_length: int) -> Rows:
        """Give these rows and those before them ids of one length, and sets of as many bytes.

        The sets are as wide as the themes met so far need: rows with too many themes, which are
        refused, may have asked for more.
        """
        set_bytes = self.set_bytes
        while 8 * set_bytes < len(self.theme_names):
            set_bytes *= 2
        if id_length > self.id_length:
            self.columns["ids"] = widened(self.columns["ids"], id_length)
        if set_bytes > self.set_bytes:
            self.columns["theme_sets"] = widened(self.columns["theme_sets"], set_bytes)
        self.id_length, self.set_bytes = id_length, set_bytes
        return rows._replace(theme_sets=rows.theme_sets[:, :set_bytes])


def first_of(refused: np.ndarray) -> str:
    """The first of some refused rows, ``(k, 2)`` lines and reasons, in words."""
    line, reason = refused[np.argmin(refused[:, 0])]
    return f"line {line}: {ERRORS[reason]}"


def widened(column: GrowingColumn, width: int) -> GrowingColumn:
    """The same column with more bytes in a row, zeros at its end.

    Raises:
        ValueError: If it does not fit into this machine's memory.
    """
    narrow = column.join()
    check_fits_into_memory(
        "ids and sets of themes as wide as those of this file", 2 * len(narrow) * width
    )
    wide = np.zeros((len(narrow), width), narrow.dtype)
    wide[:, : narrow.shape[1]] = narrow
    grown = GrowingColumn(wide)
    grown.append(wide)
    return grown


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
    return [text[begin:end].decode(errors="replace") for begin, end, _ in found]


@gate.reader("a table of puzzles", PuzzleFileError)
def import_puzzles(
    source: str | Path,
    target: str | Path | None,
    advance: Callable[[int], None] = lambda count: None,
) -> tuple[Database, Refused]:
    """Read a table of puzzles into a database.

    Rows that are not puzzles (an impossible position, an illegal move, …) are refused and counted;
    the others are kept in the order of the file.

    Args:
        source: A table such as a ``.csv`` or ``.csv.zst`` of Lichess; see
            ``thinkenv.chess_puzzles.tables`` for all that is read.
        target: The database file to write, or None to keep it in memory.
        advance: Called with the number of bytes of the source that were read just now.

    Returns:
        The database (in memory) and the rows refused.

    Raises:
        PuzzleFileError: If the source cannot be read, is damaged, or lacks a column, or no row is a
            puzzle, or next to none; or if the target is the source.
        OSError: If the target cannot be written. Nothing is left of an unfinished one, and an
            earlier one is whole.
        ImportError: If the source is a Parquet file and pyarrow is not installed.
    """
    source = Path(source)
    target = None if target is None else Path(target)
    if target is not None and target.exists() and target.samefile(source):
        raise ValueError(f"target must not be the file that is read, got {target} for both")
    digest = hashlib.sha256()

    def see(raw: bytes) -> None:
        digest.update(raw)
        advance(len(raw))

    state = ImportState()
    trace = Trace()
    with closing(read_blocks(source, see, trace)) as blocks:
        for block in blocks:
            state.read(block)
            state.check_share()
    columns = {name: state.columns.pop(name).join() for name in list(state.columns)}
    bad = state.refused.join()
    if len(columns["ratings"]) == 0:
        if len(bad) == 0:
            raise ValueError("has no rows")
        line, reason = bad[np.argmin(bad[:, 0])]
        raise ValueError(f"not one of {len(bad):,} rows is a puzzle; line {line}: {ERRORS[reason]}")
    columns["ids"] = as_texts(columns["ids"])
    columns, same = without(columns, repeated_ids(columns["ids"]), SAME_ID)
    bad = np.concatenate([bad, same])
    themes, columns["theme_sets"] = themes_in_use(columns["theme_sets"], state.theme_names)
    openings, columns["openings"] = words_in_use(columns["openings"], state.opening_names)
    columns["split_ratings"], columns["split_percents"] = settle_positions(
        columns["keys"], columns["ratings"], columns["plays"]
    )
    types = COLUMN_TYPES | {"ids": columns["ids"].dtype}
    columns = {name: columns[name].astype(types[name], copy=False) for name in COLUMN_TYPES}
    lines, reasons = bad[np.argsort(bad[:, 0], kind="stable")].T
    refused = Refused(lines, reasons, trace.doubt)
    database = Database(
        columns, tuple(themes), tuple(openings), source.name, digest.hexdigest(), len(refused)
    )
    if target is not None:
        write_database(target, database)
    return database, refused


def as_texts(ids: np.ndarray) -> np.ndarray:
    """Ids as texts ``(n,)``, each of as many bytes as the longest has and as is usual.

    Args:
        ids: ``(n, length)`` uint8, characters, then zeros.
    """
    longest = ids.shape[1]
    while longest > USUAL_ID_LENGTH and not ids[:, longest - 1].any():
        longest -= 1
    return np.ascontiguousarray(ids[:, :longest]).view(f"S{longest}").reshape(-1)


def without(
    columns: dict[str, np.ndarray], rows: np.ndarray, reason: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Leave rows out of columns.

    Returns:
        ``(columns, refused)``: what is left, and ``(len(rows), 2)`` lines and reasons.
    """
    if len(rows) == 0:
        return columns, np.empty((0, 2), np.int64)
    refused = np.stack(np.broadcast_arrays(columns["lines"][rows], reason), axis=1)
    kept = {
        name: column if name in ("moves", "urls") else np.delete(column, rows, axis=0)
        for name, column in columns.items()
    }
    return kept, refused


def repeated_ids(ids: np.ndarray) -> np.ndarray:
    """The rows ``(n,)`` whose id stood in an earlier row."""
    # Numbers sort faster than text.
    keys = ids.view(np.uint64) if ids.dtype.itemsize == USUAL_ID_LENGTH else ids
    order = np.argsort(keys, kind="stable")
    in_order = ids[order]
    return np.sort(order[1:][in_order[1:] == in_order[:-1]])


def themes_in_use(sets: np.ndarray, names: list[str]) -> tuple[list[str], np.ndarray]:
    """Leave out themes that do not occur, and bytes of sets that no theme needs.

    Args:
        sets: ``(n, bytes)`` uint8, sets of themes as bits.
        names: The themes, by their bit.

    Returns:
        ``(names, sets)``: those that occur, and the sets of these.
    """
    occurring = np.bitwise_or.reduce(sets, axis=0, keepdims=True)
    used = np.flatnonzero(np.unpackbits(occurring, axis=1, bitorder="little")[0])
    width = max(USUAL_SET_BYTES, -(-len(used) // 8))
    if len(used) == len(names):
        return names, np.ascontiguousarray(sets[:, :width])
    kept = np.zeros((len(sets), width), np.uint8)
    for begin in range(0, len(sets), SETS_AT_A_TIME):
        bits = np.unpackbits(sets[begin : begin + SETS_AT_A_TIME], axis=1, bitorder="little")
        packed = np.packbits(bits[:, used], axis=1, bitorder="little")
        kept[begin : begin + SETS_AT_A_TIME, : packed.shape[1]] = packed
    return [names[bit] for bit in used], kept


def words_in_use(numbers: np.ndarray, words: list[str]) -> tuple[list[str], np.ndarray]:
    """Leave out words that do not occur.

    Args:
        numbers: ``(n,)`` int32, the number of each row's word, 0 for none.
        words: All words, number 1 first.

    Returns:
        ``(words, numbers)``: those that occur, and the numbers in this list.
    """
    used = np.flatnonzero(np.bincount(numbers, minlength=len(words) + 1)[1:]) + 1
    if len(used) == len(words):
        return words, numbers
    renumbered = np.zeros(len(words) + 1, numbers.dtype)
    renumbered[used] = np.arange(1, len(used) + 1)
    return [words[number - 1] for number in used], renumbered[numbers]
