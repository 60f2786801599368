"""The built-in alerts, on a whole cluster: one that kmon cannot poll, and a watchdog that always fires."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from alerts import rules
from alerts.rules import Labels, Sample, Samples
from monitor.model.text import moment
from monitor.model.view import View
from monitor.settings.alerts import UNREACHABLE, WATCHDOG, RuleSettings, UnreachableSettings, WatchdogSettings

ClusterRule = UnreachableSettings | WatchdogSettings
"""A rule on whole clusters: its name is a key of CONDITIONS."""

AnyRule = RuleSettings | ClusterRule


def covers(rule: AnyRule, labels: Labels) -> bool:
    """Whether these are the labels of a sample that the rule could have, now or at another time."""
    if isinstance(rule, RuleSettings):
        return rules.covers(rule, labels)
    return [name for name, _ in labels] == ["cluster"]


@dataclass(frozen=True)
class Condition:
    """When an alert on a cluster is true, why in words, and its texts: `{cluster}` is the cluster's visible name."""

    true: Callable[[View], bool]
    why: Callable[[View], str]
    fires: str
    over: str
    description: str


def _unreachable(view: View) -> str:
    last = f"last successful poll {moment(view.shown.time)}" if view.shown.up else "no poll has succeeded yet"
    return f"{last}; {view.snapshot.error}"


CONDITIONS: Mapping[str, Condition] = {
    UNREACHABLE: Condition(
        lambda view: not view.up,
        _unreachable,
        "cluster {cluster} is unreachable",
        "cluster {cluster} is reachable again",
        "kmon cannot poll the cluster: no broker responds. Lag and other alerts of the cluster are unknown.",
    ),
    WATCHDOG: Condition(
        lambda _: True,
        lambda _: "",
        "kmon polls cluster {cluster} and sends alerts",
        "kmon has stopped sending the watchdog of cluster {cluster}",
        "This alert always fires. When it is missing, kmon or its connection to the receiver is down.",
    ),
}
"""The alerts there are, by name."""


def cluster_samples(rule: ClusterRule, view: View, watched: Iterable[Labels] = ()) -> Samples:
    """Where the rule's condition is true: never unknown. `watched` are labels of older samples of this cluster."""
    condition = CONDITIONS[rule.name]
    if not condition.true(view):
        return Samples(false=frozenset(watched))
    sample = Sample((("cluster", view.cluster),), 1.0, why=condition.why(view))
    # The cluster was called otherwise before it responded for the first time.
    return Samples((sample,), gone=frozenset(watched) - {sample.labels})
