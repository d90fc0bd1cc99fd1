"""Measure how fast mazes are generated, with solution and uniqueness flag, beside other packages.

Run from the repository's root, on an otherwise idle machine:

    python benchmarks/generation.py --json benchmarks/results/generation.json

Rates are mazes per second: the median of several measurements in one run, and the best of them,
which is nearer to what the machine does when nothing else runs on it. The compared packages
are measured where they are installed (``pip install mazelib maze-dataset``) and left out with a
message where they are not; plain Python is always measured.
"""

import itertools
import random
import sys
from collections import deque
from collections.abc import Callable, Iterator

from measuring import parser_of, rate_of, run_fresh

from thinkenv import mazes
from thinkenv.command_line import run_command
from thinkenv.provenance import store_result
from thinkenv.streams import InstanceStream

SIZES = (9, 59, 201, 801)
REPEATS = 9


def rates_of(make: Callable[[], int], seconds: float) -> dict[str, float]:
    """Mazes per second of ``make``, which makes some and returns how many, as rows hold them."""
    median, best = rate_of(make, seconds, REPEATS)
    return {"per_second": median, "best_per_second": best}


def in_words(rates: dict[str, float]) -> str:
    """The rates of ``rates_of`` for a line of output."""
    return f"{rates['per_second']:>14,.1f} a second (best {rates['best_per_second']:,.1f})"


def in_batches(size: int, **options) -> Callable[[], int]:
    """A maker of our mazes, a batch of 16 MB at a time, but of twelve mazes at least."""
    count = max(12, 16_000_000 // (2 * (size + 2) ** 2))
    first = itertools.count(step=count)

    def make() -> int:
        instances = mazes.instances_of_seed(0, count, next(first))
        mazes.generate(size=size, instances=instances, **options)
        return count

    return make


def two_rooms(rooms: int) -> list[tuple[int, int]]:
    """The cells of two different rooms of a maze of ``rooms`` times ``rooms``."""
    chosen = random.sample(range(rooms * rooms), 2)
    return [(2 * (room // rooms) + 1, 2 * (room % rooms) + 1) for room in chosen]


def plain_python(size: int) -> Callable[[], int]:
    """The straightforward way: depth-first search and breadth-first search on lists."""
    rooms = (size + 1) // 2
    side = size + 2

    def make() -> int:
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
        start, goal = two_rooms(rooms)
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
        return 1

    return make


def mazelib_maker(size: int) -> Callable[[], int]:
    """The package ``mazelib``: its depth-first generator (Cython where built) and solver."""
    from mazelib import Maze
    from mazelib.generate.BacktrackingGenerator import BacktrackingGenerator
    from mazelib.solve.ShortestPath import ShortestPath

    rooms = (size + 1) // 2

    def make() -> int:
        maze = Maze()
        maze.generator = BacktrackingGenerator(rooms, rooms)
        maze.generate()
        maze.start, maze.end = two_rooms(rooms)
        maze.solver = ShortestPath()
        maze.solve()
        return 1

    return make


def maze_dataset_maker(size: int) -> Callable[[], int]:
    """The package ``maze-dataset``: its depth-first generator and solver."""
    from maze_dataset import SolvedMaze
    from maze_dataset.generation import LatticeMazeGenerators

    rooms = (size + 1) // 2

    def make() -> int:
        maze = LatticeMazeGenerators.gen_dfs((rooms, rooms))
        SolvedMaze.from_lattice_maze(maze, maze.generate_random_path())
        return 1

    return make


OTHERS = {
    "plain Python": (plain_python, SIZES),
    "mazelib": (mazelib_maker, (9, 59)),
    "maze-dataset": (maze_dataset_maker, (9, 59, 201)),
}


OTHERS = {
    "plain Python": (plain_python, SIZES),
    "mazelib": (mazelib_maker, (9, 59)),
    "maze-dataset": (maze_dataset_maker, (9, 59, 201)),
}


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
        "print((grown - batch.grids.nbytes - batch.solutions.nbytes) / 1e6)"
    )
    return run_fresh(code)


def first_call_seconds() -> float:
    """Seconds of the first call in a fresh process with a warm cache, the import included."""
    return run_fresh(
        "import time; began = time.perf_counter()\n"
        "from thinkenv import mazes; mazes.generate(9, 1)\n"
        "print(time.perf_counter() - began)"
    )


def our_cases(sizes: list[int]) -> Iterator[dict]:
    """What is measured of ours: arguments of ``generate``."""
    for size in sizes:
        for generator, threads in itertools.product(mazes.GENERATORS, (1, 2)):
            yield dict(size=size, generator=generator, split="all", threads=threads)
        yield dict(size=size, generator="dfs", split="train", threads=2)
    hardest = dict(split="all", threads=2, loops=0.05, endpoints="farthest")
    if 801 in sizes:
        for generator in mazes.OF_LATTICES:
            yield dict(size=801, generator=generator, **hardest)


def measure_ours(sizes: list[int], seconds: float) -> Iterator[dict]:
    """The rows of our generators."""
    for options in our_cases(sizes):
        rates = rates_of(in_batches(**options), seconds)
        size, generator, *others = options.items()
        extra = ", ".join(f"{name}={value}" for name, value in others)
        print(f"{size[1]:>5}  {generator[1]:<20} {in_words(rates)}  ({extra})", flush=True)
        yield {"what": "thinkenv", **options, **rates}


def measure_others(sizes: list[int], seconds: float, ours: dict[int, float]) -> Iterator[dict]:
    """The rows of other packages, beside our rate at each size."""
    for name, (maker, their_sizes) in OTHERS.items():
        for size in sorted({*sizes} & {*their_sizes}):
            try:
                make = maker(size)
            except ImportError as error:
                print(f"{name} is left out: {error}", file=sys.stderr)
                break
            rates = rates_of(make, seconds)
            ratio = ours[size] / rates["per_second"]
            beside = f"ours, on one thread, {ratio:,.0f} times as many"
            print(f"{size:>5}  {name:<20} {in_words(rates)}; {beside}", flush=True)
            yield {"what": name, "size": size, **rates, "ratio": ratio}


def main() -> None:
    """Measure, print, and store."""
    parser = parser_of(__doc__, seconds=0.3)
    parser.add_argument("--size", type=int, nargs="+", default=SIZES, help="sizes to measure")
    arguments = parser.parse_args()
    rows = list(measure_ours(arguments.size, arguments.seconds))
    on_one_thread = [row for row in rows if row["generator"] == "dfs" and row["threads"] == 1]
    ours = {row["size"]: row["per_second"] for row in on_one_thread}
    rows += measure_others(arguments.size, arguments.seconds, ours)
    with InstanceStream(mazes.MazeTask(size=9), count=1024) as stream:
        streamed = rates_of(lambda: len(next(stream)), arguments.seconds)
    print(f"stream of batches of 1,024, size 9, train: {in_words(streamed)}")
    memory = {generator: peak_memory(1601, generator) for generator in mazes.GENERATORS}
    for generator, megabytes in memory.items():
        print(f"one maze of size 1601, {generator}: {megabytes:.0f} MB above its arrays")
    first = first_call_seconds()
    print(f"first call in a fresh process: {first:.2f} s")
    if arguments.json is not None:
        others = {"peak_memory_1601_mb": memory, "first_call_seconds": first}
        store_result(arguments.json, {"rows": rows, "stream": streamed, **others})


if __name__ == "__main__":
    sys.exit(run_command(main))
