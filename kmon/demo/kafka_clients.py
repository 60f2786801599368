"""Members of the groups that only Kafka's own clients can form: consumer (KIP-848), share and streams groups."""

from kmon.demo.cluster import Cluster
from kmon.demo.node import render
from kmon.demo.processes import Process

# Written into Kafka's word-count example.
STREAMS_INPUT, STREAMS_OUTPUT = "streams-plaintext-input", "streams-wordcount-output"


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
