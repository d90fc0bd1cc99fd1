"""The scripts as a user runs them: tables, files, pictures, and errors in one line."""

import contextlib
import json
import signal
import time

import numpy as np
import pytest
import torch
from PIL import Image

from tests.deep_thinking.conftest import ROOT, call_script, refusal, run_script, start_script
from thinkenv import mazes
from thinkenv.deep_thinking import evaluation, load
from thinkenv.mazes import MazeFileTask, interchange
from thinkenv.suites import evaluate_task, read_rows, sealed
from thinkenv.suites.scores import ROW_KEYS
from thinkenv.tasks import make_task


def shades_of(path) -> int:
    """How many shades of grey there are in a picture."""
    with Image.open(path) as picture:
        assert picture.width > 500
        return len(np.unique(np.asarray(picture.convert("L"))))


def test_a_script_runs_as_a_process_of_its_own(saved_agent, tmp_path):
    result = tmp_path / "rows.json"
    shown = run_script(
        *f"agents/evaluate.py --checkpoint {saved_agent} --size 9 --problems 2".split(),
        *f"--threads 1 --iterations 5 --json {result}".split(),
    ).stdout
    assert f"maze agent {saved_agent}, trained with at most 5 iterations" in shown
    assert json.loads(result.read_text())["command"].startswith("python agents/evaluate.py")


def test_evaluate_prints_and_writes_a_row_for_each_size_and_number(saved_agent, tmp_path):
    result, figure = tmp_path / "rows.json", tmp_path / "accuracy.png"
    shown, _ = call_script(
        "evaluate",
        *f"--checkpoint {saved_agent} --size 9 13 --problems 6 --threads 1".split(),
        *f"--iterations 5 20 converged --max-iterations 40 --json {result}".split(),
        *("--figure", figure),
    )
    stored = json.loads(result.read_text())
    rows = stored["rows"]
    assert [(row["size"], row["n"]) for row in rows] == [(9, 6)] * 3 + [(13, 6)] * 3
    assert [row["iterations"] for row in rows][:2] == [5, 20]
    assert [row["requested"] for row in rows] == [5, 20, None] * 2
    assert [row["stopping"] for row in rows] == ["fixed", "fixed", "converged"] * 2
    assert all(tuple(row) == ROW_KEYS for row in rows)
    assert rows[0]["split"] == "test" and rows[-1]["split"] == "extrapolation"
    assert {row["checkpoint"] for row in rows} == {str(saved_agent)}
    for key in ("format", "command", "commit", "versions", "machine", "rows_sha256"):
        assert stored[key]
    assert read_rows(result) == rows
    assert shown.count("%") >= 6 * 5
    assert shades_of(figure) > 20


def test_the_plain_call_is_accuracy(saved_agent, tmp_path):
    options = f"--checkpoint {saved_agent} --size 9 --problems 4 --threads 1 --iterations 5"
    rows = []
    for index, words in enumerate(([], ["accuracy"])):
        result = tmp_path / f"{index}.json"
        call_script("evaluate", *words, *options.split(), "--json", result)
        (row,) = json.loads(result.read_text())["rows"]
        rows.append({**row, "seconds": 0})
    assert rows[0] == rows[1]


def test_by_default_an_agent_thinks_for_its_budget_and_far_beyond(saved_agent, tmp_path):
    result = tmp_path / "rows.json"
    call_script(
        "evaluate",
        *f"--checkpoint {saved_agent} --size 9 --problems 1 --threads 1 --json {result}".split(),
    )
    rows = json.loads(result.read_text())["rows"]
    assert [row["requested"] for row in rows] == [5, make_task("maze").ample_iterations]


def test_predictions_hold_what_became_of_every_problem(tmp_path):
    result, predictions = tmp_path / "rows.json", tmp_path / "predictions.npz"
    call_script(
        "evaluate",
        *"--size 9 13 --problems 7 --seed 2 --iterations 12 converged --threads 1".split(),
        *f"--json {result} --predictions {predictions}".split(),
    )
    rows = json.loads(result.read_text())["rows"]
    with np.load(predictions) as stored:
        for index, row in enumerate(rows):
            task = make_task("maze", size=row["size"], split=row["split"])
            batch = task.draw(stored[f"{index}/instance"])
            solved, cells = task.judge(batch, stored[f"{index}/answer"])
            assert np.array_equal(solved, stored[f"{index}/solved"])
            assert np.array_equal(cells, stored[f"{index}/cells"])
            assert solved.mean() == row["exact"] and len(solved) == row["n"] == 7
            assert stored[f"{index}/iterations"].mean() == pytest.approx(row["iterations"])
            assert stored[f"{index}/converged"].mean() == pytest.approx(row["converged"])


