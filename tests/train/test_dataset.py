"""Reading the data: the project's CSV files, and folders as published."""

import shutil
from pathlib import Path

import pytest

from train import dataset

FEW = Path(__file__).parents[1] / "data"
FOLDERS = {
    "normal": "Normal Person ECG Images (284x12=3408)",
    "abnormal": "ECG Images of Patient that have abnormal heartbeat (233x12=2796)",
    "infarction": "ECG Images of Myocardial Infarction Patients (240x12=2880)",
    "history": "ECG Images of Patient that have History of MI (172x12=2064)",
}
STEMS = {"normal": "Normal", "abnormal": "HB", "infarction": "MI", "history": "PMI"}


@pytest.fixture
def published(tmp_path):
    """Mendeley's folders with one page each, and two copies of the infarction page."""
    for label, folder in FOLDERS.items():
        (tmp_path / folder).mkdir()
        for number in (1, 2, 10) if label == "infarction" else (1,):
            shutil.copyfile(FEW / f"{label}.jpg", tmp_path / folder / f"{STEMS[label]}({number}).jpg")
    return tmp_path


def test_copies_in_published_folders_are_one_page(published):
    """A copy is recognised by its bytes; the page keeps the names of all its files in counting order."""
    pages = dataset.read_pages(published)
    assert dataset.count_classes(pages) == {"normal": 1, "abnormal": 1, "infarction": 1, "history": 1}
    (infarction,) = [page for page in pages if page.label == "infarction"]
    assert infarction.names == ("MI(1).jpg", "MI(2).jpg", "MI(10).jpg")


def test_one_page_in_two_classes_is_an_error(published):
    """The same bytes in two class folders cannot be trained on."""
    shutil.copyfile(FEW / "normal.jpg", published / FOLDERS["history"] / "PMI(2).jpg")
    with pytest.raises(ValueError, match="which has another class"):
        dataset.read_pages(published)


def test_missing_data_say_where_to_get_them(tmp_path, monkeypatch):
    """Without data the message names the publication."""
    monkeypatch.setenv("ECG_EDGE_DATA", str(tmp_path / "nothing"))
    assert dataset.data_directory() is None
    with pytest.raises(FileNotFoundError, match="10.17632/gwbz3fsgp8"):
        dataset.read_pages()
    with pytest.raises(FileNotFoundError, match="neither pages.csv nor the folders"):
        dataset.read_pages(tmp_path)


def test_shared_pages_are_491_and_stand_for_928_files(data_pages):
    """The distinct pages of version 2 and the number of files that they are published as."""
    pages = [page for page in data_pages if not page.extra]
    if len(pages) < 491:
        return
    assert dataset.count_classes(pages) == {"normal": 142, "abnormal": 233, "infarction": 30, "history": 86}
    assert sum(len(page.names) for page in pages) == 928
