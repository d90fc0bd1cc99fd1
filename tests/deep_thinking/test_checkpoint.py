"""Agents on disk: read back the same, and refused with a reason when something is wrong."""

import hashlib
import json
import os
import pickle
import shutil
import time
import tracemalloc
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from thinkenv import mazes
from thinkenv.deep_thinking import CheckpointError, load, shipped_agents
from thinkenv.deep_thinking.architectures.feed_forward import FeedForwardNet, FeedForwardSettings
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet, RecurrentSettings
from thinkenv.deep_thinking.checkpoint import save_agent
from thinkenv.deep_thinking.migration import settings_of
from thinkenv.deep_thinking.tensor_files import read_state, to_bytes
from thinkenv.tasks import make_task

from .conftest import MAZE_INTERFACE, ROOT

# Trained for a minute on mazes of size 9 by release 0.1, with small channels.
VERSION_1 = Path(__file__).parent / "agent_of_version_1"
GRID = mazes.generate(size=9, count=1, split="test").grids
FILES = {"agent.json", "weights.safetensors", "README.md"}


@pytest.fixture
def version_1(tmp_path):
    """A copy of that folder."""
    return Path(shutil.copytree(VERSION_1, tmp_path / "version_1"))


def change(folder: Path, **changes: object) -> None:
    """Say something else in an agent's description, as somebody who edits it is told to."""
    path = folder / "agent.json"
    described = json.loads(path.read_text())
    described.pop("checksum", None)
    path.write_text(json.dumps({**described, **changes}))


def test_an_agent_is_read_back_as_it_was(saved_agent, small_net):
    agent = load(saved_agent)
    assert agent.training_iterations == 5
    assert agent.task.name == "maze" and agent.name == str(saved_agent)
    for name, value in small_net.state_dict().items():
        assert torch.equal(agent.net.state_dict()[name], value)


def test_an_equivariant_net_is_stored_as_a_plain_one(tmp_path):
    settings = RecurrentSettings(8, 8, head_channels=8, wall_mask=True, equivariant=True)
    net = RecurrentNet(settings, MAZE_INTERFACE).eval()
    save_agent(tmp_path, net, {"task": "maze", "training_iterations": 5})
    agent = load(tmp_path)
    assert set(agent.net.state_dict()) == set(
        RecurrentNet(RecurrentSettings(), MAZE_INTERFACE).state_dict()
    )
    inputs = agent.codec.encode(mazes.generate(size=9, count=3).grids)
    with torch.no_grad():
        first, again = (one.step(one.start(inputs), one.inject(inputs)) for one in (net, agent.net))
    torch.testing.assert_close(first, again)


def test_the_weights_are_a_safetensors_file_and_described_in_json(saved_agent, small_net):
    weights = safetensors.torch.load_file(saved_agent / "weights.safetensors")
    assert {name: tuple(weight.shape) for name, weight in weights.items()} == {
        name: tuple(weight.shape) for name, weight in small_net.state_dict().items()
    }
    described = json.loads((saved_agent / "agent.json").read_text())
    assert described["format"] == "thinkenv agent, version 2"
    assert described["parameters"] == sum(weight.numel() for weight in weights.values())
    assert described["net"]["memory_channels"] == 4
    assert described["interface"] == vars(MAZE_INTERFACE)


def test_an_agent_of_version_1_is_still_read_and_thinks_as_it_did():
    agent = load(VERSION_1)
    weights = torch.load(VERSION_1 / "weights.pt", weights_only=True)
    for name, weight in agent.net.state_dict().items():
        assert torch.equal(weight, weights[name.replace("head.hidden", "head.look")])
    assert agent.net.settings == RecurrentSettings(
        memory_channels=8, hidden_channels=16, head_channels=32, wall_mask=True, equivariant=True
    )
    assert agent.description["plan"]["max_grad_norm"] == 0.3
    assert agent.description["metrics"]["memory_residual"] < 0.01
    task = make_task("maze", split="test")
    batch = task.draw(np.arange(20))
    # What release 0.1 measured: it needs more iterations than in training, for so few channels.
    for iterations, share in ((12, 0.5), (40, 1.0)):
        solved, _ = task.judge(batch, agent.think(batch.problems, iterations).answer)
        assert solved.mean() == share


