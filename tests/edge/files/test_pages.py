"""The pages of files: as many as there are, each as a picture, or with its own reason; limits of pages, pixels and time."""

import io
import threading
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ecg_edge.errors import Reason, UsageError
from ecg_edge.files import limits, pdf_pages, pillow_pages
from ecg_edge.image import open_picture, page_name, split_page_name
from ecg_edge.output.pdf import Sheet

from ..pictures import encoded, opened_or_refused, refusal, scene
from . import made
from .made import colour_of, flat

COLOURS = ("red", "lime", "blue")
SEVERAL = {
    "PDF": made.pdf(*map(flat, COLOURS)),
    "TIFF": made.tiff(*map(flat, COLOURS)),
    "HEIC": made.heic(*map(flat, COLOURS)),
    "DICOM": made.dicom_picture(*map(flat, COLOURS)),
    "PDF in DICOM": made.dicom_document(made.pdf(*map(flat, COLOURS))),
    "GIF": encoded(flat("red"), "GIF", save_all=True, append_images=[flat("lime"), flat("blue")]),
    "WebP": encoded(flat("red"), "WEBP", save_all=True, append_images=[flat("lime"), flat("blue")]),
    "APNG": encoded(flat("red"), "PNG", save_all=True, append_images=[flat("lime"), flat("blue")]),
    "AVIF": encoded(flat("red"), "AVIF", save_all=True, append_images=[flat("lime"), flat("blue")]),
}
"""Files of three pages, one of each colour."""


@pytest.mark.parametrize("kind", SEVERAL)
def test_each_page_is_a_picture_of_its_own(kind):
    """In order, named by its number; the hash is the file's."""
    pictures = [open_picture(SEVERAL[kind], number) for number in (1, 2, 3)]
    assert [colour_of(picture.image) for picture in pictures] == list(COLOURS)
    assert [(picture.source, picture.page, picture.pages) for picture in pictures] == [
        (f"bytes#{number}", number, 3) for number in (1, 2, 3)
    ]
    assert len({picture.sha256 for picture in pictures}) == 1 and len({picture.stem for picture in pictures}) == 3
    assert all(picture.image.mode == "RGB" for picture in pictures)


@pytest.mark.parametrize("kind", SEVERAL)
def test_a_page_that_is_not_there_is_not_found(kind):
    """With how many there are."""
    error = refusal_of_page(SEVERAL[kind], 4)
    assert (error.reason, str(error), error.pages) == (
        Reason.NOT_FOUND,
        "There is no page 4: the file holds 3 pages.",
        3,
    )


def refusal_of_page(source, page):
    with pytest.raises(Exception) as caught:
        open_picture(source, page)
    return caught.value


def test_one_picture_has_one_page():
    """Whatever it is given as."""
    image = flat("red")
    for source in (image, scene(), encoded(image, "PNG"), made.pdf(image), made.heic(image), made.dicom_picture(image)):
        assert (open_picture(source).pages, open_picture(source).source.count("#")) == (1, 0)
        assert str(refusal_of_page(source, 2)) == "There is no page 2: the file holds 1 page."
    for page in (0, -1, 10_001):
        with pytest.raises(UsageError, match=f"^page must be from 1 to 10000, not {page}$"):
            open_picture(image, page)


@pytest.mark.parametrize(("name", "page", "pages"), [("scan.pdf", 2, 3), ("a/b #1.tif", 10, 10), ("scan.pdf", 1, 1)])
def test_the_name_of_a_page_has_its_number(name, page, pages):
    """And gives it back."""
    named = page_name(name, page, pages)
    assert named == (name if pages == 1 else f"{name}#{page}")
    assert split_page_name(named) == (name, None if pages == 1 else page)


# PDF


def test_a_scan_is_drawn_pixel_by_pixel(normal_page):
    """At its own resolution, whatever size the page is said to have: as the same picture as a JPEG file."""
    page = Image.open(normal_page).convert("RGB")
    plain = np.asarray(open_picture(encoded(page, "JPEG", quality=75)).image).astype(int)
    for options in ({}, {"resolution": 190}, {"resolution": 600}):
        drawn = open_picture(made.pdf(page, **options)).image
        assert drawn.size == page.size
        assert np.abs(np.asarray(drawn) - plain).mean() < 0.5


