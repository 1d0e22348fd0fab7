"""A network of whole pages: its log odds, its weights by lead, and what it finds besides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ecg_edge.classifier import page_input, verdict
from ecg_edge.classifier.card import read_card
from ecg_edge.classifier.page_model import LEAST_FALL, PageModel
from ecg_edge.classifier.runtime import RUNTIMES, Network, find_runtime
from ecg_edge.layout import LEADS_12, RHYTHM

FINDINGS = ("infarction", "ectopy")
SIGNALS = {name: np.sin(np.arange(1250) / 40 + number) for number, name in enumerate(LEADS_12)}


def known(windows, name):
    """(N,) share of a lead that is known, of quantised windows."""
    return (windows[:, LEADS_12.index(name), :, 1] > 0).mean(axis=1)


class Adding:
    """A network to whose logit of "normal" each lead that is known adds its share of `parts`."""

    def __init__(self, base=0.0, **parts):
        self.base, self.parts, self.batches = base, parts, []

    def quantisation(self):
        return {"input": {"scale": 1 / 31, "zero_point": 0}}

    def run(self, windows):
        self.batches.append(len(windows))
        first = self.base + sum(part * known(windows, name) for name, part in self.parts.items())
        none = np.zeros(len(windows))
        return np.stack([first + none, none, none, none, none + 2, none - 2], axis=1).astype(np.float32)


def model(network, **calibration):
    """A `PageModel` with the parts of a card that it looks at."""
    card = {"output": {"findings": list(FINDINGS)}, "aggregation": {"method": "mean"}, "calibration": {"temperature": 1.0} | calibration}  # fmt: skip
    return PageModel(network, card)


def weights(network):
    """{lead: weight} of the page that every test here reads."""
    windows, page = page_input.page_tensor(SIGNALS), model(network)
    return page.weights(windows, SIGNALS, page.answers(windows), 0)


@given(arrays(np.float64, (2, 4), elements=st.floats(-6, 6)), st.floats(0.5, 2.0), st.integers(0, 3))
def test_log_odds_are_those_of_the_verdict(logits, temperature, said):
    """As long as its probabilities are not at their floor."""
    bias = [0.1, -0.2, 0.3, 0.0]
    page = model(None, temperature=temperature, bias=bias)
    log_rows = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    rows = np.exp(log_rows)
    probability = verdict.calibrate(verdict.aggregate(rows), temperature, bias)[said]
    if rows.min() > 1e-3:
        assert page.log_odds(log_rows, said) == pytest.approx(np.log(probability / (1 - probability)), abs=1e-6)


@pytest.mark.parametrize("base", [0.0, 30.0])
def test_leads_have_weight_however_sure_the_verdict_is(base):
    """A lead's is its share of what the heaviest adds, also where the probability is 1 for all that floats can tell."""
    found = weights(Adding(base, V1=4.0, V2=1.0, V3=-3.0))
    # Where three other classes are left the odds are not quite what one logit says: near enough.
    assert found["V1"] == pytest.approx(1.0) and found["V2"] == pytest.approx(0.25, abs=0.01)
    assert found["V3"] == 0.0 and all(found[name] == 0.0 for name in LEADS_12 if name not in ("V1", "V2"))


def test_where_no_lead_matters_none_is_said_to():
    """Less than halved odds are no full weight."""
    found = weights(Adding(2.0, V1=LEAST_FALL / 10))
    assert found["V1"] == pytest.approx(0.1, abs=0.01)
    assert set(weights(Adding()).values()) == {0.0}


def test_all_leads_are_weighed_in_one_batch_where_a_file_has_no_head():
    """One call of the network for the verdict, one for the weights."""
    network = Adding(V1=1.0)
    weights(network)
    assert network.batches == [1, len(SIGNALS)]


def test_findings_are_the_mean_of_the_windows_and_none_where_there_are_none():
    """By name, in the order of the card."""
    page = model(Adding())
    found = page.findings(page.answers(page_input.page_tensor(SIGNALS)))
    assert list(found) == list(FINDINGS) and found["infarction"] == pytest.approx(1 / (1 + np.exp(-2)))
    without = PageModel(Adding(), {"output": {}})
    answers = without.answers(page_input.page_tensor(SIGNALS))
    assert without.findings(answers) is None and answers.findings.shape == (1, 0)


@pytest.fixture(
    scope="module", params=[(name, kernels) for name in RUNTIMES for kernels in ("default", "builtin")], ids="-".join
)
def shipped(request):
    """The `PageModel` that ships, by each runtime and set of kernels."""
    name, kernels = request.param
    card = read_card("page")
    return PageModel(Network(card.read_model(), find_runtime(name), kernels=kernels), card)


@settings(max_examples=10)
@given(st.sampled_from([1250, 2500]), st.booleans(), st.sets(st.sampled_from(LEADS_12), max_size=4), st.integers(0, 9))
def test_weights_of_features_are_those_of_whole_pages(shipped, length, strip, lost, seed):
    """To the last bit: what the head makes of the features of what is left is what the network says of the page without a lead."""
    rng = np.random.default_rng(seed)
    names = [name for name in LEADS_12 if name not in lost]
    signals = {name: np.cumsum(rng.normal(0, 0.02, length)) for name in names}
    if strip:
        signals[RHYTHM] = np.cumsum(rng.normal(0, 0.02, 4900))
    windows = page_input.page_tensor(signals)
    answers = shipped.answers(windows)
    by_head, by_run = shipped._head_without(windows, signals, answers), shipped._run_without(windows, signals, answers)
    np.testing.assert_array_equal(by_head.log_rows, by_run.log_rows)


def test_a_page_and_its_weights_take_two_runs(shipped, monkeypatch):
    """The page, and the page with another strip, once it is known what an unknown lead looks like; the network can be given another batch afterwards."""
    windows, batches, run = page_input.page_tensor(SIGNALS), [], shipped.network.run
    shipped._nothing  # noqa: B018
    monkeypatch.setattr(shipped.network, "run", lambda tensor: batches.append(len(tensor)) or run(tensor))
    answers = shipped.answers(windows)
    shipped.weights(windows, SIGNALS, answers, 0)
    assert batches == [1, 1]
    assert len(shipped.answers(np.concatenate([windows, windows])).rows) == 2
