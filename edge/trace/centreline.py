"""The centreline of a printed trace, to a fraction of a pixel: where the curve ran whose stroke has these edges and this darkness.

On flat pieces it is the middle of the stroke. On steep ones a stroke spans all that its line covers in a column, and between its edges the
curve cannot be measured. It can be learnt: a small network of convolutions along the stroke, trained by `python -m train centreline` on
strokes that were drawn in many ways and read back, says where between the edges it runs.
"""

from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

import numpy as np

from ..compiled.library import address, compiled

LAYERS = ((5, 1), (5, 1), (5, 2), (5, 4), (5, 1))
"""Kernel and dilation of the convolutions; each but the first adds to what came before it."""
STYLE_LAYER = 1
"""After this layer the mean over the whole stroke is added, weighted: it tells how lines were drawn."""
OFFSETS_PX = (-0.25, 0.25)
"""The curve is given at these places of each column: samples stand closer than columns."""
BLOCK = 128
"""So many columns are multiplied at once: libraries share larger products among threads, and their sums depend on how many there are."""
COMPILED_OUT, COMPILED_COLUMNS = 32, 6
"""How many values of a column the compiled layers make, and of how many columns at once."""
BEYOND = max(width // 2 * dilation for width, dilation in LAYERS)
"""Convolutions see so many columns to either side."""
SOFT_PX = 2.0
"""Lengths much greater than this are told apart by their logarithm."""
USUAL_DARKNESS, USUAL_WIDTH_PX = 0.75, 4.0
"""What the darkness and the width of lines are centred on and divided by."""


def centrelines(strokes: Sequence[np.ndarray], width_px: float) -> list[np.ndarray]:
    """The rows (w, 2) of the curve at `OFFSETS_PX` of each column, for each stroke.

    Parameters
    ----------
    strokes : for each (w, 4) float: the upper and lower edge of the stroke in each column, and the darkness of its upper and lower half, 0..1;
        not finite where it is not known
    width_px : the width of the line where it is flat
    """
    return [_curve(stroke, width_px) for stroke in strokes]


def inputs_of(stroke: np.ndarray, width_px: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the network sees of a (w, 4) stroke, (w, 8) float32; the middle between its edges and the length in which the network counts
    from there, (w,) float32 in pixels each."""
    known = np.isfinite(stroke).all(axis=1)
    columns = np.arange(len(stroke))
    top, bottom, upper, lower = (np.interp(columns, columns[known], side[known]) for side in stroke.T)
    middle, height = 0.5 * (top + bottom), bottom - top
    # How thick it is, and how far its edges and its middle are below those of the column before.
    lengths = np.zeros((4, len(stroke)))
    lengths[0] = height - width_px
    for length, rows in zip(lengths[1:], (top, bottom, middle), strict=True):
        np.subtract(rows[1:], rows[:-1], out=length[1:])
    inputs = np.empty((len(stroke), 8), np.float32)
    inputs[:, :4] = (np.arcsinh(lengths / SOFT_PX) / SOFT_PX).T
    inputs[:, 4], inputs[:, 5] = upper - USUAL_DARKNESS, lower - USUAL_DARKNESS
    inputs[:, 6], inputs[:, 7] = width_px / USUAL_WIDTH_PX, ~known
    return inputs, middle.astype(np.float32), (0.5 * height + 1.0).astype(np.float32)


def _curve(stroke: np.ndarray, width_px: float) -> np.ndarray:
    x, middle, unit = inputs_of(stroke, width_px)
    curve = (_network_compiled if compiled() else _network_in_numpy)(x)
    return np.asarray(middle[:, None] + curve * unit[:, None])


def _network_compiled(x: np.ndarray) -> np.ndarray:
    """(w, 2) float32 of (w, m) float32: what the network says, by `compiled/centreline.c`."""
    library = compiled()
    assert library
    addresses, dilations = _addresses()
    (count, into), found = x.shape, np.empty((len(x), len(OFFSETS_PX)), np.float32)
    scratch = np.zeros((count + COMPILED_COLUMNS + 2 * BEYOND) * (2 * COMPILED_OUT + into), np.float32)
    library["centreline"](
        count, into, len(LAYERS), LAYERS[0][0], address(dilations), STYLE_LAYER, BEYOND,
        *map(address, (x, addresses, scratch, found)),
    )  # fmt: skip
    return found


def _network_in_numpy(x: np.ndarray) -> np.ndarray:
    """As `_network_compiled`."""
    weights = _weights()
    for number, (_, dilation) in enumerate(LAYERS):
        found = np.maximum(_convolved(x, *weights[f"layer{number}"], dilation), 0)
        x = found if number == 0 else x + found
        if number == STYLE_LAYER:
            (first, first_bias), (second, second_bias) = weights["style0"], weights["style1"]
            x = x + (np.maximum(x.mean(axis=0) @ first + first_bias, 0) @ second + second_bias)
    return _convolved(x, *weights["curve"], 1)


def _convolved(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, dilation: int) -> np.ndarray:
    """(w, n) float32: the convolution of (w, m) with a (k, m, n) kernel, zeros beyond its ends, as products of matrices."""
    beyond, blocks = len(kernel) // 2 * dilation, -(-len(x) // BLOCK)
    padded = np.zeros((2 * beyond + blocks * BLOCK, x.shape[1]), np.float32)
    padded[beyond : beyond + len(x)] = x
    parts = (
        padded[k * dilation : k * dilation + blocks * BLOCK].reshape(blocks, BLOCK, -1) for k in range(len(kernel))
    )
    total = next(parts) @ kernel[0]
    total += bias
    product = np.empty_like(total)
    for part, weights in zip(parts, kernel[1:], strict=True):
        total += np.matmul(part, weights, out=product)
    return np.asarray(total.reshape(blocks * BLOCK, -1)[: len(x)])


def _addresses() -> tuple[np.ndarray, np.ndarray]:
    """Where the weights and biases lie that `compiled/centreline.c` takes, in its order, and the layers' dilations."""
    weights = _weights()
    names = [*(f"layer{number}" for number in range(len(LAYERS))), "style0", "style1", "curve"]
    held = [address(part) for name in names for part in weights[name]]
    return np.array(held, np.uintp), np.array([dilation for _, dilation in LAYERS], np.int64)


@lru_cache(maxsize=1)
def _weights() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """{layer: (weights, biases)} float32."""
    with (resources.files(__package__) / "centreline.npz").open("rb") as file, np.load(file) as held:
        names = sorted({name.rpartition("_")[0] for name in held.files})
        return {n: (held[f"{n}_weights"].astype(np.float32), held[f"{n}_biases"].astype(np.float32)) for n in names}
