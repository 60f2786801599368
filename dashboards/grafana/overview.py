"""The dashboard of all clusters: which of them, and who in them, is in trouble."""

from dashboards.grafana.board import CLUSTERS, Board
from dashboards.grafana.links import PAGE_OF_OVERVIEW, ROW_CLUSTER, broker_links, row_links
from dashboards.grafana.looks import (
    BROKER_LEVELS,
    DATA_POLLS,
    GROUP_LEVELS,
    TOPIC_LEVELS,
    UNKNOWN,
    above_zero,
    never,
    statuses,
    words,
)
from dashboards.grafana.panels import Column, Line, Panel, lines, number, rows
from dashboards.grafana.queries import NOT_OK, Series, add, among

OF = Series('cluster=~"$cluster"')
CLUSTER, GROUP, TOPIC = ("cluster",), ("cluster", "group"), ("cluster", "topic")
BAD_GROUPS = f"{OF.of('kmon_group_status', *GROUP, where=NOT_OK)} == 1"
NO_KMON = "kmon is down, or monitors no such cluster"


def _is_it_bad() -> tuple[Panel, ...]:
    reachable = words({"1": ("reachable", "ok"), "0": ("unreachable", "critical")})
    age = f"time() - {OF.of('kmon_last_successful_poll_timestamp_seconds', *CLUSTER)}"
    fault = "Zero is healthy. While a cluster is unreachable, it has no number here."
    shown = (
        ("Offline partitions", "kmon_cluster_offline_partitions", "offline"),
        ("Partitions under min ISR", "kmon_cluster_under_min_isr_partitions", "under_min_isr"),
        ("Under-replicated partitions", "kmon_cluster_under_replicated_partitions", "under_replicated"),
    )
    return (
        number("Clusters", OF.of("kmon_cluster_up", *CLUSTER), "Whether a broker responded to the last poll.",
               none=NO_KMON, legend="{{cluster}}", mappings=reachable, width=6),
        number("Data age in polls", f"({age}) / {OF.of('kmon_poll_interval_seconds', *CLUSTER)}",
               "Age of the newest successful poll, in poll intervals.", none=NO_KMON, legend="{{cluster}}",
               steps=DATA_POLLS, width=3),
        *(number(title, OF.of(name, *CLUSTER), fault, none=UNKNOWN, legend="{{cluster}}", steps=above_zero(column),
                 width=3) for title, name, column in shown),
        number("Groups that lose records", _groups("losing|lost"), "Retention deletes records before they are read.",
               none=UNKNOWN, steps=((1, GROUP_LEVELS["lost"]),), width=3),
        number("Groups that do not consume", _groups("stopped|stuck"), "Unread records, and no progress.",
               none=UNKNOWN, steps=((1, GROUP_LEVELS["stuck"]),), width=3),
    )  # fmt: skip


def _groups(status: str) -> str:
    """How many groups have one of these statuses."""
    return add(OF.of("kmon_group_status", *GROUP, where=f'status=~"{status}"'))


def _who() -> tuple[Panel, ...]:
    cluster = Column(
        "Cluster", label="cluster", links={"Overview in kmon": f"{PAGE_OF_OVERVIEW}?cluster={ROW_CLUSTER}"}
    )
    bad = {
        name: among(OF.of(f"kmon_group_{name}", *GROUP), BAD_GROUPS, *GROUP)
        for name in ("lag_at_least", "lag_seconds", "produce_rate", "consume_rate", "eta_seconds", "headroom_seconds")
    }
    return (
        rows(
            "Groups that are not ok",
            "Status in kmon's words; docs/lag.md explains each. An empty cell is unknown: kmon shows the reason.",
            cluster,
            Column("Group", label="group", links=row_links("group", ROW_CLUSTER), width=260),
            Column("Status", label="status", mappings=statuses(GROUP_LEVELS)),
            Column("", f"{OF.of('kmon_group_status', *GROUP, 'status', where=NOT_OK)} == 1"),
            Column("Time lag", bad["lag_seconds"], unit="s"),
            Column("Lag at least", bad["lag_at_least"], unit="locale"),
            Column("In rate", bad["produce_rate"], unit="cps"),
            Column("Out rate", bad["consume_rate"], unit="cps"),
            Column("Drains in", bad["eta_seconds"], unit="s", mappings=never()),
            Column("Data loss in", bad["headroom_seconds"], unit="s", mappings=never()),
            none="every group is ok, if the cluster is reachable",
            sort="Time lag",
        ),
        rows(
            "Topics that are not ok",
            "The status of a topic is that of its worst partition.",
            cluster,
            Column("Topic", label="topic", links=row_links("topic", ROW_CLUSTER)),
            Column("Status", label="status", mappings=statuses(TOPIC_LEVELS)),
            Column("", f"{OF.of('kmon_topic_status', *TOPIC, 'status')} == 1"),
            none="every topic is ok, if the cluster is reachable",
            width=12,
        ),
        rows(
            "Brokers that are not ok",
            "gone: missing from metadata, but it has replicas. silent: it did not respond to kmon.",
            cluster,
            Column("Broker", label="broker", links=broker_links(ROW_CLUSTER)),
            Column("Status", label="status", mappings=statuses(BROKER_LEVELS)),
            Column("", f"{OF.of('kmon_broker_status', 'cluster', 'broker', 'status', where=NOT_OK)} == 1"),
            none="every broker is ok, if the cluster is reachable",
            width=12,
        ),
    )  # fmt: skip


