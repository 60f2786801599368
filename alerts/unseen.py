"""Which alerts have a condition that may have been true before kmon saw it."""

from alerts.rules import AnyRule, samples
from alerts.samples import Labels, Samples
from alerts.state import RESOLVED, State, identity
from monitor.model.view import View
from monitor.settings.alerts import WATCHDOG


def unseen(rule: AnyRule, before: View | None, found: Samples, state: State) -> frozenset[Labels]:
    """Labels of new samples whose beginning was not seen: the View before has them neither as false nor as absent."""
    if rule.name == WATCHDOG:
        return frozenset()
    new = frozenset(
        sample.labels
        for sample in found.true
        if (old := state.get(identity(rule, sample.labels))) is None or old.phase == RESOLVED
    )
    if before is None or not new:
        return new
    earlier = samples(rule, before, new)
    return new.difference(earlier.false, earlier.gone)
