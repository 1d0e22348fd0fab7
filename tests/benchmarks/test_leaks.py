"""Leak checks: probes that find what is there, and nothing where nothing is."""

import numpy as np
import pytest

from benchmarks import leaks, page_features, probes
from ecg_edge.image import open_picture
from ecg_edge.layout import CLASSES, REPORT
from train import prepare, splits

PAGES, SIDE = 200, 12
CHANCE = 1 / len(CLASSES)


@pytest.fixture
def noise():
    """(labels, features, folds) of pages whose features tell nothing: balanced classes, random pictures, five folds."""
    random = np.random.default_rng(3)
    labels = np.arange(PAGES) % len(CLASSES)
    fold = random.permutation(PAGES) % splits.FOLDS
    folds = [
        (np.flatnonzero((fold != f) & (fold != (f + 1) % 5)), np.flatnonzero(fold == (f + 1) % 5), np.flatnonzero(fold == f))
        for f in range(splits.FOLDS)
    ]  # fmt: skip
    return labels, random.random((PAGES, SIDE * SIDE)).astype(np.float32), folds


def test_a_probe_of_noise_guesses(noise):
    """Where a feature tells nothing, out-of-fold accuracy is that of guessing, however many numbers there are."""
    labels, feature, folds = noise
    for features in ([feature], [feature[:, :5]], [feature, feature[:, :5]]):
        assert abs((probes.probe(features, labels, folds) == labels).mean() - CHANCE) < 0.12


def test_a_probe_finds_a_planted_cue(noise):
    """A patch that tells one class from the rest, as a printed word would, is found: in a picture and as one number."""
    labels, feature, folds = noise
    marked = feature.copy()
    marked[np.ix_(labels == 2, range(40))] += 1
    one = (labels == 2).astype(np.float32)[:, None]
    for features in ([marked], [one]):
        said = probes.probe(features, labels, folds)
        assert (said[labels == 2] == 2).mean() > 0.95 and (said[labels != 2] == 2).mean() < 0.05


def test_a_probe_does_not_learn_from_the_pages_that_it_tests(noise):
    """Labels of one fold's test pages turned round change nothing of what is said about them."""
    labels, feature, folds = noise
    marked = feature.copy()
    marked[np.ix_(labels == 1, range(40))] += 0.3
    train, validation, test = folds[0]
    turned = labels.copy()
    turned[test] = (labels[test] + 1) % len(CLASSES)
    first, second = (probes.probe([marked], these, folds[:1])[test] for these in (labels, turned))
    assert np.array_equal(first, second)


def test_memory_knows_copies_and_nothing_else(noise):
    """Nearest neighbours are right on every test page with a copy in training, and guess on the others."""
    labels, feature, _ = noise
    pictures = np.repeat(feature[:, None], 3, axis=1)
    apart = probes.distances(pictures)
    assert apart.shape == (3, PAGES, PAGES)
    assert apart[0, 0, 1] == pytest.approx(np.linalg.norm(feature[0] - feature[1]), rel=1e-3)
    known, new = np.arange(100), np.arange(100, PAGES)
    assert np.array_equal(probes.nearest_class(apart, labels, known, known), labels[known])
    assert abs((probes.nearest_class(apart, labels, known, new) == labels[new]).mean() - CHANCE) < 0.15


def test_equal_votes_go_to_the_nearer_neighbour():
    """Two leads, two classes, one vote each: the class whose neighbour is nearer wins, in either order."""
    labels = np.array([0, 1, 0])
    apart = np.zeros((2, 3, 3))
    apart[0, 2], apart[1, 2] = (1.0, 5.0, 0.0), (5.0, 2.0, 0.0)
    assert probes.nearest_class(apart, labels, [0, 1], [2]).tolist() == [0]
    apart[0, 2, 0] = 3.0
    assert probes.nearest_class(apart, labels, [0, 1], [2]).tolist() == [1]


