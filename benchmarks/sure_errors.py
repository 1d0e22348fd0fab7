"""python -m benchmarks.sure_errors: verdicts on pages that version 2 leaves out which are sure, and wrong by their label, with overlays.

Of each layout the surest that are `read`, `PICTURES` of them, out of fold: class and probability are those of the model of the fold that has seen
neither the page nor its printed identity, with what other folds' pages chose. Findings are that model's too. Traces and measurements are those of the reader as it is.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from ecg_edge import Reader
from ecg_edge.commands.anonymise import blank
from ecg_edge.layout import CLASSES
from ecg_edge.output.overlay import draw_overlay
from train import page_command, predictions, splits
from train.dataset import read_pages
from train.page_findings import FINDINGS

from . import doubt, environment, protocols

PICTURES = {"uncurated": 4, "uncurated-6x2": 3, "uncurated-6x2+1": 3}
"""{protocol: how many}."""
WIDTH_PX, QUALITY = 1100, 35
"""Of the overlays that are kept."""
SHOWN = 0.5
"""The least probability of a finding that is told."""


def choose(runtime=doubt.RUNTIME, folder=predictions.FOLDER):
    """[{sha256, layout, label, verdict, confidence, findings}] of the surest wrong verdicts that are read."""
    made = predictions.load_folds(page_command.NAME, "int8", runtime, folder)
    rows, found = {row.sha256: row for row in splits.read_distinct()}, []
    for protocol, count in PICTURES.items():
        scored = protocols.score(protocol, page_command.NAME, "int8", runtime, folder)
        said, confidence = scored.pages.argmax(axis=1), scored.pages.max(axis=1)
        wrong = np.flatnonzero((said != scored.labels) & scored.sure)
        for i in wrong[np.argsort(-confidence[wrong], kind="stable")][:count]:
            digest = scored.digests[i]
            chances = made[rows[digest].fold].findings_of([digest])[0]
            findings = {name: round(float(p), 2) for name, p in zip(FINDINGS, chances, strict=True) if p >= SHOWN}
            found.append(
                {
                    "sha256": digest,
                    "layout": rows[digest].layout,
                    "label": CLASSES[scored.labels[i]],
                    "verdict": CLASSES[said[i]],
                    "confidence": round(float(confidence[i]), 4),
                    "probabilities": dict(zip(CLASSES, scored.pages[i].round(4).tolist(), strict=True)),
                    "findings": findings,
                }
            )
    return found


def draw(error, page, reader):
    """(overlay, what was measured) of a page, all print outside the leads blanked; class and probabilities are the error's, and no lead has a weight:
    the shipped file's would be another model's."""
    result, stages = reader.inspect(page.path, trace=True)
    told = replace(
        result,
        status="read",
        probabilities=error["probabilities"],
        doubts=(),
        findings=error["findings"],
        message=None,
        leads=tuple(replace(lead, weight=None) for lead in result.leads),
    )
    picture = draw_overlay(blank(stages), told, stages)
    picture = picture.resize((WIDTH_PX, round(picture.height * WIDTH_PX / picture.width)), Image.Resampling.LANCZOS)
    measured = result.measurements or {}
    present = [each["code"] for each in measured.get("statements", ()) if each["state"] == "present"]
    return picture.convert("RGB"), {"rate_per_min": measured.get("rate_per_min"), "statements": present}


def main():
    """Write the overlays, errors.json and errors.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sure_errors", description=__doc__)
    parser.add_argument("--data", help="folder of the data (default: $ECG_EDGE_DATA)")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/doubt/errors"))
    options = parser.parse_args()
    errors, reader = choose(), Reader()
    pages = {page.sha256: page for page in read_pages(options.data, extra=True)}
    options.out.mkdir(parents=True, exist_ok=True)
    for old in options.out.glob("*.jpg"):
        old.unlink()
    for error in errors:
        picture, measured = draw(error, pages[error["sha256"]], reader)
        picture.save(options.out / f"{error['sha256'][:12]}.jpg", "JPEG", quality=QUALITY, optimize=True)
        error |= measured
    (options.out / "errors.json").write_text(
        json.dumps({"environment": environment.record(), "errors": errors}, indent=1) + "\n"
    )
    (options.out / "errors.md").write_text(to_markdown(errors))
    print(to_markdown(errors))


def to_markdown(errors):
    """A table of errors."""
    lines = [
        "# Sure and wrong, on pages that version 2 leaves out",
        "",
        "By `python -m benchmarks.sure_errors`; out of fold.",
        "",
        "| page | layout | label → verdict, probability | found besides | measured |",
        "|---|---|---|---|---|",
    ]
    for error in errors:
        digest = error["sha256"][:12]
        besides = ", ".join(f"{name} {chance:.2f}" for name, chance in error["findings"].items()) or "–"
        rate = "–" if error["rate_per_min"] is None else f"{error['rate_per_min']:.0f} a minute"
        lines.append(
            f"| [`{digest}`]({digest}.jpg) | {error['layout']} | {error['label']} → {error['verdict']}, {error['confidence']:.2f}"
            f" | {besides} | {'; '.join([rate, *error['statements']])} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
