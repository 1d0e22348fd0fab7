"""Drawing records on paper in any layout of the contract, with what is true of every lead.

    python -m train.paper --out DIR --count N --seed S
    python -m train.paper --out DIR --count N --families

writes PTB-XL records as pages (PNG) of styles at random, or N of each family of paper (PNG or JPEG; PTB-XL and LUDB), a JSON of the truth
and the drawn signals (NPZ) beside each.
"""

import argparse
import json
import re
import zlib
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ecg_edge.layout import LEADS_12, Arrangement

from . import ludb, paper_finish, records
from .paper_families import FAMILIES, draw_family
from .paper_grid import grid_covers
from .paper_marks import FINE, Layers, draw_frame, draw_pulses, draw_separators, scribble, stroke, write
from .paper_mixtures import MIXTURE, draw_mixture
from .paper_plan import column_of, left_mm, piece_of, places_of, plan_of, row_of, seconds_of, side_left_mm
from .paper_style import COLOURS, INKS, LAYOUTS, TINTS, Style, draw_style

RATE_HZ = records.RATE_HZ
FAMILY_FOLDS = tuple(range(1, 9))
"""PTB-XL's folds that pages of families are drawn of: the ninth is for tests."""
SIDE_COLOUR = (238, 242, 242)


@dataclass(frozen=True)
class DrawnPage:
    """A page and its truth.

    `image` an RGB `PIL.Image`; `arrangement` with the true places, cost 0; `signals` {place: (n,) float32 millivolts at 500 Hz} as
    drawn, from the place's `start_s` on; `style` as it was asked for; `jpeg` the bytes of its file where that is one; `labels` (H, W) uint8,
    the place in `paper_marks.KINDS` of what each pixel is, where they were asked for.
    """

    image: object
    arrangement: Arrangement
    signals: dict
    style: Style
    jpeg: bytes | None = None
    labels: np.ndarray | None = None


def draw_page(signals_mv, style=None, *, px_per_mm=8.0, seed=0, labelled=False):
    """A page of twelve signals: columns follow each other in time, as devices print them.

    Parameters
    ----------
    signals_mv : (12, n) array of millivolts at 500 Hz, in the order of `layout.LEADS_12`; 10 s or more
    style : Style
    px_per_mm : float
    seed : int, of the words in the header and of small irregularities
    labelled : bool, whether to tell what each pixel is, at twice the cost

    Returns
    -------
    DrawnPage
        The same for the same arguments.
    """
    from PIL import Image

    style = style or Style()
    rng = np.random.default_rng([seed, 77])
    signals = {name: np.asarray(row, np.float32) for name, row in zip(LEADS_12, signals_mv, strict=True)}
    signals["-aVR"] = -signals["aVR"]
    plan = plan_of(style, rng)
    places = places_of(style, plan, px_per_mm)
    drawn = {p.name: piece_of(signals[p.lead], p.start_s, seconds_of(p, style)) for p in places}
    size_px = tuple(round(mm * px_per_mm) for mm in plan.size)
    labels = None
    if labelled:
        marks = Layers(size_px, by_kind=True)
        _draw_marks(marks, style, plan, places, drawn, px_per_mm, deepcopy(rng), np.random.default_rng([seed, 79]))
        labels = np.asarray(Image.fromarray(marks.kinds()).rotate(style.skew_deg))
    layers, extra = Layers(size_px), np.random.default_rng([seed, 79])
    pulses = _draw_marks(layers, style, plan, places, drawn, px_per_mm, rng, extra)
    image = paper_finish.skewed(_compose(layers, style, plan, px_per_mm), style.skew_deg)
    image, jpeg = paper_finish.finished(image, style.finish, style.jpeg, px_per_mm, extra)
    arrangement = Arrangement(
        style.layout,
        tuple(places),
        (px_per_mm, px_per_mm),
        style.mm_per_s,
        style.mm_per_mv,
        0.0,
        1.0,
        tuple(tuple(round(mm * px_per_mm) for mm in pulse) for pulse in pulses),
    )
    return DrawnPage(image, arrangement, drawn, style, jpeg, labels)


def _draw_marks(layers, style, plan, places, drawn, px_per_mm, rng, extra):
    """Draw traces, pulses, separators, a frame, words and handwriting on `layers`; the pulses' places in mm."""
    fine = px_per_mm * FINE
    ink = layers.strokes(style.ink, "trace")
    for place in places:
        x = left_mm(place.start_s, style, plan) + np.arange(len(drawn[place.name])) / RATE_HZ * style.mm_per_s
        zero = plan.zero(row_of(place, places, style), column_of(place.start_s, style))
        stroke(ink, x * fine, (zero - drawn[place.name] * style.mm_per_mv) * fine, style.pen_mm * fine)
    pulses = draw_pulses(layers.strokes(style.ink, "pulse"), style, plan, fine)
    draw_separators(layers.strokes(style.separator_ink or style.ink, "separator"), style, plan, fine)
    draw_frame(layers.strokes(style.ink, "print"), style, plan, fine)
    write(layers, style, plan, places, px_per_mm, rng)
    scribble(layers, style, plan, fine, extra)
    return pulses


