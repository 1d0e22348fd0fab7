"""Finer steps for logits."""

from pathlib import Path

import numpy as np
import pytest

from convert import logits
from ecg_edge.classifier.runtime import Network, usable_runtimes

from .. import needs_tensorflow

TINY = Path(__file__).parents[1] / "data/tiny/tiny.tflite"


def softmax(values):
    exponents = np.exp(values - values.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def test_the_range_holds_every_logit_that_counts():
    """Cut to the range, centred logits give the same probabilities within a quarter of an int8 step."""
    random = np.random.default_rng(0)
    centred = random.normal(0, 8, (500, 4))
    centred -= centred.mean(axis=1, keepdims=True)
    low, high = logits.find_range(softmax(centred))
    assert high - low < np.ptp(centred)
    cut = softmax(np.clip(centred, low, high))
    assert np.abs(cut - softmax(centred)).max() < 0.25 / 256


@needs_tensorflow
def test_centring_changes_no_probability():
    """A classifier with centred logits answers as before, and its logits sum to 0."""
    import keras

    keras.utils.set_random_seed(1)
    lead = keras.Input((6,))
    model = keras.Model(lead, keras.layers.Dense(4, activation="softmax", bias_initializer="normal")(lead))
    rows = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    before = np.asarray(model.predict_on_batch(rows))
    logits.centre(model)
    assert np.asarray(model.predict_on_batch(rows)) == pytest.approx(before, abs=1e-6)
    weights, bias = model.layers[-1].get_weights()
    assert (rows @ weights + bias).sum(axis=1) == pytest.approx(np.zeros(20), abs=1e-5)


@needs_tensorflow
def test_narrow_logits_run_in_every_runtime_with_finer_steps():
    """Halving the range halves the step, and both runtimes still give nearly the same probabilities."""
    data = TINY.read_bytes()
    for runtime in usable_runtimes():
        details = {}
        for name, held in (("plain", data), ("narrow", logits.narrow(data, -0.5, 0.5))):
            interpreter = runtime.interpreter.Interpreter(model_content=held)
            details[name] = {t["name"]: t["quantization"] for t in interpreter.get_tensor_details()}
        changed = [key for key, value in details["plain"].items() if details["narrow"].get(key) != value]
        assert len(changed) == 1
        assert details["narrow"][changed[0]][0] < details["plain"][changed[0]][0]


@needs_tensorflow
def test_a_range_wider_than_the_logits_changes_nothing_that_counts():
    """Narrowing never widens: with a generous range the answers are the same, bit for bit."""
    data = TINY.read_bytes()
    images = np.random.default_rng(0).integers(0, 256, (5, 150, 150), dtype=np.uint8)
    for runtime in usable_runtimes():
        plain, same = (Network(held, runtime).probabilities(images) for held in (data, logits.narrow(data, -1e3, 1e3)))
        assert np.array_equal(plain, same)
