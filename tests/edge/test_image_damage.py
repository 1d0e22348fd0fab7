"""Opening whatever the bytes are: a picture or a reason."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ecg_edge.errors import Reason

from .pictures import encoded, opened_or_refused


@settings(max_examples=300)
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
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
