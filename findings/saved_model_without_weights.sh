#!/usr/bin/env bash
# tensorflow 2.20.0: `tf.saved_model.save` of a Keras 3 model gives a TensorFlow Lite file without the weights.
#
# Input: a small Keras 3.15.1 model (64 inputs, two full connections, 20,710 weights, which are 83 kB), saved in two ways as a
# SavedModel, each converted by `TFLiteConverter.from_saved_model`.
#
# Seen: after `model.export` the file has 82,980 bytes and answers as the model does. After `tf.saved_model.save(model, …)` the same
# conversion ends without an error, and the file has 2,676 bytes, runs, and answers
# otherwise.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.20.0 keras==3.15.1 numpy==2.2.6
cat > "$work/program.py" << 'PROGRAM'
import json, os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(276, "relu"), keras.layers.Dense(10)])
given = np.random.default_rng(0).standard_normal((1, 64)).astype(np.float32)
wanted = model.predict(given, verbose=0)


def convert(folder):
    file = tf.lite.TFLiteConverter.from_saved_model(folder).convert()
    interpreter = tf.lite.Interpreter(model_content=file)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], given)
    try:
        interpreter.invoke()
        answer = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        answers = "the same" if np.allclose(answer, wanted, atol=1e-4) else "otherwise"
    except RuntimeError as error:
        answers = str(error)[:60]
    return {"whole": len(file) > 80_000, "answers": answers}


model.export("exported", verbose=False)
tf.saved_model.save(model, "saved")
print(json.dumps({"model.export": convert("exported"), "tf.saved_model.save": convert("saved")}))
PROGRAM
expected='{"model.export": {"whole": true, "answers": "the same"}, "tf.saved_model.save": {"whole": false, "answers": "otherwise"}}'
seen=$(cd "$work" && env/bin/python program.py 2> errors | tail -n 1) || { tail -n 3 "$work/errors"; exit 1; }
echo "saw $seen"
[ "$seen" = "$expected" ] || { echo "not $expected: the behaviour has changed"; exit 1; }
