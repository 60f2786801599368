"""The metrics of KMinion (redpanda-data/kminion): its names, labels and meanings.

docs/coming-from.md has the differences, and what is not served.
"""

import re
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np

from exporters.family import Family
from exporters.names.shared import GROUP_SUMS, GROUP_TOPIC_SUMS, active, extended
from monitor.analysis.derive.completeness import answered
from monitor.analysis.derive.partitions import measured_brokers
from monitor.collect import requests as sources
from monitor.model.snapshot import KNOWN
from monitor.model.table import Floats, Texts, objects
from monitor.model.view import View
from monitor.subjects.brokers import BROKER
from monitor.subjects.cluster import CLUSTER
from monitor.subjects.column import Subject
from monitor.subjects.kinds import BYTES, COUNT, FLAG, OFFSET, REQUESTS
from monitor.subjects.lag import LAG
from monitor.subjects.tables import numbers, one, texts
from monitor.subjects.topics import PARTITION, TOPIC

METADATA = (sources.METADATA,)
OFFSETS = (sources.LIST_OFFSETS,)
LOG_DIRS = (sources.LOG_DIRS,)


def _text(value: Any) -> Texts:
    """One text; None while it is unknown."""
    return objects([None if value is None else str(value)])


def _complete(view: View) -> bool:
    return view.up and all(each.success for each in view.snapshot.outcomes if each.ran)


EXPORTER = Subject(
    "exporter",
    "kmon and its last poll of a cluster",
    (),
    lambda _: 1,
    (
        texts("version", "version of kmon", lambda _: objects([version("kmon-kafka")])),
        one("complete", FLAG, "1 when every collector was complete in the last poll, else 0", _complete),
    ),
)


TRAFFIC = Subject(
    "traffic",
    "all requests to the brokers of a cluster",
    (),
    lambda _: 1,
    (
        one(
            "requests",
            REQUESTS,
            "requests to Kafka, including those that could not be sent",
            lambda view: view.snapshot.requests.requests.sum(),
        ),
        one(
            "responses",
            REQUESTS,
            "responses to kmon's requests",
            lambda view: (view.snapshot.requests.requests - view.snapshot.requests.errors).sum(),
        ),
        one(
            "received_bytes",
            BYTES,
            "total size of Kafka's responses",
            lambda view: view.snapshot.requests.received_bytes.sum(),
        ),
    ),
)


def _version(view: View) -> str | None:
    """The oldest version among the brokers, as KMinion writes it: v4.0."""
    known = [each for each in view.snapshot.brokers.version.tolist() if each]
    oldest = min(known, key=lambda each: [int(part) for part in re.findall(r"\d+", each)], default=None)
    return None if oldest is None else f"v{oldest}"


CLUSTER_INFO = extended(
    CLUSTER,
    texts("version", "oldest version among the brokers", lambda view: _text(_version(view))),
    texts(
        "broker_count",
        "brokers in metadata",
        lambda view: _text(view.totals.brokers if answered(view.snapshot, "cluster") else None),
    ),
    texts("controller", "node id of the active controller", lambda view: _text(view.snapshot.controller)),
)


def _is_controller(view: View) -> Texts:
    """Whether each broker is the active controller: true or false, None while that is unknown."""
    controller = view.snapshot.controller
    ids = view.broker_totals.broker.tolist()
    return objects(None if controller is None else str(each == controller).lower() for each in ids)


BROKERS = extended(BROKER, texts("is_controller", "whether it is the active controller", _is_controller))


def _start_sums(view: View) -> Floats:
    starts = view.snapshot.offsets.start_offset
    return np.bincount(view.snapshot.partitions.topic, starts, minlength=len(view.snapshot.topics)).astype(np.float64)


def _stored(view: View) -> Floats:
    """The size of all replicas of each topic, unknown while a broker that holds one has not reported its log dirs."""
    partitions, replicas, count = view.snapshot.partitions, view.snapshot.replicas, len(view.snapshot.topics)
    unmeasured = ~np.isin(partitions.replicas.values, measured_brokers(view.snapshot))
    holder = np.repeat(partitions.topic, partitions.replicas.counts)
    missing = np.bincount(holder[unmeasured], minlength=count) > 0
    return np.where(missing, np.nan, np.bincount(replicas.topic, replicas.size_bytes, minlength=count))


TOPICS = extended(
    TOPIC,
    numbers(
        "start_offset",
        OFFSET,
        "sum of the start offsets of the topic's partitions; unknown while any part is unknown",
        _start_sums,
    ),
    numbers(
        "stored_bytes",
        BYTES,
        "size of all replicas of the topic; unknown while any part is unknown",
        _stored,
    ),
)


