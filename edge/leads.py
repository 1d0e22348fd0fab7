"""Cutting the leads out of a flat page."""


def crop(gray, template):
    """Step 2 of the paper: {name: (h, w) uint8 view} of a (template.height_px, template.width_px) uint8 page."""
    if gray.shape != (template.height_px, template.width_px):
        raise ValueError(f"a page of {template.height_px} x {template.width_px} pixels is needed, not {gray.shape}")
    return {name: gray[box.slices] for name, box in template.leads}
