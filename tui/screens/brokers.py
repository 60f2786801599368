"""Every broker that the cluster names or a replica is assigned to; of one its replicas, log dirs and configs."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from monitor.analysis.derive.judged.brokers import disk_used, log_dir_why
from monitor.analysis.derive.judged.partitions import on_broker
from monitor.model.levels import ABOVE_ZERO, ODD
from monitor.model.snapshot import KNOWN
from monitor.model.table import Ints
from monitor.model.text import count, duration, percent, plural, size, visible
from monitor.model.view import View
from monitor.subjects.brokers import BROKER, LOG_DIR
from tui.broker_load import broker_load
from tui.health import why_missing
from tui.held import HELD_REPLICA, Holder
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.widgets.columns import WIDE, Column
from tui.widgets.facts import Fact, flow, unknown
from tui.widgets.lines import Line
from tui.widgets.rows import Rows, column, reasons, statuses

BROKER_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(BROKER, "out_of_sync_replicas", width=13),
    column(BROKER, "broker", "Broker", "B", 7),
    column(BROKER, "host", "Host", "H", 12, grow=1, most=40, rank=5),
    column(BROKER, "port", "Port", "P", 6, rank=8),
    column(BROKER, "rack", "Rack", "K", 8, rank=6),
    column(BROKER, "version", "Version", "V", 8, rank=7),
    column(BROKER, "quorum_role", "Role", "O", 10),
    column(BROKER, "leaders", "Leaders", "E", 7),
    column(BROKER, "replicas", "Replicas", "R", 9, rank=2),
    column(BROKER, "preferred_leaders_missing", "Not led", "N", 7, rank=4),
    column(BROKER, "out_of_sync_replicas", "Behind", "I", 7),
    column(BROKER, "size_bytes", "Size", "Z", 8),
    column(BROKER, "disk_used", "Disk", "D", 5, level="disk_level"),
    column(BROKER, "handler_idle", "Handlers", "A", 8, rank=2),
    column(BROKER, "fetch_p99_seconds", "Fetch p99", "C", 9, rank=5),
    column(BROKER, "leader_skew", "Lead skew", "L", 9, rank=WIDE),
    column(BROKER, "size_skew", "Skew", "W", 6, rank=3),
    column(BROKER, "requests", "Requests", "Q", 9, rank=WIDE),
    column(BROKER, "errors", "Failed", "F", 7, rank=WIDE),
    reasons(BROKER, width=16),
)


class BrokersScreen(MonitorScreen):
    """Every broker with its share of the partitions."""

    KEY, NAME, TITLE = "4", "brokers", "Brokers"
    SUBJECT = BROKER
    NAMED = ("broker", "host")
    OPENS = ("broker",)
    COLUMNS = BROKER_COLUMNS
    SORT = "broker"
    EMPTY = "No brokers"
    NOUN = "broker"

    def silent(self, rows: Rows) -> Sequence[str]:
        return () if len(rows.view.snapshot.broker_metrics) else ("handler_idle", "fetch_p99_seconds")


class OneBroker(MonitorScreen):
    """What the tables of one broker have in common."""

    PANES: ClassVar = {
        "broker": "Replicas",
        "log_dirs": "Log dirs",
        "broker_requests": "Requests",
        "deprecated_requests": "Deprecated requests",
    }

    def panes(self) -> list[str]:
        view = self.app.picture.view
        some = view is not None and self.broker in view.shown.snapshot.broker_metrics.broker
        return [each for each in super().panes() if some or each not in ("broker_requests", "deprecated_requests")]

    @property
    def broker(self) -> int:
        assert isinstance(self.about, int)
        return self.about

    @property
    def about_name(self) -> str | None:
        return f"broker {self.broker}"

    def pick(self, view: View) -> Ints | None:
        return self.pick_of(view) if self.broker in view.broker_totals.broker else None

    def pick_of(self, view: View) -> Ints:
        """The rows of the table, of a broker that is there."""
        raise NotImplementedError

    def head(self, picture: Picture, rows: Rows) -> Sequence[Line]:
        about = (broker_facts, broker_load, broker_configs)
        facts = [fact for each in about for fact in each(rows.view, self.broker)]
        return flow(facts, self.app.size.width)


def broker_facts(view: View, broker: int) -> Iterable[Fact]:
    """What a broker is, how much it holds, and how full its disks are."""
    brokers, totals = view.snapshot.brokers, view.broker_totals
    row = int(np.searchsorted(totals.broker, broker))
    for each in np.flatnonzero(brokers.broker == broker):
        yield Fact("address", f"{visible(brokers.host[each])}:{brokers.port[each]}", "strong")
        yield Fact("rack", visible(brokers.rack[each]))
        yield Fact("Kafka", visible(brokers.version[each]))
    level = str(view.judged.brokers.levels[row])
    if not totals.described[row]:
        yield Fact("gone:", "not in metadata, but it holds replicas", level)
    elif (brokers.fenced[brokers.broker == broker] == 1).any():
        yield Fact("fenced:", "registered, but not in service", level)
    if broker == view.snapshot.controller:
        yield Fact("role", "controller", "strong")
    behind, unled = int(totals.out_of_sync[row]), int(totals.preferred_missing[row])
    yield Fact("leads", count(totals.leaders[row]))
    if unled:
        yield Fact("preferred leader, not leading", count(unled), ABOVE_ZERO["preferred_missing"])
    yield Fact("replicas", count(totals.replicas[row]))
    yield Fact("not in sync", count(behind), ABOVE_ZERO["out_of_sync"] if behind else "")
    skew = float(totals.size_skew[row])
    against = "" if np.isnan(skew) else f" ({percent(skew, sign=True)} against the mean)"
    yield Fact("size", f"{size(totals.size_bytes[row])}{against}")
    yield from _disks(view, broker)


def _disks(view: View, broker: int) -> Iterable[Fact]:
    dirs, used, judged = view.snapshot.log_dirs, disk_used(view), view.judged.log_dirs
    mine = np.flatnonzero(dirs.broker == broker)
    if not len(mine):
        yield unknown("disks", why_missing(view, "log_dirs", "describe_cluster"))
    bad = mine[dirs.reason[mine] != KNOWN]
    for each in bad[:1]:
        told = f"{visible(dirs.path[each], 40)}: {log_dir_why(view, int(each))}"
        yield Fact(f"{plural(len(bad), 'unreadable log dir')}:", told, judged.levels[each])
    if len(bad):
        return
    if len(mine):
        fullest = mine[int(np.argmax(np.nan_to_num(used[mine], nan=-1)))]
        share = float(used[fullest])
        yield Fact(
            "fullest disk" if len(mine) > 1 else "disk",
            f"{percent(share)} used, {size(dirs.usable_bytes[fullest])} free",
            "" if judged.words[fullest] == "ok" else judged.levels[fullest],
        )


def broker_configs(view: View, broker: int) -> Iterable[Fact]:
    """The defaults that kmon reasons with, and whether the broker's other configs are those of the other brokers."""
    configs = view.snapshot.broker_configs
    there = np.flatnonzero(configs.broker == broker)
    if not len(there) or configs.reason[there[0]] != KNOWN:
        why = visible(view.reasons[configs.reason[there[0]]]) if len(there) else ""
        why = why or why_missing(view, "configs", "broker_configs", "describe_broker_configs")
        yield unknown("configs", why)
        return
    row = int(there[0])
    yield Fact("defaults: replication", count(configs.replication_factor[row]))
    yield Fact("min ISR", count(configs.min_insync_replicas[row]))
    yield Fact("retention", duration(configs.retention_seconds[row]))
    yield Fact("offsets retention", duration(configs.offsets_retention_seconds[row]))
    yield Fact("max transaction timeout", duration(configs.transaction_max_timeout_seconds[row]))
    if configs.unclean_election[row] == 1:
        yield Fact("unclean election", "on: may lose records", ODD)
    if configs.auto_create_topics[row] == 1:
        yield Fact("auto-create topics", "on")
    known = (configs.broker != broker) & np.array([each is not None for each in configs.digest], bool)
    other = configs.broker[known & (configs.digest != configs.digest[row])]
    if configs.digest[row] is not None and len(other):
        yield Fact("configs differ", f"from those of broker {', '.join(map(str, other.tolist()))}", ODD)
    elif configs.digest[row] is not None and known.any():
        yield Fact("configs", "same as the other brokers")


