"""What people are told beside a result: confidence in words, and how to take a better picture."""

from .panel import sureness

SURE_WORDS = {
    "high": "High confidence. The probability is calibrated on pages of one device; on other pages the model may be surer than it should be.",
    "fair": "Fair confidence: have a second look at the leads that spoke most.",
    "low": "Low confidence: it may well be another class. Do not rely on this.",
}
GENERAL = (
    "Lay the page flat on a dark, plain table, all four corners in the picture.",
    "Hold the camera straight above it, close enough that the page fills the picture.",
    "Daylight from the side; no lamp's reflection, no shadow of a hand.",
    "Wait for the focus, hold still, then take it. A scan or the device's own export reads best.",
)
ADVICE = {
    "not_a_picture": ("Choose a photograph or scan: JPEG, PNG, TIFF, BMP or WebP.",),
    "unsupported": ("Save the page as JPEG or PNG first. Of a PDF, export its page as a picture.",),
    "truncated": ("Copy the file again, or take the picture anew: its end is missing.",),
    "too_large": ("Save the picture smaller: 12 megapixels are plenty.",),
    "too_small": (
        "Go closer, or scan at 150 dots per inch or more. Thumbnails and screenshots of messages are too coarse.",
    ),
    "not_an_ecg": ("Give a printed 12-lead ECG on grid paper; monitor strips and charts are not read.",),
    "bad_layout": (
        "The page should show all twelve leads: 3 x 4, 6 x 2 or 12 x 1, with or without rhythm strips.",
        "The models cnn and crnn read 3 x 4 pages with one rhythm strip alone; the model page reads every layout.",
    ),
    "bad_scale": ("Let the grid be seen sharply: it is the ruler. A print without a grid cannot be measured.",),
    "covered": ("Take away fingers, pens, clips and folds that lie over the traces.",),
}
"""By reason, before `GENERAL`; for files that could not be opened `GENERAL` says nothing."""
FILE_REASONS = {"not_a_picture", "unsupported", "truncated", "too_large"}


def caution(confidence):
    """The sentence that goes with a calibrated probability."""
    return SURE_WORDS[sureness(confidence)]


def percent(share):
    """A probability as people read it: no certainty where there is none."""
    return (
        "over 99.9 %"
        if 0.999 < share < 1
        else "under 0.1 %"
        if 0 < share < 0.001
        else f"{share:.1%}".replace("%", " %")
    )


def advice(reason):
    """The sentences that help a person after a refusal for `reason` (its value)."""
    return ADVICE.get(reason, ()) + (() if reason in FILE_REASONS else GENERAL)
