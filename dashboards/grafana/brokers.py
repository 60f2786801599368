"""The dashboard of a cluster's brokers, their disks and the metadata quorum."""

from dashboards.grafana.board import CLUSTER, Board
from dashboards.grafana.links import PAGE_OF_BROKERS, broker_links
from dashboards.grafana.looks import (
    BROKER_LEVELS,
    DISK_USED,
    LOG_DIR_LEVELS,
    NONE,
    QUORUM_SECONDS,
    UNKNOWN,
    above_zero,
    statuses,
)
from dashboards.grafana.panels import Column, Line, Panel, lines, number, rows, states
from dashboards.grafana.queries import NOT_OK, Series, add

OF = Series('cluster="$cluster"')
BROKER, DIR, NODE, REQUEST = ("broker",), ("broker", "path"), ("broker", "role"), ("broker", "request")
UNREACHABLE = "the cluster is unreachable"
UNREAD = "kmon reads no metrics of brokers: see broker_metrics in its settings"
USED = f"1 - {OF.of('kmon_log_dir_usable_bytes', *DIR)} / {OF.of('kmon_log_dir_total_bytes', *DIR)}"


def _is_it_bad() -> tuple[Panel, ...]:
    down = add(OF.of("kmon_broker_status", *BROKER, where='status=~"gone|fenced"'))
    dirs = add(OF.of("kmon_log_dir_status", *DIR, where='status="offline"'))
    leader = f"{OF.of('kmon_quorum_leader', *BROKER)} == 1"
    return (
        number("Brokers", OF.of("kmon_cluster_brokers", "cluster"), "Brokers in metadata.", none=UNREACHABLE),
        number("Down or fenced", down, "Brokers that hold replicas and are missing from metadata, or are fenced.",
               none=UNREACHABLE, steps=above_zero("offline")),
        number("Offline log dirs", dirs, "A broker reports an error of the log dir, usually of its disk.",
               none=UNKNOWN, steps=above_zero("offline")),
        number("Fullest disk", f"max({USED})", "Used share of the fullest volume of a log dir.", none=UNKNOWN,
               unit="percentunit", steps=DISK_USED),
        number("Active controller", leader, "The leader of the metadata quorum.",
               none="unknown, or the quorum has no leader", legend="broker {{broker}}", name=True),
        number("Furthest behind in metadata", f"max({OF.of('kmon_quorum_behind_seconds', *NODE)})",
               "Time since the slowest controller or broker had all metadata.", none=UNKNOWN, unit="s",
               steps=QUORUM_SECONDS),
    )  # fmt: skip


def _who() -> tuple[Panel, ...]:
    return (
        rows("Brokers", "silent: it did not respond to kmon. gone: missing from metadata, but it has replicas.",
             Column("Broker", label="broker", links=broker_links()),
             Column("Status", label="status", mappings=statuses(BROKER_LEVELS)),
             Column("", f"{OF.of('kmon_broker_status', *BROKER, 'status')} == 1"),
             Column("Leads", OF.of("kmon_broker_leaders", *BROKER)),
             Column("Replicas", OF.of("kmon_broker_replicas", *BROKER)),
             Column("Out of sync", OF.of("kmon_broker_out_of_sync_replicas", *BROKER), steps=above_zero("out_of_sync")),
             Column("Preferred, but not led", OF.of("kmon_broker_preferred_leaders_missing", *BROKER),
                    steps=above_zero("preferred_missing")),
             Column("Size", OF.of("kmon_broker_size_bytes", *BROKER), unit="bytes"),
             Column("Size against the mean", OF.of("kmon_broker_size_skew_ratio", *BROKER), unit="percentunit"),
             none=UNREACHABLE, sort="Out of sync"),
        rows("Log dirs", "Empty before Kafka 3.3: these brokers do not report the size of the volume.",
             Column("Broker", label="broker", links=broker_links()),
             Column("Log dir", label="path"),
             Column("Status", label="status", mappings=statuses(LOG_DIR_LEVELS)),
             Column("", f"{OF.of('kmon_log_dir_status', *DIR, 'status')} == 1"),
             Column("Used", USED, unit="percentunit", steps=DISK_USED),
             Column("Free", OF.of("kmon_log_dir_usable_bytes", *DIR, least=True), unit="bytes"),
             Column("Volume", OF.of("kmon_log_dir_total_bytes", *DIR), unit="bytes"),
             none=UNKNOWN, sort="Used", width=12),
        rows("Addresses and versions", "As the brokers advertise them.",
             Column("Broker", label="broker"), Column("Host", label="host"), Column("Port", label="port"),
             Column("Rack", label="rack"), Column("Kafka", label="version"),
             Column("", OF.of("kmon_broker_info", "broker", "host", "port", "rack", "version")),
             none=UNREACHABLE, width=12),
    )  # fmt: skip


