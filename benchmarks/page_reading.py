"""The page model on pictures that it was not trained on: photographs of test pages, PTB-XL on paper, pages drawn in another layout.

Each picture's outcome is one line under runs/page/, written as soon as it is known; a run goes on where one of the same model stopped.
Kinds may be measured in runs of their own: each has the environment, and with it the commit, of the run that gave its figures.
"""

import json
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from convert import page_formats
from ecg_edge.classifier import verdict
from ecg_edge.classifier.card import models_folder, read_card
from ecg_edge.layout import CLASSES, LEADS_12, RHYTHM
from train import dataset, metrics, page_command, page_signals, predictions, splits

from . import environment, name_hash, protocols

RUNTIME = "ai-edge-litert"
REPORT_PX_PER_MM = 200 / 25.4
TESTED = 9
"""PTB-XL's fold that no model has seen."""

DATABASE_HZ = 250
"""At this rate, and at no other, the records are stored whose metadata came whole from the database."""

COLUMN = 1250
"""Samples of a column of a 3x4 page at 500 Hz."""

WHAT = {
    "camera": "photographs of pages of version 2, each read by the model of the fold that it is tested in",
    "same": "pages of version 2 as files and photographed, both read by the model that ships: whether what is said stays the same",
    "signals": "records of PTB-XL's fold 9, normal or infarction, on the data set's own paper, read by the model that ships",
    "as_6x2": "the normal ones of these on paper of two columns, without a grid, read by the model that ships",
    "as_3x4": "infarctions of the 6x2+1 pages without a grid, redrawn as 3x4+1 pages with one, each read by the model of its fold",
}


def tasks(what, options):
    """[(name, fold or None, maker)] of one kind in the order of a hash of their names; `maker()` gives the picture."""
    makers = {"camera": _photographs, "same": _both, "signals": _records, "as_6x2": _two_columns, "as_3x4": _redrawn}
    found = makers[what](options)
    # A page and its photograph stay together.
    return sorted(found, key=lambda task: name_hash.share("page", what, task[0].split("/")[0]))[: options.limit]


def _photographs(options):
    fold_of = {row.sha256: row.fold for row in splits.read_distinct()}
    pages = [page for page in dataset.read_pages(options.data) if dataset.is_scored(page.sha256)]
    return [
        (page.sha256, fold_of[page.sha256], lambda page=page: _photograph(page, options.severity)) for page in pages
    ]


def _both(options):
    pages = [page for page in dataset.read_pages(options.data) if dataset.is_scored(page.sha256)]
    return [
        (f"{page.sha256}/{kind}", None, maker)
        for page in pages
        for kind, maker in (
            ("page", lambda page=page: page.path),
            ("photograph", lambda page=page: _photograph(page, options.severity)),
        )
    ]


def _photograph(page, severity):
    from PIL import Image

    from train import camera

    seed = int(name_hash.share("page camera", page.sha256) * 2**31)
    with Image.open(page.path) as picture:
        return camera.photograph(picture.convert("RGB"), severity, seed, px_per_mm=REPORT_PX_PER_MM, part="test").jpeg


def _tested_records(options):
    from train import records

    found = records.read_records(options.data, folds=(TESTED,))
    return [r for r in found if "MI" in r.superclasses or "NORM" in r.superclasses]


def _records(options):
    from ecg_edge.simulator.report_page import draw_report
    from train import records

    return [
        (f"{r.ecg_id}", None, lambda r=r: draw_report(records.signals(r, band_hz=(0.67, 25))))
        for r in _tested_records(options)
    ]


def _two_columns(options):
    from train import paper, records
    from train.paper_style import Style

    style = Style(layout="6x2", rhythm=(), grid="none")
    return [
        (f"{r.ecg_id}", None, lambda r=r: paper.draw_page(records.signals(r, band_hz=(0.67, 100)), style).image)
        for r in _tested_records(options)
        if r.superclasses == ("NORM",)
    ]


def _redrawn(options):
    rows = [row for row in splits.read_distinct() if (row.label, row.layout) == ("infarction", "6x2+1")]
    kept = page_signals.load([row.sha256 for row in rows])
    return [(row.sha256, row.fold, lambda row=row: _as_report(kept[row.sha256])) for row in rows if row.sha256 in kept]


