"""Write mazes that this project did not generate, for ``foreign_mazes.py``.

They are made by the packages maze-dataset and networkx and by plain NumPy; nothing of this project
is imported. maze-dataset wants other versions of packages than this project, so that it gets an
environment of its own:

    python -m venv runs/foreign/venv
    runs/foreign/venv/bin/pip install "maze-dataset==1.4.2" "muutils<0.9" networkx
    runs/foreign/venv/bin/python benchmarks/write_foreign_mazes.py --folder runs/foreign

Each file holds 200 mazes of size 33 or 59. ``written.json`` beside them says how they were made; a
second call with the same words goes on with what is missing. It takes an hour, most of it
for large mazes with many cycles. In arrays 0 is a wall, 1 a free cell, 2 the start and 3 the goal.
"""

import argparse
import json
import platform
import shlex
import sys
from collections.abc import Callable, Collection, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

SIZES = (33, 59)
# The axis of cycles in the literature (Knutson et al. 2024), and far beyond it.
PERCOLATION = (0.0, 0.01, 0.02, 0.03, 0.04, 0.1, 0.3)
OF_MAZE_DATASET = {
    **{f"dfs_percolation_{p:g}": ("gen_dfs_percolation", {"p": p}) for p in PERCOLATION},
    **{name: (f"gen_{name}", {}) for name in ("wilson", "kruskal", "prim", "recursive_division")},
}
WRITTEN = "written.json"

Generator = np.random.Generator
Cell = tuple[int, int]


def thin_walls(graph: nx.Graph, size: int) -> np.ndarray:
    """A graph of rooms as a grid ``(H, W)``: a free cell for each room and each passage."""
    grid = np.zeros((size + 2, size + 2), np.uint8)
    for row, column in graph.nodes:
        grid[2 * row + 1, 2 * column + 1] = 1
    for (row, column), (other_row, other_column) in graph.edges:
        grid[row + other_row + 1, column + other_column + 1] = 1
    return grid


