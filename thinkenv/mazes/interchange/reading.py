"""One function for whatever a user has: which reader is for a file is seen from its content."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from thinkenv import gate
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange.arrays import read_npy
from thinkenv.mazes.interchange.base import MazeFileError
from thinkenv.mazes.interchange.easy_to_hard import read_easy_to_hard
from thinkenv.mazes.interchange.image import SIGNATURES, read_image
from thinkenv.mazes.interchange.json_file import looks_like_json, mazes_of_json
from thinkenv.mazes.interchange.npz import read_npz
from thinkenv.mazes.interchange.table import looks_like_table, mazes_of_table
from thinkenv.mazes.interchange.text import mazes_of_drawings
from thinkenv.mazes.interchange.tokens import read_tokens
from thinkenv.mazes.interchange.zanj import DESCRIPTION, read_maze_dataset

Reader = Callable[[Path, bool], MazeBatch]

READABLE = (
    "text, .json, .csv, .npy, .npz, .zanj, a picture (.png, .gif, .bmp, .jpg, .webp), or a folder "
    "with inputs.npy or all__inputs.npy"
)
CODE = (".pkl", ".pickle", ".pt", ".pth", ".joblib")

# Text takes up to a hundred times its size in memory while it is read.
MAX_TEXT_BYTES = 2**26
HEAD_BYTES = 64
JSON_NAMES = (".json", ".jsonl", ".ndjson")


@gate.reader("mazes in any file or folder", MazeFileError)
def read(path: str | Path, allow_unsolvable: bool = False) -> MazeBatch:
    """Read mazes from a file or folder of any of the kinds that are known.

    What kind it is shows in its content; its name matters only where that does not tell.

    Args:
        path: Text, JSON, a table of Maze-Hard, a picture, a ``.npy``, ``.npz`` or ``.zanj`` file,
            or a folder in the ``easy_to_hard`` or the token format.
        allow_unsolvable: Whether a maze may have no way from start to goal. Its solution is empty
            then, its path length 0.

    Returns:
        The mazes, solved. Where they have different sizes, the smaller are padded with walls on the
        right and below.

    Raises:
        MazeFileError: If there is none, it is none of these, damaged, or does not hold mazes with
            shortest paths.
    """
    path = Path(path)
    if path.is_dir():
        return read_folder(path, allow_unsolvable)
    if path.suffix.lower() in CODE:
        gate.check_file(path)
        raise ValueError(f"is not read, since it could run code; readable: {READABLE}")
    reader = reader_for(path)
    return reader(path, allow_unsolvable)


def from_text(text: str, allow_unsolvable: bool = False) -> MazeBatch:
    """Mazes from text: drawings, numbers, JSON, or a table of Maze-Hard.

    Args:
        text: ``#`` is a wall, a blank or ``.`` free, ``S`` the start, ``G`` or ``E`` the goal; see
            ``docs/own_mazes.md`` for what else is understood. Mazes are separated by empty lines.
        allow_unsolvable: Whether a maze may have no way from start to goal. Its solution is empty
            then, its path length 0.

    Returns:
        The mazes, solved. Where they have different sizes, the smaller are padded with walls on the
        right and below.

    Raises:
        MazeFileError: If there are no mazes, or one is none.
        TypeError: If it is no string.

    Example:
        >>> batch = from_text('''
        ... #######
        ... #S  # #
        ... ### # #
        ... #    G#
        ... #######
        ... ''')
        >>> batch.grids.shape, batch.path_lengths
        ((1, 5, 7), array([7], dtype=int32))
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, got {type(text).__name__}")
    with gate.reading("text", MazeFileError):
        if len(text) > MAX_TEXT_BYTES:
            raise ValueError(f"has {len(text):,} characters; at most {MAX_TEXT_BYTES:,} are read")
        return mazes_of_text(text, allow_unsolvable)


def read_folder(path: Path, allow_unsolvable: bool) -> MazeBatch:
    """Read a folder by the files in it.

    Raises:
        ValueError: If these are of no known format, or damaged.
    """
    if os.path.lexists(path / "all__inputs.npy"):
        return read_tokens(path, allow_unsolvable)
    if os.path.lexists(path / "inputs.npy"):
        return read_easy_to_hard(path, allow_unsolvable)
    raise ValueError("a folder without inputs.npy or all__inputs.npy")


def reader_for(path: Path) -> Reader:
    """The reader for a file, by its first bytes; or by its name, where these say nothing.

    Raises:
        ValueError: If the file cannot be read.
    """
    suffix = path.suffix.lower()
    with gate.opened(path) as file:
        head = file.read(HEAD_BYTES)
        if head.startswith(b"PK"):
            is_maze_dataset = suffix == ".zanj" or DESCRIPTION in gate.Archive(file).names
            return read_maze_dataset if is_maze_dataset else read_own_npz
    if head.startswith(b"\x93NUMPY"):
        return read_npy
    if any(signature.match(head) for signature in SIGNATURES):
        return read_image
    by_name: dict[str, Reader] = {
        ".npz": read_own_npz,
        ".zanj": read_maze_dataset,
        ".npy": read_npy,
        **dict.fromkeys((".png", ".gif", ".bmp", ".jpg", ".jpeg", ".webp"), read_image),
    }
    return by_name.get(suffix, read_text_file)


def read_own_npz(path: Path, allow_unsolvable: bool) -> MazeBatch:
    """The mazes of a ``.npz`` file without its options."""
    return read_npz(path, allow_unsolvable)[0]


@gate.reader("mazes in text: drawings, JSON, or a table", MazeFileError)
def read_text_file(path: Path, allow_unsolvable: bool = False) -> MazeBatch:
    """Read a file that is text of some kind.

    Raises:
        MazeFileError: If it is no text, or not one with mazes.
    """
    content = gate.read_bytes(path, MAX_TEXT_BYTES)
    is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    del content  # before as much is taken again
    if "\0" in text:
        raise ValueError(f"is neither text nor another kind that is read: {READABLE}")
    return mazes_of_text(text, allow_unsolvable, Path(path).suffix.lower() in JSON_NAMES)


def mazes_of_text(text: str, allow_unsolvable: bool, must_be_json: bool = False) -> MazeBatch:
    """Mazes from text: JSON, a table of Maze-Hard, or drawings.

    Raises:
        ValueError: If it is none of these.
    """
    if must_be_json or looks_like_json(text):
        try:
            return mazes_of_json(text, allow_unsolvable)
        except ValueError as error:
            if must_be_json or not isinstance(error.__cause__, json.JSONDecodeError):
                raise
    if looks_like_table(text):
        return mazes_of_table(text, allow_unsolvable)
    return mazes_of_drawings(text, allow_unsolvable)
