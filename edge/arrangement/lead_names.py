"""Names of leads on a page: where I … V6 are printed, by correlation with letters of a few typefaces.

`letters.png` holds twelve letters of the report pages' typeface (Times-like): the median over pages of the data set
(Khan and Hussain, *ECG Images dataset of Cardiac Patients*, DOI 10.17632/gwbz3fsgp8, CC BY 4.0), where traces that run
through a name drop out. The others are Pillow's own, and variations of the two: bolder letters, letters of one width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from . import correlation
from .name_windows import cut

LETTERS = "IaVRLF123456"
LETTERS_PATH = Path(__file__).with_name("letters.png")
CELL_PX, FOOT_PX, CAP_PX = 24, 22, 19


@dataclass(frozen=True)
class Face:
    """The typeface of names: `letters` of an alphabet (`I` of another where it has serifs), `bolder_px` thicker, `gap_px` apart, or in
    cells of `pitch_px`; in pixels of capitals `CAP_PX` high. None: the spacing of the alphabet itself.
    """

    letters: str
    bolder_px: int = 0
    gap_px: int | None = None
    pitch_px: float | None = None


FACES = {
    "serif": Face("serif"),
    "sans": Face("sans"),
    "serif bold": Face("serif", bolder_px=1, gap_px=1),
    "sans bold": Face("sans", bolder_px=3, gap_px=3),
    "mono": Face("slab", pitch_px=16.0),
}
CAPS_MM = 1.65, 2.0, 2.4, 2.9, 3.5
"""Heights of capitals that are tried."""
FIRST_NAMES, LIKELY_FACES = 2, 12
"""By so many names the faces are chosen in which the others are searched for, of 25: in 160 arrangements of 36 drawn pages the best of all names was
always among them."""
TOGETHER = 12
"""So many fits are computed at once."""
FaceAndCap = tuple[str, float]
"""A name of `FACES` and the height of capitals in mm."""
REPORT_FACE: FaceAndCap = "serif bold", 2.4
"""The face in which report pages print their names, as it appears at the resolution of a coarse page."""
MARGIN_MM = 0.9, 0.3
"""Paper that belongs to a name, beside it and above and below: it distinguishes I from II and III."""
MIN_WIDTH_CAPS = 1.25
"""The least width of a name, in heights of a capital: III's, so that I, II and III are compared with the same pixels."""
EMPTY = 10.0
"""Standard deviation below which a place is empty: it correlates with nothing."""
Corner = tuple[int, ...]
Expected = tuple[int, Corner, str]
"""A window's index, the place of its corner on the page, and the name that is expected in it."""
FitKey = tuple[Corner, str, str, float]
"""The place of a window (x and y of its corner, and what else tells it), a name, face and cap_mm."""
MOST_SHIFT = 0.75
"""Of windows that are moved across by more than this share of the places in them nothing is known of one by the other."""


class KnownFits:
    """How well names fit at best in windows of one page and one size (`most`), and where: windows beside each other share most of their places."""

    def __init__(self) -> None:
        self.most: dict[FitKey, float] = {}
        self._rows: dict[FitKey, list[tuple[int, float, int]]] = {}

    def add(self, key: FitKey, most: float, column: int) -> None:
        """Keep the best fit in a window, and the column of the page where it is."""
        self.most[key] = most
        self._rows.setdefault(_row_of(key), []).append((key[0][0], most, column))

    def beside(self, key: FitKey, columns: int) -> tuple[int, float, int] | None:
        """(x, best fit, its column) of a window that is moved across from this one, and whose best fit is in this one too, which has so many columns of places; None where none is
        known."""
        x = key[0][0]
        near = [
            known
            for known in self._rows.get(_row_of(key), ())
            if abs(known[0] - x) <= MOST_SHIFT * columns and (known[1] == 0 or x <= known[2] < x + columns)
        ]
        return min(near, key=lambda known: abs(known[0] - x), default=None)


def _row_of(key: FitKey) -> FitKey:
    """What keys have in common whose windows are moved across from each other."""
    place, name, face, cap_mm = key
    return place[1:], name, face, cap_mm


@lru_cache(maxsize=3)
def _letters(alphabet: str) -> dict[str, np.ndarray]:
    """{letter: (h, w) float32 in 0..1} of an alphabet, cut to its ink but for the depth below the base line."""
    if alphabet == "slab":
        return _letters("sans") | {"I": _letters("serif")["I"]}
    if alphabet == "sans":
        return {letter: _written(letter) for letter in LETTERS}
    from PIL import Image

    with Image.open(LETTERS_PATH) as picture:
        sheet = np.asarray(picture.convert("L")) / np.float32(255)
    cells = (sheet[:FOOT_PX, index * CELL_PX : (index + 1) * CELL_PX] for index in range(len(LETTERS)))
    return {letter: _to_its_ink(cell) for letter, cell in zip(LETTERS, cells, strict=True)}


