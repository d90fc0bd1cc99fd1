"""The columns of a puzzle database."""

# Their types. They are those of ``Rows`` in ``thinkenv.chess_puzzles.lichess_rows``, but for what
# the import is done with, and what it finds out about positions (see
# ``thinkenv.chess_puzzles.rating_splits``). Ids may be longer.
COLUMN_TYPES = {
    "ids": "|S8",
    "positions": "|u1",
    "last_moves": "<u2",
    "move_starts": "<u4",
    "move_counts": "|u1",
    "moves": "<u2",
    "ratings": "<i2",
    "rating_deviations": "<i2",
    "popularities": "<i2",
    "plays": "<i4",
    "theme_sets": "|u1",
    "url_starts": "<u4",
    "url_lengths": "|u1",
    "urls": "|u1",
    "openings": "<i4",
    "split_ratings": "<i2",
    "split_percents": "|u1",
}
