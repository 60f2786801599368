"""The columns that tables of lag share, whichever rows of it they total."""

from monitor.model.text import age, at_least
from monitor.subjects.column import Subject
from tui.widgets.columns import WIDE, Cell, Column
from tui.widgets.rows import OF_ROW, Rows, column, statuses


def time_columns(subject: Subject) -> tuple[Column[Rows], ...]:
    """Time lag, time to drain, the rates, and time to data loss."""
    return (
        column(subject, "lag_seconds", "Time lag", "L", 9, grow=3, most=13, rank=1, kind=OF_ROW),
        column(subject, "eta_seconds", "Drains in", "D", 9, rank=3),
        column(subject, "produce_rate", "In/s", "N", 7, rank=5),
        column(subject, "consume_rate", "Out/s", "U", 7, rank=5),
        column(subject, "headroom_seconds", "Data loss in", "I", 12, rank=6),
    )


def _since(rows: Rows, row: int) -> Cell:
    """For how long a row has had its status, or at least has had it."""
    lasts, known = (rows.view.time - rows.number(name, row) for name in ("since", "since_at_latest"))
    return Cell(at_least(lasts, known, lambda each: age(each or 0.0)), "dim")


SINCE: Column[Rows] = Column(
    "since", "For", 8, _since, "time in this status; ≥ where it began before kmon started", right=True, rank=7
)


def named_columns(subject: Subject) -> tuple[Column[Rows], ...]:
    """Status, name, type and state of groups."""
    return (
        statuses(subject, "lag"),
        column(subject, "group", "Group", "R", 20, grow=3, most=44),
        column(subject, "group_type", "Type", "Y", 8, rank=8),
        column(subject, "state", "State", "T", 10, rank=4),
    )


def lag_columns(subject: Subject) -> tuple[Column[Rows], ...]:
    """How far behind groups are, in records and in time, since when, and what they lost."""
    return (
        column(subject, "lag", "Lag", "A", 11, kind=OF_ROW),
        *time_columns(subject),
        SINCE,
        column(subject, "max_lag", "Max lag", "X", 10, rank=WIDE),
        column(subject, "lost", "Lost", "O", 9, rank=6),
    )
