"""Decoders in a process of their own: the same pages, the same reasons, and an end that costs one page."""

import os

import numpy as np
import pytest
from PIL import Image

from ecg_edge import Reader
from ecg_edge.errors import PictureError, Reason
from ecg_edge.image import decode_page, open_file
from ecg_edge.system import guarded_decoding
from ecg_edge.system.guarded_decoding import GuardedDecoding

from ..files import made

PAGE = Image.new("RGB", (240, 160), "white")


def decode(data, kind, page):
    """As `decode_page` does, and ends the process of a gray page: no file that ends a decoder is kept here."""
    found = decode_page(data, kind, page)
    if found.image.getpixel((100, 100)) == (128, 128, 128):
        os._exit(7)
    return found


def test_pages_and_reasons_are_those_of_this_process():
    """Of every kind of an extra; others are decoded here, and start no process."""
    guarded = GuardedDecoding()
    open_file(made.tiff(PAGE), decode=guarded)
    assert guarded.process_id is None
    for data in (made.pdf(PAGE, PAGE), made.heic(PAGE), made.dicom_picture(PAGE)):
        here, there = open_file(data), open_file(data, decode=guarded)
        assert np.array_equal(here.image, there.image)
        assert (here.pages, here.sha256, here.source) == (there.pages, there.sha256, there.source)
    number = guarded.process_id
    for data, page in ((b"%PDF-1.7 broken", 1), (made.pdf(PAGE, PAGE), 3)):
        with pytest.raises(PictureError) as here:
            open_file(data, page)
        with pytest.raises(PictureError) as there:
            open_file(data, page, decode=guarded)
        assert (here.value.reason, str(here.value), here.value.pages) == (
            there.value.reason, str(there.value), there.value.pages
        )  # fmt: skip
    assert guarded.process_id == number


def test_a_file_that_ends_its_decoder_costs_itself_alone(tiny_folder):
    """Its reason says so; the pages after it, of the same file too, are decoded by a new process."""
    reader = Reader("tiny", folder=tiny_folder, guarded=True)
    reader._decode = GuardedDecoding(decode)
    files = [made.pdf(PAGE, made.flat((128, 128, 128), PAGE.size), PAGE), made.heic(PAGE)]
    results = list(reader.read_all(files))
    assert [result.source for result in results] == ["bytes#1", "bytes#2", "bytes#3", "bytes"]
    assert [result.status for result in results] == ["refused", "failed", "refused", "refused"]
    assert results[1].reason is Reason.UNSUPPORTED and results[1].message == guarded_decoding.ENDS


def test_processes_of_their_own_may_have_one_each(tiny_folder):
    """`--jobs 2`, and no process is left."""
    reader = Reader("tiny", folder=tiny_folder, guarded=True)
    results = list(reader.read_all([made.pdf(PAGE), made.heic(PAGE), made.pdf(PAGE)], jobs=2))
    assert [result.status for result in results] == ["refused"] * 3
