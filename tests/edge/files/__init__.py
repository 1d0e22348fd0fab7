"""Tests of `edge/files`."""
