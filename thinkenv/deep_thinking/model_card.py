"""Model cards: what an agent is, in words and numbers, beside its weights.

A card is the ``README.md`` of an agent's folder, with the lines in front that hubs read. It says
what ``agent.json`` says, and nothing else, so that it can be written anew at any time. Results that
were measured stand in ``agent.json`` under ``results``, as ``evaluate.py --json`` writes them.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from thinkenv import gate
from thinkenv.files import write_bytes
from thinkenv.tasks import TASKS
from thinkenv.tasks.base import Task

CARD = "README.md"
# Further columns of results, where they have them.
SHARES = {"converged": "converged", "first_move": "first move", "line": "whole line"}
# What a row must have to stand on a card.
NEEDED = ("n", "exact", "exact_low", "exact_high")
MAX_BYTES = 2**22  # of a card; what is longer was not written here
MAX_NUMBER = 1e15  # that stands on a card
# What mazes are like, by the options of ``MazeTask``: these ends are in rooms, in lattices of them,
# and these generators make no lattices.
ENDS_IN_ROOMS = ("any", "dead_ends", "corners", "farthest")
WITHOUT_LATTICE = ("percolation", "plazas", "caves")
# How the last line of a card begins; the checksum of all before it follows.
SIGNATURE = "<!-- Written from agent.json. A card that was edited is never replaced. "


def write_card(folder: Path, description: Mapping[str, Any]) -> bool:
    """Write the card of an agent into its folder, unless there is one that somebody has edited.

    Args:
        folder: The agent's folder.
        description: What ``agent.json`` holds.

    Returns:
        Whether it was written.
    """
    path = folder / CARD
    if os.path.lexists(path) and not is_unedited(path):
        return False
    name = description.get("name") or folder.resolve().name
    write_bytes(path, card(name, description).encode())
    return True


def remove_card(folder: Path) -> None:
    """Remove the card of an agent that goes, unless somebody has edited it."""
    path = folder / CARD
    if os.path.lexists(path) and is_unedited(path):
        path.unlink()


def is_unedited(path: Path) -> bool:
    """Whether a file is a card as it was written here, to the last letter."""
    try:
        text = gate.read_text(path, MAX_BYTES).replace("\r\n", "\n")  # as Git may have written it
    except gate.FileError:
        return False
    body, signature, _ = text.rpartition(SIGNATURE)
    return bool(signature) and text == sign(body)


def sign(body: str) -> str:
    """A card with its last line, which tells whether it was edited since."""
    return f"{body}{SIGNATURE}{hashlib.sha256(body.encode()).hexdigest()[:16]} -->\n"


def card(name: str, description: Mapping[str, Any]) -> str:
    """The whole card of an agent.

    Args:
        name: What the agent is called.
        description: What ``agent.json`` holds.
    """
    parts = [
        front_matter(name, description),
        f"# {name}",
        introduction(description),
        usage(name, description),
        "## Training",
        training(description),
        "## Measured",
        measured(description),
        "## Limits",
        limits(description),
    ]
    return sign("\n\n".join(parts) + "\n\n")


def front_matter(name: str, description: Mapping[str, Any]) -> str:
    """What hubs read: library, licence, tags, and the share solved of each set of problems."""
    task, architecture = description["task"], description["architecture"]
    lines = ["---", "library_name: thinkenv"]
    if "license" in description:  # an agent of your own has the licence that you give it
        lines.append(f"license: {quoted(description['license'])}")
    tags = ("thinkenv", "deep-thinking", "reasoning", "extrapolation", task, architecture)
    lines += ["tags:", *(f"- {quoted(tag)}" for tag in tags)]
    rows = [row for result in results_of(description) for row in result["rows"]]
    if rows:
        lines += ["model-index:", f"- name: {quoted(name)}", "  results:"]
    for row in rows:
        lines += [
            f"  - task: {{type: {quoted(task)}}}",
            f"    dataset: {{type: {quoted(task)}, name: {quoted(problems_of(row))}}}",
            f"    metrics: [{{type: exact, name: {quoted(f'iterations: {thinking_of(row)}')}, "
            f"value: {row['exact']}}}]",
        ]
    return "\n".join([*lines, "---"])


def introduction(description: Mapping[str, Any]) -> str:
    """What kind of agent it is."""
    budget = description["training_iterations"]
    further = ", and can imagine moves after that" if imagines(description) else ""
    kind = description["architecture"].replace("_", "-")
    parameters = f" with {description['parameters']:,} parameters"
    text = f"A {kind} net{parameters} for the task `{description['task']}` of thinkenv"
    if budget == 1:
        return f"{text}. It answers after one iteration."
    return (
        f"{text}. It thinks about a problem by changing a memory again and again, and was trained "
        f"with at most {budget} iterations. It can think for longer than that{further}."
    )


def imagines(description: Mapping[str, Any]) -> bool:
    """Whether the net has learned to imagine moves."""
    is_of_kind = description["architecture"] == "messages"
    return is_of_kind and bool(part(description, "net").get("imagines", True))


def usage(name: str, description: Mapping[str, Any]) -> str:
    """How it is loaded."""
    longer = "imagine=64" if imagines(description) else 'iterations="converged"'
    return (
        "```python\n"
        "from thinkenv.deep_thinking import Agent\n\n"
        f"agent = Agent.from_pretrained({quoted(name)})  # this folder, or where it is shared\n"
        f"thought = agent.think(problems)  # or iterations=1000, or {longer}\n"
        "```"
    )


def training(description: Mapping[str, Any]) -> str:
    """What it was trained on and how, and the command that does it again."""
    facts = {
        "problems": problems_trained_on(part(description, "trained_on")),
        "plan": listed(part(description, "plan")),
        **{key: description.get(key) for key in ("seed", "commit", "time", "machine")},
        "versions": listed(part(description, "versions")),
        "resumed": resumptions(description),
    }
    told = [(key, value) for key, value in facts.items() if value not in (None, "")]
    if not told:
        return "Nothing is known of its training."
    parts = [table(("", ""), told)]
    stages = (part(description, "start_from"), description)
    commands = [str(stage["command"]) for stage in stages if stage.get("command")]
    if commands:
        order = "; the second goes on from the first" if len(commands) > 1 else ""
        parts.append(f"To train it again, at that commit{order}:")
        parts.append("```bash\n" + "\n".join(commands) + "\n```")
    return "\n\n".join(parts)


def resumptions(description: Mapping[str, Any]) -> str:
    """At which commits training went on after it had been interrupted; nothing where it was not."""
    stages = description.get("resumed")
    resumed = stages if isinstance(stages, list) else []
    commits = [stage.get("commit", "unknown") for stage in resumed if isinstance(stage, Mapping)]
    return ", then ".join(f"at commit {commit}" for commit in commits)


def measured(description: Mapping[str, Any]) -> str:
    """What is known of its answers, in numbers."""
    parts = []
    metrics = part(description, "metrics")
    if isinstance(metrics.get("validation_exact"), float):
        share = percent(metrics["validation_exact"])
        parts.append(f"Of unseen problems like those it was trained on it solves {share} exactly.")
    for result in results_of(description):
        told = set().union(*result["rows"])
        shares = {name: title for name, title in SHARES.items() if name in told}
        header = ("problems", "number", "iterations", "exact", "95 % interval", *shares.values())
        rows = [
            (
                problems_of(row),
                f"{row['n']:,}",
                thinking_of(row),
                percent(row["exact"]),
                f"{percent(row['exact_low'])} to {percent(row['exact_high'])}",
                *("" if row.get(name) is None else percent(row[name]) for name in shares),
            )
            for row in result["rows"]
        ]
        parts.append(table(header, rows))
        if "command" in result:
            commit = result.get("commit", "unknown")
            parts.append(f"Measured at commit {commit}:\n\n```bash\n{result['command']}\n```")
    return "\n\n".join(parts) or "Nothing yet: `agents/evaluate.py` measures it."


def limits(description: Mapping[str, Any]) -> str:
    """What it was not trained for, and what is known to fail."""
    found = limits_of_mazes(description) if description["task"] == "maze" else []
    found.append(
        "Nothing is known of problems that are neither like those above nor in a table above."
    )
    told = description.get("limits")
    found += map(str, told if isinstance(told, list) else ())
    return "\n".join(f"- {limit}" for limit in found)


def limits_of_mazes(description: Mapping[str, Any]) -> list[str]:
    """Which mazes were not among those that it was trained on, and what to expect of them."""
    trained_on = part(description, "trained_on")
    if not trained_on:
        return []
    kinds = kinds_of(trained_on)
    is_lattice = [kind.get("generator", "dfs") not in WITHOUT_LATTICE for kind in kinds]
    ends = [kind.get("endpoints", "any") for kind in kinds]
    found = []
    if all(is_lattice) and all(end in ENDS_IN_ROOMS for end in ends):
        found.append(
            "It does not solve mazes with start or goal outside rooms (cells with two odd "
            "coordinates), because it never saw one: with an end on a corridor cell, as in mazes "
            "from pictures and texts, it often comes to rest on a wrong answer."
        )
    if all(is_lattice) and not any(kind.get("loops") for kind in kinds):
        found.append(
            "It never saw a maze with loops. Without them it is enough to fill dead ends, which "
            "does not find the shortest of several ways: expect wrong answers wherever there are "
            "loops or open places."
        )
    elif all(is_lattice):
        found.append("It never saw a grid that is no lattice of rooms, such as one with caves.")
    if "unreachable" not in ends:
        found.append("It never saw a maze without a way from start to goal.")
    return found


def problems_trained_on(trained_on: Mapping[str, Any]) -> str:
    """The options of the problems that it was trained on, in a line; a mixture in brief."""
    kinds = kinds_of(trained_on)
    if kinds == [trained_on]:
        return listed(trained_on)
    values: dict[str, list[str]] = {}
    for kind in kinds:
        for name, value in kind.items():
            if name != "weight" and str(value) not in values.setdefault(name, []):
                values[name].append(str(value))
    rest = {name: value for name, value in trained_on.items() if name != "kinds"}
    among = "; ".join(f"{name} {', '.join(found)}" for name, found in values.items())
    return f"{listed(rest)}, a mixture of {len(kinds)} kinds, among them with {among}"


def kinds_of(trained_on: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The options of each kind of problems in a mixture, or those of the only kind."""
    kinds = trained_on.get("kinds")
    if not isinstance(kinds, list):
        return [trained_on]
    return [kind for kind in kinds if isinstance(kind, Mapping)] or [trained_on]


