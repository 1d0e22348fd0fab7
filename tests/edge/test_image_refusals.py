"""Opening what is no picture, another kind of one, or too much of one: a reason and a sentence."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ecg_edge.errors import Reason, UsageError
from ecg_edge.files.limits import MAX_BYTES
from ecg_edge.files.pillow_pages import FORMATS
from ecg_edge.image import Picture, open_picture

from .pictures import encoded, opened_or_refused, pixels, refusal, scene


def test_what_is_not_there_is_not_found(tmp_path):
    """A missing path and one with a NUL byte."""
    for path in (tmp_path / "none.jpg", "a\0b.jpg", ""):
        error = refusal(path)
        assert (error.reason, str(error)) == (Reason.NOT_FOUND, "There is no picture there: check the path.")


def test_a_directory_is_not_found(tmp_path):
    """A directory stands for its pictures; given as a picture it has none."""
    error = refusal(tmp_path)
    assert error.reason is Reason.NOT_FOUND
    assert str(error) == "The directory holds no picture, PDF, DICOM, WFDB or CSV file: check the path."


def test_a_file_that_cannot_be_read_says_why(monkeypatch, tmp_path):
    """The system's own words come through."""
    path = tmp_path / "page.jpg"
    path.write_bytes(b"x")

    def deny(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", deny)
    error = refusal(path)
    monkeypatch.undo()
    assert error.reason is Reason.NOT_FOUND
    assert str(error) == "The file cannot be read (Permission denied): check path and permissions."


def test_an_empty_file_is_truncated(tmp_path):
    """Nothing at all is the end that comes too early."""
    (tmp_path / "empty.jpg").touch()
    for source in (tmp_path / "empty.jpg", b"", io.BytesIO()):
        error = refusal(source)
        assert (error.reason, str(error)) == (Reason.TRUNCATED, "The file is empty: copy or take the picture again.")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "BMP", "WEBP"])
def test_a_file_cut_anywhere_is_truncated_or_whole(form):
    """At no length does a cut file give other pixels than the whole one: it is refused, or nothing of the picture is lost."""
    options = {"compression": "tiff_lzw"} if form == "TIFF" else {}
    draw = np.random.default_rng(1)
    data = encoded(Image.fromarray(draw.integers(0, 256, (40, 60, 3), dtype=np.uint8)), form, **options)
    whole, kept = pixels(data), 0
    for length in {*range(1, 64), *range(64, len(data), 37), *range(len(data) - 24, len(data))}:
        found = opened_or_refused(data[:length])
        if isinstance(found, Picture):
            kept += 1
            assert np.array_equal(np.asarray(found.image), whole)
        else:
            assert found is Reason.TRUNCATED or (length < 12 and found is Reason.NOT_A_PICTURE)
    assert kept <= 24


def test_a_real_page_cut_anywhere_is_truncated(normal_page):
    """A page whose copying broke off is never read as if it were whole."""
    data = normal_page.read_bytes()
    for share in (0.0005, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.9999):
        error = refusal(data[: int(len(data) * share)])
        assert (error.reason, str(error)) == (
            Reason.TRUNCATED,
            "The picture's file ends too early: copy or take it again.",
        )


def test_an_image_whose_file_is_cut_is_truncated(normal_page):
    """Pillow opens lazily: the damage shows when pixels are asked for."""
    lazy = Image.open(io.BytesIO(normal_page.read_bytes()[:100_000]))
    assert refusal(lazy).reason is Reason.TRUNCATED


def test_text_named_jpg_is_not_a_picture(tmp_path):
    """A name does not make a picture."""
    (tmp_path / "page.jpg").write_text("Dear colleague, the ECG follows by post.")
    error = refusal(tmp_path / "page.jpg")
    assert error.reason is Reason.NOT_A_PICTURE
    assert str(error) == "The file cannot be opened as a picture: use a JPEG, PNG, TIFF or PDF file."


@pytest.mark.parametrize(
    "head, kind",
    [
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
    ],
)
def test_other_kinds_of_pictures_are_named(head, kind):
    """A person is told what the file is, and what to do."""
    error = refusal(head + bytes(64))
    assert error.reason is Reason.UNSUPPORTED
    assert str(error) == f"{kind} files are not supported: save the page as JPEG or PNG."


@pytest.mark.parametrize(
    "head",
    [b"GIF89a\x01\0\x01\0", b"\0\0\0\x1cftypavif\0\0\0\0", b"\0\0\0\x0cjP  \r\n\x87\n"],
)
def test_the_heads_alone_of_kinds_that_pillow_opens_are_truncated(head):
    """GIF, AVIF and JPEG 2000."""
    assert refusal(head + bytes(64)).reason is Reason.TRUNCATED


