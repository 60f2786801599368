"""The shop's traffic on a demo cluster: its topics, its producer and its groups of every kind."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from kmon.demo.cluster import Cluster
from kmon.demo.node import render
from kmon.demo.processes import Process
from kmon.demo.readiness import commit
from kmon.demo.shop import CONSUMER_GROUP, GROUPS, SHARE_GROUP, STREAMS_GROUP, TOPICS


@contextmanager
def workload(cluster: Cluster) -> Iterator[list[Process]]:
    """Traffic on a running cluster while the context lasts; gives its processes, before all members have joined.

    At the end they are killed: members are not given time to leave their groups.
    """
    with closing(cluster.admin()) as admin:
        wanted = {
            plan.name: {"num_partitions": plan.partitions, "replication_factor": -1, "configs": plan.configs}
            for plan in TOPICS
        }
        there = set(admin.list_topics())
        admin.create_topics({name: o for name, o in wanted.items() if name not in there}, wait_for_metadata=True)
        _commit_memberless(admin)
    processes = [
        cluster.spawn("traffic", [sys.executable, "-m", "kmon.demo.traffic", cluster.bootstrap]),
        consumer_member(cluster, *CONSUMER_GROUP, f"{CONSUMER_GROUP[0]}-1"),
        share_member(cluster, *SHARE_GROUP, f"{SHARE_GROUP[0]}-1"),
        streams_member(cluster, STREAMS_GROUP, f"{STREAMS_GROUP}-1"),
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()


def _commit_memberless(admin: Any) -> None:
    from kafka import OffsetAndMetadata, TopicPartition  # noqa: PLC0415  # slow to import

    partitions = {plan.name: plan.partitions for plan in TOPICS}
    for group in GROUPS:
        if not group.members:
            start = OffsetAndMetadata(0, "", -1)
            commit(admin, group.name, {TopicPartition(group.topic, p): start for p in range(partitions[group.topic])})


# ---------------------------------------------------------------- members that only Kafka's own clients can be


def consumer_member(cluster: Cluster, group: str, topic: str, name: str) -> Process:
    """A member of a KIP-848 consumer group: reads `topic` from its start and commits after every batch."""
    return cluster.spawn_tool(
        "org.apache.kafka.tools.VerifiableConsumer",
        *("--bootstrap-server", cluster.bootstrap, "--topic", topic, "--group-id", group),
        *("--group-protocol", "consumer", "--command-config", _properties(cluster, name, {})),
        name=name,
        keep_output=False,
    )


def share_member(cluster: Cluster, group: str, topic: str, name: str) -> Process:
    """A member of a share group: accepts what comes in after the group's first member joined, unless
    the group's config `share.auto.offset.reset` is `earliest`.
    """
    return cluster.spawn_tool(
        "org.apache.kafka.tools.consumer.ConsoleShareConsumer",
        *("--bootstrap-server", cluster.bootstrap, "--topic", topic, "--group", group),
        *("--command-config", _properties(cluster, name, {})),
        name=name,
        keep_output=False,
    )


def streams_member(cluster: Cluster, application: str, name: str) -> Process:
    """One instance of the word-count application: `STREAMS_INPUT` to `STREAMS_OUTPUT`, which must both exist."""
    settings = {
        "application.id": application,
        "bootstrap.servers": cluster.bootstrap,
        "group.protocol": "streams",
        "state.dir": cluster.folder / name,
        "commit.interval.ms": 1000,
        "replication.factor": min(3, len(cluster.ids)),
        "num.stream.threads": 1,
    }
    return cluster.spawn_tool(
        "org.apache.kafka.streams.examples.wordcount.WordCountDemo",
        _properties(cluster, name, settings),
        name=name,
        heap_mb=80,
        streams=True,
        keep_output=False,
    )


def _properties(cluster: Cluster, name: str, settings: dict[str, object]) -> str:
    path = cluster.folder / f"{name}.properties"
    path.write_text(render({"client.id": name, **settings}))
    return str(path)
