"""The network that says what each spot of a flat page is: trace, calibration pulse, lead's name, separator, other print, or paper.

    python -m train parts --jobs 2
    python -m train parts --jobs 2 --apart 0

draws labelled pages of the families of paper into runs/parts/pages/, trains on them, or on those of all families but a group that is kept apart,
and writes runs/parts/all.tflite, or apart-0.tflite: int8 files. Each goes on where it was stopped. The hearts are of PTB-XL's folds 1 to 7: those of
`benchmarks page_parts` and `benchmarks foreign` are others.
"""

import json
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np

from ecg_edge.classifier import runtime
from ecg_edge.page.dark_screen import as_on_paper

from . import paper, records
from .paper_families import FAMILIES, draw_family
from .paper_marks import KINDS

FOLDER = Path("runs/parts")
FOLDS = tuple(range(1, 8))
GROUPS = 2
"""Of families, each of which one network is not shown: every second one of the table."""
PX_PER_MM, CELL_PX = 4, 2
"""Of the picture that the network sees, and how many of its pixels one answer is for: half a millimetre."""
SEED, EACH = 20_000, 10
"""Pages of each family, from this seed on: `benchmarks` reads those from 0 on."""
PATCH_PX, BATCH, RATE = 256, 16, 4e-3
STEPS = 400
CHUNK = 20
"""Steps between two savings."""
SCALE_SHARE, TURN_DEG = 0.05, 1.5
"""How much larger or smaller than life, and how far askew, pages are learnt."""
RARE_SHARE = 0.5
"""Of the patches, those about a spot of one of the kinds, each as likely: else most would show paper and traces alone."""
CALIBRATION = 40
"""Pages that the ranges of int8 numbers are taken from, about."""
TILE, OVERLAP_PX = (864, 1216), 64
"""Height and width of what the network looks at: 216 by 304 mm: an A4 or letter page. Larger pages are looked at in pieces."""
WEIGHTS = (0.6, 1.5, 3.0, 3.0, 3.0, 1.0)
"""What a mistake costs on a spot of each of `KINDS`."""
WIDTHS = (8, 16, 24, 32, 48)
"""Channels at 1/2, 1/4 … 1/32 of the picture."""


