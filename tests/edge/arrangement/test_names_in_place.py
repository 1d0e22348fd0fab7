"""Names of leads in an order of their own: a page is not read in the usual one."""

import pytest
from PIL import Image

from ecg_edge.arrangement.arrangement import find_report
from ecg_edge.errors import PictureError, Reason
from ecg_edge.page.ink import ink_of

SCALE = 8.0, 8.0
COLUMNS = (150, 643), (646, 1135), (1140, 1625), (1630, 2125)
ROWS = 300, 1200


def exchanged(page, one, other):
    """A report page, two of whose columns were cut out and pasted in each other's place."""
    page = page.copy()
    (left, right), (other_left, other_right) = COLUMNS[one], COLUMNS[other]
    wide = min(right - left, other_right - other_left)
    first, second = (page.crop((x, ROWS[0], x + wide, ROWS[1])) for x in (left, other_left))
    page.paste(second, (left, ROWS[0]))
    page.paste(first, (other_left, ROWS[0]))
    return page


@pytest.mark.parametrize("columns", [(2, 3), (1, 2), (1, 3)], ids=lambda columns: f"columns {columns}")
def test_columns_that_were_exchanged_are_refused(few_pages, columns):
    """On report pages too, whose layout is known: their names are held against those of other columns, and the reason says so."""
    for page in few_pages:
        with Image.open(page.path) as picture:
            report = picture.convert("RGB")
        assert find_report(ink_of(report), SCALE) is not None
        with pytest.raises(PictureError) as refused:
            find_report(ink_of(exchanged(report, *columns)), SCALE)
        assert refused.value.reason is Reason.BAD_LAYOUT
        assert "another order" in str(refused.value)
