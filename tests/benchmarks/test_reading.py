"""The rules of the reading benchmark."""

import hashlib
import json
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks import not_ecg, outcomes, reading, reading_table
from ecg_edge.diagnostics.page_cost import peak_mib

SQUARE = np.array([(10.0, 20.0), (110.0, 20.0), (110.0, 80.0), (10.0, 80.0)])
PAGE_PX = (2213, 1572)


def row(status="read", **known):
    """A row as it is kept."""
    usual = {"status": status, "reason": None, "layout": "3x4+1", "expected": "3x4+1"}
    return usual | known


def options(tmp_path, **known):
    """What the command line gives."""
    usual = {
        "rerun": False,
        "jobs": 1,
        "model": "tiny",
        "split": "test",
        "limit": None,
        "seed": 0,
        "severity": None,
        "data": None,
    }
    return Namespace(**usual | known)


def test_wilson_is_what_the_tables_say():
    """0 of 10 and 10 of 10 are no certainty; nothing says nothing."""
    assert reading_table.wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-3)
    assert reading_table.wilson(10, 10) == pytest.approx((0.7225, 1), abs=1e-3)
    assert reading_table.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-3)
    assert reading_table.wilson(0, 0) == (0, 1)


@given(st.lists(st.booleans(), min_size=1))
def test_a_share_lies_within_its_interval(flags):
    """And the interval within 0 and 1."""
    found = reading_table.share(flags)
    low, high = found["interval"]
    assert 0 <= low <= found["share"] + 1e-12 and found["share"] - 1e-12 <= high <= 1


def test_a_median_leaves_out_what_was_not_measured():
    """None and NaN are no zeros; of nothing there is no median."""
    found = reading_table.median([3.0, None, 1.0, float("nan"), 2.0])
    assert (found["median"], found["count"]) == (2.0, 3)
    assert found["interval"][0] >= 1 and found["interval"][1] <= 3
    assert reading_table.median([None])["median"] is None


@pytest.mark.parametrize("turn", range(4))
def test_corners_may_begin_anywhere_and_go_either_way_round(turn):
    """Which way up the page is, is another figure."""
    assert outcomes.corner_error_px(SQUARE, np.roll(SQUARE, turn, axis=0)) == 0
    assert outcomes.corner_error_px(SQUARE, np.roll(SQUARE[::-1], turn, axis=0) + (3, 4)) == pytest.approx(5)
    assert outcomes.corner_error_px(SQUARE, None) is None


@given(st.floats(-3, 3), st.floats(0.1, 5), st.floats(-900, 900), st.floats(-900, 900))
def test_shift_turn_and_scale_are_no_unevenness(turn, scale, right, down):
    """Only what they do not explain is left."""
    points = np.random.default_rng(1).uniform(0, 100, (30, 2))
    spin = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))])
    assert outcomes.similarity_residual(points, scale * points @ spin.T + (right, down)) < 1e-6


def test_a_page_stretched_across_is_not_flat():
    """By one part in a hundred: half of it at the edges, root mean square by calculation."""
    points = np.stack(np.meshgrid(np.linspace(-1, 1, 21), np.linspace(-1, 1, 21)), -1).reshape(-1, 2)
    rms = outcomes.similarity_residual(points, points * (1.01, 1))
    assert rms == pytest.approx(0.005 * np.sqrt(2 * np.mean(np.linspace(-1, 1, 21) ** 2)), rel=0.02)


def fake_reading(to_picture, size):
    """(result, stages) of a page that lies in its picture as `to_picture` says."""
    result = SimpleNamespace(page={"width": size[0], "height": size[1]})
    return result, SimpleNamespace(page=SimpleNamespace(to_picture=to_picture))


