"""The columns of a topic's partitions."""

import math

from monitor.model.levels import ABOVE_ZERO
from monitor.model.text import UNKNOWN, number
from monitor.subjects.topics import PARTITION
from tui.widgets.columns import WIDE, Cell, Column
from tui.widgets.rows import Rows, column, reasons, statuses

ELSEWHERE = "the preferred leader in brackets while another leads"


def _leader(rows: Rows, row: int) -> Cell:
    """The leader, with the preferred leader in brackets while another leads."""
    leader, replicas = rows.number("leader", row), rows.view.snapshot.partitions.replicas.row(int(rows.pick[row]))
    if math.isnan(leader):
        return Cell(UNKNOWN, ABOVE_ZERO["offline"])
    if rows.number("preferred_leader", row) or not replicas:
        return Cell(number(leader))
    return Cell(f"{number(leader)} ({replicas[0]})", ABOVE_ZERO["preferred_missing"])


COLUMNS: tuple[Column[Rows], ...] = (
    statuses(PARTITION, "partition", width=18, falling=False),
    column(PARTITION, "partition", "Part", "P", 5),
    column(PARTITION, "leader", "Leader", "D", 7, cell=_leader, note=ELSEWHERE),
    column(PARTITION, "replicas", "Replicas", "R"),
    column(PARTITION, "isr", "In sync", "Y"),
    column(PARTITION, "offline_replicas", "Offline", "F", rank=8),
    column(PARTITION, "eligible_leader_replicas", "Eligible", "L", rank=8),
    column(PARTITION, "start_offset", "Start", "T", 11, rank=3),
    column(PARTITION, "stable_offset", "Stable", "B", 11, rank=6),
    column(PARTITION, "end_offset", "End", "E", 11),
    column(PARTITION, "records", "Records", "C", 11, rank=2),
    column(PARTITION, "produce_rate", "In/s", "N", 7, rank=5),
    column(PARTITION, "open_transaction_records", "Held", "H", 7, rank=5),
    column(PARTITION, "size_bytes", "Size", "Z", 8, rank=1),
    column(PARTITION, "reassigned_ratio", "Moved", "M", 6, rank=7),
    column(PARTITION, "local_start_offset", "Local start", "A", 12, rank=WIDE),
    column(PARTITION, "tiered_end_offset", "Tiered end", "I", 12, rank=WIDE),
    column(PARTITION, "leader_epoch", "Epoch", "O", 6, rank=WIDE),
    reasons(PARTITION, width=20),
)
