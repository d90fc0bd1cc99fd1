"""Training runs: they lose nothing when they are stopped, and are the same on two processes."""

import csv
import json
import os
import shutil
import signal
from pathlib import Path

import pytest
import torch

from tests.deep_thinking.conftest import call_script, refusal, run_script, start_script
from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.tensor_files import read_state, to_bytes

TINY = (
    "--memory-channels 8 --hidden-channels 8 --head-channels 8 --batch 8 --short-iterations 2 4 "
    "--long-iterations 10 12 --log-every 2 --validate-every 12 --checkpoint-every 5 "
    "--validation-problems 4 --threads 1"
).split()


def train(*options, expect: int = 0) -> tuple[str, str]:
    return call_script("train_dt", *TINY, *options, expect=expect)


def metrics_of(folder) -> list[dict]:
    """The rows of a run's metrics, without the times."""
    with open(folder / "metrics.csv", newline="") as file:
        return [{**row, "seconds": ""} for row in csv.DictReader(file)]


def files_of(folder) -> dict:
    """The contents of a run's files, but for TensorBoard's."""
    return {path.name: path.read_bytes() for path in folder.glob("*.[jpcsm]*")}


def test_stopping_and_resuming_gives_the_same_losses(tmp_path):
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    options = ["--steps", 24, "--short-steps", 12]
    train(*options, "--folder", straight)
    _, errors = train(*options, "--folder", broken, "--stop-after", 13, expect=130)
    assert "go on with --resume" in errors
    said = refusal("train_dt", *TINY, *options, "--folder", broken)
    assert "holds a run: go on with --resume" in said
    said = refusal("train_dt", *TINY, *options, "--folder", broken, "--resume", "--batch", 16)
    assert "is of a run with plan.batch=8, but plan.batch=16 was asked for" in said
    train(*options, "--folder", broken, "--resume")
    assert metrics_of(broken) == metrics_of(straight)
    assert len(metrics_of(straight)) == 12
    described, whole = (
        json.loads((folder / "agent.json").read_text()) for folder in (broken, straight)
    )
    assert "--stop-after 13" in described["command"]
    assert ["--resume" in session["command"] for session in described["resumed"]] == [True]
    assert described["metrics"] | {"seconds": 0} == whole["metrics"] | {"seconds": 0}
    assert "resumed" not in whole
    weights = [(folder / "weights.safetensors").read_bytes() for folder in (straight, broken)]
    assert weights[0] == weights[1]


def test_a_finished_run_stays_what_it_is_when_it_is_resumed(tmp_path):
    options = ["--steps", 4, "--short-steps", 4, "--folder", tmp_path]
    train(*options)
    files = files_of(tmp_path)
    agent = {"agent.json", "weights.safetensors", "README.md"}
    assert set(files) == agent | {"metrics.csv", "checkpoint.pt"}
    output, _ = train(*options, "--resume")
    assert "from step 4" in output
    assert files_of(tmp_path) == files


def test_a_run_is_not_resumed_as_another_one(tmp_path):
    options = [*TINY, "--steps", 8, "--short-steps", 8, "--folder", tmp_path]
    call_script("train_dt", *options, "--stop-after", 2, expect=130)
    for other in (
        "--no-equivariant",
        "--no-wall-mask",
        "--wall-moves 0",
        "--no-progressive",
        "--seed 1",
        "--precision bfloat16",
    ):
        assert "was asked for" in refusal("train_dt", *options, *other.split(), "--resume")


def test_an_agent_is_not_trained_over(saved_agent):
    files = files_of(saved_agent)
    assert "holds a run" in refusal("train_dt", *TINY, "--folder", saved_agent)
    assert files_of(saved_agent) == files


@pytest.mark.parametrize("half", ["6,0.1", "6,0.5,0.0,0.1,0.2,0.001,,,"])
def test_a_half_written_line_of_metrics_is_left_out(tmp_path, half):
    options = ["--steps", 8, "--short-steps", 8, "--folder", tmp_path]
    train(*options, "--stop-after", 7, expect=130)
    metrics = tmp_path / "metrics.csv"
    lines = metrics.read_text().splitlines()
    metrics.write_text("\n".join([*lines[:-1], half]))
    train(*options, "--resume")
    assert [row["step"] for row in metrics_of(tmp_path)] == ["2", "4", "8"]


