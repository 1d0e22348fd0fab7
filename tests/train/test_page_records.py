"""Records of other hospitals: what their labels mean for the page model, who tests which of them, and how they are drawn and read back."""

from types import SimpleNamespace as Namespace

import numpy as np
import pytest

from ecg_edge.layout import LEADS_12, RHYTHM
from ecg_edge.simulator.heart import simulate
from train import page_drawn, page_findings, page_records, splits, tables
from train.page_findings import FINDINGS


def ptbxl(codes, classes):
    """A record of PTB-XL's with these codes {statement: likelihood} and superclasses."""
    return Namespace(codes=codes, superclasses=classes)


def flags(**known):
    """Flags of which all but these are unknown."""
    return tables.Flags(**{name: known.get(name) for name in tables.Flags.__dataclass_fields__})


def found(findings):
    """{finding: value} of what is known."""
    return {name: float(value) for name, value in zip(FINDINGS, findings, strict=True) if np.isfinite(value)}


@pytest.mark.parametrize(
    "codes, classes, expected",
    [
        ({"NORM": 100, "SR": 0}, ("NORM",), {"not_normal": 0, "infarction": 0, "fibrillation": 0}),
        ({"NORM": 80, "AFIB": 0}, ("NORM",), {"fibrillation": 1}),
        ({"IMI": 100, "LAFB": 100}, ("MI", "CD"), {"not_normal": 1, "infarction": 1, "conduction": 1}),
        ({"ASMI": 15}, ("MI",), {"infarction": page_findings.DOUBTFUL}),
        ({"PVC": 0}, (), {"ectopy": 1}),
        ({"AFIB": 0}, (), {"not_normal": 1, "fibrillation": 1}),
    ],
)
def test_ptbxl_says_all_findings(codes, classes, expected):
    """A normal ECG with fibrillation is neither normal nor its opposite; an unlikely infarction is not a whole one."""
    said = found(page_findings.of_ptbxl(ptbxl(codes, classes)))
    assert {name: said[name] for name in expected} == pytest.approx(expected)
    assert ("not_normal" in said) == ("not_normal" in expected or bool(classes and "NORM" not in classes))


def test_sources_say_what_they_know():
    """What is blank is no absence; no bundle branch block is not yet undisturbed conduction; LUDB calls too many hypertrophic."""
    assert found(page_findings.of_flags(flags(af=True, afl=None, lvh=True, lbbb=False, rbbb=False), "georgia")) == {
        "fibrillation": 1,
        "hypertrophy": 1,
    }
    assert found(page_findings.of_flags(flags(af=False, afl=None, pac=False, pvc=False), "georgia")) == {"ectopy": 0}
    assert found(page_findings.of_flags(flags(norm=True, mi=False, lvh=True), "ludb")) == {
        "not_normal": 0,
        "infarction": 0,
    }


def test_a_class_of_the_data_set_says_whether_it_is_normal_and_which_infarctions_were_seen():
    """Of an abnormal heartbeat nobody knows whether there was an infarction."""
    assert found(page_findings.of_class("normal")) == {"not_normal": 0, "infarction": 0}
    assert found(page_findings.of_class("history")) == {"not_normal": 1, "infarction": 1}
    assert found(page_findings.of_class("abnormal")) == {"not_normal": 1}


@pytest.mark.parametrize(
    "known, right",
    [
        ({"infarction": 1, "not_normal": 1}, [0, 0, 1, 1]),
        ({"not_normal": 0}, [1, 0, 0, 0]),
        ({"not_normal": 1}, [0, 1, 1, 1]),
        ({"fibrillation": 1}, [0, 1, 1, 1]),
        ({"ectopy": 1}, None),
    ],
)
def test_findings_leave_some_classes(known, right):
    """Which may be right; None where they say nothing of the pages' classes."""
    allowed = page_findings.allowed_of([known.get(name, np.nan) for name in FINDINGS])
    assert allowed is None if right is None else allowed.tolist() == [bool(one) for one in right]


def record(source="ptbxl", person="ptbxl/1", fold=1):
    """A drawn record without signals."""
    return page_drawn.Drawn(f"{source}/1", source, person, fold, np.full(len(FINDINGS), np.nan), lambda: None)


def test_of_ptbxl_folds_one_to_seven_train_and_no_fold_asks_about_them():
    """The eighth chooses and the ninth tests, by the model of a fold of pages."""
    for fold in range(1, 8):
        assert record(fold=fold).trains and record(fold=fold).tested is None
    for fold in (8, 9):
        assert not record(fold=fold).trains and record(fold=fold).tested in range(splits.FOLDS)


def test_people_of_other_sources_are_never_in_two_folds():
    """The same person is tested in the same fold whatever the source; people fall into all folds."""
    assert record("ptb_cinc", "patient001").tested == record("ptb_diagnostic", "patient001").tested
    people = [record("georgia", f"georgia/{i}", None).tested for i in range(60)]
    assert set(people) == set(range(splits.FOLDS)) and record("georgia", "georgia/1", None).trains


def test_a_record_is_drawn_read_back_and_kept(tmp_path, monkeypatch):
    """All leads as a 3x4+1 page shows them; what was refused is left out."""
    made = page_drawn.Drawn("a/1", "a", "a/1", None, np.full(len(FINDINGS), np.nan), lambda: simulate("normal", seed=3))
    monkeypatch.setattr(page_drawn, "every_record", lambda data=None: [made])
    monkeypatch.setattr(page_drawn, "_FOUND", [])
    (tmp_path / "report").mkdir()
    page_drawn._draw((None, 0, "report", tmp_path))
    signals = page_drawn.load(["a/1", "a/2"], "report", tmp_path)
    assert set(signals) == {"a/1"} and set(signals["a/1"]) == {*LEADS_12, RHYTHM}
    np.savez(page_drawn.path_of("a/2", "report", tmp_path))
    assert set(page_drawn.load(["a/1", "a/2"], "report", tmp_path)) == {"a/1"}
    assert set(page_drawn.windows(folder=tmp_path)) == {"a/1"}


def test_records_that_train_are_seen_as_signals_and_as_they_were_read(tmp_path, monkeypatch):
    """Five windows of the signals, and that of the page that was read back more often; those of a tested fold are left out, PTB-XL's never."""
    heart = simulate("normal", seed=3)
    findings = np.full(len(FINDINGS), np.nan)
    made = [
        page_drawn.Drawn("ptbxl/1", "ptbxl", "ptbxl/1", 1, findings, lambda: heart),
        page_drawn.Drawn("ptbxl/2", "ptbxl", "ptbxl/2", 9, findings, lambda: heart),
        page_drawn.Drawn("georgia/1", "georgia", "georgia/1", None, findings, lambda: heart),
    ]
    monkeypatch.setattr(page_drawn, "every_record", lambda data=None: made)
    (tmp_path / "report").mkdir()
    shown = {name: heart[number, :1250] for number, name in enumerate(LEADS_12)} | {RHYTHM: heart[1]}
    np.savez(page_drawn.path_of("georgia/1", "report", tmp_path), **shown)
    seen = page_records.read(drawn=tmp_path)
    assert seen.names == ("ptbxl/1", "georgia/1")
    assert [len(windows) for windows in seen.windows] == [5, 5 + page_records.DRAWN_SHARE]
    assert seen.without(made[2].tested).names == ("ptbxl/1",)
    assert seen.without(None).names == seen.names
