"""How far a chess agent gets by imagining moves: hard puzzles, controls, and what it costs.

Run from the repository's root; without ``--database`` on the few puzzles that are bundled:

    python benchmarks/imagination.py --checkpoint chess --database runs/lichess.puzzles \
        --json benchmarks/results/chess_seed0.json
    python benchmarks/imagination.py --table benchmarks/results/chess_seed*.json \
        --figure assets/pictures/chess_imagination.png

An answer is right if it has both squares of the first move, or of another move that mates. All
controls of an agent get the same puzzles, and so do agents that were trained on the same ones, so
that they can be compared puzzle by puzzle: each row holds which puzzles were solved, and a checksum
of which they are. Puzzles whose position occurs in the solution of a puzzle that the agent was
trained on, in any stage of its training, are left out.

How an agent may spend its time (``--how``):

    imagining        its memory carried along, its own values: as it is meant
    constant value   in the same tree all positions are worth the same: rules and policy alone
    wiped memory     the memory is emptied at every imagined position
    material         pieces are counted instead of what the net says: 1, 3, 3, 5 and 9
    fixed board      nothing is imagined; more iterations on the position itself

Each set of puzzles is stored as soon as it is done; a second run with the same file goes on.
"""

import hashlib
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.ticker import PercentFormatter
from measuring import markdown_table, parser_of
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.moments import occurring_in
from thinkenv.chess_puzzles.rules import BISHOP, KING, KNIGHT, PAWN, QUEEN, ROOK, THEIRS
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.command_line import run_command
from thinkenv.deep_thinking import Agent, load
from thinkenv.deep_thinking.analysis import figures
from thinkenv.deep_thinking.distributed import prepare_device
from thinkenv.deep_thinking.imagination.manner import ImaginingNet, Manner, indifferent
from thinkenv.deep_thinking.rollout.acceleration import Acceleration
from thinkenv.provenance import commit, now, store_result
from thinkenv.suites import FORMAT, ResultFileError, read_result
from thinkenv.suites.scores import Z_95, evaluation_row, share_of

# The numbers of the literature's sets (Schwarzschild et al., arXiv 2108.06011): puzzles in the
# order of their ratings, of a million and a half. It trains on the first 600,000.
OF_SAMPLE = 1_500_000
RANKS = {
    "ranks 600,000 to 700,000": (600_000, 700_000),
    "ranks 1,000,000 to 1,100,000": (1_000_000, 1_100_000),
}
BANDS = {
    "1300 to 1499": ("validation", (1300, 1499)),
    "1600 to 2399": ("extrapolation", (1600, 2399)),
    "2000 and above": ("extrapolation", (2000, 9999)),
}
SETS = (*BANDS, *RANKS)
DEFAULT_SETS = ("1600 to 2399", "2000 and above")
ITERATIONS = 8  # the most in training
# As many iterations as 4, 16 and 64 imagined positions take, and two, eight and 32 times as many as
# in training.
FIXED_BOARD = (8, 16, 24, 64, 72, 256, 264)
AT_ONCE = 512  # puzzles between two updates of the progress bar
PAWNS = {PAWN: 1, KNIGHT: 3, BISHOP: 3, ROOK: 5, QUEEN: 9}
# By how much the logit of a position's worth rises with a pawn: chosen on 1,000 puzzles rated 1300
# to 1499 of the split for validation, after 64 positions, among 0.03, 0.06, 0.125, 0.25, 0.5, 1, 2.
LOGIT_OF_PAWN = 0.125
THEMES_SHOWN = 20
# The smallest number of imagined positions that is compared with a quarter of it, not with none.
SMALLEST = 4
# Of which costs are counted; they are the same for all.
FIRST_POSITION = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"


def material_of(positions: np.ndarray) -> np.ndarray:
    """By how many pawns the thinker is ahead in positions ``(n, POSITION_BYTES)``: ``(n,)``."""
    worth = np.zeros(THEIRS + KING + 1)
    for kind, pawns in PAWNS.items():
        worth[kind], worth[THEIRS + kind] = pawns, -pawns
    return worth[positions[:, :64]].sum(axis=1)


def by_material(positions: np.ndarray, thought_about: np.ndarray) -> np.ndarray:
    """What positions are worth by what was won and lost since the one thought about."""
    won = material_of(positions) - material_of(thought_about)
    return 1 / (1 + np.exp(-LOGIT_OF_PAWN * won))


