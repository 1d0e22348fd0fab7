"""What stands on a report page besides the traces: header, footer, margin, print, grid, and the finest detail and the bandwidth of
the ink."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from ecg_edge.image import open_picture
from ecg_edge.layout import CLASSES, REPORT, RHYTHM
from ecg_edge.page.page import DARK
from ecg_edge.preprocessing import crops, filters
from train import splits
from train.dataset import read_pages

TEXT_STEP_PX, MARGIN_STEP_PX = 4, 8
"""Header and footer, and the paper between the leads, are summed in squares of this side."""

NAME_ROWS, NAME_COLUMNS_PX = (-28, -5), 56
"""Rows of a lead's printed name from its base line, and columns from the left edge of its box."""
STROKE_PX, STROKE_END_PX = 8, (-10, 20)
"""Columns beside a separator, and rows around its upper end (mirrored at its lower one), where traces are rare."""
ALWAYS_PRINTED = 0.95
"""A pixel near a name or separator belongs to the print where it is dark on this share of pages; else a trace runs there."""

THIRD_STROKE, THIRD_SERIF = (slice(2, 21), slice(23, 26)), (slice(2, 3), slice(21, 27))
"""Stem and upper serif of the third I of "III" within the name of the rhythm strip: dark where the strip is lead III."""
GRID_ROWS, SQUARE_PX = slice(1440, 1480), 40
"""The lowest millimetres of the rhythm strip's box, summed in squares of 5 mm: traces seldom reach them."""
SPECK_PX = 8
BANDS_HZ = (25, 35, 50)
"""The pages are printed with a filter of 0.67 to 25 Hz: what moves faster is the filter's slope, the print, or another filter."""


@dataclass(frozen=True)
class PageFeatures:
    """All pages of version 2: `labels` (N,), `features` {name: (N, D) float32}, `same` (N,) whether the model inputs of the
    page stayed bit-identical when every pixel outside the lead boxes was changed."""

    digests: tuple
    labels: np.ndarray
    features: dict
    same: np.ndarray


def features_of_page(path, inputs, seed):
    """({name: (D,) float32}, bool) of one report page; `inputs` (13, 150, 150) is what the models see of it.

    The leads are cut from a page whose other pixels are all changed, each to another level at random.
    """
    gray = filters.to_gray(open_picture(path).image)
    outside = outside_leads()
    noise = np.random.default_rng(seed).integers(1, 256, gray.shape, dtype=np.uint8)
    inks = {name: filters.lead_steps(lead).ink for name, lead in crops.crop(np.where(outside, gray + noise, gray), REPORT).items()}  # fmt: skip
    same = np.array_equal(np.stack([filters.to_model_input(ink) for ink in inks.values()]), inputs)
    return features_of(gray < DARK, inks), same


def outside_leads():
    """(H, W) bool: the pixels of a report page that belong to no lead's box."""
    outside = np.ones((REPORT.height_px, REPORT.width_px), bool)
    for _, box in REPORT.leads:
        outside[box.slices] = False
    return outside


