"""Which kind a file is: by its bytes, by its name, in a directory; and what is said of those that nothing here opens."""

import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.errors import PictureError, Reason
from ecg_edge.files import kinds
from ecg_edge.files.kinds import KINDS, SUFFIXES, kind_of, kind_of_path, list_files, must_be_opened
from ecg_edge.image import open_picture

from ..pictures import refusal
from . import made

XML = b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- made by a cart -->\n'
EDF = b"0       " + b"X".ljust(160) + b"01.02.2612.30.00" + b"768     "
DIGITAL = {
    "HL7 aECG": XML + b'<AnnotatedECG xmlns="urn:hl7-org:v3"/>',
    "MUSE XML": XML + b'<!DOCTYPE RestingECG SYSTEM "restecg.dtd">\n<RestingECG>',
    "Philips XML": XML + b"<restingecgdata>",
    "SCP-ECG": bytes(16) + b"SCPECG" + bytes(20),
    "EDF": EDF,
    "ISHNE": b"ISHNE1.0" + bytes(30),
}


def name_of(head, name=""):
    found = kind_of(head, name)
    return found and found.name


@pytest.mark.parametrize(("name", "data"), DIGITAL.items())
def test_digital_ecgs_are_told_by_their_bytes(name, data):
    """Whatever they are called; the message says what they are and what reads them."""
    for source in (data, data + bytes(5000)):
        assert name_of(source) == name_of(source, "page.jpg") == name
    error = refusal(data)
    assert error.reason is Reason.UNSUPPORTED
    assert str(error).startswith(f"This is already a digital ECG ({name}): ") and " read" in str(error)


def test_a_wfdb_record_is_told_by_its_names(tmp_path):
    """Of a header, and of the signals only where their header is beside them; it holds no picture."""
    for name in ("a.hea", "a.dat", "b.dat"):
        (tmp_path / name).write_bytes(b"a 12 500 5000\n")
    assert [kind_of_path(str(tmp_path / f"{name}")) is None for name in ("a.hea", "a.dat", "b.dat")] == [
        False,
        False,
        True,
    ]
    assert str(refusal(tmp_path / "a.dat")) == "This is a digital ECG (WFDB): it has signals and no picture."
    assert refusal(tmp_path / "b.dat").reason is Reason.NOT_A_PICTURE


def test_a_dicom_waveform_is_told_by_its_class():
    """And has no picture."""
    data = made.dicom(made.WAVEFORM, PatientName="A^B")
    assert name_of(data) == name_of(data, "page.jpg") == "DICOM waveform"
    assert str(refusal(data)) == "This is a digital ECG (DICOM waveform): it has signals and no picture."


@pytest.mark.parametrize(
    ("head", "known"),
    [
        (b"time_s,I_mV,II_mV,rhythm_II_mV\n0.000,0.1,", True),
        (b"\xef\xbb\xbf# a cart\nI;II;III\r\n1;2;3\r\n", True),
        (b'"time","Lead V1 (uV)"\n', True),
        (b"source,status,verdict\npage.jpg,read,normal\n", False),
        (b"V10,I,VII\n", False),
        (b"Dear colleague II,\n", False),
        (b"name,VII\nII,3\n", False),
    ],
)
def test_a_table_of_leads_is_told_by_its_first_line(tmp_path, head, known):
    """In a directory, where other tables may lie; one that is named is tried, and says what is wrong."""
    (tmp_path / "a.csv").write_bytes(head)
    (tmp_path / "a.txt").write_bytes(head)
    assert (kind_of_path(str(tmp_path / "a.csv")) is not None) == known
    assert kind_of_path(str(tmp_path / "a.txt")) is None and (name_of(head) == "CSV") == known
    assert name_of(head, "a.csv") == "CSV"


def test_a_waveform_that_a_picture_refers_to_does_not_make_it_one(normal_page):
    """A report in a DICOM file names the waveform that it was drawn from."""
    data = made.dicom(made.ENCAPSULATED_PDF, StudyDescription=made.WAVEFORM, EncapsulatedDocument=b"%PDF")
    assert made.WAVEFORM.encode() in data[:2000] and name_of(data) == "DICOM"


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "", "JPEG"),
        (b"\xff\xd8\xff\xe0", "scan.pdf", "JPEG"),
        (b"RIFF....WEBP", "", "WebP"),
        (b"RIFF....AVI ", "", "Video"),
        (b"....ftypheic", "", "HEIC"),
        (b"....ftypmif1....mif1heic", "", "HEIC"),
        (b"....ftypmif1....mif1avifmiaf", "", "AVIF"),
        (b"....ftypavif", "photo.heic", "AVIF"),
        (b"....ftypisom", "", "Video"),
        (b"\n\n%PDF-1.4", "", "PDF"),
        (b"PK\x03\x04", "", "Archive"),
        (b"PK\x03\x04", "letter.DOCX", "Office"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "", "Office"),
        (b"<svg xmlns='x'>", "", "SVG"),
        (XML + b"<svg>", "", "SVG"),
        (b"Dear colleague", "", None),
        (b"Dear colleague", "page.jpg", None),
        (b"Dear colleague", "page.pdf", None),
        (b"Dear colleague", "record.hea", "WFDB"),
        (b"", "", None),
    ],
)
def test_a_kind_is_told_by_bytes_and_then_by_name(head, name, kind):
    """A name that ends like a picture's says nothing against other bytes."""
    assert name_of(head, name) == kind


