"""Intervals against published values, rows against the contract."""

import pytest

from thinkenv.suites.scores import ROW_KEYS, evaluation_row, wilson_interval


# Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17,
# 1998, Table I, method 3 (the Wilson score interval).
@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_equals_the_published_examples(successes, trials, low, high):
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_wilson_interval_is_symmetric_and_holds_the_rate():
    for trials in (1, 7, 200):
        for successes in range(trials + 1):
            low, high = wilson_interval(successes, trials)
            assert 0 <= low <= successes / trials <= high <= 1
            mirrored = wilson_interval(trials - successes, trials)
            assert mirrored == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (3, 2), (-1, 2)])
def test_impossible_counts_are_refused(successes, trials):
    with pytest.raises(ValueError, match="successes"):
        wilson_interval(successes, trials)


def test_a_row_has_the_keys_of_the_contract():
    options = {"split": "test", "size": 9, "generator": "dfs", "loops": 0.0, "endpoints": "any"}
    row = evaluation_row(
        task="maze",
        options=options,
        disturbance="none",
        scores={"solved": [True, True, False, True], "cells": [1.0, 1.0, 0.8, 1.0]},
        converged=[True, False, False, True],
        iterations=72,
        stopping="fixed",
        requested=72,
        seconds=1.5,
        seed=0,
        checkpoint="somewhere",
    )
    assert tuple(row) == ROW_KEYS
    assert (row["n"], row["exact"], row["converged"]) == (4, 0.75, 0.5)
    assert (row["iterations"], row["stopping"], row["requested"]) == (72, "fixed", 72)
    assert row["cells"] == pytest.approx(0.95)
    assert (row["exact_low"], row["exact_high"]) == pytest.approx(wilson_interval(3, 4), abs=1e-6)


def test_a_row_of_another_task_has_its_own_options_and_scores_behind_the_keys_of_the_contract():
    row = evaluation_row(
        task="chess",
        options={"split": "test", "rating": [400, 599]},
        disturbance="none",
        scores={"solved": [True, False], "cells": [1.0, 0.9], "line": [False, False]},
        converged=[True, True],
        iterations=8,
        seconds=0.1,
        seed=0,
        checkpoint="somewhere",
    )
    assert tuple(row)[: len(ROW_KEYS)] == ROW_KEYS
    assert row["size"] is None and row["rating"] == [400, 599]
    assert (row["line"], row["line_low"]) == (0.0, 0.0)
    assert row["line_high"] == pytest.approx(wilson_interval(0, 2)[1], abs=1e-6)


def test_what_an_agent_does_not_tell_is_none():
    row = evaluation_row(
        task="maze",
        options={"size": 9},
        disturbance="none",
        scores={"solved": [True], "cells": [1.0]},
        converged=None,
        iterations=None,
        seconds=0.1,
        seed=0,
        checkpoint="somebody's",
    )
    told = ("converged", "iterations", "stopping", "requested")
    assert [row[name] for name in told] == [None] * 4
