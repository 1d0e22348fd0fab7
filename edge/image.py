"""Opening files: from what a person has to upright RGB, page by page, or to the leads of a digital ECG; or a reason why not."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeGuard, cast

from .errors import PictureError, Reason, UsageError, check_whole_number
from .files.kinds import HEAD_BYTES, RECORDINGS, Kind, kind_of, must_be_opened, names_beside
from .files.limits import MAX_BYTES, MAX_PAGE_NUMBER, check_pixels

if TYPE_CHECKING:
    from PIL import Image

    from .files.recordings import Columns, Recording

NO_PICTURE = "The directory holds no picture, PDF, DICOM, WFDB or CSV file: check the path."
NOT_DRAWN = "This is a digital ECG ({name}): it has signals and no picture."
SAME_RATE = 1e-3
"""Rates that differ by no more are the same."""
STEM_BYTES = 200
"""A file system takes names of 255 bytes: the rest is for SHA-256, page and what the files made of a picture add ("_10000ms_rhythm2-rhythm3.hea")."""
ITS_HEADER = "A WFDB record is several files: give the path of its header (.hea), with the others beside it."


class ArrayLike(Protocol):
    """What NumPy takes for an array without copying it."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """Its memory, shape and type."""


if TYPE_CHECKING:
    Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | ArrayLike
    """What a picture may be given as."""


@dataclass(frozen=True)
class Picture:
    """An opened picture: `image` an upright RGB `PIL.Image`, of page `page` of a file that holds `pages` of them. Or a digital ECG: `recording`
    has its leads, and `image` is None, as it is where a reading let go of it.

    `source` is what results call it: the file's name, of several pages with the page's number (`scan.pdf#2`). `sha256` is that of the file's
    bytes, or of the pixels where an image or an array was given. `recorded_at` is when the ECG was recorded, as far as its file says it (ISO 8601).
    """

    image: Image.Image
    source: str
    sha256: str
    pages: int = 1
    page: int = 1
    recorded_at: str | None = None
    recording: Recording | None = field(default=None, repr=False)

    @property
    def note(self) -> str | None:
        """What the person should know of how it was opened; None where there is nothing."""
        return None if self.recording is None else self.recording.note

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.image.size

    @property
    def stem(self) -> str:
        """What files that are made of it are called: the file's name, the first letters of its SHA-256, which keep pictures of one name apart,
        and of several pages the page's number. Of a long name it is the beginning, at most `STEM_BYTES`; bytes that are no UTF-8 are underscores."""
        name, number = (self.source, "") if self.pages == 1 else (self.source.rpartition("#")[0], f"-{self.page}")
        called = re.sub("[\ud800-\udfff]", "_", Path(name).stem).encode()[:STEM_BYTES].decode(errors="ignore")
        return f"{called}-{self.sha256[:8]}{number}"


@dataclass(frozen=True)
class DecodedPage:
    """A page of a file: its upright RGB `image`, how many `pages` the file holds, and `recorded_at` as a `Picture` has it."""

    image: Image.Image
    pages: int
    recorded_at: str | None


Decode = Callable[[bytes, "Kind | None", int], DecodedPage]
"""A function of a file's bytes, its kind and a page's number that does what `decode_page` does, here or in another process."""


class Pages(Protocol):
    """The pages of a file: so many (`count`), by numbers from 1."""

    count: int

    def page(self, number: int) -> Image.Image:
        """One page, upright, of any mode; `PictureError` where it cannot be had."""

    def close(self) -> None:
        """Let go of the file."""


def page_name(name: str, page: int, pages: int) -> str:
    """What results call a page of a file that holds `pages` of them."""
    return name if pages == 1 == page else f"{name}#{page}"


def split_page_name(source: str) -> tuple[str, int | None]:
    """(the file's name, the page's number or None) of what `page_name` gave."""
    found = re.fullmatch(r"(.+\.\w+)#(\d{1,5})", source)
    return (found[1], int(found[2])) if found else (source, None)


def open_picture(source: Source, page: int = 1) -> Picture:
    """The `Picture` of a path, bytes, binary file object, `PIL.Image` or (H, W, 3) uint8 RGB array; of several pages that of number `page`.

    EXIF orientation is applied, transparency laid over white, 16-bit brought to 8.

    Raises
    ------
    PictureError : the picture cannot be opened; `reason` says why, `pages` how many pages there are where that was seen.
    UsageError : `source` is of another kind, or `page` is no number of a page.
    """
    return _open(source, page)


