"""What people are told of a result, in words: state, verdict or reason, confidence, quality, and how to take a better picture."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..files.kinds import is_recording
from ..layout import Place
from ..result import LeadResult
from ..words import SCALES, percent

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
CONFIDENCE_WORDS = ((0.9, "high"), (0.75, "fair"), (0.0, "low"))
"""From which calibrated probability on a confidence is called what."""
CAUTIONS = {
    "high": "High confidence. The probability is calibrated on pages of one device; on other pages the model may be surer than it should be.",
    "fair": "Fair confidence: look again at the leads with the most weight.",
    "low": "Low confidence: it may well be another class. Do not rely on this.",
}
QUALITY_WORDS = {
    "px_per_mm": ("Resolution", "pixels per mm", "Of the picture. More is finer."),
    "grid": ("Clearness of the grid", "", "How far its lines stand out: it is the ruler. More is clearer."),
    "shade": ("Shadow", "%", "0 is even light, 100 black in places."),
    "glare": ("Glare", "%", "Of the leads' area. Refused above 15 %."),
    "covered": ("Covered", "%", "Of the leads' area: what is no paper. Refused above 12 %."),
    "blur_px": ("Blur", "pixels", "Refused above 3.4."),
    "leads_lost": ("Leads lost", "of those shown", "Refused above 4."),
    "lost_share": ("Samples lost", "%", "Of all leads."),
    "limb_residual_mv": ("I + III − II", "mV", "0 where these leads were followed without error. Refused above 0.5."),
    "augmented_residual_mv": ("aVR + aVL + aVF", "mV", "The same. Refused above 0.5."),
}
"""Name, unit and meaning of each number of `quality`."""
MODEL_FINDINGS = {
    "not_normal": "not normal",
    "infarction": "infarction of any age",
    "fibrillation": "atrial fibrillation or flutter",
    "conduction": "disturbed conduction in the ventricles",
    "hypertrophy": "hypertrophy",
    "repolarisation": "ST-T changes",
    "ectopy": "premature beats",
}
"""What a model finds besides its classes."""
LEAST_FINDING = 0.5
"""Where there is little room, findings of at least this probability are told."""
SCALE_SOURCES = {
    "report": "as this device always prints it",
    "pulse": "from the calibration pulse",
    "columns": "from the length of the columns",
    "print": "as printed",
    "option": "as given",
    "assumed": "assumed",
}
"""Where paper speed and gain come from."""
GENERAL_ADVICE = (
    "Lay the page flat on a dark, plain table, with all four corners in the picture.",
    "Hold the camera straight above it, close enough that the page fills the picture.",
    "Use daylight from the side; avoid reflections of lamps and the shadow of your hand.",
    "Wait for the focus and hold still. A scan, or the file that the ECG device exports, is read best.",
)
ADVICE = {
    "not_a_picture": ("Choose a photograph or scan: JPEG, PNG, TIFF or PDF.",),
    "unsupported": ("Save the page as JPEG or PNG first. Of a PDF, export its page as a picture.",),
    "truncated": ("Copy the file again, or take the picture again: the end of the file is missing.",),
    "too_large": ("Save the picture smaller: 12 megapixels are plenty.",),
    "too_small": (
        "Move closer, or scan at 150 dots per inch or more. Thumbnails and screenshots have too few pixels.",
    ),
    "not_an_ecg": (
        "Use a printed 12-lead ECG on grid paper; monitor strips and charts are not read.",
        "If there is one: less light on the paper, and the picture as it was taken, not a compressed copy.",
    ),
    "bad_layout": (
        "The page should show all twelve leads, each with its name: 3 x 4, 4 x 3, 6 x 2 or 12 x 1, with or without rhythm strips.",
        "The models cnn and crnn read 3 x 4 pages with one rhythm strip alone; the model page reads every layout.",
    ),
    "leads_missing": ("A verdict needs I to V6. The signals of the leads on the page are given without one.",),
    "bad_scale": ("Show the grid sharply: it is the ruler. A print without a grid cannot be measured.",),
    "covered": ("Remove fingers, pens and clips that cover the traces, and smooth out folds.",),
}
"""By reason, before `GENERAL_ADVICE`; for files that could not be opened `GENERAL_ADVICE` says nothing."""
DIGITAL_ADVICE = {
    "too_small": ("Give at least 5 s of the leads.",),
    "bad_layout": ("Name each column or channel by its lead, I to V6, each once.",),
    "leads_missing": ("A verdict needs I to V6. The signals and measurements of the leads that are there are given without one.",),
    "bad_scale": ("State the sampling rate (for a table --fs, or a column of times) and the unit of the voltages, in the file.",),
    "leads_lost": ("Look whether each channel has its right name and sign, and whether electrodes had come off.",),
}  # fmt: skip
"""By reason, of digital ECGs: there is no picture to be taken better."""
FILE_REASONS = {"not_a_picture", "unsupported", "truncated", "too_large"}


def confidence_word(confidence: float) -> str:
    """What a calibrated probability is called: high, fair or low."""
    return next(word for least, word in CONFIDENCE_WORDS if confidence >= least)


def caution(confidence: float) -> str:
    """The sentence that goes with a calibrated probability."""
    return CAUTIONS[confidence_word(confidence)]


def advice(reason: str, is_digital: bool = False) -> tuple[str, ...]:
    """The sentences that help a person after a refusal for `reason` (its value) of a picture, or of a digital ECG."""
    if is_digital:
        return DIGITAL_ADVICE.get(reason, ())
    return ADVICE.get(reason, ()) + (() if reason in FILE_REASONS else GENERAL_ADVICE)


def is_digital(result: Mapping[str, Any]) -> bool:
    """Whether the dict of a result is that of a digital ECG: by the name of its file, or since it was opened and no page was looked for in it."""
    timing = result.get("timing_ms") or {}
    without_page = timing.get("open") is not None and timing.get("page") is None and result["status"] != "failed"
    return without_page or is_recording(result["source"] or "")


def found_words(leads: Sequence[LeadResult], whole: bool) -> str:
    """Which leads of a page were lost, or that all were found; which were found, of a page that does not show the `whole` twelve."""
    names = [lead.name for lead in leads]
    if lost := [lead.name for lead in leads if lead.state == "lost"]:
        return f"Leads lost: {', '.join(lost)}"
    return f"All {len(names)} leads found" if whole else f"Leads found: {', '.join(names)}"


def scale_words(page: Mapping[str, Any]) -> str:
    """Paper speed and gain of a result's `page`, each with where it comes from: "25 mm/s (as printed), 10 mm/mV (assumed)"; empty where neither
    is known."""
    known = [(page.get(source), page.get(value), unit) for source, value, _, unit in SCALES]
    return ", ".join(f"{value:g} {unit} ({SCALE_SOURCES[source]})" for source, value, unit in known if source and value)


def model_findings(findings: Mapping[str, float] | None, least: float = LEAST_FINDING) -> list[tuple[str, float]]:
    """(words, probability) of what a model finds besides its classes with a probability of at least `least`, in the model's order."""
    return [(MODEL_FINDINGS.get(name, name), share) for name, share in (findings or {}).items() if share >= least]


def model_findings_words(findings: Mapping[str, float] | None) -> str:
    """The same as a line: "hypertrophy (72 %), ST-T changes (over 99 %)"; empty where nothing is found."""
    return ", ".join(f"{words} ({percent(share)})" for words, share in model_findings(findings))


def title_of(place: Place) -> str:
    """What a place is called: of a rhythm strip also the lead that it holds, where that is known."""
    return place.name if place.lead in (None, place.name, f"-{place.name}") else f"{place.name} {place.lead}"
