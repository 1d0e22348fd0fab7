"""Ten things that a person wants to do, who knows the docs and not the code: each is one click from the docs' first page, and two from README."""

import re

import pytest

from .pages import ROOT, anchors_of, links_of, text_of

TASKS = {
    "read your first page": ("docs/start.md", "", ["make run", "classify docs/pictures/photograph.jpg --overlay"]),
    "have the signals as a pandas table": ("docs/python.md", "its-leads-in-pandas-drawn", [".to_pandas()"]),
    "put it on a Raspberry Pi": ("docs/device.md", "install", ["sudo install/raspberry-pi", "ecg-edge doctor"]),
    "change the threshold of a sure verdict": ("docs/command-line.md", "the-threshold", ["--min-confidence 0.9", "Reader(min_confidence=0.9)", "[reader]"]),
    "add a layout": ("CONTRIBUTING.md", "add-a-layout", ["edge/layout.py", "python -m benchmarks foreign"]),
    "send results by MQTT or HTTPS": ("docs/device.md", "sending-results-on", ["[mqtt]", "[webhook]"]),
    "find out why a page was refused": ("docs/troubleshooting.md", "", ["`message`", "--overlay"]),
    "train again": ("docs/training.md", "", ["`make page`", "python -m train page prepare"]),
    "compare two machines": ("docs/benchmarks.md", "on-your-machine", ["ecg-edge bench --out", "python -m benchmarks compare"]),
    "report a page that is read wrongly, or another fault": ("CONTRIBUTING.md", "a-page-that-is-read-wrongly", ["ecg-edge anonymise", "form"]),
}  # fmt: skip
"""What somebody wants, in the words of docs/index.md: the page and the heading that it links to, and what stands there."""


def section_of(page, anchor):
    """The text below a heading, as far as the next of its kind or higher; the whole page where there is none."""
    text = text_of(page)
    if not anchor:
        return text
    for found in re.finditer(r"^(#+) (.+)$", text, re.M):
        if re.sub(r"[^\w -]", "", found[2].lower()).strip().replace(" ", "-") == anchor:
            return re.split(rf"^#{{1,{len(found[1])}}} ", text[found.end() :], maxsplit=1, flags=re.M)[0]
    raise LookupError(f"{page} has no heading {anchor}: {sorted(anchors_of(ROOT / page))}")


@pytest.mark.parametrize("task", TASKS)
def test_it_is_found_from_the_first_page(task):
    """In a row of the table, which links to where it is said how."""
    page, anchor, words = TASKS[task]
    (row,) = (line for line in text_of("docs/index.md").splitlines() if line.startswith(f"| {task} |"))
    target = f"{page.removeprefix('docs/')}{'#' + anchor if anchor else ''}"
    assert f"({target})" in row or f"(../{target})" in row
    section = section_of(page, anchor)
    assert all(word in section for word in words), [word for word in words if word not in section]


@pytest.mark.parametrize("task", TASKS)
def test_it_is_two_clicks_from_readme(task):
    """README links to the docs' first page, and to most of these pages themselves."""
    linked = {str((ROOT / target).resolve().relative_to(ROOT)) for target, _ in links_of(ROOT / "README.md")}
    assert "docs/index.md" in linked and TASKS[task][0] in linked
