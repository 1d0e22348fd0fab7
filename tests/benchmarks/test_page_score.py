"""What makes a reading right or wrong, and when an upstroke begins."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import foreign, foreign_reading, page_score, r_crossings
from ecg_edge.errors import Reason
from ecg_edge.layout import LEADS_12
from ecg_edge.result import LeadResult, Result, unread
from ecg_edge.signals import Signals
from train import dataset

CASE = foreign.Case("made", {}, "3x4+1", 25.0, 10.0, True, "made here")
ALONE = replace(CASE, layout="6x1", may_have_verdict=False)
COLUMN = 1250


@pytest.fixture(scope="module")
def truth():
    """{place: mV} of a page of 3 × 4 + 1: bumps at other moments in each lead."""
    rng = np.random.default_rng(5)
    waves = {name: np.convolve(rng.standard_normal(COLUMN), np.hanning(25), "same") / 5 for name in LEADS_12}
    return waves | {"rhythm": np.convolve(rng.standard_normal(4 * COLUMN), np.hanning(25), "same") / 5}


def result(signals, **known):
    """What a reader says of {place: mV}: a verdict, on leads in columns as 3 × 4 pages have them."""
    starts = {name: 0.0 if name == "rhythm" else 2.5 * (LEADS_12.index(name) // 3) for name in signals}
    page = {"layout": "3x4+1", "mm_per_s": 25.0, "mm_per_mv": 10.0}
    usual = {
        "status": "read",
        "source": "made",
        "probabilities": {"normal": 1.0, "abnormal": 0.0, "infarction": 0.0, "history": 0.0},
        "page": page,
        "leads": tuple(LeadResult(name, (0, 0, 1, 1)) for name in signals),
        "signals": Signals.on_one_clock(signals, starts, {"rhythm": "II"}, 500),
    }
    return Result(**usual | known | {"page": page | known.get("page", {})})


def test_what_is_read_as_it_was_drawn_is_right(truth):
    """Every lead, and none below 6 dB."""
    score = page_score.judge(CASE, result(truth), truth)
    assert (score.outcome, score.wrong, set(score.leads_db)) == ("right", (), set(truth))
    assert min(score.leads_db.values()) > 100


@pytest.mark.parametrize(
    ("page", "why"),
    [({"layout": "6x2"}, "layout 6x2"), ({"mm_per_s": 50.0}, "mm_per_s 50.0"), ({"mm_per_mv": 5.0}, "mm_per_mv 5.0")],
)
def test_another_layout_speed_or_gain_is_silently_wrong(truth, page, why):
    """Whatever the leads are like; and no moment is compared on another clock."""
    score = page_score.judge(CASE, result(truth, page=page), truth)
    assert (score.outcome, score.wrong, score.late_ms) == ("silently wrong", (why,), {})


def test_a_lead_that_is_another_is_silently_wrong_unless_it_is_declared_lost(truth):
    """Noise in V2's place: the page is wrong, and right where V2 is said to be lost."""
    read = truth | {"V2": truth["V5"]}
    score = page_score.judge(CASE, result(read), truth)
    assert score.outcome == "silently wrong" and len(score.wrong) == 1 and score.wrong[0].startswith("V2 ")
    lost = tuple(LeadResult(name, (0, 0, 1, 1), "lost" if name == "V2" else "read") for name in truth)
    score = page_score.judge(CASE, result(read, leads=lost), truth)
    assert (score.outcome, score.lost) == ("right", ("V2",)) and "V2" not in score.leads_db


def test_a_verdict_needs_eight_leads(truth):
    """Of the twelve: a strip is none of them."""
    for count, outcome in ((7, "silently wrong"), (8, "right")):
        read = {name: truth[name] for name in (*LEADS_12[:count], "rhythm")}
        assert page_score.judge(CASE, result(read), truth).outcome == outcome


def test_no_verdict_is_refused_or_right(truth):
    """As the case has it; a picture that cannot be opened is neither."""
    refused, failed = unread("made", Reason.BAD_LAYOUT), unread("made", Reason.NOT_A_PICTURE)
    outcomes = [page_score.judge(case, said, truth).outcome for case in (CASE, ALONE) for said in (refused, failed)]
    assert outcomes == ["refused", "refused", "right", "other"]
    verdict = page_score.judge(ALONE, result(truth, page={"layout": "6x1"}), truth)
    assert verdict.outcome == "silently wrong" and "a verdict (normal) where none can be given" in verdict.wrong


