"""The very first call says what takes so long; later ones say nothing."""

import os
import subprocess
import sys


def test_a_line_on_the_first_call_ever_and_none_on_the_next(tmp_path):
    code = (
        "import numpy as np; from thinkenv import mazes; "
        "print(mazes.is_solution(np.array([[0,0,0,0],[0,2,3,0],[0,0,0,0]]), "
        "np.array([[0,0,0,0],[0,1,1,0],[0,0,0,0]])))"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    said = []
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout == "True\n"
        said.append(run.stderr)
    assert said[0].count("compiling kernels") == 1 and said[0].count("\n") == 1
    assert said[1] == ""
