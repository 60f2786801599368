"""Alerts that fire as problems of the one list: merged with the problem that they are about, or of their own."""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from monitor.analysis.derive.health import UNREACHABLE, in_order, problems_of
from monitor.model.levels import OF_PROBLEMS, alert_level
from monitor.model.problems import Problem, Problems
from monitor.model.snapshot import NO_LEADER
from monitor.model.text import name_of, plural, visible
from monitor.model.view import AlertRow, View

KIND = "alert"
"""The kind of what only alerts report."""


def firing(alerts: Iterable[AlertRow]) -> list[AlertRow]:
    """The alerts that report a problem now: not one of severity none, such as a watchdog, on probation or inhibited."""
    return [
        each
        for each in alerts
        if each.state == "firing" and each.severity != "none" and not each.observed and not each.inhibited_by
    ]


class About(NamedTuple):
    """What an alert is about: a group, else a topic, else a broker, else, all of them None, the cluster."""

    group: str | None = None
    topic: str | None = None
    broker: int | None = None

    @classmethod
    def of(cls, alert: AlertRow) -> "About":
        labels = dict(alert.labels)
        if "group" in labels:
            return cls(group=labels["group"])
        if "topic" in labels:
            return cls(topic=labels["topic"])
        broker = labels.get("broker") or labels.get("node", "")
        return cls(broker=int(broker)) if broker.isdecimal() else cls()


def with_firing_alerts(view: View) -> Problems:
    """The problems of a View, which has no alerts in it yet, and its alerts that fire.

    The alerts on a group, a topic or a broker are part of the problem that it has, and those on the cluster of that it
    is unreachable: that problem is as bad as the worst of them, and names their rules. Others are problems of the kind
    `alert`, one for each thing that they are about, and unlike status their words and level are those of the rule.
    """
    fires = firing(view.alerts)
    if not fires:
        return view.problems
    found = problems_of(view.problems)
    about: dict[About, list[AlertRow]] = {}
    for each in fires:
        about.setdefault(About.of(each), []).append(each)
    causes, since = view.problems.cause.tolist(), view.problems.since.tolist()
    unreachable = next((row for row, each in enumerate(found) if each.key == UNREACHABLE), -1)
    rows = {About(): unreachable} if unreachable >= 0 else {}
    for row, problem in reversed([*enumerate(found)]):  # of several the worst, which is first, counts
        if problem.group is not None and problem.count == 1:
            rows[About(group=problem.group)] = row
        elif problem.group is None and problem.topic is not None:
            rows[About(topic=problem.topic)] = row
        elif problem.group is None and problem.broker != NO_LEADER:
            rows[About(broker=problem.broker)] = row
    for what, mine in about.items():
        if what in rows:
            found[rows[what]] = _with(found[rows[what]], mine)
        else:
            found.append(_of(view, what, mine))
            causes.append(unreachable)
            since.append(min(each.firing_since or each.active_since for each in mine))
    return in_order(found, causes, since)


def _with(problem: Problem, alerts: list[AlertRow]) -> Problem:
    level = min((problem.level, *(_level(each) for each in alerts)), key=OF_PROBLEMS.index)
    return replace(problem, level=level, sentence=f"{problem.sentence}; {_named(alerts)}", alerts=_rules(alerts))


def _of(view: View, about: About, alerts: list[AlertRow]) -> Problem:
    """The problem that only these alerts report."""
    worst = min(alerts, key=lambda each: OF_PROBLEMS.index(_level(each)))
    name = about.group if about.group is not None else about.topic
    subject = name_of(name) if name is not None else visible(view.cluster)
    broker = NO_LEADER if about.broker is None else about.broker
    subject = subject if about.broker is None else f"broker {broker}"
    said = f"{visible(worst.summary) or subject} ({_named(alerts)})"
    return Problem(
        _level(worst),
        KIND,
        subject,
        said,
        broker=broker,
        topic=about.topic,
        group=about.group,
        count=len(alerts),
        alerts=_rules(alerts),
    )


def _level(alert: AlertRow) -> str:
    return alert_level(alert.state, alert.severity)


def _rules(alerts: list[AlertRow]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.rule for each in alerts))


def _named(alerts: list[AlertRow]) -> str:
    """That these alerts fire: alert GroupLag firing (silenced); 3 alerts firing: GroupLag and Losing."""
    names = list(dict.fromkeys(visible(each.rule) + _marks(each) for each in alerts))
    if len(alerts) == 1:
        return f"alert {visible(alerts[0].rule)} firing{_marks(alerts[0])}"
    return f"{plural(len(alerts), 'alert')} firing: {', '.join(names)}"


def _marks(alert: AlertRow) -> str:
    return f" ({visible(', '.join(alert.marks))})" if alert.marks else ""
