"""Pages as the training code sees them."""

import csv
from pathlib import Path

import pytest

from train import dataset

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
