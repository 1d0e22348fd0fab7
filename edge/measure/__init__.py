"""Measurements of signals."""
