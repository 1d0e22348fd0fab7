"""Opening pictures: from what a person has to upright RGB, or a reason why not."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeGuard

from .errors import PictureError, Reason, UsageError

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES = 64 * 2**20
MAX_PIXELS = 100_000_000
MAX_SIDE = 20_000
"""No page, and no picture of one, is so long: a damaged file may say so, and takes the memory of all that it says."""
FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP")  # JPEG opens MPO too, which Pillow does not know by its own name
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp")

_SUPPORTED_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM")
_UNSUPPORTED_STARTS = {
    "PDF": (0, b"%PDF"),
    "GIF": (0, b"GIF8"),
    "HEIF or AVIF": (4, b"ftyp"),
    "JPEG XL": (0, b"\0\0\0\x0cJXL "),
    "JPEG 2000": (0, b"\0\0\0\x0cjP  "),
    "DICOM": (128, b"DICM"),
    "SVG": (0, b"<svg"),
}


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
    """An opened picture: `image` an upright RGB `PIL.Image`, `frames` in its file (the first is shown).

    `sha256` is that of the file's bytes, or of the pixels where an image or an array was given.
    """

    image: Image.Image
    source: str
    sha256: str
    frames: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.image.size


def open_picture(source: Source) -> Picture:
    """The `Picture` of a path, bytes, binary file object, `PIL.Image` or (H, W, 3) uint8 RGB array.

    EXIF orientation is applied, transparency laid over white, 16-bit brought to 8, the first frame taken.

    Raises
    ------
    PictureError : the picture cannot be opened; `reason` says why.
    UsageError : `source` is of another kind.
    """
    from PIL import Image

    name = name_of(source)
    if isinstance(source, Image.Image):
        image = _from_image(source)
        return Picture(image, name, hashlib.sha256(image.tobytes()).hexdigest())
    if _is_array(source):
        image = _from_array(source)
        return Picture(image, name, hashlib.sha256(image.tobytes()).hexdigest())
    data = read_bytes(source)
    image, frames = _decode(data)
    return Picture(image, name, hashlib.sha256(data).hexdigest(), frames)


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
    held = io.BytesIO(data)
    held.name = name_of(source)
    return held


def _read_path(path: str | os.PathLike[str]) -> bytes:
    if os.path.isdir(path):
        raise PictureError(Reason.NOT_FOUND, f"The directory holds no picture ({', '.join(SUFFIXES)}): check the path.")
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


def _decode(data: bytes) -> tuple[Image.Image, int]:
    """(upright RGB image, number of frames) of a file's bytes."""
    from PIL import Image, ImageOps

    head = data[:256]
    for kind, (offset, start) in _UNSUPPORTED_STARTS.items():
        if head[offset : offset + len(start)] == start:
            raise PictureError(Reason.UNSUPPORTED, f"{kind} files are not supported: save the picture as JPEG or PNG.")
    known = head.startswith(_SUPPORTED_STARTS) or (head.startswith(b"RIFF") and head[8:12] in (b"WEBP", b""))
    broken = Reason.TRUNCATED if known else Reason.NOT_A_PICTURE
    # Decoders raise whatever they like on damaged bytes; warnings of theirs say nothing to a person.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as file:
                _check_pixels(*file.size)
                frames = getattr(file, "n_frames", 1) if file.format == "TIFF" else 1
                file.load()
                # The file's own pixels: a copy of twelve megapixels is 48 MB.
                with suppress(Exception):  # damaged EXIF says nothing about the picture's pixels
                    ImageOps.exif_transpose(file, in_place=True)
                return file if _is_rgb(file) else _to_rgb(file), frames
        except PictureError:
            raise
        except Image.DecompressionBombError as error:
            raise PictureError(Reason.TOO_LARGE) from error
        except MemoryError as error:
            raise PictureError(Reason.TOO_LARGE) from error
        except Exception as error:
            raise PictureError(broken) from error


def _check_pixels(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE:
        raise PictureError(
            Reason.TOO_LARGE, f"The picture has {width} x {height} pixels: give one of at most {MAX_SIDE} a side."
        )
    if width * height > MAX_PIXELS:
        raise PictureError(
            Reason.TOO_LARGE, f"The picture has {width} x {height} pixels: give one of at most 100 megapixels."
        )


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

    _check_pixels(*image.size)
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
    _check_pixels(array.shape[1], array.shape[0])
    return Image.fromarray(np.ascontiguousarray(array))


def find_pictures(directory: str | os.PathLike[str]) -> list[str]:
    """The pictures in `directory` and below it, by suffix, sorted by path; folders that cannot be listed stand
    among them, to be answered for."""
    found: list[str] = []
    for folder, _, files in os.walk(directory, onerror=lambda error: found.append(os.fspath(error.filename))):
        found.extend(os.path.join(folder, name) for name in files if name.lower().endswith(SUFFIXES))
    return sorted(found)