def test_an_agent_of_version_1_that_is_shared_keeps_what_is_known_of_it(version_1, tmp_path):
    agent = load(version_1)
    agent.save_pretrained(tmp_path / "shared")
    again = load(tmp_path / "shared")
    for name in ("metrics", "plan", "seed", "trained_on", "command"):
        assert again.description[name] == agent.description[name]
    assert torch.equal(again.think(GRID).memory, agent.think(GRID).memory)


def test_an_agent_of_version_1_that_is_saved_is_of_version_2(version_1, tmp_path):
    agent = load(version_1)
    save_agent(version_1, agent.net, {"task": "maze", "training_iterations": 30})
    assert {path.name for path in version_1.iterdir()} == FILES
    again = load(version_1)
    assert again.net.settings == agent.net.settings
    for name, weight in again.net.state_dict().items():
        assert torch.equal(weight, agent.net.state_dict()[name])


@pytest.mark.parametrize(
    ("architecture", "net", "expected"),
    [
        (
            "recurrent",
            {"gated": True, "update_kernel": 1, "encoder_blocks": 4, "encoder_channels": 40},
            RecurrentSettings(
                28, 32, 16, gated=True, update_kernel=1, encoder_blocks=4, encoder_channels=40
            ),
        ),
        ("recurrent", {"barrier_channel": 0}, RecurrentSettings(28, 32, 16, wall_mask=True)),
        (
            "recurrent",
            {"memory_channels": 16, "symmetric": True},
            RecurrentSettings(16, 32, 16, equivariant=True),
        ),
        (
            "recurrent",
            {"recall": False, "barrier_channel": None},
            RecurrentSettings(28, 32, 16, recall=False),
        ),
        ("feed_forward", {"blocks": 3}, FeedForwardSettings(16, 3, 16)),
    ],
)
def test_settings_of_version_1_by_their_names_of_today(architecture, net, expected):
    of_the_task = {"input_channels": 4, "answer_channels": 2, "dimensions": 2}
    assert settings_of(architecture, {**of_the_task, **net}) == asdict(expected)


def test_shipped_agents_are_found_by_name_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = shipped_agents()
    assert {"maze", "maze_trees_seed4", "prefix_sum", "chess", "chess_squares"} <= set(names)
    for name in names:
        assert load(name).name == name
    # As the repository of release 0.1 called them, in which all maze agents were for trees, and
    # the chess agent named squares.
    assert load("assets/agents/maze_seed1").name == "maze_trees_seed1"
    assert load("assets/agents/maze").name == "maze_trees"
    assert load("assets/agents/chess").name == "chess_squares"
    assert load("assets/agents/chess_feed_forward").name == "chess_feed_forward"
    assert load("assets/agents/prefix_sum_seed1").name == "prefix_sum_seed1"


def test_a_folder_that_is_an_agent_comes_before_a_shipped_one(saved_agent, monkeypatch):
    monkeypatch.chdir(saved_agent.parent)
    saved_agent.rename(saved_agent.with_name("maze"))
    assert load("maze").training_iterations == 5
    Path("prefix_sum").mkdir()  # but one that holds no agent does not
    assert load("prefix_sum").name == "prefix_sum"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("mazes", "; did you mean 'maze'?"),
        ("prefixsum", "; did you mean 'prefix_sum'?"),
        ("assets/agents/chss", "; did you mean 'chess'?"),
        ("runs/nowhere", ""),
    ],
)
def test_where_there_is_no_agent_those_that_come_with_the_package_are_named(name, meant):
    with pytest.raises(CheckpointError) as caught:
        load(name)
    assert str(caught.value) == (
        f"there is no such agent: {name}; an agent is a folder, or one of "
        f"{', '.join(shipped_agents())}{meant}"
    )


def test_a_folder_that_is_no_agent_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=f"{tmp_path.name}: .* there is no agent.json in it"):
        load(tmp_path)
    (tmp_path / "agent.json").touch()
    with pytest.raises(CheckpointError, match="agent.json: not an agent's folder"):
        load(tmp_path / "agent.json")