def test_ctrl_c_keeps_the_rows_that_are_done(saved_agent, tmp_path):
    result = tmp_path / "rows.json"
    process = start_script(
        *f"agents/evaluate.py --checkpoint {saved_agent} --size 9 401 --problems 40".split(),
        *f"--iterations 5 4000 --threads 1 --json {result}".split(),
    )
    deadline = time.monotonic() + 60
    while not result.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and errors.splitlines()[-1] == "stopped"
    assert "Traceback" not in errors
    assert output.count("9x9") == 2 and "401x401" not in output
    assert [row["size"] for row in json.loads(result.read_text())["rows"]] == [9, 9]


@pytest.mark.parametrize(
    ("subcommand", "function", "options"),
    [
        ("recovery", "evaluate_recovery", "--disturb none zero --recovery-iterations 16"),
        ("diagnose", "evaluate_diagnosis", "--iterations 4"),
    ],
)
def test_ctrl_c_keeps_what_was_measured_with_disturbances_and_in_diagnoses(
    subcommand, function, options, saved_agent, tmp_path, monkeypatch
):
    measure = getattr(evaluation, function)

    def interrupted_at_size_13(agent, task, *arguments, **keywords):
        if task.options["size"] == 13:
            raise KeyboardInterrupt
        return measure(agent, task, *arguments, **keywords)

    monkeypatch.setattr(evaluation, function, interrupted_at_size_13)
    result = tmp_path / "rows.json"
    shown, errors = call_script(
        "evaluate",
        *f"{subcommand} --checkpoint {saved_agent} --size 9 13 --problems 3 --threads 1".split(),
        *f"--max-iterations 16 --json {result} {options}".split(),
        expect=130,
    )
    assert errors.splitlines()[-1] == "stopped" and "9x9" in shown
    assert {row["size"] for row in json.loads(result.read_text())["rows"]} == {9}


def test_evaluate_takes_a_suite(tmp_path):
    result = tmp_path / "rows.json"
    call_script(
        "evaluate",
        *"--suite prefix-extrapolation --problems 3 --iterations converged --threads 1".split(),
        *f"--batch 2 --json {result}".split(),
    )
    rows = json.loads(result.read_text())["rows"]
    assert [(row["size"], row["n"]) for row in rows] == [
        (bits, 3) for bits in (32, 48, 128, 512, 4096)
    ]
    assert all(row["suite"] == "prefix-extrapolation" and row["exact"] == 1.0 for row in rows)
    assert {row["checkpoint"] for row in rows} == {"prefix_sum"}  # the one that comes with it


def test_evaluate_disturbs_and_tells_who_recovers(saved_agent, tmp_path):
    result, figure = tmp_path / "rows.json", tmp_path / "recovery.png"
    shown, _ = call_script(
        "evaluate",
        *f"recovery --checkpoint {saved_agent} --size 9 --problems 6 --threads 1".split(),
        *"--disturb zero moved --disturb-at 0.5 2 --max-iterations 64".split(),
        *f"--recovery-iterations 32 --json {result} --figure {figure}".split(),
    )
    rows = json.loads(result.read_text())["rows"]
    assert [(row["disturbance"], row["disturbed_at"]) for row in rows] == [
        ("zero", 0.5),
        ("moved", 0.5),
        ("zero", 2.0),
        ("moved", 2.0),
    ]
    for row in rows:
        assert tuple(row)[: len(ROW_KEYS)] == ROW_KEYS
        assert len(row["accuracy_curve"]) == 3 and row["accuracy_curve"][-1] == row["exact"]
        assert (row["stopping"], row["requested"], row["eval_every"]) == ("fixed", 32, 16)
    assert "right again" in shown and "moved" in shown
    assert shades_of(figure) > 20


