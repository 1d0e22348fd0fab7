"""Frames for the stand-in of picamera2, and a camera opened on it."""

import numpy as np

from ecg_edge.device.mock_picamera2 import make_module
from ecg_edge.device.pi_camera import PiCamera

SMALL_PX = (64, 48)
CHECKS = (
    np.kron(np.indices((6, 8)).sum(0) % 2, np.ones((8, 8), int)).astype(np.uint8)[..., None].repeat(3, 2) * 200 + 20
)
"""A board of squares, 64 x 48."""


def sharp_at(best):
    """A scene whose frame `best` is sharper than the others; red is brighter than blue."""

    def scene(frame, controls, size):
        picture = CHECKS.copy()
        picture[..., 0] = 230
        if frame != best:
            picture[..., 1] = picture[..., 1] // 4 + 90
        return picture

    return scene


def names(calls):
    return [name for name, *_ in calls]


def opened(scene=None, **more):
    """(camera, calls) of a stand-in."""
    module, calls = make_module(scene or sharp_at(1), sensor_px=SMALL_PX, **more)
    return PiCamera(module=module, memory_mb=500), calls
