"""Agents as people share models: by ``huggingface_hub`` where it is installed, or by folders."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from thinkenv.deep_thinking import Agent, CheckpointError, load
from thinkenv.deep_thinking.checkpoint import SHIPPED

from .conftest import ROOT

FILES = ["README.md", "agent.json", "weights.safetensors"]


@pytest.fixture
def hub():
    """The library, where it is installed; no test reaches the network."""
    return pytest.importorskip("huggingface_hub")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["maze", "maze_trees", "prefix_sum", "chess", "chess_squares"])
def test_an_agent_that_is_saved_and_loaded_thinks_the_same_thoughts(name, tmp_path):
    agent = load(name)
    agent.save_pretrained(tmp_path / "shared")
    assert names_in(tmp_path / "shared") == FILES  # and no configuration of another library
    again = Agent.from_pretrained(tmp_path / "shared")
    (options,) = agent.task.watching_options().tasks(agent.task)
    problems = options.draw(np.arange(5)).problems
    first, second = agent.think(problems, 40), again.think(problems, 40)
    assert np.array_equal(first.answer, second.answer)
    torch.testing.assert_close(first.memory, second.memory, rtol=0, atol=0)
    # The same bytes, and all that is known of them but for where they lay.
    weights = (tmp_path / "shared" / "weights.safetensors").read_bytes()
    assert weights == (SHIPPED / name / "weights.safetensors").read_bytes()
    assert again.description | {"name": name} == agent.description


def test_a_trained_agent_tells_its_folder_to_nobody(saved_agent, tmp_path):
    agent = load(saved_agent)
    agent.save_pretrained(tmp_path / "shared")
    for name in ("agent.json", "README.md"):
        assert str(saved_agent) not in (tmp_path / "shared" / name).read_text()


def test_what_was_measured_of_other_weights_is_left_out(saved_agent, tmp_path):
    agent = load(saved_agent)
    agent.description["metrics"] = {"validation_exact": 0.5}
    agent.save_pretrained(tmp_path / "same")
    with torch.no_grad():
        agent.net.widen.weight.add_(1)
    agent.save_pretrained(tmp_path / "other")
    told = [json.loads((tmp_path / name / "agent.json").read_text()) for name in ("same", "other")]
    assert ["metrics" in one for one in told] == [True, False]
    load(tmp_path / "other")  # whose checksum is that of its own weights


def test_options_of_loading_are_passed_on(saved_agent):
    agent = Agent.from_pretrained(str(saved_agent), device="cpu", task="maze")
    assert agent.device == torch.device("cpu") and agent.name == str(saved_agent)
    with pytest.raises(CheckpointError, match="for the task 'maze', not for 'chess'"):
        Agent.from_pretrained(saved_agent, task="chess")


def test_an_agent_of_the_package_is_found_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Agent.from_pretrained("maze_seed1").name == "maze_seed1"


def test_with_the_library_an_agent_is_one_of_its_models(hub, saved_agent):
    assert isinstance(load(saved_agent), hub.ModelHubMixin)


def test_an_agent_is_downloaded_as_its_three_files(hub, saved_agent, monkeypatch):
    asked = {}

    def snapshot_download(repository, **options):
        asked.update(options, repository=repository)
        return str(saved_agent)

    monkeypatch.setattr(hub, "snapshot_download", snapshot_download)
    agent = Agent.from_pretrained("somebody/mazes", revision="v2", local_files_only=True)
    assert agent.name == "somebody/mazes" and agent.training_iterations == 5
    assert asked["repository"] == "somebody/mazes" and asked["revision"] == "v2"
    assert asked["local_files_only"] and sorted(asked["allow_patterns"]) == FILES


def test_an_agent_is_uploaded_as_its_three_files(hub, saved_agent, monkeypatch):
    uploaded = []
    monkeypatch.setattr(hub.HfApi, "create_repo", lambda self, repo_id, **_: hub.RepoUrl(repo_id))
    monkeypatch.setattr(
        hub.HfApi,
        "upload_folder",
        lambda self, folder_path, **options: uploaded.append(names_in(Path(folder_path))),
    )
    load(saved_agent).push_to_hub("somebody/mazes")
    assert uploaded == [FILES]


def test_a_repository_that_is_not_there_is_one_line(hub, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        CheckpointError, match="^somebody/mazes: there is no such folder, and no "
    ) as e:
        Agent.from_pretrained("somebody/mazes", local_files_only=True, cache_dir=tmp_path)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("name", ["/nowhere/agent", "a/b/c", "../agent", Path("nowhere/agent")])
def test_what_can_only_be_a_folder_is_not_looked_for_elsewhere(name):
    with pytest.raises(CheckpointError, match=f"there is no such agent: {name}; "):
        Agent.from_pretrained(name)


def test_without_the_library_folders_work_and_a_repository_says_what_to_install(tmp_path):
    code = f"""
import sys
sys.modules["huggingface_hub"] = None
from thinkenv.deep_thinking import Agent, load
load("maze").save_pretrained({str(tmp_path / "shared")!r})
print(Agent.from_pretrained({str(tmp_path / "shared")!r}).training_iterations)
for attempt in (
    lambda: Agent.from_pretrained("somebody/mazes"),
    lambda: load("maze").push_to_hub("somebody/mazes"),
):
    try:
        attempt()
    except ImportError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [
        "140",
        "somebody/mazes: there is no such folder; to load an agent from a hub, install "
        "huggingface_hub: pip install huggingface_hub",
        "somebody/mazes: to upload an agent, install huggingface_hub: pip install huggingface_hub",
    ], done.stderr
    assert names_in(tmp_path / "shared") == FILES
