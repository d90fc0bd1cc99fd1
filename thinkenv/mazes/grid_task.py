"""What tasks of mazes share, wherever the mazes come from: batches, judgements, pictures."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from thinkenv.checks import check_answers
from thinkenv.mazes import drawing
from thinkenv.mazes.dead_ends import filling_rounds
from thinkenv.mazes.lattice import WALL
from thinkenv.mazes.solving import (
    are_mazes,
    check_walled,
    is_connected_path,
    judge_flat,
    on_shortest_paths,
)
from thinkenv.notebooks import span
from thinkenv.tasks.base import CellTask, InstanceBatch, OptionValue


@dataclass
class MazeBatch(InstanceBatch):
    """Mazes with their solutions; the outer wall is part of the ``H`` rows and ``W`` columns.

    Attributes:
        grids: ``(count, H, W)`` uint8 cell codes: 0 wall, 1 free, 2 start, 3 goal.
        solutions: ``(count, H, W)`` uint8, 1 on the cells of a shortest path, both ends included.
        path_lengths: ``(count,)`` int32, cells of a shortest path.
        unique: ``(count,)`` bool, whether there is only one shortest path.
        instances: ``(count,)`` int64 instance numbers.
    """

    grids: np.ndarray
    solutions: np.ndarray
    path_lengths: np.ndarray
    unique: np.ndarray
    instances: np.ndarray

    @property
    def problems(self) -> np.ndarray:
        """What an agent is shown: the grids (the name that all tasks share)."""
        return self.grids

    def copy(self) -> "MazeBatch":
        """The same mazes in arrays of their own, each in C order."""
        return MazeBatch(**{name: column.copy() for name, column in self.columns().items()})

    def flat(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The columns as kernels take them: grids and solutions are ``(count, cells)``.

        They are views where the arrays are in C order.
        """
        count, height, width = self.grids.shape
        shape = (count, height * width)
        grids, solutions = self.grids.reshape(shape), self.solutions.reshape(shape)
        return grids, solutions, self.path_lengths, self.unique

    def summary(self) -> str:
        """The batch in a few words: ``5 mazes of 11x11, path lengths 7 to 23``."""
        height, width = self.grids.shape[1:]
        words = [f"{len(self):,} maze{'s' * (len(self) != 1)} of {height}x{width}"]
        lengths = self.path_lengths[self.path_lengths > 0]
        if len(lengths):
            words.append(f"path lengths {span(lengths)}")
        if len(lengths) < len(self):
            words.append(f"{len(self) - len(lengths):,} without a way")
        return ", ".join(words)

    @staticmethod
    def sketch(problem: np.ndarray, answer: np.ndarray | None = None) -> np.ndarray:
        """A picture of one maze, and of an answer that is not judged."""
        return drawing.render(problem, answer)


def check_columns(batch: MazeBatch) -> None:
    """Check that the arrays of a batch belong together.

    Raises:
        ValueError: If they do not.
    """
    shape = batch.grids.shape
    columns = (batch.path_lengths, batch.unique, batch.instances)
    if len(shape) != 3 or batch.solutions.shape != shape:
        raise ValueError(
            f"a batch must have grids and solutions of one shape (count, H, W), got {shape} and "
            f"{batch.solutions.shape}"
        )
    if any(column.shape != shape[:1] for column in columns):
        raise ValueError(f"a batch must have a path length and so on for each of {shape[0]} mazes")


def check_mazes(batch: MazeBatch, shape: tuple[int, int]) -> None:
    """Check that a batch is one of mazes of these rows and columns, before they are changed.

    Raises:
        ValueError: If it is not, or one has no outer wall.
    """
    check_columns(batch)
    if batch.grids.shape[1:] != shape:
        raise ValueError(
            f"batch must be mazes of {shape[0]} rows and {shape[1]} columns, got "
            f"{batch.grids.shape[1:]}"
        )
    check_walled(batch.grids)


