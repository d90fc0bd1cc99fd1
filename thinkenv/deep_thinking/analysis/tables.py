"""Results as tables to read in a terminal."""

import contextlib
import math

import numpy as np

from thinkenv.suites.scores import Z_95
from thinkenv.tasks import TASKS


def labels_of(rows: list[dict]) -> list[str]:
    """Which problems each row is of, such as ``59x59``; of a task that is not known, its size."""
    return [label_of(row) for row in rows]


def label_of(row: dict) -> str:
    """Which problems a row is of; of a task that is not known, or without its options, the size."""
    if row["task"] in TASKS.names:
        with contextlib.suppress(LookupError, TypeError, AssertionError):
            return TASKS.find(row["task"]).label(row)
    return f"size {row['size']}"


def as_table(columns: dict[str, list[str]]) -> str:
    """Columns of cells by their headings, as a table with a line under the headings."""
    widths = [max(map(len, [name, *cells])) for name, cells in columns.items()]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in (columns, *zip(*columns.values(), strict=True))
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def shares(rows: list[dict], key: str, digits: int = 1) -> list[str]:
    """What rows say under a key in percent; a dash where they say nothing."""
    return ["-" if row[key] is None else f"{row[key]:.{digits}%}" for row in rows]


def numbers(rows: list[dict], key: str, digits: int = 0) -> list[str]:
    """What rows say under a key as numbers; a dash where they say nothing."""
    return ["-" if row[key] is None else f"{row[key]:.{digits}f}" for row in rows]


def whole_numbers(rows: list[dict], key: str) -> list[str]:
    """What rows say under a key as numbers, with a digit behind the point where they are not whole.

    A dash where they say nothing.
    """
    return [cell.removesuffix(".0") for cell in numbers(rows, key, 1)]


def intervals(rows: list[dict]) -> list[str]:
    """The 95 % intervals of rows."""
    return [f"{row['exact_low']:.1%} to {row['exact_high']:>6.1%}" for row in rows]


def format_table(rows: list[dict]) -> str:
    """Evaluation rows as a table to read in a terminal; one row at least."""
    settled = {}
    if any("settled" in row for row in rows):
        settled["settled"] = shares([{"settled": None} | row for row in rows], "settled")
    others = [name for name in rows[0] if f"{name}_low" in rows[0] and name != "exact"]
    return as_table(
        {
            "problems": labels_of(rows),
            "iterations": whole_numbers(rows, "iterations"),
            **({"imagined": whole_numbers(rows, "imagined")} if "imagined" in rows[0] else {}),
            "n": numbers(rows, "n"),
            "exact": shares(rows, "exact"),
            "95 % interval": intervals(rows),
            "cells": shares(rows, "cells", 2),
            "converged": shares(rows, "converged"),
            **settled,
            "seconds": numbers(rows, "seconds", 1),
            **{name.replace("_", " "): shares(rows, name) for name in others},
        }
    )


def format_recovery(rows: list[dict]) -> str:
    """Rows of recovery from disturbances, as a table to read in a terminal."""
    if rows and "imagined" in rows[0]:
        return format_tree_recovery(rows)
    before = [
        "-" if row["disturbed_at"] == "every" else f"{row['right_before']:.1%}" for row in rows
    ]
    return as_table(
        {
            "problems": labels_of(rows),
            "disturbance": [row["disturbance"] for row in rows],
            "at": [str(row["disturbed_at"]) for row in rows],
            "n": numbers(rows, "n"),
            "before": before,
            "right again": shares(rows, "exact"),
            "95 % interval": intervals(rows),
            "after": numbers(rows, "iterations_until_right"),
            "converged": shares(rows, "converged"),
        }
    )


def format_tree_recovery(rows: list[dict]) -> str:
    """Rows of disturbances in mid-tree, as a table to read in a terminal."""
    pairs = [difference_of(row) for row in rows]
    return as_table(
        {
            "problems": labels_of(rows),
            "disturbance": [row["disturbance"] for row in rows],
            "at": [str(row["disturbed_at"]) for row in rows],
            "imagined": numbers(rows, "imagined"),
            "n": numbers(rows, "n"),
            "before": shares(rows, "right_before"),
            "undisturbed": shares(rows, "undisturbed"),
            "disturbed": shares(rows, "exact"),
            "95 % interval": intervals(rows),
            "difference": [f"{difference:+.1%} ± {width:.1%}" for difference, width in pairs],
        }
    )


def difference_of(row: dict) -> tuple[float, float]:
    """What a disturbance in mid-tree changes, and half the width of the 95 % interval of that.

    The same problems were thought about with and without it, and those count of which the answer
    was right in one case alone.
    """
    lost, gained = row["lost"], row["gained"]
    difference = gained - lost
    return difference, Z_95 * math.sqrt((lost + gained - difference**2) / row["n"])


def format_diagnoses(rows: list[dict]) -> str:
    """What was found out about an agent's thinking, to read in a terminal."""
    lines = []
    for row, label in zip(rows, labels_of(rows), strict=True):
        lines.append(f"{label}, {row['n']} problems")
        for start, alignment in row["alignment"].items():
            same = row["same_answer_from_elsewhere"][start]
            lines.append(
                f"  alignment from {start} memories: {alignment:.4f}, same answer {same:.1%}"
            )
        kinds = ", ".join(f"{kind} {share:.1%}" for kind, share in row["attractors"].items())
        lines.append(f"  attractors: {kinds}")
        solved = [iteration for iteration in row["first_solved"] if iteration > 0]
        first = f"in iteration {np.median(solved):.0f} (median)" if solved else "never"
        lines.append(f"  first right {first}, {len(solved)} of {row['n']}")
        lines.append(
            f"  last change of the answer in iteration {np.median(row['last_changed']):.0f}"
        )
        agreement = row["filling_agreement_by_iteration"]
        if agreement is not None:
            lines.append(
                f"  agreement with dead-end filling: {np.mean(agreement):.2%} on average, "
                f"{min(agreement):.2%} at least"
            )
    return "\n".join(lines)
