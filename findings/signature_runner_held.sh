#!/usr/bin/env bash
# ai-edge-litert 2.3.0: as long as somebody holds a signature runner, its interpreter can be given no other batch (tflite-runtime 2.14.0 alike).
#
# Input: a graph of one operation (a number and itself are added), with one signature, (N, 4) float32. The interpreter is allocated, a runner of the signature is asked for and run once,
# and what it returned is copied and let go of; then the interpreter's input is resized from one row to two.
#
# Seen: RuntimeError, with the advice to hold no array of internal data, although none is held: the runner itself counts as one, whether it has been run or not. Once it is
# let go of the same call passes. A program that keeps a runner beside the interpreter, as a class that wraps both would, can no longer change the batch, nor invoke the interpreter.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check ai-edge-litert==2.3.0 numpy==1.26.4 flatbuffers==25.9.23
cat > "$work/program.py" << 'PROGRAM'
import json

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter


def filled(kind, **fields):
    made = kind()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def tensor(name):
    return filled(schema.TensorT, name=name, shape=[1, 4], shapeSignature=[-1, 4], type=schema.TensorType.FLOAT32, buffer=0)


added = filled(schema.OperatorT, opcodeIndex=0, inputs=[0, 0], outputs=[1], builtinOptionsType=schema.BuiltinOptions.AddOptions, builtinOptions=schema.AddOptionsT())
graph = filled(schema.SubGraphT, name="main", tensors=[tensor("x"), tensor("y")], inputs=[0], outputs=[1], operators=[added])
ends = [[filled(schema.TensorMapT, name=name, tensorIndex=number)] for number, name in enumerate("xy")]
signature = filled(schema.SignatureDefT, signatureKey="twice", inputs=ends[0], outputs=ends[1], subgraphIndex=0)
code = filled(schema.OperatorCodeT, builtinCode=schema.BuiltinOperator.ADD, deprecatedBuiltinCode=schema.BuiltinOperator.ADD, version=1)
model = filled(schema.ModelT, version=3, description="", operatorCodes=[code], subgraphs=[graph], buffers=[schema.BufferT()], signatureDefs=[signature])
builder = flatbuffers.Builder(1024)
builder.Finish(model.Pack(builder), file_identifier=b"TFL3")

interpreter = Interpreter(model_content=bytes(builder.Output()))
interpreter.allocate_tensors()


def resized():
    try:
        interpreter.resize_tensor_input(0, [2, 4])
        interpreter.allocate_tensors()
    except RuntimeError as error:
        return "RuntimeError: " + " ".join(str(error).split())[:46]
    return "passes"


said = {}
runner = interpreter.get_signature_runner("twice")
said["held, not run"] = resized()
said["run"] = runner(x=np.ones((1, 4), np.float32))["y"].copy().tolist()
said["held, run"] = resized()
del runner
said["let go of"] = resized()
print(json.dumps(said))
PROGRAM
refused="RuntimeError: There is at least 1 reference to internal data"
expected="{\"held, not run\": \"$refused\", \"run\": [[2.0, 2.0, 2.0, 2.0]], \"held, run\": \"$refused\", \"let go of\": \"passes\"}"
seen=$("$work/env/bin/python" "$work/program.py" 2> "$work/errors" | tail -n 1) || { tail -n 3 "$work/errors"; exit 1; }
echo "saw $seen"
[ "$seen" = "$expected" ] || { echo "not $expected: the behaviour has changed"; exit 1; }
