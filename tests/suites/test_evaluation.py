"""Evaluation of callables of every kind, against counts made by hand."""

import collections
import dataclasses
import types

import numpy as np
import pytest

from thinkenv import mazes, prefix_sums, suites
from thinkenv.mazes.file_task import MazeFileTask
from thinkenv.suites import Answers, ProblemSet, Suite, evaluate, evaluate_sets, evaluate_task
from thinkenv.suites.scores import ROW_KEYS, wilson_interval

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
        assert (row["suite"], row["version"], row["checkpoint"]) == ("small", 1, "ours")
        told = ("iterations", "stopping", "requested", "converged")
        assert [row[name] for name in told] == [None] * 4


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
        return [
            Answers(right ^ 1, stopping="fixed", requested=1),
            Answers(right, stopping="fixed", requested=9),
            Answers(right, iterations=bits.sum(axis=1), stopping="converged"),
        ]

    rows = evaluate(answer, SMALL, batch=4)
    columns = ("size", "iterations", "stopping", "requested", "exact")
    found = []
    for problems in SMALL.sets:
        strings = prefix_sums.generate(**problems.options, count=problems.count, seed=problems.seed)
        bits = problems.options["bits"]
        found.append((bits, 1, "fixed", 1, 0.0))
        found.append((bits, 9, "fixed", 9, 1.0))
        found.append((bits, strings.bits.sum(axis=1).mean(), "converged", None, 1.0))
    assert [tuple(row[name] for name in columns) for row in rows] == found


@pytest.mark.parametrize(("stopping", "requested"), [("fixed", None), ("converged", 9), (None, 9)])
def test_a_number_is_requested_where_stopping_is_fixed_and_only_there(stopping, requested):
    with pytest.raises(ValueError, match="requested must be a number where stopping is 'fixed'"):
        Answers(np.zeros(1), stopping=stopping, requested=requested)


def test_an_agent_cannot_stop_in_another_way_in_each_batch():
    def answer(bits):
        return Answers(bits, stopping="fixed", requested=len(bits))

    with pytest.raises(ValueError, match="must be alike.*requested=20.*, got .*requested=5"):
        evaluate(answer, SMALL, batch=20)


def test_an_agent_cannot_give_another_number_of_answers_in_each_batch():
    shown = []

    def answer(bits):
        shown.append(len(bits))
        return [Answers(bits)] * len(shown)

    with pytest.raises(ValueError, match="answers to every batch must be alike"):
        evaluate(answer, SMALL, batch=10)
    assert shown == [10, 10]  # refused as soon as it is known


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("iterations",),
        ("converged",),
        ("seconds",),
        ("stopping", "requested"),
        ("iterations", "converged", "seconds", "stopping", "requested"),
    ],
)
def test_any_object_that_has_an_answer_will_do_with_as_much_else_as_it_tells(names):
    def told(bits):
        all_there_is = {
            "iterations": bits.sum(axis=1),
            "converged": bits[:, 0] == 1,
            "seconds": 2.0,
            "stopping": "fixed",
            "requested": 7,
        }
        return {"answer": prefix_sums.solve(bits)} | {name: all_there_is[name] for name in names}

    def without_seconds(rows):
        return [row | {"seconds": row["seconds"] if "seconds" in names else 0} for row in rows]

    expected = without_seconds(evaluate(lambda bits: Answers(**told(bits)), SMALL, batch=6))
    rows = evaluate(lambda bits: types.SimpleNamespace(**told(bits)), SMALL, batch=6)
    assert without_seconds(rows) == expected
    frozen = collections.namedtuple("frozen", ["answer", *names])
    rows = evaluate(lambda bits: (frozen(**told(bits)), frozen(**told(bits))), SMALL, batch=6)
    assert without_seconds(rows) == [row for row in expected for _ in range(2)]
    assert without_seconds(evaluate(lambda bits: frozen(**told(bits)), SMALL, batch=6)) == expected


def test_the_thought_of_an_agent_is_an_answer():
    @dataclasses.dataclass
    class Thought:
        answer: np.ndarray
        iterations: np.ndarray
        converged: np.ndarray
        memory: None = None

    def think(bits):
        return Thought(prefix_sums.solve(bits), bits.sum(axis=1), bits[:, 0] == 1)

    def answer(bits):
        return Answers(prefix_sums.solve(bits), bits.sum(axis=1), bits[:, 0] == 1)

    expected = evaluate(answer, SMALL)
    for row, same in zip(evaluate(think, SMALL), expected, strict=True):
        assert {**row, "seconds": 0} == {**same, "seconds": 0}
    twice = evaluate(lambda bits: [think(bits), think(bits)], SMALL)
    assert [row["exact"] for row in twice] == [row["exact"] for row in expected for _ in range(2)]


def test_what_happened_to_each_problem_is_handed_back():
    def answer(bits):
        answers = right_where_the_first_bit_is_one(bits)
        return Answers(answers, bits.sum(axis=1), bits[:, 1] == 1, stopping="converged")

    strings = prefix_sums.generate(bits=40, count=10, seed=3, split="extrapolation")
    task = SMALL.sets[1].make_task()
    (found,) = evaluate_task(answer, task, 10, 3, batch=4, keep_answers=True)
    expected = {
        "instance": strings.instances,
        "solved": strings.bits[:, 0] == 1,
        "cells": strings.bits[:, 0],
        "iterations": strings.bits.sum(axis=1),
        "converged": strings.bits[:, 1] == 1,
        "answer": right_where_the_first_bit_is_one(strings.bits),
    }
    assert list(found.outcomes) == list(expected)
    for name, column in expected.items():
        assert np.array_equal(found.outcomes[name], column)
    (without,) = evaluate_task(answer, task, 10, 3)
    assert list(without.outcomes) == list(expected)[:-1]


