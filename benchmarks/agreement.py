"""What is measured on the report pages beside what the cart printed on them: Bland and Altman's plots, the farthest apart, findings, cost."""

import json
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from ecg_edge.measure.measurements import measure
from ecg_edge.measure.statements import statements

from . import environment, measurements, printed
from .measurements import HALVES, PRINTED

OUT = Path(__file__).parent / "results" / "measurements" / "agreement"
SHOWN = {
    "rate_per_min": ("rate", "per minute"),
    "pr_ms": ("PR", "ms"),
    "qrs_ms": ("QRS", "ms"),
    "qt_ms": ("QT", "ms"),
    "axis_qrs_deg": ("QRS axis", "degrees"),
}
"""{value: (its title, its unit)} of the plots."""
FARTHEST = 4
"""So many pages of each value are named that are farthest from the print."""
LIMITS_SD = 1.96
KINDS = {
    "sinus_rhythm": ("Sinus Rhythm", "Sinus Tachycardia", "Sinus Bradycardia", "Sinus Arrhythmia"),
    "tachycardia": ("Sinus Tachycardia",),
    "bradycardia": ("Sinus Bradycardia",),
    "irregular_without_p": ("Atrial Fibrillation",),
    "premature_narrow": ("Premature Atrial Contraction",),
    "premature_wide": ("Premature Ventricular Contraction",),
    "long_pr": ("First-degree Atrioventricular Block",),
    "short_pr": ("Short PR Interval",),
    "right_bundle_branch": ("Complete Right Bundle Branch Block",),
    "left_axis": ("Left Axis Deviation",),
    "right_axis": ("Right Axis Deviation",),
    "long_qtc": ("QT Interval Prolongation",),
    "low_voltage": ("Low Voltage(Limb Leads)",),
    "left_ventricular_voltage": ("Left Ventricular Hypertrophy", "High Voltage(Left Ventricle)"),
    "st_elevation": ("ST Elevation",),
    "st_depression": ("ST Depression",),
    "pathological_q": ("Myocardial Infarction", "Abnormal Q Wave"),
    "inverted_t": ("Inverted T Wave", "Deep Negative T Wave", "Giant Negative T Wave"),
}
"""{finding: words that the cart prints for it}. Its criteria are not known, and it names single leads where ours ask for two that are contiguous."""
ROUNDS, TIMED = 5, 50


def pairs(read):
    """{value: [(page, measured, printed)]} of (`Printed`, `Measurements` or None) pages, without those whose print is doubted."""
    found = {name: [] for name in SHOWN}
    for page, measured in read:
        if measured is None or page.doubt:
            continue
        for name in SHOWN:
            own = getattr(measured, name)
            of = page if name == "rate_per_min" else page.measurements
            theirs = None if of is None else getattr(of, PRINTED[name][0] if name in PRINTED else name)
            if own is not None and theirs is not None:
                found[name].append((page, own, theirs))
    return found


def apart(name, own, theirs):
    """Measured less printed; of angles the smaller way round."""
    return (own - theirs + 180) % 360 - 180 if name.endswith("_deg") else own - theirs


def limits(differences):
    """{count, bias, sd, low, high}: Bland J. M., Altman D. G., Lancet 327:307, 1986; and the median and half the middle 95 %, which outliers leave alone."""
    values = np.array(differences, float)
    bias, sd = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0
    low, high = np.quantile(values, (0.025, 0.975))
    return {
        "count": len(values),
        "bias": bias,
        "sd": sd,
        "low": bias - LIMITS_SD * sd,
        "high": bias + LIMITS_SD * sd,
        "median": float(np.median(values)),
        "middle_95": [float(low), float(high)],
    }


def farthest(found):
    """[{value, page, measured, printed}]: of each value the pages farthest from the print, relative to it where it is a rate."""
    rows = []
    for name, each in found.items():
        ordered = sorted(each, key=lambda row: -abs(apart(name, *row[1:])) / (row[2] if name == "rate_per_min" else 1))
        rows += [
            {"value": name, "page": page.sha256[:16], "measured": round(own, 1), "printed": theirs}
            for page, own, theirs in ordered[:FARTHEST]
        ]
    return rows


def findings_agreement(read):
    """{finding: {both, print_only, ours_only, neither, not_assessed}} over the pages that print findings and are read."""
    kept = ("both", "print_only", "ours_only", "neither", "not_assessed")
    told = {code: dict.fromkeys(kept, 0) for code in KINDS}
    for page, measured in read:
        if measured is None or page.measurements is None:
            continue
        words = page.measurements.findings
        states = {each.code: each.state for each in statements(measured)}
        for code, names in KINDS.items():
            theirs = any(name in word for name in names for word in words)
            ours = states.get(code)
            kind = {(True, True): "both", (True, False): "print_only", (False, True): "ours_only"}.get(
                (theirs, ours == "present"), "neither"
            )
            told[code][kind] += 1
            told[code]["not_assessed"] += ours == "not_assessed"
    return told


