"""Small pictures and bad ones, and what the tests of opening and reading look at."""

import io
import os

import numpy as np
import pytest
from PIL import Image

from ecg_edge.errors import PictureError, Reason
from ecg_edge.image import Picture, open_picture


def scene(width=60, height=40):
    """An array without symmetry, so that a wrong turn shows."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns * 4, rows * 6, (columns + 2 * rows) % 256], axis=-1).astype(np.uint8)


def encoded(image, form, **options):
    """The bytes of a file of an image."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def pixels(source):
    """The array that a source is opened as."""
    return np.asarray(open_picture(source).image)


def refusal(source):
    """The error for which a source is refused."""
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


def bad_pictures(page):
    """{what it is: (picture, the reason for which it is refused)}; `page` is the path of a report page beside its like."""
    blank, dark = Image.new("RGB", (2213, 1572), "white"), Image.new("RGB", (640, 480))
    return {
        "a missing file": ("none.jpg", "not_found"),
        "a directory": (os.fspath(page.parent), "not_found"),
        "an empty file": (b"", "truncated"),
        "a cut file": (page.read_bytes()[:50_000], "truncated"),
        "text": (b"To whom it may concern", "not_a_picture"),
        "an SVG": (b"<svg/>", "unsupported"),
        "too many pixels": (Image.new("1", (10_001, 10_000)), "too_large"),
        "one pixel": (encoded(Image.new("RGB", (1, 1)), "JPEG"), "no_page"),
        "one pixel as an array": (np.zeros((1, 1, 3), np.uint8), "no_page"),
        "one bright pixel": (np.full((1, 1, 3), 255, np.uint8), "too_small"),
        "a dark room": (encoded(dark, "JPEG"), "no_page"),
        "a page from afar": (Image.open(page).convert("RGB").resize((553, 393)), "too_small"),
        "two columns": (page.with_name("6x2.jpg"), "bad_layout"),
        "two columns and a strip": (page.with_name("6x2+1.jpg"), "bad_layout"),
        "a blank sheet": (blank, "not_an_ecg"),
    }


def without_times(result):
    """A result's dict without what differs from reading to reading."""
    return {key: value for key, value in result.to_dict().items() if key != "timing_ms"}