@given(st.binary(max_size=300), st.sampled_from(["", "a", "a.pdf", "a.docx", "a.hea", "a.xml"]))
def test_any_bytes_are_of_a_kind_or_of_none(head, name):
    """And nothing is raised but the reason why they are not opened."""
    kind = kind_of(head, name)
    assert kind is None or kind in KINDS
    try:
        assert must_be_opened(kind) in ("pillow", "pdf", "heif", "dicom", "csv", "wfdb", "dicom_waveform")
    except PictureError as error:
        assert error.reason in (Reason.UNSUPPORTED, Reason.NOT_A_PICTURE) and str(error).endswith(".")


def test_the_table_of_kinds_has_no_doubt():
    """A suffix is of one kind; what is not opened says what to do, what is opened says nothing."""
    suffixes = [suffix for kind in KINDS for suffix in kind.suffixes]
    assert len(suffixes) == len(set(suffixes)) and all(suffix == suffix.lower() for suffix in suffixes)
    assert all((kind.opener is None) == (kind.unread is not None) for kind in KINDS)
    assert all(kind.pattern or kind.suffixes for kind in KINDS)


def test_office_documents_and_archives_are_told_apart_by_their_names(tmp_path):
    """Both are ZIP files."""
    for name, words in (
        ("a.docx", "Office files are not supported: export"),
        ("a.zip", "Archive files are not supported: unpack"),
    ):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("a.xml", "<a/>")
        assert str(refusal(tmp_path / name)).startswith(words)


# Directories


def test_known_files_in_a_directory_are_found_below_it_too_sorted(tmp_path):
    """By suffix in any case, whatever the depth; others are counted, hidden and half-written ones are not known, and a record is its header."""
    known = ("b.JPG", "a/z.png", "a/b/c.tiff", "a.webp", "a.pdf", "d.heic", "letter.docx", "r.hea", "r.dat")
    for name in (*known, "notes.txt", "a/jpg", "c.jpg.part", "x.dat", ".DS_Store"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    listing = list_files(tmp_path)
    assert [str(Path(path).relative_to(tmp_path)) for path in listing.known] == sorted(set(known) - {"r.dat"})
    assert listing.others == 4


def test_files_without_a_name_that_tells_it_are_looked_into(tmp_path, normal_page):
    """DICOM files are often called by their identifier; ECGs in XML as any XML is."""
    for name, data in (
        ("IM000001", made.dicom(made.SECONDARY_CAPTURE)),
        ("1.2.840.113619.7", made.dicom(made.WAVEFORM)),
        ("ecg.xml", DIGITAL["MUSE XML"]),
        ("pom.xml", b"<project/>"),
        ("README", b"Dear colleague"),
        ("page.jpg.part", normal_page.read_bytes()),
    ):
        (tmp_path / name).write_bytes(data)
    listing = list_files(tmp_path)
    assert [os.path.basename(path) for path in listing.known] == ["1.2.840.113619.7", "IM000001", "ecg.xml"]
    assert listing.others == 3


def test_a_pipe_in_a_directory_is_not_waited_for(tmp_path):
    """It has no end."""
    os.mkfifo(tmp_path / "pipe")
    assert list_files(tmp_path).known == ()


def test_a_folder_that_cannot_be_listed_is_answered_for(tmp_path):
    """It stands among the files, so that somebody hears of it."""
    assert list_files(tmp_path / "none").known == (str(tmp_path / "none"),)


@pytest.mark.parametrize(("module", "extra", "data"), [
    ("pypdfium2", "pdf", made.pdf(made.flat("red"))),
    ("pillow_heif", "heic", made.heic(made.flat("red"))),
    ("pydicom", "dicom", made.dicom_picture(made.flat("red"))),
    ("pypdfium2", "pdf", made.dicom_document(made.pdf(made.flat("red")))),
])  # fmt: skip
def test_without_its_extra_a_file_says_which_one_it_needs(monkeypatch, module, extra, data):
    """And how to do without."""
    open_picture(data)
    monkeypatch.setitem(__import__("sys").modules, module, None)
    error = refusal(data)
    assert error.reason is Reason.UNSUPPORTED
    assert f" files need an extra: pip install 'ecg-edge[{extra}]'. Or save the page as JPEG or PNG." in str(error)


def test_the_extras_that_messages_name_are_there():
    """In setup.cfg, under these names."""
    import configparser

    setup = configparser.ConfigParser()
    setup.read(Path(__file__).resolve().parents[3] / "setup.cfg", encoding="utf-8")
    assert {kind.extra for kind in kinds.KINDS if kind.extra} <= set(setup["options.extras_require"])
    assert {".pdf", ".heic", ".dcm", ".gif", ".jpg"} <= set(SUFFIXES)
