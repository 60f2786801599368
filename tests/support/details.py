"""The shop of `views` with everything else that Kafka can tell: quorum, disks, configs, reassignments, transactions."""

import math
from dataclasses import replace

import numpy as np
from broker_figures import reporting
from reasons import reasons, whys
from views import NOW, Group, Topic, snapshot_of

from monitor.analysis.view import make_view
from monitor.model.cluster_tables import (
    BrokerConfigs,
    Capabilities,
    Certificates,
    EligibleReplicas,
    Features,
    LogDirs,
    Producers,
    Quorum,
    Reassignments,
    Replicas,
    Subtopologies,
    Tasks,
    TieredOffsets,
    TopicConfigs,
    TransactionPartitions,
    Transactions,
)
from monitor.model.snapshot import Assignments, Brokers, Snapshot
from monitor.model.table import Ragged, objects
from monitor.model.view import View

GIB = float(2**30)
DENIED = "DescribeConfigs on the topic is denied (TOPIC_AUTHORIZATION_FAILED)"


def detailed_view(step: int = 0) -> View:
    """A View of a small shop in which every table of a Snapshot has rows; `step` polls later, offsets have moved on.

    Partition payments-0 is short of replica 3 and being reassigned to broker 4, which is fenced; audit-1 is offline;
    a transaction holds back orders-0; the log dir of broker 3 is offline; the configs of clicks are denied; the metrics
    endpoint of broker 3 timed out.
    """
    return make_view(detailed_snapshot(step), state_trouble="")


