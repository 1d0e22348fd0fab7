"""The network that says where in a printed stroke its curve ran (`ecg_edge.trace.centreline`), from drawn strokes to the shipped weights.

    python -m train centreline --jobs 2

draws pages and reads their strokes back into runs/centreline/, which goes on where it was stopped, trains, and writes the weights. The same
seed, versions, processor and threads give the same weights.
"""

import pickle
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from ecg_edge.trace import centreline

from . import strokes

FOLDER, OUT = Path("runs/centreline"), Path("edge/trace/centreline.npz")
PAGES, CHOSEN, SEED = 480, 0.1, 0
"""So many pages are drawn, of which the last share chooses nothing and tells how near the curves come."""
WINDOW, CHANNELS, BATCH, EPOCHS, RATE = 500, 32, 32, 24, 3e-3
HUBER_PX = 4.0
"""Errors beyond this count in proportion, not squared: a trace that was wrongly followed teaches little."""
LEAST_PX2 = 9.0
"""Squared errors count relative to the lead's own variance and so much, as in the ratio of signal to noise."""


def make(
    pages: int = PAGES, epochs: int = EPOCHS, jobs: int = 2, data: str | None = None, out: Path = OUT
) -> dict[str, float]:
    """Draw, train, write the weights to `out`; the `figures` of the pages kept apart."""
    with ProcessPoolExecutor(jobs) as pool:
        drawn = list(pool.map(partial(_page, data=data), range(pages)))
    apart = max(round(CHOSEN * pages), 1)
    model = fit([stroke for page in drawn[:-apart] for stroke in page], epochs)
    write(model, out)
    return figures(model, [stroke for page in drawn[-apart:] for stroke in page])


def fit(learnt: list[strokes.Stroke], epochs: int = EPOCHS):
    """A trained Keras model of (N, w, 8) inputs to (N, w, 2) places between the edges."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(SEED)
    inputs, targets = _windows(learnt)
    model, random = build(inputs.shape[-1]), np.random.default_rng(SEED)
    schedule = keras.optimizers.schedules.CosineDecay(RATE, max(len(inputs) // BATCH, 1) * epochs)

    def loss(true, found):
        off = tf.abs(found * true[..., 2:3] - true[..., :2])
        off = tf.where(off < HUBER_PX, off * off, 2 * HUBER_PX * off - HUBER_PX**2)
        return tf.reduce_mean(off * true[..., 3:])

    model.compile(keras.optimizers.Adam(schedule), loss)
    for epoch in range(epochs):
        done = model.fit(*_mirrored(inputs, targets, random), batch_size=BATCH, verbose=0)
        print(f"epoch {epoch + 1} of {epochs}: {done.history['loss'][0]:.3f}", flush=True)
    return model


def build(inputs: int, channels: int = CHANNELS):
    """The network of `ecg_edge.trace.centreline`."""
    import keras
    from keras import layers

    x = edges = keras.Input((None, inputs), name="edges")
    for number, (kernel, dilation) in enumerate(centreline.LAYERS):
        found = layers.Conv1D(
            channels, kernel, dilation_rate=dilation, padding="same", activation="relu", name=f"layer{number}"
        )(x)
        x = found if number == 0 else layers.Add(name=f"sum{number}")([x, found])
        if number == centreline.STYLE_LAYER:
            style = layers.GlobalAveragePooling1D(keepdims=True, name="mean")(x)
            style = layers.Dense(channels, activation="relu", name="style0")(style)
            x = layers.Add(name="styled")([x, layers.Dense(channels, name="style1")(style)])
    return keras.Model(edges, layers.Conv1D(len(centreline.OFFSETS_PX), 1, name="curve")(x))


def write(model, out: Path) -> None:
    """Write the weights, as float16: half the size, and a hundredth of a pixel at most."""
    arrays = {}
    for layer in model.layers:
        for kind, values in zip(("weights", "biases"), layer.get_weights(), strict=False):
            arrays[f"{layer.name}_{kind}"] = values.astype(np.float16)
    np.savez(out, **arrays)


def figures(model, apart: list[strokes.Stroke]) -> dict[str, float]:
    """The median signal to noise ratio in dB of the curves that the model finds, and of the middle between the edges."""
    found, middle = [], []
    for stroke in apart:
        inputs, level, unit = centreline.inputs_of(stroke.seen, stroke.width_px)
        rows = level[:, None] + model(inputs[None]).numpy()[0] * unit[:, None]
        known = np.isfinite(stroke.seen).all(axis=1)
        found.append(_snr_db(stroke.rows[known], rows[known]))
        middle.append(_snr_db(stroke.rows[known], np.repeat(stroke.seen[known, :2].mean(axis=1)[:, None], 2, axis=1)))
    return {"strokes": len(apart), "curve_db": float(np.median(found)), "middle_db": float(np.median(middle))}


def _page(seed: int, data: str | None) -> list[strokes.Stroke]:
    """The strokes of one page, kept in `FOLDER`."""
    path = FOLDER / f"{seed}.pickle"
    if not path.is_file():
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(pickle.dumps(strokes.read(seed, data)))
        part.replace(path)
    return pickle.loads(path.read_bytes())


def _windows(learnt: list[strokes.Stroke]) -> tuple[np.ndarray, np.ndarray]:
    """(N, w, 8) inputs and (N, w, 4) targets: the curve's two distances from the middle, the unit that they are counted in, and a weight."""
    inputs, targets = [], []
    for stroke in learnt:
        seen, middle, unit = centreline.inputs_of(stroke.seen, stroke.width_px)
        off = stroke.rows - middle[:, None]
        off -= np.median(off)
        known = np.isfinite(stroke.seen).all(axis=1)
        height = stroke.seen[:, 1] - stroke.seen[:, 0]
        # Columns that were wrongly followed say nothing of centrelines.
        weight = known & (np.abs(off).max(axis=1) < np.where(known, height, 0) + 3)
        if not weight.any():
            continue
        weight = weight / (np.var(stroke.rows[weight]) + LEAST_PX2)
        target = np.column_stack([off, unit, weight])
        for start in range(0, len(seen) - WINDOW + 1, WINDOW):
            inputs.append(seen[start : start + WINDOW])
            targets.append(target[start : start + WINDOW])
    inputs, targets = np.array(inputs, np.float32), np.array(targets, np.float32)
    targets[..., 3] /= targets[..., 3].mean()
    return inputs, targets


def _mirrored(inputs: np.ndarray, targets: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Half of the windows upside down: a line is drawn alike up and down."""
    inputs, targets = inputs.copy(), targets.copy()
    some = random.random(len(inputs)) < 0.5
    turned = inputs[some]
    # The edges' steps change places and signs, the middle's its sign, the halves' darkness its place.
    inputs[some] = np.stack(
        [
            turned[..., 0],
            -turned[..., 2],
            -turned[..., 1],
            -turned[..., 3],
            turned[..., 5],
            turned[..., 4],
            turned[..., 6],
            turned[..., 7],
        ],
        axis=-1,
    )
    targets[some, :, :2] *= -1
    return inputs, targets


def _snr_db(true: np.ndarray, found: np.ndarray) -> float:
    true, found = true - true.mean(), found - found.mean()
    return float(10 * np.log10(np.sum(true**2) / np.sum((true - found) ** 2)))
