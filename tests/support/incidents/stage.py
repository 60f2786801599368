"""Where incidents happen: a real cluster of three brokers, its producer, its kmon, and what scripts do with them."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from breakable import Cluster
from cut_cluster import Relays
from kafka import OffsetAndMetadata, TopicPartition
from kafka_cluster import create_topic

from incidents.clients import Feeder, Reader
from incidents.watching import Kmon
from kmon.demo.node import HOST
from kmon.demo.readiness import commit

CLIENTS, MONITOR = "PLAINTEXT", "MONITOR"
"""The listener of everybody, and one that a kmon uses that can be cut off."""
KMON = -2
"""The end of each relay of MONITOR that is not a broker."""
DISK_BROKER, DISK_BYTES = 3, 1_000_000_000
"""The broker whose disk is a small one of its own, where this process may mount it."""
MAY_MOUNT = "KMON_INCIDENTS_MAY_MOUNT"

CONFIG = {
    # What groups may ask for: sessions of a tenth of the usual time, and one that lasts while its member hangs.
    "group.min.session.timeout.ms": 1000,
    "group.share.max.session.timeout.ms": 900_000,
    "group.streams.max.heartbeat.interval.ms": 60_000,
    "group.streams.max.session.timeout.ms": 300_000,
    # 5 min and 1 min by default.
    "log.retention.check.interval.ms": 3000,
    "log.segment.delete.delay.ms": 1000,
}


class IncidentCluster(Cluster):
    """Three brokers with a second listener behind relays that can be cut, and a small disk for one of them."""

    def __init__(self, config: Mapping[str, object] | None = None) -> None:
        self._relays = Relays(lambda _port: KMON)
        self.disk: Path | None = None
        self._mounts: list[Path] = []
        listeners = {CLIENTS: "PLAINTEXT", MONITOR: "PLAINTEXT"}
        super().__init__(3, listeners=listeners, config={**CONFIG, **(config or {})})

    def cut_off_monitor(self, cut: bool, *brokers: int) -> None:
        """Nothing passes through the listener MONITOR any more, or everything again; connections stay open.

        With `brokers`, those of the others stay as they are.
        """
        self._relays.cut_off((brokers or (KMON,)) if cut else ())

    @property
    def monitor_bootstrap(self) -> str:
        return ",".join(f"{HOST}:{port}" for port in self._relayed.values())

    def close(self) -> None:
        folder = self._temporary
        super().close()
        self._relays.close()
        if self._mounts and folder is not None:
            for each in self._mounts:
                subprocess.run(["umount", str(each)], check=False)
            shutil.rmtree(folder, ignore_errors=True)

    def _choose_ports(self) -> None:
        super()._choose_ports()
        self._relayed = {node.id: self._relays.add(node.id, node.ports[MONITOR]) for node in self._nodes.values()}
        for node in self._nodes.values():
            advertised = f"{CLIENTS}://{node.address(CLIENTS)},{MONITOR}://{HOST}:{self._relayed[node.id]}"
            with node.properties.open("a") as properties:  # the last of two lines counts
                properties.write(f"advertised.listeners={advertised}\n")

    def _format(self) -> None:
        if os.environ.get(MAY_MOUNT) and self.disk is None:
            disk = self._nodes[DISK_BROKER].folder
            kept = {each.name: each.read_bytes() for each in disk.iterdir()}
            self._mount(disk)
            for name, data in kept.items():
                (disk / name).write_bytes(data)
            self.disk = disk
        super()._format()

    def _mount(self, disk: Path) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(disk)], check=True)
        self._mounts.append(disk)


class Stage:
    """What a script may do. Topics and groups that it makes are its own."""

    def __init__(self, cluster: IncidentCluster, feeder: Feeder) -> None:
        self.cluster, self.feeder = cluster, feeder
        self.kmons: dict[str, Kmon] = {}
        """The kmon of each incident that has one of its own, and that of all others under an empty name."""

    @property
    def bootstrap(self) -> str:
        return self.cluster.bootstrap

    def fed(self, topic: str, per_second: float, partitions: int = 3, **configs: object) -> str:
        """A new topic, to which so many records a second are written in all."""
        create_topic(self.cluster, topic, partitions, 3, **configs)
        self.feeder.feed(topic, range(partitions), per_second / partitions)
        return topic

    @contextmanager
    def reader(self, group: str, *topics: str, **options: Any) -> Iterator[Reader]:
        """A member of a group that reads these topics, or one of its own name, until the context ends."""
        reader = Reader(self.bootstrap, group, topics or (group,), **options)
        try:
            yield reader
        finally:
            reader.leave()

    def delete_topic(self, topic: str) -> None:
        self.feeder.stop(topic)
        with closing(self.cluster.admin()) as admin:
            admin.delete_topics([topic])

    def delete_internal_topics(self, application: str) -> None:
        """Delete the topics that a streams application has made for itself."""
        with closing(self.cluster.admin()) as admin:
            admin.delete_topics([each for each in admin.list_topics() if each.startswith(f"{application}-")])

    def write(self, topic: str, count: int, record_bytes: int = 100_000) -> None:
        """Write so many records with Kafka's own tool. Raises RuntimeError where that fails."""
        props = (f"bootstrap.servers={self.bootstrap}", "acks=1", "buffer.memory=16000000")
        tool = self.cluster.spawn_tool(
            "org.apache.kafka.tools.ProducerPerformance",
            *("--topic", topic, "--num-records", str(count), "--record-size", str(record_bytes)),
            *("--throughput", "-1", "--producer-props", *props),
            name=f"writer-{topic}",
        )
        if tool.wait(120):
            raise RuntimeError(f"{topic} could not be written to: {tool.tail()}")

    def add_partitions(self, topic: str, count: int) -> None:
        with closing(self.cluster.admin()) as admin:
            admin.create_partitions({topic: count})

    def reset_offsets(self, group: str, offsets: Mapping[tuple[str, int], int]) -> None:
        """Commit for a group without members, as kafka-consumer-groups --reset-offsets does."""
        with closing(self.cluster.admin()) as admin:
            wanted = {TopicPartition(*place): OffsetAndMetadata(at, "", -1) for place, at in offsets.items()}
            commit(admin, group, wanted)

    def configure_group(self, group: str, configs: Mapping[str, str]) -> None:
        from kafka.admin import ConfigResource, ConfigResourceType  # slow to import

        with closing(self.cluster.admin()) as admin:
            admin.alter_configs(
                [ConfigResource(ConfigResourceType.GROUP, group, dict(configs))], raise_on_unknown=False
            )


def places(topic: str, partitions: Iterable[int], offset: int) -> dict[tuple[str, int], int]:
    return {(topic, each): offset for each in partitions}