def _written(text: str) -> np.ndarray:
    """(h, w) float32 of a text in Pillow's typeface, cut as a letter is."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(CAP_PX / 0.7)
    canvas = Image.new("L", (4 * CELL_PX, 2 * CELL_PX))
    ImageDraw.Draw(canvas).text((4, FOOT_PX + 4), text, 255, font, anchor="ls")
    return _to_its_ink(np.asarray(canvas)[4 : 4 + FOOT_PX] / np.float32(255))


def _to_its_ink(cell: np.ndarray) -> np.ndarray:
    """The columns of a cell from the first to the last with ink."""
    across = np.flatnonzero(cell.max(axis=0) > 0.5)
    return cell[:, across[0] : across[-1] + 1]


def _drawn(name: str, face: Face) -> np.ndarray:
    """(h, w) float32 of a name whose capitals are `CAP_PX` high, standing on the last row."""
    if face.letters == "sans" and face.gap_px is None:
        return _written(name)[FOOT_PX - CAP_PX - 1 :]
    letters = [_bolder(_letters(face.letters)[letter], face.bolder_px) for letter in name]
    if face.pitch_px is None:
        usual = [3 if before == "a" else 1 + index % 2 for index, before in enumerate(name, 1)]
        gaps = usual if face.gap_px is None else [face.gap_px] * len(name)
        lefts = np.cumsum([0] + [letter.shape[1] + gap for letter, gap in zip(letters, gaps, strict=True)])[:-1]
    else:
        lefts = np.array([round(face.pitch_px * i - letter.shape[1] / 2) for i, letter in enumerate(letters)])
        lefts -= lefts[0]
    drawn = np.zeros((FOOT_PX, lefts[-1] + letters[-1].shape[1]), np.float32)
    for left, letter in zip(lefts, letters, strict=True):
        drawn[:, left : left + letter.shape[1]] += letter
    return drawn[FOOT_PX - CAP_PX - 1 :].clip(max=1)


def _bolder(letter: np.ndarray, pixels: int) -> np.ndarray:
    """The letter with upright strokes so much thicker."""
    from scipy import ndimage

    wide = np.pad(letter, ((0, 0), (0, pixels)))
    return ndimage.maximum_filter1d(wide, pixels + 1, axis=1, origin=pixels // 2, mode="constant")


def _template(name: str, face: str, cap_mm: float, px_per_mm: float) -> np.ndarray:
    """(h, w) float32 of mean 0 and norm 1, with its margin of paper: a name at the page's scale."""
    from PIL import Image

    drawn = _drawn(name, FACES[face])
    scale = cap_mm * px_per_mm / CAP_PX
    size = max(round(drawn.shape[1] * scale), 1), max(round(drawn.shape[0] * scale), 1)
    drawn = np.asarray(
        Image.fromarray(drawn).resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)
    )
    beside, about = round(MARGIN_MM[0] * px_per_mm), round(MARGIN_MM[1] * px_per_mm)
    short = max(round(MIN_WIDTH_CAPS * cap_mm * px_per_mm) - drawn.shape[1], 0)
    whole = np.pad(drawn, ((about, about), (beside, beside + short)))
    whole = whole - whole.mean()
    return whole / np.sqrt((whole**2).sum())


@lru_cache(maxsize=1024)
def _pattern(name: str, face: str, cap_mm: float, px_per_mm: float) -> correlation.Pattern:
    """A name's template as it is correlated; its fit is written where the name's lower left corner is."""
    template = _template(name, face, cap_mm, px_per_mm)
    beside, about = (round(margin * px_per_mm) for margin in MARGIN_MM)
    return correlation.pattern_of(template, (template.shape[0] - about - 1, beside))


def most_near(
    image: np.ndarray,
    points: Sequence[tuple[int, int]],
    names: Sequence[str],
    face: FaceAndCap,
    px_per_mm: float,
    near_mm: float,
) -> list[dict[str, float]]:
    """How well each of these names fits at best, 0..1, with its lower left corner so near to each of these (x, y) of (H, W) uint8 ink."""
    patterns = [_pattern(name, *face, px_per_mm) for name in names]
    sizes = [pattern.levels.shape for pattern in patterns]
    height, width = (max(lengths) for lengths in zip(*sizes, strict=True))
    beside, about, reach = (round(length * px_per_mm) for length in (*MARGIN_MM, near_mm))
    corners = [(x - beside - reach, y - (height - about - 1) - reach) for x, y in points]
    windows = correlation.Windows(cut(image, corners, width + 2 * reach, height + 2 * reach))
    which = [index for index in range(len(points)) for _ in names]
    most, _ = windows.peaks(which, patterns * len(points), EMPTY, [(0, 2 * reach + 1)] * len(which))
    return [dict(zip(names, fits, strict=True)) for fits in most.reshape(len(points), len(names)).tolist()]


