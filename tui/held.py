"""The replicas that one broker holds, by partition, as Kafka assigns them and as its log dirs report them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from monitor.analysis.derive.judged.partitions import judge_replicas
from monitor.analysis.derive.partitions import partition_rows
from monitor.model.cluster_tables import Replicas
from monitor.model.judgements import JudgedReplicas
from monitor.model.snapshot import NO_LEADER, Partitions, Snapshot
from monitor.model.table import Ints, objects
from monitor.model.text import size, visible
from monitor.model.view import View
from monitor.subjects.column import Subject
from monitor.subjects.kinds import WORD
from monitor.subjects.tables import judged, of, sentences, texts

ROLES = ("follower", "leader")
SAID = {"out of sync": "not in sync", "offline": "offline: the broker or its log dir is dead"}


@dataclass(frozen=True, eq=False)
class Holder:
    """A broker of a View: what the columns of HELD_REPLICA are read from, a row a partition, held by it or not."""

    view: View
    broker: int

    @property
    def snapshot(self) -> Snapshot:
        return self.view.snapshot

    @property
    def reasons(self) -> tuple[str, ...]:
        return self.view.reasons

    @cached_property
    def judged(self) -> JudgedReplicas:
        return judge_replicas(self.view, self.broker)

    @cached_property
    def current(self) -> Ints:
        """The row in `replicas` of the broker's replica of each partition, -1 where no log dir lists one."""
        return self._rows(future=False)

    @cached_property
    def future(self) -> Ints:
        """The same of the replica that is being moved to another log dir."""
        return self._rows(future=True)

    def _rows(self, *, future: bool) -> Ints:
        replicas = self.snapshot.replicas
        place = partition_rows(self.snapshot, replicas.topic, replicas.partition)
        mine = np.flatnonzero((replicas.broker == self.broker) & (replicas.future == future) & (place >= 0))
        found = np.full(len(self.snapshot.partitions), -1, np.int32)
        found[place[mine]] = mine
        return found


def _count(holder: Holder) -> int:
    return len(holder.snapshot.partitions)


def _roles(holder: Holder) -> Ints:
    return np.equal(holder.snapshot.partitions.leader, holder.broker).astype(np.int8)


def held_why(holder: Holder, row: int) -> str:
    """Why the replica of a partition is as it is, and where it is being moved, in words; empty for nothing."""
    snapshot, broker = holder.snapshot, holder.broker
    partitions, moving = snapshot.partitions, snapshot.reassignments
    replicas, leader = partitions.replicas.row(row), int(partitions.leader[row])
    parts = [SAID.get(str(holder.judged.words[row]), "")]
    same = (moving.topic == partitions.topic[row]) & (moving.partition == partitions.partition[row])
    for each in np.flatnonzero(same):
        if broker in moving.adding.row(int(each)):
            parts = ["being copied to this broker"]
        if broker in moving.removing.row(int(each)):
            parts.append("to be removed from this broker")
    if replicas[:1] == [broker] and leader != broker:
        parts.append(f"preferred leader, but {'none' if leader == NO_LEADER else leader} leads")
    future = int(holder.future[row])
    if future >= 0:
        path = visible(snapshot.log_dirs.path[snapshot.replicas.log_dir[future]], 40)
        parts.append(f"moving to log dir {path}, {size(snapshot.replicas.size_bytes[future])} done")
    return "; ".join(filter(None, parts))


HELD_REPLICA = Subject(
    "held_replica",
    "a replica that one broker holds",
    ("topic", "partition"),
    _count,
    (
        *of("snapshot.partitions", Partitions, "topic", "partition"),
        texts("role", "leader or follower", lambda _: objects(ROLES), _roles, words=ROLES, kind=WORD),
        *judged("judged", JudgedReplicas, "status", "level"),
        sentences("why", "reason for the status, and reassignments", _count, held_why),
        *of("snapshot.replicas", Replicas, "size_bytes", "offset_lag", "offset_lag_reason", "log_dir", by="current"),
    ),
)
