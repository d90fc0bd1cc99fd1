"""Mixed precision, compilation and CUDA graphs give what plain iterations give."""

import shutil

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.rollout.acceleration import Acceleration, GraphedIterations, iterate
from thinkenv.deep_thinking.agent import Agent
from thinkenv import mazes

from .conftest import refusal, run_script

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
    return Agent(small_net, "maze", 5, acceleration=Acceleration(**options))


@pytest.fixture
def grids():
    return mazes.generate(size=9, count=6, split="test").grids


@pytest.mark.parametrize("agent", ["maze", "chess", "prefix_sum"])
def test_iterations_never_wait_for_the_device(agent):
    net = load(f"assets/agents/{agent}").net
    task = load(f"assets/agents/{agent}").task
    (problem,) = task.for_testing({**OPTIONS, "size": 9 if agent == "maze" else 8})[:1]
    inputs = task.encode(problem.draw(0, 3).problems)
    seen, memory = net.perceive(inputs), net.empty_memory(inputs)
    with torch.no_grad(), NoWaiting():
        iterate(net.step, memory, seen, 16)
    with pytest.raises(AssertionError, match="waits"), NoWaiting():
        bool(memory.sum() > 0)  # the detector detects


OPTIONS = {
    "split": "test",
    "database": "bundled",
    "rating": None,
    "generator": "dfs",
    "loops": 0.0,
    "endpoints": "any",
}


def test_in_bfloat16_the_trained_agent_gives_the_same_answers(grids):
    plain = load("assets/agents/maze").think(grids, 100)
    mixed = load("assets/agents/maze", acceleration=Acceleration("bfloat16")).think(grids, 100)
    assert mixed.memory.dtype == torch.float32
    assert not torch.equal(mixed.memory, plain.memory)  # it did compute in another precision
    assert np.array_equal(mixed.answer, plain.answer)


@pytest.mark.skipif(shutil.which("g++") is None, reason="compilation needs a compiler")
def test_compiled_iterations_equal_plain_ones(small_net, grids):
    plain = thinking(small_net).think(grids, 20)
    fused = thinking(small_net, compile=True).think(grids, 20)
    assert torch.allclose(fused.memory, plain.memory, atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_captured_iterations_equal_plain_ones(small_net):
    net = small_net.cuda()
    memory = torch.rand(4, 4, 9, 9, device="cuda")
    seen = torch.rand(4, 8, 9, 9, device="cuda")
    graphed = GraphedIterations(net.step)
    for count in (4, 2, 3):
        result = graphed(memory[:count], seen[:count], 16)
        expected = iterate(net.step, memory[:count], seen[:count], 16)
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
        seen = small_net.perceive(torch.rand(7, 4, 9, 9))
        memory = small_net.empty_memory(torch.rand(7, 4, 9, 9)).uniform_()
        graphed = OnCPU(small_net.step)
        for count in (7, 6, 5, 3, 1, 7):
            result = graphed(memory[:count], seen[:count], 16)
            expected = iterate(small_net.step, memory[:count], seen[:count], 16)
            for found, right in zip(result, expected, strict=True):
                assert found.shape == right.shape and torch.allclose(found, right, atol=1e-5)
    assert len(graphed.captured) == 3  # of 8, 4 and 1


def test_cuda_graphs_are_refused_where_there_is_no_gpu(saved_agent):
    said = refusal("evaluate", "--checkpoint", saved_agent, *"--cuda-graphs --device cpu".split())
    assert said == "error: --cuda-graphs: needs a GPU, and this runs on cpu"


def test_training_and_evaluation_take_the_switches(tmp_path):
    run_script(
        *f"agents/train_dt.py --folder {tmp_path} --steps 4 --short-steps 2 --threads 1".split(),
        *"--precision bfloat16 --validation-problems 4 --log-every 2".split(),
    )
    shown = run_script(
        *f"agents/evaluate.py --checkpoint {tmp_path} --size 9 --problems 4 --iterations 3".split(),
        *"--precision bfloat16 --threads 1".split(),
    )
    assert "9x9" in shown.stdout
