"""Readings drawn over their pictures, many on a sheet, to be looked at one by one.

    python -m benchmarks.contact_sheets --what foreign found real --out runs/sheets

writes sheets of the drawn pages of other makers (`foreign`), of a public digitiser's pages (`found`), of scans and photographs (`real`) and of `mixture`s of
paper, six pages on a sheet with their overlays, and says which stand on which.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from . import foreign_reading

WHAT = ("foreign", "found", "real", "mixture")
ACROSS, DOWN = 2, 3
WIDTH_PX, HEIGHT_PX, CAPTION_PX = 1000, 700, 24


def pictures(what: str, count: int, seed: int, data: Path | None = None) -> Iterator[tuple[str, object]]:
    """Yield (name, picture as a `Reader` takes it) of one kind, `count` of them from `seed` on where they are drawn at random."""
    if what == "real":
        from train.dataset import data_directory

        folder = data or data_directory()
        yield from ((path.stem, path) for path in sorted((folder / "real_pages").glob("*.jpg")) if folder)
    elif what == "mixture":
        for page in foreign_reading.of_families(["mixture"], count, seed, data):
            yield page.case.name, page.picture
    else:
        with tempfile.TemporaryDirectory() as drawn:
            for page in foreign_reading.pages(Path(drawn), data):
                if (page.kind == foreign_reading.FOUND) == (what == "found"):
                    yield page.case.name, page.picture


def main(argv=None):
    """Write the sheets; see the module."""
    from PIL import Image, ImageDraw

    from ecg_edge import Reader
    from ecg_edge.classifier.card import DEFAULT_MODEL
    from ecg_edge.output.overlay import draw_over
    from ecg_edge.output.overlay_panel import font

    parser = argparse.ArgumentParser(prog="python -m benchmarks.contact_sheets", description=__doc__.splitlines()[0])
    parser.add_argument("--what", nargs="+", choices=WHAT, default=list(WHAT[:3]))
    parser.add_argument("--count", type=int, default=12, help="mixtures (default 12)")
    parser.add_argument("--seed", type=int, default=0, help="of the first mixture")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/sheets"))
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    reader = Reader(options.model, signals=True)
    for what in options.what:
        tiles, names = [], []
        for name, picture in pictures(what, options.count, options.seed, options.data):
            result, stages = reader.inspect(picture, trace=True)
            if stages is None:
                print(f"{name}: {result.reason and result.reason.value}")
                continue
            tile = draw_over(stages.picture.image, result, stages)
            tile.thumbnail((WIDTH_PX, HEIGHT_PX - CAPTION_PX), Image.Resampling.LANCZOS)
            lost = ", ".join(lead.name for lead in result.leads if lead.state == "lost")
            said = result.reason.value if result.reason else f"{result.status} {result.verdict}"
            words = [name, said, (result.page or {}).get("layout"), f"lost {lost}" if lost else None]
            tiles.append(tile)
            names.append(", ".join(filter(None, words)))
        for number in range(0, len(tiles), ACROSS * DOWN):
            sheet = Image.new("RGB", (ACROSS * WIDTH_PX, DOWN * HEIGHT_PX), "white")
            for place, tile in enumerate(tiles[number : number + ACROSS * DOWN]):
                corner = place % ACROSS * WIDTH_PX, place // ACROSS * HEIGHT_PX
                sheet.paste(tile, (corner[0], corner[1] + CAPTION_PX))
                ImageDraw.Draw(sheet).text(corner, names[number + place], "black", font(CAPTION_PX - 6))
            path = options.out / f"{what}-{number // (ACROSS * DOWN) + 1:02}.png"
            sheet.save(path)
            print(f"{path}: {'; '.join(names[number : number + ACROSS * DOWN])}", flush=True)


if __name__ == "__main__":
    main()
