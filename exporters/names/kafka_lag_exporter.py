"""The metrics of kafka-lag-exporter (seglo/kafka-lag-exporter), and those that klag-exporter added to them.

docs/coming-from.md has the differences, and what is not served.
"""

import time
from functools import partial

import numpy as np

from exporters.families.kmon import POLL
from exporters.family import Family
from exporters.names.shared import GROUP_SUMS, GROUP_TOPIC_SUMS, extended
from monitor.collect import requests as sources
from monitor.model.table import Floats, Ints, objects
from monitor.model.view import View
from monitor.subjects.cluster import CLUSTER
from monitor.subjects.kinds import COUNT, LATENCY, OFFSET, Kind
from monitor.subjects.lag import LAG
from monitor.subjects.tables import numbers, one, texts
from monitor.subjects.topics import PARTITION

OFFSETS = (sources.LIST_OFFSETS,)
LAG_AND_GROUPS = (*sources.LAG, *sources.GROUPS)
WITH_CONFIGS = (*LAG_AND_GROUPS, sources.TOPIC_CONFIGS)

STATES = ("PreparingRebalance", "CompletingRebalance", "Stable", "Dead", "Empty", "Assigning", "Reconciling")
"""The states with a number of their own, from 1 on; 0 is any other and a state that is unknown."""

PERCENT = Kind("percent", unit="percent", digits=3)
MILLISECONDS = Kind("milliseconds", unit="milliseconds", digits=3)
WORDS = objects(["false", "true"])


def _compacted(view: View) -> Ints:
    """For each row of lag 1 where records of the topic are compacted, else 0; -1 while its configs are unknown."""
    policies = view.snapshot.topic_configs.cleanup_policy.tolist()
    known = [-1 if each is None else int("compact" in each) for each in policies]
    of_topics = np.array(known or [-1] * len(view.snapshot.topics), np.int8)
    return of_topics[view.lag.topic]


def _lost(view: View) -> Ints:
    """For each row of lag 1 where records are lost, else 0; -1 while that is unknown."""
    return np.where(np.isnan(view.lag.lost), -1, view.lag.lost > 0).astype(np.int8)


def _lag_share(view: View) -> Floats:
    """What is between the commit and the end in percent of what the partition holds; 0 of an empty one."""
    lag = view.lag
    held = lag.end_offset - lag.start_offset
    behind = np.maximum(0.0, lag.end_offset - lag.committed_offset)
    share: Floats = np.divide(100 * behind, held, out=np.where(np.isnan(held + behind), np.nan, 0.0), where=held > 0)
    return share


PARTITION_LAG = extended(
    LAG,
    texts("compaction_detected", "whether the topic is compacted", lambda _: WORDS, _compacted),
    texts("data_loss_detected", "whether records are lost", lambda _: WORDS, _lost),
    numbers(
        "margin",
        OFFSET,
        "committed offset - log start offset; negative where records are lost",
        lambda view: view.lag.committed_offset - view.lag.start_offset,
    ),
    numbers(
        "lag_share",
        PERCENT,
        "share of the partition's offsets that the group has not read, in percent; above 100 where records are lost",
        _lag_share,
    ),
)


def _state_numbers(view: View) -> Floats:
    state = view.snapshot.groups.state
    return np.select([state == each for each in STATES], np.arange(1.0, len(STATES) + 1), 0.0)


GROUPS = extended(
    GROUP_SUMS,
    numbers(
        "state_number",
        COUNT,
        "state of the group: 1 PreparingRebalance, 2 CompletingRebalance, 3 Stable, 4 Dead, 5 Empty, 6 Assigning, "
        "7 Reconciling, 0 any other or unknown",
        _state_numbers,
    ),
)


def _count(rows: Ints) -> float | None:
    """How many rows are 1, None while any of them is unknown."""
    return None if (rows < 0).any() else float(np.count_nonzero(rows))


LAG_COUNTS = extended(
    CLUSTER,
    one(
        "compacted",
        COUNT,
        "pairs of a group and a partition of a compacted topic; unknown while the configs of any topic are",
        lambda view: _count(_compacted(view)),
    ),
    one(
        "losing",
        COUNT,
        "pairs of a group and a partition of which records are lost",
        lambda view: float(np.count_nonzero(view.lag.lost > 0)),
    ),
)


def _took(view: View, *, unit: float) -> float:
    return (time.monotonic() - view.snapshot.started) / unit


POLLS = extended(
    POLL,
    one("took_ms", MILLISECONDS, "duration of the last poll in milliseconds", partial(_took, unit=0.001)),
    one("took", LATENCY, "duration of the last poll", partial(_took, unit=1.0)),
)

RENAME = {"host": "member_host", "member_id": "consumer_id"}
WHERE = ("group", "topic", "partition")
MEMBER = (*WHERE, "host", "member_id", "client_id")
DETECTED = (*MEMBER, "compaction_detected", "data_loss_detected")

family = partial(Family, rename=RENAME, cluster="cluster_name", sole_cluster="cluster_name")

KAFKA_LAG_EXPORTER = (
    family("kafka_partition_latest_offset", PARTITION, "end_offset", OFFSETS),
    family("kafka_partition_earliest_offset", PARTITION, "start_offset", OFFSETS),
    family("kafka_consumergroup_group_offset", PARTITION_LAG, "committed_offset", LAG_AND_GROUPS, labels=MEMBER),
    family("kafka_consumergroup_group_lag", PARTITION_LAG, "lag", WITH_CONFIGS, labels=DETECTED),
    family("kafka_consumergroup_group_lag_seconds", PARTITION_LAG, "lag_seconds", WITH_CONFIGS, labels=DETECTED),
    family("kafka_consumergroup_group_max_lag", GROUPS, "committed_max_lag", sources.LAG),
    family("kafka_consumergroup_group_max_lag_seconds", GROUPS, "committed_lag_seconds", sources.LAG),
    family("kafka_consumergroup_group_sum_lag", GROUPS, "committed_lag", sources.LAG),
    family("kafka_consumergroup_group_topic_sum_lag", GROUP_TOPIC_SUMS, "committed_lag", sources.LAG),
    family("kafka_consumergroup_poll_time_ms", POLLS, "took_ms"),
    # Of klag-exporter.
    family("kafka_consumergroup_group_messages_lost", PARTITION_LAG, "lost", sources.LAG, labels=WHERE),
    family("kafka_consumergroup_group_retention_margin", PARTITION_LAG, "margin", sources.LAG, labels=WHERE),
    family("kafka_consumergroup_group_lag_retention_ratio", PARTITION_LAG, "lag_share", sources.LAG, labels=WHERE),
    family("kafka_consumergroup_group_state", GROUPS, "state_number", (sources.LIST_GROUPS, *sources.GROUPS)),
    family("kafka_lag_exporter_up", LAG_COUNTS, "up", unknown=0.0, always=True, sole_cluster=""),
    family("kafka_lag_exporter_scrape_duration_seconds", POLLS, "took", sole_cluster=""),
    family("kafka_lag_exporter_last_update_timestamp_seconds", POLLS, "last_successful", always=True),
    family(
        "kafka_lag_exporter_compaction_detected_total",
        LAG_COUNTS,
        "compacted",
        (*sources.LAG, sources.TOPIC_CONFIGS),
        counter=False,
    ),
    family("kafka_lag_exporter_data_loss_partitions_total", LAG_COUNTS, "losing", sources.LAG, counter=False),
)
