"""The decision trees that say how likely a lead was misread (`ecg_edge.trace.misread_leads`), from drawn pages to the shipped file.

    python -m train misread --jobs 2

draws pages, as files and photographed, and reads them into runs/misread/, which goes on where it was stopped; a lead was misread where its SNR is below `LEAST_DB`. The same
seeds and versions give the same trees.
"""

import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path

import numpy as np

from ecg_edge.errors import PictureError
from ecg_edge.image import open_picture
from ecg_edge.layout import LEADS_12, REPORT, RHYTHM
from ecg_edge.page import quality
from ecg_edge.page.page import find_page
from ecg_edge.simulator import report_page
from ecg_edge.trace import misread_leads
from ecg_edge.trace.lead_traces import trace_page

from . import camera, paper, records
from .lead_scores import LEAST_DB, RATE_HZ, snr_db
from .paper_mixtures import draw_mixture

FOLDER, OUT = Path("runs/misread"), Path("edge/trace/misread_leads.npz")
PAGES, SEED = 1500, 300_000
FOLDS = tuple(range(1, 8))
"""PTB-XL's, of whose hearts pages are drawn: the eighth is read to choose by, the ninth to test."""
MIXTURE, REPORT_PAGE = "mixture", "report"
KINDS = tuple((kind, photographed) for kind in (MIXTURE, MIXTURE, REPORT_PAGE) for photographed in (False, False, True))
"""What is drawn, by turns, and whether it is photographed: paper of other makers in all ways, and the report pages of the data set's own device."""
SEVERITIES = (1, 2)
REPORT_BAND_HZ = (0.67, 25)
"""What is printed on the data set's own paper."""
REPORT_COLUMN_S, REPORT_SECONDS = 2.5, 10.0
SCALE_SLACK = 0.05
"""Pages read at another layout, speed or gain than drawn teach nothing of single leads."""
PARTS = 5
"""The trees are judged on each part of the pages by those that learnt of the others."""
RIGHT_LOST = (0.01, 0.02, 0.03, 0.05)
"""Shares of the leads that were read rightly, to which the threshold is shown that loses so many."""
TREES, SHRINKAGE, LEAVES, LEAST_LEADS, SHARE = 200, 0.05, 8, 20, 0.5
"""Of the boosting: how many trees, what each counts, leaves of each at most, leads in a leaf at least, and the share of leads and of evidence that a tree sees."""


@dataclass(frozen=True)
class Judged:
    """The leads of one page: their `names`, `evidence` (k, F) as `misread_leads.evidence` gives it, and how near each came to what was drawn, `snr_db` (k,)."""

    names: list[str]
    evidence: np.ndarray
    snr_db: np.ndarray


def make(pages: int = PAGES, jobs: int = 2, data: str | None = None, out: Path = OUT) -> dict[str, float]:
    """Draw, read, grow, write the trees to `out`; the `figures` out of fold."""
    with ProcessPoolExecutor(jobs) as pool:
        judged = list(pool.map(partial(_kept, data=data), range(pages), chunksize=4))
    write(grow(np.concatenate([page.evidence for page in judged]), misread(judged)), out)
    return figures(judged)


def misread(judged: list[Judged]) -> np.ndarray:
    """(N,) bool: which leads of pages were misread."""
    return np.concatenate([page.snr_db for page in judged]) < LEAST_DB


def grow(evidence: np.ndarray, wrong: np.ndarray):
    """A scikit-learn classifier of (N, F) evidence: whether a lead was misread. Friedman J. H., Computational Statistics & Data Analysis 38, 2002."""
    from sklearn.ensemble import GradientBoostingClassifier

    trees = GradientBoostingClassifier(
        n_estimators=TREES, learning_rate=SHRINKAGE, max_depth=None, max_leaf_nodes=LEAVES,
        min_samples_leaf=LEAST_LEADS, subsample=SHARE, max_features=SHARE, random_state=0,
    )  # fmt: skip
    return trees.fit(evidence, wrong)


def write(trees, out: Path) -> None:
    """Write a classifier of `grow` as `misread_leads` reads it: nodes in rows of one length, and leaves that lead to themselves."""
    grown = [one.tree_ for one in trees.estimators_[:, 0]]
    count = max(tree.node_count for tree in grown)
    arrays = {
        "feature": np.zeros((len(grown), count), np.int8),
        "threshold": np.full((len(grown), count), np.inf, np.float32),
        "left": np.tile(np.arange(count, dtype=np.int8), (len(grown), 1)),
        "right": np.tile(np.arange(count, dtype=np.int8), (len(grown), 1)),
        "value": np.zeros((len(grown), count), np.float32),
        "offset": np.log(trees.init_.class_prior_[1] / trees.init_.class_prior_[0]),
        "depth": np.array(max(tree.max_depth for tree in grown)),
    }
    for number, tree in enumerate(grown):
        inner = np.flatnonzero(tree.children_left >= 0)
        for name, values in (
            ("feature", tree.feature), ("threshold", _below(tree.threshold)), ("left", tree.children_left), ("right", tree.children_right),
        ):  # fmt: skip
            arrays[name][number, inner] = values[inner]
        arrays["value"][number, : tree.node_count] = trees.learning_rate * tree.value[:, 0, 0]
    np.savez_compressed(out, **arrays)