class NameMatcher:
    """How well names fit at each place of windows of a page.

    Parameters
    ----------
    windows : (n, h, w) uint8 array of ink
    px_per_mm
    slack_mm
        A fit counts for all places within so much: names of one column are not exactly below each other.
    """

    def __init__(self, windows: np.ndarray, px_per_mm: float, slack_mm: float = 0.5) -> None:
        self.px_per_mm = px_per_mm
        self._reach = round(slack_mm * px_per_mm)
        self._windows = correlation.Windows(windows)
        self._fits: dict[tuple[int, str, str, float], np.ndarray] = {}

    def add(self, named: Sequence[tuple[int, str]], face: str, cap_mm: float) -> None:
        """Compute the fits of windows (their index) with names, as far as they are not known, all at once, which is faster."""
        keys = dict.fromkeys((index, name, face, cap_mm) for index, name in named)
        new = [key for key in keys if key not in self._fits]
        if new:
            self._add_fits(new)

    def mean_fit(self, named: Sequence[tuple[int, str]], face: str, cap_mm: float) -> np.ndarray:
        """(h, w) float32 in -1..1: the mean correlation of windows (their index) with names whose lower left corners are near each pixel."""
        self.add(named, face, cap_mm)
        return correlation.mean_of_maxima([self._fits[index, name, face, cap_mm] for index, name in named], self._reach)

    def fits(self, named: Sequence[tuple[int, str]], face: str, cap_mm: float) -> list[np.ndarray]:
        """As `mean_fit`, of each window by itself."""
        self.add(named, face, cap_mm)
        return [self.mean_fit([one], face, cap_mm) for one in named]

    def _add_fits(self, keys: Sequence[tuple[int, str, str, float]]) -> None:
        """Compute the fits of some windows with names in a face, all at once."""
        patterns = [_pattern(*name, self.px_per_mm) for _, *name in keys]
        fits = self._windows.fits([index for index, *_ in keys], patterns, EMPTY)
        self._fits.update(zip(keys, fits, strict=True))

    def keep(self, face: str, cap_mm: float) -> None:
        """Forget the fits in other faces: there are many matchers of a page, and each is some megabytes."""
        for key in [key for key in self._fits if key[2:] != (face, cap_mm)]:
            del self._fits[key]

    def faces_of(self, expected: Sequence[Expected], known: KnownFits, count: int = 3) -> list[FaceAndCap]:
        """The `count` faces in which the expected names fit best on average, the best first.

        `known` fits are used and added to: patterns that are tried one after the other have windows in common.
        """

        best = [(face, cap) for face in FACES for cap in CAPS_MM]
        for names, left in ((expected[:FIRST_NAMES], LIKELY_FACES), (expected, count)):
            own = {(place, name, *face): (index, name, *face) for face in best for index, place, name in names}
            self._add_best([(key, own[key][0]) for key in own if key not in known.most], known)
            keys = {face: [(place, name, *face) for _, place, name in names] for face in best}
            mean_fits = {face: sum(known.most[key] for key in of_face) / len(of_face) for face, of_face in keys.items()}
            best = sorted(best, key=mean_fits.__getitem__, reverse=True)[:left]
        return best

    def _add_best(self, new: Sequence[tuple[FitKey, int]], known: KnownFits) -> None:
        """Add to what is known the best fits of some windows, by their index, with a name in a face each: of what a window shares with one that is known only the best fit is asked."""
        width = self._windows.shape[2]
        for first in range(0, len(new), TOGETHER):
            some = new[first : first + TOGETHER]
            patterns = [_pattern(*key[1:], self.px_per_mm) for key, _ in some]
            columns = [width - pattern.levels.shape[1] + 1 for pattern in patterns]
            beside = [known.beside(key, count) for (key, _), count in zip(some, columns, strict=True)]
            ranges = [
                (0, count) if near is None else _apart(key[0][0] - near[0], count)
                for (key, _), count, near in zip(some, columns, beside, strict=True)
            ]
            most, places = self._windows.peaks([index for _, index in some], patterns, EMPTY, ranges)
            for (key, _), fit, place, near in zip(some, most.tolist(), places.tolist(), beside, strict=True):
                best = fit, key[0][0] + place
                known.add(key, *(best if near is None or fit > near[1] else near[1:]))


def _apart(shift: int, columns: int) -> tuple[int, int]:
    """(the first, how many) of so many columns of a window that are not those of one which it is moved across from by `shift`."""
    return (columns - shift, shift) if shift > 0 else (0, -shift)
