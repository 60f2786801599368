"""Alerts and silences as small tables, with what keeps alerts from being sent."""

from typing import Any

from dash import html

from dashboards.components.parts import mark, nothing, text
from dashboards.listings import listing
from monitor.model.fingerprint import fingerprint
from monitor.model.levels import alert_level
from monitor.model.silences import EXPIRED
from monitor.model.text import duration, moment, visible
from monitor.model.view import AlertRow, View


def alerts(view: View) -> Any:
    """The alerts that fire, then those that may soon, with the id that `kmon ack` takes."""
    if not view.alerts:
        return nothing("No alerts", "None fires and none is pending.")
    return listing(
        ("Alert", "State", "Severity", "For", "What", "Id"),
        [
            (
                text(each.rule),
                state_of(each),
                each.severity,
                duration(view.time - (each.firing_since or each.active_since)),
                html.Span(visible(each.summary), className="why", title=visible(each.summary)),
                html.Code(fingerprint(each.labels)),
            )
            for each in view.alerts
        ],
        numbers=("For",),
    )


def state_of(alert: AlertRow) -> html.Span:
    """The state with its level, and why it is not sent."""
    words = visible(", ".join([alert.state, *alert.marks]))
    return mark(words, alert_level(alert.state, alert.severity))


def silences(view: View) -> Any:
    """The silences that are in effect or will be."""
    there = [each for each in view.silences if each.state(view.time) != EXPIRED]
    if not there:
        return nothing("No silences", "kmon silence add holds alerts back for some time.")
    return listing(
        ("Matchers", "State", "Ends", "By", "Comment", "Id"),
        [
            (
                text(", ".join(map(str, each.matchers))),
                each.state(view.time),
                moment(each.ends_at),
                text(each.created_by),
                html.Span(visible(each.comment), className="why", title=visible(each.comment)),
                html.Code(each.id),
            )
            for each in there
        ],
    )


def count_of(views: list[View]) -> str:
    """How many alerts fire, for who cannot see the page."""
    firing = [each for view in views for each in view.alerts if each.state == "firing"]
    muted = sum(bool(each.silenced_by or each.acknowledged_by) for each in firing)
    return f"{len(firing)} alerts firing" + (f", {muted} of them silenced or acknowledged" if muted else "")
