"""Pictures that are no ECG of twelve leads: real ones out of installed packages, and drawn ones.

Nothing is fetched and nothing is kept in the repository. What is not installed is counted as missing, with the package that holds it.
"""

import csv
import gzip
import importlib.util
import io
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache, partial
from pathlib import Path

import numpy as np
from PIL import Image

from . import charts, name_hash, other_recordings, papers

DRAWN = {**papers.KINDS, **charts.KINDS, **other_recordings.KINDS}
EACH = 18
"""Drawn pictures of each kind: 400 of the test split, with no package of photographs."""

TUNE_SHARE = 0.4
NEVER_TUNED = frozenset({"map", "puzzle", "heat map", "seismogram", "instrument", "capnography", "holter", "fetal ctg"})
"""Kinds that are tested alone: a rule that was made by looking at others has to refuse them too. Fixed before anything was measured."""

NOT_FLAT = frozenset({"photograph", "wallpaper", "texture", "monitor", "screenshot", "medical image", "icon"})
"""Kinds that nobody prints on a sheet: they are never photographed by the simulator."""
PHOTOGRAPHED_SHARE = 1 / 3
SHEET_MM = 280
"""The longer side of the sheet on which a picture is printed before it is photographed."""

MIN_SIDE_PX = 160
"""Smaller files are left out: they would be refused for their size alone."""
PDF_DPI = 150


@dataclass(frozen=True)
class Source:
    """Where real pictures of one kind lie: `package` (apt:NAME or pip:NAME) fills `folder`; at most `count` files that match one of
    `patterns` (paths below the folder) are taken, in the order of a hash of their names. Of a PDF each page is a picture."""

    kind: str
    package: str
    folder: str
    patterns: tuple
    count: int
    without: tuple = ()


STAMPS = "/usr/share/tuxpaint/stamps"
DOCS = "/usr/share/doc"
SOURCES = (
    Source("photograph", "pip:scikit-image", "skimage/data", ("astronaut.*", "camera.*", "chelsea.*", "coffee.*", "coins.*", "brick.*",
           "grass.*", "gravel.*", "motorcycle_*.png", "rocket.*", "hubble*", "moon.*", "clock_motion.*"), 20),
    Source("medical image", "pip:scikit-image", "skimage/data", ("retina.*", "ihc.*", "cell.*", "phantom.*"), 4),
    Source("document", "pip:scikit-image", "skimage/data", ("page.png", "text.png"), 2),
    Source("photograph", "pip:scikit-learn", "sklearn/datasets/images", ("*.jpg",), 2),
    Source("photograph", "pip:matplotlib", "matplotlib/mpl-data/sample_data", ("grace_hopper.jpg",), 1),
    Source("photograph", "apt:tuxpaint-stamps-default", STAMPS, ("animals/mammals/cats/*", "animals/mammals/dogs/*"), 4),
    Source("photograph", "apt:tuxpaint-stamps-default", STAMPS, ("animals/*", "plants/*", "food/*", "household/*", "hobbies/*",
           "medical/*", "vehicles/*", "people/*"), 50, ("*cartoon*", "*/cats/*", "*/dogs/*")),
    Source("icon", "apt:tuxpaint-stamps-default", STAMPS, ("*cartoon*", "symbols/*", "town/*"), 20),
    Source("photograph", "apt:mate-backgrounds", "/usr/share/backgrounds/mate", ("nature/*",), 14),
    Source("wallpaper", "apt:mate-backgrounds", "/usr/share/backgrounds/mate", ("abstract/*", "desktop/*"), 8),
    Source("wallpaper", "apt:gnome-backgrounds", "/usr/share/backgrounds/gnome", ("*.webp", "*.jpg", "*.png"), 10),
    Source("music", "apt:lilypond-doc-pdf", f"{DOCS}/lilypond/html/Documentation", ("ly-examples/*.pdf",), 16, ("*preview*",)),
    Source("document", "apt:lilypond-doc-pdf", f"{DOCS}/lilypond/html/Documentation", ("snippets.pdf", "notation.pdf", "learning.pdf"), 16),
    Source("document", "apt:octave-doc", f"{DOCS}/octave", ("octave.pdf", "refcard-a4.pdf"), 16),
    Source("document", "apt:gnuplot-doc", f"{DOCS}/gnuplot", ("gnuplot.pdf",), 12),
    Source("instrument", "apt:eyes17-manuals-en", f"{DOCS}/eyes17/en", ("eyes17.pdf.gz",), 24),
    Source("chart", "apt:gretl-doc", f"{DOCS}/gretl/doc", ("figures*/*.pdf.gz",), 8),
    Source("chart", "apt:python-sklearn-doc", f"{DOCS}/python-sklearn-doc/html/_images", ("sphx_glr*.png",), 50, ("*thumb*",)),
    Source("chart", "apt:python-skimage-doc", f"{DOCS}/python-skimage-doc/html/_images", ("sphx_glr*.png",), 30, ("*thumb*",)),
    Source("screenshot", "apt:wireshark-doc", f"{DOCS}/wireshark/wsug_html_chunked/images", ("ws-*.png",), 30),
    Source("screenshot", "apt:gretl-doc", f"{DOCS}/gretl/doc", ("figures/*.png", "figures_pt/*.png"), 8),
)  # fmt: skip


