"""`ecg-edge anonymise`: what it blanks, keeps and says."""

import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ecg_edge.commands import anonymise
from ecg_edge.layout import REPORT

from ..files import made

BESIDE = slice(None), slice(2150, None)
"""Pixels of a report page at the right of its leads; its header and footer are elsewhere."""


def written(folder):
    """The one picture in a folder."""
    (path,) = folder.iterdir()
    return path


@pytest.fixture
def named(normal_page, tmp_path):
    """A page with a name in its header, its footer, between two rows, and in the metadata of its file."""
    with Image.open(normal_page) as page:
        page = page.convert("RGB")
    draw = ImageDraw.Draw(page)
    for place in ((300, 120), (300, 1540), (1200, 570), (2160, 800)):
        draw.text(place, "JANE DOE 1.1.1950", (0, 0, 0), font_size=22)
    metadata = Image.Exif()
    metadata[0x010E] = "JANE DOE"
    page.save(tmp_path / "JANE DOE.jpg", quality=95, exif=metadata)
    return tmp_path / "JANE DOE.jpg"


@pytest.mark.slow
def test_print_outside_the_leads_is_blanked(run, named, tmp_path):
    """Header, footer, between rows, at the side; the rest is the page's own pixels."""
    status, out, err = run("anonymise", named, "--out", tmp_path / "shared")
    assert (status, err) == (0, "")
    path = written(tmp_path / "shared")
    assert out == f"{named}: {path}. {anonymise.LOOK}\n"
    with Image.open(named) as before, Image.open(path) as after:
        assert before.size == after.size
        before, after = (np.asarray(image.convert("RGB"), int) for image in (before, after))
    paper = after[0, 0]
    for part in (np.s_[:250], np.s_[1535:], np.s_[560:600, 1190:1420], BESIDE):
        assert np.abs(after[part] - paper).max() <= 2
    for row in REPORT.rows_px:
        kept = np.s_[row - 60 : row + 15, 160:2100]
        assert np.abs(after[kept] - before[kept]).mean() < 1.5 and before[kept].min() < 60


@pytest.mark.slow
def test_neither_name_nor_metadata_of_the_file_stay(run, named, tmp_path):
    """The written file is called by the picture's SHA-256."""
    run("anonymise", named, "--out", tmp_path / "shared")
    path = written(tmp_path / "shared")
    assert re.fullmatch(r"anonymised-[0-9a-f]{8}\.jpg", path.name)
    assert b"JANE" not in path.read_bytes()
    with Image.open(path) as picture:
        assert not picture.getexif()


def read_as_before(page):
    """The same layout, and nearly the same signals."""
    from ecg_edge import Reader

    reader = Reader(signals=True)
    result, stages = reader.inspect(page)
    again = reader.read(anonymise.blank(stages))
    assert (again.status, again.verdict, again.page["layout"]) == (
        result.status, result.verdict, result.page["layout"]
    )  # fmt: skip
    length = min(len(result.signals.mv), len(again.signals.mv))
    off = np.abs(result.signals.mv[:length, :12] - again.signals.mv[:length, :12])
    assert np.nanmedian(off) < 0.03


@pytest.mark.slow
def test_pages_are_read_as_before(normal_page, odd_pages):
    """Report pages, and pages of two columns."""
    for page in (normal_page, *(page.path for page in odd_pages)):
        read_as_before(page)


def test_photographs_are_read_as_before(report_photo):
    """Of each severity."""
    read_as_before(report_photo.image)


def test_a_picture_whose_leads_are_not_found_is_not_written(run, tmp_path):
    """It says why, and what can be done."""
    Image.new("RGB", (1200, 900), (120, 110, 90)).save(tmp_path / "wall.png")
    status, out, _ = run("anonymise", tmp_path / "wall.png", tmp_path / "none.jpg", "--out", tmp_path / "shared")
    wall, none = out.splitlines()
    assert status == 1 and not (tmp_path / "shared").exists()
    assert wall.startswith(f"{tmp_path / 'wall.png'}: not written: the places of the leads are not known (no_page)")
    assert none.endswith("(not_found). There is no picture there: check the path.")


@pytest.mark.slow
def test_every_page_of_a_file_is_blanked_under_its_number(run, normal_page, tmp_path):
    """One that is no ECG is told; --page takes one alone."""
    with Image.open(normal_page) as page:
        made_of = [page.convert("RGB"), Image.new("RGB", page.size, (120, 110, 90)), page.convert("RGB")]
    (tmp_path / "scan.tif").write_bytes(made.tiff(*made_of))
    status, out, _ = run("anonymise", tmp_path / "scan.tif", "--out", tmp_path / "shared")
    assert status == 1 and [line.partition(": ")[0][-10:] for line in out.splitlines()] == [
        f"scan.tif#{n}" for n in (1, 2, 3)
    ]
    assert [path.stem[-2:] for path in sorted((tmp_path / "shared").iterdir())] == ["-1", "-3"]
    status, out, _ = run("anonymise", tmp_path / "scan.tif", "--page", "3", "--out", tmp_path / "one")
    assert status == 0 and written(tmp_path / "one").stem.endswith("-3")


def test_it_says_where_the_blanked_picture_is_read_otherwise(run, one_photo, tmp_path, monkeypatch):
    """A photograph of which nothing but the traces' lowest parts is left."""
    monkeypatch.setattr(anonymise, "_kept", lambda stages, places: [np.array([400.0, 400.0, 700.0, 500.0])])
    one_photo.image.save(tmp_path / "page.png")
    status, out, _ = run("anonymise", tmp_path / "page.png", "--out", tmp_path / "shared")
    assert status == 0 and "the blanked picture is read otherwise (" in out.splitlines()[1]


def test_a_folder_that_cannot_be_written_ends_with_3(run, normal_page, tmp_path):
    """A file stands in its place."""
    (tmp_path / "shared").write_text("")
    status, _, err = run("anonymise", normal_page, "--out", tmp_path / "shared")
    assert status == 3 and "cannot be written" in err


def test_a_digital_ecg_has_nothing_to_blank(run, tmp_path):
    """It says so, and nothing is written."""
    rows = [f"{number / 500},{np.sin(number / 40)}" for number in range(4000)]
    (tmp_path / "leads.csv").write_text("\n".join(["time_s,II", *rows]))
    status, out, _ = run("anonymise", tmp_path / "leads.csv", "--out", tmp_path / "shared")
    assert status == 1 and "not written" in out and "a digital ECG" in out
    assert not (tmp_path / "shared").exists()
