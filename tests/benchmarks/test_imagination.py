"""Hard puzzles thought about in several ways: which are asked, what is stored, what tables say."""

import json
import sys

import chess
import numpy as np
import pytest
import torch

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles import planes
from thinkenv.chess_puzzles.packing import positions_of_planes
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.architectures.messages import MessageNet, MessageSettings
from thinkenv.deep_thinking.checkpoint import save_agent
from thinkenv.deep_thinking.codecs.moves import MoveCodec
from thinkenv.suites import read_result

SETTINGS = MessageSettings(memory_channels=8, message_channels=2, board_channels=3, head_channels=4)
WORTH = {chess.PAWN: 1, chess.KNIGHT: 3, chess.BISHOP: 3, chess.ROOK: 5, chess.QUEEN: 9}
SET = "2000 and above"


@pytest.fixture
def imagination(benchmark_module):
    return benchmark_module("imagination")


@pytest.fixture
def folder(tmp_path):
    """A new agent that says what it was trained on."""
    torch.manual_seed(0)
    net = MessageNet(SETTINGS, MoveCodec(ChessPuzzleTask).interface)
    trained_on = ChessPuzzleTask("bundled", "train").options
    known = {"seed": 0, "commit": "unknown", "plan": {}, "metrics": {}, "trained_on": trained_on}
    save_agent(tmp_path / "agent", net, {"task": "chess", "training_iterations": 8, **known})
    return tmp_path / "agent"


def test_material_is_counted_as_python_chess_has_the_pieces(imagination):
    fens = chess_puzzles.load(split="all").fens()[:50]
    expected = []
    for fen in fens:
        board = chess.Board(fen)
        pieces = board.piece_map().values()
        worth = [WORTH.get(p.piece_type, 0) * (1 if p.color == board.turn else -1) for p in pieces]
        expected.append(sum(worth))
    positions = positions_of_planes(planes(fens))
    assert imagination.material_of(positions).tolist() == expected
    assert (imagination.by_material(positions, positions) == 0.5).all()
    queen_up = positions_of_planes(planes(["3q3k/8/8/8/8/8/8/K7 w - - 0 1"]))
    taken = positions_of_planes(planes(["7k/8/8/8/8/8/8/K7 w - - 0 1"]))
    better, worse = (
        float(imagination.by_material(*pair)[0]) for pair in ((taken, queen_up), (queen_up, taken))
    )
    assert better + worse == pytest.approx(1)
    assert np.log(better / worse) == pytest.approx(9 * imagination.LOGIT_OF_PAWN)


def test_puzzles_that_the_agent_saw_in_training_are_left_out(imagination, folder, monkeypatch):
    agent = load(folder)
    draw = dict(database="bundled", agent=agent, count=50, seed=0)
    chosen = imagination.choose_puzzles(SET, **draw)
    assert len(chosen.instances) == 50 == len(set(chosen.instances.tolist()))
    ratings = chosen.task.puzzles[chosen.instances].ratings
    assert ratings.min() >= 2000
    assert np.array_equal(
        chosen.instances, imagination.choose_puzzles(SET, **draw).instances
    )  # the same again
    seen = np.isin(np.arange(len(chosen.task.puzzles)), chosen.instances[:10])
    monkeypatch.setattr(imagination, "occurring_in", lambda puzzles, others: seen)
    others = imagination.choose_puzzles(SET, **draw)
    assert others.left_out == 10 and not np.isin(chosen.instances[:10], others.instances).any()


def test_all_stages_of_a_training_count(imagination, folder, monkeypatch):
    agent = load(folder)
    first = {"trained_on": {"split": "validation", "rating": [1, 1700]}, "start_from": None}
    agent.description["start_from"] = first
    assert imagination.trained_on(agent) == {("train", 1499), ("validation", 1700)}
    asked = []

    def occurring_in(puzzles, others):
        asked.append(len(others))
        return np.arange(len(puzzles)) % 3 == len(asked)

    monkeypatch.setattr(imagination, "occurring_in", occurring_in)
    chosen = imagination.choose_puzzles(SET, "bundled", agent, 50, 0)
    assert len(set(asked)) == 2  # of two splits
    assert (chosen.instances % 3 == 0).all()
    del first["trained_on"]
    with pytest.raises(ValueError, match="does not say which puzzles it was trained on"):
        imagination.choose_puzzles(SET, "bundled", agent, 50, 0)


def test_rows_about_different_puzzles_are_not_compared(imagination):
    row = {"puzzles_sha256": "a", "solved": "f0", "n": 8, "way": "imagining", "imagined": 0}
    name = imagination.row_name(SET, "imagining", 8, 0)
    results = [{"rows": {name: row}}, {"rows": {name: row | {"puzzles_sha256": "b"}}}]
    with pytest.raises(ValueError, match="are about different puzzles"):
        imagination.outcomes_named(results, name)
    with pytest.raises(ValueError, match="are about different puzzles"):
        imagination.first_outcomes(results[:1], SET, [results[1]["rows"][name]])
    assert imagination.first_outcomes(results[:1], SET, [row]).sum() == 4


def test_ranks_are_those_of_ratings_in_order(imagination):
    low, high = imagination.ratings_of_ranks("ranks 600,000 to 700,000", "bundled")
    ratings = chess_puzzles.load(split="all").ratings
    assert (ratings < low).mean() <= 0.4 < (ratings <= low).mean()
    assert (ratings <= high).mean() == pytest.approx(0.7 / 1.5, abs=0.01)


