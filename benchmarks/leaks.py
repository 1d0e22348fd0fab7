"""What can be told without the heart: probes of everything that is not the trace, memorisers, and copies across a split.

A probe is a logistic regression that sees one part of the page alone. What it gains over guessing the commonest
class is what a model could gain from that part.
"""

import json
from pathlib import Path

import numpy as np

from train import metrics, prepare, splits
from train.dataset import is_scored

from . import environment, page_features, probes

BLUR_PX = 5
RANDOM_SPLITS = 100

PROBES = {
    "header": ("header",),
    "footer": ("footer",),
    "header and footer": ("header", "footer"),
    "everything outside the lead boxes": ("header", "footer", "margin"),
    "grid family (one number)": ("grid",),
    "rhythm strip is lead III (one bit)": ("rhythm",),
    "lead names and separators as printed": ("print",),
    "grid, rhythm strip's lead, names, separators": ("grid", "rhythm", "print"),
    "finest strokes, noise and specks": ("detail",),
    "bandwidth of the traces (three numbers)": ("bandwidth",),
}
"""Probes by the features that they see; the last two are not free of the heart: fibrillation and steep slopes are fine and fast, too."""


def copies():
    """How many test files of `paper` have a copy in its training files, or share a printed ID with them; and the mean
    shares over `RANDOM_SPLITS` other splits of that kind."""
    from sklearn.model_selection import train_test_split

    rows = splits.read_paper()
    trained, tested = ([row.sha256 for row in rows if row.part == part] for part in ("train", "test"))
    ratio = len(tested) / sum(row.part != "train" for row in rows)
    shares = []
    for seed in range(RANDOM_SPLITS):
        train, rest = train_test_split(rows, train_size=len(trained), random_state=seed, stratify=_labels(rows))
        _, test = train_test_split(rest, test_size=ratio, random_state=seed, stratify=_labels(rest))
        shares.append([count / len(test) for count in _shared([r.sha256 for r in train], [r.sha256 for r in test])])
    copied, same_id = _shared(trained, tested)
    return {
        "test_files": len(tested),
        "with_a_copy_in_training": copied,
        "with_a_printed_id_in_training": same_id,
        "mean_shares_of_random_splits": np.mean(shares, axis=0).tolist(),
    }


def _labels(rows):
    return [row.label for row in rows]


def _shared(trained, tested):
    """(copies, printed IDs): how many SHA-256s of `tested` stand in `trained`, and how many of their groups."""
    group = {row.sha256: row.group for row in splits.read_distinct()}
    known, groups = set(trained), {group[digest] for digest in trained}
    return sum(digest in known for digest in tested), sum(group[digest] in groups for digest in tested)


