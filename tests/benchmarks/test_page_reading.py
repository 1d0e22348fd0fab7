"""What the page model is asked, and by which of its models."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import page_reading
from ecg_edge.layout import LEADS_12, REPORT, RHYTHM
from ecg_edge.page.page import find_page
from ecg_edge.trace.lead_traces import trace_page
from train import dataset, splits

OPTIONS = SimpleNamespace(data=None, severity=2, limit=None)


def test_photographs_are_read_by_a_model_that_never_saw_the_page():
    """Each by the model of the fold that its page is tested in; the contradicted page by none."""
    if dataset.data_directory() is None:
        pytest.skip("needs the data")
    fold_of = {row.sha256: row.fold for row in splits.read_distinct()}
    found = page_reading.tasks("camera", OPTIONS)
    assert len(found) == 490
    assert all(fold == fold_of[name] for name, fold, _ in found)
    some = page_reading.tasks("camera", SimpleNamespace(**{**vars(OPTIONS), "limit": 20}))
    assert [name for name, *_ in some] == [name for name, *_ in found][:20]


def test_a_page_of_two_columns_is_redrawn_with_the_same_hearts():
    """What a 6x2+1 page shows of a lead in its first 2.5 s is read back from the 3x4+1 page that is drawn of it."""
    time_s = np.arange(5000) / 500
    waves = [(0.3 + 0.05 * i) * np.sin(2 * np.pi * (1 + 0.2 * i) * time_s[:2500]) for i in range(8)]
    one, two = waves[:2]
    limb = (one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2)  # or they would contradict each other
    leads = dict(zip(LEADS_12, (*limb, *waves[2:]), strict=True))
    strip = np.concatenate([leads["II"][:1250], 0.3 * np.sin(2 * np.pi * 3 * time_s[1250:])])
    picture = page_reading._as_report(leads | {RHYTHM: strip})
    assert picture.size == (REPORT.width_px, REPORT.height_px)
    page = find_page(picture)
    seen = trace_page(page.ink, page.arrangement).signals
    for name in ("I", "V2", "V6"):
        middle = slice(200, 1000)
        assert np.corrcoef(seen[name][middle], leads[name][middle])[0, 1] > 0.95, name
    assert np.corrcoef(seen[RHYTHM][1500:4800], strip[1500:4800])[0, 1] > 0.95


def test_refusals_are_counted_by_their_reason():
    """And no figure is made of them."""
    rows = [
        {"name": "a", "probabilities": [0.7, 0.1, 0.1, 0.1], "reason": None},
        {"name": "b", "probabilities": None, "reason": "blurred"},
        {"name": "c", "probabilities": None, "reason": "blurred"},
    ]
    found = page_reading._of_layouts(rows, "as_6x2")
    assert found["refused"] == {"blurred": 2} and found["pictures"] == 3
    assert found["verdicts"] == {"normal": 1, "abnormal": 0, "infarction": 0, "history": 0}
    assert found["mean probabilities"]["normal"] == 0.7


def test_a_page_and_its_photograph_are_held_against_each_other():
    """By verdict and by status; a photograph that is refused has neither in common."""
    sure, torn = [0.9, 0.1, 0, 0], [0.4, 0.6, 0, 0]
    rows = [
        {"name": f"{page}/{kind}", "status": status, "probabilities": said, "reason": reason}
        for page, said_of_file, photograph in (
            ("a", sure, ("read", sure, None)),
            ("b", sure, ("uncertain", torn, None)),
            ("c", sure, ("refused", None, "blurred")),
        )
        for kind, (status, said, reason) in (("page", ("read", said_of_file, None)), ("photograph", photograph))
    ]
    found = page_reading._of_pairs(rows, "same")
    assert (found["same verdict"]["pages"], found["same status"]["pages"], found["same status"]["of"]) == (1, 1, 3)
    assert [(change["page"], change["reason"]) for change in found["changes"]] == [("b", None), ("c", "blurred")]
    assert found["changes"][0]["verdict"] == ["normal", "abnormal"]


def test_both_pictures_of_a_page_are_read_by_the_model_that_ships():
    """As a file, then photographed, one after the other also where there is a limit."""
    if dataset.data_directory() is None:
        pytest.skip("needs the data")
    some = page_reading.tasks("same", SimpleNamespace(**{**vars(OPTIONS), "limit": 6}))
    names = [name.split("/") for name, *_ in some]
    assert [kind for _, kind in names] == ["page", "photograph"] * 3 and len({page for page, _ in names}) == 3
    assert {fold for _, fold, _ in some} == {None}


def test_an_area_has_an_interval_around_it():
    """Of a score that tells most apart."""
    random = np.random.default_rng(0)
    true = np.arange(200) % 2 == 1
    found = page_reading.area(true, true + random.normal(0, 0.7, 200))
    low, high = found["interval"]
    assert low < found["auroc"] < high < 1 and found["auroc"] > 0.75


def test_each_kind_keeps_the_environment_of_the_run_that_measured_it(tmp_path):
    """Of a file that held one for all kinds it is unknown; another model's or severity's figures are not kept."""
    path = tmp_path / "page.json"
    assert page_reading.kept_figures(path, "v", 2) == {}
    found = {"camera": {"pictures": 1}, "signals": {"environment": {"commit": "a"}, "pictures": 2}}
    path.write_text(json.dumps({"model": "v", "severity": 2, "environment": {"commit": "b"}, "found": found}))
    assert page_reading.kept_figures(path, "v", 2) == {
        "camera": {"environment": None, "pictures": 1},
        "signals": {"environment": {"commit": "a"}, "pictures": 2},
    }
    assert page_reading.kept_figures(path, "v", 1) == page_reading.kept_figures(path, "w", 2) == {}


def test_the_kept_figures_say_what_each_kind_was_measured_on():
    """Records were read again at a later commit than the rest."""
    kept = json.loads((Path(__file__).parents[2] / "benchmarks/results/page/page.json").read_text())
    commits = {what: figures["environment"]["commit"] for what, figures in kept["found"].items()}
    assert commits == {"camera": "7ddeaaa", "signals": "58c44be-dirty", "as_6x2": "7ddeaaa", "as_3x4": "7ddeaaa"}
