"""The shop's traffic on a demo cluster: its topics, its producer and its groups of every kind.

The kafka-python part runs as a process of its own, `python -m kmon.demo.workload CLIENT_CONFIG.json`, so that kmon's
own figures stay its own.
"""

import json
import logging
import os
import signal
import sys
import threading
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kmon.demo import kafka_clients
from kmon.demo.cluster import Cluster
from kmon.demo.processes import Process
from kmon.demo.shop import CONSUMER_GROUP, GROUPS, SHARE_GROUP, STREAMS_GROUP, TOPICS


class Workload:
    """Traffic on a running cluster between `start()` and `close()`, or inside a `with`.

    `kafka_clients=False` leaves out the three groups of Kafka's own clients, a JVM each.
    """

    def __init__(self, cluster: Cluster, *, kafka_clients: bool = True) -> None:
        self.cluster, self.kafka_clients = cluster, kafka_clients
        self.processes: list[Process] = []

    def start(self) -> Self:
        """Make the topics, commit the groups without members, start everybody; returns before they have all joined."""
        with closing(self.cluster.admin()) as admin:
            wanted = {
                plan.name: {"num_partitions": plan.partitions, "replication_factor": -1, "configs": plan.configs}
                for plan in TOPICS
            }
            there = set(admin.list_topics())
            admin.create_topics({name: o for name, o in wanted.items() if name not in there}, wait_for_metadata=True)
            _commit_memberless(admin)
        config = self.cluster.folder / "workload.json"
        config.write_text(json.dumps({"bootstrap_servers": self.cluster.bootstrap, **self.cluster.client_config}))
        argv = [sys.executable, "-m", "kmon.demo.workload", str(config)]
        self.processes = [self.cluster.spawn("workload", argv)]
        if self.kafka_clients:
            self.processes += _start_kafka_clients(self.cluster)
        return self

    @property
    def ended(self) -> tuple[Process, ...]:
        """Those of its processes that ended by themselves; none is the normal state."""
        return tuple(process for process in self.processes if not process.running)

    def close(self) -> None:
        """End all its processes. Members are not given time to leave their groups."""
        for process in self.processes:
            process.kill()
        self.processes = []

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


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


def run(client_config: dict[str, Any], stopping: threading.Event) -> None:
    """Produce and consume by kafka-python until `stopping`."""
    from kmon.demo.consumers import consume  # noqa: PLC0415  # kafka-python is slow to import
    from kmon.demo.producers import produce  # noqa: PLC0415  # as above

    jobs: list[tuple[Any, ...]] = [(produce, TOPICS, client_config, stopping)]
    jobs += [(consume, plan, n, client_config, stopping) for plan in GROUPS for n in range(1, plan.members + 1)]
    threads = [threading.Thread(target=job, args=args, daemon=True) for job, *args in jobs]
    for thread in threads:
        thread.start()
    stopping.wait()
    for thread in threads:
        thread.join(timeout=2)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    # A paused broker is an error a second to kafka-python, and an incident here.
    logging.basicConfig(level=logging.CRITICAL)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    os.nice(5)
    run(json.loads(Path(sys.argv[1]).read_text()), stopping)


if __name__ == "__main__":
    main()
