"""The View: which one a face shows, and what it finds in it."""

from views import shop_view

from monitor.model.view import View


def down(last_good: View | None) -> View:
    return shop_view(error="127.0.0.1:9092: connection refused", last_good=last_good)


def test_a_view_that_is_up_shows_itself_and_keeps_no_other() -> None:
    view = shop_view(1, last_good=shop_view(0))
    assert view.up
    assert view.shown is view
    assert view.last_good is None


def test_the_last_good_view_is_kept_over_any_number_of_failures() -> None:
    good = shop_view(0)
    first = down(good)
    second = down(first)
    assert second.shown is first.shown is good
    assert not second.up
    assert not second.complete


def test_a_view_that_never_answered_is_nobody_s_last_good() -> None:
    first = down(None)
    second = down(first)
    assert first.last_good is None
    assert second.last_good is None
    assert second.shown is second


def test_a_view_is_complete_when_every_collector_is() -> None:
    assert shop_view().complete
    partial = shop_view(failed={"commits": "broker 2: timed out after 3.0 s"})
    assert partial.up
    assert not partial.complete


def test_outcomes_and_rows_are_found_by_name() -> None:
    view = shop_view()
    found = view.outcome("commits")
    assert found is not None
    assert found.success
    assert view.outcome("nothing") is None
    assert view.snapshot.groups.group[view.group_rows["word-count"]] == "word-count"
    assert view.snapshot.topics.topic[view.topic_rows["orders"]] == "orders"
