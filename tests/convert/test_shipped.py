"""The models that ship: cards true, parity passed, no state."""

import functools
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convert import page_shipping, parity, shipping
from convert.__main__ import GATES
from ecg_edge.classifier import card, page_input, verdict
from ecg_edge.classifier.runtime import RUNTIMES, Network, usable_runtimes
from ecg_edge.image import open_picture
from ecg_edge.layout import CLASSES
from ecg_edge.page.page import find_page
from ecg_edge.preprocessing import crops, filters
from ecg_edge.trace.lead_traces import trace_page
from train import splits
from train.choices import Choices

MODELS = ("cnn", "crnn", "page")
OF_LEADS = ("cnn", "crnn")
RESULTS = Path(__file__).parents[2] / "benchmarks/results"


def inputs(path, name="cnn"):
    """What a model sees of a page: images of leads, or windows as the network takes them."""
    page = find_page(open_picture(path).image)
    if name not in OF_LEADS:
        found = card.read_card(name)
        tensor = page_input.page_tensor(trace_page(page.ink, page.arrangement).signals)
        return page_input.quantise(tensor, found["input.scale"], found["input.zero_point"])
    steps = [filters.lead_steps(gray) for gray in crops.crop(page.gray, page.template).values()]
    return np.stack([filters.to_model_input(step.ink) for step in steps])


def say(network, seen):
    """Probabilities for images of leads, or for windows of a page, whose network answers with logits."""
    return network.probabilities(seen) if seen.ndim == 3 else verdict.answers(network.run(seen), len(CLASSES))[0]


@pytest.fixture(scope="module")
def of_folds():
    """`shipping.from_folds`, which chooses and scores once for each model."""
    return functools.cache(shipping.from_folds)


@pytest.mark.parametrize("name", MODELS)
def test_cards_name_their_files(name):
    """A card's bytes and SHA-256 are those of the file beside it, and its tensors those that the runtime sees."""
    found = card.read_card(name)
    data = found.read_model()
    assert len(data) == found["file.bytes"] and hashlib.sha256(data).hexdigest() == found["file.sha256"]
    for runtime in usable_runtimes():
        network = Network(data, runtime)
        assert network.input_shape == tuple(found["input.shape"][1:])
        for end, tensor in network.quantisation().items():
            assert tensor == {key: found[end][key] for key in ("dtype", "scale", "zero_point")}


@pytest.mark.parametrize("name", MODELS)
def test_shipped_models_pass_the_parity_gate(name):
    """The kept parity of the shipped bytes is within the limits in every runtime, on pages that the model was not trained on; lead
    verdicts of a model of all pages are held to theirs out of fold, and stand on the card."""
    training = card.read_card(name)["training.protocol"]
    kept = json.loads((RESULTS / training / f"{name}-parity.json").read_text())
    measured = {runtime: found for runtime, found in kept["formats"]["int8"].items() if isinstance(found, dict)}
    assert set(measured) == {"ai-edge-litert", "tflite-runtime"}
    for runtime, found in measured.items():
        assert parity.failures(found, GATES[training] if name in OF_LEADS else page_shipping.GATE) == []
        assert card.read_card(name)["parity"]["this file"][runtime]["lead_agreement"] == found["lead_agreement"]
    if training == "all":
        kept_of_folds = card.read_card(name)["parity"]["out of fold"]
        assert all(found["lead_agreement"] >= parity.LIMITS["lead_agreement"] for found in kept_of_folds.values())
    assert kept["bytes"]["int8"] == card.read_card(name)["file.bytes"]


@pytest.mark.parametrize("name", MODELS)
def test_cards_carry_only_choices_that_were_made(name, of_folds):
    """A model of the paper's split has nothing chosen; one of all pages what its pooled out-of-fold predictions give."""
    found = card.read_card(name)
    if found["training.protocol"] == "all":
        trust, figures, _ = of_folds(name, name not in OF_LEADS)
        chosen = trust["choices"]
        assert _in_digits(found["metrics"]) == _in_digits(figures)
        assert found["calibration.ece"] == pytest.approx(trust["ece"], rel=1e-12)
        assert name in OF_LEADS or _in_digits(found["doubt"]) == _in_digits(trust["doubt"])
    else:
        chosen = Choices()
        assert found["calibration.method"] == "none" and set(found["metrics"]) == {"paper"}
    assert found["aggregation"] == {"method": chosen.method, "weights": chosen.weights and list(chosen.weights)}
    assert found["calibration.temperature"] == chosen.temperature and found["min_confidence"] == chosen.min_confidence
    assert found["calibration"].get("bias") == (chosen.bias and list(chosen.bias))


