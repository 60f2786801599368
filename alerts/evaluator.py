"""Evaluates every rule on every View and hands what is to be told to the receivers, never waiting for one."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from alerts.annotations import annotate, summarise
from alerts.delivery import Receiver
from alerts.notice import Notice
from alerts.rules import Rule, Samples, samples
from alerts.state import FIRING, RESEND_SECONDS, RESOLVED, Alert, Event, State, step, watched
from monitor.alerting import AlertCounters
from monitor.pace import Pace
from monitor.text import visible
from monitor.view import AlertRow, View

log = logging.getLogger(__name__)


class Clock(Protocol):
    """The module `time`, or a test's."""

    def time(self) -> float: ...

    def monotonic(self) -> float: ...


class Evaluator:
    """The rules and where their alerts go. Its state lives as long as it does.

    `interval_seconds` is that of the polls. `page_url` gives the address of the page about a group from its cluster's
    name and its id. Raises ValueError when two rules have one name.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        receivers: Iterable[Receiver] = (),
        *,
        interval_seconds: float = 10.0,
        resend_seconds: float = RESEND_SECONDS,
        page_url: Callable[[str, str], str] | None = None,
        clock: Clock = time,
    ) -> None:
        self.rules, self.receivers = tuple(rules), tuple(receivers)
        if len({rule.name for rule in self.rules}) < len(self.rules):
            raise ValueError("two rules have the same name")
        self._resend_seconds = max(interval_seconds, resend_seconds)
        self._page_url = page_url
        self._clock = clock
        self._states: dict[tuple[str, str], State] = {}
        self._evaluations = self._failures = 0
        self._paces: dict[tuple[str, str], Pace] = {}
        self._lock = threading.Lock()

    def observe(self, view: View) -> tuple[AlertRow, ...]:
        """Evaluate every rule on a View and queue what is to be told; answers what is firing, then what is pending.

        Called on the poll's thread for every View, also of a failed poll. Never raises, never waits for a receiver.
        """
        with self._lock:
            now, monotonic = self._clock.time(), self._clock.monotonic()
            rows: list[AlertRow] = []
            notices: list[Notice] = []
            for rule in self.rules:
                state, events = self._evaluate(rule, view, now, monotonic)
                notices += (self._notice(rule, event) for event in events)
                rows += (row_of(rule, alert) for alert in state.values() if alert.phase != RESOLVED)
            for receiver in self.receivers:
                # Long enough to survive two or three lost sendings.
                receiver.offer(notices, valid_seconds=4 * self._resend_seconds)
            return tuple(sorted(rows, key=lambda row: (row.state != FIRING, row.rule, row.labels)))

    @property
    def counters(self) -> AlertCounters:
        return AlertCounters(self._evaluations, self._failures, tuple(each.counters for each in self.receivers))

    def stop(self, within_seconds: float = 3.0) -> None:
        """Deliver what waits, for no longer than this. Nothing may be observed afterwards."""
        deadline = time.monotonic() + within_seconds
        for receiver in self.receivers:
            receiver.close(within_seconds)
        for receiver in self.receivers:
            receiver.join(deadline - time.monotonic())
            if waiting := receiver.counters.queued:
                log.warning("alerts to %s: stopped with %d undelivered", receiver.name, waiting)

    def _evaluate(self, rule: Rule, view: View, now: float, monotonic: float) -> tuple[State, tuple[Event, ...]]:
        key = (view.cluster, rule.name)
        state = self._states.get(key, {})
        pace = self._paces.setdefault(key, Pace())
        self._evaluations += 1
        try:
            found = samples(rule, view, watched(state))
            after = step(state, rule, found, now, monotonic, resend_seconds=self._resend_seconds)
            pace.over()
        except Exception as error:
            # A rule that cannot be evaluated says nothing: what fires goes on firing, and other rules are evaluated.
            self._failures += 1
            reason = f"rule {rule.name} cannot be evaluated: {error}"
            if line := pace.line(reason, monotonic):
                log.exception("cluster %s: %s", visible(view.cluster), visible(line))
            nothing = Samples(reason=reason)
            after = step(state, rule, nothing, now, monotonic, resend_seconds=self._resend_seconds)
        self._states[key] = after[0]
        return after

    def _notice(self, rule: Rule, event: Event) -> Notice:
        alert = event.alert
        names = dict(alert.sample.labels)
        return Notice(
            resolved=alert.resolved_at is not None,
            labels=alert.labels,
            annotations=annotate(rule, alert),
            starts_at=alert.active_at if alert.fired_at is None else alert.fired_at,
            ends_at=alert.resolved_at or 0.0,
            again=event.again,
            url=self._page_url(names["cluster"], names["group"]) if self._page_url else "",
        )


def row_of(rule: Rule, alert: Alert) -> AlertRow:
    """An alert as the faces show it; its value is None while it is unknown."""
    return AlertRow(
        rule=rule.name,
        state=alert.phase,
        severity=rule.severity,
        labels=alert.labels,
        summary=summarise(rule, alert),
        value=None if alert.unknown_at is not None else alert.sample.value,
        active_since=alert.active_at,
        firing_since=alert.fired_at,
    )
