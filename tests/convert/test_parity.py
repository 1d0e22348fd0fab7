"""The gate between Keras and int8."""

import numpy as np
import pytest

from convert import parity
from train.predictions import Predictions

PAGES = 40
ROWS = [(f"page{i:02}", i % 4) for i in range(PAGES)]


def made(leads):
    return Predictions(tuple(digest for digest, _ in ROWS), leads.astype(np.float32), "made here")


@pytest.fixture
def keras():
    """Sure and right probabilities of all leads."""
    leads = np.full((PAGES, 13, 4), 0.02)
    for i, (_, label) in enumerate(ROWS):
        leads[i, :, label] = 0.94
    return made(leads)


def test_equal_predictions_pass(keras):
    """A format that answers as Keras does differs by nothing and passes."""
    found = parity.compare(keras, keras, ROWS)
    assert found["lead_agreement"] == found["page_agreement"] == 1
    assert found["mean_difference"] == 0 and found["pages"]["macro_f1"]["interval"] == [0, 0]
    assert parity.failures(found) == []


def test_too_many_flipped_leads_fail(keras):
    """With more than one lead verdict in a hundred flipped, the gate is not passed and says so."""
    leads = keras.leads.copy()
    flipped = leads.reshape(-1, 4)
    flipped[:6] = np.roll(flipped[:6], 1, axis=-1)
    found = parity.compare(made(leads), keras, ROWS)
    assert found["lead_agreement"] == pytest.approx(1 - 6 / 520)
    assert parity.failures(found) == ["lead verdicts agree on 0.9885, at least 0.99"]
    assert parity.failures(found, ("mean_difference", "macro_f1_loss")) == []


def test_drifting_probabilities_fail(keras):
    """Verdicts that stay while probabilities move by more than 0.01 do not pass."""
    leads = 0.9 * keras.leads + 0.1 * 0.25
    assert parity.failures(parity.compare(made(leads), keras, ROWS)) == ["probabilities differ by 0.0345, at most 0.01"]


def test_a_fall_of_macro_f1_fails(keras):
    """A page whose leads all flip costs more than a point of macro-F1 on 40 pages."""
    leads = keras.leads.copy()
    leads[0] = np.roll(leads[0], 1, axis=-1)
    problems = parity.failures(parity.compare(made(leads), keras, ROWS))
    assert any(problem.startswith("macro-F1 per page falls by 0.02") for problem in problems)


def test_a_gain_of_macro_f1_passes(keras):
    """Only a fall of macro-F1 counts: a model that reads one page better than Keras passes on that score."""
    worse = keras.leads.copy()
    worse[0] = np.roll(worse[0], 1, axis=-1)
    problems = parity.failures(parity.compare(keras, made(worse), ROWS))
    assert not any("macro-F1" in problem for problem in problems)


def test_the_table_names_what_could_not_run(keras):
    """A format that a runtime cannot load stands in the table with the reason."""
    table = {"int8": {"one": parity.compare(keras, keras, ROWS), "other": "not run: no such operator"}}
    markdown = parity.to_markdown("cnn", table, {"int8": 19_100_000})
    assert "| int8 | 19.1 | other | not run: no such operator |" in markdown
    assert "| int8 | 19.1 | one | 1.0000 | 1.0000 |" in markdown
