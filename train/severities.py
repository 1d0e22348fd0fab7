"""How hard photographs are: the ranges that the camera simulator draws from, as data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Severity:
    """The ranges of one severity, each (least, most) drawn uniformly; set before anything was measured.

    Blur and motion in pixels at 8 px/mm; `gradient` and `dark` (of shadows) as parts of the light; `shadow` the kinds of shadow that
    there may be; `shadow_share` and `covered` as parts of the sheet; `noise` in levels; `bends` and `folds` as whole numbers.
    """

    tilt_deg: tuple
    turn_deg: tuple
    quarter_turns: tuple
    page_width_px: tuple
    gradient: tuple
    shadow: tuple
    shadow_share: tuple
    blur_px: tuple
    motion_px: tuple
    noise: tuple
    quality: tuple
    curl_mm: tuple
    folds: tuple
    covered: tuple = (0.0, 0.0)
    glare: tuple = (0.0, 0.0)
    moire: tuple = (0.0, 0.0)
    dark: tuple = (0.15, 0.5)
    megapixels: tuple = (1.0, 12.0)
    distance: tuple = (1.1, 2.0)
    """From the lens to the sheet, in widths of the page."""
    space: tuple = (0.03, 0.4)
    """Table around a sheet that lies in the picture, in parts of its extent."""
    trim: tuple = (0.0, 0.04)
    """Paper around the leads where they fill the picture."""
    white: tuple = (165.0, 248.0)
    """The level of paper in good light."""
    warmth: tuple = (-0.04, 0.05)
    tint: tuple = (-0.02, 0.03)
    """White balance: red gains `warmth` and blue loses it, green loses `tint`."""
    sharpen: tuple = (0.0, 0.6)
    """The halo that a telephone adds."""
    margin_mm: tuple = (0.0, 8.0)
    """Paper around the page."""
    printed: bool = True
    """Whether the page goes through a printer; else it is seen as it is."""


SEVERITIES = {
    1: Severity(
        tilt_deg=(0, 10),
        turn_deg=(-5, 5),
        quarter_turns=(0,),
        page_width_px=(2000, 3500),
        gradient=(0, 0.20),
        shadow=("none",),
        shadow_share=(0, 0),
        blur_px=(0, 0.7),
        motion_px=(0, 0),
        noise=(0, 3),
        quality=(85, 95),
        curl_mm=(0, 0),
        folds=(0, 0),
    ),
    2: Severity(
        tilt_deg=(0, 20),
        turn_deg=(-15, 15),
        quarter_turns=(0, 1, 2, 3),
        page_width_px=(1600, 3000),
        gradient=(0, 0.45),
        shadow=("soft",),
        shadow_share=(0, 0.30),
        blur_px=(0, 1.3),
        motion_px=(0, 0),
        noise=(0, 7),
        quality=(70, 90),
        curl_mm=(0, 3),
        folds=(0, 1),
    ),
    3: Severity(
        tilt_deg=(0, 35),
        turn_deg=(-180, 180),
        quarter_turns=(0,),
        page_width_px=(1100, 2500),
        gradient=(0, 0.70),
        shadow=("soft", "hard"),
        shadow_share=(0, 0.40),
        blur_px=(0, 2.5),
        motion_px=(0, 6),
        noise=(0, 14),
        quality=(60, 80),
        curl_mm=(0, 8),
        folds=(0, 3),
        covered=(0, 0.05),
        glare=(0, 0.6),
        moire=(0, 5),
    ),
}
"""Issue 12's table, and what it leaves open."""

STILL = Severity(
    tilt_deg=(0, 0),
    turn_deg=(0, 0),
    quarter_turns=(0,),
    page_width_px=(2000, 2000),
    gradient=(0, 0),
    shadow=("none",),
    shadow_share=(0, 0),
    blur_px=(0, 0),
    motion_px=(0, 0),
    noise=(0, 0),
    quality=(95, 95),
    curl_mm=(0, 0),
    folds=(0, 0),
    white=(255, 255),
    warmth=(0, 0),
    tint=(0, 0),
    sharpen=(0, 0),
    margin_mm=(0, 0),
    printed=False,
)
"""Nothing at all happens to the page: for tests, and to change one thing at a time with `dataclasses.replace`."""
