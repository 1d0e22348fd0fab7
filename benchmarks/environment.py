"""What a figure was measured on."""

from ecg_edge.diagnostics import machine
from train import checkout

PACKAGES = (*machine.PACKAGES, "tensorflow", "keras", "onnxruntime", "scikit-image")


def record():
    """Processor, system, load, versions and the commit, for JSON; None where it cannot be known."""
    return machine.record(PACKAGES) | {"commit": checkout.describe()}
