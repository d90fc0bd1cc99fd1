"""Tasks are found by their names, and what is none is named in one line."""

import subprocess
import sys

import pytest

from thinkenv.mazes import MazeTask
from thinkenv.prefix_sums import PrefixSumTask
from thinkenv.tasks import TASKS, find_task, make_task
from thinkenv.tasks.registry import Registry, import_file

SOURCE = '''
import numpy as np

from thinkenv.tasks import PlainTask, Task


class Blank(PlainTask):
    """Blank boards."""

    name = "blank"
    codes = 1

    def draw_problem(self, random):
        return np.zeros((self.size, self.size), np.uint8)

    def solve(self, problem):
        return problem


class Again(Blank):
    """Another class of the same name."""


class Taken(Blank):
    """A class with the name of a task of the package."""

    name = "prefix_sum"


class Nameless(Task):
    """A task that does not say what it is called, nor anything else."""


class Halfway(PlainTask):
    """A task without problems."""

    name = "halfway"
    codes = 2


class Anonymous(Blank):
    """A task without a name of its own."""

    name = None


def function():
    """No class."""


class Other:
    """No task."""

    name = "other"
'''


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("registry") / "tasks_of_mine.py"
    path.write_text(SOURCE)
    return path


def test_the_tasks_of_the_package_are_found_by_name():
    assert find_task("maze") is MazeTask and find_task("prefix_sum") is PrefixSumTask
    assert find_task("chess").name == "chess"
    assert {"maze", "chess", "prefix_sum"} <= set(TASKS.names)


def test_a_task_is_made_by_name_with_its_options():
    task = make_task("maze", size=13, split="test")
    assert isinstance(task, MazeTask) and task.options["size"] == 13
    with pytest.raises(ValueError, match="size must be odd"):
        make_task("maze", size=14)
    with pytest.raises(TypeError, match="bits"):
        make_task("maze", bits=14)


def test_a_class_of_a_file_is_found_from_any_folder_and_then_by_name(file, tmp_path, monkeypatch):
    family = find_task(f"{file}:Blank")
    assert family.name == "blank" and family(3, "all").draw([0]).problems.shape == (1, 3, 3)
    monkeypatch.chdir(file.parent)
    assert find_task("tasks_of_mine.py:Blank") is family  # a relative path
    monkeypatch.chdir(tmp_path)
    assert find_task(f"../{file.parent.name}/tasks_of_mine.py:Blank") is family
    assert find_task("blank") is family and "blank" in TASKS.names
    assert make_task("blank", size=4).options == {"split": "train", "size": 4}


def test_a_class_of_a_module_is_found():
    assert find_task("thinkenv.mazes.task:MazeTask") is MazeTask


def test_a_file_takes_no_module_s_place(tmp_path):
    (tmp_path / "json.py").write_text("here = True\n")
    module = import_file(tmp_path / "json.py")
    assert module.here and import_file(tmp_path / "json.py") is module
    import json

    assert json is not module and not hasattr(json, "here")
    # Two files of one name, in folders of one name, are two modules.
    (tmp_path / "a" / "tasks").mkdir(parents=True)
    (tmp_path / "b" / "tasks").mkdir(parents=True)
    for name in ("a", "b"):
        (tmp_path / name / "tasks" / "mine.py").write_text(f"folder = {name!r}\n")
    found = [import_file(tmp_path / name / "tasks" / "mine.py").folder for name in ("a", "b")]
    assert found == ["a", "b"]


def test_a_file_that_fails_is_read_again_once_it_is_mended(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("import nothing_of_that_name\n")
    with pytest.raises(ValueError, match=r"broken.py:Mine': No module named 'nothing_of_that_name"):
        find_task(f"{path}:Mine")
    path.write_text(SOURCE.replace('"blank"', '"mended"'))
    assert find_task(f"{path}:Blank").name == "mended"


def test_only_what_is_asked_for_is_imported():
    code = (
        "import sys\n"
        "from thinkenv.tasks import TASKS\n"
        "assert not any(name.startswith('thinkenv.mazes') for name in sys.modules)\n"
        "TASKS.find('prefix_sum')\n"
        "assert not any(name.startswith('thinkenv.chess') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("go", "task must be one of 'maze', 'chess', 'prefix_sum'"),
        ("go", "or a class of your own as 'file.py:Class' or 'module:Class', got 'go'"),
        ("nowhere:Class", "task 'nowhere:Class': No module named 'nowhere'"),
        (":Class", "task ':Class': Empty module name"),
        ("nowhere.py:Class", "there is no file"),
        ("FILE:Missing", "has no attribute 'Missing'"),
        ("FILE:Other", "must be a subclass of thinkenv.tasks.base.Task"),
        ("FILE:function", "must be a subclass of thinkenv.tasks.base.Task"),
        ("FILE:Nameless", "lacks draw, judge, options, testing_options, training_options, version"),
        ("FILE:Halfway", "lacks draw_problem, solve"),
        ("FILE:Anonymous", "lacks a name: set the attribute 'name'"),
        ("FILE:Again", "there is another one called 'blank'"),
        ("FILE:Taken", "there is another one called 'prefix_sum'"),
        ("thinkenv.tasks:PlainTask", "lacks draw_problem, solve"),
        ("thinkenv.mazes:generate", "must be a subclass of thinkenv.tasks.base.Task"),
    ],
)
def test_what_is_no_task_is_named_in_one_line(name, words, file):
    find_task(f"{file}:Blank")
    with pytest.raises(ValueError) as caught:
        find_task(name.replace("FILE", str(file)))
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_another_registry_has_its_own_classes(file):
    class Base:
        name = "base"

    shapes = Registry("shape", Base, {})
    with pytest.raises(ValueError, match="shape must be one of , or a class of your own"):
        shapes.find("circle")
    with pytest.raises(ValueError, match="must be a subclass of .*Base"):
        shapes.find(f"{file}:Blank")
