"""The net of the page is trained and evaluated by the page's commands, from another folder."""

import shlex
import subprocess
import sys

from .conftest import ROOT, fences

PAGE = "docs/add_an_architecture.md"
SHORT = {
    "train_dt": "--steps 4 --short-steps 2 --long-iterations 4 6 --validation-problems 4 "
    "--log-every 2 --threads 1",
    "evaluate": "--problems 4 --size 9 --iterations 5 --threads 1",
}


def test_the_commands_of_the_page_train_and_evaluate_the_net_of_the_page(tmp_path):
    (tmp_path / "plain_net.py").write_text(fences(PAGE, "python")[0])
    commands = [shlex.split(line) for line in "".join(fences(PAGE, "bash")).splitlines()]
    assert len(commands) == len(SHORT)
    for words, (script, options) in zip(commands, SHORT.items(), strict=True):
        assert words[:2] == ["python", f"agents/{script}.py"]
        done = subprocess.run(
            [sys.executable, ROOT / words[1], *words[2:], *options.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "runs" / "plain" / "weights.safetensors").exists()
