"""Stored rows of every version are read; what is no result is refused in one line."""

import json
from pathlib import Path

import pytest

from thinkenv import prefix_sums, suites
from thinkenv.suites import (
    FORMAT,
    ResultFileError,
    read_result,
    read_rows,
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
        ("maze", [9, 18, 36, 72, 150, 400, 800, 1500, 3000] * 4),
        ("flood_fill", [48, 200, None] * 4),
        ("prefix_sum_seed1", [48, 100, 400, None] * 4),  # one mean is 48 by chance
        ("maze_loops", [72, None] * 4),  # of the time when all numbers were floats
        ("maze_easy_to_hard_33", [None]),
        ("maze_recovery", [400] * 33),
        ("maze_recovery_control", [32] * 18),
        ("maze_recovery_every", [400] * 7),
    ],
)
def test_rows_of_before_say_what_was_requested_as_their_commands_do(name, requested):
    assert [row["requested"] for row in read_rows(RESULTS / f"{name}.json")] == requested


def test_keys_of_before_have_the_names_of_now():
    row, old = read_rows(RESULTS / "maze_recovery.json")[5], stored("maze_recovery")["rows"][5]
    assert row["accuracy_curve"] == old["right_at_looks"] and row["eval_every"] == old["look_every"]
    row, old = read_result(RESULTS / "maze_seed0.json")["rows"], stored("maze_seed0")["rows"]
    assert list(row) == list(old)
    assert row["801"]["attractors"] == old["801"]["limits"]
    assert row["801"]["max_iterations"] == old["801"]["most_iterations"]
    rows = read_rows(RESULTS / "leaderboard.json")
    assert {row["version"] for row in rows if row["task"] != "chess"} == {1}
    chess = [row for row in rows if row["task"] == "chess"]
    assert all(row["version"] == row["database_sha256"] for row in chess)


def test_rows_of_now_are_read_as_they_are(tmp_path):
    rows = suites.evaluate(prefix_sums.solve, "prefix-extrapolation", max_problems=2)
    path = tmp_path / "rows.json"
    for about in ({"format": FORMAT}, {}):
        path.write_text(json.dumps({**about, "rows": rows}))
        assert read_result(path) == {**about, "rows": rows}
        assert [list(row) for row in read_rows(path)] == [list(row) for row in rows]
    assert upgrade_row(rows[0]) == rows[0]


def test_pairs_of_version_1_move_into_the_last_row_of_their_set(tmp_path):
    rows = [row for row in stored("chess")["rows"] if row["iterations"] in (24, 120)][:4]
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
    assert (RESULTS / "thinking.json") not in EVALUATIONS
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
