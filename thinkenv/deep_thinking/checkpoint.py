"""Agents on disk: written whole or not at all, read without running code.

An agent is a folder with ``weights.safetensors`` and a readable ``agent.json``, which says what net
they are of and how it came about. Beside them is a model card for people, which is not read.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from thinkenv import gate
from thinkenv.checks import suggestion
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.architectures import ARCHITECTURES, AnyArchitecture, Settings
from thinkenv.deep_thinking.architectures.base import count_parameters
from thinkenv.deep_thinking.architectures.equivariance import drop_parametrizations, plain_state
from thinkenv.deep_thinking.codecs.base import AnyCodec, Interface
from thinkenv.deep_thinking.codecs.choice import codec_for
from thinkenv.deep_thinking.migration import INTERFACE_NAMES, upgrade_description
from thinkenv.deep_thinking.model_card import write_card
from thinkenv.deep_thinking.rollout.acceleration import PLAIN, Acceleration
from thinkenv.deep_thinking.tensor_files import (
    CheckpointError,
    TensorHeader,
    check_finite,
    header_of,
    read_earlier_weights,
    read_weights,
)
from thinkenv.files import write_bytes
from thinkenv.suites.results import name_of_today
from thinkenv.tasks import TASKS
from thinkenv.tasks.base import AnyTask

FORMAT = "thinkenv agent, version 2"
EARLIER_FORMAT = "thinkenv agent, version 1"
WEIGHTS = "weights.safetensors"
EARLIER_WEIGHTS = "weights.pt"
DESCRIPTION = "agent.json"
SHIPPED = Path(__file__).parent / "weights"
# What version 1 said among the settings of a net.
EARLIER_NAMES = {name: earlier for earlier, name in INTERFACE_NAMES.items()}
# What a description says of the weights that were measured, and of no others.
MEASURED = ("metrics", "results", "limits")
# Where shipped agents lay in the repository of release 0.1.
EARLIER_SHIPPED = Path("assets") / "agents"

# What a description says that decides how an agent answers, and the key of the checksum over it.
DECISIVE = ("task", "architecture", "net", "interface", "training_iterations", "weights_sha256")
CHECKSUM = "checksum"
MAX_DESCRIPTION_BYTES = 2**22  # what was measured may be among it
MAX_TRAINING_ITERATIONS = 1_000_000
MAX_NUMBER = 1e300  # among the settings of a net


def shipped_agents() -> list[str]:
    """The names of the agents that come with the package."""
    return sorted(folder.name for folder in SHIPPED.iterdir() if (folder / DESCRIPTION).is_file())


def find_agent(name: str | Path) -> Path:
    """The folder of an agent: the one of that path, or the shipped one of that name.

    Raises:
        CheckpointError: If there is no such agent.
    """
    try:
        folder = Path(name).expanduser()
        # Whatever is there: what is no ordinary file is refused when it is read.
        is_agent = os.path.lexists(folder / DESCRIPTION)
    except (RuntimeError, ValueError) as error:  # no home folder; a zero byte
        raise CheckpointError(f"there is no such agent: {str(name)!r:.300} ({error})") from error
    if is_agent:
        return folder
    is_earlier = folder.parent == EARLIER_SHIPPED
    if len(folder.parts) == 1 or is_earlier:
        shipped = SHIPPED / (name_of_today(folder.name) if is_earlier else folder.name)
        if os.path.isfile(shipped / DESCRIPTION):
            return shipped
    if os.path.lexists(folder):
        raise CheckpointError(f"{folder}: not an agent's folder, there is no {DESCRIPTION} in it")
    names = shipped_agents()
    raise CheckpointError(
        f"there is no such agent: {str(folder):.300}; an agent is a folder, or one of "
        f"{', '.join(names)}{suggestion(folder.name, names)}"
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
        CHECKSUM: "",
    }
    # An earlier format has the checksum of another file.
    known = description.get("weights_sha256") if description.get("format") == FORMAT else None
    has_changed = known not in (None, described["weights_sha256"])
    left_out = {*described, *(MEASURED if has_changed else ())}
    described |= {name: value for name, value in description.items() if name not in left_out}
    described[CHECKSUM] = checksum_of(described)
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
    with gate.reading(str(name), CheckpointError):
        folder = find_agent(name)
        description = read_description(folder / DESCRIPTION)
    if architecture is not None:
        ARCHITECTURES.find(architecture)
    if isinstance(task, str):
        task = TASKS.find(task)
    if task is not None and description["task"] != task.name:
        raise CheckpointError(
            f"{folder}: an agent for the task {description['task']!r:.200}, not for {task.name!r}"
        )
    with gate.reading(folder / DESCRIPTION, CheckpointError):
        found = ARCHITECTURES.find(description["architecture"])
        codec = codec_for(task or TASKS.find(description["task"]), found)
        is_earlier = description["format"] == EARLIER_FORMAT
        check_interface(description.get("interface"), codec.interface, is_earlier)
        check_settings(found.settings_type, description["net"])
        settings = found.settings_type(**description["net"])
        draft, expected = draft_net(found, settings, codec)
    path = folder / (EARLIER_WEIGHTS if is_earlier else WEIGHTS)
    read = read_earlier_weights if is_earlier else read_weights
    weights = read(path, expected, description["weights_sha256"])
    with gate.reading(path, CheckpointError):
        if draft is None or expected is None:
            net = plain_net(found, settings, codec)
            net.load_state_dict(weights)
            weights = net.state_dict()
        else:
            net = draft
            weights = {name: own_copy(one, expected[name].dtype) for name, one in weights.items()}
            net.load_state_dict(weights, assign=True)
        check_finite(weights)
    known = {**description, "name": folder.name if folder.parent == SHIPPED else str(name)}
    return Agent(net, codec, description["training_iterations"], device, known, acceleration)


def own_copy(weight: Tensor, dtype: torch.dtype) -> Tensor:
    """A weight for a net: in its precision, and in the layout in which an agent has it.

    It is a copy, for in the bytes of a file numbers are not aligned as PyTorch has them.
    """
    is_kernel = weight.ndim == 4
    layout = torch.channels_last if is_kernel else torch.preserve_format
    return weight.to(dtype, copy=True, memory_format=layout)


def plain_net(
    architecture: type[AnyArchitecture], settings: Settings, codec: AnyCodec
) -> AnyArchitecture:
    """A new net whose weights stand for themselves: those that were equivariant in training are so.

    Raises:
        ValueError: If the settings cannot be together.
    """
    net = architecture(settings, codec.interface)
    drop_parametrizations(net)
    return net


def draft_net(
    architecture: type[AnyArchitecture], settings: Settings, codec: AnyCodec
) -> tuple[AnyArchitecture | None, dict[str, TensorHeader] | None]:
    """A net without any numbers, and the tensors that it needs.

    A file may describe a net of any size. What its weights have to be is found out here without
    taking memory for them.

    Returns:
        The net, and its tensors by name. The net is None where it is of a class of somebody's own,
        which may make other numbers than its weights when it is built; and so are the tensors,
        where such a class cannot be built without numbers.

    Raises:
        ValueError: If the settings cannot be together.
    """
    is_ours = architecture.__module__.startswith("thinkenv.")
    try:
        with torch.device("meta"):
            net = architecture(settings, codec.interface)
            if not is_ours:  # in a net of ours nothing is parametrized there
                drop_parametrizations(net)
    except Exception:  # of any kind, by what such a class does
        if is_ours:
            raise
        return None, None
    needed = {name: header_of(tensor) for name, tensor in net.state_dict().items()}
    return net if is_ours else None, needed


@gate.reader("what an agent is", CheckpointError)
def read_description(path: Path | str) -> dict[str, Any]:
    """What ``agent.json`` says, as version 2 says it.

    Raises:
        CheckpointError: If the file is missing, damaged, or of another kind.
    """
    description = gate.read_json(path, MAX_DESCRIPTION_BYTES)
    stored = description.get("format") if isinstance(description, dict) else None
    if stored not in (FORMAT, EARLIER_FORMAT):
        raise ValueError(f"format must be {FORMAT!r}, got {stored!r:.60}")
    missing = {"task", "architecture", "net", "training_iterations"} - description.keys()
    if missing:
        raise ValueError(f"lacks {', '.join(sorted(missing))}")
    check_description(description)
    if CHECKSUM in description and description[CHECKSUM] != checksum_of(description):
        raise ValueError(
            f"{', '.join(DECISIVE[:-1])} or {DECISIVE[-1]} is not what was written (the checksum "
            f"differs): the file is damaged, or was edited by hand; if you did so, remove the line "
            f'"{CHECKSUM}" from it'
        )
    return description if stored == FORMAT else upgrade_description(description)


def check_description(description: Mapping[str, Any]) -> None:
    """Check the types and bounds of what every description says.

    Raises:
        ValueError: If something is not allowed; the message names it.
    """
    for key in ("task", "architecture"):
        name = description[key]
        # A reference to code is nothing that a file may choose.
        if not isinstance(name, str) or not name or ":" in name:
            raise ValueError(f"{key} must be a name, got {name!r:.60}")
    for key, kind in {"net": dict, "weights_sha256": str, CHECKSUM: str}.items():
        if not isinstance(description.get(key, kind()), kind):
            raise ValueError(f"{key} must be {NAMES[kind]}, got {description[key]!r:.60}")
    if not description.get("weights_sha256"):
        raise ValueError("lacks weights_sha256")
    iterations = description["training_iterations"]
    if type(iterations) is not int or not 1 <= iterations <= MAX_TRAINING_ITERATIONS:
        raise ValueError(
            "training_iterations must be a whole number from 1 to "
            f"{MAX_TRAINING_ITERATIONS:,}, got {shown(iterations)}"
        )


def checksum_of(description: Mapping[str, Any]) -> str:
    """The SHA-256 of what decides in a description how an agent answers, however it is laid out."""
    decisive = {key: description.get(key) for key in DECISIVE}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def check_interface(stored: Any, interface: Interface, is_earlier: bool) -> None:
    """Check that a net was made for what it is to see and answer here.

    Args:
        stored: What a description says; None where it says nothing.
        interface: That of the codec.
        is_earlier: Whether the description is of version 1, which said it in other words.

    Raises:
        ValueError: If it was made for something else.
    """
    if stored is None:
        return
    if not isinstance(stored, dict):
        raise ValueError(f"interface must be an object, got {stored!r:.60}")
    ours = asdict(interface)
    for key, value in stored.items():
        if key not in ours:
            raise ValueError(f"interface must be of {', '.join(ours)}, got {key!r:.60}")
        if type(value) is not type(ours[key]) or value != ours[key]:
            name = f"net.{EARLIER_NAMES[key]}" if is_earlier else f"interface.{key}"
            raise ValueError(f"{name} must be {ours[key]!r}, got {shown(value)}")


def shown(value: Any) -> str:
    """A value in an error, in a few characters."""
    if isinstance(value, int) and abs(value) >= 2**63:
        return "a larger number"
    return f"{value!r:.60}"


# What a type is called in errors.
NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
NAMES |= {dict: "an object"}


def check_settings(settings_type: type[Settings], stored: Mapping[str, Any]) -> None:
    """Check that stored settings are of the types that those of an architecture have.

    Raises:
        ValueError: If there is one too many, or one of another type.
    """
    defaults = {field.name: field.default for field in fields(settings_type)}
    for name, value in stored.items():
        if name not in defaults:
            words = f"net must be of {', '.join(defaults)}, got {name!r:.60}"
            raise ValueError(words + suggestion(name, defaults))
        kind = type(defaults[name])
        is_right = type(value) is kind or (kind is float and type(value) is int)
        if kind is float and is_right:
            is_right = abs(value) < MAX_NUMBER  # false also for NaN
        if kind in NAMES and not is_right:
            raise ValueError(f"net.{name} must be {NAMES[kind]}, got {shown(value)}")
