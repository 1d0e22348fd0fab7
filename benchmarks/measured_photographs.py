"""What is measured on photographs of pages that were drawn from LUDB's records: rate and intervals against the records and the cardiologists' marks."""

import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from ecg_edge.measure.measurements import measure
from train import ludb

from . import delineation_truth, environment, name_hash
from .findings import all_at_once
from .measurements import DRAWN_LAYOUTS, DURATIONS, HALVES, RATE_FAR, RATE_NEAR
from .reading_table import share

OUT = Path(__file__).parent / "results" / "measurements" / "photographed"
NEAR_MS = {"pr_ms": 20, "qrs_ms": 16, "qt_ms": 40}
"""Within how much an interval counts as the same."""
TARGETS = {"rate_near": 0.97, "qrs_ms": 0.85}
LAYOUT = "3x4+1"
PX_PER_MM = 8.0


def photographed(record, severity):
    """`Measurements` of a record that was drawn, printed and photographed, its lens, light and place by the record's number; None where the page
    is not read."""
    from ecg_edge.errors import PictureError
    from ecg_edge.image import open_picture
    from ecg_edge.page.page import find_page
    from ecg_edge.stages import Stages
    from ecg_edge.trace.lead_traces import trace_page
    from train import camera
    from train.paper import draw_page
    from train.paper_style import Style

    style = Style(layout=LAYOUT, rhythm=DRAWN_LAYOUTS[LAYOUT])
    drawn = draw_page(ludb.signals(record), style, px_per_mm=PX_PER_MM, seed=record.record)
    seed = int(name_hash.share("measured camera", str(record.record), str(severity)) * 2**31)
    photo = camera.photograph(drawn.image, severity, seed, px_per_mm=PX_PER_MM, part="test")
    try:
        picture = open_picture(photo.jpeg)
        page = find_page(picture.image).upright()
        return measure(Stages(picture, page, trace_page(page.ink, page.arrangement)).signals)
    except PictureError:
        return None


def true_values(record, truth):
    """{rate_per_min, pr_ms, qrs_ms, qt_ms} of a record: its rate from its signals, intervals the medians of the marks over its beats; None of what
    is not marked."""
    found = {"rate_per_min": measure(all_at_once(ludb.signals(record), ludb.RATE_HZ)).rate_per_min}
    for name in NEAR_MS:
        first, last = DURATIONS[name]
        each = 1000 / ludb.RATE_HZ * (truth.marks[last] - truth.marks[first])
        found[name] = float(np.median(each[np.isfinite(each)])) if np.isfinite(each).any() else None
    return found


def figures(rows):
    """{photographs, read, rate_near, rate_within_10_percent, and for each interval}: shares with intervals, of rows [measured or None, truth]."""
    read = [(found, truth) for found, truth in rows if found is not None]
    rates = [(found["rate_per_min"] or 0.0, truth["rate_per_min"]) for found, truth in read]
    told = {
        "photographs": len(rows),
        "read": len(read),
        "rate_near": share(abs(ours - theirs) <= RATE_NEAR * theirs for ours, theirs in rates),
        "rate_within_10_percent": share(abs(ours - theirs) <= RATE_FAR * theirs for ours, theirs in rates),
    }
    for name, within in NEAR_MS.items():
        asked = [(found[name], truth[name]) for found, truth in read if truth[name] is not None]
        apart = [ours - theirs for ours, theirs in asked if ours is not None]
        told[name] = share(abs(each) <= within for each in apart) | {
            "within": within,
            "marked": len(asked),
            "median": float(np.median(apart)) if apart else None,
        }
    return told


def to_markdown(told, where, severity):
    """A table of one row for each value."""

    def cell(each):
        low, high = each["interval"]
        return f"{each['hits']} of {each['count']}, {100 * each['share']:.1f} % ({100 * low:.0f}–{100 * high:.0f})"

    lines = [
        f"# Measurements on photographs of severity {severity}",
        "",
        f"{told['photographs']} photographs of LUDB records drawn as {LAYOUT}, of which {told['read']} are read. Commit {where['commit']}.",
        "",
        "| value | within | target | photographs (95 % interval) | median error |",
        "|---|---|---|---|---|",
        f"| rate | {RATE_NEAR:.0%} | {TARGETS['rate_near']:.0%} | {cell(told['rate_near'])} | |",
        f"| rate | {RATE_FAR:.0%} | | {cell(told['rate_within_10_percent'])} | |",
    ]
    for name, within in NEAR_MS.items():
        each = told[name]
        if each["count"]:
            target = f"{TARGETS[name]:.0%}" if name in TARGETS else ""
            title = name.removesuffix("_ms").upper()
            lines.append(f"| {title} | {within} ms | {target} | {cell(each)} | {each['median']:+.1f} ms |")
    return "\n".join(lines) + "\n"


def add_options(command):
    """The options of `python -m benchmarks photographed`."""
    command.add_argument("--data", help="folder of the data set (default: $ECG_EDGE_DATA, else the user's cache)")
    command.add_argument(
        "--half", choices=HALVES, default="even", help="which of LUDB's records, by number (default: even)"
    )
    command.add_argument("--severity", type=int, choices=(1, 2, 3), default=2)
    command.add_argument("--limit", type=int, help="so many records at most")
    command.add_argument("--jobs", type=int, default=1)
    command.add_argument("--out", default=OUT, type=Path)


def run(options):
    """`python -m benchmarks photographed`: FileNotFoundError where the data are not there."""
    truths = delineation_truth.truths(options.data)
    records = [each for each in ludb.read_records(options.data) if each.record % 2 in HALVES[options.half]]
    records = records[: options.limit]
    with ProcessPoolExecutor(options.jobs) as pool:
        found = pool.map(partial(photographed, severity=options.severity), records)
        rows = [
            (None if each is None else each.to_dict(), true_values(record, truths[record.record]))
            for record, each in zip(records, found, strict=True)
        ]
    told, where = figures(rows), environment.record()
    names = ("rate_per_min", *NEAR_MS)
    pages = [
        {"record": record.record, "truth": truth, "measured": found and {name: found[name] for name in names}}
        for record, (found, truth) in zip(records, rows, strict=True)
    ]
    report = {"environment": where, "half": options.half, "severity": options.severity, "figures": told, "pages": pages}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "photographed.json").write_text(json.dumps(report, indent=1) + "\n")
    markdown = to_markdown(told, where, options.severity)
    (options.out / "photographed.md").write_text(markdown)
    print(markdown)
