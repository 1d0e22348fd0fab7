"""Makes tiny.tflite and tiny.json: a model of 9 kB in the form of the real ones, for tests. It has learnt nothing.

    python tests/data/tiny/make.py        (TensorFlow 2.20; its weights are drawn from a fixed seed)

Full-integer int8 with a free batch; input 150 x 150 x 3, scale 1/255, zero point -128.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import tensorflow as tf

HERE = Path(__file__).resolve().parent
SEED = 20261124


def build():
    """The Keras model, with weights that spread its answers."""
    draw = np.random.default_rng(SEED)
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            layers.Input((150, 150, 3), name="lead"),
            layers.AveragePooling2D(10, name="pool"),
            layers.Conv2D(8, 3, activation="relu", name="conv"),
            layers.Flatten(name="flat"),
            layers.Dense(4, activation="softmax", name="class"),
        ],
        name="tiny",
    )
    model.set_weights(
        [
            draw.normal(0, spread, weight.shape).astype(np.float32)
            for weight, spread in zip(model.get_weights(), (0.5, 0.1, 0.15, 0.1), strict=True)
        ]
    )
    return model


def samples():
    """Inputs whose values span 0..1: black, white, and random dots."""
    draw = np.random.default_rng(SEED)
    yield [np.zeros((1, 150, 150, 3), np.float32)]
    yield [np.ones((1, 150, 150, 3), np.float32)]
    for share in np.linspace(0.02, 0.6, 40):
        dots = (draw.random((1, 150, 150, 1)) < share).astype(np.float32)
        yield [np.repeat(dots, 3, axis=-1)]


def convert(model):
    """The bytes of the int8 file."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def describe(data):
    """The card of the file's bytes."""
    interpreter = tf.lite.Interpreter(model_content=data)
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale_in, zero_in = taken["quantization"]
    scale_out, zero_out = given["quantization"]
    return {
        "schema": "ecg-edge/card/1", "name": "tiny", "version": "1", "summary": "for tests; it has learnt nothing",
        "classes": ["normal", "abnormal", "infarction", "history"],
        "input": {"kind": "lead_image", "shape": [13, 150, 150, 3], "dtype": "int8", "scale": scale_in,
                  "zero_point": zero_in, "layout": "3x4+1"},
        "output": {"dtype": "int8", "scale": scale_out, "zero_point": zero_out},
        "aggregation": {"method": "mean", "weights": None},
        "calibration": {"method": "temperature", "temperature": 1.0, "ece": None, "brier": None},
        "min_confidence": 0.0,
        "file": {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()},
        "training": {"data": "none", "protocol": "none", "pages": 0, "epochs": 0, "seed": SEED,
                     "tensorflow": tf.__version__, "commit": None},
        "metrics": {}, "parity": {}, "runtimes": ["ai-edge-litert", "tflite-runtime"],
        "licence": "Apache-2.0", "intended_use": "tests", "limits": "It has learnt nothing.",
    }  # fmt: skip


def main():
    data = convert(build())
    (HERE / "tiny.tflite").write_bytes(data)
    (HERE / "tiny.json").write_text(json.dumps(describe(data), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
