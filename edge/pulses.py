"""Calibration pulses: where they stand, how high and how wide they are."""

from dataclasses import dataclass

import numpy as np

WIDTH_MM = 1.4, 8.0
"""Pulses are 5 mm wide on most devices (0.2 s), 2 mm on some."""
HEIGHTS_MM = 5.0, 10.0, 20.0
"""What 1 mV is, at the gains in use."""
HEIGHT_SLACK = 0.1


@dataclass(frozen=True)
class Pulse:
    """A calibration pulse, in pixels: the columns of its edges, the row of its top and that of the base line it stands on."""

    left: float
    right: float
    top: float
    foot: float

    @property
    def height(self):
        """From the base line to the top."""
        return self.foot - self.top

    @property
    def width(self):
        """From the rising to the falling edge."""
        return self.right - self.left


def find_pulses(dark, px_per_mm, heights_mm=HEIGHTS_MM):
    """Calibration pulses that rise from a base line, of a (H, W) bool page: a list of `Pulse`, from the top down.

    A pulse is two upright strokes of equal height with a flat top between them, nothing within and nothing above.
    """
    mm = px_per_mm
    strokes = _upright_strokes(dark, (1 - HEIGHT_SLACK) * min(heights_mm) * mm, 1.3 * max(heights_mm) * mm)
    found = []
    for left, top, foot in strokes:
        near = (
            (strokes[:, 0] - left >= WIDTH_MM[0] * mm)
            & (strokes[:, 0] - left <= WIDTH_MM[1] * mm)
            & (np.abs(strokes[:, 1] - top) <= 0.6 * mm)
        )
        for right, other_top, other_foot in strokes[near]:
            pulse = Pulse(left, right, (top + other_top) / 2, min(foot, other_foot))
            score = _likeness(dark, pulse, max(foot, other_foot), heights_mm, mm)
            if score > 0:
                found.append((score, pulse))
    return sorted(_best_apart(found), key=lambda pulse: (pulse.foot, pulse.left))


def _likeness(dark, pulse, lower_foot, heights_mm, mm):
    """0 no pulse, 1 a perfect one."""
    if lower_foot - pulse.foot > max(0.35 * pulse.height, 1.5 * mm):
        return 0
    nearest = min(heights_mm, key=lambda height: abs(height * mm - pulse.height))
    if abs(pulse.height / (nearest * mm) - 1) > HEIGHT_SLACK:
        return 0
    left, right, top, foot = (round(value) for value in (pulse.left, pulse.right, pulse.top, pulse.foot))
    slack = max(round(0.6 * mm), 1)
    lid = dark[max(top - slack // 2, 0) : top + slack + 1, left : right + 1].any(axis=0).mean()
    inside = dark[top + 2 * slack : foot - 2 * slack, left + slack : right - slack + 1]
    filled = inside.mean() if inside.size else 1.0
    above = dark[max(top - 3 * slack, 0) : max(top - slack, 0), left : right + 1]
    capped = above.mean() if above.size else 0.0
    outside = [dark[top : top + slack + 1, max(x, 0) : x + slack].mean() for x in (left - 2 * slack, right + slack + 1)]
    if lid < 0.75 or filled > 0.2 or capped > 0.2:
        return 0
    return lid * (1 - filled) * (1 - capped) * (1 - 0.5 * np.nanmean(outside))


def _best_apart(found):
    """Of pulses that overlap the best one."""
    kept = []
    for _, pulse in sorted(found, key=lambda item: -item[0]):
        if all(pulse.left > k.right or pulse.right < k.left or pulse.top > k.foot or pulse.foot < k.top for k in kept):
            kept.append(pulse)
    return kept


def _upright_strokes(dark, shortest, longest):
    """(n, 3) float: column, top and foot of upright strokes of a (H, W) bool page."""
    from scipy import ndimage

    wide = ndimage.binary_dilation(dark, np.ones((1, 3)))
    wide = ndimage.binary_closing(wide, np.ones((3, 1)))
    edges = np.diff(np.pad(wide, ((1, 1), (0, 0))).astype(np.int8), axis=0)
    x, top = np.nonzero(edges.T > 0)
    _, end = np.nonzero(edges.T < 0)
    length = end - top
    fits = (length >= shortest) & (length <= longest)
    runs = np.stack([x, top, end - 1], axis=1)[fits]
    return _merged(runs)


def _merged(runs):
    """Runs in neighbouring columns with nearly the same ends are one stroke: the mean of each such group."""
    groups = []
    for run in runs:
        for group in reversed(groups):
            last = group[-1]
            if run[0] - last[0] > 1 and run[0] != last[0]:
                continue
            if run[0] - last[0] == 1 and abs(run[1] - last[1]) <= 2 and abs(run[2] - last[2]) <= 4:
                group.append(run)
                break
        else:
            groups.append([run])
    return np.array(
        [[np.mean([r[0] for r in g]), np.min([r[1] for r in g]), np.median([r[2] for r in g])] for g in groups]
    ).reshape(-1, 3)


def aligned(pulses, px_per_mm):
    """Of all pulses those that stand in a column with others of their size; a tuple, from the top down.

    Of several such columns those with at least half as many as the fullest.
    """
    columns = columns_with(pulses, px_per_mm)
    if not columns:
        return ()
    most = max(len(column) for column in columns)
    if most < 2:
        return ()
    kept = [pulse for column in columns if len(column) >= max(0.5 * most, 2) for pulse in column]
    return tuple(sorted(kept, key=lambda pulse: (pulse.foot, pulse.left)))


def columns_with(pulses, px_per_mm):
    """Lists of pulses that stand below each other and have the same size."""
    columns = []
    for pulse in sorted(pulses, key=lambda pulse: pulse.foot):
        for column in columns:
            last = column[-1]
            if (
                abs(pulse.left - last.left) <= 2 * px_per_mm
                and abs(pulse.height - last.height) <= 0.08 * last.height
                and abs(pulse.width - last.width) <= 0.8 * px_per_mm
            ):
                column.append(pulse)
                break
        else:
            columns.append([pulse])
    return columns


def columns_of(pulses, px_per_mm):
    """[(left, right), …] of the columns in which aligned pulses stand, from the left."""
    columns = columns_with(pulses, px_per_mm)
    return sorted((float(np.median([p.left for p in c])), float(np.median([p.right for p in c]))) for c in columns)


def gain(pulses, px_per_mm):
    """mm for 1 mV, one of those in use, by the median height of the pulses; None where there is none."""
    if not pulses:
        return None
    height_mm = np.median([pulse.height for pulse in pulses]) / px_per_mm
    return min(HEIGHTS_MM, key=lambda height: abs(height - height_mm))
