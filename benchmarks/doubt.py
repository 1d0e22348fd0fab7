"""How often the page model is wrong where it is sure, by where pages come from: out of fold, from kept probabilities.

Pages of the data set, of version 2 and by layout of those that it leaves out, and records of other hospitals, drawn on the data set's own paper
and read back. Each is judged by the int8 model of a fold that has seen neither it nor its person, with calibration and threshold that other
folds' pages chose: records choose nothing of it. Of a record it is known that it is normal, that it is not, or that it
is an infarction: a verdict is wrong that this excludes.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg_edge.classifier import verdict
from ecg_edge.classifier.card import models_folder, read_card
from ecg_edge.layout import CLASSES
from train import choices, figures, metrics, page_command, page_drawn, page_findings, pooled, predictions

from . import environment, protocols
from .page_reading import area

RUNTIME = "ai-edge-litert"
SURE_LIKELIHOOD = 80
"""Of PTB-XL's infarctions: those that are counted where one is called normal."""
PAGES = {
    "distinct": "distinct",
    "uncurated": "uncurated 3x4+1",
    "uncurated-6x2": "uncurated 6x2",
    "uncurated-6x2+1": "uncurated 6x2+1",
}
NORMAL = CLASSES.index("normal")


@dataclass(frozen=True)
class Judged:
    """What is said of N pages or records of one origin: calibrated `pages` (N, 4), whether each is `sure` (N) and `wrong` (N), and of records
    the probabilities of `findings` (N, F)."""

    names: tuple
    pages: np.ndarray
    sure: np.ndarray
    wrong: np.ndarray
    findings: np.ndarray | None = None


def judge(runtime=RUNTIME, folder=predictions.FOLDER):
    """{origin: `Judged`}.

    Raises
    ------
    FileNotFoundError : nothing is kept of the model.
    """
    found = {}
    for protocol, origin in PAGES.items():
        scored = protocols.score(protocol, page_command.NAME, "int8", runtime, folder)
        wrong = scored.pages.argmax(axis=1) != scored.labels
        found[origin] = Judged(scored.digests, scored.pages, scored.sure, wrong)
    return found | _judge_records(runtime, folder)


def _judge_records(runtime, folder):
    made, parts = predictions.load_folds(page_command.NAME, "int8", runtime, folder), {}
    records = pooled.load_records(page_command.NAME, "int8", runtime, folder)
    for fold, said in enumerate(records):
        _add(parts, said, protocols.choose(made, fold))
    shipped = predictions.load(predictions.path_of("all", page_command.RECORDS, "int8", runtime, folder))
    card = read_card(page_command.NAME, models_folder())
    chosen = choices.Choices(
        temperature=card["calibration.temperature"],
        bias=tuple(card["calibration.bias"]),
        min_confidence=card["min_confidence"],
    )
    _add(parts, shipped, chosen, ", the file that ships")
    return {
        origin: Judged(*(np.array(column) if k else tuple(column) for k, column in enumerate(zip(*rows, strict=True))))
        for origin, rows in sorted(parts.items())
    }


def _add(parts, said, chosen, by=""):
    """Put what a model `said` of records into `parts` {origin: rows of a `Judged`}."""
    pages = chosen.apply(said.leads)
    right, sure = said.allowed[np.arange(len(pages)), pages.argmax(axis=1)], chosen.sure(pages, said.findings)
    for i in np.flatnonzero(said.allowed.any(axis=1)):
        row = said.digests[i], pages[i], sure[i], not right[i], said.findings[i]
        parts.setdefault(origin_of(said.digests[i], said.tests[i]) + by, []).append(row)


def origin_of(name, tests):
    """Where a record by name comes from; of PTB-XL by whether it tests."""
    source = name.split("/")[0]
    if source == page_drawn.PTB_XL:
        return f"PTB-XL fold {page_drawn.TESTING_FOLD if tests else page_drawn.CHOOSING_FOLD}"
    return "LUDB" if source == page_drawn.LUDB else "other devices"


def trust(judged):
    """{figure: value} of one `Judged`: accuracy, ECE, the share that is read and the error among it."""
    kept = judged.wrong[judged.sure]
    right = np.where(judged.wrong, -1, judged.pages.argmax(axis=1))
    return {
        "pages": len(judged.wrong),
        "accuracy": float(1 - judged.wrong.mean()),
        "ece": metrics.calibration_error(right, judged.pages),
        "read": float(judged.sure.mean()),
        "error_among_read": float(kept.mean()) if kept.size else None,
        "interval": metrics.share_interval(int(kept.sum()), kept.size),
    }


