"""With ``NUMBA_DISABLE_JIT=1`` kernels are plain Python, and give what compiled ones give."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import thinkenv

PACKAGE = Path(thinkenv.__file__).parent

MAZES = """
import numpy as np
from thinkenv import make_task, mazes
from thinkenv.mazes.augmentation import move_endpoints_anywhere

kinds = [{"generator": generator} for generator in mazes.GENERATORS]
ends = ("dead_ends", "corners", "farthest", "free_cells", "adjacent")
kinds += [{"endpoints": endpoints} for endpoints in ends]
kinds += [{"loops": 0.4}, {"size": 9, "split": "test"}, {"size": 11}]
kinds += [{"generator": "caves", "endpoints": "dead_ends", "size": 13}]
for kind in kinds:
    batch = mazes.generate(**{"size": 7, "count": 2, **kind})
    results += [batch.grids, batch.solutions, batch.path_lengths, batch.unique]
    results += [mazes.solve(batch.grids[0]), mazes.fill_dead_ends(batch.grids[0])[0]]
task = make_task("maze", size=9, wall_moves=5)
batch = task.draw([1, 2])
moved = task.perturb(batch, [3, 4])
results += [batch.grids, moved.grids, moved.solutions, *task.judge(batch, moved.solutions)]
results += [task.filling_rounds(batch), *mazes.measure(batch).values()]
"""
PREFIX_SUMS = """
from thinkenv import prefix_sums
batch = prefix_sums.generate(33, 3, split="test")
results += [batch.bits, batch.solutions]
"""
ENVIRONMENTS = """
import gymnasium, thinkenv
for name, options in (
    ("Maze-v0", {"size": 5}), ("MazeWalk-v0", {"size": 5}), ("PrefixSum-v0", {"bits": 8}),
    ("ChessPuzzle-v0", puzzles), ("ChessPuzzle-v0", {"answer": "squares", **puzzles}),
):
    envs = gymnasium.make_vec(name, num_envs=2, **options)
    results += [envs.reset(seed=1)[0]]
    for _ in range(3):
        if isinstance(envs.single_action_space, gymnasium.spaces.Discrete):
            actions = envs.action_masks().argmax(axis=1)
        else:
            actions = envs.dynamics.batch.solutions
        results += envs.step(actions)[:4]
"""


def results_of(code: str) -> list[np.ndarray]:
    """The arrays that code puts into ``results``."""
    names: dict = {}
    exec(code, names)
    return [np.asarray(result) for result in names["results"]]


@pytest.mark.parametrize("code", [MAZES, PREFIX_SUMS, ENVIRONMENTS], ids=["mazes", "sums", "envs"])
def test_interpreted_kernels_give_what_compiled_ones_give(code, tmp_path):
    # A table of few puzzles, because reading one is slow; each process reads it for itself.
    sample = (PACKAGE / "assets" / "lichess_puzzles_sample.csv").read_text().splitlines(True)
    (tmp_path / "puzzles.csv").write_text("".join(sample[:40]))
    puzzles = {"database": str(tmp_path / "puzzles.csv"), "split": "all"}
    code = f"results = []\npuzzles = {puzzles!r}\n{code}"
    ours = results_of(code)
    saved = tmp_path / "results.npz"
    script = f"{code}\nimport numpy\nnumpy.savez({str(saved)!r}, *results)"
    variables = {
        **os.environ,
        "NUMBA_DISABLE_JIT": "1",
        "PYTHONPATH": str(PACKAGE.parent),
        "THINKENV_CACHE": str(tmp_path / "cache"),
    }
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", script]
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with np.load(saved) as theirs:
        assert len(theirs) == len(ours) > 1
        for mine, name in zip(ours, theirs, strict=True):
            assert mine.dtype == theirs[name].dtype and np.array_equal(mine, theirs[name])
