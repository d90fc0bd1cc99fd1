"""Cells for nets: mazes and bit strings are encoded, scored and answered as they should be."""

import json

import numpy as np
import pytest
import torch

from tests.deep_thinking.conftest import call_script
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.analysis.diagnostics import diagnose
from thinkenv.deep_thinking.analysis.disturbances import Disturbance
from thinkenv.deep_thinking.analysis.recovery import measure_recovery
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet, RecurrentSettings
from thinkenv.deep_thinking.codecs.base import Interface
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.mazes.task import MazeTask
from thinkenv.prefix_sums.task import PrefixSumTask

STRINGS, MAZES = CellCodec(PrefixSumTask), CellCodec(MazeTask)
BITS = np.array([[1, 0, 0, 1, 1, 0, 1, 0]], np.uint8)
PARITIES = [1, 1, 1, 0, 1, 1, 0, 0]


def logits_of(probability_of_one: list[float]) -> torch.Tensor:
    one = torch.tensor(probability_of_one).log()
    zero = (1 - torch.tensor(probability_of_one)).log()
    return torch.stack([zero, one])[None, :, None]  # (1, 2, 1, W)


@pytest.fixture
def agent():
    net = RecurrentNet(RecurrentSettings(memory_channels=4), STRINGS.interface)
    return Agent(net, STRINGS, 6)


def test_a_net_is_told_what_the_task_says_of_its_cells():
    assert MAZES.interface == Interface(4, 2, dimensions=2, wall_channel=0)
    assert STRINGS.interface == Interface(2, 2, dimensions=1, wall_channel=None)


def test_bits_are_one_hot_in_one_row():
    inputs = STRINGS.encode(BITS)
    assert inputs.shape == (1, 2, 1, 8) and STRINGS.board(BITS) == (1, 8)
    assert inputs[0, 1, 0].tolist() == BITS[0].tolist()
    assert inputs[0, 0, 0].tolist() == (1 - BITS[0]).tolist()
    for observed in (BITS.astype(np.int8), BITS.astype(bool)):
        assert torch.equal(STRINGS.encode(observed), inputs)


def test_codes_of_a_maze_are_one_hot_in_its_cells():
    grids = MazeTask(9).draw([1, 2]).grids
    inputs = MAZES.encode(grids)
    assert inputs.shape == (2, 4, 11, 11) and MAZES.board(grids) == (11, 11)
    assert inputs.is_contiguous(memory_format=torch.channels_last)
    assert np.array_equal(inputs.argmax(dim=1).numpy(), grids)
    assert torch.equal(inputs.sum(dim=1), torch.ones(2, 11, 11))


@pytest.mark.parametrize("problems", [BITS[0], BITS + 1, BITS / 2, BITS.astype(np.int8) - 1])
def test_other_problems_are_refused(problems):
    with pytest.raises(ValueError, match=r"problems for a 'prefix_sum' agent must be integers"):
        STRINGS.encode(problems)


def test_the_answer_is_the_more_probable_parity():
    logits = logits_of([0.9 if parity else 0.1 for parity in PARITIES])
    assert STRINGS.decode(logits, BITS).tolist() == [PARITIES]
    assert np.allclose(STRINGS.probabilities(logits, BITS)[0], np.array(PARITIES) * 0.8 + 0.1)
    assert torch.equal(STRINGS.preferences(logits, BITS), STRINGS.probabilities(logits, BITS))
    task = PrefixSumTask(8, "all")
    batch = task.draw([0])
    batch.bits[:], batch.solutions[:] = BITS, PARITIES
    loss, exact = STRINGS.loss(logits, batch)
    assert float(exact) == 1.0 and np.isclose(float(loss), -np.log(0.9))
    solved, cells = task.judge(batch, STRINGS.decode(logits, BITS).numpy())
    assert solved.all() and cells.tolist() == [1.0]
    batch.solutions[0, 3] ^= 1
    assert float(STRINGS.loss(logits, batch)[1]) == 0.0


def test_the_answer_to_a_maze_has_its_shape():
    batch = MazeTask(9).draw([1, 2])
    logits = torch.stack([torch.zeros(2, 11, 11), torch.from_numpy(batch.solutions) - 0.5], dim=1)
    assert np.array_equal(MAZES.decode(logits, batch.grids).numpy(), batch.solutions)
    assert np.array_equal(
        MAZES.probabilities(logits, batch.grids).numpy() > 0.5, batch.solutions == 1
    )
    assert float(MAZES.loss(logits, batch)[1]) == 1.0


def test_an_iteration_sees_two_bits_to_each_side(agent):
    problems = np.zeros((2, 40), np.uint8)
    problems[1, 20] = 1
    for iterations in (1, 3):
        memory = agent.think(problems, iterations).memory
        changed = (memory[0] != memory[1]).any(dim=0)[0].nonzero().flatten()
        assert int(changed.min()) == 20 - 2 * iterations
        assert int(changed.max()) == 20 + 2 * iterations


def test_it_goes_on_from_a_memory_and_refuses_one_of_another_shape(agent):
    problems = PrefixSumTask(20).draw([0, 1, 2]).problems
    half = agent.think(problems, 5)
    assert half.answer.shape == (3, 20) and half.memory.shape == (3, 4, 1, 20)
    whole = agent.think(problems, 10)
    again = agent.think(problems, 5, memory=half.memory)
    assert torch.allclose(again.memory, whole.memory, atol=1e-6)
    with pytest.raises(ValueError, match=r"memory must have shape \(3, 4, 1, 10\), got \(3, 4, 1"):
        agent.think(problems[:, :10], 5, memory=half.memory)
    with pytest.raises(ValueError, match=r"memory must have shape \(2, 4, 1, 20\), got \(3, 4, 1"):
        agent.think(problems[:2], 5, memory=half.memory)


def test_thoughts_are_disturbed_and_diagnosed_as_those_about_mazes(agent):
    task = PrefixSumTask(20)
    batch = task.draw([0, 1, 2, 3])
    for text in ("moved", "zero", "region:0.5"):
        disturbance = Disturbance.parse(text)
        recovery = measure_recovery(agent, task, batch, disturbance, np.full(4, 16), 32)
        assert recovery.right.shape == (4, 3)
    diagnosis = diagnose(agent, task, batch, 20, max_iterations=100)
    assert diagnosis.agreement is None and diagnosis.solved.shape == (20,)


def test_scripts_train_evaluate_and_show(tmp_path):
    folder, rows, strip = tmp_path / "run", tmp_path / "rows.json", tmp_path / "strip.png"
    shared = ["--task", "prefix_sum", "--threads", 1]
    train = "--steps 6 --short-steps 2 --validation-problems 10 --log-every 2"
    call_script("train_dt", *shared, "--folder", folder, *train.split())
    described = json.loads((folder / "agent.json").read_text())
    assert described["trained_on"] == {"split": "train", "size": 32}
    evaluate = f"--checkpoint {folder} --problems 20 --size 32 48 --iterations 3 --json {rows}"
    call_script("evaluate", *shared, *evaluate.split())
    stored = json.loads(rows.read_text())["rows"]
    assert [(row["size"], row["split"]) for row in stored] == [(32, "test"), (48, "extrapolation")]
    think = f"--checkpoint {folder} --iterations 4 --gif {tmp_path / 'think.gif'} --strip {strip}"
    output, _ = call_script("think", *shared, *think.split())
    assert "64 bits" in output and strip.exists()
