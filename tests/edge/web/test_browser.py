"""The page in a real browser (Chromium), by mouse, keyboard and finger, with and without JavaScript, held against axe-core; in `make test-web`."""

import json
import os
import re
import shutil
import time
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from ..waiting import LIMIT_S
from .test_server import Server

LIMIT_MS = 1000 * LIMIT_S
expect.set_options(timeout=LIMIT_MS)

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")
DESK, PHONE, PANEL = {"width": 1280, "height": 900}, {"width": 360, "height": 740}, {"width": 800, "height": 480}
SECTIONS = ("grayscale", "leads", "steps", "heat", "signals", "quality", "timing", "card")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SHOTS = os.environ.get("ECG_EDGE_SHOTS")
"""A folder for pictures of what was seen."""


def wait_until(page, expression, arg=None):
    """Wait until a JavaScript expression holds. Playwright's own waiting, where it does not hold at once, evaluates it later by `eval`, which the pages' policy forbids."""
    deadline = time.monotonic() + LIMIT_MS / 1000
    while not page.evaluate(expression, arg):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(50)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with a store, and a folder of pictures in the place of a camera."""
    folder = tmp_path_factory.mktemp("serve")
    one = Server(folder, "--camera", str(Path(__file__).resolve().parents[2] / "data"))
    yield one
    assert one.end() == 143
    assert "Traceback" not in one.log.read_text()


@pytest.fixture(scope="module")
def chromium():
    """The browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, server):
    """Open the page as somebody new; whatever the browser complains of (scripts, the content policy) fails the test."""
    complaints, contexts = [], []

    def call(viewport=DESK, path="/", **options):
        contexts.append(chromium.new_context(viewport=viewport, base_url=server.address, **options))
        contexts[-1].set_default_timeout(LIMIT_MS)
        page = contexts[-1].new_page()
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        # A picture that is not waited for when the page is left is no failure.
        page.on(
            "requestfailed",
            lambda request: None if request.failure == "net::ERR_ABORTED" else complaints.append(request.url),
        )
        page.on(
            "request",
            lambda request: (
                complaints.append(request.url) if not request.url.startswith((server.address, "blob:")) else None
            ),
        )
        page.goto(path)
        return page

    yield call
    for context in contexts:
        context.close()
    assert complaints == []


def read(page, path, model="page"):
    """Give a picture, and wait for its result."""
    page.set_input_files("#picture", path)
    page.select_option("#model", model)
    page.get_by_role("button", name="Read it").click()
    page.wait_for_url("**/results/*", timeout=LIMIT_MS)


