"""Every topic, the unhealthy ones first; of one its partitions, the groups that read it, producers and configs."""

import math
from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np
from textual.widget import Widget

from monitor.analysis.derive.completeness import lists_groups, number_of
from monitor.analysis.derive.emptiness import no_topics
from monitor.model.levels import ABOVE_ZERO, ODD
from monitor.model.status import OK
from monitor.model.table import Ints
from monitor.model.text import UNKNOWN, duration, number, plural, visible
from monitor.model.view import View
from monitor.subjects.column import Reading
from monitor.subjects.groups import GROUP_TOPIC
from monitor.subjects.shown import shown
from monitor.subjects.topics import CONFIGS, PARTITION, PRODUCER, TOPIC
from tui.format import at_least, count
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.lag_columns import lag_columns, named_columns
from tui.widgets.columns import WIDE, Cell, Column
from tui.widgets.facts import Fact, flow, unknown
from tui.widgets.lines import Line, Lines, Part
from tui.widgets.rows import Rows, column, every, reasons, statuses

TOPIC_COLUMNS = every(
    TOPIC,
    statuses(TOPIC, "lag", width=18),
    column(TOPIC, "topic", "Topic", "T", 18, grow=3, most=60),
    column(TOPIC, "partitions", "Parts", "P", 6),
    column(TOPIC, "replication_factor", "Repl", "E", 5, rank=5),
    column(TOPIC, "min_insync_replicas", "Min ISR", "N", 7, rank=8),
    column(TOPIC, "offline_partitions", "Offline", "O", 8, rank=3),
    column(TOPIC, "under_min_isr_partitions", "Under min", "M", 9, rank=7),
    column(TOPIC, "under_replicated_partitions", "Under", "U", 6, rank=6),
    column(TOPIC, "records", "Records", "C", 12, rank=1),
    column(TOPIC, "size_bytes", "Size", "Z", 8),
    column(TOPIC, "groups", "Groups", "R", 7, rank=4),
    column(TOPIC, "lag", "Lag", "A", 11),
    column(TOPIC, "retention_seconds", "Keeps", "K", 7, rank=8),
    column(TOPIC, "cleanup_policy", "Cleanup", "L", 8, rank=8),
    column(TOPIC, "topic_id", "Topic id", "I", 22, rank=WIDE),
    reasons(TOPIC, width=20),
)


class TopicsScreen(MonitorScreen):
    """Every topic that is monitored, and every other that is unhealthy."""

    KEY, NAME, TITLE = "3", "topics", "Topics"
    SUBJECT = TOPIC
    OPENS = ("topic",)
    COLUMNS = TOPIC_COLUMNS
    NOUN = "topic"

    def below(self) -> Sequence[Widget]:
        return (Lines(id="left-out"),)

    def why_empty(self, rows: Rows) -> str:
        return no_topics(rows.view).sentence

    def pick(self, view: View) -> Ints:
        return np.flatnonzero(view.snapshot.topics.watched | (view.judged.topics.places != OK))

    def draw(self, picture: Picture, rows: Rows) -> None:
        left_out = len(rows.view.snapshot.topics) - len(rows.pick)
        notice = f" {plural(left_out, 'healthy topic')} not monitored" if left_out else ""
        self.query_one("#left-out", Lines).put(*([Line([Part(notice, "dim")])] if notice else []))


class OneTopic(MonitorScreen):
    """What the tables of one topic have in common."""

    PANES: ClassVar = {"topic": "Partitions", "readers": "Groups", "producers": "Producers"}

    @property
    def topic(self) -> str:
        return str(self.about)

    def panes(self) -> list[str]:
        view = self.app.picture.view
        some = view is not None and len(view.shown.snapshot.producers) > 0
        return [each for each in super().panes() if some or each != "producers"]

    def pick(self, view: View) -> Ints | None:
        row = view.topic_rows.get(self.topic)
        return None if row is None else self.pick_of(view, row)

    def pick_of(self, view: View, topic: int) -> Ints:
        """The rows of the table for this row of topics."""
        raise NotImplementedError

    def head(self, picture: Picture, rows: Rows) -> Sequence[Line]:
        row = rows.view.topic_rows[self.topic]
        return flow(topic_facts(rows.view, row, human=picture.human), self.app.size.width)


def topic_facts(view: View, row: int, *, human: bool) -> Iterable[Fact]:
    """What a topic is: how much it holds, who reads it, and its configs, or why they are unknown."""
    totals, topics = view.topic_totals, view.snapshot.topics
    reading = TOPIC.read(view, slice(row, row + 1))
    bytes_ = shown(reading, "size_bytes")
    yield Fact("partitions", count(topics.partitions[row] or None), "strong")
    yield Fact("records", count(totals.records[row], human=human), "strong")
    yield Fact("size", bytes_.text(0), "strong")
    if not bytes_.is_known(0) and topics.partitions[row]:
        yield unknown("size", visible(bytes_.why(0)))
    lag = at_least(totals.lag[row], totals.lag_at_least[row], human=human)
    yield Fact(
        "read by", f"{number_of(int(totals.groups[row]), 'group', whole=lists_groups(view.snapshot))}, lag {lag}"
    )
    if not topics.watched[row]:
        yield Fact("not monitored:", "excluded by settings", "unknown")
    yield from config_facts(view, row, reading)


