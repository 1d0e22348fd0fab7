"""`Reader` on files with several pages: one by number, or all of them, in order, by one process or more."""

import hashlib
import io
from types import SimpleNamespace

import pytest
from PIL import Image

from ecg_edge import Reader
from ecg_edge.errors import UsageError

from .files import made
from .pictures import encoded, without_times


@pytest.fixture(scope="module")
def pages(few_pages):
    """The four pages of one size as images."""
    return [Image.open(page.path).convert("RGB") for page in few_pages]


@pytest.fixture
def files(tmp_path, pages):
    """A PDF of three pages whose second is blank, a picture, a TIFF of two, and a file that is none."""
    blank = Image.new("RGB", pages[0].size, "white")
    (tmp_path / "a.pdf").write_bytes(made.pdf(pages[0], blank, pages[1]))
    (tmp_path / "b.jpg").write_bytes(encoded(pages[2], "JPEG"))
    (tmp_path / "c.tif").write_bytes(made.tiff(blank, pages[3], compression="jpeg"))
    (tmp_path / "d.docx").write_bytes(b"PK")
    return SimpleNamespace(
        folder=tmp_path,
        paths=sorted(tmp_path.iterdir()),
        expected=[("a.pdf#1", "read"), ("a.pdf#2", "refused"), ("a.pdf#3", "read"), ("b.jpg", "read"),
                  ("c.tif#1", "refused"), ("c.tif#2", "read"), ("d.docx", "failed")],
    )  # fmt: skip


def told(results, folder):
    return [(result.source.removeprefix(f"{folder}/"), result.status) for result in results]


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_every_page_gives_a_result_in_order(tiny_reader, files, validate, jobs):
    """Each with its own reason, and the hash of the file."""
    results = list(tiny_reader.read_all(files.paths, jobs))
    assert told(results, files.folder) == files.expected
    of_file = hashlib.sha256((files.folder / "a.pdf").read_bytes()).hexdigest()
    assert [result.sha256 for result in results[:3]] == [of_file] * 3
    assert [result.pages for result in results] == [3, 3, 3, 1, 2, 2, 1]
    for result in results:
        validate(result.to_dict())


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_pages_may_be_chosen(tiny_reader, files, jobs):
    """Of each source; one that a file does not have is answered for."""
    results = list(tiny_reader.read_all(files.paths[:2], jobs, pages=[3, 1]))
    assert told(results, files.folder) == [
        ("a.pdf#3", "read"),
        ("a.pdf#1", "read"),
        ("b.jpg#3", "failed"),
        ("b.jpg", "read"),
    ]
    assert results[2].message == "There is no page 3: the file holds 1 page."


@pytest.mark.slow
def test_a_page_by_number(tiny_reader, files):
    """As `read_all` gives it; without a number the first, with a message."""
    path = files.folder / "a.pdf"
    third = tiny_reader.read(path, page=3)
    assert without_times(third) == without_times(list(tiny_reader.read_all([path]))[2])
    first, without = tiny_reader.read(path, page=1), tiny_reader.read(path)
    assert (without.source, without.message) == (f"{path}#1", "The file holds 3 pages; the first was read.")
    assert first.message is None and first.probabilities == without.probabilities
    with pytest.raises(UsageError, match="^page must be from 1 to 10000, not 0$"):
        tiny_reader.read(path, page=0)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_bytes_and_open_files_are_read_page_by_page_too(tiny_reader, files, jobs):
    """Though an open file can be read once."""
    data = (files.folder / "a.pdf").read_bytes()
    unnamed = io.BytesIO(data)
    with open(files.folder / "c.tif", "rb") as file:
        results = list(tiny_reader.read_all([data, file, unnamed], jobs))
    assert [result.source.removeprefix(f"{files.folder}/") for result in results] == [
        "bytes#1", "bytes#2", "bytes#3", "c.tif#1", "c.tif#2", "stream#1", "stream#2", "stream#3",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_very_many_pages_are_answered_for(tiny_reader, jobs, monkeypatch):
    """By one result after the first hundred."""
    monkeypatch.setattr("ecg_edge.system.batch.MAX_PAGES", 3)
    monkeypatch.setattr("ecg_edge.result.MAX_PAGES", 3)
    data = made.pdf(*[made.flat("white")] * 7)
    results = list(tiny_reader.read_all([data, b""], jobs))
    assert [result.source for result in results] == ["bytes#1", "bytes#2", "bytes#3", "bytes#4", "bytes"]
    assert (results[3].status, results[3].reason.value, results[3].sha256) == ("failed", "too_large", results[0].sha256)
    assert (
        results[3].message == "The file holds 7 pages, and the first 3 were read: split it, or choose pages by number."
    )
    assert [result.source for result in tiny_reader.read_all([data], jobs, pages=[5, 7])] == ["bytes#5", "bytes#7"]


def test_a_first_page_that_cannot_be_opened_leaves_the_others(tiny_reader, pages, monkeypatch):
    """Its own reason, and then theirs."""
    from ecg_edge.errors import PictureError, Reason
    from ecg_edge.files.pdf_pages import PdfPages

    real = PdfPages.page

    def page(self, number):
        if number == 1:
            raise PictureError(Reason.TRUNCATED)
        return real(self, number)

    monkeypatch.setattr(PdfPages, "page", page)
    results = list(tiny_reader.read_all([made.pdf(pages[0], pages[1])]))
    assert [(result.source, result.status) for result in results] == [("bytes#1", "failed"), ("bytes#2", "read")]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["PDF", "HEIC", "DICOM", "TIFF", "PNG", "JPEG 2000", "AVIF", "PDF in DICOM"])
def test_a_page_gives_the_same_verdict_in_every_kind_of_file(few_pages, kind):
    """Layout, speed, gain and verdict, by the default model; whether it is sure of it may lie at its threshold."""
    reader = Reader()
    files = {
        "PDF": made.pdf,
        "HEIC": made.heic,
        "DICOM": made.dicom_picture,
        "TIFF": made.tiff,
        "PNG": lambda page: encoded(page, "PNG"),
        "JPEG 2000": lambda page: encoded(page, "JPEG2000"),
        "AVIF": lambda page: encoded(page, "AVIF", quality=90),
        "PDF in DICOM": lambda page: made.dicom_document(made.pdf(page)),
    }
    for known in few_pages[:2]:
        page = Image.open(known.path).convert("RGB")
        one, other = reader.read(known.path), reader.read(files[kind](page))
        facts = [
            (result.verdict, *(result.page[name] for name in ("layout", "mm_per_s", "mm_per_mv")))
            for result in (one, other)
        ]
        assert facts[0] == facts[1] and one.verdict
        assert other.confidence == pytest.approx(one.confidence, abs=0.05)
