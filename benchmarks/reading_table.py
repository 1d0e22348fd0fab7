"""Figures of the reading benchmark from its rows, as JSON and as a table with the targets beside them."""

import json
from collections import Counter
from pathlib import Path

import numpy as np

from . import page_score

READ = ("read", "uncertain")
DRAWS, SEED = 2000, 11
ONE_LAYOUT = frozenset({"cnn", "crnn"})
"""Models that read 3x4+1 pages alone: a page of another layout that they refuse as `bad_layout` is no false refusal."""

TARGETS = {
    "severity 1, read": "≥ 99 %",
    "severity 1, verdict as on the clean page": "≥ 98 %",
    "severity 2, read": "≥ 97 %",
    "severity 2, verdict as on the clean page": "≥ 95 %",
    "severity 3, verdict as on the clean page": "≥ 90 % of those read",
    "severity 3, pages with a lead below 3 dB that is not declared lost, of those read": "≤ 1 %",
    "report pages, refused": "≤ 1 %",
    "layout right, 6x2 and 6x2+1": "≥ 98 %",
    "real pages, read": "≥ 18 of 26, none wrongly (by eye)",
    "no ECG, real, refused": "≥ 99 %",
    "no ECG, drawn, refused": "≥ 99 %",
    "SNR on clean pages, report": "≥ 20 dB median",
    "SNR on clean pages, paper": "≥ 20 dB median",
    "SNR on photographs of severity 2, report": "≥ 15 dB median",
    "SNR on photographs of severity 2, paper": "≥ 15 dB median",
    "time of 12 megapixels": "≤ 2,000 ms",
    "peak RSS": "≤ 250 MB",
}


def wilson(hits, count, z=1.959964):
    """(low, high) of the share `hits` of `count` at 95 %: Wilson, J. Am. Stat. Assoc. 22 (158), 1927. (0, 1) of nothing."""
    if not count:
        return 0.0, 1.0
    share, spread = hits / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * np.sqrt(share * (1 - share) / count + spread / (4 * count))
    return float(max(middle - half, 0)), float(min(middle + half, 1))


def share(flags):
    """{hits, count, share, interval} of booleans."""
    flags = [bool(flag) for flag in flags]
    hits, count = sum(flags), len(flags)
    return {"hits": hits, "count": count, "share": hits / count if count else None, "interval": wilson(hits, count)}


def median(values):
    """{median, interval, count, p90} of numbers, None and NaN left out; the interval by a bootstrap of the median."""
    values = np.array([value for value in values if value is not None and np.isfinite(value)], float)
    if not values.size:
        return {"median": None, "interval": (None, None), "p10": None, "p90": None, "count": 0}
    draws = np.random.default_rng(SEED).choice(values, (DRAWS, values.size))
    low, high = np.quantile(np.median(draws, axis=1), (0.025, 0.975))
    p10, p90 = np.quantile(values, (0.1, 0.9))
    return {
        "median": float(np.median(values)),
        "interval": (float(low), float(high)),
        "p10": float(p10),
        "p90": float(p90),
        "count": int(values.size),
    }


def is_read(row):
    """Whether the picture has a verdict."""
    return row["status"] in READ


def is_understood(row, model):
    """Whether a report page was read, or refused only because the model cannot read a layout that was recognised."""
    foreign = model in ONE_LAYOUT and row["expected"] != "3x4+1"
    return is_read(row) or (foreign and row["reason"] == "bad_layout" and row["layout"] == row["expected"])


def figures(measured, model):
    """{name: figure} of {what: rows}; shares and medians as `share` and `median` make them."""
    found = {}
    for severity in sorted({row["severity"] for row in measured.get("camera", ())}):
        rows = [row for row in measured["camera"] if row["severity"] == severity]
        read = [row for row in rows if is_read(row)]
        name = f"severity {severity}"
        found[f"{name}, read"] = share(map(is_read, rows))
        agreeing = [row for row in read if row["clean_verdict"] is not None]
        found[f"{name}, verdict as on the clean page"] = share(r["verdict"] == r["clean_verdict"] for r in agreeing)
        found[f"{name}, layout right"] = share(row["layout"] == row["expected"] for row in rows)
        lying = [row for row in rows if row["parameters"].get("framing") == "lying" and row["corner_px"] is not None]
        found[f"{name}, corner error in px"] = median(row["corner_px"] for row in lying)
        found[f"{name}, corner error in mm"] = median(row["corner_px"] / row["picture_px_per_mm"] for row in lying)
        found[f"{name}, flatness in mm"] = median(row["flat_mm"] for row in rows)
        found |= _leads(name, "the clean page", rows)
    reports = [*measured.get("pages", ()), *measured.get("extra", ())]
    if reports:
        found["report pages, refused"] = share(not is_understood(row, model) for row in reports)
    if extra := measured.get("extra"):
        wide = [row for row in extra if row["expected"] != "3x4+1"]
        found["layout right, 6x2 and 6x2+1"] = share(row["layout"] == row["expected"] for row in wide)
        found["layout right, 3x4+1"] = share(row["layout"] == row["expected"] for row in extra if row not in wide)
        named = [row for row in extra if row["leads_right"] is not None]
        found["leads named right, of pages arranged"] = share(row["leads_right"] for row in named)
    if real := measured.get("real"):
        found["real pages, read"] = share(map(is_read, real))
    for origin in ("real", "drawn"):
        rows = [row for row in measured.get("others", ()) if row["origin"] == origin]
        if rows:
            found[f"no ECG, {origin}, refused"] = share(not is_read(row) for row in rows)
    for severity, where in ((0, "clean pages"), (1, "photographs of severity 1"), (2, "photographs of severity 2"),
                            (3, "photographs of severity 3")):  # fmt: skip
        for style in ("report", "paper"):
            rows = [r for r in measured.get("signals", ()) if (r["severity"], r["style"]) == (severity, style)]
            if rows:
                scored = [row["scores"] for row in rows if row["scores"]]
                found[f"SNR on {where}, {style}"] = median(score["snr_db"] for score in scored)
                found[f"RMSE in mV on {where}, {style}"] = median(score["rmse_mv"] for score in scored)
                found[f"traced, of {where}, {style}"] = share(row["scores"] is not None for row in rows)
                found |= _leads(f"{where}, {style}", "what was drawn", rows)
    if rows := measured.get("time"):
        found["time of 12 megapixels"] = median(row["median_ms"] for row in rows)
        found["time of the first picture"] = median(row["first_ms"] for row in rows)
        found["peak RSS"] = median(row["memory_mb"]["peak"] for row in rows)
    return found