def test_features_outside_the_boxes_hold_no_lead():
    """Ink in a lead's box is in no feature of the outside; ink in the header is in one alone."""
    inks = {name: np.zeros((box.bottom - box.top, box.right - box.left), np.uint8) for name, box in REPORT.leads}
    for ink in inks.values():
        ink[20:23] = 255
    empty = np.zeros((REPORT.height_px, REPORT.width_px), bool)
    leads, header = empty.copy(), empty.copy()
    for _, box in REPORT.leads:
        leads[box.slices] = True
    header[100:110, 100:200] = True
    features, marked = page_features.features_of(leads, inks), page_features.features_of(header, inks)
    assert not any(features[name].any() for name in ("header", "footer", "margin"))
    assert [name for name in marked if name not in ("detail", "bandwidth") and marked[name].any()] == ["header"]
    assert features["rhythm"].tolist() == [1.0] and marked["rhythm"].tolist() == [0.0]


def test_bandwidth_tells_one_filter_from_another():
    """The same wander through a filter of 25 Hz and through one of 45 Hz: what is above 25 and 35 Hz tells them apart, at any
    amplitude."""
    from scipy import signal

    hertz = REPORT.px_per_mm * REPORT.mm_per_s
    wander = np.random.default_rng(5).normal(size=(6, 1975))
    seen = {}
    for edge in (25, 45):
        smooth = signal.sosfiltfilt(signal.butter(4, edge, fs=hertz, output="sos"), wander, axis=1)
        seen[edge] = np.array([page_features._bandwidth(drawn(trace * height)) for trace, height in zip(smooth, [20, 30, 40] * 2, strict=True)])  # fmt: skip
    assert (seen[25].max(axis=0) < seen[45].min(axis=0))[:2].all()


def drawn(trace):
    """(230, W) bool: a line of three pixels around the rows `trace` (W,) below and above the middle."""
    rows = np.arange(230)[:, None]
    return np.abs(rows - 115 - np.clip(np.rint(trace), -110, 110)) <= 1


def test_a_page_s_leads_are_cut_with_all_their_surroundings_changed(few_pages):
    """`features_of_page` says that the inputs stayed the same; with one pixel of an input changed it says no."""
    page = few_pages[0]
    inputs = prepare.lead_images(page.path)
    features, same = page_features.features_of_page(page.path, inputs, seed=0)
    assert same and set(features) == {feature for seen in leaks.PROBES.values() for feature in seen}
    inputs[4, 75, 75] ^= 1
    assert not page_features.features_of_page(page.path, inputs, seed=0)[1]


def test_no_pixel_outside_the_boxes_reaches_an_input_by_the_readers_own_way(few_pages):
    """Header, footer and margin repainted in the picture itself: the leads that `find_page` and the filters give are the
    same, bit for bit. The strokes by which the arrangement is known stay."""
    from PIL import Image

    page = few_pages[0]
    pixels = np.array(open_picture(page.path).image)
    kept = ~page_features.outside_leads()
    kept[REPORT.frame.top : REPORT.frame.bottom, REPORT.frame.left : REPORT.frame.right] = True
    repainted = np.where(kept[..., None], pixels, 255 - pixels)
    assert (repainted != pixels).any(axis=-1).mean() > 0.2
    assert np.array_equal(images_of(Image.fromarray(repainted)), prepare.lead_images(page.path))


def images_of(picture):
    """(13, 150, 150) uint8: the leads of a report page as the models see them."""
    from ecg_edge.page.page import find_page
    from ecg_edge.preprocessing import filters
    from ecg_edge.preprocessing.crops import crop

    gray = find_page(picture).gray
    return np.stack([filters.to_model_input(filters.lead_steps(lead).ink) for lead in crop(gray, REPORT).values()])


def test_copies_in_the_papers_split_are_counted():
    """More than half of the test files have a copy in training; a copy shares its printed ID."""
    found = leaks.copies()
    assert found["test_files"] == 140
    assert 70 < found["with_a_copy_in_training"] < found["with_a_printed_id_in_training"] < 140


def test_missing_pages_are_counted(tmp_path):
    """A folder with fewer pages than the fold file is refused with their number."""
    (tmp_path / "pages.csv").write_text("path,sha256,class,layout,group,published_as\n")
    with pytest.raises(FileNotFoundError, match="^491 of the 491 pages of the fold file are not there$"):
        page_features.read_features(None, tmp_path)