@pytest.mark.parametrize("is_earlier", [False, True])
def test_weights_cut_in_half_are_refused(is_earlier, saved_agent, version_1):
    weights = version_1 / "weights.pt" if is_earlier else saved_agent / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    with pytest.raises(CheckpointError, match=f"{weights.name}: damaged.* cut short"):
        load(weights.parent)


@pytest.mark.parametrize("is_earlier", [False, True])
def test_a_single_flipped_bit_is_noticed(is_earlier, saved_agent, version_1):
    weights = version_1 / "weights.pt" if is_earlier else saved_agent / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    for index in (0, 12, len(content) // 2, len(content) - 1):
        content[index] ^= 1
        weights.write_bytes(content)
        with pytest.raises(CheckpointError, match=weights.name):
            load(weights.parent)
        content[index] ^= 1


def test_missing_weights_are_named(saved_agent):
    (saved_agent / "weights.safetensors").unlink()
    with pytest.raises(CheckpointError, match="weights.safetensors: there is no such file"):
        load(saved_agent)


def test_an_agent_for_another_task_is_refused(saved_agent):
    with pytest.raises(CheckpointError, match="for the task 'maze', not for 'prefix_sum'"):
        load(saved_agent, task="prefix_sum")
    change(saved_agent, task="go")
    with pytest.raises(CheckpointError, match="for the task 'go', not for 'maze'"):
        load(saved_agent, task="maze")
    with pytest.raises(CheckpointError, match="agent.json: task must be one of 'maze', 'chess'"):
        load(saved_agent)


def test_an_agent_for_a_task_of_ones_own_is_loaded_once_that_was_named(saved_agent, tmp_path):
    (tmp_path / "task_of_an_agent.py").write_text(
        "from thinkenv.mazes import MazeTask\n"
        "class MyTask(MazeTask):\n"
        "    name = 'task_of_an_agent'\n"
    )
    change(saved_agent, task="task_of_an_agent")
    with pytest.raises(CheckpointError, match="agent.json: task must be one of .* of your own as"):
        load(saved_agent)
    agent = load(saved_agent, task=f"{tmp_path}/task_of_an_agent.py:MyTask")
    assert agent.task.__name__ == "MyTask"
    assert load(saved_agent).task is agent.task


def test_an_agent_with_a_net_of_ones_own_is_loaded_when_that_is_named(saved_agent, tmp_path):
    (tmp_path / "my_net.py").write_text(
        "from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet\n"
        "class MyNet(RecurrentNet):\n"
        "    name = 'net_of_my_own'\n"
    )
    change(saved_agent, architecture="net_of_my_own")
    with pytest.raises(
        CheckpointError, match="agent.json: architecture must be one of 'recurrent'"
    ):
        load(saved_agent)
    assert load(saved_agent, architecture=f"{tmp_path}/my_net.py:MyNet").net.name == "net_of_my_own"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no JSON"),
        ("\udce9", "is not the text that it should be"),
        ("[]", "format must be 'thinkenv agent, version 2', got None"),
        ('{"format": "thinkenv agent, version 3"}', "got 'thinkenv agent, version 3'"),
        ('{"format": "thinkenv agent, version 1"}', "lacks architecture, net, task"),
        ('{"format": "thinkenv agent, version 2"}', "lacks architecture, net, task"),
    ],
)
def test_a_spoilt_description_is_refused(saved_agent, text, words):
    (saved_agent / "agent.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(CheckpointError, match=f"agent.json: .*{words}"):
        load(saved_agent)


@pytest.mark.parametrize("value", [None, -1, 2.5, "x", [], {"a": 1}])
@pytest.mark.parametrize("key", ["task", "architecture", "net", "training_iterations"])
@pytest.mark.parametrize("is_earlier", [False, True])
def test_a_wrong_value_in_a_description_is_one_line(is_earlier, key, value, saved_agent, version_1):
    folder = version_1 if is_earlier else saved_agent
    change(folder, **{key: value})
    with pytest.raises(CheckpointError) as caught:
        load(folder)
    assert "agent.json" in str(caught.value) and "\n" not in str(caught.value)


def test_weights_of_another_net_are_refused(saved_agent):
    described = json.loads((saved_agent / "agent.json").read_text())
    change(saved_agent, net={**described["net"], "memory_channels": 6})
    with pytest.raises(CheckpointError) as caught:
        load(saved_agent)
    words = (
        "weights.safetensors: is of another net than agent.json describes: widen.weight is "
        "8x8x3x3 of float32, not 8x10x3x3 of float32"
    )
    assert caught.match(words) and "\n" not in str(caught.value)


SENSELESS = {
    "training_iterations": [0, -5, 72.0, "72", True, 10**18, 10**400, [72], {}],
    "task": ["", "a:b", ["maze"], {"maze": 1}, 5, True],
    "architecture": ["", "os:system", ["recurrent"], 5],
    "net": [[], "recurrent", 5, {"unknown": 1}],
    "weights_sha256": ["", 5, None, ["x"], "0" * 64],
    "interface": [[], "x", {"input_channels": 5}, {"wall_channel": 99}, {"wall_channel": False}],
    "format": [None, 2, [], {"a": 1}],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in SENSELESS.items() for value in values]
)
def test_a_senseless_value_is_refused_with_file_and_key(key, value, saved_agent):
    change(saved_agent, **{key: value})
    with pytest.raises(CheckpointError) as caught:
        load(saved_agent)
    assert f"{saved_agent}" in str(caught.value) and "\n" not in str(caught.value)
    where = "weights.safetensors" if value == "0" * 64 else "agent.json"
    assert where in str(caught.value) and (key in str(caught.value) or value == "0" * 64)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("hidden_channels", value) for value in (10**6, 10**30, 0, -1, 8.0, True, "8", None, [])),
        *(("memory_channels", value) for value in (65_536, 10**400)),
        *(("encoder_blocks", value) for value in (10**9, 1_000, -1, True)),
        *(("encoder_channels", value) for value in (10**9, 0)),
        *(("update_kernel", value) for value in (1.0, True, 5, 10**9)),
        *(("wall_mask", value) for value in (1, "yes", None)),
        *(("gated", value) for value in (0, True)),
        *(("equivariant", value) for value in (1.0, True)),
    ],
)
def test_a_net_of_senseless_settings_is_refused_without_memory_for_it(saved_agent, name, value):
    described = json.loads((saved_agent / "agent.json").read_text())
    change(saved_agent, net={**described["net"], name: value})
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(CheckpointError, match=f"{name}|is of another net than agent.json"):
        load(saved_agent)
    # A net of 1,000 blocks is made without its numbers in about a second while memory is traced.
    assert time.process_time() - began < 10
    assert tracemalloc.get_traced_memory()[1] < 3e7
    tracemalloc.stop()


