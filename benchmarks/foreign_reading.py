"""Pages of other makers, and of families of paper, read and held against what was drawn: right, silently wrong, refused; by kind, lead and beat."""

import argparse
import json
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg_edge.classifier.card import DEFAULT_MODEL
from ecg_edge.layout import LEADS_12

from . import environment, foreign, name_hash, page_score, reading_table
from .jobs import keep

CASES = "The 41 cases that the data's own program draws, and six pages of a public digitiser's validation set. Faults are mended on these pages: others are kept apart."
FAMILIES = (
    "{count} pages of each family of paper (`train/paper_families.py`), from seed {seed} on; hearts by turns of PTB-XL's fold 8 and of LUDB."
    " What learns of such pages is scored on families that it was not shown."
)
FOLDS = (8,)
"""PTB-XL's, of whose hearts pages of families are read: it is there to choose by."""
PROTOCOL = """Right: a verdict, on the layout, speed and gain that were drawn, on eight leads or more, each of 6 dB or more unless it is declared
lost; where no verdict can be given, none. Silently wrong: any other verdict. Refused: none where there should be one. SNR of each lead
that is shown and not declared lost, best of all shifts within half a second, offset removed, samples that were not read left out.
Upstroke of R: the last crossing of 10 % of the amplitude before the peak, read less drawn, on the page's clock without any shift, all
beats of pages whose layout and scale were read right."""

FOUND = "found"
"""The kind of pages that were not drawn here."""
FOUND_PX_PER_MM = 7.75
"""Of the pages that were found: 2.5 s take 485 of their pixels."""
DRAWN_PX_PER_MM = 8.0
"""Of a drawn case that names none."""

KINDS = (
    ("six leads alone", lambda case: not case.may_have_verdict),
    ("speed 50", lambda case: "speed" in case.drawn),
    ("gain 5 and 20", lambda case: "gain" in case.drawn),
    ("frame", lambda case: "frame" in case.drawn),
    ("no grid", lambda case: case.drawn.get("grid") == "none"),
    ("JPEG", lambda case: "jpeg" in case.drawn),
    ("dark, cream", lambda case: "paper" in case.drawn),
    ("thin strokes", lambda case: "width_mm" in case.drawn),
    ("coloured traces", lambda case: "trace" in case.drawn),
    ("coloured names", lambda case: "names" in case.drawn),
    ("other layouts", lambda case: "layout" in case.drawn),
    ("separators", lambda case: "separators" in case.drawn),
    ("grid", lambda case: "grid" in case.drawn),
    ("names elsewhere", lambda case: "rise_mm" in case.drawn or "name_pitch" in case.drawn),
    ("plain", lambda case: True),
)
"""What a case is of: the first that holds."""


@dataclass(frozen=True)
class Page:
    """One page to read: the `case`, its `kind`, its picture as a `Reader` takes it, its `truth` {place: (n,) mV at 500 Hz}, its scale, and
    what each of its pixels is (`paper.DrawnPage.labels`) where that was asked for."""

    case: foreign.Case
    kind: str
    picture: object
    truth: dict[str, np.ndarray]
    px_per_mm: float
    labels: np.ndarray | None = None


@dataclass(frozen=True)
class Scored:
    """What a page of a `name` and `kind` came to."""

    name: str
    kind: str
    score: page_score.Score


def kind_of(case: foreign.Case) -> str:
    """The kind of a case, of `KINDS`."""
    return next(name for name, holds in KINDS if holds(case))


def pages(drawn: Path, data: Path | None = None) -> list[Page]:
    """The cases, drawn into `drawn`, and the pages that were found."""
    foreign.draw(drawn, data)
    found = foreign.folder_of(foreign.FOUND, data)
    of_each = [(case, kind_of(case), drawn) for case in foreign.read_cases(data)]
    of_each += [(case, FOUND, found) for case in foreign.read_cases(data, foreign.FOUND)]
    return [
        Page(case, kind, foreign.picture_of(case, folder), foreign.truth_of(case, folder), _px_per_mm(case, kind))
        for case, kind, folder in of_each
    ]


def _px_per_mm(case, kind):
    return FOUND_PX_PER_MM if kind == FOUND else float(case.drawn.get("px_per_mm", DRAWN_PX_PER_MM))


