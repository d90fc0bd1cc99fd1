"""Ratings fitted to results of simulated players."""

import json

import numpy as np
import pytest

from thinkenv.suites import fit_rating, rate_rows


@pytest.mark.parametrize("strength", [900, 1700])
def test_the_fitted_rating_is_that_of_a_simulated_player(strength):
    draw = np.random.default_rng(1)
    ratings = draw.integers(400, 2800, size=6000)
    solved = draw.random(6000) < 1 / (1 + 10 ** ((ratings - strength) / 400))
    rating, low, high = fit_rating(ratings, solved)
    assert low < strength < high and high - low < 60
    assert low < rating < high


@pytest.mark.parametrize("highest", [1600, 1640])
def test_no_rating_is_fitted_where_it_does_not_matter(highest):
    ratings = np.tile(np.arange(1600, highest + 1), 5)
    solved = np.arange(len(ratings)) < 0.4 * len(ratings)  # two in five at every rating
    with pytest.raises(ValueError, match="not plain that harder ones are solved less often"):
        fit_rating(ratings, solved)


@pytest.mark.parametrize("solved", [True, False])
def test_no_rating_is_fitted_where_all_or_nothing_was_solved(solved):
    with pytest.raises(ValueError, match="can only be fitted"):
        fit_rating(np.array([1000, 1200]), np.array([solved, solved]))


def row_of(pairs, requested):
    return {"n": len(pairs), "stopping": "fixed", "requested": requested, "rated": pairs}


def test_rows_of_all_problems_are_rated_together_and_lose_their_pairs():
    draw = np.random.default_rng(1)
    ratings = draw.integers(400, 2800, size=6000)
    solved = draw.random(6000) < 1 / (1 + 10 ** ((ratings - 1500) / 400))
    pairs = [list(pair) for pair in zip(ratings.tolist(), solved.tolist(), strict=True)]
    rows = [row_of(pairs[:2000], 60), {"n": 5}, row_of(pairs[2000:], 60)]
    stored = json.loads(json.dumps(rows))
    found = rate_rows(rows)
    assert (found["rating"], found["low"], found["high"]) == fit_rating(ratings, solved)
    assert (found["stopping"], found["requested"]) == ("fixed", 60)
    assert rows == [{"n": 2000, "stopping": "fixed", "requested": 60}, {"n": 5}, {**rows[2]}]
    assert "rated" not in rows[2] and rate_rows(rows) is None
    assert rate_rows(stored) == found


def test_rows_that_do_not_tell_a_rating_lose_their_pairs_as_well():
    rows = [row_of([[1000, True], [1200, True]], 60)]
    with pytest.raises(ValueError, match="can only be fitted"):
        rate_rows(rows)
    assert "rated" not in rows[0]
