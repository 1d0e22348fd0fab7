"""Tables of shared signals: what a blank, an age and a flag mean; LUDB, other devices, PTB-XL. On the data where they are, on small files always."""

import csv
from collections import Counter
from dataclasses import asdict, fields

import numpy as np
import pytest

from ecg_edge.layout import LEADS_12
from train import dataset, ludb, other_devices, records, tables

FLAGS = [field.name for field in fields(tables.Flags)]


@pytest.fixture
def data():
    """The folder of the data, or a skip where LUDB and other devices are missing."""
    folder = dataset.data_directory()
    if folder is None or not all(
        (folder / f"{name}.csv").is_file() for name in ("ludb", "ludb_waves", "other_devices")
    ):
        pytest.skip("no LUDB and other devices (set ECG_EDGE_DATA)")
    return folder


def write(path, rows):
    """A CSV file of dicts."""
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def blank_flags(**known):
    return dict.fromkeys(FLAGS, "") | known


@pytest.fixture
def small(tmp_path):
    """Two records of LUDB and two of other devices, and their signals: ramps by record and lead."""
    words = dict.fromkeys(
        (
            "rhythm",
            "axis",
            "conduction",
            "extrasystoles",
            "hypertrophy",
            "pacing",
            "ischaemia",
            "repolarisation",
            "other",
        ),
        "",
    )
    about = (
        {"age": "300", "age_group": "80+", "sex": "1"}
        | words
        | {"rhythm": "Sinus rhythm", "ischaemia": "Stemi: septal; Stemi: apical"}
    )
    rows = [
        {"row": i, "record": i + 1} | about | blank_flags(mi="1", acute_mi="1", old_mi="0") | {"waves": 2}
        for i in range(2)
    ]
    write(tmp_path / "ludb.csv", rows)
    waves = [("1", "I", "QRS", "641", "664", "690"), ("1", "I", "", "700", "", ""), ("2", "V6", "T", "", "840", "")]
    write(
        tmp_path / "ludb_waves.csv",
        [dict(zip(("record", "lead", "wave", "onset", "peak", "offset"), row, strict=True)) for row in waves],
    )
    device = {"original_hz": 500, "original_samples": 5000, "length": 2500, "device": "", "hospital": "H", "age": "", "sex": "0", "strat_fold": "",
              "labels": "a; b", "codes": "", "licence": "CC BY 4.0", "repository": "r", "path": "p", "note": ""}  # fmt: skip
    sources = (("georgia", "E1", ""), ("ptb_cinc", "S1", "ptb001"))
    write(tmp_path / "other_devices.csv", [
        {"row": i, "source": source, "record": record, "patient": patient} | device | blank_flags(af="0", norm="1")
        for i, (source, record, patient) in enumerate(sources)
    ])  # fmt: skip
    (tmp_path / "signals").mkdir()
    steps = np.arange(24, dtype=np.int16).reshape(2, 12, 1)
    np.save(tmp_path / "signals" / "ludb.npy", np.repeat(steps, 5000, axis=2))
    np.save(tmp_path / "signals" / "other_devices.npy", np.repeat(steps, 2500, axis=2))
    return tmp_path


def test_a_blank_flag_is_unknown():
    """Neither present nor absent."""
    found = tables.flags_of(blank_flags(mi="1", af="0"))
    assert (found.mi, found.af, found.norm) == (True, False, None)


def test_ages_over_89_are_one():
    """300 in the data, 90 and 91 in older tables; a blank is unknown."""
    assert [tables.age_of(cell) for cell in ("300", "91", "90", "89", "0", "")] == [90, 90, 90, 89, 0, None]
    assert [tables.sex_of(cell) for cell in ("0", "1", "")] == ["male", "female", None]


@pytest.mark.parametrize("read", [ludb.read_records, ludb.read_waves, other_devices.read_records, records.read_records])
def test_a_table_that_is_missing_is_named(read, tmp_path):
    """With what to do."""
    with pytest.raises(FileNotFoundError, match=r"no (ludb|ludb_waves|other_devices|signals)\.csv: set ECG_EDGE_DATA"):
        read(tmp_path)


def test_a_record_of_ludb_has_its_words_flags_and_microvolts(small):
    """Values are sums of differences in microvolts."""
    first, second = ludb.read_records(small)
    assert (first.record, first.age, first.sex, first.rhythm, first.axis) == (1, 90, "female", ("Sinus rhythm",), ())
    assert first.ischaemia == ("Stemi: septal", "Stemi: apical")
    assert (first.flags.acute_mi, first.flags.old_mi, first.flags.norm) == (True, False, None)
    millivolts = ludb.signals(second)
    assert millivolts.shape == (12, 5000) and millivolts.dtype == np.float32
    np.testing.assert_allclose(millivolts[0, :3], [0.012, 0.024, 0.036], atol=1e-6)


def test_a_mark_that_is_missing_is_unknown(small):
    """As is a wave without a name."""
    found = ludb.read_waves(small)
    assert found[0] == ludb.Wave(1, "I", "QRS", 641, 664, 690)
    assert (found[1].wave, found[1].peak) == (None, None) and (found[2].onset, found[2].peak) == (None, 840)


