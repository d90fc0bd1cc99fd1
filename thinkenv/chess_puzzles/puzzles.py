"""Choosing puzzles from a database, and reading them as columns."""

import functools
import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from thinkenv.checks import check_choice, check_integer
from thinkenv.chess_puzzles.database import (
    FORMAT_VERSION,
    Database,
    is_database,
    open_database,
)
from thinkenv.chess_puzzles.importing import Refused, import_puzzles
from thinkenv.chess_puzzles.notation import (
    LONGEST_FEN,
    LONGEST_MOVE,
    write_fen,
    write_move,
)
from thinkenv.chess_puzzles.packing import planes_of, unpack
from thinkenv.chess_puzzles.rating_splits import (
    BOUNDS_OF_SPLIT,
    HIGHEST_RATING,
    LOWEST_RATING,
    SPLIT_COLUMNS,
    rows_of_split,
)
from thinkenv.chess_puzzles.reading import URL_PREFIX
from thinkenv.chess_puzzles.rules import POSITION_BYTES
from thinkenv.files import cache_dir
from thinkenv.kernels.compilation import kernel

# What puzzles have as attributes, by the names of the database's columns.
COLUMNS = (
    "ids",
    "ratings",
    "rating_deviations",
    "popularities",
    "plays",
    "positions",
    "last_moves",
    "move_counts",
)

BUNDLED = Path(__file__).parents[1] / "assets" / "lichess_puzzles_sample.csv"


class NoPuzzleError(ValueError):
    """No puzzle of a database is as asked for."""


