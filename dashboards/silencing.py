"""The parts of the page of problems that list alerts, what mutes them, and rules; forms that change what mutes them."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from dash import Dash, html

from dashboards.alert_tables import alerts, muted, rules
from dashboards.components.parts import card
from dashboards.fill import Now, Part, fill
from monitor.model.silences import Silencing
from monitor.model.view import View
from monitor.poll.source import Source

READ_ONLY = "Read-only: to acknowledge and silence alerts here, set api.token_file in kmon's settings and restart it."
PARTS = ("problems-alerts", "problems-silences", "problems-rules")


def cards() -> list[html.Section]:
    """Where the parts stand, which are of now also while Kafka is unreachable. The script reports what a change did."""
    said = html.Span(id="silencing-said", className="said", role="status")
    return [
        card("Alerts", html.Div(id="problems-alerts", className="live")),
        card("Silences and acknowledgements", html.Div(id="problems-silences", className="live"), aside=said),
        card("Alert rules", html.Div(id="problems-rules", className="live")),
    ]


def register(
    app: Dash,
    sources: Sequence[Source],
    silencing: Silencing | None = None,
    *,
    change: bool = False,
    clock: Callable[[], float] = time.time,
) -> None:
    """Fill the parts: with the marks, silences and acknowledgements of now, or without `silencing` those of the View.

    `change` says whether the API lets anybody change them.
    """

    def listed(view: View) -> Any:
        rows = view.alerts if silencing is None else [each.muted_by(silencing) for each in view.alerts]
        return alerts(rows, view.time, change=change)

    def muting(view: View) -> Any:
        if silencing is None:
            return muted(view.silences, (), view.time)
        known = [found for each in view.alerts if (found := silencing.acknowledged(each.labels)) is not None]
        return [_offer(change), muted(silencing.silences(), known, clock(), change=change)]

    def make(now: Now) -> tuple[Sequence[Part], None]:
        return (partial(listed, now.newest), partial(muting, now.newest), partial(rules, now.newest.rules)), None

    fill(app, sources, PARTS, make, version=lambda: str(changes(silencing)))


def changes(silencing: Silencing | None) -> int:
    """A number that is another one when something was changed."""
    return 0 if silencing is None else silencing.changes


def _offer(change: bool) -> html.P | html.Button:
    if not change:
        return html.P(READ_ONLY, className="muted")
    return html.Button("New silence", type="button", className="act", **{"data-act": "silence", "data-matchers": "[]"})
