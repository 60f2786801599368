"""A consumer of batches commits once an hour: it is never paged for, and one that is stuck still is."""

from collections.abc import Sequence

from alert_fixtures import FakeClock
from series import Poll, watch

from alerts.catalogue import catalogue
from alerts.evaluator import Evaluator
from monitor.model.status import STATUSES
from monitor.model.view import View

INTERVAL = 60.0
HOUR = 60
"""Polls of an hour."""


def hourly(polls: int, *, first: int = 0, every: int = HOUR) -> list[Poll]:
    """60 records a poll come in; all of them are committed every so many polls, for the first time at poll `first`."""
    found, commit = [], 1_000.0
    for each in range(polls):
        end = 1_000.0 + 60 * each
        commit = end if each >= first and (each - first) % every == 0 else commit
        found.append(Poll(end, commit))
    return found


def stands(polls: int, after: Sequence[Poll]) -> list[Poll]:
    """Nothing more is committed."""
    end = after[-1].end
    assert end is not None
    return [Poll(end + 60 * (each + 1), after[-1].commit) for each in range(polls)]


def seen(polls: Sequence[Poll]) -> list[View]:
    return watch(polls, interval=INTERVAL)


def levels(views: Sequence[View]) -> set[str]:
    return {str(view.judged.groups.levels[0]) for view in views}


def status(view: View) -> str:
    return STATUSES[view.group_lags.status[0]]


def test_nobody_is_paged_whenever_kmon_begins_to_watch() -> None:
    (rule,) = (each for each in catalogue() if each.name == "KafkaGroupStuck")
    for first in (0, 5, 30, HOUR - 1):
        clock = FakeClock()
        evaluator = Evaluator([rule], clock=clock)
        for view in seen(hourly(6 * HOUR, first=first)):
            assert not [row for row in evaluator.observe(view) if row.state == "firing"], (
                f"first commit after {first} min"
            )
            clock.move(INTERVAL)


def test_what_it_usually_takes_is_known_after_two_commits() -> None:
    views = seen(hourly(5 * HOUR))
    assert {status(view) for view in views[2 * HOUR + 5 :]} == {"ok", "behind"}


def test_one_that_fails_to_commit_is_degraded_when_its_hour_is_over() -> None:
    well = hourly(3 * HOUR + 1)
    views = seen([*well, *stands(HOUR + 20, well)])[len(well) :]
    assert levels(views[: HOUR - 5]) <= {"ok", "attention"}
    assert (status(views[-1]), levels(views[-1:])) == ("stuck", {"degraded"})


def test_one_that_commits_often_is_degraded_soon() -> None:
    well = hourly(20, every=1)
    views = seen([*well, *stands(20, well)])
    assert (status(views[-1]), levels(views[-1:])) == ("stuck", {"degraded"})


def test_a_stop_that_is_over_does_not_make_kmon_patient() -> None:
    well = hourly(20, every=1)
    held = stands(30, well)
    end = held[-1].end
    assert end is not None
    again = [Poll(end + 60 * each, end + 60 * each) for each in range(1, 10)]
    views = seen([*well, *held, *again, *stands(20, again)])
    assert (status(views[-1]), levels(views[-1:])) == ("stuck", {"degraded"})


def test_one_that_has_stood_for_hours_when_kmon_starts_is_degraded_without_delay() -> None:
    old = [Poll(100_000 + 60 * each, 1_000, age=3 * 3600 + INTERVAL * each) for each in range(20)]
    views = seen(old)
    assert (status(views[-1]), levels(views[-1:])) == ("stuck", {"degraded"})
    young = [Poll(1_600 + 60 * each, 1_000, age=600 + INTERVAL * each) for each in range(20)]
    views = seen(young)
    assert (status(views[-1]), levels(views[-1:])) == ("stuck", {"attention"})
