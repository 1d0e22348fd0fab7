"""`Reader`: from a picture to a result."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from importlib import resources

import jsonschema
import numpy as np
import pytest
from PIL import Image

import ecg_edge
from ecg_edge import Reader, errors
from ecg_edge.errors import InstallationError, NoModelError, Reason, UsageError
from ecg_edge.image import open_picture
from ecg_edge.layout import LEADS_12, REPORT
from ecg_edge.network import page_input
from ecg_edge.network.verdict import aggregate, calibrate
from ecg_edge.page import quality
from ecg_edge.preprocessing import filters
from ecg_edge.result import STAGES


@pytest.fixture(scope="module")
def validate():
    return jsonschema.Draft202012Validator(
        json.loads((resources.files("ecg_edge") / "result.schema.json").read_text())
    ).validate


def without_times(result):
    return {key: value for key, value in result.to_dict().items() if key != "timing_ms"}


def test_a_page_is_read(tiny_reader, tiny_folder, normal_page, validate):
    """Status, verdict, leads, page, model and runtime as the contract has them."""
    result = tiny_reader.read(normal_page)
    validate(json.loads(result.to_json()))
    assert (result.status, result.reason, result.message) == ("read", None, None)
    assert result.verdict == max(result.probabilities, key=result.probabilities.get)
    assert sum(result.probabilities.values()) == pytest.approx(1)
    assert result.source == str(normal_page)
    assert result.sha256 == "b2790b05c4c4ae6b198eb83f2424dda55ca5714cec931ebbad7f932126d3cf7b"
    assert [(lead.name, lead.box, lead.state) for lead in result.leads] == [
        (name, box.corners, "read") for name, box in REPORT.leads
    ]
    assert result.page == {
        "width": 2213, "height": 1572, "layout": "3x4+1", "corners": None, "rotation": 0, "px_per_mm": 8.0, "mm_per_s": 25.0,
        "mm_per_mv": 10.0, "speed_from": "report", "gain_from": "report",
    }  # fmt: skip
    card = json.loads((tiny_folder / "tiny.json").read_text())
    assert result.model == {"name": "tiny", "version": "1", "sha256": card["file"]["sha256"]}
    assert result.runtime["threads"] == 1 and result.runtime["name"] in ("ai-edge-litert", "tflite-runtime")


def test_the_verdict_is_made_of_the_leads(tiny_reader, normal_page):
    """By hand: crop, steps, network, mean over the leads, temperature; and each lead's own answer."""
    gray = filters.to_gray(open_picture(normal_page).image)
    inputs = np.stack([filters.to_model_input(filters.lead_steps(gray[box.slices]).ink) for _, box in REPORT.leads])
    leads = tiny_reader.network.probabilities(inputs)
    result, stages = tiny_reader.inspect(normal_page)
    assert np.array_equal(stages.inputs, inputs)
    assert [list(lead.probabilities.values()) for lead in result.leads] == leads.tolist()
    assert list(result.probabilities.values()) == calibrate(aggregate(leads), 1.0).tolist()


def test_the_same_picture_gives_the_same_result(tiny_reader, tiny_folder, few_pages):
    """Again, after other pages, and in a reader of its own; times alone differ."""
    first = [without_times(tiny_reader.read(page.path)) for page in few_pages]
    assert [without_times(tiny_reader.read(page.path)) for page in few_pages[::-1]] == first[::-1]
    assert [without_times(Reader("tiny", folder=tiny_folder).read(page.path)) for page in few_pages] == first
    assert len({json.dumps(result["probabilities"]) for result in first}) == len(first)


def test_every_way_to_hand_over_a_picture_gives_the_same_verdict(tiny_reader, normal_page):
    """Path, bytes, file object, image, array; they differ in what they are called alone."""
    image = open_picture(normal_page).image
    data = normal_page.read_bytes()
    results = [
        tiny_reader.read(s) for s in (normal_page, str(normal_page), data, io.BytesIO(data), image, np.asarray(image))
    ]
    assert len({json.dumps(result.probabilities) for result in results}) == 1
    assert [result.source for result in results] == [
        str(normal_page),
        str(normal_page),
        "bytes",
        "stream",
        "image",
        "array",
    ]


