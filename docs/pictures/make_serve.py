"""The pictures of docs/serve.md: the page in the browser, as a desktop and a telephone show it.

    python docs/pictures/make_serve.py        # needs Chromium, and the environment of `make test-web`: .venv-web/bin/python

A server of its own reads the photograph beside this file and pages of `tests/data` (CC BY 4.0, see README.md there) and keeps them in a folder that is
removed again; the browser is Chromium, driven by playwright.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parent
PAGES = ("normal.jpg", "abnormal.jpg", "6x2.jpg", "history.jpg")
DESKTOP, PHONE = {"width": 1180, "height": 860}, {"width": 390, "height": 844}
MOST_BYTES = 150_000
QUALITIES = range(80, 20, -10)
"""Of WebP, tried one after the other until a picture is small enough."""


def main() -> None:
    """Make all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120, help="limit for each step of the browser (default 120)")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with (
        tempfile.TemporaryDirectory() as folder,
        served(folder, options.seconds) as address,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = chromium.new_context(viewport=DESKTOP, base_url=address)
        context.set_default_timeout(1000 * options.seconds)
        page = context.new_page()
        for picture in (*(ROOT / "tests" / "data" / name for name in PAGES), FOLDER / "photograph.jpg"):
            page.goto("/")
            page.set_input_files("#picture", picture)
            page.check("#keep")
            if picture.parent == FOLDER:
                page.wait_for_timeout(500)  # the preview
                shoot(page, "serve-upload", folder)
            page.click("button.main")
            page.wait_for_url("**/results/*")
        result = page.url
        shoot(page, "serve-result", folder)
        for path, name in (("/history", "serve-history"), ("/docs", "serve-docs")):
            page.goto(path)
            shoot(page, name, folder)
        page.set_viewport_size(PHONE)
        page.goto(result)
        shoot(page, "serve-phone", folder)
        chromium.close()


@contextmanager
def served(folder: str, page_s: float) -> Iterator[str]:
    """The address of a server that keeps its results in a folder, and may take so long for a page."""
    settings = Path(folder, "settings.toml")
    settings.write_text(f"[process]\nstart_s = {page_s}\npage_s = {page_s}\n")
    line = [
        sys.executable,
        "-m",
        "ecg_edge",
        "serve",
        "--config",
        str(settings),
        "--store",
        f"{folder}/store",
        "--port",
        "0",
    ]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield next(words.split()[-1] for words in server.stdout if "http" in words)
        finally:
            server.terminate()


def shoot(page: Any, name: str, folder: str) -> None:
    """Keep what the browser shows as NAME.webp, as well as its limit allows."""
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=f"{folder}/shot.png")
    with Image.open(f"{folder}/shot.png") as shot:
        for quality in QUALITIES:
            shot.convert("RGB").save(FOLDER / f"{name}.webp", quality=quality, method=6)
            if (size := (FOLDER / f"{name}.webp").stat().st_size) <= MOST_BYTES:
                break
    print(f"{name}.webp: {size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