@pytest.mark.parametrize("subcommand", ["recovery", "diagnose"])
def test_iterations_can_be_run_faster_whatever_is_measured(subcommand, saved_agent, tmp_path):
    result = tmp_path / "rows.json"
    call_script(
        "evaluate",
        *f"{subcommand} --checkpoint {saved_agent} --size 9 --problems 2 --threads 1".split(),
        *f"--max-iterations 16 --precision bfloat16 --json {result}".split(),
        *("--iterations 8" if subcommand == "diagnose" else "--recovery-iterations 16").split(),
    )
    assert json.loads(result.read_text())["rows"]


def test_a_trained_agent_recovers(tmp_path):
    result = tmp_path / "rows.json"
    call_script(
        "evaluate",
        *"recovery --size 9 --problems 6 --threads 1 --disturb none zero foreign".split(),
        *f"--recovery-iterations 64 --json {result}".split(),
    )
    rows = json.loads(result.read_text())["rows"]
    assert all(row["exact"] == 1.0 for row in rows) and len(rows) == 3
    assert rows[1]["accuracy_curve"][0] == 0.0  # of an empty memory


def test_a_disturbance_in_every_iteration_is_a_row(saved_agent, tmp_path):
    result, figure = tmp_path / "rows.json", tmp_path / "recovery.png"
    shown, _ = call_script(
        "evaluate",
        *f"recovery --checkpoint {saved_agent} --size 9 --problems 2 --threads 1".split(),
        *"--disturb noise:0.1 --disturb-at every --max-iterations 32".split(),
        *f"--recovery-iterations 16 --json {result} --figure {figure}".split(),
    )
    (row,) = json.loads(result.read_text())["rows"]
    assert (row["disturbance"], row["disturbed_at"]) == ("noise:0.1", "every")
    assert " every " in shown and figure.exists()


def test_evaluate_diagnoses_how_an_agent_thinks(saved_agent, tmp_path):
    result, figure = tmp_path / "rows.json", tmp_path / "diagnosis.png"
    shown, _ = call_script(
        "evaluate",
        *f"diagnose --checkpoint {saved_agent} --size 9 13 --problems 5 --iterations 40".split(),
        *f"--threads 1 --max-iterations 64 --json {result} --figure {figure}".split(),
    )
    rows = json.loads(result.read_text())["rows"]
    assert [row["size"] for row in rows] == [9, 13]
    for row in rows:
        assert set(row["alignment"]) == {"foreign", "random"}
        assert sum(row["attractors"].values()) == pytest.approx(1)
        assert len(row["first_solved"]) == len(row["last_changed"]) == row["n"] == 5
        length = len(row["residual_by_iteration"])
        assert len(row["exact_by_iteration"]) == length <= 40
        assert len(row["filling_agreement_by_iteration"]) == length
    assert "alignment from random memories" in shown and "attractors:" in shown
    assert shades_of(figure) > 20


def test_evaluate_takes_mazes_from_files(saved_agent, tmp_path):
    batch = mazes.generate(size=13, count=7, generator="prim")
    interchange.write_easy_to_hard(tmp_path / "maze_data_test_13", batch)
    result = tmp_path / "rows.json"
    call_script(
        "evaluate",
        *f"--checkpoint {saved_agent} --problems 5 --threads 1".split(),
        *f"--file {tmp_path / 'maze_data_test_13'} --iterations 5 --json {result}".split(),
    )
    (row,) = json.loads(result.read_text())["rows"]
    assert (row["file"], row["size"], row["n"]) == ("maze_data_test_13", 13, 5)
    assert row["split"] is None and row["generator"] is None


def rectangles(tmp_path):
    """A file of ten mazes of 5 x 9 cells: square ones without their upper rooms."""
    grids = mazes.generate(size=9, count=400, split="all").grids[:, 4:].copy()  # (400, 7, 11)
    grids[:, 0] = 0
    found = []
    for grid in grids[(grids >= 2).sum(axis=(1, 2)) == 2]:
        with contextlib.suppress(ValueError):  # the way led through the rooms that are gone
            found.append((grid, mazes.solve(grid)))
    grids, solutions = map(np.stack, zip(*found[:10], strict=True))
    lengths = solutions.sum(axis=(1, 2)).astype(np.int32)
    batch = mazes.MazeBatch(grids, solutions, lengths, np.ones(10, bool), np.arange(10))
    interchange.write_npz(tmp_path / "rectangles.npz", batch, {})
    return tmp_path / "rectangles.npz"