def _empty_members(view: View) -> Floats:
    """Members of each group that are assigned nothing, unknown where assignments are, as those of Kafka Connect."""
    groups, members = view.snapshot.groups, view.snapshot.members
    empty = np.bincount(view.snapshot.assignments.member, minlength=len(members)) == 0
    counts = np.bincount(members.group[empty], minlength=len(groups))
    foreign = (groups.group_type == "classic") & (groups.protocol_type != "consumer")
    unknown = foreign | (groups.reason != KNOWN) | (groups.assignments_reason != KNOWN)
    return np.where(unknown, np.nan, counts)


GROUPS = extended(
    GROUP_SUMS,
    numbers(
        "stable",
        FLAG,
        "1 for a group in the state Stable, else 0",
        lambda view: np.asarray(view.snapshot.groups.state == "Stable", bool),
    ),
    numbers("empty_members", COUNT, "members of the group that are assigned no partition", _empty_members),
)

RENAME = {
    "group": "group_id",
    "topic": "topic_name",
    "partition": "partition_id",
    "broker": "broker_id",
    "host": "address",
    "rack": "rack_id",
    "partitions": "partition_count",
    "version": "cluster_version",
    "controller": "controller_id",
    "assignor": "protocol",
    "coordinator": "coordinator_id",
}
ADDRESS = ("broker", "host", "port", "rack")

family = partial(Family, rename=RENAME, sole_cluster="")

KMINION = (
    family("kminion_exporter_up", EXPORTER, "complete", labels=("version",), rename={}, always=True),
    family("kminion_kafka_requests_sent_total", TRAFFIC, "requests", always=True),
    family("kminion_kafka_requests_received_total", TRAFFIC, "responses", always=True),
    family("kminion_kafka_received_bytes", TRAFFIC, "received_bytes", always=True, counter=True),
    family(
        "kminion_kafka_cluster_info",
        CLUSTER_INFO,
        "",
        (*METADATA, sources.API_VERSIONS, sources.DESCRIBE_QUORUM),
        "Always 1. Labels: oldest version among the brokers, number of brokers, active controller, cluster id",
        labels=("version", "broker_count", "controller", "cluster_id"),
    ),
    family(
        "kminion_kafka_broker_info",
        BROKERS,
        "",
        (*METADATA, sources.DESCRIBE_QUORUM),
        "Always 1. Labels: the broker's advertised address, its rack, and whether it is the active controller",
        labels=(*ADDRESS, "is_controller"),
        where=active,
    ),
    family(
        "kminion_kafka_broker_log_dir_size_total_bytes", BROKERS, "size_bytes", LOG_DIRS, labels=ADDRESS, where=active
    ),
    family("kminion_kafka_topic_log_dir_size_total_bytes", TOPICS, "stored_bytes", (*METADATA, *LOG_DIRS)),
    family(
        "kminion_kafka_topic_info",
        TOPICS,
        "",
        (*METADATA, sources.TOPIC_CONFIGS),
        "Always 1. Labels: the topic's partitions, replication factor and cleanup.policy",
        labels=("topic", "partitions", "replication_factor", "cleanup_policy"),
    ),
    family("kminion_kafka_topic_partition_low_water_mark", PARTITION, "start_offset", OFFSETS),
    family("kminion_kafka_topic_partition_high_water_mark", PARTITION, "end_offset", OFFSETS),
    family("kminion_kafka_topic_low_water_mark_sum", TOPICS, "start_offset", OFFSETS),
    family(
        "kminion_kafka_topic_high_water_mark_sum",
        TOPICS,
        "end_offset",
        OFFSETS,
        "Sum of the end offsets of the topic's partitions; absent while any part is unknown",
    ),
    family(
        "kminion_kafka_consumer_group_info",
        GROUPS,
        "stable",
        (sources.LIST_GROUPS, *sources.GROUPS),
        labels=("group", "assignor", "protocol_type", "state", "coordinator"),
        where="state is not unknown and coordinator is not unknown",
        only="groups whose state and coordinator are known",
    ),
    family("kminion_kafka_consumer_group_members", GROUPS, "members", sources.GROUPS),
    family(
        "kminion_kafka_consumer_group_empty_members", GROUPS, "empty_members", sources.GROUPS, where="empty_members > 0"
    ),
    family(
        "kminion_kafka_consumer_group_topic_members",
        GROUP_TOPIC_SUMS,
        "members",
        sources.GROUPS,
        only="topics of which a member is assigned a partition",
        where="members > 0",
    ),
    family(
        "kminion_kafka_consumer_group_topic_assigned_partitions",
        GROUP_TOPIC_SUMS,
        "assigned",
        sources.GROUPS,
        only="topics of which a member is assigned a partition",
        where="assigned > 0",
    ),
    family("kminion_kafka_consumer_group_topic_offset_sum", GROUP_TOPIC_SUMS, "committed_offset", sources.COMMITS),
    family("kminion_kafka_consumer_group_topic_partition_lag", LAG, "lag", sources.LAG),
    family("kminion_kafka_consumer_group_topic_lag", GROUP_TOPIC_SUMS, "committed_lag", sources.LAG),
)
