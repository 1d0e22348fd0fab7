"""Digital ECGs: WFDB records and tables as other programs write them, and what is said of those that cannot be read."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge.errors import PictureError, Reason
from ecg_edge.files.csv_recordings import read_csv
from ecg_edge.files.recordings import Columns, lead_of, recording_of
from ecg_edge.files.times import from_dicom, given_recording_time, recording_time, to_dicom
from ecg_edge.files.wfdb_recordings import FORMATS, read_wfdb
from ecg_edge.image import open_file
from ecg_edge.layout import LEADS_12
from ecg_edge.simulator.heart import simulate

BITS = {"16": 16, "24": 24, "32": 32, "61": 16, "80": 8, "160": 16, "212": 12}


@pytest.fixture(scope="module")
def heart():
    """(5000, 12) mV at 500 Hz."""
    return np.round(simulate("normal", seconds=10.0, rate_hz=500, seed=1).T.astype(float), 3)


@pytest.fixture
def record(tmp_path, heart):
    """Writes a WFDB record with the package wfdb, as others do; the path of its header."""
    wfdb = pytest.importorskip("wfdb")

    def write(mv=heart, fs=500, names=LEADS_12, form="16", units="mV", gain=1000.0, baseline=0, **more):
        count = mv.shape[1]
        wfdb.wrsamp("record", fs, [units] * count, list(names), mv, fmt=[form] * count, adc_gain=[gain] * count,
                    baseline=[baseline] * count, write_dir=str(tmp_path), **more)  # fmt: skip
        return str(tmp_path / "record.hea")

    return write


def table(mv, names=LEADS_12, time=True, rate_hz=500.0, separator=","):
    """The bytes of a CSV file."""
    head, rows = [*names], mv.tolist()
    if time:
        head, rows = ["time_s", *names], [[number / rate_hz, *row] for number, row in enumerate(rows)]
    lines = [separator.join("" if cell != cell else f"{cell:.7g}" for cell in row) for row in rows]
    return "\n".join([separator.join(head), *lines, ""]).encode()


def reason_of(data, rate_hz=None):
    """Why a table's bytes are not read."""
    with pytest.raises(PictureError) as found:
        recording_of(read_csv(data, rate_hz))
    return found.value.reason, str(found.value)


def columns_of(path, rate_hz=None):
    with open(path, "rb") as file:
        return read_wfdb(path, file.read(), rate_hz)


# WFDB


@pytest.mark.parametrize("form", FORMATS)
def test_records_of_every_format_are_read_as_wfdb_reads_them(record, heart, form):
    """To the sample, gaps too; written by the package wfdb where it writes the format, else by hand."""
    wfdb = pytest.importorskip("wfdb")
    gain = 2.0 ** (BITS[form] - 4)
    mv = heart.clip(-3, 3)
    mv[100:120, 3] = np.nan
    path = record(mv, form="16" if form in ("61", "160") else form, gain=gain)
    if form in ("61", "160"):
        header, samples = Path(path), Path(path[:-3] + "dat")
        values = np.frombuffer(samples.read_bytes(), "<i2")
        samples.write_bytes(
            (values.astype(">i2") if form == "61" else (values.astype(int) + 2**15).astype("<u2")).tobytes()
        )
        header.write_text(header.read_text().replace("record.dat 16 ", f"record.dat {form} "))
    theirs = wfdb.rdrecord(path[:-4])
    ours = columns_of(path)
    assert (ours.names, ours.rate_hz, ours.seconds) == (tuple(theirs.sig_name), 500, 10.0)
    np.testing.assert_allclose(ours.mv, theirs.p_signal, atol=1e-12)
    assert np.isnan(ours.mv[100:120, 3]).all() and np.isnan(ours.mv).sum() == 20


def test_units_gains_and_baselines_are_applied(record, heart):
    """Microvolts and volts become millivolts; a baseline is taken off."""
    for units, factor in (("uV", 1000.0), ("V", 0.001), ("mV", 1.0)):
        path = record(heart * factor, units=units, gain=1000.0 / factor, baseline=50)
        np.testing.assert_allclose(columns_of(path).mv, heart, atol=1e-9)


