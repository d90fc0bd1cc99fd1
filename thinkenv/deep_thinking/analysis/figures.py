"""Figures of results."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # write files; never open a window
from matplotlib import pyplot  # noqa: E402
from matplotlib.ticker import NullLocator, PercentFormatter, StrMethodFormatter  # noqa: E402


def plot_accuracy(
    rows: list[dict], labels: list[str], training_iterations: int, path: Path
) -> None:
    """Accuracy against iterations, a line for each set of problems, with the training budget.

    Args:
        rows: Evaluation rows of one agent.
        labels: What the problems of each row are, such as ``59x59``.
        training_iterations: The maximum of iterations the agent was trained to take.
        path: Where to write the picture; its ending decides the format.
    """
    figure, axes = pyplot.subplots(figsize=(7.5, 4.5), layout="constrained")
    kinds = list(dict.fromkeys(labels))
    colours = pyplot.get_cmap("viridis")
    for index, kind in enumerate(kinds):
        line = [row for row, label in zip(rows, labels, strict=True) if label == kind]
        line.sort(key=lambda row: row["iterations"])
        iterations = [row["iterations"] for row in line]
        colour = colours(0.85 * index / max(1, len(kinds) - 1))
        axes.plot(
            iterations,
            [row["exact"] for row in line],
            marker="o",
            markersize=4,
            color=colour,
            label=f"{kind} (n = {line[0]['n']})",
        )
        axes.fill_between(
            iterations,
            [row["exact_low"] for row in line],
            [row["exact_high"] for row in line],
            color=colour,
            alpha=0.15,
            linewidth=0,
        )
    numbers = sorted({row["iterations"] for row in rows})
    if numbers[-1] > 4 * numbers[0]:
        axes.set_xscale("log")
        axes.set_xlim(0.8 * min(numbers[0], training_iterations), 1.25 * numbers[-1])
        axes.set_xticks(numbers if len(numbers) <= 10 else [numbers[0], numbers[-1]])
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.xaxis.set_minor_locator(NullLocator())
    axes.axvspan(axes.get_xlim()[0], training_iterations, color="0.93", zorder=0)
    axes.axvline(training_iterations, color="0.4", linestyle="--", linewidth=1)
    axes.annotate(
        f"training: at most {training_iterations}",
        (training_iterations, 0.5),
        xytext=(-4, 0),
        textcoords="offset points",
        rotation=90,
        ha="right",
        va="center",
        color="0.4",
        fontsize=9,
    )
    axes.set_xlabel("iterations of the recurrent block")
    axes.set_ylabel("problems solved exactly")
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        frameon=False,
        title="tested on",
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def plot_recovery(rows: list[dict], labels: list[str], path: Path) -> None:
    """The share of right answers after a disturbance, a line for each, a panel for each time of it.

    Args:
        rows: Rows of ``evaluate_recovery``.
        labels: What the problems of each row are.
        path: Where to write the picture; its ending decides the format.
    """
    panels = list(dict.fromkeys(zip(labels, (row["disturbed_at"] for row in rows), strict=True)))
    names = list(dict.fromkeys(row["disturbance"] for row in rows))
    colours = [pyplot.get_cmap("tab10")(index) for index in range(10)]
    styles = {  # colours come again with another kind of line
        name: {"color": colours[index % 10], "linestyle": ("-", "--", ":")[index // 10 % 3]}
        for index, name in enumerate(names)
    }
    figure, grid = pyplot.subplots(
        1,
        len(panels),
        figsize=(2.0 + 3.6 * len(panels), 3.8),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axes, (label, share) in zip(grid[0], panels, strict=True):
        for row, label_of_row in zip(rows, labels, strict=True):
            if (label_of_row, row["disturbed_at"]) != (label, share):
                continue
            shares = row["accuracy_curve"]
            axes.plot(
                [index * row["eval_every"] for index in range(len(shares))],
                shares,
                label=row["disturbance"],
                **styles[row["disturbance"]],
            )
        when = "in every iteration" if share == "every" else f"at {share:g} of the time to converge"
        axes.set_title(f"{label}, disturbed {when}", fontsize=10)
        axes.set_xlabel("iterations since then")
        axes.set_ylim(-0.02, 1.02)
        axes.spines[["top", "right"]].set_visible(False)
    grid[0][0].set_ylabel("problems answered exactly")
    grid[0][0].yaxis.set_major_formatter(PercentFormatter(1.0))
    lines, shown = grid[0][-1].get_legend_handles_labels()
    grid[0][-1].legend(lines, shown, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def plot_diagnoses(rows: list[dict], labels: list[str], path: Path) -> None:
    """Residuals, right answers, and agreement with dead-end filling, by iteration.

    Args:
        rows: Rows of ``evaluate_diagnosis``.
        labels: What the problems of each row are.
        path: Where to write the picture; its ending decides the format.
    """
    curves = {
        "residual_by_iteration": "largest change of the memory",
        "exact_by_iteration": "problems answered exactly",
        "filling_agreement_by_iteration": "agreement with dead-end filling",
    }
    shown = [name for name in curves if rows[0][name] is not None]
    figure, grid = pyplot.subplots(
        1, len(shown), figsize=(4.2 * len(shown), 3.6), squeeze=False, layout="constrained"
    )
    colours = pyplot.get_cmap("viridis")
    for axes, name in zip(grid[0], shown, strict=True):
        for index, (row, label) in enumerate(zip(rows, labels, strict=True)):
            values = row[name]
            axes.plot(
                range(1, len(values) + 1),
                values,
                color=colours(0.85 * index / max(1, len(rows) - 1)),
                label=f"{label} (n = {row['n']})",
            )
        axes.set_xlabel("iteration")
        axes.set_ylabel(curves[name])
        axes.spines[["top", "right"]].set_visible(False)
        if name == "residual_by_iteration":
            axes.set_yscale("log")
        else:
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    grid[0][0].legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
