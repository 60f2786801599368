"""Alerts that another one inhibits: what is caused by a broker that is down wakes nobody beside that alert."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from alerts.rule_files import SEVERITIES
from alerts.rules import AnyRule
from alerts.samples import Labels
from alerts.state import FIRING, RESOLVED, Alert, State
from alerts.subject_rules import SubjectRule
from monitor.analysis.derive.causes import Causes
from monitor.model.view import View

EXPLAINING = ("broker", "log_dir", "topic", "partition")
"""Subjects whose alerts can be about the cause of something else."""

Inhibited = Mapping[Labels, str]
"""The alerts of a rule that another one explains, and the name of that one's rule."""


def inhibited(rules: Iterable[AnyRule], states: Mapping[str, State], view: View) -> Mapping[str, Inhibited]:
    """By rule, the alerts that another one inhibits: it is about their cause, or a rule names its rule.

    An alert about a cause is as serious, and fires or is about to fire. A cause without such an alert inhibits nothing,
    and neither does one that is unknown now: somebody must be told. While the whole cluster is unreachable all is as it
    was, and the alert on that is sent: a storm of old effects beside it would say nothing new.
    """
    if not view.up:
        return {rule.name: kept for rule in rules if (kept := _before(states.get(rule.name, {})))}
    live = [*_alive(rules, states)]
    found = _named(live)
    if (view.problems.cause >= 0).any():
        for name, alerts in _explained(live, view).items():
            found.setdefault(name, {}).update(alerts)
    return found


def followed(rule: AnyRule, rules: Iterable[AnyRule], states: Mapping[str, State]) -> Mapping[Labels, str]:
    """The rows on which an alert of another rule has taken over from this one's, and the name of that rule.

    The two rules are as serious and name each other in `inhibited_by`: they report the same trouble in turn. The alert
    that has taken over is true now, and unsent.
    """
    if not isinstance(rule, SubjectRule) or not rule.inhibited_by:
        return {}
    others = [
        each
        for each in rules
        if isinstance(each, SubjectRule)
        and each.name in rule.inhibited_by
        and rule.name in each.inhibited_by
        and each.severity == rule.severity
    ]
    return {
        alert.sample.labels: each.name
        for each, alert in _alive(others, states)
        if alert.sent_at is None and alert.calm_at is None
    }


def _named(live: Sequence[tuple[SubjectRule, Alert]]) -> dict[str, dict[Labels, str]]:
    """Alerts whose rule names another rule that has an alert on the same row, firing and sent."""
    names = {name for rule, _ in live for name in rule.inhibited_by}
    told = {
        (rule.name, alert.sample.labels)
        for rule, alert in live
        if rule.name in names and alert.phase == FIRING and alert.sent_at is not None
    }
    found: dict[str, dict[Labels, str]] = {}
    for rule, alert in live:
        if by := next((name for name in rule.inhibited_by if (name, alert.sample.labels) in told), ""):
            found.setdefault(rule.name, {})[alert.labels] = by
    return found


def _explained(live: Sequence[tuple[SubjectRule, Alert]], view: View) -> dict[str, dict[Labels, str]]:
    """Alerts whose trouble has a cause that another one is about."""
    causes = Causes(view)
    explaining = [each for each in live if each[0].subject.name in EXPLAINING]
    severities = list(SEVERITIES)

    @cache  # many groups have one cause
    def explained_by(rows: tuple[int, ...], severity: str) -> str:
        as_serious = severities[: severities.index(severity) + 1]
        found = (
            rule.name
            for rule, alert in explaining
            if rule.severity in as_serious and any(_is_about(causes, row, rule, alert) for row in rows)
        )
        return next(found, "")

    found: dict[str, dict[Labels, str]] = {}
    for rule, alert in live:
        if name := explained_by(causes_of(causes, rule, alert), rule.severity):
            found.setdefault(rule.name, {})[alert.labels] = name
    return found


def _before(state: State) -> Inhibited:
    return {labels: alert.inhibited_by for labels, alert in state.items() if alert.inhibited_by}


def _alive(rules: Iterable[AnyRule], states: Mapping[str, State]) -> Iterator[tuple[SubjectRule, Alert]]:
    """The alerts of rules over subjects that are pending or firing, known to be so, and sent."""
    for rule in rules:
        if isinstance(rule, SubjectRule) and not rule.observe:
            alerts = states.get(rule.name, {}).values()
            yield from ((rule, each) for each in alerts if each.phase != RESOLVED and each.unknown_at is None)


def causes_of(causes: Causes, rule: SubjectRule, alert: Alert) -> tuple[int, ...]:
    """The rows of problems that cause what an alert is about; empty where nothing explains it."""
    labels, on = dict(alert.sample.labels), rule.subject.name
    if on in ("group", "lag"):
        return causes.of_group(labels["group"])
    if on in ("topic", "partition"):
        return causes.of_topic(labels["topic"], _number(labels, "partition"))
    if on == "kmon":
        return causes.of_kmon()
    number = _number(labels, {"broker": "broker", "quorum": "node"}.get(on, ""))
    if number is None:
        return ()
    return causes.of_broker(number) if on == "broker" else causes.of_quorum_node(number)


def _is_about(causes: Causes, row: int, rule: SubjectRule, alert: Alert) -> bool:
    """Whether an alert is about the problem in a row."""
    labels, on = dict(alert.sample.labels), rule.subject.name
    broker = _number(labels, "broker")
    if on == "broker" and broker is not None:
        return causes.is_on_broker(row, broker)
    if on == "log_dir" and broker is not None:
        return causes.is_on_log_dir(row, broker, labels["path"])
    return on in ("topic", "partition") and causes.is_on_topic(row, labels["topic"], _number(labels, "partition"))


def _number(labels: Mapping[str, str], name: str) -> int | None:
    text = labels.get(name, "")
    return int(text) if text.isdecimal() else None
