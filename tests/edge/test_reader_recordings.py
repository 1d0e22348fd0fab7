"""`Reader` and `ecg-edge classify` with digital ECGs: the same heart as signals and on paper."""

import csv
import io
import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from ecg_edge import Reader
from ecg_edge.commands.cli import main
from ecg_edge.device.capture_service import CaptureService
from ecg_edge.errors import Reason
from ecg_edge.layout import LEADS_12
from ecg_edge.result import Result
from ecg_edge.simulator.heart import simulate
from ecg_edge.simulator.report_page import draw_report

CLOSE = {"rate_per_min": 0.5, "pr_ms": 20, "qrs_ms": 16, "qt_ms": 25, "axis_qrs_deg": 6}
"""How far measurements of a page may be from those of the signals that it was drawn from: two to three of their standard deviations."""


@pytest.fixture(scope="module")
def heart():
    """(12, 5000) mV at 500 Hz."""
    return simulate("normal", seconds=10.0, rate_hz=500, seed=1)


@pytest.fixture(scope="module")
def reader():
    return Reader("page", signals=True)


@pytest.fixture(scope="module")
def record(heart, tmp_path_factory):
    """The path of a WFDB header that the package wfdb wrote."""
    wfdb = pytest.importorskip("wfdb")
    folder = tmp_path_factory.mktemp("record")
    wfdb.wrsamp("heart", 500, ["mV"] * 12, list(LEADS_12), heart.T.astype(float), fmt=["16"] * 12, adc_gain=[1000.0] * 12, baseline=[0] * 12,
                write_dir=str(folder))  # fmt: skip
    return folder / "heart.hea"


def test_a_record_has_a_verdict_and_measurements_and_no_page(reader, record, validate):
    """What stands on paper alone is null."""
    result = reader.read(record)
    assert (result.status, result.verdict, result.page, result.message) == ("read", "normal", None, None)
    assert [(lead.name, lead.lead, lead.box, lead.state) for lead in result.leads] == [
        (name, name, None, "read") for name in LEADS_12
    ]
    assert result.measurements["rate_per_min"] and result.measurements["uncertainty"] is None
    assert result.quality["leads_lost"] == 0 and result.quality["limb_residual_mv"] < 0.01
    assert 0 < max(lead.weight for lead in result.leads) <= 1.0
    validate(json.loads(result.to_json()))
    assert ": normal " in result.to_text()


def test_a_page_that_is_drawn_from_a_record_measures_the_same(reader, record, heart):
    """Of one heart, as signals and on paper."""
    known = reader.read(record).measurements
    drawn = reader.read(draw_report(heart, 500, rhythm="II"))
    assert drawn.verdict == "normal"
    for name, close in CLOSE.items():
        assert abs(known[name] - drawn.measurements[name]) <= close, name


@pytest.mark.parametrize("form", ["csv", "wfdb", "dicom"])
def test_what_was_read_from_a_page_gives_the_same_result_again(reader, normal_page, tmp_path, form):
    """In each form that signals are written in: gaps stay gaps, the strip a strip."""
    if form == "dicom":
        pytest.importorskip("pydicom")
    page = reader.read(normal_page, recorded_at="2019-05-03")
    signals = page.signals
    path = {
        "csv": lambda: signals.to_csv(tmp_path, "page"),
        "wfdb": lambda: signals.to_wfdb(tmp_path, "page")[0],
        "dicom": lambda: signals.to_dicom(tmp_path, "page", page.recorded_at),
    }[form]()
    again = reader.read(path)
    assert (again.verdict, again.status) == (page.verdict, page.status)
    assert again.confidence == pytest.approx(page.confidence, abs=0.02)
    assert (again.signals.names, again.signals.leads) == (signals.names, signals.leads)
    np.testing.assert_allclose(again.signals.mv, signals.mv, atol=5.1e-4)
    assert np.array_equal(np.isnan(again.signals.mv), np.isnan(signals.mv))
    same = ("rate_per_min", "pr_ms", "qrs_ms", "qt_ms", "axis_qrs_deg")
    assert {name: again.measurements[name] for name in same} == {name: page.measurements[name] for name in same}
    assert again.recorded_at == ("2019-05-03" if form == "dicom" else None)


def test_other_models_need_a_picture(tiny_reader, record):
    """They see pictures of single leads."""
    result = tiny_reader.read(record)
    assert (result.status, result.reason) == ("failed", Reason.UNSUPPORTED)
    assert (
        result.message
        == "This is a digital ECG, and the model tiny reads pictures of leads alone: take the model page."
    )


def write_csv(path, columns, rate_hz=500.0):
    names = list(columns)
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["time_s", *names])
        for number, row in enumerate(np.stack(list(columns.values()), 1).tolist()):
            rows.writerow([number / rate_hz, *("" if cell != cell else f"{cell:.4f}" for cell in row)])
    return path


@pytest.mark.parametrize("names", [("II",), ("I", "II", "V5"), LEADS_12[:6]])
def test_few_leads_are_measured_and_have_no_verdict(reader, heart, tmp_path, validate, names):
    """Leads that are missing are named as those that are there."""
    path = write_csv(tmp_path / "few.csv", {name: heart[LEADS_12.index(name)] for name in names})
    result = reader.read(path)
    assert (result.status, result.reason, result.verdict) == ("refused", Reason.LEADS_MISSING, None)
    assert (
        result.message
        == f"The recording has only {', '.join(names)} of the twelve leads: use a recording with all of them."
    )
    assert (
        abs(result.measurements["rate_per_min"] - reader.read(all_csv(tmp_path, heart)).measurements["rate_per_min"])
        < 2
    )
    assert [lead.name for lead in result.leads] == list(names) and result.signals.names == names
    validate(json.loads(result.to_json()))


