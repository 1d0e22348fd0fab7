"""Pictures that Pillow opens: their pixels upright, and their pages or frames."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..errors import PictureError, Reason
from .decoder_errors import as_picture_errors
from .kinds import AS_PICTURE, Kind
from .limits import MAX_PAGE_NUMBER, MAX_SEQUENCE_PIXELS, check_pixels

if TYPE_CHECKING:
    from PIL import Image

FORMATS = {
    "JPEG": "JPEG",  # opens MPO too, whose further pictures are the same scene again
    "PNG": "PNG",
    "TIFF": "TIFF",
    "BMP": "BMP",
    "WebP": "WEBP",
    "GIF": "GIF",
    "JPEG 2000": "JPEG2000",
    "AVIF": "AVIF",
}
"""Pillow's name of each kind that it opens; its other decoders are never asked."""
FEATURES = {"WebP": "webp", "JPEG 2000": "jpg_2000", "AVIF": "avif"}
"""What some builds of Pillow lack, as `PIL.features` calls it."""
SEQUENCES = ("PNG", "WEBP", "GIF", "AVIF")
"""Formats whose frames are made of those before them."""
LEAST_SIDE_PX = 3600
"""A JPEG whose longer side has twice as many pixels or more is decoded to a half, a quarter or an eighth of them each way that leave it as many: 12 to the
millimetre of an A4 page that fills it, and 8, at which pages are read, of one that fills two thirds. Of 48 megapixels that leaves 12."""
SUBFILE_TYPE, REDUCED = 254, 1
"""The tag of a TIFF's image that says, by its lowest bit, that it is a smaller copy of another (TIFF 6.0, NewSubfileType)."""


class PillowPages:
    """The pages of a picture's file; made of its bytes and its `Kind`.

    Raises
    ------
    PictureError : it is damaged, too large, or of a kind that this Pillow was built without.
    """

    def __init__(self, data: bytes, kind: Kind) -> None:
        from PIL import Image, features

        feature = FEATURES.get(kind.name)
        if feature is not None and not features.check(feature):
            raise PictureError(
                Reason.UNSUPPORTED, f"The installed Pillow opens no {kind.name}: upgrade it, or {AS_PICTURE}."
            )
        with as_picture_errors():
            self._file = Image.open(io.BytesIO(data), formats=(FORMATS[kind.name],))
            check_pixels(*self._file.size)
            self._frames = self._find_frames()
        self.count = len(self._frames)

    def page(self, number: int) -> Image.Image:
        """Page `number`, from 1: upright, of any mode; of a file with one page the file itself.

        Raises
        ------
        PictureError : it is damaged or too large.
        """
        from PIL import ImageOps

        file, frame = self._file, self._frames[number - 1]
        with as_picture_errors():
            if file.format in SEQUENCES and file.width * file.height * (frame + 1) > MAX_SEQUENCE_PIXELS:
                raise PictureError(Reason.TOO_LARGE)
            if self.count > 1:
                file.seek(frame)
                check_pixels(*file.size)
            self._decode_fewer()
            file.load()
            # Its own pixels: a copy of twelve megapixels is 48 MB.
            with suppress(Exception):  # damaged EXIF says nothing about the picture's pixels
                ImageOps.exif_transpose(file, in_place=True)
            return file if self.count == 1 else file.copy()

    def _decode_fewer(self) -> None:
        """Have the decoder of a large JPEG make every second, fourth or eighth pixel, of the means of those around it (Pillow's draft mode)."""
        file = self._file
        share = LEAST_SIDE_PX / max(file.size)
        if file.format == "JPEG" and share <= 0.5:
            file.draft(None, (round(file.width * share), round(file.height * share)))

    def close(self) -> None:
        """Nothing is held but memory."""

    def _find_frames(self) -> tuple[int, ...]:
        """The numbers, from 0, of the frames that are pages; up to one more than can be chosen."""
        file: Any = self._file
        if file.format == "TIFF":
            return self._find_tiff_pages(file)
        count = getattr(file, "n_frames", 1) if file.format in SEQUENCES else 1
        return tuple(range(min(count, MAX_PAGE_NUMBER + 1)))

    def _find_tiff_pages(self, file: Any) -> tuple[int, ...]:
        pages = [0]
        with suppress(EOFError):
            for frame in range(1, MAX_PAGE_NUMBER + 1):
                try:
                    file.seek(frame)
                    is_page = not int(file.tag_v2.get(SUBFILE_TYPE, 0)) & REDUCED
                except EOFError:
                    raise
                except Exception:  # a page that is damaged has its own reason when it is read
                    pages.append(frame)
                    break
                if is_page:
                    pages.append(frame)
        file.seek(0)
        return tuple(pages)
