"""From the signals of a page to what the page model sees: the same code in training and on the device.

Every lead is cut to windows of 2.5 s, since a 3x4 page shows no more, and every page is given the same bandwidth: neither layout
nor grid, print or filter can be told from what the model sees.
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from ..layout import LEADS_12, RHYTHM
from ..measure.beats import find_beats

RATE_HZ = 500
"""Sampling rate of traced signals."""

WINDOW = 1250
"""Samples of a signal in a window: 2.5 s."""

SAMPLES = 256
"""What a window is resampled to."""

STRIP_ROWS = 4
ROWS = len(LEADS_12) + STRIP_ROWS + 1
CHANNELS = 3
"""A window of a page is (ROWS, SAMPLES, CHANNELS): the twelve leads, the rhythm strip in `STRIP_ROWS` pieces one after another, and its
rhythm (`rhythm_row`); the channels of signals are the amplitude, 1 where it is known, and the span: how far the signal reaches up and down
about the sample."""

LEAST_BEATS, LARGEST_CHANGE = 4, 1.5
"""Beats that a rhythm needs, and the largest change of an RR interval that it shows, as a share of the median."""

SPAN, SPAN_GAIN = 3, 2.0
"""The span is that of so many samples of the signal to either side, so many times as large as it is: about what both edges of a stroke
tell, which networks read better from so few pages than slopes that they would have to learn."""

REACH = 4.0
LINEAR_MV = 0.25
"""Amplitudes and spans are compressed to asinh(mV / LINEAR_MV), about linear below `LINEAR_MV`; `REACH` is 6.8 mV."""

CUT_HZ = 25.0
"""Where every page's bandwidth is cut: the narrowest filter in the data prints 0.67–25 Hz."""

BRIDGED = 20
"""Gaps of up to so many samples (40 ms) are bridged: a separator, a letter."""

LEAST_STRIP, LEAST_END, CUT_BEAT = 500, 625, 50
"""Samples that must be known of what stands as the strip; that must be missing at its end before it is extended; and within which
an end cuts a beat."""

MIN_SHARE = 0.25
"""A lead is lost in a window of which less than this share is known; a strip, in all of its length."""

Signals = Mapping[str, np.ndarray]
"""{place: (N,) float mV at `RATE_HZ`, NaN where lost}, places named as in an `Arrangement` (I … V6, rhythm)."""


def page_tensor(signals: Signals) -> np.ndarray:
    """(W, ROWS, SAMPLES, CHANNELS) float32: the windows of a page as the model takes them, before quantisation.

    The model's verdicts on the windows of one page are averaged.
    """
    return compress(page_windows(signals))


