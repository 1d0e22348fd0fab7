"""The page model's windows, batches, members and folds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.classifier import page_input, verdict
from ecg_edge.classifier.page_input import CHANNELS, ROWS, SAMPLES, WINDOW
from ecg_edge.errors import UsageError
from ecg_edge.layout import CLASSES, LEADS_12, RHYTHM
from train import page_batches, page_command, page_fit, page_records, page_signals, page_targets, splits
from train.__main__ import main as train_main
from train.dataset import UNSCORED, PageFile
from train.page_batches import Recipe
from train.page_findings import FINDINGS

from .. import needs_tensorflow

STILL = Recipe(balance=0, page_gain=0, lead_gain=0, shift=0, lost_leads=0, noise_mv=0, mixed=0, record_share=0)


def drawn(amplitude_mv, seconds=2.5, strip=True):
    """The signals of a page: one sine of one amplitude in every lead."""
    time_s = np.arange(round(10 * page_input.RATE_HZ)) / page_input.RATE_HZ
    wave = amplitude_mv * np.sin(2 * np.pi * 1.7 * time_s)
    leads = {name: wave[: round(seconds * page_input.RATE_HZ)] for name in LEADS_12}
    return {**leads, RHYTHM: wave} if strip else leads


@pytest.fixture(scope="module")
def windows():
    """Eight pages of 3x4+1 and two of 6x2, their amplitude saying which."""
    pages = {f"page{i}": drawn(0.2 + 0.1 * i) for i in range(8)}
    return page_signals.windows_of({**pages, "wide8": drawn(1.0, 5, False), "wide9": drawn(1.1, 5, False)})


@pytest.mark.parametrize("fold", range(splits.FOLDS))
def test_no_page_that_a_fold_is_asked_about_nor_its_group_trains_it(fold):
    """Extra pages too."""
    rows, extra = page_fit.rows_of(fold)
    groups = {row.sha256: row.group for row in splits.read_distinct()}
    asked = page_fit.asked_of(fold)
    assert not {groups[digest] for digest in asked} & {groups[digest] for digest, _ in rows}
    assert len(extra) == len(rows)
    assert not any(digest[:16] in UNSCORED for digest, _ in rows)


def test_every_page_is_asked_about_once_and_trains_the_model_that_ships():
    """Folds share no tested page; where no fold is given, all pages train but the contradicted one."""
    asked = [digest for fold in range(splits.FOLDS) for digest in page_fit.asked_of(fold)]
    every = [row.sha256 for row in splits.read_distinct()]
    assert sorted(asked) == sorted(every) == sorted(page_fit.asked_of(None))
    trained = [digest for digest, _ in page_fit.rows_of(None)[0]]
    assert sorted(trained) == sorted(digest for digest in every if digest[:16] not in UNSCORED)


def test_wide_pages_are_cut_as_the_device_cuts_them_and_in_between(windows):
    """Five seconds of a lead: two windows that are read, three more that train, all of them with the same strip."""
    assert [len(windows.of(digest)) for digest in ("page0", "wide8")] == [1, 2]
    all_of_it = windows.of("wide8", between=True)
    assert len(all_of_it) == 2 + len(page_signals.BETWEEN_S)
    strips = windows.values[all_of_it, len(LEADS_12) :]
    assert (strips == strips[:1]).all()


def test_pages_are_traced_by_the_code_of_the_device(normal_page, tmp_path):
    """All places of a report page, hardly a sample lost, kept and read again; a blank sheet is refused and says nothing."""
    from PIL import Image

    blank = tmp_path / "blank.png"
    Image.new("RGB", (2213, 1572), "white").save(blank)
    files = [PageFile(path, name, "normal", "3x4+1", "", ()) for name, path in (("a", normal_page), ("b", blank))]
    page_signals.prepare(files, tmp_path / "signals")
    (signals,) = page_signals.load(["a", "b"], tmp_path / "signals").values()
    assert set(signals) == {*LEADS_12, RHYTHM}
    assert all(np.isnan(signal).mean() < 0.05 for signal in signals.values())
    assert abs(len(signals["V6"]) - WINDOW) < 20


def test_what_was_never_traced_is_an_error_and_what_was_refused_is_left_out(tmp_path):
    """A page that is missing by mistake would make a figure better in silence."""
    np.savez(tmp_path / "refused.npz")
    np.savez(tmp_path / "read.npz", II=np.zeros(5, np.float32))
    assert list(page_signals.load(["read", "refused"], tmp_path)) == ["read"]
    with pytest.raises(FileNotFoundError, match="no signals of forgotten in"):
        page_signals.load(["read", "forgotten"], tmp_path)


def test_an_epoch_shows_each_page_once_and_its_share_of_the_extra_ones(windows):
    """Targets are the page's own."""
    rows = [(f"page{i}", i % 4) for i in range(8)] + [("wide8", 0), ("wide9", 1)]
    extra = np.array([False] * 8 + [True] * 2)
    seen, shown = [], page_input.compress(windows.values)
    for epoch in range(60):
        random = np.random.default_rng(epoch)
        for batch, targets in page_batches.batches(
            windows, rows, extra, Recipe(**{**vars(STILL), "batch": 1, "extra_share": 0.3}), random
        ):
            (number,) = [i for i, v in enumerate(shown) if np.array_equal(v, batch[0])]
            page = windows.digests[windows.page[number]]
            assert targets[:, :4].argmax() == dict(rows)[page]
            seen.append(page)
    assert all(seen.count(f"page{i}") == 60 for i in range(8))
    assert 0.15 < (seen.count("wide8") + seen.count("wide9")) / 120 < 0.45


