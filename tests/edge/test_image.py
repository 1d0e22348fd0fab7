"""Opening pictures."""

import hashlib
import io
import os
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ecg_edge.errors import PictureError, Reason, UsageError
from ecg_edge.image import FORMATS, MAX_BYTES, SUFFIXES, Picture, find_pictures, open_picture, to_memory

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def scene(width=60, height=40):
    """An array without symmetry, so that a wrong turn shows."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns * 4, rows * 6, (columns + 2 * rows) % 256], axis=-1).astype(np.uint8)


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def pixels(source):
    return np.asarray(open_picture(source).image)


def refusal(source):
    with pytest.raises(PictureError) as caught:
        open_picture(source)
    return caught.value


def opened_or_refused(data):
    """What `open_picture` makes of any bytes: a sound `Picture` or the reason of a `PictureError`."""
    try:
        picture = open_picture(data)
    except PictureError as error:
        assert isinstance(error.reason, Reason) and str(error)
        return error.reason
    assert isinstance(picture, Picture) and picture.image.mode == "RGB" and min(picture.size) > 0
    return picture


# What is opened


@pytest.mark.parametrize("form, options", [("PNG", {}), ("TIFF", {}), ("BMP", {}), ("WEBP", {"lossless": True})])
def test_lossless_files_give_back_their_pixels(form, options):
    """PNG, TIFF, BMP and lossless WebP come through bit for bit."""
    array = scene()
    assert np.array_equal(pixels(encoded(Image.fromarray(array), form, **options)), array)


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_lossy_files_give_what_pillow_decodes(form):
    """JPEG and WebP come as Pillow decodes them."""
    data = encoded(Image.fromarray(scene()), form, quality=90)
    assert np.array_equal(pixels(data), np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_compressed_tiff_is_opened(compression):
    """A scanner's TIFF is opened, however it is compressed."""
    data = encoded(Image.fromarray(scene(64, 48)), "TIFF", compression=compression)
    assert np.abs(pixels(data).astype(int) - scene(64, 48)).mean() < (8 if compression == "jpeg" else 1e-9)


def test_a_path_bytes_a_file_object_an_image_and_an_array_give_the_same_pixels(tmp_path):
    """The picture does not depend on how it is handed over."""
    array = scene()
    path = tmp_path / "page.png"
    Image.fromarray(array).save(path)
    data = path.read_bytes()
    with open(path, "rb") as file:
        sources = [
            path,
            str(path),
            data,
            bytearray(data),
            memoryview(data),
            io.BytesIO(data),
            Image.open(path),
            array,
            file,
        ]
        assert all(np.array_equal(pixels(source), array) for source in sources)


def test_the_sha256_is_that_of_the_files_bytes_or_else_of_the_pixels(tmp_path):
    """Files are named by their bytes; images and arrays by their RGB pixels."""
    array = scene()
    path = tmp_path / "page.png"
    Image.fromarray(array).save(path)
    of_file = hashlib.sha256(path.read_bytes()).hexdigest()
    of_pixels = hashlib.sha256(array.tobytes()).hexdigest()
    assert [open_picture(s).sha256 for s in (path, path.read_bytes())] == [of_file] * 2
    assert [open_picture(s).sha256 for s in (Image.fromarray(array), array)] == [of_pixels] * 2


def test_a_source_is_called_by_its_path_its_name_or_its_kind(tmp_path):
    """What a result calls its source."""
    path = tmp_path / "page.png"
    Image.fromarray(scene()).save(path)
    named = io.BytesIO(path.read_bytes())
    named.name = "-"
    sources = [path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), named, Image.open(path), scene()]
    assert [open_picture(s).source for s in sources] == [str(path), str(path), "bytes", "stream", "-", "image", "array"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_turned_upright(form, orientation):
    """A picture stored in any of the eight orientations comes out upright: compared with an array turned by NumPy."""
    upright = scene()
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.ascontiguousarray(stored))
    options = {"quality": 100, "subsampling": 0} if form == "JPEG" else {"lossless": True} if form == "WEBP" else {}
    got = pixels(encoded(image, form, exif=exif, **options))
    assert got.shape == upright.shape
    assert np.abs(got.astype(int) - upright).max() <= (6 if form == "JPEG" else 0)


