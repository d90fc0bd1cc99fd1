"""Merge the rows of several machines, each of which evaluated a part of the problems."""

import json
from collections import Counter
from collections.abc import Sequence

import numpy as np

from thinkenv.suites.scores import share_of

# Means over the problems of a row, None where the agent does not tell them.
MEANS = ("cells", "converged", "iterations")
# Such means that rows have only if the agent found how many positions to imagine.
MEANS_IF_SETTLED = ("imagined", "settled")
# How long the agent was to think: the same in all shards.
STOPPING = ("stopping", "requested")


def merge_rows(parts: Sequence[list[dict]]) -> list[dict]:
    """Merge the rows of all shards, as if one machine had evaluated them.

    Args:
        parts: For each shard its rows, as ``thinkenv.suites.evaluate`` returns them.

    Returns:
        A row for each set of problems; ``seconds`` are added up over the shards, and pairs under
        ``rated`` follow one another in the order of the problems.

    Raises:
        ValueError: If the shards are not of one agent, one suite and the same numbers of
            iterations, or leave problems out or have some twice.
    """
    agents = {(row["checkpoint"], row.get("suite")) for rows in parts for row in rows}
    if len(agents) > 1:
        raise ValueError(f"parts must be of one agent and one suite, got {sorted(agents, key=str)}")
    groups: dict[tuple[str, int], list[dict]] = {}
    # A part with the most rows comes first, because it has all sets of problems in their order:
    # a set with fewer problems than there are shards is in some of them only.
    for rows in sorted(parts, key=len, reverse=True):
        seen: Counter[str] = Counter()
        for row in rows:
            problems = problems_of(row)
            # Several answers to the same problems come in the same order everywhere.
            groups.setdefault((problems, seen[problems]), []).append(row)
            seen[problems] += 1
    return [merge_parts(in_order(rows)) for rows in groups.values()]


def shares_of(row: dict) -> list[str]:
    """The names of a row's shares of problems, which have intervals: ``exact`` and others."""
    return [name for name in row if f"{name}_low" in row]


def problems_of(row: dict) -> str:
    """The row's identity: everything except measurements."""
    shares = shares_of(row)
    bounds = [f"{name}_{bound}" for name in shares for bound in ("low", "high")]
    measured = {"n", "first", "of", "seconds", "rated", *MEANS, *STOPPING, *shares, *bounds}
    measured |= set(MEANS_IF_SETTLED)
    return json.dumps({name: row[name] for name in row if name not in measured})


def stopping_of(row: dict) -> dict[str, object]:
    """How long the agent was to think: what is to be the same in all parts."""
    imagined = "settled" if "settled" in row else row.get("imagined")
    return {**{name: row[name] for name in STOPPING}, "imagined": imagined}


def merge_parts(rows: list[dict]) -> dict:
    """One row from those of the parts of a set of problems, in their order.

    Raises:
        ValueError: If the agent did not stop in the same way in all of them, or they do not say the
            same of their problems.
    """
    if len(kinds := {(*shares_of(row), *("rated",) * ("rated" in row)) for row in rows}) > 1:
        raise ValueError(f"shares must be the same in all parts, got {sorted(kinds)}")
    if len(found := {tuple(stopping_of(row).values()) for row in rows}) > 1:
        raise ValueError(
            "stopping, requested and imagined must be the same in all parts, got "
            f"{sorted(found, key=str)}"
        )
    sizes = np.array([row["n"] for row in rows])
    n = int(sizes.sum())
    merged = {**rows[0], "n": n, "seconds": round(sum(row["seconds"] for row in rows), 3)}
    for key in (*MEANS, *(MEANS_IF_SETTLED if "settled" in rows[0] else ())):
        merged[key] = mean_of([row[key] for row in rows], sizes)
    if merged["stopping"] == "fixed":
        merged["iterations"] = merged["requested"]
    if "rated" in merged:
        merged["rated"] = [pair for row in rows for pair in row["rated"]]
    for key in shares_of(rows[0]):
        merged |= share_of(key, sum(round(row[key] * row["n"]) for row in rows), n)
    return {name: value for name, value in merged.items() if name not in ("first", "of")}


def in_order(rows: list[dict]) -> list[dict]:
    """The rows of all parts of a set of problems, in their order.

    Raises:
        ValueError: If they do not have every problem once.
    """
    rows = sorted(rows, key=lambda row: row.get("first", 0))
    of = rows[0].get("of", rows[0]["n"])
    firsts = [row.get("first", 0) for row in rows]
    ends = [first + row["n"] for first, row in zip(firsts, rows, strict=True)]
    # Each part begins where the one before it ended, and another one would begin at the end of all.
    for first, end in zip([*firsts, of], [0, *ends], strict=True):
        if first != end:
            what = "no part has" if first > end else "more than one part has"
            problem = min(first, end)
            raise ValueError(f"{what} problem {problem} of {name_of(rows[0])}, which holds {of}")
    return rows


def name_of(row: dict) -> str:
    """The problems of a row in a few words."""
    said = [f"{name}={row[name]}" for name in ("split", "size", "rating") if row.get(name)]
    return " ".join([row["task"], *said])


def mean_of(values: list, sizes: np.ndarray) -> float | None:
    """The mean over all problems, of the means of parts of ``sizes`` problems.

    It is rounded to what does not depend on how many parts there are.
    """
    return None if None in values else round(float(np.average(values, weights=sizes)), 12)
