"""Evaluation of callables of every kind, against counts made by hand."""

import numpy as np
import pytest

from thinkenv import mazes, prefix_sums, suites
from thinkenv.mazes.file_task import MazeFileTask
from thinkenv.suites.scores import ROW_KEYS, wilson_interval
from thinkenv.suites import Answers, ProblemSet, Suite, evaluate, evaluate_task

SMALL = Suite(
    "small",
    "Two sets of strings.",
    (
        ProblemSet("prefix_sum", {"bits": 16, "split": "test"}, 25),
        ProblemSet("prefix_sum", {"bits": 40, "split": "extrapolation"}, 10, seed=3),
    ),
    {"prefix_sum": 1},
)


def right_where_the_first_bit_is_one(bits):
    answers = prefix_sums.solve(bits)
    answers[bits[:, 0] == 0] ^= 1
    return answers


def test_rows_count_what_is_right():
    rows = evaluate(right_where_the_first_bit_is_one, SMALL, name="ours")
    for row, problems in zip(rows, SMALL.sets, strict=True):
        strings = prefix_sums.generate(**problems.options, count=problems.count, seed=problems.seed)
        right = int(strings.bits[:, 0].sum())
        assert 0 < right < problems.count  # else this test says nothing
        assert row["exact"] == row["cells"] == right / problems.count
        bounds = row["exact_low"], row["exact_high"]
        assert bounds == pytest.approx(wilson_interval(right, problems.count), abs=1e-6)
        assert tuple(row)[: len(ROW_KEYS)] == ROW_KEYS
        assert (row["suite"], row["generator_version"], row["checkpoint"]) == ("small", 1, "ours")
        assert row["iterations"] is None and row["converged"] is None


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_the_size_of_batches_does_not_matter(batch):
    sizes = []

    def answer(bits):
        sizes.append(len(bits))
        return right_where_the_first_bit_is_one(bits)

    rows = evaluate(answer, SMALL, batch=batch)
    assert max(sizes) <= batch and sum(sizes) == 35
    for row, other in zip(rows, evaluate(right_where_the_first_bit_is_one, SMALL), strict=True):
        assert (row["n"], row["exact"]) == (other["n"], other["exact"])


def test_what_answers_cost_is_averaged_and_added_up():
    def answer(bits):
        solved = prefix_sums.solve(bits)
        return Answers(solved, bits.sum(axis=1), bits[:, 0] == 1, seconds=2.0)

    (row, _) = evaluate(answer, SMALL, batch=5)
    strings = prefix_sums.generate(**SMALL.sets[0].options, count=25).bits
    assert row["iterations"] == pytest.approx(strings.sum(axis=1).mean())
    assert row["converged"] == pytest.approx(strings[:, 0].mean())
    assert row["seconds"] == 10.0


def test_an_agent_may_answer_at_several_numbers_of_iterations():
    def answer(bits):
        right = prefix_sums.solve(bits)
        return [Answers(right ^ 1, iterations=1), Answers(right, iterations=9)]

    rows = evaluate(answer, SMALL)
    assert [(row["size"], row["iterations"], row["exact"]) for row in rows] == [
        (16, 1, 0.0),
        (16, 9, 1.0),
        (40, 1, 0.0),
        (40, 9, 1.0),
    ]


def test_an_agent_cannot_change_what_it_is_judged_by():
    def vandal(grids):
        answers = suites.baselines.constant(grids)
        grids[:] = 0
        return answers

    task = mazes.MazeTask(9, "test")
    (row,) = evaluate_task(vandal, task, 10)
    (expected,) = evaluate_task(suites.baselines.constant, task, 10)
    assert row["cells"] == expected["cells"] > 0


def test_no_problem_is_counted_twice(tmp_path):
    batch = mazes.generate(size=9, count=4)
    mazes.interchange.write_npz(tmp_path / "mazes.npz", batch, {})
    task = MazeFileTask(tmp_path / "mazes.npz")
    assert evaluate_task(suites.baselines.exact, task, 4)[0]["n"] == 4
    with pytest.raises(ValueError, match="count=5 from first=0: there are 4 problems"):
        evaluate_task(suites.baselines.exact, task, 5)
    with pytest.raises(ValueError, match="count=1000 from first=0: there are 75 problems"):
        evaluate(
            suites.baselines.constant,
            Suite(
                "more",
                "",
                (ProblemSet("chess", {"split": "test", "rating": [400, 999]}, 1000),),
            ),
        )


@pytest.mark.parametrize("told", ["iterations", "converged"])
def test_what_is_told_of_some_problems_only_is_refused(told):
    def answer(bits):
        answers = Answers(prefix_sums.solve(bits))
        if len(bits) == 20:
            setattr(answers, told, np.ones(20))
        return answers

    with pytest.raises(ValueError, match=f"{told} is told of some batches"):
        evaluate(answer, SMALL, batch=20)
    with pytest.raises(ValueError, match=f"{told} has shape .3,.: needs .25,."):
        evaluate(lambda bits: Answers(bits, **{told: np.ones(3)}), SMALL)


def test_further_scores_are_reported_with_their_intervals():
    task = mazes.MazeTask(9, "test")
    (row,) = evaluate_task(
        suites.baselines.exact,
        task,
        20,
        more_scores=lambda batch, answers: {"short": batch.path_lengths < 20},
    )
    short = float((task.draw(np.arange(20)).path_lengths < 20).mean())
    assert row["short"] == short and row["short_low"] < short < row["short_high"]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (lambda bits: bits[:, 1:], ValueError, "needs"),
        (lambda bits: bits + 1, ValueError, "other values than 0 and 1"),
        (lambda bits: bits / 2, TypeError, "needs bool or integers"),
        (lambda bits: None, (TypeError, ValueError), "answer"),
        (lambda bits: [], ValueError, "answer has shape"),
    ],
)
def test_wrong_answers_are_named(answer, error, words):
    with pytest.raises(error, match=words):
        evaluate(answer, SMALL)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"suite": "maze"}, "suite='maze': allowed are 'maze-extrapolation'"),
        ({"suite": ["maze-801"]}, "suite=.'maze-801'.: allowed are"),
        ({"suite": SMALL, "shards": 2, "shard": 2}, "shard=2: allowed"),
        ({"suite": SMALL, "batch": 0}, "batch=0: allowed"),
        ({"suite": SMALL, "most": 0}, "most=0: allowed"),
    ],
)
def test_wrong_arguments_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        evaluate(prefix_sums.solve, **options)
