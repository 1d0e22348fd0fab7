"""From a flat page's colours to the ink of its traces: light evened out, grid taken away."""

import numpy as np


def ink_of(page):
    """How much trace ink there is, of a flat (H, W, 3) uint8 RGB page: (H, W) uint8, 0 paper or grid, 255 solid ink."""
    return 255 - page.max(axis=2).astype(np.uint8)
