"""Opening pictures: formats, modes, orientations, and where they are found."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from ecg_edge.errors import Reason, UsageError
from ecg_edge.image import open_picture, to_memory

from .pictures import encoded, pixels, refusal, scene

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


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
    """The first page is read, and the number of pages is known."""
    first, second = Image.fromarray(scene()), Image.new("RGB", (60, 40), "red")
    picture = open_picture(encoded(first, "TIFF", save_all=True, append_images=[second, second]))
    assert picture.pages == 3
    assert np.array_equal(np.asarray(picture.image), scene())
    assert open_picture(encoded(first, "TIFF")).pages == 1


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


@pytest.mark.parametrize(("form", "side", "kept"), [("JPEG", 7200, 3600), ("JPEG", 7198, 7198), ("PNG", 7200, 7200)])
def test_of_a_large_jpeg_every_second_pixel_is_decoded(form, side, kept):
    """In either direction, and turned upright; whatever else is large is opened as it is."""
    wide = Image.linear_gradient("L").resize((side, 16))
    for drawn in (wide, wide.rotate(90, expand=True)):
        opened = open_picture(encoded(drawn.convert("RGB"), form)).image
        assert max(opened.size) == kept
        np.testing.assert_allclose(np.asarray(opened), np.asarray(drawn.convert("RGB").resize(opened.size)), atol=4)
    exif = Image.Exif()
    exif[0x0112] = 6
    assert open_picture(encoded(wide.convert("RGB"), form, exif=exif)).image.height == kept
