"""Which kind a file is, by its first bytes or its name, what opens it, and what to do with those that nothing here opens."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..errors import PictureError, Reason

Opener = Literal["pillow", "pdf", "heif", "dicom", "csv", "wfdb", "dicom_waveform"]
"""What opens a kind: the module `files.NAME_pages`, or of a digital ECG `files.NAME_recordings` (`dicom_waveform`: `dicom_recordings`)."""
RECORDINGS: frozenset[Opener] = frozenset({"csv", "wfdb", "dicom_waveform"})
"""Those that open digital ECGs."""

HEAD_BYTES = 4096
"""So many of a file's first bytes tell its kind: an XML file's root stands behind declarations and comments."""
AS_PICTURE = "save the page as JPEG or PNG"
DIGITAL = "This is already a digital ECG ({name}): {reads_it}. Pictures of printed pages are read here."
_XML = rb"(?:\xef\xbb\xbf)?\s*(?:<[?!].{0,3900}?)?"
"""What may stand before the root of an XML file."""
_TABLE = (
    rb"(?i)(?:\xef\xbb\xbf)?(?:#[^\n]*\n)*(?=[^\n]*[,;\t\r\n])"
    rb"(?=(?:[^\n]*[,;\t])?\"?(?:lead[ _]?|ecg[ _]?)?(?:II|V[1-6]|rhythm[23]?)(?:[ _(\[][^,;\t\n]*)?\"?\s*(?:[,;\t\r\n]|\Z))"
    rb"[\w \t\"()\[\]%.,;/:\xb5\xc2\xce\xbc-]+\r?(?:\n|\Z)"
)
"""A first line of names, one of them a lead's; a lone II without an end is the beginning of a TIFF."""


_RECORD = (
    rb"(?:#[^\n]*\n)*[\w.-]+(?:/\d+)?[ \t]+\d{1,3}(?:[ \t]+[\d.]+[^\n]{0,80})?\r?\n"
    rb"(?:#[^\n]*\n)*[\w.~-]+[ \t]+\d{1,3}(?:[x:+ \t][^\n]*)?(?:\r?\n|\Z)"
)
"""A WFDB header: a line of the record, and one of a file with the format of its samples."""


@dataclass(frozen=True)
class Kind:
    """A kind of file: its `name`, as people call it, a `pattern` that its first bytes match (None where they tell nothing), and the
    `suffixes` of its names.

    `opener` names what opens it, which needs the extra `extra`; a kind without one is `unread`, with this sentence for the person. With
    `beside` a suffix is this kind's only where a file of the same name with that other suffix stands beside it, and in a directory that file
    answers for both. Of a kind that is `any_text` the suffix is that of much else: in a directory a file is looked into.
    """

    name: str
    pattern: bytes | None = None
    suffixes: tuple[str, ...] = ()
    opener: Opener | None = None
    extra: str | None = None
    unread: str | None = None
    beside: str | None = None
    any_text: bool = False

    def matches(self, head: bytes) -> bool:
        """Whether a file's first bytes are this kind's."""
        return self.pattern is not None and re.match(self.pattern, head, re.DOTALL) is not None


def _digital(name: str, pattern: bytes, suffixes: tuple[str, ...], reads_it: str) -> Kind:
    return Kind(name, pattern, suffixes, unread=DIGITAL.format(name=name, reads_it=reads_it))


def _unread(name: str, pattern: bytes | None, suffixes: tuple[str, ...], advice: str = AS_PICTURE) -> Kind:
    return Kind(name, pattern, suffixes, unread=f"{name} files are not supported: {advice}.")


