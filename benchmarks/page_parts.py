"""The network of `python -m train parts` against the rules: what it tells of families that it was not shown, and whether reading is better with it.

The network does not ship: reading is aided here alone.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np

from train import page_parts, paper
from train.paper_families import FAMILIES
from train.paper_marks import KINDS
from train.paper_mixtures import MIXTURE

from . import environment, foreign_reading, page_score, reading_table
from .jobs import keep

PROTOCOL = """The network is trained on half of the families of paper (every second one of the table), hearts of PTB-XL's folds 1 to 7. It is tried on the
other half, on mixtures, on the pages of `foreign` and on real pages, none of which it was shown, with hearts of fold 8 and of LUDB. Kinds: a cell is half
a millimetre; a cell that is of a kind by one pixel is of that kind, and the borders count. Reading: right, silently wrong and refused as in `foreign`."""
KNOWN = " by their truth"
SETS = ("families", "mixtures", "foreign", "real", *(f"{name}{KNOWN}" for name in ("families", "mixtures")))
"""What is read; by their truth as with a network that is never wrong."""
PRINT, NAME, TRACE = (KINDS.index(kind) for kind in ("print", "name", "trace"))
PULSE = KINDS.index("pulse")
LOW_BITS, DARK = np.uint8(3), 76
"""Of ink, and what is dark of it when it is reduced."""
GRID_PERCENTILE, SOLID_PERCENTILE = 98, 95
"""Of the darkness of paper, and of spots that are of a kind: where ink begins, and where it is solid."""
NO_TRACE = tuple(KINDS.index(kind) for kind in ("print", "separator", "name", "pulse"))
ASSUMED_MM = 297.0
"""The longer side of a page whose scale is not known."""
WAYS = {
    "rules": ((), (), False, False),
    "both": ((PRINT,), NO_TRACE, False, False),
    "each by itself": ((PRINT,), NO_TRACE, False, True),
    "network": ((PRINT,), NO_TRACE, True, False),
}
"""How a page is read: which kinds are taken from the ink before rows and names are looked for and before traces are followed; whether traces are followed
in those cells alone that the network calls trace; whether names and pulses
are looked for in those that it calls so, in any colour, and rows in all that is no name."""
TIMED = 20


def mask_of(parts: np.ndarray, kinds: Iterable[int], shape: tuple[int, ...], alone: bool = False) -> np.ndarray:
    """(H, W) bool: the pixels of a page of this shape in cells of these kinds, or beside them and in no cell of a trace; `alone`: in no trace's cell nor beside one."""
    from PIL import Image
    from scipy import ndimage

    if alone:
        away = ~ndimage.binary_dilation(parts == TRACE, np.ones((3, 3), bool))
    else:
        away = ndimage.binary_dilation(np.isin(parts, list(kinds)), np.ones((3, 3), bool)) & (parts != TRACE)
    return np.asarray(Image.fromarray(away).resize(shape[::-1], Image.Resampling.NEAREST))


def cleared(ink: np.ndarray, parts: np.ndarray, kinds: Iterable[int], alone: bool = False) -> np.ndarray:
    """(H, W) uint8 `ink` without that of some kinds."""
    return np.where(mask_of(parts, kinds, ink.shape, alone), np.uint8(0), ink)


