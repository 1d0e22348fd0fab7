"""What is chosen on training pages: aggregation, temperature and bias, threshold of doubt."""

import numpy as np
import pytest

from train import choices, metrics


def draw(count, sharpness, seed=0):
    """(leads, labels): pages whose leads point to the truth with some noise, drawn as sure as they are right at `sharpness` 1."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 4, count)
    logits = random.normal(0, 1.0, (count, 13, 4))
    logits[np.arange(count), :, labels] += 0.4
    leads = np.exp(sharpness * logits)
    return leads / leads.sum(axis=-1, keepdims=True), labels


def sharpened(pages, power, bias=(0, 0, 0, 0)):
    """Pages as a model would say that is too sure by `power` and leans by `bias`."""
    scaled = pages**power * np.exp(bias)
    return scaled / scaled.sum(axis=1, keepdims=True)


def test_temperature_mends_what_is_too_sure():
    """Probabilities sharpened threefold get a temperature three times as high, and end equally calibrated."""
    leads, labels = draw(2000, 1.0)
    pages = np.maximum(leads[:, 0], 0.03)
    pages /= pages.sum(axis=1, keepdims=True)
    (loss, mild, _), (sharp_loss, hot, _) = (
        choices.fit_calibration(these, labels) for these in (pages, sharpened(pages, 2))
    )
    assert hot == pytest.approx(2 * mild, rel=0.05) and sharp_loss == pytest.approx(loss, rel=0.01)


def test_bias_mends_what_is_said_too_seldom():
    """A model that leans away from a class gets a bias towards it, as large."""
    leads, labels = draw(2000, 1.0)
    pages = leads.mean(axis=1)
    _, temperature, level = choices.fit_calibration(pages, labels)
    _, _, mended = choices.fit_calibration(sharpened(pages, 1, (0, 0, -0.6, 0)), labels)
    turned = np.subtract(mended, level) * temperature
    assert turned[2] - turned[:2].mean() == pytest.approx(0.6, abs=0.05)
    assert sum(mended) == pytest.approx(0, abs=0.003)


def test_few_pages_leave_nearly_everything_as_it_is():
    """One page cannot say that a class is named too seldom: the prior holds temperature and bias near nothing."""
    pages = np.array([[0.7, 0.1, 0.1, 0.1]])
    _, temperature, bias = choices.fit_calibration(pages, [2])
    assert 0.5 < temperature < 3 and max(np.abs(bias)) < 0.7


def test_calibration_has_the_least_penalised_loss():
    """No nearby temperature or bias does better: the gradient is right, and the end was reached."""
    leads, labels = draw(100, 1.0)
    pages = leads.mean(axis=1)
    loss, temperature, bias = choices.fit_calibration(pages, labels)

    def penalised(log_temperature, bias):
        scaled = choices.verdict.calibrate(pages, np.exp(log_temperature), bias)
        return metrics.log_loss(labels, scaled) * len(labels) + (log_temperature**2 + np.sum(np.square(bias))) / 2

    found = np.array([np.log(temperature), *bias])
    assert penalised(found[0], found[1:]) == pytest.approx(loss, abs=1e-3)
    for step in 0.05 * np.concatenate([np.eye(5), -np.eye(5)]):
        assert penalised((found + step)[0], (found + step)[1:]) > loss


def test_calibration_error_falls_on_pages_not_seen():
    """Choices made on some pages calibrate others better than no choice does."""
    leads, labels = draw(600, 1.0)
    chosen = choices.choose(leads[:300], labels[:300])
    before = metrics.calibration_error(labels[300:], choices.Choices().apply(leads[300:]))
    after = metrics.calibration_error(labels[300:], chosen.apply(leads[300:]))
    assert after < 0.7 * before


def test_the_threshold_keeps_the_error_below_its_bound():
    """On pages drawn like those that it was chosen on, at most about `MAX_ERROR` of the sure verdicts are wrong."""
    leads, labels = draw(3000, 1.0)
    chosen = choices.choose(leads[:1000], labels[:1000])
    pages = chosen.apply(leads[1000:])
    sure = pages.max(axis=1) >= chosen.min_confidence
    wrong = pages.argmax(axis=1) != labels[1000:]
    assert 0 < sure.mean() < 1
    assert wrong[sure].mean() < choices.MAX_ERROR + 0.02 < wrong.mean()


def test_the_threshold_holds_on_each_origin():
    """Where the pages of one origin are as often wrong as right, however sure, those of the other do not hide them."""
    random = np.random.default_rng(2)
    confidence = random.uniform(0.5, 1, 400)
    pages = np.stack([confidence, 1 - confidence, 0 * confidence, 0 * confidence], axis=1)
    origins = np.repeat(["near", "far"], 200)
    wrong = np.where(origins == "far", (confidence < 0.9) & (random.random(400) < 0.5), False)
    found = choices.threshold_everywhere(pages, wrong.astype(int), origins, 0.2)
    assert choices.choose_threshold(pages, wrong.astype(int), 0.2) < found
    sure = confidence >= found
    assert wrong[sure & (origins == "far")].mean() <= 0.2
    assert 0 < sure[origins == "far"].mean() < 1
    assert choices.threshold_everywhere(pages[:200], wrong[:200].astype(int), origins[:200], 0.2) == 0.0


def test_right_verdicts_need_no_threshold():
    """Where all verdicts are right, and there are enough of them, none is called uncertain."""
    pages = np.full((50, 4), 0.1) + 0.6 * np.eye(4)[np.arange(50) % 4]
    assert choices.choose_threshold(pages, np.arange(50) % 4) == 0.0


def test_wrong_verdicts_leave_only_the_surest():
    """Where no threshold keeps the error down, all but the surest are uncertain."""
    pages = np.full((20, 4), 0.1) + np.linspace(0.3, 0.6, 20)[:, None] * np.eye(4)[np.zeros(20, int)]
    assert choices.choose_threshold(pages, np.ones(20, int)) == pytest.approx(0.7)


def test_a_page_that_counts_twice_is_chosen_on_like_two():
    """Temperature and bias, the leads' shares and the threshold are those of a set that holds such pages twice."""
    leads, labels = draw(300, 1.0)
    weights = 1.0 + (np.arange(300) % 3 == 0)
    twice = np.repeat(np.arange(300), weights.astype(int))
    assert choices.choose(leads, labels, weights) == choices.choose(leads[twice], labels[twice])


