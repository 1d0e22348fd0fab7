"""Opening pictures: from what a person has to upright RGB, page by page, or a reason why not."""

from __future__ import annotations

import hashlib
import io
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeGuard

from .errors import PictureError, Reason, UsageError
from .files.kinds import HEAD_BYTES, kind_of, must_be_opened
from .files.limits import MAX_BYTES, MAX_PAGE_NUMBER, check_pixels

if TYPE_CHECKING:
    from PIL import Image

NO_PICTURE = "The directory holds no picture, PDF or DICOM file: check the path."


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
    """An opened picture: `image` an upright RGB `PIL.Image`, of page `page` of a file that holds `pages` of them.

    `source` is what results call it: the file's name, of several pages with the page's number (`scan.pdf#2`). `sha256` is that of the file's
    bytes, or of the pixels where an image or an array was given.
    """

    image: Image.Image
    source: str
    sha256: str
    pages: int = 1
    page: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.image.size

    @property
    def stem(self) -> str:
        """What files that are made of it are called: the file's name, the first letters of its SHA-256, which keep pictures of one name apart,
        and of several pages the page's number."""
        if self.pages == 1:
            return f"{Path(self.source).stem}-{self.sha256[:8]}"
        return f"{Path(self.source.rpartition('#')[0]).stem}-{self.sha256[:8]}-{self.page}"


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
    from PIL import Image

    if not 1 <= page <= MAX_PAGE_NUMBER:
        raise UsageError(f"page must be from 1 to {MAX_PAGE_NUMBER}, not {page}")
    name = name_of(source)
    if isinstance(source, Image.Image) or _is_array(source):
        _check_page(page, 1)
        image = _from_image(source) if isinstance(source, Image.Image) else _from_array(source)
        return Picture(image, name, hashlib.sha256(image.tobytes()).hexdigest())
    data = read_bytes(source)
    pages = _open_pages(data, name)
    try:
        _check_page(page, pages.count)
        image = pages.page(page)
        image = image if _is_rgb(image) else _to_rgb(image)
    except PictureError as error:
        error.pages = pages.count
        raise
    finally:
        pages.close()
    return Picture(image, page_name(name, page, pages.count), hashlib.sha256(data).hexdigest(), pages.count, page)


def _open_pages(data: bytes, name: str) -> Pages:
    """The `Pages` of a file's bytes, by what opens its kind."""
    kind = kind_of(data[:HEAD_BYTES], name)
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
