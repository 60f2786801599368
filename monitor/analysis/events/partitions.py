"""Partitions: leaders that move, replicas in sync, replicas that are reassigned, and logs that were truncated."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from monitor.analysis.earlier_polls.rows import partition_places, same_topics
from monitor.analysis.events.event import fold_rows, place
from monitor.model.events import Event
from monitor.model.snapshot import NO_LEADER, Snapshot
from monitor.model.table import Flags, Floats, Ints, Ragged, pair_key
from monitor.model.text import count, plural

SHOWN_BROKERS = 5


class Partitions(NamedTuple):
    """What is remembered: the snapshot before, and the last known end offset of its partitions with its unix time."""

    snapshot: Snapshot
    end_offset: Floats
    end_seen: Floats


class Pair(NamedTuple):
    """Two snapshots, and the partitions that both have: row `rows[at]` now was row `old[at]`."""

    before: Snapshot
    now: Snapshot
    rows: Ints
    old: Ints

    def which(self, chosen: Flags) -> "Pair":
        return self._replace(rows=self.rows[chosen], old=self.old[chosen])

    def event(self, at: int, kind: str, broker: int, text: str, *, before: str, after: str) -> Event:
        """An event of the partition `rows[at]`; `text` goes on behind its name."""
        partitions, row = self.now.partitions, self.rows[at]
        topic, partition = str(self.now.topics.topic[partitions.topic[row]]), int(partitions.partition[row])
        said = f"{place(topic, partition)}: {text}"
        times = self.before.time, self.now.time
        return Event(kind, *times, said, broker, topic, partition, before=before, after=after)

    def alike(
        self, kind: str, broker: int | None, number: int, text: str, *, before: str = "", after: str = ""
    ) -> Event:
        """One event for a number of partitions that fare alike."""
        said = f"{plural(number, 'partition')}: {text}"
        node = NO_LEADER if broker is None else broker
        return Event(kind, self.before.time, self.now.time, said, node, before=before, after=after, count=number)


def see_partitions(before: Partitions | None, now: Snapshot) -> tuple[Partitions, list[Event]]:
    """What is to be remembered, and what changed."""
    end = now.offsets.end_offset
    seen = np.full(len(end), now.time)
    if before is None:
        return Partitions(now, end, seen), []
    old = before.snapshot
    if same_topics(now, old):
        rows: Ints = np.arange(len(end))
        places = rows
    else:
        places = partition_places(now, old)
        rows = np.flatnonzero(places >= 0)
    pair = Pair(old, now, rows, places[rows])
    ends, ends_seen = np.full(len(end), np.nan), np.full(len(end), np.nan)
    ends[rows], ends_seen[rows] = before.end_offset[pair.old], before.end_seen[pair.old]
    events = _truncated(pair, ends, ends_seen)
    if now.partitions is not old.partitions:
        events = [*_leaders(pair), *_replicas(pair), *events]
    unknown = np.isnan(end)
    if unknown.any():
        end, seen = np.where(unknown, ends, end), np.where(unknown, ends_seen, seen)
    return Partitions(now, end, seen), events


def _leaders(pair: Pair) -> list[Event]:
    was, is_ = pair.before.partitions, pair.now.partitions
    # Another broker's metadata may be older than what was seen already.
    newer = pair.which(is_.leader_epoch[pair.rows] >= was.leader_epoch[pair.old])
    old, new = was.leader[newer.old], is_.leader[newer.rows]
    moved = newer.which(old != new)
    froms, tos = was.leader[moved.old], is_.leader[moved.rows]

    def one(at: int) -> Event:
        source, target = int(froms[at]), int(tos[at])
        text = f"leader {_node(source)} → {_node(target)}"
        return moved.event(at, "leader_moved", source, text, before=_node(source), after=_node(target))

    def many(source: int | None, places: Ints) -> Event:
        to = _nodes(tos[places])
        origin = "several brokers" if source is None else _node(source)
        return moved.alike("leader_moved", source, len(places), f"leader {origin} → {to}", before=origin, after=to)

    return [*fold_rows(np.arange(len(froms)), froms, one, many), *_restarted(newer)]


def _restarted(pair: Pair) -> list[Event]:
    """A partition that a broker holds alone gets a new leader epoch only when that broker was fenced or restarted."""
    was, is_ = pair.before.partitions, pair.now.partitions
    alone = (is_.replicas.counts[pair.rows] == 1) & (was.replicas.counts[pair.old] == 1)
    risen = is_.leader_epoch[pair.rows] > was.leader_epoch[pair.old]
    same = is_.leader[pair.rows] == was.leader[pair.old]
    nodes, numbers = np.unique(is_.leader[pair.rows[alone & risen & same]], return_counts=True)
    return [
        Event(
            "broker_restarted",
            pair.before.time,
            pair.now.time,
            f"broker {node} restarted: {plural(number, 'partition')} without other replicas got a new leader epoch",
            node,
        )
        for node, number in zip(nodes.tolist(), numbers.tolist(), strict=True)
        if node != NO_LEADER
    ]


def _replicas(pair: Pair) -> list[Event]:
    was, is_ = pair.before.partitions, pair.now.partitions
    moved = pair.which(_differ(pair, was.replicas, is_.replicas, ordered=True))
    synced = pair.which(_differ(pair, was.isr, is_.isr, ordered=False))

    def replaced(at: int) -> Event:
        before, after = _list(was.replicas, moved.old[at]), _list(is_.replicas, moved.rows[at])
        return moved.event(
            at, "replicas_changed", NO_LEADER, f"replicas {before} → {after}", before=before, after=after
        )

    def all_replaced(_: int | None, places: Ints) -> Event:
        return moved.alike("replicas_changed", None, len(places), "replicas changed")

    at = np.arange(len(moved.rows))
    return [
        *fold_rows(at, np.zeros(len(at), np.int64), replaced, all_replaced),
        *_isr(synced, "isr_shrunk", *_only(was.isr, synced.old, is_.isr, synced.rows)),
        *_isr(synced, "isr_grown", *_only(is_.isr, synced.rows, was.isr, synced.old)),
    ]


def _isr(pair: Pair, kind: str, at: Ints, node: Ints) -> list[Event]:
    """Events of nodes that are in the ISR of one snapshot only; `at` are places in the pair."""
    was, is_ = pair.before.partitions.isr, pair.now.partitions.isr
    verb = "left" if kind == "isr_shrunk" else "joined"

    def one(number: int) -> Event:
        place, broker = int(at[number]), int(node[number])
        before, after = _list(was, pair.old[place]), _list(is_, pair.rows[place])
        text = f"broker {broker} {verb} the ISR, now {after}"
        return pair.event(place, kind, broker, text, before=before, after=after)

    def many(broker: int | None, numbers: Ints) -> Event:
        who = "several brokers" if broker is None else f"broker {broker}"
        return pair.alike(kind, broker, len(numbers), f"{who} {verb} the ISR")

    return fold_rows(np.arange(len(at)), node, one, many)


def _truncated(pair: Pair, ends: Floats, seen: Floats) -> list[Event]:
    """Logs whose end fell; `ends` are the last known ends in the rows now."""
    end = pair.now.offsets.end_offset
    fell = pair.which((end < ends)[pair.rows])
    lost = (ends - end)[fell.rows]

    def one(at: int) -> Event:
        before, after = count(ends[fell.rows[at]]), count(end[fell.rows[at]])
        leader = int(pair.now.partitions.leader[fell.rows[at]])
        text = f"truncated by {count(lost[at])}, log end {before} → {after}"
        event = fell.event(at, "truncated", leader, text, before=before, after=after)
        return replace(event, records=float(lost[at]), after_time=float(seen[fell.rows[at]]))

    def many(leader: int | None, places: Ints) -> Event:
        records = float(lost[places].sum())
        event = fell.alike("truncated", leader, len(places), f"truncated by {count(records)} in total")
        return replace(event, records=records, after_time=float(np.min(seen[fell.rows[places]])))

    return fold_rows(np.arange(len(lost)), pair.now.partitions.leader[fell.rows], one, many)


def _differ(pair: Pair, old: Ragged, new: Ragged, *, ordered: bool) -> Flags:
    """Which rows of a pair hold other nodes than before, or with `ordered` the same in another order."""
    same = old is new or (np.array_equal(old.starts, new.starts) and np.array_equal(old.values, new.values))
    if same and len(old) == len(pair.rows):
        return np.zeros(len(pair.rows), bool)
    return np.not_equal(_sums(old, ordered=ordered)[pair.old], _sums(new, ordered=ordered)[pair.rows])


def _sums(lists: Ragged, *, ordered: bool) -> Ints:
    """A number for each row that hardly any other set, or list, of nodes has: the sum of a scramble of each node id."""
    nodes = lists.values.astype(np.uint64) + np.uint64(1)
    if ordered:
        place = np.arange(len(nodes)) - np.repeat(lists.starts[:-1], lists.counts)
        nodes += place.astype(np.uint64) << np.uint64(40)
    scrambled = nodes * np.uint64(0x9E3779B97F4A7C15)
    scrambled = (scrambled ^ (scrambled >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(scrambled ^ (scrambled >> np.uint64(32)))])
    sums: Ints = total[lists.starts[1:]] - total[lists.starts[:-1]]
    return sums


def _only(one: Ragged, one_rows: Ints, other: Ragged, other_rows: Ints) -> tuple[Ints, Ints]:
    """Nodes that are in the rows of one list only: the places of those rows, and the nodes."""
    at, node = one.flat(one_rows)
    lone = ~np.isin(pair_key(at, node), pair_key(*other.flat(other_rows)))
    return at[lone], node[lone]


def _node(node: int) -> str:
    return "none" if node == NO_LEADER else str(node)


def _nodes(nodes: Ints) -> str:
    shown = [_node(each) for each in np.unique(nodes).tolist()]
    return ", ".join(shown[:SHOWN_BROKERS]) + (" …" if len(shown) > SHOWN_BROKERS else "")


def _list(lists: Ragged, row: int) -> str:
    return ", ".join(map(str, lists.row(row))) or "none"
