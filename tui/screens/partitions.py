"""The columns of a topic's partitions, and what is wrong with a partition, in words."""

from collections.abc import Callable

import numpy as np

from monitor.analysis.derive.judged.partitions import partition_health_why
from monitor.analysis.derive.partitions import rows_of_partitions
from monitor.model.cluster_tables import EligibleReplicas, TieredOffsets
from monitor.model.conditions import PartitionHealth
from monitor.model.levels import ABOVE_ZERO
from monitor.model.snapshot import KNOWN, NO_LEADER, Offsets, Partitions
from monitor.model.table import Floats, Ints, Ragged, objects, values_at
from monitor.model.text import UNKNOWN as DASH
from monitor.model.text import visible
from tui.screens.lag_columns import rate_column
from tui.widgets.columns import WIDE, Cell, Column, meaning
from tui.widgets.rows import Make, Rows, counts, numbers, reasons, shares, sizes, statuses

PARTITION_MEANING = (
    "offline: no leader; under min ISR: fewer replicas in sync than min.insync.replicas, so that writes with acks=all"
    " fail; at min ISR: they fail with one more lost; under-replicated: fewer replicas in sync than replicas"
)

Lists = tuple[Ragged, Ints]
"""Lists of node ids, and for each row of a table which of them is its own, -1 for none."""


def _offsets(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.offsets, name)[rows.pick]


def _health(name: str) -> Make:
    return lambda rows: getattr(rows.view.partition_health, name)[rows.pick]


def _partitions(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.partitions, name)[rows.pick]


def _records(rows: Rows) -> Floats:
    offsets = rows.view.snapshot.offsets
    return (offsets.end_offset - offsets.start_offset)[rows.pick]


def _produced(rows: Rows) -> Floats:
    rates = rows.view.partition_rates
    return np.where(np.isnan(rates.produce_rate_5m), rates.produce_rate_1m, rates.produce_rate_5m)[rows.pick]


def _tiered(name: str) -> Make:
    """A column of the tiered offsets for each partition; unknown where its topic has no remote storage."""

    def make(rows: Rows) -> Floats:
        snapshot = rows.view.snapshot
        places = rows_of_partitions(snapshot, snapshot.tiered_offsets)
        offsets: Floats = values_at(getattr(snapshot.tiered_offsets, name), places[rows.pick])
        return offsets

    return make


def _nodes(
    name: str, title: str, letter: str, of: Callable[[Rows], Lists], meaning: str, *, rank: int = 0
) -> Column[Rows]:
    """A column of node ids."""

    def text(rows: Rows, row: int) -> str:
        lists, places = of(rows)
        place = int(places[row])
        return " ".join(map(str, lists.row(place))) if place >= 0 else ""

    return Column(
        name,
        title,
        9,
        cell=lambda rows, row: Cell(text(rows, row) or DASH),
        meaning=meaning,
        sort=lambda rows: [objects(text(rows, row) for row in range(len(rows.pick)))],
        letter=letter,
        falling=False,
        rank=rank,
    )


def _of_partitions(name: str) -> Callable[[Rows], Lists]:
    return lambda rows: (getattr(rows.view.snapshot.partitions, name), rows.pick)


def _eligible(rows: Rows) -> Lists:
    return rows.view.snapshot.eligible_replicas.eligible, rows.array(_asked)


def _asked(rows: Rows) -> Ints:
    """The row of each partition among those whose eligible leader replicas were asked, -1 for none."""
    snapshot = rows.view.snapshot
    return rows_of_partitions(snapshot, snapshot.eligible_replicas)[rows.pick]


def _leader(rows: Rows) -> Floats:
    leader = rows.view.snapshot.partitions.leader[rows.pick]
    return np.where(leader == NO_LEADER, np.nan, leader)


def _leader_cell(rows: Rows, row: int) -> Cell:
    place = int(rows.pick[row])
    partitions = rows.view.snapshot.partitions
    leader, replicas = int(partitions.leader[place]), partitions.replicas.row(place)
    if leader == NO_LEADER:
        return Cell(DASH, ABOVE_ZERO["offline"])
    if rows.view.partition_health.preferred[place] or not replicas:
        return Cell(str(leader))
    return Cell(f"{leader} ({replicas[0]})", ABOVE_ZERO["preferred_missing"])


def _why(rows: Rows, row: int) -> str:
    """What is wrong with a partition, what is being done with it, and why its offsets are unknown."""
    view, place = rows.view, int(rows.pick[row])
    offsets = view.snapshot.offsets
    reason = int(offsets.end_reason[place]) or int(offsets.start_reason[place]) or int(offsets.stable_reason[place])
    unknown = visible(view.reasons[reason]) if reason != KNOWN else ""
    return "; ".join(filter(None, (partition_health_why(view, place, rows.write), unknown)))


COLUMNS: tuple[Column[Rows], ...] = (
    statuses(Rows.word, lambda rows: -_partitions("partition")(rows), PARTITION_MEANING, width=18),
    numbers("partition", "Part", "P", _partitions("partition"), meaning(Partitions, "partition"), width=5),
    Column(
        "leader",
        "Leader",
        7,
        _leader_cell,
        "node id of the leader; the preferred leader in brackets while another leads",
        lambda rows: [rows.array(_leader)],
        "D",
        right=True,
        falling=False,
    ),
    _nodes("replicas", "Replicas", "R", _of_partitions("replicas"), meaning(Partitions, "replicas")),
    _nodes("isr", "In sync", "Y", _of_partitions("isr"), meaning(Partitions, "isr")),
    _nodes("offline", "Offline", "F", _of_partitions("offline"), meaning(Partitions, "offline"), rank=8),
    _nodes(
        "eligible",
        "Eligible",
        "L",
        _eligible,
        f"eligible leader replicas: {meaning(EligibleReplicas, 'eligible')}; requested while too few are in sync",
        rank=8,
    ),
    counts("start", "Start", "T", _offsets("start_offset"), meaning(Offsets, "start_offset"), width=11, rank=3),
    counts("stable", "Stable", "B", _offsets("stable_offset"), meaning(Offsets, "stable_offset"), width=11, rank=6),
    counts("end", "End", "E", _offsets("end_offset"), meaning(Offsets, "end_offset"), width=11),
    counts("records", "Records", "C", _records, "end - start offset", width=11, rank=2),
    rate_column("in", "In/s", "N", _produced, "records produced a second, over the last 5 minutes or the last minute"),
    counts(
        "unstable",
        "Held",
        "H",
        _health("unstable"),
        meaning(PartitionHealth, "unstable"),
        width=7,
        rank=5,
        kind=ABOVE_ZERO["unstable"],
    ),
    sizes("size", "Size", "Z", _health("size_bytes"), meaning(PartitionHealth, "size_bytes"), width=8, rank=1),
    shares("moved", "Moved", "M", _health("reassigned"), meaning(PartitionHealth, "reassigned"), width=6, rank=7),
    counts(
        "local",
        "Local start",
        "A",
        _tiered("local_start_offset"),
        f"{meaning(TieredOffsets, 'local_start_offset')}; only of topics with remote storage",
        width=12,
        rank=WIDE,
    ),
    counts(
        "tiered",
        "Tiered end",
        "I",
        _tiered("tiered_end_offset"),
        f"{meaning(TieredOffsets, 'tiered_end_offset')}; only of topics with it",
        width=12,
        rank=WIDE,
    ),
    numbers(
        "epoch", "Epoch", "O", _partitions("leader_epoch"), meaning(Partitions, "leader_epoch"), width=6, rank=WIDE
    ),
    reasons(_why, "reason for the status, or why its offsets are unknown", width=20),
)