MANNERS = {
    "imagining": Manner(),
    "constant value": Manner(appraise=indifferent),
    "wiped memory": Manner(carries_memory=False),
    "material": Manner(appraise=by_material),
}
WAYS = (*MANNERS, "fixed board")


@dataclass(frozen=True)
class Chosen:
    """Puzzles that are put to an agent.

    Attributes:
        task: Their task; its instances are theirs.
        instances: ``(n,)``, which of its puzzles.
        left_out: How many of the band occur in what the agent was trained on.
        seed: Whose.
    """

    task: ChessPuzzleTask
    instances: np.ndarray
    left_out: int
    seed: int

    @property
    def digest(self) -> str:
        """The SHA-256 of the names that Lichess has for them, in order."""
        names = self.task.puzzles[self.instances].ids
        return hashlib.sha256(b"\n".join(names.tolist())).hexdigest()


def choose_puzzles(name: str, database: str, agent: Agent, count: int, seed: int) -> Chosen:
    """The puzzles of a set: drawn from its band, without those that the agent has seen."""
    split, rating = BANDS[name] if name in BANDS else ("all", ratings_of_ranks(name, database))
    task = ChessPuzzleTask(database, split, rating)
    seen = np.zeros(task.count, np.bool_)
    for split_of_training, highest in sorted(trained_on(agent)):
        trained = chess_puzzles.load(database, (1, highest), split=split_of_training)
        seen |= occurring_in(task.puzzles, trained)
    draw = np.random.default_rng(seed)
    unseen = draw.permutation(np.flatnonzero(~seen))
    return Chosen(task, np.sort(unseen[:count]), int(seen.sum()), seed)


def trained_on(agent: Agent) -> set[tuple[str, int]]:
    """The splits of all stages of an agent's training, each with the highest rating.

    Raises:
        ValueError: If a stage does not say what it was trained on.
    """
    stages = set()
    stage: Mapping[str, Any] | None = agent.description
    while stage is not None:
        known = stage.get("trained_on")
        if known is None:
            raise ValueError(f"{agent.name} does not say which puzzles it was trained on")
        stages.add((known["split"], known["rating"][1]))
        stage = stage.get("start_from")
    return stages


