"""Evaluates every rule on every View and hands what is to be told to the receivers, never waiting for one."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import NamedTuple, Protocol

from alerts.annotations import annotate, annotate_farewell
from alerts.cluster_state import ClusterState
from alerts.delivery import Receiver
from alerts.facts.scene import Scene
from alerts.inhibition import Inhibited, followed, inhibited
from alerts.kept_alerts import KeptAlerts
from alerts.mutes import Mutes
from alerts.notice import Notice
from alerts.rows import row_of
from alerts.rules import AnyRule, is_observed, samples
from alerts.samples import Labels, Samples
from alerts.saved import Saved
from alerts.state import (
    FIRING,
    NOTHING,
    RESEND_SECONDS,
    RESOLVED,
    Alert,
    State,
    advance,
    due,
    watched,
)
from alerts.store import Store
from alerts.swap import Changes, carried_over, changes
from alerts.unseen import unseen
from monitor.model.alert_counters import AlertCounters
from monitor.model.text import duration
from monitor.model.view import AlertRow, View

log = logging.getLogger(__name__)

LATE_POLLS, LATE_SECONDS = 3, 30.0
"""Rules that were not evaluated for so many intervals, and for so long, are not evaluated any more."""

PageUrl = Callable[[Mapping[str, str], float], str]
"""The address of the page about what the labels of an alert name, which began so many seconds ago."""


class Clock(Protocol):
    """The module `time`, or a test's."""

    def time(self) -> float: ...

    def monotonic(self) -> float: ...


class Kept(NamedTuple):
    """Where a cluster's alerts are kept over a restart, and what the last run left there."""

    file: KeptAlerts
    saved: Saved | None


