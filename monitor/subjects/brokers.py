"""Brokers, their log dirs and configs, and what there is once a cluster: the quorum and features."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from monitor.analysis.derive.completeness import why_not_all_topics
from monitor.analysis.derive.judged.brokers import (
    broker_why,
    disk_used,
    fullest_disks,
    fullest_levels,
    log_dir_why,
    quorum_why,
)
from monitor.model.cluster_tables import BrokerConfigs, Certificates, Features, LogDirs, Quorum
from monitor.model.conditions import QuorumLags
from monitor.model.judgements import JudgedBrokers, JudgedLogDirs, JudgedQuorum
from monitor.model.levels import LEVELS
from monitor.model.snapshot import KNOWN, Brokers
from monitor.model.table import Floats, Ints, Texts, objects, values_at
from monitor.model.totals import BrokerTotals
from monitor.model.view import View
from monitor.subjects.broker_metrics import BROKER_METRICS, LOAD
from monitor.subjects.column import ABSENT, Subject
from monitor.subjects.kinds import BYTES, COUNT, FLAG, RATIO, REASON, REQUESTS, SECONDS, WORD
from monitor.subjects.tables import (
    LEVEL,
    NO_DISKS,
    NO_VOLUMES,
    cluster,
    get,
    hidden,
    judged,
    not_asked,
    numbers,
    of,
    sentences,
    size,
    subject,
    texts,
)

count, _nodes, _log_dirs = size("broker_totals"), size("snapshot.quorum"), size("snapshot.log_dirs")

ROLES = ("observer", "voter")
NOT_NAMED = "not in metadata: the broker is down or gone, and replicas are assigned to it"


def _rows_in(path: str) -> Callable[[View], Ints]:
    """The row of each broker in the table at a path, -1 for none."""

    def rows(view: View) -> Ints:
        row_of = {broker: row for row, broker in enumerate(get(path, view).broker.tolist())}
        return np.array([row_of.get(broker, -1) for broker in view.broker_totals.broker.tolist()], np.int32)

    return rows


_named, _configured = _rows_in("snapshot.brokers"), _rows_in("snapshot.broker_configs")
_certified = _rows_in("snapshot.certificates")

NO_CERTIFICATE = "kmon is not connected to the broker by TLS"


def _certificate_seconds(view: View) -> Floats:
    """How long the certificate of each broker is valid from this poll."""
    expires = view.snapshot.certificates.certificate_expires
    left: Floats = values_at(expires, _certified(view)) - view.time
    return left


def _controller(view: View) -> Floats:
    controller = view.snapshot.controller
    ids = view.broker_totals.broker
    return np.full(len(ids), np.nan) if controller is None else (ids == controller).astype(np.float64)


def _reason(view: View) -> Texts:
    return objects(None if row >= 0 else NOT_NAMED for row in _named(view).tolist())


def _size_reason(view: View) -> Texts:
    """Why the size of each broker's replicas is unknown: the first reason of its log dirs."""
    dirs, totals = view.snapshot.log_dirs, view.broker_totals
    broken = {int(dirs.broker[row]): view.reasons[dirs.reason[row]] for row in np.flatnonzero(dirs.reason)[::-1]}
    return objects(
        broken.get(broker, ABSENT) if np.isnan(size) else None
        for broker, size in zip(totals.broker.tolist(), totals.size_bytes.tolist(), strict=True)
    )


def _addresses(view: View) -> Texts:
    table = view.snapshot.brokers
    return objects(f"{host}:{port}" for host, port in zip(table.host, table.port, strict=True))


def _roles(view: View) -> Texts:
    """What each broker is in the metadata quorum; None for one that is not in it."""
    quorum = view.snapshot.quorum
    roles = {node: ROLES[voter] for node, voter in zip(quorum.node.tolist(), quorum.voter.tolist(), strict=True)}
    if view.snapshot.controller is not None:
        roles[view.snapshot.controller] = "controller"
    return objects(roles.get(broker) for broker in view.broker_totals.broker.tolist())


def _requests(name: str, view: View) -> Floats:
    """The sum of a column of the requests to each broker."""
    requests, ids = view.snapshot.requests, view.broker_totals.broker
    return np.array([getattr(requests, name)[requests.broker == each].sum() for each in ids], np.float64)


def _leaders_missing(view: View) -> Floats:
    """The share of its preferred partitions that each broker does not lead; unknown where it has none."""
    totals = view.broker_totals
    return totals.preferred_missing / np.where(totals.preferred > 0, totals.preferred, np.nan)


COUNTS = ("leaders", "replicas", "out_of_sync", "preferred", "preferred_missing")
"""Numbers of partitions, of which there are more where topics are hidden."""