def test_rows_hold_what_became_of_each_puzzle(imagination, folder, tmp_path, monkeypatch, capsys):
    results = tmp_path / "results.json"
    words = ["imagination.py", "--checkpoint", str(folder), "--json", str(results)]
    words += ["--problems", "30", "--imagine", "2", "8", "--sets", SET, "--how"]

    def run(*ways: str) -> dict:
        monkeypatch.setattr(sys, "argv", [*words, *ways])
        imagination.main()
        return read_result(results)

    monkeypatch.setattr(imagination, "FIXED_BOARD", (8, 16, 40))
    first = run("imagining", "fixed board")
    found = run(*imagination.WAYS)["rows"]
    named = {
        way: [f"{SET} / {way} / 8 iterations / {number} imagined" for number in (0, 2, 8)]
        for way in ("imagining", "constant value", "wiped memory", "material")
    }
    named["fixed board"] = [
        f"{SET} / fixed board / {number} iterations / 0 imagined" for number in (8, 16, 40)
    ]
    assert set(found) == set(sum(named.values(), []))
    assert {name: found[name] for name in first["rows"]} == first["rows"]  # not thought again
    agent = load(folder)
    chosen = imagination.choose_puzzles(SET, "bundled", agent, 30, 0)
    batch = chosen.task.draw(chosen.instances)
    for name, how in (
        (named["imagining"][2], dict(iterations=8, imagine=8)),
        (named["imagining"][0], dict(iterations=8)),
        (named["fixed board"][2], dict(iterations=40)),
    ):
        right = chosen.task.judge(batch, agent.think(batch.problems, **how).answer)[0]
        assert imagination.outcomes_of(found[name]).tolist() == right.tolist()
    for row in found.values():
        for by in row["by"].values():
            assert all(0 < group["n"] <= 30 for group in by.values())
        for by in ("rating", "moves of the solver"):
            groups = row["by"][by].values()
            assert sum(group["n"] for group in groups) == 30
            assert sum(group["n"] * group["exact"] for group in groups) == pytest.approx(
                30 * row["exact"]
            )
    capsys.readouterr()
    figure = tmp_path / "figure.png"
    shown = ["imagination.py", "--table", str(results), str(results), "--figure", str(figure)]
    monkeypatch.setattr(sys, "argv", shown)
    imagination.main()
    lines = capsys.readouterr().out.splitlines()
    assert figure.stat().st_size > 10_000
    assert len(lines) == 2 + 15 + 1 and lines[2].startswith(f"| {SET} | imagining | 8 | 0 |")
    monkeypatch.setattr(
        sys, "argv", ["imagination.py", "--table", str(results), "--by", "moves of the solver"]
    )
    imagination.main()
    assert f"| {SET} | 3 |" in capsys.readouterr().out


def test_costs_are_those_of_the_products_an_iteration_takes(imagination, folder):
    costs = imagination.Costs.of(load(folder))
    width, heard, board = 8, 17 * 2, 3
    by_hand = 64 * width * heard + 17 * 2 * 64 * 64  # told, and brought to other squares
    by_hand += width * board + board * 2 * width + 64 * (width + heard) * 2 * width
    assert costs.step == by_hand
    assert costs.of_fixed(9) - costs.of_fixed(8) == by_hand
    assert costs.of_tree(3, 8) - costs.of_tree(2, 8) == costs.imagined
    of_heads = costs.imagined - costs.look - 4 * by_hand  # the move and the value
    assert of_heads > costs.answer > 0
    assert costs.of_tree(0, 5) == costs.of_fixed(5)


def test_differences_are_taken_puzzle_by_puzzle(imagination):
    ours = np.array([[1, 1, 0, 0], [1, 0, 0, 0]], bool)
    theirs = np.array([[1, 0, 0, 0]], bool)
    mean, spread = imagination.mean_of_seeds(ours)
    assert mean == pytest.approx(0.375)
    assert spread == pytest.approx(1.96 * np.std([1, 0.5, 0, 0], ddof=1) / 2, rel=1e-3)
    spread = 196 * np.std([0, 0.5, 0, 0], ddof=1) / 2
    assert imagination.gain_in_words(ours, theirs) == f"+12.5 ± {spread:.1f}"
    assert imagination.gain_in_words(ours, None) == ""


def test_rows_are_compared_with_fewer_imagined_positions_or_at_the_same_cost(imagination):
    def other(way: str, iterations: int, imagined: int) -> str | None:
        name = imagination.row_name(SET, way, iterations, imagined)
        row = {"way": way, "iterations": iterations, "imagined": imagined}
        found = imagination.compared_with(name, row)
        return found and found.removeprefix(f"{SET} / ")

    assert other("imagining", 8, 0) is None
    assert other("imagining", 8, 4) == "imagining / 8 iterations / 0 imagined"
    assert other("imagining", 8, 64) == "imagining / 8 iterations / 16 imagined"
    assert other("material", 8, 64) == "imagining / 8 iterations / 64 imagined"
    assert other("fixed board", 264, 0) == "imagining / 8 iterations / 64 imagined"
    assert other("fixed board", 17, 0) is None
    assert other("fixed board", 8, 0) == "imagining / 8 iterations / 0 imagined"


def test_results_of_another_agent_are_refused(imagination, folder, tmp_path):
    path = tmp_path / "results.json"
    agent = load(folder)
    stored = imagination.stored_so_far(path, agent, 0)
    stored["agent"]["weights_sha256"] = "another"
    path.write_text(json.dumps(stored))
    with pytest.raises(ValueError, match="is of another agent"):
        imagination.stored_so_far(path, agent, 0)
