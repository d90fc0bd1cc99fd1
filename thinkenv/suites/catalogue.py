"""The suites: which problems they hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from thinkenv.tasks import make_task
from thinkenv.tasks.base import AnyTask, OptionValue


@dataclass(frozen=True)
class ProblemSet:
    """The first instances of a seed of one task: the same problems on every machine.

    Attributes:
        task: ``maze``, ``chess`` or ``prefix_sum``, or one of your own as ``file.py:Class``.
        options: The arguments of the task.
        count: How many instances.
        seed: Whose.
    """

    task: str
    options: Mapping[str, OptionValue]
    count: int
    seed: int = 0

    def make_task(self) -> AnyTask:
        """The task, which draws the instances and judges answers.

        Raises:
            ValueError: If there is no such task, or an option has a value that is not allowed.
        """
        return make_task(self.task, **self.options)

    def __str__(self) -> str:
        return " ".join([self.task, *(f"{name}={value}" for name, value in self.options.items())])


@dataclass(frozen=True)
class Suite:
    """A named list of problem sets that never changes.

    Attributes:
        name: What it is called.
        description: What it asks.
        sets: The problem sets.
        versions: The ``version`` of each task in it, which with the options decides the problems.
            Should one change, the suite asks for a package that still has this version, rather
            than quietly becoming another one.
    """

    name: str
    description: str
    sets: tuple[ProblemSet, ...]
    versions: Mapping[str, int | str] = field(default_factory=dict)

    def check_versions(self) -> None:
        """Check that this package draws the problems that the suite means.

        Raises:
            ValueError: If a task has another version.
        """
        for problems in self.sets:
            meant, ours = self.versions.get(problems.task), problems.make_task().version
            if meant not in (None, ours):
                raise ValueError(
                    f"task {problems.task!r} must have version {meant} for suite {self.name!r}, "
                    f"got {ours}"
                )


# The versions that the suites below mean; that of chess puzzles is the SHA-256 of
# thinkenv/assets/lichess_puzzles_sample.csv.
VERSIONS: dict[str, int | str] = {
    "maze": 1,
    "chess": "7db066884d6c9c1cd94c24782721e26ade1eeebfeb58346fe90b7c8b917aba17",
    "prefix_sum": 1,
}


def frozen(name: str, description: str, *sets: ProblemSet) -> Suite:
    """A suite of the tasks' versions that stand above."""
    versions = {problems.task: VERSIONS[problems.task] for problems in sets}
    return Suite(name, description, sets, versions)


def maze_set(count: int, **options: OptionValue) -> ProblemSet:
    """Mazes of the extrapolation split, unless the options say another one."""
    return ProblemSet("maze", {"split": "extrapolation", **options}, count)


PERCOLATION = {"generator": "percolation"}