def test_times_are_told_by_stage(tiny_reader, normal_page, tmp_path):
    """The stages that were passed have times within the total; the others none."""
    times = tiny_reader.read(normal_page).to_dict()["timing_ms"]
    assert tuple(times) == STAGES
    passed = [stage for stage in STAGES if stage not in ("trace", "measure")]
    assert times["trace"] is times["measure"] is None and all(times[stage] >= 0 for stage in passed)
    assert sum(times[stage] for stage in passed if stage != "total") <= times["total"]
    failed = tiny_reader.read(tmp_path / "none.jpg").to_dict()["timing_ms"]
    assert [stage for stage in STAGES if failed[stage] is not None] == ["open", "total"]


def test_a_tiff_of_many_pages_says_that_the_first_was_read(tiny_reader, normal_page):
    """It is read, and the message says what was left."""
    buffer = io.BytesIO()
    page = Image.open(normal_page)
    page.save(buffer, "TIFF", save_all=True, append_images=[page.resize((10, 10))])
    result = tiny_reader.read(buffer.getvalue())
    assert (result.status, result.message) == ("read", "The file holds 2 pictures; the first was read.")


# Models of whole pages


class OneLead:
    """In place of a network that reads signals: sure of "abnormal" as far as V1 is known, undecided without it."""

    def __init__(self, data, runtime, threads):
        self.runtime, self.input_shape, self.seen = (
            runtime,
            (page_input.ROWS, page_input.SAMPLES, page_input.CHANNELS),
            [],
        )

    def quantisation(self):
        return {"input": {"dtype": "int8", "scale": 1 / 31, "zero_point": -1}}

    def run(self, windows):
        assert windows.dtype == np.int8 and windows.shape[1:] == self.input_shape
        self.seen.append(windows)
        known = (windows[:, LEADS_12.index("V1"), :, 1] == 30).mean(axis=1)
        return np.stack([0.25 - 0.2 * known, 0.25 + 0.6 * known, *[0.25 - 0.2 * known] * 2], axis=1)