def _why() -> tuple[Panel, ...]:
    sizes = f"topk(10, {OF.of('kmon_topic_size_bytes', 'topic')})"
    behind = OF.of("kmon_replica_offset_lag", "broker", "topic", "partition")
    return (
        lines("Largest topics", "On their leaders, without replicas.", Line(sizes, "{{topic}}"), none=UNKNOWN,
              unit="bytes"),
        lines("Replicas that are behind", "Records between the replicas on a broker and their high watermarks.",
              Line(add(behind, "broker"), "broker {{broker}}"), none=NONE, unit="locale"),
        lines("Leaders against the mean", "0.1 is 10 % more than the mean of all brokers.",
              Line(OF.of("kmon_broker_leader_skew_ratio", *BROKER), "broker {{broker}}"),
              none="unknown, or there is one broker", unit="percentunit", width=8),
        lines("Reassignments", "Partitions whose replicas are being moved.",
              Line(add(OF.of("kmon_partition_reassigning", "topic", "partition")), "partitions"), none=NONE, width=8),
        lines("Metadata: time behind the leader", "Controllers are voters, brokers observers.",
              Line(OF.of("kmon_quorum_behind_seconds", *NODE), "{{role}} {{broker}}"), none=UNKNOWN, unit="s",
              steps=QUORUM_SECONDS, width=8),
        *_reported(),
    )  # fmt: skip


def _reported() -> tuple[Panel, ...]:
    """What brokers report themselves: whether it is they that are slow, or their clients."""
    broker, request = "broker {{broker}}", "broker {{broker}} {{request}}"
    client = ("broker", "request", "version", "client_software", "client_version")
    return (
        lines("Idle request handlers", "Share of time. A broker below 0.1 has the status slow.",
              Line(OF.of("kmon_broker_handler_idle_ratio", *BROKER), broker), none=UNREAD, unit="percentunit", width=8),
        lines("Slowest requests", "99th percentile until the response. A fetch also waits for records.",
              Line(OF.of("kmon_broker_request_p99_seconds", *REQUEST), request), none=UNREAD, unit="s", width=8),
        lines("Delay by quotas", "99th percentile of the throttle time.",
              Line(OF.of("kmon_broker_request_throttle_p99_seconds", *REQUEST), request),
              none=UNREAD, unit="s", width=8),
        lines("Bytes from clients", "Per second, over the last minute.",
              Line(OF.of("kmon_broker_bytes_in_rate", *BROKER), broker), none=UNREAD, unit="Bps", width=8),
        lines("Bytes to clients", "Per second, over the last minute.",
              Line(OF.of("kmon_broker_bytes_out_rate", *BROKER), broker), none=UNREAD, unit="Bps", width=8),
        lines("Deprecated requests", "Per second, in versions that a later Kafka does not have, by client.",
              Line(OF.rate("kmon_broker_deprecated_requests_total", *client),
                   "{{request}} v{{version}} {{client_software}} {{client_version}} to " + broker),
              none=f"no client sends any, or {UNREAD}", width=8),
    )  # fmt: skip


def _since() -> tuple[Panel, ...]:
    status = f"{OF.of('kmon_broker_status', *BROKER, 'status', where=NOT_OK)} == 1"
    out = OF.of("kmon_broker_out_of_sync_replicas", *BROKER)
    return (
        states("Brokers that were not ok", "When a broker had which status, other than ok.", status,
               "{{broker}} {{status}}", {}, none="every broker was ok, if the cluster was reachable"),
        lines("Used share of disks", "The lines are kmon's limits, unless its settings change them.",
              Line(USED, "broker {{broker}} {{path}}"), none=UNKNOWN, unit="percentunit", steps=DISK_USED),
        lines("Replicas out of sync", "A restart shows as a short peak of one broker.", Line(out, "broker {{broker}}"),
              none=UNREACHABLE),
    )  # fmt: skip


def board() -> Board:
    return Board(
        "kmon-brokers",
        "kmon / Brokers and storage",
        "Brokers, disks and the metadata quorum: what is down or full, who is affected, why, and since when.",
        (CLUSTER,),
        OF.chosen,
        PAGE_OF_BROKERS,
        (_is_it_bad(), _who(), _why(), _since()),
    )