def test_metrics_of_steps_that_are_taken_again_are_cut_off(tmp_path):
    options = ["--steps", 8, "--short-steps", 8, "--folder", tmp_path]
    train(*options, "--stop-after", 5, expect=130)
    metrics = tmp_path / "metrics.csv"
    metrics.write_text(metrics.read_text() + "6,9,9,9,9,9,,,9\n8,9,9,9,9,9,,,9\n")
    train(*options, "--resume")
    rows = metrics_of(tmp_path)
    assert [row["step"] for row in rows] == ["2", "4", "6", "8"]
    assert all(float(row["loss"]) < 2 for row in rows)


def test_what_is_overwritten_is_gone(tmp_path):
    options = ["--steps", 400, "--short-steps", 400, "--folder", tmp_path]
    train(*options, "--stop-after", 5, expect=130)
    assert files_of(tmp_path)
    overwriting = ["--overwrite", "--seed", 1, "--checkpoint-every", 400]
    process = start_script("agents/train_dt.py", *TINY, *options, *overwriting)
    for line in process.stdout:
        if "step      2/" in line:
            process.kill()
            break
    process.communicate(timeout=60)
    assert set(files_of(tmp_path)) == {"metrics.csv"}
    assert len(metrics_of(tmp_path)) < 50


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The metrics of a run that nothing disturbed, and its options."""
    folder = tmp_path_factory.mktemp("straight")
    options = ["--steps", 400, "--short-steps", 400, "--log-every", 1]
    train(*options, "--folder", folder, "--stop-after", 40, expect=130)
    return metrics_of(folder), options


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_ctrl_c_and_a_kill_lose_nothing(tmp_path, uninterrupted, how):
    expected, options = uninterrupted
    process = start_script("agents/train_dt.py", *TINY, *options, "--folder", tmp_path)
    for line in process.stdout:
        if "step     17/" in line:
            process.send_signal(how)
            if how == signal.SIGTERM:  # which a cluster may send several times
                process.send_signal(how)
            break
    process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if how == signal.SIGKILL else 130)
    train(*options, "--folder", tmp_path, "--resume", "--stop-after", 40, expect=130)
    assert metrics_of(tmp_path) == expected


def test_two_processes_train_like_one_and_one_goes_on_from_two(tmp_path):
    options = [*TINY, "--steps", 16, "--short-steps", 8]
    call_script("train_dt", *options, "--folder", tmp_path / "one")
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    two = [*torchrun, "agents/train_dt.py", *options, "--folder", tmp_path / "two"]
    # torchrun reports workers that stopped before the end as failed, with a traceback of its own.
    run_script(*two, "--stop-after", 11, expect=1, traceback=True)
    shutil.copytree(tmp_path / "two", tmp_path / "two then one")
    run_script(*two, "--resume")
    call_script("train_dt", *options, "--folder", tmp_path / "two then one", "--resume")
    expected = metrics_of(tmp_path / "one")
    for folder in ("two", "two then one"):
        found = metrics_of(tmp_path / folder)
        assert [row["step"] for row in found] == [row["step"] for row in expected]
        for name in ("loss", "memory_residual", "gradient_norm"):
            ours, theirs = ([float(row[name]) for row in rows] for rows in (found, expected))
            assert ours == pytest.approx(theirs, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--batch", 0], "--batch must be at least 1, got 0"),
        (["--long-iterations", 9, 3], "--long-iterations must be a minimum of at least 1 and a"),
        (["--resume"], "checkpoint.pt: there is no such file"),
        (["--validation-problems", 0], "--validation-problems must be at least 1, got 0"),
        (["--stop-after", -1], "--stop-after must be at least 1, got -1"),
        (["--memory-channels", 0], "memory_channels must be an integer of at least 1, got 0"),
        (["--memory-channels", 10**6], "memory_channels must be at most 65,536, got 1000000"),
        (["--memory-channels", 12], "memory_channels must be a multiple of 8 in an equivariant"),
        (["--ema-decay", 1.5], "--ema-decay must be in [0.0, 1.0], got 1.5"),
        (["--no-recall"], "add --no-wall-mask --no-equivariant"),
        (["--task", "chess", "--loops", 0.5], "--loops"),
        (["--architecture", "transformer"], "must be one of 'recurrent', 'counting', 'messages'"),
    ],
)
def test_a_wrong_option_is_named(tmp_path, options, words):
    assert words in refusal("train_dt", "--folder", tmp_path / "run", *options)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """The folder of a run that was stopped after three of ten steps."""
    folder = tmp_path_factory.mktemp("stopped")
    call_script("train_dt", *STOPPED, "--folder", folder, "--stop-after", 3, expect=130)
    return folder


STOPPED = [*TINY, "--steps", 10, "--short-steps", 2, "--log-every", 1]


@pytest.fixture
def run(stopped, tmp_path):
    """A copy of that folder."""
    return shutil.copytree(stopped, tmp_path / "run")


def refused(run) -> str:
    """Why the run in a folder does not go on."""
    return refusal("train_dt", *STOPPED, "--folder", run, "--resume")


def within(state: dict, *keys, value) -> dict:
    """A state with another value at one place of it."""
    key, *rest = keys
    return {**state, key: within(state[key], *rest, value=value) if rest else value}


WEIGHT = "update.parametrizations.weight.original"
MOMENT = ("optimiser", "state", 0)
NAN = float("nan")
SENSELESS = {
    "another format": lambda s: {**s, "format": "version 9"},
    "no run": lambda s: {**s, "run": 5},
    "lists in the run": lambda s: within(s, "run", "plan", value=[1]),
    "a tensor in the run": lambda s: within(s, "run", "seed", value=torch.zeros(2)),
    "nothing": lambda s: {},
    "too many steps": lambda s: {**s, "steps_done": 11},
    "fewer steps": lambda s: {**s, "steps_done": 2},
    "negative steps": lambda s: {**s, "steps_done": -1},
    "steps that are none": lambda s: {**s, "steps_done": True},
    "no weights": lambda s: {**s, "net": {}},
    "a weight too many": lambda s: within(s, "net", "more", value=torch.zeros(1)),
    "weights of another shape": lambda s: within(s, "net", WEIGHT, value=torch.zeros(1)),
    "weights of whole numbers": lambda s: within(s, "net", WEIGHT, value=s["net"][WEIGHT].int()),
    "NaN in weights": lambda s: within(s, "net", WEIGHT, value=s["net"][WEIGHT] * NAN),
    "NaN in the average": lambda s: within(
        s, "average", f"module.{WEIGHT}", value=s["net"][WEIGHT] * NAN
    ),
    "another count": lambda s: within(s, "average", "n_averaged", value=torch.tensor(2)),
    "moments of another shape": lambda s: within(s, *MOMENT, "exp_avg", value=torch.zeros(1)),
    "NaN in moments": lambda s: within(
        s, *MOMENT, "exp_avg", value=s["optimiser"]["state"][0]["exp_avg"] * NAN
    ),
    "negative squares": lambda s: within(
        s, *MOMENT, "exp_avg_sq", value=s["optimiser"]["state"][0]["exp_avg_sq"] - 1
    ),
    "steps to come": lambda s: within(s, *MOMENT, "step", value=torch.tensor(1e9)),
    "a text for a step": lambda s: within(s, *MOMENT, "step", value="3"),
    "other weights": lambda s: within(s, "optimiser", "state", 99, value={}),
    "no problems": lambda s: {**s, "problems": {}},
    "other problems": lambda s: within(
        s, "problems", "grids", value=s["problems"]["grids"].flip(0)
    ),
    "problems of NaN": lambda s: within(s, "problems", "grids", value=torch.full((8, 11, 11), NAN)),
    "no memory": lambda s: {**s, "memory": None},
    "NaN in the memory": lambda s: {**s, "memory": s["memory"] * NAN},
    "a memory of fewer": lambda s: {**s, "memory": s["memory"][:4]},
    "a memory of whole numbers": lambda s: {**s, "memory": s["memory"].int()},
    "memories": lambda s: {**s, "memory": {"a": s["memory"]}},
    "too many pending": lambda s: {**s, "pending": torch.zeros(4, 4)},
    "pending of texts": lambda s: {**s, "pending": ["x"]},
    "no sessions": lambda s: {**s, "sessions": 5},
    "sessions of tensors": lambda s: {**s, "sessions": [{"command": torch.ones(1)}]},
}


@pytest.mark.parametrize("kind", SENSELESS)
def test_a_senseless_state_is_refused_by_name(run, kind):
    path = run / "checkpoint.pt"
    path.write_bytes(to_bytes(SENSELESS[kind](read_state(path))))
    assert f"{path}: " in refused(run)


def test_a_state_that_is_cut_short_is_refused_by_name(run):
    path = run / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:1000])
    assert f"{path}: damaged or cut off" in refused(run)


def test_the_state_of_these_tests_goes_on(run):
    call_script("train_dt", *STOPPED, "--folder", run, "--resume")


HEADER = (
    "step,loss,train_exact,memory_residual,gradient_norm,learning_rate,validation_exact,"
    "validation_cells,seconds\n"
)


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        (b"a,b\n1,2\n", "its first line must be step,loss,"),
        (HEADER.replace("loss", "los").encode(), "its first line must be step,loss,"),
        (b"\xff\xfe", "is not the text that it should be"),
        (b"", "is empty"),
        (HEADER + "1,2,3,4\n", "line 2: must have 9 columns, got 4"),
        (HEADER + "1,2,3,4,5,6,,,9,10\n", "line 2: must have 9 columns, got 10"),
        (HEADER + "1,x,3,4,5,6,,,9\n", "line 2: could not convert string to float: 'x'"),
        (HEADER + "1,,3,4,5,6,,,9\n", "line 2: could not convert"),
        (HEADER + "1,2,3,4,5,6,y,,9\n", "line 2: could not convert"),
        (HEADER + "1.5,2,3,4,5,6,,,9\n", "line 2: step and seconds must be numbers"),
        (HEADER + "0,2,3,4,5,6,,,9\n", "line 2: step and seconds must be numbers"),
        (HEADER + "1,2,3,4,5,6,,,nan\n", "line 2: step and seconds must be numbers"),
        (HEADER + "2,2,3,4,5,6,,,9\n1,2,3,4,5,6,,,9\n", "line 3: step 1 follows step 2"),
        (HEADER + "2,2,3,4,5,6,,,9\n2,2,3,4,5,6,,,9\n", "line 3: step 2 follows step 2"),
    ],
)
def test_damaged_metrics_are_refused_by_name(run, metrics, words):
    path = run / "metrics.csv"
    path.write_bytes(metrics if isinstance(metrics, bytes) else metrics.encode())
    said = refused(run)
    assert f"{path}: {words}" in said
    assert "line" not in words or "move it away, and --resume goes on" in said


@pytest.mark.parametrize("name", ["metrics.csv", "checkpoint.pt"])
def test_what_is_no_file_is_refused_at_once(run, name):
    (run / name).unlink()
    os.mkfifo(run / name)
    assert f"{run / name}: is not an ordinary file" in refused(run)


def test_without_metrics_a_run_goes_on(run):
    (run / "metrics.csv").unlink()
    call_script("train_dt", *STOPPED, "--folder", run, "--resume", "--stop-after", 4, expect=130)
    assert [row["step"] for row in metrics_of(run)] == ["4"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_names_the_metrics_and_what_is_still_whole(run, monkeypatch):
    append = Path.open

    def full(path, *arguments, **options):
        is_metrics = path.name == "metrics.csv"
        return append(Path("/dev/full") if is_metrics else path, *arguments, **options)

    monkeypatch.setattr(Path, "open", full)
    said = refused(run)
    assert f"{run / 'metrics.csv'}: cannot be written (No space left on device)" in said
    assert "the last checkpoint.pt are whole: --resume goes on from there" in said
    monkeypatch.undo()
    call_script("train_dt", *STOPPED, "--folder", run, "--resume")


def test_a_run_shows_its_progress(tmp_path):
    output, _ = train("--steps", 12, "--folder", tmp_path, "--json", tmp_path / "final.json")
    last = [line for line in output.splitlines() if line.startswith("step")][-1]
    rows = metrics_of(tmp_path)
    assert [row["step"] for row in rows if row["validation_exact"]] == ["12"]
    for word in ("step     12/12", "loss", "train exact", "steps/s", "left", "validation exact"):
        assert word in last
    described = json.loads((tmp_path / "final.json").read_text())
    assert described["trained_on"]["split"] == "train" and described["training_iterations"] == 12


def test_training_further_begins_with_the_weights_of_an_agent(tmp_path):
    options = [*TINY, "--steps", 4, "--short-steps", 4]
    first, further = tmp_path / "first", tmp_path / "further"
    call_script("train_dt", *options, "--folder", first, "--learning-rate", 1e-2)
    starting = [*options, "--start-from", first]
    still = ["--learning-rate", 0.0, "--weight-decay", 0.0]
    call_script("train_dt", *starting, "--folder", further, *still)
    averaged, kept = (load(folder).net.state_dict() for folder in (first, further))
    for name, weights in kept.items():
        torch.testing.assert_close(weights, averaged[name], atol=1e-6, rtol=0)
    trained = read_state(first / "checkpoint.pt")["net"]["update.parametrizations.weight.original"]
    assert not torch.allclose(trained, averaged["update.weight"])  # an agent holds the average
    described = json.loads((further / "agent.json").read_text())
    assert described["start_from"]["plan"]["learning_rate"] == 1e-2
    said = refusal("train_dt", *starting, "--folder", tmp_path / "o", "--hidden-channels", 16)
    assert "has net.hidden_channels=8, but net.hidden_channels=16 was asked for" in said
    said = refusal("train_dt", *options, "--start-from", tmp_path / "none")
    assert f"there is no such agent: {tmp_path / 'none'}; an agent is a folder, or one of " in said
