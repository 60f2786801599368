"""Puts alerts together into notifications, for receivers without an Alertmanager: a pure function of values."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerts.notice import GroupNotice, Notice
from alerts.samples import Labels
from monitor.settings.receivers import DAYS, QuietSettings

FIRST, NEW_FIRING = "first notification", "new alerts in group"
ALL_RESOLVED, NEW_RESOLVED, REPEAT = "all alerts resolved", "new resolved alerts", "repeat interval elapsed"
"""Why a notification is sent, in Alertmanager's words."""

QUIET_SECONDS = 60.0
"""How often alerts that are held back or acknowledged are considered again."""

ALL_LABELS = "..."


@dataclass(frozen=True)
class Grouping:
    """Which alerts go together (`by` labels, ALL_LABELS for each by itself) and when a notification is due, in seconds.

    `wait`: after the first news of a group. `interval`: at least between two notifications. `repeat`: after the last
    one while nothing changes.
    """

    by: tuple[str, ...] = ("alertname", "cluster")
    wait_seconds: float = 30.0
    interval_seconds: float = 300.0
    repeat_seconds: float = 14_400.0
    send_resolved: bool = True


class Told(NamedTuple):
    """What the receiver was last told of an alert: when it began to fire, and whether it was resolved."""

    starts_at: float
    resolved: bool


@dataclass(frozen=True)
class Group:
    """What is remembered of a group. Times are of the monotonic clock.

    `notices` are the newest by alert, `told` what the last notification had. `news_at` is when the first news since
    came, `told_at` when that notification became due, None before the first. `check_at` is when it may be due although
    nothing is noticed.
    """

    notices: Mapping[Labels, Notice] = field(default_factory=dict)
    told: Mapping[Labels, Told] = field(default_factory=dict)
    news_at: float | None = None
    told_at: float | None = None
    sequence: int = 0
    check_at: float = field(default=-math.inf, compare=False)


Groups = Mapping[Labels, Group]
"""Groups by the labels that they have in common."""


class Heard(NamedTuple):
    """The alerts of a group that nothing holds back, and those of them that are acknowledged."""

    loud: set[Labels]
    acknowledged: set[Labels]


class Step(NamedTuple):
    """`due_at` is when the next call is needed at the latest, infinite when only news can change anything."""

    groups: Groups
    notifications: tuple[GroupNotice, ...]
    due_at: float


def step(
    groups: Groups,
    notices: Iterable[Notice],
    now: float,
    grouping: Grouping,
    held_back: Callable[[Notice], bool] = lambda _: False,
    *,
    acknowledged: Callable[[Notice], bool] = lambda _: False,
    at_once: bool = False,
    kept: bool = False,
) -> Step:
    """The groups after some notices at monotonic time `now`, and the notifications that are due.

    `held_back` is whether quiet hours or a silence hold an alert back now, `acknowledged` whether one that fires needs
    no more notifications until it is over. `at_once` sends news without waiting for more. `kept`:
    the groups have survived every restart, so an alert that they do not know was never told.
    """
    news: dict[Labels, list[Notice]] = {}
    for notice in notices:
        news.setdefault(_key(notice, grouping), []).append(notice)
    after = dict(groups)
    due: list[tuple[float, Labels, GroupNotice]] = []
    touched = [key for key, group in groups.items() if at_once or key in news or group.check_at <= now]
    for key in (*touched, *(key for key in news if key not in groups)):
        group = _settled(_take(groups.get(key, Group()), news.get(key, ()), now, kept=kept), grouping)
        heard = _heard(group, held_back, acknowledged)
        fresh = _news(group) & heard.loud - heard.acknowledged
        when = _due_at(group, fresh, heard, grouping)
        if math.isfinite(when) and (when <= now or (at_once and fresh)):
            due.append((when, key, _notification(key, group, fresh, heard.loud)))
            group = _settled(_sent(group, heard.loud, now), grouping)
            heard = _heard(group, held_back, acknowledged)
        after[key] = replace(group, check_at=_check_at(group, heard, now, grouping))
        if not group.notices and (group.told_at is None or now >= group.told_at + grouping.interval_seconds):
            del after[key]
    due.sort(key=lambda each: each[0])
    due_at = min((group.check_at for group in after.values()), default=math.inf)
    return Step(after, tuple(each for *_, each in due), due_at)


def _key(notice: Notice, grouping: Grouping) -> Labels:
    if ALL_LABELS in grouping.by:
        return notice.labels
    return tuple((name, text) for name, text in notice.labels if name in grouping.by)