def _compose(layers, style, plan, px_per_mm):
    """The RGB `PIL.Image` of paper, grid, ink and words."""
    from PIL import Image

    width, height = layers.size_px
    page = np.full((height, width, 3), TINTS[style.tint], np.float32)
    if style.side:
        left = round((side_left_mm(style, plan) - 1.0) * px_per_mm)
        page[round(plan.grid[1] * px_per_mm) : round(plan.grid[3] * px_per_mm), left:] = SIDE_COLOUR
    for colour, cover in zip(COLOURS[style.colour], grid_covers(style, plan, (width, height), px_per_mm), strict=True):
        dark = 255 - np.minimum(style.strength * (255 - np.array(colour, np.float32)), 215)
        page += cover[..., None] * (dark - page)
    for ink, cover in layers.covers():
        page += cover[..., None] * (np.array(INKS[ink], np.float32) - page)
    return Image.fromarray(np.rint(page).astype(np.uint8))


def content(page):
    """(left, top, right, bottom) in pixels around the leads and pulses of a drawn page, with 3 mm of paper."""
    boxes = [place.box.corners for place in page.arrangement.places]
    boxes += [(left, top, right, bottom) for left, right, top, bottom in page.arrangement.pulses]
    low, high = np.min(boxes, axis=0)[:2], np.max(boxes, axis=0)[2:]
    pad = 3 * page.arrangement.px_per_mm[0]
    low, high = np.maximum(low - pad, 0), np.minimum(high + pad, page.image.size)
    return (*low.tolist(), *high.tolist())


def truth(page):
    """What is true of a page, for a JSON file."""
    return {"arrangement": asdict(page.arrangement), "style": asdict(page.style), "rate_hz": RATE_HZ}


def upright(page):
    """{place: (n,) mV} of a drawn page as it is read: aVR where -aVR is printed."""
    return {name.lstrip("-"): -mv if name.startswith("-") else mv for name, mv in page.signals.items()}


def shown(page):
    """{place: (n,) mV} that each place of a drawn page shows, as it is read: without the sample that ends its trace."""
    seconds = {place.name.lstrip("-"): seconds_of(place, page.style) for place in page.arrangement.places}
    return {place: mv[: round(seconds[place] * RATE_HZ)] for place, mv in upright(page).items()}


def save(page, stem, px_per_mm, known):
    """Write STEM.png or STEM.jpg, its truth and what else is `known` as STEM.json, and the drawn signals as STEM.npz; the picture's path."""
    picture = stem.with_name(f"{stem.name}.{'jpg' if page.jpeg else 'png'}")
    if page.jpeg:
        picture.write_bytes(page.jpeg)
    else:
        page.image.save(picture, dpi=(px_per_mm * 25.4,) * 2)
    picture.with_suffix(".json").write_text(json.dumps(truth(page) | known, indent=1))
    np.savez_compressed(picture.with_suffix(".npz"), **page.signals)
    return picture


def draw_families(names, count, seed, folds=FAMILY_FOLDS, folder=None, labelled=False):
    """Yield (family, `DrawnPage`, px/mm, whose heart it is) of `count` pages of each of `paper_families.FAMILIES`, and of
    mixtures (`paper_mixtures`), that `names` has.

    Hearts are PTB-XL's of these `folds` and LUDB's, without those that swing by 10 mV, by turns; {"ecg_id" or "ludb": number} says which.
    A page is the same whatever else is drawn.
    """
    of_ptbxl = records.read_records(folder, folds=folds)
    of_ludb = [record for record in ludb.read_records(folder) if record.record not in ludb.SWINGING]
    for family in names:
        for number in range(count):
            rng = np.random.default_rng([seed + number, zlib.crc32(family.encode())])
            if number % 2:
                record = of_ludb[rng.integers(len(of_ludb))]
                who, signals = {"ludb": record.record}, ludb.signals(record)
            else:
                record = of_ptbxl[rng.integers(len(of_ptbxl))]
                who, signals = {"ecg_id": record.ecg_id}, records.signals(record)
            style, px_per_mm = draw_mixture(rng) if family == MIXTURE else draw_family(rng, family)
            yield (
                family,
                draw_page(signals, style, px_per_mm=px_per_mm, seed=seed + number, labelled=labelled),
                px_per_mm,
                who,
            )


def main(argv=None):
    """Run the command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m train.paper", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=8, help="pages, or pages of each family")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--layout", choices=LAYOUTS, help="of pages of no family; default: any")
    parser.add_argument("--px-per-mm", type=float, default=8.0, help="of pages of no family")
    parser.add_argument(
        "--families",
        nargs="*",
        choices=(*FAMILIES, MIXTURE),
        metavar="FAMILY",
        help=f"these families, or {MIXTURE}; all families where none is named",
    )
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.families is not None:
        drawn = draw_families(options.families or FAMILIES, options.count, options.seed)
        for number, (family, page, px_per_mm, who) in enumerate(drawn):
            stem = options.out / f"{family.replace(' ', '-')}-{options.seed + number % options.count}"
            print(save(page, stem, px_per_mm, {"family": family} | who))
        return 0
    table = records.read_records()
    for index in range(options.count):
        seed = options.seed + index
        rng = np.random.default_rng([seed, 78])
        record = table[rng.integers(len(table))]
        page = draw_page(
            records.signals(record), draw_style(rng, options.layout), px_per_mm=options.px_per_mm, seed=seed
        )
        stem = options.out / f"{re.sub('[^0-9a-z]', '-', page.style.layout)}-{record.ecg_id}-{seed}"
        print(save(page, stem, options.px_per_mm, {"ecg_id": record.ecg_id}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
