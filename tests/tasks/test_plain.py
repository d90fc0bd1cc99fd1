"""Tasks in plain Python: numbered instances, disjoint splits, judgements."""

import numpy as np
import pytest

from thinkenv.tasks.plain import PlainTask, symmetries
from thinkenv.tasks.splits import SPLITS


class Larger(PlainTask):
    """Which numbers of a grid are larger than the one in the middle?"""

    name = "larger"
    smallest_size = 2

    def draw_problem(self, random):
        return random.integers(3, size=(self.size, self.size), dtype=np.uint8)

    def solve(self, problem):
        return problem > problem[self.size // 2, self.size // 2]

    def equals(self, problem):
        return symmetries(problem)


def test_symmetries_are_all_turned_and_mirrored_grids():
    grid = np.arange(9).reshape(3, 3)
    images = {image.tobytes() for image in symmetries(grid)}
    assert len(images) == 8
    for image in (grid.T, grid[::-1], grid[:, ::-1], np.rot90(grid), np.rot90(grid, 2)):
        assert np.ascontiguousarray(image).tobytes() in images


def test_an_instance_depends_on_its_number_and_the_options_alone():
    task = Larger(4, "test")
    alone = task.draw([17])
    among = Larger(4, "test").draw(np.arange(30))
    assert np.array_equal(alone.problems[0], among.problems[17])
    assert not np.array_equal(alone.problems, Larger(4, "train").draw([17]).problems)
    assert len({grid.tobytes() for grid in among.problems}) > 25


def test_no_problem_nor_its_image_is_in_two_splits():
    seen = {}
    for split in SPLITS[:4]:
        for grid in Larger(3, split).draw(np.arange(300)).problems:
            for image in symmetries(grid):
                assert seen.setdefault(image.tobytes(), split) == split
    assert len(seen) > 2000


def test_answers_are_judged_cell_by_cell():
    batch = Larger(5).draw([0, 1, 2])
    answers = batch.solutions.copy()
    answers[1, 0, 0] ^= 1
    solved, shares = Larger(5).judge(batch, answers)
    assert solved.tolist() == [True, False, True]
    assert shares == pytest.approx([1, 24 / 25, 1])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((1,), ValueError, "size=1: allowed are integers from 2"),
        ((2.5,), TypeError, "size=2.5"),
        ((3, "hard"), ValueError, "split='hard'"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, words):
    with pytest.raises(error, match=words):
        Larger(*arguments)


def test_what_is_no_answer_is_refused_before_an_agent_is_asked():
    class Wrong(Larger):
        def solve(self, problem):
            return problem.astype(int) + 300

    with pytest.raises(ValueError, match="solution holds other values than 0 and 1"):
        Wrong(3).draw([0])
    with pytest.raises(ValueError, match="instances is empty"):
        Larger(3).draw([])


def test_one_instance_is_no_batch():
    batch = Larger(3).draw([0, 1])
    with pytest.raises(TypeError, match=r"batch\[1\]: a batch of one is batch\[1 : 2\]"):
        batch[1]
    assert len(batch[1:2]) == 1


def test_a_split_without_problems_is_said():
    class Constant(Larger):
        def draw_problem(self, random):
            return np.zeros((self.size, self.size), np.uint8)

    empty = [split for split in SPLITS[:4] if not holds_zeros(Constant, split)]
    assert len(empty) == 3


def holds_zeros(task_class, split) -> bool:
    try:
        task_class(2, split).draw([0])
    except ValueError as error:
        assert "is empty or too rare" in str(error)
        return False
    return True
