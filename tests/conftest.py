"""What the tests share: the report pages, all of them where they are and the few in tests/data everywhere, and a tiny model."""

import csv
import signal
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # train, convert and benchmarks are not installed

PUBLISHED, EXTRA, STRIDE = 491, 409, 10

# The same examples each time and no limit of time: what fails fails again, on a slow machine as on a fast one.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Others each time, to look further: pytest --hypothesis-profile search
settings.register_profile("search", settings.get_profile("same"), derandomize=False, print_blob=True)
settings.load_profile("same")


class ReportPage(NamedTuple):
    """One page file of the data set, and what is known of it."""

    path: Path
    label: str
    layout: str


def pytest_addoption(parser):
    parser.addoption("--all-pages", action="store_true", help=f"slow comparisons read all pages, not every {STRIDE}th")


def _few():
    with open(HERE / "data" / "pages.csv", newline="") as file:
        return [ReportPage(HERE / "data" / row["path"], row["class"], row["layout"]) for row in csv.DictReader(file)]


def _stored(extra):
    """The pages of the data directory, published or extra; none where there is no directory."""
    from train.dataset import data_directory, read_pages

    if data_directory() is None:
        return []
    return [ReportPage(p.path, p.label, p.layout) for p in read_pages(extra=True) if p.extra == extra]


@pytest.fixture(scope="session")
def few_pages():
    """The four 3x4+1 pages in tests/data, one of each class."""
    return [page for page in _few() if page.layout == "3x4+1"]


@pytest.fixture(scope="session")
def odd_pages():
    """The two pages in tests/data whose leads stand otherwise: 6x2 and 6x2+1."""
    return [page for page in _few() if page.layout != "3x4+1"]


@pytest.fixture(scope="session")
def all_pages(few_pages):
    """The 491 published pages, all 3x4+1; the few where the data are missing."""
    return _stored(extra=False) or few_pages


@pytest.fixture(scope="session")
def sampled_pages(request, all_pages, few_pages):
    """Of the published pages every tenth, for slow comparisons: all with --all-pages, the few where the data are missing."""
    return (
        all_pages
        if request.config.getoption("--all-pages") or len(all_pages) <= len(few_pages)
        else all_pages[::STRIDE]
    )


@pytest.fixture(scope="session")
def extra_pages(few_pages, odd_pages):
    """The 409 pages of all layouts that were left out of version 2; the few where the data are missing."""
    return _stored(extra=True) or few_pages + odd_pages


@pytest.fixture(scope="session")
def normal_page(few_pages):
    """The path of one 3x4+1 page."""
    return next(page.path for page in few_pages if page.label == "normal")


@pytest.fixture(scope="session")
def tiny_folder():
    """The folder of the model `tiny`."""
    return HERE / "data" / "tiny"


@pytest.fixture(scope="session")
def tiny_reader(tiny_folder):
    """A `Reader` of the model `tiny`."""
    from ecg_edge import Reader

    return Reader("tiny", folder=tiny_folder)


@pytest.fixture(autouse=True)
def signals():
    """Every test leaves the process's signal handlers as they were."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)
    former = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


SLOW_FOLDERS = ("benchmarks", "convert", "release", "train")
"""They train, convert, install or measure. Of the other folders single tests are marked `slow`: what takes a second of a processor or more."""
SLOW_FIXTURES = {"one_photo", "report_photo", "ruled_photo"}
"""Photographs are taken in seconds: what looks at one is slow too."""

LONG_FILES = ("test_cost.py", "test_crashes.py", "test_distributions.py")
"""Single tests of theirs take tens of seconds: they come first, so that at the end no process waits for another."""


def pytest_collection_modifyitems(items):
    """Mark as slow what is by its folder or its fixtures, for `make test-fast`; begin with what is long."""
    for item in items:
        folder = item.path.relative_to(HERE).parts[0] if item.path.is_relative_to(HERE) else ""
        if folder in SLOW_FOLDERS or SLOW_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.path.name not in LONG_FILES)


def pytest_terminal_summary(terminalreporter, config):
    published, extra = len(_stored(extra=False)), len(_stored(extra=True))
    lines = []
    if not published:
        here = sum(page.layout == "3x4+1" for page in _few())
        lines.append(f"data missing: {PUBLISHED - here} of {PUBLISHED} pages not read (set ECG_EDGE_DATA)")
        lines.append(f"data missing: {EXTRA - len(_few()) + here} of {EXTRA} extra pages not read")
    elif config.getoption("--all-pages"):
        lines.append(f"data: {published} report pages")
    else:
        lines.append(f"data: {published} report pages, slow comparisons on every {STRIDE}th (--all-pages: on all)")
    if published and not extra:
        lines.append(f"data missing: {EXTRA} extra pages not read")
    elif extra:
        lines[0] = lines[0].replace("report pages", f"report pages and {extra} extra", 1)
    for line in lines:
        terminalreporter.write_line(line)
