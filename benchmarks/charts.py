"""Drawn charts: lines with grids, panels, bars, points, prices, sound, spectra, oscilloscopes, earthquakes."""

from io import BytesIO

import numpy as np
from PIL import Image

STYLES = ("default", "ggplot", "bmh", "grayscale", "seaborn-v0_8-whitegrid", "dark_background", "classic")


def _walk(rng, count=400):
    return np.cumsum(rng.standard_normal(count)) / 10


def line(axes, rng):
    """Curves over a grid."""
    kind = rng.integers(3)
    for _ in range(int(rng.integers(1, 5))):
        x = np.linspace(0, 10, 400)
        y = (_walk(rng), np.sin(rng.uniform(1, 6) * x) * rng.uniform(0.5, 2), np.exp(-x / 3) * rng.uniform(0.5, 2))[
            kind
        ]
        axes.plot(x, y)
    axes.grid(True, which="both", color=("0.8", "pink", "lightsalmon")[rng.integers(3)])
    axes.minorticks_on()


def bars(axes, rng):
    """Bars, upright or lying."""
    count = int(rng.integers(4, 30))
    (axes.bar if rng.random() < 0.6 else axes.barh)(np.arange(count), rng.gamma(2, 2, count))


def points(axes, rng):
    """A cloud of points and its line of regression."""
    x = rng.standard_normal(300)
    axes.scatter(x, x * rng.normal() + rng.standard_normal(300), s=rng.uniform(4, 40))
    axes.plot([-3, 3], [-2, 2], "r")
    axes.grid(rng.random() < 0.5)


def prices(axes, rng):
    """Candles of prices and their average, over a grid."""
    count = int(rng.integers(60, 160))
    close = 50 + np.cumsum(rng.standard_normal(count))
    start = np.roll(close, 1)
    for i in range(1, count):
        color = "green" if close[i] > start[i] else "red"
        axes.plot([i, i], sorted((close[i], start[i])), color=color, linewidth=4)
        axes.plot([i, i], [min(close[i], start[i]) - 1, max(close[i], start[i]) + 1], color=color, linewidth=1)
    axes.plot(np.convolve(close, np.ones(9) / 9, "valid"), color="navy")
    axes.grid(True)


def sound(axes, rng):
    """The waveform of a sound."""
    count = 4000
    envelope = np.abs(np.convolve(rng.standard_normal(count), np.ones(300) / 20, "same"))
    axes.plot(envelope * rng.standard_normal(count), linewidth=0.5)


def spectrum(axes, rng):
    """A heat map or a spectrogram."""
    axes.imshow(
        rng.gamma(1, 1, (40, 80)).cumsum(1) % 7, aspect="auto", cmap=("viridis", "gray", "hot")[rng.integers(3)]
    )


def scope(axes, rng):
    """An oscilloscope's screen: ten by eight divisions, green or yellow curves on black, or ink on white."""
    x, white = np.linspace(-5, 5, 2000), rng.random() < 0.3
    axes.set_facecolor("white" if white else "black")
    for color in ("lime", "yellow", "cyan")[: rng.integers(1, 3)]:
        phase = 2 * np.pi * rng.uniform(0.3, 1.5) * x
        wave = (np.sin(phase), np.sign(np.sin(phase)), 2 * ((phase / 6.28) % 1) - 1)[rng.integers(3)]
        axes.plot(x, wave * rng.uniform(0.5, 2) + rng.uniform(-1.5, 1.5) + 0.02 * rng.standard_normal(x.size),
                  color="black" if white else color)  # fmt: skip
    axes.set(xticks=range(-5, 6), yticks=range(-4, 5), xlim=(-5, 5), ylim=(-4, 4))
    axes.grid(True, color="gray")


def earth(axes, rng):
    """A seismogram drum: many rows of quiet noise with an event in one."""
    for row in range(int(rng.integers(6, 24))):
        wave = 0.06 * rng.standard_normal(1500)
        if rng.random() < 0.15:
            at = int(rng.integers(100, 1200))
            wave[at:] += np.exp(-np.arange(1500 - at) / 120) * rng.standard_normal(1500 - at) * rng.uniform(0.3, 1.5)
        axes.plot(wave - row, color=axes.title.get_color(), linewidth=0.6)


def pie(axes, rng):
    """A pie."""
    parts = rng.gamma(2, 1, int(rng.integers(3, 9)))
    axes.pie(parts, labels=[f"part {i}" for i in range(len(parts))], autopct="%1.0f%%")


def _drawer(content, panels=None):
    """A drawer of one picture: a figure of one of several styles and sizes, with `content` in each panel."""

    def draw(rng):
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt

        rows, columns = panels[rng.integers(len(panels))] if panels else (1, 1)
        with plt.style.context(STYLES[rng.integers(len(STYLES))]):
            figure, axes = plt.subplots(rows, columns, squeeze=False, layout="constrained",
                                        figsize=(rng.uniform(7, 12), rng.uniform(5, 8) if rows < 6 else rng.uniform(12, 16)))  # fmt: skip
            for axis in axes.flat:
                content(axis, rng)
                axis.set_title(f"figure {rng.integers(100)}")
            held = BytesIO()
            figure.savefig(
                held, format="png", dpi=float(rng.uniform(100, 200) if rows < 6 else 110), metadata={"Software": None}
            )
            plt.close(figure)
        return Image.open(BytesIO(held.getvalue())).convert("RGB")

    return draw


KINDS = {
    "line chart": _drawer(line),
    "panels of charts": _drawer(line, ((3, 4), (6, 2), (4, 1), (12, 1))),
    "bar chart": _drawer(bars),
    "scatter chart": _drawer(points),
    "price chart": _drawer(prices),
    "sound wave": _drawer(sound, ((1, 1), (2, 1))),
    "heat map": _drawer(spectrum),
    "oscilloscope": _drawer(scope),
    "seismogram": _drawer(earth),
    "pie chart": _drawer(pie, ((1, 1), (1, 2))),
}
"""{kind: drawer of one picture from a random generator}."""
