"""Learning the centreline: strokes with their truth, and the network as Keras has it against the one that runs on the device."""

import numpy as np
import pytest

from ecg_edge.trace import centreline
from train import centreline as learning
from train import strokes


@pytest.fixture(scope="module")
def page(records_there):
    return strokes.read(3)


@pytest.fixture(scope="module")
def records_there():
    from train import records

    try:
        records.read_records(folds=[1])
    except FileNotFoundError as error:
        pytest.skip(str(error))


def test_strokes_lie_on_the_curves_that_were_drawn(page):
    """Where curves are flat their middle is the curve; all of a page have one width, and the same seed gives the same."""
    assert len(page) >= 3 and len({stroke.width_px for stroke in page}) == 1
    for stroke in page:
        known = np.isfinite(stroke.seen).all(axis=1)
        flat = known & (np.abs(np.gradient(stroke.rows.mean(axis=1))) < 0.1)
        off = stroke.seen[flat, :2].mean(axis=1) - stroke.rows[flat].mean(axis=1)
        assert flat.sum() > 50 and np.median(np.abs(off)) < 0.6
    again = strokes.read(3)
    for one, other in zip(page, again, strict=True):
        np.testing.assert_array_equal(one.seen, other.seen)
        np.testing.assert_array_equal(one.rows, other.rows)


def drawn(seed=0, count=3, width=600):
    """Strokes without data: smooth curves with edges about them."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        rows = 100 + 30 * np.sin(np.arange(width)[:, None] / rng.uniform(5, 20) + np.array([-0.01, 0.01]))
        half = 1.5 + np.abs(np.gradient(rows.mean(axis=1)))
        middle = rows.mean(axis=1)
        seen = np.stack([middle - half, middle + half, rng.uniform(0.5, 1, width), rng.uniform(0.5, 1, width)], 1)
        found.append(strokes.Stroke(seen, 3.0, rows))
    return found


def test_the_device_s_network_is_the_trained_one(tmp_path, monkeypatch):
    """To a hundredth of a pixel, which is what float16 weights cost."""
    pytest.importorskip("tensorflow")
    model = learning.fit(drawn(), epochs=1)
    learning.write(model, tmp_path / "centreline.npz")
    monkeypatch.setattr(centreline.resources, "files", lambda _: tmp_path)
    centreline._weights.cache_clear()
    try:
        (stroke,) = drawn(seed=1, count=1)
        inputs, middle, unit = centreline.inputs_of(stroke.seen, stroke.width_px)
        expected = middle[:, None] + model(inputs[None]).numpy()[0] * unit[:, None]
        (rows,) = centreline.centrelines([stroke.seen], stroke.width_px)
        np.testing.assert_allclose(rows, expected, atol=0.05)
        assert set(learning.figures(model, drawn(seed=1))) == {"strokes", "curve_db", "middle_db"}
    finally:
        centreline._weights.cache_clear()


def test_windows_turned_upside_down_are_what_the_page_upside_down_would_give():
    (stroke,) = drawn(count=1)
    seen = stroke.seen[:, [1, 0, 3, 2]] * [-1, -1, 1, 1]
    turned = strokes.Stroke(seen, stroke.width_px, -stroke.rows)
    inputs, targets = learning._windows([stroke])

    class Always:
        def random(self, count):
            return np.zeros(count)

    mirrored, goals = learning._mirrored(inputs, targets, Always())
    expected, true = learning._windows([turned])
    np.testing.assert_allclose(mirrored, expected, atol=1e-4)
    np.testing.assert_allclose(goals, true, atol=1e-3)
