"""A page's picture in other kinds of files, and the drawn pages of other makers as vector PDFs. Needs the extras `pdf`, `heic` and `dicom`."""

import importlib.util
import io
from pathlib import Path

import numpy as np

from ecg_edge.output.pdf import PT_PER_MM, Sheet
from train import tables

from . import foreign

HEIC_QUALITY = 90
ASCENT = 0.93
"""From the top of a line of text to its foot, of its size, in the typeface of the drawn pages."""


def raster_pdf(image):
    """A PDF whose page is the image, as a scanner writes it."""
    return saved(image, "PDF", resolution=203.2, quality=95)


def lossless_pdf(image):
    """The same without loss, as programs write a picture into a PDF."""
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    file = io.BytesIO()
    canvas = Canvas(file, image.size, pageCompression=1)
    canvas.drawImage(ImageReader(image), 0, 0, *image.size)
    canvas.save()
    return file.getvalue()


def heic(image, **options):
    """A HEIC, as a telephone writes it."""
    import pillow_heif

    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, **({"quality": HEIC_QUALITY} | options))
    return file.getvalue()


def lossless_heic(image):
    """The same without loss."""
    return heic(image, quality=-1, chroma=444, matrix_coefficients=0)


def dicom(image):
    """A DICOM secondary capture."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

    dataset, meta = Dataset(), FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    dataset.Columns, dataset.Rows = image.size
    dataset.SamplesPerPixel, dataset.PlanarConfiguration, dataset.PhotometricInterpretation = 3, 0, "RGB"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    pixels = image.tobytes()
    dataset.PixelData = pixels + bytes(len(pixels) % 2)
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def saved(image, form, **options):
    """The bytes of an image in a form that Pillow writes."""
    file = io.BytesIO()
    image.copy().save(file, form, **options)
    return file.getvalue()


WRITERS = {"raster PDF": raster_pdf, "HEIC": heic, "DICOM": dicom}
LOSSLESS = {"lossless PDF": lossless_pdf, "lossless HEIC": lossless_heic}
VECTOR, OTHER_FACE = "vector PDF", "vector PDF in Helvetica"


class VectorPage:
    """Takes the calls that draw a page of other makers on a `PIL.Image`, and draws the same on a PDF's page as lines, areas and text."""

    def __init__(self, image, px_per_mm, own_face=True):
        self._px, self._own_face = px_per_mm, own_face
        self.sheet = Sheet(image.width / px_per_mm, image.height / px_per_mm, "drawn")
        self.sheet.area(0, 0, self.sheet.width_mm, self.sheet.height_mm, image.getpixel((0, 0)))

    def line(self, points, fill, width=1, joint=None):
        """A polyline; Pillow's coordinates are those of pixels' middles, a PDF's those of their edges."""
        points = (np.reshape(points, (-1, 2)) + 0.5) / self._px
        self.sheet.lines([points.tolist()], fill, width / self._px)

    def rectangle(self, corners, fill=None, outline=None, width=1):
        """An area, or a frame within it; Pillow's corners are pixels that belong to it."""
        left, top, right, bottom = (value / self._px for value in corners)
        if fill is not None:
            self.sheet.area(left, top, right - left + 1 / self._px, bottom - top + 1 / self._px, fill)
        if outline is not None:
            left, top, right, bottom = (
                value + side * width / 2 / self._px
                for value, side in zip((left, top, right, bottom), (1, 1, -1, -1), strict=True)
            )
            corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
            self.sheet.lines([corners], outline, width / self._px)

    def text(self, at, words, fill, font):
        """Words whose left upper corner is given."""
        size_mm = font.size / self._px
        if not self._own_face:
            self.sheet.text(
                at[0] / self._px, at[1] / self._px + ASCENT * size_mm, words, size_mm * PT_PER_MM, False, fill
            )
            return
        self.sheet.text_in(
            _embedded(font),
            at[0] / self._px,
            at[1] / self._px + font.getmetrics()[0] / self._px,
            words,
            size_mm * PT_PER_MM,
            fill,
        )


def _embedded(font):
    """The name under which reportlab knows a typeface of Pillow's."""
    from reportlab.pdfbase import pdfmetrics, ttfonts

    name = Path(font.path).stem
    if name not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(ttfonts.TTFont(name, font.path))
    return name


def drawn_pages(folder=None):
    """Yield (name, image, {kind: the bytes of a vector PDF of it}) of the drawn pages, all from the same signals; in the page's own typeface and in
    another."""
    place, _ = tables.read(str(foreign.FOLDER / "cases.csv"), folder)
    spec = importlib.util.spec_from_file_location("draw", place / foreign.FOLDER / "draw.py")
    draw = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(draw)
    stored = np.load(place / "signals" / "ludb.npy")
    on_image = draw.ImageDraw.Draw
    for name, style, _ in draw.read_cases(place / foreign.FOLDER / "cases.csv"):
        record = np.cumsum(stored[style["record"] - 1], axis=1, dtype=np.int32) / 1000.0
        signals = dict(zip(draw.LEADS, record, strict=True))
        image, _ = draw.draw(style, signals)
        vectors = {}
        for kind in (VECTOR, OTHER_FACE):
            pages = []

            def on_page(image, style=style, pages=pages, kind=kind):
                pages.append(VectorPage(image, style["px_per_mm"], kind == VECTOR))
                return pages[0]

            draw.ImageDraw.Draw = on_page
            try:
                draw.draw(style, signals)
            finally:
                draw.ImageDraw.Draw = on_image
            vectors[kind] = pages[0].sheet.to_bytes()
        yield name, image, vectors
