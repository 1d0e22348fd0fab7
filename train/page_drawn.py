"""Records of other hospitals as the reader sees them: each drawn on paper and read back, once."""

import hashlib
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg_edge.classifier import page_input
from ecg_edge.errors import PictureError
from ecg_edge.layout import CLASSES

from . import ludb, other_devices, records, splits
from .page_findings import allowed_of, infarction_likelihood, of_flags, of_ptbxl

CACHE = Path("runs/page/drawn")
PTB_XL = "ptbxl"
LUDB = "ludb"
REPORT_BAND_HZ, PAPER_BAND_HZ = (0.67, 25), (0.5, 100)
"""What is printed on the data set's own paper, and on that of others."""
TWO_COLUMNS = ("6x2", "6x2+1", "12x1", "3x4")
KINDS = ("report", "other")
"""The data set's own page (3x4+1), and one of other makers in a layout of `TWO_COLUMNS`, at random by the record's number."""
CHOOSING_FOLD, TESTING_FOLD = 8, 9
"""Of PTB-XL. The other sources' records are parted by person into the folds of the pages."""


@dataclass(frozen=True)
class Drawn:
    """One record: `name` (source/record), `source`, `person` who is in no two parts, `findings` (F) of 1, 0 and NaN where its source does
    not say, in the order of `FINDINGS`, and `read` that gives (12, n) mV at 500 Hz."""

    name: str
    source: str
    person: str
    fold: int | None
    findings: np.ndarray
    read: Callable
    likelihood: float = 100.0
    """Of its infarction, in percent, where its source says one."""

    @property
    def trains(self) -> bool:
        """Whether it may train: of PTB-XL one fold chooses and one tests."""
        return self.source != PTB_XL or self.fold not in (CHOOSING_FOLD, TESTING_FOLD)

    @property
    def tested(self) -> int | None:
        """The fold of pages by whose model it is judged, and which does not train on it: None of those of PTB-XL that always train."""
        if self.source == PTB_XL and self.trains:
            return None
        number = int.from_bytes(hashlib.sha256(f"page person/{self.person}".encode()).digest()[:8], "big")
        return number % splits.FOLDS


def every_record(folder=None):
    """[`Drawn`] of PTB-XL, LUDB and the other collections: first those that test and choose."""
    found = [
        Drawn(
            f"{PTB_XL}/{r.ecg_id}",
            PTB_XL,
            f"{PTB_XL}/{r.patient_id}",
            r.fold,
            of_ptbxl(r),
            lambda r=r: records.signals(r),
            infarction_likelihood(r),
        )
        for r in sorted(records.read_records(folder), key=lambda r: -r.fold)
    ]
    tested = [record for record in found if not record.trains]
    beside = [
        Drawn(
            f"{LUDB}/{r.record}", LUDB, f"{LUDB}/{r.record}", None, of_flags(r.flags, LUDB), lambda r=r: ludb.signals(r)
        )
        for r in ludb.read_records(folder)
    ]
    beside += [
        Drawn(f"{r.source}/{r.record}", r.source, r.person, r.fold, of_flags(r.flags, r.source),
              lambda r=r: records.upsample(other_devices.signals(r), records.RATE_HZ // other_devices.RATE_HZ))
        for r in other_devices.read_records(folder)
    ]  # fmt: skip
    return tested + beside + [record for record in found if record.trains]


def picture_of(record, kind):
    """The picture of a `Drawn` record of one of `KINDS`."""
    from ecg_edge.simulator.report_page import draw_report

    from . import paper
    from .paper_style import draw_style

    if kind == "report":
        return draw_report(records.band_pass(record.read(), *REPORT_BAND_HZ))
    random = np.random.default_rng([KINDS.index(kind), *record.name.encode()])
    style = draw_style(random, TWO_COLUMNS[random.integers(len(TWO_COLUMNS))])
    return paper.draw_page(
        records.band_pass(record.read(), *PAPER_BAND_HZ), style, seed=int(random.integers(1 << 30))
    ).image


def path_of(name, kind, folder=CACHE):
    """Where the signals of a drawn record are kept."""
    return Path(folder) / kind / f"{name.replace('/', '-')}.npz"


def prepare(kinds=KINDS, folder=CACHE, data=None, jobs=1):
    """Draw and trace those records that are not kept yet; an empty file where the page was refused."""
    found = every_record(data)
    for kind in kinds:
        left = [i for i, record in enumerate(found) if not path_of(record.name, kind, folder).is_file()]
        Path(folder, kind).mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(jobs) as pool:
            for done, _ in enumerate(pool.map(_draw, [(data, i, kind, folder) for i in left], chunksize=2)):
                if done % 100 == 0:
                    print(f"{kind}: {done} of {len(left)}", file=sys.stderr, flush=True)


_FOUND = []


def _draw(task):
    from .page_signals import trace_picture

    data, number, kind, folder = task
    if not _FOUND:
        _FOUND.extend(every_record(data))
    record = _FOUND[number]
    try:
        signals = trace_picture(picture_of(record, kind))
    except PictureError:
        signals = {}
    path = path_of(record.name, kind, folder)
    partial = path.with_name(f"partial_{number}.npz")
    np.savez_compressed(partial, **signals)
    partial.replace(path)


def load(names, kind, folder=CACHE):
    """{name: {place: (n,) float32 mV at 500 Hz}} of those drawn records that were read."""
    signals = {}
    for name in names:
        path = path_of(name, kind, folder)
        if path.is_file():
            with np.load(path) as file:
                if file.files:
                    signals[name] = dict(file)
    return signals


def folds_of_tested(data=None):
    """{name: fold} of every record that is tested: by whose model."""
    return {record.name: record.tested for record in every_record(data) if record.tested is not None}


def truth_of(names, data=None):
    """((N, 4) bool the classes any one of which is right, (N,) bool whether it tests and so may choose nothing) of records by name; of those
    that say nothing of the classes none is."""
    known = {record.name: record for record in every_record(data)}
    allowed = [allowed_of(known[name].findings) for name in names]
    tests = [known[name].source == PTB_XL and known[name].fold == TESTING_FOLD for name in names]
    return np.array([np.zeros(len(CLASSES), bool) if one is None else one for one in allowed]), np.array(tests)


def windows(data=None, kind="report", folder=CACHE):
    """{name: (W, ROWS, SAMPLES, CHANNELS) float32 mV} of the drawn records that are tested and were read."""
    read = load(folds_of_tested(data), kind, folder)
    return {name: page_input.page_windows(signals) for name, signals in read.items()}
