"""The scripts as a user runs them: tables, files, pictures, and errors in one line."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from thinkenv import mazes
from thinkenv.mazes import interchange
from thinkenv.suites.scores import ROW_KEYS

from .conftest import refusal, run_script


@pytest.mark.parametrize("script", ["train_dt", "evaluate", "think"])
def test_help_names_the_options(script):
    shown = run_script(f"agents/{script}.py", "--help").stdout
    assert "--checkpoint" in shown or "--folder" in shown
    assert "--seed" in shown or "--instance" in shown


def test_evaluate_prints_and_writes_a_row_for_each_size_and_number(saved_agent, tmp_path):
    result, figure = tmp_path / "rows.json", tmp_path / "accuracy.png"
    shown = run_script(
        *f"agents/evaluate.py --checkpoint {saved_agent} --size 9 13 --mazes 6 --threads 1".split(),
        *f"--iterations 5 20 converged --most-iterations 40 --json {result}".split(),
        *("--figure", figure),
    ).stdout
    stored = json.loads(result.read_text())
    rows = stored["rows"]
    assert [(row["size"], row["n"]) for row in rows] == [(9, 6)] * 3 + [(13, 6)] * 3
    assert [row["iterations"] for row in rows][:2] == [5, 20]
    assert all(tuple(row) == ROW_KEYS for row in rows)
    assert rows[0]["split"] == "test" and rows[-1]["split"] == "extrapolation"
    for key in ("command", "commit", "versions", "machine"):
        assert stored[key]
    assert shown.count("%") >= 6 * 5
    with Image.open(figure) as picture:
        assert picture.width > 500
        assert len(np.unique(np.asarray(picture.convert("L")))) > 20


def test_evaluate_disturbs_and_tells_who_recovers(saved_agent, tmp_path):
    result, figure = tmp_path / "rows.json", tmp_path / "recovery.png"
    shown = run_script(
        *f"agents/evaluate.py --checkpoint {saved_agent} --size 9 --mazes 6 --threads 1".split(),
        *"--disturb zero moved --disturb-at 0.5 2 --most-iterations 64".split(),
        *f"--recovery-iterations 32 --json {result} --figure {figure}".split(),
    ).stdout
    rows = json.loads(result.read_text())["rows"]
    assert [(row["disturbance"], row["disturbed_at"]) for row in rows] == [
        ("zero", 0.5),
        ("moved", 0.5),
        ("zero", 2.0),
        ("moved", 2.0),
    ]
    for row in rows:
        assert tuple(row)[: len(ROW_KEYS)] == ROW_KEYS
        assert len(row["right_at_looks"]) == 3 and row["right_at_looks"][-1] == row["exact"]
    assert "right again" in shown and "moved" in shown
    with Image.open(figure) as picture:
        assert len(np.unique(np.asarray(picture.convert("L")))) > 20


def test_evaluate_diagnoses_how_an_agent_thinks(saved_agent, tmp_path):
    result, figure = tmp_path / "rows.json", tmp_path / "diagnosis.png"
    shown = run_script(
        *f"agents/evaluate.py --checkpoint {saved_agent} --size 9 13 --mazes 5 --diagnose".split(),
        *f"--threads 1 --most-iterations 64 --json {result} --figure {figure}".split(),
    ).stdout
    rows = json.loads(result.read_text())["rows"]
    assert [row["size"] for row in rows] == [9, 13]
    for row in rows:
        assert set(row["alignment"]) == {"foreign", "random"}
        assert sum(row["limits"].values()) == pytest.approx(1)
        assert len(row["first_solved"]) == len(row["last_changed"]) == row["n"] == 5
        length = len(row["residual_by_iteration"])
        assert len(row["exact_by_iteration"]) == length
        assert len(row["filling_agreement_by_iteration"]) == length
    assert "alignment from random memories" in shown and "limits:" in shown
    with Image.open(figure) as picture:
        assert len(np.unique(np.asarray(picture.convert("L")))) > 20


def test_evaluate_takes_mazes_from_files(saved_agent, tmp_path):
    batch = mazes.generate(size=13, count=7, generator="prim")
    interchange.write_easy_to_hard(tmp_path / "maze_data_test_13", batch)
    result = tmp_path / "rows.json"
    run_script(
        *f"agents/evaluate.py --checkpoint {saved_agent} --mazes 5 --threads 1".split(),
        *f"--file {tmp_path / 'maze_data_test_13'} --iterations 5 --json {result}".split(),
    )
    (row,) = json.loads(result.read_text())["rows"]
    assert (row["file"], row["size"], row["n"]) == ("maze_data_test_13", 13, 5)
    assert row["split"] is None and row["generator"] is None


def test_think_draws_every_stage(saved_agent, tmp_path):
    gif, strip, notes = tmp_path / "t.gif", tmp_path / "t.png", tmp_path / "t.json"
    run_script(
        *f"agents/think.py --checkpoint {saved_agent} --size 13 --iterations 30".split(),
        *f"--frames 8 --gif {gif} --strip {strip} --json {notes} --threads 1".split(),
    )
    stages = json.loads(notes.read_text())
    assert stages[0]["iterations"] == 0 and stages[-1]["iterations"] == 30
    with Image.open(gif) as animation:
        # The last stage once more, judged. GIFs merge frames that do not differ.
        assert 2 <= animation.n_frames <= len(stages) + 1
        assert animation.info["loop"] == 0
        width, height = animation.size
    with Image.open(strip) as picture:
        assert picture.size == (3 * width, 2 * height)


def test_evaluate_rates_a_chess_agent_by_bucket(saved_chess_agent, tmp_path):
    result = tmp_path / "rows.json"
    shown = run_script(
        *f"agents/evaluate.py --task chess --checkpoint {saved_chess_agent} --problems 60".split(),
        *f"--rating 1200 1799 --iterations 1 2 --threads 1 --json {result}".split(),
    ).stdout
    stored = json.loads(result.read_text())
    rows = stored["rows"]
    assert [row["rating"] for row in rows[::2]] == [[1200, 1399], [1400, 1499], [1600, 1799]]
    assert [row["split"] for row in rows[::2]] == ["test", "test", "extrapolation"]
    assert all(tuple(row)[: len(ROW_KEYS)] == ROW_KEYS for row in rows)
    assert all(row["line_low"] <= row["line"] <= row["first_move"] for row in rows)
    assert "no puzzle rating" in shown and "puzzle_rating" not in stored  # it knows nothing
    assert "puzzle rating" in shown and "rated 1200-1399" in shown


def test_think_shows_a_chess_puzzle(saved_chess_agent, tmp_path):
    gif, strip = tmp_path / "t.gif", tmp_path / "t.png"
    shown = run_script(
        *f"agents/think.py --task chess --checkpoint {saved_chess_agent} --iterations 6".split(),
        *f"--frames 5 --gif {gif} --strip {strip} --threads 1".split(),
    ).stdout
    assert "puzzle 0" in shown and "after 6 iterations" in shown
    with Image.open(strip) as picture:
        assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 50


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("script", ["evaluate", "think", "train_dt"])
def test_asking_for_a_gpu_where_there_is_none_is_said(script, tmp_path):
    options = ["--folder", tmp_path] if script == "train_dt" else []
    assert refusal(script, "--device", "cuda", *options) == (
        "error: --device cuda: there is no GPU here that this PyTorch can use"
    )


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("evaluate --size 10", "size=10: allowed are odd numbers"),
        ("evaluate --split hard", "split='hard': allowed are 'train'"),
        ("evaluate --iterations soon", "--iterations soon: allowed are whole numbers"),
        ("evaluate --mazes 0", "--problems 0: needs 1 or more"),
        ("evaluate --checkpoint nowhere", "nowhere: not an agent's folder"),
        ("evaluate --disturb noise", "disturbance 'noise': needs a strength"),
        ("evaluate --disturb zero --disturb-at soon", "--disturb-at soon: allowed are numbers"),
        ("evaluate --disturb zero --diagnose", "--diagnose and --disturb: only one"),
        ("evaluate --file nowhere", "nowhere: neither a .npz or .zanj file"),
        ("evaluate --threads 0", "--threads 0: needs 1 or more"),
        ("think --checkpoint nowhere", "nowhere: not an agent's folder"),
        ("think --iterations 0", "--iterations 0: needs 2 or more"),
    ],
)
def test_a_wrong_option_is_named_in_one_line(saved_agent, command, words):
    script, *options = command.split()
    if "--checkpoint" not in options:
        options += ["--checkpoint", str(saved_agent)]
    assert words in refusal(script, *options)
