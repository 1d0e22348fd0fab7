"""Reading printed 12-lead ECGs on small devices. Not a medical device."""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "Reader": "reader",
    "Result": "result",
    "LeadResult": "result",
    "Reason": "errors",
    "EcgEdgeError": "errors",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name):
    # Heavy parts (NumPy, Pillow, a runtime) are imported when a name that needs them is asked for.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__():
    return sorted(__all__)
