"""The subject "lag": what a group still has to read of a partition."""

import numpy as np

from monitor.analysis.derive.story import partition_story
from monitor.model.judgements import JudgedLags
from monitor.model.lag import ConsumeRates, Lag, LagStatuses, LagTimes
from monitor.model.snapshot import KNOWN, Groups, Members, Topics
from monitor.model.table import Ints
from monitor.model.view import View
from monitor.subjects.column import Subject
from monitor.subjects.kinds import SECONDS
from monitor.subjects.owners import of_lag, owned
from monitor.subjects.tables import cluster, judged, numbers, of, reasons, sentences, size

count = size("lag")


def _reason(view: View) -> Ints:
    lag = view.lag.reason
    return np.where(lag != KNOWN, lag, view.lag_times.reason)


RATES = ("produce_rate", "consume_rate", "eta_seconds", "headroom_seconds")

LAG = Subject(
    "lag",
    "group and partition that has a committed offset or is assigned to a member",
    ("cluster", "group", "topic", "partition"),
    count,
    (
        cluster(count),
        *of("snapshot.groups", Groups, "group", "group_type", "state", by="lag.group"),
        *of("snapshot.topics", Topics, "topic", by="lag.topic"),
        *of("lag", Lag, leave=("group", "topic", "partition_row", "member"), reason="lag_reason", why="lag_reason"),
        *of("lag_times", LagTimes, "lag_seconds", "lag_seconds_error", "method", method="lag_method"),
        *of("lag_times", LagTimes, *RATES, why="lag_reason"),
        *of("lag_statuses", LagStatuses, leave=("lost", "paced"), why="lag_reason"),
        *judged("judged.lag", JudgedLags, "level"),
        *of("consume_rates", ConsumeRates),
        numbers("status_seconds", SECONDS, "time since `since`", lambda view: view.time - view.lag_statuses.since),
        reasons("reason", "why lag, or else lag_seconds, is unknown; empty if both are known", _reason),
        *of("lag_times", LagTimes, "reason", reason="age_reason"),
        sentences("why", "reason for the status, with the numbers behind it", count, partition_story, numbers=True),
        *of("snapshot.members", Members, "member_id", "client_id", "host", by="lag.member"),
        *of("snapshot.groups", Groups, "coordinator", by="lag.group"),
        *owned(of_lag),
    ),
    judged="lag",
)
