"""What earlier versions stored, as this one reads it.

Version 1 of an agent's files (up to release 0.1) had other names for some settings, beside them
what the task decides, and its weights in PyTorch's file format.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

from thinkenv.deep_thinking.architectures import ARCHITECTURES

Value = TypeVar("Value")

# Names of the plan, of version 1 and of today.
PLAN_NAMES = {
    "warm_up": "warmup_fraction",
    "clip": "max_grad_norm",
    "update_chance": "update_prob",
    "memory_noise": "memory_noise_std",
    "rest_penalty": "residual_penalty",
    "averaging": "ema_decay",
}
# What the task decides, which was among the settings of a net.
INTERFACE_NAMES = {
    "input_channels": "input_channels",
    "answer_channels": "answer_channels",
    "dimensions": "dimensions",
    "barrier_channel": "wall_channel",
}
# Fields of a plan that earlier releases did not have, as what they did would be said today.
LATER_PLAN_FIELDS: dict[str, Any] = {"free_iterations": [0, 0], "quiet_iterations": 8}
# Columns of metrics.csv.
METRIC_NAMES = {"change": "memory_residual"}
# What settings were where version 1 did not say them.
SETTINGS_1 = {
    "recurrent": {"memory_channels": 28, "hidden_channels": 32, "head_channels": 16},
    "feed_forward": {"memory_channels": 16, "blocks": 4, "head_channels": 16},
}


def rename(values: Mapping[str, Value], names: Mapping[str, str]) -> dict[str, Value]:
    """A dict with some of its keys renamed."""
    return {names.get(name, name): value for name, value in values.items()}


def settings_of(architecture: str, net: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in a dict ``net`` of version 1, which also held what the task decides.

    Raises:
        ValueError: If there is no such architecture, or a setting is not allowed.
    """
    stored = {**SETTINGS_1.get(architecture, {}), **net}
    stored["equivariant"] = stored.get("symmetric", False)
    stored["wall_mask"] = stored.get("barrier_channel") is not None
    settings_type = ARCHITECTURES.find(architecture).settings_type
    known = {field.name for field in fields(settings_type)} & stored.keys()
    return asdict(settings_type(**{name: stored[name] for name in known}))


def upgrade_description(description: Mapping[str, Any]) -> dict[str, Any]:
    """An ``agent.json`` of version 1 as one of version 2; all but the format's name.

    Raises:
        ValueError: If there is no such architecture, or a setting is not allowed.
        TypeError: If something in it has the wrong type.
    """
    upgraded = dict(description)
    net = description["net"]
    upgraded["net"] = settings_of(description["architecture"], net)
    # A net without barriers does not say where a problem has walls.
    said = {INTERFACE_NAMES[name]: value for name, value in net.items() if name in INTERFACE_NAMES}
    upgraded["interface"] = {name: value for name, value in said.items() if value is not None}
    if isinstance(description.get("start_from"), dict):
        upgraded["start_from"] = dict(description["start_from"])
    for described in (upgraded, upgraded.get("start_from")):
        for key, names in (("plan", PLAN_NAMES), ("metrics", METRIC_NAMES)):
            if isinstance(described, dict) and isinstance(described.get(key), dict):
                described[key] = rename(described[key], names)
    return upgraded


def upgrade_weights(weights: Mapping[str, Value]) -> dict[str, Value]:
    """Weights by the names of version 1, by those of today."""
    return {name.replace("head.look.", "head.hidden."): value for name, value in weights.items()}


def upgrade_training_state(state: Mapping[str, Any], fresh: Mapping[str, Any]) -> dict[str, Any]:
    """A training state of release 0.1 as one of today.

    Args:
        state: The state.
        fresh: The state of the same training, not begun: it gives the weights their names, which
            come in the same order.

    Raises:
        KeyError: If it lacks something.
        ValueError: If it is of another net.
    """
    run = dict(state["run"])
    run["net"] = settings_of(run["architecture"], run["net"])
    run["plan"] = rename(run["plan"], PLAN_NAMES)
    problems = dict(state["slots"])
    memory = problems.pop("memory", None)  # not there before the first step
    average = dict(fresh["average"])
    trained = [name for name in fresh["net"]]
    average |= dict(zip((f"module.{name}" for name in trained), state["average"], strict=True))
    # Its first step did not copy the weights, so its steps count as this many averages.
    average["n_averaged"] = average["n_averaged"] + state["steps_done"]
    return {
        **state,
        "run": run,
        "net": dict(zip(trained, state["net"].values(), strict=True)),
        "average": average,
        "problems": problems,
        "memory": memory,
    }
