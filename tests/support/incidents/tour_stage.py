"""Where the tour of the catalogue happens: a cluster that is easy to break, and one with TLS and ACLs."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from secure_cluster import KMON_NEEDS, SecureKafka

from incidents.scale import compressed_catalogue
from incidents.stage import MAY_MOUNT, IncidentCluster, Stage
from incidents.watching import Kmon, watching

MOST_SECONDS = 20.0
"""The longest compressed `for` and `keep_firing_for` of the tour."""
TWO_DIRS_BROKER = 1
"""The broker with a second log dir, on a small disk of its own, where this process may mount it."""
CONFIG = {
    # 30 s by default.
    "replica.lag.time.max.ms": 3000,
    # Leaders stay where they are until the script of the tour elects the preferred ones.
    "auto.leader.rebalance.enable": "false",
}
LAST_BYTES = 5_000_000
"""So much of a disk is filled in small steps, because brokers write to it meanwhile."""
FILLER = "filler"
"""A file beside those of Kafka that fills the disk."""


def tour_catalogue(without: Sequence[str] = ()) -> dict[str, Any]:
    """The catalogue with short times and all alerts enabled but for `without`."""
    document = compressed_catalogue(MOST_SECONDS)
    for group in document["groups"]:
        for rule in group["rules"]:
            rule["enabled"] = rule["alert"] not in without
    return document


class TourCluster(IncidentCluster):
    """An IncidentCluster with a second log dir on a small disk for one of its brokers, which does not hold metadata."""

    def __init__(self) -> None:
        self.second_disk: Path | None = None
        super().__init__(CONFIG)

    @property
    def second_dir(self) -> Path:
        """The log dir on the second disk."""
        return self._nodes[TWO_DIRS_BROKER].folder / "small/logs"

    def _choose_ports(self) -> None:
        super()._choose_ports()
        if os.environ.get(MAY_MOUNT):
            node = self._nodes[TWO_DIRS_BROKER]
            with node.properties.open("a") as properties:
                properties.write(f"log.dirs={node.data},{self.second_dir}\nmetadata.log.dir={node.data}\n")

    def _format(self) -> None:
        if os.environ.get(MAY_MOUNT) and self.second_disk is None:
            self.second_disk = self.second_dir.parent
            self.second_disk.mkdir()
            self._mount(self.second_disk)
        super()._format()


def fill(disk: Path, used: float) -> None:
    """Take up the room of a disk until this share of it is used; 1 for all of it."""
    found = os.statvfs(disk)
    missing = int(found.f_bavail * found.f_frsize - (1 - used) * found.f_blocks * found.f_frsize)
    with (disk / FILLER).open("wb", buffering=0) as filler:
        os.posix_fallocate(filler.fileno(), 0, missing - (LAST_BYTES if used == 1 else 0))
        filler.seek(0, os.SEEK_END)
        with suppress(OSError):  # the disk is full
            while used == 1:
                filler.write(bytes(found.f_frsize))


def empty(disk: Path) -> None:
    (disk / FILLER).unlink(missing_ok=True)


def configure(stage: Stage, kind: str, name: str, configs: Mapping[str, Any]) -> None:
    """Set configs of a TOPIC or BROKER; those that are None go back to their default."""
    wanted = {key: ("DELETE", None) if value is None else str(value) for key, value in configs.items()}
    with closing(stage.cluster.admin()) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType[kind], name, wanted)], raise_on_unknown=False)


def create_on(stage: Stage, topic: str, *brokers: int, **configs: object) -> str:
    """Create a topic with one partition and its replicas on these brokers; the first broker is the leader."""
    options = {
        "assignments": {0: [*brokers]},
        "configs": {key.replace("_", "."): str(value) for key, value in configs.items()},
    }
    with closing(stage.cluster.admin()) as admin:
        admin.create_topics({topic: options}, wait_for_metadata=True)
    return topic


def reassign(stage: Stage, topic: str, brokers: Iterable[int]) -> None:
    """Begin to move the only partition of a topic to these brokers."""
    with closing(stage.cluster.admin()) as admin:
        admin.alter_partition_reassignments({TopicPartition(topic, 0): [*brokers]})


class SecureStage:
    """A cluster with TLS and an authorizer, and its kmon, which logs in as a user of its own."""

    def __init__(self, kafka: SecureKafka, stack: ExitStack) -> None:
        self.kafka = kafka
        self.user = kafka.make_user("kmon", *KMON_NEEDS)
        login = kafka.security(self.user).model_dump(exclude_defaults=True)
        login["password"] = kafka.passwords[self.user]
        self.kmons: dict[str, Kmon] = {}
        self.kmons[""] = stack.enter_context(
            watching(
                kafka.bootstrap(), catalogue=tour_catalogue(), security={key: str(each) for key, each in login.items()}
            )
        )
