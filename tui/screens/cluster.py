"""The cluster itself: its metadata quorum, capabilities, collectors and requests."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np

from monitor.model.cluster_tables import Capabilities, Quorum
from monitor.model.conditions import QuorumLags
from monitor.model.levels import ABOVE_ZERO, CAPABILITY_MISSING, COLLECTOR_FAILED, ODD, PLACE_OF
from monitor.model.limits import QUORUM_BEHIND_SECONDS
from monitor.model.snapshot import NO_LEADER, Requests
from monitor.model.status import OK, UNKNOWN
from monitor.model.table import Floats, Texts, objects
from monitor.model.text import visible
from monitor.model.view import View
from tui.health import excluded_clauses
from tui.missing import why_missing
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.widgets.columns import Column, meaning
from tui.widgets.facts import Fact, flow, unknown
from tui.widgets.lines import Line, Part
from tui.widgets.rows import Make, Rows, ages, amounts, counts, judged_rows, names, numbers, reasons, sizes, statuses

MISSING, FAILED = PLACE_OF[CAPABILITY_MISSING], PLACE_OF[COLLECTOR_FAILED]
CAPABILITY_WORDS = {OK: "ok", MISSING: "missing", UNKNOWN: "unknown"}


class OneCluster(MonitorScreen):
    """What the tables of a cluster have in common."""

    PANES: ClassVar = {
        "quorum": "Quorum",
        "capabilities": "Capabilities",
        "collectors": "Collectors",
        "requests": "Requests",
    }

    def head(self, picture: Picture, rows: Rows) -> Sequence[Line]:
        return [*flow(cluster_facts(rows.view), self.app.size.width), *excluded(rows.view)]


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


def _quorum(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.quorum, name)[rows.pick]


def _lags(name: str) -> Make:
    return lambda rows: getattr(rows.view.quorum_lags, name)[rows.pick]


def quorum_roles(view: View) -> Texts:
    """What each node of the quorum is."""
    quorum = view.snapshot.quorum
    return np.where(quorum.leader, "leader", np.where(quorum.voter, "voter", "observer")).astype(object)


QUORUM_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(
        Rows.word,
        _lags("behind_seconds"),
        f"behind: not caught up with the leader for more than {QUORUM_BEHIND_SECONDS:.0f} s",
    ),
    numbers("node", "Node", "N", _quorum("node"), meaning(Quorum, "node"), width=6),
    names("role", "Role", "R", lambda rows: quorum_roles(rows.view), "leader, voter or observer", width=9),
    counts("end", "Log end", "E", _quorum("log_end_offset"), meaning(Quorum, "log_end_offset"), width=13),
    counts("lag", "Lag", "A", _lags("lag"), meaning(QuorumLags, "lag"), width=10),
    ages("caught_up", "Caught up", "C", _lags("behind_seconds"), f"{meaning(QuorumLags, 'behind_seconds')}", width=10),
    ages("fetched", "Fetched", "F", _lags("fetch_age_seconds"), meaning(QuorumLags, "fetch_age_seconds"), width=8),
)


class QuorumScreen(OneCluster):
    """The metadata quorum, with what the cluster is."""

    KEY, NAME, TITLE = "6", "quorum", "Cluster"
    COLUMNS = QUORUM_COLUMNS
    SORT = "node"

    def rows(self, picture: Picture) -> Rows:
        view = picture.shown
        nodes = view.snapshot.quorum.node.tolist()
        return judged_rows(picture, nodes, [str(each) for each in nodes], view.judged.quorum)

    def why_empty(self, rows: Rows) -> str:
        return f"Metadata quorum unknown ({why_missing(rows.view, 'quorum', 'describe_cluster')})"


def _capabilities(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.capabilities, name)[rows.pick]


def _capability_word(rows: Rows, row: int) -> str:
    off = rows.view.snapshot.capabilities.switched_off[rows.pick[row]]
    return "off" if off else CAPABILITY_WORDS[rows.status[row]]


def _why(rows: Rows, row: int) -> str:
    return visible(rows.view.snapshot.capabilities.why[rows.pick[row]])


CAPABILITY_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(
        _capability_word,
        _capabilities("available"),
        "missing: not served by the cluster, or not authorized; unknown: the request failed; off: disabled in settings",
    ),
    names("capability", "Capability", "C", _capabilities("capability"), "its name", width=26, most=40, grow=1),
    reasons(_why, meaning(Capabilities, "why"), width=24),
)


class CapabilitiesScreen(OneCluster):
    """Which permissions and APIs kmon has on the cluster."""

    NAME, TITLE = "capabilities", "Cluster: capabilities"
    COLUMNS = CAPABILITY_COLUMNS
    EMPTY = "Not polled yet"

    def rows(self, picture: Picture) -> Rows:
        capabilities = picture.shown.snapshot.capabilities
        names = capabilities.capability.tolist()
        status = np.where(np.isnan(capabilities.available), UNKNOWN, np.where(capabilities.available == 1, OK, MISSING))
        status[capabilities.switched_off] = OK
        return Rows(picture, names, names, status, np.arange(len(names)))


def _outcomes(of: str) -> Make:
    def make(rows: Rows) -> Floats:
        values = [getattr(each, of) for each in rows.view.snapshot.outcomes]
        return np.array([np.nan if each is None else each for each in values], np.float64)

    return make


def _age(rows: Rows) -> Floats:
    return np.maximum(0.0, rows.view.time - _outcomes("collected_at")(rows))


def _seconds(value: float | None) -> str:
    return visible(None) if value is None or np.isnan(value) else f"{value:.3f} s"


COLLECTOR_COLUMNS: tuple[Column[Rows], ...] = (
    statuses({OK: "ok", FAILED: "failed"}, _age, "failed: a request failed or a broker did not respond"),
    names(
        "collector",
        "Collector",
        "C",
        lambda rows: objects(each.collector for each in rows.view.snapshot.outcomes),
        "name of the collector",
        width=20,
        most=30,
        grow=1,
    ),
    ages("age", "Data age", "A", _age, "age of its newest data when this poll began", width=9),
    amounts(
        _seconds,
        "took",
        "Took",
        "T",
        _outcomes("duration_seconds"),
        "duration in this poll; – when it did not run",
        width=9,
    ),
    reasons(lambda rows, row: visible(rows.view.snapshot.outcomes[int(rows.pick[row])].error), "reason of the failure"),
)


class CollectorsScreen(OneCluster):
    """The outcome of each collector in the last poll."""

    NAME, TITLE = "collectors", "Cluster: collectors"
    COLUMNS = COLLECTOR_COLUMNS
    EMPTY = "No requests yet"

    def rows(self, picture: Picture) -> Rows:
        outcomes = picture.shown.snapshot.outcomes
        names = [each.collector for each in outcomes]
        status = np.array([OK if each.success else FAILED for each in outcomes], np.int32)
        return Rows(picture, names, names, status, np.arange(len(names)))


def _requests(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.requests, name)[rows.pick]


def _broker(rows: Rows) -> Texts:
    ids = rows.view.snapshot.requests.broker[rows.pick]
    return objects("bootstrap" if each == NO_LEADER else str(each) for each in ids)


def _each(name: str) -> Make:
    """A number of a request on the average."""

    def make(rows: Rows) -> Floats:
        requests = rows.view.snapshot.requests
        total: Floats = getattr(requests, name)
        return (total / np.where(requests.requests > 0, requests.requests, np.nan))[rows.pick]

    return make


REQUEST_COLUMNS: tuple[Column[Rows], ...] = (
    names("api", "API", "A", _requests("api"), meaning(Requests, "api"), width=26, grow=1, most=34),
    names("broker", "Broker", "B", _broker, "node id; bootstrap for a connection before the ids are known", width=9),
    counts(
        "requests",
        "Requests",
        "R",
        _requests("requests"),
        "requests since kmon started, including those that could not be sent",
        width=10,
    ),
    counts(
        "errors", "Errors", "E", _requests("errors"), meaning(Requests, "errors"), width=8, kind=ABOVE_ZERO["errors"]
    ),
    amounts(_seconds, "took", "Took", "T", _each("seconds"), "average time to the response", width=9),
    sizes("bytes", "Response", "P", _each("received_bytes"), "average size of a response", width=9),
    sizes("received", "Received", "D", _requests("received_bytes"), "size of all responses", width=9, rank=1),
)


class RequestsScreen(OneCluster):
    """The requests of kmon by API and broker."""

    NAME, TITLE = "requests", "Cluster: requests"
    COLUMNS = REQUEST_COLUMNS
    SORT = "received"
    EMPTY = "No requests yet"

    def rows(self, picture: Picture) -> Rows:
        requests = picture.shown.snapshot.requests
        keys = list(zip(requests.api.tolist(), requests.broker.tolist(), strict=True))
        names = [f"{api} {broker}" for api, broker in keys]
        status = np.where(requests.errors > 0, PLACE_OF[ABOVE_ZERO["errors"]], OK).astype(np.int32)
        return Rows(picture, keys, names, status, np.arange(len(keys)))
