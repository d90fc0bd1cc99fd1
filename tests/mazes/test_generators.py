"""Generators: spanning trees all, of the distributions their docstrings claim."""

import numpy as np
import pytest

from thinkenv import mazes

from .test_task import count_reachable_rooms

every_generator = pytest.mark.parametrize("generator", list(mazes.OF_LATTICES))


@every_generator
@pytest.mark.parametrize("split", ["all", "train", "validation", "test", "extrapolation"])
@pytest.mark.parametrize("size", [5, 9, 21, 59])
def test_every_maze_is_a_spanning_tree_of_its_rooms(generator, size, split):
    rooms = (size + 1) // 2
    for grid in mazes.generate(size=size, count=12, split=split, generator=generator).grids:
        free = grid != 0
        assert free[1::2, 1::2].all()  # the rooms
        assert not free[::2, ::2].any()  # the pillars between them
        assert not free[[0, -1]].any() and not free[:, [0, -1]].any()
        assert free.sum() - rooms**2 == rooms**2 - 1  # as many passages as a tree has
        assert count_reachable_rooms(grid) == rooms**2


def chi_square_of_spanning_trees(generator: str, per_tree: int = 100) -> float:
    """Pearson's statistic against all 192 spanning trees of 3x3 rooms being equally likely."""
    grids = mazes.generate(5, 192 * per_tree, split="all", generator=generator).grids
    _, counts = np.unique((grids != 0).reshape(len(grids), -1), axis=0, return_counts=True)
    counts = np.concatenate([counts, np.zeros(192 - len(counts))])
    return float(((counts - per_tree) ** 2 / per_tree).sum())


# The 99.9 % point of the chi-square distribution with 191 degrees of freedom.
CHI_SQUARE_LIMIT = 257.1


def test_wilson_is_uniform_over_the_192_spanning_trees_of_3x3_rooms():
    assert chi_square_of_spanning_trees("wilson") < CHI_SQUARE_LIMIT


@pytest.mark.parametrize("generator", [name for name in mazes.OF_LATTICES if name != "wilson"])
def test_the_other_generators_are_not(generator):
    assert chi_square_of_spanning_trees(generator) > 2 * CHI_SQUARE_LIMIT


def test_every_generator_has_a_style_of_its_own():
    """Dead ends and path lengths in the order that the literature on mazes gives them."""
    dead_ends, lengths = {}, {}
    for generator in mazes.OF_LATTICES:
        batch = mazes.generate(59, 60, split="all", generator=generator)
        free = (batch.grids != 0).astype(int)
        exits = free[:, :-2, 1:-1] + free[:, 2:, 1:-1] + free[:, 1:-1, :-2] + free[:, 1:-1, 2:]
        dead_ends[generator] = ((exits == 1) & (free[:, 1:-1, 1:-1] == 1)).mean()
        lengths[generator] = batch.path_lengths.mean()
    for winding in ("dfs", "hunt_and_kill"):
        assert dead_ends[winding] < 0.5 * dead_ends["wilson"]
    assert dead_ends["wilson"] < dead_ends["kruskal"] < dead_ends["prim"]
    assert lengths["dfs"] > lengths["wilson"] > lengths["kruskal"] > lengths["prim"]


@every_generator
def test_mazes_are_not_mirrored_or_turned_in_their_mean(generator):
    """Where passages lie, in the mean over many mazes, looks the same from all four sides.

    Hunt and kill is left out: its hunt goes from top to bottom.
    """
    if generator == "hunt_and_kill":
        return
    free = (mazes.generate(9, 20_000, split="all", generator=generator).grids != 0).mean(axis=0)
    for image in (free[::-1], free[:, ::-1], free.T, np.rot90(free)):
        assert np.abs(free - image).max() < 0.03
