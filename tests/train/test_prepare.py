"""Leads prepared once, by the device's own code."""

import numpy as np
import pytest
from PIL import Image

from ecg_edge import Reader
from ecg_edge.layout import REPORT
from train import prepare


@pytest.fixture(scope="module")
def pages(data_pages):
    """Two report pages and one of another layout."""
    report = [page for page in data_pages if page.layout == REPORT.name][:2]
    return report + [page for page in data_pages if page.layout != REPORT.name][:1]


@pytest.fixture(scope="module")
def cache(pages, tmp_path_factory):
    """Their cache."""
    folder = tmp_path_factory.mktemp("cache")
    assert prepare.prepare(pages, folder, jobs=1) == 2
    return prepare.LeadCache(folder)


def test_cached_leads_are_what_the_device_sees(cache, pages, tiny_folder):
    """The training images are the reader's own model inputs, bit for bit."""
    reader = Reader("tiny", folder=tiny_folder)
    for page in pages[:2]:
        _, stages = reader.inspect(page.path)
        assert np.array_equal(cache[page.sha256], stages.inputs)


def test_pages_of_another_layout_are_not_prepared(cache, pages):
    """Only 3x4+1 pages are in the cache."""
    assert pages[2].sha256 not in cache.rows and len(cache.rows) == 2


def test_a_stack_follows_the_order_asked_for(cache, pages):
    """Leads come in the order of the digests."""
    digests = [pages[1].sha256, pages[0].sha256]
    assert np.array_equal(cache.stack(digests)[0], cache[pages[1].sha256])


def test_images_are_stored_as_the_paper_stores_them(pages, tmp_path):
    """Set, class, a folder for each page, thirteen binary pictures in it."""
    page = pages[0]
    prepare.write_images(pages, {"train": [("Some(1).jpg", page.sha256)]}, tmp_path)
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png"))
    assert written == sorted(f"train/{page.label}/Some(1)/{lead}.png" for lead in REPORT.lead_names)
    with Image.open(tmp_path / "train" / page.label / "Some(1)" / "V1.png") as picture:
        assert picture.mode == "L" and picture.size == (485, 300)
        assert set(np.unique(np.asarray(picture))) == {0, 255}


def test_a_missing_cache_names_the_command(tmp_path):
    """Without a cache the message says what makes one."""
    with pytest.raises(FileNotFoundError, match="run 'python -m train prepare'"):
        prepare.LeadCache(tmp_path)
