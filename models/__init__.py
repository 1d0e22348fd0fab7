"""The int8 TensorFlow Lite models and their cards."""

from importlib import resources


def folder():
    """The directory that holds NAME.tflite and NAME.json."""
    return resources.files(__name__)
