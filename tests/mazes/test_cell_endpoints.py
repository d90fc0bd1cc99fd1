"""Start and goal on any free cell: next to each other, anywhere, or without a way between them."""

import networkx
import numpy as np
import pytest

from thinkenv import mazes
from thinkenv.mazes import MazeTask

from .grids import assert_right, ends_of, graph_of

LATTICES = [("dfs", 0.0), ("dfs", 0.3), ("wilson", 0.0), ("kruskal", 0.1), ("prim", 1.0)]
WITHOUT = [("percolation", 0.0), ("plazas", 0.0), ("caves", 0.0)]


@pytest.mark.parametrize(("generator", "loops"), LATTICES + WITHOUT)
@pytest.mark.parametrize("endpoints", ["free_cells", "adjacent"])
@pytest.mark.parametrize("size", [5, 9, 21])
def test_ends_on_cells_are_joined_with_right_solutions(generator, loops, endpoints, size):
    split = "all" if loops == 1.0 else "train"
    task = MazeTask(size, split, generator, loops, endpoints)
    batch = task.draw(range(40))
    for changed in (batch, task.perturb(batch, range(40)), task.redraw_endpoints(batch, range(40))):
        assert_right(changed)
        if endpoints == "adjacent":
            assert (changed.path_lengths == 2).all()
        assert np.array_equal(changed.grids > 0, batch.grids > 0)


@pytest.mark.parametrize("size", [5, 9, 21])
@pytest.mark.parametrize("removed", [0.2, 0.45, 0.6])
def test_an_unreachable_goal_has_no_way_and_the_empty_answer(size, removed):
    task = MazeTask(size, "train", "percolation", endpoints="unreachable", removed=removed)
    batch = task.draw(range(40))
    for changed in (batch, task.perturb(batch, range(40))):
        assert_right(changed, has_way=False)
    nothing = np.zeros_like(batch.solutions)
    assert task.judge(batch, nothing)[0].all()
    assert not task.judge(batch, batch.grids > 1)[0].any()
    assert mazes.is_solution(batch.grids[0], nothing[0])
    assert "without a way" in batch.summary() and "no way" in task.describe(batch[:1])


def test_ends_on_free_cells_fall_on_every_free_cell():
    grids = mazes.generate(5, 4000, split="all", loops=1.0, endpoints="free_cells").grids
    free = (grids != 0).any(axis=0)
    assert free.sum() == 21
    for code in (2, 3):
        share = (grids == code).mean(axis=0)[free]
        assert np.abs(share - 1 / 21).max() < 0.015


def test_adjacent_ends_point_in_all_directions():
    grids = mazes.generate(9, 400, endpoints="adjacent").grids
    steps = [np.subtract(*reversed(ends_of(grid))) for grid in grids]
    directions, counts = np.unique(steps, axis=0, return_counts=True)
    assert len(directions) == 4 and counts.min() > 60


@pytest.mark.parametrize("loops", [0.0, 0.3])
@pytest.mark.parametrize("endpoints", ["free_cells", "adjacent"])
def test_moved_walls_never_close_a_cell_on_which_an_end_lies(loops, endpoints):
    task = MazeTask(9, "train", loops=loops, endpoints=endpoints)
    batch = task.draw(range(200))
    moved = task.move_walls(batch, range(200), 20)
    assert (moved.grids != batch.grids).any(axis=(1, 2)).mean() > 0.8
    assert np.array_equal(moved.grids > 1, batch.grids > 1)
    assert_right(moved)
    in_rooms = (moved.grids[:, 1::2, 1::2] > 1).sum() / 400
    assert 0.4 < in_rooms < 0.6  # and the others on passages
    both = MazeTask(9, "train", loops=loops, endpoints=endpoints, wall_moves=20)
    assert_right(both.draw(range(50)))
    assert_right(both.perturb(both.draw(range(50)), range(50)))


@pytest.mark.parametrize("generator", ["percolation", "plazas", "caves"])
def test_dead_ends_have_one_free_neighbour_and_corners_are_near_corners(generator):
    batch = mazes.generate(21, 30, generator=generator, endpoints="dead_ends")
    assert_right(batch)
    for grid in batch.grids:
        graph = graph_of(grid)
        assert [graph.degree(end) for end in ends_of(grid)] == [1, 1]
    batch = mazes.generate(21, 30, generator=generator, endpoints="corners")
    assert_right(batch)
    corners = [(1, 1), (1, 21), (21, 1), (21, 21)]
    for grid in batch.grids:
        graph, ends = graph_of(grid), ends_of(grid)
        place = max(networkx.connected_components(graph), key=len)
        nearest = {
            corner: min(abs(row - corner[0]) + abs(column - corner[1]) for row, column in place)
            for corner in corners
        }
        for end in ends:
            away = [abs(end[0] - row) + abs(end[1] - column) for row, column in corners]
            assert any(away[index] == nearest[corner] for index, corner in enumerate(corners))


@pytest.mark.parametrize("size", [5, 9, 15])
@pytest.mark.parametrize(
    "kind",
    [
        {"generator": "caves"},
        {"generator": "plazas"},
        *({"generator": "percolation", "removed": removed} for removed in (0.1, 0.4, 0.6)),
    ],
    ids=str,
)
def test_farthest_cells_are_as_far_apart_as_any_two(kind, size):
    batch = mazes.generate(size, 10, endpoints="farthest", **kind)
    assert_right(batch)
    for grid, length in zip(batch.grids, batch.path_lengths, strict=True):
        distances = dict(networkx.all_pairs_shortest_path_length(graph_of(grid)))
        assert length == 1 + max(max(others.values()) for others in distances.values())


def test_without_a_lattice_any_means_free_cells():
    for generator, _ in WITHOUT:
        one, other = (
            mazes.generate(9, 20, generator=generator, endpoints=name)
            for name in ("any", "free_cells")
        )
        assert np.array_equal(one.grids, other.grids)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"endpoints": "freecells"}, "endpoints must be one of .*; did you mean 'free_cells'"),
        (
            {"endpoints": "unreachable"},
            "endpoints must be others with generator='dfs', got 'unreachable': .*'percolation'",
        ),
        ({"generator": "caves", "endpoints": "unreachable"}, "endpoints .*generator='caves'"),
        (
            {"generator": "percolation", "endpoints": "unreachable", "removed": 0},
            "removed must be above 0 where endpoints is 'unreachable', got 0",
        ),
        ({"removed": 0.4}, "removed must be left out with generator='dfs', got 0.4"),
        ({"generator": "plazas", "removed": 0.4}, "removed .* generator='plazas', got 0.4"),
        ({"generator": "percolation", "removed": 0.7}, r"removed must be .* \[0, 0.6\], got 0.7"),
        ({"generator": "percolation", "loops": 0.1}, "loops must be 0 with generator='percolation"),
        ({"generator": "caves", "wall_moves": 2}, "wall_moves must be 0 with generator='caves'"),
    ],
)
def test_what_a_generator_cannot_make_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        MazeTask(9, **options)


def test_walls_of_what_is_no_lattice_cannot_be_moved():
    task = MazeTask(9, generator="caves")
    with pytest.raises(ValueError, match="no walls can be moved with generator='caves'"):
        task.move_walls(task.draw([0]), [0], 3)