def test_people_repeat_and_sources_are_apart(small):
    """A patient where known, else the record itself; figures within a source."""
    first, second = other_devices.read_records(small)
    assert (first.person, second.person) == ("georgia/E1", "ptb001")
    assert (first.age, first.fold, first.device, first.labels) == (None, None, None, ("a", "b"))
    assert (first.flags.norm, first.flags.af, first.flags.mi) == (True, False, None)
    assert {source: len(group) for source, group in other_devices.by_source([first, second]).items()} == {
        "georgia": 1,
        "ptb_cinc": 1,
    }
    assert other_devices.read_records(small, source="ptb_cinc") == [second]
    np.testing.assert_allclose(other_devices.signals(second)[11, :2], [0.115, 0.23], atol=1e-6)


def counted(flags):
    """{name: (present, absent)} of `Flags`, of those that are ever said."""
    values = {name: Counter(getattr(one, name) for one in flags) for name in FLAGS}
    return {name: (count[True], count[False]) for name, count in values.items()}


def test_ludb_is_what_the_readme_of_the_data_says(data):
    """Flags and waves by number, II = I + III to the step, marks within a record, no peak among the unmarked samples."""
    found = ludb.read_records(data)
    present = {name: count[0] for name, count in counted([record.flags for record in found]).items()}
    assert present == {"norm": 25, "mi": 23, "acute_mi": 8, "old_mi": 17, "af": 15, "afl": 3, "lbbb": 4, "rbbb": 4, "lvh": 108, "pace": 10,
                       "brady": 25, "tachy": 4, "pac": 7, "pvc": 7, "avb1": 10}  # fmt: skip
    assert [record.record for record in found] == list(range(1, 201)) and max(
        r.age for r in found if r.age is not None
    ) == 90
    waves = ludb.read_waves(data)
    assert Counter(wave.wave for wave in waves) == {"P": 16797, "QRS": 21965, "T": 19661, None: 37}
    peaks = [wave.peak for wave in waves if wave.wave and wave.peak is not None]
    assert min(peaks) in ludb.MARKED and max(peaks) in ludb.MARKED and {wave.lead for wave in waves} == set(LEADS_12)
    for record in found[::50]:
        one, two, three = ludb.signals(record)[:3]
        assert np.abs(one + three - two).max() < 1e-4


def test_other_devices_are_what_the_readme_of_the_data_says(data):
    """Records and flags by source; nobody of PTB-XL's stands among the 1,732."""
    found = other_devices.read_records(data)
    groups = other_devices.by_source(found)
    assert {source: len(group) for source, group in groups.items()} == {
        "cpsc2018": 33, "georgia": 72, "chapman_shaoxing": 19, "ningbo": 60, "cpsc_extra": 29, "ptb_cinc": 7, "ptb_xl": 49, "ptb_diagnostic": 69,
    }  # fmt: skip
    assert counted([record.flags for record in found]) == {
        "norm": (61, 246), "mi": (41, 106), "acute_mi": (8, 103), "old_mi": (17, 114), "af": (19, 268), "afl": (5, 246), "lbbb": (2, 288),
        "rbbb": (19, 271), "lvh": (15, 223), "pace": (3, 135), "brady": (46, 183), "tachy": (46, 183), "pac": (31, 231), "pvc": (15, 247),
        "avb1": (13, 277),
    }  # fmt: skip
    assert (
        len({record.person for record in groups["ptb_diagnostic"]}) == 54
        and len({r.person for r in groups["ptb_cinc"]}) == 4
    )
    assert Counter(record.licence for record in found) == {"CC BY 4.0": 269, "ODC-BY 1.0": 69}
    assert all((record.fold is not None) == (record.source == "ptb_xl") for record in found)
    for record in found[::40]:
        one, two, three = other_devices.signals(record)[:3]
        assert one.shape == (2500,) and np.abs(one + three - two).max() < 0.05
    known = {str(record.ecg_id) for record in records.read_records(data)}
    assert not known & {record.record for record in groups["ptb_xl"]}


def test_what_says_where_metadata_came_from_reaches_nobody(small):
    """Of PTB-XL: it changes what is known of stadium and axis, and is no field of a record."""
    row = {"ecg_id": 1, "patient_id": 2, "age": "300", "sex": "1", "superclasses": "MI;STTC", "subclasses": "IMI", "scp_codes": "{'IMI': 15.0, 'SR': 0.0}",
           "infarction_stadium": "", "heart_axis": "", "form": "NST;STTC", "rhythm": "SR", "strat_fold": 3, "file": "ptbxl_250hz.npy", "row": 0}  # fmt: skip
    sources = ("database", "clean_metadata+database_form", "clean_metadata+hand_stadium", "clean_metadata")
    write(small / "signals.csv", [row | {"metadata_from": source} for source in sources])
    found = records.read_records(small)
    assert [record.stadium for record in found] == [record.heart_axis for record in found] == ["", "", "", None]
    assert (found[0].age, found[0].codes, found[0].form) == (90, {"IMI": 15.0, "SR": 0.0}, ("NST", "STTC"))
    assert not any(
        "metadata" in name or value in sources
        for name, value in asdict(found[0]).items()
        if not isinstance(value, dict)
    )
