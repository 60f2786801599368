"""What holds groups back: a partition that gets most of the records, an open transaction, a broker that serves late."""

from collections.abc import Iterable

import numpy as np

from monitor.analysis.diagnosis.signs import Signs
from monitor.model.diagnoses import Diagnosis
from monitor.model.snapshot import NO_LEADER
from monitor.model.status import BEHIND, GROWING, LOSING, STUCK
from monitor.model.table import values_at
from monitor.model.text import NAME, count, duration, name_of, percent, plural, rate, records_of
from monitor.model.time_scale import lasting

HOT = 3.0
"""A partition is hot when it gets so many times the records of the median partition of its topic."""
MOST_OF_LAG = 0.8
"""Share of the group's lag on the topic that is on the hot partition."""
FEWEST = 3
"""Of fewer partitions none is hot: the median says nothing."""
HELD_SECONDS = lasting(60.0)
"""Any transaction is open for a moment; so long it holds up its readers."""


def hot_partition(signs: Signs) -> Iterable[Diagnosis]:
    """Most of the lag on a topic is on a partition that gets many times the records that others do."""
    lag, rows = signs.view.lag, signs.rows
    rows = rows[~np.isnan(lag.lag[rows])]
    if not len(rows):
        return
    group, topic = lag.group[rows], lag.topic[rows]
    starts = np.flatnonzero(np.concatenate([[True], (group[1:] != group[:-1]) | (topic[1:] != topic[:-1])]))
    ends = np.append(starts[1:], len(rows))
    total, most = np.add.reduceat(lag.lag[rows], starts), np.maximum.reduceat(lag.lag[rows], starts)
    produced = signs.view.lag_times.produce_rate.astype(np.float64)
    for at in np.flatnonzero((ends - starts >= FEWEST) & (most > 0) & (most >= MOST_OF_LAG * total)).tolist():
        mine = rows[starts[at] : ends[at]]
        hot = int(mine[np.argmax(lag.lag[mine])])
        median, own = float(np.median(produced[mine])), float(produced[hot])
        if not (signs.late[hot] and median > 0 and own >= HOT * median):
            continue
        share = float(lag.lag[hot] / total[at])
        sentence = (
            f"hot partition {signs.partition_name(hot)}: in rate {rate(own)}, {own / median:.1f}× the median of "
            f"{len(mine):,} partitions; it has {percent(share)} of the lag"
        )
        evidence = (("produce_rate", own), ("median_produce_rate", median), ("share_of_lag", share))
        topic_name, partition = signs.topic(hot), int(lag.partition[hot])
        yield Diagnosis("hot_partition", int(lag.group[hot]), sentence, evidence, topic_name, partition)


def open_transaction(signs: Signs) -> Iterable[Diagnosis]:
    """All that is left to read is behind a transaction that has been open for long: read_committed has to wait."""
    lag, times, rows = signs.view.lag, signs.view.lag_times, signs.rows
    unstable = values_at(signs.view.partition_health.unstable, lag.partition_row[rows])
    # The next record is not stable, so the transaction that holds it is at least as old.
    age = (times.lag_seconds - times.lag_seconds_error)[rows]
    held = (lag.lag[rows] > 0) & (lag.stable_lag[rows] == 0) & (unstable > 0) & (age > HELD_SECONDS)
    oldest = np.flatnonzero(held)[np.argsort(-age[held], kind="stable")]
    for at in oldest[np.unique(lag.group[rows[oldest]], return_index=True)[1]].tolist():
        row = int(rows[at])
        partitions = int((held & (lag.group[rows] == lag.group[row])).sum())
        more = f" and {partitions - 1:,} more partitions" if partitions > 1 else ""
        sentence = (
            f"an open transaction blocks read_committed consumers on {signs.partition_name(row)}{more}: "
            f"{records_of(unstable[at], count, ' waiting')} for at least {duration(age[at])}{_by_whom(signs, row)}"
        )
        evidence = (
            ("unstable", float(unstable[at])),
            ("lag_seconds", float(age[at])),
            ("partitions", float(partitions)),
        )
        topic, partition = signs.topic(row), int(lag.partition[row])
        yield Diagnosis("open_transaction", int(lag.group[row]), sentence, evidence, topic, partition)


def _by_whom(signs: Signs, row: int) -> str:
    """The oldest transaction that is known to have written to the partition of a row of lag."""
    snapshot, lag = signs.view.snapshot, signs.view.lag
    written = snapshot.transaction_partitions
    here = (written.topic == lag.topic[row]) & (written.partition == lag.partition[row])
    found = written.transaction[here]
    if not len(found) or np.isnan(ages := signs.view.transaction_ages.age_seconds[found]).all():
        return ""
    oldest = int(found[np.nanargmax(ages)])
    name = name_of(str(snapshot.transactions.transactional_id[oldest]), NAME)
    return f"; {name} is open for {duration(float(np.nanmax(ages)))}"


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


WAITING = (BEHIND, GROWING, STUCK, LOSING)
"""Statuses that a slow broker can cause."""


def slow_broker(signs: Signs) -> Iterable[Diagnosis]:
    """Brokers that are slow by their own metrics lead most of the partitions that a group reads late."""
    lag = signs.view.lag
    slow = [node for node, shown in signs.brokers.items() if shown]
    if not slow:
        return
    late = signs.rows[np.isin(signs.view.lag_statuses.status[signs.rows], WAITING)]
    for group in np.unique(lag.group[late]).tolist():
        leaders = signs.leader[late[lag.group[late] == group]]
        if np.isin(leaders, slow).sum() < LATE_HERE * len(leaders):
            continue
        led = {node: int((leaders == node).sum()) for node in slow}
        node = max(slow, key=lambda each: led[each])
        sentence = (
            f"broker {node} is slow: {signs.brokers[node]}; it leads {led[node]:,} of "
            f"{plural(len(leaders), 'partition')} on which the group is late"
        )
        evidence = (("late", float(led[node])), ("partitions", float(len(leaders))))
        yield Diagnosis("slow_broker", group, sentence, evidence, broker=node)