def tokens(tmp_path):
    """A folder of ten mazes in the 30 x 30 tokens that ``thinkenv export`` writes."""
    batch = mazes.generate(size=21, count=10, split="test")
    interchange.write_tokens(tmp_path / "test", batch)
    return tmp_path / "test"


@pytest.mark.parametrize(("make", "label"), [(tokens, "28x28"), (rectangles, "5x9")])
def test_mazes_of_any_height_and_width_go_through_everything(make, label, tmp_path):
    path, result = make(tmp_path), tmp_path / "rows.json"
    options = f"--file {path} --threads 1 --json {result}"
    shown, _ = call_script("evaluate", *options.split(), "--iterations", "converged")
    (row,) = json.loads(result.read_text())["rows"]
    assert label in shown and (row["n"], row["exact"], row["converged"]) == (10, 1.0, 1.0)
    shown, _ = call_script(
        "evaluate",
        "recovery",
        *options.split(),
        *"--disturb zero moved another --recovery-iterations 640".split(),
    )
    rows = json.loads(result.read_text())["rows"]
    assert label in shown and all(row["exact"] == 1.0 for row in rows) and len(rows) == 3
    shown, _ = call_script("evaluate", "diagnose", *options.split(), "--iterations", 400)
    (row,) = json.loads(result.read_text())["rows"]
    assert label in shown and row["exact_by_iteration"][-1] == 1.0
    for part in (0, 1):
        words = [*options.split()[:-1], tmp_path / f"{part}.json", "--shard", part, 2]
        call_script("evaluate", *words, "--iterations", 400)
    shown, _ = call_script("evaluate", "merge", tmp_path / "0.json", tmp_path / "1.json")
    assert label in shown and " 100.0%" in shown
    # And without the scripts, as any agent is evaluated.
    task = MazeFileTask(path)
    exact = evaluate_task(lambda grids: np.stack([mazes.solve(grid) for grid in grids]), task, 10)
    thought = evaluate_task(lambda grids: load("maze").think(grids, "converged"), task, 10)
    assert exact[0].row["exact"] == thought[0].row["exact"] == 1.0


def test_think_pictures_a_thought(saved_agent, tmp_path):
    gif, strip, notes = tmp_path / "t.gif", tmp_path / "t.png", tmp_path / "t.json"
    shown, _ = call_script(
        "think",
        *f"--checkpoint {saved_agent} --size 13 --iterations 30".split(),
        *f"--frames 8 --gif {gif} --strip {strip} --json {notes} --threads 1".split(),
    )
    assert "maze 13x13" in shown and "instance 0 of extrapolation" in shown
    noted = json.loads(notes.read_text())
    assert noted[0]["iterations"] == 0 and noted[-1]["iterations"] == 30
    with Image.open(gif) as animation:
        # The last picture once more, judged. GIFs merge frames that do not differ.
        assert 2 <= animation.n_frames <= len(noted) + 1
        assert animation.info["loop"] == 0
        width, height = animation.size
    with Image.open(strip) as picture:
        assert picture.size == (3 * width, 2 * height)


def test_think_shows_a_maze_of_a_file(tmp_path):
    gif = tmp_path / "t.gif"
    options = f"--file {rectangles(tmp_path)} --instance 3 --frames 4 --iterations 40 --gif {gif}"
    shown, _ = call_script("think", *options.split(), "--threads", 1)
    assert shown.startswith("maze 5x9") and "instance 3: solved after 40" in shown


def test_think_goes_on_until_the_memory_has_converged(tmp_path):
    gif = tmp_path / "t.gif"
    shown, errors = call_script("think", *f"--size 13 --frames 4 --gif {gif} --threads 1".split())
    assert "finding out" in errors and "solved after " in shown and f"written: {gif}" in shown


