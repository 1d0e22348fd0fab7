"""Wider arithmetic between the int8 matrix products of an unrolled LSTM.

Post-training quantisation gives every tensor eight bits. For an LSTM that is too few in two places: the products
before the gates reach far into the flat parts of sigmoid and tanh, and the cell state adds up its rounding errors over
the steps. TensorFlow Lite's own integer LSTM keeps eight-bit weights and products and does what lies between them in
sixteen bits; this does the same to the unrolled graph, whose LSTM kernel would carry state between calls.
"""

import copy

import numpy as np

GATE_REACH = 12.0
"""Products are cut at ± this: sigmoid and tanh are flat long before the sum of two such products and a bias."""

_ELEMENTWISE = {"ADD": 3, "MUL": 4, "LOGISTIC": 3, "TANH": 3, "SPLIT": 4}
"""Operators done in 16 bits, with the versions of them that take int16."""


def widen(data):
    """The .tflite bytes `data` (full-integer int8) with element-wise operators in int16; without such, unchanged.

    Inputs, outputs, weights and matrix products stay int8. A tensor that passes from one to the other is cast by an
    operator of its own.
    """
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(data))
    graph = _Graph(model, schema)
    if graph.rewrite():
        data = bytes(flatbuffer_utils.convert_object_to_bytearray(model))
    return data


class _Graph:
    """A model's one subgraph while it is rewritten."""

    def __init__(self, model, schema):
        self.model, self.schema, self.graph = model, schema, model.subgraphs[0]
        self.names = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
        self.operators = []
        self.products = set()
        self.casts = {}

    def rewrite(self):
        """Rewrite in place; whether there was anything to widen."""
        old = self.graph.operators
        if not any(self._kind(op) == "LOGISTIC" for op in old):
            return False
        constants = (
            set(range(len(self.graph.tensors))) - {int(t) for op in old for t in op.outputs} - set(self.graph.inputs)
        )
        self.products = {int(t) for op in old if self._kind(op) == "FULLY_CONNECTED" for t in op.outputs}
        wide = {int(t) for op in old if self._kind(op) in _ELEMENTWISE for t in op.outputs}
        narrow = {t: copy.deepcopy(self.graph.tensors[t].quantization) for t in wide}
        for op in old:
            elementwise = self._kind(op) in _ELEMENTWISE
            inputs = [int(t) for t in op.inputs]
            if elementwise:
                inputs = [t if t in wide or not self._is_int8(t) else self._to_int16(t, t in constants) for t in inputs]
                for t in op.outputs:
                    self._make_int16(int(t), self._kind(op))
            else:
                inputs = [self._to_int8(t, narrow[t]) if t in wide else t for t in inputs]
            op.inputs = inputs
            if elementwise:
                op.opcodeIndex = self._code(self._kind(op), _ELEMENTWISE[self._kind(op)])
            self.operators.append(op)
        self.graph.operators = self.operators
        return True

    def _kind(self, op):
        code = self.model.operatorCodes[op.opcodeIndex]
        return self.names[max(code.builtinCode, code.deprecatedBuiltinCode)]

    def _is_int8(self, tensor):
        return tensor >= 0 and self.graph.tensors[tensor].type == self.schema.TensorType.INT8

    def _range(self, quantization):
        scale, zero_point = float(quantization.scale[0]), int(quantization.zeroPoint[0])
        return max(abs(scale * (-128 - zero_point)), abs(scale * (127 - zero_point)))

    def _make_int16(self, tensor, kind):
        """Give a tensor 16 bits: of the range that it had, and of exactly 1 after a sigmoid or tanh, as kernels demand."""
        held = self.graph.tensors[tensor]
        scale = 1 / 32768 if kind in ("LOGISTIC", "TANH") else self._range(held.quantization) / 32767
        held.type = self.schema.TensorType.INT16
        self._set(held, scale)

    def _set(self, tensor, scale, zero_point=0):
        tensor.quantization = copy.deepcopy(tensor.quantization)
        tensor.quantization.scale = np.array([scale], np.float32)
        tensor.quantization.zeroPoint = np.array([zero_point], np.int64)
        tensor.quantization.min = tensor.quantization.max = None

    def _to_int16(self, tensor, constant):
        """The int16 twin of an int8 tensor: a product's is cut to what the gates can tell apart."""
        if tensor not in self.casts:
            held = self.graph.tensors[tensor]
            twin = self._twin(tensor)
            if constant:
                self._widen_constant(held, twin)
            else:
                # CAST keeps the integers, so both sides share one symmetric scale.
                if tensor in self.products:
                    self._set(held, min(self._range(held.quantization), GATE_REACH) / 127)
                elif held.quantization.zeroPoint[0] != 0:
                    raise ValueError(f"tensor {held.name} is not symmetric and cannot be cast")
                twin.quantization = held.quantization
                self._add("CAST", 1, tensor, self.graph.tensors.index(twin), self._cast_options())
            twin.type = self.schema.TensorType.INT16
            self.casts[tensor] = self.graph.tensors.index(twin)
        return self.casts[tensor]

    def _widen_constant(self, held, twin):
        scale, zero_point = float(held.quantization.scale[0]), int(held.quantization.zeroPoint[0])
        values = np.frombuffer(bytes(self.model.buffers[held.buffer].data), np.int8).astype(np.int16) - zero_point
        buffer = copy.copy(self.model.buffers[held.buffer])
        buffer.data = np.frombuffer(values.astype("<i2").tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        twin.buffer = len(self.model.buffers) - 1
        self._set(twin, scale)

    def _to_int8(self, tensor, quantization):
        """The int8 twin of an int16 tensor, for a matrix product."""
        if ("int8", tensor) not in self.casts:
            twin = self._twin(tensor)
            twin.type, twin.quantization = self.schema.TensorType.INT8, quantization
            self.casts["int8", tensor] = self.graph.tensors.index(twin)
            self._add("QUANTIZE", 2, tensor, self.casts["int8", tensor], None)
        return self.casts["int8", tensor]

    def _twin(self, tensor):
        twin = copy.copy(self.graph.tensors[tensor])
        twin.name = bytes(twin.name) + b";wide"
        twin.buffer = 0
        self.graph.tensors.append(twin)
        return twin

    def _cast_options(self):
        options = self.schema.CastOptionsT()
        options.inDataType, options.outDataType = self.schema.TensorType.INT8, self.schema.TensorType.INT16
        return options

    def _add(self, kind, version, source, target, options):
        op = self.schema.OperatorT()
        op.opcodeIndex, op.inputs, op.outputs = self._code(kind, version), [source], [target]
        if options is not None:
            op.builtinOptionsType, op.builtinOptions = self.schema.BuiltinOptions.CastOptions, options
        self.operators.append(op)

    def _code(self, kind, version):
        number = getattr(self.schema.BuiltinOperator, kind)
        codes = self.model.operatorCodes
        for i, code in enumerate(codes):
            if max(code.builtinCode, code.deprecatedBuiltinCode) == number and code.version == version:
                return i
        code = self.schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode, code.version = number, min(number, 127), version
        codes.append(code)
        return len(codes) - 1
