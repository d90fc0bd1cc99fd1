"""``.npz`` files: the arrays of a ``MazeBatch`` and its options as JSON, or fewer arrays.

A file that has more of our arrays than the grids and one other is taken for one of ours, and all of
them must be as we write them. Of other files only the grids must be there: under ``grids``, or any
name where there is one array that may be mazes. What is missing is computed. ``start`` and ``goal``
(or ``end``, ``exit``) may be arrays ``(count, 2)`` of rows and columns.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from thinkenv import gate
from thinkenv.files import atomic_write
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange.arrays import grids_of
from thinkenv.mazes.interchange.base import NO_INSTANCE, MazeFileError, as_solutions, judge_read
from thinkenv.mazes.lattice import GOAL, WALL
from thinkenv.mazes.sampling import GENERATOR_VERSION


class Kind(NamedTuple):
    """What an array of ours is like.

    Attributes:
        letters: NumPy's letters for what its values may be.
        dimensions: How many it has.
    """

    letters: str
    dimensions: int


OURS = {
    "grids": Kind("iu", 3),
    "solutions": Kind("biu", 3),
    "path_lengths": Kind("iu", 1),
    "unique": Kind("b", 1),
    "instances": Kind("iu", 1),
    "options": Kind("U", 0),
}
VERSION_KEY = "generator_version"  # of the options

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
    described = json.dumps({VERSION_KEY: GENERATOR_VERSION, **options})
    arrays: dict[str, Any] = {"options": np.array(described), **batch.columns()}
    with atomic_write(Path(path)) as file:
        np.savez_compressed(file, **arrays)


@gate.reader("mazes and their options in a .npz file", MazeFileError)
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
    with gate.opened(path) as file:
        archive = gate.Archive(file)
        members = names_of_arrays(archive)
        if len(members.keys() & OURS.keys()) > 2 and "grids" in members:
            arrays = {name: archive.array(members[name]) for name in OURS if name in members}
            return build_ours(arrays, allow_unsolvable)
        headers = {}
        for name, member in members.items():
            with archive.open(member) as content:
                headers[name] = gate.read_array_header(content)
        wanted = {name_of_grids(headers), *END_NAMES, *OURS} & members.keys()
        arrays = {name: archive.array(members[name]) for name in wanted}
    return build_foreign(arrays, allow_unsolvable)


def names_of_arrays(archive: gate.Archive) -> dict[str, str]:
    """The members of an archive by the names of the arrays in them, as NumPy reads them.

    Raises:
        ValueError: If two have the same.
    """
    members: dict[str, str] = {}
    for member in archive.names:
        name = member.removesuffix(".npy")
        if name in members:
            raise ValueError(f"has the array {name!r} twice")
        members[name] = member
    return members


def build_ours(
    arrays: dict[str, np.ndarray], allow_unsolvable: bool
) -> tuple[MazeBatch, dict[str, Any]]:
    """Mazes and options from the arrays of a file of ours, each checked.

    Raises:
        ValueError: If one is not what ``write_npz`` writes.
    """
    for name, array in arrays.items():
        kind = OURS[name]
        if array.dtype.kind not in kind.letters or array.ndim != kind.dimensions:
            raise ValueError(
                f"{name} must be as thinkenv writes it, got {array.dtype} {array.shape}"
            )
    grids = arrays["grids"]
    if not len(grids):
        raise ValueError("holds no mazes")
    options = read_options(arrays.get("options"))
    if not isinstance(options, dict):
        raise ValueError(f"options must be an object in JSON, got {str(options)[:40]}")
    missing = [name for name in OURS if name not in arrays]
    if VERSION_KEY in options and missing:
        raise ValueError(f"lacks {', '.join(missing)}, which every such file of thinkenv has")
    solutions = arrays.get("solutions")
    if solutions is not None:
        solutions = as_solutions(solutions, grids.shape)
    if grids.min(initial=WALL) < WALL or grids.max(initial=GOAL) > GOAL:
        raise ValueError("grids must hold the integer codes 0 to 3, got others")
    batch = judge_read(grids, solutions, allow_unsolvable)
    for name in ("path_lengths", "unique"):
        if name in arrays and not np.array_equal(arrays[name], getattr(batch, name)):
            raise ValueError(f"{name} must be those of the mazes, got others")
    return with_instances(batch, arrays), options


def build_foreign(
    arrays: dict[str, np.ndarray], allow_unsolvable: bool
) -> tuple[MazeBatch, dict[str, Any]]:
    """Mazes from the arrays of a file of any tool, and the options if it has some.

    Raises:
        ValueError: If they are no mazes.
    """
    ends = {END_NAMES[name]: arrays[name] for name in arrays if name in END_NAMES}
    values = arrays[name_of_grids(arrays)]
    grids = grids_of(values, ends)
    solutions = arrays.get("solutions")
    # An outer wall that was put around the grids has changed their shape.
    if solutions is not None and len(grids) and grids[0].shape == values.shape[1:]:
        solutions = as_solutions(solutions, values.shape)
    else:
        solutions = None
    batch = judge_read(grids, solutions, allow_unsolvable)
    options = read_options(arrays.get("options"))
    return with_instances(batch, arrays), options if isinstance(options, dict) else {}


def with_instances(batch: MazeBatch, arrays: dict[str, np.ndarray]) -> MazeBatch:
    """Mazes with the instance numbers of a file, if it has some.

    Raises:
        ValueError: If they are none.
    """
    instances = arrays.get("instances")
    if instances is None:
        return batch
    is_whole = instances.dtype.kind in "iu" and instances.shape == (len(batch),)
    if not is_whole or not ((instances >= NO_INSTANCE) & (instances < 2**63)).all():
        raise ValueError(
            f"instances must be {len(batch)} whole numbers from -1, got {instances.dtype} "
            f"{instances.shape}"
        )
    batch.instances = instances.astype(np.int64)
    return batch


def read_options(array: np.ndarray | None) -> Any:
    """What the JSON in an array of one text says; an empty dict where there is no array.

    Raises:
        ValueError: If it is no JSON.
    """
    return {} if array is None else gate.parse_json(str(array))


def name_of_grids(arrays: Mapping[str, gate.ArrayHeader | np.ndarray]) -> str:
    """Under which name a file has its mazes.

    Args:
        arrays: The arrays by name, or their headers.

    Raises:
        ValueError: If no array may be mazes, or several, and none is called ``grids``.
    """
    if "grids" in arrays:
        return "grids"
    others = ("solutions", "instances", *END_NAMES)
    names = [
        name
        for name, array in arrays.items()
        if len(array.shape) in (2, 3) and array.dtype.kind in "biufUS" and name not in others
    ]
    if len(names) != 1:
        raise ValueError(
            "needs an array called grids, or one (count, height, width) of any name; it has "
            f"{', '.join(map(repr, arrays)) or 'none'}"
        )
    return names[0]
