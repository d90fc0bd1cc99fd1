"""Prefix sums for agents: encoded, scored and answered as they should be, by every script."""

import json

import numpy as np
import pytest
import torch

from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.analysis.diagnostics import diagnose
from thinkenv.deep_thinking.analysis.disturbances import Disturbance
from thinkenv.deep_thinking.architectures.recurrent import build_net
from thinkenv.deep_thinking.prefix_sum_problems import PrefixSumProblems
from thinkenv.deep_thinking.analysis.recovery import measure_recovery

from .conftest import run_script

BITS = np.array([[1, 0, 0, 1, 1, 0, 1, 0]], np.uint8)
PARITIES = [1, 1, 1, 0, 1, 1, 0, 0]


def logits_of(probability_of_odd: list[float]) -> torch.Tensor:
    odd = torch.tensor(probability_of_odd).log()
    even = (1 - torch.tensor(probability_of_odd)).log()
    return torch.stack([even, odd])[None, :, None]  # (1, 2, 1, W)


@pytest.fixture
def agent():
    arguments = {"input_channels": 2, "answer_channels": 2, "memory_channels": 4, "dimensions": 1}
    return Agent(build_net("recurrent", arguments), "prefix_sum", 6)


def test_bits_are_one_hot_in_one_row():
    inputs = PrefixSumProblems.encode(BITS)
    assert inputs.shape == (1, 2, 1, 8)
    assert inputs[0, 1, 0].tolist() == BITS[0].tolist()
    assert inputs[0, 0, 0].tolist() == (1 - BITS[0]).tolist()
    for observed in (BITS.astype(np.int8), BITS.astype(bool)):
        assert torch.equal(PrefixSumProblems.encode(observed), inputs)


@pytest.mark.parametrize("problems", [BITS[0], BITS + 1, BITS / 2])
def test_other_problems_are_refused(problems):
    with pytest.raises((ValueError, TypeError), match="problems"):
        PrefixSumProblems.encode(problems)


def test_the_answer_is_the_more_probable_parity():
    logits = logits_of([0.9 if parity else 0.1 for parity in PARITIES])
    assert PrefixSumProblems.answer(logits).tolist() == [PARITIES]
    assert np.allclose(PrefixSumProblems.probabilities(logits)[0], np.array(PARITIES) * 0.8 + 0.1)
    problems = PrefixSumProblems(8, "all")
    batch = problems.draw(0, 1)
    batch.bits[:], batch.solutions[:] = BITS, PARITIES
    loss, exact = problems.score(logits, batch)
    assert float(exact) == 1.0 and np.isclose(float(loss), -np.log(0.9))
    assert problems.judge(batch, PrefixSumProblems.answer(logits).numpy())["solved"].all()


def test_an_iteration_sees_two_bits_to_each_side(agent):
    problems = np.zeros((2, 40), np.uint8)
    problems[1, 20] = 1
    for iterations in (1, 3):
        with torch.no_grad():
            memory = agent.think(problems, iterations).memory
        changed = (memory[0] != memory[1]).any(dim=0)[0].nonzero().flatten()
        assert int(changed.min()) == 20 - 2 * iterations
        assert int(changed.max()) == 20 + 2 * iterations


def test_a_symmetric_net_needs_boards():
    arguments = {"input_channels": 2, "answer_channels": 2, "dimensions": 1, "symmetric": True}
    with pytest.raises(ValueError, match="two dimensions"):
        build_net("recurrent", arguments)


def test_it_goes_on_from_a_memory_and_refuses_one_of_another_shape(agent):
    problems = PrefixSumProblems(20).draw(0, 3).problems
    half = agent.think(problems, 5)
    assert half.answer.shape == (3, 20) and half.memory.shape == (3, 4, 1, 20)
    whole = agent.think(problems, 10)
    again = agent.think(problems, 5, memory=half.memory)
    assert torch.allclose(again.memory, whole.memory, atol=1e-6)
    with pytest.raises(ValueError, match="memory has shape"):
        agent.think(problems[:, :10], 5, memory=half.memory)


def test_thoughts_are_disturbed_and_diagnosed_as_those_about_mazes(agent):
    task = PrefixSumProblems(20)
    batch = task.draw(0, 4)
    for text in ("moved", "zero", "region:0.5"):
        disturbance = Disturbance.parse(text)
        recovery = measure_recovery(agent, task, batch, disturbance, np.full(4, 16), 32)
        assert recovery.right.shape == (4, 3)
    diagnosis = diagnose(agent, task, batch, 20, most_iterations=100)
    assert diagnosis.agreement is None and diagnosis.solved.shape == (20,)


def test_scripts_train_evaluate_and_show(tmp_path):
    folder = tmp_path / "run"
    train = f"agents/train_dt.py --task prefix_sum --folder {folder} --steps 6 --short-steps 2"
    run_script(*train.split(), "--threads", "1", "--validation-problems", "10", "--log-every", "2")
    described = json.loads((folder / "agent.json").read_text())
    assert described["trained_on"] == {"split": "train", "size": 32}
    rows = tmp_path / "rows.json"
    evaluate = f"agents/evaluate.py --task prefix_sum --checkpoint {folder} --problems 20"
    run_script(*evaluate.split(), *f"--size 32 48 --iterations 3 --json {rows}".split())
    stored = json.loads(rows.read_text())["rows"]
    assert [(row["size"], row["split"]) for row in stored] == [(32, "test"), (48, "extrapolation")]
    strip = tmp_path / "strip.png"
    think = f"agents/think.py --task prefix_sum --checkpoint {folder} --iterations 4"
    shown = run_script(*think.split(), "--gif", tmp_path / "think.gif", "--strip", strip)
    assert "64 bits" in shown.stdout and strip.exists()
