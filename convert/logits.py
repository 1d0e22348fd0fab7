"""Finer steps for the logits of an int8 classifier.

int8 gives the logits 256 steps over all that they ever reach. Leads that a network is very sure of stretch them so far that two
classes which differ by less than a step come out equal, and the verdict falls to the first of them. But softmax sees differences
alone: shifting all logits of a row changes nothing, and far below the largest one they no longer count.
"""

import numpy as np

REACH = 8.0
"""Logits this far below the largest give probabilities of e^-8, a tenth of an int8 output's step."""


def centre(model):
    """Shift the weights of the Keras `model`'s last layer, in place, so that the logits of every row sum to 0.

    The probabilities stay what they are; the largest logit of a row is never below 0 from now on.
    """
    last = model.layers[-1]
    last.set_weights([weights - weights.mean(axis=-1, keepdims=True) for weights in last.get_weights()])


def find_range(probabilities):
    """(low, high) of what centred logits need, from the (N, classes) probabilities of some training leads.

    Below `-REACH` a logit is nothing beside the largest one, which is not below 0; above the greatest second largest one and
    `REACH`, the largest has won.
    """
    logits = np.log(np.maximum(np.asarray(probabilities, np.float64), 1e-37))
    logits -= logits.mean(axis=1, keepdims=True)
    second = np.sort(logits, axis=1)[:, -2]
    return -REACH, float(max(second.max(), 0.0) + REACH)


def narrow(data, low, high):
    """The .tflite bytes `data` (int8) with the logits quantised over `low` to `high` where they reached further."""
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(data))
    graph = model.subgraphs[0]
    softmax = next(
        op
        for op in graph.operators
        if model.operatorCodes[op.opcodeIndex].builtinCode == schema.BuiltinOperator.SOFTMAX
    )
    quantisation = graph.tensors[softmax.inputs[0]].quantization
    scale, zero_point = float(quantisation.scale[0]), int(quantisation.zeroPoint[0])
    low, high = max(low, scale * (-128 - zero_point)), min(high, scale * (127 - zero_point))
    scale = (high - low) / 255
    quantisation.scale = np.array([scale], np.float32)
    quantisation.zeroPoint = np.array([round(-128 - low / scale)], np.int64)
    quantisation.min = quantisation.max = None
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
