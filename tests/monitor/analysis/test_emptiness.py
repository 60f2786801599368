"""Why a table is empty: nothing is there, nothing matches, or it is unknown."""

from dataclasses import replace

from views import Group, Topic, snapshot_of

from monitor.analysis.derive.emptiness import (
    no_events,
    no_groups,
    no_lag,
    no_match,
    no_problems,
    no_topics,
    no_unhealthy_groups,
)
from monitor.analysis.view import make_view
from monitor.model.view import View

WHY = "partition 3 of __consumer_offsets has no leader"
TOPICS = [Topic("t", [(0, 5)])]
WELL = Group("g", {("t", 0): 5})


def view_of(groups: list[Group], topics: list[Topic] = TOPICS, **changes: object) -> View:
    failed = changes.pop("failed", None)
    return make_view(replace(snapshot_of(topics, groups, failed=failed), **changes))  # type: ignore[arg-type]


def test_there_is_nothing() -> None:
    none = view_of([], [])
    assert no_groups(none).sentence == "No groups: no group on this cluster has members or committed offsets"
    assert no_unhealthy_groups(none) == no_lag(none) == no_groups(none)
    assert no_topics(none).sentence == "No topics: the cluster has no topics"
    assert no_problems(none).sentence == "No problems"
    assert no_events(none).title == "No events"
    assert no_unhealthy_groups(view_of([WELL])).sentence == "All groups keep up: 1 group, none behind"
    assert no_lag(view_of([Group("idle")])).title == "No lag"


def test_it_is_excluded_by_the_settings() -> None:
    assert no_groups(view_of([], hidden_groups=2)).sentence == "No groups: 2 groups excluded by settings"
    assert no_topics(view_of([], [], hidden_topics=1)).sentence == "No topics: 1 topic excluded by settings"


def test_it_is_unknown() -> None:
    unlisted = view_of([], failed={"groups": WHY})
    for empty in (no_groups, no_unhealthy_groups, no_lag):
        assert empty(unlisted).sentence == f"Groups unknown: {WHY}"
    assert "keep up" not in no_unhealthy_groups(view_of([WELL], failed={"groups": WHY})).sentence
    assert no_unhealthy_groups(view_of([WELL], failed={"groups": WHY})).why == WHY
    assert no_lag(view_of([Group("idle")], failed={"groups": WHY})).sentence == f"Lag unknown: {WHY}"
    assert no_topics(view_of([], [], failed={"cluster": "why"})).sentence == "Topics unknown: why"
    assert no_problems(view_of([], failed={"groups": WHY})).title == "No known problems"
    down = make_view(snapshot_of([], [], error="refused\x1b"))
    for each in (no_groups, no_topics, no_events):
        assert each(down).title.endswith("unknown")
        assert each(down).why == r"refused\x1b"


def test_nothing_matches() -> None:
    assert no_match("group", "pay\x1b").sentence == r"No group matches pay\x1b"
    assert no_match("row").sentence == "No row matches"
