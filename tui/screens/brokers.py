"""Every broker that the cluster names, or that a replica is assigned to."""

from monitor.subjects.brokers import BROKER
from tui.screens.base import MonitorScreen
from tui.widgets.columns import WIDE, Column
from tui.widgets.rows import Rows, column, reasons, statuses

COLUMNS: tuple[Column[Rows], ...] = (
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
    COLUMNS = COLUMNS
    SORT = "broker"
    EMPTY = "No brokers"
    NOUN = "broker"
