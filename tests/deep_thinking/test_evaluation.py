"""How long agents think when they are measured: iterations, and positions imagined after them."""

import numpy as np
import pytest

from tests.deep_thinking.imagination.fake_net import FakeNet
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.analysis.tables import format_table
from thinkenv.deep_thinking.codecs.moves import MoveCodec
from thinkenv.deep_thinking.evaluation import AgentPolicy, ThinkingTime
from thinkenv.deep_thinking.imagination.manner import Manner
from thinkenv.suites.evaluation import evaluate_task
from thinkenv.suites.merging import merge_rows
from thinkenv.suites.rating import rate_rows
from thinkenv.suites.results import check_row

TASK = ChessPuzzleTask("bundled", "extrapolation")
SETTLED = ThinkingTime((3,), imagined=(2,), until_settled=True, max_imagined=9)


@pytest.fixture
def agent() -> Agent:
    return Agent(FakeNet(), MoveCodec(ChessPuzzleTask), 3)


def test_imagined_positions_come_after_one_number_of_iterations():
    several = ThinkingTime.parse([], None, (8, 16), ("4", "0", "4"))
    assert several == ThinkingTime((8,), imagined=(0, 4))
    assert ThinkingTime.parse(["3"], None, (8,), ("2",)) == ThinkingTime((3,), imagined=(2,))
    settled = ThinkingTime.parse([], None, (8, 16), ("settled", "4"), 100)
    assert settled == ThinkingTime((8,), imagined=(4,), until_settled=True, max_imagined=100)
    assert settled.imagines and not ThinkingTime((8,)).imagines
    assert ThinkingTime.parse([], None, (8, 16)) == ThinkingTime((8, 16))


@pytest.mark.parametrize(
    ("words", "imagined", "said"),
    [
        ([], ("-1",), "--imagine must be integers of at least 0 or 'settled', got '-1'"),
        ([], ("4", "converged"), "--imagine must be integers of .*, got 'converged'"),
        (["3", "4"], ("2",), "--iterations must be one number with --imagine, got 3 4"),
        (
            ["converged"],
            ("settled",),
            "--iterations must be one number with --imagine, got converged",
        ),
    ],
)
def test_what_cannot_be_combined_is_refused(words, imagined, said):
    with pytest.raises(ValueError, match=said):
        ThinkingTime.parse(words, None, (8,), imagined)


def test_answers_are_those_of_thoughts_with_so_many_imagined_positions(agent):
    shown = TASK.draw(range(6)).problems
    found = AgentPolicy(agent, ThinkingTime((3,), imagined=(0, 2, 10)))(shown)
    assert [answers.imagined for answers in found] == [0, 2, 10]
    for answers in found:
        expected = agent.think(shown, 3, imagine=answers.imagined or None)
        assert np.array_equal(answers.answer, expected.answer)
        assert np.array_equal(answers.preferences(shown), agent.preferences(expected))
        assert (answers.requested, answers.stopping) == (3, "fixed")
    seconds = [answers.seconds for answers in found]
    assert seconds == sorted(seconds) and seconds[0] > 0
    (only,) = AgentPolicy(agent, ThinkingTime((3,), imagined=(0,)))(shown)
    assert np.array_equal(only.answer, found[0].answer)


def test_a_limit_of_imagined_positions_is_at_least_1():
    with pytest.raises(ValueError, match="--max-imagined must be at least 1, got 0"):
        ThinkingTime.parse([], None, (8,), ("settled",), 0)


def test_answers_where_trees_have_settled_come_last(agent):
    shown = TASK.draw(range(6)).problems
    policy = AgentPolicy(agent, SETTLED)
    first, last = policy(shown)
    expected = agent.think(shown, 3, imagine="settled", max_imagined=9)
    assert first.settled is None and np.array_equal(last.settled, expected.settled)
    assert np.array_equal(last.imagined, expected.imagined)
    assert np.array_equal(last.answer, expected.answer) and last.seconds > 0
    assert np.array_equal(last.preferences(shown), agent.preferences(expected))
    (only,) = AgentPolicy(agent, ThinkingTime((3,), until_settled=True, max_imagined=5))(shown)
    assert only.imagined.max() == 5


