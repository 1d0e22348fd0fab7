"""The head of the page model as a graph of its own."""

from pathlib import Path

import numpy as np
import pytest

from convert.head import JOINT, with_head
from ecg_edge.classifier.card import models_folder, read_card
from ecg_edge.classifier.runtime import Network, find_runtime


def without_head(data):
    """The bytes of a file of `with_head` as the converter made it."""
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(data))
    del model.subgraphs[1:], model.signatureDefs[1:]
    model.subgraphs[0].outputs = model.subgraphs[0].outputs[:1]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def test_the_shipped_file_is_what_the_converter_made_and_its_head():
    """Byte for byte; the output of the whole graph is the converter's, and the head adds its tables alone, not the weights again."""
    shipped = read_card("page").read_model()
    plain = without_head(shipped)
    assert with_head(plain) == shipped and len(shipped) < 1.06 * len(plain)
    networks = [Network(data, find_runtime()) for data in (plain, shipped)]
    windows = np.random.default_rng(0).integers(-128, 128, (3, *networks[0].input_shape)).astype(np.int8)
    rows = [network.run(windows) for network in networks]
    np.testing.assert_array_equal(*rows)
    assert networks[0].run_with_features(windows)[1] == []


def test_a_graph_without_features_of_leads_is_refused():
    """The paper's networks see one picture of a lead, and have none to be named."""
    data = (Path(models_folder()) / "crnn.tflite").read_bytes()
    assert JOINT not in data
    with pytest.raises(ValueError, match="no page model"):
        with_head(data)
