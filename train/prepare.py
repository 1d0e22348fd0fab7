"""Preprocessing once: every lead as the models see it, made by the code that the device runs."""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from ecg_edge.image import open_picture
from ecg_edge.layout import REPORT
from ecg_edge.page.page import find_page
from ecg_edge.preprocessing import crops, filters

CACHE = Path("runs/cache")
_SIDE = filters.MODEL_SIDE_PX


class LeadCache:
    """Prepared leads on disk: `leads[sha256]` is (13, 150, 150) uint8, in the order of `REPORT.lead_names`."""

    def __init__(self, folder=CACHE):
        self.folder = Path(folder)
        index = self.folder / "index.json"
        if not index.is_file():
            raise FileNotFoundError(f"no prepared leads in {self.folder}: run 'python -m train prepare'")
        self.rows = {digest: row for row, digest in enumerate(json.loads(index.read_text()))}
        self.images = np.load(self.folder / "leads.npy", mmap_mode="r")

    def __getitem__(self, sha256):
        return self.images[self.rows[sha256]]

    def stack(self, digests):
        """(len(digests), 13, 150, 150) uint8 in memory."""
        return np.asarray(self.images[[self.rows[digest] for digest in digests]])


def lead_inks(path):
    """{lead: (h, w) uint8 ink} of one report page, by the paper's eight steps."""
    page = find_page(open_picture(path).image)
    return {name: filters.lead_steps(gray).ink for name, gray in crops.crop(page.gray, page.template).items()}


def lead_images(path):
    """(13, 150, 150) uint8: the leads of one report page as the models see them."""
    return np.stack([filters.to_model_input(ink) for ink in lead_inks(path).values()])


def prepare(pages, folder=CACHE, jobs=2):
    """Write the cache of all `pages` that are laid out as `REPORT`; the number of pages in it."""
    pages = sorted((page for page in pages if page.layout == REPORT.name), key=lambda page: page.sha256)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shape = (len(pages), len(REPORT.leads), _SIDE, _SIDE)
    images = np.lib.format.open_memmap(folder / "leads.npy", "w+", np.uint8, shape)
    with ProcessPoolExecutor(jobs) as pool:
        for row, image in enumerate(pool.map(lead_images, [page.path for page in pages], chunksize=8)):
            images[row] = image
            if sys.stderr.isatty():
                print(f"\rprepared {row + 1} of {len(pages)} pages", end="", file=sys.stderr)
    images.flush()
    (folder / "index.json").write_text(json.dumps([page.sha256 for page in pages]))
    return len(pages)


def write_images(pages, parts, folder):
    """Write the leads as the paper stores them: FOLDER/part/class/page/lead.png, binary, 13 for a page.

    `parts` is {part: [(name, sha256), ...]}; a page stands once under each name that it is published by.
    """
    by_digest = {page.sha256: page for page in pages}
    for part, rows in parts.items():
        for name, digest in rows:
            page = by_digest[digest]
            target = Path(folder) / part / page.label / Path(name).stem
            target.mkdir(parents=True, exist_ok=True)
            for lead, ink in lead_inks(page.path).items():
                filters.to_picture(ink).save(target / f"{lead}.png")
