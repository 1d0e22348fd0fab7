"""The signals of every page, traced once by the code that the device runs, and the windows that the page model trains on."""

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg_edge.classifier import page_input
from ecg_edge.errors import PictureError
from ecg_edge.image import open_picture
from ecg_edge.layout import LEADS_12

CACHE = Path("runs/page/signals")
BETWEEN_S = (0.6, 1.2, 1.8)
"""Where further windows begin that are cut, for training alone, from pages that show more than 2.5 s of a lead."""


@dataclass(frozen=True)
class Windows:
    """Windows of N pages: `digests` (N SHA-256), `page` (M) the page of each window, `read` (M) whether the device would read it
    (the others lie between), `values` (M, ROWS, SAMPLES, CHANNELS) float32 in mV."""

    digests: tuple
    page: np.ndarray
    read: np.ndarray
    values: np.ndarray

    def of(self, digest, *, between=False):
        """The numbers of a page's windows, with those between where asked for."""
        mine = self.page == self.digests.index(digest)
        return np.flatnonzero(mine if between else mine & self.read)


def trace(path):
    """{place: (n,) float32 mV at 500 Hz, NaN where lost} of one page, as a `Reader` reads it; empty where it is refused."""
    try:
        return trace_picture(open_picture(path).image)
    except PictureError:
        return {}


def trace_picture(picture):
    """{place: (n,) float32 mV at 500 Hz, NaN where lost} of an RGB `PIL.Image`.

    Raises
    ------
    PictureError : a `Reader` would refuse it before its leads are followed.
    """
    from ecg_edge.page.page import find_page
    from ecg_edge.trace.lead_traces import trace_page

    page = find_page(picture).upright()
    return trace_page(page.ink, page.arrangement).signals


def prepare(pages, folder=CACHE, jobs=1):
    """Trace those of `pages` that are not kept yet, each into FOLDER/SHA-256.npz; empty where a page was refused."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    left = [page for page in pages if not (folder / f"{page.sha256}.npz").is_file()]
    with ProcessPoolExecutor(jobs) as pool:
        traced = pool.map(trace, [page.path for page in left], chunksize=4)
        for number, (page, signals) in enumerate(zip(left, traced, strict=True)):
            partial = folder / "partial.npz"
            np.savez_compressed(partial, **signals)
            partial.replace(folder / f"{page.sha256}.npz")
            if sys.stderr.isatty():
                print(f"\rtraced {number + 1} of {len(left)} pages", end="", file=sys.stderr)


def load(digests, folder=CACHE):
    """{SHA-256: {place: (n,) float32 mV}} of those of `digests` that could be traced.

    Raises
    ------
    FileNotFoundError : one of them was never tried.
    """
    signals = {}
    for digest in sorted(digests):
        path = Path(folder) / f"{digest}.npz"
        if not path.is_file():
            raise FileNotFoundError(f"no signals of {digest[:16]} in {folder}: run 'python -m train page prepare'")
        with np.load(path) as file:
            if file.files:
                signals[digest] = dict(file)
    return signals


def windows_of(signals):
    """The `Windows` of all pages in `signals`, as `load` gives them."""
    digests = tuple(sorted(signals))
    page, read, values = [], [], []
    for number, digest in enumerate(digests):
        device = page_input.page_windows(signals[digest])
        between = _between(signals[digest], device) if len(device) > 1 else device[:0]
        page += [number] * (len(device) + len(between))
        read += [True] * len(device) + [False] * len(between)
        values += [device, between]
    return Windows(digests, np.array(page), np.array(read), np.concatenate(values))


def _between(signals, device):
    """Windows that begin at `BETWEEN_S` within the leads; the strip is the page's own."""
    found = []
    for start_s in BETWEEN_S:
        start = round(start_s * page_input.RATE_HZ)
        cut = {place: signal[start : start + page_input.WINDOW] for place, signal in signals.items()}
        window = page_input.page_windows(cut)[0]
        window[len(LEADS_12) :] = device[0, len(LEADS_12) :]
        found.append(window)
    return np.array(found)
