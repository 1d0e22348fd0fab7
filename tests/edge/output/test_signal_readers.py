"""Detectors of beats of other packages, given the files as a user has them: the printed rate from the rhythm strip."""

import csv
import warnings

import numpy as np
import pytest

from ecg_edge import Reader
from ecg_edge.output import signal_files

pytestmark = pytest.mark.slow
PAGES, WITHIN = 30, 0.05
"""The report pages that come first in the order of their SHA-256, and how near to the printed rate counts as found."""
XQRS_HZ = 250
"""At 500 Hz the wavelet with which XQRS learns is too short, and its default threshold finds no small QRS complexes."""


def per_minute(peaks, rate_hz):
    """Beats a minute of the median distance of peaks."""
    return 60 * rate_hz / np.median(np.diff(peaks)) if len(peaks) > 1 else np.nan


def xqrs(mv, rate_hz):
    """wfdb's XQRS at 250 Hz."""
    from wfdb import processing

    mv, _ = processing.resample_sig(mv, rate_hz, XQRS_HZ)
    return per_minute(processing.xqrs_detect(mv, XQRS_HZ, verbose=False), XQRS_HZ)


def biosppy(mv, rate_hz):
    """biosppy as it stands."""
    from biosppy.signals import ecg

    return per_minute(ecg.ecg(mv, rate_hz, show=False)["rpeaks"], rate_hz)


def heartpy(mv, rate_hz):
    """heartpy's own rate, its own filter against wandering of the baseline before."""
    import heartpy

    return heartpy.process(heartpy.remove_baseline_wander(mv, rate_hz), rate_hz)[1]["bpm"]


def neurokit2(mv, rate_hz):
    """neurokit2 as it stands."""
    import neurokit2

    return per_minute(neurokit2.ecg_peaks(neurokit2.ecg_clean(mv, rate_hz), rate_hz)[1]["ECG_R_Peaks"], rate_hz)


@pytest.fixture(scope="module")
def strips(tmp_path_factory):
    """(printed rate, WFDB record, CSV file) of each page, written as the command line writes them."""
    from train.dataset import data_directory

    data = data_directory()
    if data is None or not (data / "printed.csv").is_file():
        pytest.skip("data missing: pages with their printed rates (set ECG_EDGE_DATA)")
    with open(data / "pages.csv", newline="") as file:
        pages = sorted(csv.DictReader(file), key=lambda row: row["sha256"])[:PAGES]
    with open(data / "printed.csv", newline="") as file:
        printed = {row["sha256"]: float(row["footer_hr"]) for row in csv.DictReader(file) if row["footer_hr"]}
    folder, reader = tmp_path_factory.mktemp("signals"), Reader("page")
    found = []
    for page in pages:
        _, stages = reader.inspect(data / page["path"])
        table, header, _ = signal_files.write_signals_of(stages, folder)
        found.append((printed[page["sha256"]], header.with_suffix(""), table))
    return found


def strip_of_record(path):
    """(n,) mV of the rhythm strip and its rate, by `wfdb.rdrecord`."""
    import wfdb

    record = wfdb.rdrecord(str(path))
    return record.p_signal[:, [name.startswith("rhythm") for name in record.sig_name]][:, 0], record.fs


@pytest.mark.slow
@pytest.mark.parametrize(
    "package, rate_of, least",
    [("wfdb", xqrs, 27), ("biosppy", biosppy, 27), ("heartpy", heartpy, 23), ("neurokit2", neurokit2, 28)],
)
def test_detectors_find_the_printed_rate(strips, package, rate_of, least):
    """On so many of thirty pages; docs/python.md has the counts."""
    pytest.importorskip(package)
    right = 0
    for printed, record, _ in strips:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            mv, rate_hz = strip_of_record(record)
            try:
                found = rate_of(mv, rate_hz)
            except Exception:  # what a package raises, whatever it is, is no rate
                found = np.nan
        right += abs(found / printed - 1) <= WITHIN
    assert right >= least


def test_strips_are_the_same_in_both_files_and_have_no_gaps(strips):
    """By `pandas.read_csv` and by `wfdb.rdrecord`."""
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("wfdb")
    for _, record, table in strips:
        mv, _ = strip_of_record(record)
        column = pandas.read_csv(table).filter(regex="^rhythm.*_mV$").to_numpy()[:, 0]
        assert np.isfinite(mv).all()
        np.testing.assert_allclose(column, mv, atol=6e-4)
