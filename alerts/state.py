"""Prometheus's life of an alert (pending, firing, resolved) as one pure function, in which unknown is an answer too."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from alerts.rules import AnyRule
from alerts.samples import Labels, Sample, Samples

PENDING, FIRING, RESOLVED = "pending", "firing", "resolved"

RESOLVED_SECONDS = 900.0
"""How long a resolved alert is kept and sent again: Alertmanager holds alerts in memory only."""

RESEND_SECONDS = 60.0
"""From one sending of an unchanged alert to the next."""


@dataclass(frozen=True)
class Stopwatch:
    """Adds up the time that followed evaluations which agree. Runs since monotonic `since`, stands while None."""

    seconds: float = 0.0
    since: float | None = None

    def run(self, monotonic: float) -> "Stopwatch":
        """The watch read now, and running on."""
        return Stopwatch(self.seconds + (0.0 if self.since is None else monotonic - self.since), monotonic)

    def stop(self, monotonic: float) -> "Stopwatch":
        """The watch read now, and standing."""
        return replace(self.run(monotonic), since=None)


@dataclass(frozen=True)
class Alert:
    """One alert of a rule. `labels` identify it, `sample` is the newest for which the condition was true.

    `held` is the time the condition is known to be true, `calm` the time it is known to be false since. Times named
    `…_at` are unix seconds, None where that has not happened. `unknown_at` is None while the newest answer is known.
    `resolution` is "below" (the threshold) or "gone". `sent_at` is the monotonic clock when its phase was last sent.
    `since_earlier` when the condition may have been true before `active_at`: its beginning was not seen. One that fires
    and was not sent is `inhibited_by` an alert of another rule. One that was sent goes on firing while it is
    `followed_by` such an alert on the same row: the trouble has another name now, and is not over.
    """

    labels: Labels
    sample: Sample
    active_at: float
    held: Stopwatch = Stopwatch()
    calm: Stopwatch = Stopwatch()
    fired_at: float | None = None
    calm_at: float | None = None
    unknown_at: float | None = None
    unknown_reason: str = ""
    resolved_at: float | None = None
    resolved_monotonic: float = 0.0
    resolution: str = ""
    sent_at: float | None = None
    since_earlier: bool = False
    inhibited_by: str = ""
    followed_by: str = ""

    @property
    def phase(self) -> str:
        """PENDING, FIRING or RESOLVED."""
        if self.resolved_at is not None:
            return RESOLVED
        return PENDING if self.fired_at is None else FIRING


class Event(NamedTuple):
    """An alert to be sent: it has begun to fire or is resolved, or it is so still and told `again`."""

    alert: Alert
    again: bool


NOTHING: Mapping[Labels, str] = {}

State = Mapping[Labels, Alert]
"""The alerts of one rule on one cluster by their labels, resolved ones included."""


def identity(rule: AnyRule, labels: Labels) -> Labels:
    """The labels of the alert that a sample makes: its own, the rule's over them, severity and alertname, sorted."""
    return tuple(sorted({**dict(labels), **rule.labels, "severity": rule.severity, "alertname": rule.name}.items()))


def watched(state: State) -> tuple[Labels, ...]:
    """The labels of the samples whose fate decides about the alerts that are pending or firing."""
    return tuple(alert.sample.labels for alert in state.values() if alert.resolved_at is None)


def step(
    state: State,
    rule: AnyRule,
    samples: Samples,
    now: float,
    monotonic: float,
    *,
    resend_seconds: float = RESEND_SECONDS,
) -> tuple[State, tuple[Event, ...]]:
    """The alerts after one evaluation at unix time `now`, and those to be sent, where nothing inhibits any."""
    return due(advance(state, rule, samples, now, monotonic), monotonic, resend_seconds=resend_seconds)


