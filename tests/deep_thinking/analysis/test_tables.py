"""Tables to read, and ratings fitted to results of simulated players."""

import pytest

from thinkenv.deep_thinking.analysis.tables import format_table, label_of
from thinkenv.suites.scores import evaluation_row


def row_of(**changes) -> dict:
    known = dict(
        task="maze",
        axes={"size": 9},
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
    shown = format_table([row_of()], ["9x9"], ("line",))
    for words in ("9x9", "75.0%", "100.00%", "25.0%", "line", "0.0%"):
        assert words in shown


def test_a_table_shows_what_is_not_known():
    shown = format_table([row_of(converged=None, iterations=None)], ["9x9"])
    assert shown.splitlines()[-1].split()[1] == "-"


@pytest.mark.parametrize(
    ("task", "axes", "label"),
    [
        ("maze", {"size": 59, "generator": "dfs", "loops": 0.0, "endpoints": "any"}, "59x59"),
        (
            "maze",
            {"size": 33, "generator": "prim", "loops": 0.1, "endpoints": "corners"},
            "33x33 prim corners loops 0.1",
        ),
        ("prefix_sum", {"size": 512}, "512 bits"),
        ("chess", {"size": None, "rating": [600, 799]}, "rated 600-799"),
        ("sorting", {"size": 16}, "size 16"),
    ],
)
def test_labels_say_what_problems_are(task, axes, label):
    assert label_of(task, axes) == label
