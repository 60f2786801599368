"""Every topic, the unhealthy ones first."""

from collections.abc import Sequence

import numpy as np
from textual.widget import Widget

from monitor.analysis.derive.emptiness import no_topics
from monitor.model.status import OK
from monitor.model.table import Ints
from monitor.model.text import plural
from monitor.model.view import View
from monitor.subjects.topics import TOPIC
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.widgets.columns import WIDE
from tui.widgets.lines import Line, Lines, Part
from tui.widgets.rows import Rows, column, every, reasons, statuses

COLUMNS = every(
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
    COLUMNS = COLUMNS
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