def _leads(name, truth, rows):
    """{name: figure} of the leads of pages that were read and not declared lost, held against their truth; none of rows that do not say."""
    read = [row["leads_db"] for row in rows if is_read(row) and row.get("leads_db") is not None]
    if not read:
        return {}
    known = [db for leads in read for db in leads.values()]
    weak = [page_score.below(leads, page_score.UNDECLARED_DB) for leads in read]
    return {
        f"{name}, SNR of a lead in dB against {truth}": median(known),
        f"{name}, pages with a lead below 3 dB that is not declared lost, of those read": share(map(bool, weak)),
        f"{name}, leads below 3 dB that are not declared lost": share(
            place in low for leads, low in zip(read, weak, strict=True) for place in leads
        ),
    }


def reasons(rows):
    """{reason: pictures} of those that were not read."""
    return dict(Counter(row["reason"] for row in rows if not is_read(row)).most_common())


def passed(rows):
    """[(origin, kind, name)] of pictures that are no ECG and were read all the same."""
    return sorted((row["origin"], row["kind"], row["name"]) for row in rows if is_read(row))


def to_markdown(found, measured, about):
    """The figures with their targets, the refusals by reason, and what was read that should not have been."""
    where = about["environment"]
    lines = ["# Reading", "", about["protocol"].replace("\n", " "), "",
             f"Model {about['model']}; {where['cpu']}, {where['cores']} cores; Python {where['python']}; code {about['code']},"
             f" commit {where['commit']}.", "", "| what | figure | 95 % | of | target |", "|---|---|---|---|---|"]  # fmt: skip
    lines += [f"| {name} | {figure(value)} | {TARGETS.get(name, '')} |" for name, value in found.items()]
    groups = {
        "report pages": [*measured.get("pages", ()), *measured.get("extra", ())],
        "real pages": measured.get("real", ()),
    }
    for severity in sorted({row["severity"] for row in measured.get("camera", ())}):
        groups[f"severity {severity}"] = [row for row in measured["camera"] if row["severity"] == severity]
    for origin in ("real", "drawn"):
        groups[f"no ECG, {origin}"] = [row for row in measured.get("others", ()) if row["origin"] == origin]
    lines += ["", "## Refused, by reason", "", "| pictures | of | reasons |", "|---|---|---|"]
    for name, rows in groups.items():
        if rows:
            told = ", ".join(f"{reason} {count}" for reason, count in reasons(rows).items())
            lines.append(f"| {name} | {len(rows)} | {told or 'none'} |")
    if rows := measured.get("others"):
        lines += ["", "## No ECG, by kind", "", "| kind | refused | of |", "|---|---|---|"]
        for kind in sorted({(row["origin"], row["kind"]) for row in rows}):
            of = [row for row in rows if (row["origin"], row["kind"]) == kind]
            lines.append(f"| {kind[0]}: {kind[1]} | {sum(not is_read(row) for row in of)} | {len(of)} |")
        lines += ["", "Read all the same: " + (", ".join(": ".join(entry) for entry in passed(rows)) or "none") + "."]
        if about["missing"]:
            lines += ["", "Not installed, and so not looked at: " + ", ".join(sorted(about["missing"])) + "."]
    if rows := measured.get("real"):
        lines += ["", "## Real pages", "", "| page | status | reason | layout |", "|---|---|---|---|"]
        rows = sorted(rows, key=lambda row: row["name"])
        lines += [f"| {r['name']} | {r['status']} | {r['reason'] or ''} | {r['layout'] or ''} |" for r in rows]
    return "\n".join(lines) + "\n"


def figure(value):
    """Three cells of a table: a share or a median, its interval, and of how many."""
    low, high = value["interval"]
    if "hits" in value:
        if not value["count"]:
            return "– | | 0"
        return f"{value['share']:.1%} | {low:.1%} to {high:.1%} | {value['count']}"
    if value["median"] is None:
        return "– | | 0"
    return f"{value['median']:.3g} (p10 {value['p10']:.3g}, p90 {value['p90']:.3g}) | {low:.3g} to {high:.3g} | {value['count']}"


def write(measured, about, out):
    """Write OUT/reading.json and reading.md; the Markdown. A split other than test and single kinds get names of their own."""
    found = figures(measured, about["model"])
    markdown = to_markdown(found, measured, about)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    stem = "reading" if about["split"] == "test" else f"reading-{about['split']}"
    if about["model"] != "crnn":
        stem += f"-{about['model']}"
    (out / f"{stem}.json").write_text(
        json.dumps({"about": about, "figures": found}, indent=1, ensure_ascii=False) + "\n"
    )
    (out / f"{stem}.md").write_text(markdown)
    return markdown