def tree_with_loops(random: Generator, size: int, loops: float) -> np.ndarray:
    """A minimum spanning tree of random weights, and a share of the passages that it leaves out."""
    rooms = nx.grid_2d_graph((size + 1) // 2, (size + 1) // 2)
    for edge in rooms.edges:
        rooms.edges[edge]["weight"] = random.random()
    tree = nx.minimum_spanning_tree(rooms)
    tree.add_edges_from(edge for edge in rooms.edges if random.random() < loops)
    return thin_walls(tree, size)


def passages_removed(random: Generator, size: int, removed: float) -> np.ndarray:
    """A lattice of rooms of which a share of the passages is closed."""
    rooms = nx.grid_2d_graph((size + 1) // 2, (size + 1) // 2)
    rooms.remove_edges_from([edge for edge in rooms.edges if random.random() < removed])
    return thin_walls(rooms, size)


def floor_plan(random: Generator, size: int, smallest: int) -> np.ndarray:
    """A floor plan: rooms of all sizes, halved by walls with one or two doors, with pillars."""
    grid = np.zeros((size + 2, size + 2), np.uint8)
    grid[1:-1, 1:-1] = 1

    def furnish(room: np.ndarray) -> None:
        """Divide a part of the grid, or put a pillar into it."""
        if max(room.shape) < 2 * smallest + 1:
            if min(room.shape) >= 4 and random.random() < 0.5:
                height, width = (int(random.integers(1, side - 2)) for side in room.shape)
                room[1 : 1 + height, 1 : 1 + width] = 0
            return
        along = room if room.shape[0] >= room.shape[1] else room.T  # which shows the same cells
        place = int(random.integers(smallest, len(along) - smallest))
        furnish(along[:place])
        furnish(along[place + 1 :])
        wall = np.zeros(along.shape[1], np.uint8)
        for _ in range(random.integers(1, 3)):
            door = int(random.integers(len(wall)))
            wall[door : door + int(random.integers(1, 4))] = 1
        along[place] = wall

    furnish(grid[1:-1, 1:-1])
    return grid


def islands(random: Generator, size: int, blur: int) -> np.ndarray:
    """Smooth shapes: noise that was blurred, and the lowest 45 % of it taken for walls."""
    noise = random.random((size + 2, size + 2))
    for _ in range(blur):
        shifted = [np.roll(noise, step, axis) for step in (-1, 0, 1) for axis in (0, 1)]
        noise = np.sum(shifted, axis=0)
    grid = (noise > np.quantile(noise, 0.45)).astype(np.uint8)
    grid[[0, -1]] = grid[:, [0, -1]] = 0
    return grid


Draw = Callable[..., np.ndarray]
# By the names of their files; the last are the only ones without a way from start to goal.
OF_ARRAYS: dict[str, tuple[Draw, dict[str, Any]]] = {
    "networkx_tree": (tree_with_loops, {"loops": 0.0}),
    "networkx_tree_loops_0.1": (tree_with_loops, {"loops": 0.1}),
    "networkx_removed_0.3": (passages_removed, {"removed": 0.3}),
    "networkx_removed_0.45": (passages_removed, {"removed": 0.45}),
    "numpy_floor_plan": (floor_plan, {"smallest": 4}),
    "numpy_islands": (islands, {"blur": 1}),
    "networkx_removed_0.45_apart": (passages_removed, {"removed": 0.45}),
}


def set_ends(random: Generator, grid: np.ndarray, apart: bool) -> bool:
    """Put start and goal on any two free cells that are joined, or that are not; whether it did."""
    cells = nx.grid_2d_graph(*grid.shape)
    cells.remove_nodes_from([cell for cell in cells if not grid[cell]])
    regions = sorted(nx.connected_components(cells), key=len, reverse=True)
    if len(regions) < 2 if apart else len(regions[0]) < 2:
        return False
    chosen = (0, int(random.integers(1, len(regions)))) if apart else (0, 0)
    options = [sorted(regions[index]) for index in chosen]
    start = goal = options[0][int(random.integers(len(options[0])))]
    while goal == start:
        goal = options[1][int(random.integers(len(options[1])))]
    if random.random() < 0.5:
        start, goal = goal, start
    grid[start], grid[goal] = 2, 3
    return True


def draw_array(name: str, size: int, count: int, seed: int) -> np.ndarray:
    """Mazes of one of ``OF_ARRAYS``, ``(count, H, W)``."""
    draw, options = OF_ARRAYS[name]
    random = np.random.default_rng([seed, size, list(OF_ARRAYS).index(name)])
    grids: list[np.ndarray] = []
    while len(grids) < count:
        grid = draw(random, size, **options)
        if set_ends(random, grid, apart=name.endswith("apart")):
            grids.append(grid)
    return np.stack(grids)


def write_maze_dataset(path: Path, name: str, size: int, count: int, seed: int) -> None:
    """Write mazes of one of ``OF_MAZE_DATASET``, with ends that the package chooses."""
    from maze_dataset import MazeDataset, MazeDatasetConfig
    from maze_dataset.generation.generators import GENERATORS_MAP

    generator, arguments = OF_MAZE_DATASET[name]
    config = MazeDatasetConfig(
        name=name,
        grid_n=(size + 1) // 2,
        n_mazes=count,
        maze_ctor=GENERATORS_MAP[generator],
        maze_ctor_kwargs=arguments,
        endpoint_kwargs={"endpoints_not_equal": True},
        seed=seed,
    )
    dataset = MazeDataset.generate(config, gen_parallel=False)
    # What some of its generators tell in tuples, it cannot save of a hundred mazes or more.
    for maze in dataset.mazes:
        told = maze.generation_meta.items()
        changed = {key: np.array(value) for key, value in told if isinstance(value, tuple)}
        maze.generation_meta.update(changed)
    dataset.save(path)


def write_all(folder: Path, count: int, seed: int, there: Collection[str]) -> Iterator[dict]:
    """Write every file that is not there yet; what is known of each."""
    for size in SIZES:
        for name, (generator, arguments) in OF_MAZE_DATASET.items():
            path = folder / f"{name}_{size}.zanj"
            if path.name not in there:
                write_maze_dataset(path, name, size, count, seed)
            yield {"file": path.name, "generator": f"maze-dataset {generator}", **arguments}
        for name, (draw, options) in OF_ARRAYS.items():
            path = folder / f"{name}_{size}.npy"
            if path.name not in there:
                np.save(path, draw_array(name, size, count, seed))
            made_by = f"{name.split('_')[0]} {draw.__name__}"
            made_by += ", ends apart" if name.endswith("apart") else ""
            yield {"file": path.name, "generator": made_by, **options}


def written_so_far(folder: Path, how: dict) -> list[str]:
    """The names of the files that an earlier call with the same words and packages wrote."""
    path = folder / WRITTEN
    if not path.exists():
        return []
    written = json.loads(path.read_text())
    files = written.pop("files")
    # A file is listed when all of it was written.
    return [about["file"] for about in files] if written == how else []


def main() -> None:
    """Write the files, and how they were made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("runs/foreign"))
    parser.add_argument("--count", type=int, default=200, help="mazes in each file")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    packages = ("maze-dataset", "muutils", "networkx", "numpy")
    how = {
        "command": shlex.join(["python", "benchmarks/write_foreign_mazes.py", *sys.argv[1:]]),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in packages},
    }
    there = written_so_far(arguments.folder, how)
    files = []
    for about in write_all(arguments.folder, arguments.count, arguments.seed, there):
        files.append(about)
        written = json.dumps({**how, "files": files}, indent=2) + "\n"
        (arguments.folder / WRITTEN).write_text(written)
        print(about["file"], flush=True)


if __name__ == "__main__":
    main()
