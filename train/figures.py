"""Pictures of trainings and figures: curves like the paper's, confusion matrices."""

import csv

import numpy as np

from ecg_edge.layout import CLASSES

from . import metrics


def _pyplot():
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def _save(plt, figure, path):
    # No date and no version in the file: the same figures give the same bytes.
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)


def draw_curves(history, title, path):
    """Accuracy and loss by epoch, training and validation, from a history CSV."""
    plt = _pyplot()
    with open(history, newline="") as file:
        rows = list(csv.DictReader(file))
    epochs = [int(row["epoch"]) for row in rows]
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axis, name in zip(axes, ("accuracy", "loss"), strict=True):
        for key, label in ((name, "training"), (f"val_{name}", "validation")):
            axis.plot(epochs, [float(row[key]) for row in rows], marker="o", label=label)
        axis.set(
            title=f"{title}: {name} of leads",
            xlabel="epoch",
            ylabel=name,
            ylim=(0, 1.02 if name == "accuracy" else None),
        )
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.3)
        axis.legend()
    _save(plt, figure, path)


def draw_confusion(matrix, title, path):
    """A confusion matrix: counts, coloured by the share of the true class."""
    plt = _pyplot()
    matrix = np.asarray(matrix)
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    figure, axis = plt.subplots(figsize=(5.6, 5), layout="constrained")
    picture = axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*matrix.shape):
        axis.text(
            column,
            row,
            f"{matrix[row, column]:g}\n{share[row, column]:.0%}",
            ha="center",
            va="center",
            color="white" if share[row, column] > 0.5 else "black",
        )
    axis.set(
        title=title,
        xlabel="predicted",
        ylabel="true",
        xticks=range(len(CLASSES)),
        yticks=range(len(CLASSES)),
        xticklabels=CLASSES,
        yticklabels=CLASSES,
    )
    figure.colorbar(picture, label="share of the true class")
    _save(plt, figure, path)


def draw_reliability(true, before, after, title, path, bins=10):
    """Accuracy against confidence, before and after calibration, in `bins` of equally many rows."""
    plt = _pyplot()
    figure, axis = plt.subplots(figsize=(5.6, 5), layout="constrained")
    axis.plot([0, 1], [0, 1], color="gray", linestyle="--", label="as sure as right")
    for probabilities, label in ((before, "before calibration"), (after, "after")):
        confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == true
        parts = [part for part in np.array_split(np.argsort(confidence, kind="stable"), bins) if part.size]
        axis.plot(
            [confidence[part].mean() for part in parts], [right[part].mean() for part in parts], marker="o", label=label
        )
    axis.set(title=title, xlabel="confidence", ylabel="accuracy", xlim=(0.2, 1.02), ylim=(0, 1.02))
    axis.grid(alpha=0.3)
    axis.legend(loc="lower right")
    _save(plt, figure, path)


def draw_risk_coverage(true, probabilities, title, path):
    """The error among the most confident rows, against the share of rows kept."""
    plt = _pyplot()
    coverage, error = metrics.risk_coverage(true, probabilities)
    figure, axis = plt.subplots(figsize=(5.6, 4), layout="constrained")
    axis.plot(coverage, error)
    axis.set(
        title=title, xlabel="share of pages with a verdict", ylabel="error among them", xlim=(0, 1.02), ylim=(0, None)
    )
    axis.grid(alpha=0.3)
    _save(plt, figure, path)


def draw_risks(origins, title, path):
    """The error among the most confident against the share kept, {origin: ((N, 4) probabilities, (N,) bool whether wrong)}."""
    plt = _pyplot()
    figure, axis = plt.subplots(figsize=(7, 5), layout="constrained")
    for origin, (pages, wrong) in origins.items():
        order = np.argsort(-pages.max(axis=1), kind="stable")
        kept = np.arange(1, len(order) + 1)
        axis.plot(kept / len(order), np.cumsum(wrong[order]) / kept, label=f"{origin} ({len(order)})")
    axis.set(title=title, xlabel="share with a verdict", ylabel="error among them", xlim=(0, 1.02), ylim=(0, 0.5))
    axis.grid(alpha=0.3)
    axis.legend()
    _save(plt, figure, path)


def draw_reliabilities(origins, title, path, bins=8):
    """Accuracy against confidence in `bins` of equally many, {origin: ((N, 4) probabilities, (N,) bool whether wrong)}."""
    plt = _pyplot()
    figure, axis = plt.subplots(figsize=(7, 6), layout="constrained")
    axis.plot([0, 1], [0, 1], color="gray", linestyle="--", label="as sure as right")
    for origin, (pages, wrong) in origins.items():
        confidence = pages.max(axis=1)
        parts = np.array_split(np.argsort(confidence, kind="stable"), bins)
        points = [(confidence[part].mean(), 1 - wrong[part].mean()) for part in parts if part.size]
        axis.plot(*zip(*points, strict=True), marker="o", label=origin)
    axis.set(title=title, xlabel="confidence", ylabel="accuracy", xlim=(0.3, 1.02), ylim=(0, 1.02))
    axis.grid(alpha=0.3)
    axis.legend(loc="lower right")
    _save(plt, figure, path)


def draw_rules(origins, path):
    """The error among what is kept against the share kept, {origin: {rule: ((N,) score, (N,) bool whether wrong)}}: a panel for each origin."""
    plt = _pyplot()
    figure, axes = plt.subplots(2, -(-len(origins) // 2), figsize=(14, 7), layout="constrained")
    for axis, (origin, rules) in zip(axes.flat, origins.items(), strict=False):
        for name, (score, wrong) in rules.items():
            kept = np.arange(1, len(score) + 1)
            error = np.cumsum(wrong[np.argsort(-score, kind="stable")]) / kept
            axis.plot(kept / len(score), error, label=name.replace("*", ""), linewidth=1)
        axis.set(
            title=f"{origin} ({len(score)})", xlabel="share with a verdict", ylabel="error among them", xlim=(0, 1.02)
        )
        axis.grid(alpha=0.3)
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    _save(plt, figure, path)
