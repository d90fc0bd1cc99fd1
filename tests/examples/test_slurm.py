"""The scripts for SLURM, run where its two commands are replaced by what they do on one node."""

import json
import os
import subprocess
import sys
from pathlib import Path

from thinkenv.deep_thinking import load

ROOT = Path(__file__).resolve().parents[2]


def run_batch(script: str, folder: Path, *words: str, **variables: str) -> str:
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    for name, text in {
        "srun": 'exec "$@"',
        "scontrol": "echo localhost",
        "python": f'exec {sys.executable} "$@"',
        "torchrun": f'exec {sys.executable} -m torch.distributed.run "$@"',
    }.items():
        tool = tools / name
        tool.write_text(f"#!/bin/bash\n{text}\n")
        tool.chmod(0o755)
    done = subprocess.run(
        ["bash", f"examples/{script}", *words],
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": f"{tools}:{os.environ['PATH']}",
            "OMP_NUM_THREADS": "1",
            "SLURM_JOB_ID": "7",
            "SLURM_NNODES": "1",
            "SLURM_JOB_NODELIST": "node[1]",
            **variables,
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_training_goes_on_where_it_was_when_it_is_started_again(tmp_path):
    options = "--steps 8 --short-steps 4 --batch 4 --checkpoint-every 2 --log-every 2"
    options += " --validation-problems 4 --validate-every 8 --long-iterations 2 3 --threads 1"
    variables = {"FOLDER": str(tmp_path / "run"), "PROCESSES_PER_NODE": "1", "PORT": "0"}
    run_batch("slurm_train.sh", tmp_path, *options.split(), **variables)
    described = load(tmp_path / "run").description
    assert described["metrics"]["step"] == 8 and described["metrics"]["validation_exact"] >= 0
    again = run_batch("slurm_train.sh", tmp_path, *options.split(), **variables)
    assert "from step 8" in again
    assert load(tmp_path / "run").description == described


def test_parts_of_a_suite_are_put_together(tmp_path):
    for part in ("0", "1"):
        run_batch(
            "slurm_evaluate.sh",
            tmp_path,
            *f"--problems 5 --json {tmp_path}/part-{part}.json".split(),
            SUITE="prefix-extrapolation",
            SLURM_ARRAY_TASK_ID=part,
            SLURM_ARRAY_TASK_COUNT="1",  # as where parts are run again one by one
            PARTS="2",
        )
    parts = [str(tmp_path / f"part-{part}.json") for part in (0, 1)]
    merged = subprocess.run(
        [sys.executable, "agents/evaluate.py", "merge", *parts, "--json", tmp_path / "all.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert merged.returncode == 0, merged.stderr
    rows = json.loads((tmp_path / "all.json").read_text())["rows"]
    assert [(row["size"], row["n"], row["exact"]) for row in rows] == [
        (size, 5, 1.0) for size in (32, 48, 128, 512, 4096)
    ]
