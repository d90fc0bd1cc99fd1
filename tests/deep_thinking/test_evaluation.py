"""How long agents think when they are measured: iterations, and positions imagined after them."""

import numpy as np
import pytest

from tests.deep_thinking.imagination.fake_net import FakeNet
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.codecs.moves import MoveCodec
from thinkenv.deep_thinking.evaluation import AgentPolicy, ThinkingTime
from thinkenv.suites.evaluation import evaluate_task
from thinkenv.suites.rating import rate_rows

TASK = ChessPuzzleTask("bundled", "extrapolation")


@pytest.fixture
def agent() -> Agent:
    return Agent(FakeNet(), MoveCodec(ChessPuzzleTask), 3)


def test_imagined_positions_come_after_one_number_of_iterations():
    assert ThinkingTime.parse([], None, (8, 16), (4, 0, 4)) == ThinkingTime((8,), imagined=(0, 4))
    assert ThinkingTime.parse(["3"], None, (8,), (2,)) == ThinkingTime((3,), imagined=(2,))
    assert ThinkingTime.parse([], None, (8, 16)) == ThinkingTime((8, 16))


@pytest.mark.parametrize(
    ("words", "imagined", "said"),
    [
        ([], (-1,), "--imagine must be integers of at least 0, got"),
        (["3", "4"], (2,), "--iterations must be one number with --imagine, got 3 4"),
        (["converged"], (2,), "--iterations must be one number with --imagine, got converged"),
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
    rows = [{"rated": list(pairs), "stopping": "fixed", "requested": 3}]
    assert "imagined" not in rate_rows(rows)