def detailed_snapshot(step: int = 0) -> Snapshot:
    """The Snapshot of `detailed_view`."""
    moved = 100.0 * step
    topics = [
        Topic("audit", [(0, 42), (0, 0)], leaders=[1, -1], isr=[[1, 2, 3], []]),
        Topic("clicks", [(0, 250_000 + 40 * moved), (0, 90_000)]),
        Topic("orders", [(0, 5_000 + moved), (10, 4_000 + moved), (0, 4_500 + moved)]),
        Topic(
            "payments", [(500, 12_000 + moved), (0, 9_000)], isr=[[1], [2, 3, 1]], replicas=[[1, 2, 3, 4], [2, 3, 1]]
        ),
    ]
    groups = [
        Group(
            "fulfilment",
            {("orders", 0): 4_000 + moved, ("orders", 1): 3_998 + moved},
            [("fulfil-1", "/10.0.3.17", [("orders", 0)]), ("fulfil-2", "/10.0.3.18", [("orders", 1)])],
            group_type="consumer",
            state="Reconciling",
        ),
        Group("ledger", {("payments", 0): 11_000, ("payments", 1): 7_000}, state="Empty"),
        Group("sync", {("orders", 0): 4_900 + moved}, [("inv", "/10.0.6.1", [])], group_type="share"),
        Group("totals", {("clicks", 0): 249_000}, [("tot-0", "/10.0.7.7", [("clicks", 0)])], group_type="streams"),
    ]
    snapshot = snapshot_of(topics, groups, time=NOW + 10 * step)
    codes = (*snapshot.reasons, *reasons(DENIED, "KAFKA_STORAGE_ERROR", "timed out after 5 s"))
    denied, storage, late = len(codes) - 3, len(codes) - 2, len(codes) - 1
    stable = snapshot.offsets.stable_offset.copy()
    stable[snapshot.topics.first_row[2]] -= 70
    nan = math.nan
    return replace(
        reporting(snapshot, late),
        reasons=codes,
        brokers=Brokers(
            np.array([1, 2, 3, 4]),
            objects(["127.0.0.1"] * 4),
            np.array([19092, 19093, 19094, 19095]),
            objects(["r1", "r2", "r3", None]),
            np.array([0.0, 0.0, 0.0, 1.0]),
            objects(["4.0", "4.0", "3.9", None]),
        ),
        offsets=replace(snapshot.offsets, stable_offset=stable),
        target_assignments=Assignments(member=np.array([1]), topic=np.array([2]), partition=np.array([2])),
        tasks=Tasks(
            member=np.array([3, 3]),
            subtopology=objects(["0", "1"]),
            partition=np.array([0, 0]),
            role=objects(["active", "standby"]),
        ),
        subtopologies=Subtopologies(
            group=np.array([3, 3]),
            subtopology=objects(["0", "1"]),
            source_topics=objects([("clicks",), ()]),
            repartition_topics=objects([(), ("totals-repartition",)]),
            changelog_topics=objects([(), ("totals-changelog",)]),
        ),
        quorum=Quorum(
            node=np.array([1, 2, 3, 4]),
            voter=np.array([True, True, True, False]),
            leader=np.array([True, False, False, False]),
            log_end_offset=np.array([8_000.0, 8_000.0, 7_990.0, 2_000.0]),
            last_fetch=snapshot.time - np.array([0.0, 0.2, 0.4, 600.0]),
            last_caught_up=snapshot.time - np.array([0.0, 0.2, 3.0, 600.0]),
        ),
        quorum_epoch=17,
        certificates=Certificates(broker=np.array([1, 2]), certificate_expires=NOW + 86_400.0 * np.array([90, 12])),
        quorum_silent=False,
        features=Features(feature=objects(["group.version", "metadata.version"]), level=np.array([1, 25])),
        capabilities=Capabilities(
            capability=objects(["describe_all_topics", "describe_configs", "share_lag"]),
            available=np.array([1.0, 0.0, nan]),
            why_not=whys("", DENIED, "broker 2: timed out after 3.0 s"),
        ),
        reassignments=Reassignments(
            topic=np.array([3]),
            partition=np.array([0]),
            replicas=Ragged.of([[1, 2, 3, 4]]),
            adding=Ragged.of([[4]]),
            removing=Ragged.of([[3]]),
        ),
        eligible_replicas=EligibleReplicas(
            topic=np.array([3]), partition=np.array([0]), eligible=Ragged.of([[2]]), last_known=Ragged.of([[]])
        ),
        tiered_offsets=TieredOffsets(
            topic=np.array([1, 1]),
            partition=np.array([0, 1]),
            local_start_offset=np.array([200_000.0, nan]),
            tiered_end_offset=np.array([199_999.0, nan]),
            reason=np.array([0, 0]),
        ),
        log_dirs=LogDirs(
            broker=np.array([1, 2, 3]),
            path=objects(["/data/a", "/data/a", "/data/a"]),
            total_bytes=np.array([100 * GIB, 100 * GIB, nan]),
            usable_bytes=np.array([40 * GIB, 8 * GIB, nan]),
            reason=np.array([0, 0, storage]),
        ),
        replicas=_replicas(snapshot),
        topic_configs=TopicConfigs(
            min_insync_replicas=np.array([1.0, nan, 2.0, 2.0]),
            retention_seconds=np.array([math.inf, nan, 604_800.0, 86_400.0]),
            retention_bytes=np.array([math.inf, nan, math.inf, GIB]),
            local_retention_seconds=np.array([nan, nan, nan, nan]),
            cleanup_policy=objects(["compact", None, "delete", "delete"]),
            unclean_election=np.array([0.0, nan, 0.0, 1.0]),
            timestamp_type=objects(["CreateTime", None, "CreateTime", "LogAppendTime"]),
            remote_storage=np.array([0.0, nan, 0.0, 0.0]),
            digest=objects(["aa11", None, "bb22", "cc33"]),
            reason=np.array([0, denied, 0, 0]),
        ),
        broker_configs=BrokerConfigs(
            broker=np.array([1, 2, 3]),
            min_insync_replicas=np.full(3, 1.0),
            replication_factor=np.full(3, 3.0),
            retention_seconds=np.full(3, 604_800.0),
            offsets_retention_seconds=np.full(3, 604_800.0),
            transaction_max_timeout_seconds=np.full(3, 900.0),
            unclean_election=np.zeros(3),
            auto_create_topics=np.array([0.0, 0.0, 1.0]),
            digest=objects(["d1", "d1", "d9"]),
            reason=np.zeros(3, np.int32),
        ),
        transactions=Transactions(
            transactional_id=objects(["billing-1"]),
            producer_id=np.array([4001.0]),
            state=objects(["Ongoing"]),
            coordinator=np.array([2]),
            started=np.array([NOW - 840]),
            timeout_seconds=np.array([900.0]),
            reason=np.array([0]),
        ),
        transaction_partitions=TransactionPartitions(
            transaction=np.array([0]), topic=np.array([2]), partition=np.array([0])
        ),
        producers=Producers(
            topic=np.array([2]),
            partition=np.array([0]),
            producer_id=np.array([4001.0]),
            producer_epoch=np.array([3]),
            last_timestamp=np.array([NOW - 800]),
            transaction_start_offset=np.array([4_930.0]),
        ),
        hidden_topics=2,
        hidden_groups=1,
        notices=("3 of 7 topics not monitored (limits.partitions = 9)",),
    )


def _replicas(snapshot: Snapshot) -> Replicas:
    """What brokers 1 and 2 hold of each partition, a KiB a record; broker 3 cannot say, and 4 is not asked."""
    partitions = snapshot.partitions
    rows = [
        (broker - 1, broker, int(partitions.topic[row]), int(partitions.partition[row]), row)
        for row in range(len(partitions))
        for broker in partitions.replicas.row(row)
        if broker in (1, 2)
    ]
    size = snapshot.offsets.end_offset * 1024
    return Replicas(
        log_dir=np.array([each[0] for each in rows]),
        broker=np.array([each[1] for each in rows]),
        topic=np.array([each[2] for each in rows]),
        partition=np.array([each[3] for each in rows]),
        size_bytes=np.array([size[each[4]] for each in rows]),
        offset_lag=np.zeros(len(rows)),
        offset_lag_reason=np.zeros(len(rows), np.int32),
        future=np.zeros(len(rows), bool),
    )
