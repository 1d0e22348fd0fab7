"""From leads to a verdict."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ecg_edge.classifier.verdict import AGGREGATIONS, aggregate, answers, calibrate, findings_contradict
from ecg_edge.errors import DamagedModelError
from ecg_edge.layout import CLASSES

steps = arrays(np.int64, (13, 4), elements=st.integers(0, 256))
weights = arrays(np.float64, 13, elements=st.floats(0.01, 10))


def probabilities(counts):
    """Rows as an int8 network gives them: steps of 1/256 that sum to about one."""
    counts = counts + 1
    return np.rint(256 * counts / counts.sum(axis=1, keepdims=True)) / 256


@settings(max_examples=100)
@given(steps)
def test_the_mean_is_the_arithmetic_mean(counts):
    """Over the leads, normalised."""
    leads = probabilities(counts)
    expected = [sum(row[place] for row in leads) for place in range(4)]
    assert np.allclose(aggregate(leads), np.array(expected) / sum(expected), rtol=1e-12)


@settings(max_examples=100)
@given(steps)
def test_the_log_mean_is_the_geometric_mean(counts):
    """The thirteenth root of the product, zeros kept at 1e-4."""
    leads = np.maximum(probabilities(counts), 1e-4)
    expected = np.prod(leads ** (1 / 13), axis=0)
    assert np.allclose(aggregate(leads, "log_mean"), expected / expected.sum(), rtol=1e-9)


@settings(max_examples=100)
@given(steps, weights, st.sampled_from(sorted(AGGREGATIONS)))
def test_a_page_has_probabilities_that_sum_to_one(counts, weights, method):
    """Whatever the method and the weights."""
    page = aggregate(probabilities(counts), method, list(weights))
    assert page.shape == (4,) and (page >= 0).all() and page.sum() == pytest.approx(1, abs=1e-12)


@settings(max_examples=100)
@given(steps, st.permutations(range(13)), st.sampled_from(sorted(AGGREGATIONS)))
def test_the_order_of_the_leads_does_not_matter_without_weights(counts, order, method):
    """No lead speaks first."""
    leads = probabilities(counts)
    assert np.allclose(aggregate(leads, method), aggregate(leads[order], method), rtol=1e-12)


@pytest.mark.parametrize("method", sorted(AGGREGATIONS))
def test_a_weight_of_zero_silences_a_lead(method):
    """And equal weights are none."""
    leads = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.7, 0.1, 0.1], [0.0, 0.0, 0.0, 1.0]])
    assert np.allclose(aggregate(leads, method, [1, 1, 0]), aggregate(leads[:2], method))
    assert np.allclose(aggregate(leads, method, [2, 2, 2]), aggregate(leads, method))


@pytest.mark.parametrize("method", sorted(AGGREGATIONS))
def test_leads_that_agree_give_what_they_say(method):
    """Thirteen times the same is the same."""
    assert np.allclose(aggregate([[0.5, 0.25, 0.125, 0.125]] * 13, method), [0.5, 0.25, 0.125, 0.125])


def test_a_certain_lead_does_not_veto_a_class():
    """Zero means 'less than a step' to the logarithm, not 'never'."""
    page = aggregate([[0.0, 1.0, 0.0, 0.0]] + [[1.0, 0.0, 0.0, 0.0]] * 12, "log_mean")
    assert page.argmax() == 0 and (page > 0).all()


def test_an_unknown_method_is_a_damaged_card():
    """Cards ask for methods by name."""
    with pytest.raises(DamagedModelError, match="^the card asks for an aggregation 'vote' that is not known$"):
        aggregate([[1, 0, 0, 0]], "vote")


@pytest.mark.parametrize("wrong", [[1, 1], [0.0] * 13, ["a"] * 13])
def test_weights_that_do_not_fit_are_a_damaged_card(wrong):
    """Too few, nothing but zeros, no numbers: in words, not as NumPy's error."""
    with pytest.raises(DamagedModelError, match="^the card's weights do not fit 13 leads: "):
        aggregate([[0.25] * 4] * 13, "mean", wrong)


