"""Columns of status, lag and time lag, which the tables of groups, readers and partitions share."""

from collections.abc import Callable

import numpy as np

from monitor.model.levels import ABOVE_ZERO
from monitor.model.snapshot import Groups
from monitor.model.status import OK, STATUSES
from monitor.model.table import Floats, Ints, Table
from monitor.model.text import UNKNOWN as DASH
from monitor.model.text import age, at_least, rate, time_left, visible
from monitor.model.view import View
from tui.format import count
from tui.widgets.columns import WIDE, Cell, Column, meaning
from tui.widgets.rows import Make, Rows, counts, names, statuses, totals

STATUS_MEANING = (
    "lost: records were deleted before they were read; losing: deletion will overtake the group; ahead: its committed"
    " offset is beyond the log end; stuck: its offset does not move; stopped: no consumers; rewound: its offset was"
    " moved back; growing: read slower than produced; behind: the next record is old; unknown: Why has the reason;"
    " ok: keeps up"
)

Of = Callable[[str], Make]
"""Gives a column of one of the core's tables by its name, for the rows of a table."""


def time_columns(of: Of, table: type[Table], *, known: str) -> tuple[Column[Rows], ...]:
    """Time lag, time to drain, the rates, and time to data loss.

    `known` names the column with the part of an age that is known.
    """
    return (
        _age(of("lag_seconds"), of("lag_seconds_error"), of(known), meaning(table, "lag_seconds")),
        _until(
            "eta",
            "Drains in",
            "D",
            of("eta_seconds"),
            f"{meaning(table, 'eta_seconds')}; unknown while a rate is",
            rank=3,
        ),
        rate_column("in", "In/s", "N", of("produce_rate"), f"{meaning(table, 'produce_rate')}, in the last minutes"),
        rate_column("out", "Out/s", "U", of("consume_rate"), f"{meaning(table, 'consume_rate')}, in the last minutes"),
        _until(
            "headroom",
            "Data loss in",
            "I",
            of("headroom_seconds"),
            f"{meaning(table, 'headroom_seconds')}; unknown while retention or the time lag is",
            rank=6,
        ),
    )


def _age(seconds: Make, error: Make, known: Make, words: str) -> Column[Rows]:
    """The age of the next record with its error, or the part of it that is known; it sorts by what is known."""

    def cell(rows: Rows, row: int) -> Cell:
        value, part = float(rows.array(seconds)[row]), float(rows.array(known)[row])
        kind = rows.kind(row) if part > 0 else "dim"
        if np.isnan(value):
            return Cell(at_least(value, part, lambda each: age(each or 0.0)), kind)
        return Cell(age(value, float(rows.array(error)[row])), kind, age(value))

    return Column(
        "age",
        "Time lag",
        9,
        cell,
        f"{words}; ± its error, ≥ where only a part is known",
        lambda rows: [rows.array(known)],
        "L",
        right=True,
        grow=3,
        most=13,
        rank=1,
    )


def _until(name: str, title: str, letter: str, make: Make, words: str, *, rank: int) -> Column[Rows]:
    """A time that is left; blank where it has no end and the row is ok."""

    def cell(rows: Rows, row: int) -> Cell:
        value = float(rows.array(make)[row])
        if np.isinf(value) and rows.status[row] == OK:
            return Cell("")
        return Cell(time_left(value), "" if value > 0 else "dim")

    return Column(
        name, title, max(6, len(title)), cell, words, lambda rows: [rows.array(make)], letter, right=True, rank=rank
    )


def rate_column(name: str, title: str, letter: str, make: Make, words: str) -> Column[Rows]:
    """A rate, whose unit stands in its title."""

    def cell(rows: Rows, row: int) -> Cell:
        value = float(rows.array(make)[row])
        if np.isnan(value):
            return Cell(DASH, "dim")
        short = count(value, human=True)
        text = short if rows.human and value >= 1000 else rate(value).removesuffix("/s")
        return Cell(text, "" if value else "dim", short)

    return Column(name, title, 7, cell, words, lambda rows: [rows.array(make)], letter, right=True, rank=5)


def since_column(since: Make, at_latest: Make) -> Column[Rows]:
    """For how long a row has had its status, from unix times; at least since `at_latest` where that is unknown."""

    def cell(rows: Rows, row: int) -> Cell:
        now = rows.view.time
        lasts, known = now - float(rows.array(since)[row]), now - float(rows.array(at_latest)[row])
        return Cell(at_least(lasts, known, lambda each: age(each or 0.0)), "dim")

    words = "time in this status; ≥ where it began before kmon started"
    return Column("since", "For", 8, cell, words, right=True, rank=7)


def named_columns(status: Make, groups: Of) -> tuple[Column[Rows], ...]:
    """Status, name, type and state of groups."""
    return (
        statuses(STATUSES, status, STATUS_MEANING),
        names("group", "Group", "R", groups("group"), meaning(Groups, "group"), width=20, grow=3, most=44, empty='""'),
        names("type", "Type", "Y", groups("group_type"), meaning(Groups, "group_type"), width=8, rank=8),
        names("state", "State", "T", groups("state"), meaning(Groups, "state"), width=10, rank=4),
    )


def lag_columns(of: Of, table: type[Table]) -> tuple[Column[Rows], ...]:
    """How far behind groups are, in records and in time, since when, and what they lost."""

    def lost(rows: Rows) -> Floats:
        # What could not be asked may have lost some.
        return np.where(np.isnan(rows.array(lag)), np.nan, of("lost")(rows))

    lag = of("lag")
    return (
        totals(
            "lag",
            "Lag",
            "A",
            lag,
            f"{meaning(table, 'lag')}; ≥ where only a part is known",
            known=of("lag_at_least"),
            width=11,
        ),
        *time_columns(of, table, known="lag_seconds_at_least"),
        since_column(of("since"), of("since_at_latest")),
        counts("max", "Max lag", "X", of("max_lag"), meaning(table, "max_lag"), width=10, rank=WIDE),
        totals(
            "lost",
            "Lost",
            "O",
            lost,
            "records deleted before the group read them; ≥ where only a part is known",
            known=of("lost"),
            width=9,
            rank=6,
            kind=ABOVE_ZERO["lost"],
        ),
    )


def why_no_age(view: View, rows: Ints) -> str:
    """Why the time lag is unknown in some rows of `view.lag` whose lag is known; empty where it is known."""
    times = view.lag_times
    undated = rows[np.isnan(times.lag_seconds[rows]) & ~np.isnan(view.lag.lag[rows])]
    return f"time lag unknown ({visible(view.reasons[times.reason[undated[0]]])})" if len(undated) else ""