REPLICA_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(HELD_REPLICA, "size_bytes", width=13),
    column(HELD_REPLICA, "topic", "Topic", "T", 20, grow=2, most=60),
    column(HELD_REPLICA, "partition", "Part", "P", 6),
    column(HELD_REPLICA, "role", "Role", "R", 8),
    column(HELD_REPLICA, "size_bytes", "Size", "Z"),
    column(HELD_REPLICA, "offset_lag", "Lag", "A", 9),
    column(HELD_REPLICA, "log_dir", "Log dir", "L", 12, grow=1, most=40, rank=1),
    reasons(HELD_REPLICA, width=14),
)


class ReplicasScreen(OneBroker):
    """The replicas that one broker holds: those in trouble first, then the largest."""

    NAME, TITLE = "broker", "Broker"
    SUBJECT = HELD_REPLICA
    KEYED = ("topic", "partition")
    NAMED = OPENS = ("topic",)
    COLUMNS = REPLICA_COLUMNS
    FIXED = 3
    EMPTY = "No replicas"

    def source(self, picture: Picture) -> Holder:
        return Holder(picture.shown, self.broker)

    def pick(self, holder: Any) -> Ints | None:
        return super().pick(holder.view)

    def pick_of(self, view: View) -> Ints:
        return np.flatnonzero(on_broker(view.snapshot.partitions.replicas, self.broker))


DIR_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(LOG_DIR, "used", width=13),
    column(LOG_DIR, "path", "Path", "P", 20, grow=2, most=80),
    column(LOG_DIR, "replicas_bytes", "Replicas", "R"),
    column(LOG_DIR, "total_bytes", "Total", "T"),
    column(LOG_DIR, "usable_bytes", "Free", "F"),
    column(LOG_DIR, "used", "Used", "U", 6, level="level"),
    reasons(LOG_DIR, width=14),
)


class LogDirsScreen(OneBroker):
    """The log dirs of one broker."""

    NAME, TITLE = "log_dirs", "Broker: log dirs"
    SUBJECT = LOG_DIR
    COLUMNS = DIR_COLUMNS
    EMPTY = "Log dirs unknown"

    def pick_of(self, view: View) -> Ints:
        return np.flatnonzero(view.snapshot.log_dirs.broker == self.broker)
