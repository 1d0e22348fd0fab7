"""Pages as the training code sees them."""

import csv
from pathlib import Path

import pytest

from ecg_edge.simulator import heart
from train import dataset, records

FEW = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="session")
def data_pages():
    """All pages of the data, extra ones too; those of tests/data where the data are missing."""
    if dataset.data_directory() is not None:
        return dataset.read_pages(extra=True)
    with open(FEW / "pages.csv", newline="") as file:
        return [
            dataset.PageFile(FEW / row["path"], row["sha256"], row["class"], row["layout"], "", ())
            for row in csv.DictReader(file)
        ]


@pytest.fixture(scope="session")
def hearts():
    """(12, 5000) millivolts of a simulated normal heart at 500 Hz."""
    return heart.simulate("normal", seed=3, rate_hz=500)


@pytest.fixture(scope="session")
def ptbxl():
    """The PTB-XL records, or a skip where there are none."""
    if dataset.data_directory() is None or not (dataset.data_directory() / "signals.csv").is_file():
        pytest.skip("no PTB-XL signals (set ECG_EDGE_DATA)")
    return records.read_records()