def _take(group: Group, news: Sequence[Notice], now: float, *, kept: bool) -> Group:
    """The group with more notices. What ends, or is sent again, and is not known was told by an earlier run."""
    if not news:
        return group
    notices, told = dict(group.notices), dict(group.told)
    news_at, told_at = group.news_at, group.told_at
    for notice in news:
        old = notices.get(notice.labels)
        known = old is not None and old.starts_at == notice.starts_at
        if not known and (notice.resolved or (notice.again and not kept)):
            if notice.again and notice.resolved:
                continue
            told[notice.labels] = Told(notice.starts_at, resolved=False)
            told_at = now if told_at is None else told_at
        if not known or (old is not None and old.resolved != notice.resolved):
            news_at = now if news_at is None else news_at
        notices[notice.labels] = notice
    return replace(group, notices=notices, told=told, news_at=news_at, told_at=told_at)


def _settled(group: Group, grouping: Grouping) -> Group:
    """The group without alerts about which nothing is left to be told."""
    over = {
        labels
        for labels, notice in group.notices.items()
        if notice.resolved and (not grouping.send_resolved or (told := group.told.get(labels)) is None or told.resolved)
    }
    group = replace(
        group,
        notices={labels: notice for labels, notice in group.notices.items() if labels not in over},
        told={labels: told for labels, told in group.told.items() if labels not in over},
    )
    return group if _news(group) else replace(group, news_at=None)


def _heard(group: Group, held_back: Callable[[Notice], bool], acknowledged: Callable[[Notice], bool]) -> Heard:
    """An acknowledged alert that nobody was told of yet is held back: who acknowledged it knows."""
    known = {labels for labels, notice in group.notices.items() if acknowledged(notice)}
    loud = {
        labels
        for labels, notice in group.notices.items()
        if not held_back(notice) and (labels not in known or labels in group.told)
    }
    return Heard(loud, loud & known)


def _news(group: Group) -> set[Labels]:
    """The alerts of which the receiver was last told something else."""
    return {
        labels
        for labels, notice in group.notices.items()
        if group.told.get(labels) != Told(notice.starts_at, notice.resolved)
    }


def _due_at(group: Group, news: set[Labels], heard: Heard, grouping: Grouping) -> float:
    last = -math.inf if group.told_at is None else group.told_at
    if news and group.news_at is not None:
        return max(group.news_at + grouping.wait_seconds, last + grouping.interval_seconds)
    if any(labels in group.told for labels in heard.loud - heard.acknowledged):
        return last + max(grouping.repeat_seconds, grouping.interval_seconds)
    return math.inf


def _check_at(group: Group, heard: Heard, now: float, grouping: Grouping) -> float:
    """When the group can change at the earliest although nothing is noticed."""
    times = [_due_at(group, _news(group) & heard.loud - heard.acknowledged, heard, grouping)]
    if len(heard.loud - heard.acknowledged) < len(group.notices):
        times.append(now + QUIET_SECONDS)
    if not group.notices and group.told_at is not None:
        times.append(group.told_at + grouping.interval_seconds)  # then it is forgotten
    return min(times)


def _notification(key: Labels, group: Group, news: set[Labels], loud: set[Labels]) -> GroupNotice:
    notices = sorted(
        (notice for labels, notice in group.notices.items() if labels in loud),
        key=lambda notice: (notice.resolved, notice.starts_at, notice.labels),
    )
    return GroupNotice(
        key, tuple(notices), frozenset(news or loud), _reason(group, news, notices), sequence=group.sequence + 1
    )


def _reason(group: Group, news: set[Labels], notices: list[Notice]) -> str:
    if not news:
        return REPEAT
    if all(notice.resolved for notice in notices):
        return ALL_RESOLVED
    if all(group.notices[labels].resolved for labels in news):
        return NEW_RESOLVED
    return NEW_FIRING if group.told else FIRST


def _sent(group: Group, loud: set[Labels], now: float) -> Group:
    told = {labels: Told(group.notices[labels].starts_at, group.notices[labels].resolved) for labels in loud}
    return replace(
        group,
        told={**group.told, **told},
        news_at=None if len(loud) == len(group.notices) else now,
        told_at=now,
        sequence=group.sequence + 1,
    )


def is_quiet(times: Iterable[QuietSettings], severity: str, unix: float) -> bool:
    """Whether quiet hours hold alerts of a severity back at this time."""
    for each in times:
        if severity not in each.severities:
            continue
        local = datetime.fromtimestamp(unix, ZoneInfo(each.zone))
        now, (start, end) = 60 * local.hour + local.minute, each.minutes
        today, yesterday = DAYS[local.weekday()] in each.days, DAYS[local.weekday() - 1] in each.days
        if start < end:
            if today and start <= now < end:
                return True
        elif (today and now >= start) or (yesterday and now < end):  # it goes on over midnight
            return True
    return False
