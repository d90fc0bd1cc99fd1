"""Disturbances in mid-tree: which memories they change, and what rows say of the moves played."""

import json

import numpy as np
import pytest
import torch

from tests.deep_thinking.conftest import call_script, refusal
from tests.deep_thinking.imagination.fake_net import FakeNet
from tests.deep_thinking.imagination.test_trees import grown
from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.consequences import NOT_OVER
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.analysis.disturbances import Disturbance
from thinkenv.deep_thinking.analysis.tables import difference_of, format_recovery
from thinkenv.deep_thinking.analysis.tree_recovery import disturb, measure_tree_recovery
from thinkenv.deep_thinking.architectures.messages import MessageNet, MessageSettings
from thinkenv.deep_thinking.checkpoint import save_agent
from thinkenv.deep_thinking.codecs.moves import MoveCodec
from thinkenv.deep_thinking.evaluation import evaluate_tree_recovery
from thinkenv.suites.results import check_row
from thinkenv.suites.scores import ROW_KEYS

TASK = ChessPuzzleTask("bundled", "validation")
CODEC = MoveCodec(ChessPuzzleTask)
FENS = [*chess_puzzles.load(split="all").fens()[:300:100], "7k/R7/8/8/8/8/8/1R4K1 b - - 0 1"]
DISTURBANCES = "none zero foreign random noise:1 flip:1".split()


def message_net() -> MessageNet:
    torch.manual_seed(3)
    return MessageNet(MessageSettings(8, 2, 3, 4), CODEC.interface)


@pytest.fixture
def agent() -> Agent:
    return Agent(message_net(), CODEC, 2)


def disturbed(name: str):
    """Trees, and their memories before; the fake net's are never 0."""
    trees = grown(FENS, 25)
    before = trees.memory.clone()
    disturb(trees, Disturbance.parse(name), torch.Generator().manual_seed(1))
    return trees, before


@pytest.mark.parametrize("name", DISTURBANCES)
def test_all_memories_of_a_tree_are_disturbed_and_nothing_else(name):
    trees, before = disturbed(name)
    for tree in range(len(trees)):
        for node in range(before.shape[1]):
            is_same = torch.equal(trees.memory[tree, node], before[tree, node])
            is_thought_about = node < trees.nodes[tree] and (trees.results[tree, node] == NOT_OVER)
            if name != "foreign" or not is_thought_about:
                assert is_same == (name == "none" or not is_thought_about)
    expected = grown(FENS, 25)
    assert np.array_equal(trees.visits, expected.visits)
    assert np.array_equal(trees.priors, expected.priors)


def test_a_foreign_memory_is_that_of_the_tree_before_where_it_has_one():
    trees, before = disturbed("foreign")
    has_memory = before.float().flatten(2).any(dim=2).numpy()
    replaced = 0
    for tree in range(len(trees)):
        other = (tree - 1) % len(trees)
        for node in np.flatnonzero(has_memory[tree]):
            source = other if has_memory[other, node] else tree
            assert torch.equal(trees.memory[tree, node], before[source, node])
            replaced += source == other
    assert replaced > 50


def test_noise_is_as_strong_as_each_memory():
    trees, before = disturbed("noise:1")
    noise = trees.memory[0, :20].float() - before[0, :20].float()
    ratio = noise.square().mean(dim=(1, 2)) / before[0, :20].float().square().mean(dim=(1, 2))
    assert ratio.mean() == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_undisturbed_trees_are_those_of_thoughts(agent, share):
    batch = TASK.draw(range(7))
    thought = agent.think(batch.problems)
    told = []
    found = measure_tree_recovery(
        agent, TASK, batch, thought, Disturbance("none"), share, 12, progress=told.append
    )
    assert found.disturbed_at == 12 * share and sum(told) == 7
    points = [*range(found.disturbed_at, 12, found.eval_every), 12]
    assert found.right.shape == (7, len(points))
    for right, point in zip(found.right.T, points, strict=True):
        answer = agent.think(batch.problems, imagine=point or None).answer
        expected, cells = TASK.judge(batch, answer)
        assert np.array_equal(right, expected)
    assert np.array_equal(found.cells, cells)


class Squares(ChessPuzzleTask):
    """Judges by the first square of an answer, so that any other answer is judged otherwise."""

    def judge(self, batch, answers):
        first = answers.reshape(len(answers), 64).argmax(axis=1)
        return first % 2 == 0, first / 64


