"""From where to where leads are shown."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.measure.spans import spans_of

LENGTH = 400


def known_of(*stretches):
    """(k, n) bool, each lead known in its stretch alone."""
    return np.array([[first <= at < last for at in range(LENGTH)] for first, last in stretches])


def test_leads_of_a_column_are_one_span_and_a_strip_is_another():
    """A few samples do not part them; a lead that is nowhere known is in none."""
    found = spans_of(known_of((0, 98), (0, 400), (101, 199), (2, 100), (300, 300)), margin=5)
    assert [(each.leads.tolist(), each.first, each.last) for each in found] == [
        ([0, 3], 0, 105),
        ([1], 0, 400),
        ([2], 96, 204),
    ]


@given(st.lists(st.tuples(st.integers(0, LENGTH), st.integers(0, LENGTH)), max_size=13), st.integers(0, 40))
def test_each_lead_is_in_one_span_that_holds_all_that_is_known_of_it(stretches, margin):
    """Whatever lengths they have."""
    known = known_of(*stretches).reshape(len(stretches), LENGTH)
    found = spans_of(known, margin)
    numbers = [lead for each in found for lead in each.leads.tolist()]
    assert sorted(numbers) == np.flatnonzero(known.any(1)).tolist()
    for each in found:
        outside = np.ones(LENGTH, bool)
        outside[each.first : each.last] = False
        assert not known[each.leads][:, outside].any()
