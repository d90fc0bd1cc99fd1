"""Batches of mazes: well-formed, reproducible, and split without overlap."""

import itertools
from dataclasses import replace

import networkx
import numpy as np
import pytest

from thinkenv import mazes
from thinkenv.mazes.symmetry import canonical_hash
from thinkenv.mazes.task import MazeTask
from thinkenv.tasks.splits import PERCENT_OF_SPLIT, percent_of_hash

from .test_solving import distances_from

SPLITS = ("train", "validation", "test", "extrapolation")


def walls_as_text(grid: np.ndarray) -> bytes:
    """The canonical form of a maze's walls, by trying all eight symmetries (the slow way)."""
    walls = (grid == 0).astype(np.uint8)
    images = []
    for turns in range(4):
        turned = np.rot90(walls, turns)
        images += [turned.tobytes(), turned.T.tobytes()]
    return min(images)


def count_reachable_rooms(grid: np.ndarray) -> int:
    rooms = {(1, 1)}
    waiting = [(1, 1)]
    while waiting:
        row, column = waiting.pop()
        for down, right in ((-1, 0), (0, 1), (1, 0), (0, -1)):
            neighbour = (row + 2 * down, column + 2 * right)
            if grid[row + down, column + right] and neighbour not in rooms:
                rooms.add(neighbour)
                waiting.append(neighbour)
    return len(rooms)


def test_no_maze_of_size_9_is_in_two_splits_even_turned_or_mirrored():
    count = 200_000
    seen = {}
    for split in ("train", "validation", "test"):
        grids = mazes.generate(size=9, count=count, split=split).grids
        # The 40 walls between rooms as one number, under each of the eight symmetries.
        smallest = np.full(count, np.iinfo(np.uint64).max, np.uint64)
        for turns, mirrored in itertools.product(range(4), (False, True)):
            image = np.rot90(grids, turns, axes=(1, 2))
            if mirrored:
                image = image.transpose(0, 2, 1)
            walls = np.concatenate(
                [
                    image[:, 1::2, 2:-1:2].reshape(count, -1),
                    image[:, 2:-1:2, 1::2].reshape(count, -1),
                ],
                axis=1,
            )
            numbers = (walls != 0) @ (np.uint64(1) << np.arange(40, dtype=np.uint64))
            smallest = np.minimum(smallest, numbers)
        seen[split] = np.unique(smallest)
        assert len(seen[split]) > 5000  # the comparison is between many mazes
    for first, second in itertools.combinations(seen.values(), 2):
        assert len(np.intersect1d(first, second)) == 0


@pytest.mark.parametrize("generator", list(mazes.OF_LATTICES))
def test_splits_of_size_5_are_disjoint_and_none_is_empty(generator):
    def forms_of(split, count):
        grids = mazes.generate(5, count, split=split, generator=generator).grids
        return {walls_as_text(grid) for grid in grids}

    forms = {split: forms_of(split, 500) for split in SPLITS}
    for first, second in itertools.combinations(forms.values(), 2):
        assert first and second and not first & second
    everything = forms_of("all", 5000)
    assert everything == set.union(*forms.values())


def test_an_instance_is_the_same_alone_and_among_others():
    batch = mazes.generate(size=9, count=1000, seed=3, split="validation")
    task = MazeTask(size=9, split="validation")
    for index in (0, 17, 999):
        alone = task.draw([batch.instances[index]])
        assert np.array_equal(alone.grids[0], batch.grids[index])
        assert np.array_equal(alone.solutions[0], batch.solutions[index])
        assert alone.path_lengths[0] == batch.path_lengths[index]


def test_the_result_does_not_depend_on_the_number_of_threads():
    alone = mazes.generate(size=59, count=200, split="test", threads=1)
    together = mazes.generate(size=59, count=200, split="test", threads=7)
    for name, values in vars(alone).items():
        assert np.array_equal(values, getattr(together, name))


def test_seeds_share_no_instance_and_few_mazes():
    first, second = mazes.generate(9, 1000, seed=42), mazes.generate(9, 1000, seed=43)
    assert not set(first.instances) & set(second.instances)
    same = {grid.tobytes() for grid in first.grids} & {grid.tobytes() for grid in second.grids}
    assert len(same) <= 2


