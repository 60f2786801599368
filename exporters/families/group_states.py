"""The states that a group can be in: those that Kafka names, and kmon's own statuses."""

import numpy as np

from exporters.families.state_sets import States
from monitor.model.status import STATUSES
from monitor.model.table import objects
from monitor.model.view import View

STATUS_NAMES = objects(STATUSES)

KAFKA_STATES = (
    "Empty",
    "PreparingRebalance",
    "CompletingRebalance",
    "NotReady",
    "Assigning",
    "Reconciling",
    "Stable",
    "Dead",
)
TYPES = {
    "classic": ("Empty", "PreparingRebalance", "CompletingRebalance", "Stable", "Dead"),
    "consumer": ("Empty", "Assigning", "Reconciling", "Stable", "Dead"),
    "share": ("Empty", "Stable", "Dead"),
    "streams": ("Empty", "NotReady", "Assigning", "Reconciling", "Stable", "Dead"),
}
"""The states of groups of each type, as Kafka names them; a group whose type no broker names is a classic one."""
CLASSIC = 0


def statuses(view: View) -> States:
    status = view.group_lags.status
    return States(STATUS_NAMES, status, np.ones((len(status), len(STATUSES)), bool))


def group_states(view: View) -> States:
    """The states of a group's type; and what a newer Kafka may name beside them, for the groups that are in it."""
    groups = view.snapshot.groups
    others = sorted({state for state in groups.state if state is not None} - set(KAFKA_STATES))
    names = (*KAFKA_STATES, *others)
    number = {name: code for code, name in enumerate(names)}
    current = np.array([number.get(state, -1) for state in groups.state], np.intp)
    of_types = np.zeros((len(TYPES), len(names)), bool)
    for code, states in enumerate(TYPES.values()):
        of_types[code, [number[state] for state in states]] = True
    types = list(TYPES)
    possible = of_types[[types.index(kind) if kind in TYPES else CLASSIC for kind in groups.group_type]]
    known = np.flatnonzero(current >= 0)
    possible[known, current[known]] = True
    possible[current < 0] = False
    return States(objects(names), current, possible)
