"""The records that groups read next and that no earlier poll saw come: which to date, and what was found."""

import numpy as np

from monitor.analysis.earlier_polls.past import Past
from monitor.model.cluster_tables import RecordTimes
from monitor.model.lag import Lag, next_offsets, waiting_rows
from monitor.model.snapshot import Snapshot
from monitor.model.table import Floats, Ints
from monitor.poll.record_times import Bracket, Wanted


def undated(snapshot: Snapshot, lag: Lag, past: Past, most: int) -> tuple[list[Wanted], Ints]:
    """The next records that no earlier poll saw come, those with the most lag first, and their rows of `partitions`.

    They are of at most `most` rows of lag. A record that several groups read next is there once.
    """
    rows = waiting_rows(lag)
    offsets = next_offsets(lag)
    rows = np.setdiff1d(rows, past.next_records.rows, assume_unique=True)
    rows = rows[np.argsort(-lag.lag[rows], kind="stable")][:most]
    pairs = dict.fromkeys(zip(lag.partition_row[rows].tolist(), offsets[rows].tolist(), strict=True))
    policies = snapshot.topic_configs.cleanup_policy
    dense = [policy is not None and "compact" not in policy for policy in policies]
    wanted = [_wanted(snapshot, row, offset, dense) for row, offset in pairs]
    return wanted, np.array([row for row, _ in pairs], np.int64)


def _wanted(snapshot: Snapshot, row: int, offset: float, dense: list[bool]) -> Wanted:
    partitions, topics = snapshot.partitions, snapshot.topics
    topic = int(partitions.topic[row])
    return Wanted(
        (str(topics.topic[topic]), topics.topic_id[topic], int(partitions.partition[row])),
        int(partitions.leader[row]),
        int(offset),
        int(snapshot.offsets.end_offset[row]),
        dense=bool(dense) and dense[topic],
    )


def record_times(snapshot: Snapshot, wanted: list[Wanted], rows: Ints, found: list[Bracket]) -> RecordTimes:
    """Dated records as a table; `rows` are their rows of `partitions`."""
    partitions = snapshot.partitions

    def seconds(values: list[float]) -> Floats:
        numbers = np.array(values, np.float64)
        return np.where(np.isfinite(numbers), numbers / 1000, np.nan)

    now_ms = snapshot.time * 1000
    return RecordTimes(
        topic=partitions.topic[rows],
        partition=partitions.partition[rows],
        offset=np.array([each.offset for each in wanted], np.float64),
        earliest=seconds([each.low for each in found]),
        # What is not known to be older may be as young as can be.
        latest=seconds(
            [min(each.upper(dense=one.dense), max(now_ms, each.low)) for one, each in zip(wanted, found, strict=True)]
        ),
        unordered=np.array([each.unordered for each in found], bool),
    )
