"""Tables as DataFrames: the same numbers, with names for rows and words for codes."""

import math

import pytest
from tables_page import PAGE, page
from views import shop_view

from monitor.frames import SNAPSHOT_TABLES, TABLES, frame, table_of


@pytest.mark.parametrize("name", [*TABLES, *SNAPSHOT_TABLES])
def test_every_table_has_a_frame(name: str) -> None:
    view = shop_view()
    table = table_of(view, name)
    assert len(frame(view, name)) == len(table)
    assert list(frame(view, name).columns) == [each.name for each in table.schema()]


def test_lag_by_names_with_units_and_reasons() -> None:
    lag = frame(shop_view(), "lag").set_index(["group", "topic", "partition"])
    assert lag.lag["payments-ledger", "payments", 0] == 11_500
    unknown = dict(lag.xs(("audit-archiver", "audit", 0)))
    assert math.isnan(float(unknown["lag"]))
    assert unknown["reason"] == "no commit"
    assert lag.attrs["units"]["lag"] == "records"
    assert set(frame(shop_view(), "lag_statuses").status) == {"ok", "behind", "lost", "unknown"}


def test_rows_without_names_of_their_own_are_named_by_the_index() -> None:
    view = shop_view()
    lag = frame(view, "lag").set_index(["group", "topic", "partition"])
    assert frame(view, "lag_times").index.equals(lag.index)
    assert frame(view, "offsets").end_offset["payments", 0] == lag.end_offset["payments-ledger", "payments", 0]
    groups = frame(view, "group_lags")
    assert groups.index.names == ["group"]
    assert groups.lag["payments-ledger"] >= 11_500
    assert list(frame(view, "topic_rates").index.get_level_values("topic")) == list(view.snapshot.topics.topic)


def test_a_table_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="no table 'lags'; there are lag, "):
        frame(shop_view(), "lags")


def test_the_page_of_tables_is_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python tests/support/tables_page.py"
