"""Styles of paper at random: ones that can be drawn, and the same for the same seed."""

import hashlib

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from train import paper_style

FIRST_FIELDS = (
    "layout", "order", "rhythm", "paper", "grid", "colour", "minor", "minor_mm", "major_mm", "strength", "framed", "pen_mm", "ink", "mm_per_s",
    "mm_per_mv", "pulse", "separators", "names", "name_mm", "font", "header", "foot",
)  # fmt: skip
"""What a style at random draws."""


@given(st.integers(0, 10_000))
@settings(max_examples=100)
def test_styles_at_random_are_ones_that_can_be_drawn(seed):
    """Within the ranges, strips that fit their layout, traces that fit their paper."""
    style = paper_style.draw_style(np.random.default_rng(seed))
    assert len(style.rhythm) == style.strips
    assert 0.2 <= style.pen_mm <= 0.5
    assert style.mm_per_mv in (5, 10, 20) and style.mm_per_s in (25, 50)
    assert style.seconds * style.mm_per_s + 8 < paper_style.PAPERS_MM[style.paper][0]


def test_what_a_seed_draws_of_no_family_stays_what_it_was():
    """Colours, inks and layouts that are added must not change pages that are trained and tested on."""
    drawn = [paper_style.draw_style(np.random.default_rng(seed)) for seed in range(40)]
    assert {style.layout for style in drawn} == set(paper_style.USUAL_LAYOUTS)
    told = repr([[getattr(style, name) for name in FIRST_FIELDS] for style in drawn])
    assert hashlib.sha256(told.encode()).hexdigest()[:16] == "c85a7580c86045dd"
