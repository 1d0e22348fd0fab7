"""What one picture comes to in the reading benchmark, held against what is known of it."""

import time
from functools import lru_cache

import numpy as np

from ecg_edge.page import quality

from . import not_ecg, page_score, reading_table, reading_time

REPORT_PX_PER_MM = 200 / 25.4
LATTICE = 12
"""Points of a page, a side, that are followed into the picture and back."""
FOLLOWED_PX = 32.0
FOLDS = {"tune": (8,), "test": (9,)}
"""PTB-XL's folds of each split."""
PARTS = {"tune": "train", "test": "test"}
"""The camera simulator's backgrounds of each split."""


def measure(task, reader, split):
    """{what was seen: value} of one task: the outcome, and what the truth says of it."""
    return MEASURES[task.what](task, reader, split)


def outcome(reader, source):
    """(row, result, stages) of one picture: what a caller sees, and the seconds that it took."""
    start = time.perf_counter()
    result, stages = reader.inspect(source, trace=True)
    seconds = time.perf_counter() - start
    page = result.page or {}
    arrangement = getattr(stages, "arrangement", None)
    row = {
        "status": result.status,
        "reason": result.reason and result.reason.value,
        "verdict": result.verdict,
        "confidence": result.confidence,
        "layout": page.get("layout") or getattr(arrangement, "layout", None),
        "rotation": page.get("rotation"),
        "seconds": round(seconds, 3),
        "timing_ms": dict(result.timing_ms),
    }
    return row, result, stages


def _read_file(task, reader, split):
    row, _, stages = outcome(reader, task.file)
    return row | {"expected": task.expected, "leads_right": _leads_right(stages, task.expected)}


def _read_other(task, reader, split):
    picture = next(entry for entry in _not_ecg_pictures(split) if entry.file_name == task.name).load()
    row, _, _ = outcome(reader, picture)
    return row | {"kind": task.file, "origin": task.expected, "size": picture.size}


@lru_cache(maxsize=2)
def _not_ecg_pictures(split):
    return not_ecg.corpus(split)


def _read_photo(task, reader, split):
    from PIL import Image

    from train import camera

    clean, _, printed = outcome(reader, task.file)
    with Image.open(task.file) as page:
        photo = camera.photograph(
            page.convert("RGB"), task.severity, task.seed, px_per_mm=REPORT_PX_PER_MM, part=PARTS[split]
        )
        size = page.size
    row, result, stages = outcome(reader, photo.jpeg)
    scale = float(np.hypot(*np.diff(photo.warp(_ends(size)), axis=0)[0])) / (size[0] / REPORT_PX_PER_MM)
    return row | {
        "expected": task.expected,
        "leads_right": _leads_right(stages, task.expected),
        "clean_status": clean["status"],
        "clean_verdict": clean["verdict"],
        "leads_db": leads_db(getattr(getattr(printed, "traces", None), "signals", None), stages),
        "corner_px": corner_error_px(photo.corners, (result.page or {}).get("corners")),
        "flat_mm": flatness_mm(size, photo.warp, result, stages),
        "picture_px_per_mm": scale,
        "parameters": {key: value for key, value in photo.parameters.items() if isinstance(value, (int, float, str))},
    }


def _ends(size):
    """The middles of a page's left and right edges."""
    return np.array([(0.0, size[1] / 2), (size[0] - 1.0, size[1] / 2)])


def leads_db(truth, stages):
    """{place: dB} of the leads that were traced and not declared lost, against `truth` {place: (n,) mV}; None where one of the two is missing.

    Of a photographed page the truth is what was read of the file; what was lost there (NaN) does not count.
    """
    traces = getattr(stages, "traces", None)
    if traces is None or not truth:
        return None
    lost = tuple(name for name, state in quality.states(traces).items() if state == "lost")
    return page_score.leads_db(truth, traces.signals, lost)


def corner_error_px(true, found):
    """The mean distance of four `found` corners (4, 2) from the `true` ones (4, 2) in pixels, whichever of them is named first; None
    where none were found."""
    if found is None:
        return None
    true, found = np.asarray(true, float), np.asarray(found, float)
    turns = [np.roll(order, k, axis=0) for order in (found, found[::-1]) for k in range(4)]
    return float(min(np.hypot(*(true - turn).T).mean() for turn in turns))