def _below(thresholds: np.ndarray) -> np.ndarray:
    """The greatest float32 that are no greater than (n,) float64: of numbers in float32 the same are no greater."""
    nearest = thresholds.astype(np.float32)
    return np.where(nearest > thresholds, np.nextafter(nearest, np.float32(-np.inf)), nearest)


def figures(judged: list[Judged]) -> dict[str, float]:
    """Of trees that did not learn of a page, over all: the area under the ROC curve, and for each of `RIGHT_LOST` the threshold and the share of misread leads above it."""
    from sklearn.metrics import roc_auc_score

    wrong, probability = misread(judged), np.zeros(sum(len(page.names) for page in judged))
    part = np.repeat(np.arange(len(judged)) % PARTS, [len(page.names) for page in judged])
    evidence = np.concatenate([page.evidence for page in judged])
    for number in range(PARTS):
        trees = grow(evidence[part != number], wrong[part != number])
        probability[part == number] = trees.predict_proba(evidence[part == number])[:, 1]
    found = {"leads": len(wrong), "misread": int(wrong.sum()), "auc": float(roc_auc_score(wrong, probability))}
    for share in RIGHT_LOST:
        threshold = float(np.quantile(probability[~wrong], 1 - share))
        found |= {f"threshold_{share}": threshold, f"found_{share}": float((probability[wrong] > threshold).mean())}
    return found


def read(number: int, data: str | None = None) -> Judged:
    """The leads of one page, drawn and read; none of a page that was refused or whose layout or scale was not the drawn one."""
    drawn = draw(number, data)
    try:
        page = find_page(open_picture(drawn.picture).image).upright()
        traces = trace_page(page.ink, page.arrangement, max_misread=1.0)
        quality.check(quality.measure(page, traces))
        quality.check_names(traces)
    except PictureError:
        return Judged([], np.zeros((0, len(misread_leads.EVIDENCE)), np.float32), np.zeros(0))
    found = page.arrangement
    alike = found.layout == drawn.layout and np.allclose(
        (found.mm_per_s, found.mm_per_mv), (drawn.mm_per_s, drawn.mm_per_mv), SCALE_SLACK, 0
    )
    scores = {
        name: -np.inf if (db := snr_db(drawn.truth[name], traces.signals[name])) is None else db
        for name in traces.evidence
        if alike and name in drawn.truth
    }
    evidence = np.array([traces.evidence[name] for name in scores], np.float32).reshape(-1, len(misread_leads.EVIDENCE))
    return Judged(list(scores), evidence, np.array(list(scores.values()), float))


@dataclass(frozen=True)
class Drawn:
    """The bytes of a `picture`, the `layout`, speed and gain of the page that it shows, and the `truth` {place: (n,) mV at 500 Hz}."""

    picture: bytes
    layout: str
    mm_per_s: float
    mm_per_mv: float
    truth: dict[str, np.ndarray]


def draw(number: int, data: str | None = None) -> Drawn:
    """One page; the same for the same number."""
    kind, photographed = KINDS[number % len(KINDS)]
    rng = np.random.default_rng([SEED, number])
    known = _records(data)
    record = known[rng.integers(len(known))]
    if kind == REPORT_PAGE:
        signals = records.signals(record, band_hz=REPORT_BAND_HZ)
        image, jpeg, px_per_mm = report_page.draw_report(signals), None, report_page.Style().dots_per_mm
        of_page, truth = (REPORT.name, REPORT.mm_per_s, REPORT.mm_per_mv), _on_report(signals)
    else:
        style, px_per_mm = draw_mixture(rng)
        page = paper.draw_page(records.signals(record), style, px_per_mm=px_per_mm, seed=SEED + number)
        image, jpeg, drawn = page.image, page.jpeg, page.arrangement
        of_page = drawn.layout, drawn.mm_per_s, drawn.mm_per_mv
        truth = paper.shown(page)
    if photographed:
        severity = int(rng.choice(SEVERITIES))
        flat = image if jpeg is None else open_picture(jpeg).image
        jpeg = camera.photograph(flat, severity, SEED + number, px_per_mm=px_per_mm).jpeg
    return Drawn(jpeg or _png(image), *of_page, truth)


def _on_report(signals: np.ndarray) -> dict[str, np.ndarray]:
    """What a report page shows of (12, n) mV: three leads at a time, column by column, and II below."""
    column = round(REPORT_COLUMN_S * RATE_HZ)
    leads = {name: signals[number, number // 3 * column :][:column] for number, name in enumerate(LEADS_12)}
    return leads | {RHYTHM: signals[LEADS_12.index("II"), : round(REPORT_SECONDS * RATE_HZ)]}


def _png(image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@lru_cache(maxsize=1)
def _records(data: str | None):
    return records.read_records(data, folds=FOLDS)


def _kept(number: int, data: str | None) -> Judged:
    """The leads of one page, kept in `FOLDER`."""
    path = FOLDER / f"{number}.pickle"
    if not path.is_file():
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(pickle.dumps(read(number, data)))
        part.replace(path)
    return pickle.loads(path.read_bytes())
