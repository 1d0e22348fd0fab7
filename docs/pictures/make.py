"""The pictures of README and docs: a page of the data set, photographed by the camera simulator, and what ecg-edge makes of it.

    python docs/pictures/make.py             # the photograph, its overlay and its stages
    python docs/pictures/make.py --browser   # the page in the browser too: needs Chromium, and playwright in the environment

The page is `tests/data/infarction.jpg` (CC BY 4.0, see README.md beside this file).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parent
PAGE = ROOT / "tests" / "data" / "infarction.jpg"
SEVERITY, SEED = 2, 7
PHOTO_PX = 1600
"""The photograph's longer side, as it is kept."""
WIDE_PX = 1000
"""How wide the other pictures are."""
BLUE, GREEN = (20, 70, 220), (0, 130, 90)


def main() -> None:
    """Make all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", action="store_true", help="the page in the browser too")
    options = parser.parse_args()
    photograph()
    stages()
    if options.browser:
        browser()


def photograph() -> None:
    """The page on a table."""
    from ecg_edge.layout import REPORT
    from train.camera import photograph as shoot

    with Image.open(PAGE) as page:
        photo = shoot(page, SEVERITY, SEED, px_per_mm=REPORT.px_per_mm)
    keep(Image.fromarray(photo.image), "photograph", PHOTO_PX, 55)


def stages() -> None:
    """What is seen of the photograph on its way."""
    from ecg_edge import Reader
    from ecg_edge.output.overlay import draw_overlay

    result, seen = Reader(signals=True).inspect(FOLDER / "photograph.jpg")
    assert seen is not None and seen.page is not None and seen.traces is not None and seen.arrangement is not None
    keep(draw_overlay(seen.picture.image, result, seen), "overlay", 1400, 66)
    flat = seen.page.image
    assert flat is not None
    keep(flat, "flat", WIDE_PX, 60)
    keep(Image.fromarray(255 - seen.page.ink), "ink", WIDE_PX, 50)
    arranged = flat.copy()
    draw = ImageDraw.Draw(arranged)
    for place in seen.arrangement.places:
        draw.rectangle(place.box.corners, outline=GREEN, width=5)
    for left, right, top, bottom in seen.arrangement.pulses:
        draw.rectangle((left, top, right, bottom), outline=BLUE, width=5)
    keep(arranged, "arranged", WIDE_PX, 60)
    traced = Image.blend(flat, Image.new("RGB", flat.size, "white"), 0.5)
    draw = ImageDraw.Draw(traced)
    for path in seen.traces.paths.values():
        for one, two in zip(path[:-1], path[1:], strict=True):
            if np.isfinite([*one, *two]).all():
                draw.line([*one, *two], BLUE, 4)
    keep(traced, "traced", WIDE_PX, 60)


def browser() -> None:
    """The page in the browser, with the result of the photograph."""
    from playwright.sync_api import sync_playwright

    line = [sys.executable, "-m", "ecg_edge", "serve", "--no-store", "--port", "0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
        try:
            assert server.stdout is not None
            address = next(words.split("http", 1)[1].split()[0] for words in server.stdout if "http" in words)
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = chromium.new_page(viewport={"width": 1180, "height": 900})
            page.goto("http" + address)
            page.set_input_files("#picture", FOLDER / "photograph.jpg")
            page.click("button.main")
            page.wait_for_url("**/results/*", timeout=60_000)
            page.wait_for_load_state("networkidle")
            with tempfile.TemporaryDirectory() as folder:
                page.screenshot(path=f"{folder}/shot.png")
                keep(Image.open(f"{folder}/shot.png").convert("RGB"), "browser", 1180, 72)
        finally:
            server.terminate()


def keep(image: Image.Image, name: str, longer_px: int, quality: int) -> None:
    """Write a picture, small."""
    small = image.convert("RGB")
    small.thumbnail((longer_px, longer_px))
    small.save(FOLDER / f"{name}.jpg", quality=quality, optimize=True)
    print(f"{name}.jpg: {(FOLDER / f'{name}.jpg').stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