class ChessPuzzles:
    """Some puzzles of a database, as columns.

    Each attribute named below is an array with an entry for each of the ``n`` puzzles. It is read
    from the database when it is first asked for.

    Attributes:
        rows: ``(n,)`` int64, their rows in the database.
        ids: ``(n,)`` bytes, Lichess's puzzle ids.
        ratings: ``(n,)`` int16, Glicko-2.
        rating_deviations: ``(n,)`` int16, -1 where unknown.
        popularities: ``(n,)`` int16, about -100 to 100; -32768 where unknown.
        plays: ``(n,)`` int32, how often each was played; -1 where unknown.
        positions: ``(n, 37)`` uint8, the packed position to solve; see
            ``thinkenv.chess_puzzles.packing``.
        last_moves: ``(n,)`` uint16, the opponent's set-up move, seen from the solver's side.
        move_counts: ``(n,)`` uint8, moves of the solution, the replies included.

    Args:
        database: The database.
        rows: Which of its rows; None for all.
    """

    def __init__(self, database: Database, rows: np.ndarray | None = None):
        self.database = database
        self.rows = np.arange(len(database)) if rows is None else np.asarray(rows, np.int64)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: slice | np.ndarray) -> "ChessPuzzles":
        """Some of the puzzles, by a slice, a mask or an array of indices.

        Raises:
            TypeError: If the index is a single number; use ``fen``, ``solution`` and the like.
        """
        rows = self.rows[index]
        if rows.ndim == 0:
            raise TypeError(f"index {index!r}: needs a slice, a mask or an array of indices")
        return ChessPuzzles(self.database, rows)

    def _column(self, name: str) -> np.ndarray:
        column = self.database.columns[name]
        return column if len(self) == len(column) and self._is_whole else column[self.rows]

    @functools.cached_property
    def _is_whole(self) -> bool:
        return len(self) == len(self.database) and bool((np.diff(self.rows) == 1).all())

    def __getattr__(self, name: str) -> np.ndarray:
        if name not in COLUMNS:
            raise AttributeError(f"ChessPuzzles has no attribute {name!r}")
        column = self._column(name)
        setattr(self, name, column)  # read once
        return column

    def themes(self, index: int) -> tuple[str, ...]:
        """The themes of one puzzle, in alphabetical order."""
        return themes_of_set(self.database, self.database.columns["theme_sets"][self.rows[index]])

    def opening(self, index: int) -> str:
        """The opening tags of one puzzle, as Lichess writes them; empty where there are none."""
        number = int(self.database.columns["openings"][self.rows[index]])
        return self.database.openings[number - 1] if number else ""

    def url(self, index: int) -> str:
        """The address of the game that one puzzle is from; empty where unknown."""
        row = self.rows[index]
        begin = int(self.database.columns["url_starts"][row])
        end = begin + int(self.database.columns["url_lengths"][row])
        text = self.database.columns["urls"][begin:end].tobytes().decode(errors="replace")
        return text if "://" in text or not text else URL_PREFIX.decode() + text

    def position(self, index: int) -> np.ndarray:
        """The position to solve ``(POSITION_BYTES,)``; see ``thinkenv.chess_puzzles.rules``."""
        position = np.empty(POSITION_BYTES, np.uint8)
        unpack(self.database.columns["positions"][self.rows[index]], position)
        return position

    def fen(self, index: int) -> str:
        """The position to solve as FEN, with the real colours."""
        return fens_of_rows(self.database, self.rows[[index]])[0]

    def solution(self, index: int) -> list[str]:
        """The moves of the solution in UCI notation, the opponent's replies included."""
        return solutions_of_rows(self.database, self.rows[[index]])[0].split()

    def planes(self, indices: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
        """The positions to solve as planes ``(count, 17, 8, 8)`` uint8, seen from the solver.

        Args:
            indices: ``(count,)`` which of the puzzles, by default all. ``PLANES`` of
                ``thinkenv.chess_puzzles`` says what each plane is.
        """
        if indices is None:
            rows = self.rows
        elif len(indices) == 0:
            rows = self.rows[:0]
        else:
            rows = self.rows[np.asarray(indices)]
        return planes_of(self.database.columns["positions"], rows)


def as_strings(characters: np.ndarray) -> list[str]:
    """Rows ``(count, longest)`` uint8 of characters, with zeros behind them, as strings."""
    return [text.decode() for text in characters.view(f"S{characters.shape[1]}")[:, 0].tolist()]


@kernel
def write_fens(packed, rows, texts):
    """Write positions as FEN into ``texts`` ``(count, LONGEST_FEN)`` uint8, all 0 on entry."""
    position = np.empty(POSITION_BYTES, np.uint8)
    for index in range(len(rows)):
        unpack(packed[rows[index]], position)
        write_fen(position, texts[index])


@kernel
def write_solutions(packed, move_starts, move_counts, moves, rows, texts):
    """Write solutions into ``texts`` ``(count, longest)`` uint8, all 0 on entry."""
    for index in range(len(rows)):
        row = rows[index]
        is_black = packed[row, 32] >> 4 == 1
        place = 0
        for ply in range(move_counts[row]):
            if ply > 0:
                texts[index, place] = ord(" ")
                place += 1
            move = moves[move_starts[row] + ply]
            place = write_move(move, is_black ^ (ply % 2 == 1), texts[index], place)


def fens_of_rows(database: Database, rows: np.ndarray) -> list[str]:
    """The positions to solve as FEN."""
    texts = np.zeros((len(rows), LONGEST_FEN), np.uint8)
    write_fens(database.columns["positions"], rows, texts)
    return as_strings(texts)


def solutions_of_rows(database: Database, rows: np.ndarray) -> list[str]:
    """The solutions as moves in UCI notation with spaces between them."""
    counts = database.columns["move_counts"]
    longest = (LONGEST_MOVE + 1) * int(counts[rows].max(initial=0)) + 1
    texts = np.zeros((len(rows), longest), np.uint8)
    columns = database.columns
    write_solutions(
        columns["positions"], columns["move_starts"], counts, columns["moves"], rows, texts
    )
    return as_strings(texts)


def themes_of_set(database: Database, theme_set: np.ndarray) -> tuple[str, ...]:
    """The names of a set of themes ``(MOST_THEMES / 8,)`` uint8."""
    bits = np.flatnonzero(np.unpackbits(theme_set, bitorder="little"))
    return tuple(sorted(database.themes[bit] for bit in bits))


def check_band(name: str, band: object, low: int, high: int) -> tuple[int, int] | None:
    """Return a band ``[low, high]`` as two integers, or None.

    Raises:
        ValueError: If it is no pair, out of range, or empty.
        TypeError: If its ends are no integers.
    """
    if band is None:
        return None
    if isinstance(band, np.ndarray):
        band = band.tolist()
    if isinstance(band, str) or not isinstance(band, Sequence) or len(band) != 2:
        raise ValueError(f"{name}={band!r}: needs a pair such as [{low}, {high}]")
    first = check_integer(f"{name}[0]", band[0], low, high)
    last = check_integer(f"{name}[1]", band[1], low, high)
    if first > last:
        raise ValueError(f"{name}={band!r}: the first is larger than the last")
    return first, last


def report_refused(refused: Refused, source: Path) -> None:
    """Tell the user about rows that were left out."""
    for line in refused.describe():
        print(f"{source.name}: {line}", file=sys.stderr)


def import_with_progress(source: Path, target: Path | None) -> Database:
    """Import a file, with a progress bar and a report of refused rows on the standard error."""
    from tqdm import tqdm

    with tqdm(
        total=source.stat().st_size, desc=f"importing {source.name}", unit="B", unit_scale=True
    ) as bar:
        database, refused = import_puzzles(source, target, bar.update)
    report_refused(refused, source)
    return database


def converted_path(source: Path) -> Path:
    """Where the database made from a puzzle file is kept; another place when the file changes."""
    state = source.stat()
    name = f"{source.resolve()}/{state.st_size}/{state.st_mtime_ns}/{FORMAT_VERSION}"
    digest = hashlib.blake2b(name.encode(), digest_size=8).hexdigest()
    return cache_dir() / "chess_puzzles" / f"{source.name.split('.')[0]}-{digest}.puzzles"


@functools.lru_cache(maxsize=8)
def open_source(path: Path, modified: int) -> Database:
    """Open a database, converting a puzzle file first if that was not done before.

    ``modified`` is the file's time of change, so that a changed file is not taken from memory.
    """
    if path == BUNDLED:
        database = import_puzzles(path, None)[0]
        for column in database.columns.values():
            column.flags.writeable = False  # all who load it share it, as they do mapped files
        return database
    if is_database(path):
        return open_database(path)
    converted = converted_path(path)
    if converted.exists():
        try:
            return open_database(converted)
        except ValueError:
            pass  # damaged, or by another release: made again
    import_with_progress(path, converted)
    return open_database(converted)


def find_database(database: str | Path) -> Database:
    """The database that a user names.

    Args:
        database: ``bundled``, or a path to a Lichess ``.csv`` or ``.csv.zst``, or to a converted
            database.

    Raises:
        ValueError: If there is no such file, or it is damaged or no puzzle file.
        TypeError: If it is neither text nor a path.
    """
    if not isinstance(database, str | os.PathLike):
        raise TypeError(f"database={database!r}: needs 'bundled' or a path")
    path = BUNDLED if database == "bundled" else Path(database).expanduser()
    if not path.is_file():
        raise ValueError(f"database={str(database)!r}: needs 'bundled' or the path of a file")
    path = path.resolve() if path != BUNDLED else path
    return open_source(path, path.stat().st_mtime_ns)


def load(
    database: str | Path = "bundled",
    rating: Sequence[int] | None = None,
    themes: Sequence[str] | None = None,
    split: str = "all",
    easiest: int | None = None,
    ranks: Sequence[int] | None = None,
) -> ChessPuzzles:
    """Load chess puzzles.

    A Lichess file is converted once into a database in the cache folder (see
    ``thinkenv.files``) and mapped into memory from then on. The database's checksum is
    compared by ``python -m thinkenv chess info``, which reads all of it, and not here.

    Args:
        database: ``bundled`` (6,605 puzzles that come with this package), or a path to a Lichess
            ``.csv`` or ``.csv.zst``, or to a converted database.
        rating: ``[low, high]``: only puzzles with a rating in this band, both ends included.
        themes: Only puzzles with at least one of these themes, such as ``["mateIn2", "fork"]``.
        split: ``train``, ``validation``, ``test``, ``extrapolation`` or ``all``; see
            ``thinkenv.chess_puzzles.rating_splits``.
        easiest: Only so many puzzles with the lowest ratings of the whole database, as in the
            literature (Schwarzschild et al. 2021: the easiest 600,000).
        ranks: ``[first, end]``: only puzzles from this rank to before that one, counted from 0 by
            rating over the whole database, such as ``[600_000, 700_000]``.

    Returns:
        The puzzles, in the order of the file.

    Raises:
        ValueError: If an argument has a value that is not allowed, the file is damaged, or no
            puzzle is left.
        TypeError: If an argument has the wrong type.

    Example:
        >>> puzzles = load(rating=[1000, 1200], themes=["mateIn2"])
        >>> len(puzzles), puzzles.planes([0, 1]).shape
        (115, (2, 17, 8, 8))
    """
    check_choice("split", split, tuple(BOUNDS_OF_SPLIT))
    band = check_band("rating", rating, LOWEST_RATING, HIGHEST_RATING)
    whole = find_database(database)
    columns = whole.columns
    mask = np.ones(len(whole), np.bool_)
    if band is not None:
        mask &= (columns["ratings"] >= band[0]) & (columns["ratings"] <= band[1])
    if themes is not None:
        mask &= has_theme(whole, themes)
    of_split = rows_of_split(split, **{name: columns[name] for name in SPLIT_COLUMNS})
    if of_split is not None:
        mask &= of_split
    if easiest is not None:
        easiest = check_integer("easiest", easiest, 1, len(whole))
        mask &= has_rank(columns["ratings"], 0, easiest)
    rank_band = check_band("ranks", ranks, 0, len(whole))
    if rank_band is not None:
        mask &= has_rank(columns["ratings"], *rank_band)
    rows = np.flatnonzero(mask)
    if len(rows) == 0:
        raise NoPuzzleError(
            f"no puzzle of database={str(database)!r} has rating={rating}, themes={themes}, "
            f"split={split!r}, easiest={easiest} and ranks={ranks}; its ratings go from "
            f"{columns['ratings'].min()} to {columns['ratings'].max()}"
        )
    return ChessPuzzles(whole, rows)


def has_theme(database: Database, themes: Sequence[str]) -> np.ndarray:
    """A mask ``(n,)`` of the puzzles with at least one of some themes.

    Raises:
        ValueError: If a theme does not occur in the database.
        TypeError: If ``themes`` is no list of strings.
    """
    is_list = isinstance(themes, Sequence) and not isinstance(themes, str)
    if not is_list or not all(isinstance(theme, str) for theme in themes):
        raise TypeError(f"themes={themes!r}: needs a list such as ['mateIn2', 'fork']")
    if not themes:
        raise ValueError(f"themes={themes!r}: needs at least one theme")
    mask = np.zeros(len(database), np.bool_)
    for theme in themes:
        if theme not in database.themes:
            known = ", ".join(sorted(database.themes))
            raise ValueError(
                f"themes={list(themes)!r}: {theme!r} does not occur; there are {known}"
            )
        bit = database.themes.index(theme)
        mask |= (database.columns["theme_sets"][:, bit >> 3] >> (bit & 7) & 1).astype(np.bool_)
    return mask


def has_rank(ratings: np.ndarray, first: int, end: int) -> np.ndarray:
    """A mask ``(n,)`` of the puzzles with ranks ``first … end - 1`` by rating, ties by order."""
    order = np.argsort(ratings, kind="stable")
    mask = np.zeros(len(ratings), np.bool_)
    mask[order[first:end]] = True
    return mask