def flatness_mm(size, warp, result, stages):
    """How far from flat the page is that was made of a photograph: root mean square in millimetres; None where it cannot be known.

    Points of the printed page are followed into the picture (`warp`) and back to the flat page that the reader made; what a shift, a turn
    and one scale do not explain is error.
    """
    from scipy.interpolate import griddata

    to_picture = getattr(getattr(stages, "page", None), "to_picture", None)
    if to_picture is None or result.page is None:
        return None
    x, y = (np.linspace(0.06, 0.94, LATTICE) * length for length in size)
    printed = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    lines = (np.arange(0.0, result.page[side], FOLLOWED_PX) for side in ("width", "height"))
    flat = np.stack(np.meshgrid(*lines), axis=-1).reshape(-1, 2)
    back = griddata(to_picture(flat), flat, warp(printed), method="linear")
    seen = np.isfinite(back).all(axis=1)
    if seen.mean() < 0.5:
        return None
    return similarity_residual(printed[seen], back[seen]) / REPORT_PX_PER_MM


def similarity_residual(source, target):
    """What is left of (n, 2) `target` after the best shift, turn and scale of `source`: root mean square, in units of the source.

    Umeyama S., IEEE Trans. Pattern Anal. Mach. Intell. 13 (4), 1991, in complex numbers.
    """
    a, b = (points[:, 0] + 1j * points[:, 1] for points in (np.asarray(source, float), np.asarray(target, float)))
    a, b = a - a.mean(), b - b.mean()
    factor = np.vdot(a, b) / np.vdot(a, a)
    return float(np.sqrt(np.mean(np.abs(b - factor * a) ** 2)) / abs(factor))


def _leads_right(stages, layout):
    """Whether the leads stand in the arrangement as the data set's pages of this layout have them; None where there is none."""
    arrangement = getattr(stages, "arrangement", None)
    if arrangement is None or layout not in PRINTED:
        return None
    names = [place.name for place in arrangement.places if not place.name.startswith("rhythm")]
    return bool(arrangement.layout == layout and names == PRINTED[layout])


_ROWS_3X4 = ["I", "aVR", "V1", "V4", "II", "aVL", "V2", "V5", "III", "aVF", "V3", "V6"]
_ROWS_6X2 = ["I", "V1", "II", "V2", "III", "V3", "aVR", "V4", "aVL", "V5", "aVF", "V6"]
PRINTED = {"3x4+1": _ROWS_3X4, "6x2": _ROWS_6X2, "6x2+1": _ROWS_6X2}
"""The leads of the data set's layouts, row by row."""


def _read_signals(task, reader, split):
    from train import camera

    from . import digitisation

    # These read one layout alone; on what other paper it is drawn is left to chance.
    wanted = "3x4+1" if reader.card.path.stem in reading_table.ONE_LAYOUT else None
    image, truth, px_per_mm, layout = drawn_record(task, split, wanted)
    source, true_parameters = image, {}
    if task.severity:
        photo = camera.photograph(image, task.severity, task.seed, px_per_mm=px_per_mm, part=PARTS[split])
        source, true_parameters = photo.jpeg, photo.parameters
    row, _, stages = outcome(reader, source)
    traces = getattr(stages, "traces", None)
    scores = digitisation.score(truth, traces.signals) if traces is not None else None
    return row | {"style": task.file, "expected": layout, "leads_right": _leads_right(stages, layout), "scores": scores,
                  "leads_db": leads_db(truth, stages), "framing": true_parameters.get("framing")}  # fmt: skip


def drawn_record(task, split, layout=None):
    """(picture, {place: (n,) mV}, px/mm, layout) of a record on paper: the data set's report, or a device's paper drawn by the seed."""
    from ecg_edge.layout import LEADS_12, REPORT, RHYTHM
    from ecg_edge.simulator.report_page import draw_report
    from train import paper, records

    style, ecg_id = task.name.split("-")
    record = next(r for r in records.read_records(folds=FOLDS[split]) if r.ecg_id == int(ecg_id))
    signals = records.signals(record)
    if style == "paper":
        rng = np.random.default_rng(task.seed)
        page = paper.draw_page(signals, paper.draw_style(rng, layout), seed=task.seed)
        return page.image, paper.upright(page), page.arrangement.px_per_mm[0], page.arrangement.layout
    truth = {}
    columns = sorted({box.left for name, box in REPORT.leads if name != RHYTHM})
    for name, box in REPORT.leads:
        start, stop = (
            (0, 5000) if name == RHYTHM else (columns.index(box.left) * 1250, columns.index(box.left) * 1250 + 1250)
        )
        truth[name] = signals[LEADS_12.index("II" if name == RHYTHM else name)][start:stop]
    return draw_report(signals, records.RATE_HZ), truth, REPORT_PX_PER_MM, REPORT.name


def _read_timed(task, reader, split):
    return reading_time.in_fresh_process(task.file, task.seed, reader.card.path.stem)


MEASURES = {
    "camera": _read_photo,
    "pages": _read_file,
    "extra": _read_file,
    "real": _read_file,
    "others": _read_other,
    "signals": _read_signals,
    "time": _read_timed,
}