def check(page, name):
    """No fault that axe finds, no scrolling to the side; a picture of it where one is wanted."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    found = Axe().run(page, options=RULES)
    faults = [
        f"{fault['id']}: {fault['help']} {[node['target'] for node in fault['nodes']]}"
        for fault in found.response["violations"]
    ]
    assert faults == [], "\n".join(faults)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (
        "it scrolls to the side"
    )


def open_sections(page):
    """Open each section by its summary; all its pictures must be there."""
    for section in SECTIONS:
        page.locator(f"#{section} > summary").click()
        expect(page.locator(f"#{section}")).to_have_attribute("open", "")
    page.evaluate("document.querySelectorAll('details.inner').forEach((inner) => { inner.open = true; })")
    pictures = page.locator("#sections img")
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
    wait_until(
        page,
        "[...document.querySelectorAll('#sections img')].every((image) => image.complete && image.naturalWidth > 0)",
    )
    return pictures.count()


def test_a_page_is_read_and_every_section_opens(visit, normal_page):
    """Chosen, seen, read, the verdict; all that is linked to take away is there."""
    page = visit()
    check(page, "empty")
    page.set_input_files("#picture", normal_page)
    expect(page.locator("#preview")).to_be_visible()
    expect(page.locator("#chosen")).to_have_text(re.compile(r"normal\.jpg, 0\.\d MB"))
    stages = []
    page.expose_function("note", lambda words: stages.append(words))
    page.evaluate("""new MutationObserver(() => window.note(document.getElementById("progress-words").textContent))
                     .observe(document.getElementById("progress-words"), { childList: true, characterData: true, subtree: true })""")
    page.get_by_role("button", name="Read it").click()
    page.wait_for_url("**/results/*", timeout=LIMIT_MS)
    assert any(words.startswith("Sending the picture") for words in stages)
    expect(page.get_by_role("heading", level=1)).to_have_text("Normal")
    expect(page.get_by_text(re.compile(r"Confidence (over )?\d\d %: high"))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile(r"^Normal: (over )?\d\d %"))).to_be_visible()
    check(page, "verdict")
    assert open_sections(page) == 1 + 13 + 13 * 3 + 1 + 13
    check(page, "verdict-sections")
    for link in page.locator(".downloads a").all():
        with page.expect_download() as download:
            link.click()
        assert download.value.path().stat().st_size > 100 and download.value.suggested_filename.startswith(
            "ecg-b2790b05"
        )


def test_the_lead_models_show_their_steps_and_heat(visit, few_pages):
    """In dark colours, as another choice of model."""
    page = visit(color_scheme="dark")
    check(page, "dark-empty")
    read(page, few_pages[0].path, "cnn")
    assert open_sections(page) == 1 + 13 + 13 * 4 + 13
    expect(page.locator("#heat tbody tr")).to_have_count(13)
    check(page, "dark-sections")
    page.select_option("#model", "page")
    page.get_by_role("button", name="Read it again").click()
    expect(page.get_by_text("Read by model “page”")).to_be_visible(timeout=LIMIT_MS)


@pytest.mark.parametrize("viewport, name", [(DESK, "refusal"), (PHONE, "refusal-phone")])
def test_what_is_no_ecg_is_refused(visit, no_ecg, tmp_path, viewport, name):
    """With why, and what helps; no verdict."""
    (tmp_path / "cat.jpg").write_bytes(no_ecg)
    page = visit(viewport)
    read(page, tmp_path / "cat.jpg")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Not an ECG|No page found|Too small"))
    expect(page.get_by_role("heading", name="How to take a better picture")).to_be_visible()
    assert page.get_by_text("Confidence").count() == 0
    check(page, name)


@pytest.mark.parametrize(
    "viewport, name, options", [(PHONE, "phone", {"has_touch": True, "is_mobile": True}), (PANEL, "panel", {})]
)
def test_it_fits_a_phone_and_the_small_panel(visit, odd_pages, viewport, name, options):
    """Nothing scrolls to the side; what is pressed is large enough for a finger; the verdict is seen at once."""
    page = visit(viewport, **options)
    check(page, f"{name}-empty")
    assert page.locator("label[for=photo]").is_visible() == (name == "phone")
    read(page, next(one.path for one in odd_pages if one.layout == "6x2"))
    expect(page.locator("#verdict-title")).to_be_focused()
    heading = page.get_by_role("heading", level=1).bounding_box()
    assert heading["y"] >= 0 and heading["y"] + heading["height"] < viewport["height"] / 4  # the result comes first
    small = [
        button.inner_text()
        for button in page.locator(".button:visible, select:visible, summary:visible, nav a").all()
        if button.bounding_box()["height"] < 40
    ]
    assert small == []
    check(page, f"{name}-verdict")
    open_sections(page)
    check(page, f"{name}-sections")
    page.goto("/history")
    check(page, f"{name}-history")


def test_it_is_used_by_keyboard_alone(visit, normal_page):
    """Skip to the content, choose, read, open a section; what has the focus is seen to have it."""
    page = visit()
    page.on("filechooser", lambda chooser: None)  # from now on they are waited for, and not shown
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#picture")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.querySelector('label[for=picture]')).outlineStyle") == "solid"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(normal_page)
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Read it":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/results/*", timeout=LIMIT_MS)
    expect(page.locator("#verdict-title")).to_be_focused()
    page.locator("#zoom-in").focus()
    page.keyboard.press("Enter")
    viewer = page.get_by_role("region", name="Enlarged picture")
    expect(viewer).to_be_visible()
    viewer.focus()
    before = viewer.evaluate("viewer => viewer.scrollLeft")
    page.keyboard.press("ArrowRight")
    wait_until(page, "before => document.getElementById('viewer').scrollLeft > before", arg=before)
    check(page, "zoomed")
    page.locator("#heat > summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#heat")).to_have_attribute("open", "")
    page.locator("#open-all").focus()
    page.keyboard.press("Space")
    expect(page.locator("#sections > details[open]")).to_have_count(len(SECTIONS))


def test_it_works_without_javascript(visit, normal_page):
    """Upload, result, sections, keeping, history, forgetting."""
    page = visit(java_script_enabled=False)
    read(page, normal_page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Normal")
    page.locator("#signals > summary").click()
    expect(page.get_by_alt_text("Lead V1 in mV on a millimetre grid")).to_be_visible()
    page.get_by_role("button", name="Keep in history").click()
    page.get_by_role("link", name="History").click()
    page.get_by_label("Name").fill("normal")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".rows li").first).to_contain_text(re.compile(r"Normal, (over )?\d\d %"))
    page.locator(".rows a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Normal")
    page.get_by_role("button", name="Delete my results").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Read an ECG")


def test_problems_are_told_where_they_happen(visit, tmp_path):
    """Nothing chosen, too large; the form is there for another try."""
    page = visit()
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_role("alert")).to_have_text("Choose a picture first.")
    with open(tmp_path / "large.jpg", "wb") as file:
        file.truncate(33 * 2**20)
    page.set_input_files("#picture", tmp_path / "large.jpg")
    expect(page.get_by_role("alert")).to_have_text("The picture is too large: use one of at most 32 MB.")
    (tmp_path / "ecg.jxl").write_bytes(b"\xff\x0a")
    page.set_input_files("#picture", tmp_path / "ecg.jxl")
    page.get_by_role("button", name="Read it").click()
    page.wait_for_url("**/results/*")
    expect(page.get_by_text("JPEG XL files are not supported")).to_be_visible()
    check(page, "failed")


def test_several_files_are_read_and_deleted(visit, normal_page, no_ecg, tmp_path):
    """One after the other; then the history has their small pictures, and what is kept can be deleted by two clicks."""
    (tmp_path / "face.jpg").write_bytes(no_ecg)
    page = visit()
    page.set_input_files("#picture", [normal_page, tmp_path / "face.jpg"])
    expect(page.locator("#chosen")).to_contain_text("face.jpg")
    page.get_by_label("Sex").select_option("female")
    page.get_by_label("Keep picture and result").check()
    page.get_by_role("button", name="Read it").click()
    page.wait_for_url("**/history", timeout=LIMIT_MS)
    rows = page.locator(".rows li")
    expect(rows.nth(0)).to_contain_text("face.jpg")
    expect(rows.nth(1)).to_contain_text("normal.jpg")
    wait_until(
        page, "[...document.querySelectorAll('.thumb img')].slice(0, 2).every((image) => image.naturalWidth > 0)"
    )
    check(page, "history")
    kept = rows.count()
    page.locator(".rows a").first.click()
    page.locator(".delete > summary").click()
    page.get_by_role("button", name="Delete for good").click()
    page.wait_for_url("**/history")
    expect(page.locator(".rows li")).to_have_count(kept - 1)


def test_a_picture_is_dropped(visit, normal_page):
    """Onto the page."""
    page = visit()
    data = page.evaluate_handle("(bytes) => { const data = new DataTransfer(); data.items.add(new File([new Uint8Array(bytes)], 'dropped.jpg', { type: 'image/jpeg' })); return data; }",
                                list(normal_page.read_bytes()))  # fmt: skip
    page.dispatch_event("#drop", "drop", {"dataTransfer": data})
    expect(page.locator("#chosen")).to_contain_text("dropped.jpg")
    page.get_by_role("button", name="Read it").click()
    page.wait_for_url("**/results/*", timeout=LIMIT_MS)
    expect(page.get_by_text("dropped.jpg")).to_be_visible()


def test_the_camera_shows_what_it_sees(visit):
    """Live, with hints in words; then the picture is taken and read."""
    page = visit(path="/camera")
    expect(page.locator("#aim")).to_have_text(re.compile("^(Page found|No page|Move|Hold|Too dark)"), timeout=LIMIT_MS)
    check(page, "camera")
    page.get_by_role("button", name="Take the picture and read it").click()
    page.wait_for_url("**/results/*", timeout=LIMIT_MS)
    expect(page.locator("figcaption").first).to_contain_text(re.compile(r"^data · "))


def test_other_pages_have_no_fault_either(visit):
    """History, models, what is not there."""
    page = visit(path="/models")
    check(page, "models")
    page.goto("/history?verdict=infarction")
    check(page, "history-empty")
    page.goto("/docs")
    expect(page.get_by_role("heading", level=2).first).to_have_text("POST /v1/classify")
    check(page, "docs")


def test_axe_finds_faults_where_there_are(visit):
    """It is awake."""
    page = visit()
    page.evaluate("document.querySelector('label[for=model]').remove()")
    assert "select-name" in json.dumps(Axe().run(page, options=RULES).response["violations"])