KINDS = (
    Kind("JPEG", rb"\xff\xd8\xff", (".jpg", ".jpeg"), "pillow"),
    Kind("PNG", rb"\x89PNG\r\n\x1a\n", (".png",), "pillow"),
    Kind("TIFF", rb"(?:II|MM)(?:[*+]\0|\0[*+])", (".tif", ".tiff"), "pillow"),
    Kind("BMP", rb"BM", (".bmp",), "pillow"),
    Kind("WebP", rb"RIFF(?:.{4}WEBP|.{0,4}\Z)", (".webp",), "pillow"),
    Kind("GIF", rb"GIF8[79]a", (".gif",), "pillow"),
    Kind("JPEG 2000", rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51", (".jp2", ".j2k", ".jpx"), "pillow"),
    Kind("AVIF", rb".{4}ftyp(?:avi[fs]|(?:mif1|msf1).{4}(?:.{4}){0,7}?avif)", (".avif",), "pillow"),
    Kind("HEIC", rb".{4}ftyp(?:he[iv][cxms]|mif1|msf1)", (".heic", ".heif", ".hif"), "heif", "heic"),
    # Of DICOM's classes of objects those below this number are waveforms (PS3.4, table B.5-1).
    Kind(
        "DICOM waveform",
        rb".{128}DICM.{0,64}?\x02\0\x02\0UI..1\.2\.840\.10008\.5\.1\.4\.1\.1\.9\.",
        (),
        "dicom_waveform",
        "dicom",
    ),
    Kind("DICOM", rb".{128}DICM", (".dcm", ".dicom", ".ima"), "dicom", "dicom"),
    # After DICOM, which may hold one near its beginning.
    Kind("PDF", rb".{0,1020}?%PDF-", (".pdf",), "pdf", "pdf"),
    _digital(
        "HL7 aECG", _XML + rb"<(?:\w+:)?AnnotatedECG\b", (), "BioSig and viewers of annotated ECGs (HL7 aECG) read it"
    ),
    _digital("MUSE XML", _XML + rb"<RestingECG\b", (), "the MUSE system and programs for its XML read it"),
    _digital("Philips XML", _XML + rb"<restingecgdata\b", (), "Philips' own viewer and programs for its XML read it"),
    _digital("SCP-ECG", rb".{16}SCPECG", (".scp",), "BioSig and viewers of SCP-ECG (EN 1064) read it"),
    _digital(
        "EDF",
        rb"0 {7}.{160}\d\d\.\d\d\.\d\d\d\d\.\d\d\.\d\d|\xffBIOSEMI",
        (".edf", ".bdf"),
        "EDFbrowser and the Python package pyEDFlib read it",
    ),
    _digital("ISHNE", rb"ISHNE1\.0", (".ecg",), "programs for Holter records (ISHNE) read it"),
    Kind("WFDB", _RECORD, (".hea",), "wfdb"),
    Kind("WFDB", None, (".dat",), "wfdb", beside=".hea"),
    Kind("CSV", _TABLE, (".csv", ".tsv"), "csv", any_text=True),
    _unread("JPEG XL", rb"\0\0\0\x0cJXL |\xff\x0a", (".jxl",)),
    _unread("SVG", _XML + rb"<svg\b", (".svg",)),
    _unread("PostScript", rb"%!PS", (".ps", ".eps")),
    _unread("DjVu", rb"AT&TFORM", (".djvu", ".djv")),
    _unread(
        "Camera raw",
        None,
        (".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2"),
        "develop the photograph and save it as JPEG",
    ),
    _unread(
        "Office",
        rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|\{\\rtf",
        (".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".odt", ".ods", ".odp", ".rtf", ".xps"),
        "export the page as PDF, JPEG or PNG",
    ),
    _unread(
        "Video",
        rb".{4}ftyp|\x1a\x45\xdf\xa3|RIFF.{4}AVI ",
        (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm"),
        "take a photograph of the page",
    ),
    _unread(
        "Archive",
        rb"PK\x03\x04|7z\xbc\xaf\x27\x1c|Rar!|\x1f\x8b",
        (".zip", ".7z", ".rar", ".gz", ".tgz", ".tar"),
        "unpack it and give what is in it",
    ),
)
"""Every kind that is known; where the first bytes of several match, the first of them."""

SUFFIXES = tuple(suffix for kind in KINDS if kind.opener and kind.opener not in RECORDINGS for suffix in kind.suffixes)
"""The suffixes of files that can be opened as pictures, with the extra where one is needed."""
_BY_SUFFIX = {suffix: kind for kind in KINDS for suffix in kind.suffixes}
_TELLS_NOTHING = re.compile(r"|\.xml|\.\d*", re.IGNORECASE)
"""Suffixes of files that are looked into: none (a DICOM viewer's export), XML, and the last part of a DICOM identifier."""


def kind_of(head: bytes, name: str = "") -> Kind | None:
    """The `Kind` of a file whose first `HEAD_BYTES` are `head`: by these, or where they tell nothing by its `name`; None where neither does.

    A name says nothing against the bytes of a kind that can be opened: a text called page.jpg is no picture.
    """
    found = next((kind for kind in KINDS if kind.matches(head[:HEAD_BYTES])), None)
    named = _by_name(name)
    if named is None or (found is not None and found.opener is not None):
        return found
    told_by_name = named.opener is None or named.opener in RECORDINGS
    return named if told_by_name else found


def head_of_path(path: str) -> bytes:
    """The first `HEAD_BYTES` of the file at `path`; none of what is no file: a pipe would never end."""
    if not os.path.isfile(path):
        return b""
    with open(path, "rb") as file:
        return file.read(HEAD_BYTES)


def kind_of_path(path: str, head_of: Callable[[str], bytes] = head_of_path) -> Kind | None:
    """The `Kind` of the file at `path`, by its name; it is looked into, by `head_of`, only where that has no suffix, or one that says nothing.

    A file that is half written, under a name of its own, is of no kind.
    """
    named = _by_name(path)
    tells = named is not None or not _TELLS_NOTHING.fullmatch(os.path.splitext(path)[1])
    if tells and not (named is not None and named.any_text):
        return named
    try:
        return kind_of(head_of(path))
    except OSError:
        return None


def must_be_opened(kind: Kind | None) -> Opener:
    """What opens a kind.

    Raises
    ------
    PictureError : nothing does; the message says what to do with it.
    """
    if kind is None:
        raise PictureError(Reason.NOT_A_PICTURE)
    if kind.opener is None:
        raise PictureError(Reason.UNSUPPORTED, kind.unread)
    return kind.opener


def missing_extra(kind: str, extra: str) -> PictureError:
    """The error for a kind whose extra is not installed."""
    return PictureError(
        Reason.UNSUPPORTED, f"{kind} files need an extra: pip install 'ecg-edge[{extra}]'. Or {AS_PICTURE}."
    )


@dataclass(frozen=True)
class Listing:
    """A directory: the `known` files, sorted by path, those that cannot be opened and folders that cannot be listed among them, to be answered
    for; and how many `others` there are, hidden ones left out."""

    known: tuple[str, ...]
    others: int


def list_files(directory: str | os.PathLike[str]) -> Listing:
    """The `Listing` of a directory and of all below it."""
    known: list[str] = []
    others = 0
    for folder, _, files in os.walk(directory, onerror=lambda error: known.append(os.fspath(error.filename))):
        for name in files:
            path = os.path.join(folder, name)
            kind = kind_of_path(path)
            if kind is not None:
                if kind.beside is None:
                    known.append(path)
            else:
                others += not name.startswith(".")  # what systems and programs put there is nobody's page
    return Listing(tuple(sorted(known)), others)


def is_recording(name: str) -> bool:
    """Whether files of this name are digital ECGs that are read."""
    kind = _BY_SUFFIX.get(os.path.splitext(name)[1].lower())
    return kind is not None and kind.opener in RECORDINGS


def names_beside(path: str, suffix: str) -> tuple[str, str]:
    """What a file of the same name with another suffix may be called."""
    stem = os.path.splitext(path)[0]
    return stem + suffix, stem + suffix.upper()


def _by_name(name: str) -> Kind | None:
    kind = _BY_SUFFIX.get(os.path.splitext(name)[1].lower())
    if kind is None or kind.beside is None:
        return kind
    return kind if any(map(os.path.isfile, names_beside(name, kind.beside))) else None
