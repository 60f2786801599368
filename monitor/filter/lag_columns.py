"""The row set "lag": the rows of a View's Lag table, with what else is known of each, of its group and its member."""

from collections.abc import Callable

import numpy as np

from monitor.filter.columns import Column, Columns, Kind, Names, Numbers, schema_of
from monitor.model.lag import METHODS, NO_METHOD
from monitor.model.snapshot import KNOWN, NO_LEADER
from monitor.model.status import STATUSES
from monitor.model.table import Ints, Texts, objects
from monitor.model.view import View

Read = Callable[[View], Numbers | Names]

NUMBER, TEXT = Kind.NUMBER, Kind.TEXT
SECONDS, RECORDS, RATE = "seconds", "records", "records/s"
UNIX = "unix seconds"
"""Of a point in time; a duration such as 5m is none, so that no filter takes one for the other."""


def _name(values: Callable[[View], Texts], codes: Callable[[View], Ints]) -> Read:
    return lambda view: Names(values(view), codes(view))


def _group(name: str) -> Read:
    return _name(lambda view: getattr(view.snapshot.groups, name), lambda view: view.lag.group)


def _member(name: str) -> Read:
    return _name(lambda view: getattr(view.snapshot.members, name), lambda view: view.lag.member)


def _lag(name: str) -> Read:
    return lambda view: Numbers(getattr(view.lag, name))


def _times(name: str) -> Read:
    return lambda view: Numbers(getattr(view.lag_times, name))


def _cluster(view: View) -> Names:
    return Names(objects([view.cluster]), np.zeros(len(view.lag), np.int8))


def _method(view: View) -> Names:
    method = view.lag_times.method
    return Names(objects(METHODS), np.where(method == NO_METHOD, -1, method))


def _reason(view: View) -> Names:
    lag = view.lag.reason
    return Names(objects(view.reasons), np.where(lag != KNOWN, lag, view.lag_times.reason))


def _since(view: View) -> Numbers:
    return Numbers(view.lag_statuses.since)


def _status_seconds(view: View) -> Numbers:
    return Numbers(view.time - view.lag_statuses.since)


def _coordinator(view: View) -> Numbers:
    nodes = view.snapshot.groups.coordinator[view.lag.group]
    return Numbers(np.where(nodes == NO_LEADER, np.nan, nodes))


TABLE: tuple[tuple[Column, Read], ...] = (
    (Column("cluster", TEXT, "name of the cluster in the settings"), _cluster),
    (Column("group", TEXT, "group id"), _group("group")),
    (Column("group_type", TEXT, "classic, consumer, share or streams"), _group("group_type")),
    (Column("state", TEXT, "state of the group, as Kafka names it"), _group("state")),
    (
        Column("topic", TEXT, "name of the topic"),
        _name(lambda view: view.snapshot.topics.topic, lambda view: view.lag.topic),
    ),
    (Column("partition", NUMBER, "number of the partition"), _lag("partition")),
    (Column("committed_offset", NUMBER, "next offset to read", RECORDS), _lag("committed_offset")),
    (Column("start_offset", NUMBER, "log start offset", RECORDS), _lag("start_offset")),
    (Column("end_offset", NUMBER, "log end offset (high watermark)", RECORDS), _lag("end_offset")),
    (Column("lag", NUMBER, "records still to read", RECORDS), _lag("lag")),
    (Column("lost", NUMBER, "records deleted before they were read", RECORDS), _lag("lost")),
    (Column("ahead", NUMBER, "records that the commit is beyond the log end", RECORDS), _lag("ahead")),
    (Column("stable_lag", NUMBER, "records still to read for read_committed", RECORDS), _lag("stable_lag")),
    (
        Column("lag_seconds", NUMBER, "age of the next record to be read; 0 where there is none", SECONDS),
        _times("lag_seconds"),
    ),
    (
        Column("lag_seconds_error", NUMBER, "the true age is at most this much less or more", SECONDS),
        _times("lag_seconds_error"),
    ),
    (
        Column("lag_method", TEXT, "how the age was found; unknown with it", words=METHODS[NO_METHOD + 1 :]),
        _method,
    ),
    (Column("produce_rate", NUMBER, "records produced a second", RATE), _times("produce_rate")),
    (Column("consume_rate", NUMBER, "records read a second", RATE), _times("consume_rate")),
    (
        Column("eta_seconds", NUMBER, "time until lag is 0 at these rates; infinite if it does not fall", SECONDS),
        _times("eta_seconds"),
    ),
    (
        Column("headroom_seconds", NUMBER, "time until retention deletes the next record; infinite for never", SECONDS),
        _times("headroom_seconds"),
    ),
    (
        Column("status", TEXT, "how the partition stands", words=STATUSES),
        _name(lambda _: objects(STATUSES), lambda view: view.lag_statuses.status),
    ),
    (Column("since", NUMBER, "when it began to be so; unknown if that was before kmon looked", UNIX), _since),
    (
        Column("status_seconds", NUMBER, "for how long it has been so; unknown where since is", SECONDS),
        _status_seconds,
    ),
    (Column("reason", TEXT, "why lag, or else lag_seconds, is unknown; empty where both are known"), _reason),
    (Column("member_id", TEXT, "member it is assigned to; unknown where it is assigned to none"), _member("member_id")),
    (Column("client_id", TEXT, "client.id of the member"), _member("client_id")),
    (Column("host", TEXT, "address the member connects from"), _member("host")),
    (Column("coordinator", NUMBER, "node id of the group's coordinator"), _coordinator),
)
"""Each column and where a View has it."""

LAG = schema_of(*(column for column, _ in TABLE))


def lag_columns(view: View) -> Columns:
    """The columns of LAG for every row of `view.lag`, in its order."""
    return {column.name: read(view) for column, read in TABLE}
