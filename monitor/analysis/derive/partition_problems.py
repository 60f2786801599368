"""What can be the matter with partitions: offline, short of replicas in sync, or led by another than they should be."""

from collections.abc import Iterable

import numpy as np

from monitor.analysis.derive.partitions import partition_rows
from monitor.analysis.derive.problems import broker, down_brokers
from monitor.analysis.derive.verdict import OF_PARTITIONS
from monitor.model.limits import IMBALANCE
from monitor.model.problems import Problem
from monitor.model.snapshot import NO_LEADER
from monitor.model.table import Ints, pair_key
from monitor.model.text import NAME, name_of, plural
from monitor.model.view import View

MOST_TOPICS = 20
"""Partitions of more topics than this that fare alike are one problem."""


def find_offline(view: View) -> Iterable[Problem]:
    """Partitions without a leader: for each topic, or for all that a broker explains."""
    rows = np.flatnonzero(view.partition_health.offline)
    return _by_topic(view, "offline", rows)


def find_under_min_isr(view: View) -> Iterable[Problem]:
    """Partitions that have a leader and refuse writes with acks=all."""
    health = view.partition_health
    rows = np.flatnonzero((health.under_min_isr == 1) & ~health.offline)
    return _by_topic(view, "under_min_isr", rows)


def _by_topic(view: View, kind: str, rows: Ints) -> Iterable[Problem]:
    """Problems of some partitions by the broker that is down and holds them, and by topic."""
    if not len(rows):
        return
    what = OF_PARTITIONS[kind]
    topics, partitions = view.snapshot.topics, view.snapshot.partitions
    held, nodes = _held(view, rows)
    missing = np.flatnonzero(np.isin(nodes, list(down_brokers(view))))[::-1]
    blamed = np.full(len(rows), NO_LEADER)
    blamed[np.searchsorted(rows, held[missing])] = nodes[missing]
    several = len(np.unique(partitions.topic[rows])) > MOST_TOPICS
    topic = np.full(len(rows), -1) if several else partitions.topic[rows]
    for node, place in sorted(set(zip(blamed.tolist(), topic.tolist(), strict=True))):
        mine = rows[(blamed == node) & (topic == place)]
        name = None if several else str(topics.topic[place])
        shown = "several topics" if name is None else name_of(name, NAME)
        if name is None:
            sentence = f"{plural(len(mine), 'partition')} of several topics are {what}"
        elif len(mine) == 1:
            sentence = f"partition {shown}-{partitions.partition[mine[0]]} is {what}"
        else:
            sentence = f"{len(mine):,} of {int(topics.partitions[place]):,} partitions of {shown} are {what}"
        down = () if node == NO_LEADER else (("broker_down", broker(node)),)
        whole = shown if name is None else name_of(name)
        subject = f"{whole} on {broker(node)}" if down else whole
        yield Problem(
            "critical",
            kind,
            subject,
            sentence,
            node,
            name,
            count=len(mine),
            explained_by=down,
            partitions=mine,
        )


def find_under_replicated(view: View) -> Iterable[Problem]:
    """Partitions with fewer replicas in sync than they should have, for each broker that is not in sync."""
    rows = np.flatnonzero(view.partition_health.under_replicated)
    if not len(rows):
        return
    row, node = _out_of_sync(view, rows)
    last = (view.snapshot.partitions.isr.counts == 1) & (view.snapshot.partitions.replicas.counts > 1)
    for each in np.unique(node).tolist():
        mine = row[node == each]
        alone = int(last[mine].sum())
        sentence = f"broker {each} is out of sync on {plural(len(mine), 'partition')}"
        sentence += f", {alone:,} of them with one in-sync replica left" if alone else ""
        key = ("broker_down", broker(each))
        yield Problem(
            "degraded",
            "under_replicated",
            broker(each),
            sentence,
            each,
            count=len(mine),
            explained_by=(key,),
            partitions=mine,
        )


def _held(view: View, rows: Ints) -> tuple[Ints, Ints]:
    """Each pair of some partition rows, which ascend, and a broker that is to be in its ISR; not those being added."""
    moving = view.snapshot.reassignments
    at, node = view.snapshot.partitions.replicas.flat(rows)
    row = rows[at]
    moved = np.repeat(partition_rows(view.snapshot, moving.topic, moving.partition), moving.adding.counts)
    kept = ~np.isin(pair_key(row, node), pair_key(moved, moving.adding.values))
    return row[kept], node[kept]


def _out_of_sync(view: View, rows: Ints) -> tuple[Ints, Ints]:
    """Those pairs whose broker is not in the ISR."""
    row, node = _held(view, rows)
    at, synced = view.snapshot.partitions.isr.flat(rows)
    away = ~np.isin(pair_key(row, node), pair_key(rows[at], synced))
    return row[away], node[away]


def find_imbalance(view: View) -> Iterable[Problem]:
    """Brokers that leave many of the partitions whose preferred leader they are to others."""
    partitions, health = view.snapshot.partitions, view.partition_health
    held = partitions.replicas.counts > 0
    first = partitions.replicas.values[partitions.replicas.starts[:-1][held]]
    away = (~health.preferred & ~health.offline)[held]
    nodes, wanted = np.unique(first, return_counts=True)
    left = np.bincount(np.searchsorted(nodes, first[away]), minlength=len(nodes))
    for row in np.flatnonzero(left > IMBALANCE * wanted).tolist():
        node = int(nodes[row])
        preferred = plural(int(wanted[row]), "partition")
        sentence = f"broker {node} is preferred leader of {preferred} and does not lead {left[row]:,} of them"
        key = ("broker_down", broker(node))
        yield Problem(
            "note", "leader_imbalance", broker(node), sentence, node, count=int(left[row]), explained_by=(key,)
        )
