"""Alerts that fire as problems of the one list: merged with the problem that they are about, or of their own."""

from collections.abc import Iterable
from dataclasses import replace

from monitor.analysis.derive.health import UNREACHABLE, in_order, problems_of
from monitor.model.levels import OF_PROBLEMS, alert_level
from monitor.model.problems import Problem, Problems
from monitor.model.text import name_of, plural, visible
from monitor.model.view import AlertRow, View

KIND = "alert"
"""The kind of what only alerts report."""


def firing(alerts: Iterable[AlertRow]) -> list[AlertRow]:
    """The alerts that report a problem now: one of severity none, such as a watchdog, or on probation never does."""
    return [each for each in alerts if each.state == "firing" and each.severity != "none" and not each.observed]


def with_firing_alerts(view: View) -> Problems:
    """The problems of a View, which has no alerts in it yet, and its alerts that fire.

    The alerts on a group are part of the problem that its status is, or of a cluster of that it is unreachable: it is
    as bad as the worst of them, and names their rules. Others are problems of the kind `alert`, one for each group,
    and unlike status their words and level are those of the rule.
    """
    fires = firing(view.alerts)
    if not fires:
        return view.problems
    found = problems_of(view.problems)
    about: dict[str | None, list[AlertRow]] = {}
    for each in fires:
        about.setdefault(dict(each.labels).get("group"), []).append(each)
    causes, since = view.problems.cause.tolist(), view.problems.since.tolist()
    unreachable = next((row for row, each in enumerate(found) if each.key == UNREACHABLE), -1)
    rows: dict[str | None, int] = {
        each.group: row for row, each in enumerate(found) if each.group is not None and each.count == 1
    }
    if unreachable >= 0:
        rows[None] = unreachable
    for group, mine in about.items():
        if group in rows:
            found[rows[group]] = _with(found[rows[group]], mine)
        else:
            found.append(_of(view, group, mine))
            causes.append(unreachable)
            since.append(min(each.firing_since or each.active_since for each in mine))
    return in_order(found, causes, since)


def _with(problem: Problem, alerts: list[AlertRow]) -> Problem:
    level = min((problem.level, *(_level(each) for each in alerts)), key=OF_PROBLEMS.index)
    return replace(problem, level=level, sentence=f"{problem.sentence}; {_named(alerts)}", alerts=_rules(alerts))


def _of(view: View, group: str | None, alerts: list[AlertRow]) -> Problem:
    """The problem that only these alerts report, of a group or, without one, of the cluster."""
    worst = min(alerts, key=lambda each: OF_PROBLEMS.index(_level(each)))
    subject = visible(view.cluster) if group is None else name_of(group)
    said = f"{visible(worst.summary) or subject} ({_named(alerts)})"
    return Problem(_level(worst), KIND, subject, said, group=group, count=len(alerts), alerts=_rules(alerts))


def _level(alert: AlertRow) -> str:
    return alert_level(alert.state, alert.severity)


def _rules(alerts: list[AlertRow]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.rule for each in alerts))


def _named(alerts: list[AlertRow]) -> str:
    """That these alerts fire: alert GroupLag firing; 3 alerts firing: GroupLag and Losing."""
    names = [visible(each) for each in _rules(alerts)]
    if len(alerts) == 1:
        return f"alert {names[0]} firing"
    return f"{plural(len(alerts), 'alert')} firing: {', '.join(names)}"
