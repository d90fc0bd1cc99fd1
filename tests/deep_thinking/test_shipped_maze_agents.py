"""The agents for any maze that come with the package: loops, open places, ends on any free cell."""

import json
from pathlib import Path

import networkx
import numpy as np
import pytest

from tests.mazes.grids import ends_of, graph_of
from thinkenv import mazes
from thinkenv.deep_thinking import load, shipped_agents
from thinkenv.deep_thinking.checkpoint import SHIPPED
from thinkenv.tasks import instances_of_seed, make_task

FILES = Path(__file__).parents[1] / "mazes" / "files"
NAMES = [name for name in shipped_agents() if name.partition("_seed")[0] == "maze"]
KINDS = {
    "trees": {},
    "loops": {"loops": 0.1},
    "any ends": {"endpoints": "free_cells", "loops": 0.1},
}
WITHOUT_LATTICE = {"generator": "percolation", "removed": 0.3}


@pytest.fixture(scope="module", params=NAMES)
def agent(request):
    return load(request.param)


def mazes_of(size: int, count: int, split: str = "extrapolation", **options) -> mazes.MazeBatch:
    return make_task("maze", size=size, split=split, **options).draw(instances_of_seed(1, count))


def is_shortest_way(grid: np.ndarray, answer: np.ndarray) -> bool:
    """Whether the cells of an answer are one of the shortest ways, as networkx knows them."""
    start, goal = ends_of(grid)
    marked = graph_of(grid).subgraph(map(tuple, np.argwhere(answer)))
    if not {start, goal} <= set(marked) or not networkx.has_path(marked, start, goal):
        return False
    return answer.sum() == networkx.shortest_path_length(graph_of(grid), start, goal) + 1


def are_solved(grids: np.ndarray, answers: np.ndarray) -> bool:
    return all(is_shortest_way(*pair) for pair in zip(grids, answers, strict=True))


@pytest.mark.parametrize("name", [name for name in shipped_agents() if name.startswith("maze")])
def test_it_is_small_and_says_where_it_comes_from(name):
    folder = SHIPPED / name
    assert sum(path.stat().st_size for path in folder.iterdir()) < 200_000
    description = json.loads((folder / "agent.json").read_text())
    for key in ("command", "commit", "seed", "versions", "machine", "plan", "metrics"):
        assert description[key] not in ("", None, "unknown")
    assert not description["commit"].endswith("+changes")
    assert description["trained_on"]["size"] == 9 and description["trained_on"]["split"] == "train"


def test_there_is_one_for_each_of_five_seeds_of_one_recipe():
    told = [load(name).description for name in NAMES]
    assert [about["seed"] for about in told] == list(range(5))
    for key in ("architecture", "net", "plan", "trained_on", "training_iterations", "commit"):
        assert all(about[key] == told[0][key] for about in told), key
    commands = {
        about["command"].replace(f"seed {seed}", "").replace(f"seed{seed}", "")
        for seed, about in enumerate(told)
    }
    assert len(commands) == 1


@pytest.mark.parametrize("size", [9, 33, 59])
@pytest.mark.parametrize("kind", KINDS)
def test_it_solves_mazes_of_every_kind_and_stops_by_itself(agent, kind, size):
    split = "test" if size == 9 else "extrapolation"
    grids = mazes_of(size, 6, split, **KINDS[kind]).grids
    thought = agent.think(grids, "converged")
    assert thought.converged.all() and (thought.cycle == 1).all()
    assert thought.reachable is not None and thought.reachable.all()
    assert are_solved(grids, thought.answer)


@pytest.mark.parametrize("size", [33, 59])
def test_it_solves_nearly_all_grids_without_a_lattice(agent, size):
    grids = mazes_of(size, 6, **WITHOUT_LATTICE, endpoints="free_cells").grids
    thought = agent.think(grids, "converged")
    assert thought.converged.all() and thought.reachable is not None and thought.reachable.all()
    assert sum(is_shortest_way(*pair) for pair in zip(grids, thought.answer, strict=True)) >= 5


def test_it_solves_larger_mazes_by_thinking_longer_than_in_training(agent):
    grids = mazes_of(33, 12, endpoints="farthest").grids
    soon = agent.think(grids)
    assert not any(is_shortest_way(*pair) for pair in zip(grids, soon.answer, strict=True))
    assert are_solved(grids, agent.think(grids, 1500, memory=soon.memory).answer)


def test_the_answer_stays_for_ten_times_as_long(agent):
    grids = mazes_of(33, 2, **KINDS["any ends"]).grids
    thought = agent.think(grids, "converged")
    rollout = agent.start(grids, thought.memory, everywhere=True)
    for _ in range(9):
        rollout.advance(int(thought.iterations.max()))
        assert np.array_equal(rollout.answers(), thought.answer)


def test_where_the_goal_cannot_be_reached_it_marks_nothing(agent):
    grids = mazes_of(33, 8, **WITHOUT_LATTICE, endpoints="unreachable").grids
    thought = agent.think(grids, "converged")
    assert thought.converged.all() and not thought.answer.any()
    assert thought.reachable is not None and not thought.reachable.any()


@pytest.mark.parametrize("path", sorted(FILES.iterdir()), ids=lambda path: path.stem)
def test_it_solves_the_mazes_of_other_generators(agent, path):
    batch = mazes.read(path, allow_unsolvable=True)
    answers = agent.think(batch, "converged").answer
    has_way = batch.path_lengths > 0
    assert has_way.any() and not answers[~has_way].any()
    assert are_solved(batch.grids[has_way], answers[has_way])
