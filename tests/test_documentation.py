"""The page made of the environments' docstrings is there, whole, and up to date."""

import inspect
from pathlib import Path

from thinkenv.documentation import environment_page, fence_examples, registered
from thinkenv.envs.maze import MazeEnv

PAGE = Path(__file__).resolve().parents[1] / "docs" / "environments.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == environment_page(), "run: thinkenv docs docs/environments.md"


def test_it_has_every_environment_with_all_its_words():
    page = environment_page()
    for name in registered():
        assert f"\n## {name}\n" in page
    for line in inspect.cleandoc(MazeEnv.__doc__).splitlines():
        assert line.replace("``", "`").removeprefix("## ") in page


def test_examples_are_fenced():
    lines = ["text", ">>> 1 + 1", "2", "", "more", "", ">>> 2", "2"]
    assert fence_examples(lines) == [
        *["text", "```python", ">>> 1 + 1", "2", "```", "", "more", ""],
        *["```python", ">>> 2", "2", "```"],
    ]
