"""Writing what a reading saw."""

import numpy as np
import pytest
from PIL import Image

from ecg_edge.errors import OutputError
from ecg_edge.image import open_picture
from ecg_edge.layout import REPORT
from ecg_edge.output.step_images import write_steps
from ecg_edge.preprocessing import filters

FILES = ("1-crop.png", "2-gaussian.png", "3-binary.png", "4-model-input.png")


@pytest.fixture(scope="module")
def stages(tiny_reader, normal_page):
    return tiny_reader.inspect(normal_page)[1]


def test_every_lead_has_every_step(stages, tmp_path):
    """The gray page, and four files for each of the thirteen leads; nothing else."""
    target = write_steps(stages, tmp_path / "steps")
    assert target == tmp_path / "steps" / "normal-b2790b05"
    found = sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file())
    assert found == sorted(["page-gray.png", *(f"{lead}/{name}" for lead in REPORT.lead_names for name in FILES)])


def test_the_files_are_the_steps_themselves(stages, tmp_path, normal_page):
    """Read back from the disk they are what the filters give, bit for bit, in mode L."""
    target = write_steps(stages, tmp_path)
    gray = filters.to_gray(open_picture(normal_page).image)

    def stored(name):
        with Image.open(target / name) as image:
            assert image.mode == "L"
            return np.asarray(image)

    assert np.array_equal(stored("page-gray.png"), gray)
    for lead, box in REPORT.leads:
        steps = filters.lead_steps(gray[box.slices])
        expected = (steps.gray, steps.blurred, steps.ink, filters.to_model_input(steps.ink))
        for name, array in zip(FILES, expected, strict=True):
            assert np.array_equal(stored(f"{lead}/{name}"), array)


@pytest.mark.slow
def test_two_pictures_of_one_name_do_not_overwrite_each_other(tiny_reader, few_pages, tmp_path):
    """The start of the SHA-256 keeps them apart; writing again is no error."""
    for page in few_pages[:2]:
        copied = tmp_path / page.label / "page.jpg"
        copied.parent.mkdir()
        copied.write_bytes(page.path.read_bytes())
        for _ in range(2):
            write_steps(tiny_reader.inspect(copied)[1], tmp_path / "steps")
    assert len(list((tmp_path / "steps").iterdir())) == 2


def test_a_place_that_cannot_be_written_is_an_error_in_words(stages, tmp_path):
    """A file stands where the directory should be."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError) as caught:
        write_steps(stages, tmp_path / "taken")
    assert (
        str(caught.value)
        == f"{tmp_path / 'taken' / 'normal-b2790b05'}: cannot be written (a file is there, or on the way, where a folder is needed)."
    )


def test_a_full_disk_is_an_error_in_words(stages, tmp_path, monkeypatch):
    """The system's own words come through."""

    def full(*_, **__):
        raise OSError(28, "No space left on device", "page-gray.png")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OutputError, match=r"^page-gray\.png: cannot be written \(No space left on device\)\.$"):
        write_steps(stages, tmp_path)