def _as_report(signals):
    """A report page of what a page of two columns and a strip shows: the first 2.5 s of each lead, and the strip."""
    from ecg_edge.simulator.report_page import draw_report

    whole = np.full((len(LEADS_12), 4 * COLUMN), np.nan)
    for number, name in enumerate(LEADS_12):
        start = number // 3 * COLUMN
        shown = signals[name][:COLUMN]
        whole[number, start : start + len(shown)] = shown
    strip = signals[RHYTHM][: whole.shape[1]]
    whole[LEADS_12.index("II"), : len(strip)] = strip
    return draw_report(whole)


@cache
def reader(fold):
    """A `Reader` of the int8 model of a fold, calibrated by the other folds' pages; of the model that ships where `fold` is None."""
    from ecg_edge import Reader

    if fold is None:
        return Reader(page_command.NAME, runtime=RUNTIME)
    made = predictions.load_folds(page_command.NAME, "int8", RUNTIME)
    chosen, data = protocols.choose(made, fold), page_formats.file_of(page_command.RUNS, fold).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{page_command.NAME}.tflite").write_bytes(data)
        fields = _card_of(data, chosen)
        (Path(folder) / f"{page_command.NAME}.json").write_text(json.dumps(fields))
        return Reader(page_command.NAME, runtime=RUNTIME, folder=folder)


def _card_of(data, chosen):
    import hashlib

    fields = json.loads((models_folder() / f"{page_command.NAME}.json").read_text())
    fields["file"] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    fields["aggregation"] = {"method": chosen.method, "weights": chosen.weights and list(chosen.weights)}
    fields["calibration"] |= {"temperature": chosen.temperature, "bias": chosen.bias and list(chosen.bias)}
    return fields | {"min_confidence": chosen.min_confidence}


def read(name, fold, maker):
    """What one picture comes to, for JSON."""
    result = reader(fold).read(maker())
    return {
        "name": name,
        "fold": fold,
        "status": result.status,
        "reason": result.reason and result.reason.value,
        "probabilities": result.probabilities and list(result.probabilities.values()),
    }


def add_options(command):
    """The options of `python -m benchmarks page`."""
    command.add_argument("--what", nargs="+", choices=tuple(WHAT), default=list(WHAT))
    command.add_argument("--severity", type=int, choices=(1, 2, 3), default=2, help="of photographs (default 2)")
    command.add_argument("--limit", type=int, help="at most so many pictures of a kind")
    command.add_argument("--data", type=Path)
    command.add_argument("--out", type=Path, default=Path("benchmarks/results/page"))


def run(options):
    """`python -m benchmarks page`."""
    version = read_card(page_command.NAME)["file.sha256"][:12]
    kept = options.out / "page.json"
    report, where = kept_figures(kept, version, options.severity), environment.record()
    for what in options.what:
        path = page_command.RUNS / f"read-{what}-{options.severity}-{version}.jsonl"
        known = {row["name"]: row for row in map(json.loads, path.read_text().splitlines())} if path.is_file() else {}
        asked = tasks(what, options)
        path.parent.mkdir(parents=True, exist_ok=True)
        for count, (name, fold, maker) in enumerate(asked):
            if name not in known:
                known[name] = read(name, fold, maker)
                with open(path, "a") as file:
                    file.write(json.dumps(known[name]) + "\n")
                print(f"\r{what}: {count + 1} of {len(asked)}", end="", file=sys.stderr, flush=True)
        rows = [known[name] for name, *_ in asked]
        figures = FIGURES.get(what, _of_layouts)(rows, what)
        print(f"\n## {what}: {WHAT[what]}\n\n" + "\n".join(f"- {key}: {value}" for key, value in figures.items()))
        report[what] = {"environment": where} | figures
    options.out.mkdir(parents=True, exist_ok=True)
    about = {"model": version, "severity": options.severity, "found": report}
    kept.write_text(json.dumps(about, indent=1) + "\n")


def kept_figures(path, version, severity):
    """{kind: figures} that a file holds of the same model and severity; a kind's `environment` is None where the file does not say it.

    Files once held one environment, that of the last run, whichever kinds it had measured.
    """
    kept = json.loads(path.read_text()) if path.is_file() else {}
    if (kept.get("model"), kept.get("severity")) != (version, severity):
        return {}
    return {what: {"environment": None} | figures for what, figures in kept["found"].items()}


def _answers(rows):
    """(read rows, (N, 4) probabilities), and how many were refused by reason."""
    seen = [row for row in rows if row["probabilities"]]
    reasons = {}
    for row in rows:
        if not row["probabilities"]:
            reasons[row["reason"]] = reasons.get(row["reason"], 0) + 1
    return seen, np.array([row["probabilities"] for row in seen]), reasons


