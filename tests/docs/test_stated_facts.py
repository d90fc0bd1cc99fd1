"""What pages state about the package is what the package says."""

import re
from dataclasses import fields

from thinkenv import suites
from thinkenv.deep_thinking import shipped_agents
from thinkenv.deep_thinking.architectures.counting import CountingNet
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet
from thinkenv.deep_thinking.training.plan import Plan
from thinkenv.deep_thinking.training.recipes import plan_for
from thinkenv.deep_thinking.training.run import COLUMNS
from thinkenv.mazes import MazeMixture, MazeTask
from thinkenv.mazes.mixture import ANY_KIND
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


def test_what_a_counting_net_is_trained_otherwise_is_on_the_page():
    here, of_mazes = plan_for(MazeTask, CountingNet), plan_for(MazeTask, RecurrentNet)
    text = page("docs/agents.md")
    names = {field.name for field in fields(Plan)}
    changed = {name for name in names if getattr(here, name) != getattr(of_mazes, name)}
    assert changed == names & first_column(text)
    for name in ("residual_penalty", "update_prob"):
        assert f"| `{name}` | {getattr(here, name)} | {getattr(of_mazes, name)} |" in text
    least, most = here.free_iterations
    assert of_mazes.free_iterations == (0, 0)
    assert f"| `free_iterations` | {least} to {most} | 0 |" in text
    lengths = (*here.long_iterations, *of_mazes.long_iterations)
    assert "| `long_iterations` | {} to {} | {} to {} |".format(*lengths) in text
    sizes = [f"{plan.steps:,}, {plan.batch}" for plan in (here, of_mazes)]
    assert f"| {sizes[0]}, 2e-3 | {sizes[1]}, 1e-3 |" in text
    assert (here.learning_rate, of_mazes.learning_rate) == (2e-3, 1e-3)
    words = flat("docs/agents.md")
    assert f"the most of both together, {here.most_iterations}" in words
    assert f"In the first {here.short_steps} steps" in words
    assert f"of {len(ANY_KIND)} kinds of {MazeMixture().size}x{MazeMixture().size} mazes" in words


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
