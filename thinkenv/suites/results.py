"""Read stored evaluation rows, those of earlier versions of this package too."""

import json
import re
from collections.abc import Collection
from pathlib import Path

from thinkenv.suites.merging import problems_of
from thinkenv.suites.scores import ROW_KEYS

# What a file of rows says under ``format``; files of version 1 say nothing.
FORMAT = "thinkenv rows, version 2"
# Keys of rows of version 1 that have other names now.
RENAMED = {
    "generator_version": "version",
    "limits": "attractors",
    "look_every": "eval_every",
    "most_iterations": "max_iterations",
    "right_at_looks": "accuracy_curve",
}
# Where the shipped agents lay; they are found by name.
SHIPPED = "assets/agents/"


def upgrade_row(row: dict, requested: Collection[int] = ()) -> dict:
    """An evaluation row of any version as one of this version; one of this version as it is.

    Args:
        row: The row.
        requested: Numbers of iterations known to have been requested: rows of version 1 tell it
            by an integer, but the earliest of them have floats for requested numbers, too.

    Raises:
        ValueError: If it is not an evaluation row.
    """
    missing = [name for name in ROW_KEYS if name not in row]
    if missing == ["stopping", "requested"]:
        row = {RENAMED.get(name, name): value for name, value in row.items()}
        iterations, number = row["iterations"], None
        if "accuracy_curve" in row:  # watched so long after a disturbance
            number = (len(row["accuracy_curve"]) - 1) * row["eval_every"]
        elif isinstance(iterations, int) or iterations in requested:
            number = row["iterations"] = int(iterations)
        found = None if iterations is None else "converged"
        row |= {"stopping": found if number is None else "fixed", "requested": number}
        row["checkpoint"] = str(row["checkpoint"]).removeprefix(SHIPPED)
        if "version" in row and row["version"] is None:
            row["version"] = row.get("database_sha256")
    elif missing:
        raise ValueError(f"not an evaluation row: lacks {', '.join(missing)}")
    return {**dict.fromkeys(ROW_KEYS), **row}


def requested_by(command: str) -> list[int]:
    """The numbers after ``--iterations`` in a command."""
    words = re.search(r"--iterations[ =]([\w ]+)", command)
    return [int(word) for word in words[1].split() if word.isdecimal()] if words else []


def upgrade_rows(result: dict) -> list[dict] | dict[str, dict]:
    """The upgraded rows of a result, in a list or by name, as they are stored.

    What version 1 kept beside the rows goes from the result into them.
    """
    rows = result["rows"]
    listed = list(rows.values()) if isinstance(rows, dict) else rows
    requested = requested_by(result.get("command", ""))
    if any(isinstance(row["iterations"], int) for row in listed):
        requested = []  # integers tell it, and a mean may be one of these by chance
    upgraded = [upgrade_row(row, requested) for row in listed]
    # There ratings and solved lines stood beside the rows, for the last row of each set.
    if lines := sorted(result.pop("lines", []), key=lambda line: line["set"]):
        last_of_set = {problems_of(row): row for row in upgraded}
        for row, line in zip(last_of_set.values(), lines, strict=True):
            row["rated"] = line["played"]
    return dict(zip(rows, upgraded, strict=True)) if isinstance(rows, dict) else upgraded


def read_result(path: Path) -> dict:
    """A file of evaluation rows, such as ``evaluate.py --json`` writes, with upgraded rows.

    Returns:
        What the file holds; under ``rows`` a list, or a dict of rows by name.

    Raises:
        ValueError: If it holds no evaluation rows, or is of a later version.
        OSError: If it cannot be read.
    """
    content = path.read_bytes()
    try:
        result = json.loads(content)
        said = result.get("format", FORMAT)
        if said == FORMAT:
            result["rows"] = upgrade_rows(result)
            return result
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ValueError(f"{path}: not a result of an evaluation, with rows of it") from None
    raise ValueError(f"{path}: format must be {FORMAT!r} or, for version 1, none, got {said!r}")


def read_rows(path: Path) -> list[dict]:
    """The evaluation rows of a file: see ``read_result``.

    Raises:
        ValueError: If it holds no evaluation rows, or is of a later version.
        OSError: If it cannot be read.
    """
    rows = read_result(path)["rows"]
    return list(rows.values()) if isinstance(rows, dict) else rows
