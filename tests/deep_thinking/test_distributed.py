"""Several processes: the same losses, one report, and nothing lost when one of them dies."""

import csv
import json
import os
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest
import torch

from thinkenv.deep_thinking.checkpoint import SHIPPED
from thinkenv.deep_thinking.distributed import Distributed, prepare_device

from .conftest import call_script, refusal, run_script, start_script

TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
TRAIN = "agents/train_dt.py --batch 8 --long-iterations 3 6 --short-iterations 2 4 --threads 1"
TRAIN += " --steps 40 --short-steps 12 --log-every 4 --validate-every 40 --validation-problems 8"
TRAIN += " --checkpoint-every 4"


def metrics_of(folder) -> list[dict]:
    with open(folder / "metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


def rows_of(path) -> list[dict]:
    """The rows of a result, without the time they took."""
    rows = json.loads(path.read_text())["rows"]
    for row in rows:
        row.pop("seconds")
        row["rating"] = str(row.get("rating"))  # compared as it is
    return rows


def same_rows(path, other) -> bool:
    """Whether two results hold the same rows, whatever the time they took."""
    return rows_of(path) == [pytest.approx(row) for row in rows_of(other)]


def workers_of(process: subprocess.Popen) -> list[int]:
    """The processes that a torchrun started."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True
    )
    return [int(word) for word in found.stdout.split()]


def test_a_run_goes_on_after_one_of_its_processes_was_killed(tmp_path):
    call_script("train_dt", *TRAIN.split()[1:], "--folder", tmp_path / "whole")
    folder = tmp_path / "killed"
    process = start_script(*TORCHRUN, *TRAIN.split(), "--folder", folder)
    deadline = time.monotonic() + 120
    while not (folder / "checkpoint.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(workers_of(process)[-1], signal.SIGKILL)
    process.communicate(timeout=120)
    assert process.returncode != 0
    done = int(metrics_of(folder)[-1]["step"])
    run_script(*TORCHRUN, *TRAIN.split(), "--folder", folder, "--resume")
    rows, expected = metrics_of(folder), metrics_of(tmp_path / "whole")
    assert [row["step"] for row in rows] == [row["step"] for row in expected]
    assert 4 <= done < 40
    for row, other in zip(rows, expected, strict=True):
        assert float(row["loss"]) == pytest.approx(float(other["loss"]), rel=1e-3)


def test_processes_share_an_evaluation_and_report_once(tmp_path):
    evaluate = "--size 9 13 --problems 11 --iterations 20 converged --threads 1"
    alone, shared = tmp_path / "alone.json", tmp_path / "shared.json"
    call_script(
        "evaluate", *evaluate.split(), "--json", alone, "--predictions", tmp_path / "alone.npz"
    )
    words = ["--json", shared, "--predictions", tmp_path / "shared.npz"]
    shown = run_script(*TORCHRUN, "agents/evaluate.py", *evaluate.split(), *words).stdout
    assert shown.count("9x9") == 2 and shown.count("maze agent") == 1
    assert same_rows(shared, alone)
    with np.load(tmp_path / "alone.npz") as whole, np.load(tmp_path / "shared.npz") as parts:
        assert whole.files == parts.files
        assert all(np.array_equal(whole[name], parts[name]) for name in whole.files)


def test_a_process_may_have_no_problem(tmp_path):
    evaluate = "agents/evaluate.py --task prefix_sum --size 32 40 --problems 1 --iterations 3"
    words = ["--threads", 1, "--predictions", tmp_path / "shared.npz"]
    shown = run_script(*TORCHRUN, *evaluate.split(), *words).stdout
    assert "32 bits" in shown and "40 bits" in shown
    with np.load(tmp_path / "shared.npz") as predictions:
        assert predictions["0/answer"].shape == (1, 32)
        assert predictions["1/answer"].shape == (1, 40)


@pytest.mark.parametrize("subcommand", ["recovery", "diagnose"])
def test_only_accuracy_is_shared_by_processes(subcommand, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(torch.distributed, "init_process_group", lambda *arguments, **options: None)
    said = refusal("evaluate", subcommand, "--threads", 1)
    assert said == f"error: {subcommand}: cannot be shared by processes"
    said = refusal("evaluate", *"--shard 0 2 --threads 1 --iterations 1".split())
    assert said == "error: --shard: under torchrun every process has its own part"


def test_parts_of_an_evaluation_are_put_together(tmp_path):
    evaluate = "--task chess --rating 1400 2799 --problems 20 --iterations 1 --threads 1"
    parts = [tmp_path / f"{part}.json" for part in range(3)]
    for part, path in enumerate(parts):
        call_script("evaluate", *evaluate.split(), "--shard", part, 3, "--json", path)
    call_script("evaluate", *evaluate.split(), "--json", tmp_path / "whole.json")
    shown, _ = call_script("evaluate", "merge", *parts, "--json", tmp_path / "merged.json")
    assert "rated 1400-1499" in shown and "first move" in shown and "puzzle rating" in shown
    assert same_rows(tmp_path / "merged.json", tmp_path / "whole.json")
    merged, whole = (
        json.loads((tmp_path / name).read_text()) for name in ("merged.json", "whole.json")
    )
    assert merged["puzzle_rating"] == whole["puzzle_rating"]
    assert merged["agent"] == whole["agent"]
    twice = refusal("evaluate", "merge", parts[0], *parts)
    assert "more than one part has problem 0 of chess split=test" in twice
    assert "no part has problem 0 of chess" in refusal("evaluate", "merge", *parts[1:])


def test_parts_of_different_agents_are_not_put_together(tmp_path):
    evaluate = "--task prefix_sum --size 32 --problems 4 --iterations 3 --threads 1 --checkpoint"
    for part in (0, 1):
        agent = tmp_path / f"agent{part}"
        shutil.copytree(SHIPPED / "prefix_sum", agent)
        described = json.loads((agent / "agent.json").read_text())
        (agent / "agent.json").write_text(json.dumps(described | {"commit": str(part)}))
        options = ["--shard", part, 2, "--json", tmp_path / f"{part}.json"]
        call_script("evaluate", *evaluate.split(), agent, *options)
    said = refusal("evaluate", "merge", tmp_path / "0.json", tmp_path / "1.json")
    assert "is of another agent than" in said


def test_a_part_without_problems_is_a_part(tmp_path):
    evaluate = "--task prefix_sum --size 32 --problems 1 --iterations 3 --threads 1"
    for part in (0, 1):
        options = ["--shard", part, 2, "--json", tmp_path / f"{part}.json"]
        shown, _ = call_script("evaluate", *evaluate.split(), *options)
        assert ("no problem falls to this shard" in shown) == (part == 0)
    figure = ["--figure", tmp_path / "figure.png"]
    call_script("evaluate", "merge", tmp_path / "0.json", tmp_path / "1.json", *figure)
    assert (tmp_path / "figure.png").exists()


@pytest.mark.parametrize(
    "evaluate",
    [
        "recovery --disturb zero --recovery-iterations 16 --max-iterations 32",
        "diagnose --iterations 4 --max-iterations 32",
    ],
)
def test_what_has_no_shards_is_not_put_together(evaluate, tmp_path):
    result = tmp_path / "rows.json"
    options = f"--size 9 --problems 3 --threads 1 --json {result}"
    call_script("evaluate", *evaluate.split(), *options.split())
    assert "rows.json: " in refusal("evaluate", "merge", result)


def test_this_process_alone_needs_no_others(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    processes = Distributed("cpu", 1)
    assert processes.is_first and processes.world_size == 1
    assert processes.gather("mine") == ["mine"]
    processes.wait()
    assert processes.end(3) == 3


def test_cores_are_shared_by_the_processes_of_a_machine(monkeypatch):
    monkeypatch.setattr("thinkenv.deep_thinking.distributed.usable_cores", lambda: 8)
    for processes, threads in ((1, 8), (2, 4), (16, 1)):
        prepare_device("cpu", None, processes)
        assert torch.get_num_threads() == threads
    assert prepare_device("cpu", 3, 2) == torch.device("cpu") and torch.get_num_threads() == 3
    with pytest.raises(ValueError, match="--threads must be at least 1, got 0"):
        prepare_device("cpu", 0)