def advance(
    state: State,
    rule: AnyRule,
    samples: Samples,
    now: float,
    monotonic: float,
    *,
    followed: Mapping[Labels, str] = NOTHING,
) -> State:
    """The alerts after one evaluation at unix time `now`, before anything is sent.

    `followed` are labels of samples and the rules whose alerts on them have taken over from this rule.
    """
    true = {identity(rule, sample.labels): sample for sample in samples.true}
    alerts: dict[Labels, Alert] = {}
    for labels in [*state, *(labels for labels in true if labels not in state)]:
        old, held = state.get(labels), true.get(labels)
        if held is None:
            alert = _release(state[labels], rule, samples, now, monotonic, followed=followed)
        elif old is None or old.phase == RESOLVED:
            new = Alert(labels, held, active_at=now, since_earlier=held.labels in samples.unseen)
            alert = _hold(new, rule, held, now, monotonic)
        else:
            alert = _hold(old, rule, held, now, monotonic)
        if alert is not None:
            alerts[labels] = alert
    return alerts


def due(
    state: State,
    monotonic: float,
    *,
    resend_seconds: float = RESEND_SECONDS,
    inhibited: Mapping[Labels, str] = NOTHING,
) -> tuple[State, tuple[Event, ...]]:
    """The alerts once what is to be sent now is sent, and that.

    `inhibited` are labels of alerts and the rules whose alerts explain them: of these only such are sent as were sent
    before, because who was told that one fires is to be told that it still does, and that it is over.
    """
    alerts: dict[Labels, Alert] = {}
    events = []
    for labels, each in state.items():
        alert = each
        if alert.phase == FIRING and alert.sent_at is None and labels in inhibited:
            alert = replace(alert, inhibited_by=inhibited[labels])
        elif alert.phase != PENDING and (alert.sent_at is None or monotonic - alert.sent_at >= resend_seconds):
            alert = replace(alert, inhibited_by="")
            events.append(Event(alert, again=alert.sent_at is not None))
            alert = replace(alert, sent_at=monotonic)
        alerts[labels] = alert
    return alerts, tuple(events)


def _hold(alert: Alert, rule: AnyRule, sample: Sample, now: float, monotonic: float) -> Alert:
    """The alert while the condition is true: refreshed, and firing once it has held for long enough."""
    alert = replace(
        alert,
        sample=sample,
        held=alert.held.run(monotonic),
        calm=Stopwatch(),
        calm_at=None,
        unknown_at=None,
        unknown_reason="",
        followed_by="",
    )
    if alert.fired_at is None and alert.held.seconds >= rule.for_seconds:
        alert = replace(alert, fired_at=now)
    return alert


def _release(
    alert: Alert, rule: AnyRule, samples: Samples, now: float, monotonic: float, *, followed: Mapping[Labels, str]
) -> Alert | None:
    """The alert while the condition is not known to be true: frozen, kept firing, resolved, or None when forgotten."""
    if alert.resolved_at is not None:
        return alert if monotonic - alert.resolved_monotonic <= RESOLVED_SECONDS else None
    source = alert.sample.labels
    gone = source in samples.gone
    if not gone and source not in samples.false:
        return replace(
            alert,
            held=alert.held.stop(monotonic),
            calm=alert.calm.stop(monotonic),
            unknown_at=now if alert.unknown_at is None else alert.unknown_at,
            unknown_reason=samples.unknown.get(source, samples.reason),
        )
    if alert.fired_at is None:
        return None
    follower = "" if alert.sent_at is None else followed.get(source, "")
    calm = Stopwatch() if follower else alert.calm.run(monotonic)
    alert = replace(
        alert,
        held=alert.held.stop(monotonic),
        calm=calm,
        calm_at=now if alert.calm_at is None else alert.calm_at,
        unknown_at=None,
        unknown_reason="",
        followed_by=follower,
    )
    if not gone and (follower or calm.seconds < rule.keep_firing_for_seconds):
        return alert
    if alert.inhibited_by:
        return None  # nobody was told that it fired
    return replace(
        alert,
        resolved_at=now,
        resolved_monotonic=monotonic,
        resolution="gone" if gone else "below",
        sent_at=None,
    )