def measure(pages, cache):
    """All figures for JSON."""
    folds = probes.folds_of(pages.digests)
    scored = np.flatnonzero([is_scored(digest) for digest in pages.digests])

    def figures(said):
        return metrics.summary(pages.labels[scored], said[scored], np.array(pages.digests)[scored])

    commonest = np.full(len(pages.labels), np.bincount(pages.labels).argmax())
    figures_of = {"guessing the commonest class": figures(commonest)}
    for name, seen in PROBES.items():
        figures_of[name] = figures(probes.probe([pages.features[feature] for feature in seen], pages.labels, folds))
    pixels = cache.stack(pages.digests).astype(np.float32)
    n, count, side, _ = pixels.shape
    means = pixels.reshape(n, count, side // BLUR_PX, BLUR_PX, side // BLUR_PX, BLUR_PX).mean(axis=(3, 5))
    text = np.concatenate([pages.features["header"], pages.features["footer"]], axis=1)[:, None]
    memorisers = {
        "leads, pixel by pixel": pixels.reshape(n, count, -1),
        f"leads, means of {BLUR_PX} × {BLUR_PX} pixels": means.reshape(n, count, -1),
        "header and footer": text,
    }
    return {
        "pages": n,
        "inputs_unchanged": int(pages.same.sum()),
        "folds": splits.find_leaks(splits.read_distinct()),
        "paper": copies(),
        "sparse_grid": int(
            (pages.features["grid"] < pages.features["grid"].mean() - pages.features["grid"].std()).sum()
        ),
        "rhythm_is_III": int(pages.features["rhythm"].sum()),
        "probes": figures_of,
        "memorisers": {
            name: probes.memoriser_figures(probes.distances(seen), pages, folds) for name, seen in memorisers.items()
        },
    }


def to_markdown(report, where):
    """Three tables: copies across the split, the probes, and memory at random against grouped."""
    paper, files = report["paper"], report["paper"]["test_files"]
    lines = [
        "# Leak checks",
        "",
        f"{report['pages']} distinct pages, {next(iter(report['probes'].values()))['rows']} scored; 95 % intervals, bootstrap over distinct pages."
        f" Commit {where['commit']}.",
        "",
        "| check | found |",
        "|---|---|",
        f"| test files of `paper` with a copy (same SHA-256) in its training files | {_share(paper['with_a_copy_in_training'], files)} |",
        f"| test files of `paper` with a printed ID of its training files | {_share(paper['with_a_printed_id_in_training'], files)} |",
        f"| the same two shares, mean of {RANDOM_SPLITS} random splits by file |"
        f" {' and '.join(f'{100 * share:.1f} %' for share in paper['mean_shares_of_random_splits'])} |",
        f"| SHA-256s and groups on both sides of a line in `distinct` | {len(report['folds'])} |",
        "| pages whose model inputs stay bit-identical when every pixel outside the lead boxes is changed |"
        f" {_share(report['inputs_unchanged'], report['pages'])} |",
        f"| pages with the sparser grid | {_share(report['sparse_grid'], report['pages'])} |",
        f"| pages whose rhythm strip is read as lead III | {_share(report['rhythm_is_III'], report['pages'])} |",
        "",
        "| probe on `distinct`, out of fold: what it sees | accuracy | macro-F1 |",
        "|---|---|---|",
    ]
    lines += [f"| {name} | {_cells(figures)} |" for name, figures in report["probes"].items()]
    for name, memory_of in report["memorisers"].items():
        lines += ["", f"| nearest neighbour on {name} | rows | accuracy | macro-F1 |", "|---|---|---|---|"]
        lines += [f"| {split} | {figures['rows']} | {_cells(figures)} |" for split, figures in memory_of.items()]
    return "\n".join(lines) + "\n"


def _share(count, whole):
    return f"{count} of {whole} ({100 * count / whole:.1f} %)"


def _cells(figures):
    intervals = figures["interval"]
    return " | ".join(
        f"{figures[name]:.3f} ({intervals[name][0]:.3f}–{intervals[name][1]:.3f})" for name in ("accuracy", "macro_f1")
    )


def write(report, out):
    """Write OUT/leaks.json and leaks.md; the Markdown."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    where = environment.record()
    (out / "leaks.json").write_text(json.dumps({"environment": where, **report}, indent=1) + "\n")
    markdown = to_markdown(report, where)
    (out / "leaks.md").write_text(markdown)
    return markdown


def add_options(command):
    """The options of `python -m benchmarks leaks`."""
    command.add_argument("--data", help="folder of the data set (default: $ECG_EDGE_DATA, else the user's cache)")
    command.add_argument("--cache", default=prepare.CACHE, help="prepared leads of 'python -m train prepare'")
    command.add_argument("--jobs", type=int, default=2)
    command.add_argument("--out", default="benchmarks/results/leaks")


def run(options):
    """`python -m benchmarks leaks`: FileNotFoundError where the data or the prepared leads are not there."""
    cache = prepare.LeadCache(options.cache)
    print(write(measure(page_features.read_features(cache, options.data, options.jobs), cache), options.out))
