"""From a flat page's colours to the ink of its traces: uneven light and the grid removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..arrangement.coarse_page import percentile_of
from ..compiled.reduction import block_maxima, block_means, enlarged_blocks, level_counts, through_table
from ..preprocessing import otsu
from . import darkness
from .pixels import brightest, enlarged

if TYPE_CHECKING:
    from PIL import Image

BLOCK_PX = 8
"""Side of the blocks in which the paper's brightness is estimated: a millimetre, more than any line of a grid."""
PAPER_BLOCKS = 17
"""What is dark over fewer blocks is ink, over more it is a shadow."""
SMOOTH_BLOCKS = 1.5
PATCH_PX = 32
"""Side of the patches whose darkest ink is compared: of four millimetres, fewer than half of which hold a trace."""
MAX_TRACED = 0.6
"""At most this share of patches is crossed by traces."""
GRID_PERCENTILE = 75
LEAST_SHARE = 0.15
"""The least darkness, as a share of solid ink's, that counts at all: less is noise and the haze of JPEG."""
LEAST_SOLID = 60
"""Darkness (of 255) below which nothing is solid ink."""
CELL_PX = 40
"""The pitch of a grid's bold lines on a flat page, 5 mm: the period of the whole grid."""
GRID_SHARE = 0.3
"""A grid darker than this share of solid ink is removed by its periodic pattern; ink below the share does not count then."""
OPAQUE_SHARE, LEAST_DARKER = 0.9, 25
"""What is as dark as this share of solid ink, and darker than the grid there by so many levels (of 255), is ink that hides the grid's lines, as toner and
pixels of a plot do: grey ink on dark lines would be broken where it crosses them."""
WIDEST_LINE_PX = 4
"""So far from it, on both sides, there is ink beside the line that it hides."""
CLEARER = 0.85
"""One channel alone is used where the ratio of grid to ink in it is below this share of that in the brightest channel of each pixel."""
FADED_SHARES, LEAST_FADED = (0.8, 0.65), 0.3
"""Where strokes nearby are less dark than the first share of a page's usual ones, light has faded them and they are darkened, from the second one on
to the usual ones'; strokes fainter than the last share are not told from the grid."""
SHADE_SHARE = 0.3
"""A patch whose mean is this share of its darkest or more is in shade, or at a sheet's edge: it tells nothing of strokes, and stays as it is."""
NEAR_PATCHES, FADED_PATCHES = 5, 2.5
"""The darkest stroke among so many patches, across and down, tells of the light there, smoothed over so many (standard deviation)."""

COLOURED_DARK = 190
"""Darkness (of 255) in its darkest channel from which coloured print is ink: printed grids are paler."""
COLOURED_BRIGHT = 100
"""What is this dark (of 255) or darker in its brightest channel is seen there: it needs no second look."""
MAX_COLOURED, MAX_REPEATED, REPEATED_SHARE = 0.03, 0.2, 0.6
"""Coloured print on more of a page than the first share is an area; of which more than the second repeats from cell to cell, at least so dark as
the third tells, a grid: not strokes."""
STROKES, LOST_DARK, LOST_SHARE, MOSTLY_LOST = (0.0015, 0.05), 140, 0.5, 0.6
"""The share of a page that strokes cover which are this dark in one channel relative to the paper. Where more than the last share of them is less than
half as dark (the share before it) in the brightest channel, the traces are of coloured ink and are seen in that channel."""
PRINT_DARK, PRINT_COLOUR, PRINT_SHARE = 110, 70, (0.0002, 0.03)
"""Darkness (of 255) in its darkest channel from which print in colour is searched for where a page cannot be arranged without, by how much less it has in
its brightest one, and what share of a page such print covers."""
COLOUR_STEP_PX = 7
"""Every so many pixels colour is looked for: no divisor of a grid's pitch, whose lines would fall between all that are looked at."""