@pytest.mark.parametrize(
    ("size_mm", "long_px"),
    [((297, 210), 2376), ((210, 297), 2376), ((420, 297), 3360), ((100, 60), 2376), ((5000, 300), 4752)],
)
def test_a_drawn_page_has_the_readers_resolution(size_mm, long_px):
    """8 px/mm, but no less than of A4 and no more than twice that."""
    sheet = Sheet(*size_mm, "")
    sheet.area(0, 0, size_mm[0] / 2, size_mm[1], (255, 0, 0))
    image = open_picture(sheet.to_bytes()).image
    assert abs(max(image.size) - long_px) <= 1 and abs(image.width / image.height - size_mm[0] / size_mm[1]) < 0.1
    assert image.getpixel((image.width // 4, image.height // 2)) == (255, 0, 0)
    assert image.getpixel((image.width * 3 // 4, image.height // 2)) == (255, 255, 255)


def test_a_square_page_has_no_more_pixels_than_a4():
    """A sheet of half a metre a side, or a damaged file that says so."""
    width, height = open_picture(Sheet(600, 600, "").to_bytes()).size
    assert width == height and abs(width * height / pdf_pages.MAX_PAGE_PIXELS - 1) < 0.01


def test_a_picture_that_says_far_more_rows_than_the_page_has_does_not_set_its_resolution():
    """Damaged: its pixels would be eleven times as long as they are wide."""
    pixels = 2213, 1572
    for rows, long_px in ((3000, 3000), (18_000, 2376)):
        sheet = Sheet(280, 199, "")
        sheet.picture(encoded(flat("red", (pixels[0], rows)), "JPEG"), (pixels[0], rows), 0, 0, 280, 199)
        assert max(open_picture(sheet.to_bytes()).size) == long_px


def test_a_picture_on_part_of_a_page_does_not_set_its_resolution(normal_page):
    """A logo of many pixels."""
    sheet = Sheet(297, 210, "")
    sheet.picture(encoded(flat("red", (6000, 600)), "JPEG"), (6000, 600), 10, 10, 60, 6)
    assert open_picture(sheet.to_bytes()).size == (2376, 1680)


def test_a_locked_pdf_says_so():
    """The one that was made here needs a password to be opened."""
    error = refusal(LOCKED)
    assert error.reason is Reason.UNSUPPORTED
    assert str(error) == "The PDF is locked with a password: save it without one, or save the page as JPEG or PNG."


LOCKED = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj "
    b"4 0 obj<</Filter/Standard/V 1/R 2/Length 40/P -4/O<" + b"00" * 32 + b">/U<" + b"11" * 32 + b">>>endobj\n"
    b"trailer<</Size 5/Root 1 0 R/Encrypt 4 0 R/ID[<00><00>]>>\n%%EOF\n"
)


@pytest.mark.parametrize("data", [b"%PDF-1.4", b"%PDF-1.7\n" + bytes(300), SEVERAL["PDF"][:400]])
def test_a_broken_pdf_is_truncated(data):
    """In a sentence that says which kind of file it is."""
    error = refusal(data)
    assert error.reason is Reason.TRUNCATED and "PDF" in str(error)


def test_a_broken_table_of_a_pdf_is_mended():
    """PDFium looks for the objects itself."""
    broken = SEVERAL["PDF"].replace(b"startxref", b"startxxxx")
    assert [colour_of(open_picture(broken, number).image) for number in (1, 2, 3)] == list(COLOURS)


@pytest.mark.slow
def test_a_page_that_takes_too_long_is_given_up(monkeypatch):
    """Between two of its objects."""
    sheet = Sheet(297, 210, "")
    for turn in range(3000):
        sheet.area(turn % 200, 0, 90, 200, (turn % 256, 0, 0))
    data = sheet.to_bytes()
    monkeypatch.setattr(pdf_pages, "RENDER_S", 0.0)
    start = time.monotonic()
    error = refusal(data)
    assert error.reason is Reason.TOO_LARGE and time.monotonic() - start < 5
    assert str(error) == "Drawing this page of the PDF takes more than 0 s: save the page as JPEG or PNG."
    monkeypatch.undo()
    assert open_picture(data).size == (2376, 1680)


def test_a_pdf_whose_picture_says_too_many_pixels_is_not_decoded():
    """It would take the memory of all that it says."""
    data = made.pdf(flat("red")).replace(b"/Width 60", b"/Width 60000")
    assert refusal(data).reason in (Reason.TOO_LARGE, Reason.TRUNCATED)
    huge = made.pdf(flat("red", (19_999, 8)))
    assert refusal(huge.replace(b"/Height 8", b"/Height 19999")).reason is Reason.TOO_LARGE


def test_a_pdf_whose_jpeg_says_too_many_pixels_is_not_decoded():
    """What the PDF says of it may be less: the JPEG's own head counts too."""
    data = made.pdf(flat("red", (800, 400)))
    at = data.index(b"\xff\xc0") + 5
    assert data[at : at + 4] == (400).to_bytes(2, "big") + (800).to_bytes(2, "big")
    for height, reason in ((56_632, Reason.TOO_LARGE), (400, None)):
        changed = data[:at] + height.to_bytes(2, "big") + data[at + 2 :]
        found = opened_or_refused(changed)
        assert found is reason if reason else found.size == (800, 400)


def test_two_threads_may_open_pdfs():
    """PDFium is for one at a time: they wait for each other."""
    found = []
    threads = [
        threading.Thread(
            target=lambda: found.extend(colour_of(open_picture(SEVERAL["PDF"], 2).image) for _ in range(10))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["lime"] * 40


# TIFF and animations


def test_smaller_copies_in_a_tiff_are_no_pages():
    """Scanners put a thumbnail beside the page."""
    from PIL import TiffImagePlugin

    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[pillow_pages.SUBFILE_TYPE] = pillow_pages.REDUCED
    small = flat("lime", (6, 4))
    small.encoderinfo = {"tiffinfo": tags}
    data = encoded(flat("red"), "TIFF", save_all=True, append_images=[small, flat("blue")])
    assert open_picture(data).pages == 2
    assert colour_of(open_picture(data, 2).image) == "blue"


def test_a_page_that_is_damaged_has_its_own_reason():
    """The others are read."""
    data = made.tiff(*(Image.fromarray(scene()[:, ::step]) for step in (1, -1)), compression="tiff_lzw")
    first = open_picture(data).image
    for length in range(len(data) - 1, len(data) // 2, -97):
        picture = opened_or_refused(data[:length])
        if not isinstance(picture, Reason):
            assert np.array_equal(np.asarray(picture.image), np.asarray(first))
    late = bytearray(data)
    late[-300:] = b"\xff" * 300
    assert np.array_equal(np.asarray(open_picture(bytes(late)).image), np.asarray(first))


def test_frames_of_an_animation_are_limited_by_all_that_they_need(monkeypatch):
    """The hundredth is made of the ninety-nine before it."""
    monkeypatch.setattr(pillow_pages, "MAX_SEQUENCE_PIXELS", 60 * 40 * 2)
    assert colour_of(open_picture(SEVERAL["GIF"], 2).image) == "lime"
    assert refusal_of_page(SEVERAL["GIF"], 3).reason is Reason.TOO_LARGE
    assert colour_of(open_picture(SEVERAL["TIFF"], 3).image) == "blue"


def test_kinds_that_this_pillow_was_built_without_say_so(monkeypatch):
    """Debian's has no AVIF."""
    from PIL import features

    monkeypatch.setattr(features, "check", lambda name: False)
    error = refusal(SEVERAL["AVIF"])
    assert error.reason is Reason.UNSUPPORTED
    assert str(error) == "The installed Pillow opens no AVIF: upgrade it, or save the page as JPEG or PNG."


# HEIC


def test_a_telephones_picture_is_upright_once():
    """Its orientation stands in EXIF and in the file's own turn: only one of them is applied."""
    import pillow_heif

    exif = Image.Exif()
    exif[0x0112] = 6
    image, buffer = Image.fromarray(scene()), io.BytesIO()
    pillow_heif.encode("RGB", image.size, image.tobytes(), buffer, quality=95, exif=exif.tobytes())
    turned = open_picture(buffer.getvalue()).image
    upright = np.asarray(image.transpose(Image.Transpose.ROTATE_270)).astype(int)
    assert turned.size == (40, 60) and np.abs(np.asarray(turned) - upright).mean() < 8


def test_the_primary_picture_of_a_burst_comes_first():
    """As a viewer shows it."""
    data = made.heic(*map(flat, COLOURS), primary=2)
    assert [colour_of(open_picture(data, number).image) for number in (1, 2, 3)] == ["blue", "red", "lime"]


# DICOM


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_gray_dicom_pictures_are_shown_as_they_are_meant(photometric):
    """Of one the highest number is white, of the other black."""
    gray = np.tile(np.arange(0, 256, dtype=np.uint8), (30, 1))
    shown = np.asarray(open_picture(made.dicom_picture(gray, photometric=photometric)).image)[..., 0]
    assert np.array_equal(shown, gray if photometric == "MONOCHROME2" else 255 - gray)


def test_deep_gray_dicom_pictures_are_stretched_or_windowed():
    """From the darkest to the brightest, or as the file's window says."""
    deep = np.tile(np.linspace(1000, 3000, 101).astype(np.uint16), (30, 1))
    shown = np.asarray(open_picture(made.dicom_picture(deep, photometric="MONOCHROME2")).image)[0, :, 0]
    assert (shown[0], shown[50], shown[100]) == (0, 128, 255)
    windowed = made.dicom_picture(deep, photometric="MONOCHROME2", WindowCenter=2000, WindowWidth=1000)
    shown = np.asarray(open_picture(windowed).image)[0, :, 0]
    assert shown[10] == 0 and shown[90] == 255 and 120 < shown[50] < 136


def test_deep_dicom_pictures_are_windowed_in_little_memory():
    """Levels are looked up: as each pixel by itself, in no numbers of eight bytes a pixel."""
    from pydicom import dcmread, pixels

    deep = np.random.default_rng(1).integers(-30_000, 20_000, (600, 800)).astype(np.int16)
    told = {
        "PixelRepresentation": 1,
        "WindowCenter": -5000,
        "WindowWidth": 30_000,
        "RescaleSlope": 0.5,
        "RescaleIntercept": 7,
    }
    data = made.dicom_picture(deep, photometric="MONOCHROME2", **told)
    dataset = dcmread(io.BytesIO(data))
    each = pixels.apply_voi_lut(pixels.apply_modality_lut(deep, dataset), dataset)
    expected = np.rint((each - each.min()) * (255 / np.ptp(each)))
    tracemalloc.start()
    shown = open_picture(data).image
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.array_equal(np.asarray(shown)[..., 0], expected) and most < 20 * deep.size


def test_a_dicom_file_without_a_picture_says_so():
    """A structured report, a presentation state."""
    error = refusal(made.dicom("1.2.840.10008.5.1.4.1.1.88.11", StudyDescription="x"))
    assert error.reason is Reason.UNSUPPORTED
    assert str(error) == "The DICOM file holds neither a picture nor a PDF: export the page as JPEG or PNG."


def test_dicom_pixels_that_cannot_be_unpacked_say_how_they_are_packed():
    """JPEG-LS has no decoder in Pillow or NumPy."""

    from pydicom import dcmread
    from pydicom.encaps import encapsulate
    from pydicom.uid import JPEGLSLossless

    dataset = dcmread(io.BytesIO(made.dicom_picture(flat("red"))))
    dataset.PixelData = encapsulate([b"\xff\xd8\xff\xf7" + bytes(20)])
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    error = refusal(buffer.getvalue())
    assert error.reason is Reason.UNSUPPORTED and "JPEG-LS" in str(error)


def test_a_dicom_picture_that_says_too_many_pixels_is_not_decoded():
    """Its header is asked first."""
    assert refusal(made.dicom_picture(flat("red"), Rows=30_000, Columns=30_000)).reason is Reason.TOO_LARGE


# Damage


@pytest.mark.slow
@pytest.mark.parametrize("kind", SEVERAL)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_are_a_picture_or_a_reason(kind, data):
    """Bytes flipped, lost, doubled: `PictureError` and nothing else."""
    broken = bytearray(SEVERAL[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(broken) - 9))
        change = data.draw(st.integers(0, 2))
        if change == 0:
            broken[at] ^= 1 << data.draw(st.integers(0, 7))
        elif change == 1:
            del broken[at : at + data.draw(st.integers(1, 8))]
        else:
            broken[at:at] = broken[at : at + 8]
    opened_or_refused(bytes(broken))


def test_limits_are_limits():
    """Named, and in order."""
    assert 0 < limits.MAX_PAGES <= limits.MAX_PAGE_NUMBER and limits.MAX_SIDE**2 >= limits.MAX_PIXELS


def test_a_document_in_dicom_says_when_its_ecg_was_recorded():
    """A captured picture says when it was scanned, which is another thing."""
    told = {"AcquisitionDateTime": "20190503102030+0100"}
    document = made.dicom(
        made.ENCAPSULATED_PDF,
        EncapsulatedDocument=made.pdf(flat("red")),
        MIMETypeOfEncapsulatedDocument="application/pdf",
        **told,
    )
    assert open_picture(document).recorded_at == "2019-05-03T10:20:30+01:00"
    assert open_picture(made.dicom_picture(flat("red"), **told)).recorded_at is None
