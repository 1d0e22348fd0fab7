"""python -m benchmarks weights: do leads that are said to have spoken most speak most?

A lead's weight is what the log odds of the verdict lose without it alone (`edge/classifier/page_model.py`). Here several are taken away together: the
heaviest, the lightest, and random ones. On pages that the shipped model was trained on: this judges its weights, not its verdicts.
"""

import json
from pathlib import Path

import numpy as np

from ecg_edge import Reader
from ecg_edge.classifier.page_input import page_tensor
from ecg_edge.classifier.page_model import PageModel
from ecg_edge.layout import CLASSES
from ecg_edge.words import SUREST
from train.dataset import read_pages

from . import environment
from .reading_table import wilson

REMOVED = (1, 3, 6)
DRAWS, SEED, REPEATS = 20, 1, 2000


def falls(reader, path, rng):
    """{number removed: {"heaviest", "lightest", "random": fall of the log odds}}, and the confidence, of a page; None where it has no verdict."""
    result, stages = reader.inspect(path)
    if result.verdict is None:
        return None
    model, said, signals = PageModel(reader.network, reader.card), CLASSES.index(result.verdict), stages.traces.signals
    weights = {lead.name: lead.weight for lead in result.leads if lead.state == "read"}
    order = sorted(weights, key=weights.__getitem__, reverse=True)
    whole = model.log_odds(model.answers(stages.inputs).log_rows, said)

    def fall(names):
        left = {name: np.full_like(mv, np.nan) if name in names else mv for name, mv in signals.items()}
        return whole - model.log_odds(model.answers(page_tensor(left)).log_rows, said)

    found = {}
    for count in REMOVED:
        drawn = [fall(rng.choice(order, count, replace=False)) for _ in range(DRAWS)]
        found[count] = {
            "heaviest": fall(order[:count]),
            "lightest": fall(order[-count:]),
            "random": float(np.mean(drawn)),
        }
    return found, result.confidence


def summary(rows):
    """{number removed: medians of the falls, pages on which the heaviest matter more than the mean of random ones, and the mean difference} of pages."""
    rng, found = np.random.default_rng(SEED), {}
    for count in REMOVED:
        values = {kind: np.array([row[count][kind] for row in rows]) for kind in ("heaviest", "random", "lightest")}
        more = values["heaviest"] - values["random"]
        drawn = more[rng.integers(0, len(more), (REPEATS, len(more)))].mean(axis=1)
        found[count] = {kind: float(np.median(each)) for kind, each in values.items()} | {
            "pages": len(more),
            "more": int((more > 0).sum()),
            "interval": list(wilson(int((more > 0).sum()), len(more))),
            "difference": float(more.mean()),
            "difference_interval": np.percentile(drawn, [2.5, 97.5]).tolist(),
        }
    return found


def to_markdown(report):
    """A table, a line for each number of leads removed."""
    lines = [
        "# Leads' weights",
        "",
        f"{report['pages']} report pages, the first of each class by SHA-256; {report['sure']} of them with a confidence over {SUREST}. The shipped model, which was"
        f" trained on them. Commit {report['environment']['commit']}. Log odds of the verdict lost (natural logarithm), medians; random: the mean of {DRAWS} draws on each page.",
        "",
        "| pages | leads taken away | heaviest | random | lightest | the heaviest matter more, of pages | mean difference |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in ("all", "sure"):
        for count, row in report[name + "_pages"].items():
            low, high = row["interval"]
            least, most = row["difference_interval"]
            lines.append(
                f"| {name} | {count} | {row['heaviest']:.2f} | {row['random']:.2f} | {row['lightest']:.2f} | {row['more']} of {row['pages']}"
                f" ({low:.2f}–{high:.2f}) | {row['difference']:.2f} ({least:.2f}–{most:.2f}) |"
            )
    return "\n".join(lines) + "\n"


def add_options(command):
    """The options of `python -m benchmarks weights`."""
    command.add_argument("--data", help="folder of the data (default: $ECG_EDGE_DATA)")
    command.add_argument("--each", type=int, default=15, metavar="N", help="pages of each class (default 15)")
    command.add_argument("--out", type=Path, default=Path("benchmarks/results/weights"))


def run(options):
    """`python -m benchmarks weights`: a table, as Markdown and JSON."""
    pages = sorted(read_pages(options.data), key=lambda page: page.sha256)
    chosen = [page for label in CLASSES for page in [each for each in pages if each.label == label][: options.each]]
    reader, rng = Reader(), np.random.default_rng(SEED)
    found = [row for page in chosen if (row := falls(reader, page.path, rng)) is not None]
    sure = [row for row, confidence in found if confidence > SUREST]
    report = {
        "environment": environment.record(),
        "model": reader.card["file.sha256"],
        "pages": len(found),
        "sure": len(sure),
        "all_pages": summary([row for row, _ in found]),
        "sure_pages": summary(sure) if sure else {},
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "weights.json").write_text(json.dumps(report, indent=1) + "\n")
    (options.out / "weights.md").write_text(to_markdown(report))
    print(to_markdown(report))