def of_families(
    names: Iterable[str], count: int, seed: int, data: Path | None = None, labelled: bool = False
) -> Iterator[Page]:
    """Yield `count` pages of each family as they are drawn."""
    from train import paper

    drawn = paper.draw_families(names, count, seed, FOLDS, data, labelled)
    for number, (family, page, px_per_mm, _) in enumerate(drawn):
        shown = page.arrangement
        name = f"{family.replace(' ', '-')}-{seed + number % count}"
        may = {place.lead for place in shown.places} >= set(LEADS_12) - {"aVR"}
        case = foreign.Case(name, {}, shown.layout, shown.mm_per_s, shown.mm_per_mv, may, family)
        yield Page(case, family, page.jpeg or page.image, paper.shown(page), px_per_mm, page.labels)


def read(asked: Iterable[Page], model: str, severity: int = 0) -> Iterator[Scored]:
    """Yield what each page comes to: read as the file that it is, or photographed at a severity first."""
    from ecg_edge import Reader

    reader = Reader(model, signals=True)
    for page in asked:
        picture = _photograph(page, severity) if severity else page.picture
        yield Scored(page.case.name, page.kind, page_score.judge(page.case, reader.read(picture), page.truth))


def _photograph(page, severity):
    from ecg_edge.image import open_picture
    from train import camera

    seed = int(name_hash.share("foreign camera", page.case.name, str(severity)) * 2**31)
    image = open_picture(page.picture).image
    return camera.photograph(image, severity, seed, px_per_mm=page.px_per_mm, part="test").jpeg


def figures(scored: list[Scored]) -> dict:
    """What all pages together come to, for JSON."""
    scores = [page.score for page in scored]
    said = [score for score in scores if score.status in page_score.VERDICT]
    wrong = [score.outcome == page_score.WRONG for score in scores]
    leads = [db for score in scores for db in score.leads_db.values()]
    of_read = [db for score in said for db in score.leads_db.values()]
    late = [ms for score in scores for beats in score.late_ms.values() for ms in beats]
    return {
        "outcomes": _counted(scores),
        "silently wrong, of all": reading_table.share(wrong),
        "silently wrong, of those with a verdict": reading_table.share(s.outcome == page_score.WRONG for s in said),
        "pages with a lead below 3 dB that is not declared lost, of those read": reading_table.share(
            bool(page_score.below(score.leads_db, page_score.UNDECLARED_DB)) for score in said
        ),
        "leads below 6 dB, of those read": reading_table.share(
            db is None or db < page_score.LEAST_DB for db in of_read
        ),
        "SNR of a lead in dB": reading_table.median(leads),
        "SNR of a lead in dB, of pages that are read": reading_table.median(of_read),
        "upstroke of R late in ms": reading_table.median(late)
        | {
            "mean": statistics.fmean(late) if late else None,
            "sd": statistics.stdev(late) if len(late) > 1 else None,
            "not found": sum(score.missed for score in scores),
        },
    }


def _counted(scores):
    seen = Counter(score.outcome for score in scores)
    return {outcome: seen[outcome] for outcome in page_score.OUTCOMES}