def test_only_the_beginning_of_a_long_record_is_read(record, heart):
    """However long it is; how long, is known."""
    path = record(np.tile(heart, (30, 1)))
    columns = columns_of(path)
    assert columns.seconds == 300.0 and len(columns.data) < 130_000
    np.testing.assert_allclose(columns.mv, heart, atol=1e-9)
    assert recording_of(columns).note == "The recording lasts 300 s; its first 10 s were read."


def test_the_time_of_a_record_is_read_from_its_header(record):
    """A date and a time of no zone; nothing where there is no date."""
    import datetime

    path = record(base_datetime=datetime.datetime(2019, 5, 3, 10, 20, 30))
    assert columns_of(path).recorded_at == "2019-05-03T10:20:30"
    assert columns_of(record()).recorded_at is None


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        (lambda text: text.replace(" 16 ", " 310 "), Reason.UNSUPPORTED, "format 310 are not read: write"),
        (lambda text: text.replace("record.dat", "../record.dat"), Reason.NOT_FOUND, "'../record.dat', which is no file"),
        (lambda text: text.replace("record.dat", "other.dat"), Reason.NOT_FOUND, "other.dat belongs beside its header"),
        (lambda text: text.replace("record 12 500 5000", "record/3 12 500 5000"), Reason.UNSUPPORTED, "several segments"),
        (lambda text: text.replace("record 12 500 5000", "record 12 500 9000"), Reason.TRUNCATED, ""),
        (lambda text: text.replace("record 12 500", "record 12 50"), Reason.BAD_SCALE, "rate is 50 a second"),
        (lambda text: text.replace("record 12 500 5000", "record 12"), Reason.BAD_SCALE, "--fs"),
        (lambda text: text.replace("record 12", "record 40"), Reason.TRUNCATED, "names 40 signals and describes 12"),
        (lambda text: text.replace(" 1000.0(0)/mV", " 0(0)/mV"), Reason.BAD_SCALE, "gain of I"),
        (lambda text: text.replace(" 16 1000.0", " 16x2 1000.0", 1), Reason.UNSUPPORTED, "rate or a beginning of its own"),
        (lambda text: "Dear colleague", Reason.NOT_A_PICTURE, "first line is no record"),
        (lambda text: "", Reason.NOT_A_PICTURE, "first line is no record"),
    ],
)  # fmt: skip
def test_broken_records_say_what_is_wrong(record, change, reason, words):
    """Each its own reason."""
    path = record()
    text = Path(path).read_text()
    if "9000" in change(text):  # only where the ten seconds that are read are not there
        with open(path[:-3] + "dat", "r+b") as file:
            file.truncate(50_000)
    Path(path).write_text(change(text))
    assert change(text) != text
    with pytest.raises(PictureError) as found:
        columns_of(path)
    assert found.value.reason is reason and words in str(found.value)


def test_a_record_is_opened_by_its_path_alone(record):
    """Its header's bytes do not have its samples; the name of these is as good."""
    path = record()
    with pytest.raises(PictureError, match="give the path of its header") as found, open(path, "rb") as file:
        open_file(file)
    assert found.value.reason is Reason.UNSUPPORTED
    with pytest.raises(PictureError, match="give the path of its header"), open(path, "rb") as file:
        open_file(file.read())  # known by its bytes, as from standard input
    by_header, by_samples = open_file(path), open_file(path[:-3] + "dat")
    assert by_header.sha256 == by_samples.sha256 and by_samples.source.endswith(".dat")


