"""What is measured beside what is printed: plots, the farthest, findings; other people's delineators; photographs."""

import stat
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import agreement, delineation_truth, delineators, measured_photographs
from benchmarks.__main__ import main
from benchmarks.printed import Measurements as PrintedMeasurements
from ecg_edge.measure.measurements import Measurements, measure
from ecg_edge.simulator.heart import simulate


def page(rate, name="0" * 64, doubt=None, **printed):
    """A page that prints a rate, and what a 6x2 page prints beside it."""
    fields = dict.fromkeys(PrintedMeasurements.__dataclass_fields__) | {"findings": ()} | printed
    told = PrintedMeasurements(**fields) if printed else None
    return SimpleNamespace(sha256=name, rate_per_min=rate, doubt=doubt, measurements=told)


def test_pairs_are_of_what_is_both_measured_and_printed():
    """Pages that are not read or doubted count for nothing; angles are compared the smaller way round."""
    read = [
        (page(60, pr_ms=160, axis_qrs_deg=260), Measurements(rate_per_min=61.0, axis_qrs_deg=-90.0)),
        (page(70, doubt="lead off"), Measurements(rate_per_min=140.0)),
        (page(80), None),
        (page(90), Measurements(rate_per_min=99.0, qt_ms=400.0)),
    ]
    found = agreement.pairs(read)
    assert [row[1:] for row in found["rate_per_min"]] == [(61.0, 60), (99.0, 90)]
    assert found["pr_ms"] == [] and found["qt_ms"] == [] and len(found["axis_qrs_deg"]) == 1
    assert agreement.apart("axis_qrs_deg", *found["axis_qrs_deg"][0][1:]) == 10
    assert agreement.farthest(found)[0] == {"value": "rate_per_min", "page": "0" * 16, "measured": 99.0, "printed": 90}


def test_limits_of_agreement_are_those_of_bland_and_altman():
    """The bias and 1.96 standard deviations on either side; one page has no spread."""
    told = agreement.limits([-1.0, 0.0, 4.0])
    assert (told["count"], told["bias"], told["median"]) == (3, 1.0, 0.0)
    assert told["high"] - told["bias"] == pytest.approx(1.96 * 7**0.5)
    assert agreement.limits([2.0])["sd"] == 0.0


def test_findings_are_counted_as_agreed_or_of_one_side():
    """By the words that the cart prints for each."""
    fast = Measurements(rate_per_min=120.0)
    read = [
        (page(120, findings=("Sinus Tachycardia",)), fast),
        (page(120, findings=("Sinus Rhythm",)), fast),
        (page(120, findings=("Short PR Interval",)), fast),
    ]
    told = agreement.findings_agreement(read)
    assert (told["tachycardia"]["both"], told["tachycardia"]["ours_only"]) == (1, 2)
    assert (told["short_pr"]["print_only"], told["short_pr"]["not_assessed"]) == (1, 3)


def test_a_plot_and_a_table_are_made_of_pages(tmp_path, monkeypatch, capsys):
    """And the time that a page takes; where no page was read the rest is there."""
    signals = delineators_signals()
    pages = [page(70, "ab" * 32), page(71, "cd" * 32)]
    monkeypatch.setattr(agreement.printed, "read_printed", lambda folder: pages)
    monkeypatch.setattr(agreement, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(
        agreement.measurements, "printed_signals", lambda each: (each, signals if each is pages[0] else None)
    )
    assert main(["agreement", "--out", str(tmp_path)]) == 0
    assert "1 of 2 pages read" in capsys.readouterr().out
    assert (tmp_path / "bland-altman.png").stat().st_size > 5000 and (tmp_path / "agreement.json").is_file()


class Here:
    """A pool of this process."""

    def __init__(self, jobs):
        self.map = map

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


def delineators_signals():
    """Twelve leads of a simulated heart."""
    from benchmarks.findings import all_at_once

    return all_at_once(simulate("normal", seconds=10), 500)


def truth():
    """Of two beats whose boundaries are known."""
    marks = {name: np.array([1000.0, 1500.0]) + offset for offset, name in enumerate(delineation_truth.BOUNDARIES)}
    return delineation_truth.Truth(np.array([1000.0, 1500.0]), np.array([]), marks)


def test_a_method_that_marks_each_beat_is_held_against_the_same_truth():
    """What it did not mark has no error, a beat that it missed neither."""
    tally = delineation_truth.empty()
    places = {name: np.array([1010.0, np.nan]) for name in delineation_truth.BOUNDARIES}
    delineation_truth.count_marks(tally, truth(), [1002, 1400], places)
    assert (tally.found, tally.missed, tally.invented) == (1, 1, 1)
    assert tally.errors_ms["p_onset"] == [20.0] and tally.errors_ms["t_end"] == [8.0]


def test_ecgdeli_runs_in_an_environment_of_its_own(tmp_path, monkeypatch):
    """Its marks come back as JSON; where it is missing, the last line of what it said is the error."""
    monkeypatch.setattr(delineators.ludb, "signals", lambda record: np.zeros((12, 10)))
    python = tmp_path / "python"
    names = ("beats", *delineation_truth.BOUNDARIES)
    python.write_text(
        "#!/usr/bin/env python3\nimport json, sys\n"
        f"json.dump([{{name: [1000, 1500, None] for name in {names!r}}}, None], open(sys.argv[4], 'w'))\n"
    )
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    records = [SimpleNamespace(record=1), SimpleNamespace(record=2)]
    told = delineators.by_ecgdeli(records, {1: truth(), 2: truth()}, python)
    assert (told["beats"], told["sensitivity"], told["unread"]) == (2, 1.0, 1)
    python.write_text("#!/bin/sh\necho 'No module named ecgdeli' >&2\nexit 1\n")
    with pytest.raises(RuntimeError, match="cannot run ecgdeli: No module named ecgdeli"):
        delineators.by_ecgdeli(records, {}, python)


def test_photographs_are_counted_with_intervals():
    """Those that are not read are told; intervals that are not marked count for nothing."""
    near = {"rate_per_min": 61.0, "pr_ms": None, "qrs_ms": 100.0, "qt_ms": 400.0}
    true = {"rate_per_min": 60.0, "pr_ms": 160.0, "qrs_ms": 90.0, "qt_ms": None}
    told = measured_photographs.figures(
        [(near, true), (near | {"rate_per_min": 70.0, "qrs_ms": 130.0}, true), (None, true)]
    )
    assert (told["photographs"], told["read"]) == (3, 2)
    assert (told["rate_near"]["hits"], told["qrs_ms"]["hits"], told["qrs_ms"]["median"]) == (1, 1, 25.0)
    assert (told["pr_ms"]["count"], told["pr_ms"]["marked"], told["qt_ms"]["marked"]) == (0, 2, 0)
    table = measured_photographs.to_markdown(told, {"commit": "abc"}, 2)
    assert "| QRS | 16 ms | 85% | 1 of 2, 50.0 %" in table and "| PR |" not in table


def test_the_truth_of_a_photograph_is_its_records(monkeypatch):
    """The rate from its signals, intervals from the marks."""
    mv = simulate("normal", seconds=10)
    monkeypatch.setattr(measured_photographs.ludb, "signals", lambda record: mv)
    found = measured_photographs.true_values(SimpleNamespace(record=1), truth())
    assert found["rate_per_min"] == measure(delineators_signals()).rate_per_min
    assert found["qrs_ms"] == 2.0 and found["pr_ms"] == 6.0
