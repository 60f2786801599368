"""The Source of a process: the latest View, the points of the last, and who is told."""

import pytest
from views import shop_view

from monitor.model.view import View
from monitor.poll.source import Memory, Point


def test_a_point_keeps_what_charts_need() -> None:
    view = shop_view()
    point = Point.of(view)
    assert (point.time, point.up, point.lag) == (view.time, True, view.totals.lag)
    assert point.lag_at_least == view.totals.lag_at_least
    assert point.lag_of("orders-fulfilment") == 2


def test_what_a_point_does_not_know_is_none() -> None:
    point = Point.of(shop_view())
    assert point.lag is None
    assert point.lag_of("secret-group") is None
    for name in ("", "absent", "zzz"):
        assert point.lag_of(name) is None


def test_a_point_of_an_unreachable_cluster_has_no_lag() -> None:
    point = Point.of(shop_view(error="down", last_good=shop_view()))
    assert (point.up, point.lag, point.lag_at_least) == (False, None, None)


def test_memory_has_the_latest_and_the_points_since() -> None:
    memory = Memory("demo", 10.0, points=3)
    assert memory.latest() is None
    assert memory.window(0) == []
    views = [shop_view(step) for step in range(5)]
    for view in views:
        memory.show(view)
    assert memory.latest() is views[-1]
    assert [point.time for point in memory.window(0)] == [view.time for view in views[2:]]
    assert [point.time for point in memory.window(views[4].time)] == [views[4].time]


def test_listeners_are_told_until_they_end() -> None:
    memory, told = Memory("demo", 10.0), list[View]()
    end = memory.subscribe(told.append)
    first = shop_view(0)
    memory.show(first)
    end()
    end()
    memory.show(shop_view(1))
    assert told == [first]


def test_a_listener_that_fails_costs_no_other_anything(caplog: pytest.LogCaptureFixture) -> None:
    memory, told = Memory("demo", 10.0), list[View]()

    def broken(_view: View) -> None:
        raise RuntimeError("broken on purpose")

    memory.subscribe(broken)
    memory.subscribe(told.append)
    view = shop_view()
    memory.show(view)
    assert told == [view]
    assert caplog.messages == ["a listener failed on the View of cluster demo"]


def test_the_view_is_there_when_a_listener_is_told() -> None:
    memory = Memory("demo", 10.0)
    found: list[View | None] = []
    memory.subscribe(lambda _view: found.append(memory.latest()))
    view = shop_view()
    memory.show(view)
    assert found == [view]
