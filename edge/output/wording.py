"""What people are told of a result, in words: state, verdict or reason, confidence, quality, and how to take a better picture."""

from collections.abc import Iterable, Sequence

from ..layout import Place
from ..result import LeadResult

VERDICTS = {
    "normal": "Normal",
    "abnormal": "Abnormal heartbeat",
    "infarction": "Myocardial infarction",
    "history": "History of myocardial infarction",
}
STATES = {"read": "Read", "uncertain": "Uncertain", "refused": "Not read", "failed": "Not opened"}
REASONS = {"no_page": "No page found", "not_an_ecg": "Not an ECG", "cut_off": "Page cut off", "bad_layout": "Unknown layout",
           "bad_scale": "Unknown scale", "bad_light": "Bad light", "blurred": "Blurred", "covered": "Leads covered",
           "leads_lost": "Leads lost", "leads_missing": "Leads missing", "too_small": "Too small"}  # fmt: skip
DOUBTS = {
    "low_confidence": "Below the confidence that a verdict needs: do not rely on it.",
    "assumed_scale": "Paper speed or gain could not be read from the page: the usual 25 mm/s or 10 mm/mV is assumed.",
    "contradicts_measurements": "What was measured on the page speaks against it.",
    "unlike_training": "The page is unlike those that the model knows.",
    "leads_lost": "Some of the leads could not be followed.",
}
"""Why a result is uncertain."""
CONFIDENCE_WORDS = ((0.9, "high"), (0.75, "fair"), (0.0, "low"))
"""From which calibrated probability on a confidence is called what."""
CAUTIONS = {
    "high": "High confidence. The probability is calibrated on pages of one device; on other pages the model may be surer than it should be.",
    "fair": "Fair confidence: have a second look at the leads that spoke most.",
    "low": "Low confidence: it may well be another class. Do not rely on this.",
}
QUALITY_WORDS = {
    "px_per_mm": ("Resolution", "pixels per mm", "Of the picture. More is finer."),
    "grid": ("Clearness of the grid", "", "How far its lines stand out: it is the ruler. More is clearer."),
    "shade": ("Shadow", "%", "0 is even light, 100 black in places."),
    "glare": ("Burnt out", "%", "Of the leads' area. Refused above 15 %."),
    "covered": ("Covered", "%", "Of the leads' area: what is no paper. Refused above 12 %."),
    "blur_px": ("Blur", "pixels", "Refused above 3.4."),
    "leads_lost": ("Leads lost", "of those shown", "Refused above 4."),
    "lost_share": ("Samples lost", "%", "Of all leads."),
    "limb_residual_mv": ("I + III − II", "mV", "0 where these leads were followed without error. Refused above 0.5."),
    "augmented_residual_mv": ("aVR + aVL + aVF", "mV", "The same. Refused above 0.5."),
}
"""Name, unit and meaning of each number of `quality`."""
GENERAL_ADVICE = (
    "Lay the page flat on a dark, plain table, all four corners in the picture.",
    "Hold the camera straight above it, close enough that the page fills the picture.",
    "Daylight from the side; no lamp's reflection, no shadow of a hand.",
    "Wait for the focus, hold still, then take it. A scan or the device's own export reads best.",
)
ADVICE = {
    "not_a_picture": ("Choose a photograph or scan: JPEG, PNG, TIFF or PDF.",),
    "unsupported": ("Save the page as JPEG or PNG first. Of a PDF, export its page as a picture.",),
    "truncated": ("Copy the file again, or take the picture anew: its end is missing.",),
    "too_large": ("Save the picture smaller: 12 megapixels are plenty.",),
    "too_small": (
        "Go closer, or scan at 150 dots per inch or more. Thumbnails and screenshots of messages are too coarse.",
    ),
    "not_an_ecg": ("Give a printed 12-lead ECG on grid paper; monitor strips and charts are not read.",),
    "bad_layout": (
        "The page should show all twelve leads, each with its name: 3 x 4, 4 x 3, 6 x 2 or 12 x 1, with or without rhythm strips.",
        "The models cnn and crnn read 3 x 4 pages with one rhythm strip alone; the model page reads every layout.",
    ),
    "leads_missing": ("A verdict needs I to V6; signals of the leads that are there can be had all the same.",),
    "bad_scale": ("Let the grid be seen sharply: it is the ruler. A print without a grid cannot be measured.",),
    "covered": ("Take away fingers, pens, clips and folds that lie over the traces.",),
}
"""By reason, before `GENERAL_ADVICE`; for files that could not be opened `GENERAL_ADVICE` says nothing."""
FILE_REASONS = {"not_a_picture", "unsupported", "truncated", "too_large"}


def confidence_word(confidence: float) -> str:
    """What a calibrated probability is called: high, fair or low."""
    return next(word for least, word in CONFIDENCE_WORDS if confidence >= least)


def caution(confidence: float) -> str:
    """The sentence that goes with a calibrated probability."""
    return CAUTIONS[confidence_word(confidence)]


def percent(share: float) -> str:
    """A probability as people read it: no certainty where there is none."""
    if 0.999 < share < 1:
        return "over 99.9 %"
    return "under 0.1 %" if 0 < share < 0.001 else f"{share:.1%}".replace("%", " %")


def doubt_sentences(doubts: Iterable[str] | None, min_confidence: float | None = None) -> list[str]:
    """Why a result is uncertain, in sentences; stored results of earlier versions name no doubts, and knew low confidence alone."""
    sentences = DOUBTS
    if min_confidence is not None:
        words = f"Below the {min_confidence:.0%} that a verdict needs: do not rely on it."
        sentences = DOUBTS | {"low_confidence": words}
    return [sentences[doubt] for doubt in doubts or ("low_confidence",)]


def advice(reason: str) -> tuple[str, ...]:
    """The sentences that help a person after a refusal for `reason` (its value)."""
    return ADVICE.get(reason, ()) + (() if reason in FILE_REASONS else GENERAL_ADVICE)


def found_words(leads: Sequence[LeadResult], whole: bool) -> str:
    """Which leads of a page were lost, or that all were found; which were found, of a page that does not show the `whole` twelve."""
    names = [lead.name for lead in leads]
    if lost := [lead.name for lead in leads if lead.state == "lost"]:
        return f"Leads lost: {', '.join(lost)}"
    return f"All {len(names)} leads found" if whole else f"Leads found: {', '.join(names)}"


def title_of(place: Place) -> str:
    """What a place is called: of a rhythm strip also the lead that it holds, where that is known."""
    return place.name if place.lead in (None, place.name, f"-{place.name}") else f"{place.name} {place.lead}"