def test_dead_end_endpoints_have_one_way_out():
    batch = mazes.generate(size=13, count=300, endpoints="dead_ends")
    for grid in batch.grids:
        for row, column in np.argwhere(grid >= 2):
            around = [grid[row - 1, column], grid[row + 1, column]]
            around += [grid[row, column - 1], grid[row, column + 1]]
            assert np.count_nonzero(around) == 1


def test_any_endpoints_fall_on_every_room():
    grids = mazes.generate(size=5, count=2000, split="all").grids
    for code in (2, 3):
        share = (grids == code).mean(axis=0)[1::2, 1::2]
        assert np.all(np.abs(share - 1 / 9) < 0.03)


def test_corner_endpoints_are_every_pair_of_corners():
    grids = mazes.generate(size=9, count=500, split="all", endpoints="corners").grids
    pairs = {(int(np.argmax(grid == 2)), int(np.argmax(grid == 3))) for grid in grids}
    corners = [12, 20, 100, 108]  # flat cells of an 11x11 grid
    assert pairs == set(itertools.permutations(corners, 2))


@pytest.mark.parametrize(
    ("size", "loops", "count"),
    [(5, 0.0, 50), (5, 0.3, 50), (7, 1.0, 2), (17, 0.0, 25), (17, 0.1, 25), (17, 0.6, 25)]
    + [(41, 0.05, 2)],
)
@pytest.mark.parametrize("generator", ["dfs", "wilson", "recursive_division"])
def test_farthest_endpoints_are_as_far_apart_as_any_two_rooms(generator, size, loops, count):
    batch = mazes.generate(
        size, count, split="all", generator=generator, loops=loops, endpoints="farthest"
    )
    for index, grid in enumerate(batch.grids):
        longest = 0
        for room in np.argwhere(grid[1::2, 1::2]) * 2 + 1:
            distances = distances_from(grid, tuple(room))
            longest = max(
                longest,
                *(steps for (row, column), steps in distances.items() if row % 2 and column % 2),
            )
        assert batch.path_lengths[index] == longest + 1


def test_loops_open_the_asked_share_of_walls():
    rooms = 40
    batch = mazes.generate(size=79, count=20, split="all", loops=0.25)
    standing = 2 * rooms * (rooms - 1) - (rooms**2 - 1)
    opened = (batch.grids != 0).sum(axis=(1, 2)) - (2 * rooms**2 - 1)
    assert abs(opened.mean() / standing - 0.25) < 0.02
    assert not batch.unique.all()
    everything = mazes.generate(size=9, count=1, split="all", loops=1.0).grids[0]
    assert np.all(everything[1::2, 1:-1] != 0) and np.all(everything[1:-1, 1::2] != 0)


def test_moved_endpoints_leave_the_walls_and_give_right_solutions():
    task = MazeTask(size=9)
    batch = task.draw(range(200))
    moved = task.perturb(batch, range(200))
    assert np.array_equal(moved.grids != 0, batch.grids != 0)
    assert (moved.grids != batch.grids).any(axis=(1, 2)).mean() > 0.95
    for index in range(len(moved)):
        solution, length, unique = mazes.shortest_path(moved.grids[index])
        assert np.array_equal(solution, moved.solutions[index])
        assert (length, unique) == (moved.path_lengths[index], moved.unique[index])


@pytest.mark.parametrize(("size", "split"), [(5, "test"), (9, "train"), (21, "extrapolation")])
def test_moved_walls_leave_perfect_mazes_in_the_split_with_right_solutions(size, split):
    task = MazeTask(size=size, split=split)
    batch = task.draw(range(150))
    moved = task.move_walls(batch, range(150), 10)
    assert (moved.grids != batch.grids).any(axis=(1, 2)).mean() > 0.5
    assert np.array_equal(moved.grids > 1, batch.grids > 1)  # start and goal stay
    changed = ((moved.grids == 0) != (batch.grids == 0)).sum(axis=(1, 2))
    assert changed.max() <= 20 or split != "train"
    rooms = (size + 1) // 2
    first, past = PERCENT_OF_SPLIT[split]
    for index, grid in enumerate(moved.grids):
        cells = networkx.grid_2d_graph(*grid.shape)
        cells.remove_nodes_from(map(tuple, np.argwhere(grid == 0)))
        assert networkx.is_tree(cells) and len(cells) == 2 * rooms**2 - 1
        assert np.all(grid[1::2, 1::2] != 0) and np.all(grid[::2, ::2] == 0)
        path = networkx.shortest_path(
            cells, *(tuple(np.argwhere(grid == code)[0]) for code in (2, 3))
        )
        assert {tuple(cell) for cell in np.argwhere(moved.solutions[index])} == set(path)
        assert moved.path_lengths[index] == len(path) and moved.unique[index]
        hashed = canonical_hash(grid.reshape(-1), size + 2)
        assert first <= int(percent_of_hash(np.uint64(hashed))) < past