def test_tasks_of_several_moves_are_played_where_an_agent_prefers_some():
    task = suites.SUITES["chess-rating"].sets[0].make_task()
    batch = task.draw(np.arange(40))
    squares_of = {
        planes.tobytes(): squares.reshape(64)
        for planes, squares in zip(batch.planes, batch.solutions, strict=True)
    }

    def preferences(shown):  # knows both squares of the first moves, and of later ones nothing
        known = [squares_of.get(planes.tobytes(), np.zeros(64)) for planes in shown]
        return np.stack([known, known], axis=1).astype(np.float32)

    def answer(planes):
        return Answers(suites.baselines.empty_answer(planes), preferences=preferences)

    (found,) = evaluate_task(answer, task, 40, batch=7)
    row, outcomes = found.row, found.outcomes
    played = task.play(batch, preferences)
    for name in ("first_move", "line"):
        assert np.array_equal(outcomes[name], played[name])
        right = int(played[name].sum())
        bounds = row[f"{name}_low"], row[f"{name}_high"]
        assert row[name] == right / 40
        assert bounds == pytest.approx(wilson_interval(right, 40), abs=1e-6)
    assert row["exact"] == 0 < row["line"] < row["first_move"] == 1
    ratings = task.puzzles.ratings[:40]
    assert np.array_equal(outcomes["difficulty"], ratings)
    pairs = zip(ratings.tolist(), played["line"].tolist(), strict=True)
    assert row["rated"] == [list(pair) for pair in pairs]
    (row,) = evaluate(suites.baselines.empty_answer, "chess-rating", max_problems=2)[:1]
    assert "rated" not in row and "line" not in row


def test_sets_that_are_done_are_there_before_the_next_is_begun():
    shown = []

    def answer(bits):
        if bits.shape[1] == 40:
            raise KeyboardInterrupt
        shown.append(len(bits))
        return bits

    sets = evaluate_sets(answer, SMALL, batch=20, keep_answers=True)
    assert not shown
    (done,) = next(sets)
    assert (done.row["n"], done.row["suite"]) == (25, "small") and shown == [20, 5]
    strings = prefix_sums.generate(**SMALL.sets[0].options, count=25)
    assert np.array_equal(done.outcomes["answer"], strings.bits)
    with pytest.raises(KeyboardInterrupt):
        next(sets)


def test_the_name_of_before_still_works_with_a_warning():
    with pytest.warns(DeprecationWarning, match="say max_problems"):
        rows = evaluate(prefix_sums.solve, SMALL, most=3)
    assert [row["n"] for row in rows] == [3, 3]


def test_an_agent_cannot_change_what_it_is_judged_by():
    def vandal(grids):
        answers = suites.baselines.empty_answer(grids)
        grids[:] = 0
        return answers

    task = mazes.MazeTask(9, "test")
    (row,) = evaluate_task(vandal, task, 10)
    (expected,) = evaluate_task(suites.baselines.empty_answer, task, 10)
    assert row.row["cells"] == expected.row["cells"] > 0


def test_no_problem_is_counted_twice(tmp_path):
    batch = mazes.generate(size=9, count=4)
    mazes.interchange.write_npz(tmp_path / "mazes.npz", batch, {})
    task = MazeFileTask(tmp_path / "mazes.npz")
    assert evaluate_task(suites.baselines.exact, task, 4)[0].row["n"] == 4
    with pytest.raises(ValueError, match="count must be at most 4, .*, got 5"):
        evaluate_task(suites.baselines.exact, task, 5)
    with pytest.raises(ValueError, match="count must be at most 75, .*, got 1000"):
        evaluate(
            suites.baselines.empty_answer,
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

    with pytest.raises(ValueError, match=f"must be alike, .*{told}.*, got"):
        evaluate(answer, SMALL, batch=20)
    with pytest.raises(ValueError, match=f"{told} must .* shape .25,.*, got .3,."):
        evaluate(lambda bits: Answers(bits, **{told: np.ones(3)}), SMALL)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (lambda bits: bits[:, 1:], ValueError, "answer must have shape .25, 16., got"),
        (lambda bits: bits + 1, ValueError, "answer must hold 0 and 1 alone"),
        (lambda bits: bits / 2, ValueError, "must hold 0 and 1 alone"),
        (lambda bits: None, (TypeError, ValueError), "answer"),
        (lambda bits: [], ValueError, "answer must have shape"),
    ],
)
def test_wrong_answers_are_named(answer, error, words):
    with pytest.raises(error, match=words):
        evaluate(answer, SMALL)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"suite": "maze"}, "suite must be one of 'maze-extrapolation', .*, got 'maze'"),
        ({"suite": ["maze-801"]}, "suite must be one of .*, got .'maze-801'."),
        ({"suite": SMALL, "shards": 2, "shard": 2}, "shard must be an integer in .0, 1., got 2"),
        ({"suite": SMALL, "batch": 0}, "batch must be an integer in .1, .*, got 0"),
        ({"suite": SMALL, "max_problems": 0}, "max_problems must be .*, got 0"),
    ],
)
def test_wrong_arguments_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        evaluate(prefix_sums.solve, **options)
