"""PDF files: their pages drawn by PDFium (the extra `pdf`), at the resolution that the reader needs."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ..errors import PictureError, Reason
from .decoder_errors import DAMAGED, as_picture_errors
from .kinds import AS_PICTURE, missing_extra
from .limits import RENDER_S, check_pixels

if TYPE_CHECKING:
    from PIL import Image

PT_PER_MM = 72 / 25.4
PX_PER_MM = 8
"""The resolution at which the reader lays pages flat."""
LONG_SIDE_PX = (297 * PX_PER_MM, 2 * 297 * PX_PER_MM)
"""The longer side of a drawn page is brought between these, of A4 at the reader's resolution and at twice that: many a PDF states a size
that no sheet has, such as a point for each pixel of its scan."""
MAX_PAGE_PIXELS = LONG_SIDE_PX[1] ** 2 / 2**0.5
"""Of that resolution A4 has so many pixels, and no page is drawn with more: squarer ones with fewer to the millimetre."""
SCAN_SHARE = 0.8
"""A picture over so much of a page's width and height is its scan: the page is drawn at the scan's own resolution, and nothing is smoothed."""
MAX_STRETCH = 2.5
"""A fax has half as many rows to the millimetre as columns; what differs by more is no scan."""
OWN_SIZE = {"DCTDecode", "JPXDecode"}
"""The filters (JPEG, JPEG 2000) of pictures whose packed data say their size themselves."""
FORM_LEVELS = 8
"""Pictures are looked for in so many groups within each other."""

_PDFIUM = threading.Lock()
"""PDFium is for one thread of a process at a time."""


class PdfPages:
    """The pages of a PDF; made of the file's bytes.

    Raises
    ------
    PictureError : the extra is not installed; the file is damaged, or locked with a password.
    """

    def __init__(self, data: bytes) -> None:
        try:
            import pypdfium2
        except ImportError:
            raise missing_extra("PDF", "pdf") from None
        with _pdfium():
            try:
                self._document: Any = pypdfium2.PdfDocument(data)
            except pypdfium2.PdfiumError as error:
                if getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD:
                    raise PictureError(
                        Reason.UNSUPPORTED, f"The PDF is locked with a password: save it without one, or {AS_PICTURE}."
                    ) from error
                raise
            self.count = len(self._document)
        if not self.count:
            self.close()
            raise PictureError(Reason.TRUNCATED, "The PDF has no pages: save it again.")

    def page(self, number: int) -> Image.Image:
        """Page `number`, from 1, as an RGB picture with its longer side within `LONG_SIDE_PX`.

        Raises
        ------
        PictureError : it is damaged, too large, or takes more than `RENDER_S` to draw.
        """
        with _pdfium():
            page = self._document[number - 1]
            try:
                return _draw(page)
            finally:
                page.close()

    def close(self) -> None:
        """Let go of the file."""
        with _PDFIUM:
            self._document.close()


@contextmanager
def _pdfium() -> Iterator[None]:
    with _PDFIUM, as_picture_errors(DAMAGED.format(kind="PDF")):
        yield


def _draw(page: Any) -> Image.Image:
    """A page of pypdfium2 as an RGB picture."""
    from pypdfium2 import PdfBitmap, raw

    width_pt, height_pt = page.get_size()
    scale = _px_per_pt(page, width_pt, height_pt)
    width, height = (max(round(side * scale), 1) for side in (width_pt, height_pt))
    bitmap = PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGR, rev_byteorder=True)
    try:
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        _render(raw, bitmap, page, width, height)
        return bitmap.to_pil()  # a copy: Pillow holds RGB otherwise
    finally:
        bitmap.close()


def _render(raw: Any, bitmap: Any, page: Any, width: int, height: int) -> None:
    """Draw the page into the bitmap, within `RENDER_S` of the processor's time: PDFium asks between the page's objects whether to go on."""
    end = time.thread_time() + RENDER_S
    pause = raw.IFSDK_PAUSE(version=1)
    ask = type(pause.NeedToPauseNow)(lambda _: time.thread_time() > end)
    pause.NeedToPauseNow = ask
    flags = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER
    try:
        state = raw.FPDF_RenderPageBitmap_Start(bitmap, page, 0, 0, width, height, 0, flags, pause)
    finally:
        raw.FPDF_RenderPage_Close(page)
    if state == raw.FPDF_RENDER_TOBECONTINUED:
        raise PictureError(
            Reason.TOO_LARGE, f"Drawing this page of the PDF takes more than {RENDER_S:g} s: {AS_PICTURE}."
        )
    if state != raw.FPDF_RENDER_DONE:
        raise PictureError(Reason.TRUNCATED, DAMAGED.format(kind="PDF"))


def _px_per_pt(page: Any, width_pt: float, height_pt: float) -> float:
    """The scale at which a page is drawn: that of its scan, or `PX_PER_MM`, within `LONG_SIDE_PX`."""
    if not (min(width_pt, height_pt) > 0 and max(width_pt, height_pt) < float("inf")):
        raise PictureError(Reason.TRUNCATED, DAMAGED.format(kind="PDF"))
    long_pt = max(width_pt, height_pt)
    scan_px = 0
    for image in page.get_objects(_image_kinds(), max_depth=FORM_LEVELS):
        pixels = _checked_pixels(image)
        left, bottom, right, top = image.get_bounds()
        sides = sorted((right - left, top - bottom))
        fills = all(
            side >= SCAN_SHARE * whole for side, whole in zip(sides, sorted((width_pt, height_pt)), strict=True)
        )
        if fills and _is_even(pixels, sides):
            scan_px = max(scan_px, round(max(pixels) * long_pt / sides[1]))
    least, most = LONG_SIDE_PX
    most = min(most, (MAX_PAGE_PIXELS * long_pt / min(width_pt, height_pt)) ** 0.5)
    if scan_px:
        return min(scan_px, most) / long_pt
    return min(max(long_pt / PT_PER_MM * PX_PER_MM, least), most) / long_pt


def _is_even(pixels: tuple[int, int], sides: Sequence[float]) -> bool:
    """Whether a picture of so many pixels, on sides of these lengths, the shorter one first, is about as fine in both directions."""
    finer, coarser = (max(pixels) / sides[1], min(pixels) / sides[0])
    return 1 / MAX_STRETCH <= finer / coarser <= MAX_STRETCH


def _checked_pixels(image: Any) -> tuple[int, int]:
    """(width, height) of a picture on a page, which PDFium decodes whole: neither what the PDF says nor what its packed data say is too large."""
    from PIL import Image

    pixels: tuple[int, int] = image.get_px_size()
    check_pixels(*pixels)
    if not OWN_SIZE.isdisjoint(image.get_filters()):
        packed = pixels
        with suppress(OSError, SyntaxError, ValueError):  # what Pillow cannot tell is for PDFium to refuse
            packed = Image.open(io.BytesIO(image.get_data()), formats=("JPEG", "JPEG2000")).size
        check_pixels(*packed)
    return pixels


def _image_kinds() -> tuple[int]:
    from pypdfium2 import raw

    return (raw.FPDF_PAGEOBJ_IMAGE,)