@dataclass(frozen=True)
class NotEcg:
    """One picture that is no ECG: `origin` is real or drawn, `split` tune or test, `severity` that of its photograph (0: none);
    `load` makes it (RGB)."""

    kind: str
    name: str
    origin: str
    package: str
    split: str
    severity: int
    load: Callable

    @property
    def file_name(self):
        """A name for its file."""
        return (
            "".join(c if c.isalnum() or c in "-." else "_" for c in f"{self.origin}-{self.kind}-{self.name}") + ".jpg"
        )


def corpus(split=None):
    """All `NotEcg`s that can be had here, real ones first; of one split where it is given."""
    rows = [*real(), *drawn()]
    return [row for row in rows if split in (None, row.split)]


def drawn(each=EACH):
    """The drawn `NotEcg`s, `each` of every kind; the same name gives the same picture."""
    for kind, draw in DRAWN.items():
        for i in range(each):
            name = f"{kind} {i}"
            yield _not_ecg(kind, name, "drawn", "numpy, Pillow, matplotlib", partial(_draw, draw, name))


def real():
    """The real `NotEcg`s of what is installed."""
    for source in SOURCES:
        for name, load in _found(source):
            yield _not_ecg(source.kind, name, "real", source.package, load)


def missing():
    """{package: sources that give nothing because it is not installed}."""
    return dict(Counter(source.package for source in SOURCES if not _found(source)))


def _not_ecg(kind, name, origin, package, load):
    split = "tune" if kind not in NEVER_TUNED and name_hash.share("split", kind, name) < TUNE_SHARE else "test"
    flat = kind not in NOT_FLAT and name_hash.share("photographed", kind, name) < PHOTOGRAPHED_SHARE
    severity = 1 + int(name_hash.share("severity", kind, name) < 0.5) if flat else 0
    if severity:
        load = partial(_photograph, load, severity, name, "train" if split == "tune" else "test")
    return NotEcg(kind, name, origin, package, split, severity, load)


def _draw(draw, name):
    return draw(_generator(name)).convert("RGB")


def _generator(name):
    return np.random.default_rng(int(name_hash.share("seed", name) * 2**62))


def _photograph(load, severity, name, part):
    """The picture printed on a sheet and photographed by the camera simulator, on the backgrounds of one part."""
    from train import camera

    page = load()
    seed = int(name_hash.share("camera", name) * 2**31)
    return Image.fromarray(
        camera.photograph(page, severity, seed, px_per_mm=max(page.size) / SHEET_MM, part=part).image
    )


@cache
def _found(source):
    """((name, loader), ...) of a source, at most its count."""
    folder = _folder(source)
    if folder is None or not folder.is_dir():
        return ()
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and _wanted(path, folder, source)]
    there = [entry for path in files for entry in _entries(path, path.relative_to(folder).as_posix())]
    there.sort(key=lambda entry: name_hash.share("choice", entry[0]))
    chosen = []
    for name, load in there:
        if len(chosen) < source.count and (load.func is _page or _large_enough(*load.args)):
            chosen.append((name, load))
    return tuple(chosen)


def _folder(source):
    if source.package.startswith("apt:"):
        return Path(source.folder)
    module, _, below = source.folder.partition("/")
    found = importlib.util.find_spec(module)
    return Path(found.submodule_search_locations[0]) / below if found else None


def _wanted(path, folder, source):
    name = path.relative_to(folder).as_posix()
    picture = path.name.endswith((".png", ".jpg", ".jpeg", ".webp", ".pdf", ".pdf.gz"))
    return (
        picture and any(fnmatch(name, p) for p in source.patterns) and not any(fnmatch(name, p) for p in source.without)
    )


