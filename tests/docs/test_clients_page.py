"""Every section of ``docs/clients.md`` runs by itself, where what it imports is installed."""

import ast
import importlib.util
import re

import pytest

from .conftest import page, printed_by

# Libraries that not everybody has; whatever else a section imports must be there.
CLIENTS = {"ray", "sb3_contrib", "stable_baselines3", "tensordict", "tianshou", "torchrl"}
# What sections print, as far as it is certain.
PRINTED = {
    "Gymnasium": r"24 episodes, each with a return of \{np\.float64\(1\.0\)\}\n",
    "A loop of one's own": r"NextStep \d+ episodes.*\nSameStep \d+ episodes.*\n",
    "Stable-Baselines3": r"Box\(0, 255, \(56, 56, 3\), uint8\)\n",
    "MaskablePPO": r"[a-h][1-8][a-h][1-8][qrbn]?\n",
    "Tianshou": r"200 steps, \d+ episodes\n128 steps, 128 episodes\n",
}


def sections() -> dict[str, str]:
    """The code of each section that has some, its blocks one after the other, by its heading."""
    found = {}
    for part in page("docs/clients.md").split("\n## ")[1:]:
        blocks = re.findall(r"^```python\n(.*?)^```$", part, re.DOTALL | re.MULTILINE)
        if blocks:
            found[part.splitlines()[0]] = "\n\n".join(blocks)
    return found


SECTIONS = sections()


def missing(code: str) -> list[str]:
    """The libraries that code imports and that are not installed."""
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)]
    wanted = {str(node.module).split(".")[0] for node in nodes}
    return sorted(name for name in wanted & CLIENTS if importlib.util.find_spec(name) is None)


@pytest.mark.parametrize("heading", SECTIONS)
def test_a_section_runs_by_itself(heading, tmp_path):
    # They are no dependencies of this project; RLlib needs versions of its own of what is. ``make
    # release`` installs it as the page says, in an environment for it alone, and runs its section.
    if absent := missing(SECTIONS[heading]):
        pytest.skip(f"not installed: {', '.join(absent)}")
    printed = printed_by(SECTIONS[heading], tmp_path)
    assert re.fullmatch(PRINTED.get(heading, r"[\s\S]*"), printed), printed


def test_each_library_has_a_section():
    code = "\n".join(SECTIONS.values())
    assert all(f"from {name}" in code or f"import {name}\n" in code for name in CLIENTS)
