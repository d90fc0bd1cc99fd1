"""Mixed precision, compilation and CUDA graphs give what plain iterations give."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.deep_thinking.conftest import SMALL_NET, call_script, refusal
from thinkenv import make_task, mazes
from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet, RecurrentSettings
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.deep_thinking.rollout import acceleration
from thinkenv.deep_thinking.rollout.acceleration import (
    Acceleration,
    GraphedIterations,
    faster_precision,
    iterate,
    seconds_of_product,
)
from thinkenv.deep_thinking.rollout.stepper import EveryCell
from thinkenv.deep_thinking.training.plan import Plan
from thinkenv.deep_thinking.training.trainer import Trainer
from thinkenv.mazes.task import MazeTask

# What makes the processor wait until the device has done its work.
WAITING = ("_local_scalar_dense", "nonzero", "is_nonzero", "masked_select", "unique")


class NoWaiting(TorchDispatchMode):
    """Refuses operations that wait for the device."""

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        name = function.overloadpacket.__name__
        if name in WAITING:
            raise AssertionError(f"{name} waits for the device")
        return function(*arguments, **(options or {}))


def thinking(small_net, **options) -> Agent:
    return Agent(small_net, CellCodec(MazeTask), 5, acceleration=Acceleration(**options))


@pytest.fixture
def grids():
    return mazes.generate(size=9, count=6, split="test").grids


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("maze_trees", {"size": 9}),
        ("chess", {}),
        ("chess_squares", {}),
        ("prefix_sum", {"bits": 8}),
    ],
)
def test_iterations_never_wait_for_the_device(name, options):
    agent = load(name)
    problems = make_task(agent.task.name, split="test", **options).draw([0, 1, 2]).problems
    inputs = agent.codec.encode(problems)
    with torch.no_grad():
        injected, memory = agent.net.inject(inputs), agent.net.start(inputs)
        with NoWaiting():
            iterate(agent.net.step, memory, injected, 16)
    with pytest.raises(AssertionError, match="waits"), NoWaiting():
        bool(memory.sum() > 0)  # the detector detects


def test_in_bfloat16_the_trained_agent_gives_the_same_answers(grids):
    plain = load("maze_trees").think(grids, 100)
    mixed = load("maze_trees", acceleration=Acceleration("bfloat16")).think(grids, 100)
    assert mixed.memory.dtype == torch.float32
    assert not torch.equal(mixed.memory, plain.memory)  # it did compute in another precision
    assert np.array_equal(mixed.answer, plain.answer)


@pytest.mark.parametrize("gated", [False, True])
def test_in_bfloat16_a_net_thinks_with_or_without_gates(grids, gated):
    torch.manual_seed(0)
    settings = RecurrentSettings(memory_channels=4, gated=gated, equivariant=False)
    agent = thinking(RecurrentNet(settings, CellCodec(MazeTask).interface), precision="bfloat16")
    thought = agent.think(grids, 5)
    plain = Agent(agent.net, CellCodec(MazeTask), 5).think(grids, 5)
    assert thought.memory.dtype == torch.float32 and thought.memory.abs().max() <= 1
    torch.testing.assert_close(thought.memory, plain.memory, atol=0.05, rtol=0)


@pytest.mark.skipif(shutil.which("g++") is None, reason="compilation needs a compiler")
def test_compiled_iterations_equal_plain_ones(small_net, grids):
    plain = thinking(small_net).think(grids, 20)
    fused = thinking(small_net, compile=True).think(grids, 20)
    assert torch.allclose(fused.memory, plain.memory, atol=1e-5)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="compilation needs a compiler")
def test_compiled_training_equals_plain_training():
    """Also where weights are computed anew in each step, as those of an equivariant net are."""
    settings = replace(SMALL_NET, memory_channels=8, equivariant=True)
    plan = Plan(steps=6, short_steps=3, short_iterations=(2, 4), long_iterations=(9, 10), batch=4)
    found = []
    for faster in (Acceleration(), Acceleration(compile=True)):
        torch.manual_seed(0)
        codec = CellCodec(MazeTask)
        net = RecurrentNet(settings, codec.interface)
        cpu = torch.device("cpu")
        trainer = Trainer(net, codec, MazeTask(9), plan, 0, cpu, acceleration=faster)
        found.append(torch.stack([trainer.step()[0] for _ in range(6)]))
    torch.testing.assert_close(*found, rtol=1e-3, atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_captured_iterations_equal_plain_ones(small_net):
    net = small_net.cuda()
    memory = torch.rand(4, 4, 9, 9, device="cuda")
    injected = torch.rand(4, 8, 9, 9, device="cuda")
    graphed = GraphedIterations(net.step)
    for count in (4, 2, 3):
        result = graphed(memory[:count], injected[:count], 16)
        expected = iterate(net.step, memory[:count], injected[:count], 16)
        assert torch.allclose(result[0], expected[0], atol=1e-5)
    assert len(graphed.captured) == 2


def test_few_graphs_serve_batches_of_every_size(small_net):
    class OnCPU(GraphedIterations):
        """Computes anew, on the same buffers, where a graph would be replayed."""

        def capture(self, inputs, iterations):
            outputs = iterate(self.step, *inputs, iterations)

            class Graph:
                @staticmethod
                def replay():
                    for buffer, found in zip(
                        outputs, iterate(self.step, *inputs, iterations), strict=True
                    ):
                        buffer.copy_(found)

            return Graph, outputs

    with torch.no_grad():
        injected = small_net.inject(torch.rand(7, 4, 9, 9))
        memory = small_net.start(torch.rand(7, 4, 9, 9)).uniform_()
        graphed = OnCPU(small_net.step)
        for count in (7, 6, 5, 3, 1, 7):
            result = graphed(memory[:count], injected[:count], 16)
            expected = iterate(small_net.step, memory[:count], injected[:count], 16)
            for found, right in zip(result, expected, strict=True):
                assert found.shape == right.shape and torch.allclose(found, right, atol=1e-5)
    assert len(graphed.captured) == 3  # of 8, 4 and 1


def test_graphs_take_memories_of_one_tensor_only():
    graphed = GraphedIterations(lambda memory, injected: memory)
    with pytest.raises(ValueError, match="--cuda-graphs: the net's memory must be one tensor"):
        graphed({"x": torch.zeros(1, 2)}, torch.zeros(1, 2), 1)
    with pytest.raises(ValueError, match="what the net injects must be one tensor, got several"):
        graphed(torch.zeros(1, 2), {"x": torch.zeros(1, 2)}, 1)


def test_an_acceleration_iterates_every_cell(small_net):
    problems = mazes.generate(size=33, count=1).grids
    agent = thinking(small_net, precision="bfloat16")
    assert isinstance(agent.start(problems).stepper, EveryCell)
    assert not isinstance(thinking(small_net).start(problems).stepper, EveryCell)


def test_several_tensors_come_back_in_float32():
    step = Acceleration("bfloat16").step(
        lambda memory, injected: {name: tensor @ injected for name, tensor in memory.items()}
    )
    after = step({"x": torch.ones(1, 2, 2), "y": torch.ones(1, 3, 2)}, torch.ones(2, 2) / 3)
    assert {tensor.dtype for tensor in after.values()} == {torch.float32}
    assert after["x"][0, 0, 0] != torch.ones(2) @ torch.ones(2) / 3  # of bfloat16


@pytest.fixture
def forgetful():
    """Nothing is known of what was measured before, nor afterwards of what the test pretends."""
    acceleration._faster_precision.cache_clear()
    yield
    acceleration._faster_precision.cache_clear()


@pytest.mark.parametrize(
    ("times_as_fast", "few", "expected"),
    [
        (5.0, 1.0, "bfloat16"),
        (1.3, 1.0, "bfloat16"),
        (1.29, 1.0, "float32"),
        (0.5, 1.0, "float32"),
        (5.0, 0.01, "float32"),  # where few rows take so long, many are not tried
    ],
)
def test_the_faster_precision_is_chosen_and_measured_once(
    times_as_fast, few, expected, forgetful, monkeypatch
):
    measured = []

    def seconds(device, rows, precision):
        measured.append((rows, precision))
        factor = times_as_fast if rows == acceleration.PRODUCT[0] else few
        return rows / factor if precision == "bfloat16" else rows

    monkeypatch.setattr(acceleration, "seconds_of_product", seconds)
    for device in ("cpu", torch.device("cpu")):
        assert faster_precision(device) == expected
    assert len(measured) == (4 if few == 1 else 2)


def test_a_device_without_bfloat16_computes_in_float32(forgetful, monkeypatch):
    monkeypatch.setattr(acceleration, "seconds_of_product", None)
    assert faster_precision(torch.device("meta")) == "float32"
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    assert faster_precision(torch.device("cuda", 0)) == "float32"


def test_a_product_is_measured_in_the_precision_that_is_said(monkeypatch):
    dtypes = []

    def linear(memory, weight):
        dtypes.append((torch.is_autocast_enabled("cpu"), memory.dtype))

    monkeypatch.setattr(acceleration.functional, "linear", linear)
    for precision in ("float32", "bfloat16"):
        assert 0 < seconds_of_product(torch.device("cpu"), 64, precision) < float("inf")
    assert set(dtypes) == {(False, torch.float32), (True, torch.float32)}
    assert [is_mixed for is_mixed, _ in dtypes] == sorted(is_mixed for is_mixed, _ in dtypes)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_agents_compute_in_what_was_measured(precision, small_net, grids, monkeypatch):
    monkeypatch.setattr(acceleration, "faster_precision", lambda device: precision)
    agent = thinking(small_net, precision="auto")
    assert agent.acceleration == Acceleration(precision)
    expected = thinking(small_net, precision=precision)
    assert torch.equal(agent.think(grids, 5).memory, expected.think(grids, 5).memory)
    assert Acceleration().chosen(torch.device("cpu")) == Acceleration()


def test_a_training_stores_what_was_measured_and_goes_on_in_it(tmp_path, monkeypatch):
    options = f"--folder {tmp_path} --steps 4 --short-steps 2 --threads 1 --batch 4".split()
    options += "--precision auto --validation-problems 4 --log-every 2".split()
    monkeypatch.setattr(acceleration, "faster_precision", lambda device: "bfloat16")
    call_script("train_dt", *options, "--stop-after", "2", expect=130)
    assert json.loads((tmp_path / "agent.json").read_text())["precision"] == "bfloat16"
    monkeypatch.setattr(acceleration, "faster_precision", lambda device: "float32")
    call_script("train_dt", *options, "--resume")
    assert json.loads((tmp_path / "agent.json").read_text())["precision"] == "bfloat16"


def test_cuda_graphs_are_refused_where_there_is_no_gpu(saved_agent):
    said = refusal("evaluate", "--checkpoint", saved_agent, *"--cuda-graphs --device cpu".split())
    assert said == "error: --cuda-graphs must run on a GPU, got the device cpu"


def test_training_and_evaluation_take_the_switches(tmp_path):
    call_script(
        "train_dt",
        *f"--folder {tmp_path} --steps 4 --short-steps 2 --threads 1 --batch 4".split(),
        *"--precision bfloat16 --validation-problems 4 --log-every 2".split(),
    )
    output, _ = call_script(
        "evaluate",
        *f"--checkpoint {tmp_path} --size 9 --problems 4 --iterations 3".split(),
        *"--precision bfloat16 --threads 1".split(),
    )
    assert "9x9" in output