def test_an_orientation_that_does_not_exist_is_passed_over():
    """Orientation 9 says nothing: the pixels stay."""
    exif = Image.Exif()
    exif[0x0112] = 9
    assert np.array_equal(pixels(encoded(Image.fromarray(scene()), "PNG", exif=exif)), scene())


def test_damaged_exif_does_not_lose_the_picture():
    """Damaged EXIF says nothing about the pixels."""
    data = encoded(Image.fromarray(scene()), "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff\0\1")
    assert np.array_equal(pixels(data), scene())


def test_transparency_is_laid_over_white():
    """Alpha 0 is white, 255 the colour, between them a mixture: in RGBA and in gray with alpha."""
    rgba = Image.new("RGBA", (3, 1))
    gray = Image.new("LA", (3, 1))
    for x, alpha in enumerate((0, 255, 102)):
        rgba.putpixel((x, 0), (0, 0, 0, alpha))
        gray.putpixel((x, 0), (0, alpha))
    expected = [[WHITE, BLACK, (153, 153, 153)]]
    for image in (rgba, gray):
        assert pixels(encoded(image, "PNG")).tolist() == np.array(expected).tolist()
        assert pixels(image).tolist() == np.array(expected).tolist()


@pytest.mark.parametrize("mode, ink, key", [("RGB", (10, 20, 30), (10, 20, 30)), ("L", 10, 10), ("1", 0, 0)])
def test_a_transparent_colour_is_white(mode, ink, key):
    """A PNG that names one colour as transparent shows paper there."""
    image = Image.new(mode, (2, 1), (200, 100, 50) if mode == "RGB" else 255)
    image.putpixel((0, 0), ink)
    got = pixels(encoded(image, "PNG", transparency=key))
    assert got[0, 0].tolist() == [255, 255, 255]
    assert got[0, 1].tolist() == ([200, 100, 50] if mode == "RGB" else [255, 255, 255])


def test_a_palette_gives_its_colours_and_its_transparent_one_white():
    """Palette pictures with and without a transparent colour."""
    image = Image.new("P", (3, 1))
    image.putpalette([10, 20, 30, 200, 100, 50, 0, 0, 0])
    image.putdata([0, 1, 2])
    colours = [[10, 20, 30], [200, 100, 50], [0, 0, 0]]
    assert pixels(encoded(image, "PNG"))[0].tolist() == colours
    assert pixels(encoded(image, "PNG", transparency=2))[0].tolist() == [*colours[:2], [255, 255, 255]]
    assert pixels(encoded(image, "PNG", transparency=bytes([255, 0, 255])))[0].tolist() == [
        colours[0],
        [255, 255, 255],
        colours[2],
    ]


def test_cmyk_becomes_rgb():
    """No ink is white, all ink black."""
    image = Image.new("CMYK", (16, 8), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (8, 0, 16, 8))
    for data in (encoded(image, "TIFF"), encoded(image, "JPEG", quality=100)):
        got = pixels(data)
        assert got[4, 2].min() >= 253 and got[4, 13].max() <= 2


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP"])
def test_one_bit_pictures_are_black_and_white(form):
    """A fax is 0 and 255."""
    drawn = scene()[..., 0] > 100
    assert np.array_equal(pixels(encoded(Image.fromarray(drawn), form))[..., 0], np.where(drawn, 255, 0))


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bit_gray_comes_to_eight(form):
    """65535 is 255 and 0 is 0, whatever lies between: by 257, rounded; nothing is stretched."""
    values = np.linspace(3000, 50000, 64 * 32).reshape(32, 64).astype(np.uint16)
    got = pixels(encoded(Image.fromarray(values), form))
    assert np.array_equal(got[..., 1], np.rint(values / 257).astype(np.uint8))
    ends = np.array([[0, 65535]], dtype=np.uint16)
    assert pixels(encoded(Image.fromarray(ends), form))[0, :, 0].tolist() == [0, 255]


def test_big_endian_sixteen_bit_tiff_is_read():
    """I;16B is gray of 16 bits too."""
    image = Image.fromarray(np.array([[0, 257 * 100, 65535]], dtype=">u2"))
    assert pixels(image)[0, :, 0].tolist() == [0, 100, 255]


def test_floating_point_gray_is_stretched_from_its_darkest_to_its_brightest():
    """F has no scale of its own."""
    image = Image.fromarray(np.array([[-1.0, 0.0, 1.0]], dtype=np.float32))
    assert pixels(encoded(image, "TIFF"))[0, :, 0].tolist() == [0, 128, 255]


