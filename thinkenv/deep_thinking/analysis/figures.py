"""Figures of results. The ending of a path decides the format: PNG, PDF or SVG."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")  # write files; never open a window
from matplotlib import pyplot  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.ticker import NullLocator, PercentFormatter, StrMethodFormatter  # noqa: E402

from thinkenv.deep_thinking.analysis.tables import labels_of  # noqa: E402
from thinkenv.files import atomic_write  # noqa: E402

BESIDE: dict[str, Any] = {"frameon": False, "loc": "center left", "bbox_to_anchor": (1.0, 0.5)}


@contextmanager
def panels(count: int, size: tuple[float, float], path: Path) -> Iterator[list[Axes]]:
    """Panels beside one another, to draw in; they are written to a file afterwards."""
    figure, grid = pyplot.subplots(1, count, figsize=size, squeeze=False, layout="constrained")
    yield list(grid[0])
    for axes in grid[0]:
        axes.spines[["top", "right"]].set_visible(False)
    try:
        with atomic_write(path) as file:
            figure.savefig(file, dpi=150, format=path.suffix.removeprefix("."))
    finally:
        pyplot.close(figure)


def show_shares(axes: Axes) -> None:
    """Let the vertical axis be shares, from 0 to 100 %."""
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def shades(names: Sequence[str]) -> dict[str, tuple]:
    """A colour for each name, from dark to light in their order."""
    colours = pyplot.get_cmap("viridis")
    last = max(1, len(names) - 1)
    return {name: colours(0.85 * index / last) for index, name in enumerate(names)}


def plot_accuracy(rows: list[dict], training_iterations: int, path: Path) -> None:
    """Accuracy against iterations, a line for each set of problems, with the training budget.

    Args:
        rows: Evaluation rows of one agent.
        training_iterations: The maximum of iterations the agent was trained to take.
        path: Where to write the picture.
    """
    labels = labels_of(rows)
    if "imagined" in rows[0]:
        plot_imagination(rows, labels, path)
        return
    with panels(1, (7.5, 4.5), path) as (axes,):
        for label, colour in shades(list(dict.fromkeys(labels))).items():
            line = [row for row, its in zip(rows, labels, strict=True) if its == label]
            line.sort(key=lambda row: row["iterations"])
            iterations, exact, low, high = (
                [row[key] for row in line]
                for key in ("iterations", "exact", "exact_low", "exact_high")
            )
            name = f"{label} (n = {line[0]['n']})"
            axes.plot(iterations, exact, marker="o", markersize=4, color=colour, label=name)
            axes.fill_between(iterations, low, high, color=colour, alpha=0.15, linewidth=0)
        numbers = sorted({row["iterations"] for row in rows})
        if numbers[-1] > 4 * numbers[0]:
            axes.set_xscale("log")
            axes.set_xlim(0.8 * min(numbers[0], training_iterations), 1.25 * numbers[-1])
            axes.set_xticks(numbers if len(numbers) <= 10 else [numbers[0], numbers[-1]])
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
            axes.xaxis.set_minor_locator(NullLocator())
        axes.axvspan(axes.get_xlim()[0], training_iterations, color="0.93", zorder=0)
        axes.axvline(training_iterations, color="0.4", linestyle="--", linewidth=1)
        text = f"training: at most {training_iterations} "
        centre: dict[str, Any] = {"rotation": 90, "ha": "right", "va": "center"}
        axes.text(training_iterations, 0.5, text, color="0.4", fontsize=9, **centre)
        axes.set(xlabel="iterations of the recurrent block", ylabel="problems solved exactly")
        show_shares(axes)
        axes.legend(title="tested on", **BESIDE)


def plot_imagination(rows: list[dict], labels: list[str], path: Path) -> None:
    """Accuracy against imagined positions, a line for each set of problems.

    Args:
        rows: Evaluation rows of one agent, which say how many positions were imagined.
        labels: Which problems each row is of.
        path: Where to write the picture.
    """
    numbers = sorted({row["imagined"] for row in rows})
    with panels(1, (7.5, 4.5), path) as (axes,):
        for label, colour in shades(list(dict.fromkeys(labels))).items():
            line = [row for row, its in zip(rows, labels, strict=True) if its == label]
            line.sort(key=lambda row: row["imagined"])
            # The first thought, before anything was imagined, has a place of its own on the left.
            places = [numbers.index(row["imagined"]) for row in line]
            exact, low, high = (
                [row[key] for row in line] for key in ("exact", "exact_low", "exact_high")
            )
            name = f"{label} (n = {line[0]['n']})"
            axes.plot(places, exact, marker="o", markersize=4, color=colour, label=name)
            axes.fill_between(places, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.set_xticks(range(len(numbers)), [f"{number:,.0f}" for number in numbers])
        axes.set(xlabel="positions imagined (0: the first thought)", ylabel="first move right")
        show_shares(axes)
        axes.legend(title="tested on", **BESIDE)


def plot_recovery(rows: list[dict], path: Path) -> None:
    """The share of right answers after a disturbance, a line for each, a panel for each time of it.

    Args:
        rows: Rows of ``evaluate_recovery``, or of ``evaluate_tree_recovery``.
        path: Where to write the picture.
    """
    unit, of = "iterations", "the time to converge"
    if "imagined" in rows[0]:
        unit, of = "imagined positions", f"{rows[0]['imagined']:,} imagined positions"
    when_of = list(zip(labels_of(rows), (row["disturbed_at"] for row in rows), strict=True))
    times = list(dict.fromkeys(when_of))
    colours = pyplot.get_cmap("tab10")
    styles: dict[str, dict[str, Any]] = {  # colours come again with another kind of line
        name: {"color": colours(index % 10), "linestyle": ("-", "--", ":")[index // 10 % 3]}
        for index, name in enumerate(dict.fromkeys(row["disturbance"] for row in rows))
    }
    with panels(len(times), (2.0 + 3.6 * len(times), 3.8), path) as every_axes:
        for axes, when in zip(every_axes, times, strict=True):
            for row in (row for row, its in zip(rows, when_of, strict=True) if its == when):
                shares = row["accuracy_curve"]
                iterations = [index * row["eval_every"] for index in range(len(shares))]
                name = row["disturbance"]
                axes.plot(iterations, shares, label=name, **styles[name])
            label, share = when
            is_once = share != "every"
            at = f"at {share:g} of {of}" if is_once else "in every iteration"
            axes.set_title(f"{label}\ndisturbed {at}", fontsize=10)
            axes.set_xlabel(f"{unit} since then")
            show_shares(axes)
        every_axes[0].set_ylabel("problems answered exactly")
        every_axes[-1].legend(**BESIDE)


def plot_diagnoses(rows: list[dict], path: Path) -> None:
    """Residuals, right answers, and agreement with dead-end filling, by iteration.

    Args:
        rows: Rows of ``evaluate_diagnosis``.
        path: Where to write the picture.
    """
    curves = {
        "residual_by_iteration": "largest change of the memory",
        "exact_by_iteration": "problems answered exactly",
        "filling_agreement_by_iteration": "agreement with dead-end filling",
    }
    shown = [name for name in curves if rows[0][name] is not None]
    names = [f"{label} (n = {row['n']})" for label, row in zip(labels_of(rows), rows, strict=True)]
    colours = shades(names)
    with panels(len(shown), (4.2 * len(shown), 3.6), path) as every_axes:
        for axes, curve in zip(every_axes, shown, strict=True):
            for row, name in zip(rows, names, strict=True):
                values = row[curve]
                axes.plot(range(1, len(values) + 1), values, color=colours[name], label=name)
            axes.set(xlabel="iteration", ylabel=curves[curve])
            if curve == "residual_by_iteration":
                axes.set_yscale("log")
            else:
                axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        every_axes[0].legend(frameon=False)
