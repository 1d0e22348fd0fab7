"""Tests; the folders mirror the project's."""

from importlib.util import find_spec

import pytest

needs_tensorflow = pytest.mark.skipif(find_spec("tensorflow") is None, reason="TensorFlow is not installed")
"""For tests of training and conversion; the summary counts those that were not run."""
