"""An architecture of one's own, in a file of its own, with a memory of several tensors."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from tests.deep_thinking.conftest import ROOT, call_script, refusal, run_script
from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.analysis.disturbances import Disturbance
from thinkenv.deep_thinking.architectures import ARCHITECTURES
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet
from thinkenv.deep_thinking.checkpoint import save_agent
from thinkenv.deep_thinking.codecs.choice import codec_for
from thinkenv.deep_thinking.rollout import memories
from thinkenv.deep_thinking.training.plan import Plan
from thinkenv.deep_thinking.training.trainer import Trainer
from thinkenv.tasks import find_task

NET = f"{ROOT / 'examples' / 'token_net.py'}:TokenNet"
FLOOD_FILL = f"{ROOT / 'examples' / 'flood_fill.py'}:FloodFillTask"
CPU = torch.device("cpu")
SMALL = (
    "--steps 8 --short-steps 3 --batch 4 --short-iterations 1 3 --long-iterations 9 11 "
    "--memory-channels 8 --validation-problems 4 --validate-every 4 --log-every 1 --threads 1"
).split()


@pytest.fixture(scope="module", params=["maze", FLOOD_FILL, "prefix_sum"])
def trained(request, tmp_path_factory):
    """The task, and the folder of a run."""
    folder = tmp_path_factory.mktemp("run")
    words = ["--task", request.param, "--architecture", NET, "--tokens", 3, *SMALL]
    call_script("train_dt", *words, "--folder", folder / "whole")
    call_script("train_dt", *words, "--folder", folder / "broken", "--stop-after", 5, expect=130)
    call_script("train_dt", *words, "--folder", folder / "broken", "--resume")
    return request.param, folder


def shared_words(trained) -> list:
    task, folder = trained
    words = ["--checkpoint", folder / "whole", "--architecture", NET, "--task", task]
    return [*words, "--threads", 1]


def test_it_is_trained_with_an_option_of_its_own_and_goes_on_exactly(trained):
    _, folder = trained
    described = json.loads((folder / "whole" / "agent.json").read_text())
    assert described["architecture"] == "tokens"
    assert described["net"] == {"memory_channels": 8, "tokens": 3}
    weights, again = (
        (folder / name / "weights.safetensors").read_bytes() for name in ("whole", "broken")
    )
    assert weights == again


def test_it_is_evaluated(trained, tmp_path):
    rows = tmp_path / "rows.json"
    words = [*shared_words(trained), "--size", 9, "--problems", 5, "--max-iterations", 600]
    call_script("evaluate", *words, "--iterations", 3, 20, "converged", "--json", rows)
    rows = json.loads(rows.read_text())["rows"]
    assert [row["requested"] for row in rows] == [3, 20, None]
    assert all(row["n"] == 5 and row["task"] == find_task(trained[0]).name for row in rows)


def test_it_is_disturbed_in_every_way_and_diagnosed(trained, tmp_path):
    rows = tmp_path / "rows.json"
    words = [*shared_words(trained), "--size", 9, "--problems", 4, "--max-iterations", 64]
    recovery = [*words, "--recovery-iterations", 32, "--json", rows]
    kinds = ["none", "zero", "foreign", "random", "noise:1", "region:0.5", "flip:0.3", "another"]
    if trained[0] != FLOOD_FILL:
        kinds.append("moved")
    call_script("evaluate", "recovery", *recovery, "--disturb", *kinds)
    assert [row["disturbance"] for row in json.loads(rows.read_text())["rows"]] == kinds
    every = ["--disturb", "noise:0.1", "region:0.2", "--disturb-at", "every"]
    call_script("evaluate", "recovery", *recovery, *every)
    diagnose = [*words, "--iterations", 12, "--json", rows]
    call_script("evaluate", "diagnose", *diagnose)
    (row,) = json.loads(rows.read_text())["rows"]
    assert set(row["alignment"]) == {"foreign", "random"} and len(row["first_solved"]) == 4


def test_it_is_watched(trained, tmp_path):
    strip = tmp_path / "strip.png"
    words = [*shared_words(trained), "--iterations", 4, "--gif", tmp_path / "think.gif"]
    call_script("think", *words, "--strip", strip)
    assert strip.exists()


def test_its_agent_goes_on_from_a_memory_of_named_tensors(trained):
    task, folder = trained
    agent = load(folder / "whole", task=task, architecture=NET)
    problems = find_task(task)(9, "test").draw(range(6)).problems
    half = agent.think(problems, 5)
    assert set(half.memory) == {"cells", "tokens"} and len(half.memory["tokens"]) == 6
    again, whole = agent.think(problems, 5, memory=half.memory), agent.think(problems, 10)
    assert float(memories.residuals(again.memory, whole.memory).max()) < 1e-5
    assert np.array_equal(again.answer, whole.answer)
    with pytest.raises(ValueError, match="memory must have shape {'cells': "):
        agent.think(problems[:5], 5, memory=half.memory)
    with pytest.raises(ValueError, match="memory must have shape {'cells': "):
        agent.think(problems, 5, memory=half.memory["cells"])


def test_it_trains_further_from_its_own_agent(trained, tmp_path):
    task, folder = trained
    further = ["--task", task, "--architecture", NET, "--tokens", 3, *SMALL]
    still = [
        "--start-from",
        folder / "whole",
        "--learning-rate",
        0.0,
        "--weight-decay",
        0.0,
        "--folder",
        tmp_path,
    ]
    call_script("train_dt", *further, *still)
    before, after = (
        load(path, task=task, architecture=NET).net.state_dict()
        for path in (folder / "whole", tmp_path)
    )
    for name, weights in after.items():
        torch.testing.assert_close(weights, before[name], atol=1e-6, rtol=0)


def test_each_part_of_the_memory_is_disturbed_in_training():
    net = ARCHITECTURES.find(NET)
    codec = codec_for(find_task("maze"), net)
    plan = Plan(steps=9, short_steps=0, batch=4, long_iterations=(9, 9), memory_noise_std=0.5)
    task = find_task("maze")(9)
    trainer = Trainer(net(net.settings_type(), codec.interface), codec, task, plan, 0, CPU)
    loss, _ = trainer.step()
    assert loss.isfinite().all()
    inputs, memory = trainer.buffer.advance(1, trainer.net)
    for name, tensor in memory.items():
        starts = trainer.buffer.starts(1)
        assert tensor.shape[0] == 4, name
        is_random = torch.from_numpy(starts == "random")
        assert tensor[is_random].flatten(1).std(dim=1).min() > 0.3  # uniform: 0.58
    disturbed = trainer._disturb(memory, memory, torch.zeros(4), has_noise=True)
    for name, tensor in memory.items():
        assert 0.4 < float((disturbed[name] - tensor).detach().std()) < 0.6


def test_regions_are_those_of_boards():
    region = Disturbance.parse("region:0.5")
    memory = {"cells": torch.zeros(2, 3, 8, 8), "tokens": torch.zeros(2, 4, 3)}
    stream = torch.Generator().manual_seed(0)
    disturbed = region.of_some(memory, torch.tensor([1]), stream)
    assert int((disturbed["cells"] != 0).any(dim=1).sum()) == 4 * 4
    assert not disturbed["tokens"].any()
    with pytest.raises(ValueError, match="'region:0.5' must be of a memory of boards, got none"):
        region.of_some(memory["tokens"], torch.tensor([1]), stream)


def test_without_its_file_its_agent_is_not_known(tmp_path):
    """In a process of its own, which has not seen the file."""
    found = ARCHITECTURES.find(NET)
    net = found(found.settings_type(), codec_for(find_task("maze"), found).interface)
    save_agent(tmp_path, net, {"task": "maze", "training_iterations": 5})
    said = run_script("agents/evaluate.py", "--checkpoint", tmp_path, expect=1).stderr
    assert "'messages', 'message_layers', 'feed_forward', or a class of your own" in said


class LooseNet(RecurrentNet):
    """A net with a parametrization of its own, and with dropout."""

    name = "loose"

    def __init__(self, settings, interface):
        super().__init__(settings, interface)
        nn.utils.parametrizations.weight_norm(self.head.answer)
        nn.init.uniform_(self.head.answer.bias)

    def decode(self, memory):
        return super().decode(nn.functional.dropout(memory, 0.3, self.training))


def test_nets_with_parametrizations_and_random_numbers_of_their_own_go_on_exactly(tmp_path):
    net = f"{__name__}:LooseNet"
    words = [*SMALL, "--architecture", net, "--no-equivariant", "--head-channels", 8]
    whole, broken, further = (tmp_path / name for name in ("whole", "broken", "further"))
    call_script("train_dt", *words, "--folder", whole)
    call_script("train_dt", *words, "--folder", broken, "--stop-after", 5, expect=130)
    call_script("train_dt", *words, "--folder", broken, "--resume", "--validate-every", 1)
    weights, again = (load(folder, architecture=net).net.state_dict() for folder in (whole, broken))
    assert "head.answer.weight" in weights
    for name, tensor in weights.items():
        assert torch.equal(again[name], tensor)
    still = ["--learning-rate", 0.0, "--weight-decay", 0.0, "--folder", further]
    call_script("train_dt", *words, *still, "--start-from", whole)
    for name, tensor in load(further, architecture=net).net.state_dict().items():
        torch.testing.assert_close(tensor, weights[name], atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--tokens", 0], "tokens must be an integer of at least 1, got 0"),
        (["--hidden-channels", 8], "--hidden-channels"),
        (["--no-recall"], "--no-recall"),
    ],
)
def test_wrong_options_are_named(tmp_path, options, words):
    assert words in refusal("train_dt", "--architecture", NET, "--folder", tmp_path, *options)


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("examples/token_net.py:Nothing", "has no attribute 'Nothing'"),
        ("examples/nowhere.py:TokenNet", "there is no file"),
        ("examples/token_net.py:TokenSettings", "must be a subclass of thinkenv.deep_thinking"),
        ("thinkenv.deep_thinking.architectures.base:Architecture", "lacks __init__, decode"),
    ],
)
def test_what_is_not_an_architecture_is_refused(tmp_path, monkeypatch, reference, words):
    monkeypatch.chdir(ROOT)
    said = refusal("train_dt", "--architecture", reference, "--folder", tmp_path)
    assert said.startswith(f"error: architecture '{reference}'") and words in said
