"""Agents and training states on disk: written whole or not at all, read without running code."""

import hashlib
import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from thinkenv.files import atomic_write

from .acceleration import PLAIN, Acceleration
from .agent import Agent
from .model import build_net, count_parameters
from .tasks import task_class

FORMAT = "thinkenv agent, version 1"
WEIGHTS = "weights.pt"
DESCRIPTION = "agent.json"


class CheckpointError(ValueError):
    """A checkpoint that cannot be used, with the reason."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is never seen half-written.

    Raises:
        OSError: If it cannot be written (such as on a full disk); an earlier file stays as it was.
    """
    with atomic_write(path) as file:
        file.write(content)


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
        return torch.load(buffer, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: there is no such file") from None
    except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError, KeyError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise CheckpointError(
            f"{path}: damaged or cut short, or not a PyTorch file ({reason[0][:120]})"
        ) from None
    except zipfile.BadZipFile as error:
        raise CheckpointError(f"{path}: damaged or cut short ({error})") from None


def save_agent(folder: Path, net: torch.nn.Module, description: dict[str, Any]) -> None:
    """Write an agent: ``weights.pt`` and, beside it, a readable ``agent.json``.

    Args:
        folder: Where to; made if it is missing.
        net: The net.
        description: At least ``task``, ``architecture``, ``net`` (its arguments) and
            ``training_iterations``; and whatever says how it came about.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = to_bytes({name: value.cpu() for name, value in net.state_dict().items()})
    described = {
        "format": FORMAT,
        "parameters": count_parameters(net),
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        **description,
    }
    write_whole(folder / WEIGHTS, weights)
    write_whole(folder / DESCRIPTION, (json.dumps(described, indent=2) + "\n").encode())


def load_agent(
    path: str | Path,
    device: torch.device | str = "cpu",
    task: str | None = None,
    acceleration: Acceleration = PLAIN,
) -> Agent:
    """Load a trained agent. Nothing in its files is run as code.

    Args:
        path: The agent's folder, holding ``agent.json`` and ``weights.pt``: for example
            ``assets/agents/maze``, or the folder of a training run.
        device: Where it is to think.
        task: The task it must be for, if any.
        acceleration: How its iterations are to be run faster; not at all by default.

    Raises:
        ValueError: If the acceleration cannot be used on this device.
        CheckpointError: If files are missing, damaged, do not belong together, or hold an agent
            for another task.
    """
    folder = Path(path)
    try:
        text = (folder / DESCRIPTION).read_text()
    except (FileNotFoundError, NotADirectoryError):
        raise CheckpointError(
            f"{folder}: not an agent's folder, there is no {DESCRIPTION} in it"
        ) from None
    try:
        description = json.loads(text)
    except ValueError as error:
        raise CheckpointError(f"{folder / DESCRIPTION}: no valid JSON ({error})") from None
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise CheckpointError(f"{folder / DESCRIPTION}: does not say format={FORMAT!r}")
    missing = {"task", "architecture", "net", "training_iterations"} - description.keys()
    if missing:
        raise CheckpointError(f"{folder / DESCRIPTION}: lacks {', '.join(sorted(missing))}")
    if task is not None and description["task"] != task:
        raise CheckpointError(
            f"{folder}: an agent for the task {description['task']!r}, not for {task!r}"
        )

    try:
        task_class(description["task"])
    except ValueError as error:
        raise CheckpointError(f"{folder}: {error}") from None

    try:
        content = (folder / WEIGHTS).read_bytes()
    except FileNotFoundError:
        raise CheckpointError(f"{folder}: there is no {WEIGHTS} in it") from None
    weights = read_state(folder / WEIGHTS, content)
    if hashlib.sha256(content).hexdigest() != description.get("weights_sha256"):
        raise CheckpointError(
            f"{folder / WEIGHTS}: not the weights that {DESCRIPTION} describes (SHA-256 differs)"
        )
    acceleration.check(torch.device(device))
    try:
        net = build_net(description["architecture"], description["net"])
        net.load_state_dict(weights)
        return Agent(
            net,
            description["task"],
            description["training_iterations"],
            device,
            description,
            acceleration,
        )
    except (RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder}: weights and description disagree: {error}") from None
