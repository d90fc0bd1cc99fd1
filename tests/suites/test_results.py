"""Stored rows of every version are read; what is no result is refused in one line."""

import json
import os
from pathlib import Path

import pytest

from thinkenv import prefix_sums, suites
from thinkenv.suites import (
    FORMAT,
    ResultFileError,
    read_result,
    read_rows,
    sealed,
    upgrade_row,
)
from thinkenv.suites.scores import ROW_KEYS

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results"
FIRST_KEYS = [name for name in ROW_KEYS if name not in ("stopping", "requested")]


def stored(name: str) -> dict:
    return json.loads((RESULTS / f"{name}.json").read_text())


def listed(rows: list | dict) -> list:
    return list(rows.values()) if isinstance(rows, dict) else rows


def is_evaluation(path: Path) -> bool:
    rows = listed(json.loads(path.read_text()).get("rows", []))
    return bool(rows) and all("exact_low" in row and "task" in row for row in rows)


EVALUATIONS = sorted(path for path in RESULTS.glob("*.json") if is_evaluation(path))


@pytest.mark.parametrize("path", EVALUATIONS, ids=lambda p: p.stem)
def test_every_stored_evaluation_is_read(path):
    before = listed(json.loads(path.read_text())["rows"])
    rows = read_rows(path)
    assert len(rows) == len(before) > 0
    for row, old in zip(rows, before, strict=True):
        assert tuple(row)[: len(ROW_KEYS)] == ROW_KEYS
        assert not row["checkpoint"].startswith("assets/")
        same = [name for name in FIRST_KEYS if name != "checkpoint"]
        assert [row[name] for name in same] == [old[name] for name in same]
        assert len(row) == len(old) + (0 if "stopping" in old else 2)
        if row["stopping"] == "fixed":
            assert row["requested"] == row["iterations"] or "disturbed_at" in row
        else:
            assert row["requested"] is None
            assert row["stopping"] == (None if row["iterations"] is None else "converged")


@pytest.mark.parametrize(
    ("name", "requested"),
    [
        ("maze_trees", [9, 18, 36, 72, 150, 400, 800, 1500, 3000] * 4),
        ("flood_fill", [48, 200, None] * 4),
        ("prefix_sum_seed1", [48, 100, 400, None] * 4),  # one mean is 48 by chance
        ("maze_trees_loops", [72, None] * 4),  # of the time when all numbers were floats
        ("maze_trees_easy_to_hard_33", [None]),
        ("maze_trees_recovery", [400] * 33),
        ("maze_trees_recovery_control", [32] * 18),
        ("maze_trees_recovery_every", [400] * 7),
    ],
)
def test_rows_of_before_say_what_was_requested_as_their_commands_do(name, requested):
    assert [row["requested"] for row in read_rows(RESULTS / f"{name}.json")] == requested


def test_keys_of_before_have_the_names_of_now():
    row = read_rows(RESULTS / "maze_trees_recovery.json")[5]
    old = stored("maze_trees_recovery")["rows"][5]
    assert row["accuracy_curve"] == old["right_at_looks"] and row["eval_every"] == old["look_every"]
    row = read_result(RESULTS / "maze_trees_seed0.json")["rows"]
    old = stored("maze_trees_seed0")["rows"]
    assert list(row) == list(old)
    assert row["801"]["attractors"] == old["801"]["limits"]
    assert row["801"]["max_iterations"] == old["801"]["most_iterations"]
    rows = read_rows(RESULTS / "leaderboard.json")
    assert {row["version"] for row in rows if row["task"] != "chess"} == {1}
    chess = [row for row in rows if row["task"] == "chess"]
    assert all(row["version"] == row["database_sha256"] for row in chess)


@pytest.mark.parametrize("name", ["maze_trees", "chess_squares", "chess_feed_forward"])
def test_agents_of_release_0_1_have_their_names_of_today(name):
    assert {row["checkpoint"] for row in read_rows(RESULTS / f"{name}.json")} == {name}


def test_rows_of_now_are_read_as_they_are(tmp_path):
    rows = suites.evaluate(prefix_sums.solve, "prefix-extrapolation", max_problems=2)
    path = tmp_path / "rows.json"
    for about in ({"format": FORMAT}, {}):
        path.write_text(json.dumps({**about, "rows": rows}))
        assert read_result(path) == {**about, "rows": rows}
        assert [list(row) for row in read_rows(path)] == [list(row) for row in rows]
    assert upgrade_row(rows[0]) == rows[0]


def test_pairs_of_version_1_move_into_the_last_row_of_their_set(tmp_path):
    rows = [row for row in stored("chess_squares")["rows"] if row["iterations"] in (24, 120)][:4]
    sets = [[[410, True], [450, False]], [[610, True]]]
    lines = [{"set": 1, "part": 0, "played": sets[1]}, {"set": 0, "part": 0, "played": sets[0]}]
    path = tmp_path / "shard.json"
    path.write_text(json.dumps({"rows": rows, "lines": lines}))
    result = read_result(path)
    found = result["rows"]
    assert "lines" not in result
    assert [row.get("rated") for row in found] == [None, sets[0], None, sets[1]]


@pytest.mark.parametrize(
    "content",
    [
        "[1]",
        '"rows"',
        "{}",
        '{"rows": 5}',
        '{"rows": [5]}',
        '{"rows": [{"task": "maze"}]}',
        '{"rows": {"59": []}}',
    ],
)
def test_what_is_no_result_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "some.json"
    path.write_text(content, "latin-1")
    with pytest.raises(ResultFileError, match="some.json: not a result of an evaluation") as error:
        read_rows(path)
    assert "\n" not in str(error.value)


