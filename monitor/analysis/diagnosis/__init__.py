"""Why groups are behind: patterns in the tables of a View, each told in a sentence with the numbers behind it."""

from collections.abc import Callable, Iterable

from monitor.analysis.diagnosis.by_status import by_status
from monitor.analysis.diagnosis.members import empty_group, idle_members, rebalance_storm, stuck_member
from monitor.analysis.diagnosis.offsets import deletion_overtakes, offsets_reset, retention_passed
from monitor.analysis.diagnosis.partitions import broker_at_fault, hot_partition, open_transaction, slow_broker
from monitor.analysis.diagnosis.rates import consumers_slowed, producers_sped_up
from monitor.analysis.diagnosis.signs import Signs
from monitor.model.diagnoses import Diagnoses, Diagnosis
from monitor.model.view import View

PATTERNS: tuple[Callable[[Signs], Iterable[Diagnosis]], ...] = (
    retention_passed,
    deletion_overtakes,
    empty_group,
    broker_at_fault,
    slow_broker,
    open_transaction,
    stuck_member,
    rebalance_storm,
    offsets_reset,
    consumers_slowed,
    producers_sped_up,
    hot_partition,
    idle_members,
)
"""In this order stand the diagnoses of a group; docs/diagnosis.md explains each."""

EXCUSED = {
    "broker_at_fault": ("stuck_member", "consumers_slowed"),
    "slow_broker": ("consumers_slowed",),
    "open_transaction": ("consumers_slowed",),
    "stuck_member": ("consumers_slowed",),
    "rebalance_storm": ("consumers_slowed",),
}
"""Patterns that only follow from another one, and are not told of a group beside it."""


def diagnose(view: View) -> Diagnoses:
    """The diagnoses of all groups of a View, those of the worst group first; no group that is chosen is without one."""
    signs = Signs(view)
    found = [each for pattern in PATTERNS for each in pattern(signs)]
    excused = {(each.group, pattern) for each in found for pattern in EXCUSED.get(each.pattern, ())}
    found = [each for each in found if (each.group, each.pattern) not in excused]
    # That some members are idle is no reason to be late.
    explained = {each.group for each in found if each.pattern != idle_members.__name__}
    found = [*(by_status(signs, group) for group in signs.groups.tolist() if group not in explained), *found]
    rank = {row: place for place, row in enumerate(signs.groups.tolist())}
    return Diagnoses.of(sorted(found, key=lambda each: (rank.get(each.group, len(rank)), each.group)))
