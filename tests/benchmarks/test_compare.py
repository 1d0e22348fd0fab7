"""Two reports compared."""

from types import SimpleNamespace

import pytest

from benchmarks import compare


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"no JSON", "no report can be read"), (b"[1]", "no report of"), (b"\xff", "no report can be read")],
)
def test_what_is_no_report_is_said_to_be_none(tmp_path, content, said):
    """Not by a traceback."""
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(SystemExit, match=said):
        compare.run(SimpleNamespace(first=path, second=path, stage="total"))
