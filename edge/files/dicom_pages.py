"""DICOM files: pictures that were captured or scanned, frame by frame, and PDF documents within them (the extra `dicom`)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import PictureError, Reason
from .decoder_errors import DAMAGED, as_picture_errors
from .kinds import missing_extra
from .limits import check_pixels
from .pdf_pages import PdfPages
from .times import from_dicom

if TYPE_CHECKING:
    from PIL import Image

MOST_LEVELS = 1 << 16
"""Of whole numbers of 16 bits each level is looked up; pixels of more bits, or with a point, are computed one by one."""
NO_PICTURE = "The DICOM file holds neither a picture nor a PDF: export the page as JPEG or PNG."


class DicomPages:
    """The frames of a DICOM picture, or the pages of a PDF in a DICOM file; made of the file's bytes. `recorded_at` is when the ECG was recorded,
    where the file says it (ISO 8601).

    Raises
    ------
    PictureError : the extra is not installed; the file is damaged, too large, or holds something else.
    """

    def __init__(self, data: bytes) -> None:
        try:
            import pydicom
        except ImportError:
            raise missing_extra("DICOM", "dicom") from None
        self._document: PdfPages | None = None
        self.recorded_at: str | None = None
        with as_picture_errors(DAMAGED.format(kind="DICOM")):
            self._dataset: Any = pydicom.dcmread(io.BytesIO(data))
            document = self._dataset.get("EncapsulatedDocument")
            if document:
                # Of a document it is when its data were acquired (PS3.3, C.24.1). Of a captured picture no time is known: all of them are the
                # picture's own, of its scanning (the note of PS3.3, C.8.6.2), and those of study and series are the visit's.
                self.recorded_at = from_dicom(str(self._dataset.get("AcquisitionDateTime") or ""))
                self._document = PdfPages(bytes(document))
                self.count = self._document.count
                return
            if "PixelData" not in self._dataset:
                raise PictureError(Reason.UNSUPPORTED, NO_PICTURE)
            check_pixels(int(self._dataset.Columns), int(self._dataset.Rows))
            self.count = max(int(self._dataset.get("NumberOfFrames") or 1), 1)

    def page(self, number: int) -> Image.Image:
        """Frame or page `number`, from 1, as a gray or RGB picture.

        Raises
        ------
        PictureError : it is damaged or too large, or its pixels are packed in a way that cannot be undone here.
        """
        if self._document is not None:
            return self._document.page(number)
        from PIL import Image

        with as_picture_errors(DAMAGED.format(kind="DICOM")):
            return Image.fromarray(_pixels(self._dataset, number - 1))

    def close(self) -> None:
        """Let go of the file."""
        if self._document is not None:
            self._document.close()


def _pixels(dataset: Any, frame: int) -> np.ndarray:
    """(H, W) or (H, W, 3) uint8 pixels of a frame, as they are to be shown (PS3.3, C.7.6.3.1)."""
    from pydicom import pixels

    try:
        values = pixels.pixel_array(dataset, index=frame)
    except (RuntimeError, NotImplementedError) as error:  # no decoder for how they are packed
        name = dataset.file_meta.TransferSyntaxUID.name
        raise PictureError(
            Reason.UNSUPPORTED, f"The DICOM file's pixels ({name}) cannot be decoded: export it as JPEG or PNG."
        ) from error
    kind = dataset.PhotometricInterpretation
    if kind == "PALETTE COLOR":
        values = pixels.apply_color_lut(values, dataset)
    if values.ndim == 3:
        return values if values.dtype == np.uint8 else (values >> 8).astype(np.uint8)
    if values.dtype == np.uint8 and int(dataset.BitsStored) == 8 and "WindowCenter" not in dataset:
        shown = values
    else:
        shown = _as_shown(values, dataset)
    return 255 - shown if kind == "MONOCHROME1" else shown


def _as_shown(values: np.ndarray, dataset: Any) -> np.ndarray:
    """(H, W) uint8 of gray values that the file's tables and windows say how to show: of integers of each level once, since the numbers in between are eight
    times as large."""
    from pydicom import pixels

    low, high = values.min(), values.max()
    levels, at = values, None
    if values.dtype.kind in "iu" and int(high) - int(low) < MOST_LEVELS:
        levels, at = (
            np.arange(int(low), int(high) + 1).astype(values.dtype),
            np.subtract(values, low, dtype=np.int32, casting="unsafe"),
        )
    shown = _to_8_bit(pixels.apply_voi_lut(pixels.apply_modality_lut(levels, dataset), dataset))
    return shown if at is None else shown[at]


def _to_8_bit(values: np.ndarray) -> np.ndarray:
    """Gray levels stretched from the darkest to the brightest."""
    low, high = float(values.min()), float(values.max())
    return np.rint((values.astype(np.float64) - low) * (255.0 / (high - low or 1.0))).astype(np.uint8)
