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
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path

import numpy as np

from train import page_parts, paper
from train.paper_families import FAMILIES
from train.paper_marks import KINDS
from train.paper_mixtures import MIXTURE

from . import environment, foreign_reading, page_score, reading_table
from .jobs import keep
from .parts_reading import WAYS, aided, known_of, seen_by

PROTOCOL = """The network is trained on half of the families of paper (every second one of the table), hearts of PTB-XL's folds 1 to 7. It is tried on the
other half, on mixtures, on the pages of `foreign` and on real pages, none of which it was shown, with hearts of fold 8 and of LUDB. Kinds: a cell is half
a millimetre; a cell that is of a kind by one pixel is of that kind, and the borders count. Reading: right, silently wrong and refused as in `foreign`."""
KNOWN = " by their truth"
SETS = ("families", "mixtures", "foreign", "real", *(f"{name}{KNOWN}" for name in ("families", "mixtures")))
"""What is read; by their truth as with a network that is never wrong."""
TIMED = 20


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
