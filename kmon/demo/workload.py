"""The shop's traffic on a demo cluster: its topics, its producer and its groups of every kind."""

import sys
from contextlib import closing
from typing import Any, Self

from kmon.demo import kafka_clients
from kmon.demo.cluster import Cluster
from kmon.demo.processes import Process
from kmon.demo.shop import CONSUMER_GROUP, GROUPS, SHARE_GROUP, STREAMS_GROUP, TOPICS


class Workload:
    """Traffic on a running cluster inside a `with`."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.processes: list[Process] = []

    def __enter__(self) -> Self:
        """Make the topics, commit the groups without members, start everybody; returns before they have all joined."""
        with closing(self.cluster.admin()) as admin:
            wanted = {
                plan.name: {"num_partitions": plan.partitions, "replication_factor": -1, "configs": plan.configs}
                for plan in TOPICS
            }
            there = set(admin.list_topics())
            admin.create_topics({name: o for name, o in wanted.items() if name not in there}, wait_for_metadata=True)
            _commit_memberless(admin)
        argv = [sys.executable, "-m", "kmon.demo.traffic", self.cluster.bootstrap]
        self.processes = [self.cluster.spawn("traffic", argv), *_start_kafka_clients(self.cluster)]
        return self

    def __exit__(self, *_: object) -> None:
        """End all its processes. Members are not given time to leave their groups."""
        for process in self.processes:
            process.kill()


def _commit_memberless(admin: Any) -> None:
    from kafka import OffsetAndMetadata, TopicPartition  # noqa: PLC0415  # slow to import

    partitions = {plan.name: plan.partitions for plan in TOPICS}
    for group in GROUPS:
        if not group.members:
            start = OffsetAndMetadata(0, "", -1)
            admin.alter_group_offsets(
                group.name, {TopicPartition(group.topic, p): start for p in range(partitions[group.topic])}
            )


def _start_kafka_clients(cluster: Cluster) -> list[Process]:
    return [
        kafka_clients.consumer_member(cluster, *CONSUMER_GROUP, f"{CONSUMER_GROUP[0]}-1"),
        kafka_clients.share_member(cluster, *SHARE_GROUP, f"{SHARE_GROUP[0]}-1"),
        kafka_clients.streams_member(cluster, STREAMS_GROUP, f"{STREAMS_GROUP}-1"),
    ]
