"""Agents on disk: read back the same, and refused with a reason when something is wrong."""

import json
import pickle

import pytest
import torch

from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.checkpoint import CheckpointError, read_state, to_bytes, write_whole


def test_an_agent_is_read_back_as_it_was(saved_agent, small_net):
    agent = load(saved_agent)
    assert agent.training_iterations == 5
    assert agent.task.name == "maze"
    for name, value in small_net.state_dict().items():
        assert torch.equal(agent.net.state_dict()[name], value)


def test_weights_cut_in_half_are_refused(saved_agent):
    weights = saved_agent / "weights.pt"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    with pytest.raises(CheckpointError, match="weights.pt: damaged or cut short"):
        load(saved_agent)


def test_a_single_flipped_bit_is_noticed(saved_agent):
    weights = saved_agent / "weights.pt"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    with pytest.raises(CheckpointError, match="weights.pt"):
        load(saved_agent)


def test_an_agent_for_another_task_is_refused(saved_agent):
    description = json.loads((saved_agent / "agent.json").read_text())
    (saved_agent / "agent.json").write_text(json.dumps({**description, "task": "go"}))
    with pytest.raises(CheckpointError, match="for the task 'go', not for 'maze'"):
        load(saved_agent, task="maze")
    with pytest.raises(CheckpointError, match="task='go': allowed are 'maze', 'chess'"):
        load(saved_agent)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no valid JSON"),
        ("[]", "does not say format="),
        ('{"format": "thinkenv agent, version 1"}', "lacks architecture, net, task"),
    ],
)
def test_a_spoilt_description_is_refused(saved_agent, text, words):
    (saved_agent / "agent.json").write_text(text)
    with pytest.raises(CheckpointError, match=words):
        load(saved_agent)


def test_weights_of_another_net_are_refused(saved_agent):
    description = json.loads((saved_agent / "agent.json").read_text())
    description["net"]["memory_channels"] = 6
    (saved_agent / "agent.json").write_text(json.dumps(description))
    with pytest.raises(CheckpointError, match="weights and description disagree"):
        load(saved_agent)


def test_a_folder_that_is_no_agent_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="there is no agent.json in it"):
        load(tmp_path / "nowhere")
    (tmp_path / "agent.json").touch()
    with pytest.raises(CheckpointError, match="not an agent's folder"):
        load(tmp_path / "agent.json")


def test_reading_runs_no_code(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    for content in (pickle.dumps(Trap()), to_bytes({"weights": Trap()})):
        (tmp_path / "trap.pt").write_bytes(content)
        with pytest.raises(CheckpointError):
            read_state(tmp_path / "trap.pt")
    assert not (tmp_path / "sprung").exists()


def test_a_failed_write_leaves_the_earlier_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"earlier")

    def full_disk(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"later")
    assert path.read_bytes() == b"earlier"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
