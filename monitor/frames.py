"""The door for notebooks: tables of a View as pandas DataFrames, with names where tables have rows and codes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from monitor.derive.rates import total_group_rates, total_topic_rates
from monitor.model.lag import METHODS
from monitor.model.status import STATUSES
from monitor.model.table import Ragged, Table, objects
from monitor.model.view import View

if TYPE_CHECKING:
    import pandas as pd

TABLES = (
    "lag",
    "lag_times",
    "lag_statuses",
    "partition_rates",
    "consume_rates",
    "group_rates",
    "topic_rates",
    "group_lags",
    "group_topic_lags",
    "topic_totals",
    "broker_totals",
    "partition_health",
    "quorum_lags",
    "problems",
    "diagnoses",
    "group_activity",
    "events",
)
SNAPSHOT_TABLES = (
    "brokers",
    "topics",
    "partitions",
    "offsets",
    "groups",
    "members",
    "assignments",
    "commits",
    "requests",
    "target_assignments",
    "tasks",
    "subtopologies",
    "quorum",
    "features",
    "capabilities",
    "reassignments",
    "eligible_replicas",
    "tiered_offsets",
    "record_times",
    "log_dirs",
    "replicas",
    "topic_configs",
    "broker_configs",
    "transactions",
    "transaction_partitions",
    "producers",
)
"""What can be had as a DataFrame: tables of the View, and of its Snapshot."""


_ORDERS = {
    "group": ("group_lags", "group_rates", "group_activity"),
    "topic": ("topic_totals", "topic_rates", "topic_configs"),
    "partition": ("partition_rates", "partition_health", "offsets"),
    "lag": ("lag_times", "lag_statuses", "consume_rates"),
}
"""Tables whose rows are in the order of another one."""


_SUMS: dict[str, Callable[[View], Table]] = {"group_rates": total_group_rates, "topic_rates": total_topic_rates}
"""Tables that no poll needs, and that are made when they are asked for."""


def frame(view: View, name: str) -> "pd.DataFrame":
    """The table of this name; its columns are those of the Table, with their units in `frame.attrs["units"]`.

    Columns that hold rows of topics and groups, or codes of statuses, methods and reasons hold names, words and texts
    instead. A table whose rows are in the order of another one has the names of those as its index.
    Unknown numbers are NaN. Raises KeyError for a name in neither TABLES nor SNAPSHOT_TABLES.
    """
    import pandas  # noqa: ICN001, PLC0415 - slow to import, and only for who asks for it

    if name not in (*TABLES, *SNAPSHOT_TABLES):
        raise KeyError(f"no table {name!r}; there are {', '.join((*TABLES, *SNAPSHOT_TABLES))}")
    table = table_of(view, name)
    columns = {each.name: _column(view, each.name, getattr(table, each.name)) for each in table.schema()}
    result = pandas.DataFrame(columns)
    if len(result) and (index := _index(view, name)):
        result.index = pandas.MultiIndex.from_arrays(list(index.values()), names=list(index))
    result.attrs["units"] = {each.name: each.metadata["unit"] for each in table.schema() if each.metadata["unit"]}
    return result


def table_of(view: View, name: str) -> Table:
    """The table of this name, of those in TABLES or SNAPSHOT_TABLES."""
    if name in _SUMS:
        return _SUMS[name](view)
    table: Table = getattr(view if name in TABLES else view.snapshot, name)
    return table


def _index(view: View, name: str) -> dict[str, Any]:
    """The names of the rows of a table that has none itself."""
    order = next((order for order, names in _ORDERS.items() if name in names), "")
    snapshot = view.snapshot
    topics, partitions, lag = snapshot.topics.topic, snapshot.partitions, view.lag
    match order:
        case "group":
            return {"group": snapshot.groups.group}
        case "topic":
            return {"topic": topics}
        case "partition":
            return {"topic": topics[partitions.topic], "partition": partitions.partition}
        case "lag":
            return {"group": snapshot.groups.group[lag.group], "topic": topics[lag.topic], "partition": lag.partition}
    return {}


def _column(view: View, name: str, values: Any) -> Any:
    """The values of a column, with names for what only counts within the View."""
    if isinstance(values, Ragged):
        return objects(values.row(row) for row in range(len(values)))
    if values.dtype == object:
        return values
    if name == "status":
        return objects(STATUSES[code] for code in values)
    if name == "method":
        return objects(METHODS[code] for code in values)
    if name in ("reason", "start_reason", "end_reason", "stable_reason", "commits_reason", "assignments_reason"):
        return objects(view.reasons[code] for code in values)
    names = {"group": view.snapshot.groups.group, "topic": view.snapshot.topics.topic}
    return names[name][values] if name in names else values