def test_every_maze_needs_a_seed_to_be_perturbed():
    task = MazeTask(9)
    batch = task.draw([0, 1, 2])
    for change in (lambda: task.perturb(batch, [1]), lambda: task.move_walls(batch, [1], 2)):
        with pytest.raises(ValueError, match="seeds must have one entry for each of 3, got 1"):
            change()


def test_no_walls_move_where_none_shall_and_the_same_seeds_move_the_same():
    task = MazeTask(size=9)
    batch = task.draw(range(50))
    assert np.array_equal(task.move_walls(batch, range(50), 0).grids, batch.grids)
    one, other = (task.move_walls(batch, range(50), 5) for _ in range(2))
    assert np.array_equal(one.grids, other.grids)
    assert not np.array_equal(one.grids, task.move_walls(batch, range(50, 100), 5).grids)
    with pytest.raises(ValueError, match=r"max_moves must be an integer in \[0, 1000000\], got -1"):
        task.move_walls(batch, range(50), -1)
    open_everywhere = MazeTask(size=9, split="all", loops=1.0)
    rooms = open_everywhere.draw(range(3))  # there is no wall to open
    assert np.array_equal(open_everywhere.move_walls(rooms, range(3), 5).grids, rooms.grids)


def test_a_task_with_wall_moves_draws_and_perturbs_mazes_whose_walls_were_moved():
    plain, moving = MazeTask(size=9), MazeTask(size=9, wall_moves=16)
    assert moving.options == {**plain.options, "wall_moves": 16}
    batch, moved = plain.draw(range(100)), moving.draw(range(100))
    assert np.array_equal(moved.grids, plain.move_walls(batch, range(100), 16).grids)
    assert ((moved.grids == 0) != (batch.grids == 0)).any(axis=(1, 2)).mean() > 0.8
    perturbed = moving.perturb(moved, range(100, 200))
    others = plain.perturb(moved, range(100, 200))
    expected = plain.move_walls(others, range(100, 200), 16)
    assert np.array_equal(perturbed.grids, expected.grids)


def test_the_problems_of_the_scripts_by_default():
    training = MazeTask.training_options()
    assert training.task(MazeTask, "train").options == MazeTask(9, wall_moves=16).options
    assert training.task(MazeTask, "validation").options == MazeTask(9, "validation").options
    tested = MazeTask.testing_options().tasks(MazeTask)
    splits = [(9, "test"), *((size, "extrapolation") for size in (13, 33, 59))]
    assert [task.options for task in tested] == [MazeTask(*each).options for each in splits]
    (watched,) = MazeTask.watching_options().tasks(MazeTask)
    assert watched.options == MazeTask(33, "extrapolation", endpoints="dead_ends").options


