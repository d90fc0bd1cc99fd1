"""Results as tables to read in a terminal."""

import numpy as np

from thinkenv.tasks import TASKS


def labels_of(rows: list[dict]) -> list[str]:
    """Which problems each row is of, such as ``59x59``; of a task that is not known, its size."""
    labels = []
    for row in rows:
        is_known = row["task"] in TASKS.names
        labels.append(TASKS.find(row["task"]).label(row) if is_known else f"size {row['size']}")
    return labels


def format_table(rows: list[dict]) -> str:
    """Evaluation rows as a table to read in a terminal; one row at least."""
    labels = labels_of(rows)
    others = [name for name in rows[0] if f"{name}_low" in rows[0] and name != "exact"]
    width = max(8, *map(len, labels))
    header = f"{'problems':>{width}} {'iterations':>10} {'n':>6} {'exact':>8} {'95 % interval':>17}"
    header += f" {'cells':>8} {'converged':>10} {'seconds':>8}"
    header += "".join(f" {name.replace('_', ' '):>10}" for name in others)
    lines = [header, "-" * len(header)]
    for row, label in zip(rows, labels, strict=True):
        iterations, converged = row["iterations"], row["converged"]
        shown = "-" if iterations is None else f"{iterations:.1f}".removesuffix(".0")
        settled = "-" if converged is None else f"{converged:.1%}"
        lines.append(
            f"{label:>{width}} {shown:>10} {row['n']:>6} {row['exact']:>8.1%}"
            f" {row['exact_low']:>7.1%} to {row['exact_high']:>6.1%}"
            f" {row['cells']:>8.2%} {settled:>10} {row['seconds']:>8.1f}"
            + "".join(f" {row[name]:>10.1%}" for name in others)
        )
    return "\n".join(lines)


def format_recovery(rows: list[dict]) -> str:
    """Rows of recovery from disturbances, as a table to read in a terminal."""
    labels = labels_of(rows)
    width = max([8, *map(len, labels)])
    header = f"{'problems':>{width}} {'disturbance':>12} {'at':>6} {'n':>6} {'before':>8}"
    header += f" {'right again':>12} {'95 % interval':>17} {'after':>7} {'converged':>10}"
    lines = [header, "-" * len(header)]
    for row, label in zip(rows, labels, strict=True):
        at = row["disturbed_at"]
        before = "-" if at == "every" else f"{row['right_before']:.1%}"
        after = row["iterations_until_right"]
        lines.append(
            f"{label:>{width}} {row['disturbance']:>12} {at:>6} {row['n']:>6} {before:>8}"
            f" {row['exact']:>12.1%} {row['exact_low']:>7.1%} to {row['exact_high']:>6.1%}"
            f" {'-' if after is None else f'{after:.0f}':>7} {row['converged']:>10.1%}"
        )
    return "\n".join(lines)


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
