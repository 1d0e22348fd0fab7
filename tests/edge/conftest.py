"""What several files look at: photographs, each taken and laid flat once a session; the schema of results; cameras of this process alone."""

import json
import os
from dataclasses import dataclass, replace
from importlib import resources

import numpy as np
import pytest
from PIL import Image

from .papers import ruled

SHEET_PX = (1680, 1200)
SHEET_PX_PER_MM = 6.0
RIM_PX = 30
SIZES = {"page_width_px": (1500, 1700), "megapixels": (1.0, 4.0)}
"""Photographs small enough to be taken in a second or two; all else is the severities' own."""


@dataclass(frozen=True)
class Taken:
    """A photograph (`photo`, with its truth) of a page of `size` pixels at `px_per_mm`, as an `image`."""

    photo: object
    size: tuple
    px_per_mm: float

    @property
    def image(self):
        """The RGB `PIL.Image`."""
        return Image.fromarray(self.photo.image)


def take(page, px_per_mm, severity, seed, framing):
    """A `Taken` photograph of a page."""
    from train import camera
    from train.severities import SEVERITIES

    ranges = replace(SEVERITIES[severity], **SIZES)
    photo = camera.photograph(page, ranges, seed, px_per_mm=px_per_mm, framing=framing)
    return Taken(photo, page.size, px_per_mm)


@pytest.fixture(scope="session")
def ruled_sheet():
    """A sheet of grid paper with a white rim."""
    pitch_px = 5 * SHEET_PX_PER_MM
    sheet = np.full((*SHEET_PX[::-1], 3), 255, np.uint8)
    inner = slice(RIM_PX, -RIM_PX)
    sheet[inner, inner] = ruled(SHEET_PX, lambda points: (points - RIM_PX) / pitch_px, noise=0.0)[inner, inner]
    return Image.fromarray(sheet)


@pytest.fixture(scope="session", params=[(1, 21, "lying"), (2, 22, "filling"), (2, 23, "lying"), (3, 24, "lying")])
def ruled_photo(request, ruled_sheet):
    """The grid paper as a camera sees it, at each severity."""
    return take(ruled_sheet, SHEET_PX_PER_MM, *request.param)


@pytest.fixture(scope="session", params=[(1, 31, "lying"), (1, 32, "filling"), (2, 33, "lying")])
def report_photo(request, normal_page):
    """A report page as a camera sees it, at the severities at which nearly all should be read."""
    from ecg_edge.image import open_picture

    return take(open_picture(normal_page).image, 200 / 25.4, *request.param)


@pytest.fixture(scope="session")
def one_photo(normal_page):
    """A report page as a camera sees it at severity 2: for what is done with photographs that are read, whatever they are like."""
    from ecg_edge.image import open_picture

    return take(open_picture(normal_page).image, 200 / 25.4, 2, 33, "lying")


@pytest.fixture(scope="session")
def validate():
    """Hold a result's JSON against the schema."""
    import jsonschema  # which `make test-web` does without

    schema = json.loads((resources.files("ecg_edge") / "result.schema.json").read_text())
    return jsonschema.Draft202012Validator(schema).validate


@pytest.fixture
def own_cameras(monkeypatch):
    """A camera is one process's of the whole machine: those of these tests have names that no other run of them has."""
    from ecg_edge.device import capture_service

    lock = capture_service.NamedLock
    monkeypatch.setattr(capture_service, "NamedLock", lambda name: lock(f"test/{os.getpid()}/{name}"))