def features_of(dark, inks):
    """{name: (D,) float32} of a (H, W) bool page `dark` and its leads' (h, w) uint8 inks."""
    frame, boxes = REPORT.frame, dict(REPORT.leads)
    upper, lower = (slice(base + NAME_ROWS[0], base + NAME_ROWS[1]) for base in (REPORT.rows_px[0], REPORT.rows_px[-1]))
    names = [dark[upper.start + box.top - boxes["I"].top : upper.stop + box.top - boxes["I"].top,
                  box.left : box.left + NAME_COLUMNS_PX] for name, box in REPORT.leads if name != RHYTHM]  # fmt: skip
    rhythm = dark[lower, boxes[RHYTHM].left : boxes[RHYTHM].left + NAME_COLUMNS_PX]
    (top, bottom), (before, after) = REPORT.separator_rows, STROKE_END_PX
    ends = [dark[rows, x - STROKE_PX : x + STROKE_PX + 1] for x in REPORT.separators_px
            for rows in (slice(top + before, top + after), slice(bottom - after, bottom - before))]  # fmt: skip
    strip = dark[GRID_ROWS, boxes[RHYTHM].left : boxes[RHYTHM].right]
    features = {
        "header": _squares(dark[: frame.top], TEXT_STEP_PX),
        "footer": _squares(dark[frame.bottom :], TEXT_STEP_PX),
        "margin": _squares((dark & outside_leads())[frame.top : frame.bottom], MARGIN_STEP_PX),
        "print": np.concatenate([part.ravel() for part in (*names, rhythm, *ends)]),
        "grid": np.median(_squares(strip, SQUARE_PX), keepdims=True),
        "rhythm": [rhythm[THIRD_STROKE].all() and rhythm[THIRD_SERIF].all()],
        "detail": np.concatenate([_detail(ink > 0) for ink in inks.values()]),
        "bandwidth": np.median([_bandwidth(ink > 0) for ink in inks.values()], axis=0),
    }
    return {name: np.asarray(values, np.float32) for name, values in features.items()}


def _squares(dark, side_px):
    """(D,) dark pixels in each whole square of `side_px`."""
    height, width = (size // side_px for size in dark.shape)
    squares = dark[: height * side_px, : width * side_px].reshape(height, side_px, width, side_px)
    return squares.sum(axis=(1, 3)).ravel()


def _middle(ink):
    """(there, middle) of an (h, w) bool lead: (w,) bool columns with ink, and the row of the middle of the ink in each of them."""
    there = ink.any(axis=0)
    return there, (ink.argmax(axis=0) + ink.shape[0] - 1 - ink[::-1].argmax(axis=0))[there] / 2


def _detail(ink):
    """Thinnest strokes (px), quiet roughness of the middle line (px) and count of specks of an (h, w) bool lead."""
    from scipy import ndimage

    there, middle = _middle(ink)
    labels, _ = ndimage.label(ink, np.ones((3, 3)))
    specks = int((np.bincount(labels.ravel())[1:] <= SPECK_PX).sum())
    return np.array([np.quantile(ink.sum(axis=0)[there], 0.1), np.median(np.abs(np.diff(middle, 2))), specks])


def _bandwidth(ink):
    """(B,) log10 of the shares of the power of the middle line's slope above each of `BANDS_HZ`, of an (h, w) bool lead."""
    there, middle = _middle(ink)
    columns = np.arange(ink.shape[1])
    slope = np.diff(np.interp(columns, columns[there], middle))
    power = np.abs(np.fft.rfft((slope - slope.mean()) * np.hanning(slope.size))) ** 2
    hertz = np.fft.rfftfreq(slope.size, 1 / (REPORT.px_per_mm * REPORT.mm_per_s))
    shares = np.array([power[hertz >= edge].sum() for edge in BANDS_HZ]) / max(power.sum(), 1e-9)
    return np.log10(np.maximum(shares, 1e-6))


def read_features(cache, data=None, jobs=2):
    """The `PageFeatures` of the pages of version 2 under `data`, which must be those of the fold file."""
    known = {row.sha256: CLASSES.index(row.label) for row in splits.read_distinct() if row.source == "pages"}
    pages = [page for page in read_pages(data) if page.sha256 in known]
    if len(pages) < len(known):
        raise FileNotFoundError(f"{len(known) - len(pages)} of the {len(known)} pages of the fold file are not there")
    digests = tuple(page.sha256 for page in pages)
    with ProcessPoolExecutor(jobs) as pool:
        found = list(
            pool.map(
                features_of_page, [page.path for page in pages], cache.stack(digests), range(len(pages)), chunksize=8
            )
        )
    features = {name: np.stack([seen[name] for seen, _ in found]) for name in found[0][0]}
    features["print"] = features["print"][:, features["print"].mean(axis=0) >= ALWAYS_PRINTED]
    return PageFeatures(digests, np.array([known[d] for d in digests]), features, np.array([same for _, same in found]))
