"""Findings against the labels of records: sensitivity and specificity, by source and pooled."""

from dataclasses import dataclass

import numpy as np

from ecg_edge.layout import LEADS_12
from ecg_edge.measure.measurements import measure
from ecg_edge.measure.statements import statements
from ecg_edge.signals import Signals
from train import ludb, other_devices

from .reading_table import wilson

CODES = {
    "af": "irregular_without_p",
    "lbbb": "left_bundle_branch",
    "rbbb": "right_bundle_branch",
    "lvh": "left_ventricular_voltage",
    "avb1": "long_pr",
    "brady": "bradycardia",
    "tachy": "tachycardia",
    "pac": "premature_narrow",
    "pvc": "premature_wide",
    "pace": "paced_rhythm",
}
"""{label: the finding that is held against it}."""
PAST = "ptb_diagnostic"
"""The source whose fibrillation may be past: not pooled for it."""


def all_at_once(mv, rate_hz):
    """`Signals` of twelve leads (12, n) in mV that are all shown all the time."""
    ends = dict.fromkeys(LEADS_12, 0.0), dict.fromkeys(LEADS_12, mv.shape[1] / rate_hz)
    return Signals(np.ascontiguousarray(mv.T, np.float32), LEADS_12, LEADS_12, *ends, rate_hz)


@dataclass
class Count:
    """Records with a label and how many of them have the finding; those without and how many of them have it; those not assessed."""

    positive: int = 0
    found: int = 0
    negative: int = 0
    wrong: int = 0
    not_assessed: int = 0


def labelled(folder, parities):
    """(source, flags, `Signals`, sex, age) of LUDB's records, by their number, and of other devices', by their row."""
    for each in ludb.read_records(folder):
        if each.record % 2 in parities:
            yield "ludb", each.flags, all_at_once(ludb.signals(each), ludb.RATE_HZ), each.sex, each.age
    for each in other_devices.read_records(folder):
        if each.row % 2 in parities:
            mv = other_devices.signals(each)
            yield each.source, each.flags, all_at_once(mv, other_devices.RATE_HZ), each.sex, each.age


def against_labels(rows):
    """{label: {source or "all": `Count`}} of what `labelled` gives. A finding that is not assessed is not found."""
    counts = {label: {} for label in CODES}
    for source, flags, signals, sex, age in rows:
        states = {each.code: each.state for each in statements(measure(signals), sex, age)}
        for label, code in CODES.items():
            truth = getattr(flags, label)
            if truth is None or (label == "af" and flags.afl):  # flutter is on neither side
                continue
            pooled = () if label == "af" and source == PAST else ("all",)
            for name in (source, *pooled):
                _add(counts[label].setdefault(name, Count()), truth, states.get(code))
    return counts


def _add(count, truth, state):
    found = state == "present"
    count.not_assessed += state == "not_assessed"
    if truth:
        count.positive, count.found = count.positive + 1, count.found + found
    else:
        count.negative, count.wrong = count.negative + 1, count.wrong + found


def to_markdown(counts):
    """A table: each label pooled, and below by source where it has any."""
    lines = ["| label: finding | source | sensitivity | specificity | not assessed |", "|---|---|---|---|---|"]
    for label, by_source in counts.items():
        for source, count in sorted(by_source.items(), key=lambda item: (item[0] != "all", item[0])):
            if source == "all" or count.positive:
                told = (count.found, count.positive), (count.negative - count.wrong, count.negative)
                cells = " | ".join(_cell(part, whole) for part, whole in told)
                name = f"`{label}`: `{CODES[label]}`" if source == "all" else ""
                lines.append(f"| {name} | {source} | {cells} | {count.not_assessed} |")
    return "\n".join(lines) + "\n"


def _cell(part, whole):
    if not whole:
        return "–"
    low, high = wilson(part, whole)
    return f"{part} of {whole} ({100 * low:.0f}–{100 * high:.0f} %)"