def test_rare_classes_are_seen_more_and_the_epoch_stays_as_long():
    """In proportion to the root of their size; an extra page as much less as it is anyway."""
    labels, extra = np.array([0] * 16 + [1] * 4), np.array([False] * 16 + [False, False, True, True])
    recipe = Recipe(extra_share=0.5, balance=0.5)
    share = page_batches.shares(labels, extra, recipe)
    assert share.sum() == pytest.approx(19)
    assert share[16] == pytest.approx(2 * share[18])
    assert share[labels == 1].sum() / share[labels == 0].sum() == pytest.approx(np.sqrt(3 / 16))


def test_without_variation_a_window_is_what_the_device_sees(windows):
    """The same numbers, to the bit."""
    varied = page_batches.vary(windows.values, STILL, np.random.default_rng(0))
    assert np.array_equal(varied, page_input.compress(windows.values))


def test_leads_are_lost_whole_and_the_strip_never(windows):
    """Amplitude, mask and span; the strip's pieces share one gain."""
    recipe = Recipe(**{**vars(STILL), "lost_leads": 0.5, "lead_gain": 0.3})
    varied = page_batches.vary(np.repeat(windows.values[:1], 50, axis=0), recipe, np.random.default_rng(0))
    known = varied[..., 1]
    assert set(known[:, :12].mean(axis=2).ravel()) == {0.0, 1.0}
    assert 0.4 < known[:, :12].mean() < 0.6
    assert (varied[known == 0] == 0).all()
    assert (known[:, 12:16] == 1).all()
    shown = page_input.compress(windows.values[:1])
    for channel in (0, 2):
        gain = np.sinh(varied[:, 12:16, :, channel]) / np.sinh(shown[:, 12:16, :, channel])
        assert np.allclose(gain, gain[:, :1, :1], rtol=1e-3)
    assert (varied[:, 16] == shown[:, 16]).all()


@given(st.integers(-SAMPLES, SAMPLES))
def test_a_shift_moves_samples_and_leaves_the_unknown_behind(by):
    """Whatever does not fall off the end is still there."""
    rows = np.arange(1, SAMPLES + 1, dtype=float)[None, :, None] * np.ones((2, 1, 2))
    moved = page_batches.shifted(rows, by)
    assert np.count_nonzero(moved[0, :, 0]) == SAMPLES - abs(by)
    assert set(moved[1, :, 1]) - {0.0} == set(rows[0, max(-by, 0) : SAMPLES - max(by, 0), 0])