def _of_photographs(rows, what):
    """Photographs beside the very same pages as files."""
    seen, said, reasons = _answers(rows)
    scored = protocols.score("distinct", page_command.NAME, "int8", RUNTIME)
    place = {digest: i for i, digest in enumerate(scored.digests)}
    at = [place[row["name"]] for row in seen]
    labels, clean = scored.labels[at], scored.pages[at]
    digests = [row["name"] for row in seen]
    photo, file = said.argmax(axis=1), clean.argmax(axis=1)
    return {
        "pictures": len(rows),
        "refused": reasons,
        "photographs": _short(metrics.summary(labels, photo, digests)),
        "the same pages as files": _short(metrics.summary(labels, file, digests)),
        "difference": metrics.difference(labels, photo, file, digests),
        "verdicts equal": float((photo == file).mean()),
        "read, not uncertain": sum(row["status"] == "read" for row in seen),
    }


def _of_pairs(rows, what):
    """How often a photograph comes to the verdict and to the status of its page as a file, with 95 % intervals of Clopper and Pearson."""
    pairs = list(zip(rows[::2], rows[1::2], strict=True))

    def share(same):
        count = sum(same)
        return {"pages": count, "of": len(pairs), "interval": metrics.share_interval(count, len(pairs))}

    def verdict_of(row):
        return row["probabilities"] and CLASSES[int(np.argmax(row["probabilities"]))]

    return {
        "same verdict": share([verdict_of(file) == verdict_of(photo) for file, photo in pairs]),
        "same status": share([file["status"] == photo["status"] for file, photo in pairs]),
        "changes": [
            {"page": file["name"].split("/")[0], "status": [file["status"], photo["status"]], "verdict": [verdict_of(file), verdict_of(photo)],
             "reason": photo["reason"]}
            for file, photo in pairs
            if file["status"] != photo["status"] or verdict_of(file) != verdict_of(photo)
        ],
    }  # fmt: skip


def _of_records(rows, what):
    """AUROC of P(infarction) + P(history), and of its odds against P(normal): between these two kinds of records nothing is abnormal alone. For all
    and within those whose metadata came whole from the database (all at 250 Hz)."""
    from types import SimpleNamespace

    known = {str(r.ecg_id): r for r in _tested_records(SimpleNamespace(data=None))}
    seen, said, reasons = _answers(rows)
    records = [known[row["name"]] for row in seen]
    infarction = np.array(["MI" in r.superclasses for r in records])
    complete = np.array([r.rate_hz == DATABASE_HZ for r in records])
    score = said[:, CLASSES.index("infarction")] + said[:, CLASSES.index("history")]
    odds = score / np.maximum(said[:, CLASSES.index("normal")], verdict.SMALLEST)
    return {
        "pictures": len(rows),
        "refused": reasons,
        **{
            name: {
                "normal": int((~infarction[of]).sum()),
                "infarction": int(infarction[of].sum()),
                **area(infarction[of], score[of]),
                "odds against normal": area(infarction[of], odds[of]),
            }
            for name, of in (("all", np.ones(len(seen), bool)), ("database", complete))
        },
    }


def area(true, score, draws=1000):
    """{auroc, interval} of a score (N,) for bool `true` (N,), the 95 % interval by bootstrap."""
    random, values = np.random.default_rng(metrics.SEED), []
    for _ in range(draws):
        drawn = random.integers(0, len(true), len(true))
        value = metrics.auc(true[drawn], score[drawn])
        values += [] if value is None else [value]
    interval = np.quantile(values, [0.025, 0.975]).tolist() if values else None
    return {"auroc": metrics.auc(true, score), "interval": interval}


def _of_layouts(rows, what):
    """Verdicts, beside those on the same hearts as they were printed before."""
    seen, said, reasons = _answers(rows)
    verdicts = [CLASSES[k] for k in said.argmax(axis=1)] if len(seen) else []
    return {
        "pictures": len(rows),
        "refused": reasons,
        "verdicts": {name: verdicts.count(name) for name in CLASSES},
        "mean probabilities": dict(zip(CLASSES, said.mean(axis=0).round(3).tolist(), strict=True)) if seen else None,
    }


def _short(summary):
    return {key: summary[key] for key in ("accuracy", "macro_f1")} | {"interval": summary["interval"]["accuracy"]}


FIGURES = {"camera": _of_photographs, "same": _of_pairs, "signals": _of_records}
"""By kind what is counted; of other kinds `_of_layouts`."""
