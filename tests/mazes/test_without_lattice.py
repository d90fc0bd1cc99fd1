"""Mazes without a lattice of rooms: open places, caves, and cells removed at random."""

import itertools

import networkx
import numpy as np
import pytest

from thinkenv import mazes
from thinkenv.mazes import MazeTask
from thinkenv.tasks import make_task

from .grids import assert_right, graph_of
from .test_task import SPLITS, walls_as_text

GENERATORS = [name for name in mazes.GENERATORS if name not in mazes.OF_LATTICES]
every_generator = pytest.mark.parametrize("generator", GENERATORS)


def test_there_are_three():
    assert GENERATORS == ["percolation", "plazas", "caves"]


@every_generator
@pytest.mark.parametrize("size", [5, 7, 9, 21, 59])
def test_every_maze_is_right_in_every_split(generator, size):
    for split in ("all", *SPLITS):
        assert_right(mazes.generate(size, 6, split=split, generator=generator))


@pytest.mark.parametrize("generator", ["plazas", "caves"])
@pytest.mark.parametrize("size", [5, 9, 59])
def test_all_free_cells_of_plazas_and_caves_are_joined(generator, size):
    for grid in mazes.generate(size, 20, generator=generator).grids:
        assert networkx.is_connected(graph_of(grid))


@every_generator
def test_mazes_are_no_lattices_and_are_neither_all_wall_nor_one_open_place(generator):
    for size, most in ((9, 0.9), (59, 0.8)):
        grids = mazes.generate(size, 100, generator=generator).grids
        free = (grids[:, 1:-1, 1:-1] != 0).mean(axis=(1, 2))
        assert 0.2 < free.min() and np.mean(free < most) > 0.9
        # In a lattice the cells in even rows and columns are walls.
        assert (grids[:, 2:-1:2, 2:-1:2] != 0).mean() > 0.3
        assert len({grid.tobytes() for grid in grids}) == 100
        # Cells with walls beside them, which large halls hardly have, and open squares.
        squares = (
            (grids[:, 1:, 1:] > 0)
            & (grids[:, :-1, 1:] > 0)
            & (grids[:, 1:, :-1] > 0)
            & (grids[:, :-1, :-1] > 0)
        )
        assert squares.any(axis=(1, 2)).mean() > 0.9


@pytest.mark.parametrize("removed", [0.0, 0.1, 0.3, 0.6])
def test_percolation_removes_the_share_that_is_asked_for(removed):
    batch = mazes.generate(59, 20, split="all", generator="percolation", removed=removed)
    walls = (batch.grids[:, 1:-1, 1:-1] == 0).mean()
    assert abs(walls - removed) < 0.01
    # Independently: neighbours are both walls as often as two cells anywhere.
    pairs = (batch.grids[:, 1:-2, 1:-1] == 0) & (batch.grids[:, 2:-1, 1:-1] == 0)
    assert abs(pairs.mean() - removed**2) < 0.01


@every_generator
def test_mazes_are_not_mirrored_or_turned_in_their_mean(generator):
    free = (mazes.generate(9, 20_000, split="all", generator=generator).grids != 0).mean(axis=0)
    for image in (free[::-1], free[:, ::-1], free.T, np.rot90(free)):
        assert np.abs(free - image).max() < 0.03


def test_splits_of_size_5_are_disjoint_also_between_generators():
    def forms_of(split):
        kinds = [{"generator": name} for name in GENERATORS]
        kinds += [{"generator": "percolation", "removed": 0.1}, {"generator": "dfs", "loops": 0.5}]
        batches = [mazes.generate(5, 1500, split=split, **kind) for kind in kinds]
        return {walls_as_text(grid) for batch in batches for grid in batch.grids}

    forms = {split: forms_of(split) for split in SPLITS}
    for first, second in itertools.combinations(forms.values(), 2):
        assert first and second and not first & second


@every_generator
def test_an_instance_is_the_same_alone_and_in_any_number_of_threads(generator):
    task = MazeTask(21, "test", generator)
    batch = task.draw(range(60), threads=1)
    assert np.array_equal(task.draw(range(60), threads=4).grids, batch.grids)
    for number in (0, 17, 59):
        alone = task.draw([number])
        assert np.array_equal(alone.grids[0], batch.grids[number])
        assert np.array_equal(alone.solutions[0], batch.solutions[number])


@every_generator
def test_the_largest_mazes_can_be_drawn(generator):
    batch = mazes.generate(1601, 1, split="all", generator=generator)
    assert batch.grids.shape == (1, 1603, 1603)
    assert batch.path_lengths[0] == batch.solutions.sum() > 1


def test_how_much_is_removed_is_an_option_of_percolation_alone():
    for options in ({"generator": "percolation"}, {"generator": "percolation", "removed": 0.4}):
        task = MazeTask(9, **options)
        assert task.options["removed"] == options.get("removed", 0.3)
        again = make_task("maze", **task.options)
        assert np.array_equal(again.draw(range(9)).grids, task.draw(range(9)).grids)
        assert f"percolation {task.removed:g}" in task.label(task.options)
        assert task.of_size(13).removed == task.removed
    assert "removed" not in MazeTask(9).options | MazeTask(9, generator="caves").options