def test_results_of_other_kinds_are_refused():
    assert (RESULTS / "thinking_trees.json") not in EVALUATIONS
    for path in set(RESULTS.glob("*.json")) - set(EVALUATIONS):
        with pytest.raises(ValueError, match="not a result of an evaluation"):
            read_rows(path)
    with pytest.raises(ValueError, match="lacks stopping, requested, exact"):
        upgrade_row({name: 0 for name in ROW_KEYS[:9]})


def test_a_result_of_a_later_version_is_refused(tmp_path):
    path = tmp_path / "later.json"
    path.write_text(json.dumps({"format": "thinkenv rows, version 3", "rows": [{"unknown": 1}]}))
    with pytest.raises(ValueError, match="later.json: format must be .*, got 'thinkenv rows, ver"):
        read_rows(path)
    with pytest.raises(ResultFileError, match="missing.json: there is no such file"):
        read_rows(tmp_path / "missing.json")


@pytest.fixture(scope="module")
def rows():
    """Rows of today."""
    return suites.evaluate(prefix_sums.solve, "prefix-extrapolation", max_problems=2)


def write(path: Path, result: object) -> Path:
    path.write_text(json.dumps(result))
    return path


def test_rows_have_a_checksum_however_they_are_laid_out(tmp_path, rows):
    path = tmp_path / "rows.json"
    for result in (sealed(rows), sealed({"a": rows[0]}), sealed([])):
        for indent in (None, 4):
            path.write_text(json.dumps(result, indent=indent, sort_keys=True))
            assert read_result(path)["rows"] == result["rows"]
    changed = sealed(rows)
    changed["rows"] = [{**rows[0], "exact": 0.5}, *rows[1:]]
    with pytest.raises(ResultFileError, match="rows.json: its rows are not those .* by hand"):
        read_rows(write(path, changed))
    del changed["rows_sha256"]  # as the error says
    assert read_rows(write(path, changed))[0]["exact"] == 0.5


HUGE = 10**400
SENSELESS = {
    "task": [None, 5, ["maze"], {}],
    "size": [-1, 2.5, [], True, HUGE],
    "generator": [5, []],
    "loops": [-0.1, "0", float("nan"), []],
    "disturbance": [None, []],
    "n": [0, -1, 2.0, "2", None, True, 2**60, HUGE, [2]],
    "iterations": [-1, "x", float("nan"), float("inf"), [], HUGE],
    "stopping": ["x", 5, True, ["fixed"], {}],
    "requested": [-1, 2.5, "5", [], HUGE],
    "exact": [-0.1, 1.1, None, "1", float("nan"), True, HUGE],
    "exact_low": [None, -1, 2],
    "exact_high": [None, 2, float("inf")],
    "cells": [2, "x", float("nan")],
    "converged": [2, "x", True],
    "seconds": [-1, None, float("inf"), "1", HUGE],
    "seed": [2.5, "0", HUGE],
    "checkpoint": [None, 5, []],
    "suite": [5, []],
    "rating": [5, [1], [1, 2, 3], ["a", "b"]],
    "rated": [5, [1], [[1]], [[1, 2]], [[1, True]] * 3, [[HUGE, True]] * 2, [["x", True]] * 2],
    "first": [-1, 5, "0"],
    "of": [0, 1, "2"],
    "line_low": [5, None],
    "accuracy_curve": [5, [2], ["x"]],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in SENSELESS.items() for value in values]
)
def test_a_senseless_value_is_refused_with_its_file_row_and_key(tmp_path, rows, key, value):
    more = {"line": 0.5, "line_low": 0.1, "line_high": 0.9, "of": 2} | {key: value}
    path = write(tmp_path / "some.json", {"format": FORMAT, "rows": [rows[0], {**rows[1], **more}]})
    with pytest.raises(ResultFileError, match="some.json: row 2: ") as error:
        read_rows(path)
    said = str(error.value)
    assert key.removesuffix("_low") in said or key in ("first", "of")
    assert "\n" not in said and len(said) < len(str(path)) + 200


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"command": 5}, "command must be a text"),
        ({"agent": [1]}, "agent must be an object"),
        ({"agent": {"weights_sha256": 5}}, "agent.weights_sha256 must be a text"),
        ({"training_iterations": "72"}, "training_iterations must be a whole number"),
        ({"lines": [5]}, "lines must be a list of pairs"),
        ({"lines": [{"set": 0, "played": [[1, 2]]}]}, "lines must be a list of pairs"),
        ({"rows_sha256": 5}, "its rows are not those"),
    ],
)
def test_what_stands_beside_the_rows_is_checked_too(tmp_path, rows, about, words):
    with pytest.raises(ResultFileError, match=f"some.json: {words}"):
        read_rows(write(tmp_path / "some.json", {"rows": rows, **about}))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xff", "is not the text that it should be"),
        (b'{"rows": [', "is no JSON"),
        (b"[" * 200_000, "is nested too deep"),
        (b'{"rows": [], "rows": []}', "has the key 'rows' twice"),
        (b'{"rows": ' + b"9" * 5000 + b"}", "digits"),
    ],
)
def test_what_is_no_json_is_refused_in_one_line(tmp_path, content, words):
    path = tmp_path / "some.json"
    path.write_bytes(content)
    with pytest.raises(ResultFileError, match=f"some.json: .*{words}") as error:
        read_rows(path)
    assert "\n" not in str(error.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
def test_what_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "loop.json").symlink_to("loop.json")
    for path in tmp_path.iterdir():
        with pytest.raises(ResultFileError, match=path.name):
            read_result(path)