def ink_of(page: np.ndarray | Image.Image) -> np.ndarray:
    """How much trace ink there is on a flat page.

    Parameters
    ----------
    page : (H, W, 3) uint8 array or RGB picture
        At about 8 px/mm.

    Returns
    -------
    (H, W) uint8: 0 paper or grid, 255 solid ink.

    Notes
    -----
    The brightest of the three channels, each relative to the paper's, is black for ink alone: coloured grids vanish in
    it, whatever the light's colour. It is divided by the local paper (closing at low resolution), so that shadows vanish too.
    A grey grid is darker than the paper and lighter than the traces: Otsu's threshold over the darkest pixel of each small patch
    separates the patches that a trace crosses from those with the grid alone, and gives the levels of both. Where these are close to each
    other, a dark grid under a thin or blurred trace, the grid is removed first as a periodic pattern.
    Traces and names in saturated colours vanish in the brightest channel as well. On a picture with pure white paper they are added; on other paper
    and where a grid is as saturated, the one channel is taken in which most strokes are dark that the brightest one loses.
    """
    image = _image_of(page)
    bright = _balanced(image)
    blocks = _paper_blocks(bright)
    dark = _relative_to_paper(bright, blocks)
    added = _with_coloured_print(image, dark) if _is_white(blocks) else dark
    dark = added if added is not dark else _of_coloured_strokes(image, dark)
    darkest = _darkest(dark)
    paper, solid = _levels(dark, darkest)
    if paper > GRID_SHARE * solid and min(dark.shape) > 3 * CELL_PX:
        dark = _in_clearest_channel(image, dark)
        dark = _without_grid(dark)
        darkest = _darkest(dark)
        paper, solid = _levels(dark, darkest)
        paper = max(paper, GRID_SHARE * solid)
    dark = _without_fading(dark, darkest, paper, solid)
    steps = (np.arange(256, dtype=np.float32) - paper) * (255.0 / max(solid - paper, 1.0))
    table = np.clip(np.rint(steps), 0, 255).astype(np.uint8)
    return through_table(dark, table)


def _without_grid(dark: np.ndarray) -> np.ndarray:
    """(H, W) uint8 darkness of a page without its grid: of ink that lets the grid through, and of strokes of ink that hides it, which are as dark on its lines as on both sides."""
    grid = darkness.periodic(dark, CELL_PX)
    least = OPAQUE_SHARE * _levels(dark, _darkest(dark))[1]
    ink = darkness.without_grid(dark, grid)
    rows, columns = np.nonzero((dark >= least) & (ink < least))
    shown = dark[rows, columns]
    darker = shown >= grid[rows, columns] + np.float32(LEAST_DARKER)
    rows, columns, shown = rows[darker], columns[darker], shown[darker]
    beyond = np.arange(1, WIDEST_LINE_PX + 1)[:, None]
    above, below = (
        ink[np.clip(rows + side * beyond, 0, len(ink) - 1), columns].max(axis=0, initial=0) for side in (-1, 1)
    )
    left, right = (
        ink[rows, np.clip(columns + side * beyond, 0, ink.shape[1] - 1)].max(axis=0, initial=0) for side in (-1, 1)
    )
    bridged = np.maximum(np.minimum(above, below), np.minimum(left, right)) >= least
    ink[rows[bridged], columns[bridged]] = shown[bridged]
    return ink


def darkness_of(page: np.ndarray) -> np.ndarray:
    """How much darker than the local paper a (H, W, 3) uint8 page is, in its brightest channel: (H, W) uint8."""
    bright = _balanced(_image_of(page))
    return _relative_to_paper(bright, _paper_blocks(bright))


def _image_of(page: np.ndarray | Image.Image) -> Image.Image:
    """The RGB picture of a page that may be an array."""
    from PIL import Image

    return Image.fromarray(np.ascontiguousarray(page)) if isinstance(page, np.ndarray) else page