def ratings_of_ranks(name: str, database: str) -> tuple[int, int]:
    """The ratings between which puzzles have the ranks of a set, as shares of the database."""
    ratings = np.sort(chess_puzzles.load(database, split="all").ratings)
    low, high = (int(ratings[len(ratings) * rank // OF_SAMPLE]) for rank in RANKS[name])
    return low, high - 1


def row_name(puzzles: str, way: str, iterations: int, imagined: int) -> str:
    """What a row is called in a file of results."""
    return f"{puzzles} / {way} / {iterations} iterations / {imagined} imagined"


def measure(
    agent: Agent, chosen: Chosen, way: str, points: Sequence[int], label: str
) -> list[dict]:
    """Think about puzzles in one way; a row for each number of iterations or imagined positions.

    Args:
        agent: The agent.
        chosen: The puzzles.
        way: One of ``WAYS``.
        points: Increasing numbers of imagined positions; not looked at for ``fixed board``.
        label: What stands beside the progress bar.
    """
    is_fixed = way == "fixed board"
    numbers = FIXED_BOARD if is_fixed else (0, *points)
    found: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in numbers]
    seconds = np.zeros(len(numbers))
    with tqdm(total=len(chosen.instances), desc=label, unit="puzzle", disable=None) as bar:
        for begin in range(0, len(chosen.instances), AT_ONCE):
            batch = chosen.task.draw(chosen.instances[begin : begin + AT_ONCE])
            if is_fixed:
                several = agent.think_at(batch.problems, FIXED_BOARD)
                answers = [one.answer for one in several]
                seconds += np.array([one.seconds for one in several], np.float64)
            else:
                began = time.perf_counter()
                thought = agent.think(batch.problems, iterations_of(agent))
                first = time.perf_counter() - began
                thoughts = [thought, *agent.imagine_at(thought, points, MANNERS[way])]
                # Trees grow batch by batch, each to the end: a point has its share of the time.
                later = time.perf_counter() - began - first
                seconds += first + later * np.array(numbers) / numbers[-1]
                answers = [one.answer for one in thoughts]
            for parts, answer in zip(found, answers, strict=True):
                parts.append(chosen.task.judge(batch, answer))
            bar.update(len(batch))
    costs, groups = Costs.of(agent), groups_of(chosen)
    rows = []
    for number, parts, spent in zip(numbers, found, seconds.tolist(), strict=True):
        solved, cells = map(np.concatenate, zip(*parts, strict=True))
        iterations = number if is_fixed else iterations_of(agent)
        row = evaluation_row(
            task=chosen.task.name,
            options=chosen.task.options,
            scores={"solved": solved, "cells": cells},
            converged=None,
            iterations=iterations,
            stopping="fixed",
            requested=iterations,
            imagined=0 if is_fixed else number,
            seconds=spent,
            seed=chosen.seed,
            checkpoint=agent.name,
        )
        rows.append(
            row
            | {
                "way": way,
                "left_out": chosen.left_out,
                "puzzles_sha256": chosen.digest,
                "mean_rating": float(chosen.task.puzzles[chosen.instances].ratings.mean()),
                "multiply_adds": costs.of_fixed(number)
                if is_fixed
                else costs.of_tree(number, iterations),
                "solved": np.packbits(solved).tobytes().hex(),
                "by": {
                    name: {
                        group: share_of("exact", int(solved[mask].sum()), int(mask.sum()))
                        | {"n": int(mask.sum())}
                        for group, mask in masks.items()
                    }
                    for name, masks in groups.items()
                },
                "measured": {
                    "commit": commit(),
                    "time": now(),
                    "threads": torch.get_num_threads(),
                    "precision": agent.acceleration.precision,
                },
            }
        )
    return rows


def iterations_of(agent: Agent) -> int:
    """How many iterations a first thought takes."""
    return ITERATIONS if agent.net.recurrent else 1


def groups_of(chosen: Chosen) -> dict[str, dict[str, np.ndarray]]:
    """Masks ``(n,)`` of puzzles by rating, number of the solver's moves, and frequent themes."""
    puzzles = chosen.task.puzzles[chosen.instances]
    hundreds = puzzles.ratings.astype(int) // 200 * 200
    moves = (puzzles.move_counts.astype(int) + 1) // 2
    themes = puzzles.theme_names()
    names, counts = np.unique([theme for some in themes for theme in some], return_counts=True)
    frequent = names[np.argsort(-counts, kind="stable")[:THEMES_SHOWN]]
    return {
        "rating": {f"{low} to {low + 199}": hundreds == low for low in np.unique(hundreds)},
        "moves of the solver": {
            "4 and more" if count == 4 else str(count): np.minimum(moves, 4) == count
            for count in np.unique(np.minimum(moves, 4))
        },
        "theme": {str(name): np.array([name in some for some in themes]) for name in frequent},
    }


@dataclass(frozen=True)
class Costs:
    """Multiply-adds of an agent for a position, as it computes them: relations as whole matrices.

    Attributes:
        look: What a position contributes to iterations.
        step: An iteration.
        answer: The move.
        imagined: An imagined position: its iterations, the move or the reply, and the value.
    """

    look: int
    step: int
    answer: int
    imagined: int

    @classmethod
    def of(cls, agent: Agent) -> "Costs":
        """What is counted while an agent thinks about one position."""
        net = agent.net
        inputs = agent.codec.encode(chess_puzzles.planes([FIRST_POSITION]))
        with torch.no_grad():
            memory = net.start(inputs)
            look, injected = counted(lambda: net.inject(inputs))
            step, _ = counted(lambda: net.step(memory, injected))
            answer, _ = counted(lambda: net.decode(memory))
            value = counted(lambda: net.value(memory))[0] if isinstance(net, ImaginingNet) else 0
        iterations = MANNERS["imagining"].iterations if net.recurrent else 1
        return cls(look, step, answer, look + iterations * step + answer + value)

    def of_fixed(self, iterations: int) -> int:
        """Of a thought about a position, and no other."""
        return self.look + iterations * self.step + self.answer

    def of_tree(self, imagined: int, iterations: int) -> int:
        """Of a thought that goes on to imagine positions."""
        return self.of_fixed(iterations) + imagined * self.imagined


def counted(work: Callable[[], Any]) -> tuple[int, Any]:
    """The multiply-adds of products in some work, and what it returns."""
    with FlopCounterMode(display=False) as counter:
        result = work()
    return counter.get_total_flops() // 2, result


def outcomes_of(row: Mapping[str, Any]) -> np.ndarray:
    """Which puzzles were solved in a row, ``(n,)`` bool."""
    bits = np.frombuffer(bytes.fromhex(row["solved"]), np.uint8)
    return np.unpackbits(bits)[: row["n"]].astype(bool)


def outcomes_named(results: Sequence[dict], name: str) -> np.ndarray | None:
    """Which puzzles were solved in a row of the results of several seeds, ``(seeds, n)`` bool.

    None where one of the results has no such row.

    Raises:
        ResultFileError: If they are about different puzzles.
    """
    rows = [result["rows"].get(name) for result in results]
    if None in rows:
        return None
    check_puzzles(name, rows)
    return np.array([outcomes_of(row) for row in rows])


def check_puzzles(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Check that rows are about the same puzzles, so that they can be compared one by one.

    Raises:
        ResultFileError: If they are not.
    """
    if len({row["puzzles_sha256"] for row in rows}) > 1:
        raise ResultFileError(f"{name}: rows to be compared are about different puzzles")


def mean_of_seeds(outcomes: np.ndarray) -> tuple[float, float]:
    """The mean of outcomes ``(seeds, n)``, and half of its 95 % interval.

    The seeds were asked the same puzzles: what varies are these, each with the mean of its
    outcomes.
    """
    of_puzzles = outcomes.mean(axis=0)
    return float(of_puzzles.mean()), Z_95 * float(of_puzzles.std(ddof=1)) / len(of_puzzles) ** 0.5


def gain_in_words(ours: np.ndarray | None, theirs: np.ndarray | None) -> str:
    """The paired difference of outcomes ``(seeds, n)`` on the same puzzles, in points."""
    if ours is None or theirs is None:
        return ""
    # Other seeds, or more of them: a puzzle's outcome is the mean of its seeds.
    mean, spread = mean_of_seeds((ours.mean(axis=0) - theirs.mean(axis=0))[None])
    return f"{100 * mean:+.1f} ± {100 * spread:.1f}"


def compared_with(name: str, row: Mapping[str, Any]) -> str | None:
    """The name of the row with which a row is compared.

    Imagining with a quarter of the imagined positions; other ways with imagining as many, or on a
    fixed board, with imagining at the same cost.
    """
    puzzles = name.split(" / ")[0]
    if row["way"] == "imagining":
        fewer = row["imagined"] // 4 if row["imagined"] > SMALLEST else 0
        is_first = row["imagined"] == 0
        return None if is_first else row_name(puzzles, "imagining", row["iterations"], fewer)
    imagined = imagined_at_cost(row)
    iterations = ITERATIONS if row["way"] == "fixed board" else row["iterations"]
    return None if imagined is None else row_name(puzzles, "imagining", iterations, imagined)


def imagined_at_cost(row: Mapping[str, Any]) -> int | None:
    """How many positions were imagined, or could have been in the iterations on a fixed board.

    None where these are no whole number of positions.
    """
    if row["way"] != "fixed board":
        return int(row["imagined"])
    positions, rest = divmod(row["iterations"] - ITERATIONS, MANNERS["imagining"].iterations)
    return None if rest else int(positions)


def table(results: Sequence[dict], against: Sequence[dict] = ()) -> str:
    """Results of several seeds: a line for each set, way and number of imagined positions.

    Differences are taken puzzle by puzzle: see ``compared_with``.

    Args:
        results: Of the seeds.
        against: Of other agents, with whose first thoughts all is compared instead.
    """
    lines = []
    for name, first in results[0]["rows"].items():
        ours = outcomes_named(results, name)
        if ours is None:
            continue
        rows = [result["rows"][name] for result in results]
        puzzles = name.split(" / ")[0]
        mean, spread = mean_of_seeds(ours)
        other = compared_with(name, first)
        theirs = None if other is None else outcomes_named(results, other)
        if against:
            theirs = first_outcomes(against, puzzles, rows)
        lines.append(
            [
                *(puzzles, first["way"], f"{first['iterations']:,}", f"{first['imagined']:,}"),
                f"{100 * mean:.1f} ± {100 * spread:.1f}",
                " ".join(f"{100 * row['exact']:.1f}" for row in rows),
                gain_in_words(ours, theirs),
                f"{1e3 * np.mean([row['seconds'] for row in rows]) / first['n']:,.1f}",
                f"{first['multiply_adds'] / 1e6:,.0f}",
            ]
        )
    header = ["puzzles", "way", "iterations", "imagined", "solved, %", "each seed", "difference"]
    return markdown_table([*header, "ms a puzzle", "million multiply-adds"], lines)


def first_outcomes(
    results: Sequence[dict], puzzles: str, rows: Sequence[Mapping[str, Any]]
) -> np.ndarray | None:
    """Which puzzles of a set were solved before anything was imagined, ``(seeds, n)`` bool.

    Args:
        results: Of the seeds.
        puzzles: The name of the set.
        rows: With which they are to be compared.
    """
    for name, row in results[0]["rows"].items():
        if name.startswith(f"{puzzles} / imagining") and row["imagined"] == 0:
            check_puzzles(puzzles, [row, *rows])
            return outcomes_named(results, name)
    return None


def table_of_groups(results: Sequence[dict], by: str) -> str:
    """Imagining by rating, by the solver's moves or by theme: means of the seeds, in per cent."""
    imagining = {name: row for name, row in results[0]["rows"].items() if row["way"] == "imagining"}
    numbers = sorted({row["imagined"] for row in imagining.values()})
    lines: dict[tuple[str, str], list[str]] = {}
    for number in numbers:
        for name, row in imagining.items():
            for group, found in row["by"][by].items() if row["imagined"] == number else ():
                exact = [result["rows"][name]["by"][by][group]["exact"] for result in results]
                line = lines.setdefault((name.split(" / ")[0], group), [f"{found['n']:,}"])
                line.append(f"{100 * np.mean(exact):.1f}")
    header = ["puzzles", by, "n", *(f"{number:,}" for number in numbers)]
    return markdown_table(header, [[*key, *cells] for key, cells in lines.items()])


def plot(results: Sequence[dict], path: Path) -> None:
    """Accuracy against thinking time: a panel for each way to spend it, and one for ratings.

    Args:
        results: Of the seeds.
        path: Where to write the picture.
    """
    puzzles = next(iter(results[0]["rows"])).split(" / ")[0]
    rows = {name: row for name, row in results[0]["rows"].items() if name.startswith(puzzles)}
    curves: dict[str, dict[int, np.ndarray]] = {way: {} for way in WAYS}  # outcomes by cost
    labels = {}
    for name, row in rows.items():
        measured = [result for result in results if name in result["rows"]]  # controls: of some
        outcomes = outcomes_named(measured, name)
        imagined = imagined_at_cost(row)
        if outcomes is not None and imagined is not None:
            curves[row["way"]][imagined] = outcomes
            labels[row["way"]] = row["way"] + of_some(len(outcomes), len(results))
    numbers = sorted(curves["imagining"])
    colours = figures.shades(WAYS)
    with figures.panels(2, (12, 4.5), path) as (ways, ratings):
        for way, curve in curves.items():
            shown = [number for number in numbers if number in curve]
            places = [numbers.index(number) for number in shown]
            means = np.array([mean_of_seeds(curve[number]) for number in shown]).reshape(-1, 2)
            is_usual = way == "imagining"
            style = {"marker": "o", "linewidth": 2.5} if is_usual else {"linestyle": "--"}
            ways.plot(places, means[:, 0], label=labels.get(way), color=colours[way], **style)
            if is_usual:
                low, high = means[:, 0] - means[:, 1], means[:, 0] + means[:, 1]
                ways.fill_between(places, low, high, color=colours[way], alpha=0.15, linewidth=0)
        groups = {
            group: [rows[row_name_at(rows, number)]["by"]["rating"][group] for number in numbers]
            for group in rows[row_name_at(rows, 0)]["by"]["rating"]
        }
        of_group = figures.shades(list(groups))
        for group in groups:
            exact = [
                np.mean(
                    [
                        result["rows"][row_name_at(rows, number)]["by"]["rating"][group]["exact"]
                        for result in results
                    ]
                )
                for number in numbers
            ]
            ratings.plot(range(len(numbers)), exact, marker="o", color=of_group[group], label=group)
        for axes, title in ((ways, f"rated {puzzles}"), (ratings, "by rating")):
            axes.set_xticks(range(len(numbers)), [f"{number:,}" for number in numbers])
            axes.set(xlabel="positions imagined (0: the first thought)", title=title)
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            axes.legend(frameon=False, fontsize=8)
        ways.set_ylabel("first move right")


def of_some(count: int, seeds: int) -> str:
    """How many seeds a curve is of, to be put behind its name; nothing where it is of all."""
    return "" if count == seeds else f" ({count} of {seeds} seeds)"


def row_name_at(rows: Mapping[str, Mapping[str, Any]], imagined: int) -> str:
    """The name of the row of imagining so many positions."""
    return next(
        name
        for name, row in rows.items()
        if row["way"] == "imagining" and row["imagined"] == imagined
    )


def check_set(name: str, chosen: Chosen, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Check that a file's rows of a set are about the puzzles that were chosen now.

    Raises:
        ResultFileError: If they are about others.
    """
    for row_name, row in rows.items():
        if row_name.startswith(f"{name} / ") and row["puzzles_sha256"] != chosen.digest:
            raise ResultFileError(
                f"{row_name} was measured on other puzzles: same --database and --problems, or "
                "another --json"
            )


def stored_so_far(path: Path, agent: Agent, seed: int) -> dict[str, Any]:
    """What a file holds of an agent.

    Raises:
        ResultFileError: If it is of another agent, or of other puzzles.
    """
    about = ("seed", "commit", "plan", "net", "trained_on", "metrics", "weights_sha256")
    described = {name: agent.description[name] for name in about}
    if not path.exists():
        return {"format": FORMAT, "agent": described, "rows": {}}
    known = read_result(path)
    if (known.get("agent") or {}).get("weights_sha256") != described["weights_sha256"]:
        raise ResultFileError(f"{path} is of another agent")
    if not isinstance(known["rows"], dict):
        raise ResultFileError(f"{path}: its rows have no names")
    if any(row["seed"] != seed for row in known["rows"].values()):
        raise ResultFileError(f"{path} holds puzzles of another seed")
    return {"format": FORMAT, "agent": described, "rows": known["rows"]}


def main() -> None:
    """Measure what is not in the file yet; store and print it."""
    parser = parser_of(__doc__, threads=True)
    parser.add_argument("--checkpoint", default="chess", help="an agent: name or folder")
    parser.add_argument("--database", default="bundled", help="of which the puzzles are")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=DEFAULT_SETS)
    parser.add_argument("--how", nargs="+", choices=WAYS, default=["imagining"])
    parser.add_argument("--imagine", nargs="+", type=int, default=[4, 16, 64, 256])
    parser.add_argument("--problems", type=int, default=3000, help="puzzles of each set")
    parser.add_argument("--seed", type=int, default=0, help="which puzzles")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--table", type=Path, nargs="+", help="only print these results")
    parser.add_argument("--against", type=Path, nargs="+", default=[], help="compared with these")
    parser.add_argument("--figure", type=Path, help="with --table: plot into this file")
    parser.add_argument("--by", help="the table by rating, 'moves of the solver' or theme")
    arguments = parser.parse_args()
    if arguments.table:
        results, others = map(read_all, (arguments.table, arguments.against))
        shown = table_of_groups(results, arguments.by) if arguments.by else table(results, others)
        print(shown)
        if arguments.figure is not None:
            plot(results, arguments.figure)
            print(f"figure: {arguments.figure}")
        return
    if arguments.json is None:
        parser.error("--json: needs a file for the results")
    agent = load(
        arguments.checkpoint,
        prepare_device("cpu", arguments.threads),
        acceleration=Acceleration(arguments.precision),
    )
    commit()  # as it is when this begins
    of_file = (arguments.json, agent, arguments.seed)
    for name in arguments.sets:
        chosen = None
        for way in arguments.how:
            stored = stored_so_far(*of_file)
            points = (0, *arguments.imagine)
            wanted = [row_name(name, way, iterations_of(agent), point) for point in points]
            if way == "fixed board":
                wanted = [row_name(name, way, iterations, 0) for iterations in FIXED_BOARD]
            if set(wanted) - stored["rows"].keys():
                if chosen is None:
                    which = (arguments.problems, arguments.seed)
                    chosen = choose_puzzles(name, arguments.database, agent, *which)
                    check_set(name, chosen, stored["rows"])
                rows = measure(agent, chosen, way, arguments.imagine, f"{name} / {way}")
                stored = stored_so_far(*of_file)  # others may have stored something meanwhile
                stored["rows"] |= dict(zip(wanted, rows, strict=True))
                store_result(arguments.json, stored)
            of_set = {key: row for key, row in stored["rows"].items() if key.startswith(name)}
            print(table([{"rows": of_set}]), flush=True)


def read_all(paths: Iterable[Path]) -> list[dict]:
    """The results of several files."""
    return [read_result(path) for path in paths]


if __name__ == "__main__":
    sys.exit(run_command(main))
