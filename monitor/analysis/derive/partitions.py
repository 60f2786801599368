"""How partitions stand: replicas in sync against what is asked of them, leadership, size, and reassignment."""

from typing import Protocol

import numpy as np

from monitor.model.conditions import PartitionHealth
from monitor.model.snapshot import KNOWN, NO_LEADER, Snapshot
from monitor.model.table import Floats, Ints, Ragged, pair_key


class Places(Protocol):
    """A table with a row of `topics` and a partition number in each row."""

    @property
    def topic(self) -> Ints: ...
    @property
    def partition(self) -> Ints: ...


def derive_partitions(snapshot: Snapshot) -> PartitionHealth:
    """The health of every partition of a snapshot."""
    partitions, moving = snapshot.partitions, snapshot.reassignments
    replicas, isr = partitions.replicas.counts, partitions.isr.counts
    moved = partition_rows(snapshot, moving.topic, moving.partition)
    moved_there = moved >= 0
    adding = np.zeros(len(partitions), np.int32)
    adding[moved[moved_there]] = moving.adding.counts[moved_there]
    missing = np.maximum(0, replicas - adding - isr)
    offline = partitions.leader == NO_LEADER

    wanted = np.full(len(partitions), np.nan)
    if len(snapshot.topic_configs):
        wanted = snapshot.topic_configs.min_insync_replicas[partitions.topic]
    known = ~np.isnan(wanted)
    # A leader asks for no more than there are replicas, whatever the config says.
    needed = np.minimum(wanted, replicas)
    at = (isr == needed) & (missing > 0)
    reassigning = np.zeros(len(partitions), bool)
    reassigning[moved[moved_there]] = True
    size, reassigned = _sizes(snapshot, moved)
    return PartitionHealth(
        offline=offline,
        preferred=~offline & (partitions.leader == _firsts(partitions.replicas)),
        missing=missing,
        min_insync_replicas=wanted,
        under_min_isr=np.where(known, isr < needed, np.nan),
        at_min_isr=np.where(known, at, np.nan),
        size_bytes=size,
        unstable=np.maximum(0.0, snapshot.offsets.end_offset - snapshot.offsets.stable_offset),
        reassigning=reassigning,
        reassigned=reassigned,
    )


def partition_rows(snapshot: Snapshot, topic: Ints, partition: Ints) -> Ints:
    """The row of `partitions` for each topic row and partition number, -1 where there is none."""
    topics = snapshot.topics
    there = (partition >= 0) & (partition < topics.partitions[topic])
    return np.where(there, topics.first_row[topic] + partition, -1).astype(np.int32)


def rows_of_partitions(snapshot: Snapshot, table: Places) -> Ints:
    """The row of each partition in a table that has one for some of them, -1 for none; shape (partitions,)."""
    rows = np.full(len(snapshot.partitions), -1, np.int32)
    place = partition_rows(snapshot, table.topic, table.partition)
    rows[place[place >= 0]] = np.flatnonzero(place >= 0)
    return rows


def _firsts(lists: Ragged) -> Ints:
    """The first value of each row, NO_LEADER where a row is empty."""
    first = np.full(len(lists), NO_LEADER, np.int32)
    filled = lists.counts > 0
    first[filled] = lists.values[lists.starts[:-1][filled]]
    return first


def measured_brokers(snapshot: Snapshot) -> Ints:
    """The ids of the brokers that told of all their log dirs: what is not on these they do not hold."""
    dirs = snapshot.log_dirs
    return np.setdiff1d(dirs.broker, dirs.broker[dirs.reason != KNOWN])


def _sizes(snapshot: Snapshot, moved: Ints) -> tuple[Floats, Floats]:
    """Size of each partition's leader, and the smallest share of it that a replica being added has."""
    partitions, replicas, adding = snapshot.partitions, snapshot.replicas, snapshot.reassignments.adding
    size, share = np.full(len(partitions), np.nan), np.full(len(partitions), np.inf)
    row = partition_rows(snapshot, replicas.topic, replicas.partition)
    current = (row >= 0) & ~replicas.future
    row, broker, held = row[current], replicas.broker[current], replicas.size_bytes[current]
    leads = broker == partitions.leader[row]
    size[row[leads]] = held[leads]

    place, node = np.repeat(moved, adding.counts), adding.values
    place, node = place[place >= 0], node[place >= 0]
    if len(place):
        added = np.where(np.isin(node, measured_brokers(snapshot)), 0.0, np.nan)
        key, wanted = pair_key(row, broker), pair_key(place, node)
        order = np.argsort(key)
        found = np.minimum(np.searchsorted(key[order], wanted), max(len(key) - 1, 0))
        there = key[order][found] == wanted if len(key) else np.zeros(len(wanted), bool)
        added[there] = held[order[found[there]]]
        whole = np.where(size[place] > 0, size[place], np.nan)
        parts = np.minimum(1.0, added / whole)
        unknown = np.isnan(parts)
        np.minimum.at(share, place[~unknown], parts[~unknown])
        share[place[unknown]] = np.nan
    return size, np.where(np.isinf(share), np.nan, share)
