"""One topic: its partitions with leader, replicas, offsets and size, and what its configs say."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np

from monitor.analysis.derive.completeness import lists_groups, number_of
from monitor.model.levels import ODD
from monitor.model.text import duration, visible
from monitor.model.view import View
from monitor.subjects.column import Reading
from monitor.subjects.shown import shown
from monitor.subjects.topics import CONFIGS, PARTITION, TOPIC
from tui.format import at_least, count
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.partitions import COLUMNS
from tui.widgets.columns import Column
from tui.widgets.facts import Fact, flow, unknown
from tui.widgets.lines import Line
from tui.widgets.rows import Rows


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

    def rows(self, picture: Picture) -> Rows | None:
        row = picture.shown.topic_rows.get(self.topic)
        return None if row is None else self.rows_of(picture, row)

    def rows_of(self, picture: Picture, topic: int) -> Rows:
        """The rows of the table for this row of topics."""
        raise NotImplementedError

    def head(self, picture: Picture, rows: Rows) -> Sequence[Line]:
        row = rows.view.topic_rows[self.topic]
        return flow(topic_facts(rows.view, row, human=picture.human), self.app.size.width)


class TopicScreen(OneTopic):
    """One topic and its partitions."""

    NAME, TITLE = "topic", "Topic"
    COLUMNS: ClassVar[tuple[Column[Rows], ...]] = COLUMNS
    EMPTY = "Not in metadata: deleted, or not authorized to describe it"

    def rows_of(self, picture: Picture, topic: int) -> Rows:
        view = picture.shown
        topics = view.snapshot.topics
        pick = topics.first_row[topic] + np.arange(topics.partitions[topic])
        numbers = view.snapshot.partitions.partition[pick]
        return Rows(picture, PARTITION, pick, numbers.tolist(), list(map(str, numbers.tolist())))


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