@contextmanager
def aided(parts_of: Callable, way: str) -> Iterator[None]:
    """Reading in one of `WAYS`, until left, with what `parts_of(page)` says of an `ecg_edge.page.page.Page`: (h, w) places in `KINDS`.

    Report pages are read as they are: their places are known.
    """
    from ecg_edge import reader
    from ecg_edge.arrangement import arrangement, calibration_pulses, coarse_page
    from ecg_edge.page.page import Page

    of_rows, of_traces, alone, apart = WAYS[way]
    if not of_traces:
        yield
        return
    plain, turn, follow = Page.__dict__["ink"], Page.upright, reader.trace_page
    reduce, level, find = arrangement.reduced, coarse_page._levelled, calibration_pulses.find_pulses
    last = {}

    def ink(page):
        held = plain.func(page)
        if page.template is not None:
            return held & ~LOW_BITS if apart else held
        parts = parts_of(page)
        held = cleared(held, parts, of_rows)
        return with_kinds(held, page.image, parts) if apart else held

    def upright(page):
        # Traces are followed on the page that was made upright last.
        last["page"] = turn(page)
        return last["page"]

    def trace_page(held, found):
        page = last["page"]
        if page.template is None:
            held = cleared(held, parts_of(page), of_traces, alone)
        return follow(held, found)

    def reduced(held, px_per_mm):
        kinds = held & LOW_BITS
        small, dark = reduce(np.where(kinds == 1, np.uint8(0), held), px_per_mm)
        names, pulses = (resized(np.where(kinds == kind, held, np.uint8(0)), small.shape) for kind in (1, 2))
        last["pulses"] = pulses > DARK if pulses.any() else None
        return names if names.any() else small, dark

    def levelled(image, tilt):
        last["tilt"] = tilt
        return level(image, tilt)

    def find_pulses(dark, px_per_mm, *gains):
        pulses = None if gains else last.get("pulses")
        known = pulses is not None and pulses.shape == dark.shape
        return find(level(pulses, last["tilt"]) if known else dark, px_per_mm, *gains)

    aiding = cached_property(ink)
    aiding.__set_name__(Page, "ink")
    try:
        Page.ink, Page.upright, reader.trace_page = aiding, upright, trace_page
        if apart:
            arrangement.reduced, coarse_page._levelled = reduced, levelled
            calibration_pulses.find_pulses = find_pulses
        yield
    finally:
        Page.ink, Page.upright, reader.trace_page = plain, turn, follow
        arrangement.reduced, coarse_page._levelled, calibration_pulses.find_pulses = reduce, level, find


def coloured_ink(image, parts: np.ndarray, where: np.ndarray) -> np.ndarray:
    """(H, W) uint8: the ink in any colour `where` some kind is in a page's RGB image: as dark as in the channel that shows it best, 0 what is no darker
    than the grid on the page's paper."""
    from PIL import Image

    colours = np.asarray(image, np.float32)
    dark = (255 * (1 - colours / np.percentile(colours[::8, ::8].reshape(-1, 3), 75, axis=0).clip(1))).max(axis=2)
    paper = np.asarray(Image.fromarray(parts == 0).resize(image.size, Image.Resampling.NEAREST))
    grid = np.percentile(dark[paper], GRID_PERCENTILE) if paper.any() else 0.0
    solid = np.percentile(dark[where], SOLID_PERCENTILE) if where.any() else 255.0
    return np.clip((dark - grid) * (255 / max(solid - grid, 1)), 0, 255).astype(np.uint8)


def with_kinds(held: np.ndarray, image, parts: np.ndarray) -> np.ndarray:
    """(H, W) uint8 ink, that of names and pulses in any colour; through all turns of a page its lowest bits say what is a name (1) and what a pulse (2)."""
    found = held & ~LOW_BITS
    for bit, kind in ((1, NAME), (2, PULSE)):
        where = mask_of(parts, [kind], held.shape)
        found = np.where(where, (coloured_ink(image, parts, where) & ~LOW_BITS) | np.uint8(bit), found)
    return found


