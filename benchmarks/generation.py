"""Measure how fast mazes are generated, with solution and uniqueness flag, beside other packages.

Run from the repository's root, on an otherwise idle machine:

    python benchmarks/generation.py --json benchmarks/results/generation.json

Rates are mazes per second: the median of several measurements in one run, and the best of them,
which is nearer to what the machine does when nothing else runs on it. The compared packages
are measured where they are installed (``pip install mazelib maze-dataset``) and left out with a
message where they are not; plain Python is always measured.
"""

import argparse
import random
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from thinkenv import mazes
from thinkenv.provenance import store_result
from thinkenv.streams import InstanceStream

SIZES = (9, 59, 201, 801)
REPEATS = 9


def rate_of(make: Callable[[int], object], seconds: float) -> dict[str, float]:
    """Mazes per second of ``make(count)``, over repeats that last ``seconds`` each.

    Returns:
        ``per_second``, the median of the repeats, and ``best_per_second``.
    """
    make(1)  # compile or load what it needs
    count = 1
    while True:
        began = time.perf_counter()
        make(count)
        elapsed = time.perf_counter() - began
        if elapsed > seconds / 4:
            break
        count *= 4 if elapsed < seconds / 16 else 2
    count = max(1, round(count * seconds / elapsed))
    rates = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        make(count)
        rates.append(count / (time.perf_counter() - began))
    return {"per_second": statistics.median(rates), "best_per_second": max(rates)}


def in_words(rates: dict[str, float]) -> str:
    """The rates of ``rate_of`` for a line of output."""
    return f"{rates['per_second']:>14,.1f} a second (best {rates['best_per_second']:,.1f})"


