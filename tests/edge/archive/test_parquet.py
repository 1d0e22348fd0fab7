"""Results as a table, whatever their lines hold."""

import json

import pytest

from ecg_edge.archive.parquet import write_parquet

from .stand_in import result_of

parquet = pytest.importorskip("pyarrow.parquet")


def test_a_name_that_is_no_utf_8_is_its_escapes(tmp_path):
    """Version 1.0.0 has written such lines as they are: the table was never made, at no restart."""
    lines = tmp_path / "out.parquet.jsonl"
    lines.write_text("".join(f"{json.dumps(result_of(name))}\n" for name in ("/bad\udcff.jpg", "/ü.jpg")))
    write_parquet(str(lines), str(tmp_path / "out.parquet"))
    table = parquet.read_table(tmp_path / "out.parquet")
    assert table["source"].to_pylist() == ["/bad\\udcff.jpg", "/ü.jpg"]
    assert [json.loads(text)["source"] for text in table["result"].to_pylist()] == table["source"].to_pylist()
