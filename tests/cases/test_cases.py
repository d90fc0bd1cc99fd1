"""The cases of ``../shared/cases``: files, programs and commands that users brought.

Each folder there has programs that compare what this package does with the right values, which
come from elsewhere. Where the folder is not beside the project, its tests are skipped; the kinds
of cases are tested with data of our own in the other folders of these tests.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASES = ROOT.parent / "shared" / "cases"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="needs ../shared/cases")

# Programs that train or roll out with torch need up to a minute each.
TRAINING = {"cnn_policy", "maskable_ppo", "masked_vector_loop", "ppo_answers", "ppo_moves"}
TRAINING |= {"torchrl_rollout"}
SKIPPED = 77  # the exit status of a program whose library is not installed


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command from the project's root, as its users do, with this Python first."""
    paths = (str(Path(sys.executable).parent), os.environ["PATH"])
    environment = {**os.environ, "PATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [str(word) for word in words],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
    )


def check(*words: str | Path) -> None:
    """Run a program that exits with 0 when all is right."""
    done = run(*words)
    # Some programs are clients of libraries that are no dependencies of this project, and say so by
    # this status where theirs is missing. Nothing else can be found out without it.
    if done.returncode == SKIPPED:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


def names(folder: str, pattern: str) -> list[str]:
    """The names of the programs of a folder, without their suffix."""
    return sorted(path.stem for path in (CASES / folder).glob(pattern))


@pytest.mark.parametrize("folder", ["zanj", "mazes", "chess"])
def test_every_file_of_a_folder_gives_the_value_that_its_readme_states(folder):
    check(sys.executable, CASES / folder / "check.py")


def test_exchanged_codes_are_solved_or_named():
    check(sys.executable, CASES / "mazes" / "inverted_in_python.py")


@pytest.mark.slow
def test_the_agent_solves_every_tree_among_the_mazes():
    check(sys.executable, CASES / "mazes" / "check.py", "--evaluate")


@pytest.mark.slow
def test_every_damaged_or_hostile_file_is_refused_in_one_error():
    check(sys.executable, CASES / "damaged" / "check.py")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in TRAINING else [])
        for name in names("rl", "*.py")
    ],
)
def test_a_program_of_a_reinforcement_learning_client_does_the_right_thing(name):
    check(sys.executable, CASES / "rl" / f"{name}.py")


@pytest.mark.slow
@pytest.mark.parametrize("name", names("cli", "*.sh"))
def test_what_people_type_does_the_right_thing(name):
    check("bash", CASES / "cli" / f"{name}.sh")
