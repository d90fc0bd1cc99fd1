"""What the page about the chess agents that name squares says is what was measured."""

from .conftest import flat, page, percent, stored, today

PAGE = "docs/chess_squares.md"
COLUMNS = (1, 12, 24, 120)  # iterations in the table


def pooled(rows: list[dict], iterations: int) -> str:
    """The share of the harder puzzles solved at so many iterations, in percent."""
    chosen = [row for row in rows if row["rating"][0] >= 1600 and row["iterations"] == iterations]
    solved = sum(round(row["exact"] * row["n"]) for row in chosen)
    return f"{100 * solved / sum(row['n'] for row in chosen):.1f}"


def test_what_is_said_of_more_iterations():
    rows = stored("chess_squares")["rows"]
    text = flat(PAGE)
    one, three, six, twelve, double, ten_times = (
        pooled(rows, iterations) for iterations in (1, 3, 6, 12, 24, 120)
    )
    assert f"{one} % are solved after one iteration, {three} % after 3" in text
    assert six == twelve and f"and {six} % after 6 and 12, the most in training" in text
    assert f"At ten times as many, 120, it is {ten_times} %" in text
    assert f"{twelve}, {double} and {ten_times} % at 12, 24 and 120" in text


def test_the_feed_forward_net_is_better_by_what_is_said():
    thinking, feed_forward = (
        stored(name)["rows"] for name in ("chess_squares", "chess_feed_forward")
    )
    for is_hard in (False, True):
        means = []
        for rows in (thinking, feed_forward):
            chosen = [
                row
                for row in rows
                if (row["rating"][0] >= 1600) == is_hard and row["iterations"] in (1, 12)
            ]
            last = max(row["iterations"] for row in chosen)
            chosen = [row for row in chosen if row["iterations"] == last]
            means.append(sum(row["exact"] * row["n"] for row in chosen))
            total = sum(row["n"] for row in chosen)
        assert f"{100 * (means[1] - means[0]) / total:.1f}" == "2.4"
    for name in ("README.md", PAGE):
        assert "by 2.4 points" in flat(name)


def test_the_tables():
    thinking, feed_forward = stored("chess_squares"), stored("chess_feed_forward")
    for result in (thinking, feed_forward):
        assert today(result["command"]) in page(PAGE)
        rating = result["puzzle_rating"]
        words = f"{rating['rating']:,.0f} ({rating['low']:,.0f} to {rating['high']:,.0f})"
        assert words in flat(PAGE)
    for other in feed_forward["rows"]:
        low, high = other["rating"]
        of_bucket = {
            row["iterations"]: row for row in thinking["rows"] if row["rating"] == [low, high]
        }
        cells = [percent(of_bucket[iterations]["exact"]) for iterations in COLUMNS]
        cells += [percent(of_bucket[COLUMNS[-1]][score]) for score in ("first_move", "line")]
        cells += [percent(other[score]) for score in ("exact", "first_move", "line")]
        assert f"| {low} to {high} | {other['n']:,} | {' | '.join(cells)} |" in page(PAGE)