@pytest.mark.parametrize("form", ["PPM", "ICO", "TGA", "PCX", "SGI"])
def test_formats_off_the_list_never_reach_their_decoder(form):
    """Few decoders are few doors."""
    assert form not in FORMATS.values()
    assert refusal(encoded(Image.fromarray(scene()), form)).reason is Reason.NOT_A_PICTURE


def test_sound_in_a_riff_is_not_a_picture():
    """WebP is RIFF, and not all RIFF is WebP."""
    assert refusal(b"RIFF\x24\0\0\0WAVEfmt " + bytes(40)).reason is Reason.NOT_A_PICTURE


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF", "JPEG2000", "AVIF"])
def test_one_pixel_is_a_picture(form):
    """Small is for the page to refuse."""
    assert open_picture(encoded(Image.new("RGB", (1, 1), "white"), form)).size == (1, 1)


def png_header(width, height):
    """The start of a PNG that claims `width` x `height` pixels."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "width, height", [(30_000, 30_000), (2**31 - 1, 2**31 - 1), (10_001, 10_000), (100_000_001, 1)]
)
def test_a_header_that_claims_too_many_pixels_is_refused_before_any_is_made(width, height):
    """A header bomb costs neither time nor memory: NumPy's and Python's peak stays below 2 MB."""
    import tracemalloc

    tracemalloc.start()
    error = refusal(png_header(width, height))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error.reason is Reason.TOO_LARGE
    assert peak < 2e6


def test_a_bomb_does_not_grow_the_process():
    """Pillow's own memory, which Python does not see, does not grow either."""
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refusal(png_header(30_000, 30_000)).reason is Reason.TOO_LARGE
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_a_picture_just_too_large_says_its_size():
    """100 megapixels is the limit, for files, images and arrays."""
    error = refusal(png_header(10_001, 10_000))
    assert str(error) == "The picture has 10001 x 10000 pixels: give one of at most 100 megapixels."
    strip = np.broadcast_to(np.zeros(3, np.uint8), (10_001, 10_000, 3))
    assert refusal(strip).reason is Reason.TOO_LARGE


def test_a_picture_that_is_too_long_is_not_decoded():
    """A damaged header may say 800 x 56632 of a small photograph: 45 megapixels, and 300 MB to decode them."""
    assert (
        str(refusal(png_header(800, 56_632))) == "The picture has 800 x 56632 pixels: give one of at most 20000 a side."
    )
    assert open_picture(Image.new("RGB", (20_000, 1))).size == (20_000, 1)
    assert refusal(np.broadcast_to(np.zeros(3, np.uint8), (20_001, 10, 3))).reason is Reason.TOO_LARGE


def test_a_file_above_the_limit_is_refused(tmp_path):
    """64 MB and a byte: as a path, as bytes, and from a stream that would not end."""
    path = tmp_path / "huge.jpg"
    with open(path, "wb") as file:
        file.truncate(MAX_BYTES + 1)

    class Endless:
        def read(self, size):
            assert size == MAX_BYTES + 1
            return bytes(size)

    for source in (path, Endless()):
        error = refusal(source)
        assert error.reason is Reason.TOO_LARGE
        assert str(error) == "The picture is too large: use one of at most 100 megapixels and 64 MB."
    os.truncate(path, MAX_BYTES)
    assert refusal(path).reason is Reason.NOT_A_PICTURE


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 5, 3)),
        np.zeros((4, 5), np.uint8),
        np.zeros((4, 5, 4), np.uint8),
        np.zeros((3, 4, 5), np.uint8),
        np.zeros((0, 5, 3), np.uint8),
        np.zeros((4, 5, 3), np.int8),
    ],
)
def test_an_array_of_another_kind_is_the_callers_mistake(array):
    """What is not (height, width, 3) uint8 would be guessed at."""
    with pytest.raises(UsageError) as caught:
        open_picture(array)
    assert str(caught.value) == f"an array must be (height, width, 3) uint8 RGB, not {array.shape} {array.dtype}"


def test_an_array_that_is_a_view_is_read_as_it_looks():
    """Strides are honoured."""
    assert np.array_equal(pixels(scene()[::2, ::-1]), scene()[::2, ::-1])


@pytest.mark.parametrize("source, word", [(3, "int"), (None, "NoneType"), ([1, 2], "list")])
def test_another_source_is_the_callers_mistake(source, word):
    """Neither a path nor anything else that holds a picture."""
    with pytest.raises(UsageError) as caught:
        open_picture(source)
    assert str(caught.value) == f"a picture is a path, bytes, file object, PIL image or array, not {word}"


def test_a_text_file_object_is_the_callers_mistake():
    """Text mode would have changed the bytes."""
    with pytest.raises(UsageError, match="^a file object must be opened in binary mode$"):
        open_picture(io.StringIO("abc"))
