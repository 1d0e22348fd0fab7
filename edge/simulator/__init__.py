"""Simulated hearts, and the report pages drawn from them."""
