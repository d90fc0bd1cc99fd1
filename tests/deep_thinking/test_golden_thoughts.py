"""The shipped agents think what they thought when they were measured.

``golden_thoughts.json`` was made with release 0.1, or with the release that an agent came with.
Answers are compared exactly, iterations within one check of convergence: processors sum in
different orders. Of an agent that is new the file says, by the SHA-256 of its weights, its name and
what ``told`` returns.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from thinkenv.deep_thinking import Agent, load, shipped_agents
from thinkenv.deep_thinking.checkpoint import SHIPPED
from thinkenv.deep_thinking.rollout.rollout import CHECK_EVERY
from thinkenv.tasks import instances_of_seed, make_task

# By the SHA-256 of its weights: an agent's name, and what it thought about each set of problems.
GOLDEN = json.loads((Path(__file__).parent / "golden_thoughts.json").read_text())
CONVERGED = {"iterations": "converged"}
PUZZLES = ("chess", dict(split="extrapolation"), np.arange(100))
# The problems, and how long is thought about them.
PROBLEMS = {
    "50 mazes of size 13": (
        ("maze", dict(size=13, split="test"), instances_of_seed(3, 50)),
        CONVERGED,
    ),
    "50 mazes of size 33": (
        ("maze", dict(size=33, split="extrapolation"), instances_of_seed(3, 50)),
        CONVERGED,
    ),
    "50 mazes of size 33 with loops, any ends": (
        (
            "maze",
            dict(size=33, split="extrapolation", loops=0.1, endpoints="free_cells"),
            instances_of_seed(3, 50),
        ),
        CONVERGED,
    ),
    "100 strings of 128 bits": (
        ("prefix_sum", dict(bits=128, split="extrapolation"), instances_of_seed(3, 100)),
        CONVERGED,
    ),
    "100 puzzles": (PUZZLES, CONVERGED),
    "100 puzzles, 8 iterations": (PUZZLES, {"iterations": 8}),
    "100 puzzles, 8 iterations, 16 imagined": (PUZZLES, {"iterations": 8, "imagine": 16}),
}


def told(agent: Agent, what: str) -> dict[str, Any]:
    """What an agent thinks about problems: the SHA-256 of its answers, and how long where found."""
    (task, options, instances), thinking = PROBLEMS[what]
    thought = agent.think(make_task(task, **options).draw(instances).problems, **thinking)
    answers = np.ascontiguousarray(thought.answer, np.uint8).tobytes()
    found = {"answers_sha256": hashlib.sha256(answers).hexdigest()}
    if thought.stopping == "fixed":
        return found
    assert thought.converged.all()
    return found | {"iterations": thought.iterations.tolist()}


def test_every_shipped_agent_is_there():
    assert sorted(golden["name"] for golden in GOLDEN.values()) == shipped_agents()


@pytest.mark.parametrize("digest", GOLDEN, ids=lambda digest: GOLDEN[digest]["name"])
def test_an_agent_thinks_what_it_thought(digest):
    name = GOLDEN[digest]["name"]
    weights = (SHIPPED / name / "weights.safetensors").read_bytes()
    assert hashlib.sha256(weights).hexdigest() == digest
    torch.set_flush_denormal(True)  # as the scripts do: tiny numbers are slow
    agent = load(name)
    for what in GOLDEN[digest].keys() & PROBLEMS.keys():
        golden, found = GOLDEN[digest][what], told(agent, what)
        assert found.keys() == golden.keys()
        assert found["answers_sha256"] == golden["answers_sha256"], what
        further = np.subtract(found.get("iterations", 0), golden.get("iterations", 0))
        assert np.abs(further).max() <= CHECK_EVERY, what