@pytest.fixture
def page_reader(tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("ecg_edge.reader.Network", OneLead)
    card = json.loads((tiny_folder / "tiny.json").read_text())
    shape = [1, page_input.ROWS, page_input.SAMPLES, page_input.CHANNELS]
    card["input"].update(kind="page_signal", shape=shape)
    (tmp_path / "tiny.json").write_text(json.dumps(card))
    (tmp_path / "tiny.tflite").write_bytes((tiny_folder / "tiny.tflite").read_bytes())
    return Reader("tiny", folder=tmp_path)


def test_a_model_of_pages_reads_the_signals(page_reader, normal_page, validate):
    """One verdict of all leads; each lead has a weight, by what would go without it, and no probabilities."""
    result, stages = page_reader.inspect(normal_page)
    validate(json.loads(result.to_json()))
    assert (result.status, result.verdict) == ("read", "abnormal") and result.confidence > 0.8
    assert {lead.name: lead.weight for lead in result.leads} == {
        name: float(name == "V1") for name in REPORT.lead_names
    }
    assert {lead.probabilities for lead in result.leads} == {None}
    assert stages.steps is None
    assert np.array_equal(stages.inputs, page_input.page_tensor(stages.traces.signals))
    first = page_reader.network.seen[0]
    assert np.array_equal(first, page_input.quantise(stages.inputs, 1 / 31, -1))


def test_a_model_of_pages_reads_any_layout(page_reader, odd_pages, validate):
    """6x2 too: two windows, their verdicts together; the leads by their places on this page."""
    for known in odd_pages:
        result, stages = page_reader.inspect(known.path)
        validate(json.loads(result.to_json()))
        assert (result.status, result.page["layout"]) == ("read", known.layout)
        assert [lead.name for lead in result.leads] == [place.name for place in stages.arrangement.places]
        assert [len(seen) for seen in page_reader.network.seen[-2:]] == [2, 2 * len(stages.traces.signals)]


def test_without_anything_to_go_by_no_lead_has_weight(page_reader, normal_page, monkeypatch):
    """Where nothing changes the verdict no lead is told to."""
    monkeypatch.setattr(OneLead, "run", lambda self, windows: np.full((len(windows), 4), 0.25))
    result = page_reader.read(normal_page)
    assert {lead.weight for lead in result.leads} == {0.0}


# Confidence


def test_verdicts_below_the_threshold_are_uncertain(tiny_folder, normal_page, validate):
    """The most probable class stays as the verdict; at the threshold it is read."""
    sure = Reader("tiny", folder=tiny_folder, min_confidence=0).read(normal_page)
    for limit, status in (
        (sure.confidence, "read"),
        (np.nextafter(sure.confidence, 1), "uncertain"),
        (1, "uncertain"),
        (0, "read"),
    ):
        result = Reader("tiny", folder=tiny_folder, min_confidence=limit).read(normal_page)
        validate(json.loads(result.to_json()))
        assert (result.status, result.verdict, result.confidence) == (status, sure.verdict, sure.confidence)
        assert result.min_confidence == limit


def test_the_cards_threshold_counts_where_none_is_given(tiny_folder, tmp_path, normal_page):
    """And one that is given counts before it, zero too."""
    card = json.loads((tiny_folder / "tiny.json").read_text())
    (tmp_path / "tiny.json").write_text(json.dumps({**card, "min_confidence": 0.99}))
    (tmp_path / "tiny.tflite").write_bytes((tiny_folder / "tiny.tflite").read_bytes())
    assert Reader("tiny", folder=tmp_path).read(normal_page).status == "uncertain"
    assert Reader("tiny", folder=tmp_path, min_confidence=0).read(normal_page).status == "read"


@pytest.mark.parametrize("bias", [None, [1.0, 0.0, -0.5, -0.5]])
def test_the_cards_temperature_weights_and_bias_count(tiny_folder, tmp_path, normal_page, bias):
    """A card that silences all leads but one, cools it, and leans to a class."""
    card = json.loads((tiny_folder / "tiny.json").read_text())
    card["aggregation"] = {"method": "log_mean", "weights": [0, 1] + [0] * 11}
    card["calibration"].update(temperature=0.5, bias=bias)
    (tmp_path / "tiny.json").write_text(json.dumps(card))
    (tmp_path / "tiny.tflite").write_bytes((tiny_folder / "tiny.tflite").read_bytes())
    result = Reader("tiny", folder=tmp_path).read(normal_page)
    lead = np.array(list(result.leads[1].probabilities.values()))
    expected = lead**2 * np.exp(bias or [0.0] * 4)
    assert np.allclose(list(result.probabilities.values()), expected / expected.sum())


# Arguments


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_confidence_beyond_zero_and_one_is_the_callers_mistake(tiny_folder, value):
    """Nothing could ever be read, or everything."""
    with pytest.raises(UsageError) as caught:
        Reader("tiny", folder=tiny_folder, min_confidence=value)
    assert str(caught.value) == f"min_confidence must be from 0 to 1, not {value}"


@pytest.mark.parametrize("arguments", [{"threads": 0}, {"threads": 1.5}, {"runtime": "onnx"}])
def test_arguments_that_cannot_be_used_are_the_callers_mistake(tiny_folder, arguments):
    """UsageError, which a stranger catches as ValueError."""
    with pytest.raises(UsageError):
        Reader("tiny", folder=tiny_folder, **arguments)


def test_a_model_that_is_not_there_is_named(tiny_folder):
    """With those that are."""
    with pytest.raises(NoModelError, match=r"^There is no model 'page'\. Installed: tiny\.$"):
        Reader("page", folder=tiny_folder)


@pytest.mark.parametrize(
    "source", [None, 7, ["page.jpg"], np.zeros((4, 5, 3)), np.zeros((4, 5), np.uint8), io.StringIO("x")]
)
def test_a_source_of_another_kind_is_the_callers_mistake(tiny_reader, source):
    """Not a result: no picture was given."""
    with pytest.raises(UsageError):
        tiny_reader.read(source)


# Bad pictures


def jpeg(image):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()


def bad_pictures(page):
    blank, dark = Image.new("RGB", (2213, 1572), "white"), Image.new("RGB", (640, 480))
    return {
        "a missing file": ("none.jpg", "not_found"),
        "a directory": (os.fspath(page.parent), "not_found"),
        "an empty file": (b"", "truncated"),
        "a cut file": (page.read_bytes()[:50_000], "truncated"),
        "text": (b"To whom it may concern", "not_a_picture"),
        "a PDF": (b"%PDF-1.4", "unsupported"),
        "too many pixels": (Image.new("1", (10_001, 10_000)), "too_large"),
        "one pixel": (jpeg(Image.new("RGB", (1, 1))), "no_page"),
        "one pixel as an array": (np.zeros((1, 1, 3), np.uint8), "no_page"),
        "one bright pixel": (np.full((1, 1, 3), 255, np.uint8), "too_small"),
        "a dark room": (jpeg(dark), "no_page"),
        "a page from afar": (Image.open(page).convert("RGB").resize((553, 393)), "too_small"),
        "two columns": (page.with_name("6x2.jpg"), "bad_layout"),
        "two columns and a strip": (page.with_name("6x2+1.jpg"), "bad_layout"),
        "a blank sheet": (blank, "not_an_ecg"),
    }


BAD = list(bad_pictures(__import__("pathlib").Path(__file__).parents[1] / "data" / "normal.jpg"))


@pytest.mark.parametrize("what", BAD)
def test_a_bad_picture_is_a_result_with_a_reason(tiny_reader, normal_page, validate, what):
    """Nothing raises; every result says in a sentence what to do, and follows the schema."""
    source, reason = bad_pictures(normal_page)[what]
    result, stages = tiny_reader.inspect(source)
    validate(json.loads(result.to_json()))
    assert (result.reason, result.verdict, result.probabilities, result.leads) == (Reason(reason), None, None, ())
    assert result.status == ("failed" if result.reason in errors.FAILURES else "refused")
    assert result.message.endswith(".") and result.model["name"] == "tiny"
    assert (result.sha256 is None) == (result.status == "failed") == (stages is None)
    assert (result.page is None) == (stages is None or stages.page is None)


def test_a_page_of_two_columns_is_refused_after_it_was_read_as_such(tiny_reader, odd_pages, validate):
    """What was found travels with the refusal: the page, its layout, its signals and its quality."""
    for known in odd_pages:
        result, stages = tiny_reader.inspect(known.path)
        validate(json.loads(result.to_json()))
        assert (result.status, result.reason) == ("refused", Reason.BAD_LAYOUT)
        assert result.message == f"The page's leads are arranged as {known.layout}: this model reads 3x4+1 pages alone."
        assert (result.page["layout"], result.page["rotation"], result.page["mm_per_s"]) == (known.layout, 0, 25)
        assert stages.arrangement.layout == known.layout and set(stages.traces.signals) >= set(LEADS_12)
        assert result.quality == stages.quality and quality.find_problem(result.quality) is None
        assert stages.steps is stages.inputs is None


def test_a_refusal_keeps_what_was_seen(tiny_reader, validate):
    """A blank sheet: the picture and the page, without leads."""
    result, stages = tiny_reader.inspect(Image.new("RGB", (2213, 1572), "white"))
    validate(json.loads(result.to_json()))
    assert stages.picture.image.size == (2213, 1572) and stages.page is not None
    assert stages.arrangement is stages.traces is None
    assert result.page["layout"] is result.page["rotation"] is None
    assert (result.page["width"], result.page["height"]) == stages.page.image.size


# Photographs


@pytest.fixture(scope="module")
def photographed(tiny_reader, report_photo):
    return tiny_reader.inspect(report_photo.image)


def test_a_photograph_is_read(photographed, validate):
    """All leads, where they stand on the flat page, and where that lies in the picture."""
    result, stages = photographed
    validate(json.loads(result.to_json()))
    assert (result.status, result.reason) == ("read", None)
    assert [lead.name for lead in result.leads] == list(REPORT.lead_names)
    places = {place.name: place.box.corners for place in stages.arrangement.places}
    assert {lead.name: lead.box for lead in result.leads} == places
    assert result.page["layout"] == "3x4+1" and len(result.page["corners"]) == 4
    assert (result.page["width"], result.page["height"]) == stages.page.image.size
    assert (result.page["mm_per_s"], result.page["mm_per_mv"]) == (25, 10)
    assert result.page["px_per_mm"] == pytest.approx(8, rel=0.02)
    assert result.quality["px_per_mm"] > 2.6 and result.quality["leads_lost"] == 0
    assert stages.inputs.shape == (13, 150, 150)


def test_a_photographs_times_are_told_by_stage(photographed):
    """Tracing is one of them."""
    times = photographed[0].to_dict()["timing_ms"]
    assert all(times[stage] is not None and times[stage] >= 0 for stage in STAGES if stage != "measure")


def test_a_photographs_leads_are_the_pages(photographed, tiny_reader, normal_page):
    """What the model sees of each lead is mostly what it sees of the report itself, within a few of its pixels."""
    from scipy import ndimage

    seen, printed = photographed[1].inputs, tiny_reader.inspect(normal_page)[1].inputs
    ink = [array > 100 if np.median(array) < 128 else array < 155 for array in (seen, printed)]
    for name, mine, known in zip(REPORT.lead_names, *ink, strict=True):
        assert known.any() and ndimage.maximum_filter(mine, 9)[known].mean() > 0.8, name


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_report_that_lies_otherwise_is_read_as_if_it_stood(tiny_reader, normal_page, turns):
    """Turned by quarters, its rotation told; its verdict comes from leads that were looked for."""
    array = np.rot90(np.asarray(open_picture(normal_page).image), -turns)
    result = tiny_reader.read(array)
    assert result.status == "read"
    assert result.page["rotation"] == {1: 90, 2: 180, 3: -90}[turns] and result.page["corners"] is None
    assert [lead.name for lead in result.leads] == list(REPORT.lead_names)


def test_following_the_leads_changes_no_verdict(tiny_reader, few_pages):
    """It adds signals and numbers alone."""
    for page in few_pages:
        result, stages = tiny_reader.inspect(page.path, trace=True)
        plain = without_times(tiny_reader.read(page.path))
        assert set(stages.traces.signals) == set(REPORT.lead_names)
        assert without_times(result) | {"quality": plain["quality"]} == plain
        assert result.quality["leads_lost"] == 0 and plain["quality"]["leads_lost"] is None
        assert result.timing_ms["trace"] > 0


def test_given_speed_and_gain_are_taken_before_what_the_page_tells(tiny_folder, normal_page):
    """In results of pages that are looked at closely."""
    page = open_picture(normal_page).image.rotate(180)
    result = Reader("tiny", folder=tiny_folder, mm_per_s=50, mm_per_mv=5).read(page)
    assert (result.page["mm_per_s"], result.page["mm_per_mv"]) == (50, 5)


@pytest.mark.parametrize("name", ["mm_per_s", "mm_per_mv"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_speed_and_gain_are_above_zero(tiny_folder, name, value):
    """Else they are the caller's mistake."""
    with pytest.raises(UsageError) as caught:
        Reader("tiny", folder=tiny_folder, **{name: value})
    assert str(caught.value) == f"{name} must be above 0, not {value}"


def test_a_bad_picture_has_its_name_all_the_same(tiny_reader):
    """Also where it could not be opened: a stream by its name, bytes as bytes."""
    named = io.BytesIO(b"")
    named.name = "-"
    assert [tiny_reader.read(s).source for s in (named, b"", io.BytesIO(), "none.jpg")] == [
        "-",
        "bytes",
        "stream",
        "none.jpg",
    ]


def test_a_bad_picture_leaves_no_trace_in_the_next_result(tiny_reader, normal_page):
    """State between pictures is the worst that a reader could keep."""
    before = without_times(tiny_reader.read(normal_page))
    for what in ("a cut file", "a dark room", "one bright pixel", "two columns", "a blank sheet"):
        tiny_reader.read(bad_pictures(normal_page)[what][0])
    assert without_times(tiny_reader.read(normal_page)) == before


# Many


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_sources(tiny_reader, few_pages, odd_pages, jobs):
    """Good and bad ones, fast and slow ones, with one process or two: as if each were read alone."""
    sources = (
        [page.path for page in few_pages]
        + ["none.jpg", b"", few_pages[0].path.read_bytes()]
        + [page.path for page in odd_pages]
    )
    results = list(tiny_reader.read_all(sources, jobs=jobs))
    assert [without_times(r) for r in results] == [without_times(tiny_reader.read(s)) for s in sources]


def test_two_jobs_take_open_files_and_keep_the_readers_arguments(tiny_folder, normal_page):
    """An open file cannot go to another process, its bytes can; the threshold and the folder of models go with them."""
    reader = Reader("tiny", folder=tiny_folder, min_confidence=1)
    with open(normal_page, "rb") as file:
        (result,) = reader.read_all([file], jobs=2)
    assert (result.status, result.source, result.model["name"]) == ("uncertain", str(normal_page), "tiny")


def test_results_are_there_before_all_sources_are(tiny_reader, normal_page):
    """With one job each is read when it is asked for."""
    taken = []

    def sources():
        for turn in range(5):
            taken.append(turn)
            yield normal_page

    results = tiny_reader.read_all(sources())
    next(results)
    assert taken == [0]
    results.close()


@pytest.mark.parametrize("jobs", [0, -1])
def test_jobs_are_at_least_one(tiny_reader, jobs):
    """Before anything is read."""
    with pytest.raises(UsageError, match=f"^jobs must be at least 1, not {jobs}$"):
        list(tiny_reader.read_all(["none.jpg"], jobs=jobs))


def test_a_worker_that_dies_is_an_error_in_words(tiny_reader, normal_page):
    """For want of memory, mostly: the other worker is ended and nothing hangs."""
    import multiprocessing

    results = tiny_reader.read_all([normal_page] * 40, jobs=2)
    next(results)
    os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
    with pytest.raises(InstallationError) as caught:
        list(results)
    assert (
        str(caught.value) == "A process ended before its page was read, perhaps for want of memory: use fewer --jobs."
    )
    assert not multiprocessing.active_children()


DRIVER = """
import sys
from ecg_edge import Reader
if __name__ == "__main__":
    results = Reader("tiny", folder=sys.argv[1]).read_all([sys.argv[2]] * 200, jobs=2)
    next(results)
    import multiprocessing
    print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    for _ in results:
        pass
"""


def test_workers_end_with_a_parent_that_is_killed(tiny_folder, normal_page, tmp_path):
    """Else they would wait for ever, 80 MB each."""
    (tmp_path / "driver.py").write_text(DRIVER)
    command = [sys.executable, tmp_path / "driver.py", tiny_folder, normal_page]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        children = [int(number) for number in parent.stdout.readline().split()]
        parent.kill()
    assert len(children) == 2
    deadline = time.monotonic() + 20
    while any(alive(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(child) for child in children)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_the_package_shows_its_names_and_no_others():
    """`from ecg_edge import Reader` works; a name that is not there says so."""
    assert set(ecg_edge.__all__) <= set(dir(ecg_edge))
    assert all(getattr(ecg_edge, name) is not None for name in ecg_edge.__all__)
    with pytest.raises(AttributeError, match="^module 'ecg_edge' has no attribute 'reed'$"):
        _ = ecg_edge.reed
