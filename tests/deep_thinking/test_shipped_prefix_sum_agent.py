"""The prefix sum agents in assets: longer strings by thinking longer, and the README's table."""

import json

import pytest

from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.prefix_sum_problems import PrefixSumProblems

from .conftest import ROOT

SEEDS = range(5)
LENGTHS = (32, 48, 128, 512, 4096)


def folder_of(seed: int):
    return ROOT / "assets" / "agents" / ("prefix_sum" if seed == 0 else f"prefix_sum_seed{seed}")


def rows_of(seed: int) -> list[dict]:
    """The stored rows of one seed, after a look at where they come from."""
    results = ROOT / "agents" / "results"
    rows = []
    for name in (f"prefix_sum_seed{seed}", f"prefix_sum_4096_seed{seed}"):
        path = results / f"{name}.json"
        if path.exists():
            stored = json.loads(path.read_text())
            assert not stored["commit"].endswith("+changes")
            rows += stored["rows"]
    assert {row["checkpoint"] for row in rows} == {f"runs/prefix_sum_seed{seed}"}
    return rows


@pytest.mark.parametrize("seed", SEEDS)
def test_it_solves_longer_strings_by_thinking_longer_and_then_stays(seed):
    agent = load(folder_of(seed))
    assert agent.description["seed"] == seed
    assert not agent.description["commit"].endswith("+changes")
    task = PrefixSumProblems(200, "extrapolation")
    problems = task.draw(1, 50)

    def share_solved(answers):
        return task.judge(problems, answers)["solved"].mean()

    assert share_solved(agent.think(problems.problems).answer) == 0
    rested = agent.think(problems.problems, "converged", most_iterations=2000)
    assert rested.converged.all() and share_solved(rested.answer) == 1
    later = agent.think(problems.problems, 1000, memory=rested.memory)
    assert share_solved(later.answer) == 1


def test_the_tables_in_the_readme_are_the_stored_results():
    readme = (ROOT / "README.md").read_text()
    rows_of_seed = {seed: rows_of(seed) for seed in SEEDS}
    for length in LENGTHS:
        cells = []
        for seed in SEEDS:
            of_length = [row for row in rows_of_seed[seed] if row["size"] == length]
            if of_length:
                last = of_length[-1]  # until at rest
                cells.append(f"{100 * last['exact']:.4g} % ({last['iterations']:,.0f})")
            else:
                cells.append("not run")
        count = next(
            row["n"] for rows in rows_of_seed.values() for row in rows if row["size"] == length
        )
        assert f"| {length:,} | {count:,} | " + " | ".join(cells) + " |" in readme
        if length != 4096:
            shares = [f"{row['exact']:.1%}" for row in rows_of_seed[0] if row["size"] == length]
            assert f"| {length} | " + " | ".join(shares).replace("%", " %") + " |" in readme
