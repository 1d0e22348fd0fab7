"""Names of leads on a page: where I … V6 are printed, by correlation with letters of two faces.

`letters.png` holds twelve letters of the report pages' face (Times-like): the median over pages of the data set
(Khan and Hussain, *ECG Images dataset of Cardiac Patients*, DOI 10.17632/gwbz3fsgp8, CC BY 4.0), where traces that run
through a name drop out. The other face is Pillow's own.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

LETTERS = "IaVRLF123456"
LETTERS_PATH = Path(__file__).with_name("letters.png")
CELL_PX, FOOT_PX, CAP_PX = 24, 22, 19
FACES = "serif", "sans"
CAPS_MM = 1.65, 2.0, 2.4, 2.9, 3.5
"""Heights of capitals that are looked for."""
MARGIN_MM = 0.9, 0.3
"""Paper that belongs to a name, beside it and above and below: it takes I apart from II and III."""
MIN_WIDTH_CAPS = 1.25
"""What a name takes at least, in heights of a capital: III's width, so that I, II and III are held against the same pixels."""
DULL = 10.0
"""Standard deviation below which a place is empty: it correlates with nothing."""


@lru_cache(maxsize=1)
def _letters():
    """{letter: (h, w) float32 in 0..1} of the serif face, cut to its ink but for the depth below the base line."""
    from PIL import Image

    with Image.open(LETTERS_PATH) as picture:
        sheet = np.asarray(picture.convert("L")) / np.float32(255)
    cells = {}
    for index, letter in enumerate(LETTERS):
        cell = sheet[:FOOT_PX, index * CELL_PX : (index + 1) * CELL_PX]
        across = np.flatnonzero(cell.max(axis=0) > 0.5)
        cells[letter] = cell[:, across[0] : across[-1] + 1]
    return cells


def _serif(name):
    """(h, w) float32 of a name whose capitals are CAP_PX high, standing on the last row."""
    parts = []
    for index, letter in enumerate(name):
        if index:
            parts.append(np.zeros((FOOT_PX, 3 if name[index - 1] == "a" else 1 + index % 2), np.float32))
        parts.append(_letters()[letter])
    return np.hstack(parts)[FOOT_PX - CAP_PX - 1 :]


def _sans(name):
    """As `_serif`, in Pillow's face."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(CAP_PX / 0.7)
    canvas = Image.new("L", (4 * CELL_PX, 2 * CELL_PX))
    ImageDraw.Draw(canvas).text((4, FOOT_PX + 4), name, 255, font, anchor="ls")
    pixels = np.asarray(canvas) / np.float32(255)
    across = np.flatnonzero(pixels.max(axis=0) > 0.5)
    return pixels[4 + FOOT_PX - CAP_PX - 1 : 4 + FOOT_PX, across[0] : across[-1] + 1]


@lru_cache(maxsize=256)
def _template(name, face, cap_mm, px_per_mm):
    """(h, w) float32 of mean 0 and norm 1, with its margin of paper: a name at the page's scale."""
    from PIL import Image

    drawn = {"serif": _serif, "sans": _sans}[face](name)
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


class Reading:
    """Windows of a page in which names are looked for: how well a name fits at each place of each.

    Parameters
    ----------
    windows : (n, h, w) float32 array, ink in 0..255
    px_per_mm : float
    slack_mm : float
        A fit counts for all places within so much: names of one column are not quite below each other.
    """

    def __init__(self, windows, px_per_mm, slack_mm=0.5):
        from scipy import fft

        self.px_per_mm = px_per_mm
        self.shape = windows.shape[1:]
        self._side = 2 * round(slack_mm * px_per_mm) + 1
        self._room = tuple(fft.next_fast_len(side, real=True) for side in self.shape)
        self._spectra = fft.rfft2(windows, self._room, axes=(1, 2))
        sums = (
            np.cumsum(np.cumsum(part, axis=1), axis=2) for part in (windows.astype(float), windows.astype(float) ** 2)
        )
        self._sums = [np.pad(part, ((0, 0), (1, 0), (1, 0))) for part in sums]
        self._fits = {}

    def fit(self, index, name, face, cap_mm):
        """(h, w) float32 in -1..1: correlation of window `index` with a name whose lower left corner is at each pixel."""
        from scipy import fft, ndimage

        key = index, name, face, cap_mm
        if key not in self._fits:
            template = _template(name, face, cap_mm, self.px_per_mm)
            height, width = template.shape
            rows, columns = self.shape[0] - height + 1, self.shape[1] - width + 1
            product = fft.irfft2(self._spectra[index] * np.conj(fft.rfft2(template, self._room)), self._room)
            total, square = (
                part[index, height:, width:]
                - part[index, :-height, width:]
                - part[index, height:, :-width]
                + part[index, :-height, :-width]
                for part in self._sums
            )
            spread = np.maximum(square - total**2 / template.size, template.size * DULL**2)
            beside, about = (round(margin * self.px_per_mm) for margin in MARGIN_MM)
            down = height - about - 1
            fits = np.zeros(self.shape, np.float32)
            fits[down : down + rows, beside : beside + columns] = product[:rows, :columns] / np.sqrt(spread)
            self._fits[key] = ndimage.maximum_filter(fits, self._side)
        return self._fits[key]

    def faces_of(self, expected, count=3):
        """The `count` (face, cap_mm) in which the names, (window, name) pairs, fit best on the whole, the best first."""

        def fits(face_and_cap):
            return np.mean([self.fit(index, name, *face_and_cap).max() for index, name in expected])

        return sorted(((face, cap) for face in FACES for cap in CAPS_MM), key=fits, reverse=True)[:count]