def test_disturbances_change_what_is_played_afterwards_alone():
    """The fake net's opinions depend on how many iterations its memory has counted."""
    task, agent = Squares("bundled", "validation"), Agent(FakeNet(), CODEC, 3)
    batch = task.draw(range(20))
    thought = agent.think(batch.problems)
    without, emptied = (
        measure_tree_recovery(agent, task, batch, thought, Disturbance(kind), 0.5, 24)
        for kind in ("none", "zero")
    )
    assert np.array_equal(without.right_before, emptied.right_before)
    assert not np.array_equal(without.cells, emptied.cells)


def test_rows_compare_the_same_problems_with_and_without(agent):
    names = ("none", "random", "foreign")
    kinds = [Disturbance.parse(name) for name in names]
    rows = list(evaluate_tree_recovery(agent, TASK, kinds, [0.25, 1.0], 16, count=30))
    assert [row["disturbance"] for row in rows] == [*names, *names]
    for number, row in enumerate(rows, 1):
        check_row(number, row)
        assert tuple(row)[: len(ROW_KEYS)] == ROW_KEYS and json.dumps(row)
        assert (row["imagined"], row["requested"], row["n"]) == (16, 2, 30)
        assert row["exact"] == pytest.approx(row["undisturbed"] - row["lost"] + row["gained"])
        curve = row["accuracy_curve"]
        assert curve[0] == round(row["right_before"], 4) and curve[-1] == round(row["exact"], 4)
    assert len({row["undisturbed"] for row in rows}) == 1
    assert all(row["lost"] == row["gained"] == 0 for row in (rows[0], *rows[3:]))
    assert len(rows[0]["accuracy_curve"]) == 13 and len(rows[3]["accuracy_curve"]) == 1
    table = format_recovery(rows)
    assert "undisturbed" in table and "+0.0% ± 0.0%" in table and "iterations" not in table


def test_the_interval_of_a_paired_difference():
    # McNemar's situation: 10 of 100 lost, 4 gained; the standard error by hand.
    row = {"lost": 0.10, "gained": 0.04, "n": 100}
    values = np.repeat([-1.0, 1.0, 0.0], [10, 4, 86])
    difference, width = difference_of(row)
    assert difference == pytest.approx(values.mean())
    assert width == pytest.approx(1.96 * values.std() / 10, rel=1e-3)


@pytest.mark.parametrize(
    ("disturbance", "share", "words"),
    [
        ("moved", 0.5, "with --imagine a disturbance must be one of none, .*, got 'moved'"),
        ("region:0.5", 0.5, "with --imagine a disturbance must be one of .*, got 'region:0.5'"),
        ("zero", 1.5, "--disturb-at must be from 0 to 1 with --imagine, got 1.5"),
        ("zero", None, "--disturb-at must be from 0 to 1 with --imagine, got every"),
    ],
)
def test_what_cannot_be_done_is_refused(agent, disturbance, share, words):
    rows = evaluate_tree_recovery(
        agent, TASK, [Disturbance.parse(disturbance)], [share], 4, count=4
    )
    with pytest.raises(ValueError, match=words):
        next(rows)


def test_a_foreign_memory_needs_two_trees(agent):
    rows = evaluate_tree_recovery(agent, TASK, [Disturbance("foreign")], [0.5], 4, count=1)
    with pytest.raises(ValueError, match="'foreign' must have at least 2 problems, got 1"):
        next(rows)


def test_on_the_command_line(tmp_path):
    description = {"task": "chess", "training_iterations": 2}
    save_agent(tmp_path / "agent", message_net(), description)
    result, figure = tmp_path / "rows.json", tmp_path / "recovery.png"
    how = f"recovery --checkpoint {tmp_path / 'agent'} --task chess --problems 4 --threads 1"
    shown, _ = call_script(
        "evaluate",
        *f"{how} --split validation --rating 1300 1399 --imagine 6 --disturb zero noise:1".split(),
        *f"--disturb-at 0.5 1 --json {result} --figure {figure}".split(),
    )
    rows = json.loads(result.read_text())["rows"]
    assert [row["imagined"] for row in rows] == [6] * 4 and figure.stat().st_size > 0
    assert "undisturbed" in shown
    # The thought before it is disturbed as that of any other net is.
    call_script(
        "evaluate",
        *f"{how} --split validation --rating 1300 1399 --recovery-iterations 16".split(),
        *f"--max-iterations 32 --json {result}".split(),
    )
    rows = json.loads(result.read_text())["rows"]
    assert [row["disturbance"] for row in rows] == "none zero foreign random noise:1".split()
    assert "imagined" not in rows[0]
    said = refusal("evaluate", *f"{how} --imagine 4 --recovery-iterations 16".split())
    assert said == "error: --recovery-iterations has no meaning with --imagine"
    squares = "recovery --task chess --checkpoint chess_squares --problems 4 --imagine 4"
    said = refusal("evaluate", *squares.split())
    assert "cannot imagine" in said
