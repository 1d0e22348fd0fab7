"""HEIC and HEIF files, as telephones write them: their pictures decoded by libheif (the extra `heic`)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from .decoder_errors import DAMAGED, as_picture_errors
from .kinds import missing_extra
from .limits import check_pixels

if TYPE_CHECKING:
    from PIL import Image


class HeifPages:
    """The pictures of a HEIF file, its primary one first; made of the file's bytes.

    Raises
    ------
    PictureError : the extra is not installed; the file is damaged or too large.
    """

    def __init__(self, data: bytes) -> None:
        try:
            import pillow_heif
        except ImportError:
            raise missing_extra("HEIC", "heic") from None
        with as_picture_errors(DAMAGED.format(kind="HEIC")):
            file: Any = pillow_heif.open_heif(io.BytesIO(data))
            self._images = list(file)
            self._images.insert(0, self._images.pop(file.primary_index))
        self.count = len(self._images)

    def page(self, number: int) -> Image.Image:
        """Picture `number`, from 1: upright (libheif turns it as the file says), of any mode.

        Raises
        ------
        PictureError : it is damaged or too large.
        """
        with as_picture_errors(DAMAGED.format(kind="HEIC")):
            image = self._images[number - 1]
            check_pixels(*image.size)
            return image.to_pillow()

    def close(self) -> None:
        """Nothing is held but memory."""
