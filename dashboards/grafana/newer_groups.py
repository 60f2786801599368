"""The dashboard of share groups and streams groups, the newer types of groups."""

from dashboards.grafana.board import CLUSTER, Board
from dashboards.grafana.links import PAGE_OF_GROUPS, row_links
from dashboards.grafana.looks import GROUP_LEVELS, UNKNOWN, statuses
from dashboards.grafana.panels import Column, Line, Panel, lines, number, rows, states
from dashboards.grafana.queries import NOT_OK, Series, add, among

OF = Series('cluster="$cluster"')
GROUP = ("group",)
NO_GROUPS = "no such groups, or the cluster is unreachable"


def _chosen(types: str) -> str:
    """The groups of these types."""
    return OF.of("kmon_group_info", *GROUP, where=f'type=~"{types}"')


NEWER, STREAMS = _chosen("share|streams"), _chosen("streams")


def _of(name: str, *by: str, where: str = "", groups: str = NEWER) -> str:
    """A number of each of these groups."""
    return among(OF.of(name, *GROUP, *by, where=where), groups, *GROUP)


def _is_it_bad() -> tuple[Panel, ...]:
    bad = ((1, GROUP_LEVELS["stuck"]),)
    return (
        *(number(f"{kind.capitalize()} groups", f"count({_chosen(kind)})", f"Groups of the type {kind}.",
                 none=NO_GROUPS) for kind in ("share", "streams")),
        number("Not ok", add(_of("kmon_group_status", where='status!~"ok|unknown"')),
               "Groups with a status other than ok.", none=NO_GROUPS, steps=bad),
        number("Status unknown", add(_of("kmon_group_status", where='status="unknown"')),
               "Share groups report their lag from Kafka 4.2; before that it is unknown.", none=NO_GROUPS),
        number("Lag at least", add(_of("kmon_group_lag_at_least")),
               "Over the partitions whose lag is known. The lag of a share group is the broker's own count.",
               none=NO_GROUPS, unit="locale"),
        number("Not all members at the target", add(f"({_of('kmon_group_reconciling_partitions')}) > bool 0"),
               "Groups with partitions that are assigned, but not yet held.", none=NO_GROUPS),
    )  # fmt: skip


def _who() -> tuple[Panel, ...]:
    return (
        rows("Share and streams groups", "An empty cell is unknown, or the type of the group has no such number.",
             Column("Group", label="group", links=row_links("group")),
             Column("Type", label="type"),
             Column("", OF.of("kmon_group_info", *GROUP, "type", where='type=~"share|streams"')),
             Column("Members", _of("kmon_group_members")),
             Column("Lag at least", _of("kmon_group_lag_at_least"), unit="locale"),
             Column("Time lag", _of("kmon_group_lag_seconds"), unit="s"),
             Column("Partitions", _of("kmon_group_partitions")),
             Column("Unknown partitions", _of("kmon_group_unknown_partitions")),
             Column("Pending reassignment", _of("kmon_group_reconciling_partitions")),
             none=NO_GROUPS, sort="Lag at least", width=16),
        rows("Status", "The status is that of the worst partition of the group.",
             Column("Group", label="group", links=row_links("group")),
             Column("Status", label="status", mappings=statuses(GROUP_LEVELS)),
             Column("", f"({_of('kmon_group_status', 'status')}) == 1"),
             none=NO_GROUPS, width=8),
    )  # fmt: skip


def _why() -> tuple[Panel, ...]:
    behind = f"({_of('kmon_group_epoch')}) - {OF.of('kmon_group_assignment_epoch', *GROUP)}"
    return (
        lines("Tasks of streams groups", "A streams group without active tasks processes nothing.",
              Line(_of("kmon_group_tasks", "role", groups=STREAMS), "{{group}} {{role}}"),
              none="no streams groups, or unknown"),
        lines("Partitions pending reassignment", "Assigned by the target assignment, but not yet held.",
              Line(_of("kmon_group_reconciling_partitions"), "{{group}}"), none=NO_GROUPS),
        lines("In rate and out rate", "Out below in: the group falls behind.",
              Line(_of("kmon_group_produce_rate"), "{{group}} in"),
              Line(_of("kmon_group_consume_rate"), "{{group}} out"), none=UNKNOWN, unit="cps"),
        lines("Epochs without an assignment", "Above 0: the coordinator has not computed the newest assignment yet.",
              Line(behind, "{{group}}"), none=NO_GROUPS),
    )  # fmt: skip


def _since() -> tuple[Panel, ...]:
    status = f"({_of('kmon_group_status', 'status', where=NOT_OK)}) == 1"
    return (
        states("Groups that were not ok", "When a group had which status, other than ok.", status,
               "{{group}} {{status}}", {}, none="every such group was ok, if the cluster was reachable"),
        lines("Lag at least", "Over the partitions whose lag is known.",
              Line(_of("kmon_group_lag_at_least"), "{{group}}"), none=NO_GROUPS, unit="locale"),
        lines("Epoch of the group", "It rises when members or topics change: steep is a rebalance storm.",
              Line(_of("kmon_group_epoch"), "{{group}}"), none=NO_GROUPS),
    )  # fmt: skip


def board() -> Board:
    return Board(
        "kmon-share-streams",
        "kmon / Share and streams groups",
        "Groups of the types share and streams: is one not ok, which one, why, and since when.",
        (CLUSTER,),
        OF.chosen,
        PAGE_OF_GROUPS,
        (_is_it_bad(), _who(), _why(), _since()),
    )
