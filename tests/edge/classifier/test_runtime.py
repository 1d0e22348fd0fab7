"""The TensorFlow Lite runtimes."""

import platform
from importlib import import_module, metadata

import numpy as np
import pytest

from ecg_edge.classifier import card as cards
from ecg_edge.classifier import runtime as runtimes
from ecg_edge.classifier.runtime import KERNELS, RUNTIMES, Network, find_runtime, usable_runtimes
from ecg_edge.errors import DamagedModelError, NoRuntimeError, UsageError

INSTALLED = usable_runtimes()


@pytest.fixture(params=INSTALLED, ids=lambda runtime: runtime.name)
def runtime(request):
    return request.param


@pytest.fixture(scope="module")
def data(tiny_folder):
    return cards.read_card("tiny", tiny_folder).read_model()


@pytest.fixture(scope="module")
def leads():
    """Thirteen unlike (150, 150) uint8 pictures."""
    draw = np.random.default_rng(5)
    return np.stack(
        [np.where(draw.random((150, 150)) < share, 255, 0).astype(np.uint8) for share in np.linspace(0.01, 0.5, 13)]
    )


def test_at_least_one_runtime_works_here():
    """Else nothing of this file would be tested."""
    assert INSTALLED


def test_the_first_that_works_is_found():
    """The faster one, LiteRT, comes first."""
    assert list(RUNTIMES) == ["ai-edge-litert", "tflite-runtime"]
    assert find_runtime().name == INSTALLED[0].name


def test_a_runtime_knows_its_name_and_version(runtime):
    """As pip does."""
    assert runtime.version == metadata.version(runtime.name)
    assert find_runtime(runtime.name) == runtime


def test_the_network_knows_its_input(runtime, data):
    """One lead of 150 x 150 in three channels, int8 as the card says."""
    network = Network(data, runtime)
    assert network.input_shape == (150, 150, 3)
    assert network.quantise(np.zeros((1, 150, 150), np.uint8)).dtype == np.int8


def test_thirteen_leads_at_once_equal_thirteen_one_by_one(runtime, data, leads):
    """A batch changes nothing, bit for bit."""
    network = Network(data, runtime)
    together = network.probabilities(leads)
    alone = np.concatenate([Network(data, runtime).probabilities(lead[None]) for lead in leads])
    assert together.shape == (13, 4) and together.dtype == np.float32
    assert np.array_equal(together, alone)
    assert len(np.unique(together, axis=0)) > 5, "unlike leads have unlike answers"


def test_two_threads_give_what_one_gives(runtime, data, leads):
    """Threads change the time alone."""
    assert np.array_equal(
        Network(data, runtime, threads=2).probabilities(leads), Network(data, runtime).probabilities(leads)
    )


def test_probabilities_sum_to_one_but_for_steps_of_the_output(runtime, data, leads):
    """int8 outputs have steps of 1/256."""
    rows = Network(data, runtime).probabilities(leads)
    assert (rows >= 0).all() and (rows <= 1).all()
    assert np.abs(rows.sum(axis=1) - 1).max() <= 2 / 256
    assert np.array_equal(rows * 256, np.rint(rows * 256))


@pytest.mark.parametrize("kernels", list(KERNELS))
def test_every_kernel_set_agrees_within_ten_steps(runtime, data, leads, kernels):
    """default (LiteRT's XNNPACK differs most: 9 steps here), builtin and reference kernels differ by rounding; verdicts stay."""
    rows = Network(data, runtime, kernels=kernels).probabilities(leads)
    reference = Network(data, runtime, kernels="reference").probabilities(leads)
    assert np.abs(rows - reference).max() <= 10 / 256
    assert (rows[np.arange(13), reference.argmax(axis=1)] == rows.max(axis=1)).all()


@pytest.mark.skipif(len(INSTALLED) < 2, reason="one runtime alone is installed")
def test_both_runtimes_agree_bit_for_bit_without_delegates(data, leads):
    """The same kernels in two wheels; on arm64, where each has its own optimised ones, the reference kernels."""
    kernels = "builtin" if platform.machine() == "x86_64" else "reference"
    one, other = (Network(data, runtime, kernels=kernels).probabilities(leads) for runtime in INSTALLED)
    assert np.array_equal(one, other)


