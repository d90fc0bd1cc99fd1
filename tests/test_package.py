"""The package as a whole: light to import, and its README true."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run_python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def test_importing_loads_neither_torch_nor_numba_and_compiles_nothing():
    loaded = run_python(
        "import sys, gymnasium, numpy; before = set(sys.modules)\n"
        "import thinkenv; print(*sorted(set(sys.modules) - before))"
    ).split()
    assert "thinkenv" in loaded
    assert not {"torch", "numba", "chess", "PIL"} & set(loaded)


def test_importing_adds_less_than_half_a_second_to_gymnasium_and_numpy():
    seconds = run_python(
        "import gymnasium, numpy, time; began = time.perf_counter()\n"
        "import thinkenv; print(time.perf_counter() - began)"
    )
    assert float(seconds) < 0.5


def test_the_environments_work_where_torch_cannot_be_imported():
    reward = run_python(
        "import sys; sys.modules['torch'] = None\n"
        "import gymnasium as gym, thinkenv\n"
        "env = gym.make('Maze-v0')\n"
        "maze, info = env.reset(seed=0)\n"
        "print(env.step(thinkenv.mazes.solve(maze))[1])"
    )
    assert float(reward) == 1.0


def test_the_first_example_of_the_readme_does_what_it_says():
    example = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert re.fullmatch(r"True after \d+ iterations\n", run_python(example.group(1)))


def test_files_that_the_readme_links_to_exist():
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text())
    assert len(links) > 5
    for link in links:
        assert (ROOT / link).exists(), link