def test_a_single_row_has_nothing_to_aggregate():
    """Then it is the mean: rounding does not choose."""
    leads, labels = draw(300, 1.0)
    chosen = choices.choose(leads[:, :1], labels)
    assert (chosen.method, chosen.weights) == ("mean", None)


def test_pages_that_count_nothing_change_nothing():
    """Nor does it matter what they say."""
    leads, labels = draw(400, 1.0)
    weights = (np.arange(400) < 200).astype(float)
    weighted = choices.fit_calibration(leads.mean(axis=1), labels, weights)
    assert weighted[1:] == choices.fit_calibration(leads[:200].mean(axis=1), labels[:200])[1:]


def test_auc_is_that_of_scikit_learn():
    """Areas under the curve equal an independent implementation's, ties and all."""
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(3)
    positive, score = random.random(200) < 0.3, np.round(random.random(200), 1)
    assert metrics.auc(positive, score) == pytest.approx(roc_auc_score(positive, score))
    assert metrics.auc(np.ones(3), np.arange(3)) is None


def test_brier_and_risk_coverage_of_known_rows():
    """Two rows, one right and one wrong: the wrong one is less sure and comes last."""
    pages = np.array([[0.6, 0.4, 0, 0], [0.9, 0.1, 0, 0]])
    assert metrics.brier(np.array([1, 0]), pages) == pytest.approx((0.72 + 0.02) / 2)
    coverage, error = metrics.risk_coverage(np.array([1, 0]), pages)
    assert coverage.tolist() == [0.5, 1.0] and error.tolist() == [0.0, 0.5]
    assert metrics.calibration_error(np.array([1, 0]), pages, bins=2) == pytest.approx((0.6 + 0.1) / 2)


def test_a_calibrated_model_has_an_error_by_chance():
    """On few rows the calibration error of a model that is as sure as it is right is far above 0; more rows, less of it."""
    random = np.random.default_rng(1)
    pages = random.dirichlet(np.ones(4), 4000)
    few, many = metrics.calibration_error_by_chance(pages[:100]), metrics.calibration_error_by_chance(pages)
    labels = np.array([random.choice(4, p=row) for row in pages])
    assert 0.05 < few["mean"] < few["upper"] and many["mean"] < few["mean"] / 4
    assert metrics.calibration_error(labels, pages) < 1.5 * many["upper"]


def test_findings_that_contradict_make_a_verdict_unsure():
    """However confident: normal that is found not normal, and another class that is found normal; without findings confidence alone counts."""
    chosen = choices.Choices(min_confidence=0.6)
    pages = np.full((4, 4), 0.1) + 0.6 * np.eye(4)[[0, 0, 2, 2]]
    findings = np.full((4, len(choices.FINDINGS)), 0.5)
    findings[:, choices.FINDINGS.index("not_normal")] = [0.2, 0.9, 0.9, 0.2]
    assert chosen.sure(pages, findings).tolist() == [True, False, True, False]
    assert chosen.sure(pages).all() and chosen.sure(pages, np.empty((4, 0))).all()
    assert not choices.Choices(min_confidence=0.8).sure(pages, findings).any()


def test_biases_may_be_held_nearer_to_nothing():
    """The less their spread, the smaller they are, and the worse the loss; with none of it a temperature is left alone."""
    leads, labels = draw(600, 1.0)
    pages = sharpened(leads.mean(axis=1), 1, (0, 0.5, -0.6, 0))
    found = [choices.fit_calibration(pages, labels, bias_spread=spread) for spread in (0.0, 0.1, 1.0)]
    sizes = [float(np.abs(bias).max()) for _, _, bias in found]
    assert sizes[0] == 0 < sizes[1] < sizes[2] and found[0][0] > found[1][0] > found[2][0]
    assert found[2] == choices.fit_calibration(pages, labels)
    temperatures = np.linspace(0.5, 2, 151)
    losses = [
        metrics.log_loss(labels, choices.verdict.calibrate(pages, t)) * 600 + np.log(t) ** 2 / 2 for t in temperatures
    ]
    assert found[0][1] == pytest.approx(temperatures[int(np.argmin(losses))], abs=0.011)
