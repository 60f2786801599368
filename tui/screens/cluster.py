"""The cluster itself: its metadata quorum, capabilities, collectors and requests."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from monitor.model.levels import ABOVE_ZERO, ODD, STATE_NOT_KEPT
from monitor.model.snapshot import NO_LEADER
from monitor.model.text import number, visible
from monitor.model.view import View
from monitor.subjects.brokers import QUORUM
from monitor.subjects.requests import CAPABILITY, COLLECTOR, REQUEST
from tui.health import excluded_clauses, why_missing
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.widgets.columns import Cell, Column
from tui.widgets.facts import Fact, flow, unknown
from tui.widgets.lines import Line, Part
from tui.widgets.rows import Rows, column, reasons, statuses


class OneCluster(MonitorScreen):
    """What the tables of a cluster have in common."""

    PANES: ClassVar = {
        "quorum": "Quorum",
        "capabilities": "Capabilities",
        "collectors": "Collectors",
        "requests": "Requests",
    }

    def head(self, picture: Picture, rows: Rows) -> Sequence[Line]:
        return [
            *flow(cluster_facts(rows.view), self.app.size.width),
            *excluded(rows.view),
            *not_kept(picture.view or rows.view),
        ]


def cluster_facts(view: View) -> Iterable[Fact]:
    """What a cluster is, and its features."""
    snapshot = view.snapshot
    yield Fact("cluster id", visible(snapshot.cluster_id), "strong")
    yield Fact("controller", visible(None if snapshot.controller is None else str(snapshot.controller)), "strong")
    if snapshot.quorum_epoch is not None:
        yield Fact("epoch", str(snapshot.quorum_epoch))
    versions = sorted({str(each) for each in snapshot.brokers.version if each is not None})
    yield Fact("Kafka", ", ".join(map(visible, versions)) or visible(None), ODD if len(versions) > 1 else "")
    yield Fact("polls skipped", f"{snapshot.overruns:,}", ABOVE_ZERO["overruns"] if snapshot.overruns else "")
    features = snapshot.features
    if len(features):
        yield from (
            Fact(visible(name), str(level)) for name, level in zip(features.feature, features.level, strict=True)
        )
    else:
        yield unknown("features", why_missing(view, "brokers", "features"))


def excluded(view: View) -> list[Line]:
    """A line for each thing that settings and limits exclude."""
    return [Line([Part(" excluded ", "dim"), each]) for each in excluded_clauses(view)]


def not_kept(view: View) -> list[Line]:
    """Why the state of alerts is not kept, where it is to be."""
    if not view.state_trouble:
        return []
    return [Line([Part(" alert state ", "dim"), Part(visible(view.state_trouble), STATE_NOT_KEPT)])]


def _role(rows: Rows, row: int) -> Cell:
    return Cell("leader" if rows.number("leader", row) else str(rows.word("role", row)))


def _broker(rows: Rows, row: int) -> Cell:
    """The node id, or that the connection was made before the ids were known."""
    node = int(rows.view.snapshot.requests.broker[rows.pick[row]])
    return Cell("bootstrap" if node == NO_LEADER else number(node))


QUORUM_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(QUORUM, "behind_seconds"),
    column(QUORUM, "node", "Node", "N", 6),
    column(QUORUM, "role", "Role", "R", 9, cell=_role, note="leader for the one that leads"),
    column(QUORUM, "log_end_offset", "Log end", "E", 13),
    column(QUORUM, "lag", "Lag", "A", 10),
    column(QUORUM, "behind_seconds", "Caught up", "C", 10),
    column(QUORUM, "fetch_age_seconds", "Fetched", "F", 8),
)


class QuorumScreen(OneCluster):
    """The metadata quorum, with what the cluster is."""

    KEY, NAME, TITLE = "6", "quorum", "Cluster"
    SUBJECT = QUORUM
    COLUMNS = QUORUM_COLUMNS
    SORT = "node"

    def why_empty(self, rows: Rows) -> str:
        return f"Metadata quorum unknown ({why_missing(rows.view, 'quorum', 'describe_cluster')})"


CAPABILITY_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(CAPABILITY, "available"),
    column(CAPABILITY, "capability", "Capability", "C", 26, most=40, grow=1),
    reasons(CAPABILITY, "reason"),
)


class CapabilitiesScreen(OneCluster):
    """Which permissions and APIs kmon has on the cluster."""

    NAME, TITLE = "capabilities", "Cluster: capabilities"
    SUBJECT = CAPABILITY
    COLUMNS = CAPABILITY_COLUMNS
    EMPTY = "Not polled yet"


COLLECTOR_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(COLLECTOR, "data_age_seconds"),
    column(COLLECTOR, "collector", "Collector", "C", 20, most=30, grow=1),
    column(COLLECTOR, "data_age_seconds", "Data age", "A", 9),
    column(COLLECTOR, "duration_seconds", "Took", "T", 9),
    reasons(COLLECTOR),
)


class CollectorsScreen(OneCluster):
    """The outcome of each collector in the last poll."""

    NAME, TITLE = "collectors", "Cluster: collectors"
    SUBJECT = COLLECTOR
    COLUMNS = COLLECTOR_COLUMNS
    EMPTY = "No requests yet"


REQUEST_COLUMNS: tuple[Column[Rows], ...] = (
    column(REQUEST, "api", "API", "A", 26, grow=1, most=34),
    column(REQUEST, "broker", "Broker", "B", 9, cell=_broker, note="bootstrap before ids are known"),
    column(REQUEST, "requests", "Requests", "R", 10),
    column(REQUEST, "errors", "Errors", "E", 8),
    column(REQUEST, "mean_seconds", "Took", "T", 9),
    column(REQUEST, "mean_bytes", "Response", "P", 9),
    column(REQUEST, "received_bytes", "Received", "D", 9, rank=1),
)


class RequestsScreen(OneCluster):
    """The requests of kmon by API and broker."""

    NAME, TITLE = "requests", "Cluster: requests"
    SUBJECT = REQUEST
    KEYED = ("api", "broker")
    COLUMNS = REQUEST_COLUMNS
    SORT = "received_bytes"
    EMPTY = "No requests yet"