def installed_models(tiny_folder):
    yield "tiny", tiny_folder
    for name in cards.list_names():
        yield name, None


@pytest.mark.slow
def test_no_state_survives_from_one_invoke_to_the_next(runtime, tiny_folder, leads):
    """For the tiny model and every installed one: a lead's answer does not depend on what was read before (fused LSTMs keep state)."""
    for name, folder in installed_models(tiny_folder):
        card = cards.read_card(name, folder)
        if card["input.kind"] != "lead_image":
            continue
        network = Network(card.read_model(), runtime)
        first = network.probabilities(leads[:3])
        network.probabilities(leads[::-1])
        network.probabilities(np.full((3, 150, 150), 255, np.uint8))
        assert np.array_equal(network.probabilities(leads[:3]), first), name


def test_an_output_is_a_copy(runtime, data, leads):
    """What one reading holds is not overwritten by the next."""
    network = Network(data, runtime)
    first = network.probabilities(leads[:1])
    before = first.copy()
    network.probabilities(leads[5:6])
    assert np.array_equal(first, before)


# Quantising


def table(dtype, scale=1 / 255, zero_point=-128):
    return runtimes._levels_of({"dtype": dtype, "quantization": (scale, zero_point)})


def test_for_float_models_255_is_one():
    """Gray levels are divided by 255, in float32."""
    levels = table(np.float32, 0.0, 0)
    assert levels.dtype == np.float32 and (levels[0], levels[255]) == (0, 1)
    assert np.array_equal(levels, (np.arange(256) / np.float32(255)).astype(np.float32))


def test_for_int8_models_a_level_is_the_gray_level_minus_128():
    """Scale 1/255 and zero point −128 make the division exact."""
    levels = table(np.int8, np.float32(1 / 255))
    assert levels.dtype == np.int8
    assert np.array_equal(levels.astype(int), np.arange(256) - 128)


def test_for_uint8_models_a_level_is_the_gray_level():
    """Zero point 0."""
    assert np.array_equal(table(np.uint8, 1 / 255, 0), np.arange(256).astype(np.uint8))


def test_levels_beyond_the_type_are_clipped():
    """They do not wrap around."""
    levels = table(np.int8, 1 / 510)
    assert levels.max() == 127 and levels.min() == -128 and (np.diff(levels.astype(int)) >= 0).all()


def test_a_tensor_is_the_levels_in_three_equal_channels(runtime, data, leads):
    """The tiny model's int8 input is the picture minus 128, three times."""
    tensor = Network(data, runtime).quantise(leads)
    assert tensor.shape == (13, 150, 150, 3)
    for channel in range(3):
        assert np.array_equal(tensor[..., channel].astype(int), leads.astype(int) - 128)


def test_the_quantisation_is_the_cards(runtime, data, tiny_folder):
    """What the card says of the file is what the runtime finds in it."""
    card = cards.read_card("tiny", tiny_folder)
    found = Network(data, runtime).quantisation()
    for end in ("input", "output"):
        assert found[end] == {key: card[f"{end}.{key}"] for key in ("dtype", "scale", "zero_point")}


# What cannot be


def test_an_unknown_name_is_the_callers_mistake():
    """The message names those that there are."""
    with pytest.raises(UsageError, match="^no runtime 'onnx': there are ai-edge-litert, tflite-runtime$"):
        find_runtime("onnx")


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", None])
def test_threads_are_a_whole_number_from_one(runtime, data, threads):
    """Anything else is the caller's mistake, not the model's."""
    with pytest.raises(UsageError) as caught:
        Network(data, runtime, threads=threads)
    assert str(caught.value) == f"threads must be a whole number of at least 1, not {threads}"


def remove(monkeypatch, *names):
    known = metadata.version

    def version(name):
        if name in names:
            raise metadata.PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(runtimes.metadata, "version", version)


def test_a_runtime_that_is_not_installed_says_how_to_install_it(monkeypatch):
    """Asked for by name."""
    remove(monkeypatch, "tflite-runtime")
    with pytest.raises(NoRuntimeError) as caught:
        find_runtime("tflite-runtime")
    assert str(caught.value) == (
        "No TensorFlow Lite runtime can be used. tflite-runtime is not installed (pip install tflite-runtime)."
    )


