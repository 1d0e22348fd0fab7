"""Data set, splits, architectures, fitting and evaluation. Needs TensorFlow for fitting alone."""
