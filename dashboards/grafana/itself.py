"""The dashboard of kmon itself: whether its numbers are fresh and complete, and what it costs Kafka."""

from dashboards.grafana.board import CLUSTER, Board
from dashboards.grafana.links import PAGE_OF_CLUSTER
from dashboards.grafana.looks import DATA_POLLS, above_zero, words
from dashboards.grafana.panels import Column, Line, Panel, lines, number, rows
from dashboards.grafana.queries import RATE, Series, add

OF = Series('cluster="$cluster"')
PROCESS = Series('job="kmon"')
"""Metrics of the process have no label of a cluster; kmon's job has this name in deploy/prometheus/scrape.yml."""
NO_KMON = "kmon is down, or monitors no such cluster"
FAILING = "degraded"
REQUEST = ("api", "broker")


def _is_it_bad() -> tuple[Panel, ...]:
    interval = OF.of("kmon_poll_interval_seconds", "cluster")
    age = f"time() - {OF.of('kmon_last_successful_poll_timestamp_seconds', 'cluster')}"
    reachable = words({"1": ("reachable", "ok"), "0": ("unreachable", "critical")})
    failing = f"count({OF.of('kmon_collector_success', 'collector')} == 0) or {OF.of('kmon_cluster_up', 'cluster')} * 0"
    return (
        number("Cluster", OF.of("kmon_cluster_up", "cluster"), "Whether a broker responded to the last poll.",
               none=NO_KMON, mappings=reachable),
        number("Data age in polls", f"({age}) / {interval}", "Age of the newest successful poll, in poll intervals.",
               none=NO_KMON, steps=DATA_POLLS),
        number("Poll duration", f"{OF.of('kmon_poll_duration_seconds', 'cluster')} / {interval}",
               "Of the last poll, as a share of the poll interval. Above 100 %, polls are skipped.",
               none="no poll has ended yet", unit="percentunit", steps=((1, FAILING),)),
        number("Skipped polls", f"max(increase({OF.raw('kmon_poll_overruns_total')}[1h]))",
               "In the last hour, because the poll before took longer than the interval.", none=NO_KMON,
               steps=above_zero("overruns")),
        number("Incomplete collectors", failing, "What they provide is unknown or old.", none=NO_KMON,
               steps=((1, FAILING),)),
        number("Series withheld", add(OF.of("kmon_series_withheld", "subject")),
               "Series above metrics.max_series.", none="no poll was successful yet", unit="locale"),
    )  # fmt: skip


def _who() -> tuple[Panel, ...]:
    age = f"time() - {OF.of('kmon_collector_last_collected_timestamp_seconds', 'collector')}"
    errors = OF.rate("kmon_kafka_request_errors_total", *REQUEST)
    mean = f"{OF.rate('kmon_kafka_request_seconds_total', *REQUEST)} / {OF.rate('kmon_kafka_requests_total', *REQUEST)}"
    complete = words({"1": ("complete", "ok"), "0": ("incomplete", FAILING)})
    return (
        rows("Collectors", "An empty duration: the collector did not run in the last poll.",
             Column("Collector", label="collector"),
             Column("Last run", OF.of("kmon_collector_success", "collector", least=True), mappings=complete),
             Column("Duration", OF.of("kmon_collector_duration_seconds", "collector"), unit="s"),
             Column("Age", age, unit="s"),
             none=NO_KMON, sort="Duration", width=8),
        rows("Requests", "Over the last scrapes; kmon's log has the errors.",
             Column("API", label="api"), Column("Broker", label="broker"),
             Column("Requests", OF.rate("kmon_kafka_requests_total", *REQUEST), unit="reqps"),
             Column("Errors", errors, unit="reqps"), Column("Mean duration", mean, unit="s"),
             none=NO_KMON, sort="Mean duration", width=8),
        rows("What kmon cannot see", "Permissions and APIs that are missing. kmon doctor reports how to grant them.",
             Column("Missing", label="name"), Column("", f"{OF.of('kmon_capability', 'name')} == 0"),
             none="nothing is missing, if the cluster is reachable", width=8),
    )  # fmt: skip


def _why() -> tuple[Panel, ...]:
    buckets = OF.rate("kmon_kafka_request_duration_seconds_bucket", "broker", "api", "le")
    p99 = f"histogram_quantile(0.99, {add(buckets, 'broker', 'le')})"
    failed = add(OF.rate("kmon_kafka_request_errors_total", *REQUEST), "broker")
    sent = add(OF.rate("kmon_kafka_requests_total", *REQUEST), "broker")
    received = add(OF.rate("kmon_kafka_received_bytes_total", *REQUEST), "api")
    return (
        lines("99th percentile of requests by broker", "If all are slow, the network or kmon's host is.",
              Line(p99, "broker {{broker}}"), none="no requests in this time", unit="s"),
        lines("Failed share of requests by broker", "Requests that could not be sent count.",
              Line(f"{failed} / {sent}", "broker {{broker}}"), none=NO_KMON, unit="percentunit"),
        lines("Duration of collectors", "In each poll.",
              Line(OF.of("kmon_collector_duration_seconds", "collector"), "{{collector}}"), none=NO_KMON, unit="s"),
        lines("Bytes received by API", "What kmon's polls cost the network.", Line(received, "{{api}}"), none=NO_KMON,
              unit="Bps", stacked=True),
    )  # fmt: skip


def _since() -> tuple[Panel, ...]:
    receiver = ("receiver",)
    refused = PROCESS.rate("kmon_alert_notifications_failed_total", *receiver, change="increase")
    dropped = PROCESS.rate("kmon_alert_notifications_dropped_total", *receiver, change="increase")
    queued = PROCESS.of("kmon_alert_notifications_queued", *receiver)
    cpu = f"max by (instance) (rate({PROCESS.raw('process_cpu_seconds_total')}[{RATE}]))"
    reached = OF.of("kmon_cluster_up", "cluster")
    return (
        lines("Poll duration and interval", "A poll that takes longer than the interval makes kmon skip the next.",
              Line(OF.of("kmon_poll_duration_seconds", "cluster"), "duration"),
              Line(OF.of("kmon_poll_interval_seconds", "cluster"), "interval"), Line(reached, "reachable (1)"),
              none=NO_KMON, unit="s"),
        lines("Notifications", "Refused, dropped and waiting, of kmon's own alert rules.",
              Line(refused, "refused by {{receiver}}"), Line(dropped, "dropped for {{receiver}}"),
              Line(queued, "queued for {{receiver}}"), none="no receivers"),
        lines("Memory of kmon", "Resident memory of the process.",
              Line(PROCESS.of("process_resident_memory_bytes", "instance"), "{{instance}}"), none="kmon is down",
              unit="bytes", width=8),
        lines("CPU of kmon", "Cores that it uses.", Line(cpu, "{{instance}}"), none="kmon is down", width=8),
        rows("Versions", "Of kmon and Python.", Column("Instance", label="instance"), Column("kmon", label="version"),
             Column("Python", label="python"),
             Column("", PROCESS.of("kmon_build_info", "instance", "version", "python")),
             none="kmon is down", width=8),
    )  # fmt: skip


def board() -> Board:
    return Board(
        "kmon-itself",
        "kmon / kmon itself",
        "Are kmon's numbers fresh and complete, what is missing, why, and since when; and what kmon costs Kafka.",
        (CLUSTER,),
        OF.chosen,
        PAGE_OF_CLUSTER,
        (_is_it_bad(), _who(), _why(), _since()),
    )
