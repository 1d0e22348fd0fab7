"""All that is known of a result as lines of text."""

from ecg_edge import Reader
from ecg_edge.errors import Reason
from ecg_edge.output.result_lines import result_lines
from ecg_edge.output.wording import MODEL_FINDINGS, advice
from ecg_edge.result import unread

from ..test_words import DOUBTFUL


def test_doubts_probabilities_measurements_findings_and_page_are_told(few_pages):
    """Of a page that the shipped model reads: all findings of the model, each with its probability."""
    page = next(page for page in few_pages if page.label == "infarction")
    lines = list(result_lines(Reader().read(page.path).to_dict()))
    assert lines[0].startswith("Probabilities: Normal under 1 %, ") and "Myocardial infarction over 99 %" in lines[0]
    assert any(line.startswith("Rate: 7") for line in lines)
    told = next(line for line in lines if line.startswith("Findings of the model, not calibrated, no diagnosis: "))
    assert all(f"{words} " in told for words in MODEL_FINDINGS.values()) and told.count(" %") == len(MODEL_FINDINGS)
    assert lines[-1] == "Layout 3x4+1, paper 25 mm/s (as this device always prints it), 10 mm/mV (as this device always prints it)"  # fmt: skip


def test_a_doubtful_verdict_begins_with_its_doubts():
    """With the least confidence that was needed; models of single leads find nothing else."""
    lines = list(result_lines(DOUBTFUL.to_dict(), DOUBTFUL.min_confidence))
    assert "below the 86 %" in lines[0] and "V2 could not be followed" in lines[3]
    assert not any("Findings of the model" in line for line in lines)


def test_a_refusal_says_what_helps_and_a_failure_nothing_of_light_and_camera():
    """Its own sentence stands in the line above."""
    assert list(result_lines(unread("x.jpg", Reason.BLURRED).to_dict())) == list(advice("blurred"))
    assert list(result_lines(unread("x.jpg", Reason.NOT_FOUND).to_dict())) == []