@settings(max_examples=25, deadline=None)
@given(st.integers(-250, 250), st.floats(-2, 2), st.integers(0, 2**20))
def test_a_shift_and_an_offset_cost_nothing(shift, offset, seed):
    """Within half a second; noise costs what its power is."""
    rng = np.random.default_rng(seed)
    drawn = np.convolve(rng.standard_normal(COLUMN), np.hanning(15), "same")
    read = np.roll(drawn, shift) + offset
    if shift > 0:
        read[:shift] = np.nan
    elif shift < 0:
        read[shift:] = np.nan
    assert page_score.snr_db(drawn, read) > 90
    noisy = page_score.snr_db(drawn, read + drawn.std() / 10 * rng.standard_normal(COLUMN))
    assert noisy == pytest.approx(20, abs=1)


def test_samples_that_are_not_known_are_left_out(truth):
    """On either side, as long as half are there."""
    drawn = truth["II"]
    half, less = drawn.copy(), drawn.copy()
    half[: COLUMN // 2], less[: COLUMN // 2 + 1] = np.nan, np.nan
    assert page_score.snr_db(drawn, half) > 90 and page_score.snr_db(drawn, less) is None
    assert page_score.snr_db(less, drawn) > 90 and page_score.snr_db(np.full(9, np.nan), drawn) is None
    assert page_score.below({"I": 6.0, "II": 5.9, "III": None}, 6.0) == ["II", "III"]


def beats(late=0.0, gain=1.0):
    """(2500,) mV at 500 Hz: four R waves of 1 mV and 60 ms, later by so many samples."""
    time = np.arange(2500.0) - late
    return gain * sum(np.maximum(1 - np.abs(time - at) / 15, 0) for at in (400, 1000, 1600, 2200))


@given(st.floats(-200, 200), st.floats(0.6, 1.7))
def test_an_upstroke_is_late_by_what_its_trace_is(late, gain):
    """Between samples, whatever the gain, and also where the alignment that shows the beats is far off."""
    read = beats(late, gain)
    _, shift = page_score.aligned(beats(), read)
    assert shift == pytest.approx(late, abs=1.01)
    found, missed = r_crossings.late_ms(beats(), read, 500, shift)
    assert missed == 0 and found == pytest.approx([2 * late] * 4, abs=0.35)


def test_a_beat_that_is_gone_halved_or_lost_is_not_found():
    """And none is made of what is too flat."""
    read = beats()
    read[330:470], read[950:1050], read[1595:1600] = 0, 0.4 * read[950:1050], np.nan
    found, missed = r_crossings.late_ms(beats(), read, 500)
    assert (found, missed) == ([0.0], 3)
    assert r_crossings.late_ms(beats(gain=0.1), beats(), 500) == ([], 0)
    assert r_crossings.late_ms(beats(), np.empty(0), 500) == ([], 4)


NAMES = ("plain", "speed50_3x4", "6x2_V1", "chest_25", "4x3")


@pytest.fixture(scope="module")
def handful(tmp_path_factory):
    """(folder, pages, scored) of a few cases that the data's program draws, and one that was found; or a skip where there are no data."""
    data = dataset.data_directory()
    if data is None or not (data / "foreign/cases.csv").is_file():
        pytest.skip("no pages of other makers (set ECG_EDGE_DATA)")
    folder = tmp_path_factory.mktemp("drawn")
    asked = [page for page in foreign_reading.pages(folder) if page.case.name in (*NAMES, "002")]
    return folder, asked, list(foreign_reading.read(asked, "page"))


def test_the_score_is_that_of_the_data(handful, tmp_path):
    """The data's own score.py, on what the command line gives of the same pages, says the same of each, and the same median."""
    drawn, asked, scored = handful
    data = dataset.data_directory()
    pictures = [str(page.picture) for page in asked]
    command = [sys.executable, "-m", "ecg_edge", "classify", *pictures, "--json", "--signals", str(tmp_path)]
    (tmp_path / "read.jsonl").write_text(subprocess.run(command, capture_output=True, text=True).stdout)
    lines = {}
    for part, folder in ((foreign.FOLDER, drawn), (foreign.FOUND, data / foreign.FOUND)):
        program = [data / "foreign/score.py", data / part / "cases.csv", folder, tmp_path / "read.jsonl", tmp_path]
        said = subprocess.run([sys.executable, *map(str, program)], capture_output=True, text=True, check=True).stdout
        lines |= {line.split()[0]: line for line in said.splitlines() if "no result" not in line}
    for page in scored:
        line = lines[page.name]
        assert line[21:37].strip() == page.score.outcome, line
        leads = [db for db in page.score.leads_db.values() if db is not None]
        assert not leads or f" {np.median(leads):.1f} dB " in line


ABOUT = {
    "title": "T", "pages": "M", "protocol": "P", "model": "page", "source": "files", "kinds": "kind",
    "environment": {"cpu": "c", "cores": 1, "python": "3", "commit": "0"},
}  # fmt: skip


def test_a_report_counts_pages_by_kind_and_is_kept(handful, tmp_path):
    """OUT/foreign.json and foreign.md; numbers agree with the rows."""
    *_, scored = handful
    markdown = foreign_reading.report(scored, ABOUT, tmp_path, "foreign")
    kept = json.loads((tmp_path / "foreign.json").read_text())
    assert (tmp_path / "foreign.md").read_text() == markdown
    rows = {row["name"]: row for row in kept["pages"]}
    assert set(rows) == {*NAMES, "002"} and rows["002"]["kind"] == "found" and rows["plain"]["outcome"] == "right"
    assert sum(kept["figures"]["outcomes"].values()) == len(rows)
    late = kept["figures"]["upstroke of R late in ms"]
    assert late["count"] == sum(len(beats) for row in rows.values() for beats in row["late_ms"].values()) > 50
    assert f"| plain | plain | right | {rows['plain']['status']}, {rows['plain']['verdict']} |" in markdown


def test_a_case_that_is_not_there_is_named(tmp_path):
    """python -m benchmarks foreign --only nosuch; and where there are no data at all."""
    command = [sys.executable, "-m", "benchmarks", "foreign", "--only", "nosuch"]
    missing = subprocess.run([*command, "--data", str(tmp_path)], capture_output=True, text=True)
    assert missing.returncode == 1 and "no foreign/cases.csv" in missing.stderr and "Traceback" not in missing.stderr
    if dataset.data_directory() is not None and (dataset.data_directory() / "foreign/cases.csv").is_file():
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 1 and done.stderr.startswith("benchmarks: there is no case nosuch: 001, 002")


def test_pages_of_families_come_with_their_truth():
    """aVR upright, each lead as long as its column; six limb leads alone can have no verdict; and a photograph is taken of the same page."""
    data = dataset.data_directory()
    if data is None or not all((data / name).is_file() for name in ("signals.csv", "ludb.csv")):
        pytest.skip("no PTB-XL and LUDB (set ECG_EDGE_DATA)")
    pages = list(foreign_reading.of_families(["Cabrera", "limb leads of a telephone"], 2, 5))
    assert [page.case.name for page in pages] == [
        "Cabrera-5", "Cabrera-6", "limb-leads-of-a-telephone-5", "limb-leads-of-a-telephone-6"
    ]  # fmt: skip
    for page in pages:
        assert page.case.may_have_verdict == (page.kind == "Cabrera")
        columns = 4 if page.case.layout.startswith("3x4") else 2 if page.case.layout.startswith("6x2") else 1
        lengths = {name: len(mv) for name, mv in page.truth.items() if not name.startswith("rhythm")}
        assert set(lengths.values()) == {5000 // columns} and "-aVR" not in page.truth
    limb = pages[2].truth
    assert np.abs(limb["aVR"] + (limb["I"] + limb["II"]) / 2).max() < 0.02
    assert foreign_reading._photograph(pages[0], 2)[:2] == b"\xff\xd8"


def test_a_family_that_is_not_there_is_refused(capsys):
    """And a count of none."""
    from benchmarks.__main__ import main

    with pytest.raises(SystemExit):
        main(["foreign", "--families", "vellum"])
    assert "two panels" in capsys.readouterr().err
    assert main(["foreign", "--count", "0"]) == 1 and "--count must be at least 1" in capsys.readouterr().err