def _entries(path, name):
    """(name, loader) of a picture file, or of each page of a PDF."""
    if not path.name.endswith((".pdf", ".pdf.gz")):
        return [(name, partial(_open, path))]
    return [(f"{name} page {page}", partial(_page, path, page)) for page in range(1, _pages(path) + 1)]


def _open(path):
    """A picture file, what is transparent laid over white, 16 bits brought to 8."""
    with Image.open(path) as image:
        if "A" in image.getbands() or "transparency" in image.info:
            image = image.convert("RGBA")
            return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
        return image.convert("RGB")


def _large_enough(path):
    with Image.open(path) as image:
        return min(image.size) >= MIN_SIDE_PX


def _bytes(path):
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def _pages(path):
    """The pages of a PDF; 0 where poppler's tools are not installed."""
    if shutil.which("pdfinfo") is None or shutil.which("pdftoppm") is None:
        return 0
    done = subprocess.run(["pdfinfo", "-"], input=_bytes(path), capture_output=True, check=True)
    return next(int(line.split(b":")[1]) for line in done.stdout.splitlines() if line.startswith(b"Pages:"))


def _page(path, page):
    """One page of a PDF, rendered."""
    command = ["pdftoppm", "-png", "-r", str(PDF_DPI), "-f", str(page), "-l", str(page), "-"]
    done = subprocess.run(command, input=_bytes(path), capture_output=True, check=True)
    return Image.open(io.BytesIO(done.stdout)).convert("RGB")


def counts(rows):
    """{"real": {kind: pictures}, "drawn": {...}} of `NotEcg`s."""
    return {origin: dict(Counter(row.kind for row in rows if row.origin == origin)) for origin in ("real", "drawn")}


def contact_sheet(pictures, columns=8, tile_px=(240, 190)):
    """One picture of (label, picture) tiles, each fitted into its tile."""
    from PIL import ImageDraw

    pictures = list(pictures)
    width, height = tile_px
    sheet = Image.new("RGB", (columns * width, -(-len(pictures) // columns) * height), "white")
    pen = ImageDraw.Draw(sheet)
    for i, (label, picture) in enumerate(pictures):
        picture = picture.copy()
        picture.thumbnail((width - 6, height - 22))
        left, top = i % columns * width, i // columns * height
        sheet.paste(picture, (left + 3, top + 3))
        pen.text((left + 3, top + height - 17), label[: width // 6], "black")
    return sheet


def add_options(command):
    """The options of `python -m benchmarks others`."""
    command.add_argument(
        "--out", type=Path, default=Path("runs/others"), help="a directory for the files and index.csv"
    )
    command.add_argument("--split", choices=("tune", "test"))
    command.add_argument("--origin", choices=("real", "drawn"))
    command.add_argument("--kind", nargs="+")
    command.add_argument("--sheet", action="store_true", help="contact sheets too")


def run(options):
    """`python -m benchmarks others`: the pictures as files, and what each is."""
    rows = [row for row in corpus(options.split)
            if options.origin in (None, row.origin) and (not options.kind or row.kind in options.kind)]  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    tiles = []
    with open(options.out / "index.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("file", "origin", "kind", "name", "package", "split", "severity", "width", "height"))
        for row in rows:
            picture = row.load()
            picture.save(options.out / row.file_name, quality=90)
            table.writerow(
                (row.file_name, row.origin, row.kind, row.name, row.package, row.split, row.severity, *picture.size)
            )
            if options.sheet:
                picture.thumbnail((240, 240))
                tiles.append((f"{row.kind}: {row.name}", picture))
    for i in range(0, len(tiles), 64):
        contact_sheet(tiles[i : i + 64]).save(options.out / f"sheet-{i // 64}.png")
    for origin, kinds in counts(rows).items():
        print(f"{origin}: {sum(kinds.values())} ({', '.join(f'{kind} {count}' for kind, count in kinds.items())})")
    for package, count in missing().items():
        print(f"missing: {count} source(s) of {package.split(':')[1]}; {_how(package)}", file=sys.stderr)
    print(f"{len(rows)} pictures in {options.out}")


def _how(package):
    kind, name = package.split(":")
    return f"apt install {name} poppler-utils" if kind == "apt" else f"pip install {name}"
