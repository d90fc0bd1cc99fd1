"""Mazes for agents: where walls are moved, and where not."""

import numpy as np

from thinkenv.deep_thinking.maze_problems import MazeProblems


def share_with_other_walls(problems: MazeProblems) -> float:
    """How many mazes differ from what their instance numbers stand for."""
    batch = problems.draw(0, 200)
    drawn = problems.source.draw(batch.instances)
    return np.mean(((batch.grids == 0) != (drawn.grids == 0)).any(axis=(1, 2)))


def test_walls_are_moved_in_training_alone():
    assert share_with_other_walls(MazeProblems.for_training("train", {})) > 0.8
    assert share_with_other_walls(MazeProblems.for_training("train", {"wall_moves": 0})) == 0
    assert share_with_other_walls(MazeProblems.for_training("validation", {})) == 0
    assert share_with_other_walls(MazeProblems(size=33, split="extrapolation")) == 0


def test_a_varied_maze_has_its_walls_moved_where_walls_are_moved_at_all():
    for wall_moves, least, most in ((16, 0.8, 1.0), (0, 0.0, 0.0)):
        problems = MazeProblems.for_training("train", {"wall_moves": wall_moves})
        batch = problems.draw(0, 100)
        varied = problems.vary(batch, np.arange(100))
        moved = ((varied.grids == 0) != (batch.grids == 0)).any(axis=(1, 2)).mean()
        assert least <= moved <= most
        assert np.all(problems.judge(varied, varied.solutions)["solved"])


def test_loops_are_trained_on_where_they_are_asked_for():
    problems = MazeProblems.for_training("train", {"loops": 0.3})
    assert not problems.draw(0, 50).unique.all()
    assert problems.axes["loops"] == 0.3 and problems.axes["wall_moves"] == 16
