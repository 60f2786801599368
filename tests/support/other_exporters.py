"""Facts about other exporters: their metrics and labels, and what their published dashboards and rules use of these.

Read in 2026-11 from the sources of danielqsj/kafka_exporter (953e2f1), redpanda-data/kminion (4f3867a),
seglo/kafka-lag-exporter (3fcb3c7), softwaremill/klag-exporter (26078ac and later) and grafana/jsonnet-libs.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from views import Group, Topic, snapshot_of

from monitor.analysis.view import make_view
from monitor.model.cluster_tables import LogDirs, Replicas, TopicConfigs
from monitor.model.snapshot import Snapshot
from monitor.model.table import objects
from monitor.model.view import View

TOPIC_PARTITION = "topic partition"
MINION_PARTITION = "topic_name partition_id"
MEMBER = "cluster_name group topic partition member_host consumer_id client_id"
DETECTED = f"{MEMBER} compaction_detected data_loss_detected"

SERVED: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "kafka_exporter": {
        "kafka_brokers": ("gauge", ""),
        "kafka_broker_info": ("gauge", "id address"),
        "kafka_topic_partitions": ("gauge", "topic"),
        "kafka_topic_partition_current_offset": ("gauge", TOPIC_PARTITION),
        "kafka_topic_partition_oldest_offset": ("gauge", TOPIC_PARTITION),
        "kafka_topic_partition_leader": ("gauge", TOPIC_PARTITION),
        "kafka_topic_partition_replicas": ("gauge", TOPIC_PARTITION),
        "kafka_topic_partition_in_sync_replica": ("gauge", TOPIC_PARTITION),
        "kafka_topic_partition_leader_is_preferred": ("gauge", TOPIC_PARTITION),
        "kafka_topic_partition_under_replicated_partition": ("gauge", TOPIC_PARTITION),
        "kafka_consumergroup_current_offset": ("gauge", "consumergroup topic partition"),
        "kafka_consumergroup_current_offset_sum": ("gauge", "consumergroup topic"),
        "kafka_consumergroup_lag": ("gauge", "consumergroup topic partition"),
        "kafka_consumergroup_lag_sum": ("gauge", "consumergroup topic"),
        "kafka_consumergroup_members": ("gauge", "consumergroup"),
    },
    "kminion": {
        "kminion_exporter_up": ("gauge", "version"),
        "kminion_kafka_requests_sent_total": ("counter", ""),
        "kminion_kafka_requests_received_total": ("counter", ""),
        "kminion_kafka_received_bytes": ("counter", ""),
        "kminion_kafka_cluster_info": ("gauge", "cluster_version broker_count controller_id cluster_id"),
        "kminion_kafka_broker_info": ("gauge", "broker_id address port rack_id is_controller"),
        "kminion_kafka_broker_log_dir_size_total_bytes": ("gauge", "broker_id address port rack_id"),
        "kminion_kafka_topic_log_dir_size_total_bytes": ("gauge", "topic_name"),
        "kminion_kafka_topic_info": ("gauge", "topic_name partition_count replication_factor cleanup_policy"),
        "kminion_kafka_topic_partition_low_water_mark": ("gauge", MINION_PARTITION),
        "kminion_kafka_topic_partition_high_water_mark": ("gauge", MINION_PARTITION),
        "kminion_kafka_topic_low_water_mark_sum": ("gauge", "topic_name"),
        "kminion_kafka_topic_high_water_mark_sum": ("gauge", "topic_name"),
        "kminion_kafka_consumer_group_info": ("gauge", "group_id protocol protocol_type state coordinator_id"),
        "kminion_kafka_consumer_group_members": ("gauge", "group_id"),
        "kminion_kafka_consumer_group_empty_members": ("gauge", "group_id"),
        "kminion_kafka_consumer_group_topic_members": ("gauge", "group_id topic_name"),
        "kminion_kafka_consumer_group_topic_assigned_partitions": ("gauge", "group_id topic_name"),
        "kminion_kafka_consumer_group_topic_offset_sum": ("gauge", "group_id topic_name"),
        "kminion_kafka_consumer_group_topic_partition_lag": ("gauge", f"group_id {MINION_PARTITION}"),
        "kminion_kafka_consumer_group_topic_lag": ("gauge", "group_id topic_name"),
    },
    "kafka_lag_exporter": {
        "kafka_partition_latest_offset": ("gauge", f"cluster_name {TOPIC_PARTITION}"),
        "kafka_partition_earliest_offset": ("gauge", f"cluster_name {TOPIC_PARTITION}"),
        "kafka_consumergroup_group_offset": ("gauge", MEMBER),
        "kafka_consumergroup_group_lag": ("gauge", DETECTED),
        "kafka_consumergroup_group_lag_seconds": ("gauge", DETECTED),
        "kafka_consumergroup_group_max_lag": ("gauge", "cluster_name group"),
        "kafka_consumergroup_group_max_lag_seconds": ("gauge", "cluster_name group"),
        "kafka_consumergroup_group_sum_lag": ("gauge", "cluster_name group"),
        "kafka_consumergroup_group_topic_sum_lag": ("gauge", "cluster_name group topic"),
        "kafka_consumergroup_poll_time_ms": ("gauge", "cluster_name"),
        "kafka_consumergroup_group_messages_lost": ("gauge", f"cluster_name group {TOPIC_PARTITION}"),
        "kafka_consumergroup_group_retention_margin": ("gauge", f"cluster_name group {TOPIC_PARTITION}"),
        "kafka_consumergroup_group_lag_retention_ratio": ("gauge", f"cluster_name group {TOPIC_PARTITION}"),
        "kafka_consumergroup_group_state": ("gauge", "cluster_name group"),
        "kafka_lag_exporter_up": ("gauge", ""),
        "kafka_lag_exporter_scrape_duration_seconds": ("gauge", ""),
        "kafka_lag_exporter_last_update_timestamp_seconds": ("gauge", "cluster_name"),
        "kafka_lag_exporter_compaction_detected_total": ("gauge", "cluster_name"),
        "kafka_lag_exporter_data_loss_partitions_total": ("gauge", "cluster_name"),
    },
}
"""The metrics of each exporter that the Admin API can serve: type and labels."""

NOT_SERVED = {
    "kafka_exporter": ("kafka_consumergroupzookeeper_lag_zookeeper", "kafka_exporter_build_info"),
    "kminion": (
        "kminion_exporter_offset_consumer_records_consumed_total",
        "kminion_kafka_sent_bytes",
        "kminion_kafka_consumer_group_offset_commits_total",
        "kminion_end_to_end_messages_produced_total",
        "kminion_end_to_end_messages_produced_failed_total",
        "kminion_end_to_end_messages_produced_in_flight",
        "kminion_end_to_end_messages_received_total",
        "kminion_end_to_end_messages_lost_total",
        "kminion_end_to_end_offset_commits_total",
        "kminion_end_to_end_produce_latency_seconds",
        "kminion_end_to_end_offset_commit_latency_seconds",
        "kminion_end_to_end_roundtrip_latency_seconds",
    ),
    "kafka_lag_exporter": ("jvm_memory_bytes_used", "jvm_gc_collection_seconds_count", "jvm_gc_collection_seconds_sum"),
}
"""The metrics of each exporter that it cannot serve."""

PUBLISHED: Mapping[str, Mapping[str, str]] = {
    "kafka_exporter: kafka_exporter_overview.json (Grafana 7589)": {
        "kafka_consumergroup_current_offset": "consumergroup topic",
        "kafka_consumergroup_lag": "consumergroup topic",
        "kafka_topic_partition_current_offset": "topic",
        "kafka_topic_partitions": "topic",
    },
    "kafka_exporter: rules of its chart": {
        "kafka_brokers": "",
        "kafka_topic_partition_in_sync_replica": "topic",
        "kafka_topic_partition_leader": "topic",
        "kafka_topic_partition_replicas": "topic",
    },
    "kafka_exporter: kafka-observ-lib of grafana/jsonnet-libs": {
        "kafka_consumergroup_current_offset": "consumergroup topic",
        "kafka_consumergroup_lag": "consumergroup topic",
        "kafka_topic_partition_current_offset": "topic partition",
    },
    "kminion: docs/metrics.md and its users' queries": {
        "kminion_kafka_broker_log_dir_size_total_bytes": "broker_id",
        "kminion_kafka_cluster_info": "broker_count cluster_version controller_id",
        "kminion_kafka_consumer_group_empty_members": "group_id",
        "kminion_kafka_consumer_group_info": "group_id state",
        "kminion_kafka_consumer_group_members": "group_id",
        "kminion_kafka_consumer_group_topic_lag": "group_id topic_name",
        "kminion_kafka_consumer_group_topic_offset_sum": "group_id topic_name",
        "kminion_kafka_consumer_group_topic_partition_lag": "group_id topic_name partition_id",
        "kminion_kafka_received_bytes": "",
        "kminion_kafka_requests_received_total": "",
        "kminion_kafka_requests_sent_total": "",
        "kminion_kafka_topic_high_water_mark_sum": "topic_name",
        "kminion_kafka_topic_info": "topic_name partition_count replication_factor",
        "kminion_kafka_topic_log_dir_size_total_bytes": "topic_name",
        "kminion_kafka_topic_low_water_mark_sum": "topic_name",
        "kminion_kafka_topic_partition_high_water_mark": "topic_name partition_id",
    },
    "kafka_lag_exporter: Kafka_Lag_Exporter_Dashboard.json": {
        "kafka_consumergroup_group_lag": "cluster_name group",
        "kafka_consumergroup_group_lag_seconds": "cluster_name group",
        "kafka_consumergroup_group_max_lag": "cluster_name group",
        "kafka_consumergroup_group_max_lag_seconds": "cluster_name group",
        "kafka_consumergroup_group_offset": "cluster_name group topic partition",
        "kafka_partition_latest_offset": "cluster_name topic partition",
    },
    "kafka_lag_exporter: kafka-lag.json of klag-exporter": {
        "kafka_consumergroup_group_lag": "cluster_name group topic partition",
        "kafka_consumergroup_group_lag_retention_ratio": "cluster_name group topic partition",
        "kafka_consumergroup_group_lag_seconds": "cluster_name group topic partition",
        "kafka_consumergroup_group_max_lag_seconds": "cluster_name group",
        "kafka_consumergroup_group_offset": "cluster_name group topic",
        "kafka_consumergroup_group_sum_lag": "cluster_name group",
        "kafka_lag_exporter_data_loss_partitions_total": "cluster_name",
        "kafka_lag_exporter_last_update_timestamp_seconds": "cluster_name",
        "kafka_lag_exporter_up": "",
        "kafka_partition_latest_offset": "cluster_name topic partition",
    },
}
"""The metrics that published dashboards and rules query, with the labels that these queries select or group by."""


def whole_snapshot(step: int = 0) -> Snapshot:
    """A Snapshot in which each metric of SERVED has a number; `step` polls later, offsets have moved on.

    Topic orders is compacted, and payments-0 is short of a replica and has lost records of group ledger.
    """
    moved = 50.0 * step
    topics = [
        Topic("orders", [(0, 5_000 + moved), (10, 4_000)]),
        Topic("payments", [(500, 12_000)], isr=[[2, 3]], replicas=[[1, 2, 3]], leaders=[2]),
    ]
    groups = [
        Group("ledger", {("payments", 0): 100}, state="Empty"),
        Group(
            "shop",
            {("orders", 0): 4_900 + moved, ("orders", 1): 4_005},
            [("a", "10.0.3.17", [("orders", 0), ("orders", 1)]), ("b", "10.0.3.18", [])],
        ),
    ]
    snapshot = snapshot_of(topics, groups)
    rows = [(broker, row) for broker in (1, 2, 3) for row in range(len(snapshot.partitions))]
    at = np.array([row for _, row in rows])
    nothing = np.full(2, np.nan)
    return replace(
        snapshot,
        started=snapshot.started,
        log_dirs=LogDirs(
            broker=np.array([1, 2, 3]),
            path=objects(["/data"] * 3),
            total_bytes=np.full(3, 1e9),
            usable_bytes=np.full(3, 5e8),
            reason=np.zeros(3, np.int32),
        ),
        replicas=Replicas(
            log_dir=np.array([broker - 1 for broker, _ in rows]),
            broker=np.array([broker for broker, _ in rows]),
            topic=snapshot.partitions.topic[at],
            partition=snapshot.partitions.partition[at],
            size_bytes=np.full(len(rows), 1000.0),
            offset_lag=np.zeros(len(rows)),
            offset_lag_reason=np.zeros(len(rows), np.int32),
            future=np.zeros(len(rows), bool),
        ),
        topic_configs=TopicConfigs(
            min_insync_replicas=np.ones(2),
            retention_seconds=np.full(2, 86_400.0),
            retention_bytes=np.full(2, np.inf),
            local_retention_seconds=nothing,
            cleanup_policy=objects(["compact,delete", "delete"]),
            unclean_election=np.zeros(2),
            timestamp_type=objects(["CreateTime"] * 2),
            remote_storage=np.zeros(2),
            digest=objects([None] * 2),
            reason=np.zeros(2, np.int32),
        ),
    )


def whole_view(step: int = 0) -> View:
    """The View of `whole_snapshot`, in which the next record of ledger is 90 s old, and of shop's orders-0 30 s."""
    view = make_view(whole_snapshot(step))
    times = replace(view.lag_times, lag_seconds=np.array([90.0, 30.0, 0.0]), reason=np.zeros(3, np.int32))
    return replace(view, lag_times=times)
