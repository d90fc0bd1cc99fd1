"""The commands of the page train, evaluate and show the task of the example."""

import json
import subprocess
import sys

from .conftest import ROOT, fences

SHORT = {
    "train_dt": "--steps 6 --short-steps 3 --validation-problems 8 --log-every 3",
    "evaluate": "--problems 6 --iterations 5 --json rows.json",
    "think": "--iterations 4",
}


def test_the_commands_of_the_page_train_evaluate_and_show(tmp_path):
    commands = fences("docs/add_a_task.md", "bash")[0].strip().splitlines()
    assert len(commands) == len(SHORT)
    for command, (script, options) in zip(commands, SHORT.items(), strict=True):
        assert f"agents/{script}.py --task examples/flood_fill.py:FloodFillTask" in command
        # The package's files by their whole paths: the commands work from any folder.
        command = command.split("#")[0].replace("agents/", f"{ROOT}/agents/")
        words = command.replace("examples/", f"{ROOT}/examples/").split()
        words += [] if "--threads" in words else ["--threads", "1"]
        done = subprocess.run(
            [sys.executable, *words[1:], *options.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    assert [(row["task"], row["size"], row["n"]) for row in rows] == [
        ("flood_fill", size, 6) for size in (9, 17, 33)
    ]
    assert (tmp_path / "runs" / "flood_fill.gif").exists()


def test_the_example_is_under_80_lines():
    assert len((ROOT / "examples" / "flood_fill.py").read_text().splitlines()) < 80
