"""Mazes of a file as a task: of any height and width, judged, perturbed, filled and evaluated."""

import re
from collections import deque

import numpy as np
import pytest

from thinkenv import mazes
from thinkenv.__main__ import main
from thinkenv.mazes import MazeBatch, MazeFileTask, interchange
from thinkenv.suites import baselines
from thinkenv.suites.evaluation import evaluate_task
from thinkenv.tasks import CellTask, find_task

from .test_dead_ends import fill_slowly
from .test_solving import every_shortest_path, read

RECTANGLE = """
    #########
    #S  #   #
    # # # # #
    # #   #G#
    #########
"""
# Not a lattice: two rooms of open floor, and a goal an odd number of cells away.
OPEN_FLOOR = """
    ########
    #S  #  #
    #   #G #
    #      #
    ########
"""
# The start and its neighbours are all that can be reached.
WALLED_IN = """
    #######
    #SG # #
    ##### #
    #     #
    #######
"""


def batch_of(*drawings: str) -> MazeBatch:
    grids = np.stack([read(drawing)[0] for drawing in drawings])
    solved = [mazes.shortest_path(grid) for grid in grids]
    solutions, lengths, unique = (np.array(column) for column in zip(*solved, strict=True))
    return MazeBatch(grids, solutions, lengths.astype(np.int32), unique, np.arange(len(grids)))


@pytest.fixture(params=["tokens 30x30", "rectangle", "no lattice", "loops"])
def task(request, tmp_path) -> MazeFileTask:
    if request.param == "tokens 30x30":
        words = f"export {tmp_path / 'tokens'} --format tokens --size 27 --count 12 --split test"
        assert main(words.split()) == 0
        return MazeFileTask(tmp_path / "tokens")
    batch = {
        "rectangle": lambda: batch_of(RECTANGLE, RECTANGLE.replace("G", " ").replace("S ", "SG")),
        "no lattice": lambda: batch_of(OPEN_FLOOR, OPEN_FLOOR),
        "loops": lambda: mazes.generate(13, 10, split="all", loops=0.3),
    }[request.param]()
    interchange.write_npz(tmp_path / "mazes.npz", batch, {})
    return MazeFileTask(tmp_path / "mazes.npz")


def reachable_from(grid: np.ndarray, cell: tuple[int, int]) -> set[tuple[int, int]]:
    found, queue = {cell}, deque([cell])
    while queue:
        row, column = queue.popleft()
        for beside in ((row - 1, column), (row, column + 1), (row + 1, column), (row, column - 1)):
            if grid[beside] and beside not in found:
                found.add(beside)
                queue.append(beside)
    return found


def endpoints_of(grid: np.ndarray) -> list[tuple[int, int]]:
    return [tuple(map(int, np.argwhere(grid == code)[0])) for code in (2, 3)]


def test_numbers_begin_again_after_the_last_maze_and_for_every_seed(task):
    count = task.count
    numbers = np.array([0, count - 1, count, 2**32 + 1, 5 * 2**32])
    batch = task.draw(numbers)
    assert np.array_equal(batch.grids, task.batch.grids[[0, count - 1, 0, 1, 0]])
    assert np.array_equal(batch.instances, numbers)


def test_it_is_a_task_of_mazes_but_not_of_generated_ones(task):
    assert isinstance(task, CellTask) and not isinstance(task, find_task("maze"))
    assert (task.name, task.codes, task.wall_code, task.turns) == ("maze", 4, 0, True)


def test_all_shortest_paths_are_right_and_nothing_else(task):
    batch = task.draw(np.arange(task.count))
    solved, accuracies = task.judge(batch, batch.solutions)
    assert solved.all() and (accuracies == 1).all()
    several = 0
    for index, grid in enumerate(batch.grids):
        paths = np.array(every_shortest_path(grid))
        several += len(paths) > 1
        broken = paths.copy()
        for path in broken:
            path[tuple(np.argwhere(path)[-1])] = 0
        one = batch[np.full(len(paths), index)]
        assert task.judge(one, paths)[0].all()
        assert not task.judge(one, broken)[0].any()
    assert several or batch.unique.all()


def test_dead_ends_are_filled_as_by_the_definition(task):
    batch = task.draw(np.arange(task.count))
    rounds = task.filling_rounds(batch)
    for grid, found in zip(batch.grids, rounds, strict=True):
        assert np.array_equal(found, fill_slowly(grid))


def test_perturbed_mazes_have_both_ends_elsewhere_an_even_distance_away(task):
    batch = task.draw(np.arange(200))
    moved = task.perturb(batch, np.arange(200))
    again = task.perturb(batch, np.arange(200))
    assert np.array_equal(moved.grids, again.grids)
    assert np.array_equal(moved.instances, batch.instances)
    assert len(np.unique(moved.grids, axis=0)) > len(np.unique(batch.grids, axis=0))
    for index, grid in enumerate(moved.grids):
        before = batch.grids[index]
        assert np.array_equal(grid != 0, before != 0)
        (old_start, old_goal), ends = endpoints_of(before), endpoints_of(grid)
        assert len(set(ends)) == 2 and not {old_start, old_goal} & set(ends)
        assert set(ends) <= reachable_from(before, old_start)
        for row, column in ends:
            assert (row - old_start[0]) % 2 == 0 and (column - old_start[1]) % 2 == 0
        solution, length, unique = mazes.shortest_path(grid)
        assert (length, unique) == (moved.path_lengths[index], moved.unique[index])
        assert np.array_equal(solution, moved.solutions[index])
    with pytest.raises(ValueError, match="seeds must have one entry for each of 200, got 1"):
        task.perturb(batch, [1])


