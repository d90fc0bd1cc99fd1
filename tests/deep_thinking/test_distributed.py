"""Several processes: the same losses, one report, and nothing lost when one of them dies."""

import csv
import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from .conftest import refusal, run_script, start_script

TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
TRAIN = "agents/train_dt.py --batch 8 --long-iterations 3 6 --short-iterations 2 4 --threads 1"
TRAIN += " --steps 40 --short-steps 12 --log-every 4 --validate-every 40 --validation-problems 8"
TRAIN += " --checkpoint-every 4"


def metrics_of(folder) -> list[dict]:
    with open(folder / "metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


def same_rows(path, other) -> bool:
    """Whether two results hold the same rows, whatever the time they took."""
    rows, expected = (json.loads(file.read_text())["rows"] for file in (path, other))
    for row in rows + expected:
        row.pop("seconds")
        row["rating"] = str(row.get("rating"))
    return rows == [pytest.approx(row) for row in expected]


def workers_of(process: subprocess.Popen) -> list[int]:
    """The processes that a torchrun started."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True
    )
    return [int(word) for word in found.stdout.split()]


def test_a_run_goes_on_after_one_of_its_processes_was_killed(tmp_path):
    run_script(*TRAIN.split(), "--folder", tmp_path / "whole")
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
    evaluate = "agents/evaluate.py --size 9 13 --problems 11 --iterations 20 converged --threads 1"
    alone, shared = tmp_path / "alone.json", tmp_path / "shared.json"
    run_script(*evaluate.split(), "--json", alone)
    shown = run_script(*TORCHRUN, *evaluate.split(), "--json", shared).stdout
    assert shown.count("9x9") == 2 and shown.count("maze agent") == 1
    assert same_rows(shared, alone)


def test_parts_of_an_evaluation_are_put_together(tmp_path):
    evaluate = "agents/evaluate.py --task chess --rating 1400 2799 --problems 20 --iterations 1"
    parts = [tmp_path / f"{part}.json" for part in range(3)]
    for part, path in enumerate(parts):
        run_script(*evaluate.split(), "--shard", part, 3, "--threads", 1, "--json", path)
    run_script(*evaluate.split(), "--threads", 1, "--json", tmp_path / "whole.json")
    merge = ["agents/evaluate.py", "--merge", *parts, "--json", tmp_path / "merged.json"]
    shown = run_script(*merge).stdout
    assert "rated 1400-1499" in shown and "first move" in shown
    assert same_rows(tmp_path / "merged.json", tmp_path / "whole.json")
    merged, whole = (
        json.loads((tmp_path / name).read_text()) for name in ("merged.json", "whole.json")
    )
    assert merged["puzzle_rating"] == whole["puzzle_rating"]
    assert merged["agent"] == whole["agent"]
    twice = refusal("evaluate", "--merge", parts[0], *parts)
    assert "more than one part has problem 0 of chess split=test" in twice
    assert "no part has problem 0 of chess" in refusal("evaluate", "--merge", *parts[1:])


def test_parts_of_different_agents_are_not_put_together(tmp_path):
    evaluate = "agents/evaluate.py --task prefix_sum --size 32 --problems 4 --iterations 3"
    evaluate += " --threads 1 --checkpoint"
    for part in (0, 1):
        agent = tmp_path / f"agent{part}"
        shutil.copytree("assets/agents/prefix_sum", agent)
        described = json.loads((agent / "agent.json").read_text())
        (agent / "agent.json").write_text(json.dumps(described | {"commit": str(part)}))
        options = ["--shard", part, 2, "--json", tmp_path / f"{part}.json"]
        run_script(*evaluate.split(), agent, *options)
    said = refusal("evaluate", "--merge", tmp_path / "0.json", tmp_path / "1.json")
    assert "is of another agent than" in said


def test_a_part_without_problems_is_a_part(tmp_path):
    evaluate = "agents/evaluate.py --task prefix_sum --size 32 --problems 1 --iterations 3"
    for part in (0, 1):
        options = ["--threads", 1, "--shard", part, 2, "--json", tmp_path / f"{part}.json"]
        shown = run_script(*evaluate.split(), *options).stdout
        assert ("no problem falls to this shard" in shown) == (part == 0)
    run_script(*["agents/evaluate.py", "--merge", tmp_path / "0.json", tmp_path / "1.json"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--shard 3 3", "--shard 3 3: needs a number below"),
        ("--shard 0 2 --disturb zero", "--disturb: cannot be shared"),
        ("--suite maze-axes --diagnose", "--suite: has no use with --diagnose"),
        ("--suite mazes", "suite='mazes': allowed are"),
        ("--suite maze-axes --size 9", "--size: has no use with --suite"),
        ("--file x.npz --size 9", "--size: has no use with --file"),
        ("--task chess --loops 0.5", "--loops: has no use with --task chess"),
        ("--disturb zero --precision bfloat16", "--precision: has no use with --disturb"),
        ("--disturb moved --disturb-at every", "'moved' cannot happen in every iteration"),
        ("--disturb foreign --problems 1", "'foreign' needs 2 or more problems"),
        ("--disturb zero --recovery-iterations -5", "--recovery-iterations -5: needs 1 or more"),
        ("--merge setup.cfg", "no result of evaluate.py --shard --json"),
        ("--merge agents/results/anytime.json", "no result of evaluate.py --shard --json"),
    ],
)
def test_a_wrong_option_is_named(options, words, tmp_path):
    words_of_command = options.replace("setup.cfg", str(tmp_path / "empty.json"))
    (tmp_path / "empty.json").write_text("{}")
    assert words in refusal("evaluate", *words_of_command.split())