class Evaluator:
    """The rules and where their alerts go. Its state lives as long as it does, and longer where it is `kept`.

    `interval_seconds` is that of the polls. `page_url` gives the address of the page about an alert. `kept` is by
    source: see `observe`; `store` is the file that it is in, which the Evaluator does not close. `mutes` mark what is
    silenced or acknowledged. Raises ValueError when two rules have one name.
    """

    def __init__(
        self,
        rules: Iterable[AnyRule],
        receivers: Iterable[Receiver] = (),
        *,
        interval_seconds: float = 10.0,
        resend_seconds: float = RESEND_SECONDS,
        page_url: PageUrl | None = None,
        clock: Clock = time,
        kept: Mapping[str, Kept] | None = None,
        store: Store | None = None,
        mutes: Mutes | None = None,
    ) -> None:
        self.rules, self.receivers = _unique(rules), tuple(receivers)
        self._interval_seconds = interval_seconds
        self._resend_seconds = max(interval_seconds, resend_seconds)
        self._page_url = page_url
        self._clock = clock
        self._store = store
        self.mutes = mutes or Mutes()
        self._clusters = {source: ClusterState(*each) for source, each in (kept or {}).items()}
        self._evaluations = self._failures = 0
        self._lock = threading.Lock()

    def observe(self, view: View, source: str = "") -> tuple[AlertRow, ...]:
        """Evaluate every rule on a View and queue what is to be told; answers what is firing, then what is pending.

        Called on the poll's thread for every View, also of a failed poll. Never raises, never waits for a receiver.
        `source` stays the same where the cluster's name changes; without one it is that name.
        """
        with self._lock:
            now, monotonic = self._clock.time(), self._clock.monotonic()
            cluster = self._clusters.setdefault(source or view.cluster, ClusterState())
            rows: list[AlertRow] = []
            notices = [
                self._notice(each.alert, annotate_farewell(each), now, over=True)
                for each in (*cluster.farewells, *cluster.restore(self.rules, view, now, monotonic))
            ]
            cluster.farewells = ()
            cluster.failing = ""
            for rule in self.rules:
                cluster.states[rule.name] = self._evaluate(cluster, rule, view, now, monotonic)
            explained, scene = self._explained(cluster, view, monotonic), Scene(view, now)
            for rule in self.rules:
                state, events = due(
                    cluster.states[rule.name],
                    monotonic,
                    resend_seconds=self._resend_seconds,
                    inhibited=explained.get(rule.name, NOTHING),
                )
                cluster.states[rule.name] = state
                if not is_observed(rule):
                    notices += (
                        self._notice(alert, self._texts(cluster, rule, alert, scene, monotonic), now, again=again)
                        for alert, again in events
                    )
                rows += (row_of(rule, alert, self.mutes) for alert in state.values() if alert.phase != RESOLVED)
            cluster.before, cluster.evaluated_at = view, monotonic
            with self._store.together() if self._store is not None else nullcontext():
                cluster.keep(view, now)
                self.mutes.settle(view.cluster, (row.labels for row in rows if row.state == FIRING))
                for receiver in self.receivers:
                    # Long enough to survive two or three lost sendings.
                    receiver.offer(notices, valid_seconds=4 * self._resend_seconds)
            return tuple(sorted(rows, key=lambda row: (row.state != FIRING, row.rule, row.labels)))

    def swap(self, rules: Iterable[AnyRule]) -> Changes:
        """Evaluate these rules from now on; the alerts of those that are unchanged stay as they are."""
        after = _unique(rules)
        with self._lock:
            now, monotonic = self._clock.time(), self._clock.monotonic()
            carried = [
                (cluster, carried_over(cluster.states, self.rules, after, view.cluster, now=now, monotonic=monotonic))
                for cluster in self._clusters.values()
                if (view := cluster.before) is not None
            ]
            # Nothing is exchanged before all of it could be worked out.
            for cluster, (states, farewells) in carried:
                cluster.states = states
                cluster.farewells += farewells
            before, self.rules = self.rules, after
        return changes(before, after)

    def troubles(self, clusters: int) -> list[str]:
        """Why the rules are not evaluated on every poll of so many clusters; empty while they are."""
        now, late = self._clock.monotonic(), max(LATE_SECONDS, LATE_POLLS * self._interval_seconds)
        with self._lock:
            known = [(name, each) for name, each in self._clusters.items() if each.evaluated_at is not None]
        found = [
            f"{name}: rules were last evaluated {duration(now - (each.evaluated_at or 0.0))} ago"
            for name, each in known
            if now - (each.evaluated_at or 0.0) > late
        ]
        found += [f"{name}: rule {each.failing} cannot be evaluated" for name, each in known if each.failing]
        return found if len(known) >= clusters else ["a first poll is not done", *found]

    @property
    def counters(self) -> AlertCounters:
        return AlertCounters(
            self._evaluations,
            self._failures,
            tuple(each.counters for each in self.receivers),
            unkept=self._store.failures if self._store is not None else 0,
        )

    def stop(self, within_seconds: float = 3.0) -> None:
        """Deliver what waits, for no longer than this. Nothing may be observed afterwards."""
        deadline = time.monotonic() + within_seconds
        for receiver in self.receivers:
            receiver.close(within_seconds)
        for receiver in self.receivers:
            receiver.join(deadline - time.monotonic())
            if waiting := receiver.counters.queued:
                log.warning("alerts to %s: stopped with %d undelivered", receiver.name, waiting)

    def _evaluate(self, cluster: ClusterState, rule: AnyRule, view: View, now: float, monotonic: float) -> State:
        """The alerts of a rule after the evaluation on a View.

        A rule that cannot be evaluated says nothing: what fires goes on firing, and other rules are evaluated.
        """
        state = cluster.states.get(rule.name, {})
        self._evaluations += 1
        with cluster.faults.caught(f"rule {rule.name} cannot be evaluated", view.cluster, monotonic) as fault:
            found = cluster.after_restart(rule, samples(rule, view, watched(state)), monotonic)
            found = replace(found, unseen=unseen(rule, cluster.before, found, state))
            turns = followed(rule, self.rules, cluster.states)
            return advance(state, rule, found, now, monotonic, followed=turns)
        self._failures += 1
        cluster.failing = cluster.failing or rule.name
        return advance(state, rule, Samples(reason=fault.text), now, monotonic)

    def _explained(self, cluster: ClusterState, view: View, monotonic: float) -> Mapping[str, Inhibited]:
        """What other alerts explain; nothing where that cannot be found out, so that everything is sent."""
        with cluster.faults.caught("cannot find the causes of alerts", view.cluster, monotonic):
            return inhibited(self.rules, cluster.states, view)
        return {}

    def _texts(self, cluster: ClusterState, rule: AnyRule, alert: Alert, scene: Scene, monotonic: float) -> Labels:
        """The parts of the message about an alert; without facts where these cannot be found, so that it is sent."""
        with cluster.faults.caught("cannot find the facts of alerts", scene.newest.cluster, monotonic):
            return annotate(rule, alert, scene)
        return annotate(rule, alert)

    def _notice(self, alert: Alert, texts: Labels, now: float, *, again: bool = False, over: bool = False) -> Notice:
        """The alert as it is sent with these annotations: resolved where it is, or where it is `over` now."""
        ends_at = now if over else alert.resolved_at
        return Notice(
            resolved=ends_at is not None,
            labels=alert.labels,
            annotations=texts,
            starts_at=alert.active_at if alert.fired_at is None else alert.fired_at,
            ends_at=ends_at or 0.0,
            again=again,
            url=self._page_url(dict(alert.sample.labels), now - alert.active_at) if self._page_url else "",
        )


def _unique(rules: Iterable[AnyRule]) -> tuple[AnyRule, ...]:
    found = tuple(rules)
    if len({rule.name for rule in found}) < len(found):
        raise ValueError("two rules have the same name")
    return found