def _in_digits(value):
    """JSON whose floats have twelve digits: sums differ in the last one from processor to processor."""
    return json.loads(json.dumps(value), parse_float=lambda digits: float(f"{float(digits):.12g}"))


def test_pooled_predictions_of_the_folds_pass_the_gate(of_folds):
    """Out of fold, int8 agrees with Keras in every runtime; what other folds' pages choose calibrates a fold's."""
    trust, figures, pooled = of_folds("crnn", False)
    assert set(pooled) == set(RUNTIMES) and set(figures) == {"distinct", "uncurated"}
    assert all(parity.failures(found) == [] and found["distinct_pages"] == 490 for found in pooled.values())
    assert trust["ece"] <= 0.05 and 0 < trust["choices"].min_confidence < 1


def test_figures_on_a_card_do_not_come_from_the_pages_that_chose(monkeypatch):
    """Labels of one fold's pages changed: what is chosen for that fold stays, and so do all its probabilities."""
    judged = {}
    judge = shipping._judge

    def keep(made, rows, chosen):
        judged.setdefault(len(judged), [(row, chosen[row.fold]) for row in rows])
        return judge(made, rows, chosen)

    monkeypatch.setattr(shipping, "_judge", keep)
    shipping.from_folds("crnn")
    rows = [replace(row, label="normal") if row.fold == 1 else row for row in splits.read_distinct()]
    monkeypatch.setattr(splits, "read_distinct", lambda: rows)
    shipping.from_folds("crnn")
    calls = len(judged) // 2
    before, after = ({row.fold: chosen for row, chosen in judged[i]} for i in (0, calls))
    assert before[1] == after[1] and before[0] != after[0]


@pytest.mark.parametrize("name", MODELS)
def test_no_state_survives_a_call(name, few_pages, odd_pages):
    """Leads (windows of a page) read alone, together, and again after others give the same probabilities, bit for bit."""
    first, second = (
        inputs(page.path, name) for page in ((odd_pages if name == "page" else few_pages)[0], few_pages[1])
    )
    assert len(first) > 1
    for runtime in usable_runtimes():
        network = Network(card.read_card(name).read_model(), runtime)
        before = say(network, first)
        say(network, second)
        assert np.array_equal(say(network, first), before)
        backwards = np.concatenate([say(network, lead[None]) for lead in first[::-1]])[::-1]
        assert np.array_equal(backwards, before)


@pytest.mark.parametrize("name", MODELS)
def test_runtimes_agree_on_verdicts(name, few_pages):
    """Both runtimes give each page the same verdict, and probabilities within a few steps of 1/256 on average."""
    found = usable_runtimes()
    for page in few_pages:
        answers = [
            say(Network(card.read_card(name).read_model(), runtime), inputs(page.path, name)) for runtime in found
        ]
        for answer in answers[1:]:
            assert answer.mean(axis=0).argmax() == answers[0].mean(axis=0).argmax()
            assert np.abs(answer - answers[0]).mean() < 4 / 256


def test_the_page_model_is_small_and_the_default():
    """At most a megabyte; what `ecg-edge` reads with where nothing else is asked for."""
    assert card.DEFAULT_MODEL == "page"
    assert card.read_card("page")["file.bytes"] <= 1_000_000


def test_float16_crnn_agrees_with_int8(few_pages):
    """The float16 file that the repository keeps gives the int8 model's page verdicts."""
    exact = (card.models_folder() / "crnn-float16.tflite").read_bytes()
    (runtime, *_) = usable_runtimes()
    for page in few_pages:
        seen = inputs(page.path)
        verdicts = {
            Network(data, runtime).probabilities(seen).mean(axis=0).argmax()
            for data in (exact, card.read_card("crnn").read_model())
        }
        assert len(verdicts) == 1
