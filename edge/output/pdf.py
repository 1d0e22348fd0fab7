"""A PDF file of one page: text in Helvetica, lines, areas and JPEG pictures; made by reportlab (the extra `report`).

The same reading gives the same bytes: the file's own date is always 2000-01-01.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import MissingPackageError
from .colours import Colour

PT_PER_MM = 72 / 25.4
PLAIN, BOLD = "Helvetica", "Helvetica-Bold"
PDF_VERSION = (1, 7)


def width_mm(words: str, size_pt: float, bold: bool = False) -> float:
    """How long a text is."""
    return float(_reportlab("pdfbase.pdfmetrics").stringWidth(_shown(words), _font(bold), size_pt)) / PT_PER_MM


def wrapped(words: str, size_pt: float, limit_mm: float, bold: bool = False) -> list[str]:
    """The lines of a text that is at most `limit_mm` wide; a word that is wider stands alone."""
    lines = _reportlab("lib.utils").simpleSplit(_shown(words), _font(bold), size_pt, limit_mm * PT_PER_MM)
    return [str(line) for line in lines] or [""]


class Sheet:
    """A page of `width_mm` by `height_mm`; places are millimetres from its left top corner, colours (red, green, blue) of 0..255.

    Raises
    ------
    MissingPackageError : the extra is not installed.
    """

    def __init__(self, width_mm: float, height_mm: float, title: str) -> None:
        self.width_mm, self.height_mm = width_mm, height_mm
        self._file = io.BytesIO()
        # Bytes as they are, not as letters (ASCII85), which are a quarter more.
        _reportlab("rl_config").useA85 = 0
        self._canvas: Any = _reportlab("pdfgen.canvas").Canvas(
            self._file,
            (round(width_mm * PT_PER_MM, 2), round(height_mm * PT_PER_MM, 2)),
            pageCompression=1,
            invariant=1,
            pdfVersion=PDF_VERSION,
            lang="en",
        )
        self._canvas.setTitle(title)
        self._canvas.setAuthor("ecg-edge")
        self._canvas.setCreator("ecg-edge")
        self._canvas.setSubject("")
        self._canvas.setViewerPreference("DisplayDocTitle", "true")

    def text(
        self,
        x_mm: float,
        y_mm: float,
        words: str,
        size_pt: float = 9,
        bold: bool = False,
        colour: Colour = (0, 0, 0),
    ) -> None:
        """Write on a base line; letters outside of Windows-1252 become question marks."""
        self.text_in(_font(bold), x_mm, y_mm, _shown(words), size_pt, colour)

    def text_in(self, face: str, x_mm: float, y_mm: float, words: str, size_pt: float, colour: Colour) -> None:
        """Write on a base line in a typeface that reportlab knows by this name, in letters that it has."""
        self._canvas.setFillColorRGB(*_levels(colour))
        self._canvas.setFont(face, size_pt)
        self._canvas.drawString(*self._at(x_mm, y_mm), words)

    def area(self, x_mm: float, y_mm: float, wide_mm: float, high_mm: float, colour: Colour) -> None:
        """Fill a rectangle."""
        self._canvas.setFillColorRGB(*_levels(colour))
        place = self._at(x_mm, y_mm + high_mm)
        self._canvas.rect(*place, wide_mm * PT_PER_MM, high_mm * PT_PER_MM, stroke=0, fill=1)

    def lines(self, polylines: Iterable[Sequence[Sequence[float]]], colour: Colour, line_mm: float) -> None:
        """Draw open polylines of the width `line_mm`, each a sequence of (x, y) in mm."""
        path = self._canvas.beginPath()
        for points in polylines:
            for number, (x, y) in enumerate(points):
                (path.lineTo if number else path.moveTo)(*self._at(x, y))
        self._canvas.setStrokeColorRGB(*_levels(colour))
        self._canvas.setLineWidth(line_mm * PT_PER_MM)
        self._canvas.setLineJoin(1)
        self._canvas.drawPath(path, stroke=1, fill=0)

    def picture(
        self, jpeg: bytes, size_px: tuple[int, int], x_mm: float, y_mm: float, wide_mm: float, high_mm: float
    ) -> None:
        """Place an RGB JPEG file of `size_px` (width, height)."""
        image = _reportlab("lib.utils").ImageReader(io.BytesIO(jpeg))
        place = self._at(x_mm, y_mm + high_mm)
        self._canvas.drawImage(image, *place, wide_mm * PT_PER_MM, high_mm * PT_PER_MM)

    def to_bytes(self) -> bytes:
        """The file."""
        self._canvas.showPage()
        self._canvas.save()
        return self._file.getvalue()

    def _at(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        return round(x_mm * PT_PER_MM, 2), round((self.height_mm - y_mm) * PT_PER_MM, 2)


def _reportlab(module: str) -> Any:
    """A module of reportlab."""
    from importlib import import_module

    try:
        return import_module(f"reportlab.{module}")
    except ModuleNotFoundError as error:
        raise MissingPackageError("PDF reports need an extra: pip install 'ecg-edge[report]'.") from error


def _font(bold: bool) -> str:
    return BOLD if bold else PLAIN


def _shown(words: str) -> str:
    """A text in letters that the standard fonts have; control letters become spaces."""
    known = words.encode("cp1252", "replace").decode("cp1252", "replace")
    return "".join(letter if letter.isprintable() else " " for letter in known)


def _levels(colour: Colour) -> tuple[float, ...]:
    return tuple(level / 255 for level in colour)
