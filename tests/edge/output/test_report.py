"""The report's sheet: what stands where."""

from dataclasses import replace

from pypdfium2 import PdfDocument

from ecg_edge.output import report
from ecg_edge.output.pdf import Sheet

from ..test_words import DOUBTFUL

TOP, BOTTOM = 32, 110


def column_of(result, monkeypatch):
    """[(height in mm, words)] of what is written into the column at the left."""
    written = []
    monkeypatch.setattr(Sheet, "text", lambda sheet, x, y, words, *more, **style: written.append((y, words)))
    report._column(Sheet(297, 210, "x"), result, 12, TOP, report.COLUMN, BOTTOM)
    return written


def test_doubts_stand_first_and_an_assumed_scale_is_not_called_printed(monkeypatch):
    """Whoever reads the verdict reads them next."""
    written = column_of(DOUBTFUL, monkeypatch)
    assert "below the 86 %" in written[0][1] and written[0][0] == TOP
    text = " ".join(words for _, words in written)
    assert "25 mm/s (from the calibration pulse), 10 mm/mV (assumed)" in text and "as printed" not in text


def test_nothing_is_written_into_the_signals(monkeypatch):
    """However much there is to say: facts of page and quality, which are also elsewhere, give way."""
    much = replace(DOUBTFUL, message="A long message that needs several lines of the column, since it says a lot. " * 8)
    written = column_of(much, monkeypatch)
    assert max(y for y, _ in written) < BOTTOM and "below the 86 %" in " ".join(words for _, words in written)


def test_a_name_of_any_bytes_is_written_as_it_is_printed():
    """In the file's title and in its head, where the standard fonts have no letter for them."""
    document = PdfDocument(report.make_report(replace(DOUBTFUL, source="bad\udcff\n.jpg"), None, None))
    assert document.get_metadata_dict()["Title"] == "ECG reading of bad\\udcff\\n.jpg"
    assert "bad\\udcff\\n.jpg" in document[0].get_textpage().get_text_bounded()


def test_what_the_model_finds_is_told_from_one_half_on(monkeypatch):
    """With its probability, beside what was measured."""
    found = replace(DOUBTFUL, findings={"infarction": 0.6, "ectopy": 0.2})
    assert "The model finds: infarction of any age (60 %)" in [words for _, words in column_of(found, monkeypatch)]