@settings(max_examples=60)
@given(st.binary(max_size=200), st.integers(0, 700))
def test_any_header_gives_columns_or_a_reason(tmp_path_factory, noise, place):
    """Bytes that were changed: no other error."""
    folder = tmp_path_factory.mktemp("record")
    lines = [f"record.dat 16 1000(0)/mV 16 0 0 0 0 {name}" for name in LEADS_12]
    header = "\n".join(["record 12 500 5000", *lines]).encode()
    (folder / "record.dat").write_bytes(bytes(2 * 12 * 5000))
    header = header[:place] + noise + header[place + len(noise) :]
    try:
        columns = read_wfdb(str(folder / "record.hea"), header)
    except PictureError as error:
        assert str(error).endswith(".")
    else:
        assert columns.mv.shape[1] == len(columns.names)


# Tables


@pytest.mark.parametrize(
    "write",
    [
        lambda mv: table(mv),
        lambda mv: table(mv, separator=";"),
        lambda mv: table(mv, separator="\t"),
        lambda mv: table(mv, [f"{name}_mV" for name in LEADS_12]),
        lambda mv: table(1000 * mv, [f"{name} (uV)" for name in LEADS_12]),
        lambda mv: table(1000 * mv, [f"{name}_\u00b5V" for name in LEADS_12]),
        lambda mv: table(mv, [f"Lead {name.upper()}" for name in LEADS_12]),
        lambda mv: b"# made by a cart\n" + table(mv),
        lambda mv: table(mv).replace(b"\n", b"\r\n"),
        lambda mv: b"\xef\xbb\xbf" + table(mv),
        lambda mv: table(mv[:, ::-1], LEADS_12[::-1]),
        lambda mv: table(mv, separator=";").replace(b".", b","),
    ],
)
def test_tables_are_read_however_they_are_written(heart, write):
    """Separators, units, names, order, comments, line ends, decimal commas."""
    recording = recording_of(read_csv(write(heart)))
    assert set(recording.leads) == set(LEADS_12) and recording.note is None
    for name, mv in zip(LEADS_12, heart.T, strict=True):
        np.testing.assert_allclose(recording.leads[name], mv, atol=2e-6)


def test_a_table_without_times_needs_a_rate(heart):
    """From the caller; the table's own times go before it."""
    data = table(heart, time=False)
    assert reason_of(data) == (
        Reason.BAD_SCALE,
        "The sampling rate is not said: give it with --fs (samples a second), or a column of times.",
    )
    assert len(recording_of(read_csv(data, 500)).leads["I"]) == 5000
    assert read_csv(table(heart), 250).rate_hz == 500


@pytest.mark.parametrize(
    ("names", "factor", "rate_hz"),
    [("time_ms", 1000, 250.0), ("t", 1, 257.0), ("Time [s]", 1, 1000.0), ("time", 1, 128.0), ("time_us", 1e6, 360.0)],
)
def test_rates_are_read_from_the_times(names, factor, rate_hz):
    """Rounded to what they are written with."""
    rows = [f"{number / rate_hz * factor:.4f},{np.sin(number)}" for number in range(int(6 * rate_hz))]
    columns = read_csv("\n".join([f"{names},II", *rows]).encode())
    assert columns.rate_hz == pytest.approx(rate_hz, rel=1e-6)