def open_file(source: Source, page: int = 1, rate_hz: float | None = None, decode: Decode | None = None) -> Picture:
    """The `Picture` of a source as `open_picture` takes it, or of a digital ECG (WFDB by the path of its header, CSV, DICOM waveform), whose
    `recording` has its leads. `rate_hz` is its sampling rate where the file does not say it; `decode` opens the pages of pictures, `decode_page` where
    None.

    The `sha256` of a WFDB record is that of its header and of the samples that were read, one after another.

    Raises
    ------
    PictureError, UsageError : as `open_picture` does.
    """
    return _open(
        source, page, lambda kind, data, name: _open_recording(kind, data, name, source, rate_hz), decode or decode_page
    )


def decode_page(data: bytes, kind: Kind | None, page: int) -> DecodedPage:
    """The page of number `page` of a file's bytes, of this kind.

    Raises
    ------
    PictureError : it cannot be opened; `pages` says how many there are where that was seen.
    """
    pages = _open_pages(data, kind)
    try:
        _check_page(page, pages.count)
        image = pages.page(page)
        image = image if _is_rgb(image) else _to_rgb(image)
    except PictureError as error:
        error.pages = pages.count
        raise
    finally:
        pages.close()
    recorded_at = getattr(pages, "recorded_at", None)  # of the kinds that say it
    return DecodedPage(image, pages.count, recorded_at)


def _open(
    source: Source,
    page: int,
    open_recording: Callable[[Kind, bytes, str], Picture] | None = None,
    decode: Decode = decode_page,
) -> Picture:
    from PIL import Image

    check_whole_number("page", page)
    if not 1 <= page <= MAX_PAGE_NUMBER:
        raise UsageError(f"page must be from 1 to {MAX_PAGE_NUMBER}, not {page}")
    name = name_of(source)
    if isinstance(source, Image.Image) or _is_array(source):
        _check_page(page, 1)
        image = _from_image(source) if isinstance(source, Image.Image) else _from_array(source)
        return Picture(image, name, hashlib.sha256(image.tobytes()).hexdigest())
    data = read_bytes(source)
    kind = kind_of(data[:HEAD_BYTES], name)
    if kind is not None and kind.opener in RECORDINGS:
        _check_page(page, 1)
        if open_recording is None:
            raise PictureError(Reason.UNSUPPORTED, NOT_DRAWN.format(name=kind.name))
        return open_recording(kind, data, name)
    found, sha256 = decode(data, kind, page), hashlib.sha256(data).hexdigest()
    return Picture(found.image, page_name(name, page, found.pages), sha256, found.pages, page, found.recorded_at)


def _open_recording(kind: Kind, data: bytes, name: str, source: Source, rate_hz: float | None) -> Picture:
    """The `Picture` without an image of a digital ECG's bytes."""
    from .files.recordings import recording_of

    columns = _columns(kind, data, source, rate_hz)
    recording, no_image = recording_of(columns), cast("Image.Image", None)
    if rate_hz is not None and abs(columns.rate_hz / rate_hz - 1) > SAME_RATE:
        recording = recording.noted(
            f"The file states {columns.rate_hz:g} samples a second: the {rate_hz:g} that were given are not used."
        )
    sha256 = hashlib.sha256(columns.data).hexdigest()
    return Picture(no_image, name, sha256, recorded_at=recording.recorded_at, recording=recording)


def _columns(kind: Kind, data: bytes, source: Source, rate_hz: float | None) -> Columns:
    if kind.opener == "csv":
        from .files.csv_recordings import read_csv

        return read_csv(data, rate_hz)
    if kind.opener == "dicom_waveform":
        from .files.dicom_recordings import read_dicom_waveform

        return read_dicom_waveform(data)
    from .files.wfdb_recordings import read_wfdb

    if not isinstance(source, (str, os.PathLike)):
        raise PictureError(Reason.UNSUPPORTED, ITS_HEADER)
    path = os.fsdecode(source)
    if kind.beside is not None:
        path = next(header for header in names_beside(path, kind.beside) if os.path.isfile(header))
        data = read_bytes(path)
    return read_wfdb(path, data, rate_hz)


def _open_pages(data: bytes, kind: Kind | None) -> Pages:
    """The `Pages` of a file's bytes, by what opens its kind."""
    opener = must_be_opened(kind)
    assert kind is not None  # it has an opener
    if opener == "pdf":
        from .files.pdf_pages import PdfPages

        return PdfPages(data)
    if opener == "heif":
        from .files.heif_pages import HeifPages

        return HeifPages(data)
    if opener == "dicom":
        from .files.dicom_pages import DicomPages

        return DicomPages(data)
    from .files.pillow_pages import PillowPages

    return PillowPages(data, kind)


