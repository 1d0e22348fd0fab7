"""Records of PTB-XL: what is known of them, and their signals at another rate."""

from collections import Counter

import numpy as np

from train import records

INFARCTIONS = {
    "ALMI",
    "AMI",
    "ASMI",
    "ILMI",
    "IMI",
    "INJAL",
    "INJAS",
    "INJIL",
    "INJIN",
    "INJLA",
    "IPLMI",
    "IPMI",
    "LMI",
    "PMI",
}
"""SCP statements of the superclass MI."""


def test_upsampling_keeps_samples_and_is_band_limited():
    """A sine below half the old rate is that sine at the new one."""
    for factor, hz in ((2, 37.0), (5, 23.0), (5, 39.0)):
        rate = 500 // factor
        coarse = np.sin(2 * np.pi * hz * np.arange(10 * rate) / rate + 0.3)[None]
        fine = records.upsample(coarse, factor)
        assert fine.shape == (1, 5000)
        np.testing.assert_allclose(fine[:, ::factor], coarse, atol=1e-6)
        true = np.sin(2 * np.pi * hz * np.arange(5000) / 500 + 0.3)
        assert np.abs(fine[0] - true)[250:-250].max() < 0.01


def test_the_pass_band_takes_drift_and_mains_and_leaves_the_rest():
    """0.67 to 25 Hz, without delay."""
    time = np.arange(5000) / 500
    drift, beat, mains = (np.sin(2 * np.pi * hz * time) for hz in (0.1, 5.0, 60.0))
    passed = records.band_pass(np.stack([drift, beat, mains]), 0.67, 25.0)[:, 1000:4000]
    assert np.abs(passed[0]).max() < 0.01 and np.abs(passed[2]).max() < 0.05
    np.testing.assert_allclose(passed[1], beat[1000:4000], atol=0.05)


def test_records_are_what_the_readme_of_the_data_says(ptbxl):
    """422 complete rows at 250 Hz, 1,310 others at 100 Hz; no patient in two folds; leads that fit Einthoven's law."""
    assert len(ptbxl) == 1732
    assert sum(record.rate_hz == 250 for record in ptbxl) == 422
    folds = {}
    for record in ptbxl:
        assert folds.setdefault(record.patient_id, record.fold) == record.fold
        assert set(record.superclasses) <= set(records.SUPERCLASSES)
    counts = {name: sum(name in record.superclasses for record in ptbxl) for name in records.SUPERCLASSES}
    assert counts == {"NORM": 912, "MI": 321, "STTC": 414, "CD": 369, "HYP": 189}
    for record in ptbxl[::400]:
        millivolts = records.signals(record)
        assert millivolts.shape == (12, 5000) and millivolts.dtype == np.float32
        one, two, three = millivolts[:3]
        assert np.abs(one + three - two).max() < 0.03
        np.testing.assert_allclose(millivolts[:, :: 500 // record.rate_hz], records.stored_signals(record), atol=1e-6)


def test_records_are_chosen_by_fold_and_class(ptbxl):
    """Each choice keeps what fits."""
    chosen = records.read_records(folds=(9,), superclass="MI")
    assert chosen and set(chosen) <= set(ptbxl)
    assert all(r.fold == 9 and "MI" in r.superclasses for r in chosen)


def test_what_is_unknown_of_a_record_is_not_absent(ptbxl):
    """Stadium and axis are known of 1,074; ages over 89 are one number; where the metadata came from is kept nowhere."""
    assert sum(record.stadium is not None for record in ptbxl) == 422 + 573 + 79
    infarctions = [record for record in ptbxl if "MI" in record.superclasses]
    stadiums = Counter(record.stadium for record in infarctions)
    assert stadiums == {
        "unknown": 165,
        "Stadium III": 136,
        "Stadium II-III": 7,
        "Stadium II": 6,
        "Stadium I": 3,
        None: 4,
    }
    assert (
        sum(
            max(likelihood for code, likelihood in record.codes.items() if code in INFARCTIONS) >= 80
            for record in infarctions
        )
        == 166
    )
    assert sum(record.age is None for record in ptbxl) == 4 and max(r.age for r in ptbxl if r.age is not None) == 90
    assert not hasattr(ptbxl[0], "metadata_from")
