"""Metrics of topics: their totals, and the configs that say how safe and how long their records are kept."""

from collections.abc import Callable

import numpy as np

from exporters import sources
from exporters.family import Family, Label, Rows
from monitor.model.table import Floats
from monitor.model.view import View


def watched_topics(view: View) -> Rows:
    """Topics that the settings choose and that metadata names; those that only commits mention have no numbers."""
    topics = view.snapshot.topics
    return np.flatnonzero(topics.watched & (topics.partitions > 0))


def config(name: str) -> Callable[[View], Floats]:
    """A config of every topic, unknown before configs were asked."""

    def read(view: View) -> Floats:
        configs = view.snapshot.topic_configs
        known: Floats = getattr(configs, name)
        return known if len(configs) else np.full(len(view.snapshot.topics), np.nan)

    return read


TOPIC = (Label("topic", "snapshot.topics.topic"),)
METADATA = (sources.METADATA,)
CONFIGS = (sources.TOPIC_CONFIGS,)

TOPIC_FAMILIES = (
    Family(
        "kmon_topic_partitions",
        "Partitions of the topic",
        "snapshot.topics.partitions",
        TOPIC,
        rows=watched_topics,
        sources=METADATA,
    ),
    Family(
        "kmon_topic_replication_factor",
        "Number of replicas of the topic's partition 0",
        "topic_totals.replication_factor",
        TOPIC,
        rows=watched_topics,
        sources=METADATA,
    ),
    Family(
        "kmon_topic_offline_partitions",
        "Partitions of the topic without a leader",
        "topic_totals.offline",
        TOPIC,
        rows=watched_topics,
        sources=METADATA,
    ),
    Family(
        "kmon_topic_under_replicated_partitions",
        "Partitions of the topic with out-of-sync replicas, except those that a reassignment is adding",
        "topic_totals.under_replicated",
        TOPIC,
        rows=watched_topics,
        sources=METADATA,
    ),
    Family(
        "kmon_topic_under_min_isr_partitions",
        "Partitions of the topic with fewer in-sync replicas than min.insync.replicas; absent while that is unknown",
        "topic_totals.under_min_isr",
        TOPIC,
        rows=watched_topics,
        sources=(*METADATA, *CONFIGS),
    ),
    Family(
        "kmon_topic_size_bytes",
        "Size of the topic on its leaders; absent while the size of any partition is unknown",
        "topic_totals.size_bytes",
        TOPIC,
        unit="bytes",
        rows=watched_topics,
        sources=(*METADATA, sources.LOG_DIRS),
    ),
    Family(
        "kmon_topic_min_insync_replicas",
        "min.insync.replicas of the topic",
        config("min_insync_replicas"),
        TOPIC,
        rows=watched_topics,
        sources=CONFIGS,
    ),
    Family(
        "kmon_topic_retention_seconds",
        "retention.ms of the topic; +Inf for no limit",
        config("retention_seconds"),
        TOPIC,
        unit="seconds",
        whole=False,
        rows=watched_topics,
        sources=CONFIGS,
    ),
    Family(
        "kmon_topic_retention_bytes",
        "retention.bytes of the topic, a limit per partition; +Inf for no limit",
        config("retention_bytes"),
        TOPIC,
        unit="bytes",
        whole=False,
        rows=watched_topics,
        sources=CONFIGS,
    ),
)
