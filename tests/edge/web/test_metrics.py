"""What is counted of the page, as Prometheus reads it."""

import pytest

pytest.importorskip("prometheus_client")

from prometheus_client.parser import text_string_to_metric_families

from ecg_edge.web.metrics import BUCKETS_S, COUNTERS, Metrics


def told(metrics):
    """{(name, labels): value} of an exposition, and {name: type}."""
    families = list(text_string_to_metric_families(metrics.to_text()))
    samples = {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}
    return samples, {family.name: family.type for family in families}


def test_counts_readings_and_what_is_now_are_told():
    """By name and label, each once; what is now is asked when it is told."""
    waiting = {}
    metrics = Metrics(lambda: waiting)
    metrics.count("ecg_edge_requests_total", status=200)
    metrics.count("ecg_edge_requests_total", status=200)
    metrics.count("ecg_edge_pages_total", status="read")
    metrics.count_reading(0.7)
    metrics.count_reading(300)
    waiting["ecg_edge_queue"] = 3
    samples, types = told(metrics)
    assert samples["ecg_edge_requests_total", "200"] == 2 and samples["ecg_edge_pages_total", "read"] == 1
    assert samples["ecg_edge_turned_away_total",] == 0 and samples["ecg_edge_queue",] == 3
    assert samples["ecg_edge_reading_seconds_count",] == 2 and samples["ecg_edge_reading_seconds_sum",] == 300.7
    assert (
        samples["ecg_edge_reading_seconds_bucket", "0.5"] == 0
        and samples["ecg_edge_reading_seconds_bucket", "1.0"] == 1
    )
    assert samples["ecg_edge_reading_seconds_bucket", "+Inf"] == 2 and samples["ecg_edge_resident_bytes",] > 1e6
    assert types["ecg_edge_requests"] == "counter" and types["ecg_edge_queue"] == "gauge"
    assert types["ecg_edge_reading_seconds"] == "histogram" and not any(
        name.endswith("_created") for name, *_ in samples
    )
    assert sum(name == "ecg_edge_reading_seconds_bucket" for name, *_ in samples) == len(BUCKETS_S) + 1


def test_two_pages_of_one_process_count_apart():
    """As in the tests; and what is no counter is not counted."""
    one, other = Metrics(dict), Metrics(dict)
    one.count("ecg_edge_turned_away_total")
    assert told(one)[0]["ecg_edge_turned_away_total",] == 1 and told(other)[0]["ecg_edge_turned_away_total",] == 0
    with pytest.raises(KeyError):
        one.count("ecg_edge_other_total")
    assert all(name.startswith("ecg_edge_") and name.endswith("_total") for name in COUNTERS)