def _is_white(blocks: np.ndarray) -> bool:
    """Whether the paper of a page with these `_paper_blocks` is pure white: that of a drawing, not of a photograph."""
    return bool(blocks.min() == 255)


def _relative_to_paper(bright: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """How much darker than the local paper, by its `_paper_blocks`, (H, W) uint8 brightness is: (H, W) uint8, in the place of what it is made of where that can
    be written over."""
    dark = bright if bright.flags.writeable else bright.copy()
    if _is_white(blocks):
        return np.subtract(np.uint8(255), dark, out=dark)
    return darkness.than_paper(dark, _paper(blocks, bright.shape))


def _balanced(page: Image.Image) -> np.ndarray:
    """The brightest channel of each pixel of an RGB image, (H, W) uint8, after white balance by the paper's colour."""
    from PIL import Image

    size, first = (-(-page.width // COLOUR_STEP_PX), -(-page.height // COLOUR_STEP_PX)), 0.5 - COLOUR_STEP_PX / 2
    to_first = (COLOUR_STEP_PX, 0, first, 0, COLOUR_STEP_PX, first)
    sample = np.asarray(page.transform(size, Image.Transform.AFFINE, to_first, Image.Resampling.NEAREST))
    white = np.maximum(_channel_percentiles(sample, 75), 1)
    tables = [
        np.minimum(np.rint(np.arange(256) * (white.max() / level)), 255).astype(np.uint8)
        if level < white.max()
        else None
        for level in white
    ]
    return brightest(page, tables)


def _channel_percentiles(sample: np.ndarray, percent: float) -> np.ndarray:
    """(3,) float: a percentile of each channel of (h, w, 3) uint8."""
    return np.array([percentile_of(level_counts(sample[..., channel]), percent) for channel in range(3)])


def _paper_blocks(bright: np.ndarray) -> np.ndarray:
    """The local paper under (H, W) uint8 brightness, one (h, w) uint8 value for each block of `BLOCK_PX`."""
    from scipy import ndimage

    rows, columns = (-(-length // BLOCK_PX) for length in bright.shape)
    # Of means of four: a single bright pixel is noise.
    most = block_maxima(bright, BLOCK_PX // 2, (rows, columns))
    return ndimage.grey_closing(most, size=(PAPER_BLOCKS, PAPER_BLOCKS), mode="nearest")


def _paper(blocks: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The local paper in every pixel of a page of this shape: (H, W) uint8, at least 1."""
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(blocks.astype(np.float32), SMOOTH_BLOCKS, mode="nearest")
    low = np.maximum(np.rint(smooth), 1).astype(np.uint8)  # so that no mean is below 1
    return enlarged_blocks(low, (shape[1], shape[0]), BLOCK_PX)


def _with_coloured_print(page: Image.Image, dark: np.ndarray) -> np.ndarray:
    """(H, W) uint8 `dark` of a page on white paper, in which saturated strokes, bright in one channel, are as dark as in their darkest one.

    Not of a photograph: light and lens give colour to the grid and to edges, too.
    """
    from PIL import Image, ImageChops

    def channels(image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
        """How dark an image is in its darkest channel, and where it is bright in another and so dark that it is coloured print."""
        red, green, blue = image.split()
        least = np.asarray(ImageChops.darker(ImageChops.darker(red, green), blue))
        most = np.asarray(ImageChops.lighter(ImageChops.lighter(red, green), blue))
        return 255 - least, (least <= 255 - COLOURED_DARK) & (most > 255 - COLOURED_BRIGHT)

    size = -(-page.width // COLOUR_STEP_PX), -(-page.height // COLOUR_STEP_PX)
    share = channels(page.resize(size, Image.Resampling.NEAREST))[1].mean()
    if not 0 < share <= MAX_COLOURED:
        return dark
    darkest, seen = channels(page)
    if min(dark.shape) > 3 * CELL_PX and _repeats(darkest, seen):
        return dark
    return np.maximum(dark, np.where(seen, darkest, 0).astype(np.uint8))


def _repeats(dark: np.ndarray, seen: np.ndarray) -> bool:
    """Whether print of (H, W) uint8 darkness repeats from cell to cell, to the pixel and nearly as dark, where it is `seen`: the lines of a
    grid, of which resampling has left some darker than others."""
    again = darkness.periodic(darkness.greatest_around(dark), CELL_PX)[seen]
    return bool((again > REPEATED_SHARE * dark[seen]).sum() > MAX_REPEATED * again.size)


def with_coloured_print(page: Image.Image, ink: np.ndarray) -> np.ndarray | None:
    """(H, W) uint8 `ink` of a flat page at 8 px/mm with the strokes in saturated colours that its grid does not repeat: names and separators that
    vanish in the brightest channel. None where there are none to speak of.

    Not for following traces: handwriting is coloured, too.
    """
    if min(ink.shape) <= 3 * CELL_PX:
        return None
    sample = np.asarray(page)[::COLOUR_STEP_PX, ::COLOUR_STEP_PX]
    if (np.ptp(sample.astype(np.int16), axis=2) >= PRINT_COLOUR).mean() < PRINT_SHARE[0]:
        return None
    each = [_in_channel(page, channel) for channel in range(3)]
    darkest = np.maximum.reduce(each)
    seen = (darkest >= PRINT_DARK) & (darkest - np.minimum.reduce(each) >= PRINT_COLOUR)
    grid = darkness.periodic(darkness.greatest_around(darkest), CELL_PX)
    # A grid as dark as print can be is not told from what is printed on it.
    seen &= (grid <= darkness.MAX_GRID) | (grid <= REPEATED_SHARE * darkest)
    added = np.where(seen, darkness.without_grid(darkest, grid), 0).astype(np.uint8)
    # Traces in colour that are seen without it are no area.
    if not PRINT_SHARE[0] <= ((added >= PRINT_DARK) & (ink < PRINT_DARK)).mean() <= PRINT_SHARE[1]:
        return None
    return np.maximum(ink, added)


def _in_clearest_channel(page: Image.Image, dark: np.ndarray) -> np.ndarray:
    """The (H, W) uint8 darkness of the one channel in which grid and traces differ most, or `dark`, that in the brightest channel of each
    pixel: traces of coloured ink are brightest in another channel than their grid.
    """

    def grid_ratio(bright: np.ndarray) -> float:
        dark = _relative_to_paper(bright, _paper_blocks(bright))
        paper, solid = _levels(dark, _darkest(dark))
        return paper / solid

    small = page.reduce(2)
    ratios = [grid_ratio(np.asarray(channel)) for channel in small.split()]
    best = int(np.argmin(ratios))
    if ratios[best] > CLEARER * grid_ratio(_balanced(small)):
        return dark
    return _in_channel(page, best)


def _in_channel(page: Image.Image, channel: int) -> np.ndarray:
    """The (H, W) uint8 darkness of one channel of a page relative to its paper there."""
    bright = np.asarray(page.getchannel(channel))
    return _relative_to_paper(bright, _paper_blocks(bright))


def _of_coloured_strokes(page: Image.Image, dark: np.ndarray) -> np.ndarray:
    """(H, W) uint8: the darkness in the channel that shows strokes most of which the brightest one, `dark`, loses: traces of coloured ink; else `dark`.

    A grid in a saturated colour repeats from cell to cell, traces do not: of several channels that one is taken which shows the fewest strokes.
    """
    from PIL import Image

    size = -(-page.width // COLOUR_STEP_PX), -(-page.height // COLOUR_STEP_PX)
    sample = np.asarray(page.resize(size, Image.Resampling.NEAREST))
    white = np.maximum(_channel_percentiles(sample, 75), 1)
    dark_of = 255 - np.minimum(np.arange(256)[:, None] * (255 / white), 255)  # by level and channel
    sample, found = sample.reshape(-1, 3), []
    for channel in range(3):
        # The levels that are so dark are the lowest ones.
        strokes = sample[:, channel] < np.count_nonzero(dark_of[:, channel] >= LOST_DARK)
        share = strokes.mean()
        if STROKES[0] <= share <= STROKES[1]:
            each = dark_of[sample[strokes], np.arange(3)]
            lost = (each.min(axis=1) <= LOST_SHARE * each[:, channel]).mean()
            if lost >= MOSTLY_LOST:
                found.append((share, channel))
    for _, channel in sorted(found):
        shown = _in_channel(page, channel)
        if min(dark.shape) <= 3 * CELL_PX or not _repeats(shown, shown >= LOST_DARK):
            return shown
    return dark


def _darkest(dark: np.ndarray) -> np.ndarray:
    """The darkest of each whole patch of (H, W) uint8 darkness, (h, w) uint8."""
    # A mean of four: solid in a stroke, half as dark in a dot of a grid or of noise. An odd row or column more makes half a patch a whole one.
    rows, columns = (length // PATCH_PX for length in dark.shape)
    return block_maxima(dark, PATCH_PX // 2, (rows, columns))


def _mean_of_patches(dark: np.ndarray) -> np.ndarray:
    """The mean of each whole patch of (H, W) uint8 darkness, (h, w) uint8."""
    from PIL import Image

    rows, columns = (length // PATCH_PX for length in dark.shape)
    return np.asarray(Image.fromarray(dark).reduce(PATCH_PX))[:rows, :columns]


def _without_fading(dark: np.ndarray, darkest: np.ndarray, paper: float, solid: float) -> np.ndarray:
    """(H, W) uint8 darkness, `darkest` in each patch, `paper` where ink begins and `solid` where it is solid, that is as dark where a reflection lies on the page as
    elsewhere."""
    from scipy import ndimage

    darkest, usual = (part.astype(np.float32) for part in (darkest, block_means(dark, PATCH_PX)))
    in_shade = usual >= SHADE_SHARE * np.maximum(darkest, LEAST_FADED * solid)
    traced = (darkest > max(LEAST_FADED * solid, 1.5 * paper)) & ~in_shade
    # Beside a stroke that is as dark as usual, what is fainter is something else: a pencil's shaft, the edge of a hand.
    most = ndimage.maximum_filter(darkest * traced, NEAR_PATCHES)
    near, count = (ndimage.gaussian_filter(part, FADED_PATCHES) for part in (most, (most > 0).astype(np.float32)))
    share = np.where(count > 0.01, near / np.maximum(count, 0.01) / solid, 1.0)
    first, fully = FADED_SHARES
    if not (share[traced] < first).any():
        return dark
    gain = 1 + (1 / np.clip(share, LEAST_FADED, 1) - 1) * np.clip((first - share) / (first - fully), 0, 1)
    gain[in_shade] = 1
    return darkness.times(dark, enlarged(gain, dark.shape))


def _levels(dark: np.ndarray, darkest: np.ndarray) -> tuple[float, float]:
    """Darkness at which ink begins and at which it is solid, of a page of (H, W) uint8 darkness, `darkest` in each patch."""
    height, width = dark.shape
    darkest = darkest.ravel()
    if not darkest.size:
        raise ValueError(f"a page has at least {PATCH_PX} x {PATCH_PX} pixels, not {width} x {height}")
    level = otsu.threshold(darkest)
    if (darkest > level).mean() > MAX_TRACED:
        # The threshold fell between blank areas, as beyond a picture's edge, and the grid: once more among what is not blank.
        darkest = darkest[darkest > level]
        level = otsu.threshold(darkest)
    grid, traces = darkest[darkest <= level], darkest[darkest > level]
    solid = max(float(np.median(traces)) if traces.size else 255.0, LEAST_SOLID)
    return max(float(np.percentile(grid, GRID_PERCENTILE)), LEAST_SHARE * solid), solid