@pytest.mark.parametrize(
    ("options", "label"),
    [
        (dict(size=59, split="test"), "59x59"),
        (
            dict(size=9, generator="prim", loops=0.1, endpoints="farthest"),
            "9x9 prim farthest loops 0.1",
        ),
        (dict(size=9, generator="percolation"), "9x9 percolation 0.3"),
        (
            dict(size=33, generator="percolation", removed=0.45, endpoints="unreachable"),
            "33x33 percolation 0.45 unreachable",
        ),
    ],
)
def test_labels_say_the_size_and_what_is_unusual(options, label):
    assert MazeTask.label(MazeTask(**options).options) == label


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (dict(size=10), ValueError, r"size must be odd and in \[5, 1601\], got 10"),
        (dict(size=3), ValueError, r"size must be an integer in \[5, 1601\], got 3"),
        (dict(size=9.0), TypeError, r"size must be an integer in .*, got 9\.0"),
        (dict(split="hard"), ValueError, "split must be one of 'train', 'validation', .*'hard'"),
        (dict(generator="dsf"), ValueError, "generator must be one of 'dfs', .*got 'dsf'"),
        (dict(endpoints=None), ValueError, "endpoints must be one of 'any', .*got None"),
        (dict(loops=1.5), ValueError, r"loops must be a number in \[0, 1\], got 1.5"),
        (dict(loops=float("nan")), ValueError, "loops must be a number .*, got nan"),
        (dict(loops="some"), TypeError, "loops must be a number .*, got 'some'"),
        (dict(count=-1), ValueError, "count must be an integer in .*, got -1"),
        (dict(size=801, count=10**9), ValueError, "of size 801 need 1,289,631 GB of memory"),
        (dict(seed=-1), ValueError, "seed must be an integer in .*, got -1"),
        (dict(seed=True), TypeError, "seed must be an integer in .*, got True"),
        (dict(instances=[-3]), ValueError, r"instances must be in .*, got -3"),
        (dict(instances=[0.5]), TypeError, "instances must be integers, got float64"),
        (dict(instances=[[1]]), ValueError, r"instances must have one dimension, got .*\(1, 1\)"),
        (dict(threads=0), ValueError, r"threads must be an integer in \[1, 4096\], got 0"),
        # With every wall open there are no dead ends.
        (dict(loops=1.0, endpoints="dead_ends", split="all"), ValueError, "no maze found"),
    ],
)
def test_a_wrong_argument_is_named(arguments, error, words):
    with pytest.raises(error, match=words):
        mazes.generate(**arguments)


def test_no_mazes_at_all_are_a_batch_of_none():
    batch = mazes.generate(size=9, count=0)
    assert batch.grids.shape == (0, 11, 11) and len(batch.path_lengths) == 0
    task = MazeTask(size=9)
    assert len(task.perturb(batch, [])) == 0
    assert len(task.judge(batch, batch.solutions)[0]) == 0


def test_batches_that_are_none_are_refused_before_kernels_follow_them():
    task, other = MazeTask(9), MazeTask(13)
    batch, larger = task.draw(range(4)), other.draw(range(4))
    for change in (task.perturb, task.redraw_endpoints, lambda *b: task.move_walls(*b, 3)):
        with pytest.raises(ValueError, match="batch must be mazes of 11 rows and 11 columns, got"):
            change(larger, range(4))
        wrong = batch.copy()
        wrong.grids[2] = 1
        with pytest.raises(ValueError, match="grids must have an outer wall"):
            change(wrong, range(4))
        wrong.grids[2] = 0
        change(wrong, range(4))
    apart = replace(batch, solutions=larger.solutions)
    with pytest.raises(ValueError, match="grids and solutions of one shape"):
        task.judge(apart, batch.solutions)
    with pytest.raises(ValueError, match="a path length and so on for each of 4 mazes"):
        task.judge(replace(batch, unique=batch.unique[:1]), batch.solutions)
    opened = batch.copy()
    opened.grids[3, 0] = 1
    with pytest.raises(ValueError, match="an outer wall"):
        mazes.measure(opened)


def test_marks_at_the_edge_of_a_grid_without_walls_join_nothing():
    batch = MazeTask(9).draw([0])
    floor = replace(batch, grids=np.ones_like(batch.grids), unique=np.array([False]))
    answer = np.ones_like(batch.grids)
    floor.path_lengths[:] = answer.size
    assert not MazeTask(9).judge(floor, answer)[0].any()


def test_endpoints_stay_where_moved_walls_left_no_two_dead_ends():
    task = MazeTask(9, endpoints="dead_ends")
    open_floor = np.zeros((11, 11), np.uint8)
    open_floor[1:-1, 1:-1] = 1
    open_floor[2:-1:2, 2:-1:2] = 0
    open_floor[1, 1], open_floor[9, 9] = 2, 3
    batch = mazes.from_text(mazes.to_text(open_floor))
    moved = task.redraw_endpoints(batch, [0])
    for name, column in batch.columns().items():
        assert np.array_equal(getattr(moved, name), column)
