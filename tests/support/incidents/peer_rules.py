"""The published rules of peers on the metrics of exporters, as expressions, thresholds and times.

Every time is compressed like kmon's. Rules on JMX metrics of brokers (of kafka-observ-lib, Strimzi and Confluent) are
not here, because no exporter on Kafka's protocol has those. Severities are left out: each alert counts as a page.
"""

from dataclasses import dataclass

from incidents.scale import seconds


@dataclass(frozen=True)
class PeerRule:
    """A rule; `for_seconds` and `keep_seconds` are as published."""

    peer: str
    alert: str
    expression: str
    for_seconds: float = 0.0
    keep_seconds: float = 0.0


OBSERV, STRIMZI, SAMBER, KLAG = "kafka-observ-lib", "Strimzi", "samber", "klag-exporter"
INTERNAL = 'topic!~"__.*"'

RULES = (
    PeerRule(
        OBSERV,
        "KafkaLagKeepsIncreasing",
        f"sum by (consumergroup, topic) (delta(kafka_consumergroup_lag[{seconds(300)}])) > 0",
        900,
        600,
    ),
    PeerRule(OBSERV, "KafkaLagIsTooHigh", "sum by (consumergroup, topic) (kafka_consumergroup_lag) > 100", 900, 300),
    PeerRule(OBSERV, "KafkaBrokerCount", "count(kafka_brokers) == 0", 300),
    PeerRule(
        STRIMZI,
        "UnderReplicatedPartition",
        "sum by (topic) (kafka_topic_partition_under_replicated_partition) > 0",
        10,
    ),
    PeerRule(
        STRIMZI,
        "TooLargeConsumerGroupLag",
        "sum by (consumergroup, topic, partition) (kafka_consumergroup_lag) > 1000",
        10,
    ),
    PeerRule(
        STRIMZI,
        "NoMessageForTooLong",
        f"sum by (topic) (changes(kafka_topic_partition_current_offset{{{INTERNAL}}}[{seconds(600)}])) == 0",
        10,
    ),
    PeerRule(SAMBER, "KafkaTopicsReplicas", "min by (topic) (kafka_topic_partition_in_sync_replica) < 3"),
    PeerRule(SAMBER, "KafkaConsumersGroup", "sum by (consumergroup) (kafka_consumergroup_lag) > 10000", 60),
    PeerRule(
        SAMBER,
        "KafkaConsumerLagIncreasing",
        f"sum by (consumergroup) (delta(kafka_consumergroup_lag[{seconds(300)}])) > 0",
        900,
    ),
    PeerRule(KLAG, "KafkaMessagesLost", "sum by (group, topic) (kafka_consumergroup_group_messages_lost) > 0"),
    PeerRule(
        KLAG,
        "KafkaLagRetentionRatio",
        "max by (group, topic) (kafka_consumergroup_group_lag_retention_ratio) > 80",
        300,
    ),
)

PEERS = tuple(dict.fromkeys(rule.peer for rule in RULES))


def rule_file() -> dict[str, object]:
    """The rules in the layout of Prometheus."""

    def written(rule: PeerRule) -> dict[str, object]:
        times = (("for", rule.for_seconds), ("keep_firing_for", rule.keep_seconds))
        return {
            "alert": rule.alert,
            "expr": rule.expression,
            "labels": {"peer": rule.peer},
            **{key: f"{each:g}s" for key, each in ((key, seconds_of(usual)) for key, usual in times) if each},
        }

    return {
        "groups": [{"name": peer, "rules": [written(each) for each in RULES if each.peer == peer]} for peer in PEERS]
    }


def seconds_of(usual: float) -> float:
    """Compressed seconds."""
    return float(seconds(usual).removesuffix("s"))
