"""Many clients at once, for some seconds; for five minutes with `python -m tests.edge.web.load`. In `make test-web`."""

from .load import run


def test_many_clients_get_the_command_lines_answers_or_are_told_to_come_again(tmp_path):
    """No other error, no answer that differs, memory that stays, and an end that is clean."""
    told = run(20, 8, tmp_path, least=5)
    assert set(told["answers"]) == {200, 429} and told["answers"][200] >= 5
    assert told["wrong"] == [] and told["status"] == 143
    assert told["server_mb"]["end"] - told["server_mb"]["settled"] < 20, told
