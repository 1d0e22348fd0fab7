"""The centreline of strokes that were drawn here, by another brush than those that it was learnt from."""

import ctypes
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ecg_edge.compiled import library
from ecg_edge.trace import centreline

from .test_lead_traces import stroke

COLUMNS = np.arange(200)[:, None] + np.array(centreline.OFFSETS_PX)


def seen(rows_px, height=200):
    """(w, 4) edges and darkness of the stroke of a square brush of three pixels."""
    drawn = stroke(rows_px, height=height)
    top, bottom = drawn.argmax(axis=0) - 0.5, height - drawn[::-1].argmax(axis=0) - 0.5
    return np.stack([top, bottom, np.ones(len(rows_px)), np.ones(len(rows_px))], 1).astype(float)


@settings(max_examples=30)
@given(st.floats(5, 60), st.floats(0, 6.2), st.floats(5, 25))
@example(18.6875, 1.0, 5.0)
@example(48.0, 2.0, 5.0)
def test_a_stroke_s_edges_give_its_centreline(height_px, phase, period):
    """Within a pixel on two columns of three, or a seventh of what the steepest column climbs (of 2,500 waves drawn at random the farthest is an
    eighth), at tips too."""
    (rows,) = centreline.centrelines([seen(100 + height_px * np.sin(np.arange(200) / period + phase))], 3.0)
    error = np.abs(rows - (100 + height_px * np.sin(COLUMNS / period + phase)))[3:-3]
    assert np.percentile(error, 66) < max(1.0, height_px / period / 7)
    assert error.max() < 0.5 * height_px / period + 2.0


def test_it_is_nearer_than_the_middle_between_the_edges():
    """On waves as steep as a QRS, by half."""
    truth = 100 + 60 * np.maximum(0, 1 - np.abs((COLUMNS - 50) % 100 - 50) / 5)
    edges = seen(truth.mean(axis=1))
    (rows,) = centreline.centrelines([edges], 3.0)
    middle = edges[:, :2].mean(axis=1, keepdims=True)
    learnt, measured = (np.sqrt(np.mean((found - truth)[20:-20] ** 2)) for found in (rows, middle))
    assert learnt < 0.5 * measured


@pytest.mark.parametrize("shift_px", [-40.0, 0.5, 1000.0])
def test_a_stroke_elsewhere_has_its_curve_there(shift_px):
    edges = seen(100 + 20 * np.sin(np.arange(200) / 7))
    moved = edges + np.array([shift_px, shift_px, 0, 0])
    (here,), (there,) = centreline.centrelines([edges], 3.0), centreline.centrelines([moved], 3.0)
    np.testing.assert_allclose(there, here + shift_px, atol=0.01)


def test_gaps_are_crossed_and_strokes_do_not_touch_each_other():
    """What is not known is between what is; of several strokes each is as alone."""
    edges = seen(100 + 20 * np.sin(np.arange(200) / 7))
    broken = edges.copy()
    broken[60:64], broken[150:153] = np.nan, np.inf
    together = centreline.centrelines([edges, broken], 3.0)
    for stroke_, rows in zip((edges, broken), together, strict=True):
        assert np.isfinite(rows).all() and rows.shape == (200, 2)
        np.testing.assert_array_equal(rows, centreline.centrelines([stroke_], 3.0)[0])
    assert np.abs(together[1][55:70] - together[0][55:70]).max() < 6.0


def test_the_number_of_threads_changes_nothing():
    """Workers have one, the main process as many as there are cores: signals are the same to the bit."""
    script = (
        "import numpy as np, hashlib; from ecg_edge.trace import centreline; rng = np.random.default_rng(0);"
        "middle = np.cumsum(rng.normal(0, 3, 1963)); half = rng.uniform(1, 20, 1963);"
        "stroke = np.stack([middle - half, middle + half, rng.random(1963), rng.random(1963)], 1);"
        "print(hashlib.sha256(centreline.centrelines([stroke], 3.0)[0].tobytes()).hexdigest())"
    )
    found = set()
    for threads in "1", "2", "4":
        counts = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
        done = subprocess.run([sys.executable, "-c", script], env=os.environ | counts, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1


@pytest.fixture(scope="module", params=[16, 32, 64])
def compiled(request, tmp_path_factory):
    """What is compiled of the network, for vectors of so many bytes at most, as far as the processor has them."""
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    source = Path(library.__file__).with_name("centreline.c")
    file = tmp_path_factory.mktemp("compiled") / "centreline.so"
    options = ["-shared", "-fPIC", "-std=c99", "-O2", "-Wno-psabi", f"-DMOST_BYTES={request.param}"]
    subprocess.run([*sysconfig.get_config_var("CC").split(), *options, "-o", file, source], check=True)
    function = ctypes.CDLL(str(file)).centreline
    function.restype, function.argtypes = library.FUNCTIONS["centreline"]
    return {"centreline": function}


@settings(max_examples=30)
@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_the_compiled_network_is_numpys_but_for_rounding(compiled, columns, seed):
    """Of any length, however few columns are left for the last of its steps."""
    x = np.random.default_rng(seed).normal(size=(columns, 8)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(centreline, "compiled", lambda: compiled)
        found = centreline._network_compiled(x)
    expected = centreline._network_in_numpy(x)
    assert found.shape == expected.shape == (columns, len(centreline.OFFSETS_PX))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
