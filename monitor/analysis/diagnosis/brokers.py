"""A broker that serves all its readers late."""

from collections.abc import Iterable

import numpy as np

from monitor.analysis.diagnosis.signs import Signs
from monitor.model.diagnoses import Diagnosis
from monitor.model.snapshot import NO_LEADER
from monitor.model.table import values_at
from monitor.model.text import plural

LATE_HERE, LATE_ELSEWHERE = 0.8, 0.1
"""Shares of partitions that are read late, of those the broker leads and of those that others do."""
FEWEST_GROUPS, FEWEST_ROWS = 3, 5
"""Of fewer groups or partitions none says that it is the broker."""


def broker_at_fault(signs: Signs) -> Iterable[Diagnosis]:
    """Most of what a broker leads is read late, by several groups, and hardly anything of what others lead."""
    view, lag = signs.view, signs.view.lag
    if not signs.late.any():
        return
    nodes, led_by = np.unique(view.snapshot.partitions.leader, return_inverse=True)
    led = lag.partition_row >= 0
    leader = values_at(led_by, lag.partition_row, 0)
    # A partition that nothing comes in on and that is read to its end says nothing of its broker.
    tells = led & ((lag.lag > 0) | (view.lag_times.produce_rate > 0))
    late = tells & signs.late
    rows = np.bincount(leader[tells], minlength=len(nodes))
    behind = np.bincount(leader[late], minlength=len(nodes))
    others, others_behind = rows.sum() - rows, behind.sum() - behind
    found = (behind >= LATE_HERE * rows) & (rows >= FEWEST_ROWS)
    found &= (others >= FEWEST_ROWS) & (others_behind <= LATE_ELSEWHERE * others)
    for place in np.flatnonzero(found & (nodes != NO_LEADER)).tolist():
        mine = late & (leader == place)
        groups = np.unique(lag.group[mine])
        if len(groups) < FEWEST_GROUPS:
            continue
        # Who is late elsewhere as well has reasons of its own.
        groups = np.setdiff1d(groups, lag.group[late & (leader != place)])
        node = int(nodes[place])
        sentence = (
            f"broker {node} is the cause, not the consumers: {plural(len(np.unique(lag.group[mine])), 'group')} are "
            f"behind on {behind[place]:,} of {rows[place]:,} partitions that it leads, and on "
            f"{others_behind[place]:,} of {others[place]:,} that other brokers lead"
        )
        evidence = (
            ("late", float(behind[place])),
            ("partitions", float(rows[place])),
            ("late_elsewhere", float(others_behind[place])),
            ("partitions_elsewhere", float(others[place])),
        )
        for group in groups[signs.chosen[groups]].tolist():
            yield Diagnosis("broker_at_fault", group, sentence, evidence, broker=node)
