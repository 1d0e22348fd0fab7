"""The float32 and the dynamic-range file of a model, made from its float16 file: the weights are the same, and nothing is trained or converted.

A float16 file holds its weights in half precision and widens each by a DEQUANTIZE. For float32 that is done once and for all; for dynamic range
the large weights are then given eight bits, symmetric, as the converter does it: by channel for convolutions, by tensor for full connections (whose
version by channel tflite-runtime 2.14 does not know).
"""

import numpy as np

LEAST_WEIGHTS = 1024
"""What has fewer elements stays float32, as in the converter."""
_HYBRID = {"CONV_2D": (5, 0), "FULLY_CONNECTED": (3, None)}
"""Operators that take int8 weights and float32 activations: their version then, and the axis of channels."""


def to_float32(data):
    """The .tflite bytes of the float32 model that float16 bytes `data` stand for.

    Raises
    ------
    ValueError : no weight of it is float16.
    """
    model, names, write = _read(data)
    graph, kept = model.subgraphs[0], []
    for op in graph.operators:
        source = model.buffers[graph.tensors[op.inputs[0]].buffer].data if len(op.inputs) else None
        if names[op.opcodeIndex] != "DEQUANTIZE" or source is None:
            kept.append(op)
            continue
        _set(model, graph.tensors[op.outputs[0]], np.frombuffer(bytes(source), np.float16).astype(np.float32))
    if len(kept) == len(graph.operators):
        raise ValueError("no float16 weights: this is no float16 model")
    graph.operators = kept
    _drop_unused(model)
    return write(model)


def to_dynamic(data):
    """The .tflite bytes of the dynamic-range model that float16 bytes `data` stand for."""
    model, names, write = _read(to_float32(data))
    graph, done = model.subgraphs[0], {}
    for op in graph.operators:
        name = names[op.opcodeIndex]
        if name not in _HYBRID:
            continue
        version, axis = _HYBRID[name]
        weights = graph.tensors[op.inputs[1]]
        raw = model.buffers[weights.buffer].data
        if int(op.inputs[1]) not in done:
            if raw is None or weights.type != 0 or np.prod(weights.shape) < LEAST_WEIGHTS:
                continue
            _quantise(model, weights, np.frombuffer(bytes(raw), np.float32).reshape(weights.shape), axis)
            done[int(op.inputs[1])] = True
        op.opcodeIndex = _code(model, names, name, version)
    _drop_unused(model)
    return write(model)


def weights_of(data):
    """[float32 array] of the constant weights of float16 bytes `data`, kernels and biases of convolutions and full connections in the order in which they
    are used, as TensorFlow Lite lays them out: (out, h, w, in) and (out, in)."""
    model, names, _ = _read(to_float32(data))
    graph, found = model.subgraphs[0], []
    for op in graph.operators:
        if names[op.opcodeIndex] in _HYBRID:
            for index in op.inputs[1:]:
                tensor = graph.tensors[index]
                raw = bytes(model.buffers[tensor.buffer].data)
                found.append(np.frombuffer(raw, np.float32).reshape(tensor.shape))
    return found


def operators(data):
    """[(name, shapes of inputs, shapes of outputs)] of the operators of .tflite bytes, in the order in which they run; () of inputs that are not given."""
    model, names, _ = _read(data)
    tensors = model.subgraphs[0].tensors

    def shapes(indices):
        return [tuple(int(side) for side in tensors[index].shape) if index >= 0 else () for index in indices]

    return [(names[op.opcodeIndex], shapes(op.inputs), shapes(op.outputs)) for op in model.subgraphs[0].operators]


def _read(data):
    """The model as an object, the name of each of its operator codes, and a function that writes it."""
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(data))
    known = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    names = [known[max(code.builtinCode, code.deprecatedBuiltinCode)] for code in model.operatorCodes]
    return model, names, lambda changed: bytes(flatbuffer_utils.convert_object_to_bytearray(changed))


def _set(model, tensor, values):
    """Let a tensor be a constant of these values, in a buffer of its own."""
    from tensorflow.lite.python import schema_py_generated as schema

    buffer = schema.BufferT()
    buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
    model.buffers.append(buffer)
    tensor.buffer = len(model.buffers) - 1


def _quantise(model, tensor, weights, axis):
    """Give a weight eight bits, symmetric about 0, by channel of `axis` or as a whole."""
    from tensorflow.lite.python import schema_py_generated as schema

    others = None if axis is None else tuple(i for i in range(weights.ndim) if i != axis)
    scale = np.maximum(np.abs(weights).max(axis=others, keepdims=True), 1e-12) / 127
    _set(model, tensor, np.clip(np.rint(weights / scale), -127, 127).astype(np.int8))
    tensor.type = schema.TensorType.INT8
    tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.scale = scale.astype(np.float32).ravel()
    tensor.quantization.zeroPoint = np.zeros(scale.size, np.int64)
    tensor.quantization.quantizedDimension = axis or 0


def _code(model, names, name, version):
    """The index of the operator code of this name and version, added where it is not there."""
    import copy

    for index, code in enumerate(model.operatorCodes):
        if names[index] == name and code.version == version:
            return index
    code = copy.copy(model.operatorCodes[names.index(name)])
    code.version = version
    model.operatorCodes.append(code)
    names.append(name)
    return len(names) - 1


def _drop_unused(model):
    """Empty the buffers that no operator reads any more: half-precision weights that were widened."""
    graph = model.subgraphs[0]
    used = {int(index) for op in graph.operators for ends in (op.inputs, op.outputs) for index in ends if index >= 0}
    used |= {int(index) for index in (*graph.inputs, *graph.outputs)}
    read = {graph.tensors[index].buffer for index in used}
    held = {metadata.buffer for metadata in model.metadata or ()}
    for number, buffer in enumerate(model.buffers):
        if number not in read | held:
            buffer.data = None
    for number, tensor in enumerate(graph.tensors):
        if number not in used:
            tensor.buffer = 0