def _why() -> tuple[Panel, ...]:
    partition = ("cluster", "topic", "partition")
    produced = add(OF.rate("kmon_partition_end_offset", *partition), *CLUSTER)
    consumed = add(OF.of("kmon_group_consume_rate", *GROUP), *CLUSTER)
    events = add(OF.rate("kmon_events_total", "cluster", "kind", change="increase"), "kind")
    return (
        lines("Records produced and consumed",
              "Each group that reads a record counts it. Without metrics.partitions, produced records have no series.",
              Line(produced, "{{cluster}} produced"), Line(consumed, "{{cluster}} consumed"), none=UNKNOWN, unit="cps"),
        lines("Events", "What changed, by kind; kmon's page of events has each one.", Line(f"{events} > 0", "{{kind}}"),
              none="no events in this time", stacked=True),
        rows("What kmon cannot see", "Permissions and APIs that are missing. kmon doctor reports how to grant them.",
             Column("Cluster", label="cluster"), Column("Missing", label="name"),
             Column("", f"{OF.of('kmon_capability', 'cluster', 'name')} == 0"),
             none="nothing is missing, if the cluster is reachable", width=12),
        rows("Incomplete collectors", "What they provide is unknown or old.",
             Column("Cluster", label="cluster"), Column("Collector", label="collector"),
             Column("", f"{OF.of('kmon_collector_success', 'cluster', 'collector')} == 0"),
             none="every collector is complete, if the cluster is reachable", width=12),
    )  # fmt: skip


def _since() -> tuple[Panel, ...]:
    by_status = add(OF.of("kmon_group_status", *GROUP, "status", where=NOT_OK), "status")
    faults = {
        "offline": "kmon_cluster_offline_partitions",
        "under min ISR": "kmon_cluster_under_min_isr_partitions",
        "under-replicated": "kmon_cluster_under_replicated_partitions",
    }
    shown = [Line(add(OF.of(name, *CLUSTER)), title) for title, name in faults.items()]
    return (
        lines("Groups that are not ok", "How many groups have each status.", Line(f"{by_status} > 0", "{{status}}"),
              none="every group was ok, or the cluster was unreachable", stacked=True,
              colors={word: level for word, level in GROUP_LEVELS.items() if word != "ok"}),
        lines("Partitions in trouble", "A gap is a time in which the number was unknown.", *shown, none=UNKNOWN,
              colors={title: TOPIC_LEVELS[title] for title in faults}),
        lines("Time lag of the ten groups that are furthest behind", "Age of the oldest unread record.",
              Line(f"topk(10, {OF.of('kmon_group_lag_seconds', *GROUP)})", "{{cluster}} {{group}}"), none=UNKNOWN,
              unit="s"),
        lines("Firing alerts of kmon", "Alerts of kmon's own rules.",
              Line(add(OF.of("kmon_alerts", "cluster", "state", where='state="firing"'), *CLUSTER), "{{cluster}}"),
              none="kmon evaluates no rules"),
    )  # fmt: skip


def board() -> Board:
    return Board(
        "kmon-overview",
        "kmon / Overview",
        "Every cluster that kmon monitors: is one in trouble, who is affected, why, and since when.",
        (CLUSTERS,),
        OF.chosen,
        PAGE_OF_OVERVIEW,
        (_is_it_bad(), _who(), _why(), _since()),
    )