def config_facts(view: View, row: int, reading: Reading) -> Iterable[Fact]:
    """The configs of a topic that kmon reasons with, in words."""
    configs = view.snapshot.topic_configs
    least, kept, limit, policy = (shown(reading, name) for name in CONFIGS)
    if not least.is_known(0):
        yield unknown("configs", visible(least.why(0)))
        return
    yield Fact("min ISR", least.text(0))
    limited = np.isfinite(float(configs.retention_bytes[row]))
    yield Fact("retention", f"{kept.text(0)} or {limit.text(0)} per partition" if limited else kept.text(0))
    yield Fact("cleanup", policy.text(0))
    yield Fact("timestamps", visible(configs.timestamp_type[row]))
    if configs.unclean_election[row] == 1:
        yield Fact("unclean election", "on: may lose records", ODD)
    if configs.remote_storage[row] == 1:
        yield Fact("remote storage", f"on, kept on brokers for {duration(configs.local_retention_seconds[row])}")


ELSEWHERE = "the preferred leader in brackets while another leads"


def _leader(rows: Rows, row: int) -> Cell:
    """The leader, with the preferred leader in brackets while another leads."""
    leader, replicas = rows.number("leader", row), rows.view.snapshot.partitions.replicas.row(int(rows.pick[row]))
    if math.isnan(leader):
        return Cell(UNKNOWN, ABOVE_ZERO["offline"])
    if rows.number("preferred_leader", row) or not replicas:
        return Cell(number(leader))
    return Cell(f"{number(leader)} ({replicas[0]})", ABOVE_ZERO["preferred_missing"])


PARTITION_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(PARTITION, "partition", width=18, falling=False),
    column(PARTITION, "partition", "Part", "P", 5),
    column(PARTITION, "leader", "Leader", "D", 7, cell=_leader, note=ELSEWHERE),
    column(PARTITION, "replicas", "Replicas", "R"),
    column(PARTITION, "isr", "In sync", "Y"),
    column(PARTITION, "offline_replicas", "Offline", "F", rank=8),
    column(PARTITION, "eligible_leader_replicas", "Eligible", "L", rank=8),
    column(PARTITION, "start_offset", "Start", "T", 11, rank=3),
    column(PARTITION, "stable_offset", "Stable", "B", 11, rank=6),
    column(PARTITION, "end_offset", "End", "E", 11),
    column(PARTITION, "records", "Records", "C", 11, rank=2),
    column(PARTITION, "produce_rate", "In/s", "N", 7, rank=5),
    column(PARTITION, "open_transaction_records", "Held", "H", 7, rank=5),
    column(PARTITION, "size_bytes", "Size", "Z", 8, rank=1),
    column(PARTITION, "reassigned_ratio", "Moved", "M", 6, rank=7),
    column(PARTITION, "local_start_offset", "Local start", "A", 12, rank=WIDE),
    column(PARTITION, "tiered_end_offset", "Tiered end", "I", 12, rank=WIDE),
    column(PARTITION, "leader_epoch", "Epoch", "O", 6, rank=WIDE),
    reasons(PARTITION, width=20),
)


class TopicScreen(OneTopic):
    """One topic and its partitions."""

    NAME, TITLE = "topic", "Topic"
    SUBJECT = PARTITION
    COLUMNS = PARTITION_COLUMNS
    EMPTY = "Not in metadata: deleted, or not authorized to describe it"

    def pick_of(self, view: View, topic: int) -> Ints:
        return np.flatnonzero(view.snapshot.partitions.topic == topic)


READER_COLUMNS = every(
    GROUP_TOPIC,
    *named_columns(GROUP_TOPIC),
    column(GROUP_TOPIC, "members", "Members", "M", 7, rank=4),
    column(GROUP_TOPIC, "partitions", "Parts", "P", 6, rank=6),
    *lag_columns(GROUP_TOPIC),
    reasons(GROUP_TOPIC, "reason", width=14),
)


class ReadersScreen(OneTopic):
    """The groups that read one topic."""

    NAME, TITLE = "readers", "Topic: groups"
    SUBJECT = GROUP_TOPIC
    KEYED = OPENS = ("group",)
    COLUMNS = READER_COLUMNS
    EMPTY = "No visible group reads this topic"

    def pick_of(self, view: View, topic: int) -> Ints:
        return np.flatnonzero(view.group_topic_lags.topic == topic)


PRODUCER_COLUMNS: tuple[Column[Rows], ...] = (
    column(PRODUCER, "partition", "Part", "P", 6),
    column(PRODUCER, "producer_id", "Producer id", "I", 14),
    column(PRODUCER, "producer_epoch", "Epoch", "E", 7),
    column(PRODUCER, "idle_seconds", "Last record", "L", 12),
    column(PRODUCER, "transaction_start_offset", "Open since", "O", 13, kind=ABOVE_ZERO["unstable"]),
)


class ProducersScreen(OneTopic):
    """The active producers of one topic."""

    NAME, TITLE = "producers", "Topic: producers"
    SUBJECT = PRODUCER
    KEYED = ("partition", "producer_id")
    NAMED = ("producer_id",)
    COLUMNS = PRODUCER_COLUMNS
    SORT = "partition"
    EMPTY = "No active producers"

    def pick_of(self, view: View, topic: int) -> Ints:
        return np.flatnonzero(view.snapshot.producers.topic == topic)
