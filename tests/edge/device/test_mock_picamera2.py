"""The stand-in for picamera2 that is shipped, held against what was recorded of picamera2 and libcamera."""

import inspect
import json

import pytest

from ecg_edge.device import mock_picamera2, pi_camera
from ecg_edge.device.mock_picamera2 import FIXED, make_module

from ..record_picamera2 import RECORDED
from .frames import sharp_at


@pytest.fixture(scope="module")
def recorded():
    return json.loads(RECORDED.read_text())


@pytest.mark.parametrize("name", ["Picamera2", "CompletedRequest", "Job"])
def test_the_stand_in_has_the_signatures_of_picamera2(recorded, name):
    """Every public method, and the way it is made: the same parameters in the same order, the same ones optional."""
    own = getattr(mock_picamera2, name)
    for method, function in vars(own).items():
        if (method.startswith("_") and method != "__init__") or method == "camera_controls":
            continue
        function = getattr(function, "__func__", function)
        function = getattr(function, "__wrapped__", function)
        given = [
            [p.name, p.default is not inspect.Parameter.empty] for p in inspect.signature(function).parameters.values()
        ]
        theirs = [[parameter, default is not None] for parameter, default in recorded["classes"][name][method]]
        assert given == theirs, method


def test_the_defaults_of_picamera2_are_those_that_we_guard_against(recorded):
    """Its waits have no limit unless one is given."""
    methods = recorded["classes"]["Picamera2"]
    for name in ("captured_request", "capture_metadata", "autofocus_cycle"):
        assert ["wait", "None"] in methods[name]
    assert ["timeout", "None"] in methods["wait"] and ["buffer_count", "1"] in methods["create_still_configuration"]


def test_controls_and_numbers_are_those_of_libcamera(recorded):
    """By the list of controls of its source."""
    assert set(mock_picamera2.CONTROLS) <= set(recorded["controls"])
    enums = recorded["enums"]
    assert enums["AfMode"]["Manual"] == pi_camera.AF_MANUAL == mock_picamera2.AF_MANUAL
    assert enums["AfMode"]["Auto"] == mock_picamera2.AF_AUTO and enums["AfTrigger"]["Start"] == 0
    assert enums["AfRange"]["Macro"] == pi_camera.AF_MACRO and enums["AfMetering"]["Windows"] == pi_camera.AF_WINDOWS
    assert [enums["AfState"][name] for name in ("Idle", "Scanning", "Focused", "Failed")] == [0, 1, 2, 3] == [
        mock_picamera2.AF_IDLE, mock_picamera2.AF_SCANNING, mock_picamera2.AF_FOCUSED, mock_picamera2.AF_FAILED]  # fmt: skip


def test_a_control_that_is_not_advertised_is_an_error_there_too():
    """As picamera2's `Controls` has it."""
    module, _ = make_module(sharp_at(1), controls=FIXED)
    with pytest.raises(RuntimeError, match="^Control AfMode is not advertised by libcamera$"):
        module.Picamera2().set_controls({"AfMode": 1})
