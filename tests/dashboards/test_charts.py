"""Charts: unknown is a gap, the number of points is bounded, and a name is never markup."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from views import NOW, FixtureSource, Group, Topic, shop_view, snapshot_of

from dashboards.charts import COLOURS, MAX_POINTS, NAME_LENGTH, label, lag_figure, line, thin, undrawn, with_gaps
from monitor.analysis.view import make_view
from monitor.poll.source import Point


def points(lags: list[float | None], step: float = 10.0, group: str = "g") -> list[Point]:
    """Polls `step` seconds apart with these lags of one group."""
    views = [
        make_view(
            snapshot_of(
                [Topic("t", [(0, 1_000_000)])],
                [Group(group, {("t", 0): "broker 2 is gone" if lag is None else 1_000_000 - lag})],
                time=NOW + step * row,
            )
        )
        for row, lag in enumerate(lags)
    ]
    return [Point.of(view) for view in views]


def test_unknown_lag_is_a_gap_and_never_zero() -> None:
    drawn = line(points([5.0, None, 0.0]), "g", 10.0)
    assert drawn["y"] == [5.0, None, 0.0]
    assert drawn["x"] == [round(1_000 * (NOW + each)) for each in (0, 10, 20)]
    figure = lag_figure(points([5.0, None, 0.0]), ["g"], 10.0, 900.0, "r")
    assert figure["data"][0]["connectgaps"] is False


def test_a_point_between_gaps_is_marked_since_no_line_shows_it() -> None:
    lags: list[float | None] = [1.0, 2.0, None, 3.0, None, *(float(row) for row in range(40))]
    assert line(points(lags), "g", 10.0)["marker"]["size"][:6] == [0, 0, 0, 4, 0, 0]
    assert set(line(points([1.0, 2.0]), "g", 10.0)["marker"]["size"]) == {4}


def test_a_pause_in_polling_is_a_gap() -> None:
    polled = points([1.0, 2.0]) + points([3.0], step=10.0)
    late = Point(**{**vars(polled[2]), "time": NOW + 600})
    assert line([*polled[:2], late], "g", 10.0)["y"] == [1.0, 2.0, None, 3.0]


def test_a_group_that_is_gone_is_a_gap() -> None:
    assert line(points([1.0]) + points([2.0], group="other"), "g", 10.0)["y"] == [1.0, None]


@given(st.lists(st.one_of(st.just(math.nan), st.floats(0, 1e12)), min_size=1, max_size=5_000))
def test_thinning_keeps_the_extremes_and_the_gaps(values: list[float]) -> None:
    times, column = np.arange(float(len(values))), np.array(values)
    thin_times, thin_values = thin(times, column)
    assert len(thin_times) <= MAX_POINTS
    assert np.all(np.diff(thin_times) > 0)
    assert np.array_equal(column[thin_times.astype(int)], thin_values, equal_nan=True)
    assert np.isnan(thin_values).any() == np.isnan(column).any()
    if not np.isnan(column).all():
        assert np.nanmax(thin_values) == np.nanmax(column)
        assert np.nanmin(thin_values) == np.nanmin(column)


def test_gaps_are_put_between_and_nowhere_else() -> None:
    times, values = with_gaps(np.array([0.0, 10.0, 100.0]), np.array([1.0, 2.0, 3.0]), 25.0)
    assert times.tolist() == [0.0, 10.0, 55.0, 100.0]
    assert np.isnan(values).tolist() == [False, False, True, False]


def test_a_group_keeps_its_colour_when_another_overtakes_it() -> None:
    polled = [Point.of(shop_view(step)) for step in range(3)]
    before = lag_figure(polled, ["payments-ledger", "orders-fulfilment"], 10.0, 900.0, "r")
    after = lag_figure(polled, ["orders-fulfilment", "payments-ledger"], 10.0, 900.0, "r")

    def colours(figure: dict) -> dict:  # type: ignore[type-arg]
        return {each["name"]: each["line"]["color"] for each in figure["data"]}

    assert colours(before) == colours(after)
    assert len(set(colours(before).values())) == 2
    ranks = {each["name"]: each["legendrank"] for each in after["data"]}
    assert ranks["orders-fulfilment"] < ranks["payments-ledger"]


def test_a_figure_is_plain_and_keeps_its_zoom() -> None:
    one = lag_figure(points([1.0, 2.0]), ["g"], 10.0, 900.0, "demo 1h")
    two = lag_figure(points([1.0, 2.0, 3.0]), ["g"], 10.0, 900.0, "demo 1h")
    assert type(one) is dict
    assert one["layout"]["uirevision"] == two["layout"]["uirevision"] == "demo 1h"
    for figure in (one, two):
        assert "range" not in figure["layout"]["xaxis"]
        assert "range" not in figure["layout"]["yaxis"]


def test_the_axis_is_the_whole_range_also_where_kmon_is_younger() -> None:
    last = 1_000 * (NOW + 10)
    options = lag_figure(points([1.0, 2.0]), ["g"], 10.0, 900.0, "r")["layout"]["xaxis"]["autorangeoptions"]
    assert options["include"] == [last - 900_000, last]


def test_without_anything_known_it_says_so() -> None:
    for polled in ([], points([None, None])):
        figure = lag_figure(polled, ["g"], 10.0, 900.0, "r")
        assert figure["data"] == []
        assert figure["layout"]["annotations"][0]["text"] == "Lag unknown in this time range"


@pytest.mark.parametrize(
    "name", ["<b>x</b>", "<a href='//evil'>x</a>", "a & b", "&lt;i&gt;", "x" * 10_000, "a\nb\u202ec"]
)
def test_a_name_in_a_figure_is_never_markup(name: str) -> None:
    shown = label(name)
    assert "<" not in shown
    assert ">" not in shown
    assert "&" not in shown.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert len(shown) <= 6 * NAME_LENGTH
    assert shown.isprintable()


def test_groups_without_a_line_are_named_with_the_reason() -> None:
    said = undrawn(shop_view())
    assert said == "Not drawn, lag unknown: clicks-sessionizer, audit-archiver, secret-group"
    many = [Group(f"g{row}", reason="denied", commits_reason="denied") for row in range(5)]
    assert undrawn(make_view(snapshot_of([], many))).endswith("g0, g1, g2 and 2 more")
    assert undrawn(FixtureSource(make_view(snapshot_of([], []))).latest()) == ""  # type: ignore[arg-type]


def test_colours_are_as_many_as_the_groups_that_are_charted() -> None:
    from dashboards.pages.overview import CHARTED

    assert len(set(COLOURS)) == len(COLOURS) == CHARTED
