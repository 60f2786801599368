"""Tables as DataFrames: the same numbers, with names for rows and words for codes."""

import math

import pytest
from views import shop_view

from monitor.frames import SNAPSHOT_TABLES, TABLES, frame


@pytest.mark.parametrize("name", [*TABLES, *SNAPSHOT_TABLES])
def test_every_table_has_a_frame(name: str) -> None:
    view = shop_view()
    table = getattr(view if name in TABLES else view.snapshot, name)
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


def test_a_table_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="no table 'lags'; there are lag, "):
        frame(shop_view(), "lags")
