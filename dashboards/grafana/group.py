"""The dashboard of one consumer group of any type."""

from dashboards.grafana.board import CLUSTER, GROUP, Board
from dashboards.grafana.links import PAGE_OF_GROUP, row_links
from dashboards.grafana.looks import GROUP_LEVELS, NONE, UNKNOWN, above_zero, never
from dashboards.grafana.panels import Column, Line, Panel, lines, number, rows, states
from dashboards.grafana.queries import Series, add

OF = Series('cluster="$cluster",group="$group"')
PARTITION = ("topic", "partition")
SHOWN = 200
"""Most partitions in a table."""


def _of(name: str, *, least: bool = False) -> str:
    """The number of the group."""
    return OF.of(name, "group", least=least)


def _is_it_bad() -> tuple[Panel, ...]:
    status = f"{OF.of('kmon_group_status', 'status')} == 1"
    return (
        number("Status", status, "The status of the group, which is that of its worst partition.",
               none="no such group, or the cluster is unreachable", legend="{{status}}", name=True,
               levels=GROUP_LEVELS),
        number("Time lag", _of("kmon_group_lag_seconds"), "Age of the oldest unread record on any partition.",
               none=UNKNOWN, unit="s"),
        number("Lag at least", _of("kmon_group_lag_at_least"),
               "Unread records on the partitions whose lag is known: a lower bound while some are unknown.",
               none="no such group, or the cluster is unreachable", unit="locale"),
        number("Drains in", _of("kmon_group_eta_seconds"), "At the rates of the last 5 minutes.", none=UNKNOWN,
               unit="s", mappings=never()),
        number("Data loss in", _of("kmon_group_headroom_seconds", least=True),
               "Until retention deletes the first unread record.", none=UNKNOWN, unit="s", mappings=never()),
        number("Records lost", add(OF.of("kmon_group_partition_lost", *PARTITION)),
               "Records that were deleted before the group read them, in the last 10 minutes.", none=NONE,
               unit="locale", steps=above_zero("lost")),
    )  # fmt: skip


def _who() -> tuple[Panel, ...]:
    return (
        rows(
            "Partitions, worst first",
            f"The {SHOWN} partitions with the largest lag. An empty time lag is ok or unknown; kmon shows the reason.",
            Column("Topic", label="topic", links=row_links("topic")),
            Column("Partition", label="partition"),
            Column("Lag", f"topk({SHOWN}, {OF.of('kmon_group_partition_lag', *PARTITION)})", unit="locale"),
            Column("Time lag", OF.of("kmon_group_partition_lag_seconds", *PARTITION), unit="s"),
            Column("Committed", OF.of("kmon_group_partition_committed_offset", *PARTITION), unit="locale"),
            Column("Lost", OF.of("kmon_group_partition_lost", *PARTITION), unit="locale", steps=above_zero("lost")),
            none="no partition has a known lag",
            sort="Lag",
            width=16,
        ),
        rows(
            "Owners of partitions",
            "Which member each partition is assigned to. Share groups have none: several members read a partition.",
            Column("Topic", label="topic"),
            Column("Partition", label="partition"),
            Column("Client", label="client_id"),
            Column("Host", label="host"),
            Column("", OF.of("kmon_group_partition_owner_info", *PARTITION, "client_id", "host")),
            none="needs metrics.owners: true in kmon's settings",
            width=8,
        ),
        lines("Lag by topic", "Over the partitions whose lag is known.",
              Line(add(OF.of("kmon_group_partition_lag", *PARTITION), "topic"), "{{topic}}"), none=UNKNOWN,
              unit="locale", stacked=True),
        lines("Ten partitions with the largest lag", "One high line is a slow member or a hot key.",
              Line(f"topk(10, {OF.of('kmon_group_partition_lag', *PARTITION)})", "{{topic}}-{{partition}}"),
              none=UNKNOWN, unit="locale"),
    )  # fmt: skip


def _why() -> tuple[Panel, ...]:
    state = f"{OF.of('kmon_group_state', 'state')} == 1"
    calm = {"Stable": "ok", "Empty": "note", "Dead": "unknown"}
    return (
        lines("In rate and out rate", "Out below in: the group falls behind. Out at 0: it does not consume.",
              Line(_of("kmon_group_produce_rate"), "in"), Line(_of("kmon_group_consume_rate"), "out"), none=UNKNOWN,
              unit="cps"),
        lines("Members and partitions", "More members than partitions leave some without work.",
              Line(_of("kmon_group_members"), "members"), Line(_of("kmon_group_partitions"), "partitions"),
              Line(_of("kmon_group_unknown_partitions"), "with unknown lag"),
              Line(_of("kmon_group_reconciling_partitions"), "pending reassignment"), none=UNKNOWN),
        lines("Lag, and what read_committed can read", "A gap between the two is held back by open transactions.",
              Line(_of("kmon_group_lag"), "lag"), Line(_of("kmon_group_stable_lag"), "lag to the last stable offset"),
              none="unknown: the lag on some partition is not known", unit="locale"),
        states("State of the group", "A group that is often not Stable rebalances too much.", state, "{{state}}",
               calm, none=UNKNOWN, width=12),
    )  # fmt: skip


def _since() -> tuple[Panel, ...]:
    lag, error = _of("kmon_group_lag_seconds"), _of("kmon_group_lag_error_seconds")
    return (
        states("Status", "When the group had which status.", f"{OF.of('kmon_group_status', 'status')} == 1",
               "{{status}}", GROUP_LEVELS, none="no such group, or the cluster was unreachable"),
        lines("Time lag with its error bound", "The exact time lag is between the outer lines.", Line(lag, "time lag"),
              Line(f"{lag} + {error}", "at most"), Line(f"clamp_min({lag} - {error}, 0)", "at least"), none=UNKNOWN,
              unit="s"),
        lines("Lag at least", "Over the partitions whose lag is known.", Line(_of("kmon_group_lag_at_least"), "lag"),
              none="no such group, or the cluster was unreachable", unit="locale"),
    )  # fmt: skip


def board() -> Board:
    return Board(
        "kmon-group",
        "kmon / Group",
        "One group: is it behind, on which partitions, why, and since when.",
        (CLUSTER, GROUP),
        OF.chosen,
        PAGE_OF_GROUP,
        (_is_it_bad(), _who(), _why(), _since()),
    )
