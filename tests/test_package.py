"""The package as a whole: light to import, in layers, and one command."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import thinkenv
from thinkenv.__main__ import main

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


def test_without_torch_the_agents_say_what_to_install():
    said = run_python(
        "import sys; sys.modules['torch'] = None\n"
        "try:\n    import thinkenv.deep_thinking\n"
        "except ImportError as error:\n    print(error)"
    )
    assert "pip install 'thinkenv[agents]'" in said


def test_thinking_loads_no_training():
    loaded = run_python(
        "import sys\n"
        "from thinkenv.deep_thinking import load\n"
        "from thinkenv.tasks import make_task\n"
        "load('maze').think(make_task('maze', size=5).draw([0]).problems, 1)\n"
        "print(*sys.modules)"
    ).split()
    assert "thinkenv.deep_thinking.agent" in loaded
    assert not [name for name in loaded if name.startswith("thinkenv.deep_thinking.training")]


def test_nothing_below_the_agents_names_them():
    package = ROOT / "thinkenv"
    for path in package.rglob("*.py"):
        is_above = path == package / "__main__.py"  # what commands need is imported by them alone
        if path.is_relative_to(package / "deep_thinking") or is_above:
            continue
        imports = re.findall(r"^\s*(?:from|import) ([\w.]+)", path.read_text(), re.MULTILINE)
        assert not [name for name in imports if "deep_thinking" in name], path


@pytest.mark.parametrize(
    ("how", "name"),
    [
        ([sys.executable, "-m", "thinkenv"], "python -m thinkenv"),
        ([str(Path(sys.executable).with_name("thinkenv"))], "thinkenv"),
    ],
)
def test_the_command_calls_itself_by_its_name(how, name):
    shown = subprocess.run([*how, "export", "--help"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith(f"usage: {name} export ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("export x.npz --count 0", r"--count must be an integer in \[1, 2147483647\], got 0"),
        ("export x --dtype uint8", "--format must be easy_to_hard where --dtype is given, got npz"),
        ("export x.npz --size 8", r"size must be odd and in \[5, \d+\], got 8"),
        ("chess import nothing.csv", "nothing.csv: there is no such file"),
        ("chess info --replay -1", r"--replay must be an integer in \[0, 2147483647\], got -1"),
    ],
)
def test_the_command_refuses_in_one_line(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == 1
    assert re.fullmatch(f"error: {said}\n", capsys.readouterr().err)


def test_every_command_has_a_help(capsys):
    for words in ("", "export", "chess", "chess import", "chess download", "chess info", "docs"):
        with pytest.raises(SystemExit) as stopped:
            main([*words.split(), "--help"])
        assert stopped.value.code == 0
    capsys.readouterr()


def test_the_version_is_the_same_everywhere():
    version = thinkenv.__version__
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1] == version


def test_every_dependency_is_pinned_for_make_and_ci():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["agents"]
    pins = (ROOT / "constraints.txt").read_text()
    for requirement in wanted:
        assert f"\n{requirement.split('>=')[0]}==" in pins, requirement


def test_pre_commit_runs_what_make_lints():
    makefile = (ROOT / "Makefile").read_text()
    recipe = re.search(r"^test: .*\n((?:\t.*\n)+)", makefile, re.MULTILINE)[1]
    linters = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()[:-1]]
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    assert re.findall(r"entry: (.*)", hooks) == linters
    assert "language: system" in hooks and "rev:" not in hooks  # nothing is downloaded