def page_windows(signals: Signals) -> np.ndarray:
    """(W, ROWS, SAMPLES, CHANNELS) float32: the same with amplitude and span in mV.

    There are as many windows as the shortest lead has (one for 3x4 and 4x3, two for 6x2, four for 12x1), at least one, each with the whole
    rhythm strip. A page without a strip shows lead II in its place, or else another. What ends early is extended as it began:
    were its end unknown, the layout could be told from it, and the class from the layout.
    """
    shortest = min((len(signals[name]) for name in LEADS_12 if len(signals.get(name, ()))), default=0)
    below, windows = _strip_rows(signals), []
    for start in range(0, max(1, (shortest + WINDOW // 4) // WINDOW) * WINDOW, WINDOW):
        # Cut before it is filtered, so that the same seconds look the same whatever the layout.
        leads = [limit_bandwidth(fill_gaps(_cut(signals, name, start, WINDOW))) for name in LEADS_12]
        windows.append(np.concatenate([resample(np.array(leads)), below]))
    return np.array(windows, np.float32)


def _strip_rows(signals: Signals) -> np.ndarray:
    """(STRIP_ROWS + 1, SAMPLES, CHANNELS) of a page's strip and of its rhythm, as they stand below the leads of each window."""
    strip = limit_bandwidth(extend(fill_gaps(_cut(signals, strip_place(signals), 0, STRIP_ROWS * WINDOW))))
    return np.concatenate([resample(strip.reshape(STRIP_ROWS, WINDOW)), rhythm_row(strip)[None]])


def rhythm_row(strip: np.ndarray) -> np.ndarray:
    """(SAMPLES, CHANNELS) of a strip (N,) in mV at `RATE_HZ`: how the heart keeps time, whatever its rate.

    At each sample, by what share of the median the RR interval about it is longer; 1 where it is known; and by how much it differs from the
    interval before. Zeros where fewer than `LEAST_BEATS` beats are found. Networks that pool each piece of the strip do not see from one beat
    to the next: an absolute arrhythmia stands in this row.
    """
    row = np.zeros((SAMPLES, CHANNELS), np.float32)
    beats = find_beats(strip)
    if len(beats) < LEAST_BEATS:
        return row
    apart = np.diff(beats)
    longer = np.clip(apart / np.median(apart) - 1, -LARGEST_CHANGE, LARGEST_CHANGE)
    change = np.abs(np.diff(longer, prepend=longer[:1]))
    interval = np.searchsorted(beats, (np.arange(SAMPLES) + 0.5) * len(strip) / SAMPLES, "right") - 1
    known = (interval >= 0) & (interval < len(apart))
    row[known] = np.stack([longer, np.ones(len(apart)), change], axis=1)[interval[known]]
    return row


def strip_place(signals: Signals) -> str | None:
    """The place that stands as the rhythm strip: the strip, lead II, or the first lead of which `LEAST_STRIP` is known; None where there
    is none."""
    for place in (RHYTHM, "II", *LEADS_12):
        if np.isfinite(signals.get(place, ())).sum() >= LEAST_STRIP:
            return place
    return None


def without(windows: np.ndarray, place: str, signals: Signals) -> np.ndarray:
    """The windows of a page, as `page_tensor` gives them, had a place of it been lost; a further strip is not seen at all.

    What stands as the strip is replaced as on a page that has none; a lead's row is unknown.
    """
    left = windows.copy()
    if place == strip_place(signals):
        others = {name: signal for name, signal in signals.items() if name != place}
        left[:, len(LEADS_12) :] = compress(_strip_rows(others))
    if place in LEADS_12:
        left[:, LEADS_12.index(place)] = 0
    return left


def extend(strip: np.ndarray) -> np.ndarray:
    """A strip (N,) whose last `LEAST_END` samples or more are unknown, extended from its last beat by a repetition of what follows its
    first."""
    known = np.flatnonzero(np.isfinite(strip))
    if len(known) < LEAST_STRIP or len(strip) - known[-1] <= LEAST_END:
        return strip
    end = known[-1] + 1
    beats = find_beats(strip[:end])
    # A beat that is cut by an end is not where it seems to be.
    beats = beats[(beats > known[0] + CUT_BEAT) & (beats < end - CUT_BEAT)]
    first, last = (beats[0], beats[-1]) if len(beats) > 1 else (known[0], end)
    whole = strip.copy()
    at = np.arange(min(last, end), len(strip))
    whole[at] = strip[first + (at - last) % (last - first)]
    return whole


def fill_gaps(signal: np.ndarray, longest: int = BRIDGED) -> np.ndarray:
    """A signal (N,) with gaps of up to `longest` samples filled by straight lines; longer ones stay NaN."""
    known = np.flatnonzero(np.isfinite(signal))
    if len(known) < 2 or len(known) == len(signal):
        return signal
    at = np.arange(len(signal))
    right = known[np.minimum(np.searchsorted(known, at), len(known) - 1)]
    left = known[np.maximum(np.searchsorted(known, at, "right") - 1, 0)]
    inside = (left <= at) & (at <= right) & (right - left <= longest + 1)
    return np.where(inside, np.interp(at, known, signal[known]), np.nan)


def limit_bandwidth(signal: np.ndarray) -> np.ndarray:
    """A signal (N,) in mV at `RATE_HZ` less its median, its bandwidth cut at `CUT_HZ` (-3 dB); NaN stay where they are.

    A Gaussian filter without delay, over what is known; all NaN where less than `MIN_SHARE` is.

    References
    ----------
    Knutsson H., Westin C.-F., "Normalized and differential convolution", CVPR 1993, DOI 10.1109/CVPR.1993.341081.
    """
    known = np.isfinite(signal)
    if known.mean() < MIN_SHARE:
        return np.full(len(signal), np.nan)
    values = np.where(known, signal - np.median(signal[known]), 0.0)
    mass = _whole_mass(len(signal)) if known.all() else _smoothed(known.astype(float))
    return np.where(known, _smoothed(values) / np.maximum(mass, 1.0), np.nan)


def _smoothed(values: np.ndarray) -> np.ndarray:
    """(N,) sums of values (N,) about each sample, by a Gaussian that is 1 in its middle and has lost half its power at `CUT_HZ`; the first and the last go on beyond the ends."""
    sigma = RATE_HZ * np.sqrt(np.log(2)) / (2 * np.pi * CUT_HZ)
    half = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    return np.convolve(np.pad(values, half, "edge"), kernel, "valid")


@lru_cache(maxsize=4)
def _whole_mass(length: int) -> np.ndarray:
    """What `_smoothed` gives for signals of which all is known, the same for all of one length."""
    return _smoothed(np.ones(length))


def resample(rows: np.ndarray) -> np.ndarray:
    """(R, SAMPLES, CHANNELS) of the signals (R, WINDOW): linear between neighbours, zeros where one of them is unknown."""
    at = (np.arange(SAMPLES) + 0.5) * WINDOW / SAMPLES - 0.5
    left = at.astype(int)
    share = at - left
    amplitude = rows[:, left] * (1 - share) + rows[:, left + 1] * share
    known = np.isfinite(amplitude)
    about = rows[:, np.clip(np.rint(at).astype(int)[:, None] + np.arange(-SPAN, SPAN + 1), 0, WINDOW - 1)]
    span = SPAN_GAIN * (about.max(axis=-1) - about.min(axis=-1))
    return np.stack([np.where(known, amplitude, 0.0), known, np.where(np.isfinite(span), span, 0.0)], axis=-1)


def compress(windows: np.ndarray) -> np.ndarray:
    """(N, ROWS, SAMPLES, CHANNELS) with what is in mV as asinh(mV / LINEAR_MV), within ± REACH."""
    packed = windows.astype(np.float32)
    for channel in (0, 2):
        packed[..., channel] = np.clip(np.arcsinh(packed[..., channel] / LINEAR_MV), -REACH, REACH)
    return packed


def quantise(tensor: np.ndarray, scale: float, zero_point: int) -> np.ndarray:
    """A tensor as the int8 model takes it: the nearest of the steps of `scale` about `zero_point`."""
    return np.clip(np.rint(tensor / scale) + zero_point, -128, 127).astype(np.int8)


def _cut(signals: Signals, place: str | None, start: int, length: int) -> np.ndarray:
    """(length,) float of a place's signal from sample `start` on, NaN where it is not known."""
    piece = np.full(length, np.nan)
    if place is not None and place in signals:
        given = np.asarray(signals[place], float)[start : start + length]
        piece[: len(given)] = given
    return piece
