import csv

import numpy as np
import pytest

from ecg_edge.output import signal_files
from ecg_edge.trace.tracing import Traces


def traces_of(pieces, starts):
    """`Traces` of the signals alone."""
    return Traces(pieces, starts, {}, {}, {}, float("nan"), float("nan"))


@pytest.fixture
def two_leads():
    """A lead of half a second, and one that begins a second later with a gap."""
    time = np.arange(250) / 500
    late = np.sin(7 * time)
    late[40:60] = np.nan
    return traces_of({"I": np.cos(5 * time).astype(np.float32), "V1": late.astype(np.float32)}, {"I": 0.0, "V1": 1.0})


def test_leads_stand_on_the_clock_of_the_page(two_leads):
    """A lead that begins later has nothing before."""
    names, table = signal_files.together(two_leads)
    assert names == ("I", "V1")
    assert table.shape == (750, 2)
    assert np.isnan(table[:500, 1]).all()
    assert np.isnan(table[250:, 0]).all()
    np.testing.assert_array_equal(table[500:, 1], two_leads.signals["V1"])


def test_csv_has_a_time_and_a_column_for_each_lead(two_leads, tmp_path):
    """Millivolts with four decimals; what is lost is empty."""
    path, *_ = signal_files.write_signals(two_leads, tmp_path / "made", "page")
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["time_s", "I_mV", "V1_mV"]
    assert rows[1][0] == "0.002"
    assert [row[2] for row in rows[540:542]] == ["", ""]
    assert float(rows[30][1]) == pytest.approx(two_leads.signals["I"][30], abs=5e-5)


def test_wfdb_reads_back_what_was_written(two_leads, tmp_path):
    """By the package of that name: units, rate, names, samples, checksums; NaN where a lead is lost."""
    wfdb = pytest.importorskip("wfdb")
    signal_files.write_signals(two_leads, tmp_path, "page-1")
    record = wfdb.rdrecord(str(tmp_path / "page-1"))
    assert (record.fs, record.sig_name, record.units) == (500, ["I", "V1"], ["mV", "mV"])
    _, table = signal_files.together(two_leads)
    np.testing.assert_allclose(record.p_signal, table, atol=0.5 / signal_files.GAIN_PER_MV + 1e-6, equal_nan=True)
    raw = wfdb.rdrecord(str(tmp_path / "page-1"), physical=False)
    assert [value % 65536 for value in raw.checksum] == raw.calc_checksum()


def test_wfdb_files_hold_what_their_format_says(two_leads, tmp_path):
    """Read by hand: 16-bit little-endian samples in turn, -32768 where a lead is lost."""
    _, header, data = signal_files.write_signals(two_leads, tmp_path, "page")
    first, *leads = header.read_text().splitlines()
    assert first == "page 2 500 750"
    assert leads[0].split()[:3] == ["page.dat", "16", "1000(0)/mV"]
    samples = np.frombuffer(data.read_bytes(), "<i2").reshape(-1, 2)
    assert samples[540, 1] == signal_files.LOST
    assert samples[0, 0] == 1000


def test_values_beyond_the_format_are_cut_and_not_taken_for_lost(tmp_path):
    """40 mV do not fit into 16 bits at 1000 steps a millivolt."""
    traces = traces_of({"I": np.array([40.0, -40.0], np.float32)}, {"I": 0.0})
    _, _, data = signal_files.write_signals(traces, tmp_path, "page")
    assert np.frombuffer(data.read_bytes(), "<i2").tolist() == [32767, -32767]


def test_a_record_needs_a_name_that_programs_can_read(two_leads, tmp_path):
    """No blanks, no folders."""
    with pytest.raises(ValueError, match="a WFDB record's name is letters, digits, _ and -, not 'my page'"):
        signal_files.write_signals(two_leads, tmp_path, "my page")
