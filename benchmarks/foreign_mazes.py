"""How many mazes that this project did not generate an agent solves, judged by networkx.

Run from the repository's root, after ``write_foreign_mazes.py`` wrote the mazes:

    python benchmarks/foreign_mazes.py --checkpoint maze --files runs/foreign/*.zanj \
        runs/foreign/*.npy --json benchmarks/results/maze_foreign.json
    python benchmarks/foreign_mazes.py --table benchmarks/results/maze_foreign.json

The files are read by ``thinkenv.mazes.read``, so any others that it knows will do. Every maze is
thought about until its memory has converged. An answer is right if its cells are those of one path
from start to goal that is as short as any, or none where there is no path: networkx finds that out,
and the project's own judge is asked as well. Each row says where the two differ. Files are known by
their SHA-256, and their mazes by one of their own, whatever the format.

Files are stored as soon as they are done; a second run with the same results goes on.
"""

import hashlib
import sys
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import torch
from extrapolation import give_up_after, stored_so_far
from measuring import markdown_table, parser_of
from write_foreign_mazes import WRITTEN

from thinkenv import gate
from thinkenv.command_line import run_command
from thinkenv.deep_thinking import Agent, load
from thinkenv.deep_thinking.distributed import prepare_device
from thinkenv.mazes import MazeFileTask
from thinkenv.mazes.lattice import GOAL, START, WALL
from thinkenv.provenance import commit, now, store_result
from thinkenv.suites import ResultFileError, evaluate_task, read_result
from thinkenv.suites.scores import share_of

MAX_BYTES = 2**24  # of what is known of the files


def is_right(grid: np.ndarray, answer: np.ndarray) -> bool:
    """Whether an answer ``(H, W)`` to a maze is a shortest path, or empty where there is none."""
    cells = nx.grid_2d_graph(*grid.shape)
    cells.remove_nodes_from(list(map(tuple, np.argwhere(grid == WALL).tolist())))
    (start,) = map(tuple, np.argwhere(grid == START).tolist())
    (goal,) = map(tuple, np.argwhere(grid == GOAL).tolist())
    marked = list(map(tuple, np.argwhere(answer).tolist()))
    if not nx.has_path(cells, start, goal):
        return not marked
    # A path on the marked cells has no other cells, and as many as a shortest one has it only if it
    # takes all of them.
    way = cells.subgraph(marked)
    is_way = start in way and goal in way and nx.has_path(way, start, goal)
    return is_way and len(marked) == nx.shortest_path_length(cells, start, goal) + 1


def think_about_file(agent: Agent, path: Path) -> dict:
    """The row of the mazes of one file."""
    task = MazeFileTask(path, allow_unsolvable=True)
    limit = give_up_after(task.size)
    (evaluation,) = evaluate_task(
        lambda problems: agent.think(problems, "converged", max_iterations=limit),
        task,
        task.count,
        name=agent.name,
        batch=400 if task.size < 100 else 1,
        keep_answers=True,
        label=path.name,
    )
    batch = task.draw(evaluation.outcomes["instance"])
    pairs = zip(batch.grids, evaluation.outcomes["answer"], strict=True)
    right = np.array([is_right(*pair) for pair in pairs])
    return evaluation.row | {
        **share_of("networkx_exact", int(right.sum()), len(right)),
        "judges_differ": np.flatnonzero(right != evaluation.outcomes["solved"]).tolist(),
        "longest_path": int(batch.path_lengths.max()),
        "without_a_way": int((batch.path_lengths == 0).sum()),
        "with_several_shortest_paths": int((~batch.unique & (batch.path_lengths > 0)).sum()),
        "max_iterations": int(evaluation.outcomes["iterations"].max()),
        "file_sha256": sha256_of(path),
        "mazes_sha256": task.version,
        "written": how_it_was_written(path),
        "measured": {"commit": commit(), "time": now(), "threads": torch.get_num_threads()},
    }


def sha256_of(path: Path) -> str | None:
    """The SHA-256 of a file; None of a folder."""
    return None if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()


def how_it_was_written(path: Path) -> dict[str, Any] | None:
    """What ``write_foreign_mazes.py`` says of a file, if it wrote it."""
    if not (path.parent / WRITTEN).exists():
        return None
    with gate.reading(path.parent / WRITTEN, ResultFileError):
        written = gate.read_json(path.parent / WRITTEN, MAX_BYTES)
        of_file = [about for about in written.pop("files") if about["file"] == path.name]
    return written | of_file[0] if of_file else None


def table(stored: list[dict]) -> str:
    """Results of several agents as a Markdown table: a line for each file."""
    names = list(dict.fromkeys(name for result in stored for name in result["rows"]))
    lines = []
    for name in names:
        rows = [result["rows"].get(name) for result in stored]
        first = next(filter(None, rows))
        written = first["written"] or {"generator": name}
        arguments = [
            f"{key} {value:g}"
            for key, value in written.items()
            if isinstance(value, float | int) and not isinstance(value, bool)
        ]
        shares = [
            "not run" if row is None else f"{100 * row['networkx_exact']:.4g} %" for row in rows
        ]
        made_by = " ".join([written["generator"], *arguments])
        lines.append([made_by, str(first["size"]), f"{first['n']:,}", *shares])
    agents = [str(next(iter(result["rows"].values()))["checkpoint"]) for result in stored]
    lines.sort(key=lambda line: (line[0], int(line[1])))
    return markdown_table(["made by", "size", "mazes", *agents], lines)


def main() -> None:
    """Think about what is not in the file yet; store and print it."""
    parser = parser_of(__doc__, threads=True)
    parser.add_argument("--checkpoint", default="maze", help="an agent: name or folder")
    parser.add_argument("--files", type=Path, nargs="+", default=[], help="mazes of any format")
    parser.add_argument("--table", type=Path, nargs="+", help="only print these results")
    arguments = parser.parse_args()
    if arguments.table:
        print(table([read_result(path) for path in arguments.table]))
        return
    if arguments.json is None:
        parser.error("--json: needs a file for the results")
    agent = load(arguments.checkpoint, prepare_device("cpu", arguments.threads))
    commit()  # as it is when this begins
    for path in arguments.files:
        stored = stored_so_far(arguments.json, agent)
        if path.name not in stored["rows"]:
            row = think_about_file(agent, path)
            stored = stored_so_far(arguments.json, agent)
            stored["rows"][path.name] = row
            store_result(arguments.json, stored)
        row = stored["rows"][path.name]
        print(
            f"{path.name:>34}: {row['networkx_exact']:8.2%} of {row['n']:,} solved "
            f"({row['networkx_exact_low']:.2%} to {row['networkx_exact_high']:.2%}), "
            f"{row['converged']:.2%} converged after {row['iterations']:,.0f} iterations; "
            f"the judges differ on {len(row['judges_differ'])}",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(run_command(main))