def cost_ms(signals):
    """Median over pages of the least process time that `measure` and `statements` take, in ms."""
    spent = []
    for each in signals:
        rounds = []
        for _ in range(ROUNDS):
            begun = time.process_time()
            statements(measure(each))
            rounds.append(time.process_time() - begun)
        spent.append(1000 * min(rounds))
    return float(np.median(spent)) if spent else None


def plot(found, path):
    """Write Bland and Altman's plots of all values as one picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(SHOWN), figsize=(3.1 * len(SHOWN), 2.9), layout="constrained")
    for panel, (name, (title, unit)) in zip(panels, SHOWN.items(), strict=True):
        differences = [apart(name, own, theirs) for _, own, theirs in found[name]]
        means = [theirs + difference / 2 for (_, _, theirs), difference in zip(found[name], differences, strict=True)]
        panel.scatter(means, differences, s=5, color="#1f5fa8", alpha=0.5, linewidths=0)
        if differences:
            told = limits(differences)
            for level, style in ((told["bias"], "-"), (told["low"], "--"), (told["high"], "--")):
                panel.axhline(level, color="#b03030", linestyle=style, linewidth=0.8)
                panel.annotate(
                    f"{level:+.1f}", (1, level), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7
                )
        panel.set_title(f"{title} ({len(differences)} pages)", fontsize=9)
        panel.set_xlabel(f"mean of both, {unit}", fontsize=8)
        panel.tick_params(labelsize=7)
    panels[0].set_ylabel("measured less printed", fontsize=8)
    figure.savefig(path, dpi=100)
    pyplot.close(figure)


def to_markdown(report):
    """Tables of limits, of those farthest apart, and of findings."""
    lines = [
        "# Beside what the cart printed",
        "",
        f"Half `{report['half']}`, {report['read']} of {report['pages']} pages read. Commit {report['environment']['commit']}."
        f" `measure` and `statements`: {report['cost_ms']:.1f} ms a page (process time, median of {TIMED} pages).",
        "",
        "| value | pages | bias | limits of agreement (bias ± 1.96 sd) | median | middle 95 % |",
        "|---|---|---|---|---|---|",
    ]
    for name, told in report["limits"].items():
        middle = "{:+.1f} to {:+.1f}".format(*told["middle_95"])
        row = f"{told['bias']:+.1f} | {told['low']:+.1f} to {told['high']:+.1f} | {told['median']:+.1f} | {middle}"
        lines.append(f"| {SHOWN[name][0]}, {SHOWN[name][1]} | {told['count']} | {row} |")
    lines += ["", "| value | page | measured | printed |", "|---|---|---|---|"]
    lines += [
        f"| {SHOWN[row['value']][0]} | {row['page']} | {row['measured']} | {row['printed']} |"
        for row in report["farthest"]
    ]
    lines += [
        "",
        "| finding | both | print alone | ours alone | neither | of which not assessed |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{code}` | {' | '.join(str(count) for count in told.values())} |"
        for code, told in report["findings"].items()
    ]
    return "\n".join(lines) + "\n"


def add_options(command):
    """The options of `python -m benchmarks agreement`."""
    command.add_argument("--data", help="folder of the data set (default: $ECG_EDGE_DATA, else the user's cache)")
    command.add_argument("--half", choices=HALVES, default="all", help="which pages, by SHA-256 (default: all)")
    command.add_argument("--limit", type=int, help="so many pages at most")
    command.add_argument("--jobs", type=int, default=1)
    command.add_argument("--out", default=OUT, type=Path)


def run(options):
    """`python -m benchmarks agreement`: FileNotFoundError where the data are not there."""
    pages = [
        each for each in printed.read_printed(options.data) if int(each.sha256[:8], 16) % 2 in HALVES[options.half]
    ]
    with ProcessPoolExecutor(options.jobs) as pool:
        signals = list(pool.map(measurements.printed_signals, pages[: options.limit]))
    read = [(page, None if each is None else measure(each)) for page, each in signals]
    found = pairs(read)
    report = {
        "environment": environment.record(),
        "half": options.half,
        "pages": len(read),
        "read": sum(each is not None for _, each in read),
        "cost_ms": cost_ms([each for _, each in signals if each is not None][:TIMED]),
        "limits": {
            name: limits([apart(name, own, theirs) for _, own, theirs in each]) for name, each in found.items() if each
        },
        "farthest": farthest(found),
        "findings": findings_agreement(read),
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "agreement.json").write_text(json.dumps(report, indent=1) + "\n")
    markdown = to_markdown(report)
    (options.out / "agreement.md").write_text(markdown)
    plot(found, options.out / "bland-altman.png")
    print(markdown)