BROKER = Subject(
    "broker",
    "broker that metadata lists or that has replicas assigned",
    ("cluster", "broker"),
    count,
    (
        cluster(count),
        *of("broker_totals", BrokerTotals, "broker"),
        *of("snapshot.brokers", Brokers, leave=("broker",), by=_named),
        texts("address", "advertised host and port", _addresses, _named),
        texts(
            "quorum_role",
            "role in the metadata quorum; controller is the active one",
            _roles,
            words=(*ROLES, "controller"),
            kind=WORD,
        ),
        numbers(
            "controller",
            FLAG,
            "1 for the active controller, else 0; unknown while the controller is unknown",
            _controller,
            otherwise=not_asked("quorum", "the metadata quorum has no leader"),
        ),
        *judged("judged.brokers", JudgedBrokers),
        sentences("why", "reason for the status", count, broker_why),
        texts("reason", "why the address is unknown", _reason, kind=REASON),
        *of("broker_totals", BrokerTotals, "described", "leader_skew"),
        *hidden(
            of(
                "broker_totals",
                BrokerTotals,
                *COUNTS,
                out_of_sync="out_of_sync_replicas",
                preferred="preferred_leaders",
                preferred_missing="preferred_leaders_missing",
            ),
            why_not_all_topics,
        ),
        numbers(
            "preferred_leaders_missing_ratio",
            RATIO,
            "preferred_leaders_missing / preferred_leaders; unknown if it is not the preferred leader of any partition",
            _leaders_missing,
            otherwise="not the preferred leader of any partition",
        ),
        *of("broker_totals", BrokerTotals, "size_bytes", "size_skew", why="size_reason"),
        numbers(
            "disk_used",
            RATIO,
            "used share of the volume of its fullest log dir",
            fullest_disks,
            reason="size_reason",
            otherwise=NO_DISKS,
        ),
        texts("disk_level", f"{LEVEL} of that log dir", fullest_levels, words=LEVELS, kind=WORD),
        texts("size_reason", "why size_bytes or disk_used is unknown", _size_reason, kind=REASON),
        *LOAD,
        *(
            replace(each, otherwise=NO_CERTIFICATE)
            for each in of("snapshot.certificates", Certificates, "certificate_expires", by=_certified)
        ),
        numbers(
            "certificate_seconds",
            SECONDS,
            "time until the certificate that the broker shows to kmon expires",
            _certificate_seconds,
            otherwise=NO_CERTIFICATE,
        ),
        numbers("requests", REQUESTS, "requests sent to it since kmon started", partial(_requests, "requests")),
        numbers("errors", REQUESTS, "failed requests of these", partial(_requests, "errors")),
    ),
    judged="brokers",
)

BROKER_CONFIG = Subject(
    "broker_config",
    "broker: its defaults that kmon uses, and a digest of the others",
    ("broker",),
    count,
    (
        *of("broker_totals", BrokerTotals, "broker"),
        *of("snapshot.broker_configs", BrokerConfigs, leave=("broker",), by=_configured),
    ),
)

QUORUM = Subject(
    "quorum",
    "voter or observer of the metadata quorum",
    ("node",),
    _nodes,
    (
        *of("snapshot.quorum", Quorum, "node"),
        texts(
            "role",
            "voter or observer",
            lambda _: objects(ROLES),
            lambda view: view.snapshot.quorum.voter.astype(np.int8),
            words=ROLES,
            kind=WORD,
        ),
        *of("snapshot.quorum", Quorum, leave=("node", "voter")),
        *of("quorum_lags", QuorumLags),
        *judged("judged.quorum", JudgedQuorum),
        sentences("why", "reason for the status", _nodes, quorum_why),
    ),
    judged="quorum",
)


def _held(view: View, weights: Floats | None = None) -> Floats:
    """A total over the replicas of each log dir, unknown for one that cannot be read."""
    dirs, of = view.snapshot.log_dirs, view.snapshot.replicas.log_dir
    return np.where(dirs.reason == KNOWN, np.bincount(of, weights, minlength=len(dirs)), np.nan)


LOG_DIR = Subject(
    "log_dir",
    "log dir of a broker",
    ("broker", "path"),
    _log_dirs,
    (
        *of("snapshot.log_dirs", LogDirs),
        numbers("used", RATIO, "used share of its volume", disk_used, reason="reason", otherwise=NO_VOLUMES),
        numbers("replicas", COUNT, "replicas that it holds", _held, reason="reason"),
        numbers(
            "replicas_bytes",
            BYTES,
            "size of these",
            lambda view: _held(view, view.snapshot.replicas.size_bytes),
            reason="reason",
        ),
        *judged("judged.log_dirs", JudgedLogDirs),
        sentences("why", "reason for the status", _log_dirs, log_dir_why),
    ),
    judged="log_dirs",
)


FEATURE = subject("feature", "snapshot.features", Features, "feature")

BROKERS = (BROKER, *BROKER_METRICS, BROKER_CONFIG, LOG_DIR, QUORUM, FEATURE)