def missed(judged, data=None):
    """{figure: value} of a `Judged` of records: how many infarctions, fibrillations and normal hearts are called normal, and so without a doubt;
    AUROC of each finding where its source knows it, of normal against infarction, of P(infarction) + P(history) and of its odds against P(normal)."""
    records = {record.name: record for record in page_drawn.every_record(data)}
    findings = np.array([records[name].findings for name in judged.names])
    of = {name: findings[:, k] for k, name in enumerate(page_findings.FINDINGS)}
    normal, infarction = of["not_normal"] == 0, of["infarction"] == 1
    likely = np.array([records[name].likelihood >= SURE_LIKELIHOOD for name in judged.names])
    said = judged.pages.argmax(axis=1) == NORMAL
    score, either = judged.pages[:, CLASSES.index("infarction") :].sum(axis=1), normal | infarction
    odds = score / np.maximum(judged.pages[:, NORMAL], verdict.SMALLEST)
    counts = {
        name: {
            "records": int(mine.sum()),
            "called_normal": int((said & mine).sum()),
            "and_read": int((said & judged.sure & mine).sum()),
        }
        for name, mine in (
            ("infarction", infarction & likely),
            ("fibrillation", of["fibrillation"] == 1),
            ("normal", normal),
        )
    }
    if judged.findings is not None:
        counts["findings_auroc"] = {
            name: metrics.auc(known[sure] == 1, judged.findings[sure, k])
            for k, (name, known) in enumerate(of.items())
            if (sure := np.isin(known, (0, 1))).any()
        }
    if not normal.any() or not infarction.any():
        return counts
    return counts | {
        "normal_against_infarction": area(infarction[either], score[either]),
        "odds": area(infarction[either], odds[either]),
    }


def to_markdown(report, where):
    """Three tables: what a verdict is worth by origin, what is called normal that is not, and how well findings are told."""
    lines = [
        "# What the page model's doubt is worth",
        "",
        f"int8 by {where['runtime']}, out of fold; 95 % intervals (Clopper and Pearson; bootstrap for AUROC). Commit {where['commit']}.",
        "",
        "| origin | pages | accuracy | ECE | read | error among read |",
        "|---|---|---|---|---|---|",
    ]
    for origin, found in report.items():
        kept = found["trust"]
        error = (
            "–"
            if kept["interval"] is None
            else f"{kept['error_among_read']:.3f} ({kept['interval'][0]:.3f}–{kept['interval'][1]:.3f})"
        )
        lines.append(
            f"| {origin} | {kept['pages']} | {kept['accuracy']:.3f} | {kept['ece']:.3f} | {kept['read']:.2f} | {error} |"
        )
    lines += [
        "",
        f"Called *normal*, and that without a doubt (*read*); infarctions of PTB-XL of a likelihood of {SURE_LIKELIHOOD} or more.",
        "",
        "| origin | infarctions called normal, and read | fibrillation or flutter | normal hearts | AUROC normal against infarction | of its odds |",
        "|---|---|---|---|---|---|",
    ]
    for origin, found in report.items():
        if "missed" in found:
            cells = [
                f"{n['called_normal']}, {n['and_read']} of {n['records']}"
                for n in (found["missed"][name] for name in ("infarction", "fibrillation", "normal"))
            ]
            areas = [found["missed"].get(name) for name in ("normal_against_infarction", "odds")]
            cells += ["–" if a is None else f"{a['auroc']:.3f} ({a['interval'][0]:.3f}–{a['interval'][1]:.3f})" for a in areas]  # fmt: skip
            lines.append(f"| {origin} | {' | '.join(cells)} |")
    names = page_findings.FINDINGS
    lines += ["", "AUROC of what is found besides the classes, where the source knows it.", ""]
    lines += [f"| origin | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
    for origin, found in report.items():
        areas = found.get("missed", {}).get("findings_auroc", {})
        if areas:
            cells = ("–" if areas.get(name) is None else f"{areas[name]:.3f}" for name in names)
            lines.append(f"| {origin} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def add_options(command):
    """The options of `python -m benchmarks doubt`."""
    command.add_argument("--data", help="folder of the data (default: $ECG_EDGE_DATA)")
    command.add_argument("--out", type=Path, default=Path("benchmarks/results/doubt"))


def run(options):
    """`python -m benchmarks doubt`: tables, and risk against coverage and reliability by origin in one picture each."""
    judged = judge()
    report = {origin: {"trust": trust(found)} for origin, found in judged.items()}
    for origin, found in judged.items():
        if origin not in PAGES.values():
            report[origin]["missed"] = missed(found, options.data)
    sha256 = read_card(page_command.NAME, models_folder())["file.sha256"]
    where = environment.record() | {"runtime": RUNTIME, "model": sha256}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "doubt.json").write_text(json.dumps({"environment": where, "origins": report}, indent=1) + "\n")
    markdown = to_markdown(report, where)
    (options.out / "doubt.md").write_text(markdown)
    curves = {origin: (found.pages, found.wrong) for origin, found in judged.items()}
    figures.draw_risks(curves, "page int8, out of fold, by origin", options.out / "risk-coverage.png")
    figures.draw_reliabilities(curves, "page int8, out of fold, by origin", options.out / "reliability.png")
    print(markdown)
