"""What a message says about anything that is not a group: a topic, a partition, a broker, or Kafka as a whole."""

from collections.abc import Iterator

import numpy as np

from alerts.facts.scene import MOST, Scene, few
from monitor.analysis.derive.partitions import partition_rows
from monitor.model.status import NOT_LATE, STATUSES
from monitor.model.table import Ints
from monitor.model.text import NAME, name_of, plural


def of_topic(scene: Scene, topic: int, partition: int | None) -> Iterator[tuple[str, str]]:
    """A row of `topics`, or one of its partitions."""
    view = scene.view
    name = str(view.snapshot.topics.topic[topic])
    yield "affected", "; ".join(filter(None, (_leaders(scene, topic, partition), _groups(scene, topic))))
    yield "cause", _causes(scene, scene.causes.of_topic(name, partition))


def of_broker(scene: Scene, broker: int) -> Iterator[tuple[str, str]]:
    view = scene.view
    totals = view.broker_totals
    rows = np.flatnonzero(totals.broker == broker)
    parts = []
    if len(rows):
        row = int(rows[0])
        parts.append(f"leads {plural(int(totals.leaders[row]), 'partition')}")
        parts.append(
            f"holds {plural(int(totals.replicas[row]), 'replica')}, {int(totals.out_of_sync[row]):,} out of sync"
        )
        coordinated = int((view.snapshot.groups.coordinator == broker).sum())
        parts.append(f"coordinates {plural(coordinated, 'group')}")
    parts.append(_late_on(scene, broker))
    yield "affected", "; ".join(filter(None, parts))
    yield "cause", _causes(scene, scene.causes.of_broker(broker))


def kafka(scene: Scene) -> str:
    """The problems of brokers, partitions and the quorum, or that there is none."""
    view, rows = scene.newest, scene.kafka_problems
    if len(rows):
        said = [str(view.problems.sentence[row]) for row in rows[:MOST].tolist()]
        more = len(rows) - MOST
        return "; ".join(said) + (f"; {plural(more, 'more problem')}" if more > 0 else "")
    totals = view.totals
    if not view.complete:
        return ""
    up = plural(totals.brokers - (totals.fenced or 0), "broker")
    return f"no problem: {up} up, no partition offline, under min ISR or under-replicated"


def _causes(scene: Scene, rows: tuple[int, ...]) -> str:
    return "; ".join(str(scene.view.problems.sentence[row]) for row in rows[-1:])


def _leaders(scene: Scene, topic: int, partition: int | None) -> str:
    """The leader and the in-sync replicas of one partition."""
    if partition is None:
        return ""
    table = scene.view.snapshot.partitions
    row = int(partition_rows(scene.view.snapshot, np.array([topic]), np.array([partition]))[0])
    if row < 0:
        return ""
    leader, replicas, isr = int(table.leader[row]), table.replicas.row(row), table.isr.row(row)
    led = f"leader broker {leader}" if leader >= 0 else "no leader"
    return f"{led}, in sync {_nodes(isr)} of replicas {_nodes(replicas)}"


def _nodes(nodes: list[int]) -> str:
    return ", ".join(map(str, nodes)) or "none"


def _groups(scene: Scene, topic: int) -> str:
    table = scene.view.group_topic_lags
    rows = scene.groups_on(topic).tolist()
    return _late_groups(scene, rows, [int(table.group[row]) for row in rows], [int(table.status[row]) for row in rows])


def _late_on(scene: Scene, broker: int) -> str:
    """The groups that are late on partitions that a broker leads."""
    view = scene.view
    rows = scene.late
    partition: Ints = view.lag.partition_row[rows]
    led = partition >= 0
    led[led] = view.snapshot.partitions.leader[partition[led]] == broker
    late = np.unique(view.lag.group[rows[led]]).tolist()
    if not late:
        return ""
    names = [name_of(str(view.snapshot.groups.group[group]), NAME) for group in late]
    return f"{plural(len(late), 'group')} late on partitions that it leads: {few(names, 'group')}"


def _late_groups(scene: Scene, rows: list[int], groups: list[int], statuses: list[int]) -> str:
    if not rows:
        return "no group reads it"
    late = [
        f"{name_of(str(scene.view.snapshot.groups.group[group]), NAME)} ({STATUSES[status]})"
        for group, status in zip(groups, statuses, strict=True)
        if status not in NOT_LATE
    ]
    read = f"read by {plural(len(rows), 'group')}"
    return f"{read}, {len(late):,} late: {few(late, 'group')}" if late else f"{read}, none known to be late"
