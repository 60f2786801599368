"""Lag in time: how old the next record of a group is, at which rates it is produced and read, and when that ends.

docs/lag.md explains the numbers.
"""

import numpy as np

from monitor.analysis.derive.lag import own_records
from monitor.analysis.derive.partitions import partition_rows
from monitor.analysis.earlier_polls.past import Past
from monitor.analysis.earlier_polls.ring import WINDOWS, rate
from monitor.model.cluster_tables import RecordTimes
from monitor.model.lag import (
    APPEND,
    CREATE,
    NO_METHOD,
    NOTHING,
    RECORD,
    SEEN,
    ConsumeRates,
    Lag,
    LagTimes,
    PartitionRates,
    next_offsets,
    waiting_rows,
)
from monitor.model.reasons import Kind, Reason, ReasonCodes
from monitor.model.snapshot import KNOWN, Snapshot
from monitor.model.table import Floats, Ints, values_at

AHEAD_SECONDS = 5.0
"""How far a timestamp may be ahead of kmon's clock before it is not believed."""
NOT_DATED = str(Reason(Kind.NOT_DATED))
NO_RATES = "not enough polls yet without a gap or rewind"
NO_HEADROOM = "retention or time lag is unknown"
EVEN = np.float32(1e-6)
"""Rates that differ by no more than this share of what is produced do so by rounding."""


def derive_times(
    snapshot: Snapshot,
    lag: Lag,
    past: Past,
    rates: tuple[PartitionRates, ConsumeRates],
    reasons: ReasonCodes,
    *,
    record_times: RecordTimes,
) -> LagTimes:
    """Ages, rates and what follows from them for every row of lag. `reasons` gets those that are new."""
    earliest, latest, method, reason = _written(snapshot, lag, past, record_times, reasons)
    now = snapshot.time
    # A timestamp that is believed may be a little ahead of this clock; an age is never negative.
    oldest, youngest = np.maximum(0.0, now - earliest), np.maximum(0.0, now - latest)
    age, error = (oldest + youngest) / 2, (oldest - youngest) / 2

    produced, consumed = (
        np.where(np.isnan(five), one, five)
        for one, five in (
            (rates[0].produce_rate_1m, rates[0].produce_rate_5m),
            (rates[1].consume_rate_1m, rates[1].consume_rate_5m),
        )
    )
    produce = values_at(produced, lag.partition_row).astype(np.float32)
    drained = consumed - produce
    with np.errstate(divide="ignore", invalid="ignore"):
        eta = np.where(lag.lag == 0, 0.0, np.where(drained > EVEN * produce, lag.lag / drained, np.inf))
    eta[np.isnan(lag.lag) | ((lag.lag > 0) & np.isnan(drained))] = np.nan
    return LagTimes(
        lag_seconds=age,
        lag_seconds_error=error,
        method=method,
        reason=reason,
        produce_rate=produce,
        consume_rate=consumed,
        eta_seconds=eta,
        headroom_seconds=_headroom(snapshot, lag, past, oldest),
    )


def _written(
    snapshot: Snapshot, lag: Lag, past: Past, record_times: RecordTimes, reasons: ReasonCodes
) -> tuple[Floats, Floats, Ints, Ints]:
    """Between which unix times the next record of each row was written; the method, and the reason where unknown."""
    count = len(lag)
    earliest, latest = np.full(count, np.nan), np.full(count, np.nan)
    method = np.zeros(count, np.int8)
    reason = np.where(np.isnan(lag.lag), reasons[Reason(Kind.NO_LAG)], reasons[Reason(Kind.NOT_DATED)])
    nothing = lag.lag == 0
    earliest[nothing] = latest[nothing] = snapshot.time
    method[nothing] = NOTHING
    seen, low, high = past.next_records
    clock = snapshot.time - snapshot.started
    earliest[seen], latest[seen] = low + clock, high + clock
    method[seen] = SEEN
    if len(record_times):
        rows = waiting_rows(lag)
        rows = rows[method[rows] == NO_METHOD]
        _by_timestamp(snapshot, lag, rows, (earliest, latest, method, reason), reasons, times=record_times)
    reason[method != NO_METHOD] = KNOWN
    return earliest, latest, method, reason.astype(np.int32)


