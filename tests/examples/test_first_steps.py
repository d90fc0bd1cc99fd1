"""The notebook: valid, without stored outputs, and its cells find what they say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "examples" / "first_steps.ipynb"
# What the cells set that is looked at, after all of them were run in one namespace.
RUN = """
import json, sys
names = {}
for cell in json.load(open(sys.argv[1]))["cells"]:
    if cell["cell_type"] == "code":
        exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
shares = ("solved_short", "solved_long", "solved_loops", "solved_by_filling")
found = {name: float(names[name]) for name in shares}
found |= {"curve": names["curve"], "recovered": names["recovered"]}
found["converged"] = names["long"].converged.mean()
print(json.dumps(found, default=float))
"""


@pytest.fixture(scope="module")
def notebook():
    return json.loads(NOTEBOOK.read_text())


def test_it_is_a_notebook_of_version_4_without_outputs(notebook):
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert {"metadata", "cells", "nbformat", "nbformat_minor"} == notebook.keys()
    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)
    for cell in notebook["cells"]:
        assert isinstance(cell["source"], list) and isinstance(cell["metadata"], dict)
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
        else:
            assert cell["cell_type"] == "markdown"


def test_its_cells_run_from_top_to_bottom_and_find_what_they_say(tmp_path):
    environment = {**os.environ, "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", RUN, NOTEBOOK],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["solved_short"] < 0.5
    assert found["solved_long"] == found["converged"] == 1.0
    assert found["curve"][0] == 0.0 and found["curve"][-1] == 1.0
    for shares in found["recovered"].values():
        assert shares[0] == 0.0 and shares[-1] == 1.0
    assert found["solved_loops"] == 1.0 and found["solved_by_filling"] < 0.1
