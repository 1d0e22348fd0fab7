"""Accuracy and latency of the models in every format, measured and written as JSON, Markdown and pictures."""
