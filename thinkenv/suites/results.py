"""Read stored evaluation rows, those of earlier versions of this package too."""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from thinkenv import gate
from thinkenv.suites.merging import problems_of
from thinkenv.suites.scores import ROW_KEYS

# What a file of rows says under ``format``; files of version 1 say nothing.
FORMAT = "thinkenv rows, version 2"
# The key of the checksum over the rows; results of before have none.
CHECKSUM = "rows_sha256"
# Three million puzzles that were played have half of that.
MAX_BYTES = 2**29
MAX_NUMBER = 2.0**53  # in which whole numbers are exact
NO_RESULT = "not a result of an evaluation, with rows of it"
# Keys of rows of version 1 that have other names now.
RENAMED = {
    "generator_version": "version",
    "limits": "attractors",
    "look_every": "eval_every",
    "most_iterations": "max_iterations",
    "right_at_looks": "accuracy_curve",
}
# Where the shipped agents lay in release 0.1; they are found by name.
SHIPPED = "assets/agents/"


class ResultFileError(gate.FileError):
    """A file of evaluation rows that cannot be used, with its name and the reason."""


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
        name = str(row["checkpoint"])
        if name.startswith(SHIPPED):
            row["checkpoint"] = name_of_today(name.removeprefix(SHIPPED))
        if "version" in row and row["version"] is None:
            row["version"] = row.get("database_sha256")
    elif missing:
        raise ValueError(f"not an evaluation row: lacks {', '.join(missing)}")
    return {**dict.fromkeys(ROW_KEYS), **row}


def name_of_today(name: str) -> str:
    """What a shipped agent of release 0.1 is called now.

    Its maze agents are those for trees, and its chess agent the one that names squares.
    """
    if name == "chess":
        return "chess_squares"
    return re.sub(r"^maze(?=$|_seed\d$)", "maze_trees", name)


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


