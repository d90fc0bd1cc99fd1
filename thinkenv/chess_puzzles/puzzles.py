"""Choosing puzzles from a database, and reading them as columns."""

import contextlib
import functools
import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from thinkenv import gate
from thinkenv.checks import check_choice, check_integer, suggest_arguments, suggestion
from thinkenv.chess_puzzles.columns import COLUMN_TYPES
from thinkenv.chess_puzzles.database import (
    Database,
    is_database,
    map_database,
    open_database,
    write_database,
)
from thinkenv.chess_puzzles.errors import PuzzleFileError
from thinkenv.chess_puzzles.importing import import_puzzles
from thinkenv.chess_puzzles.lichess_rows import URL_PREFIX
from thinkenv.chess_puzzles.notation import MAX_FEN_LENGTH, MAX_UCI_LENGTH, write_fen, write_move
from thinkenv.chess_puzzles.packing import is_black_to_move, planes_of, unpack
from thinkenv.chess_puzzles.rating_splits import (
    BOUNDS_OF_SPLIT,
    HIGHEST_RATING,
    LOWEST_RATING,
    UNKNOWN_RATING,
    is_in_split,
)
from thinkenv.chess_puzzles.rules import POSITION_BYTES
from thinkenv.chess_puzzles.verified import state_of
from thinkenv.files import announce_unwritable_cache, cache_dir, writable_cache_dir
from thinkenv.kernels.compilation import kernel
from thinkenv.notebooks import span

# What puzzles have as attributes: the columns of a database with an entry for each puzzle.
COLUMNS = COLUMN_TYPES.keys() - {"moves", "urls"}

BUNDLED = Path(__file__).parents[1] / "assets" / "lichess_puzzles_sample.csv"


# In the name of a converted file, so that what an earlier release made of a table, with rows
# refused that are read by this one, is not taken for it.
IMPORT_VERSION = 2
FOLDER = "chess_puzzles"  # in the cache folder

# The ends of names that tables have, left out of the names of their databases.
COMPRESSED_SUFFIXES = (".zst", ".gz", ".bz2", ".xz", ".zip")
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".epd", ".json", ".jsonl", ".ndjson", ".parquet")
MAX_THEMES_NAMED = 100  # in an error


class NoPuzzleError(ValueError):
    """No puzzle of a database is as wanted."""


