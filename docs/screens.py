"""A picture of every page of the built site, as it looks on a desktop and on a phone: by `make screens`, in Chromium.

    python docs/screens.py SITE FOLDER

Beside the pictures it says what is wrong with a page: something wider than the window, a picture that is not there, a script's error.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

WINDOWS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
MOST_PX = 6000
"""What of a long page is kept."""

WIDER = """() => [...document.querySelectorAll('.md-content *')].filter(one => {
    const box = one.getBoundingClientRect();
    for (let parent = one.parentElement; parent; parent = parent.parentElement) {
        if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(parent).overflowX) && parent !== document.body) { return false; }
    }
    return box.width > 0 && box.right > document.documentElement.clientWidth + 1;
}).map(one => one.tagName.toLowerCase() + ': ' + one.textContent.trim().slice(0, 50))"""
"""Elements that reach beyond the window, and that nothing around them lets scroll."""
BROKEN = (
    "() => [...document.images].filter(one => one.complete && !one.naturalWidth).map(one => one.getAttribute('src'))"
)
"""Pictures that are not there."""


def main(site: str, folder: str) -> int:
    """Write the pictures; 1 where something is wrong with a page."""
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        raise SystemExit("there is no Chromium: apt-get install chromium")
    out, wrong = Path(folder), 0
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, size in WINDOWS.items():
            page = browser.new_page(viewport=size)
            errors: list[str] = []
            page.on("pageerror", lambda error, errors=errors: errors.append(str(error)))
            for path in sorted(Path(site).rglob("*.html")):
                if path.name == "404.html":
                    continue
                errors.clear()
                page.goto(path.resolve().as_uri())
                page.wait_for_load_state("networkidle")
                said = faults(page) + errors
                target = out / f"{path.relative_to(site).with_suffix('').as_posix().replace('/', '-')}-{name}.png"
                height = min(page.evaluate("document.documentElement.scrollHeight"), MOST_PX)
                page.set_viewport_size({"width": size["width"], "height": height})
                page.screenshot(path=target)
                page.set_viewport_size(size)
                wrong += bool(said)
                print("\n    ".join([str(target), *said]))
        browser.close()
    return 1 if wrong else 0


def faults(page: Page) -> list[str]:
    """What is wrong with the page that is shown, a line each."""
    return [f"wider than the window: {one}" for one in page.evaluate(WIDER)] + [
        f"no picture: {one}" for one in page.evaluate(BROKEN)
    ]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
