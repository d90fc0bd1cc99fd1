"""Mazes as graphs of networkx, which judges what the kernels find."""

import itertools

import networkx
import numpy as np

from thinkenv import mazes


def graph_of(grid: np.ndarray) -> networkx.Graph:
    """The free cells of a grid, neighbours joined."""
    graph = networkx.grid_2d_graph(*grid.shape)
    graph.remove_nodes_from(map(tuple, np.argwhere(grid == 0)))
    return graph


def ends_of(grid: np.ndarray) -> tuple[tuple[int, int], tuple[int, int]]:
    """Row and column of start and goal."""
    start, goal = (tuple(map(int, np.argwhere(grid == code)[0])) for code in (2, 3))
    return start, goal


def assert_right(batch: mazes.MazeBatch, has_way: bool = True) -> None:
    """Check that every maze has one start and goal, and the solution, length and uniqueness."""
    columns = (batch.grids, batch.solutions, batch.path_lengths, batch.unique)
    for grid, solution, length, unique in zip(*columns, strict=True):
        assert np.count_nonzero(grid == 2) == np.count_nonzero(grid == 3) == 1
        assert not grid[[0, -1]].any() and not grid[:, [0, -1]].any()
        graph, (start, goal) = graph_of(grid), ends_of(grid)
        assert networkx.has_path(graph, start, goal) == has_way
        if not has_way:
            assert (length, unique, solution.any()) == (0, False, False)
            continue
        assert length == networkx.shortest_path_length(graph, start, goal) + 1 == solution.sum()
        paths = networkx.all_shortest_paths(graph, start, goal)
        assert unique == (len(list(itertools.islice(paths, 2))) == 1)
        way = graph.subgraph(map(tuple, np.argwhere(solution)))
        assert networkx.has_path(way, start, goal)