@pytest.mark.parametrize(
    ("data", "reason", "words"),
    [
        (b"a,b\n1,2\n", Reason.BAD_LAYOUT, "first line names no lead"),
        (b"", Reason.BAD_LAYOUT, "first line names no lead"),
        (b"I,II,II\n" + b"1,2,3\n" * 3000, Reason.BAD_LAYOUT, "Two signals are called II"),
        (
            b"I,II\n1,x\n",
            Reason.NOT_A_PICTURE,
            "'x' in line 2, column 2 (II) of the table is no number: correct or empty it.",
        ),
        (
            b"# made by hand\n\nI,,II\n1,1,2\n\n1,x,3\n",
            Reason.NOT_A_PICTURE,
            "'x' in line 6, column 2 (without a name)",
        ),
        (b"I,II\n1,2\n1\n", Reason.NOT_A_PICTURE, "Line 3 of the table has 1 cells, the line of its names 2"),
        (b"I,II\n1,2\n1,2,3\n", Reason.NOT_A_PICTURE, "Line 3 of the table has 3 cells, the line of its names 2"),
        (b"time_s,II\n0,1\n0.002,1\n0.1,1\n0.102,1\n", Reason.BAD_SCALE, "not evenly spaced: look at line 4 of"),
        (b"time_s,II\n0,1\n0,1\n0,1\n", Reason.BAD_SCALE, "do not go up row by row: look at line 3."),
        (b"time_s,II\n0,1\n\n0.1,1\n,1\n0.3,1\n", Reason.BAD_SCALE, "do not go up row by row: look at line 5."),
        (b"I,II\n" + b"1,1\n" * 3000, Reason.NOT_AN_ECG, "flat"),
        (b"I,II\n" + b",\n" * 3000, Reason.LEADS_LOST, "no sample"),
        (b"I,II\n" + b"1,2\n3,2\n" * 1000, Reason.TOO_SMALL, "lasts 4 s: give at least 5 s"),
        (b"I,II\n" + b"1,2\n3,2\n" * 1249, Reason.TOO_SMALL, "lasts 4.99 s: give at least 5 s"),
        (b"I,II\n" + b"0,900\n500,-30\n" * 2000, Reason.BAD_SCALE, "reach over 715 mV"),
        (b"I,II\n" + b"0,0.001\n0.0002,0\n" * 2000, Reason.BAD_SCALE, "say in which unit"),
    ],
)
def test_tables_that_are_no_ecg_say_why(data, reason, words):
    """Each its own reason, with where it is."""
    found = reason_of(data, 500)
    assert found[0] is reason and words in found[1]


@settings(max_examples=60)
@given(st.text(alphabet='I,V1;\t\n"0.5-e# timeaR\u00b5nan', max_size=120))
def test_any_text_gives_columns_or_a_reason(text):
    """No other error."""
    try:
        recording_of(read_csv(text.encode(), 500))
    except PictureError as error:
        assert str(error).endswith(".")


# What both become


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("I", ("I", "I", 1)),
        ("avr", ("aVR", "aVR", 1)),
        ("-aVR", ("aVR", "aVR", -1)),
        ("MLII", ("II", "II", 1)),
        ("Lead aVF, augmented voltage, foot", ("aVF", "aVF", 1)),
        ("ECG V1", ("V1", "V1", 1)),
        ("rhythm_II_mV", ("rhythm", "II", 1)),
        ("rhythm2 V1", ("rhythm2", "V1", 1)),
        ("rhythm_mV", ("rhythm", None, 1)),
        ("V10", None),
        ("vx", None),
        ("Resp", None),
        ("ventricular", None),
        ("", None),
    ],
)
def test_leads_are_known_by_the_names_that_files_give_them(name, found):
    """And nothing else is."""
    assert lead_of(name) == found


@pytest.mark.parametrize("rate_hz", [100, 250, 257, 360, 1000])
def test_other_rates_are_brought_to_500(rate_hz):
    """Band-limited: a wave of 10 Hz stays what it is, one above half of 500 goes; gaps stay gaps, to a sample of either."""
    at = np.arange(10 * rate_hz) / rate_hz
    wave = np.sin(2 * np.pi * 10 * at)
    above = np.sin(2 * np.pi * 350 * at) if rate_hz == 1000 else 0
    gap = np.where((at > 4) & (at < 5), np.nan, wave)
    recording = recording_of(Columns(np.stack([wave + above, gap / 2], 1), ("I", "II"), rate_hz, 10.0))
    mv, cut = recording.leads["I"], recording.leads["II"]
    assert len(mv) == 5000
    inner = slice(250, -250)
    np.testing.assert_allclose(mv[inner], np.sin(2 * np.pi * 10 * np.arange(5000) / 500)[inner], atol=0.02)
    assert abs(np.isnan(cut).sum() - 500) <= 2 * 500 / rate_hz + 2 and not np.isnan(mv).any()


