"""What is measured, against those who know: cardiologists' marks on LUDB's signals, the same drawn on paper and read, printed measurements."""

import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from ecg_edge.layout import LEADS_12
from ecg_edge.measure.measurements import corrected_qt_ms, measure
from ecg_edge.measure.uncertainty import SPREAD, with_uncertainty
from ecg_edge.result import SHOWN_QTC
from train import ludb

from . import delineation_truth, delineators, environment, findings, printed
from .findings import all_at_once

OUT = Path(__file__).parent / "results" / "measurements"
CSE_2SD_MS = {"p_onset": 10.2, "p_end": 12.7, "qrs_onset": 6.5, "qrs_end": 11.6, "t_end": 30.6}
"""Tolerances of the CSE working party, two standard deviations between referees (Eur. Heart J. 6:815, 1985)."""
TARGET_SD_MS = {"p_onset": 16.0, "p_end": 20.0, "qrs_onset": 8.0, "qrs_end": 14.0, "t_end": 37.0}
HALVES = {"odd": (1,), "even": (0,), "all": (0, 1)}
"""LUDB's records by number, printed pages by SHA-256. Thresholds were chosen on `odd`: `even` is the half that counts."""
DRAWN_LAYOUTS = {"3x4+1": ("II",), "12x1": ()}
SHIFT_S, WINDOW_S = 0.25, 2.0
STRETCHED = 0.01
SAME_CLOCK = 0.0, 1.0
PRINTED = {
    "p_ms": ("p_ms", 16),
    "pr_ms": ("pr_ms", 20),
    "qrs_ms": ("qrs_ms", 16),
    "qt_ms": ("qt_ms", 40),
    "axis_p_deg": ("axis_p_deg", 15),
    "axis_qrs_deg": ("axis_qrs_deg", 15),
    "axis_t_deg": ("axis_t_deg", 15),
}
"""{what is measured: (what is printed, within how much it counts as the same)}."""
DURATIONS = {
    "p_ms": ("p_onset", "p_end"),
    "pr_ms": ("p_onset", "qrs_onset"),
    "qrs_ms": ("qrs_onset", "qrs_end"),
    "qt_ms": ("qrs_onset", "t_end"),
}
RATE_NEAR_PER_MIN, RATE_NEAR, RATE_FAR = 2, 0.03, 0.1


def _read_drawn(task):
    """`Signals` of a record drawn in a layout and read from the picture, and its `clock_of`; None where it is not read."""
    from ecg_edge.errors import PictureError
    from ecg_edge.image import open_picture
    from ecg_edge.page.page import find_page
    from ecg_edge.stages import Stages
    from ecg_edge.trace.lead_traces import trace_page
    from train.paper import draw_page
    from train.paper_style import Style

    record, layout = task
    mv = ludb.signals(record)
    drawn = draw_page(mv, Style(layout=layout, rhythm=DRAWN_LAYOUTS[layout]), seed=record.record)
    try:
        picture = open_picture(drawn.image)
        page = find_page(picture.image).upright()
        signals = Stages(picture, page, trace_page(page.ink, page.arrangement)).signals
        return signals, clock_of(signals, mv)
    except PictureError:
        return None