def test_a_page_flattened_as_it_was_photographed_has_no_error():
    """Whatever its scale and the quarter by which it is turned."""

    def warp(points):
        x, y = np.asarray(points, float).T
        return np.stack([100 + x - 0.05 * y, 50 + 0.9 * y + 0.02 * x], 1)

    def lying(points):
        x, y = np.asarray(points, float).T
        return warp(np.stack([y * 2, (PAGE_PX[1] - 1) - x * 2], 1))

    result, stages = fake_reading(lying, (PAGE_PX[1] // 2, PAGE_PX[0] // 2))
    assert outcomes.flatness_mm(PAGE_PX, warp, result, stages) < 1e-6


def test_a_bump_that_was_not_flattened_is_measured_in_millimetres():
    """A wave of 8 px, 1 mm, in one direction has 0.7 mm root mean square, less what a line explains."""

    def warp(points):
        x, y = np.asarray(points, float).T
        return np.stack([x, y + 8 * np.sin(x / 60)], 1)

    result, stages = fake_reading(lambda points: np.asarray(points, float), PAGE_PX)
    assert 0.5 < outcomes.flatness_mm(PAGE_PX, warp, result, stages) < 0.85


def test_flatness_of_what_was_not_read_is_unknown():
    """No stages, or no page in the result."""
    assert outcomes.flatness_mm(PAGE_PX, None, SimpleNamespace(page=None), None) is None
    assert outcomes.flatness_mm(PAGE_PX, None, *fake_reading(None, PAGE_PX)) is None


def test_a_layout_that_a_model_cannot_read_is_no_false_refusal_if_it_was_recognised():
    """cnn and crnn read 3x4+1 alone; the model of all layouts has no such excuse."""
    known = row("refused", reason="bad_layout", layout="6x2", expected="6x2")
    assert reading_table.is_understood(known, "crnn") and not reading_table.is_understood(known, "page")
    assert not reading_table.is_understood(known | {"layout": "3x4"}, "crnn")
    assert not reading_table.is_understood(row("refused", reason="bad_layout"), "crnn")
    assert reading_table.is_understood(row("uncertain"), "page")


def test_agreement_is_counted_among_pictures_that_were_read():
    """Refusals are shown beside it; corner errors count where the sheet lay in the picture."""
    photo = {"severity": 2, "flat_mm": 0.1, "picture_px_per_mm": 8.0, "corner_px": 4.0, "clean_verdict": "normal"}
    rows = [
        row(verdict="normal", parameters={"framing": "lying"}, **photo),
        row("uncertain", verdict="abnormal", parameters={"framing": "filling"}, **photo),
        row("refused", verdict=None, parameters={"framing": "lying"}, **photo | {"corner_px": None}),
    ]
    found = reading_table.figures({"camera": rows}, "crnn")
    assert (found["severity 2, read"]["hits"], found["severity 2, read"]["count"]) == (2, 3)
    agreed = found["severity 2, verdict as on the clean page"]
    assert (agreed["hits"], agreed["count"]) == (1, 2)
    assert found["severity 2, corner error in mm"]["median"] == 0.5
    assert found["severity 2, corner error in mm"]["count"] == 1


def test_pictures_that_are_no_ecg_are_counted_apart_and_named_where_they_were_read():
    """A failure to open is a refusal too."""
    rows = [
        row("refused", origin="real", kind="photograph", name="cat", reason="no_page"),
        row("failed", origin="real", kind="icon", name="star", reason="truncated"),
        row("read", origin="drawn", kind="eeg", name="eeg 1"),
    ]
    found = reading_table.figures({"others": rows}, "crnn")
    assert found["no ECG, real, refused"]["share"] == 1
    assert found["no ECG, drawn, refused"]["share"] == 0
    assert reading_table.passed(rows) == [("drawn", "eeg", "eeg 1")]
    assert reading_table.reasons(rows) == {"no_page": 1, "truncated": 1}


def collected(monkeypatch, path, tasks, code="a", **known):
    """(rows, names of what was measured) of a collection whose measuring is a stub."""
    done = []

    def measure(task, reader, split):
        done.append(task.name)
        return {"status": "read"}

    monkeypatch.setattr(outcomes, "measure", measure)
    monkeypatch.setattr(reading, "_reader", lambda model: None)
    return reading.collect(tasks, path, code, options(None, **known)), done


def test_a_run_goes_on_where_it_stopped(monkeypatch, tmp_path):
    """Also after a line that was cut off; --rerun measures all again."""
    path, tasks = tmp_path / "runs" / "pages.jsonl", [reading.Task("pages", name) for name in "abc"]
    _, done = collected(monkeypatch, path, tasks[:2])
    assert done == ["a", "b"]
    with open(path, "a") as file:
        file.write('{"key": "pages/c/0/0", "co')
    with open(path, "a") as file:
        file.write("\n")
    rows, done = collected(monkeypatch, path, tasks)
    assert done == ["c"] and list(rows) == [task.key for task in tasks]
    assert collected(monkeypatch, path, tasks)[1] == []
    assert collected(monkeypatch, path, tasks, rerun=True)[1] == ["a", "b", "c"]


def test_what_other_code_measured_is_measured_again(monkeypatch, tmp_path):
    """Figures of two versions are never mixed."""
    path, tasks = tmp_path / "pages.jsonl", [reading.Task("pages", "a")]
    collected(monkeypatch, path, tasks, code="old")
    rows, done = collected(monkeypatch, path, tasks, code="new")
    assert done == ["a"] and rows[tasks[0].key]["code"] == "new"


def test_the_code_is_the_device_s_and_the_model_s():
    """The same twice; another model is another code."""
    assert reading.code_of("crnn") == reading.code_of("crnn") != reading.code_of("cnn")


def test_everything_that_reads_a_page_is_part_of_the_code(few_pages, tmp_path):
    """In a process that reads with the page model and with cnn, a report and one that is laid flat first, no module of `ecg_edge` but packages'
    `__init__` is left out of the digest."""
    with Image.open(few_pages[0].path) as page:
        page.resize((page.width * 3 // 4, page.height * 3 // 4)).save(tmp_path / "smaller.png")
    script = """
import json, sys
from ecg_edge import Reader
statuses = [Reader(model).read(path).status for model in ("page", "cnn") for path in sys.argv[1:]]
files = [module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == "ecg_edge" and module.__file__]
print(json.dumps([statuses, files]))
"""
    command = [sys.executable, "-c", script, str(few_pages[0].path), str(tmp_path / "smaller.png")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    statuses, files = json.loads(done.stdout.splitlines()[-1])
    assert set(statuses) <= {"read", "uncertain"} and len(files) > 20
    modules = {path for path in map(Path, files) if path.name != "__init__.py"}
    assert {path.resolve() for path in modules} - set(reading.code_files()) == set()


def test_splits_and_limits_are_matters_of_names(monkeypatch, tmp_path):
    """No page is in both splits; a limit takes the same pages whatever their order, and as many of every severity."""
    from train import dataset

    pages = [
        dataset.PageFile(tmp_path / f"{i}.jpg", hashlib.sha256(bytes([i])).hexdigest(), "normal", "3x4+1", "g", ())
        for i in range(60)
    ]
    for order in (pages, pages[::-1]):
        monkeypatch.setattr(dataset, "read_pages", lambda folder, extra, order=order: order)
        tune, test = (
            reading.tasks_of("camera", options(None, split=split, severity=[1, 3])) for split in ("tune", "test")
        )
        assert {task.file for task in tune} & {task.file for task in test} == set()
        assert len({task.seed for task in tune + test}) == len(tune + test) == 120
        few = reading.tasks_of("camera", options(None, severity=[1, 3], limit=4))
        assert [task.severity for task in few] == [1] * 4 + [3] * 4
        assert few[:4] == test[:4]
    again = reading.tasks_of("camera", options(None, severity=[1, 3], limit=4, seed=1))
    assert [task.name for task in again] == [task.name for task in few]
    assert {task.seed for task in again} & {task.seed for task in few} == set()


def test_a_record_on_paper_is_scored_against_what_was_drawn_of_it(monkeypatch):
    """A report page shows 2.5 s of each lead, one column after the other, and ten of the rhythm strip."""
    import benchmarks
    from ecg_edge.layout import LEADS_12
    from ecg_edge.simulator.heart import simulate
    from train import records

    signals, given = simulate("normal", seed=3), {}

    def score(truth, read):
        given.update(truth=truth, read=read)
        return {"snr_db": 21.0, "rmse_mv": 0.01}

    def inspect(source, trace=False):
        result = SimpleNamespace(page=None, status="read", reason=None, verdict="normal", confidence=0.9, timing_ms={})
        return result, SimpleNamespace(picture=source, traces=SimpleNamespace(signals="traced", lost={}))

    monkeypatch.setattr(benchmarks, "digitisation", SimpleNamespace(score=score), raising=False)
    monkeypatch.setattr(records, "read_records", lambda folds: [SimpleNamespace(ecg_id=776)])
    monkeypatch.setattr(records, "signals", lambda record: signals)
    reader = SimpleNamespace(inspect=inspect, card=SimpleNamespace(path=SimpleNamespace(stem="crnn")))
    seen = outcomes.measure(reading.Task("signals", "report-776", "report"), reader, "test")
    assert seen["scores"]["snr_db"] == 21 and given["read"] == "traced"
    for name, start in (("I", 0), ("aVL", 1250), ("V1", 2500), ("V6", 3750)):
        assert np.array_equal(given["truth"][name], signals[LEADS_12.index(name)][start : start + 1250])
    assert np.array_equal(given["truth"]["rhythm"], signals[1])
    found = reading_table.figures({"signals": [{"severity": 0, **seen}]}, "crnn")
    assert found["SNR on clean pages, report"]["median"] == 21


def test_the_command_writes_rows_a_table_and_figures(monkeypatch, tmp_path, tiny_reader, capsys):
    """Two pictures that are no ECG, one of them read by mistake of a stub, are told apart in the table."""
    from benchmarks.__main__ import main

    monkeypatch.setattr(reading, "_reader", lambda model: tiny_reader)
    monkeypatch.setattr(reading, "code_of", lambda model: "c0de")
    monkeypatch.setattr(not_ecg, "SOURCES", ())
    monkeypatch.setattr(not_ecg, "DRAWN", {"texture": not_ecg.DRAWN["texture"]})
    outcomes._not_ecg_pictures.cache_clear()
    folders = ["--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "out")]
    assert main(["reading", "--what", "others", "--limit", "2", *folders]) == 0
    outcomes._not_ecg_pictures.cache_clear()
    lines = (tmp_path / "runs" / "others-test-crnn.jsonl").read_text().splitlines()
    assert [json.loads(line)["status"] for line in lines] == ["refused", "refused"]
    printed = capsys.readouterr().out
    assert "| no ECG, drawn, refused | 100.0% | 34.2% to 100.0% | 2 | ≥ 99 % |" in printed
    assert "Read all the same: none." in printed
    about = json.loads((tmp_path / "out" / "reading.json").read_text())["about"]
    assert about["split"] == "test" and about["environment"]["cores"]


def test_memory_is_of_the_program_and_not_of_its_parent():
    """A fresh process that does nothing holds less than one that has NumPy and TensorFlow in it."""
    code = "from ecg_edge.diagnostics.page_cost import peak_mib; print(peak_mib())"
    ballast = np.ones(40_000_000)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 2 < float(done.stdout) < 150 < peak_mib()
    assert ballast.size


def test_a_lead_that_is_wrong_and_not_declared_lost_is_counted():
    """Of the pages that are read; rows that do not say, and refused ones, are none."""
    rows = [
        row(leads_db={"I": 15.0, "II": 2.9}),
        row("uncertain", leads_db={"I": 9.0, "II": None}),
        row(leads_db={"I": 3.0}),
        row("refused", leads_db={"I": 0.0}),
        row(leads_db=None),
        row(),
    ]
    rows = [entry | {"severity": 3, "style": "report", "scores": None} for entry in rows]
    found = reading_table.figures({"signals": rows}, "page")
    name = "photographs of severity 3, report"
    pages = found[f"{name}, pages with a lead below 3 dB that is not declared lost, of those read"]
    leads = found[f"{name}, leads below 3 dB that are not declared lost"]
    assert (pages["hits"], pages["count"], leads["hits"], leads["count"]) == (2, 3, 2, 5)
    assert found[f"{name}, SNR of a lead in dB against what was drawn"]["median"] == 6.0
    assert not any("3 dB" in key for key in reading_table.figures({"signals": rows[4:]}, "page"))


def test_leads_are_held_against_their_truth_unless_declared_lost():
    """Only those that were traced; a page without traces, or without truth, says nothing."""
    drawn = {name: np.sin(np.arange(1250) / 20 + i) for i, name in enumerate(("I", "II", "III"))}
    traces = SimpleNamespace(signals={"I": drawn["I"], "II": drawn["III"] ** 3}, lost={"I": 0.0, "II": 0.9})
    stages = SimpleNamespace(traces=traces)
    assert set(outcomes.leads_db(drawn, stages)) == {"I"} and outcomes.leads_db(drawn, stages)["I"] > 90
    assert outcomes.leads_db(None, stages) is None and outcomes.leads_db(drawn, None) is None