def test_every_even_cell_becomes_start_and_goal_equally_often(tmp_path):
    interchange.write_npz(tmp_path / "open.npz", batch_of(OPEN_FLOOR), {})
    task = MazeFileTask(tmp_path / "open.npz")
    moved = task.perturb(task.draw(np.zeros(7000, np.int64)), np.arange(7000))
    for code in (2, 3):
        counts = (moved.grids == code).sum(axis=0)
        allowed = {(1, 3), (1, 5), (3, 1), (3, 3), (3, 5)}  # of the start's parity, the start not
        assert {tuple(cell) for cell in np.argwhere(counts)} == allowed
        assert np.abs(counts[counts > 0] - 7000 / 5).max() < 150


def test_a_maze_without_other_cells_for_both_ends_stays_as_it_is(tmp_path):
    interchange.write_npz(tmp_path / "closed.npz", batch_of(WALLED_IN), {})
    task = MazeFileTask(tmp_path / "closed.npz")
    batch = task.draw([0])
    moved = task.perturb(batch, [3])
    for name, column in batch.columns().items():
        assert np.array_equal(column, moved.columns()[name])


def test_the_version_is_that_of_the_mazes_in_whatever_format(tmp_path):
    batch = mazes.generate(9, 5, split="test", loops=0.2)
    interchange.write_npz(tmp_path / "mazes.npz", batch, {"size": 9})
    interchange.write_easy_to_hard(tmp_path / "pictures", batch)
    first, second = (MazeFileTask(tmp_path / name) for name in ("mazes.npz", "pictures"))
    assert re.fullmatch("[0-9a-f]{64}", first.version) and first.version == second.version
    interchange.write_npz(tmp_path / "other.npz", batch[1:], {"size": 9})
    assert MazeFileTask(tmp_path / "other.npz").version != first.version


@pytest.mark.parametrize(
    ("drawing", "options", "label"),
    [
        (RECTANGLE, {"size": 7, "shape": "3x7"}, "3x7"),
        (OPEN_FLOOR.replace("\n    ########\n", "\n    ########\n    #      #\n", 1), None, "4x6"),
    ],
)
def test_rectangles_say_their_shape(tmp_path, drawing, options, label):
    interchange.write_npz(tmp_path / "mazes.npz", batch_of(drawing), {})
    task = MazeFileTask(tmp_path / "mazes.npz")
    assert task.label(task.options) == label
    if options is not None:
        assert task.options == {**options, "file": "mazes.npz"}
    batch = task.draw([0])
    assert task.describe(batch).startswith(f"maze {label}, path of ")
    height, width = batch.grids.shape[1:]
    picture = task.picture(batch, batch.solutions[0])
    assert picture.shape[0] * width == picture.shape[1] * height
    assert len(task.text(batch).splitlines()) == height


def test_square_ones_are_described_by_their_size(tmp_path):
    words = f"export {tmp_path / 'tokens'} --format tokens --size 27 --count 2"
    assert main(words.split()) == 0
    task = MazeFileTask(tmp_path / "tokens")
    assert task.options == {"size": 28, "file": "tokens"} and task.label(task.options) == "28x28"


def test_tokens_of_rectangles_are_padded_on_both_sides(tmp_path):
    batch = batch_of(RECTANGLE)
    interchange.write_tokens(tmp_path / "tokens", batch)
    read_again = interchange.read_tokens(tmp_path / "tokens")
    assert read_again.grids.shape == (1, 30, 30)
    assert np.array_equal(read_again.grids[:, :5, :9], batch.grids)
    assert not read_again.grids[:, 5:].any() and not read_again.grids[:, :, 9:].any()


def test_they_are_evaluated_end_to_end(task):
    (evaluation,) = evaluate_task(baselines.exact, task, task.count, progress=False)
    row = evaluation.row
    assert (row["n"], row["exact"], row["cells"]) == (task.count, 1.0, 1.0)
    assert row["task"] == "maze" and row["size"] == task.options["size"]
    with pytest.raises(ValueError, match=f"{task.count}"):
        evaluate_task(baselines.exact, task, task.count + 1, progress=False)


def test_the_testing_option_file_gives_this_task(tmp_path):
    interchange.write_npz(tmp_path / "mazes.npz", batch_of(RECTANGLE), {})
    family = find_task("maze")
    options = type(family.testing_options())
    (task,) = options(file=tmp_path / "mazes.npz").tasks(family)
    assert isinstance(task, MazeFileTask)
    with pytest.raises(ValueError, match="--file must be the only option of mazes"):
        options(file=tmp_path / "mazes.npz", loops=0.1).tasks(family)
    for default in (task.training_options, task.testing_options, task.watching_options):
        with pytest.raises(ValueError, match="MazeFileTask has no options"):
            default()


def test_a_file_without_mazes_is_refused(tmp_path):
    interchange.write_npz(tmp_path / "none.npz", mazes.generate(9, 0), {})
    with pytest.raises(interchange.MazeFileError, match="none.npz: holds no mazes"):
        MazeFileTask(tmp_path / "none.npz")
