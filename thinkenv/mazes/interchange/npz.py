"""``.npz`` files: the arrays of a ``MazeBatch`` and its options as JSON, or fewer arrays.

Only the grids must be there: under ``grids``, or any name where there is one array that may be
mazes. What is missing is computed. ``start`` and ``goal`` (or ``end``, ``exit``) may be arrays
``(count, 2)`` of rows and columns.
"""

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from thinkenv.files import atomic_write
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange.arrays import grids_of
from thinkenv.mazes.interchange.base import (
    NO_INSTANCE,
    MazeFileError,
    as_solutions,
    check_file,
    judge_read,
    read_array_of,
)
from thinkenv.mazes.sampling import GENERATOR_VERSION

# Nothing that holds mazes is compressed so much: it would fill the memory and say nothing.
MAX_COMPRESSION, ALWAYS_READ = 500, 2**26

END_NAMES = {
    key + ending: name
    for key, name in {
        "start": "start",
        "entrance": "start",
        "goal": "goal",
        "end": "goal",
        "exit": "goal",
    }.items()
    for ending in ("", "s", "_pos")
}


def write_npz(path: Path, batch: MazeBatch, options: dict) -> None:
    """Write mazes and the options they were drawn with to one ``.npz`` file.

    Args:
        path: The file; it is replaced whole or not at all.
        batch: The mazes.
        options: The arguments of ``thinkenv.mazes.generate``; stored as JSON.
    """
    described = json.dumps({"generator_version": GENERATOR_VERSION, **options})
    arrays: dict[str, Any] = {"options": np.array(described), **batch.columns()}
    with atomic_write(Path(path)) as file:
        np.savez_compressed(file, **arrays)


def read_npz(path: Path, allow_unsolvable: bool = False) -> tuple[MazeBatch, dict]:
    """Read what ``write_npz`` wrote, or mazes in a ``.npz`` file of another tool.

    Args:
        path: The file.
        allow_unsolvable: Whether a maze may have no way from start to goal.

    Returns:
        The mazes and the options; none where there are none.

    Raises:
        MazeFileError: If the file is missing, damaged, or of another kind.
    """
    check_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = read_arrays(path, archive)
        options = json.loads(str(arrays.pop("options", "{}")))
    except (
        OSError,
        ValueError,
        EOFError,
        RuntimeError,  # encrypted, too deep, or compressed in an unknown way
        OverflowError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        if isinstance(error, MazeFileError):
            raise
        raise MazeFileError(f"{path}: not a readable .npz file of mazes ({error})") from None
    return build(path, arrays, allow_unsolvable), options if isinstance(options, dict) else {}


def read_arrays(path: Path, archive: zipfile.ZipFile) -> dict[str, np.ndarray]:
    """All arrays of an archive by name.

    Raises:
        ValueError: If one is damaged, or compressed as no mazes are.
    """
    arrays = {}
    for entry in archive.infolist():
        name = entry.filename.removesuffix(".npy")
        if entry.file_size > max(ALWAYS_READ, MAX_COMPRESSION * entry.compress_size):
            raise ValueError(f"{name} has {entry.file_size:,} bytes in {entry.compress_size:,}")
        with archive.open(entry) as file:
            arrays[name] = read_array_of(path, file, entry.file_size)
    return arrays


def build(path: Path, arrays: dict[str, np.ndarray], allow_unsolvable: bool) -> MazeBatch:
    """Mazes from the arrays of a file.

    Raises:
        MazeFileError: If they are no mazes, or it cannot be told which array holds them.
    """
    ends = {END_NAMES[name]: arrays[name] for name in arrays if name in END_NAMES}
    values = arrays[name_of_grids(path, arrays)]
    grids = grids_of(path, values, ends)
    solutions = arrays.get("solutions")
    # An outer wall that was put around the grids has changed their shape.
    if solutions is not None and len(grids) and grids[0].shape == values.shape[1:]:
        solutions = as_solutions(path, solutions, values.shape)
    else:
        solutions = None
    batch = judge_read(path, grids, solutions, allow_unsolvable)
    for name in ("path_lengths", "unique"):
        if solutions is not None and name in arrays:
            if not np.array_equal(arrays[name], getattr(batch, name)):
                raise MazeFileError(f"{path}: {name} must be those of the mazes, got others")
    instances = arrays.get("instances")
    if instances is not None:
        is_whole = instances.dtype.kind in "iu" and instances.shape == (len(batch),)
        if not is_whole or not ((instances >= NO_INSTANCE) & (instances < 2**63)).all():
            raise MazeFileError(
                f"{path}: instances must be {len(batch)} whole numbers from -1, got "
                f"{instances.dtype} {instances.shape}"
            )
        batch.instances = instances.astype(np.int64)
    return batch


def name_of_grids(path: Path, arrays: dict[str, np.ndarray]) -> str:
    """Under which name a file has its mazes.

    Raises:
        MazeFileError: If no array may be mazes, or several, and none is called ``grids``.
    """
    if "grids" in arrays:
        return "grids"
    others = ("solutions", "instances", *END_NAMES)
    names = [
        name
        for name, array in arrays.items()
        if array.ndim in (2, 3) and array.dtype.kind in "biufUS" and name not in others
    ]
    if len(names) != 1:
        raise MazeFileError(
            f"{path}: needs an array called grids, or one (count, height, width) of any name; it "
            f"has {', '.join(map(repr, arrays)) or 'none'}"
        )
    return names[0]
