"""The four TensorFlow Lite formats of a Keras model."""

import os

import numpy as np

from train.fit import to_tensor

from . import logits
from .widen import widen

FORMATS = ("float32", "float16", "dynamic", "int8")


def convert(weights, form, images=None):
    """The .tflite bytes of the Keras model in the file `weights`.

    Parameters
    ----------
    form : a name of `FORMATS`; `int8` is full-integer, int8 in and out, weights per channel; what lies between the
        products of an LSTM is done in int16 (see `widen`), and logits have finer steps (see `logits`)
    images : (N, 150, 150) uint8 leads for `int8`, from which the ranges of activations are taken

    The same file, images and versions give the same bytes, in a fresh process: one conversion each, since a second
    model in one process gets other names.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras
    import tensorflow as tf

    model = keras.models.load_model(weights, compile=False)
    if form == "int8":
        logits.centre(model)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if form != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if form == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if form == "int8":
        converter.representative_dataset = lambda: ([to_tensor(image[None])] for image in images)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    data = converter.convert()
    if form != "int8":
        return data
    sure = np.concatenate([model.predict_on_batch(to_tensor(images[i : i + 64])) for i in range(0, len(images), 64)])
    return logits.narrow(widen(data), *logits.find_range(sure))


def representative(cache, rows, pages_per_class=20, seed=5):
    """(N, 150, 150) uint8: all leads of some training pages, as many of each class; `rows` are (sha256, class index)."""
    random = np.random.default_rng(seed)
    chosen = []
    for label in sorted({label for _, label in rows}):
        digests = sorted({digest for digest, i in rows if i == label})
        chosen += list(random.choice(digests, min(pages_per_class, len(digests)), replace=False))
    return cache.stack(chosen).reshape(-1, *cache.images.shape[2:])
