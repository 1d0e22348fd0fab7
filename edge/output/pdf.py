"""A PDF file of one page, written by hand: text in Helvetica, lines, areas and JPEG pictures.

ISO 32000-1 (PDF 1.7); the widths are those of Adobe's metrics of the standard fonts.
"""

import zlib
from collections.abc import Iterable, Sequence

from .colours import Colour

PT_PER_MM = 72 / 25.4
# Thousandths of the size, from the space (32) to the tilde (126).
_WIDTHS = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, *(556,) * 10, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611,
    278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278,
    556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_BOLD = 1.07
"""Bold letters are about so much wider."""


def width_mm(words: str, size_pt: float, bold: bool = False) -> float:
    """How long a text is."""
    units = sum(_WIDTHS[ord(letter) - 32] if 32 <= ord(letter) < 127 else 556 for letter in words)
    return units / 1000 * size_pt / PT_PER_MM * (_BOLD if bold else 1.0)


def wrapped(words: str, size_pt: float, limit_mm: float, bold: bool = False) -> list[str]:
    """The lines of a text that is at most `limit_mm` wide."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_mm(longer, size_pt, bold) > limit_mm:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


class Sheet:
    """A page of `width_mm` by `height_mm`; places are millimetres from its left top corner, colours (red, green, blue) of 0..255."""

    def __init__(self, width_mm: float, height_mm: float, title: str) -> None:
        self.width_mm, self.height_mm, self._title = width_mm, height_mm, title
        self._drawn: list[bytes] = []
        self._pictures: list[tuple[bytes, tuple[int, int]]] = []

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
        shown = words.encode("cp1252", "replace")
        for raw in (b"\\", b"(", b")"):
            shown = shown.replace(raw, b"\\" + raw)
        shown = bytes(letter if letter >= 32 else 32 for letter in shown)
        font = b"/F2" if bold else b"/F1"
        self._draw(
            b"BT %s rg %s %.2f Tf %s Td (" % (_colour(colour), font, size_pt, self._at(x_mm, y_mm)) + shown + b") Tj ET"
        )

    def area(self, x_mm: float, y_mm: float, wide_mm: float, high_mm: float, colour: Colour) -> None:
        """Fill a rectangle."""
        self._draw(
            b"%s rg %s %.2f %.2f re f"
            % (_colour(colour), self._at(x_mm, y_mm + high_mm), wide_mm * PT_PER_MM, high_mm * PT_PER_MM)
        )

    def lines(self, polylines: Iterable[Sequence[Sequence[float]]], colour: Colour, line_mm: float) -> None:
        """Draw open polylines of the width `line_mm`, each a sequence of (x, y) in mm."""
        path: list[bytes] = []
        for points in polylines:
            path += [b"%s %s" % (self._at(x, y), b"l" if number else b"m") for number, (x, y) in enumerate(points)]
        if path:
            self._draw(b"%s RG %.3f w 1 j " % (_colour(colour), line_mm * PT_PER_MM) + b" ".join(path) + b" S")

    def picture(
        self, jpeg: bytes, size_px: tuple[int, int], x_mm: float, y_mm: float, wide_mm: float, high_mm: float
    ) -> None:
        """Place an RGB JPEG file of `size_px` (width, height)."""
        self._pictures.append((jpeg, size_px))
        self._draw(b"q %.2f 0 0 %.2f %s cm /P%d Do Q" % (wide_mm * PT_PER_MM, high_mm * PT_PER_MM, self._at(x_mm, y_mm + high_mm), len(self._pictures)))  # fmt: skip

    def to_bytes(self) -> bytes:
        """The file."""
        content = zlib.compress(b"\n".join(self._drawn))
        pictures = b"".join(b"/P%d %d 0 R " % (number, number + 7) for number in range(1, len(self._pictures) + 1))
        box = b"%.2f %.2f" % (self.width_mm * PT_PER_MM, self.height_mm * PT_PER_MM)
        font = b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>"
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %s] /Contents 4 0 R /Resources << /Font << /F1 5 0 R /F2 6 0 R >>"
            b" /XObject << %s>> >> >>" % (box, pictures),
            b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
            font % b"Helvetica",
            font % b"Helvetica-Bold",
            b"<< /Title (\xfe\xff%s) /Producer (ecg-edge) >>" % _escaped(self._title.encode("utf-16-be")),
        ]
        objects += [
            b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode"
            b" /Length %d >>\nstream\n%s\nendstream" % (*size, len(jpeg), jpeg)
            for jpeg, size in self._pictures
        ]
        file, offsets = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
        for number, body in enumerate(objects, 1):
            offsets.append(len(file))
            file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R /Info 7 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        return file + end % (len(offsets) + 1, table, len(offsets) + 1, len(file))

    def _draw(self, operators: bytes) -> None:
        self._drawn.append(operators)

    def _at(self, x_mm: float, y_mm: float) -> bytes:
        return b"%.2f %.2f" % (x_mm * PT_PER_MM, (self.height_mm - y_mm) * PT_PER_MM)


def _escaped(raw: bytes) -> bytes:
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _colour(levels: Colour) -> bytes:
    return b" ".join(b"%.3f" % (level / 255) for level in levels)
