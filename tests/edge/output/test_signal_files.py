"""Signals as files: CSV, WFDB, and WFDB without gaps."""

import csv

import numpy as np
import pytest

from ecg_edge import Reader, Signals, __version__
from ecg_edge.formats import DEFAULT_FORMATS, SIGNAL_FORMATS, wfdb_record
from ecg_edge.output import signal_files


@pytest.fixture
def three_leads():
    """A lead of half a second, one that begins a second later with a gap, and strips, of which one has no name; as they are traced."""
    time = np.arange(750) / 500
    late = np.sin(7 * time[:250])
    late[40:60] = np.nan
    signals = {"V1": late, "rhythm": np.cos(3 * time), "rhythm2": np.cos(4 * time), "I": np.cos(5 * time[:250])}
    signals = {name: mv.astype(np.float32) for name, mv in signals.items()}
    starts = {"V1": 1.0, "rhythm": 0.0, "rhythm2": 0.0, "I": 0.0}
    return Signals.on_one_clock(signals, starts, {"rhythm": "II", "rhythm2": None}, 500, 25.0, 10.0)


def alone(values):
    """`Signals` of one lead."""
    return Signals.on_one_clock({"I": np.array(values, np.float32)}, {"I": 0.0}, {}, 500)


def test_csv_has_a_time_and_a_column_for_each_lead(three_leads, tmp_path):
    """In the standard order, strips with the lead that they show where it is known; millivolts with four decimals; what is lost is empty."""
    path, *_ = signal_files.write_signals(three_leads, tmp_path / "made", "page")
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["time_s", "I_mV", "V1_mV", "rhythm_II_mV", "rhythm2_mV"]
    assert rows[1][0] == "0.002"
    assert [row[2] for row in rows[540:542]] == ["", ""]
    assert float(rows[30][1]) == pytest.approx(three_leads.lead("I")[30], abs=5e-5)


def test_wfdb_reads_back_what_was_written(three_leads, tmp_path):
    """By the package of that name: units, rate, names, samples, checksums; NaN where a lead is lost."""
    wfdb = pytest.importorskip("wfdb")
    signal_files.write_signals(three_leads, tmp_path, "page-1")
    record = wfdb.rdrecord(str(tmp_path / "page-1"))
    assert (record.fs, record.sig_name) == (500, ["I", "V1", "rhythm II", "rhythm2"])
    assert record.units == ["mV"] * 4 and record.adc_gain == [1000.0] * 4
    np.testing.assert_allclose(
        record.p_signal, three_leads.mv, atol=0.5 / wfdb_record.GAIN_PER_MV + 1e-6, equal_nan=True
    )
    raw = wfdb.rdrecord(str(tmp_path / "page-1"), physical=False)
    assert [value % 65536 for value in raw.checksum] == raw.calc_checksum()


def test_a_wfdb_header_says_where_its_samples_come_from(three_leads, tmp_path):
    """Paper, scale, what was shown when, and what is no voltage."""
    _, header, _ = signal_files.write_signals(three_leads, tmp_path, "page")
    comments = [line for line in header.read_text().splitlines() if line.startswith("#")]
    assert comments == [
        f"# Read from a printed ECG by ecg-edge {__version__}, paper speed 25 mm/s, gain 10 mm/mV. Not a medical device.",
        "# The first sample is at 0.000 s of the page.",
        "# Shown from 0.000 to 0.500 s of the page: I",
        "# Shown from 0.000 to 1.500 s of the page: rhythm II, rhythm2",
        "# Shown from 1.000 to 1.500 s of the page: V1",
        "# -32768 is no voltage: the lead is not shown there, or its trace was lost.",
    ]


def test_wfdb_files_hold_what_their_format_says(three_leads, tmp_path):
    """Read by hand: 16-bit little-endian samples in turn, -32768 where a lead is lost."""
    _, header, data = signal_files.write_signals(three_leads, tmp_path, "page")
    first, *leads = header.read_text().splitlines()
    assert first == "page 4 500 750"
    assert leads[0].split()[:3] == ["page.dat", "16", "1000(0)/mV"]
    samples = np.frombuffer(data.read_bytes(), "<i2").reshape(-1, 4)
    assert samples[540, 1] == wfdb_record.LOST
    assert samples[0, 0] == 1000


def test_values_beyond_the_format_are_cut_and_not_taken_for_lost(tmp_path):
    """40 mV do not fit into 16 bits at 1000 steps a millivolt."""
    _, _, data = signal_files.write_signals(alone([40.0, -40.0]), tmp_path, "page")
    assert np.frombuffer(data.read_bytes(), "<i2").tolist() == [32767, -32767]


def test_a_record_needs_a_name_that_programs_can_read(three_leads, tmp_path):
    """No blanks, no folders."""
    with pytest.raises(ValueError, match="a WFDB record's name is letters, digits, _ and -, not 'my page'"):
        signal_files.write_signals(three_leads, tmp_path, "my page")


def test_segments_are_records_without_gaps(normal_page, tmp_path):
    """Called by their beginning and their first and last lead; their comments say where on the page they stand."""
    wfdb = pytest.importorskip("wfdb")
    signals = Reader("page", signals=True).read(normal_page).signals
    paths = signal_files.write_signals(signals, tmp_path, "page", ["wfdb-segments"])
    names = [path.stem for path in paths if path.suffix == ".hea"]
    assert names == [
        "page_0ms_I-III", "page_0ms_rhythm", "page_2500ms_aVR-aVF", "page_5000ms_V1-V3", "page_7500ms_V4-V6",
    ]  # fmt: skip
    for name in names:
        record = wfdb.rdrecord(str(tmp_path / name))
        assert np.isfinite(record.p_signal).all() and record.adc_gain[0] == wfdb_record.GAIN_PER_MV
    assert record.sig_name == ["V4", "V5", "V6"]
    assert record.comments[1] == "The first sample is at 7.500 s of the page."
    np.testing.assert_allclose(record.p_signal[:, 1], signals.lead("V5"), atol=6e-4)


def test_every_format_has_a_writer_and_files_of_its_own(three_leads, tmp_path):
    """Those of the command line; by default the table and the record of the whole page."""
    assert tuple(signal_files.WRITERS) == SIGNAL_FORMATS
    paths = signal_files.write_signals(three_leads, tmp_path, "page", SIGNAL_FORMATS)
    assert len(set(paths)) == len(paths) and set(paths) == set(tmp_path.iterdir())
    default = signal_files.write_signals(three_leads, tmp_path / "default", "page")
    assert [path.name for path in default] == ["page.csv", "page.hea", "page.dat"]
    assert DEFAULT_FORMATS == ("csv", "wfdb")
