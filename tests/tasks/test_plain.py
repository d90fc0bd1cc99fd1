"""Tasks in plain Python: numbered instances, disjoint splits, judgements."""

import numpy as np
import pytest

from thinkenv.tasks.plain import PlainTask, symmetries
from thinkenv.tasks.splits import SPLITS


class Larger(PlainTask):
    """Which numbers of a grid are larger than the one in the middle?"""

    name = "larger"
    codes = 3
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
        ((1,), ValueError, r"size must be an integer in \[2, 10000\], got 1"),
        ((2.5,), TypeError, r"size must be an integer in .*, got 2\.5"),
        ((3, "hard"), ValueError, "split must be one of .*, got 'hard'"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, words):
    with pytest.raises(error, match=words):
        Larger(*arguments)


def test_what_is_not_an_answer_is_refused_before_an_agent_is_queried():
    class Wrong(Larger):
        def solve(self, problem):
            return problem.astype(int) + 300

    with pytest.raises(ValueError, match="solution must hold 0 and 1 alone"):
        Wrong(3).draw([0])
    with pytest.raises(ValueError, match="instances must hold at least one number"):
        Larger(3).draw([])


def test_one_instance_is_not_a_batch():
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


def test_default_problems_are_of_the_sizes_that_the_class_names():
    class Sized(Larger):
        training_size, testing_sizes, watching_size = 4, (4, 8), 6

    trained = Sized.training_options().task(Sized, "validation")
    assert isinstance(trained, Sized) and trained.options == {"split": "validation", "size": 4}
    tested = Sized.testing_options().tasks(Sized)
    assert [task.options for task in tested] == [
        {"split": "test", "size": 4},
        {"split": "extrapolation", "size": 8},
    ]
    assert Sized.watching_options().tasks(Sized)[0].options == {"split": "extrapolation", "size": 6}


def test_what_a_task_need_not_define_has_defaults():
    task = Larger(4, "test")
    batch = task.draw([0, 1])
    assert task.count is None and task.version == 1
    assert task.filling_rounds(batch) is None and task.difficulties(batch) is None
    assert task.play(batch, lambda problems: problems) == {}
    with pytest.raises(ValueError, match="no small change is known of problems .* 'larger'"):
        task.perturb(batch, [0, 1])
    assert task.label(task.options) == "size 4" and task.describe(batch[:1]) == "larger, size 4"
    assert repr(task) == "Larger(split='test', size=4)"
    picture = task.picture(batch[:1], batch.solutions[0])
    assert picture.shape == (320, 320, 3) and picture.dtype == np.uint8
    assert len(task.text(batch[:1], batch.solutions[0]).splitlines()) == 4


def test_batches_are_joined_and_replaced_in_part():
    task = Larger(3)
    first, second = task.draw([0, 1, 2]), task.draw([7, 8])
    joined = type(first).concatenate([first, second])
    assert joined.instances.tolist() == [0, 1, 2, 7, 8]
    assert np.array_equal(joined.problems, task.draw([0, 1, 2, 7, 8]).problems)
    first.replace(np.array([2, 0]), second)
    assert first.instances.tolist() == [8, 1, 7]
    assert np.array_equal(first.solutions, task.draw([8, 1, 7]).solutions)