def all_csv(folder, heart):
    return write_csv(folder / "all.csv", dict(zip(LEADS_12, heart, strict=True)))


def test_leads_with_wrong_names_are_refused(reader, heart, tmp_path):
    """The limb leads say it: I + III is II."""
    columns = dict(zip(LEADS_12, heart, strict=True))
    columns["I"] = -10 * columns["I"]
    result = reader.read(write_csv(tmp_path / "wrong.csv", columns))
    assert (result.status, result.reason) == ("refused", Reason.LEADS_LOST)
    assert (
        "look whether each has its right name and sign" in result.message and result.quality["limb_residual_mv"] > 0.5
    )


@pytest.mark.parametrize("gain", [1.0, 0.2])
def test_limb_leads_that_bear_each_others_names_are_refused_however_small_they_are(reader, few_pages, tmp_path, gain):
    """Einthoven's law in their own size, not in millivolts: I and II of a page exchanged."""
    signals = reader.read(next(page.path for page in few_pages if page.label == "infarction")).signals
    exchanged = tuple({"I": "II", "II": "I"}.get(name, name) for name in signals.names)
    path = replace(signals, mv=gain * signals.mv, names=exchanged, leads=exchanged).to_csv(tmp_path, "exchanged")
    result = reader.read(path)
    assert (result.status, result.reason) == ("refused", Reason.BAD_LAYOUT)
    assert "right name and sign" in result.message
    right = reader.read(replace(signals, mv=gain * signals.mv).to_csv(tmp_path, "right"))
    assert right.reason is None


def test_leads_that_are_lost_are_said_to_be(reader, heart, tmp_path):
    """Up to four."""
    columns = dict(zip(LEADS_12, heart.copy(), strict=True))
    for number, name in enumerate(("V1", "V2", "V3", "V4", "V5"), 1):
        columns[name] = np.full(heart.shape[1], np.nan)
        if number in (4, 5):
            result = reader.read(write_csv(tmp_path / "lost.csv", columns))
            assert (result.status == "refused") == (number == 5) and result.quality["leads_lost"] == number


def test_a_long_recording_says_that_its_beginning_was_read(reader, tmp_path):
    """Ten seconds, as much as a page shows."""
    heart = simulate("normal", seconds=30.0, rate_hz=500, seed=1)
    result = reader.read(all_csv(tmp_path, heart))
    assert result.verdict and result.message.startswith("The recording lasts 30 s; its first 10 s were read.")
    assert len(result.signals.mv) == 5000


def test_the_command_line_reads_records_and_folders_of_them(record, heart, tmp_path, capsys):
    """The samples are answered for by their header; a table without times needs --fs, and other tables are no ECG."""
    folder = tmp_path / "records"
    folder.mkdir()
    for path in (record, record.with_suffix(".dat")):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "results.csv").write_text("source,status\na.jpg,read\n")
    lines = "\n".join([",".join(LEADS_12), *(",".join(f"{mv:.4f}" for mv in row) for row in heart.T.tolist()), ""])
    (folder / "plain.csv").write_text(lines)
    assert main(["classify", str(folder), "--json", "--fs", "500", "--recorded-at", "2019-05-03T10:00:00Z"]) == 0
    out, errors = capsys.readouterr()
    results = [json.loads(line) for line in out.splitlines()]
    assert [result["source"].rpartition("/")[2] for result in results] == ["heart.hea", "plain.csv"]
    assert {result["recorded_at"] for result in results} == {"2019-05-03T10:00:00+00:00"}
    assert errors.count("1 file is of no known kind") == 1
    assert main(["classify", str(folder / "plain.csv")]) == 1
    assert "give it with --fs" in capsys.readouterr().out
    assert main(["classify", str(record), "--recorded-at", "yesterday"]) == 2
    assert "'yesterday' is no time of recording" in capsys.readouterr().err


def test_overlays_of_records_are_left_out_and_signals_are_written(record, tmp_path, capsys):
    """There is nothing to draw over; as CSV a record is a table."""
    assert main(["classify", str(record), "--csv", "--overlay", str(tmp_path / "o"), "--signals", str(tmp_path / "s"), "--signals-format", "csv"]) == 0  # fmt: skip
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["verdict"] == "normal" and float(row["qrs_ms"]) > 60
    assert not (tmp_path / "o").exists()
    (table,) = (tmp_path / "s").iterdir()
    assert table.name.startswith("heart-") and table.read_text().startswith("time_s,I_mV,II_mV,III_mV")


def test_a_record_in_the_inbox_is_read_where_it_lies(record):
    """Its header alone would say nothing; no copy of a part of it is kept."""
    from ecg_edge.device.settings import read_settings

    outcome = CaptureService(read_settings(None))(str(record))
    assert outcome.result["verdict"] == "normal" and outcome.picture is None


def test_results_of_records_go_to_workers_and_back(record, reader):
    """As results of pages do."""
    (result,) = Reader("page").read_all([record], jobs=2, recorded_at="2019")
    assert result.verdict == "normal" and result.recorded_at == "2019"
    assert isinstance(result, Result) and asdict(result)["page"] is None
