"""Peers of our network's inference, each in a process of its own: Keras on all leads at once, ONNX Runtime, and MobileNetV2.

A published study of these pages on a Raspberry Pi 4 used MobileNetV2; here it stands for latency and size alone, untrained, for the same input.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from ecg_edge.diagnostics.page_cost import in_both_units, peak_mib, resident_mib
from ecg_edge.diagnostics.timing import repeated

LEADS, SIDE_PX, CLASSES = 13, 150, 4
MADE = Path("runs/formats")


def keras_batch(job):
    """A function that runs the paper's CNN in Keras on thirteen leads at once, and the bytes of its weights."""
    import tensorflow as tf

    from .reference import keras_cnn

    _hold_threads(tf, job)
    model = keras_cnn(job["file"])
    leads = _leads()
    return lambda: model(leads, training=False).numpy(), sum(weight.size for weight in model.get_weights()) * 4


def onnx_runtime(job):
    """The same by ONNX Runtime, on the same weights."""
    import onnxruntime

    path = make_onnx(job["file"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = job["threads"]
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    leads = _leads()
    return lambda: session.run(None, {"leads": leads})[0], path.stat().st_size


def mobilenet(job):
    """MobileNetV2 for the same input by a TensorFlow Lite runtime, float32 or int8."""
    from ecg_edge.classifier.runtime import Network, find_runtime

    path = make_mobilenet(job["format"])
    network = Network(path.read_bytes(), find_runtime(job["runtime"]), job["threads"])
    tensor = network.quantise((_leads()[..., 0] * 255).astype(np.uint8))
    return lambda: network.run(tensor), path.stat().st_size


PEERS = {"keras": keras_batch, "onnx": onnx_runtime, "mobilenet": mobilenet}


def make_onnx(half, folder=MADE):
    """The path of the paper's CNN as ONNX, its weights carried over from a float16 file: channels last outside, first within."""
    path = Path(folder) / "cnn.onnx"
    if path.is_file() and path.stat().st_mtime >= Path(half).stat().st_mtime:
        return path
    import onnx
    from onnx import helper, numpy_helper

    from convert.from_float16 import weights_of

    kernels = weights_of(Path(half).read_bytes())
    # (out, h, w, in) to ONNX' (out, in, h, w); the first full connection reads channels last.
    kernels = [np.ascontiguousarray(k.transpose(0, 3, 1, 2)) if k.ndim == 4 else k for k in kernels]
    constants = [numpy_helper.from_array(array, f"w{number}") for number, array in enumerate(kernels)]
    nodes, last = [helper.make_node("Transpose", ["leads"], ["x"], perm=[0, 3, 1, 2])], "x"
    for number in range(0, 6, 2):
        nodes.append(helper.make_node("Conv", [last, f"w{number}", f"w{number + 1}"], [f"c{number}"]))
        nodes.append(helper.make_node("Relu", [f"c{number}"], [f"r{number}"]))
        nodes.append(helper.make_node("MaxPool", [f"r{number}"], [f"p{number}"], kernel_shape=[2, 2], strides=[2, 2]))
        last = f"p{number}"
    nodes.append(helper.make_node("Transpose", [last], ["back"], perm=[0, 2, 3, 1]))
    nodes.append(helper.make_node("Flatten", ["back"], ["flat"]))
    nodes.append(helper.make_node("Gemm", ["flat", "w6", "w7"], ["d"], transB=1))
    nodes.append(helper.make_node("Relu", ["d"], ["e"]))
    nodes.append(helper.make_node("Gemm", ["e", "w8", "w9"], ["logits"], transB=1))
    nodes.append(helper.make_node("Softmax", ["logits"], ["probabilities"]))
    ends = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("leads", ["n", SIDE_PX, SIDE_PX, 3]), ("probabilities", ["n", CLASSES]))
    ]
    graph = helper.make_graph(nodes, "cnn", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def make_mobilenet(form, folder=MADE):
    """The path of MobileNetV2 (Sandler et al., CVPR 2018, DOI 10.1109/CVPR.2018.00474) as .tflite, float32 or int8, with random weights."""
    path = Path(folder) / f"mobilenetv2-{form}.tflite"
    if path.is_file():
        return path
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    shape = (SIDE_PX, SIDE_PX, 3)
    model = keras.applications.MobileNetV2(input_shape=shape, weights=None, classes=CLASSES)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if form == "int8":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([lead[None]] for lead in _leads())
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(converter.convert())
    return path


def _hold_threads(tf, job):
    tf.config.threading.set_intra_op_parallelism_threads(job["threads"])
    tf.config.threading.set_inter_op_parallelism_threads(job["threads"])


def _leads():
    """(13, 150, 150, 3) float32 of the first page's leads as a model sees them: 0 paper, 1 ink."""
    from ecg_edge import image
    from ecg_edge.page import page
    from ecg_edge.preprocessing import filters
    from ecg_edge.preprocessing.crops import crop

    found = page.find_page(image.open_picture("tests/data/normal.jpg").image)
    leads = [filters.to_model_input(filters.lead_steps(gray).ink) for gray in crop(found.gray, found.template).values()]
    return np.repeat(np.stack(leads)[..., None], 3, axis=-1).astype(np.float32) / 255


def measure(job):
    """{samples: {"inference", "total"}, bytes, memory_mib, memory_mb} of thirteen leads through a peer, again and again."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    run, size = PEERS[job["peer"]](job)
    loaded = resident_mib()

    def once(_):
        start, used = time.perf_counter(), time.process_time()
        run()
        return {"total": (time.perf_counter() - start) * 1000, "cpu": (time.process_time() - used) * 1000}

    done = repeated(once, job["most_s"])
    times, cpu = ([round(run[name], 3) for run in done] for name in ("total", "cpu"))
    return {
        "samples": {"inference": times, "total": times, "cpu": cpu},
        "bytes": size,
        **in_both_units({"loaded": loaded, "peak": peak_mib()}),
    }


if __name__ == "__main__":
    print(json.dumps(measure(json.load(sys.stdin))))
