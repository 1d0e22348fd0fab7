"""The page model as int8 files: members assembled, converted, and asked what they say, each in a process of its own.

`python -m convert.page_formats convert --fold 0`, or without a fold for the model that ships; then
`python -m convert.page_formats predict --runtime ai-edge-litert` for all of them.
"""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from ecg_edge.classifier import page_input, verdict
from ecg_edge.classifier.runtime import RUNTIMES, Network, find_runtime
from ecg_edge.layout import CLASSES
from train import page_command, page_drawn, page_fit, page_signals, predictions, splits
from train.page_batches import Recipe, vary

from .head import with_head

REPRESENTATIVE = 200
"""Windows of training pages, varied as in training, from which the ranges of activations are taken."""


def convert(model, windows):
    """The .tflite bytes of a Keras `model` of windows to logits: int8 in and out, weights per channel, and its head (`with_head`).

    Parameters
    ----------
    windows : (N, ROWS, SAMPLES, CHANNELS) float32, as the model takes them
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([window[None]] for window in windows)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return with_head(converter.convert())


def representative(signals, rows, seed=5):
    """`REPRESENTATIVE` windows of the pages `rows`, classes in equal shares, every other one varied; `signals` as `page_signals.load`
    gives them."""
    random = np.random.default_rng(seed)
    rows = [row for row in rows if row[0] in signals]
    labels = np.array([label for _, label in rows])
    chosen = [random.choice(np.flatnonzero(labels == k), REPRESENTATIVE // 4) for k in np.unique(labels)]
    digests = [rows[i][0] for i in random.permutation(np.concatenate(chosen))]
    shown = page_signals.windows_of({digest: signals[digest] for digest in set(digests)})
    values = np.array([shown.values[shown.of(digest)[0]] for digest in digests])
    return np.concatenate([page_input.compress(values[::2]), vary(values[1::2], Recipe(), random)])


def probabilities(network, values):
    """(N, 4 + F) of an `ecg_edge.classifier.runtime.Network` for (N, ROWS, SAMPLES, CHANNELS) windows in mV."""
    grain = network.quantisation()["input"]
    tensor = page_input.quantise(page_input.compress(values), grain["scale"], grain["zero_point"])
    logits = np.concatenate([network.run(window[None]) for window in tensor])
    return np.concatenate(verdict.answers(logits, len(CLASSES)), axis=1)


def predict(network, windows):
    """The `Predictions` of pages, `windows` {SHA-256: (W, ROWS, SAMPLES, CHANNELS) in mV}: the mean over each page's windows."""
    said = [probabilities(network, values).mean(axis=0) for values in windows.values()]
    return predictions.of_pages(tuple(windows), said, f"{network.runtime.name} {network.runtime.version}")


def main(argv=None):
    """One piece of work; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m convert.page_formats", description=__doc__)
    parser.add_argument("work", choices=("convert", "predict"))
    parser.add_argument(
        "--fold", type=int, choices=range(splits.FOLDS), help="the model of all pages where none is given"
    )
    parser.add_argument("--signals", type=Path, default=page_signals.CACHE)
    parser.add_argument("--runs", type=Path, default=page_command.RUNS)
    parser.add_argument("--runtime", choices=tuple(RUNTIMES))
    options = parser.parse_args(argv)
    signals = page_signals.load([row.sha256 for row in splits.read_distinct()], options.signals)
    if options.work == "convert":
        rows, _ = page_fit.rows_of(options.fold)
        model = page_command.read_whole(options.runs, options.fold)
        file_of(options.runs, options.fold).write_bytes(convert(model, representative(signals, rows)))
        return 0
    windows, drawn, tested = page_signals.windows_of(signals), page_drawn.windows(), page_drawn.folds_of_tested()
    for fold in page_command.FOLDS:
        network = Network(file_of(options.runs, fold).read_bytes(), find_runtime(options.runtime))
        asked = [digest for digest in page_fit.asked_of(fold) if digest in windows.digests]
        pages = {digest: windows.values[windows.of(digest)] for digest in asked}
        where = page_command.split_of(fold), page_command.NAME
        predictions.save(predict(network, pages), predictions.path_of(*where, "int8", network.runtime.name))
        # The model that ships has seen all that are tested but PTB-XL's.
        mine = {
            name: values
            for name, values in drawn.items()
            if (name.startswith(f"{page_drawn.PTB_XL}/") if fold is None else tested[name] == fold)
        }
        records = predictions.path_of(where[0], page_command.RECORDS, "int8", network.runtime.name)
        allowed, tests = page_drawn.truth_of(mine)
        predictions.save(replace(predict(network, mine), allowed=allowed, tests=tests), records)
    return 0


def file_of(runs, fold):
    """Where the int8 file of a fold's members is kept; of those on all pages where `fold` is None."""
    return page_command.member_path(runs, fold, 0).with_name("int8.tflite")


if __name__ == "__main__":
    sys.exit(main())
