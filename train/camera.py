"""A camera before a printed page: photographs of three severities, with what is true of them.

    python -m train.camera PAGE... --severity 2 --seed 7 --out DIR

writes a JPEG of each page and a JSON of its truth beside it.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ecg_edge.layout import REPORT

from . import scene_background, scene_frame, scene_hands, scene_lens, scene_light, scene_print, scene_view
from .severities import SEVERITIES, Severity

PARTS = ("train", "test")
EXPOSED_FOR = 90
"""The percentile of the light on the sheet that becomes the level `white`."""


@dataclass(frozen=True)
class Photo:
    """A photograph and its truth.

    `image` (H, W, 3) uint8 as decoded from `jpeg`, the bytes of the file; `homography` (3, 3) from page pixels to the picture
    pixels of the flat sheet; `warp` takes (n, 2) page pixels to where they are truly seen, bends and folds too; `corners` (4, 2)
    of the sheet in the picture, clockwise from the corner at the page's top left; `parameters` all that was drawn. Pixels' centres
    are whole numbers.
    """

    image: np.ndarray
    jpeg: bytes
    homography: np.ndarray
    warp: object
    corners: np.ndarray
    parameters: dict


def photograph(page, severity, seed, *, px_per_mm, part="train", framing=None, content=None):
    """A photograph of a page, drawn at random within a severity's ranges.

    Parameters
    ----------
    page : PIL.Image.Image, or (H, W, 3) or (H, W) uint8
    severity : 1, 2, 3 or a `Severity`
    seed : int
    px_per_mm : float, the page's scale
    part : "train" or "test": which backgrounds there are; the same seed draws other photographs in the other part
    framing : "lying" in the picture or "filling" it (the sheet's edges outside of it, the leads inside); at random where None
    content : (left, top, right, bottom) in page pixels, what a filling picture holds; the frame of a report page, else all but 3 %

    Returns
    -------
    Photo
        The same for the same arguments, to the byte.
    """
    from PIL import Image

    picture = (page if isinstance(page, Image.Image) else Image.fromarray(np.asarray(page))).convert("RGB")
    ranges = SEVERITIES[severity] if not isinstance(severity, Severity) else severity
    draws = [np.random.default_rng([PARTS.index(part), seed, stage]) for stage in range(8)]
    view, size, drawn = scene_frame.frame(picture.size, ranges, px_per_mm, framing, content, draws[0])
    drawn |= draw_parameters(ranges, part, draws[1])
    scene, points_mm, on_sheet = _scene(picture, view, size, ranges, drawn, draws[2:5])
    light = _light(view, size, points_mm, on_sheet, drawn, draws[5])
    image = _expose(scene, light, view, drawn, draws[6])
    jpeg, image = scene_lens.through_jpeg(image, drawn["quality"])
    return Photo(
        image,
        jpeg,
        scene_view.homography(view),
        partial(scene_view.project, view),
        scene_view.project(view, scene_view.outline(view)),
        drawn | {"view": asdict(view), "size": list(size), "seed": seed, "part": part},
    )


def draw_parameters(ranges, part, rng):
    """All of a photograph but its geometry."""
    drawn = {
        name: float(rng.uniform(*getattr(ranges, name)))
        for name in (
            "gradient",
            "blur_px",
            "motion_px",
            "noise",
            "covered",
            "glare",
            "moire",
            "white",
            "warmth",
            "tint",
            "sharpen",
        )
    }
    drawn["motion_deg"] = float(rng.uniform(0, 180))
    drawn["quality"] = int(rng.integers(ranges.quality[0], ranges.quality[1] + 1))
    drawn["shadow"] = str(rng.choice(ranges.shadow))
    drawn["shadow_share"] = float(rng.uniform(*ranges.shadow_share))
    drawn["shadow_dark"] = float(rng.uniform(*ranges.dark))
    drawn["background"] = str(rng.choice(scene_background.FAMILIES[part]))
    return drawn


def _scene(page, view, size, ranges, drawn, draws):
    """(RGB `PIL.Image` of the sheet on its background in even light, places on the table in mm and where the sheet is, at 1 / 4)."""
    cell = scene_print.CELL_PX
    rows, columns = (-(-n // cell) for n in size[::-1])
    y, x = np.mgrid[: rows + 1, : columns + 1] * float(cell) - 0.5
    nodes = scene_view.unproject(view, np.column_stack([x.ravel(), y.ravel()])).reshape(rows + 1, columns + 1, 2)
    kind = scene_print.draw_print(draws[0]) if ranges.printed else scene_print.Print((255, 255, 255), 0.0, 0.0, 0.0)
    printed = scene_print.sheet(page, view.px_per_mm, view.margin_mm, 1.1 * view.scale, kind, draws[0])
    sheet = scene_print.lay_down(printed, nodes, size)
    scene = scene_background.draw(drawn["background"], size, draws[1])
    scene = _contact(scene, sheet, view, draws[1]) if ranges.printed else scene
    scene.paste(sheet, (0, 0), sheet)
    points_mm = _finer(scene_view.to_mm(view, nodes.reshape(-1, 2)).reshape(nodes.shape), size)
    on_sheet = np.asarray(sheet.getchannel("A").resize(points_mm.shape[1::-1], 0)) > 127
    if drawn["covered"] > 0:
        scene = _cover(scene, on_sheet, view, size, drawn["covered"], draws[2])
    return scene, points_mm, on_sheet


def _finer(nodes, size):
    """(h, w, 2) values at the middles of the light's pixels, from those at the corners of cells."""
    from scipy import ndimage

    shape = tuple(-(-n // scene_light.REDUCE) for n in size[::-1])
    at = [(np.arange(n) + 0.5) * scene_light.REDUCE / scene_print.CELL_PX for n in shape]
    where = np.meshgrid(*at, indexing="ij")
    return np.dstack([ndimage.map_coordinates(nodes[..., axis], where, order=1) for axis in (0, 1)])


def _contact(scene, sheet, view, rng):
    """The background with the shadow that the sheet throws on it."""
    from PIL import Image, ImageFilter

    small = sheet.getchannel("A").reduce(4)
    lift, dark = rng.uniform(0.3, 3.0) * view.scale / 4, rng.uniform(0.2, 0.7)
    shift = rng.uniform(-1, 1, 2) * lift
    small = small.transform(small.size, Image.Transform.AFFINE, (1, 0, -shift[0], 0, 1, -shift[1]))
    small = small.filter(ImageFilter.GaussianBlur(lift)).point(lambda level: level * dark)
    return Image.composite(Image.new("RGB", scene.size), scene, small.resize(scene.size, Image.Resampling.BILINEAR))


def _cover(scene, on_sheet, view, size, share, rng):
    """The scene with a finger, a hand or a pen over `share` of the sheet at most."""
    from PIL import Image, ImageFilter

    reduce = scene_light.SHARE_REDUCE
    width_px = drawn_width(view)
    outline = scene_view.project(view, scene_view.outline(view, 12))
    entry = outline[rng.integers(len(outline))]
    inwards = outline.mean(axis=0) - entry
    direction = np.rad2deg(np.arctan2(inwards[1], inwards[0])) + rng.uniform(-35, 35)
    maker = scene_hands.COVERS[rng.integers(len(scene_hands.COVERS))]
    sheet = _reduced(on_sheet, size, reduce)
    placed = scene_hands.reach_in(maker(rng), share, sheet, entry, direction, width_px, size, reduce, 0.35)
    mask = scene_hands.mask(placed, size, 2)
    round_off = np.asarray(mask.filter(ImageFilter.GaussianBlur(0.012 * width_px / 2)), np.float32)[..., None] / 255
    tones = ((70, 45, 35), (225, 180, 155)) if maker is not scene_hands.pen else ((20, 20, 30), (190, 195, 210))
    base = np.array(tones[0]) + rng.uniform(0, 1) * (np.array(tones[1]) - tones[0])
    skin = (
        base * (0.45 + 0.55 * round_off) * (1 + 0.03 * scene_background.noise(rng, round_off.shape[:2], 20))[..., None]
    )
    skin = Image.fromarray(np.clip(skin, 0, 255).astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)
    fall = mask.filter(ImageFilter.GaussianBlur(0.01 * width_px / 2)).resize(size).point(lambda level: level * 0.5)
    scene = Image.composite(Image.new("RGB", size), scene, fall)
    return Image.composite(skin, scene, mask.resize(size, Image.Resampling.BILINEAR))


def drawn_width(view):
    """The page's width at the scale of its centre, in pixels."""
    return view.scale * view.page_px[0] / view.px_per_mm


def _reduced(mask, size, reduce):
    """A bool mask at 1 / `reduce` of the picture's size."""
    from PIL import Image

    shape = tuple(-(-n // reduce) for n in size)
    return np.asarray(Image.fromarray(mask.astype(np.uint8) * 255).resize(shape, Image.Resampling.BOX)) > 127


def _light(view, size, points_mm, on_sheet, drawn, rng):
    """((h, w) factors as exposed, (h, w) glare) at 1 / `scene_light.REDUCE`."""
    factors = scene_light.illumination(points_mm, on_sheet, drawn["gradient"], rng)
    factors = factors * np.where(on_sheet, scene_light.shade(view, points_mm, rng), np.float32(1.0))
    outline = scene_view.project(view, scene_view.outline(view, 12))
    if drawn["shadow"] != "none":
        sheet = _reduced(on_sheet, size, scene_light.SHARE_REDUCE)
        share, dark = drawn["shadow_share"], drawn["shadow_dark"]
        factors *= scene_light.shadow(drawn["shadow"], share, dark, sheet, outline, drawn_width(view), size, rng)[
            : factors.shape[0], : factors.shape[1]
        ]
    factors /= np.percentile(factors[on_sheet], EXPOSED_FOR)
    centre = outline.mean(axis=0) + rng.uniform(-0.3, 0.3, 2) * drawn_width(view)
    return factors, scene_light.glare(drawn["glare"], centre, drawn_width(view), size, rng)


def _expose(scene, light, view, drawn, rng):
    """The RGB `PIL.Image` that the sensor makes of a scene in its light."""
    from PIL import Image

    size, at = scene.size, view.scale / 8.0
    factors, glare = (
        np.asarray(Image.fromarray(field).resize(size, Image.Resampling.BILINEAR)) if np.ptp(field) > 0 else field.max()
        for field in light
    )
    paper = 245.0 if drawn["white"] < 255 else 255.0
    gains = np.array([1.0 + drawn["warmth"], 1.0 - drawn["tint"], 1.0 - drawn["warmth"]]) * drawn["white"] / paper
    fringes = scene_lens.moire(drawn["moire"], size[::-1], rng) if drawn["moire"] > 0 else None
    channels = []
    for band, gain in enumerate(gains):
        channel = np.asarray(scene.getchannel(band)).astype(np.float32) * (factors * np.float32(gain))
        channel += (250.0 - channel) * glare
        channel = scene_lens.blur(channel, drawn["blur_px"] * at, drawn["motion_px"] * at, drawn["motion_deg"])
        channel = scene_lens.sharpen(channel, drawn["sharpen"])
        if fringes is not None:
            channel += np.asarray(Image.fromarray(fringes[band]).resize(size, Image.Resampling.BILINEAR))
        channels.append(channel)
    scene_lens.sensor_noise(channels, drawn["noise"], rng)
    return Image.merge("RGB", [Image.fromarray(np.clip(c + 0.5, 0, 255).astype(np.uint8)) for c in channels])


def truth(photo):
    """What is true of a photograph, for a JSON file."""
    return {
        "homography": photo.homography.tolist(),
        "corners": photo.corners.tolist(),
        "parameters": photo.parameters,
    }


def main(argv=None):
    """Run the command line; the exit status."""
    from PIL import Image

    parser = argparse.ArgumentParser(prog="python -m train.camera", description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="+", metavar="PAGE", type=Path)
    parser.add_argument("--severity", type=int, choices=SEVERITIES, default=1)
    parser.add_argument("--seed", type=int, default=0, help="of the first page; the next pages take the next seeds")
    parser.add_argument("--part", choices=PARTS, default="train", help="which backgrounds there are")
    parser.add_argument("--framing", choices=scene_frame.KINDS, help="default: at random")
    parser.add_argument("--px-per-mm", type=float, default=REPORT.px_per_mm)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    for seed, path in enumerate(options.pages, options.seed):
        with Image.open(path) as page:
            photo = photograph(
                page,
                options.severity,
                seed,
                px_per_mm=options.px_per_mm,
                part=options.part,
                framing=options.framing,
            )
        stem = options.out / f"{path.stem}-s{options.severity}-{seed}"
        stem.with_suffix(".jpg").write_bytes(photo.jpeg)
        stem.with_suffix(".json").write_text(json.dumps(truth(photo) | {"page": str(path)}, indent=1))
        print(stem.with_suffix(".jpg"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
