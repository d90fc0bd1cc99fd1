"""The chess agents that imagine moves and come with the package: looking ahead solves more."""

import json

import numpy as np
import pytest

from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.checkpoint import SHIPPED
from thinkenv.tasks import instances_of_seed, make_task

SEEDS = {"chess": 0, "chess_seed1": 1, "chess_seed2": 2}
EASY = make_task("chess", split="test", rating=(400, 1499))
HARD = make_task("chess", split="extrapolation", rating=(1600, 2399))
COUNT = 200  # of the harder ones


STAGES = (20, 10, 0)  # what is added to a seed in each stage of training, the last one first


@pytest.fixture(params=SEEDS)
def name(request):
    return request.param


def description_of(name: str) -> dict:
    return json.loads((SHIPPED / name / "agent.json").read_text())


def stages_of(name: str) -> list[dict]:
    """What is known of each stage of a training, the last one first."""
    stages = [description_of(name)]
    while earlier := stages[-1].get("start_from"):
        stages.append(earlier)
    assert len(stages) == len(STAGES)
    return stages


def test_it_is_small_and_says_where_it_comes_from(name):
    assert sum(path.stat().st_size for path in (SHIPPED / name).iterdir()) < 300_000
    described = description_of(name)
    for key in ("command", "commit", "seed", "versions", "machine", "plan", "metrics"):
        assert described[key] not in ("", None, "unknown")
    for stage in (*stages_of(name), *described.get("resumed", ())):
        assert not stage["commit"].endswith("+changes")
        assert stage["command"].startswith("python agents/train_dt.py --task chess ")
        assert "--database runs/lichess.puzzles " in stage["command"]
    for stage in stages_of(name):
        assert stage["trained_on"]["split"] == "train"
        assert stage["trained_on"]["rating"][1] == 1499
    assert described["metrics"]["step"] == described["plan"]["steps"]


def test_the_seeds_have_one_plan_and_one_architecture(name):
    first, described = description_of("chess"), description_of(name)
    seed = SEEDS[name]
    assert described["seed"] == STAGES[0] + seed
    for key in ("architecture", "net", "training_iterations"):
        assert described[key] == first[key], key
    for added, stage, other in zip(STAGES, stages_of(name), stages_of("chess"), strict=True):
        for key in ("plan", "trained_on"):
            assert stage[key] == other[key], key
        # A seed of 0 is not said, and what was interrupted went on.
        said = stage["command"].replace(f"--seed {added + seed} ", f"--seed {added} ")
        said = said.replace(f"_seed{seed}", "_seed0")
        words = [
            command.replace("--seed 0 ", "").removesuffix(" --resume")
            for command in (said, other["command"])
        ]
        assert words[0] == words[1]


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
