"""Tables to read in a terminal."""

import numpy as np
import pytest

from thinkenv.deep_thinking.analysis.tables import (
    format_diagnoses,
    format_recovery,
    format_table,
    labels_of,
)
from thinkenv.suites.scores import evaluation_row


def row_of(**changes) -> dict:
    known: dict = dict(
        task="maze",
        options={"size": 9},
        disturbance="none",
        scores={"solved": [True, True, False, True], "cells": [1.0] * 4, "line": [False] * 4},
        converged=[True, False, False, False],
        iterations=72,
        seconds=1.5,
        seed=0,
        checkpoint="somewhere",
    )
    return evaluation_row(**(known | changes))


def test_a_table_shows_the_scores_of_each_row():
    shown = format_table([row_of(), row_of(iterations=37.25)])
    for words in ("9x9", "75.0%", "100.00%", "25.0%", "line", "0.0%", " 72 ", " 37.2 "):
        assert words in shown
    assert len(shown.splitlines()) == 4


def test_a_table_shows_what_is_not_known():
    shown = format_table([row_of(converged=None, iterations=None)])
    assert shown.splitlines()[-1].split()[1] == "-"


def test_a_table_of_recovery_shows_when_and_whether():
    known = {"right_before": 0.5, "iterations_until_right": 48.0}
    rows = [
        {**row_of(disturbance="zero"), **known, "disturbed_at": 0.5},
        {**row_of(), **known, "disturbed_at": "every", "iterations_until_right": None},
    ]
    once, throughout = format_recovery(rows).splitlines()[2:]
    assert once.split()[:6] == ["9x9", "zero", "0.5", "4", "50.0%", "75.0%"] and " 48 " in once
    # Where it is disturbed in every iteration, there is no time before.
    assert throughout.split()[:6] == ["9x9", "none", "every", "4", "-", "75.0%"]
    assert throughout.split()[-2:] == ["-", "25.0%"]
    assert len(format_recovery([]).splitlines()) == 2


def test_a_diagnosis_is_told_in_lines():
    row = {
        "task": "maze",
        "size": 9,
        "n": 3,
        "alignment": {"random": 0.98765},
        "same_answer_from_elsewhere": {"random": 2 / 3},
        "attractors": {"fixed point": 2 / 3, "cycle of 4": 1 / 3},
        "first_solved": [7, -1, 9],
        "last_changed": [9, 20, 11],
        "filling_agreement_by_iteration": [0.5, 1.0],
    }
    assert format_diagnoses([row]).splitlines() == [
        "9x9, 3 problems",
        "  alignment from random memories: 0.9877, same answer 66.7%",
        "  attractors: fixed point 66.7%, cycle of 4 33.3%",
        "  first right in iteration 8 (median), 2 of 3",
        "  last change of the answer in iteration 11",
        "  agreement with dead-end filling: 75.00% on average, 50.00% at least",
    ]
    never = {**row, "first_solved": [-1] * 3, "filling_agreement_by_iteration": None}
    assert format_diagnoses([never]).splitlines()[3] == "  first right never, 0 of 3"


@pytest.mark.parametrize(
    ("task", "options", "label"),
    [
        ("maze", {"size": 59, "generator": "dfs", "loops": 0.0, "endpoints": "any"}, "59x59"),
        (
            "maze",
            {"size": 33, "generator": "prim", "loops": 0.1, "endpoints": "corners"},
            "33x33 prim corners loops 0.1",
        ),
        ("maze", {"size": 7, "shape": "5x7", "file": "mazes.npz"}, "5x7"),
        ("prefix_sum", {"size": 512}, "512 bits"),
        ("chess", {"size": None, "rating": [600, 799]}, "rated 600-799"),
        ("sorting", {"size": 16}, "size 16"),  # a task that nobody has named
    ],
)
def test_labels_say_what_problems_are(task, options, label):
    assert labels_of([row_of(task=task, options=options)]) == [label]
    assert np.array_equal(labels_of([]), [])