def draw(family: str, seed: int, data: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """((2h, 2w, 3) uint8 picture at about `PX_PER_MM`, (h, w) uint8 places in `KINDS`) of a page of a family.

    What is white on black is turned as reading turns it.
    """
    rng = np.random.default_rng([seed, zlib.crc32(family.encode())])
    known = records.read_records(data, folds=FOLDS)
    record = known[rng.integers(len(known))]
    style, px_per_mm = draw_family(rng, family)
    page = paper.draw_page(records.signals(record), style, px_per_mm=px_per_mm, seed=seed, labelled=True)
    scale = float(rng.uniform(1 - SCALE_SHARE, 1 + SCALE_SHARE)) * PX_PER_MM / px_per_mm
    return reduced(as_on_paper(page.image), page.labels, scale, float(rng.uniform(-TURN_DEG, TURN_DEG)))


def reduced(image, labels: np.ndarray, scale: float, turn_deg: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """((2h, 2w, 3) uint8, (h, w) uint8) of an RGB `PIL.Image` and its (H, W) labels, `scale` times as large and turned anticlockwise.

    A cell is the last of `KINDS` that is in it.
    """
    from PIL import Image

    height, width = (int(n * scale / CELL_PX) for n in labels.shape)
    small = image.resize((width * CELL_PX, height * CELL_PX), Image.Resampling.BILINEAR)
    if turn_deg:
        small = small.rotate(turn_deg, Image.Resampling.BICUBIC, fillcolor=image.getpixel((1, 1)))
        labels = np.asarray(Image.fromarray(labels).rotate(turn_deg))
    rows, columns = (np.arange(n) * size // n for n, size in zip((height, width), labels.shape, strict=True))
    cells = np.maximum.reduceat(np.maximum.reduceat(labels, rows, axis=0), columns, axis=1)
    return np.asarray(small), cells


def pages(families: Iterable[str], count: int, jobs: int, data: str | None = None, folder: Path = FOLDER) -> list:
    """(picture, cells) of `count` pages of each family, as `draw` gives them, kept in a folder."""
    asked = [(family, SEED + number) for number in range(count) for family in families]
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(partial(_kept, data=data, folder=folder / "pages"), *zip(*asked, strict=True)))


def _kept(family, seed, data, folder):
    path = folder / f"{family.replace(' ', '-')}-{seed}.npz"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        picture, cells = draw(family, seed, data)
        part = path.with_suffix(".part")
        with open(part, "wb") as file:
            np.savez_compressed(file, picture=picture, cells=cells)
        part.replace(path)
    with np.load(path) as held:
        return held["picture"], held["cells"]


def spots_of(cells: np.ndarray) -> list[np.ndarray]:
    """For each of `KINDS` where it is in (h, w) cells, (n, 2) rows and columns; of paper none are given."""
    order = np.argsort(cells, axis=None, kind="stable")
    ends = np.cumsum(np.bincount(cells.ravel(), minlength=len(KINDS)))
    order = order[ends[0] :].astype(np.int32)
    places = np.stack(np.unravel_index(order, cells.shape), axis=1)
    return [places[:0], *np.split(places, ends[1:-1] - ends[0])]


def patches(
    held: list, count: int, rng: np.random.Generator, known: list | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """((n, PATCH_PX, PATCH_PX, 3) uint8, (n, PATCH_PX / 2, PATCH_PX / 2) uint8): pieces of pages as they may be photographed, scanned and saved."""
    seen, true = [], []
    known = [spots_of(cells) for _, cells in held] if known is None else known
    cells_px = PATCH_PX // CELL_PX
    for _ in range(count):
        number = rng.integers(len(held))
        picture, cells = held[number]
        middle = rng.integers(0, cells.shape)
        if rng.random() < RARE_SHARE:
            spots = known[number][rng.integers(1, len(KINDS))]
            middle = spots[rng.integers(len(spots))] if len(spots) else middle
        # Beyond the page's edge there may be a table, or more of the same paper.
        top, left = np.clip(
            middle - rng.integers(0, cells_px, 2), -cells_px // 4, cells.shape - np.array(3 * cells_px // 4)
        )
        rows, columns = np.arange(top, top + cells_px), np.arange(left, left + cells_px)
        inside = ((rows >= 0) & (rows < cells.shape[0]))[:, None] & ((columns >= 0) & (columns < cells.shape[1]))
        at = np.ix_(np.clip(rows, 0, cells.shape[0] - 1), np.clip(columns, 0, cells.shape[1] - 1))
        fine = [np.clip(np.arange(PATCH_PX) + first * CELL_PX, 0, size - 1)
                for first, size in zip((top, left), picture.shape[:2], strict=True)]  # fmt: skip
        patch = picture[np.ix_(*fine)].astype(np.float32)
        outside = ~np.repeat(np.repeat(inside, CELL_PX, axis=0), CELL_PX, axis=1)
        if outside.any():
            patch[outside] = rng.uniform(0, 255, 3) + rng.normal(0, rng.uniform(0, 12), (int(outside.sum()), 1))
        seen.append(_seen_again(patch, rng))
        true.append(np.where(inside, cells[at], 0))
    return np.array(seen), np.array(true, np.uint8)


def _seen_again(patch, rng):
    """(h, w, 3) uint8 of a float patch in other light, through another lens, sensor and file."""
    from PIL import Image
    from scipy import ndimage

    if rng.random() < 0.5:
        ramp = np.linspace(*rng.uniform(0.6, 1.05, 2), len(patch))
        patch = patch * (ramp[:, None, None] if rng.random() < 0.5 else ramp[:, None])
    if rng.random() < 0.5:
        patch = patch * rng.uniform(0.8, 1.0, 3) + rng.uniform(0, 25)
    if rng.random() < 0.4:
        patch = ndimage.gaussian_filter(patch, (rng.uniform(0.2, 0.9),) * 2 + (0,))
    if rng.random() < 0.4:
        patch = patch + rng.normal(0, rng.uniform(1, 7), patch.shape)
    patch = np.clip(np.rint(patch), 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        held = BytesIO()
        Image.fromarray(patch).save(held, "JPEG", quality=int(rng.integers(45, 92)))
        patch = np.asarray(Image.open(held))
    return patch


def build(shape: tuple[int | None, int | None] = (None, None)):
    """The network: a U-Net whose first layer halves the picture; a score for each of `KINDS` in each cell."""
    import keras
    from keras import layers

    def convolved(x, channels, name, stride=1):
        x = layers.Conv2D(channels, 3, stride, "same", use_bias=False, name=name)(x)
        return layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x))

    seen = keras.Input((*shape, 3), name="page")
    x = layers.Rescaling(1 / 255, name="unit")(seen)
    x = layers.Conv2D(WIDTHS[0], 5, 2, "same", use_bias=False, name="first")(x)
    x = layers.ReLU(name="first_relu")(layers.BatchNormalization(momentum=0.9, name="first_norm")(x))
    x = convolved(x, WIDTHS[0], "level0")
    passed = [x]
    for level, channels in enumerate(WIDTHS[1:], 1):
        x = convolved(x, channels, f"down{level}", 2)
        x = convolved(x, channels, f"level{level}")
        passed.append(x)
    x = convolved(x, WIDTHS[-1], "deepest")
    for level in range(len(WIDTHS) - 2, -1, -1):
        x = layers.Conv2D(WIDTHS[level], 1, name=f"narrow{level}")(x)
        x = layers.UpSampling2D(2, name=f"larger{level}")(x)
        x = layers.Add(name=f"sum{level}")([x, passed[level]])
        x = convolved(x, WIDTHS[level], f"up{level}")
    return keras.Model(seen, layers.Conv2D(len(KINDS), 1, name="kinds")(x))


def families_of(apart: int | None) -> list[str]:
    """The families that a network is trained on from which a group is kept apart: all of them where None."""
    return [family for number, family in enumerate(FAMILIES) if number % GROUPS != apart]


def path_of(apart: int | None, folder: Path = FOLDER) -> Path:
    """Where the int8 file of that network lies."""
    return folder / ("all.tflite" if apart is None else f"apart-{apart}.tflite")


def make(apart: int | None, steps: int, each: int, jobs: int, data: str | None = None, folder: Path = FOLDER) -> Path:
    """Draw `each` pages of `families_of` it, train so many steps, and convert; the path of the int8 file.

    What was done before is gone on with. `jobs` processes draw, and so many threads train.
    """
    import tensorflow as tf

    held = pages(families_of(apart), each, jobs, data, folder)
    tf.config.threading.set_intra_op_parallelism_threads(jobs)
    path = path_of(apart, folder)
    known = {"families": families_of(apart), "each": each, "steps": steps, "seed": SEED}
    model = fit(held, folder / path.stem, steps, known)
    path.write_bytes(convert(model, [picture for picture, _ in held[:: max(1, len(held) // CALIBRATION)]]))
    path.with_suffix(".json").write_text(json.dumps(known | {"bytes": path.stat().st_size}, indent=1))
    return path


def fit(held: list, folder: Path, steps: int, known: dict):
    """The model after so many steps on patches of pages; it goes on from the last saving in `folder` of the same `known`."""
    import keras

    folder.mkdir(parents=True, exist_ok=True)
    saved, record = folder / "model.keras", folder / "known.json"
    done = 0
    if saved.is_file() and record.is_file() and json.loads(record.read_text())["known"] == known:
        done = json.loads(record.read_text())["done"]
        model = keras.models.load_model(saved)
    else:
        keras.utils.set_random_seed(SEED)
        model = build()
        rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(rate), loss)
    weights, spots = np.array(WEIGHTS, np.float32), [spots_of(cells) for _, cells in held]
    while done < steps:
        count = min(CHUNK, steps - done)
        seen, true = patches(held, count * BATCH, np.random.default_rng([SEED, done]), spots)
        fitted = model.fit(seen, true, BATCH, sample_weight=weights[true], shuffle=False, verbose=0)
        done += count
        model.save(saved)
        record.write_text(json.dumps({"known": known, "done": done}))
        print(f"{folder.name}: {done} of {steps} steps, loss {fitted.history['loss'][0]:.4f}", flush=True)
    return model


def convert(model, pictures: list) -> bytes:
    """The int8 file of a model, for pictures of `TILE`; the ranges of what lies between layers are those of `pictures`."""
    import tensorflow as tf

    fixed = build(TILE)
    fixed.set_weights(model.get_weights())
    converter = tf.lite.TFLiteConverter.from_keras_model(fixed)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [tile.astype(np.float32)[None]] for picture in pictures for tile, _ in tiles(picture)
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type, converter.inference_output_type = tf.uint8, tf.int8
    return converter.convert()


def tiles(
    picture: np.ndarray, shape: tuple[int, ...] | None = None
) -> Iterator[tuple[np.ndarray, tuple[slice, slice]]]:
    """Yield (piece, its rows and columns) of a (H, W, 3) uint8 picture: pieces of a shape, `TILE` where None; the last pixels are repeated where there are no more."""
    sides = shape or TILE
    starts = [
        range(0, max(size - OVERLAP_PX, 1), side - OVERLAP_PX) for size, side in zip(picture.shape, sides, strict=False)
    ]
    for top in starts[0]:
        for left in starts[1]:
            piece = picture[top : top + sides[0], left : left + sides[1]]
            missing = [(0, side - size) for side, size in zip(sides, piece.shape, strict=False)]
            place = slice(top, top + piece.shape[0]), slice(left, left + piece.shape[1])
            yield np.pad(piece, [*missing, (0, 0)], "edge"), place


class Seer:
    """A network in a runtime.

    Parameters
    ----------
    data : bytes of a file of `make`
    """

    def __init__(self, data: bytes) -> None:
        self._network = runtime.Network(data, runtime.find_runtime())

    def scores(self, picture: np.ndarray) -> np.ndarray:
        """(h, w, 6) float32: a score for each of `KINDS` in each cell of a (H, W, 3) uint8 picture at `PX_PER_MM`."""
        height, width = picture.shape[0] // CELL_PX, picture.shape[1] // CELL_PX
        found = np.full((height, width, len(KINDS)), -np.inf, np.float32)
        picture = picture[: height * CELL_PX, : width * CELL_PX]
        for tile, place in tiles(picture, self._network.input_shape[:2]):
            rows, columns = (slice(each.start // CELL_PX, each.stop // CELL_PX) for each in place)
            seen = self._network.run(tile[None])[0]
            np.maximum(found[rows, columns], seen[: rows.stop - rows.start, : columns.stop - columns.start],
                       out=found[rows, columns])  # fmt: skip
        return found

    def parts(self, image, px_per_mm: tuple[float, float]) -> np.ndarray:
        """(h, w) uint8 places in `KINDS` of the cells of an RGB `PIL.Image` of this scale (across, down)."""
        from PIL import Image

        size = [int(n / scale * PX_PER_MM / CELL_PX) * CELL_PX for n, scale in zip(image.size, px_per_mm, strict=True)]
        small = image.resize(size, Image.Resampling.BILINEAR)
        return self.scores(np.asarray(small)).argmax(axis=2).astype(np.uint8)