@pytest.mark.parametrize("name", ["memory_channels", "blocks", "head_channels"])
@pytest.mark.parametrize("value", [10**9, 900, 0, True, 4.0, None])
def test_so_is_a_feed_forward_net(tmp_path, name, value):
    net = FeedForwardNet(FeedForwardSettings(4, 1, 4), MAZE_INTERFACE)
    save_agent(tmp_path, net, {"task": "maze", "training_iterations": 1})
    change(tmp_path, net={**asdict(net.settings), name: value})
    with pytest.raises(CheckpointError, match=f"{name}|is of another net than agent.json"):
        load(tmp_path)


@pytest.mark.parametrize("channel", [99, 1, -1, True, 0.0, "0", [0], {}])
def test_a_barrier_channel_of_version_1_is_that_of_walls(version_1, channel):
    described = json.loads((version_1 / "agent.json").read_text())
    change(version_1, net={**described["net"], "barrier_channel": channel})
    with pytest.raises(CheckpointError, match="agent.json: net.barrier_channel must be 0, got"):
        load(version_1)


def write_weights(folder: Path, weights: dict[str, torch.Tensor]) -> None:
    """Put other weights into an agent's folder, with the right checksums."""
    is_earlier = (folder / "weights.pt").exists()
    content = to_bytes(weights) if is_earlier else safetensors.torch.save(weights)
    (folder / ("weights.pt" if is_earlier else "weights.safetensors")).write_bytes(content)
    change(folder, weights_sha256=hashlib.sha256(content).hexdigest())


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    """The weights in an agent's folder, as the libraries read them."""
    if (folder / "weights.pt").exists():
        return dict(torch.load(folder / "weights.pt", weights_only=True))
    return safetensors.torch.load((folder / "weights.safetensors").read_bytes())


