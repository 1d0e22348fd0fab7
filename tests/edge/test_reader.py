"""`Reader`: from a picture to a result."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ecg_edge
from ecg_edge import Reader
from ecg_edge.classifier.verdict import aggregate, calibrate
from ecg_edge.errors import NoModelError, UsageError
from ecg_edge.image import open_picture
from ecg_edge.layout import REPORT
from ecg_edge.preprocessing import filters
from ecg_edge.result import STAGES

from .pictures import without_times


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


@pytest.mark.slow
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
    assert (result.status, result.message) == ("read", "The file holds 2 pages; the first was read.")


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


@pytest.mark.parametrize(
    "arguments",
    [{"page": "1"}, {"page": 1.0}, {"recorded_at": 5}, {"age": "63"}, {"sex": 1}, {"jobs": "2"}, {"jobs": 1.5}],
)
def test_an_argument_of_another_type_is_named(tiny_reader, arguments):
    """Before anything is read, and by words of ours, not by a TypeError from within."""
    called = "time of recording" if "recorded_at" in arguments else next(iter(arguments))
    with pytest.raises(UsageError, match=called):
        if "jobs" in arguments:
            next(tiny_reader.read_all(["page.jpg"], **arguments))
        tiny_reader.read("page.jpg", **arguments)


@pytest.mark.parametrize("name", ["min_confidence", "mm_per_s", "mm_per_mv", "rate_hz"])
def test_a_setting_that_is_no_number_is_named(tiny_folder, name):
    """A text of one is none."""
    with pytest.raises(UsageError, match=f"^{name} must be a number, not '50'$"):
        Reader("tiny", folder=tiny_folder, **{name: "50"})
    assert Reader("tiny", folder=tiny_folder, **{name: np.float32(1)})


@pytest.mark.parametrize("one", ["page.jpg", Path("page.jpg"), b"page", io.BytesIO(b"page")])
def test_one_source_is_not_taken_for_several(tiny_reader, one):
    """A path is not read letter by letter, a file not line by line."""
    with pytest.raises(UsageError, match="give a list"):
        next(tiny_reader.read_all(one))


@pytest.mark.parametrize("name", ["mm_per_s", "mm_per_mv"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_speed_and_gain_are_above_zero(tiny_folder, name, value):
    """Else they are the caller's mistake."""
    with pytest.raises(UsageError) as caught:
        Reader("tiny", folder=tiny_folder, **{name: value})
    assert str(caught.value) == f"{name} must be above 0, not {value}"


def test_the_package_shows_its_names_and_no_others():
    """`from ecg_edge import Reader` works; a name that is not there says so."""
    assert set(ecg_edge.__all__) <= set(dir(ecg_edge))
    assert all(getattr(ecg_edge, name) is not None for name in ecg_edge.__all__)
    with pytest.raises(AttributeError, match="^module 'ecg_edge' has no attribute 'reed'$"):
        _ = ecg_edge.reed