def in_batches(size: int, **options) -> Callable[[int], None]:
    """A maker of our mazes, in batches of 16 MB, but of twelve mazes at least."""
    per_batch = max(12, 16_000_000 // (2 * (size + 2) ** 2))

    def make(count: int) -> None:
        first = 0
        while first < count:
            part = min(per_batch, count - first)
            instances = mazes.instances_of_seed(0, part, first)
            mazes.generate(size=size, instances=instances, **options)
            first += part

    return make


def plain_python(size: int) -> Callable[[int], list]:
    """The straightforward way: depth-first search and breadth-first search on lists."""
    rooms = (size + 1) // 2
    side = size + 2

    def make_one() -> list[tuple[int, int]]:
        grid = [[0] * side for _ in range(side)]
        stack = [(2 * random.randrange(rooms) + 1, 2 * random.randrange(rooms) + 1)]
        grid[stack[0][0]][stack[0][1]] = 1
        while stack:
            row, column = stack[-1]
            ways = [
                (down, right)
                for down, right in ((-2, 0), (0, 2), (2, 0), (0, -2))
                if 0 < row + down < side - 1
                and 0 < column + right < side - 1
                and not grid[row + down][column + right]
            ]
            if not ways:
                stack.pop()
                continue
            down, right = random.choice(ways)
            grid[row + down // 2][column + right // 2] = 1
            grid[row + down][column + right] = 1
            stack.append((row + down, column + right))
        start, goal = (
            (2 * (room // rooms) + 1, 2 * (room % rooms) + 1)
            for room in random.sample(range(rooms * rooms), 2)
        )
        came_from = {goal: goal}
        queue = deque([goal])
        while start not in came_from:
            row, column = queue.popleft()
            for cell in (
                (row - 1, column),
                (row, column + 1),
                (row + 1, column),
                (row, column - 1),
            ):
                if grid[cell[0]][cell[1]] and cell not in came_from:
                    came_from[cell] = (row, column)
                    queue.append(cell)
        path = [start]
        while path[-1] != goal:
            path.append(came_from[path[-1]])
        return path

    return lambda count: [make_one() for _ in range(count)]


def mazelib_maker(size: int) -> Callable[[int], list]:
    """The package ``mazelib``: its depth-first generator (Cython where built) and solver."""
    from mazelib import Maze
    from mazelib.generate.BacktrackingGenerator import BacktrackingGenerator
    from mazelib.solve.ShortestPath import ShortestPath

    rooms = (size + 1) // 2

    def make_one() -> Maze:
        maze = Maze()
        maze.generator = BacktrackingGenerator(rooms, rooms)
        maze.generate()
        maze.start, maze.end = (
            (2 * (room // rooms) + 1, 2 * (room % rooms) + 1)
            for room in random.sample(range(rooms * rooms), 2)
        )
        maze.solver = ShortestPath()
        maze.solve()
        return maze

    return lambda count: [make_one() for _ in range(count)]


def maze_dataset_maker(size: int) -> Callable[[int], list]:
    """The package ``maze-dataset``: its depth-first generator and solver."""
    from maze_dataset import SolvedMaze
    from maze_dataset.generation import LatticeMazeGenerators

    rooms = (size + 1) // 2

    def make_one() -> SolvedMaze:
        maze = LatticeMazeGenerators.gen_dfs((rooms, rooms))
        return SolvedMaze.from_lattice_maze(maze, maze.generate_random_path())

    return lambda count: [make_one() for _ in range(count)]


OTHERS = {
    "plain Python": (plain_python, SIZES),
    "mazelib": (mazelib_maker, (9, 59)),
    "maze-dataset": (maze_dataset_maker, (9, 59, 201)),
}


def stream_rate(seconds: float) -> dict[str, float]:
    """Mazes of size 9 per second from a stream of batches of 1,024, drawn in the background."""
    with InstanceStream(mazes.MazeTask(size=9), count=1024) as stream:

        def make(count: int) -> None:
            for _ in range(0, count, 1024):
                next(stream)

        return rate_of(make, seconds)


def peak_memory(size: int, generator: str) -> float:
    """Megabytes above the result arrays that one maze takes at most, in a fresh process on Linux.

    It can be below zero: pages of the solution that no path crosses are never touched.
    """
    code = (
        "from thinkenv import mazes\n"
        "def kilobytes(name):\n"
        "    status = open('/proc/self/status').read().splitlines()\n"
        "    return next(int(line.split()[1]) for line in status if line.startswith(name))\n"
        f"mazes.generate(13, 1, split='all', generator={generator!r})\n"
        "before = kilobytes('VmRSS')\n"
        f"batch = mazes.generate({size}, 1, split='all', generator={generator!r})\n"
        "grown = 1024 * (kilobytes('VmHWM') - before)\n"
        "print(grown - batch.grids.nbytes - batch.solutions.nbytes)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(run.stdout) / 1e6


def first_call_seconds() -> float:
    """Seconds of the first call in a fresh process with a warm cache, the import included."""
    code = (
        "import time; began = time.perf_counter()\n"
        "from thinkenv import mazes; mazes.generate(9, 1)\n"
        "print(time.perf_counter() - began)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(run.stdout)


def our_cases(sizes: tuple[int, ...]) -> list[tuple[str, dict]]:
    """What is measured of ours: names and arguments of ``generate``."""
    cases: list[tuple[str, dict]] = []
    for size in sizes:
        for generator in mazes.GENERATORS:
            for threads in (1, 2):
                options = {"generator": generator, "split": "all", "threads": threads}
                cases.append((generator, {"size": size, **options}))
        cases.append(("dfs", {"size": size, "generator": "dfs", "split": "train", "threads": 2}))
    hardest: dict = {"split": "all", "threads": 2, "loops": 0.05, "endpoints": "farthest"}
    if 801 in sizes:
        for generator in mazes.GENERATORS:
            cases.append((generator, {"size": 801, "generator": generator, **hardest}))
    return cases


def main() -> int:
    """Measure, print, and store."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, nargs="+", default=SIZES, help="sizes to measure")
    parser.add_argument("--seconds", type=float, default=0.3, help="of each measurement")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    arguments = parser.parse_args()

    rows = []
    for name, options in our_cases(tuple(arguments.size)):
        size = options["size"]
        others = {key: value for key, value in options.items() if key != "size"}
        rates = rate_of(in_batches(size, **others), arguments.seconds)
        rows.append({"what": "thinkenv", **options, **rates})
        extra = ", ".join(f"{key}={value}" for key, value in others.items() if key != "generator")
        print(f"{size:>5}  {name:<20} {in_words(rates)}  ({extra})", flush=True)
    ours = {
        row["size"]: row["per_second"]
        for row in rows
        if row["generator"] == "dfs" and row["threads"] == 1 and "loops" not in row
    }
    for name, (maker, sizes) in OTHERS.items():
        for size in sizes:
            if size not in arguments.size:
                continue
            try:
                make = maker(size)
                make(1)
            except ImportError as error:
                print(f"{name} is left out: {error}", file=sys.stderr)
                break
            rates = rate_of(make, arguments.seconds)
            ratio = ours[size] / rates["per_second"]
            rows.append({"what": name, "size": size, **rates, "ratio": ratio})
            print(
                f"{size:>5}  {name:<20} {in_words(rates)}; ours, on one thread, "
                f"{ratio:,.0f} times as many",
                flush=True,
            )
    streamed = stream_rate(arguments.seconds)
    print(f"stream of batches of 1,024, size 9, train: {in_words(streamed)}")
    memory = {generator: peak_memory(1601, generator) for generator in mazes.GENERATORS}
    for generator, megabytes in memory.items():
        print(f"one maze of size 1601, {generator}: {megabytes:.0f} MB above its arrays")
    first = first_call_seconds()
    print(f"first call in a fresh process: {first:.2f} s")
    if arguments.json is not None:
        result = {
            "rows": rows,
            "stream": streamed,
            "peak_memory_1601_mb": memory,
            "first_call_seconds": first,
        }
        store_result(arguments.json, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