def _check_page(page: int, pages: int) -> None:
    if page > pages:
        holds = "1 page" if pages == 1 else f"{pages} pages"
        raise PictureError(Reason.NOT_FOUND, f"There is no page {page}: the file holds {holds}.")


def name_of(source: Source) -> str:
    """What results call a source: its path, its file's name, or what kind of thing it is."""
    if isinstance(source, (str, os.PathLike)):
        return os.fsdecode(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "bytes"
    if hasattr(source, "convert"):
        return "image"
    if _is_array(source):
        return "array"
    return str(getattr(source, "name", "stream"))


def _is_array(source: Source) -> TypeGuard[ArrayLike]:
    return hasattr(source, "__array_interface__")


def read_bytes(source: Source) -> bytes:
    """The bytes of a path, bytes or binary file object, at most `MAX_BYTES` of them."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
    elif hasattr(source, "read"):
        data = source.read(MAX_BYTES + 1)
        if not isinstance(data, bytes):
            raise UsageError("a file object must be opened in binary mode")
    elif isinstance(source, (str, os.PathLike)):
        data = _read_path(source)
    else:
        raise UsageError(f"a picture is a path, bytes, file object, PIL image or array, not {type(source).__name__}")
    if len(data) > MAX_BYTES:
        raise PictureError(Reason.TOO_LARGE)
    if not data:
        raise PictureError(Reason.TRUNCATED, "The file is empty: copy or take the picture again.")
    return data


def to_memory(source: Source) -> Source:
    """A source that can be sent to another process: an open file becomes its bytes, under its name."""
    if not hasattr(source, "read"):
        return source
    data = source.read(MAX_BYTES + 1)
    if not isinstance(data, bytes):
        raise UsageError("a file object must be opened in binary mode")
    return in_memory(data, name_of(source))


def in_memory(data: bytes, name: str) -> BinaryIO:
    """An open file of bytes, under a name."""
    held = io.BytesIO(data)
    held.name = name
    return held


def _read_path(path: str | os.PathLike[str]) -> bytes:
    if os.path.isdir(path):
        raise PictureError(Reason.NOT_FOUND, NO_PICTURE)
    if not os.path.isfile(path):
        raise PictureError(Reason.NOT_FOUND)
    try:
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or str(error)
        raise PictureError(
            Reason.NOT_FOUND, f"The file cannot be read ({what}): check path and permissions."
        ) from error


def _is_rgb(image: Image.Image) -> bool:
    return image.mode == "RGB" and "transparency" not in image.info


def _to_rgb(image: Image.Image) -> Image.Image:
    """A copy of the image as RGB."""
    from PIL import Image

    if _is_rgb(image):
        return image.copy()
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_8_bit(image)
    elif image.mode == "La":  # Pillow goes no further from it
        image = image.convert("LA")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image)
        image = paper
    return image.convert("RGB")


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Gray of 8 bits as it is, of 16 by its upper byte, of other depths stretched from darkest to brightest."""
    import numpy as np
    from PIL import Image

    values = np.asarray(image).astype(np.float64)
    values = np.nan_to_num(values, posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    if image.mode == "I" and low >= 0 and high <= 255:
        scaled = values
    elif image.mode != "F" and low >= 0 and high <= 65535:
        scaled = values / 257.0
    elif high > low:
        scaled = (values - low) * (255.0 / (high - low))
    else:
        scaled = np.zeros_like(values)
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _from_image(image: Image.Image) -> Image.Image:
    """The upright RGB copy of a `PIL.Image`, which may be one that is opened and not yet loaded."""
    from PIL import ImageOps

    check_pixels(*image.size)
    try:
        image.load()
        with suppress(Exception):  # as in a file
            image = ImageOps.exif_transpose(image)
        return _to_rgb(image)
    except (OSError, SyntaxError) as error:
        raise PictureError(Reason.TRUNCATED) from error
    except ValueError as error:
        raise PictureError(Reason.UNSUPPORTED) from error


def _from_array(given: ArrayLike) -> Image.Image:
    import numpy as np
    from PIL import Image

    array = np.asarray(given)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise UsageError(f"an array must be (height, width, 3) uint8 RGB, not {array.shape} {array.dtype}")
    check_pixels(array.shape[1], array.shape[0])
    return Image.fromarray(np.ascontiguousarray(array))
