"""The chess agents that imagine moves and come with the package: looking ahead solves more."""

import json

import numpy as np
import pytest

from thinkenv.deep_thinking import load, shipped_agents
from thinkenv.deep_thinking.checkpoint import SHIPPED
from thinkenv.tasks import instances_of_seed, make_task

SEEDS = {"chess": 0, "chess_seed1": 1, "chess_seed2": 2}
EASY = make_task("chess", split="test", rating=(400, 1499))
HARD = make_task("chess", split="extrapolation", rating=(1600, 2399))
COUNT = 200  # of the harder ones


@pytest.fixture(params=SEEDS)
def name(request):
    if request.param not in shipped_agents():
        assert SEEDS[request.param] > 0
        pytest.skip(f"{request.param} does not come with this package")
    return request.param


def description_of(name: str) -> dict:
    return json.loads((SHIPPED / name / "agent.json").read_text())


def test_it_is_small_and_says_where_it_comes_from(name):
    assert sum(path.stat().st_size for path in (SHIPPED / name).iterdir()) < 300_000
    described = description_of(name)
    for key in ("command", "commit", "seed", "versions", "machine", "plan", "metrics"):
        assert described[key] not in ("", None, "unknown")
    for stage in (described, *described.get("resumed", ())):
        assert not stage["commit"].endswith("+changes")
        assert stage["command"].startswith("python agents/train_dt.py --task chess ")
        assert "--database runs/lichess.puzzles " in stage["command"]
    assert described["trained_on"]["split"] == "train"
    assert described["trained_on"]["rating"][1] < 1500
    assert described["metrics"]["step"] == described["plan"]["steps"]


def test_the_seeds_have_one_plan_and_one_architecture(name):
    first, described = description_of("chess"), description_of(name)
    assert described["seed"] == SEEDS[name]
    for key in ("architecture", "net", "plan", "trained_on", "training_iterations", "start_from"):
        assert described[key] == first[key], key
    # The first one was named by its folder alone.
    said = described["command"].replace(f"--seed {SEEDS[name]} ", "")
    assert said.replace(f"seed{SEEDS[name]}", "seed0") == first["command"]


def test_it_solves_easy_puzzles_it_has_not_seen_at_first_thought(name):
    batch = EASY.draw(np.arange(EASY.count))
    assert len(batch) > 100
    assert EASY.judge(batch, load(name).think(batch).answer)[0].mean() > 0.85


def test_imagining_solves_more_of_the_harder_puzzles(name):
    batch = HARD.draw(instances_of_seed(0, COUNT))
    agent = load(name)
    thought = agent.think(batch)
    (ahead,) = agent.imagine_at(thought, [16])
    assert (ahead.imagined <= 16).all()
    first, later = (HARD.judge(batch, one.answer)[0] for one in (thought, ahead))
    assert first.mean() > 0.45
    won, lost = int((later & ~first).sum()), int((first & ~later).sum())
    # Where looking ahead decides nothing, as many are won as are lost, give or take this.
    assert won - lost > 2 * np.sqrt(won + lost)


def test_its_memory_comes_to_rest_on_nearly_every_board(name):
    batch = HARD.draw(instances_of_seed(0, 10))
    thought = load(name).think(batch, "converged", max_iterations=1000)
    assert thought.converged.mean() >= 0.9