def test_thirty_two_bit_gray_beyond_sixteen_bits_is_stretched():
    """I that does not fit 16 bits has no scale of its own either."""
    image = Image.fromarray(np.array([[-70000, 0, 70000]], dtype=np.int32))
    assert pixels(encoded(image, "TIFF"))[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("values", [[np.nan, 0.0, 1.0], [np.inf, -np.inf, 1.0], [np.nan] * 3, [5.0] * 3])
def test_floating_point_gray_without_numbers_is_a_picture_still(values):
    """NaN, infinities and one level alone raise nothing."""
    assert pixels(Image.fromarray(np.array([values], dtype=np.float32))).shape == (1, 3, 3)


@pytest.mark.parametrize("mode", ["YCbCr", "HSV", "RGBX", "RGBa", "La", "PA", "I;16", "1", "L", "P", "CMYK", "F", "I"])
def test_every_mode_of_pillow_becomes_rgb(mode):
    """A `PIL.Image` of any mode is taken."""
    assert open_picture(Image.new(mode, (5, 4))).image.mode == "RGB"


def test_a_mode_that_pillow_cannot_turn_is_refused(monkeypatch):
    """Where Pillow has no way to RGB (from LAB, in some versions) that is a refusal, not Pillow's ValueError."""
    image = Image.new("CMYK", (5, 4))
    monkeypatch.setattr(Image.Image, "convert", Image.Image.getchannel)
    assert refusal(image).reason is Reason.UNSUPPORTED


def test_a_tiff_of_many_pages_says_so_and_gives_the_first():
    """The first frame is read, and the number of frames is known."""
    first, second = Image.fromarray(scene()), Image.new("RGB", (60, 40), "red")
    picture = open_picture(encoded(first, "TIFF", save_all=True, append_images=[second, second]))
    assert picture.frames == 3
    assert np.array_equal(np.asarray(picture.image), scene())
    assert open_picture(encoded(first, "TIFF")).frames == 1


def test_the_callers_image_is_left_alone():
    """The picture is a copy."""
    mine = Image.fromarray(scene())
    open_picture(mine).image.paste((0, 0, 0), (0, 0, 60, 40))
    assert np.array_equal(np.asarray(mine), scene())


def test_an_open_file_becomes_bytes_that_another_process_can_take(tmp_path):
    """Open files do not go to other processes; their bytes do, under their name."""
    path = tmp_path / "page.bin"
    path.write_bytes(b"abc")
    with open(path, "rb") as file:
        held = to_memory(file)
    assert (held.read(), held.name) == (b"abc", str(path))
    assert to_memory(str(path)) == str(path)
    with pytest.raises(UsageError, match="binary mode"):
        to_memory(io.StringIO("abc"))


# What is refused


def test_what_is_not_there_is_not_found(tmp_path):
    """A missing path and one with a NUL byte."""
    for path in (tmp_path / "none.jpg", "a\0b.jpg", ""):
        error = refusal(path)
        assert (error.reason, str(error)) == (Reason.NOT_FOUND, "There is no picture there: check the path.")


def test_a_directory_is_not_found(tmp_path):
    """A directory stands for its pictures; given as a picture it has none."""
    error = refusal(tmp_path)
    assert error.reason is Reason.NOT_FOUND
    assert str(error) == "The directory holds no picture (.jpg, .jpeg, .png, .tif, .tiff, .bmp, .webp): check the path."


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
    assert str(error) == "This is no picture that can be opened: give a JPEG, PNG, TIFF, BMP or WebP file."


@pytest.mark.parametrize(
    "head, kind",
    [
        (b"%PDF-1.7\n%", "PDF"),
        (b"GIF89a\x01\0\x01\0", "GIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIF or AVIF"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "HEIF or AVIF"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\0" * 128 + b"DICM", "DICOM"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    ],
)
def test_other_kinds_of_pictures_are_named(head, kind):
    """A person is told what the file is, and what to do."""
    error = refusal(head + bytes(64))
    assert error.reason is Reason.UNSUPPORTED
    assert str(error) == f"{kind} files are not supported: save the picture as JPEG or PNG."


def test_a_real_gif_is_unsupported():
    """Pillow could open it; it is not on the list."""
    assert refusal(encoded(Image.fromarray(scene()), "GIF")).reason is Reason.UNSUPPORTED


@pytest.mark.parametrize("form", ["PPM", "ICO", "TGA", "PCX", "SGI"])
def test_formats_off_the_list_never_reach_their_decoder(form):
    """Few decoders are few doors."""
    assert form not in FORMATS
    assert refusal(encoded(Image.fromarray(scene()), form)).reason is Reason.NOT_A_PICTURE


def test_sound_in_a_riff_is_not_a_picture():
    """WebP is RIFF, and not all RIFF is WebP."""
    assert refusal(b"RIFF\x24\0\0\0WAVEfmt " + bytes(40)).reason is Reason.NOT_A_PICTURE


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "BMP", "WEBP"])
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
        assert str(error) == "The picture is too large: give one of at most 100 megapixels and 64 MB."
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


# Whatever the bytes are


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"BM", b"RIFF\0\0\0\0WEBP"]),
)
def test_random_bytes_are_a_picture_or_a_reason(body, head):
    """Bytes of any kind, behind any picture's first ones, raise nothing but `PictureError`."""
    opened_or_refused(head + body)


