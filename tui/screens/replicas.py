"""The replicas that one broker holds: those in trouble first, then the largest."""

from collections.abc import Hashable

import numpy as np

from monitor.analysis.derive.judged.partitions import judge_replicas, on_broker
from monitor.analysis.derive.partitions import partition_rows
from monitor.model.cluster_tables import LogDirs, Replicas
from monitor.model.snapshot import NO_LEADER, Partitions, Topics
from monitor.model.table import Floats, Ints, Texts
from monitor.model.text import size, visible
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.broker import OneBroker
from tui.screens.topic import TopicScreen
from tui.widgets.columns import Column, meaning
from tui.widgets.places import Places
from tui.widgets.rows import Make, Rows, counts, judged_rows, names, numbers, reasons, sizes, statuses

SAID = {"out of sync": "not in sync", "offline": "offline: the broker or its log dir is dead"}


def _broker(rows: Rows) -> int:
    assert isinstance(rows.about, int)
    return rows.about


def _log_dir_rows(rows: Rows, *, future: bool) -> Ints:
    """The row in `replicas` of this broker's replica of each partition, -1 where there is none."""
    snapshot = rows.view.snapshot
    replicas = snapshot.replicas
    place = partition_rows(snapshot, replicas.topic, replicas.partition)
    mine = np.flatnonzero((replicas.broker == _broker(rows)) & (replicas.future == future) & (place >= 0))
    found = np.full(len(snapshot.partitions), -1, np.int32)
    found[place[mine]] = mine
    return found[rows.pick]


def _current(rows: Rows) -> Ints:
    return _log_dir_rows(rows, future=False)


def _future(rows: Rows) -> Ints:
    return _log_dir_rows(rows, future=True)


def _numbers(name: str) -> Make:
    """A number of each replica on its log dir; unknown where the log dirs do not list it."""

    def make(rows: Rows) -> Floats:
        found, values = rows.array(_current), getattr(rows.view.snapshot.replicas, name)
        result = np.full(len(found), np.nan)
        result[found >= 0] = values[found[found >= 0]]
        return result

    return make


def _path(rows: Rows) -> Texts:
    snapshot, found = rows.view.snapshot, rows.array(_current)
    result = np.full(len(found), None, object)
    result[found >= 0] = snapshot.log_dirs.path[snapshot.replicas.log_dir[found[found >= 0]]]
    return result


def _role(rows: Rows) -> Texts:
    leads = rows.view.snapshot.partitions.leader[rows.pick] == _broker(rows)
    return np.where(leads, "leader", "follower").astype(object)


def _topic(rows: Rows) -> Texts:
    snapshot = rows.view.snapshot
    return snapshot.topics.topic[snapshot.partitions.topic[rows.pick]]


def _why(rows: Rows, row: int) -> str:
    view, broker, place = rows.view, _broker(rows), int(rows.pick[row])
    partitions, moving = view.snapshot.partitions, view.snapshot.reassignments
    replicas, leader = partitions.replicas.row(place), int(partitions.leader[place])
    parts = [SAID.get(rows.word(row), "")]
    same = (moving.topic == partitions.topic[place]) & (moving.partition == partitions.partition[place])
    for each in np.flatnonzero(same):
        if broker in moving.adding.row(int(each)):
            parts = ["being copied to this broker"]
        if broker in moving.removing.row(int(each)):
            parts.append("to be removed from this broker")
    if replicas[:1] == [broker] and leader != broker:
        parts.append(f"preferred leader, but {'none' if leader == NO_LEADER else leader} leads")
    future = int(rows.array(_future)[row])
    if future >= 0:
        snapshot = view.snapshot
        path = visible(snapshot.log_dirs.path[snapshot.replicas.log_dir[future]], 40)
        parts.append(f"moving to log dir {path}, {size(snapshot.replicas.size_bytes[future])} done")
    return "; ".join(filter(None, parts))


COLUMNS: tuple[Column[Rows], ...] = (
    statuses(
        Rows.word,
        _numbers("size_bytes"),
        "offline: broker or log dir failed; out of sync: not in the ISR",
        width=13,
    ),
    names("topic", "Topic", "T", _topic, meaning(Topics, "topic"), width=20, grow=2, most=60),
    numbers(
        "partition",
        "Part",
        "P",
        lambda rows: rows.view.snapshot.partitions.partition[rows.pick],
        meaning(Partitions, "partition"),
        width=6,
    ),
    names("role", "Role", "R", _role, "leader or follower", width=8),
    sizes("size", "Size", "Z", _numbers("size_bytes"), meaning(Replicas, "size_bytes")),
    counts("lag", "Lag", "A", _numbers("offset_lag"), meaning(Replicas, "offset_lag"), width=9),
    names("path", "Log dir", "L", _path, meaning(LogDirs, "path"), width=12, grow=1, most=40, rank=1),
    reasons(_why, "reason for the status, and reassignments", width=14),
)


class ReplicasScreen(OneBroker):
    """The replicas that one broker holds."""

    NAME, TITLE = "broker", "Broker"
    COLUMNS = COLUMNS
    FIXED = 3
    EMPTY = "No replicas"

    def rows_of(self, picture: Picture) -> Rows:
        view = picture.shown
        partitions = view.snapshot.partitions
        pick = np.flatnonzero(on_broker(partitions.replicas, self.broker))
        topics = view.snapshot.topics.topic[partitions.topic[pick]]
        keys = Places(topics, partitions.partition[pick])
        return judged_rows(picture, keys, topics.tolist(), judge_replicas(view, self.broker), pick, self.broker)

    def target(self, key: Hashable) -> MonitorScreen:
        assert isinstance(key, tuple)
        return TopicScreen(str(key[0]))