def test_rows_of_trees_that_have_settled_say_how_large_they_were_on_average(agent):
    def policy(shown):
        first = agent.think(shown, imagine=2)
        manner = Manner(settled_lead=3)
        return [first, agent.think(shown, imagine="settled", manner=manner, max_imagined=30)]

    fixed, found = evaluate_task(policy, TASK, 20, name="fake", progress=False)
    assert fixed.row["imagined"] == 2 and "settled" not in fixed.row
    imagined = found.outcomes["imagined"]
    assert found.row["imagined"] == pytest.approx(imagined.mean()) and imagined.std() > 0
    assert found.row["settled"] == pytest.approx(found.outcomes["settled"].mean())
    check_row(1, found.row)
    parts = [evaluate_task(policy, TASK, 20, shard=part, shards=3) for part in range(3)]
    merged = merge_rows([[one.row | {"checkpoint": "fake"} for one in part] for part in parts])
    measured = {"seconds": 0}
    assert [row | measured for row in merged] == [one.row | measured for one in (fixed, found)]
    table = format_table(merged)
    assert "settled" in table and f"{imagined.mean():.1f}" in table


def test_parts_that_stopped_otherwise_are_not_put_together(agent):
    until = {"until_settled": True, "max_imagined": 5}
    times = (ThinkingTime((3,), **until), ThinkingTime((3,), imagined=(4,)))
    policies = (AgentPolicy(agent, time) for time in times)
    parts = [
        [one.row for one in evaluate_task(policy, TASK, 4, shard=part, shards=2)]
        for part, policy in enumerate(policies)
    ]
    with pytest.raises(ValueError, match="imagined must be the same in all parts, got"):
        merge_rows(parts)


@pytest.mark.parametrize("imagine", [4, "settled"])
def test_thoughts_that_imagined_are_answers_as_they_are(agent, imagine):
    def think(shown):
        return agent.think(shown, imagine=imagine, max_imagined=9)

    (found,) = evaluate_task(think, TASK, 8)
    imagined = think(TASK.draw(range(8)).problems).imagined
    assert found.row["imagined"] == pytest.approx(imagined.mean())
    assert ("settled" in found.row) == (imagine == "settled")


def rows_of(policy: AgentPolicy) -> list[dict]:
    return [found.row for found in evaluate_task(policy, TASK, 40, name="fake", progress=False)]


def test_rows_say_how_many_positions_were_imagined_and_others_do_not(agent):
    policy = AgentPolicy(agent, ThinkingTime((3,), imagined=(0, 2)))
    rows = rows_of(policy)
    assert [row["imagined"] for row in rows] == [0, 2]
    assert all(row["iterations"] == row["requested"] == 3 for row in rows)
    (plain,) = rows_of(AgentPolicy(agent, ThinkingTime((3,))))
    assert "imagined" not in plain
    assert plain["exact"] == rows[0]["exact"] and plain["line"] == rows[0]["line"]


def test_a_rating_says_how_many_positions_were_imagined():
    pairs = [[500 + 20 * step, step % 7 < 6 - step // 12] for step in range(72)]
    rows = [{"rated": list(pairs), "stopping": "fixed", "requested": 3, "imagined": 2}]
    assert rate_rows(rows)["imagined"] == 2
    rows = [{"rated": list(pairs), "stopping": "fixed", "requested": 3, "settled": 0.5}]
    assert rate_rows(rows)["settled"] == 0.5
    rows = [{"rated": list(pairs), "stopping": "fixed", "requested": 3}]
    assert "imagined" not in rate_rows(rows)