def test_evaluate_rates_a_chess_agent_by_bucket(saved_chess_agent, tmp_path):
    result = tmp_path / "rows.json"
    shown, _ = call_script(
        "evaluate",
        *f"--task chess --checkpoint {saved_chess_agent} --problems 60".split(),
        *f"--rating 1200 1799 --iterations 1 2 --threads 1 --json {result}".split(),
    )
    stored = json.loads(result.read_text())
    rows = stored["rows"]
    assert [row["rating"] for row in rows[::2]] == [[1200, 1399], [1400, 1499], [1600, 1799]]
    assert [row["split"] for row in rows[::2]] == ["test", "test", "extrapolation"]
    assert all(tuple(row)[: len(ROW_KEYS)] == ROW_KEYS for row in rows)
    assert all(row["line_low"] <= row["line"] <= row["first_move"] for row in rows)
    assert not any("rated" in row for row in rows)
    assert "no puzzle rating" in shown and "puzzle_rating" not in stored  # it knows nothing
    assert "puzzle rating" in shown and "rated 1200-1399" in shown


def test_the_shipped_chess_agent_has_a_rating(tmp_path):
    result = tmp_path / "rows.json"
    shown, _ = call_script(
        "evaluate",
        *"--task chess --rating 400 2799 --problems 60 --iterations 1 6 --threads 1".split(),
        *f"--json {result}".split(),
    )
    stored = json.loads(result.read_text())
    rating = stored["puzzle_rating"]
    assert rating["low"] < rating["rating"] < rating["high"] and rating["requested"] == 6
    first, last = stored["puzzle_ratings"]  # after each number
    assert first["requested"] == 1 and first["rating"] < last["rating"]
    assert last == {key: rating[key] for key in last}
    assert f"puzzle rating at 6 iterations: {rating['rating']:.0f} (" in shown


