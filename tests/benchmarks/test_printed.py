"""What the device printed, and pages of other makers: truths for benchmarks. On the data where they are, on small files always."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import foreign, printed
from train import dataset

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data():
    """The folder of the data, or a skip where these tables are missing."""
    folder = dataset.data_directory()
    if folder is None or not all(
        (folder / name).is_file() for name in ("printed.csv", "printed_notes.csv", "foreign/cases.csv")
    ):
        pytest.skip("no printed measurements and foreign pages (set ECG_EDGE_DATA)")
    return folder


def write(path, rows):
    """A CSV file of dicts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


MEASURED = (
    "hr",
    "p_ms",
    "pr_ms",
    "qrs_ms",
    "qt_ms",
    "qtc_ms",
    "axis_p",
    "axis_qrs",
    "axis_t",
    "rv5_mv",
    "sv1_mv",
    "findings",
)


@pytest.fixture
def small(tmp_path):
    """A 3x4+1 page, a 6x2 page without a P wave, and their notes."""
    foot = {"footer_band": "0.67~25Hz", "footer_speed": "25mm/s", "footer_gain": "10mm/mV", "footer_hr": "98"}
    values = (
        "97",
        "0",
        "0",
        "91",
        "295",
        "417",
        "0",
        "-30",
        "83",
        "0.000",
        "0.720",
        "Atrial Fibrillation; Left Axis Deviation",
    )
    write(tmp_path / "printed.csv", [
        {"path": "pages/a.jpg", "sha256": "a", "layout": "3x4+1"} | foot | dict.fromkeys(MEASURED, ""),
        {"path": "pages/b.jpg", "sha256": "b", "layout": "6x2"} | foot | dict(zip(MEASURED, values, strict=True)),
    ])  # fmt: skip
    notes = (
        {"sha256": "a", "note": printed.LEAD_OFF},
        {"sha256": "a", "note": "printed HR 98; 15 beats in the 10 s strip"},
    )
    write(tmp_path / "printed_notes.csv", [{"path": "pages/a.jpg", "layout": "3x4+1"} | note for note in notes])
    return tmp_path


def test_a_page_that_prints_no_measurements_has_its_footer_alone(small):
    """With what is said against it."""
    page = printed.read_printed(small)[0]
    assert (page.path, page.band_hz, page.mm_per_s, page.mm_per_mv, page.rate_per_min) == (
        small / "pages/a.jpg",
        (0.67, 25.0),
        25.0,
        10.0,
        98,
    )
    assert page.measurements is None and page.lead_off and page.doubt == "printed HR 98; 15 beats in the 10 s strip"


def test_a_printed_zero_is_not_found(small):
    """No P wave has neither duration nor PR nor axis; an amplitude of 0.000 was not found."""
    page = printed.read_printed(small)[1]
    found = page.measurements
    assert (found.p_ms, found.pr_ms, found.axis_p_deg, found.rv5_mv, found.sv1_mv) == (None, None, None, None, 0.72)
    assert (found.rate_per_min, found.qrs_ms, found.axis_qrs_deg) == (97, 91, -30)
    assert found.findings == ("Atrial Fibrillation", "Left Axis Deviation") and (page.lead_off, page.doubt) == (
        False,
        None,
    )


def test_printed_measurements_are_what_the_readme_of_the_data_says(data):
    """All 900 pages, 80 with measurements, 58 with a lead off, 11 in doubt."""
    found = printed.read_printed(data)
    assert len(found) == 900 and {page.layout for page in found if page.measurements} == {"6x2"}
    assert sum(page.measurements is not None for page in found) == 80
    assert sum(page.lead_off for page in found) == 58 and sum(page.doubt is not None for page in found) == 11
    assert (min(page.rate_per_min for page in found), max(page.rate_per_min for page in found)) == (44, 229)
    axes = [page.measurements.axis_qrs_deg for page in found if page.measurements]
    assert min(axes) >= -90 and max(axes) <= 269


def test_no_model_can_see_what_is_printed():
    """Nothing that runs on a device, trains or converts reads the table."""
    files = [path for folder in ("edge", "train", "convert") for path in (ROOT / folder).rglob("*.py")]
    words = ("printed.csv", "printed_notes", "benchmarks.printed", "import printed", "read_printed")
    assert files and not [path for path in files for word in words if word in path.read_text()]


PROGRAM = """
import json, sys
from pathlib import Path
import numpy as np
from PIL import Image
out = Path(sys.argv[2])
out.mkdir()
Image.new("RGB", (8, 8)).save(out / "plain.png")
np.savez_compressed(out / "plain.npz", I=np.zeros(3, np.float32), signals=np.array(sys.argv[1]))
"""


def test_cases_say_what_is_to_be_found(tmp_path):
    """Layout, speed, gain, whether a verdict may be given, and what is drawn otherwise."""
    case = {
        "case": "plain",
        "style": "speed=50; print=1",
        "layout": "3x4+1",
        "mm_per_s": "50",
        "mm_per_mv": "10",
        "wanted": "read",
        "what": "all",
    }
    write(
        tmp_path / "foreign/cases.csv",
        [case, case | {"case": "other", "style": "", "layout": "6x1", "wanted": "no verdict"}],
    )
    first, second = foreign.read_cases(tmp_path)
    assert first == foreign.Case("plain", {"speed": "50", "print": "1"}, "3x4+1", 50.0, 10.0, True, "all")
    assert (second.layout, second.may_have_verdict, second.drawn) == ("6x1", False, {})
    (tmp_path / "foreign/draw.py").write_text(PROGRAM)
    foreign.draw(tmp_path / "drawn", tmp_path)
    assert foreign.picture_of(first, tmp_path / "drawn") == tmp_path / "drawn/plain.png"
    truth = foreign.truth_of(first, tmp_path / "drawn")
    assert truth["I"].shape == (3,) and str(truth["signals"]) == str(tmp_path / "signals")
    with pytest.raises(FileNotFoundError, match="no picture of other in"):
        foreign.picture_of(second, tmp_path / "drawn")
    with pytest.raises(RuntimeError, match="^the pages of other makers: FileExistsError"):
        foreign.draw(tmp_path / "drawn", tmp_path)


def test_foreign_pages_are_what_the_readme_of_the_data_says(data, tmp_path):
    """41 cases to draw and six that were found, each with its picture and truth."""
    cases = foreign.read_cases(data)
    assert len(cases) == 41 and Counter(case.may_have_verdict for case in cases) == {True: 38, False: 3}
    found, folder = foreign.read_cases(data, foreign.FOUND), data / foreign.FOUND
    assert len(found) == 6
    for case in found:
        with Image.open(foreign.picture_of(case, folder)) as picture:
            assert min(picture.size) > 500
        truth = foreign.truth_of(case, folder)
        assert truth["I"].shape == (1250,) and truth["rhythm"].shape == (5000,)
        assert np.abs(np.concatenate(list(truth.values()))).max() < 15
