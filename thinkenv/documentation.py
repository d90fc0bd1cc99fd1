"""``docs/environments.md``, made from the environments' docstrings: ``thinkenv docs``."""

import importlib
import inspect
import itertools

import gymnasium

from thinkenv import ENVIRONMENTS, envs

HEADING = """# Environments

Made from the docstrings of the environments by `thinkenv docs docs/environments.md`; do not edit.
"""


def registered() -> list[str]:
    """The ids of this package's environments."""
    return sorted(f"{name}-v0" for name in ENVIRONMENTS)


def fence_examples(lines: list[str]) -> list[str]:
    """Put interactive examples, from ``>>>`` to the next empty line, into fences."""
    fenced: list[str] = []
    for is_text, block in itertools.groupby(lines, key=bool):
        part = list(block)
        starts = [index for index, line in enumerate(part) if line.startswith(">>>")]
        if is_text and starts:
            part = [*part[: starts[0]], "```python", *part[starts[0] :], "```"]
        fenced += part
    return fenced


def page_of(name: str) -> str:
    """The documentation of one environment as Markdown."""
    spec = gymnasium.registry[name]
    module, attribute = str(spec.entry_point).split(":")
    docstring = inspect.cleandoc(getattr(importlib.import_module(module), attribute).__doc__)
    first, *others = docstring.split("\n")
    env = gymnasium.make(name)
    table = [
        "| | with default arguments |",
        "|---|---|",
        f"| action space | `{env.action_space}` |",
        f"| observation space | `{env.observation_space}` |",
        f'| creation | `gymnasium.make("thinkenv:{name}")` |',
    ]
    body = as_markdown([line.replace("## ", "### ", 1) for line in others])
    return "\n".join([f"## {name}", "", first, "", *table, body]) + "\n"


def rules() -> str:
    """What holds for all environments, from the docstring of ``thinkenv.envs``, as Markdown."""
    _, _, text = inspect.cleandoc(str(envs.__doc__)).partition("\n\n")
    return as_markdown(text.split("\n")) + "\n"


def as_markdown(lines: list[str]) -> str:
    """Lines of a docstring with fenced examples and names between single backticks."""
    fenced = fence_examples(lines)
    return "\n".join(line if line.startswith("```") else line.replace("``", "`") for line in fenced)


def environment_page() -> str:
    """The documentation of all environments as one Markdown page."""
    return "\n".join([HEADING, rules(), *map(page_of, registered())])
