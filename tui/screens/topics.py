"""Every topic, the unhealthy ones first."""

from collections.abc import Hashable, Sequence

import numpy as np
from textual.widget import Widget

from monitor.analysis.derive.completeness import lists_groups
from monitor.analysis.derive.emptiness import no_topics
from monitor.analysis.derive.judged.partitions import topic_why
from monitor.model.cluster_tables import TopicConfigs
from monitor.model.levels import ABOVE_ZERO
from monitor.model.snapshot import KNOWN, Topics
from monitor.model.status import OK
from monitor.model.table import Floats
from monitor.model.text import plural, visible
from monitor.model.totals import TopicTotals
from monitor.model.view import View
from tui.missing import why_no_size
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.partitions import PARTITION_MEANING
from tui.screens.topic import TopicScreen
from tui.widgets.columns import WIDE, Column, Values, meaning
from tui.widgets.lines import Line, Lines, Part
from tui.widgets.rows import Make, Rows, counts, judged_rows, names, reasons, sizes, spans, statuses, totals, whole


def _totals(name: str) -> Make:
    return lambda rows: getattr(rows.view.topic_totals, name)[rows.pick]


def _partitions(rows: Rows) -> Floats:
    """Partitions of each topic, unknown where metadata does not have it."""
    partitions = rows.view.snapshot.topics.partitions[rows.pick].astype(np.float64)
    return np.where(partitions > 0, partitions, np.nan)


def _factor(rows: Rows) -> Floats:
    factor = rows.view.topic_totals.replication_factor[rows.pick].astype(np.float64)
    return np.where(factor > 0, factor, np.nan)


def _topics(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.topics, name)[rows.pick]


def _configs(name: str) -> Make:
    """A config of each topic; unknown where no configs are."""

    def make(rows: Rows) -> Values:
        configs = rows.view.snapshot.topic_configs
        if len(configs):
            values: Values = getattr(configs, name)[rows.pick]
            return values
        dtype = next(each.metadata["dtype"] for each in configs.schema() if each.name == name)
        return np.full(len(rows.pick), None if dtype.hasobject else np.nan, dtype)

    return make


def _why(rows: Rows, row: int) -> str:
    view, topic = rows.view, int(rows.pick[row])
    return ", ".join(filter(None, (topic_why(view, topic), _unknown(view, topic))))


def _unknown(view: View, row: int) -> str:
    """Why a number of a topic is unknown."""
    totals, topics, configs = view.topic_totals, view.snapshot.topics, view.snapshot.topic_configs
    parts = []
    if not topics.partitions[row]:
        return ""
    if not topics.watched[row]:
        parts.append("not monitored: excluded by settings")
    elif len(configs) and configs.reason[row] != KNOWN:
        parts.append(f"configs unknown ({visible(view.reasons[configs.reason[row]])})")
    if np.isnan(totals.size_bytes[row]) and not totals.offline[row]:
        parts.append(f"size unknown ({why_no_size(view)})")
    return ", ".join(parts)


COLUMNS: tuple[Column[Rows], ...] = (
    statuses(Rows.word, _totals("lag_at_least"), f"that of its worst partition; {PARTITION_MEANING}", width=18),
    names("topic", "Topic", "T", _topics("topic"), meaning(Topics, "topic"), width=18, grow=3, most=60),
    counts("partitions", "Parts", "P", _partitions, meaning(Topics, "partitions"), width=6),
    counts("factor", "Repl", "E", _factor, meaning(TopicTotals, "replication_factor"), width=5, rank=5),
    counts("min", "Min ISR", "N", _configs("min_insync_replicas"), "min.insync.replicas", width=7, rank=8),
    counts(
        "offline",
        "Offline",
        "O",
        _totals("offline"),
        meaning(TopicTotals, "offline"),
        width=8,
        rank=3,
        kind=ABOVE_ZERO["offline"],
    ),
    counts(
        "under_min_isr",
        "Under min",
        "M",
        _totals("under_min_isr"),
        meaning(TopicTotals, "under_min_isr"),
        width=9,
        rank=7,
        kind=ABOVE_ZERO["under_min_isr"],
    ),
    counts(
        "under",
        "Under",
        "U",
        _totals("under_replicated"),
        meaning(TopicTotals, "under_replicated"),
        width=6,
        rank=6,
        kind=ABOVE_ZERO["under_replicated"],
    ),
    counts("records", "Records", "C", _totals("records"), meaning(TopicTotals, "records"), width=12, rank=1),
    sizes("size", "Size", "Z", _totals("size_bytes"), meaning(TopicTotals, "size_bytes"), width=8),
    totals(
        "groups",
        "Groups",
        "R",
        whole(_totals("groups"), lists_groups),
        f"{meaning(TopicTotals, 'groups')}; ≥ where ACLs may hide some",
        known=_totals("groups"),
        width=7,
        rank=4,
        kind="",
    ),
    totals(
        "lag", "Lag", "A", _totals("lag"), meaning(TopicTotals, "lag"), known=_totals("lag_at_least"), width=11, kind=""
    ),
    spans("retention", "Keeps", "K", _configs("retention_seconds"), "retention.ms; ∞ without a limit", width=7, rank=8),
    names(
        "cleanup", "Cleanup", "L", _configs("cleanup_policy"), meaning(TopicConfigs, "cleanup_policy"), width=8, rank=8
    ),
    names("id", "Topic id", "I", _topics("topic_id"), meaning(Topics, "topic_id"), width=22, rank=WIDE),
    reasons(_why, "reason for the status, or why a number is unknown", width=20),
)


class TopicsScreen(MonitorScreen):
    """Every topic that is monitored, and every other that is unhealthy."""

    KEY, NAME, TITLE = "3", "topics", "Topics"
    COLUMNS = COLUMNS
    NOUN = "topic"

    def below(self) -> Sequence[Widget]:
        return (Lines(id="left-out"),)

    def why_empty(self, rows: Rows) -> str:
        return no_topics(rows.view).sentence

    def rows(self, picture: Picture) -> Rows:
        view = picture.shown
        pick = np.flatnonzero(view.snapshot.topics.watched | (view.judged.topics.places != OK))
        names = view.snapshot.topics.topic[pick].tolist()
        return judged_rows(picture, names, names, view.judged.topics, pick)

    def draw(self, picture: Picture, rows: Rows) -> None:
        left_out = len(rows.view.snapshot.topics) - len(rows.keys)
        notice = f" {plural(left_out, 'healthy topic')} not monitored" if left_out else ""
        self.query_one("#left-out", Lines).put(*([Line([Part(notice, "dim")])] if notice else []))

    def target(self, key: Hashable) -> MonitorScreen:
        return TopicScreen(str(key))
