"""Agents on disk: written whole or not at all, read without running code.

An agent is a folder with ``weights.safetensors`` and a readable ``agent.json``, which says what net
they are of and how it came about. Beside them is a model card for people, which is not read.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from thinkenv.checks import check_integer, suggestion
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.architectures import ARCHITECTURES, AnyArchitecture
from thinkenv.deep_thinking.architectures.base import count_parameters
from thinkenv.deep_thinking.architectures.equivariance import drop_parametrizations, plain_state
from thinkenv.deep_thinking.codecs.choice import codec_for
from thinkenv.deep_thinking.migration import upgrade_description, upgrade_weights
from thinkenv.deep_thinking.model_card import write_card
from thinkenv.deep_thinking.rollout.acceleration import PLAIN, Acceleration
from thinkenv.files import write_bytes
from thinkenv.tasks import TASKS
from thinkenv.tasks.base import AnyTask

FORMAT = "thinkenv agent, version 2"
EARLIER_FORMAT = "thinkenv agent, version 1"
WEIGHTS = "weights.safetensors"
EARLIER_WEIGHTS = "weights.pt"
DESCRIPTION = "agent.json"
SHIPPED = Path(__file__).parent / "weights"
# What a description says of the weights that were measured, and of no others.
MEASURED = ("metrics", "results", "limits")
# Where shipped agents lay in the repository of release 0.1.
EARLIER_SHIPPED = Path("assets") / "agents"


class CheckpointError(ValueError):
    """A checkpoint that cannot be used, with the reason."""


def shipped_agents() -> list[str]:
    """The names of the agents that come with the package."""
    return sorted(folder.name for folder in SHIPPED.iterdir() if (folder / DESCRIPTION).is_file())


def find_agent(name: str | Path) -> Path:
    """The folder of an agent: the one of that path, or the shipped one of that name.

    Raises:
        CheckpointError: If there is no such agent.
    """
    folder = Path(name).expanduser()
    if (folder / DESCRIPTION).is_file():
        return folder
    if len(folder.parts) == 1 or folder.parent == EARLIER_SHIPPED:
        shipped = SHIPPED / folder.name
        if (shipped / DESCRIPTION).is_file():
            return shipped
    if folder.exists():
        raise CheckpointError(f"{folder}: not an agent's folder, there is no {DESCRIPTION} in it")
    names = shipped_agents()
    raise CheckpointError(
        f"there is no such agent: {folder}; an agent is a folder, or one of {', '.join(names)}"
        f"{suggestion(folder.name, names)}"
    )


def save_agent(folder: Path, net: AnyArchitecture, description: Mapping[str, Any]) -> None:
    """Write an agent and its model card.

    Args:
        folder: Where to; made if it is missing.
        net: The net.
        description: At least ``task`` and ``training_iterations``; and whatever says how it came
            about. What it says of the net itself is found out anew, and if it is the description of
            other weights, what was measured of those is left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = safetensors.torch.save(
        {name: tensor.detach().cpu().contiguous() for name, tensor in plain_state(net).items()}
    )
    described: dict[str, Any] = {
        "format": FORMAT,
        "parameters": count_parameters(net),
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "architecture": net.name,
        "net": asdict(net.settings),
        "interface": asdict(net.interface),
    }
    # An earlier format has the checksum of another file.
    known = description.get("weights_sha256") if description.get("format") == FORMAT else None
    has_changed = known not in (None, described["weights_sha256"])
    left_out = {*described, *(MEASURED if has_changed else ())}
    described |= {name: value for name, value in description.items() if name not in left_out}
    written = json.dumps(described, indent=2)
    write_bytes(folder / WEIGHTS, weights)
    write_bytes(folder / DESCRIPTION, f"{written}\n".encode())
    (folder / EARLIER_WEIGHTS).unlink(missing_ok=True)  # of a run that was begun by release 0.1
    write_card(folder, json.loads(written))  # as whoever reads the file would write it