def _by_timestamp(
    snapshot: Snapshot,
    lag: Lag,
    rows: Ints,
    columns: tuple[Floats, Floats, Ints, Ints],
    reasons: ReasonCodes,
    *,
    times: RecordTimes,
) -> None:
    """Fill in the rows whose next record was dated by its timestamp."""
    earliest, latest, method, reason = columns
    place = _places(snapshot, lag, rows, times)
    rows, place = rows[place >= 0], place[place >= 0]
    told = ~np.isnan(times.earliest[place]) & ~np.isnan(times.latest[place])
    unordered, ahead = times.unordered[place], times.earliest[place] > snapshot.time + AHEAD_SECONDS
    reason[rows[told & unordered]] = reasons[Reason(Kind.UNORDERED)]
    reason[rows[told & ~unordered & ahead]] = reasons[Reason(Kind.AHEAD)]
    believed = told & ~unordered & ~ahead
    rows, place = rows[believed], place[believed]
    earliest[rows] = times.earliest[place]
    latest[rows] = np.maximum(times.latest[place], times.earliest[place])
    kinds = {"LogAppendTime": APPEND, "CreateTime": CREATE}
    configs = snapshot.topic_configs
    by_topic = [kinds.get(kind or "", RECORD) for kind in configs.timestamp_type] or [RECORD] * len(snapshot.topics)
    method[rows] = np.array(by_topic, np.int8)[lag.topic[rows]]


def _places(snapshot: Snapshot, lag: Lag, rows: Ints, times: RecordTimes) -> Ints:
    """For each of `rows` of lag the row of `times` of its next record, -1 where there is none."""
    offsets = np.unique(times.offset)

    def keys(partition_row: Ints, offset: Floats) -> Ints:
        code = np.minimum(np.searchsorted(offsets, offset), len(offsets) - 1)
        return np.where(offsets[code] == offset, partition_row.astype(np.int64) * len(offsets) + code, -1)

    known = keys(partition_rows(snapshot, times.topic, times.partition), times.offset)
    wanted = keys(lag.partition_row[rows], next_offsets(lag)[rows])
    order = np.argsort(known)
    place = order[np.minimum(np.searchsorted(known, wanted, sorter=order), len(known) - 1)]
    return np.where((wanted >= 0) & (known[place] == wanted), place, -1)


def _headroom(snapshot: Snapshot, lag: Lag, past: Past, oldest: Floats) -> Floats:
    """Time until the next record of each row is deleted, at the earliest: by its age, or as the log start moves."""
    headroom = np.full(len(lag), np.nan)
    rows = waiting_rows(lag)
    headroom[lag.lag == 0] = np.inf
    if not len(rows):
        return headroom
    partition = lag.partition_row[rows]
    moved = rate(past.starts, WINDOWS[-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        ahead = np.maximum(0.0, next_offsets(lag)[rows] - lag.start_offset[rows])
        # An application that deletes what it has read moves the log start itself, and no further than it has read.
        moves = (moved[partition] > 0) & ~own_records(snapshot, lag.group[rows], lag.topic[rows])
        by_start = np.where(moves, ahead / moved[partition], np.inf)
    by_age = np.full(len(rows), np.nan)
    if len(snapshot.topic_configs):
        configs = snapshot.topic_configs
        topic = lag.topic[rows]
        keeps = np.array([policy is not None and "delete" not in policy for policy in configs.cleanup_policy], bool)
        retention = np.where(keeps, np.inf, configs.retention_seconds)[topic]
        by_age = np.maximum(0.0, retention - oldest[rows])
        by_age[np.isinf(retention)] = np.inf
    headroom[rows] = np.minimum(by_start, by_age)
    return headroom