SUITES = {
    suite.name: suite
    for suite in (
        frozen(
            "maze-extrapolation",
            "Depth-first mazes, as easy as the training's (size 9) and ever larger.",
            maze_set(1000, size=9, split="test"),
            maze_set(1000, size=13),
            maze_set(1000, size=33),
            maze_set(1000, size=59),
            maze_set(200, size=201),
        ),
        frozen(
            "maze-axes",
            "Mazes of size 33 and 59 that differ from the training's in other ways than size: "
            "where start and goal lie, how they are carved, whether there are several ways.",
            maze_set(1000, size=33, endpoints="dead_ends"),
            maze_set(1000, size=33, endpoints="corners"),
            maze_set(1000, size=33, endpoints="farthest"),
            maze_set(1000, size=59, generator="wilson"),
            maze_set(1000, size=59, generator="kruskal"),
            maze_set(1000, size=59, generator="prim"),
            maze_set(1000, size=59, generator="recursive_division"),
            maze_set(1000, size=33, loops=0.1),
        ),
        frozen("maze-801", "Twenty depth-first mazes of size 801.", maze_set(20, size=801)),
        frozen(
            "maze-loops",
            "Depth-first mazes with several ways: at size 59 with few walls opened up to all of "
            "them, and with chance 0.1 at three sizes.",
            maze_set(200, size=59, loops=0.05),
            maze_set(200, size=59, loops=0.3),
            maze_set(200, size=59, loops=0.7),
            # With all walls open there is one lattice of a size, which is in one split.
            maze_set(200, size=59, loops=1.0, split="all"),
            maze_set(1000, size=33, loops=0.1),
            maze_set(1000, size=59, loops=0.1),
            maze_set(200, size=201, loops=0.1),
        ),
        frozen("maze-loops-801", "Twenty mazes with loops.", maze_set(20, size=801, loops=0.1)),
        frozen(
            "maze-any-ends",
            "Start and goal on any free cell of depth-first mazes without and with loops; and next "
            "to each other, in corners, and as far apart as can be.",
            maze_set(200, size=33, endpoints="adjacent", loops=0.1),
            maze_set(200, size=33, endpoints="corners", loops=0.1),
            maze_set(200, size=33, endpoints="farthest", loops=0.1),
            maze_set(1000, size=33, endpoints="free_cells"),
            maze_set(1000, size=59, endpoints="free_cells"),
            maze_set(1000, size=33, endpoints="free_cells", loops=0.1),
            maze_set(1000, size=59, endpoints="free_cells", loops=0.1),
        ),
        frozen(
            "maze-no-lattice",
            "Mazes of size 59 that are no lattices of rooms: cells removed at random, open places, "
            "caves; and goals that cannot be reached.",
            *(
                maze_set(200, size=59, **PERCOLATION, removed=removed, endpoints="unreachable")
                for removed in (0.3, 0.4)
            ),
            maze_set(200, size=59, generator="plazas", endpoints="free_cells"),
            maze_set(200, size=59, generator="caves", endpoints="free_cells"),
            *(
                maze_set(200, size=59, **PERCOLATION, removed=removed, endpoints="free_cells")
                for removed in (0.1, 0.2, 0.3, 0.4)
            ),
        ),
        # All bundled puzzles that no agent is trained on.
        frozen(
            "chess-rating",
            "The bundled Lichess puzzles that agents are not trained on, by rating: both squares "
            "of the first move, or of another that mates.",
            ProblemSet("chess", {"split": "test", "rating": [400, 999]}, 75),
            ProblemSet("chess", {"split": "test", "rating": [1000, 1499]}, 87),
            ProblemSet("chess", {"split": "extrapolation", "rating": [1600, 1799]}, 572),
            ProblemSet("chess", {"split": "extrapolation", "rating": [1800, 1999]}, 581),
            ProblemSet("chess", {"split": "extrapolation", "rating": [2000, 2199]}, 588),
            ProblemSet("chess", {"split": "extrapolation", "rating": [2200, 2399]}, 539),
            ProblemSet("chess", {"split": "extrapolation", "rating": [2400, 2599]}, 503),
            ProblemSet("chess", {"split": "extrapolation", "rating": [2600, 2799]}, 437),
        ),
        frozen(
            "chess-hard",
            "The bundled Lichess puzzles rated 2000 and above, to look at how much more thought "
            "helps: both squares of the first move, or of another that mates.",
            ProblemSet("chess", {"split": "extrapolation", "rating": [2000, 2399]}, 1127),
            ProblemSet("chess", {"split": "extrapolation", "rating": [2400, 2799]}, 940),
        ),
        frozen(
            "prefix-extrapolation",
            "Running parities of strings as long as the training's (32 bits) and ever longer.",
            ProblemSet("prefix_sum", {"bits": 32, "split": "test"}, 1000),
            ProblemSet("prefix_sum", {"bits": 48, "split": "extrapolation"}, 1000),
            ProblemSet("prefix_sum", {"bits": 128, "split": "extrapolation"}, 1000),
            ProblemSet("prefix_sum", {"bits": 512, "split": "extrapolation"}, 1000),
            ProblemSet("prefix_sum", {"bits": 4096, "split": "extrapolation"}, 100),
        ),
    )
}