@pytest.mark.parametrize("is_earlier", [False, True])
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda weight: weight.fill_(float("nan")), "numbers that are not finite"),
        (lambda weight: weight.where(weight < weight.max(), torch.inf), "that are not finite"),
        (lambda weight: weight.double().fill_(1e300), "numbers that are not finite"),
        (lambda weight: weight.int(), "of int32, not .* of float32"),
        (lambda weight: weight > 0, "of bool, not .* of float32"),
        (lambda weight: weight[:-1].clone(), "is of another net than agent.json describes"),
        (lambda weight: weight.flatten(), "is of another net than agent.json describes"),
        (lambda weight: torch.zeros(0), "is of another net than agent.json describes"),
    ],
)
def test_weights_that_are_no_finite_numbers_of_that_shape_are_refused(
    is_earlier, spoil, words, saved_agent, version_1
):
    folder = version_1 if is_earlier else saved_agent
    weights = weights_of(folder)
    write_weights(folder, {**weights, "widen.weight": spoil(weights["widen.weight"])})
    with pytest.raises(CheckpointError, match=f"weights.*: .*{words}"):
        load(folder)


@pytest.mark.parametrize("is_earlier", [False, True])
def test_a_tensor_too_many_or_too_few_is_refused(is_earlier, saved_agent, version_1):
    folder = version_1 if is_earlier else saved_agent
    weights = weights_of(folder)
    write_weights(folder, {**weights, "more": torch.ones(1)})
    with pytest.raises(CheckpointError, match="it has besides more"):
        load(folder)
    weights.pop("update.bias")
    write_weights(folder, weights)
    with pytest.raises(CheckpointError, match="it lacks update.bias"):
        load(folder)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_weights_of_another_precision_become_those_of_the_net(dtype, saved_agent):
    weights = weights_of(saved_agent)
    write_weights(saved_agent, {name: weight.to(dtype) for name, weight in weights.items()})
    agent = load(saved_agent)
    for name, weight in agent.net.state_dict().items():
        assert weight.dtype == torch.float32
        torch.testing.assert_close(weight, weights[name].to(dtype).float())


def test_tiny_and_large_weights_are_numbers_like_others(saved_agent):
    weights = weights_of(saved_agent)
    weights["widen.bias"][:2] = torch.tensor([1e-45, 3e38])
    write_weights(saved_agent, weights)
    assert load(saved_agent).net.state_dict()["widen.bias"][1] == 3e38


def test_weights_of_another_agent_are_noticed(saved_agent, small_net, tmp_path):
    with torch.no_grad():
        small_net.widen.weight.add_(1)
    save_agent(tmp_path / "other", small_net, {"task": "maze", "training_iterations": 5})
    shutil.copy(tmp_path / "other" / "weights.safetensors", saved_agent)
    with pytest.raises(CheckpointError, match="weights.safetensors: .*SHA-256 differs"):
        load(saved_agent)


def test_what_decides_has_a_checksum_and_all_else_may_be_edited(saved_agent):
    path = saved_agent / "agent.json"
    described = json.loads(path.read_text())
    path.write_text(json.dumps({**described, "seed": 5, "notes": "mine"}))  # all in one line
    assert load(saved_agent).description["notes"] == "mine"
    path.write_text(json.dumps({**described, "training_iterations": 7}, indent=4))
    with pytest.raises(CheckpointError, match="agent.json: .*training_iterations.* edited by hand"):
        load(saved_agent)
    del described["checksum"]  # as an earlier version wrote it, and as the error says
    path.write_text(json.dumps({**described, "training_iterations": 7}))
    assert load(saved_agent).training_iterations == 7


