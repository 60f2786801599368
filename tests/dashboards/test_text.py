"""What failed is named with its reason."""

from views import shop_view

from dashboards.text import failures
from monitor.analysis.derive.completeness import failure


def test_failures_name_the_collector_and_the_reason() -> None:
    partial = shop_view(failed={"commits": "broker 2: timed out"})
    assert failures(partial) == [("commits", "broker 2: timed out")]
    assert failure(partial.snapshot, "commits", "groups") == "broker 2: timed out"
    assert failure(partial.snapshot, "cluster") == ""
    down = shop_view(error="connection refused", failed={"groups": "connection refused", "end_offsets": "too slow"})
    assert failures(down) == [("all", "connection refused"), ("end_offsets", "too slow")]
    assert failure(down.snapshot, "cluster") == "connection refused"