vectors = arrays(np.float64, 4, elements=st.floats(0.001, 1)).map(lambda v: v / v.sum())


@settings(max_examples=100)
@given(vectors)
def test_a_temperature_of_one_changes_nothing(page):
    """Calibrated already."""
    assert np.allclose(calibrate(page, 1.0), page, rtol=1e-9)


@settings(max_examples=100)
@given(vectors, st.floats(0.2, 5))
def test_calibration_is_the_power_of_one_over_t(page, temperature):
    """p^(1/T), normalised."""
    expected = page ** (1 / temperature)
    assert np.allclose(calibrate(page, temperature), expected / expected.sum(), rtol=1e-9)


@settings(max_examples=100)
@given(vectors, st.floats(0.2, 5))
def test_calibration_keeps_the_verdict(page, temperature):
    """It changes how sure the model is, not of what."""
    first, second = np.sort(page)[-1], np.sort(page)[-2]
    assume(first - second > 1e-6)
    assert calibrate(page, temperature).argmax() == page.argmax()


@settings(max_examples=100)
@given(vectors, st.floats(1.01, 5))
def test_a_temperature_above_one_makes_less_sure(page, temperature):
    """And one below makes surer."""
    assume(page.max() - page.min() > 0.01)
    assert calibrate(page, temperature).max() < page.max() < calibrate(page, 1 / temperature).max()


def test_calibration_takes_many_rows_at_once():
    """(..., classes): each row for itself."""
    rows = np.array([[0.7, 0.1, 0.1, 0.1], [0.0, 0.0, 0.0, 1.0]])
    both = calibrate(rows, 2.0)
    assert np.allclose(both, [calibrate(row, 2.0) for row in rows]) and np.allclose(both.sum(axis=1), 1)


@settings(max_examples=100)
@given(vectors, st.floats(0.2, 5), arrays(np.float64, 4, elements=st.floats(-2, 2)))
def test_a_bias_is_a_factor_for_each_class(page, temperature, bias):
    """p^(1/T) times e^bias, normalised; the same number for every class is none."""
    expected = page ** (1 / temperature) * np.exp(bias)
    assert np.allclose(calibrate(page, temperature, list(bias)), expected / expected.sum(), rtol=1e-9)
    assert np.allclose(calibrate(page, temperature, bias + 1), calibrate(page, temperature, bias), rtol=1e-9)
    assert np.array_equal(calibrate(page, temperature, [0.0] * 4), calibrate(page, temperature))


def test_logits_are_classes_that_exclude_each_other_and_findings_that_do_not():
    """The softmax of the classes, the logistic function of each finding; large ones do not overflow."""
    classes, findings = answers(np.array([[0, 0, np.log(2), 0, 0, np.log(3)], [900, 0, 0, 0, 900, -900]]), 4)
    assert np.allclose(classes, [[0.2, 0.2, 0.4, 0.2], [1, 0, 0, 0]])
    assert np.allclose(findings, [[0.5, 0.75], [1, 0]])


@given(st.sampled_from(CLASSES), st.floats(0, 1))
def test_a_finding_contradicts_the_verdict_that_it_makes_the_less_likely(said, chance):
    """Normal where "not normal" is more likely than not, and every other class where it is less."""
    contradicts = findings_contradict(said, {"not_normal": chance, "infarction": 0.5})
    assert contradicts == (chance > 0.5 if said == "normal" else chance <= 0.5)


@pytest.mark.parametrize("findings", [None, {}, {"infarction": 0.9}])
def test_nothing_contradicts_where_nothing_is_found(findings):
    """Models that answer with classes alone doubt nothing by findings."""
    assert not any(findings_contradict(said, findings) for said in CLASSES)
