"""What a Snapshot says, as rows of plain values that can be compared with those of another; unknown is None."""

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from monitor.model.snapshot import Snapshot
from monitor.model.table import Ragged, Table

Row = tuple[Any, ...]

ROW_OF = re.compile(r"row in `(\w+)`")
"""How the meaning of a column begins that numbers rows of another table."""


def tables(snapshot: Snapshot) -> Iterator[tuple[str, Table]]:
    """The tables of what Kafka said, by name; not what kmon did and found out in more than one poll."""
    for each in fields(snapshot):
        value = getattr(snapshot, each.name)
        if isinstance(value, Table) and each.name != "requests":
            yield each.name, value


def rows(snapshot: Snapshot, table: Table) -> list[Row]:
    """The rows of a table with names for rows of other tables, and without reasons, whose codes are of one poll.

    Raises IndexError when a row of another table is not there.
    """
    names: dict[str, Any] = {
        "topics": snapshot.topics.topic,
        "groups": snapshot.groups.group,
        "members": snapshot.members.member_id,
        "log_dirs": list(zip(snapshot.log_dirs.broker.tolist(), snapshot.log_dirs.path, strict=True)),
        "transactions": snapshot.transactions.transactional_id,
    }
    columns: list[list[Any]] = []
    for each in table.schema():
        column, meaning = getattr(table, each.name), each.metadata["meaning"]
        if "reason" in each.name or each.name in ("first_row", "why_not"):
            continue
        if isinstance(column, Ragged):
            columns.append([tuple(column.row(index)) for index in range(len(column))])
        elif numbered := ROW_OF.match(meaning):
            assert (column >= 0).all(), each.name
            table_of = names[numbered[1]]
            columns.append([table_of[row] for row in column])
        else:
            columns.append([None if value != value else value for value in column.tolist()])
    return list(zip(*columns, strict=True))


def said(snapshot: Snapshot) -> dict[str, list[Row]]:
    """The rows of every table."""
    return {name: rows(snapshot, table) for name, table in tables(snapshot)}


def is_true(row: Row, true: list[Row]) -> bool:
    """Whether a row is one of the true ones, but for what is unknown in it."""
    return row in true or any(
        all(ours is None or ours == there for ours, there in zip(row, each, strict=True)) for each in true
    )
