"""Runs rules over Views and remembers when each alert would have been pending, fired and resolved. Nothing is sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from alerts.delivery import Policy, Receiver
from alerts.evaluator import Evaluator
from alerts.grouping import Grouping, Groups, step
from alerts.notice import Delivered, Notice, Outcome
from alerts.rules import AnyRule
from alerts.samples import Labels
from monitor.model.view import AlertRow, View

DEFAULT = Grouping()


@dataclass(frozen=True)
class Life:
    """One alert from when its condition became true. Times are unix seconds, None for what has not happened.

    `ended_at` is when the condition was false again, or the alert resolved where it had fired; `resolution` says how
    that was. One that is `observed` or `inhibited_by` another alert is not sent.
    """

    rule: str
    severity: str
    labels: Labels
    pending_at: float
    fired_at: float | None = None
    ended_at: float | None = None
    resolution: str = ""
    observed: bool = False
    inhibited_by: str = ""

    @property
    def sent(self) -> bool:
        return self.fired_at is not None and not self.observed and not self.inhibited_by


@dataclass
class _Clock:
    """The time of the View that is evaluated."""

    wall: float = 0.0
    mono: float = 0.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.mono


class _Collected:
    """A receiver's notifier that keeps what it is given."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def notify(self, notices: Sequence[Notice]) -> Outcome:
        self.notices += notices
        return Delivered()


class Preview:
    """Evaluates rules by kmon's own evaluator, with the time of the Views as its clock.

    `rules` are previewed; `beside` them others are in effect, whose alerts may inhibit theirs.
    """

    def __init__(self, rules: Iterable[AnyRule], beside: Iterable[AnyRule] = (), grouping: Grouping = DEFAULT) -> None:
        previewed = tuple(rules)
        self._names = {rule.name for rule in previewed}
        others = tuple(rule for rule in beside if rule.name not in self._names)
        self._clock, self._collected = _Clock(), _Collected()
        self._receiver = Receiver("preview", self._collected, Policy(again=False), start=False)
        self._evaluator = Evaluator((*previewed, *others), [self._receiver], clock=self._clock)
        self._grouping = grouping
        self._groups: Groups = {}
        self._open: dict[tuple[str, Labels], Life] = {}
        self._over: list[Life] = []
        self.polls = self.failed = 0
        self.since: float | None = None
        self.until: float | None = None
        self.notifications: dict[str, int] = {}
        """Notifications by severity that a receiver with this grouping would have been sent of firing alerts."""

    def observe(self, view: View) -> None:
        """Evaluate the rules on the next View."""
        self.polls += 1
        self.since, self.until = self.since or view.time, view.time
        self.failed += not view.up
        self._clock.wall, self._clock.mono = view.time, view.snapshot.started
        rows = self._evaluator.observe(view, "preview")
        while self._receiver.turn() == 0.0:
            pass
        news = [each for each in self._collected.notices if dict(each.labels)["alertname"] in self._names]
        self._collected.notices.clear()
        self._follow(rows, {each.labels: dict(each.annotations) for each in news if each.resolved})
        self._count(news)

    def end(self) -> None:
        """Count what still waits for more alerts of its group. Nothing may be observed afterwards."""
        self._count((), at_once=True)

    @property
    def lives(self) -> list[Life]:
        """Every alert so far, in the order in which their conditions became true."""
        return sorted((*self._over, *self._open.values()), key=lambda each: (each.pending_at, each.rule, each.labels))

    def plain(self) -> dict[str, Any]:
        """The result as JSON has it: each Life, the names of rules that were never true, and counts.

        `since` and `until` are the unix times of the first and the last poll, None without any.
        """
        lives = self.lives
        return {
            "alerts": [{**asdict(each), "labels": dict(each.labels), "sent": each.sent} for each in lives],
            "never_true": sorted(self._names - {each.rule for each in lives}),
            "polls": self.polls,
            "failed_polls": self.failed,
            "notifications": dict(self.notifications),
            "since": self.since,
            "until": self.until,
        }

    def _follow(self, rows: Iterable[AlertRow], resolved: Mapping[Labels, Mapping[str, str]]) -> None:
        now, before = self._clock.wall, self._open
        self._open = {}
        for row in rows:
            if row.rule in self._names:
                old = before.get((row.rule, row.labels))
                if old is None or old.pending_at == row.active_since:
                    before.pop((row.rule, row.labels), None)
                self._open[row.rule, row.labels] = Life(
                    row.rule,
                    row.severity,
                    row.labels,
                    row.active_since,
                    row.firing_since,
                    observed=row.observed,
                    inhibited_by=row.inhibited_by,
                )
        for (_, labels), life in before.items():
            how = resolved.get(labels, {}).get("resolution", "")
            self._over.append(replace(life, ended_at=now, resolution=how))

    def _count(self, news: Iterable[Notice], *, at_once: bool = False) -> None:
        found = step(self._groups, news, self._clock.mono, self._grouping, at_once=at_once)
        self._groups = found.groups
        for each in found.notifications:
            for severity in {dict(notice.labels)["severity"] for notice in each.news if not notice.resolved}:
                self.notifications[severity] = self.notifications.get(severity, 0) + 1