def test_one_lead_under_two_names_is_refused(heart):
    """Strips may repeat a lead, and what is flat says nothing."""
    copied = heart.copy()
    copied[:, LEADS_12.index("V3")] = copied[:, LEADS_12.index("V2")]
    with pytest.raises(PictureError, match="V2 and V3 are the same samples") as error:
        recording_of(Columns(copied, LEADS_12, 500.0, 10.0))
    assert error.value.reason is Reason.BAD_LAYOUT
    copied[:, [LEADS_12.index("V2"), LEADS_12.index("V3")]] = 0.0
    with_strip = np.column_stack([copied, heart[:, 1]])
    assert "rhythm" in recording_of(Columns(with_strip, (*LEADS_12, "rhythm_II"), 500.0, 10.0)).leads


def test_a_lead_is_shown_from_its_first_to_its_last_sample(heart):
    """As on a page with columns; what is missing between is lost, and of a lead that is known for less than a column the rest."""
    mv = heart.copy()
    mv[:2500, 6] = np.nan
    mv[3000:3500, 1] = np.nan
    mv[200:, 2] = np.nan
    recording = recording_of(Columns(mv, LEADS_12, 500.0, 10.0))
    assert (len(recording.leads["V1"]), recording.start_s["V1"]) == (2500, 5.0)
    lost = recording.lost
    assert (lost["I"], lost["V1"], lost["II"], lost["III"]) == (0, 0, pytest.approx(0.1), pytest.approx(1 - 200 / 1250))


# Times


@pytest.mark.parametrize(
    ("text", "time", "dicom"),
    [
        ("2019", "2019", "2019"),
        ("2019-05", "2019-05", "201905"),
        (" 2019-05-03", "2019-05-03", "20190503"),
        ("2019-05-03T10:20:30", "2019-05-03T10:20:30", "20190503102030"),
        ("2019-05-03T10:20:30Z", "2019-05-03T10:20:30+00:00", "20190503102030+0000"),
        ("2019-05-03 10:20:30.500000-05:00", "2019-05-03T10:20:30.500000-05:00", "20190503102030.500000-0500"),
    ],
)
def test_times_of_recording_are_as_exact_as_they_are_known(text, time, dicom):
    """Also in DICOM, and back."""
    assert recording_time(text) == time and to_dicom(time) == dicom and from_dicom(dicom) == time


@pytest.mark.parametrize("text", ["", "yesterday", "2019-13", "2019-02-30", "03.05.2019", "19"])
def test_what_is_no_time_is_refused(text):
    """By its name."""
    with pytest.raises(ValueError, match="is no time of recording"):
        recording_time(text)
    assert from_dicom(text.replace("-", "")) is None


def test_a_time_that_lies_ahead_cannot_be_given():
    """As exact as it is given; today and this year can."""
    now = datetime.now(timezone.utc)
    for text in (str(now.year), f"{now:%Y-%m}", f"{now:%Y-%m-%d}", f"{now:%Y-%m-%dT%H:%M}"):
        assert given_recording_time(text).startswith(text)
    for text in (
        str(now.year + 1),
        f"{now.year + 1}-01",
        f"{now + timedelta(days=2):%Y-%m-%d}",
        "2999-01-01T00:00:00Z",
    ):
        with pytest.raises(ValueError, match="lies in the future by this machine's clock"):
            given_recording_time(text)


def test_a_rate_that_the_file_contradicts_is_not_used_and_said(heart):
    """In the note; the same rate needs none."""
    data = table(heart)
    assert open_file(data, rate_hz=500).note is None
    assert (
        open_file(data, rate_hz=250).note
        == "The file states 500 samples a second: the 250 that were given are not used."
    )


def test_of_a_long_table_no_more_is_kept_than_is_read(heart):
    """But how long it is, is known; what comes after is not looked at."""
    data = table(heart) + b"1,x\n" * 20_000
    columns = read_csv(data)
    assert columns.mv.shape == (5000, 12) and columns.seconds == 50.0
