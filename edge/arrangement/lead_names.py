"""Names of leads on a page: where I … V6 are printed, by correlation with letters of a few faces.

`letters.png` holds twelve letters of the report pages' face (Times-like): the median over pages of the data set
(Khan and Hussain, *ECG Images dataset of Cardiac Patients*, DOI 10.17632/gwbz3fsgp8, CC BY 4.0), where traces that run
through a name drop out. The others are Pillow's own, and what can be made of the two: bolder letters, letters of one width.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

LETTERS = "IaVRLF123456"
LETTERS_PATH = Path(__file__).with_name("letters.png")
CELL_PX, FOOT_PX, CAP_PX = 24, 22, 19


@dataclass(frozen=True)
class Face:
    """How names are written: `letters` of an alphabet (`I` of another where it has serifs), `bolder_px` thicker, `gap_px` apart, or in
    cells of `pitch_px`; in pixels of capitals `CAP_PX` high. None: as the alphabet's own print has them.
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
"""Heights of capitals that are looked for."""
REPORT_FACE = "serif bold", 2.4
"""The face, and the height of capitals, in which report pages print their names, as seen at the resolution of a view."""
MARGIN_MM = 0.9, 0.3
"""Paper that belongs to a name, beside it and above and below: it takes I apart from II and III."""
MIN_WIDTH_CAPS = 1.25
"""What a name takes at least, in heights of a capital: III's width, so that I, II and III are held against the same pixels."""
DULL = 10.0
"""Standard deviation below which a place is empty: it correlates with nothing."""


@lru_cache(maxsize=3)
def _letters(alphabet):
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


def _written(text):
    """(h, w) float32 of a text in Pillow's face, cut as a letter is."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(CAP_PX / 0.7)
    canvas = Image.new("L", (4 * CELL_PX, 2 * CELL_PX))
    ImageDraw.Draw(canvas).text((4, FOOT_PX + 4), text, 255, font, anchor="ls")
    return _to_its_ink(np.asarray(canvas)[4 : 4 + FOOT_PX] / np.float32(255))


def _to_its_ink(cell):
    across = np.flatnonzero(cell.max(axis=0) > 0.5)
    return cell[:, across[0] : across[-1] + 1]


def _drawn(name, face):
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


def _bolder(letter, pixels):
    """The letter with upright strokes so much thicker."""
    from scipy import ndimage

    wide = np.pad(letter, ((0, 0), (0, pixels)))
    return ndimage.maximum_filter1d(wide, pixels + 1, axis=1, origin=pixels // 2, mode="constant")


@lru_cache(maxsize=256)
def _template(name, face, cap_mm, px_per_mm):
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


@lru_cache(maxsize=200)
def _spectrum(name, face, cap_mm, px_per_mm, room):
    """(h, w) complex64: the conjugate spectrum of a template in windows of a size; the same are looked for in every arrangement."""
    from scipy import fft

    return np.conj(fft.rfft2(_template(name, face, cap_mm, px_per_mm), room))


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
        # Of whole numbers, so that all sums and differences are exact.
        self._sums = np.zeros((len(windows), 2, *(side + 1 for side in self.shape)))
        for power in (1, 2):
            self._sums[:, power - 1, 1:, 1:] = (windows.astype(float) ** power).cumsum(axis=1).cumsum(axis=2)
        self._fits, self._near = {}, {}

    def fit(self, index, name, face, cap_mm):
        """(h, w) float32 in -1..1: correlation of window `index` with a name whose lower left corner is near each pixel."""
        key = index, name, face, cap_mm
        if key not in self._near:
            self._near[key] = _greatest_near(self._fit(*key), self._side // 2)
            del self._fits[key]
        return self._near[key]

    def _fit(self, *key):
        """As `fit`, where the corner is at the pixel itself."""
        from scipy import fft

        if key not in self._fits:
            index, *asked = key
            template = _template(*asked, self.px_per_mm)
            height, width = template.shape
            rows, columns = self.shape[0] - height + 1, self.shape[1] - width + 1
            product = fft.irfft2(self._spectra[index] * _spectrum(*asked, self.px_per_mm, self._room), self._room)
            bands = self._sums[index, :, height:] - self._sums[index, :, :-height]
            total, square = bands[..., width:] - bands[..., :-width]
            total *= total
            total /= template.size
            square -= total
            np.sqrt(np.maximum(square, template.size * DULL**2, out=square), out=square)
            beside, about = (round(margin * self.px_per_mm) for margin in MARGIN_MM)
            down = height - about - 1
            fits = np.zeros(self.shape, np.float32)
            np.divide(product[:rows, :columns], square, out=fits[down : down + rows, beside : beside + columns])
            self._fits[key] = fits
        return self._fits[key]

    def faces_of(self, expected, seen, count=3):
        """The `count` (face, cap_mm) in which the names, (window, its place on the page, name), fit best on the whole, the best first.

        `seen` {(place, name, face, cap_mm): how well it fits there} is asked and added to: patterns that are tried one after the other have
        windows in common.
        """

        def best_fit(index, place, *key):
            if (place, *key) not in seen:
                seen[(place, *key)] = self._fit(index, *key).max()
            return seen[(place, *key)]

        def fits(face_and_cap):
            return np.mean([best_fit(index, place, name, *face_and_cap) for index, place, name in expected])

        best = sorted(((face, cap) for face in FACES for cap in CAPS_MM), key=fits, reverse=True)[:count]
        # What was seen in other faces is not asked for again, and there are many readings of a page.
        self._fits = {key: fit for key, fit in self._fits.items() if key[2:] in best}
        return best


def _greatest_near(image, reach):
    """(h, w): the greatest value of an image (h, w) within `reach` pixels of each, down and across."""
    for _ in range(2):
        greatest = image.copy()
        for step in range(1, reach + 1):
            np.maximum(greatest[step:], image[:-step], out=greatest[step:])
            np.maximum(greatest[:-step], image[step:], out=greatest[:-step])
        image = greatest.T
    return image
