"""What is measured, held against marks and print."""

import csv
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import delineation_truth, findings, measurements
from benchmarks.__main__ import main
from ecg_edge.layout import LEADS_12
from ecg_edge.measure.measurements import Measurements
from ecg_edge.simulator.heart import simulate
from train import dataset

NO_MARK = dict.fromkeys(delineation_truth.BOUNDARIES)


@pytest.fixture
def marked(tmp_path):
    """LUDB's tables of one record: three beats with P, QRS and T in all leads, each lead a sample later; a mark of two leads alone."""
    rows = []
    for lead, name in enumerate(LEADS_12):
        for beat in (1000, 1400, 1800):
            for wave, onset, peak, offset in (("P", -90, -70, -50), ("QRS", -20, 0, 25), ("T", 80, 120, 160)):
                rows.append((1, name, wave, *(beat + at + lead for at in (onset, peak, offset))))
    rows += [(1, name, "QRS", 2000, 2010, 2020) for name in ("I", "II")] + [(1, "I", "", 5, "", 9)]
    with open(tmp_path / "ludb_waves.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["record", "lead", "wave", "onset", "peak", "offset"])
        writer.writerows(rows)
    return tmp_path


def test_a_boundary_is_the_median_over_leads_and_few_leads_make_no_beat(marked):
    """Each beat has its own P before and T after it."""
    truth = delineation_truth.truths(marked)[1]
    assert truth.beats.tolist() == [1005.5, 1405.5, 1805.5] and truth.doubtful.tolist() == [2010]
    assert truth.marks["p_onset"].tolist() == [915.5, 1315.5, 1715.5]
    assert truth.marks["t_end"].tolist() == [1165.5, 1565.5, 1965.5]


def test_beats_are_found_missed_or_invented_and_errors_are_in_milliseconds(marked):
    """What lies outside the first and the last mark, or where few leads have one, counts for nothing."""
    truth, tally = delineation_truth.truths(marked)[1], delineation_truth.empty()
    beats = [500, 1010, 1250, 1800, 2005, 2400]
    delineation_truth.count(tally, truth, beats, [1010, 1800], NO_MARK | {"qrs_onset": -20, "t_end": 165})
    assert (tally.found, tally.missed, tally.invented) == (2, 1, 1)
    assert tally.errors_ms["qrs_onset"] == [9.0, -11.0] and tally.errors_ms["t_end"] == [19.0, -1.0]
    told = delineation_truth.summary(tally)
    assert told["sensitivity"] == told["precision"] == pytest.approx(2 / 3)
    row = told["boundaries"]["qrs_onset"]
    assert (row["marked"], row["told"], row["mean_ms"], row["sd_ms"]) == (3, pytest.approx(2 / 3), -1.0, 10.0)
    assert told["boundaries"]["p_onset"] == {"marked": 3, "told": 0.0, "mean_ms": None, "sd_ms": None}


def page(rate, doubt=None, **printed):
    """A page that prints a rate, and what a 6x2 page prints beside it."""
    names = ("p_ms", "pr_ms", "qrs_ms", "qt_ms", "axis_p_deg", "axis_qrs_deg", "axis_t_deg")
    found = SimpleNamespace(**(dict.fromkeys(names) | printed)) if printed else None
    return SimpleNamespace(rate_per_min=rate, doubt=doubt, measurements=found)


def test_a_rate_is_near_within_two_or_three_percent_and_doubtful_pages_do_not_count():
    """Axes differ by the shorter way round."""
    pairs = [
        (page(60, qrs_ms=90, axis_qrs_deg=260), Measurements(rate_per_min=62, qrs_ms=100, axis_qrs_deg=-95)),
        (page(100, qrs_ms=90, axis_qrs_deg=0), Measurements(rate_per_min=104, qrs_ms=110, axis_qrs_deg=20)),
        (page(80), Measurements()),
        (page(80, doubt="half"), Measurements(rate_per_min=40)),
        (page(80), None),
    ]
    told = measurements.against_print(pairs)
    assert (told["pages"], told["read"]) == (5, 3)
    assert (told["rate_near"], told["rate_within_10_percent"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert told["qrs_ms"] | {"within": 16} == {"printed": 2, "measured": 2, "median": 15.0, "within": 16, "share": 0.5}
    assert told["axis_qrs_deg"]["median"] == 12.5 and told["p_ms"]["measured"] == 0
    assert told["pr_ms"]["share"] is None


def test_the_command_writes_what_it_prints(tmp_path, capsys):
    """On a few records of LUDB."""
    folder = dataset.data_directory()
    if folder is None or not (folder / "ludb_waves.csv").is_file():
        pytest.skip("no LUDB (set ECG_EDGE_DATA)")
    assert main(["measurements", "--half", "odd", "--limit", "4", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert (tmp_path / "measurements.md").read_text() == printed.removesuffix("\n")
    assert "| signals as they are | 4 | 0 | " in printed and "| 100.00 % | 100.00 % | 0 of 0 |" in printed


def test_missing_data_are_told(tmp_path, capsys):
    """In one line, and no traceback."""
    assert main(["measurements", "--data", str(tmp_path), "--out", str(tmp_path)]) == 1
    assert "no ludb_waves.csv" in capsys.readouterr().err


def test_marks_of_what_is_not_read_count_as_unread(marked):
    """Neither found nor missed: another column says how many."""
    truths = delineation_truth.truths(marked)
    told = measurements.against_marks([SimpleNamespace(record=1)], truths, [None])
    assert (told["unread"], told["beats"], told["records_without_p"]) == (1, 0, 0)
    bare = {1: replace(truths[1], marks=truths[1].marks | {"p_peak": np.full(3, np.nan)})}
    flat = findings.all_at_once(np.zeros((12, 5000)), 500)
    told = measurements.against_marks([SimpleNamespace(record=1)], bare, [(flat, measurements.SAME_CLOCK)])
    assert (told["sensitivity"], told["records_without_p"], told["of_these_with_p_told"]) == (0.0, 1, 0)


def test_uncertainty_is_held_against_the_truth(monkeypatch, marked):
    """A page that shows the signals as they are errs in nothing but what the marks say; unread ones count for nothing."""
    mv = simulate("normal", seconds=10)
    monkeypatch.setattr(measurements.ludb, "signals", lambda record: mv)
    truths = delineation_truth.truths(marked)
    pages = [(findings.all_at_once(mv, 500), measurements.SAME_CLOCK), None]
    told = measurements.spread([SimpleNamespace(record=1)] * 2, truths, pages)
    assert set(told) <= set(measurements.SPREAD) and {"rate_per_min", "axis_qrs_deg", "cornell_mv", "st_j_mv"} <= set(
        told
    )
    for name in ("rate_per_min", "axis_qrs_deg", "cornell_mv", "st_j_mv"):
        assert (told[name]["median"], told[name]["within_one"], told[name]["within_two"]) == (0.0, 1.0, 1.0)
    assert told["rate_per_min"]["pages"] == 1 and told["st_j_mv"]["pages"] == 12


def test_the_clock_of_a_page_is_found_again():
    """Begun 0.1 s late and read 2 % too long: a line over the lags of its windows."""
    mv = simulate("normal", seconds=10)
    at = np.arange(5000) / 1.02 + 50
    late = np.stack([np.interp(at, np.arange(5000), lead) for lead in mv])
    shift, stretch = measurements.clock_of(findings.all_at_once(late, 500), mv)
    assert shift == pytest.approx(50, abs=2) and stretch == pytest.approx(1 / 1.02, abs=0.001)


def flags(**known):
    """Labels of a record: those not given are not said."""
    return SimpleNamespace(**dict.fromkeys([*findings.CODES, "afl"]) | known)


def test_findings_count_by_source_and_pooled():
    """What a source does not say counts for nothing; flutter is on neither side; fibrillation that may be past is not pooled."""
    slow = findings.all_at_once(simulate("abnormal", seed=3), 500)
    flat = findings.all_at_once(np.zeros((12, 5000)), 500)
    rows = [
        ("one", flags(brady=True, af=False), slow, None, None),
        ("one", flags(brady=True, af=False, afl=True), flat, None, None),
        ("two", flags(brady=False), slow, "male", 60),
        (findings.PAST, flags(af=True), flat, None, None),
    ]
    counts = findings.against_labels(rows)
    assert counts["brady"]["all"] == findings.Count(positive=2, found=1, negative=1, wrong=1, not_assessed=1)
    assert counts["brady"]["one"] == findings.Count(positive=2, found=1, not_assessed=1)
    assert counts["af"]["all"] == findings.Count(negative=1)
    assert counts["af"][findings.PAST] == findings.Count(positive=1, not_assessed=1)
    table = findings.to_markdown(counts)
    assert "| `brady`: `bradycardia` | all | 1 of 2 (9–91 %) | 0 of 1 (0–79 %) | 1 |" in table
    assert "| `af`: `irregular_without_p` | all | – | 1 of 1 (21–100 %) | 0 |" in table and "| two |" not in table
