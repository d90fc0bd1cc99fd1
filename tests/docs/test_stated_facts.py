"""What pages state about the package is what the package says."""

import re

from thinkenv import suites
from thinkenv.deep_thinking import shipped_agents
from thinkenv.deep_thinking.training.run import COLUMNS
from thinkenv.suites.scores import ROW_KEYS

from .conftest import flat, page


def first_column(text: str) -> set[str]:
    """The names in code that stand in the first column of tables."""
    cells = re.findall(r"^\| ([^|]*)\|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_key_of_a_row_is_explained():
    assert set(ROW_KEYS) <= first_column(page("docs/data_flow.md"))


def test_every_column_of_the_metrics_is_explained():
    assert set(COLUMNS) <= first_column(page("docs/agents.md"))


def test_every_suite_is_described_with_its_problems():
    text = page("docs/suites.md")
    assert set(suites.SUITES) == {name for name in first_column(text) if "-" in name}
    for count in {problems.count for suite in suites.SUITES.values() for problems in suite.sets}:
        if count >= 200 and count % 100 == 0:
            assert f"{count:,}" in text
    bands = suites.SUITES["chess-rating"].sets
    shares = {
        split: sum(band.count for band in bands if band.options["split"] == split)
        for split in ("test", "extrapolation")
    }
    words = f"the {shares['test']} bundled `test` puzzles and {shares['extrapolation']:,} of"
    assert words in flat("docs/suites.md")


def test_the_shipped_agents_are_named():
    text = page("docs/agents.md")
    for name in shipped_agents():
        assert f"`{name.split('_seed')[0]}`" in text


def test_every_disturbance_of_the_docstring_is_on_the_page():
    from thinkenv.deep_thinking.analysis import disturbances

    assert disturbances.__doc__ is not None
    for line in disturbances.__doc__.splitlines():
        if line.startswith("| `"):
            assert line in page("docs/agents.md")
