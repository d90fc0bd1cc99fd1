"""The splits of chess puzzles: by rating, and never the same position in two of them.

| split         | rating       | share of its positions | meaning                                 |
|---------------|--------------|------------------------|-----------------------------------------|
| train         | below 1500   | 90 %                   | easy puzzles, with their solutions      |
| validation    | below 1500   | 5 %                    | as hard as train, to choose settings    |
| test          | below 1500   | 5 %                    | as hard as train, never seen            |
| (gap)         | 1500 to 1599 |                        | in no split, so that the two are apart  |
| extrapolation | 1600 and up  | all                    | harder than anything in train           |
| all           | any, or none | all                    | no partition, for studying databases    |

Ratings are Glicko-2 ratings as Lichess gives them. Puzzles that show the solver the same position
(opening traps that many games fell into; colours exchanged count as the same) go by the rating of
the one that was played most, and by a hash of the position: all are in one split, or in none. Of
these, the ones whose own rating is not that of the split are in none. What counts is the position
to solve: a line may lead on into a position that is another puzzle. Puzzles without a rating, such
as those of EPD files, are in ``all`` alone.
"""

import numpy as np

LOWEST_RATING, HIGHEST_RATING = 1, 9999
UNKNOWN_RATING = -1

# First and last rating, first and one-past-last percent of the hash range.
BOUNDS_OF_SPLIT = {
    "train": (LOWEST_RATING, 1499, 0, 90),
    "validation": (LOWEST_RATING, 1499, 90, 95),
    "test": (LOWEST_RATING, 1499, 95, 100),
    "extrapolation": (1600, HIGHEST_RATING, 0, 100),
    "all": (UNKNOWN_RATING, HIGHEST_RATING, 0, 100),
}


def settle_positions(
    keys: np.ndarray, ratings: np.ndarray, plays: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What decides about the split of each puzzle, the same for all with one position.

    Args:
        keys: ``(n,)`` uint64 keys of the positions.
        ratings: ``(n,)`` int16, or ``UNKNOWN_RATING``.
        plays: ``(n,)`` int32, how often each was played.

    Returns:
        ``split_ratings`` ``(n,)`` int16, and ``split_percents`` ``(n,)`` uint8, 0 to 99.
    """
    # The upper 32 bits of the key as a share of their range, in whole percent, without a division.
    percents = ((keys >> np.uint64(32)) * np.uint64(100) >> np.uint64(32)).astype(np.uint8)
    split_ratings = ratings.copy()
    order = np.argsort(keys, kind="stable")
    in_order = keys[order]
    same_as_next = in_order[1:] == in_order[:-1]
    is_shared = np.append(same_as_next, False) | np.insert(same_as_next, 0, False)
    shared = order[is_shared]
    # By position, those with a rating first, then by plays, the most played first; ties stay in the
    # order of the file.
    is_unrated = ratings[shared] == UNKNOWN_RATING
    shared = shared[np.lexsort((-plays[shared].astype(np.int64), is_unrated, keys[shared]))]
    is_first = np.insert(keys[shared][1:] != keys[shared][:-1], 0, True)[: len(shared)]
    leaders = shared[is_first]  # one for each position, of which cumsum gives the number
    split_ratings[shared] = ratings[leaders][np.cumsum(is_first) - 1]
    return split_ratings, percents


def is_in_split(split: str, columns: dict[str, np.ndarray]) -> np.ndarray:
    """A mask ``(n,)`` of the puzzles in a split, from the columns of a database."""
    low, high, first_percent, end_percent = BOUNDS_OF_SPLIT[split]
    percents = columns["split_percents"]
    mask = (percents >= first_percent) & (percents < end_percent)
    for ratings in (columns["ratings"], columns["split_ratings"]):
        mask &= (ratings >= low) & (ratings <= high)
    return mask