def part(description: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of a description that may be missing."""
    found = description.get(name)
    return found if isinstance(found, Mapping) else {}


def results_of(description: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The stored results of a description, each with its ``rows``."""
    results = description.get("results")
    if not isinstance(results, Sequence):
        return []
    found = [
        {**result, "rows": rows_of(result)}
        for result in results
        if isinstance(result, Mapping) and isinstance(result.get("rows"), Sequence)
    ]
    return [result for result in found if result["rows"]]


def rows_of(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of a stored result that say how many problems were solved."""
    return [row for row in result["rows"] if isinstance(row, Mapping) and is_row(row)]


def is_row(row: Mapping[str, Any]) -> bool:
    """Whether what is shown of a row can be shown."""
    needed = (row.get(name) for name in NEEDED)
    numbers = (*SHARES, "iterations", "imagined")
    shown = (row[name] for name in numbers if row.get(name) is not None)
    words = (row[name] for name in ("task", "split") if row.get(name) is not None)
    return all(map(is_number, (*needed, *shown))) and all(isinstance(word, str) for word in words)


def is_number(value: Any) -> bool:
    """Whether a value is a number that can be printed."""
    return isinstance(value, int | float) and abs(value) < MAX_NUMBER


def problems_of(row: Mapping[str, Any]) -> str:
    """Which problems a row is about: ``59x59 wilson, extrapolation``."""
    # A name alone: what else there may be in a file would be run as code.
    family = TASKS.find(row["task"]) if row.get("task") in TASKS.names else None
    try:
        label = Task.label(row) if family is None else family.label(row)
    except (LookupError, AssertionError, TypeError, ValueError):  # without the task's options
        label = Task.label(row)
    return ", ".join(filter(None, (label, row.get("split"))))


def thinking_of(row: Mapping[str, Any]) -> str:
    """How long was thought for a row.

    ``12``, ``337 until converged`` on average, or ``8, then 64 imagined``.
    """
    if row.get("iterations") is None:
        return ""
    found = " until converged" if row.get("stopping") == "converged" else ""
    imagined = f", then {row['imagined']:,.0f} imagined" if row.get("imagined") else ""
    return f"{row['iterations']:,.0f}{found}{imagined}"


def listed(values: Mapping[str, Any]) -> str:
    """Names and values in a line."""
    return ", ".join(f"{name} {value}" for name, value in values.items())


def percent(share: float) -> str:
    """A share as it is printed."""
    return f"{share:.1%}".replace("%", " %")


def quoted(text: str) -> str:
    """A text as YAML takes it, whatever is in it."""
    return json.dumps(str(text), ensure_ascii=False)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""

    def line(cells: Sequence[object]) -> str:
        texts = (str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells)
        return f"| {' | '.join(texts)} |"

    return "\n".join(map(line, [header, ["---"] * len(header), *rows]))