def test_a_flipped_bit_in_what_decides_is_noticed(saved_agent):
    path = saved_agent / "agent.json"
    content, agent = path.read_bytes(), load(saved_agent)
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1
        path.write_bytes(flipped)
        try:
            found = load(saved_agent)
        except CheckpointError:
            continue
        assert found.training_iterations == agent.training_iterations
        assert found.net.settings == agent.net.settings and found.task is agent.task


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
@pytest.mark.parametrize("name", ["agent.json", "weights.safetensors"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "loop", "device", "empty"])
def test_what_is_no_file_is_refused_at_once(saved_agent, name, kind):
    path = saved_agent / name
    path.unlink()
    make = {
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "loop": lambda: path.symlink_to(name),
        "device": lambda: path.symlink_to("/dev/zero"),
        "empty": path.touch,
    }
    make[kind]()
    with pytest.raises(CheckpointError, match=f"{name}: (is|cannot be read)"):
        load(saved_agent)


@pytest.mark.parametrize("name", ["a\0b", "~nobody_has_this_name/agent", "x" * 5000])
def test_a_name_that_none_can_be_is_refused(name):
    with pytest.raises(CheckpointError):
        load(name)


def test_an_agent_with_odd_notes_can_be_shared(saved_agent, tmp_path):
    row = {"n": 5, "exact": 0.5, "exact_low": 0.1, "exact_high": 0.9}
    for results in (5, [5], [{"rows": 5}], [{"rows": [5, {**row, "iterations": "x"}]}]):
        change(saved_agent, results=results, limits={"a": 1}, metrics=[], plan="x", trained_on=5)
        load(saved_agent).save_pretrained(tmp_path / "shared")
        load(tmp_path / "shared")


def test_reading_runs_no_code(tmp_path, saved_agent, version_1):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    for content in (pickle.dumps(Trap(), 2), to_bytes({"weights": Trap()})):
        (tmp_path / "trap.pt").write_bytes(content)
        with pytest.raises(
            CheckpointError, match="trap.pt: (damaged or cut off|wants to run code)"
        ):
            read_state(tmp_path / "trap.pt")
        for weights in (saved_agent / "weights.safetensors", version_1 / "weights.pt"):
            weights.write_bytes(content)
            change(weights.parent, weights_sha256=hashlib.sha256(content).hexdigest())
            with pytest.raises(CheckpointError, match=weights.name):
                load(weights.parent)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("key", ["task", "architecture"])
@pytest.mark.parametrize("as_module", [True, False])
def test_a_description_does_not_choose_code_to_run(
    tmp_path, saved_agent, monkeypatch, key, as_module
):
    sprung = tmp_path / "sprung"
    (tmp_path / "trap.py").write_text(f"open({str(sprung)!r}, 'w').close()\nclass Trap: name = 'x'")
    monkeypatch.syspath_prepend(tmp_path)
    change(saved_agent, **{key: "trap:Trap" if as_module else f"{tmp_path}/trap.py:Trap"})
    with pytest.raises(CheckpointError, match=f"{key} must be a name"):
        load(saved_agent)
    assert not sprung.exists()


@pytest.mark.parametrize("state", [[1, 2], 5, "text"])
def test_a_state_without_names_is_refused(tmp_path, state):
    torch.save(state, tmp_path / "state.pt")
    with pytest.raises(CheckpointError, match="state.pt: not a state by names"):
        read_state(tmp_path / "state.pt")


def test_a_failed_write_leaves_the_earlier_agent(saved_agent, small_net, monkeypatch):
    def full_disk(descriptor):
        raise OSError(28, "No space left on device")

    with torch.no_grad():
        small_net.widen.weight.zero_()
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full_disk)
        with pytest.raises(OSError, match="No space left"):
            save_agent(saved_agent, small_net, {"task": "maze", "training_iterations": 9})
    assert load(saved_agent).training_iterations == 5
    assert {path.name for path in saved_agent.iterdir()} == FILES


def test_the_old_import_names_the_new_one(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    with pytest.raises(ImportError) as caught:
        from agents.deep_thinking import load  # noqa: F401
    assert str(caught.value) == "agents.deep_thinking is thinkenv.deep_thinking now: import that"
