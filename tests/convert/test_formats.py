"""Converting: formats, determinism, and the arithmetic between an LSTM's products."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ecg_edge.classifier.runtime import Network, usable_runtimes

from .. import needs_tensorflow

ROOT = Path(__file__).parents[2]
CONVERT = """
import sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
import numpy as np
from convert import formats
images = np.random.default_rng(0).integers(0, 256, (20, 24, 24), dtype=np.uint8)
for path in map(Path, sys.argv[2:]):
    if path.stem == "plain":
        formats.widen = lambda data: data
    path.write_bytes(formats.convert(sys.argv[1], "float32" if path.stem == "float32" else "int8", images))
"""
BUILD = """
import sys
import keras
from keras import layers
keras.utils.set_random_seed(3)
lead = keras.Input((24, 24, 3), name="lead")
x = layers.Conv2D(8, 3, activation="relu", name="conv")(lead)
x = layers.MaxPooling2D(2, name="pool")(x)
x = layers.TimeDistributed(layers.Flatten(name="flatten"), name="rows")(x)
x = layers.LSTM(16, unroll=True, name="lstm", kernel_initializer=keras.initializers.RandomNormal(stddev=2.0))(x)
keras.Model(lead, layers.Dense(4, activation="softmax", name="classes")(x), name="small").save(sys.argv[1])
"""


def python(code, *arguments):
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder with a small CNN-RNN, and it converted in one process: as int8, as float32, and as int8 without wide arithmetic."""
    folder = tmp_path_factory.mktemp("small")
    python(
        BUILD + CONVERT, *(folder / name for name in ("small.keras", "int8.tflite", "float32.tflite", "plain.tflite"))
    )
    return folder


@pytest.fixture(scope="module")
def int8(small):
    """The small model as int8."""
    return (small / "int8.tflite").read_bytes()


def leads(count=9):
    return np.random.default_rng(1).integers(0, 256, (count, 24, 24), dtype=np.uint8)


@needs_tensorflow
def test_the_same_input_gives_the_same_bytes(small, int8):
    """A second conversion in a fresh process ends in equal bytes."""
    python(CONVERT, small / "small.keras", small / "again.tflite")
    assert (small / "again.tflite").read_bytes() == int8


@needs_tensorflow
def test_int8_is_integer_throughout(int8):
    """int8 in and out, weights of products and convolutions per channel or int8, and no float tensor anywhere."""
    for runtime in usable_runtimes():
        network = Network(int8, runtime)
        ends = network.quantisation()
        assert ends["input"] == {"dtype": "int8", "scale": pytest.approx(1 / 255), "zero_point": -128}
        assert ends["output"] == {"dtype": "int8", "scale": pytest.approx(1 / 256), "zero_point": -128}
        interpreter = runtime.interpreter.Interpreter(model_content=int8)
        details = interpreter.get_tensor_details()
        kinds = {np.dtype(tensor["dtype"]).name for tensor in details}
        assert kinds <= {"int8", "int16", "int32"} and "int16" in kinds
        assert any(len(tensor["quantization_parameters"]["scales"]) == 8 for tensor in details)


@needs_tensorflow
def test_int8_lstm_stays_near_float(small, int8):
    """Wide arithmetic between products keeps int8 within 0.02 of float32 on average, where plain int8 is much further."""
    for runtime in usable_runtimes():
        exact, wide, narrow = (
            Network(data, runtime).probabilities(leads(100))
            for data in ((small / "float32.tflite").read_bytes(), int8, (small / "plain.tflite").read_bytes())
        )
        assert np.abs(wide - exact).mean() < 0.02
        assert np.abs(wide - exact).mean() < 0.6 * np.abs(narrow - exact).mean()


@needs_tensorflow
def test_a_batch_equals_single_leads(int8):
    """The batch is free, and nine leads in one call give what nine calls give."""
    for runtime in usable_runtimes():
        network = Network(int8, runtime)
        together = network.probabilities(leads())
        apart = np.concatenate([network.probabilities(lead[None]) for lead in leads()])
        assert np.array_equal(together, apart)


@needs_tensorflow
def test_widening_leaves_models_without_gates_alone():
    """A model without sigmoids keeps its bytes."""
    from convert.widen import widen

    data = (ROOT / "tests/data/tiny/tiny.tflite").read_bytes()
    assert widen(data) == data