def test_mixed_pages_have_mixed_targets(windows):
    """Both by the same share, and targets still sum to 1."""
    targets = np.eye(4, dtype=np.float32)[np.arange(8) % 4]
    flat = np.repeat(np.arange(8, dtype=np.float32)[:, None], 4, axis=1)[..., None, None]
    seen, aims = page_batches.mixed(flat, targets, Recipe(mixed=1, mix=1.0), np.random.default_rng(3))
    assert np.allclose(aims.sum(axis=1), 1)
    assert not np.allclose(aims, targets)
    share = aims.max(axis=1)
    assert (seen.min(axis=(1, 2, 3)) >= 0).all() and (seen.max(axis=(1, 2, 3)) <= 7).all()
    assert ((share < 1) <= (seen[:, 0, 0, 0] != np.arange(8))).all()


def test_the_verdicts_on_a_pages_windows_are_averaged(windows):
    """Probabilities, not logits: here the windows of a page say its number in turns, and one finding is there and one is not."""

    def turns(values):
        classes = np.eye(4)[np.arange(len(values)) % 4] * 100
        return np.concatenate([classes, np.tile([100, -100], (len(values), 1))], axis=1)

    said = page_fit.predict(turns, windows, ["page0", "wide8"])
    assert np.allclose(said, [[1, 0, 0, 0, 1, 0], [0, 0.5, 0.5, 0, 1, 0]])


@needs_tensorflow
def test_members_together_say_their_mean_logits(windows):
    """What is converted is what was evaluated; layers of two members do not share a name. Findings are those of the members that know them."""
    from train import page_network

    members = [page_network.build(f"member{seed}") for seed in range(3)]
    seen, count = page_input.compress(windows.values), len(CLASSES)
    said = np.array([np.asarray(member(seen)) for member in members])
    for finding in (None, [False] * 3, [True] * 3, [True, False, True], [False, True, False]):
        whole = page_network.assemble(members, finding)
        knowing = said[finding] if finding and any(finding) else said
        assert np.allclose(whole(seen)[:, :count], said.mean(axis=0)[:, :count], atol=1e-5)
        assert np.allclose(whole(seen)[:, count:], knowing.mean(axis=0)[:, count:], atol=1e-5)
        assert whole.input_shape == (None, ROWS, SAMPLES, CHANNELS)
        assert whole.output_shape == (None, len(CLASSES) + len(FINDINGS))


@needs_tensorflow
def test_the_loss_is_the_cross_entropy_of_what_is_known():
    """Of a page its class; of a record each known finding, and the classes one of which is right; what is not known weighs nothing."""
    import tensorflow as tf

    recipe = Recipe(findings=1.0, record_classes=1.0)
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (1, len(CLASSES) + len(FINDINGS))).astype(np.float32)
    classes, findings = (part[0] for part in verdict.answers(logits, len(CLASSES)))
    known = np.full((1, len(FINDINGS)), np.nan)

    def loss(targets):
        return float(page_targets.loss(tf.constant(targets), tf.constant(logits)))

    assert loss(page_targets.of_pages(["infarction"], recipe)) == pytest.approx(-np.log(classes[2]), abs=1e-4)
    assert loss(page_targets.of_records(known, recipe)) == 0
    known[0, FINDINGS.index("ectopy")] = 0
    assert loss(page_targets.of_records(known, recipe)) == pytest.approx(-np.log(1 - findings[-1]), abs=1e-4)
    known[:] = np.nan
    known[0, FINDINGS.index("infarction")] = 1
    expected = -np.log(findings[FINDINGS.index("infarction")]) - np.log(classes[2] + classes[3])
    assert loss(page_targets.of_records(known, recipe)) == pytest.approx(expected, abs=1e-4)
    known[:] = np.nan
    known[0, FINDINGS.index("not_normal")] = 1
    expected = -np.log(findings[FINDINGS.index("not_normal")]) - np.log(1 - classes[0])
    assert loss(page_targets.of_records(known, recipe)) == pytest.approx(expected, abs=1e-4)


