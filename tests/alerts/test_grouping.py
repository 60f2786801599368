"""Which notification is sent when: groups of alerts on a clock that the tests move."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from alert_fixtures import notice_of
from hypothesis import given
from hypothesis import strategies as st
from receiver_fixtures import resolved
from views import NOW

from alerts.grouping import (
    ALL_RESOLVED,
    FIRST,
    NEW_FIRING,
    NEW_RESOLVED,
    REPEAT,
    Grouping,
    Groups,
    Step,
    is_quiet,
    step,
)
from alerts.notice import GroupNotice, Notice
from monitor.settings.receivers import QuietSettings

GROUPING = Grouping(("alertname",), wait_seconds=30, interval_seconds=300, repeat_seconds=3_600)


class Timeline:
    """Steps at times of a test, and what they sent."""

    def __init__(self, grouping: Grouping = GROUPING) -> None:
        self.grouping = grouping
        self.groups: Groups = {}
        self.sent: list[GroupNotice] = []
        self.quiet: set[str] = set()
        self.due_at = math.inf

    def at(self, now: float, *notices: Notice) -> str:
        """What is sent at a time: its reason, and each alert with ! where it fires and ~ where it is resolved."""
        after: Step = step(
            self.groups, notices, now, self.grouping, lambda notice: dict(notice.labels)["severity"] in self.quiet
        )
        self.groups, self.due_at = after.groups, after.due_at
        self.sent += after.notifications
        return "; ".join(
            f"{each.reason}: "
            + " ".join(dict(notice.labels)["group"] + "!~"[notice.resolved] for notice in each.notices)
            for each in after.notifications
        )


def test_alerts_that_fire_together_are_one_notification() -> None:
    line = Timeline()
    assert line.at(0, notice_of("a")) == ""
    assert line.due_at == 30
    assert line.at(10, notice_of("b")) == ""
    assert line.at(29.9) == ""
    assert line.at(30) == f"{FIRST}: a! b!"
    assert line.due_at == 30 + 3_600


def test_news_of_a_group_waits_for_the_interval() -> None:
    line = Timeline()
    line.at(0, notice_of("a"))
    line.at(30)
    assert line.at(40, notice_of("b")) == ""
    assert line.at(100, resolved("a")) == ""
    assert line.at(329.9) == ""
    assert line.at(330) == f"{NEW_FIRING}: b! a~"
    assert line.sent[-1].changed == {notice_of("a").labels, notice_of("b").labels}
    assert line.at(700, resolved("b")) == ""
    assert line.at(730) == f"{ALL_RESOLVED}: b~"
    assert [each.sequence for each in line.sent] == [1, 2, 3]


def test_one_of_two_that_is_resolved_is_a_notification_of_its_own_kind() -> None:
    line = Timeline()
    line.at(0, notice_of("a"), notice_of("b"))
    line.at(30)
    line.at(100, resolved("a"))
    assert line.at(330) == f"{NEW_RESOLVED}: b! a~"
    assert line.sent[-1].news == (resolved("a"),)


def test_what_is_over_before_it_was_sent_is_never_sent() -> None:
    line = Timeline()
    line.at(0, notice_of("a"))
    assert line.at(20, resolved("a")) == ""
    assert line.groups == {}
    assert line.at(1_000) == ""


def test_an_unchanged_group_is_repeated_with_its_newest_texts() -> None:
    line = Timeline()
    line.at(0, notice_of("a"))
    line.at(30)
    line.at(600, notice_of("a", again=True, annotations=(("summary", "worse"),)))
    assert line.at(3_629) == ""
    assert line.at(3_630) == f"{REPEAT}: a!"
    assert line.sent[-1].notices[0].annotations == (("summary", "worse"),)
    assert line.at(3_630 + 3_600) == f"{REPEAT}: a!"


def test_an_alert_that_fires_anew_is_news() -> None:
    line = Timeline()
    line.at(0, notice_of("a"))
    line.at(30)
    line.at(100, resolved("a"))
    line.at(200, notice_of("a", starts_at=NOW + 200))
    assert line.at(330) == f"{NEW_FIRING}: a!"


def test_a_resolved_alert_that_is_sent_again_is_not_told_twice() -> None:
    line = Timeline()
    line.at(0, notice_of("a"))
    line.at(30)
    line.at(400, resolved("a"))
    assert line.at(430) == f"{ALL_RESOLVED}: a~"
    assert line.at(500, replace(resolved("a"), again=True)) == ""
    assert line.at(100_000, replace(resolved("a"), again=True)) == ""
    assert line.groups == {}


def test_after_a_restart_nothing_is_told_twice_and_no_resolve_is_lost() -> None:
    line = Timeline()
    assert line.at(0, notice_of("a", again=True)) == ""
    assert line.at(3_599) == ""
    assert line.at(3_600) == f"{REPEAT}: a!"
    assert line.at(4_000, resolved("a")) == ""
    assert line.at(4_030) == f"{ALL_RESOLVED}: a~"
    # This one was over while kmon was restarted.
    late = Timeline()
    assert late.at(0, resolved("b")) == ""
    assert late.at(300) == f"{ALL_RESOLVED}: b~"


def test_resolved_alerts_are_left_out_where_nobody_wants_them() -> None:
    line = Timeline(replace(GROUPING, send_resolved=False))
    line.at(0, notice_of("a"), notice_of("b"))
    assert line.at(30) == f"{FIRST}: a! b!"
    line.at(100, resolved("a"))
    assert line.at(3_630) == f"{REPEAT}: b!"
    line.at(3_700, resolved("b"))
    assert line.at(100_000) == ""


def test_groups_are_by_labels_or_each_alert_alone() -> None:
    line = Timeline(replace(GROUPING, by=("group", "nothing has this")))
    line.at(0, notice_of("a"), notice_of("b"))
    assert line.at(30) == f"{FIRST}: a!; {FIRST}: b!"
    assert [each.labels for each in line.sent] == [(("group", "a"),), (("group", "b"),)]
    alone = Timeline(replace(GROUPING, by=("...",)))
    alone.at(0, notice_of("a"), notice_of("b"))
    alone.at(30)
    assert [each.labels for each in alone.sent] == [notice_of("a").labels, notice_of("b").labels]


def test_quiet_hours_hold_alerts_back_until_they_end() -> None:
    line = Timeline()
    line.quiet = {"warning"}
    page = notice_of("p", labels=(("alertname", "Lag"), ("group", "p"), ("severity", "page")))
    line.at(0, notice_of("a"), notice_of("gone"), page)
    assert line.at(30) == f"{FIRST}: p!"
    assert line.at(1_000, resolved("gone")) == ""
    assert line.due_at <= 1_060
    line.quiet = set()
    assert line.at(20_000) == f"{NEW_FIRING}: a! p!"
    assert line.sent[-1].changed == {notice_of("a").labels}


def test_what_was_told_and_ends_in_quiet_hours_is_told_when_they_end() -> None:
    line = Timeline()
    line.at(0, notice_of("a"))
    line.at(30)
    line.quiet = {"warning"}
    line.at(1_000, resolved("a"))
    assert line.at(5_000) == ""
    line.quiet = set()
    assert line.at(20_000) == f"{ALL_RESOLVED}: a~"


@pytest.mark.parametrize(
    ("utc", "quiet"),
    [
        ("2026-01-15T20:59", False),  # 21:59 in Berlin
        ("2026-01-15T21:00", True),
        ("2026-01-16T05:59", True),
        ("2026-01-16T06:00", False),
        ("2026-07-15T19:59", False),  # summer time
        ("2026-07-15T20:00", True),
        ("2026-07-16T05:00", False),
    ],
)
def test_quiet_hours_are_those_of_the_zone(utc: str, quiet: bool) -> None:
    times = [QuietSettings.model_validate({"from": "22:00", "to": "7:00", "zone": "Europe/Berlin"})]
    unix = datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()
    assert is_quiet(times, "ticket", unix) is quiet
    assert not is_quiet(times, "page", unix)


def test_quiet_hours_within_a_day() -> None:
    times = [QuietSettings.model_validate({"from": "12:00", "to": "13:30", "severities": ["info"]})]
    midnight = 1_700_000_000 // 86_400 * 86_400
    assert [is_quiet(times, "info", midnight + 60 * minute) for minute in (719, 720, 809, 810)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("utc", "quiet"),
    [
        ("2026-01-16T21:59", False),  # Friday
        ("2026-01-17T00:00", True),  # all of Saturday and Sunday
        ("2026-01-18T23:59", True),
        ("2026-01-19T00:00", False),
        ("2026-01-19T22:00", True),  # a night that begins on Monday
        ("2026-01-20T06:59", True),
        ("2026-01-20T07:00", False),
        ("2026-01-20T22:00", False),
    ],
)
def test_quiet_hours_are_on_the_days_on_which_they_begin(utc: str, quiet: bool) -> None:
    weekend = QuietSettings.model_validate({"from": "0:00", "to": "24:00", "days": ["sat", "sun"]})
    night = QuietSettings.model_validate({"from": "22:00", "to": "7:00", "days": "mon"})
    assert is_quiet([weekend, night], "ticket", datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()) is quiet


names = st.sampled_from("abc")
moves = st.lists(
    st.tuples(st.sampled_from(["fire", "resolve", "again", "pass"]), names, st.integers(1, 400)), max_size=40
)


@given(moves, st.sampled_from([("alertname",), ("group",), ("...",)]))
def test_in_the_end_the_receiver_knows_what_is_so(actions: list[tuple[str, str, int]], by: tuple[str, ...]) -> None:
    """What fires was told to fire, what was told to fire and is over was told to be over, and nothing twice."""
    line = Timeline(Grouping(by, 30, 300, 1e9))
    firing: dict[str, Notice] = {}
    now = 0.0
    told: dict[str, tuple[float, bool]] = {}
    last: dict[object, float] = {}

    def run(*notices: Notice) -> None:
        before = len(line.sent)
        line.at(now, *notices)
        for each in line.sent[before:]:
            assert now >= last.get(each.labels, -math.inf) + 300
            last[each.labels] = now
            for notice in each.news:
                name = dict(notice.labels)["group"]
                state = (notice.starts_at, notice.resolved)
                assert told.get(name) != state
                assert not notice.resolved or name in told
                told[name] = state

    for action, name, seconds in actions:
        now += seconds
        old = firing.get(name)
        if action == "fire" and old is None:
            firing[name] = notice_of(name, starts_at=NOW + now)
            run(firing[name])
        elif action == "resolve" and old is not None:
            del firing[name]
            run(replace(old, resolved=True, ends_at=NOW + now))
        elif action == "again" and old is not None:
            run(replace(old, again=True))
        else:
            run()
    while math.isfinite(line.due_at) and line.due_at < 1e8:
        now = max(now, line.due_at)
        run()
    assert {name for name, (_, over) in told.items() if not over} == set(firing)
