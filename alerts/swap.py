"""Exchanges rules while kmon runs: what becomes of the alerts of each, and what is new, as values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from alerts.rules import AnyRule, is_observed
from alerts.saved import Farewell, Saved, take_up
from alerts.state import FIRING, State
from alerts.subject_rules import SubjectRule
from monitor.model.text import visible

MOST_NAMES = 5


@dataclass(frozen=True)
class Changes:
    """Names of the rules that differ between two sets, and how many are the same."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    @property
    def line(self) -> str:
        """The changes in words: 1 added (A), 2 changed (B, C), 30 unchanged."""
        parts = [
            f"{len(names)} {word} ({_listed(names)})"
            for word, names in (("added", self.added), ("changed", self.changed), ("removed", self.removed))
            if names
        ]
        return ", ".join([*parts, f"{self.unchanged} unchanged"])


def changes(before: Iterable[AnyRule], after: Iterable[AnyRule]) -> Changes:
    old, new = ({rule.name: rule for rule in rules} for rules in (before, after))
    both = [name for name in new if name in old]
    changed = tuple(name for name in both if not _same(old[name], new[name]))
    return Changes(
        tuple(name for name in new if name not in old),
        changed,
        tuple(name for name in old if name not in new),
        len(both) - len(changed),
    )


def carried_over(
    states: Mapping[str, State],
    before: Iterable[AnyRule],
    after: Iterable[AnyRule],
    cluster: str,
    *,
    now: float,
    monotonic: float,
) -> tuple[dict[str, State], tuple[Farewell, ...]]:
    """The states with which the rules `after` go on on a cluster, and the alerts that end because of the change.

    Those of a rule that is unchanged stay as they are; those of one that changed are taken up as after a restart.
    """
    old, new = ({rule.name: rule for rule in rules} for rules in (before, after))
    found = changes(old.values(), new.values())
    touched = {name: tuple(states[name].values()) for name in (*found.changed, *found.removed) if states.get(name)}
    saved = Saved(now, cluster, None, touched)
    taken, farewells = take_up(saved, new.values(), cluster, None, now=now, monotonic=monotonic)
    kept = {name: state for name, state in states.items() if name in new and name not in found.changed}
    for name, state in taken.items():
        kept[name], more = _by_mode(state, is_observed(old[name]), is_observed(new[name]))
        farewells += more
    told = tuple(each for each in farewells if not is_observed(old[dict(each.alert.labels)["alertname"]]))
    return kept, told


def _by_mode(state: State, was_observed: bool, now_observed: bool) -> tuple[State, tuple[Farewell, ...]]:
    """The alerts of a rule that is on probation from now on, or no more: nobody was told of those it had until then."""
    if was_observed and not now_observed:
        return {labels: replace(alert, sent_at=None) for labels, alert in state.items()}, ()
    if now_observed and not was_observed:
        told = (alert for alert in state.values() if alert.phase == FIRING and alert.sent_at is not None)
        return state, tuple(Farewell(alert, "removed", "its rule is on probation now") for alert in told)
    return state, ()


def _same(one: AnyRule, other: AnyRule) -> bool:
    """Whether two rules are the same, wherever they stand."""
    if isinstance(one, SubjectRule) and isinstance(other, SubjectRule):
        return replace(one, place="") == replace(other, place="")
    return one == other


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(visible(name) for name in names[:MOST_NAMES])
    return f"{shown}, …" if len(names) > MOST_NAMES else shown
