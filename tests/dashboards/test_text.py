"""What failed is named with its reason."""

from views import shop_view

from dashboards.text import failure, failures


def test_failures_name_the_collector_and_the_reason() -> None:
    partial = shop_view(failed={"commits": "broker 2: timed out"})
    assert failures(partial) == [("commits", "broker 2: timed out")]
    assert failure(partial, "commits", "groups") == "broker 2: timed out"
    assert failure(partial, "cluster") == ""
    down = shop_view(error="connection refused", failed={"groups": "connection refused", "end_offsets": "too slow"})
    assert failures(down) == [("all", "connection refused"), ("end_offsets", "too slow")]
    assert failure(down, "cluster") == "connection refused"
