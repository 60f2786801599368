"""How partitions, their replicas, and topics are."""

import numpy as np

from monitor.analysis.derive.judged.table import Judge
from monitor.analysis.earlier_polls.rows import partition_places, topic_places
from monitor.model.judgements import JudgedPartitions, JudgedReplicas, JudgedTopics
from monitor.model.table import Flags, Ragged
from monitor.model.text import Write, count, percent, visible
from monitor.model.view import View


def judge_partitions(view: View, before: View | None) -> JudgedPartitions:
    """A partition whose topic's configs are unknown is judged without them."""
    health = view.partition_health
    told = Judge(JudgedPartitions, len(health))
    told.where(health.reassigning, "reassigning", "note")
    told.where(health.under_replicated, "under-replicated", "degraded")
    told.where(health.at_min_isr == 1, "at min ISR", "degraded")
    told.where(health.under_min_isr == 1, "under min ISR", "critical")
    told.where(health.offline, "offline", "critical")
    return told.held(view, before, "partitions", lambda now, was: partition_places(now.snapshot, was.snapshot))


def judge_topics(view: View, partitions: JudgedPartitions, before: View | None) -> JudgedTopics:
    """A topic is as its worst partition, and unknown where metadata has none."""
    topics, key = view.snapshot.topics, view.snapshot.partitions.topic
    told = Judge(JudgedTopics, len(topics))
    np.maximum.at(told.status, key, partitions.status)
    np.maximum.at(told.level, key, partitions.level)
    told.where(topics.partitions == 0, "unknown", "unknown")
    return told.held(view, before, "topics", lambda now, was: topic_places(now.snapshot, was.snapshot))


def topic_why(view: View, row: int) -> str:
    """Why a topic is as it is, in words; empty where nothing is wrong with it."""
    topics, totals, health = view.snapshot.topics, view.topic_totals, view.partition_health
    if not topics.partitions[row]:
        return visible(view.reasons[topics.reason[row]]) or "not in metadata"
    mine = slice(int(topics.first_row[row]), int(topics.first_row[row] + topics.partitions[row]))
    numbers = (
        (int(totals.offline[row]), "offline"),
        (int(np.nansum(health.under_min_isr[mine])), "under min ISR"),
        (int(np.nansum(health.at_min_isr[mine])), "at min ISR"),
        (int(totals.under_replicated[row]), "under-replicated"),
        (int(health.reassigning[mine].sum()), "being reassigned"),
    )
    return ", ".join(f"{number:,} {word}" for number, word in numbers if number)


def partition_health_why(view: View, row: int, write: Write = count) -> str:
    """What is wrong with a row of `partitions`, and what is being done with it, in words."""
    partitions, health = view.snapshot.partitions, view.partition_health
    isr, parts = partitions.isr.row(row), []
    if health.offline[row]:
        parts.append("no leader")
    elif health.under_min_isr[row] == 1:
        wanted = float(health.min_insync_replicas[row])
        parts.append(f"{len(isr)} in sync and min ISR is {wanted:.0f}: writes with acks=all fail")
    elif health.at_min_isr[row] == 1:
        parts.append("at min ISR: none may be lost")
    moving, table = _reassignment(view, row), view.snapshot.reassignments
    adding = [] if moving < 0 else table.adding.row(moving)
    if behind := [node for node in sorted(partitions.replicas.row(row)) if node not in isr and node not in adding]:
        parts.append(f"broker {_ids(behind)} not in sync")
    if moving >= 0:
        removing, copied = table.removing.row(moving), float(health.reassigned[row])
        moves = [f"to broker {_ids(adding)}"] * bool(adding) + [f"off broker {_ids(removing)}"] * bool(removing)
        moves += [] if np.isnan(copied) else [f"{percent(copied)} copied"]
        parts.append(f"moving {', '.join(moves)}")
    if health.unstable[row] > 0:
        parts.append(f"an open transaction holds back {write(float(health.unstable[row]))}")
    return "; ".join(parts)


def _reassignment(view: View, row: int) -> int:
    """The row of a partition's reassignment, -1 where it has none."""
    moving, partitions = view.snapshot.reassignments, view.snapshot.partitions
    same = (moving.topic == partitions.topic[row]) & (moving.partition == partitions.partition[row])
    return int(np.flatnonzero(same)[0]) if same.any() else -1


def _ids(nodes: list[int]) -> str:
    return ", ".join(map(str, nodes))


def on_broker(lists: Ragged, broker: int) -> Flags:
    """Which rows have this broker in their list."""
    held = np.zeros(len(lists), bool)
    held[np.repeat(np.arange(len(lists)), lists.counts)[lists.values == broker]] = True
    return held


def judge_replicas(view: View, broker: int) -> JudgedReplicas:
    """A broker's replica of each partition: out of sync, or offline with its broker or log dir."""
    partitions = view.snapshot.partitions
    told = Judge(JudgedReplicas, len(partitions))
    told.where(~on_broker(partitions.isr, broker), "out of sync", "degraded")
    told.where(on_broker(partitions.offline, broker), "offline", "critical")
    return told.judged(np.full(len(partitions), np.nan))