def test_records_are_seen_in_turn_and_at_one_time():
    """As the columns of a 3x4 page show them, then four windows of 2.5 s; the strip is lead II's in all of them."""
    random = np.random.default_rng(0)
    signals = np.cumsum(random.normal(0, 0.01, (12, 5000)), axis=1)
    windows = page_records.windows_of(signals)
    assert windows.shape == (5, ROWS, SAMPLES, CHANNELS)
    for number in range(12):
        assert (windows[0, number] == windows[1 + number // 3, number]).all()
    assert (windows[:, 12:] == windows[:1, 12:]).all()


def test_records_are_seen_beside_pages_in_their_share(windows):
    """With targets of their own, infarctions and fibrillation more often, and the pages as often as before."""
    recipe = Recipe(**{**vars(STILL), "batch": 1, "record_share": 0.25, "rare": 3.0})
    rows = [(f"page{i}", i % 4) for i in range(8)]
    findings = np.full((8, len(FINDINGS)), np.nan)
    findings[:, FINDINGS.index("infarction")] = np.arange(8) % 2
    shown = [np.full((5, ROWS, SAMPLES, CHANNELS), 7, np.float32)] * 8
    records = page_records.SeenRecords(tuple("abcdefgh"), np.arange(8) % 5, shown, findings)
    seen = np.concatenate([
        targets
        for epoch in range(100)
        for _, targets in page_batches.batches(
            windows, rows, np.zeros(8, bool), recipe, np.random.default_rng(epoch), records
        )
    ])  # fmt: skip
    pages = seen[:, :4].sum(axis=1) == 1
    present, absent = (seen[:, 4 + k + FINDINGS.index("infarction")] > 0 for k in (0, len(FINDINGS)))
    assert pages.sum() == 800 and not (pages & (present | absent)).any()
    assert 150 < (~pages).sum() < 250
    assert 2 < present.sum() / absent.sum() < 4.5
    assert records.without(2).names == ("a", "b", "d", "e", "f", "g")


def test_a_recipe_of_ones_own_has_the_fields_of_a_recipe():
    """Values keep their kinds; what is no field, or no number, is a usage error that names the fields."""
    mine = page_command.changed(STILL, ["record_share=1", "epochs=3"])
    assert (mine.record_share, mine.epochs, mine.batch) == (1.0, 3, STILL.batch) and isinstance(mine.epochs, int)
    for wrong in ("colour=1", "epochs=2.5", "epochs"):
        with pytest.raises(UsageError, match=f"no recipe has {wrong}: its fields are epochs"):
            page_command.changed(STILL, [wrong])


@needs_tensorflow
def test_a_recipe_is_tried_beside_what_ships(windows, tmp_path, monkeypatch, capsys):
    """Its members and nothing else are written; figures are printed; a second time nothing is trained."""
    rows = [
        splits.FoldRow(f"page{i}", CLASSES[i // 2], "3x4+1", f"{i}", "pages", i % splits.FOLDS, ()) for i in range(8)
    ]
    monkeypatch.setattr(splits, "read_distinct", lambda: rows)
    monkeypatch.setattr(page_command, "read_windows", lambda folder: windows)
    monkeypatch.setattr(page_command, "_use_threads", lambda count: None)  # TensorFlow is at work already
    said = [
        "page",
        "try",
        "mine",
        "--seeds",
        "6",
        "--set",
        "epochs=1",
        "batch=2",
        "record_share=0",
        "--runs",
        str(tmp_path),
    ]
    assert train_main(said) == 0
    first = capsys.readouterr()
    assert "| pages | 8 of 8 |" in first.out and first.err.count("6.keras: ") == splits.FOLDS
    assert sorted(path.name for path in tmp_path.rglob("*.keras")) == ["6.keras"] * splits.FOLDS
    assert train_main(said) == 0 and capsys.readouterr() == (first.out, "")
    said[said.index("epochs=1")] = "epochs=2"
    assert train_main(said) == 1 and "holds members of another recipe (seed 6)" in capsys.readouterr().err


@needs_tensorflow
def test_fitting_learns_what_can_be_seen_and_repeats_itself(windows):
    """Amplitude is a class here: after a few epochs the pages are told apart, and the same seed gives the same weights."""
    rows = [(f"page{i}", i // 2) for i in range(8)]
    recipe = Recipe(**{**vars(STILL), "epochs": 30, "batch": 4})
    once, again = (page_fit.fit(windows, rows, np.zeros(8, bool), 1, recipe) for _ in range(2))
    said = page_fit.predict(once, windows, [digest for digest, _ in rows])
    assert np.allclose(said[:, :4].sum(axis=1), 1)
    assert (said[:, :4].argmax(axis=1) == [label for _, label in rows]).mean() >= 0.75
    for a, b in zip(once.weights, again.weights, strict=True):
        assert np.array_equal(a.numpy(), b.numpy()), a.path
