"""What is compiled when the package is installed."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np

from ecg_edge.compiled.library import address

ROOT = Path(__file__).parents[3]


def test_where_there_is_a_compiler_the_package_comes_with_the_loops(tmp_path):
    """What `pip install` does with setup.py; and a compiler that fails ends no installation."""
    compiler = shutil.which(sysconfig.get_config_var("CC").split()[0])
    build = [sys.executable, "setup.py", "-q", "build_ext", "--build-lib", tmp_path / "lib", "--build-temp", tmp_path]
    found = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert len(list(tmp_path.glob("lib/**/_loops*"))) == (compiler is not None)
    without = [*build[:5], tmp_path / "other", "--build-temp", tmp_path / "temp"]
    found = subprocess.run(without, cwd=ROOT, capture_output=True, text=True, env={"CC": "false", "PATH": ""})
    assert found.returncode == 0, found.stderr
    assert not list(tmp_path.glob("other/**/_loops*"))


def test_addresses_are_those_of_numpy():
    """Of arrays that may be written and of others, with gaps, and of none."""
    array = np.arange(24, dtype=np.float32).reshape(4, 6)
    fixed = array[1:].copy()
    fixed.flags.writeable = False
    for each in (
        array,
        array[1:],
        array[:, 2:],
        array.T,
        array[::-1],
        fixed,
        np.broadcast_to(array[0], (3, 6)),
        array[:0],
        array > 3,
    ):
        assert address(each) == each.ctypes.data