def test_without_any_runtime_each_is_accounted_for(monkeypatch):
    """The person sees why each of them cannot be used."""
    remove(monkeypatch, *RUNTIMES)
    with pytest.raises(NoRuntimeError) as caught:
        find_runtime()
    assert str(caught.value) == (
        "No TensorFlow Lite runtime can be used. ai-edge-litert is not installed (pip install ai-edge-litert)."
        " tflite-runtime is not installed (pip install tflite-runtime)."
    )


def test_the_other_runtime_is_taken_where_the_first_is_missing(monkeypatch):
    """Preference is no condition."""
    if len(INSTALLED) < 2:
        pytest.skip("one runtime alone is installed")
    remove(monkeypatch, "ai-edge-litert")
    assert find_runtime().name == "tflite-runtime"


def test_numpy_2_beside_tflite_runtime_is_said_before_it_crashes(monkeypatch):
    """Its import succeeds with NumPy 2 and its interpreter does not: neither is tried."""
    monkeypatch.setattr(runtimes.metadata, "version", lambda name: "2.14.0")
    monkeypatch.setattr(np, "__version__", "2.1.3")
    monkeypatch.setattr(runtimes, "import_module", lambda name: pytest.fail("it must not be imported"))
    with pytest.raises(NoRuntimeError) as caught:
        find_runtime("tflite-runtime")
    assert str(caught.value) == (
        "No TensorFlow Lite runtime can be used. tflite-runtime 2.14.0 needs NumPy 1, and NumPy 2.1.3 is installed"
        " (pip install 'numpy<2', or pip install ai-edge-litert)."
    )


@pytest.mark.parametrize(
    "error", [ImportError("libfoo.so.3: cannot open shared object file"), AttributeError("_ARRAY_API not found")]
)
def test_a_broken_runtime_shows_its_real_error(monkeypatch, error):
    """Not 'no runtime', which would hide what is wrong."""

    def fail(name):
        raise error

    monkeypatch.setattr(runtimes.metadata, "version", lambda name: "2.3.0")
    monkeypatch.setattr(runtimes, "import_module", fail)
    with pytest.raises(NoRuntimeError) as caught:
        find_runtime("ai-edge-litert")
    assert str(caught.value) == (
        "No TensorFlow Lite runtime can be used. ai-edge-litert 2.3.0 is installed and cannot be loaded"
        f" ({type(error).__name__}: {error})."
    )


def test_a_broken_first_runtime_does_not_hide_a_working_second(monkeypatch):
    """The other one is used."""
    if len(INSTALLED) < 2:
        pytest.skip("one runtime alone is installed")

    def fail(name):
        if name.startswith("ai_edge_litert"):
            raise ImportError("broken")
        return import_module(name)

    monkeypatch.setattr(runtimes, "import_module", fail)
    assert find_runtime().name == "tflite-runtime"


def test_bytes_that_the_runtime_will_not_load_are_a_damaged_model(runtime):
    """The runtime's own error stands in the message."""
    with pytest.raises(DamagedModelError) as caught:
        Network(b"no model", runtime)
    assert str(caught.value).startswith(f"{runtime.name} {runtime.version} cannot load the model: ")


@pytest.mark.slow
@pytest.mark.parametrize(
    "model, kernels, batch", [("crnn", "default", 1), ("crnn", "reference", 13), ("cnn", "default", 13)]
)
def test_where_batches_crash_the_process_inputs_are_run_one_by_one(monkeypatch, leads, model, kernels, batch):
    """On arm64, by tflite-runtime's optimised kernels, networks with int16 tensors; the numbers are the same."""
    there = [runtime for runtime in INSTALLED if runtime.name == "tflite-runtime"]
    if not there:
        pytest.skip("tflite-runtime is not installed")
    bytes_ = cards.read_card(model).read_model()
    few = leads[:3] if kernels == "reference" else leads
    usual = Network(bytes_, there[0], kernels=kernels).probabilities(few)
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    network = Network(bytes_, there[0], kernels=kernels)
    assert np.array_equal(network.probabilities(few), usual)
    assert network._batch == min(batch, len(few))