def to_markdown(scored: list[Scored], about: dict, found: dict) -> str:
    """The figures, the outcomes by kind, and a line for each page."""
    where, late = about["environment"], found["upstroke of R late in ms"]
    lines = [f"# {about['title']}", "", about["pages"], "", about["protocol"].replace("\n", " "), "",
             f"Model {about['model']}, {about['source']}; {where['cpu']}, {where['cores']} cores; Python {where['python']};"
             f" commit {where['commit']}.", "", _sentence(found["outcomes"]) + ".", "", "| what | figure | 95 % | of |",
             "|---|---|---|---|"]  # fmt: skip
    lines += [f"| {name} | {reading_table.figure(found[name])} |" for name in found if _is_figure(found[name])]
    if late["mean"] is not None:
        spread = "" if late["sd"] is None else f" ± {late['sd']:.1f}"
        lines.append(
            f"| upstroke of R late in ms, mean ± sd; {late['not found']} beats not found | {late['mean']:+.1f}{spread} | | {late['count']} |"
        )
    kinds = list(dict.fromkeys(page.kind for page in scored))
    lines += [
        "",
        f"| {about['kinds']} | right | silently wrong | refused | other | SNR of a lead | leads below 6 dB |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in kinds:
        scores = [page.score for page in scored if page.kind == kind]
        leads = {(i, place): db for i, score in enumerate(scores) for place, db in score.leads_db.items()}
        counts = _counted(scores)
        lines.append(
            f"| {kind} | " + " | ".join(str(counts[name]) for name in page_score.OUTCOMES) + f" | {_leads(leads)} |"
        )
    lines += [
        "",
        "| page | kind | outcome | status | SNR of a lead | leads below 6 dB | upstroke of R, ms | wrong |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for page in scored:
        score = page.score
        beats = [ms for each in score.late_ms.values() for ms in each]
        begin = f"{statistics.fmean(beats):+.1f} of {len(beats)}" if beats else ""
        status = ", ".join(filter(None, (score.status, score.reason or score.verdict)))
        lines.append(
            f"| {page.name} | {page.kind} | {score.outcome} | {status} | {_leads(score.leads_db)} | {begin} | {'; '.join(score.wrong)} |"
        )
    return "\n".join(lines) + "\n"


def _sentence(outcomes):
    return ", ".join(f"{count} {name}" for name, count in outcomes.items())


def _is_figure(value):
    return "interval" in value


def _leads(leads):
    """Two cells: the median of the leads that have an SNR, and how many are below the limit."""
    known = [db for db in leads.values() if db is not None]
    median = f"{statistics.median(known):.1f} dB" if known else ""
    return f"{median} | {len(page_score.below(leads, page_score.LEAST_DB))} of {len(leads)}"


def add_options(command):
    """The options of `python -m benchmarks foreign`."""
    from train.paper_families import FAMILIES
    from train.paper_mixtures import MIXTURE

    command.add_argument("--severity", type=int, choices=(1, 2, 3), help="photograph each page first, at this severity")
    command.add_argument("--only", nargs="+", metavar="CASE", help="these cases alone; nothing is kept")
    command.add_argument("--families", nargs="*", choices=(*FAMILIES, MIXTURE), metavar="FAMILY",
                         help=f"pages of these families of paper, or of the {MIXTURE} of all, instead; of all families where none is named")  # fmt: skip
    command.add_argument("--count", type=int, default=4, help="pages of each family (default 4)")
    command.add_argument("--seed", type=int, default=0, help="of the families' pages")
    command.add_argument("--model", default=DEFAULT_MODEL)
    command.add_argument("--data", type=Path)
    command.add_argument("--out", type=Path, default=Path("benchmarks/results/foreign"))


def run(options):
    """`python -m benchmarks foreign`."""
    if options.count < 1:
        raise argparse.ArgumentTypeError("--count must be at least 1")
    about = {
        "protocol": PROTOCOL,
        "model": options.model,
        "source": f"photographs of severity {options.severity}" if options.severity else "files",
        "environment": environment.record(),
    }
    if options.families is None:
        scored = _cases(options)
        about |= {"title": "Pages of other makers", "pages": CASES, "kinds": "kind"}
    else:
        scored = _families(options)
        made = FAMILIES.format(count=options.count, seed=options.seed)
        about |= {"title": "Families of paper", "pages": made, "kinds": "family"}
    print(report(scored, about, None if options.only else options.out, _stem(options)))


def _cases(options):
    with tempfile.TemporaryDirectory() as folder:
        asked = pages(Path(folder), options.data)
        known = {page.case.name for page in asked}
        if unknown := set(options.only or ()) - known:
            raise RuntimeError(f"there is no case {', '.join(sorted(unknown))}: {', '.join(sorted(known))}")
        asked = [page for page in asked if not options.only or page.case.name in options.only]
        return _told(read(asked, options.model, options.severity or 0), len(asked))


def _families(options):
    from train.paper_families import FAMILIES

    names = options.families or list(FAMILIES)
    asked = of_families(names, options.count, options.seed, options.data)
    return _told(read(asked, options.model, options.severity or 0), options.count * len(names))


def _told(scored, count):
    """All of them, counted on standard error as they come."""
    done = []
    for page in scored:
        done.append(page)
        print(f"\r{len(done)} of {count}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return done


def _stem(options):
    stem = "foreign" if options.families is None else "families"
    return f"{stem}-severity{options.severity}" if options.severity else stem


def report(scored: list[Scored], about: dict, out: Path | None, stem: str) -> str:
    """The Markdown of what was read, kept as OUT/STEM.json and OUT/STEM.md where `out` is given."""
    found = figures(scored)
    markdown = to_markdown(scored, about, found)
    if out is not None:
        rows = [{"name": page.name, "kind": page.kind} | page.score.to_dict() for page in scored]
        keep(out, stem, {"about": about, "figures": found, "pages": _rounded(rows)}, markdown)
    return markdown


def _rounded(value):
    """With two decimals: dB and ms are known no better."""
    return json.loads(json.dumps(value), parse_float=lambda text: round(float(text), 2))