@pytest.fixture(scope="module")
def small_files(normal_page):
    """A cut of a real page in each format, and the real JPEG's head and tables."""
    cut = Image.open(normal_page).convert("RGB").crop((600, 400, 760, 520))
    exif = Image.Exif()
    exif[0x0112] = 6
    return {
        "JPEG": encoded(cut, "JPEG", exif=exif),
        "progressive": encoded(cut, "JPEG", progressive=True),
        "PNG": encoded(cut.quantize(16), "PNG", transparency=3),
        "TIFF": encoded(cut, "TIFF", compression="tiff_lzw"),
        "plain TIFF": encoded(cut.convert("L"), "TIFF"),
        "BMP": encoded(cut, "BMP"),
        "WEBP": encoded(cut, "WEBP"),
    }


@pytest.mark.parametrize("kind", ["JPEG", "progressive", "PNG", "TIFF", "plain TIFF", "BMP", "WEBP"])
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_mutated_files_are_a_picture_or_a_reason(small_files, kind, seed):
    """Real files with bytes flipped, lost, doubled or moved raise nothing but `PictureError`."""
    draw = random.Random(seed)
    data = bytearray(small_files[kind])
    for _ in range(draw.randint(1, 8)):
        near_head = draw.random() < 0.5
        at = draw.randrange(min(len(data), 700) if near_head else len(data))
        change = draw.randrange(4)
        if change == 0:
            data[at] ^= 1 << draw.randrange(8)
        elif change == 1:
            data[at] = draw.choice([0, 1, 0x7F, 0x80, 0xFF])
        elif change == 2:
            del data[at : at + draw.randint(1, 8)]
        else:
            data[at:at] = data[at : at + draw.randint(1, 8)]
    opened_or_refused(bytes(data))


def test_a_mutated_real_page_is_a_picture_or_a_reason(normal_page):
    """A hundred damaged copies of a whole page, most of them in its header."""
    draw, data = random.Random(2), normal_page.read_bytes()
    found = []
    for turn in range(100):
        broken = bytearray(data)
        for _ in range(draw.randint(1, 5)):
            broken[draw.randrange(len(data) if turn % 5 == 0 else 620)] = draw.randrange(256)
        found.append(opened_or_refused(bytes(broken)))
    assert Reason.TRUNCATED in found or Reason.NOT_A_PICTURE in found


# Directories


def test_pictures_in_a_directory_are_found_below_it_too_sorted(tmp_path):
    """By suffix in any case, whatever the depth; other files are left."""
    for name in ("b.JPG", "a/z.png", "a/b/c.tiff", "a.webp", "notes.txt", "a/jpg", "c.jpg.part"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = [str(Path(path).relative_to(tmp_path)) for path in find_pictures(tmp_path)]
    assert found == ["a.webp", "a/b/c.tiff", "a/z.png", "b.JPG"]
    assert all(name.lower().endswith(SUFFIXES) for name in found)


def test_a_folder_that_cannot_be_listed_is_answered_for(tmp_path):
    """It stands among the pictures, so that somebody hears of it."""
    assert find_pictures(tmp_path / "none") == [str(tmp_path / "none")]