def clock_of(signals, mv):
    """(shift in samples, stretch) of the page's clock against that of the record (12, n) that was drawn: a line through the lags of windows.

    A page's clock begins where its first trace does, and runs as its scale was read. Neither is an error of a measurement, but over 10 s both
    would hide these.
    """
    most, window = round(SHIFT_S * signals.rate_hz), round(WINDOW_S * signals.rate_hz)
    page = {
        lead: column for lead, column in zip(signals.leads, np.nan_to_num(np.diff(signals.mv, axis=0)).T, strict=True)
    }
    slopes = np.pad(np.diff(mv), ((0, 0), (most, most + window)))
    places, lags = [], []
    for start in range(0, len(signals.mv) - window, window // 2):
        alike = sum(
            np.correlate(
                slopes[LEADS_12.index(lead), start : start + window + 2 * most], column[start : start + window], "valid"
            )
            for lead, column in page.items()
            if lead in LEADS_12
        )
        places.append(start + window / 2)
        lags.append(int(alike.argmax()) - most)
    # Theil and Sen's line: windows that lie on the wrong beat do not count.
    pairs = [(i, j) for i in range(len(places)) for j in range(i)]
    slope = float(np.median([(lags[i] - lags[j]) / (places[i] - places[j]) for i, j in pairs]))
    return float(np.median(np.array(lags) - slope * np.array(places))), 1 + slope


def printed_signals(page):
    """(`Printed`, its `Signals`) of a page; None where it is not read."""
    from ecg_edge import image
    from ecg_edge.errors import PictureError
    from ecg_edge.page.page import find_page
    from ecg_edge.stages import Stages
    from ecg_edge.trace.lead_traces import trace_page

    try:
        picture = image.open_picture(page.path)
        found = find_page(picture.image).upright()
        return page, Stages(picture, found, trace_page(found.ink, found.arrangement)).signals
    except PictureError:
        return page, None


def against_marks(records, truths, signals_of):
    """What is said of LUDB records: beats and boundaries against the marks; P waves where none is marked; records without signals.

    `signals_of` are (`Signals`, their clock) in the records' order, None of those that were not read.
    """
    tally, unread, p_where_none, without_p, stretched = delineation_truth.empty(), 0, 0, 0, 0
    for record, read in zip(records, signals_of, strict=True):
        truth = truths[record.record]
        if read is None:
            unread += 1
            continue
        signals, (shift, stretch) = read
        stretched += abs(stretch - 1) > STRETCHED
        found = measure(signals)
        rows = shift + stretch * np.array(found.beats_s) * signals.rate_hz
        dominant = rows[[kind == "dominant" for kind in found.kinds]]
        offsets = {
            name: None if (at := getattr(found.marks, name)) is None else at * signals.rate_hz
            for name in delineation_truth.BOUNDARIES
        }
        delineation_truth.count(tally, truth, rows, dominant, offsets)
        if not np.isfinite(truth.marks["p_peak"]).any():
            without_p += 1
            p_where_none += bool(found.p_wave)
    return delineation_truth.summary(tally) | {
        "records": len(records),
        "unread": unread,
        "stretched": stretched,
        "records_without_p": without_p,
        "of_these_with_p_told": p_where_none,
    }


def spread(records, truths, signals_of):
    """{value: {pages, median, within_68_percent, within_one, within_two}} of LUDB records drawn and read: errors against the truth, and the shares of
    pages on which it is within once and twice the uncertainty that is told.

    Durations are held against the medians of the marks over a record's beats, all else against what is measured on the signals themselves.
    """
    errors = {name: [] for name in SPREAD}
    for record, read in zip(records, signals_of, strict=True):
        if read is None:
            continue
        found = with_uncertainty(measure(read[0]), True, True)
        whole = measure(all_at_once(ludb.signals(record), ludb.RATE_HZ))
        for name, error in _errors(found, whole, truths[record.record].marks):
            if name in found.uncertainty:
                errors[name].append((error, found.uncertainty[name]))
    told = {}
    for name, pairs in errors.items():
        if pairs:
            error, one = np.array(pairs).T
            told[name] = {
                "pages": len(pairs),
                "median": float(np.median(error)),
                "within_68_percent": float(np.quantile(np.abs(error), 0.68)),
                "within_one": float(np.mean(np.abs(error) <= one)),
                "within_two": float(np.mean(np.abs(error) <= 2 * one)),
            }
    return told


def _errors(found, whole, marks):
    """(value, its error) of what was measured on a page, as far as both it and the truth are known; of ST one for each lead."""
    true_ms = {}
    for name, (first, last) in DURATIONS.items():
        each = 1000 / ludb.RATE_HZ * (marks[last] - marks[first])
        true_ms[name] = float(np.median(each[np.isfinite(each)])) if np.isfinite(each).any() else None
    if true_ms["qt_ms"] is not None and whole.rate_per_min:
        true_ms["qtc_ms"] = corrected_qt_ms(true_ms["qt_ms"], 60 / whole.rate_per_min)[SHOWN_QTC]
    for name in SPREAD:
        if name.startswith("st_"):
            both = [(getattr(found.leads[lead], name), getattr(whole.leads[lead], name)) for lead in found.leads]
        elif name == "qtc_ms":
            both = [((found.qtc_ms or {}).get(SHOWN_QTC), true_ms.get(name))]
        else:
            both = [(getattr(found, name), true_ms[name] if name in true_ms else getattr(whole, name))]
        for one, other in both:
            if one is not None and other is not None:
                yield name, (one - other + 180) % 360 - 180 if name.endswith("_deg") else one - other


def against_print(pairs):
    """How often a rate and the measurements of 6x2 pages are those that the cart printed; (`Printed`, `Measurements` or None) of pages."""
    read = [(page, found) for page, found in pairs if found is not None and page.doubt is None]
    rates = [(found.rate_per_min or 0.0, page.rate_per_min) for page, found in read]
    near = [abs(ours - theirs) <= max(RATE_NEAR_PER_MIN, RATE_NEAR * theirs) for ours, theirs in rates]
    far = [abs(ours - theirs) <= RATE_FAR * theirs for ours, theirs in rates]
    report = {
        "pages": len(pairs),
        "read": len(read),
        "rate_near": float(np.mean(near)),
        "rate_within_10_percent": float(np.mean(far)),
    }
    for ours, (theirs, within) in PRINTED.items():
        asked = [
            (getattr(found, ours), getattr(page.measurements, theirs)) for page, found in read if page.measurements
        ]
        if ours.startswith(("p_", "pr_", "axis_p_")):  # an axis of 0 is printed where there is no P wave
            with_p = [page.measurements.p_ms is not None for page, _ in read if page.measurements]
            asked = [pair for pair, told in zip(asked, with_p, strict=True) if told]
        apart = [one - other for one, other in asked if one is not None and other is not None]
        if ours.endswith("deg"):
            apart = [(angle + 180) % 360 - 180 for angle in apart]
        report[ours] = {
            "printed": sum(other is not None for _, other in asked),
            "measured": len(apart),
            "median": float(np.median(apart)) if apart else None,
            "within": within,
            "share": float(np.mean(np.abs(apart) <= within)) if apart else None,
        }
    return report


def measured(options):
    """All figures for JSON: {half, marks {what: figures}, print: figures}."""
    truths = delineation_truth.truths(options.data)
    records = [each for each in ludb.read_records(options.data) if each.record % 2 in HALVES[options.half]]
    records = records[: options.limit]
    marks = {
        "signals as they are": against_marks(
            records, truths, ((all_at_once(ludb.signals(each), ludb.RATE_HZ), SAME_CLOCK) for each in records)
        )
    }
    if options.peers:
        marks["neurokit2, dwt, lead II"] = delineators.by_neurokit2(records, truths, ("II",))
        marks["neurokit2, dwt, median of 12 leads"] = delineators.by_neurokit2(records, truths)
    if options.ecgdeli:
        marks["ecgdeli, its consensus of 12 leads"] = delineators.by_ecgdeli(records, truths, options.ecgdeli)
    report = {"half": options.half, "marks": marks, "print": None, "findings": None}
    if options.findings:
        counts = findings.against_labels(findings.labelled(options.data, HALVES[options.half]))
        report["findings"] = {
            label: {source: vars(count) for source, count in by_source.items()} for label, by_source in counts.items()
        }
    drawn = [], []
    with ProcessPoolExecutor(options.jobs) as pool:
        for layout in DRAWN_LAYOUTS if options.drawn else ():
            read = list(pool.map(_read_drawn, [(each, layout) for each in records]))
            marks[f"drawn as {layout}, read"] = against_marks(records, truths, read)
            drawn = drawn[0] + records, drawn[1] + read
        if options.printed:
            pages = [
                each
                for each in printed.read_printed(options.data)
                if int(each.sha256[:8], 16) % 2 in HALVES[options.half]
            ]
            report["print"] = against_print(
                [
                    (page, None if each is None else measure(each))
                    for page, each in pool.map(printed_signals, pages[: options.limit])
                ]
            )
    report["spread"] = spread(drawn[0], truths, drawn[1]) or None
    return report


def to_markdown(report, where):
    """A table of beats, one of boundaries, one of what is printed."""
    lines = [
        "# Measurements",
        "",
        f"Half `{report['half']}` (thresholds were chosen on `odd`). Commit {where['commit']}.",
        "",
        f"| LUDB | records | not read | time scale off by over {STRETCHED:.0%} | beats | sensitivity | precision | P told where none is marked |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, told in report["marks"].items():
        none = f"{told['of_these_with_p_told']} of {told['records_without_p']}" if "records_without_p" in told else "–"
        shares = f"{100 * told['sensitivity']:.2f} % | {100 * told['precision']:.2f} %"
        lines.append(
            f"| {name} | {told['records']} | {told['unread']} | {told.get('stretched', 0)} | {told['beats']} | {shares} | {none} |"
        )
    lines += [
        "",
        "Error in ms, mean ± standard deviation over beats, against the median of the marks over leads (share of marked beats with a value).",
        "",
        f"| LUDB | {' | '.join(name.replace('_', ' ') for name in TARGET_SD_MS)} |",
        "|---|---|---|---|---|---|",
        f"| CSE tolerance, two sd | {' | '.join(f'{value:g}' for value in CSE_2SD_MS.values())} |",
        f"| target, sd | {' | '.join(f'≤ {value:g}' for value in TARGET_SD_MS.values())} |",
    ]
    for name, told in report["marks"].items():
        lines.append(f"| {name} | {' | '.join(_cell(told['boundaries'][boundary]) for boundary in TARGET_SD_MS)} |")
    if report["spread"]:
        lines += [
            "",
            "Drawn pages: errors, and the shares of pages on which the truth is within once and twice the uncertainty that is told (68 % and 95 %, were errors normal).",
            "",
            "| value | pages | median error | 68 % of errors within | told | within it | within twice |",
            "|---|---|---|---|---|---|---|",
        ]
        for name, each in report["spread"].items():
            shares = f"{100 * each['within_one']:.0f} % | {100 * each['within_two']:.0f} %"
            error = f"{each['median']:+.2f} | {each['within_68_percent']:.2g}"
            lines.append(f"| {name} | {each['pages']} | {error} | {SPREAD[name]:g} | {shares} |")
    told = report["print"]
    if told:
        lines += [
            "",
            f"Against what the cart printed, {told['read']} of {told['pages']} pages (read, and nothing noted against the printed rate): rate within"
            f" {RATE_NEAR_PER_MIN} per minute or {100 * RATE_NEAR:g} % on {100 * told['rate_near']:.1f} %, within 10 % on"
            f" {100 * told['rate_within_10_percent']:.1f} %.",
            "",
            "| 6x2 pages | printed | measured | median difference | within | share of the measured |",
            "|---|---|---|---|---|---|",
        ]
        for name in PRINTED:
            row = told[name]
            if row["measured"]:
                cells = f"{row['median']:+.1f} | {row['within']} | {100 * row['share']:.1f} %"
                lines.append(f"| {name} | {row['printed']} | {row['measured']} | {cells} |")
    if report["findings"]:
        counts = {
            label: {source: findings.Count(**count) for source, count in by_source.items()}
            for label, by_source in report["findings"].items()
        }
        lines += [
            "",
            "Findings against labels, LUDB and other devices, signals as they are; 95 % intervals.",
            "",
            findings.to_markdown(counts).rstrip(),
        ]
    return "\n".join(lines) + "\n"


def _cell(told):
    if told["sd_ms"] is None:
        return "–"
    return f"{told['mean_ms']:+.1f} ± {told['sd_ms']:.1f} ({100 * told['told']:.0f} %)"


def add_options(command):
    """The options of `python -m benchmarks measurements`."""
    command.add_argument("--data", help="folder of the data set (default: $ECG_EDGE_DATA, else the user's cache)")
    command.add_argument(
        "--half", choices=HALVES, default="even", help="which half (default: even, on which nothing was chosen)"
    )
    command.add_argument("--drawn", action="store_true", help="draw LUDB as pages and read them too: some 8 s a page")
    command.add_argument("--printed", action="store_true", help="read the report pages too: some 0.3 s a page")
    command.add_argument(
        "--findings", action="store_true", help="findings against the labels of LUDB and other devices too"
    )
    command.add_argument("--peers", action="store_true", help="neurokit2 on the same records too")
    command.add_argument("--ecgdeli", metavar="PYTHON", help="ecgdeli too: the Python of an environment that has it")
    command.add_argument("--limit", type=int, help="so many records and pages at most")
    command.add_argument("--jobs", type=int, default=1)
    command.add_argument("--out", default=OUT, type=Path)


def run(options):
    """`python -m benchmarks measurements`: FileNotFoundError where the data are not there."""
    report, where = measured(options), environment.record()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "measurements.json").write_text(json.dumps({"environment": where, **report}, indent=1) + "\n")
    markdown = to_markdown(report, where)
    (options.out / "measurements.md").write_text(markdown)
    print(markdown)