def checksum_of(rows: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> str:
    """The SHA-256 of rows, in a list or by name, however they are laid out in a file."""
    written = json.loads(json.dumps(rows))  # in which all keys are texts, and tuples are lists
    return hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()


def sealed(rows: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> dict[str, Any]:
    """What a file of rows holds of them: the format, the checksum, and the rows."""
    return {"format": FORMAT, CHECKSUM: checksum_of(rows), "rows": rows}


@gate.reader("rows of an evaluation", ResultFileError)
def read_result(path: Path | str) -> dict[str, Any]:
    """A file of evaluation rows, such as ``evaluate.py --json`` writes, with upgraded rows.

    Returns:
        What the file holds; under ``rows`` a list, or a dict of rows by name.

    Raises:
        ResultFileError: If it cannot be read, holds no evaluation rows, or some with values that
            none can have, or is of a later version.
    """
    result = gate.read_json(path, MAX_BYTES)
    if not isinstance(result, dict):
        raise ValueError(NO_RESULT)
    said = result.get("format", FORMAT)
    if said != FORMAT:
        raise ValueError(f"format must be {FORMAT!r} or, for version 1, none, got {said!r:.60}")
    stored: Any = result.get("rows")
    listed = list(stored.values()) if isinstance(stored, dict) else stored
    if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
        raise ValueError(NO_RESULT)
    if CHECKSUM in result and result[CHECKSUM] != checksum_of(stored):
        raise ValueError(
            f"its rows are not those that were written (the checksum differs): damaged, or edited "
            f'by hand; if you did so, remove the line "{CHECKSUM}" from it'
        )
    check_about(result)
    for number, row in enumerate(listed, 1):
        check_row(number, row)
    result["rows"] = upgrade_rows(result)
    return result


@gate.reader("rows of an evaluation", ResultFileError)
def read_rows(path: Path | str) -> list[dict]:
    """The evaluation rows of a file: see ``read_result``.

    Raises:
        ResultFileError: If it cannot be read, holds no evaluation rows, or some with values that
            none can have, or is of a later version.
    """
    rows = read_result(path)["rows"]
    return list(rows.values()) if isinstance(rows, dict) else rows


def is_text(value: Any) -> bool:
    """Whether a value is a text."""
    return isinstance(value, str)


def is_whole(value: Any, low: float = -MAX_NUMBER) -> bool:
    """Whether a value is a whole number of at least ``low``."""
    return isinstance(value, int) and is_number(value, low)


def is_number(value: Any, low: float = -MAX_NUMBER, high: float = MAX_NUMBER) -> bool:
    """Whether a value is a number between bounds, and so finite."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def is_share(value: Any) -> bool:
    """Whether a value is a number from 0 to 1."""
    return is_number(value, 0, 1)


def is_list_of(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A check that a value is a list of values that are each of a kind."""
    return lambda value: isinstance(value, list) and all(map(kind, value))


def is_pair(value: Any) -> bool:
    """Whether a value is how hard a problem was, and whether it was solved."""
    if not isinstance(value, list) or len(value) != 2:
        return False
    return is_number(value[0], -1e9, 1e9) and isinstance(value[1], bool)


def is_line(value: Any) -> bool:
    """Whether a value is what version 1 kept of the puzzles of a set that were played."""
    is_of_set = isinstance(value, dict) and is_whole(value.get("set"), 0)
    return is_of_set and is_list_of(is_pair)(value.get("played"))


# What rows say under a key, if not null: how it is called in errors, and whether a value is such.
Kind = tuple[str, Callable[[Any], bool]]
TEXT: Kind = ("a text", is_text)
WHOLE: Kind = ("a whole number", is_whole)
COUNT: Kind = ("a whole number of at least 0", lambda value: is_whole(value, 0))
COUNT_FROM_1: Kind = ("a whole number of at least 1", lambda value: is_whole(value, 1))
POSITIVE: Kind = ("a number of at least 0", lambda value: is_number(value, 0))
SHARE: Kind = ("a number from 0 to 1", is_share)
SHARES: Kind = ("a list of numbers from 0 to 1", is_list_of(is_share))
KINDS: dict[str, Kind] = {
    **dict.fromkeys(("task", "split", "generator", "endpoints", "disturbance"), TEXT),
    **dict.fromkeys(("checkpoint", "suite", "weights_sha256", "database_sha256"), TEXT),
    "stopping": ("'fixed' or 'converged'", ("fixed", "converged").__contains__),
    "size": ("a whole number or a text", lambda value: is_text(value) or is_whole(value, 0)),
    "loops": POSITIVE,
    "n": COUNT_FROM_1,
    **dict.fromkeys(("requested", "first"), COUNT),
    "of": COUNT_FROM_1,
    **dict.fromkeys(("iterations", "imagined", "seconds"), POSITIVE),
    **dict.fromkeys(("exact", "exact_low", "exact_high"), SHARE),
    **dict.fromkeys(("cells", "converged", "settled"), SHARE),
    "seed": WHOLE,
    "rating": ("two whole numbers", lambda value: is_list_of(is_whole)(value) and len(value) == 2),
    "rated": ("pairs of a number, and true or false", is_list_of(is_pair)),
    **dict.fromkeys(("eval_every", "look_every"), COUNT_FROM_1),
    **dict.fromkeys(("accuracy_curve", "right_at_looks"), SHARES),
}
# What every row has to say.
NEEDED = ("task", "disturbance", "n", "exact", "exact_low", "exact_high", "seconds", "checkpoint")


def check_row(number: int, row: Mapping[str, Any]) -> None:
    """Check that a row of any version has what its readers use, and values that can be.

    Args:
        number: Which row of the file it is, from 1.
        row: The row.

    Raises:
        ValueError: If it has not; the message names row and key.
    """
    # Of version 1 it may lack two; and every share has its bounds.
    missing = [name for name in ROW_KEYS if name not in {*row, "stopping", "requested"}]
    if missing:
        raise ValueError(f"{NO_RESULT}: row {number} lacks {', '.join(missing)}")
    shares = [name for name in row if f"{name}_low" in row]
    kinds = KINDS | {f"{name}{end}": SHARE for name in shares for end in ("", "_low", "_high")}
    for key, (words, is_one) in kinds.items():
        is_needed = key in NEEDED or key in shares or key[:-4] in shares or key[:-5] in shares
        if key not in row and not is_needed:
            continue
        value = row.get(key)
        if not is_one(value) and (is_needed or value is not None):
            raise ValueError(f"row {number}: {key} must be {words}, got {shown(value)}")
    check_parts(number, row)


def check_parts(number: int, row: Mapping[str, Any]) -> None:
    """Check the numbers of problems that a row speaks of.

    Raises:
        ValueError: If they do not fit together.
    """
    if row.get("stopping") == "fixed" and row.get("requested") is None:
        raise ValueError(f"row {number}: requested must be a number where stopping is 'fixed'")
    first, of = row.get("first") or 0, row.get("of")
    if of is not None and first + row["n"] > of:
        raise ValueError(f"row {number}: of its {row['n']} problems from {first} there are {of}")
    rated = row.get("rated")
    if rated is not None and len(rated) != row["n"]:
        raise ValueError(f"row {number}: rated must hold {row['n']} pairs, got {len(rated)}")


def check_about(result: Mapping[str, Any]) -> None:
    """Check what a result says beside its rows, where its readers use it.

    Raises:
        ValueError: If something is not allowed.
    """
    kinds: dict[str, Kind] = {
        "command": TEXT,
        "training_iterations": COUNT_FROM_1,
        "agent": ("an object", lambda value: isinstance(value, dict)),
        "lines": ("a list of pairs for each set of problems", is_list_of(is_line)),
    }
    for key, (words, is_one) in kinds.items():
        if result.get(key) is not None and not is_one(result[key]):
            raise ValueError(f"{key} must be {words}, got {shown(result[key])}")
    weights = (result.get("agent") or {}).get("weights_sha256")
    if weights is not None and not is_text(weights):
        raise ValueError(f"agent.weights_sha256 must be a text, got {shown(weights)}")


def shown(value: Any) -> str:
    """A value in an error, in a few characters."""
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        return "a larger one"
    text = repr(value) if not isinstance(value, list | dict) else type(value).__name__
    return text if len(text) <= 60 else f"{text[:57]}..."
