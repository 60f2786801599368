"""The dashboard of one topic."""

from dashboards.grafana.board import CLUSTER, TOPIC, Board
from dashboards.grafana.links import PAGE_OF_TOPIC, row_links
from dashboards.grafana.looks import NONE, TOPIC_LEVELS, UNKNOWN, above_zero, never
from dashboards.grafana.panels import Column, Line, Panel, lines, number, rows, states
from dashboards.grafana.queries import Series, add

OF = Series('cluster="$cluster",topic="$topic"')
NO_TOPIC = "no such topic, or the cluster is unreachable"


def _of(name: str) -> str:
    """The number of the topic."""
    return OF.of(name, "topic")


def _is_it_bad() -> tuple[Panel, ...]:
    faults = (
        ("Offline partitions", "offline", "They have no leader.", NO_TOPIC),
        ("Under min ISR", "under_min_isr", "Writes with acks=all to these partitions fail.", UNKNOWN),
        ("Under-replicated", "under_replicated", "Replicas of these partitions are out of sync.", NO_TOPIC),
    )
    return (
        *(number(title, _of(f"kmon_topic_{column}_partitions"), about, none=none, steps=above_zero(column))
          for title, column, about, none in faults),
        number("Partitions", _of("kmon_topic_partitions"), "Partitions of the topic.", none=NO_TOPIC),
        number("Size", _of("kmon_topic_size_bytes"), "On the leaders, without replicas.", none=UNKNOWN, unit="bytes"),
        number("Retention", _of("kmon_topic_retention_seconds"), "retention.ms of the topic.", none=UNKNOWN, unit="s",
               mappings=never()),
    )  # fmt: skip


def _who() -> tuple[Panel, ...]:
    key = ("group", "partition")
    troubles = (
        ("Offline", "kmon_partition_offline", above_zero("offline")),
        ("Under min ISR", "kmon_partition_under_min_isr", above_zero("under_min_isr")),
        ("At min ISR", "kmon_partition_at_min_isr", above_zero("at_min_isr")),
        ("Out-of-sync replicas", "kmon_partition_out_of_sync_replicas", above_zero("out_of_sync")),
        ("Not preferred leader", "kmon_partition_not_preferred_leader", above_zero("preferred_missing")),
        ("Eligible leaders", "kmon_partition_eligible_leader_replicas", ()),
    )
    return (
        rows("Groups that read the topic", "Lag over the partitions whose lag is known.",
             Column("Group", label="group", links=row_links("group")),
             Column("Lag", add(OF.of("kmon_group_partition_lag", *key), "group"), unit="locale"),
             Column("Time lag", f"max by (group) ({OF.raw('kmon_group_partition_lag_seconds')})", unit="s"),
             Column("Lost", add(OF.of("kmon_group_partition_lost", *key), "group"), unit="locale",
                    steps=above_zero("lost")),
             none="no group has commits on the topic", sort="Lag", width=12),
        rows("Partitions in trouble", "A partition has a row only while something is wrong with it.",
             Column("Partition", label="partition"),
             *(Column(title, OF.of(name, "partition"), steps=steps) for title, name, steps in troubles),
             none=NONE, width=12),
    )  # fmt: skip


def _why() -> tuple[Panel, ...]:
    produced = OF.rate("kmon_partition_end_offset", "partition")
    moving = OF.of("kmon_partition_reassigned_ratio", "partition", least=True)
    replicas = ("broker", "partition")
    return (
        lines("Records produced", "All partitions, and the five that get most.", Line(add(produced), "all"),
              Line(f"topk(5, {produced})", "partition {{partition}}"), none=UNKNOWN, unit="cps"),
        lines("Largest partitions", "On their leaders. One that is much larger has a hot key.",
              Line(f"topk(10, {OF.of('kmon_partition_size_bytes', 'partition')})", "partition {{partition}}"),
              none=UNKNOWN, unit="bytes"),
        lines("Held back by open transactions", "Records that read_committed cannot read yet.",
              Line(OF.of("kmon_partition_open_transaction_records", "partition"), "partition {{partition}}"), none=NONE,
              unit="locale", width=8),
        lines("Replicas that are behind", "Records between a replica and the high watermark.",
              Line(f"topk(10, {OF.of('kmon_replica_offset_lag', *replicas)})",
                   "partition {{partition}} on broker {{broker}}"), none=NONE, unit="locale", width=8),
        lines("Reassignments", "Share of the data that the added replicas have.",
              Line(moving, "partition {{partition}}"), none=NONE, unit="percentunit", width=8),
    )  # fmt: skip


def _since() -> tuple[Panel, ...]:
    trouble = (
        ("offline", "kmon_topic_offline_partitions"),
        ("under min ISR", "kmon_topic_under_min_isr_partitions"),
        ("under-replicated", "kmon_topic_under_replicated_partitions"),
    )
    return (
        states("Status", "When the topic had which status, other than ok.",
               f"{OF.of('kmon_topic_status', 'status')} == 1", "{{status}}", TOPIC_LEVELS,
               none="the topic was ok, if the cluster was reachable"),
        lines("Partitions in trouble", "A gap is a time in which the number was unknown.",
              *(Line(_of(name), title) for title, name in trouble), none=UNKNOWN,
              colors={title: TOPIC_LEVELS[title] for title, _ in trouble}),
        lines("Size", "On the leaders, without replicas.", Line(_of("kmon_topic_size_bytes"), "size"), none=UNKNOWN,
              unit="bytes"),
    )  # fmt: skip


def board() -> Board:
    return Board(
        "kmon-topic",
        "kmon / Topic",
        "One topic: can it be written and read, which groups and partitions are affected, why, and since when.",
        (CLUSTER, TOPIC),
        OF.chosen,
        PAGE_OF_TOPIC,
        (_is_it_bad(), _who(), _why(), _since()),
    )