def resized(ink: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(h, w) uint8: (H, W) uint8 ink in another size."""
    from PIL import Image

    return np.asarray(Image.fromarray(ink).resize(shape[::-1], Image.Resampling.BOX))


def scale_of(page) -> tuple[float, float]:
    """Pixels to a millimetre of a page, across and down; of one whose scale is not known by its longer side."""
    assumed = max(page.image.size) / ASSUMED_MM
    return (page.found.px_per_mm if page.found is not None else page.px_per_mm) or (assumed, assumed)


def seen_by(seer: page_parts.Seer) -> Callable:
    """What the network says of pages."""
    return lambda page: seer.parts(page.image, scale_of(page))


def known_of(labels: np.ndarray, px_per_mm: float) -> Callable:
    """What is true of a page, for pages that were found in its picture of (H, W) `labels`: what a network that is never wrong would say."""
    from scipy import ndimage

    cell_mm = page_parts.CELL_PX / page_parts.PX_PER_MM
    near = ndimage.maximum_filter(labels, max(1, round(cell_mm * px_per_mm)))

    def parts_of(page):
        width, height = (int(n / scale / cell_mm) for n, scale in zip(page.image.size, scale_of(page), strict=True))
        down, across = (np.arange(n) + 0.5 for n in (height, width))
        x, y = across * page.image.width / width - 0.5, down * page.image.height / height - 0.5
        points = page.to_picture(np.stack([a.ravel() for a in np.meshgrid(x, y)], axis=1))
        at = np.rint(points).astype(int)
        inside = ((at >= 0) & (at < near.shape[::-1])).all(axis=1)
        at = np.where(inside[:, None], at, 0)
        return np.where(inside, near[at[:, 1], at[:, 0]], 0).reshape(height, width).astype(np.uint8)

    return parts_of


def confusion(seer: page_parts.Seer, drawn: Iterable) -> dict[str, np.ndarray]:
    """{family: (6, 6) numbers of cells, true by told} of what `paper.draw_families` yields with labels."""
    found: dict[str, np.ndarray] = {}
    for family, page, px_per_mm, _ in drawn:
        picture, cells = page_parts.reduced(
            page_parts.as_on_paper(page.image), page.labels, page_parts.PX_PER_MM / px_per_mm
        )
        told = seer.scores(picture).argmax(axis=2)
        counted = np.bincount((cells.astype(int) * len(KINDS) + told).ravel(), minlength=len(KINDS) ** 2)
        found[family] = found.get(family, 0) + counted.reshape(len(KINDS), len(KINDS))
    return found


def told_kinds(seer: page_parts.Seer, options: argparse.Namespace) -> dict[str, dict]:
    """{pages: {family, or all: `kinds_table`}} of families apart and of mixtures."""
    found = {}
    asked = {
        "families apart": (apart_families(options.apart), options.count),
        "mixtures": ([MIXTURE], options.mixtures),
    }
    for title, (names, count) in asked.items():
        drawn = paper.draw_families(names, count, options.seed, foreign_reading.FOLDS, options.data, labelled=True)
        counted = confusion(seer, drawn)
        found[title] = {
            family: kinds_table(each) for family, each in ({"all": sum(counted.values())} | counted).items()
        }
    return found


def kinds_table(counted: np.ndarray) -> dict[str, dict[str, float]]:
    """{kind: recall, precision, IoU} of a (6, 6) confusion."""
    found = {}
    for number, kind in enumerate(KINDS):
        hit, true, told = counted[number, number], counted[number].sum(), counted[:, number].sum()
        shares = (
            hit / true if true else None,
            hit / told if told else None,
            hit / (true + told - hit) if true + told else None,
        )
        found[kind] = dict(zip(("recall", "precision", "iou"), map(_float, shares), strict=True))
    return found


def _float(value):
    return None if value is None else round(float(value), 4)


def cost_of(seer: page_parts.Seer, times: int = TIMED) -> float:
    """The median of a processor's milliseconds for one picture of the network's size, after three to warm up."""
    picture = np.full((*page_parts.TILE, 3), 255, np.uint8)
    taken = []
    for _ in range(times + 3):
        start = time.process_time()
        seer.scores(picture)
        taken.append(1000 * (time.process_time() - start))
    return round(statistics.median(taken[3:]), 1)


def pages_of(kind: str, options: argparse.Namespace, folder: Path) -> list[foreign_reading.Page]:
    """The pages of one of `SETS` that have a truth."""
    if kind == "foreign":
        return foreign_reading.pages(folder, options.data)
    names, count = (
        (apart_families(options.apart), options.count) if kind == "families" else ([MIXTURE], options.mixtures)
    )
    return list(foreign_reading.of_families(names, count, options.seed, options.data, labelled=True))


def apart_families(apart: int) -> list[str]:
    """The families that the network was not shown."""
    shown = set(page_parts.families_of(apart))
    return [family for family in FAMILIES if family not in shown]


def read_real(seer: page_parts.Seer, ways: Iterable[str], data: Path | None) -> dict[str, list[dict]]:
    """{way: a row for each real page}: status, reason, layout and verdict; there is no truth."""
    from ecg_edge import Reader
    from train import tables

    folder, rows = tables.read("real_pages.csv", data)
    reader, found = Reader("page", signals=True), {}
    for way in ways:
        found[way] = []
        for row in rows:
            with aided(seen_by(seer), way):
                result = reader.read(folder / row["path"]).to_dict()
            known = {key: result[key] for key in ("status", "reason", "verdict")}
            layout = (result["page"] or {}).get("layout")
            found[way].append({"name": Path(row["path"]).name, "layout": layout} | known)
    return found


def read_pages(
    seer: page_parts.Seer | None, ways: Iterable[str], asked: list, said: Callable[[str], None]
) -> dict[str, list[dict]]:
    """{way: a row for each page} with its outcome and leads; without a network by what is true of the pages."""
    from ecg_edge import Reader

    reader, found = Reader("page", signals=True), {}
    for way in ways:
        rows = found[way] = []
        for page in asked:
            parts_of = known_of(page.labels, page.px_per_mm) if seer is None else seen_by(seer)
            with aided(parts_of, way):
                score = page_score.judge(page.case, reader.read(page.picture), page.truth)
            rows.append({"name": page.case.name, "kind": page.kind} | score.to_dict() | {"late_ms": None})
            said(f"{way}: {len(rows)} of {len(asked)}, {score.outcome}")
    return found


def outcomes(rows: list[dict]) -> dict[str, int]:
    """{outcome: pages}."""
    seen = Counter(row["outcome"] for row in rows)
    return {name: seen[name] for name in page_score.OUTCOMES}


def changed(rows: list[dict], others: list[dict]) -> dict[str, int]:
    """{"from to": pages} whose outcome is another in `others`."""
    pairs = ((one["outcome"], other["outcome"]) for one, other in zip(rows, others, strict=True))
    return {f"{one} → {other}": count for (one, other), count in sorted(Counter(pairs).items()) if one != other}


def to_markdown(found: dict) -> str:
    """The table of all sets that were read."""
    lines = ["# What each spot of a page is, by a network", "", found["protocol"].replace("\n", " "), ""]
    lines += [f"{found['environment']['cpu']}; commit {found['environment']['commit']}.", ""]
    if network := found.get("network"):
        lines += [f"Network: {network['steps']} steps of {page_parts.BATCH} patches, {len(network['families'])} families, {network['each']} pages of each;"
                  f" {network['bytes'] / 1000:.0f} kB as int8, {network['ms']:.0f} ms of a processor for 216 × 304 mm, one thread.", ""]  # fmt: skip
    if found.get("kinds"):
        lines += ["| kind | " + " | ".join(f"{name}: recall / precision / IoU" for name in found["kinds"]) + " |",
                  "|---|" + "---|" * len(found["kinds"])]  # fmt: skip
        for kind in KINDS:
            cells = (found["kinds"][name]["all"][kind] for name in found["kinds"])
            lines.append(
                f"| {kind} | "
                + " | ".join(" / ".join(_two(cell[key]) for key in ("recall", "precision", "iou")) for cell in cells)
                + " |"
            )
        lines.append("")
    lines += [
        "| pages | read by | right (95 %) | silently wrong | refused | other | against the rules |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, ways in found.get("reading", {}).items():
        for way, rows in ways.items():
            counts = outcomes(rows)
            low, high = reading_table.wilson(counts["right"], len(rows))
            moved = (
                "; ".join(f"{count} {step}" for step, count in changed(ways["rules"], rows).items())
                if "rules" in ways
                else ""
            )
            lines.append(f"| {name} ({len(rows)}) | {way} | {counts['right']} ({low:.2f}–{high:.2f}) | {counts['silently wrong']} | {counts['refused']}"
                         f" | {counts['other']} | {moved} |")  # fmt: skip
    for way, rows in found.get("real", {}).items():
        verdicts = sum(row["status"] in page_score.VERDICT for row in rows)
        other = ""
        if "rules" in found["real"]:
            pairs = zip(found["real"]["rules"], rows, strict=True)
            other = "; ".join(
                f"{a['name']}: {a['verdict'] or a['reason']} → {b['verdict'] or b['reason']}"
                for a, b in pairs
                if (a["verdict"] or a["reason"], a["layout"]) != (b["verdict"] or b["reason"], b["layout"])
            )
        lines.append(
            f"| real ({len(rows)}), no truth | {way} | verdict: {verdicts} | | {len(rows) - verdicts} | | {other} |"
        )
    return "\n".join(lines) + "\n"


def _two(value):
    return "–" if value is None else f"{value:.2f}"


def add_options(command):
    """The options of `python -m benchmarks page_parts`."""
    command.add_argument(
        "--runs",
        type=Path,
        default=page_parts.FOLDER,
        help="where `python -m train parts --apart N` has kept its network",
    )
    command.add_argument(
        "--apart",
        type=int,
        choices=range(page_parts.GROUPS),
        default=0,
        help="which network, and the families that it was not shown",
    )
    command.add_argument(
        "--sets",
        nargs="+",
        choices=("kinds", *SETS),
        default=("kinds", *SETS),
        help="what is tried; what was before is kept",
    )
    command.add_argument("--ways", nargs="+", choices=WAYS, default=tuple(WAYS))
    command.add_argument("--count", type=int, default=2, help="pages of each family")
    command.add_argument("--mixtures", type=int, default=30)
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--data", type=Path)
    command.add_argument("--out", type=Path, default=Path("benchmarks/results/parts"))


def network_of(options) -> tuple[page_parts.Seer, dict]:
    """The network that is tried, and what is known of it.

    Raises
    ------
    FileNotFoundError : it has not been trained.
    """
    path = page_parts.path_of(options.apart, options.runs)
    if not path.is_file():
        raise FileNotFoundError(f"no {path}: run 'python -m train parts --apart {options.apart}'")
    data = path.read_bytes()
    seer, known = page_parts.Seer(data), json.loads(path.with_suffix(".json").read_text())
    return seer, known | {"sha256": sha256(data).hexdigest(), "ms": cost_of(seer)}


def run(options):
    """`python -m benchmarks page_parts`."""
    kept = options.out / "parts.json"
    found = json.loads(kept.read_text()) if kept.is_file() else {}
    seer = None
    if not all(name.endswith(KNOWN) for name in options.sets):
        seer, network = network_of(options)
        if found.get("network", network)["sha256"] != network["sha256"]:
            found = {"reading": {name: ways for name, ways in found.get("reading", {}).items() if name.endswith(KNOWN)}}
        found["network"] = network
    found |= {"protocol": PROTOCOL, "environment": environment.record()}
    for name in options.sets:
        if name == "kinds":
            found["kinds"] = told_kinds(seer, options)
        elif name == "real":
            found.setdefault("real", {}).update(read_real(seer, options.ways, options.data))
        else:
            with tempfile.TemporaryDirectory() as folder:
                asked = pages_of(name.removesuffix(KNOWN), options, Path(folder))
                read = read_pages(None if name.endswith(KNOWN) else seer, options.ways, asked, _said)
            found.setdefault("reading", {}).setdefault(name, {}).update(read)
        keep(options.out, "parts", found, to_markdown(found))
    print(to_markdown(found))


def _said(line):
    print(f"\r{line}", end="", file=sys.stderr, flush=True)