class ChessPuzzles:
    """Some puzzles of a database, as columns.

    Each attribute named below is an array with an entry for each of the ``n`` puzzles, and so are
    the other columns in ``thinkenv.chess_puzzles.columns``. It is read from the database when it is
    first asked for.

    Attributes:
        rows: ``(n,)`` int64, their rows in the database.
        ids: ``(n,)`` bytes, the puzzles' ids.
        ratings: ``(n,)`` int16, Glicko-2; -1 where unknown.
        rating_deviations: ``(n,)`` int16, -1 where unknown.
        popularities: ``(n,)`` int16, about -100 to 100; -32768 where unknown.
        plays: ``(n,)`` int32, how often each was played; -1 where unknown.
        positions: ``(n, 37)`` uint8, the packed position to solve; see
            ``thinkenv.chess_puzzles.packing``.
        last_moves: ``(n,)`` uint16, the opponent's set-up move, seen from the solver's side; 0
            where the solver moves first.
        move_counts: ``(n,)`` uint8, moves of the solution, the replies included.

    Args:
        database: The database.
        rows: Which of its rows; None for all.
    """

    def __init__(self, database: Database, rows: np.ndarray | None = None):
        self.database = database
        self._is_whole = rows is None
        self.rows = np.arange(len(database)) if rows is None else np.asarray(rows, np.int64)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        words = f"{len(self):,} puzzle{'s' * (len(self) != 1)}"
        rated = self.ratings[self.ratings >= 0]  # -1 where a table does not tell
        if len(rated):
            words += f" rated {span(rated)}"
        return f"ChessPuzzles({words} of {self.database.source})"

    def __getitem__(self, index: slice | np.ndarray) -> "ChessPuzzles":
        """Some of the puzzles, by a slice, a mask or an array of indices.

        Raises:
            TypeError: If the index is a single number; use ``fen``, ``solution`` and the like.
        """
        rows = self.rows[index]
        if rows.ndim == 0:
            raise TypeError(f"index must be a slice, a mask or an array of indices, got {index!r}")
        return ChessPuzzles(self.database, rows)

    def __getattr__(self, name: str) -> np.ndarray:
        if name not in COLUMNS:
            raise AttributeError(f"ChessPuzzles has no attribute {name!r}")
        column = self.database.columns[name]
        if not self._is_whole:  # all of a large database is not copied out of its file
            column = column[self.rows]
        setattr(self, name, column)  # read once
        return column

    @property
    def first_moves(self) -> np.ndarray:
        """The solver's first moves ``(n,)`` uint16; see ``thinkenv.chess_puzzles.rules``."""
        return self.database.columns["moves"][self.move_starts]

    def fens(self) -> list[str]:
        """The positions to solve as FEN, with the real colours."""
        texts = np.zeros((len(self), MAX_FEN_LENGTH), np.uint8)
        write_fens(self.positions, texts)
        return as_strings(texts)

    def solutions(self) -> list[str]:
        """The solutions: moves in UCI notation, replies included, with spaces between them."""
        max_length = (MAX_UCI_LENGTH + 1) * int(self.move_counts.max(initial=0)) + 1
        texts = np.zeros((len(self), max_length), np.uint8)
        moves = self.database.columns["moves"]
        write_solutions(self.positions, self.move_starts, self.move_counts, moves, texts)
        return as_strings(texts)

    def theme_names(self) -> list[tuple[str, ...]]:
        """The themes of each puzzle, in alphabetical order."""
        return self.database.theme_names(self.theme_sets)

    def planes(self, indices: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
        """The positions to solve as planes ``(count, 17, 8, 8)`` uint8, seen from the solver.

        Args:
            indices: ``(count,)`` which of the puzzles, by default all. ``PLANES`` of
                ``thinkenv.chess_puzzles`` says what each plane is.
        """
        rows = self.rows
        if indices is not None:
            rows = rows[np.asarray(indices) if len(indices) else slice(0)]
        return planes_of(self.database.columns["positions"], rows)

    def _one(self, index: int) -> "ChessPuzzles":
        return ChessPuzzles(self.database, self.rows[[index]])

    def themes(self, index: int) -> tuple[str, ...]:
        """The themes of one puzzle, in alphabetical order."""
        return self._one(index).theme_names()[0]

    def opening(self, index: int) -> str:
        """The opening tags of one puzzle, as Lichess writes them; empty where there are none."""
        number = int(self.database.columns["openings"][self.rows[index]])
        return self.database.openings[number - 1] if number else ""

    def url(self, index: int) -> str:
        """The address of the game that one puzzle is from; empty where unknown."""
        columns, row = self.database.columns, self.rows[index]
        begin = int(columns["url_starts"][row])
        end = begin + int(columns["url_lengths"][row])
        text = columns["urls"][begin:end].tobytes().decode(errors="replace")
        return text if "://" in text or not text else URL_PREFIX.decode() + text

    def position(self, index: int) -> np.ndarray:
        """The position to solve ``(POSITION_BYTES,)``; see ``thinkenv.chess_puzzles.rules``."""
        position = np.empty(POSITION_BYTES, np.uint8)
        unpack(self.database.columns["positions"][self.rows[index]], position)
        return position

    def fen(self, index: int) -> str:
        """The position to solve as FEN, with the real colours."""
        return self._one(index).fens()[0]

    def solution(self, index: int) -> list[str]:
        """The moves of the solution in UCI notation, the opponent's replies included."""
        return self._one(index).solutions()[0].split()


def as_strings(characters: np.ndarray) -> list[str]:
    """Rows ``(count, length)`` uint8 of characters, with zeros behind them, as strings."""
    return [text.decode() for text in characters.view(f"S{characters.shape[1]}")[:, 0].tolist()]


@kernel
def write_fens(packed, texts):
    """Write packed positions as FEN into ``texts`` ``(n, MAX_FEN_LENGTH)`` uint8, 0 on entry.

    Assumes packed positions.
    """
    position = np.empty(POSITION_BYTES, np.uint8)
    for index in range(len(packed)):
        unpack(packed[index], position)
        write_fen(position, texts[index])


@kernel
def write_solutions(packed, starts, counts, moves, texts):
    """Write the solutions of packed positions.

    Assumes packed positions, starts and counts within the moves, promotions of at most 4, and a
    length of at least 6 times the highest count.

    Args:
        packed: ``(n, PACKED_BYTES)`` uint8.
        starts: ``(n,)`` uint32, where the moves of each begin in ``moves``.
        counts: ``(n,)`` uint8, how many there are.
        moves: uint16, each seen from the side that moves.
        texts: ``(n, length)`` uint8, filled; all 0 on entry.
    """
    for index in range(len(packed)):
        solver_is_black = is_black_to_move(packed[index])
        offset = 0
        for ply in range(counts[index]):
            if ply > 0:
                texts[index, offset] = ord(" ")
                offset += 1
            is_reply = ply % 2 == 1
            move = moves[starts[index] + ply]
            offset = write_move(move, solver_is_black ^ is_reply, texts[index], offset)


def check_band(name: str, band: object, low: int, high: int) -> tuple[int, int] | None:
    """Return a band ``[first, last]`` as two integers, or None.

    Raises:
        ValueError: If it is not a pair, out of range, or empty.
        TypeError: If its ends are not integers.
    """
    if band is None:
        return None
    if isinstance(band, np.ndarray):
        band = band.tolist()
    message = f"{name} must be a pair [first, last] in [{low}, {high}], got {band!r}"
    if isinstance(band, str) or not isinstance(band, Sequence) or len(band) != 2:
        raise ValueError(message)
    first, last = (check_integer(f"{name}[{end}]", band[end], low, high) for end in range(2))
    if first > last:
        raise ValueError(message)
    return first, last


def import_with_progress(source: Path, target: Path | None) -> Database:
    """Import a file, with a progress bar; the standard error says what was read and refused.

    Raises:
        PuzzleFileError: See ``import_puzzles``.
        OSError: If the target cannot be written.
    """
    from tqdm import tqdm

    size = gate.check_file(source).st_size
    with tqdm(total=size, desc=f"importing {source.name}", unit="B", unit_scale=True) as bar:
        database, refused = import_puzzles(source, target, bar.update)
    for line in refused.describe():
        print(f"{source.name}: {line}", file=sys.stderr)
    # How many there were is known to whoever has the file from somewhere, and to nobody else.
    doubt = f"; {refused.doubt}, so compare the number of rows" if refused.doubt else ""
    print(f"{source.name}: {len(database):,} puzzles read{doubt}", file=sys.stderr)
    return database


def database_beside(source: Path) -> Path:
    """Where the database made of a table is written unless another place is named."""
    name = source.name
    for suffixes in (COMPRESSED_SUFFIXES, TABLE_SUFFIXES):
        ending = next((end for end in suffixes if name.lower().endswith(end)), "")
        name = name[: len(name) - len(ending)] or name
    return source.with_name(f"{name}.puzzles")


def converted_name(source: Path) -> str:
    """The name of the database made from a table; another one when the table changes."""
    state = source.stat()
    name = f"{source.resolve()}/{state.st_size}/{state.st_mtime_ns}/{IMPORT_VERSION}"
    digest = hashlib.blake2b(name.encode(), digest_size=8).hexdigest()
    return f"{source.name.split('.')[0]}-{digest}.puzzles"


@gate.reader("a puzzle database, or a table of puzzles", PuzzleFileError)
def open_source(path: str | Path) -> Database:
    """Open a database, converting a table first if that was not done before.

    Raises:
        PuzzleFileError: If it is neither, or damaged.
        ImportError: If it is a Parquet file and pyarrow is not installed.
    """
    return open_in_state(Path(path).absolute(), state_of(gate.check_file(path)))


@functools.lru_cache(maxsize=8)
def open_in_state(path: Path, state: tuple[int, ...]) -> Database:
    """Open a database or a table; ``state`` is there so that a changed file is opened again."""
    if path == BUNDLED:
        return sealed(import_puzzles(path, None)[0])
    return open_database(path) if is_database(path) else open_converted(path)


def open_converted(path: Path) -> Database:
    """The database made of a table: the one in the cache folder, or else made now.

    Where the cache folder cannot be written it stays in memory.
    """
    name = converted_name(path)
    with contextlib.suppress(PuzzleFileError, OSError, RuntimeError):
        # A PuzzleFileError: it is not there, damaged, or by another release, and made again.
        return open_database(cache_dir() / FOLDER / name)
    database = import_with_progress(path, None)
    folder = writable_cache_dir(FOLDER)
    if folder is None:
        return sealed(database)
    try:
        write_database(folder / name, database)
        with gate.opened(folder / name) as file:  # not verified, for it has just been written
            return map_database(file).database
    except OSError as error:  # the disk is full
        announce_unwritable_cache(str(getattr(error.__cause__, "strerror", None) or error))
    except ValueError:  # it has more names than a database has room for
        pass
    return sealed(database)


def sealed(database: Database) -> Database:
    """The same database, not to be changed: all who load it share it, as they do mapped files."""
    for column in database.columns.values():
        column.flags.writeable = False
    return database


def find_database(database: str | Path) -> Database:
    """The database that a user names.

    Args:
        database: ``bundled``, or a path to a table of puzzles such as a Lichess ``.csv`` or
            ``.csv.zst`` (see ``thinkenv.chess_puzzles.tables``), or to a converted database.

    Raises:
        PuzzleFileError: If it is damaged or not a table of puzzles.
        ValueError: If there is no such file.
        TypeError: If it is neither text nor a path.
        ImportError: If it is a Parquet file and pyarrow is not installed.
    """
    if not isinstance(database, str | os.PathLike):
        raise TypeError(f"database must be 'bundled' or a path, got {database!r}")
    if database == "bundled":
        return open_source(BUNDLED)
    path = Path(os.path.expanduser(database))
    if os.path.isdir(path) or not os.path.exists(path):
        problem = "which is a folder" if os.path.isdir(path) else "and there is no such file"
        raise ValueError(
            f"database must be 'bundled' or the path of a file, got {str(database)!r}, {problem}"
            + suggestion(str(database), ["bundled"])
        )
    return open_source(path)


@suggest_arguments
def load(
    database: str | Path = "bundled",
    rating: Sequence[int] | None = None,
    themes: Sequence[str] | None = None,
    split: str = "all",
    easiest: int | None = None,
    ranks: Sequence[int] | None = None,
) -> ChessPuzzles:
    """Load chess puzzles.

    All splits are loaded by default, because this is for looking at a database as it is. A task or
    an environment draws from ``"train"`` by default, so that nobody trains on what is tested with
    without saying so; say ``split="train"`` here if that is what you do.

    A table is converted once into a database in the cache folder (see ``thinkenv.files``) and
    mapped into memory from then on; the standard error says how many puzzles it has. A database is
    verified as a whole when it is first opened in its present state, and from then on not read
    before it is used. It must not be written to while it is in use.

    Args:
        database: ``bundled`` (6,605 puzzles that come with this package), or a path to a table of
            puzzles such as a Lichess ``.csv`` or ``.csv.zst`` (see
            ``thinkenv.chess_puzzles.tables``), or to a converted database.
        rating: ``[low, high]``: only puzzles with a rating in this band, both ends included.
        themes: Only puzzles with at least one of these themes, such as ``["mateIn2", "fork"]``.
        split: ``train``, ``validation``, ``test``, ``extrapolation`` or ``all``; see
            ``thinkenv.chess_puzzles.rating_splits``.
        easiest: Only so many puzzles with the lowest ratings of the whole database, as in the
            literature (Schwarzschild et al. 2021: the easiest 600,000). Puzzles without a rating
            have no rank.
        ranks: ``[first, end]``: only puzzles from this rank to before that one, counted from 0 by
            rating over the whole database, such as ``[600_000, 700_000]``.

    Returns:
        The puzzles, in the order of the file.

    Raises:
        PuzzleFileError: If the file is damaged, or neither a database nor a table of puzzles.
        ValueError: If an argument has a value that is not allowed, the file is not there, or no
            puzzle is left.
        TypeError: If an argument has the wrong type.
        ImportError: If the file is one of Parquet and pyarrow is not installed.

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
    if split != "all":
        mask &= is_in_split(split, columns)
    if easiest is not None:
        mask &= has_rank(columns["ratings"], 0, check_integer("easiest", easiest, 1, len(whole)))
    rank_band = check_band("ranks", ranks, 0, len(whole))
    if rank_band is not None:
        mask &= has_rank(columns["ratings"], *rank_band)
    rows = np.flatnonzero(mask)
    if len(rows) == 0:
        raise NoPuzzleError(
            f"no puzzle of database={str(database)!r} has rating={rating}, themes={themes}, "
            f"split={split!r}, easiest={easiest} and ranks={ranks}; "
            f"it has {describe_ratings(whole)}"
        )
    return ChessPuzzles(whole, None if mask.all() else rows)


def describe_ratings(database: Database) -> str:
    """Which ratings there are, in words; where there are none, in which split the puzzles are."""
    ratings = database.columns["ratings"]
    known = ratings[ratings != UNKNOWN_RATING]
    if len(known) == 0:
        return "no ratings, so that the puzzles are in the split 'all' alone"
    unrated = len(ratings) - len(known)
    return f"ratings from {known.min()} to {known.max()}" + (
        f", and {unrated:,} without, which are in the split 'all' alone" if unrated else ""
    )


def has_theme(database: Database, themes: Sequence[str]) -> np.ndarray:
    """A mask ``(n,)`` of the puzzles with at least one of some themes.

    Raises:
        ValueError: If a theme does not occur in the database.
        TypeError: If ``themes`` is not a list of strings.
    """
    is_list = isinstance(themes, Sequence) and not isinstance(themes, str)
    if not is_list or not all(isinstance(theme, str) for theme in themes):
        raise TypeError(f"themes must be a list such as ['mateIn2', 'fork'], got {themes!r}")
    if not themes:
        raise ValueError(f"themes must name at least one theme, got {themes!r}")
    mask = np.zeros(len(database), np.bool_)
    for theme in themes:
        if theme not in database.themes:
            raise ValueError(
                f"themes must be among those that occur, {list_themes(database)}, got {theme!r}"
                + suggestion(theme, database.themes)
            )
        bit = database.themes.index(theme)
        # Bit 11 of a set is bit 3 of its byte 1, and so on.
        mask |= (database.columns["theme_sets"][:, bit >> 3] >> (bit & 7) & 1).astype(np.bool_)
    return mask


def list_themes(database: Database) -> str:
    """The themes of a database in alphabetical order, or the first of very many."""
    names = sorted(database.themes)
    more = len(names) - MAX_THEMES_NAMED
    return ", ".join(names[:MAX_THEMES_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def has_rank(ratings: np.ndarray, first: int, end: int) -> np.ndarray:
    """A mask ``(n,)`` of the puzzles with ranks ``first … end - 1`` by rating, ties by order.

    Puzzles without a rating have no rank.
    """
    order = np.argsort(ratings, kind="stable")
    order = order[ratings[order] != UNKNOWN_RATING]
    mask = np.zeros(len(ratings), np.bool_)
    mask[order[first:end]] = True
    return mask
