"""Members that read nothing, have nothing to read, are gone, or do nothing but rebalance."""

from collections.abc import Iterable

import numpy as np

from monitor.analysis.diagnosis.signs import Signs
from monitor.model.diagnoses import Diagnosis
from monitor.model.status import OK, STOPPED, STUCK
from monitor.model.text import count, plural, rate, records_of

STORM = 4
"""So many rebalances in 10 minutes are a storm."""


def stuck_member(signs: Signs) -> Iterable[Diagnosis]:
    """A member that reads nothing of what waits on any of its partitions, while other members do, or that is alone."""
    lag, statuses, members = signs.view.lag, signs.view.lag_statuses, signs.view.snapshot.members
    rows = signs.rows[lag.member[signs.rows] >= 0]
    # What an open transaction holds back nobody can read.
    held = (lag.lag[rows] > 0) & (lag.stable_lag[rows] == 0)
    stuck = (statuses.status[rows] == STUCK) & ~held
    if not stuck.any():
        return
    keeps_up = (statuses.status[rows] == OK) & (signs.view.lag_times.produce_rate[rows] > 0)
    read = ~stuck & (keeps_up | (signs.view.consume_rates.consume_rate_1m[rows] > 0))
    reads, stands = np.zeros(len(members), bool), np.zeros(len(members), bool)
    reads[lag.member[rows[read]]] = stands[lag.member[rows[stuck]]] = True
    stands &= ~reads
    standing, others = (np.bincount(members.group[each], minlength=len(signs.chosen)) for each in (stands, reads))
    stuck_rows = rows[stuck]
    for member in np.flatnonzero(stands).tolist():
        group = int(members.group[member])
        if not others[group] and standing[group] > 1:
            continue
        mine = stuck_rows[lag.member[stuck_rows] == member]
        records = float(lag.lag[mine].sum())
        others_read = int(others[group])
        besides = (
            f", while {plural(others_read, 'other member')} make{'s' * (others_read == 1)} progress"
            if others_read
            else ""
        )
        span = signs.span(group) if signs.view.group_lags.status[group] == STUCK else ""
        sentence = (
            f"member {signs.member_name(member)} is stuck{span}: it reads nothing from "
            f"{plural(len(mine), 'partition')} with {count(records)} unread records{besides}"
        )
        evidence = (("partitions", float(len(mine))), ("lag", records), ("other_members", float(others[group])))
        yield Diagnosis("stuck_member", group, sentence, evidence, member=member)


def empty_group(signs: Signs) -> Iterable[Diagnosis]:
    """Nobody is there to read, and more comes in."""
    view, groups = signs.view, signs.view.snapshot.groups
    produced = signs.produced("5m")
    produced = np.where(np.isnan(produced), signs.produced("1m"), produced)
    lag = signs.by_group(view.lag.lag[signs.rows])
    for group in np.flatnonzero((groups.members == 0) & ~groups.simple & (lag > 0) & (produced > 0)).tolist():
        span = signs.span(group) if view.group_lags.status[group] == STOPPED else ""
        sentence = f"no members{span}: {records_of(lag[group], count, ' behind')}, in rate {rate(produced[group])}"
        evidence = (("members", 0.0), ("produce_rate", float(produced[group])), ("lag", float(lag[group])))
        yield Diagnosis("empty_group", group, sentence, evidence)


def rebalance_storm(signs: Signs) -> Iterable[Diagnosis]:
    """It rebalances over and over; in between little is read."""
    rebalances = signs.view.group_activity.rebalances
    for group in np.flatnonzero(rebalances >= STORM).tolist():
        sentence = f"rebalance storm: {count(rebalances[group])} rebalances in 10 min"
        yield Diagnosis("rebalance_storm", group, sentence, (("rebalances", float(rebalances[group])),))


def idle_members(signs: Signs) -> Iterable[Diagnosis]:
    """Members that no partition is left for, in a group that is done assigning them."""
    snapshot = signs.view.snapshot
    groups, members, assigned, tasks = snapshot.groups, snapshot.members, snapshot.assignments, snapshot.tasks
    # Members of share groups share partitions, and what those of other protocols are assigned is theirs to know.
    consumers = (groups.group_type == "consumer") | (groups.group_type == "streams")
    consumers |= (groups.group_type == "classic") & (groups.protocol_type == "consumer")
    busy = np.zeros(len(members), bool)
    busy[assigned.member] = True
    busy[tasks.member] = True
    partitions = np.bincount(members.group[assigned.member], minlength=len(groups))
    idle = np.bincount(members.group[~busy], minlength=len(groups))
    found = consumers & (groups.state == "Stable") & (idle > 0) & (partitions > 0)
    for group in np.flatnonzero(found & (groups.members > partitions)).tolist():
        have = f"{count(groups.members[group])} members for {plural(int(partitions[group]), 'partition')}"
        sentence = f"{plural(int(idle[group]), 'idle member')}: {have}"
        numbers = (float(idle[group]), float(groups.members[group]), float(partitions[group]))
        evidence = tuple(zip(("idle_members", "members", "partitions"), numbers, strict=True))
        yield Diagnosis("idle_members", group, sentence, evidence)
