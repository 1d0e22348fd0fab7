"""What setup.cfg cannot say: loops over pixels are compiled where there is a compiler. With ECG_EDGE_PURE=1 it is not, and the wheel fits any machine."""

import os

from setuptools import Extension, setup

LOOPS = Extension(
    "ecg_edge.compiled._loops",
    [
        "edge/compiled/loops.c",
        "edge/compiled/pages.c",
        "edge/compiled/names.c",
        "edge/compiled/ink.c",
        "edge/compiled/traces.c",
        "edge/compiled/centreline.c",
    ],
    depends=["edge/compiled/centreline_layer.h"],
    # The same bytes as NumPy's: no product and sum in one step. Nobody asks for the errors of square roots. What returns vectors is all inlined.
    extra_compile_args=["-std=c99", "-O3", "-ffp-contract=off", "-fno-math-errno", "-Wno-psabi"],
    optional=True,
)

setup(ext_modules=[] if os.environ.get("ECG_EDGE_PURE") else [LOOPS])
