"""What every model says of some pages here, for comparing machines: python tests/arm64/outputs.py RUNTIME PICTURE… > FILE.

Of each page and model a line of JSON: with each kernel set the integers that came out of the network, the verdict, and a checksum of what went in.
"""

import hashlib
import json
import platform
import sys
from pathlib import Path

import numpy as np

from ecg_edge import Reader
from ecg_edge.classifier.card import list_names
from ecg_edge.classifier.runtime import Network, find_runtime

KERNEL_SETS = ("reference", "default")


class Recorder:
    """A network that keeps what went in and came out."""

    def __init__(self, network):
        self._network = network
        self._output = network.quantisation()["output"]
        self.kept = {}

    def __getattr__(self, name):
        return getattr(self._network, name)

    def probabilities(self, images):
        return self.run(self._network.quantise(images))

    def run(self, tensor):
        values = self._network.run(tensor)
        # The page's own call comes first; those that weigh leads follow.
        if not self.kept:
            steps = np.rint(values / self._output["scale"]) + self._output["zero_point"]
            self.kept = {"input": hashlib.sha256(tensor.tobytes()).hexdigest(), "output": steps.astype(int).tolist()}
        return values


def outputs_of(name, runtime, path):
    """{kernel set: {verdict, status, input, output}} of one page."""
    found = {}
    for kernels in KERNEL_SETS:
        reader = Reader(name, runtime=runtime)
        recorder = Recorder(Network(reader.card.read_model(), find_runtime(runtime), kernels=kernels))
        reader.network = recorder
        result = reader.read(path)
        found[kernels] = {
            "status": result.status,
            "verdict": result.verdict,
            "reason": result.reason and result.reason.value,
            **recorder.kept,
        }
    return found


def main(runtime, *paths):
    """Print the lines."""
    for path in paths:
        for name in list_names():
            line = {"machine": platform.machine(), "runtime": runtime, "page": Path(path).name, "model": name}
            print(json.dumps(line | outputs_of(name, runtime, path)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