def load_agent(
    name: str | Path,
    device: torch.device | str = "cpu",
    task: str | type[AnyTask] | None = None,
    architecture: str | None = None,
    acceleration: Acceleration = PLAIN,
) -> Agent[Any]:
    """Load a trained agent. Nothing in its files is run as code.

    Args:
        name: The name of an agent that comes with the package, such as ``maze``, or a folder
            holding ``agent.json`` and ``weights.safetensors``, such as that of a training run.
        device: Where it is to think.
        task: The task it must be for: a name, a class, or ``file.py:Class``. An agent for a task
            of your own can be loaded when its task was named, here or before.
        architecture: The architecture of its net, where that is one of your own: ``file.py:Class``.
        acceleration: How its iterations are to be run faster; not at all by default.

    Raises:
        ValueError: If the acceleration cannot be used on this device, or there is no such task or
            architecture.
        CheckpointError: If files are missing, damaged, do not belong together, or hold an agent
            for another task.
    """
    folder = find_agent(name)
    description = read_description(folder)
    if architecture is not None:
        ARCHITECTURES.find(architecture)
    if isinstance(task, str):
        task = TASKS.find(task)
    if task is not None and description["task"] != task.name:
        raise CheckpointError(
            f"{folder}: an agent for the task {description['task']!r}, not for {task.name!r}"
        )
    try:
        found_task = task or TASKS.find(description["task"])
        found = ARCHITECTURES.find(description["architecture"])
        codec = codec_for(found_task, found)
        net = found(found.settings_type(**description["net"]), codec.interface)
    except (TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{folder / DESCRIPTION}: {error}") from None
    weights = read_weights(folder, description)
    drop_parametrizations(net)  # weights that were trained as equivariant ones are so
    try:
        net.load_state_dict(weights)
    except RuntimeError as error:  # of several lines
        reason = " ".join(str(error).split())
        raise CheckpointError(f"{folder}: {WEIGHTS} and {DESCRIPTION} disagree: {reason}") from None
    known = {**description, "name": folder.name if folder.parent == SHIPPED else str(name)}
    return Agent(net, codec, description["training_iterations"], device, known, acceleration)


def read_description(folder: Path) -> dict[str, Any]:
    """What ``agent.json`` says, as version 2 says it.

    Raises:
        CheckpointError: If the file is missing, damaged, or of another kind.
    """
    path = folder / DESCRIPTION
    try:
        description = json.loads(path.read_bytes())
    except (ValueError, OSError) as error:
        raise CheckpointError(f"{path}: not valid JSON ({error})") from None
    stored = description.get("format") if isinstance(description, dict) else None
    if stored not in (FORMAT, EARLIER_FORMAT):
        raise CheckpointError(f"{path}: format must be {FORMAT!r}, got {stored!r}")
    missing = {"task", "architecture", "net", "training_iterations"} - description.keys()
    if missing:
        raise CheckpointError(f"{path}: lacks {', '.join(sorted(missing))}")
    for key in ("task", "architecture"):
        if ":" in str(description[key]):  # a reference to code, which a file must not choose
            raise CheckpointError(f"{path}: {key} must be a name, got {description[key]!r}")
    try:
        check_integer("training_iterations", description["training_iterations"], 1, 2**63 - 1)
        return description if stored == FORMAT else upgrade_description(description)
    except (ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path}: {error}") from None


def read_weights(folder: Path, description: Mapping[str, Any]) -> dict[str, Tensor]:
    """The weights of an agent, by the names of version 2.

    Raises:
        CheckpointError: If the file is missing, damaged, or not the one that is described.
    """
    is_earlier = description["format"] == EARLIER_FORMAT
    path = folder / (EARLIER_WEIGHTS if is_earlier else WEIGHTS)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from None
    if hashlib.sha256(content).hexdigest() != description.get("weights_sha256"):
        raise CheckpointError(
            f"{path}: damaged, cut short, or not the weights that {DESCRIPTION} describes "
            "(SHA-256 differs)"
        )
    if is_earlier:
        return upgrade_weights(read_state(path, content))
    try:
        return safetensors.torch.load(content)
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"{path}: not a safetensors file ({error})") from None


def to_bytes(state: dict[str, Any]) -> bytes:
    """A dict of tensors and plain values in PyTorch's file format."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def read_state(path: Path, content: bytes | None = None) -> dict[str, Any]:
    """Read a dict of tensors and plain values that ``to_bytes`` wrote, without running code.

    Raises:
        CheckpointError: If the file is missing, cut short, damaged, or of another kind.
    """
    try:
        buffer = io.BytesIO(path.read_bytes() if content is None else content)
        state = torch.load(buffer, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: there is no such file") from None
    except Exception as error:  # of any kind, by what is wrong in the file
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise CheckpointError(
            f"{path}: damaged or cut short, or not a PyTorch file ({reason[0][:120]})"
        ) from None
    if not isinstance(state, dict):
        raise CheckpointError(f"{path}: not a state by names")
    return state