class GridTask(CellTask[MazeBatch]):
    """A task of mazes: a grid with a start and a goal in, the cells of a shortest path out."""

    name = "maze"
    ample_iterations = 2500  # for size 59: its trees took the shipped agents up to 2,208
    batch_type = MazeBatch
    own_problems = "thinkenv.mazes.from_text and .read give the grids of drawn mazes and of files"
    codes = 4
    wall_code = WALL
    turns = True

    def judge(self, batch: MazeBatch, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Judge one answer to each maze of a batch.

        Args:
            batch: The mazes.
            answers: ``(count, H, W)`` bool or integers, 1 on the cells of the path.

        Returns:
            ``(solved, cell_accuracies)``: ``(count,)`` bool, whether the answer is exactly a
            shortest path (any of them), and ``(count,)`` float64, the share of free cells that
            equal the reference solution.

        Raises:
            ValueError: If the answers have another shape or other values than 0 and 1, or the
                arrays of the batch do not belong together.
            TypeError: If the answers hold neither integers nor bools.
        """
        check_columns(batch)
        answers = check_answers(answers, batch.grids.shape)
        count, height, width = answers.shape
        solved = np.empty(count, np.bool_)
        cell_accuracies = np.empty(count, np.float64)
        flat_answers = answers.reshape(count, height * width)
        judge_flat(batch.flat(), width, flat_answers, solved, cell_accuracies)
        return solved, cell_accuracies

    def filling_rounds(self, batch: MazeBatch) -> np.ndarray:
        """In which round of dead-end filling each cell goes: see ``Task.filling_rounds``."""
        return filling_rounds(batch.grids)

    @classmethod
    def reachable(cls, problems: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """Which answers join start and goal: see ``Task.reachable``.

        What they mark on walls and elsewhere beside a way does not count.
        """
        # Marks at the edge join nothing: around grids without an outer wall there must be one.
        ring = ((0, 0), (1, 1), (1, 1))
        grids = np.pad(np.ascontiguousarray(problems, np.uint8), ring)
        ways = np.pad(np.ascontiguousarray(answers, np.uint8), ring) * (grids != WALL)
        width = grids.shape[2]
        pairs = zip(grids, ways, strict=True)
        joined = [is_connected_path(grid.ravel(), width, way.ravel()) for grid, way in pairs]
        return np.array(joined, np.bool_)

    @classmethod
    def label(cls, options: Mapping[str, OptionValue]) -> str:
        """The size, and what is unusual: ``59x59 prim loops 0.1``, ``33x33 percolation 0.3``."""
        words = [str(options.get("shape") or f"{options['size']}x{options['size']}")]
        generator, removed, ends = map(options.get, ("generator", "removed", "endpoints"))
        words += [str(generator)] if generator not in (None, "dfs") else []
        words += [f"{removed:g}"] if removed is not None else []
        words += [str(ends)] if ends not in (None, "any") else []
        words += [f"loops {options['loops']:g}"] if options.get("loops") else []
        words += ["of several kinds"] if options.get("kinds") else []
        return " ".join(words)

    def describe(self, batch: MazeBatch) -> str:
        """A batch of one maze in words."""
        height, width = batch.grids.shape[1:]
        length = int(batch.path_lengths[0])
        way = f"path of {length} cells" if length else "no way from start to goal: right is no cell"
        return f"maze {height - 2}x{width - 2}, {way}"

    def picture(
        self,
        batch: MazeBatch,
        answer: np.ndarray | None = None,
        probabilities: np.ndarray | None = None,
    ) -> np.ndarray:
        """A picture of a batch of one maze: see ``Task.picture``.

        As long as there is no answer, the cells of all ways that are shortest are right.
        """
        if answer is None and probabilities is not None:
            marked, right = probabilities > 0.02, self._right_cells(batch)
            return drawing.render(batch.grids[0], marked, right, strength=probabilities)
        return drawing.render(batch.grids[0], answer, self._right_answer(batch, answer))

    def heat_map(self, batch: MazeBatch, numbers: np.ndarray, largest: float) -> np.ndarray:
        """A picture of a batch of one maze with a number in each cell: see ``Task.heat_map``."""
        return drawing.render_numbers(batch.grids[0], numbers, largest)

    def text(self, batch: MazeBatch, answer: np.ndarray | None = None) -> str:
        """A batch of one maze, and an answer to it, as text."""
        return drawing.write_text(batch.grids[0], answer, self._right_answer(batch, answer))

    def _right_cells(self, batch: MazeBatch) -> np.ndarray:
        """The cells of all shortest paths of a batch of one maze; of what is none, its solution."""
        if batch.unique[0] or not are_mazes(batch.grids)[0]:
            return batch.solutions[0]
        return on_shortest_paths(batch.grids[0])

    def _right_answer(self, batch: MazeBatch, answer: np.ndarray | None) -> np.ndarray | None:
        """What an answer to a batch of one is compared with: itself if it is right."""
        if answer is None:
            return None
        solved, _ = self.judge(batch, answer[None])
        return answer if solved[0] else batch.solutions[0]
