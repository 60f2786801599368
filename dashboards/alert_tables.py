"""Alerts and rules as small tables, and what keeps alerts from being sent: silences and acknowledgements."""

import json
from collections.abc import Sequence
from typing import Any

from dash import html

from dashboards.components.parts import mark, nothing, text
from dashboards.listings import listing
from monitor.model.fingerprint import fingerprint
from monitor.model.levels import alert_level
from monitor.model.silences import EXPIRED, Acknowledgement, Matcher, Silence
from monitor.model.text import count, duration, moment, visible
from monitor.model.units import format_duration
from monitor.model.view import AlertRow, RuleRow, View


def alerts(rows: Sequence[AlertRow], now: float, *, change: bool = False) -> Any:
    """The alerts that fire, then those that may soon, with the id that `kmon ack` takes.

    With `change`, each has the buttons that acknowledge and silence it: see assets/silencing.js.
    """
    if not rows:
        return nothing("No alerts", "None fires and none is pending.")
    return listing(
        ("Alert", "State", "Severity", "For", "What", "Id", *(["Actions"] if change else [])),
        [
            (
                text(each.rule),
                state_of(each),
                each.severity,
                duration(now - (each.firing_since or each.active_since)),
                html.Span(visible(each.summary), className="why", title=visible(each.summary)),
                html.Code(fingerprint(each.labels)),
                *([_actions(each)] if change else []),
            )
            for each in rows
        ],
        numbers=("For",),
    )


def state_of(alert: AlertRow) -> html.Span:
    """The state with its level, and why it is not sent."""
    words = visible(", ".join([alert.state, *alert.marks]))
    return mark(words, alert_level(alert.state, alert.severity))


def muted(
    silences: Sequence[Silence], acknowledged: Sequence[Acknowledgement], now: float, *, change: bool = False
) -> Any:
    """The silences that are in effect or will be, and the acknowledgements: who holds what back, until when, and why.

    With `change`, each has the button that ends it.
    """
    there = [each for each in silences if each.state(now) != EXPIRED]
    if not there and not acknowledged:
        return nothing("No silences", "No alert is silenced or acknowledged.")
    rows = [
        *(
            (
                "acknowledgement",
                _labels(each.labels),
                "active",
                "the alert resolves",
                *_who(each),
                html.Code(name := fingerprint(each.labels)),
                _button("Withdraw", "withdraw", name, _alert(each.labels)),
            )
            for each in acknowledged
        ),
        *(
            (
                "silence",
                _matchers(matchers := ", ".join(map(str, each.matchers))),
                each.state(now),
                moment(each.ends_at),
                *_who(each),
                html.Code(each.id),
                _button("Expire", "expire", each.id, matchers),
            )
            for each in there
        ),
    ]
    heads = ("Kind", "Alerts", "State", "Until", "By", "Comment", "Id", "Actions")
    shown = len(heads) if change else len(heads) - 1
    return listing(heads[:shown], [row[:shown] for row in rows])


def rules(rows: Sequence[RuleRow]) -> Any:
    """The rules in effect, those with alerts first."""
    if not rows:
        return nothing("No rules", "No alert rule is in effect.")
    return listing(
        ("Rule", "State", "Severity", "Subject", "Condition", "For", "Mode", "Firing", "Pending", "From"),
        [
            (
                text(each.rule),
                mark(each.state, alert_level(each.state, each.severity)),
                each.severity,
                each.on,
                html.Span(visible(each.condition), className="why", title=visible(each.condition)),
                format_duration(each.for_seconds),
                each.mode,
                count(each.firing),
                count(each.pending),
                text(each.source),
            )
            for each in sorted(rows, key=lambda each: (-bool(each.firing), -bool(each.pending), each.rule))
        ],
        numbers=("For", "Firing", "Pending"),
    )


def count_of(views: list[View]) -> str:
    """How many alerts fire, for who cannot see the page."""
    firing = [each for view in views for each in view.alerts if each.state == "firing"]
    muted = sum(bool(each.silenced_by or each.acknowledged_by) for each in firing)
    return f"{len(firing)} alerts firing" + (f", {muted} of them silenced or acknowledged" if muted else "")


def _who(each: Silence | Acknowledgement) -> tuple[html.Span, html.Span]:
    comment = visible(each.comment)
    return text(each.created_by), html.Span(comment or "–", className="why", title=comment or None)


def _matchers(said: str) -> html.Span:
    return html.Span(visible(said), className="why", title=visible(said))


def _labels(labels: Sequence[tuple[str, str]]) -> html.Span:
    return _matchers(", ".join(str(Matcher(name, "=", value)) for name, value in labels))


def _alert(labels: Sequence[tuple[str, str]]) -> str:
    return dict(labels).get("alertname", "") or fingerprint(labels)


def _actions(alert: AlertRow) -> html.Span:
    """An alert that fires can be acknowledged, and every one silenced, by all of its labels at first."""
    name, matchers = fingerprint(alert.labels), [str(Matcher(label, "=", value)) for label, value in alert.labels]
    buttons = []
    if alert.acknowledged_by:
        buttons.append(_button("Withdraw", "withdraw", name, alert.rule, title="Withdraw the acknowledgement"))
    elif alert.state == "firing":
        buttons.append(_button("Acknowledge", "acknowledge", name, alert.rule))
    silence = _button("Silence", "silence", name, alert.rule, **{"data-matchers": json.dumps(matchers)})
    return html.Span([*buttons, silence], className="actions")


def _button(word: str, act: str, name: str, about: str, **more: Any) -> html.Button:
    """A button that the script acts on: on the alert or silence `name`, which people know as `about`."""
    attributes = {"data-act": act, "data-id": name, "data-about": visible(about), **more}
    return html.Button(word, type="button", className="act", **attributes)
