"""The reference: how the paper's public application reads a page, lead by lead, with scikit-image and Keras.

Written for this benchmark from what the paper says (Atmakuri et al., DOI 10.22214/ijraset.2024.59181, IV.A), with the functions that a script of its
kind takes: every lead is made gray, blurred, parted by Otsu's threshold and resized by scikit-image, and goes through Keras' `predict` alone.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from ecg_edge.diagnostics.timing import repeated
from ecg_edge.layout import REPORT

SIDE_PX = 150


def keras_cnn(path="models/cnn-float16.tflite"):
    """The paper's CNN in Keras with the weights of a float16 file."""
    from convert.from_float16 import weights_of
    from train import architectures

    model = architectures.build("cnn")
    weights = weights_of(Path(path).read_bytes())
    model.set_weights([as_keras(array) for array in weights])
    return model


def as_keras(array):
    """A weight as Keras lays it out: (h, w, in, out) and (in, out), from (out, h, w, in) and (out, in)."""
    return np.moveaxis(array, 0, -1) if array.ndim == 4 else array.T


def read(path, model):
    """({stage: ms}, class index) of a report page."""
    from skimage import color, filters, io, transform, util

    start, used = time.perf_counter(), time.process_time()
    page = io.imread(path)
    opened = time.perf_counter()
    leads = []
    for _, box in REPORT.leads:
        gray = color.rgb2gray(page[box.slices])
        blurred = filters.gaussian(gray, sigma=1)
        binary = util.img_as_ubyte(blurred < filters.threshold_otsu(blurred))
        leads.append(np.repeat(transform.resize(binary, (SIDE_PX, SIDE_PX))[..., None], 3, axis=-1).astype(np.float32))
    filtered = time.perf_counter()
    rows = [model.predict(lead[None], verbose=0)[0] for lead in leads]
    verdict = int(np.mean(rows, axis=0).argmax())
    end = time.perf_counter()
    spans = {"open": opened - start, "filters": filtered - opened, "inference": end - filtered, "total": end - start}
    spans["cpu"] = time.process_time() - used
    return {stage: seconds * 1000 for stage, seconds in spans.items()}, verdict


def measure(job):
    """{samples: {stage: [ms]}, memory_mib, memory_mb} of reading the job's pages again and again."""
    import os

    from ecg_edge.diagnostics.page_cost import in_both_units, peak_mib, resident_mib

    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    start = time.perf_counter()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(job["threads"])
    tf.config.threading.set_inter_op_parallelism_threads(job["threads"])
    model = keras_cnn(job["file"])
    loaded, ready = resident_mib(), time.perf_counter() - start
    runs = repeated(
        lambda number: read(job["pages"][number % len(job["pages"])], model)[0], job["most_s"], warm_up=1, least=5
    )
    return {
        "samples": {stage: [round(run[stage], 3) for run in runs] for stage in runs[0]},
        "load_ms": round(ready * 1000, 1),
        **in_both_units({"loaded": loaded, "peak": peak_mib()}),
    }


if __name__ == "__main__":
    print(json.dumps(measure(json.load(sys.stdin))))
