"""Signals on millimetre paper, at 25 mm/s and 10 mm/mV: an SVG picture for each lead."""

from collections.abc import Iterator

import numpy as np

MM_PER_S, MM_PER_MV = 25.0, 10.0
PX_PER_MM = 4
BUCKET = 5
"""Of so many samples, a fifth of a millimetre at 500 Hz, the least and the greatest are drawn: no peak is lost."""
LEAST_MV, MARGIN_MV = 0.7, 0.2
PAPER, FINE, COARSE, INK, LOST = "#fffafa", "#f6d4d4", "#e5a3a3", "#14141a", "#c9c9cf"


def pieces(signal: np.ndarray) -> Iterator[list[int]]:
    """Yield [start, stop] of each piece of an (n,) signal that is known throughout."""
    there = np.isfinite(signal)
    ends = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(np.int8)))
    yield from ends.reshape(-1, 2).tolist()


def curves(signal: np.ndarray, rate_hz: float) -> Iterator[np.ndarray]:
    """Yield an (m, 2) float array of seconds and mV for each of the `pieces` of an (n,) signal in mV, thinned by `BUCKET`."""
    for start, stop in pieces(signal):
        values = np.asarray(signal[start:stop], float)
        full = len(values) // BUCKET * BUCKET
        buckets = values[:full].reshape(-1, BUCKET)
        order = np.sort(np.stack([buckets.argmin(axis=1), buckets.argmax(axis=1)], axis=1), axis=1)
        places = (order + BUCKET * np.arange(len(buckets))[:, None]).ravel()
        places = np.unique(np.concatenate([places, np.arange(full, len(values)), [0, len(values) - 1]]))
        yield np.stack([(start + places) / rate_hz, values[places]], axis=1)


def draw_lead(signal: np.ndarray, rate_hz: float, name: str) -> str:
    """The text of an SVG picture of one lead.

    Parameters
    ----------
    signal : (n,) float mV, NaN where lost (shown grey)
    rate_hz : samples in a second
    name : what the lead is called
    """
    known = signal[np.isfinite(signal)]
    top_mv = max(LEAST_MV, float(known.max(initial=0.0))) + MARGIN_MV
    bottom_mv = min(-LEAST_MV, float(known.min(initial=0.0))) - MARGIN_MV
    # Whole squares of 5 mm, so that the grid ends with the picture.
    above, below = (5 * int(np.ceil(abs(mv) * MM_PER_MV / 5)) for mv in (top_mv, bottom_mv))
    wide, high = 5 * max(int(np.ceil(len(signal) / rate_hz * MM_PER_S / 5)), 1), above + below
    lost = _gaps(signal)
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide * PX_PER_MM}" height="{high * PX_PER_MM}"'
            f' viewBox="0 0 {wide} {high}" role="img"><title>Lead {name}</title>',
            f'<rect width="{wide}" height="{high}" fill="{PAPER}"/>',
            _grid(wide, high, 1, FINE, 0.08),
            _grid(wide, high, 5, COARSE, 0.16),
            *(
                f'<rect x="{start / rate_hz * MM_PER_S:.2f}" width="{(stop - start) / rate_hz * MM_PER_S:.2f}"'
                f' height="{high}" fill="{LOST}" fill-opacity="0.6"/>'
                for start, stop in lost
            ),
            *(
                f'<polyline fill="none" stroke="{INK}" stroke-width="0.34" stroke-linejoin="round" points="{_points(curve, above)}"/>'
                for curve in curves(signal, rate_hz)
            ),
            f'<text x="1.2" y="4" font-family="sans-serif" font-weight="bold" font-size="3.4" fill="{INK}">{name}</text>',
            "</svg>",
        ]
    )


def _gaps(signal: np.ndarray) -> list[tuple[int, int]]:
    """(start, stop) of what is lost between the first and the last sample, and before and after."""
    ends = [0, *(end for piece in pieces(signal) for end in piece), len(signal)]
    return [(start, stop) for start, stop in zip(ends[::2], ends[1::2], strict=True) if stop > start]


def _grid(wide: int, high: int, step: int, colour: str, line_mm: float) -> str:
    vertical = "".join(f"M{x} 0V{high}" for x in range(0, wide + 1, step))
    horizontal = "".join(f"M0 {y}H{wide}" for y in range(0, high + 1, step))
    return f'<path d="{vertical}{horizontal}" stroke="{colour}" stroke-width="{line_mm}"/>'


def _points(curve: np.ndarray, above_mm: float) -> str:
    return " ".join(f"{s * MM_PER_S:.2f},{above_mm - mv * MM_PER_MV:.2f}" for s, mv in curve.tolist())