def test_think_shows_a_chess_puzzle(saved_chess_agent, tmp_path):
    gif, strip = tmp_path / "t.gif", tmp_path / "t.png"
    shown, _ = call_script(
        "think",
        *f"--task chess --checkpoint {saved_chess_agent} --iterations 6".split(),
        *f"--frames 5 --gif {gif} --strip {strip} --threads 1".split(),
    )
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
        ("evaluate --size 10", "size must be odd and in [5, 1601], got 10"),
        ("evaluate --size nine", "--size"),
        ("evaluate --siz 9", "there is no option --siz; did you mean --size?"),
        ("evaluate --Size=9", "there is no option --Size; did you mean --size?"),
        ("evaluate acuracy --size 9", "got 'acuracy'; did you mean 'accuracy'?"),
        (
            "evaluate accuracy --iteration-s 9",
            "there is no option --iteration-s; did you mean --it",
        ),
        (
            "evaluate recovery --distrub zero",
            "there is no option --distrub; did you mean --disturb?",
        ),
        ("evaluate diagnose --sise 9", "there is no option --sise; did you mean --size?"),
        ("evaluate merge --jsn x", "there is no option --jsn; did you mean --json?"),
        ("evaluate --suite maze-axis", "got 'maze-axis'; did you mean 'maze-axes'?"),
        ("evaluate --size 9 extra", "--size"),
        ("think --giff x.gif", "there is no option --giff; did you mean --gif?"),
        ("think --task ches", "got 'ches'; did you mean 'chess'?"),
        ("train_dt --stepps 3", "there is no option --stepps; did you mean --steps?"),
        ("train_dt --no-progresive", "there is no option --no-progresive; did you mean --no-progr"),
        ("demo --foldr x", "there is no option --foldr; did you mean --folder?"),
        ("evaluate --split hard", "split must be one of 'train'"),
        ("evaluate --iterations soon", "--iterations must be integers of at least 1 or 'conv"),
        ("evaluate --max-iterations 0", "--max-iterations must be at least 1, got 0"),
        ("evaluate --problems 0", "--problems must be at least 1, got 0"),
        ("evaluate --checkpoint nowhere", "there is no such agent: nowhere; "),
        ("evaluate --file nowhere", "nowhere: there is no such file"),
        ("think --file nowhere", "nowhere: there is no such file"),
        ("evaluate --file x.npz --size 9", "--file must be the only option of mazes"),
        ("evaluate --threads 0", "--threads must be at least 1, got 0"),
        ("evaluate --shard 3 3", "--shard must be a number below how many there are, got 3 3"),
        ("evaluate --suite mazes", "suite must be one of 'maze-extrapolation'"),
        ("evaluate --suite maze-axes --size 9", "--suite must be the only choice of problems"),
        ("evaluate --suite maze-axes --seed 1", "--suite must be the only choice of problems"),
        ("evaluate --suite maze-axes --task chess", "--suite must be the only choice of problems"),
        (
            "evaluate --task chess --loops 0.5",
            "there is no option --loops here: it is one of --task maze",
        ),
        (
            "evaluate accuracy --disturb zero",
            "there is no option --disturb here: it is one of 'evaluate.py recovery'",
        ),
        (
            "evaluate recovery --suite maze-axes",
            "there is no option --suite here: it is one of 'evaluate.py accuracy'",
        ),
        (
            "evaluate diagnose --shard 0 2",
            "there is no option --shard here: it is one of 'evaluate.py accuracy'",
        ),
        ("evaluate recovery --disturb noise", "the disturbance 'noise' must have a strength"),
        ("evaluate recovery --disturb-at soon", "--disturb-at must be numbers of at least 0 or"),
        ("evaluate recovery --disturb-at nan", "--disturb-at must be numbers of at least 0 or"),
        (
            "evaluate recovery --disturb moved --disturb-at every",
            "the disturbance 'moved' cannot happen in every iteration",
        ),
        (
            "evaluate recovery --disturb foreign --problems 1",
            "the disturbance 'foreign' must have at least 2 problems, got 1",
        ),
        (
            "evaluate recovery --recovery-iterations -5",
            "--recovery-iterations must be at least 1, got -5",
        ),
        ("evaluate diagnose --problems 1", "a diagnosis must have at least 2 problems, got 1"),
        ("evaluate diagnose --iterations 0", "--iterations must be at least 1, got 0"),
        ("think --checkpoint nowhere", "there is no such agent: nowhere; "),
        ("think --iterations 0", "--iterations must be at least 2, got 0"),
        ("think --frames 1", "--frames must be at least 2, got 1"),
        ("think --size", "a problem must be chosen, got options that choose none"),
        (
            "think --task chess --size 33",
            "there is no option --size here: it is one of --task maze",
        ),
        ("think --fen x", "there is no option --fen here: it is one of --task chess"),
        (
            "train_dt --blocks 3",
            "no option --blocks here: it is one of --architecture feed_forward",
        ),
        ("think --size 5 --instance -1", "instance"),
        ("think --task chess --instance 99999", "--instance must be an integer in [0, "),
        ("think --allow-unsolvable", "--allow-unsolvable must come with --file"),
        ("train_dt --task go", "task must be one of 'maze', 'chess', 'prefix_sum'"),
        ("train_dt --architecture go --task maze", "architecture must be one of 'recurrent', "),
        ("evaluate --task nowhere.py:Class", "task 'nowhere.py:Class': "),
        ("evaluate --architecture thinkenv.mazes:MazeTask", "must be a subclass of thinkenv.deep"),
        ("demo --problems 0", "--problems must be at least 1, got 0"),
    ],
)
def test_a_wrong_option_is_named_in_one_line(saved_agent, command, words, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "agents")  # where demo.py finds the other scripts
    script, *options = command.split()
    is_for_mazes = not {"--checkpoint", "--task", "--suite"} & set(options) and script != "demo"
    if is_for_mazes:
        options += ["--checkpoint", str(saved_agent)]
    assert words in refusal(script, *options)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{}", "not a result of an evaluation"),
        ("[1", "is no JSON"),
        ("[" * 100_000, "is nested too deep"),
        (json.dumps(sealed([])), "not a result of evaluate.py accuracy --shard --json"),
        ((ROOT / "benchmarks/results/anytime.json").read_text(), "not a result"),
        (None, "there is no such file"),
    ],
)
def test_what_is_no_result_is_not_merged(content, words, tmp_path):
    path = tmp_path / "result.json"
    if content is not None:
        path.write_text(content)
    said = refusal("evaluate", "merge", path)
    assert words in said and "result.json" in said
    assert refusal("evaluate", "merge") == (
        "error: merge must be given the results of all parts, got none"
    )
