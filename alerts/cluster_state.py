"""What the Evaluator remembers of one cluster, and what becomes of it over a restart."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from alerts.faults import Faults
from alerts.kept_alerts import KeptAlerts
from alerts.rules import AnyRule, ClusterRule
from alerts.samples import Samples
from alerts.saved import Farewell, Saved, take_up
from alerts.state import FIRING, State
from alerts.subject_rules import SubjectRule
from monitor.model.limits import RELEARNT_SECONDS
from monitor.model.text import duration
from monitor.model.view import View

SETTLING_POLLS = 3
"""After a restart nothing resolves before a complete poll, or this many that the cluster answered."""
RESTARTED = "kmon was restarted and has not completed a poll yet"
RELEARNING = f"kmon was restarted less than {duration(RELEARNT_SECONDS)} ago"


@dataclass
class ClusterState:
    """The alerts of a cluster by rule, and where they are kept.

    `before` is the View before, `cluster_id` the first id that was known, `last_id` that of the last run. `restored`
    is whether a file was taken up, at `restored_at` of the monotonic clock, and `settling` how many more polls resolve
    nothing.
    """

    file: KeptAlerts | None = None
    saved: Saved | None = None
    states: dict[str, State] = field(default_factory=dict)
    before: View | None = None
    cluster_id: str | None = None
    last_id: str | None = None
    restored: bool = False
    settling: int = 0
    restored_at: float = -math.inf
    farewells: tuple[Farewell, ...] = ()
    """Alerts that ended because the rules were exchanged, which nobody was told of yet."""
    evaluated_at: float | None = None
    """When all rules were last evaluated, on the monotonic clock."""
    failing: str = ""
    """The first rule that could not be evaluated then."""
    faults: Faults = field(default_factory=Faults)

    def restore(self, rules: Iterable[AnyRule], view: View, now: float, monotonic: float) -> tuple[Farewell, ...]:
        """Take up what the last run left, once; the alerts that end thereby."""
        saved, self.saved = self.saved, None
        cluster_id = view.snapshot.cluster_id
        if cluster_id is not None and self.cluster_id is None:
            self.cluster_id = cluster_id
            if self.file is not None and saved is None and not self.restored:
                saved = self.file.adopt(cluster_id, now)
        farewells: tuple[Farewell, ...] = ()
        if saved is not None:
            self.restored, self.last_id = True, saved.cluster_id
            states, farewells = take_up(saved, rules, view.cluster, cluster_id, now=now, monotonic=monotonic)
            for name, state in states.items():
                self.states[name] = {**state, **self.states.get(name, {})}
            self.settling, self.restored_at = SETTLING_POLLS, monotonic
        if view.up and self.settling:
            self.settling = 0 if view.complete else self.settling - 1
        return farewells

    def after_restart(self, rule: AnyRule, found: Samples, monotonic: float) -> Samples:
        """What of an evaluation counts: soon after a restart, what is false may be so because kmon forgot."""
        if self.settling and not isinstance(rule, ClusterRule):
            return replace(found, false=frozenset(), gone=frozenset(), reason=RESTARTED)
        relearning = monotonic - self.restored_at < RELEARNT_SECONDS
        if relearning and isinstance(rule, SubjectRule) and rule.takes_polls:
            state = self.states.get(rule.name, {})
            firing = {each.sample.labels for each in state.values() if each.phase == FIRING}
            return replace(found, false=frozenset(found.false) - firing, reason=RELEARNING)
        return found

    def keep(self, view: View, now: float) -> None:
        """Have the alerts written to the file."""
        if self.file is not None:
            alerts = {name: tuple(state.values()) for name, state in self.states.items() if state}
            self.file.offer(Saved(now, view.cluster, self.cluster_id or self.last_id, alerts))
